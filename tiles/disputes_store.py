"""Disputes in the database: the road and what is told of it, a report with its photo, what the sender sees of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from geo.db import Role, read_sql
from geo.errors import ConflictError, DatabaseProblem, InputError, NotFoundError, OverloadedError
from geo.vocabulary import State
from layers.catalogue import COLLECTIONS
from layers.columns_disputes import StateSeen
from tiles.disputes_body import Bodies
from tiles.disputes_claim import Claim
from tiles.disputes_limit import Limit
from tiles.disputes_photo import Photo, clean_photo
from tiles.items_source import source_params
from tiles.service import Connection, Service

#: Numbers are drawn by chance from this range, 90 million of them, and drawn again where one is taken.
NUMBERS = (10_000_000, 99_999_999)
DRAWS_MAX = 20
#: Photos that wait to be made small in one process.
WAITING_MAX = 16
_STATUS = next(one for one in COLLECTIONS if one.collection_id == "road_status")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told. is_repeat: the same report was there already."""

    dispute_id: int
    token: str
    received_at: datetime
    has_photo: bool
    shown_state: str
    shown_reason: str
    is_repeat: bool


class Desk:
    """Takes disputes in one server process: its limits, the bodies it holds, the photos it works on."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.limit = Limit(service)
        self.bodies = Bodies()
        self._one_photo = asyncio.Semaphore(1)
        self._n_waiting = 0

    def require_open(self) -> None:
        """Raise ConflictError where this service takes no disputes."""
        if not self.service.settings.disputes.is_open:
            raise ConflictError("This service takes no disputes at present.", hint="Ask the road manager.")

    async def clean(self, data: bytes | None) -> Photo | None:
        """The photo that is kept of a file, worked out beside the event loop, one at a time."""
        if data is None:
            return None
        if self._n_waiting >= WAITING_MAX:
            raise OverloadedError("Too many photos are waiting.", hint="Send it again soon.", retry_after_s=10)
        self._n_waiting += 1
        try:
            async with self._one_photo:
                return await asyncio.to_thread(clean_photo, data)
        finally:
            self._n_waiting -= 1

    async def receive(self, claim: Claim, data: bytes | None, host: str) -> Receipt:
        """Take a report: count it, keep what is told of the road beside it, and store it with its photo.

        The same token again is the report that is there, whatever else was sent. Raises TooFastError, InputError for
        a road or a photo that is none, DatabaseProblem where the database does not answer.
        """
        known = await read_known(self.service, claim.token_sha256)
        if known is not None:
            return _receipt(known, claim.token, is_repeat=True)
        moment = self.service.moment()
        told = await read_claimed(self.service, claim, moment)
        await self.limit.take(host)
        photo = await self.clean(data)
        row = told | {
            "token_sha256": claim.token_sha256, "received_at": moment, "seen_at": claim.seen_at,
            "direction": claim.direction, "state_seen": claim.state_seen.value, "comment": claim.comment,
        }  # fmt: skip
        return await self._write(claim, row, photo)

    async def _write(self, claim: Claim, row: Mapping[str, Any], photo: Photo | None) -> Receipt:
        for _ in range(DRAWS_MAX):
            number = NUMBERS[0] + secrets.randbelow(NUMBERS[1] - NUMBERS[0] + 1)
            async with self.service.connection(Role.APP) as connection, connection.transaction():
                found = await connection.execute(read_sql("tiles", "dispute_write"), dict(row) | {"dispute_id": number})
                if await found.fetchone() is not None:
                    if photo is not None:
                        params = {"dispute_id": number, "jpeg": photo.jpeg}
                        params |= {"width_px": photo.width_px, "height_px": photo.height_px}
                        await connection.execute(read_sql("tiles", "dispute_write_photo"), params)
                    return Receipt(
                        number, claim.token, row["received_at"], photo is not None, row["state"], row["reason"], False
                    )
            known = await read_known(self.service, claim.token_sha256)
            if known is not None:  # the same report came twice at once
                return _receipt(known, claim.token, is_repeat=True)
        raise DatabaseProblem("No number is free for this report.", hint="Send it again.")


def _receipt(known: Mapping[str, Any], token: str, *, is_repeat: bool) -> Receipt:
    names = ("dispute_id", "received_at", "has_photo", "shown_state", "shown_reason")
    return Receipt(token=token, is_repeat=is_repeat, **{name: known[name] for name in names})


async def read_known(service: Service, token_sha256: bytes) -> dict[str, Any] | None:
    """A report as its sender sees it; None: nobody has sent it."""
    async with service.connection(Role.APP) as connection:
        found = await _rows(connection, read_sql("tiles", "dispute_known"), {"token_sha256": token_sha256})
    return found[0] if found else None


async def read_roads(service: Service, edge_ids: Sequence[int], moment: datetime) -> list[dict[str, Any]]:
    """What is told of one direction or both, the one along digitising first; those that traffic may use."""
    params: dict[str, Any] = {"edge_id": edge_ids[0], "other_id": edge_ids[1] if len(edge_ids) > 1 else None}
    source = sql.SQL(read_sql("layers", "collections/road_status"))
    asked = sql.SQL(read_sql("tiles", "dispute_road")).format(source=source)
    async with service.connection() as connection:
        return await _rows(connection, asked, params | source_params(_STATUS, moment))


async def read_claimed(service: Service, claim: Claim, moment: datetime) -> dict[str, Any]:
    """What is told of the edge of a claim, now and at the moment when it was seen. Raises InputError without a road."""
    edge_ids = [claim.edge_id, claim.edge_id ^ 1] if claim.direction == "both" else [claim.edge_id]
    roads = await read_roads(service, edge_ids, moment)
    if not roads:
        raise InputError(
            f"Field edge_id: {claim.edge_id} is no edge, or traffic may not use it.",
            hint="Ids hold for the present network version; choose the road on the map again.",
        )
    told = next((road for road in roads if differs(claim.state_seen, road["state"])), roads[0])
    told |= {"then_state": None, "then_reason": None}
    if claim.seen_at < moment:
        async with service.connection() as connection:
            past = sql.SQL(read_sql("layers", "collections/road_status_past"))
            asked = sql.SQL(read_sql("tiles", "dispute_then")).format(past=past)
            params = {"edge_id": told["edge_id"]} | source_params(_STATUS, claim.seen_at)
            for row in await _rows(connection, asked, params):
                told |= {"then_state": row["state"], "then_reason": row["reason"]}
    return told


def differs(seen: StateSeen, shown: str) -> bool:
    """Whether the service told otherwise than somebody saw."""
    if seen in (StateSeen.CLEARED, StateSeen.BEING_CLEARED):
        return shown != {StateSeen.CLEARED: State.CLEARED, StateSeen.BEING_CLEARED: State.CLEARING}[seen]
    return shown in (State.CLEARED, State.CLEARING)


async def read_photo(service: Service, dispute_id: int) -> bytes:
    """The JPEG of a report. Raises NotFoundError."""
    async with service.connection(Role.APP) as connection:
        found = await connection.execute(read_sql("tiles", "dispute_photo"), {"dispute_id": dispute_id})
        row = await found.fetchone()
    if row is None:
        raise NotFoundError(f"The dispute {dispute_id} has no photo.", hint="It had none, or its days are over.")
    return bytes(row[0])


async def _rows(
    connection: Connection,
    query: LiteralString | sql.Composed,
    params: Mapping[str, Any],
) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()

"""The snapshot of a past moment: what was published then, or what the facts tell of it by now.

pub.past_span says which event a moment belongs to, and where its states come from. What is withheld now is withheld in
the past too. A clearing whose time had run out by then is unknown, as it was.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import class_row
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from geo.errors import InputError, NotFoundError
from geo.vocabulary import EventKind, Reason
from layers.default_reason import default_reason
from tiles.answers import THOROUGH, compact, event_of, pack_for, respond, zulu
from tiles.caching import etag_of, stale_headers
from tiles.dataset import Dataset, read_dataset
from tiles.forms import PACKED, Form
from tiles.packed import pack_states
from tiles.present import CODES, RECORD, read_index, read_rows, records_from, seconds
from tiles.service import Connection, Service
from tiles.states import Index, Records, json_columns

#: So long a cache may keep what is settled (the event is over and was worked out from the facts), and what is not:
#: late data change the past, and a publication stop hides it.
SETTLED_S, OPEN_S = 3600, 60


@dataclass(frozen=True, slots=True)
class Span:
    """A row of pub.past_span."""

    event_id: int
    event_kind: str
    event_name: str
    reference_at: datetime
    from_at: datetime
    to_at: datetime | None
    known_at: datetime | None
    step_s: int | None
    is_closed: bool
    past_version: int
    synthetic: bool

    @property
    def is_settled(self) -> bool:
        """Whether nothing but late data changes it."""
        return self.is_closed and self.known_at is not None

    @property
    def default_reason(self) -> Reason:
        """Why an edge is unknown of which nothing is told."""
        return default_reason(EventKind(self.event_kind))

    def head(self, dataset: Dataset) -> dict[str, Any]:
        """What an answer about the past begins with."""
        return {
            "network_version": dataset.network_version,
            "roads_version": dataset.roads_version,
            "event": event_of(self.event_id, self.event_kind, self.event_name, self.reference_at),
            "past": {
                "from_at": zulu(self.from_at), "to_at": None if self.to_at is None else zulu(self.to_at),
                "known_at": None if self.known_at is None else zulu(self.known_at), "step_s": self.step_s,
                "is_settled": self.is_settled,
            },
            "synthetic": self.synthetic or dataset.is_synthetic,
            "default_reason": self.default_reason.value,
        }  # fmt: skip


def moment_of(name: str, text: str) -> datetime:
    """A moment of a parameter. Raises InputError for anything but an RFC 3339 time with its offset, after 1970."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC) if "T" in text else None
        has_offset = moment is not None and datetime.fromisoformat(text.replace(" ", "+")).tzinfo is not None
    except (ValueError, OverflowError) as error:
        raise InputError(f"Parameter {name}: {text[:50]!r} is no time.", hint="E.g. 2026-01-15T06:10:00Z.") from error
    if moment is None or not has_offset:
        raise InputError(f"Parameter {name}: {text[:50]!r} is no time with an offset.", hint="Add T… and Z or +09:00.")
    if moment.year < 1970:
        raise InputError(f"Parameter {name}: {text[:50]!r} lies before 1970.", hint="Nothing is known of that time.")
    return moment


async def span_at(connection: Connection, at: datetime) -> Span | None:
    """The span of a moment; None: nothing is told of it."""
    async with connection.cursor(row_factory=class_row(Span)) as cursor:
        await cursor.execute(read_sql("tiles", "past_span_at"), {"at": at})
        return await cursor.fetchone()


async def spans_of(connection: Connection, event_id: int | None) -> list[Span]:
    """The spans of an event, or of all but the standing watch."""
    async with connection.cursor(row_factory=class_row(Span)) as cursor:
        await cursor.execute(read_sql("tiles", "past_spans"), {"event_id": event_id})
        return await cursor.fetchall()


async def why_nothing(connection: Connection, at: datetime) -> NotFoundError:
    """The error that says why nothing is known of a moment: before the first publication, or in a gap."""
    found = await connection.execute(read_sql("tiles", "past_bounds"), {"at": at})
    first_at, last_before, next_from = await found.fetchone() or (None, None, None)
    if first_at is None or at < first_at:
        why = "Nothing was published yet." if first_at is None else f"What is known begins at {zulu(first_at)}."
    else:
        why = f"Nothing was published from {zulu(last_before or first_at)} to {zulu(next_from or at)}."
    return NotFoundError(f"Nothing is known of {zulu(at)}.", hint=why)


@dataclass(frozen=True, slots=True)
class Held:
    """n states of an event: place (n,) in the index, begin_s and end_s (n,) rounded up, NO_MOMENT: it holds still."""

    place: NDArray[np.int64]
    begin_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    records: Records

    def take(self, at: NDArray[Any]) -> Held:
        """Those at positions, or of a mask."""
        return Held(self.place[at], self.begin_s[at], self.end_s[at], self.records.take(at))


async def read_past(
    connection: Connection, event_id: int, from_at: datetime, to_at: datetime
) -> tuple[Held, NDArray[np.int64]]:
    """(states that hold at from_at or begin before to_at, positions of edges that are withheld now)."""
    params = {"event_id": event_id, "from_at": from_at, "to_at": to_at} | CODES
    fields = [("position", ">i4"), ("from_at", ">i8"), ("to_at", ">i8"), *RECORD]
    rows = await read_rows(connection, read_sql("tiles", "past_states"), params, fields)
    hidden = await read_rows(connection, read_sql("tiles", "withheld"), {}, [("position", ">i4")])
    begin_s, end_s = seconds(rows["from_at"], up=True), seconds(rows["to_at"], up=True)
    held = Held(rows["position"].astype(np.int64), begin_s, end_s, records_from(rows))
    return held, hidden["position"].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Then:
    """The states of a past moment, and of which roads they are told."""

    dataset: Dataset
    index: Index
    span: Span
    records: Records


async def read_then(service: Service, at: datetime) -> Then:
    """The states at a moment, as of one publication. Raises NotFoundError, with the reason, where none are known."""
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dataset = await read_dataset(connection, service.dataset) or service.dataset
        if at > dataset.moment(service.clock()):
            raise NotFoundError(f"{zulu(at)} has not come yet.", hint="Ask for a moment of the past.")
        span = await span_at(connection, at)
        if span is None:
            raise await why_nothing(connection, at)
        last = service.snapshots.last
        index = await read_index(connection, dataset, last.present.index if last else None)
        held, hidden = await read_past(connection, span.event_id, at, at)
    records = Records.unknown(len(index.edge_id), span.default_reason.value)
    records = records.put(held.place, held.records)
    records = records.put(hidden, Records.unknown(len(hidden), Reason.WITHHELD.value))
    return Then(dataset, index, span, records)


def serialise(then: Then, at: datetime, form: str) -> bytes:
    """The states of a past moment as they are told."""
    at_s = int(at.timestamp())
    told = then.records.rounded().shown(at_s)
    head = {"as_of": zulu(at)} | then.span.head(then.dataset)
    if form == PACKED:
        return pack_states(head, told)
    return compact(head | json_columns(then.index, told, then.span.default_reason.value, at_s))


async def past_snapshot(request: Request, service: Service, form: Form) -> Response:
    """Answer /status/snapshot?at=…; kept in both encodings as long as nothing that it rests on has changed."""
    at = moment_of("at", request.query_params["at"])
    async with service.connection() as connection:
        span = await span_at(connection, at)
    basis: tuple[object, ...] = (service.dataset.basis, span, at)
    if span is not None and span.to_at is None and at >= service.dataset.as_of:
        basis = (*basis, service.dataset.status_version)

    async def plain() -> bytes:
        then = await read_then(service, at)
        return await asyncio.to_thread(serialise, then, at, form.name)

    async def body_in(encoding: str) -> bytes:
        whole = await service.past.get((basis, form.name, "identity"), plain)
        if encoding == "identity":
            return whole
        return await service.past.get(
            (basis, form.name, encoding), lambda: asyncio.to_thread(pack_for, encoding, whole, THOROUGH)
        )

    etag = etag_of(await body_in("identity"))
    life_s = SETTLED_S if span is not None and span.is_settled else OPEN_S
    headers = {"Cache-Control": f"public, max-age={life_s}", "ETag": etag, **stale_headers(service.stale_since)}
    return await respond(request, form, headers, body_in)

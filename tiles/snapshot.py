"""The state of every edge in one compact answer, serialised once in some seconds and shared by all.

However often states change, a snapshot is served while it is younger than SNAPSHOT_S; `status_version` says what it
is, and /status/changes leads from there to the present one.

A clearing carries `valid_s`, from which on a client shows it as unknown by itself; one that had run out when the
answer was made is unknown in it already. The entity tag rests on content alone, so that a publication that changed no
state costs clients nothing; the moment up to which the state holds is in `as_of` and in Last-Modified.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from geo.vocabulary import Reason, State
from tiles.caching import Latest, etag_of, is_known, not_modified, takes_gzip
from tiles.dataset import Dataset, read_dataset
from tiles.front import offer
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of

router = APIRouter(tags=["status"])

type StatusRow = tuple[int, bool, str, str, int | None, int | None, int | None, int]

CHARS = {State.CLEARED.value: "c", State.CLEARING.value: "g", State.UNCLEARED.value: "u", State.UNKNOWN.value: "?"}
#: A snapshot of the same roads and event is served for so long before another one is made.
SNAPSHOT_S = 5.0
#: The direction is not open to traffic.
CLOSED = "-"
#: Stands for NULL in columns of seconds.
NO_MOMENT = -1
REASONS = [reason.value for reason in Reason]
POSITION_OF_REASON = {reason: position for position, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A serialised snapshot: the JSON, the same gzipped, its tag, what it is of, and when it was read."""

    body: bytes
    packed: bytes
    etag: str
    dataset: Dataset
    made_at: datetime


def _empty() -> dict[str, Any]:
    return {"state": [], "reason": [], "cleared_s": [], "valid_s": [], "observed_s": [], "covered": []}


def _append(columns: dict[str, Any], row: StatusRow | None, base_s: int, moment_s: int) -> None:
    if row is None:
        values: tuple[Any, ...] = (CLOSED, 0, NO_MOMENT, NO_MOMENT, NO_MOMENT, 0)
    else:
        _, _, state, reason, *seconds, covered = row
        if state in (State.CLEARED, State.CLEARING) and seconds[1] is not None and seconds[1] <= moment_s:
            state, reason = State.UNKNOWN.value, Reason.EXPIRED.value
        times = [NO_MOMENT if s is None else s - base_s for s in seconds]
        values = (CHARS[state], POSITION_OF_REASON[reason], *times, covered)
    for name, value in zip(columns, values, strict=True):
        columns[name].append(value)


def columns(rows: Sequence[StatusRow], moment_s: int) -> dict[str, Any]:
    """The columns of the snapshot from rows ordered by piece and direction.

    Returns n, base_at (epoch seconds, below every moment), piece_id (delta-coded, ascending), forward and backward.
    """
    by_piece: dict[int, list[StatusRow | None]] = {}
    for row in rows:
        by_piece.setdefault(row[0], [None, None])[int(row[1])] = row
    base_s = min((s for row in rows for s in row[4:7] if s is not None), default=moment_s)
    directions = [_empty(), _empty()]
    deltas, last = [], 0
    for piece_id, both in by_piece.items():
        deltas.append(piece_id - last)
        last = piece_id
        for direction, row_or_none in zip(directions, both, strict=True):
            _append(direction, row_or_none, base_s, moment_s)
    for direction in directions:
        direction["state"] = "".join(direction["state"])
    return {
        "n": len(deltas), "base_at": base_s, "piece_id": deltas, "reasons": REASONS,
        "forward": directions[0], "backward": directions[1],
    }  # fmt: skip


def head_of(dataset: Dataset) -> dict[str, Any]:
    """What every answer about states begins with: versions, event, whether it is made up."""
    return {
        "network_version": dataset.network_version,
        "roads_version": dataset.roads_version,
        "status_version": dataset.status_version,
        "event": {
            "event_id": dataset.event_id, "kind": dataset.event_kind, "name": dataset.event_name,
            "reference_at": zulu(dataset.reference_at),
        },
        "synthetic": dataset.is_synthetic,
        "default_reason": dataset.default_reason.value,
    }  # fmt: skip


def serialise(dataset: Dataset, rows: Sequence[StatusRow], made_at: datetime) -> Snapshot:
    """The snapshot of a dataset that was read at a time of the clock."""
    stored = head_of(dataset) | columns(rows, int(dataset.moment(made_at).timestamp()))
    etag = etag_of(dataset.network_key, dataset.plan_key, json.dumps(stored), weak=True)
    body = compact({"as_of": zulu(dataset.as_of)} | stored)
    return Snapshot(body, gzip.compress(body, 6, mtime=0), etag, dataset, made_at)


def compact(document: dict[str, Any]) -> bytes:
    """JSON without any space."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


async def make_snapshot(service: Service) -> Snapshot:
    """Read dataset and states of one publication, and serialise them away from the event loop."""
    made_at = service.clock()
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dataset = await read_dataset(connection, service.dataset) or service.dataset
        params = {"default_reason": dataset.default_reason.value}
        found = await connection.execute(read_sql("tiles", "snapshot"), params)
        rows: list[Any] = await found.fetchall()
    return await asyncio.to_thread(serialise, dataset, rows, made_at)


def is_young(service: Service, made: Snapshot) -> bool:
    """Whether a snapshot may be told although another dataset was published since."""
    age = service.clock() - made.made_at
    return made.dataset.basis == service.dataset.basis and timedelta() <= age < timedelta(seconds=SNAPSHOT_S)


def holds(service: Service, made: Snapshot) -> bool:
    """Whether a snapshot that was told is still the one to tell."""
    return service.snapshots.last is made and (made.dataset == service.dataset or is_young(service, made))


async def present_snapshot(service: Service) -> Snapshot:
    """The snapshot of the present publication, one that is not old yet, or the last one while the database is away.

    Its status_version and as_of say which.
    """
    kept: Latest[Snapshot] = service.snapshots
    try:
        return await kept.get(service.dataset, lambda: make_snapshot(service), lambda made: is_young(service, made))
    except (psycopg.Error, PoolTimeout):
        if kept.last is None:
            raise
        return kept.last


@router.get("/status/snapshot")
async def snapshot(request: Request) -> Response:
    """State of all edges, compact; see docs/api.md for its columns."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    made = await present_snapshot(service)
    offer(request, lambda: holds(service, made), made.packed, made.body)
    headers = {
        "Cache-Control": "public, max-age=2",
        "ETag": made.etag,
        "Last-Modified": format_datetime(made.dataset.as_of, usegmt=True),
        "Vary": "Accept-Encoding",
    }
    if is_known(request, made.etag):
        return not_modified(headers)
    if takes_gzip(request):
        return Response(made.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="application/json")
    return Response(made.body, headers=headers, media_type="application/json")

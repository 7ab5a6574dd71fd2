"""What changed since a status version, for a client that holds a snapshot: one small answer shared by all who ask.

A piece is told whole, both directions, as soon as one of them has changed, so that a client replaces what it holds of
it. Where the way from that version to now is not known the answer says `reload`, and the snapshot is to be fetched.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from geo.errors import InputError
from tiles.answers import compact, head_of, zulu
from tiles.caching import etag_of, is_known, not_modified, stale_headers, takes_gzip
from tiles.dataset import Dataset, read_dataset
from tiles.parameters import refuse_unknown, whole
from tiles.rows import columns, in_steps
from tiles.service import Service, service_of

router = APIRouter(tags=["status"])

type ChangeRow = tuple[int, bool, str, str, int | None, int | None, int | None, int, bool]

#: Edges that may have changed; for more the snapshot is as good, and a client that is so far behind takes that.
MOST_EDGES = 5_000
_VERSION = {"type": "integer", "minimum": 0}
#: What the framework cannot see: the handler reads its parameters itself, so that each problem is the house's.
CHANGES: dict[str, Any] = {
    "parameters": [
        {
            "name": "since", "in": "query", "required": True, "schema": _VERSION,
            "description": "status_version of what the client holds.",
        },
        {
            "name": "network_version", "in": "query", "required": False, "schema": _VERSION,
            "description": "network_version of what the client holds; the present one where it is left out.",
        },
    ]
}  # fmt: skip


def change_document(dataset: Dataset, rows: Sequence[ChangeRow] | None, now: datetime) -> dict[str, Any]:
    """What changed, as it is told; rows None: the snapshot is to be fetched."""
    head = {"as_of": zulu(dataset.as_of)} | head_of(dataset)
    if rows is None:
        return head | {"reload": True}
    gone = sorted({row[0] for row in rows if not row[8]})
    listed = columns([in_steps(row[:8]) for row in rows if row[8]], int(dataset.moment(now).timestamp()))
    return head | {"reload": False} | listed | {"gone": [b - a for a, b in pairwise([0, *gone])]}


def serialise(dataset: Dataset, since: int, rows: Sequence[ChangeRow] | None, now: datetime) -> bytes:
    """An answer about the changes after `since`; rows None: the snapshot is to be fetched.

    Returns three parts with a line feed between: the moment of the states as an HTTP date, the entity tag, and the
    gzipped JSON. The tag rests on the versions: two answers with the same ones lead to the same states.
    """
    etag = etag_of(dataset.network_key, compact(head_of(dataset)), "reload" if rows is None else since, weak=True)
    packed = gzip.compress(compact(change_document(dataset, rows, now)), 6, mtime=0)
    return b"\n".join((format_datetime(dataset.as_of, usegmt=True).encode(), etag.encode(), packed))


async def read_changes(
    service: Service, since: int, basis: tuple[object, ...] | None = None
) -> tuple[Dataset, Sequence[ChangeRow] | None]:
    """The present dataset and what changed in it after `since`, None where that cannot be told.

    basis  the basis that the version is of; None: that of the dataset as last seen
    """
    seen = service.dataset
    basis = basis or seen.basis
    if since == seen.status_version and basis == seen.basis:
        return seen, ()
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # the watch may be behind what a snapshot has told the client
        dataset = await read_dataset(connection, seen) or seen
        if dataset.basis != basis or since > dataset.status_version:
            return dataset, None
        if since == dataset.status_version:
            return dataset, ()
        params = {"since": since, "most": MOST_EDGES, "default_reason": dataset.default_reason.value}
        found = await connection.execute(read_sql("tiles", "changes"), params)
        rows: list[Any] = await found.fetchall()
    # the version has risen, so no row means that there are too many
    return dataset, rows or None


async def _make(service: Service, since: int) -> bytes:
    dataset, rows = await read_changes(service, since)
    return await asyncio.to_thread(serialise, dataset, since, rows, service.clock())


async def present_changes(service: Service, since: int, network_version: int | None) -> bytes:
    """The answer (see serialise) to a client that holds a version; all that hold the same one share it."""
    dataset = service.dataset
    is_other = network_version is not None and network_version != dataset.network_version
    if is_other or since < service.whole_version:
        return serialise(dataset, since, None, service.clock())
    return await service.changes.get((since, dataset), lambda: _make(service, since))


@router.get("/status/changes", openapi_extra=CHANGES)
async def changes(request: Request) -> Response:
    """State of the edges that changed after a status version, compact; see docs/api.md for its columns."""
    params = request.query_params
    refuse_unknown(params, ("since", "network_version"))
    if "since" not in params:
        raise InputError("Parameter since: missing.", hint="Give the status_version of the snapshot that you hold.")
    service = service_of(request)
    network_version = whole(params, "network_version", 0, 0) if "network_version" in params else None
    made = await present_changes(service, whole(params, "since", 0, 0), network_version)
    as_of, etag, packed = made.split(b"\n", 2)
    headers = {
        "Cache-Control": "public, max-age=1",
        "ETag": etag.decode(),
        "Last-Modified": as_of.decode(),
        "Vary": "Accept-Encoding",
        **stale_headers(service.stale_since),
    }
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    if takes_gzip(request):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="application/json")
    return Response(gzip.decompress(packed), headers=headers, media_type="application/json")

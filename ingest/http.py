"""POST /ingest/fixes: positions by HTTP, answered after their commit.

The whole of a request is refused with a problem body (RFC 9457), or its good rows are stored and the answer lists the
bad ones. The same request again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import InputError, TooLargeError
from geo.fix import concat
from geo.settings import SourceSettings
from ingest.fix_batch import FixBatch, RawBatch, ReadState
from ingest.intake import Intake, intake_of
from ingest.json_fixes import keep_objects, parse_json, parse_ndjson, rows_of, rows_to_raw
from ingest.keys import SourceKey
from ingest.live import Delivery, Receipt
from ingest.quality import check
from ingest.quarantine import Reject
from ingest.register import Register

router = APIRouter(prefix="/ingest", tags=["ingest"])

#: Bodies of more bytes are read beside the event loop.
QUICK_BYTES = 64 * 2**10
WHERE = "The body"


def media_type(request: Request) -> str:
    """The media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _json(data: bytes, source: SourceSettings, state: ReadState) -> list[RawBatch]:
    rows, items = keep_objects(rows_of(parse_json(data, WHERE), "fixes", WHERE), state)
    return [rows_to_raw(rows, source, items=items)]


def _ndjson(data: bytes, source: SourceSettings, state: ReadState) -> list[RawBatch]:
    rows, lines, items = parse_ndjson(data, state)
    return [rows_to_raw(rows, source, items=items, lines=lines)]


READERS = {"application/json": _json, "application/x-ndjson": _ndjson}


def read_fixes(data: bytes, kind: str, source: SourceSettings, max_fixes: int, state: ReadState) -> list[RawBatch]:
    """The rows of a body, nothing checked.

    Raises InputError for a body that cannot be read as a whole, TooLargeError for too many rows, HTTPException 415
    for a media type that is not read.
    """
    reader = READERS.get(kind)
    if reader is None:
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send {', '.join(READERS)}.")
    if not data.strip():
        raise InputError("The body is empty.", hint='Send {"fixes": [{…}, …]}.')
    batches = reader(data, source, state)
    n = sum(len(batch) for batch in batches) + len(state.rejects)
    if n > max_fixes:
        raise TooLargeError(f"The body has {n} fixes; {max_fixes} are taken at once.", hint="Send several requests.")
    return batches


def merge(batches: Sequence[FixBatch]) -> FixBatch:
    """One batch of several."""
    if len(batches) == 1:
        return batches[0]
    position: dict[str, int] = {}
    parts = []
    for batch in batches:
        lookup = np.array([position.setdefault(name, len(position)) for name in batch.names], np.int64)
        parts.append(replace(batch.fixes, vehicle=lookup[batch.fixes.vehicle]))
    return FixBatch(tuple(position), concat(parts))


def _checked(
    intake: Intake, body: bytes, request: Request, source: SourceSettings, register: Register | None
) -> tuple[FixBatch, list[Reject]]:
    data = intake.bodies.unpack(body, request.headers.get("content-encoding", "").strip().lower())
    state = ReadState()
    batches = read_fixes(data, media_type(request), source, intake.limits.max_fixes, state)
    moment = intake.clock()
    checked = [check(batch, source, moment, state, WHERE, register) for batch in batches]
    return merge(checked), state.rejects.rows


def answer(receipt: Receipt, rejects: Sequence[Reject], warnings: Sequence[str] = ()) -> Response:
    """What a sender is told after the commit."""
    content: dict[str, Any] = {
        "accepted": receipt.n_accepted,
        "repeated": receipt.n_repeated,
        "rejected": [_told(reject) for reject in rejects],
    }
    if warnings:
        content["warnings"] = list(warnings)
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _told(reject: Reject) -> dict[str, Any]:
    told: dict[str, Any] = {"index": reject.item, "reason": str(reject.reason), "detail": reject.detail}
    return told if reject.line is None else told | {"line": reject.line}


async def deliver(intake: Intake, key: SourceKey, batch: FixBatch, rejects: Sequence[Reject]) -> Receipt:
    """Write what a request brought; its receipt, after the commit. Raises TooFastError, OverloadedError …"""
    intake.count(key, len(batch) + len(rejects))
    return await intake.queue.put(Delivery(key.source_id, batch, rejects))


@router.post("/fixes")
async def post_fixes(request: Request) -> Response:
    """Positions of the vehicles of a source, in one request."""
    intake = intake_of(request)
    key = await intake.admit(request)
    body = await intake.bodies.read(request)
    source, register = intake.source(key), await intake.register(key)
    if len(body) > QUICK_BYTES:
        batch, rejects = await asyncio.to_thread(_checked, intake, body, request, source, register)
    else:
        batch, rejects = _checked(intake, body, request, source, register)
    return answer(await deliver(intake, key, batch, rejects), rejects)

"""/ingest: positions by HTTP, answered after their commit.

The whole of a request is refused with a problem body (RFC 9457), or its good rows are stored and the answer lists the
bad ones. The same request again changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Security
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import AccessError, InputError, TooLargeError
from ingest import osmand
from ingest.fix_batch import ReadState
from ingest.gather import Asked
from ingest.http_docs import FIXES, OSMAND, OSMAND_POST, PROBES
from ingest.intake import Intake, intake_of
from ingest.json_fixes import keep_objects, parse_json, rows_of, rows_to_raw
from ingest.keys import SourceKey
from ingest.live import Delivery, Receipt
from ingest.probes import settings_of
from ingest.quarantine import Reject
from ingest.reading import WHERE, Read, checked, read_fixes

#: For the OpenAPI document alone: what a key is worth is asked of the database in each request.
KEY = HTTPBearer(scheme_name="key", description="The key that `yukimichi source add` printed.", auto_error=False)
router = APIRouter(prefix="/ingest", tags=["ingest"], dependencies=[Security(KEY)])

#: Bodies of more bytes are read beside the event loop; shorter ones take it less than 2 ms.
QUICK_BYTES = 64 * 2**10
#: JSON of fewer bytes may be checked together with others.
SMALL_BYTES = 4 * 2**10


def media_type(request: Request) -> str:
    """The media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _body(intake: Intake, request: Request) -> bytes:
    """The body, unpacked. Raises as ingest.http_body says."""
    body = await intake.bodies.read(request)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if len(body) > QUICK_BYTES and encoding:
        return await asyncio.to_thread(intake.bodies.unpack, body, encoding)
    return intake.bodies.unpack(body, encoding)


def _answer(receipt: Receipt, read: Read) -> Response:
    """What a sender is told after the commit."""
    content: dict[str, Any] = {
        "accepted": receipt.n_accepted,
        "repeated": receipt.n_repeated,
        "rejected": [_told(reject) for reject in read.rejects],
    }
    if read.warnings:
        content["warnings"] = read.warnings
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _told(reject: Reject) -> dict[str, Any]:
    told: dict[str, Any] = {"index": reject.item, "reason": str(reject.reason), "detail": reject.detail}
    return told if reject.line is None else told | {"line": reject.line}


async def _deliver(intake: Intake, key: SourceKey, read: Read) -> Response:
    """Store what a request brought, and answer after the commit."""
    intake.count(key, read.n_rows)
    unit = intake.units.look(key.source_id, read.batch)
    if unit is not None:
        read.warnings.append(unit)
    receipt = Receipt()
    if read.n_rows:
        receipt = await intake.queue.put(Delivery(key.source_id, read.batch, read.rejects))
    return _answer(receipt, read)


@router.post("/fixes", openapi_extra=FIXES, response_class=JSONResponse)
async def post_fixes(request: Request) -> Response:
    """Positions of the vehicles of a source, in one request; the answer comes after their commit."""
    intake = intake_of(request)
    key = await intake.admit(request)
    data, kind = await _body(intake, request), media_type(request)
    source, register = intake.source(key), await intake.register(key)
    if kind == "application/json" and 0 < len(data) < SMALL_BYTES:
        given = rows_of(parse_json(data, WHERE), "fixes", WHERE)
        state = ReadState()
        rows, _ = keep_objects(given, state)
        if rows and not len(state.rejects):
            return await _deliver(intake, key, await intake.gather.read(rows, Asked(key.source_id, source, register)))
    wish = (data, kind, source, intake.limits.max_fixes, intake.clock(), register)
    read = await asyncio.to_thread(read_fixes, *wish) if len(data) > QUICK_BYTES else read_fixes(*wish)
    return await _deliver(intake, key, read)


async def _osmand_row(intake: Intake, request: Request, parameters: dict[str, str]) -> dict[str, Any]:
    """The row of an OsmAnd request: of its JSON, or of its query and form."""
    kind = media_type(request)
    data = await _body(intake, request) if request.method == "POST" else b""
    if kind == "application/json" and data:
        return osmand.row_of_json(parse_json(data, WHERE))
    if data and kind not in ("application/x-www-form-urlencoded", ""):
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send a form, JSON, or a query alone.")
    return osmand.row_of_parameters(parameters | osmand.parse_form(data))


async def _osmand(request: Request) -> Response:
    intake = intake_of(request)
    parameters = dict(request.query_params)
    key = await intake.admit(request, parameters.pop("key", None))
    row = await _osmand_row(intake, request, parameters)
    source, register = osmand.standard(intake.source(key)), await intake.register(key)
    state = ReadState()
    raw = osmand.to_raw(row, source, state)
    return await _deliver(intake, key, checked([raw], source, intake.clock(), register, state))


@router.get("/osmand", openapi_extra=OSMAND, response_class=JSONResponse)
async def get_osmand(request: Request) -> Response:
    """One position by the OsmAnd protocol, in the query: Traccar Client, phone trackers."""
    return await _osmand(request)


@router.post("/osmand", openapi_extra=OSMAND_POST, response_class=JSONResponse)
async def post_osmand(request: Request) -> Response:
    """One position by the OsmAnd protocol: in the query, as a form, or as the JSON of newer clients."""
    return await _osmand(request)


@router.post("/probes", openapi_extra=PROBES, response_class=JSONResponse)
async def post_probes(request: Request) -> Response:
    """Positions of other vehicles, for route status: ids are stored hashed, and all is deleted within 24 hours."""
    intake = intake_of(request)
    key = await intake.admit(request)
    if not key.has_probes:
        raise AccessError(
            "This key may not send probes.", hint=f"Ask for one made by `yukimichi source add {key.source} --probes`."
        )
    data, kind = await _body(intake, request), media_type(request)
    if kind != "application/json":
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send application/json.")
    if not data.strip():
        raise InputError("The body is empty.", hint='Send {"probes": [{…}, …]}.')
    read = await asyncio.to_thread(_probes, intake, key, data)
    intake.count(key, read.n_rows)
    receipt = await intake.write_probes(key.source_id, read.batch)
    return _answer(receipt, read)


def _probes(intake: Intake, key: SourceKey, data: bytes) -> Read:
    """Checked positions of probes; their rejected rows are told and never stored, since they carry ids."""
    state, source = ReadState(), settings_of(intake.source(key))
    given = rows_of(parse_json(data, WHERE), "probes", WHERE)
    if len(given) > intake.limits.max_fixes:
        most = intake.limits.max_fixes
        raise TooLargeError(
            f"The body has {len(given)} probes; {most} are taken at once.", hint="Send several requests."
        )
    rows, items = keep_objects(given, state)
    return checked([rows_to_raw(rows, source, items=items)], source, intake.clock(), None, state)

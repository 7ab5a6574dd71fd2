"""What road managers do with disputes beside reading the collection: the photo and the decision. Both need a key of the
road's own manager, and both stand in the audit log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from psycopg import sql
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.db import Role, read_sql
from geo.errors import AccessError, InputError, NotFoundError, TooLargeError
from layers.catalogue import COLLECTIONS
from layers.columns_disputes import Decision
from tiles.access import Caller, permit
from tiles.disputes_claim import COMMENT_CHARS
from tiles.disputes_docs import DECIDE, KEYED
from tiles.disputes_store import read_photo
from tiles.items_source import source_params
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of

router = APIRouter(tags=["disputes"])

#: The collection that says who may read.
DISPUTES = next(one for one in COLLECTIONS if one.collection_id == "disputes")
#: Nothing of it is kept between the service and its reader.
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization"}
BODY_BYTES_MAX = 8 * 2**10


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with its reason, as it was read."""

    decision: Decision
    reason: str


def read_verdict(given: Mapping[str, Any]) -> Verdict:
    """The decision of a request's fields. Raises InputError, which names the field."""
    for name in given:
        if name not in ("decision", "reason"):
            raise InputError(f"Field {name[:60]}: unknown.", hint="Known here: decision, reason.")
    decision, reason = given.get("decision"), given.get("reason")
    if decision not in tuple(Decision):
        raise InputError("Field decision: required.", hint=f"One of {', '.join(Decision)}.")
    if not isinstance(reason, str) or not reason.strip():
        raise InputError("Field reason: required.", hint="The sender reads it.")
    reason = reason.strip().replace("\0", "")
    if len(reason) > COMMENT_CHARS:
        raise InputError(f"Field reason: {len(reason)} characters, at most {COMMENT_CHARS}.", hint="Say it shorter.")
    return Verdict(Decision(decision), reason.encode("utf-8", "replace").decode())


async def _own(request: Request, service: Service, dispute_id: int) -> Caller:
    """The caller, if the dispute is of a road of theirs. Raises NotFoundError, AccessError, NoKeyError."""
    caller = await permit(request, service, DISPUTES)
    asked = sql.SQL(read_sql("tiles", "dispute_seen")).format(
        source=sql.SQL(read_sql("layers", f"collections/{DISPUTES.source}"))
    )
    params = {"dispute_id": dispute_id} | source_params(DISPUTES, service.moment()) | caller.scope_params()
    async with service.connection(Role.MANAGER) as connection:
        row = await (await connection.execute(asked, params)).fetchone()
    is_there, is_own = row or (False, False)
    if not is_there:
        raise NotFoundError(f"No dispute {dispute_id}.", hint="Numbers stand in the collection disputes.")
    if not is_own:
        raise AccessError(
            f"The dispute {dispute_id} is about a road that is not {caller.scope_of}'s.",
            hint="A manager decides about its own roads.",
        )
    return caller


def _number(dispute_id: int) -> int:
    if not 0 <= dispute_id < 2**31:
        raise NotFoundError(f"No dispute {str(dispute_id)[:20]}.", hint="Numbers stand in the collection disputes.")
    return dispute_id


@router.get("/disputes/{dispute_id:int}/photo", response_class=Response, responses=KEYED)
async def photo(request: Request, dispute_id: int) -> Response:
    """The photo of a dispute, for a manager's key."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    await _own(request, service, _number(dispute_id))
    headers = PRIVATE | {"Content-Security-Policy": "default-src 'none'", "Content-Disposition": "inline"}
    return Response(await read_photo(service, dispute_id), media_type="image/jpeg", headers=headers)


@router.post("/disputes/{dispute_id:int}/decision", openapi_extra=DECIDE, responses=KEYED, response_class=JSONResponse)
async def decide(request: Request, dispute_id: int) -> Response:
    """Decide a dispute. It changes no state: that is done by an order (`POST /ingest/orders`)."""
    service = service_of(request)
    caller = await _own(request, service, _number(dispute_id))
    verdict = read_verdict(await _object(request))
    async with service.connection(Role.APP) as connection, connection.transaction():
        named = await connection.execute(read_sql("tiles", "dispute_key_name"), {"key_id": caller.key_id})
        name = await named.fetchone()
        params = {
            "dispute_id": dispute_id, "decision": verdict.decision.value, "reason": verdict.reason,
            "decided_at": service.moment(), "key_id": caller.key_id, "decided_by": name[0] if name else "",
            "actor": None,
        }  # fmt: skip
        row = await (await connection.execute(read_sql("tiles", "dispute_decide"), params)).fetchone()
    if row is None:
        raise NotFoundError(f"No dispute {dispute_id}.", hint="Its days were over just now.")
    content = {"decision_id": row[0], "number": dispute_id, "decision": verdict.decision.value}
    return JSONResponse(content, headers=PRIVATE)


async def _object(request: Request) -> Mapping[str, Any]:
    """The JSON object of a request, of BODY_BYTES_MAX at most."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send application/json.")
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > BODY_BYTES_MAX:
            raise TooLargeError(f"The body has more than {BODY_BYTES_MAX} bytes.", hint="Say it shorter.")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError("The body is no JSON.", hint='E.g. {"decision": "accepted", "reason": "…"}.') from error
    if not isinstance(found, dict):
        raise InputError("The body is no JSON object.", hint='E.g. {"decision": "accepted", "reason": "…"}.')
    return found

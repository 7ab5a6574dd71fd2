"""POST /ingest/harja: messages of Harja by HTTP, points and ready lines alike, answered after their commit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Security
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import InputError, TooLargeError
from geo.fix import Fixes
from geo.settings import SourceSettings
from ingest.fix_batch import FixBatch, ReadState
from ingest.harja import as_harja, parse_message
from ingest.http_docs import RESPONSES
from ingest.intake import intake_of
from ingest.json_fixes import parse_json
from ingest.lines import LineBatch, check_lines
from ingest.live import Delivery, Receipt
from ingest.quality import check
from ingest.quarantine import Reject
from ingest.register import Register

KEY = HTTPBearer(scheme_name="key", description="The key that `yukimichi source add` printed.", auto_error=False)
router = APIRouter(prefix="/ingest", tags=["ingest"], dependencies=[Security(KEY)])

WHERE = "The body"
_SENDER = {"jarjestelma": "seuranta", "organisaatio": {"nimi": "Aura Oy", "ytunnus": "1234567-8"}}
_MACHINE = {"tyokone": {"id": 18120, "tyokonetyyppi": "aura-auto"}, "urakkaid": 4}
_WORK = {"havaintoaika": "2026-01-18T06:10:00+02:00", "suoritettavatTehtavat": ["auraus ja sohjonpoisto"]}
_LINE = {"type": "LineString", "coordinates": [[429493, 7207739], [429602, 7207790], [429700, 7207902]]}
#: A message with one point and one ready line; a test posts it.
EXAMPLE: dict[str, Any] = {
    "otsikko": {
        "lahettaja": _SENDER,
        "viestintunniste": {"id": 123},
        "lahetysaika": "2026-01-18T06:10:05+02:00",
    },
    "havainnot": [
        {"havainto": {**_MACHINE, **_WORK, "sijainti": {"koordinaatit": {"x": 429493, "y": 7207739}}, "suunta": 45}},
        {"havainto": {**_MACHINE, **_WORK, "sijainti": {"viivageometria": _LINE}}},
    ],
}
HARJA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The request of tyokoneenseuranta as it stands. Also with Content-Encoding: gzip.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["havainnot"],
                    "properties": {
                        "otsikko": {"type": "object"},
                        "havainnot": {"type": "array", "items": {"type": "object"}},
                    },
                },
                "examples": {"a point and a line": {"summary": "a point and a line", "value": EXAMPLE}},
            }
        },
    },
    "responses": RESPONSES,
}


@dataclass(frozen=True, slots=True)
class _Read:
    """What a message said: fixes, lines, and observations that are neither."""

    fixes: FixBatch
    lines: LineBatch | None
    rejects: list[Reject]
    n: int


@router.post("/harja", openapi_extra=HARJA, response_class=JSONResponse)
async def post_harja(request: Request) -> Response:
    """A message of Harja; `index` of what is rejected counts its observations from 0."""
    intake = intake_of(request)
    key = await intake.admit(request)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    data = await asyncio.to_thread(intake.bodies.unpack, await intake.bodies.read(request), encoding)
    if kind != "application/json":
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send application/json.")
    if not data.strip():
        raise InputError("The body is empty.", hint="Send a message of tyokoneenseuranta.")
    wish = (intake.source(key), intake.limits.max_fixes, intake.clock(), await intake.register(key))
    read = await asyncio.to_thread(_read, data, *wish)
    intake.count(key, read.n)
    points, lines = Receipt(), Receipt()
    # lines first: where the second commit fails, the sender sends all again, and what is stored is a repeat
    if read.lines is not None and len(read.lines):
        lines = await intake.write_lines(key.source_id, read.lines)
    if read.rejects or len(read.fixes):
        points = await intake.queue.put(Delivery(key.source_id, read.fixes, read.rejects))
    content = {
        "accepted": points.n_accepted + lines.n_accepted,
        "repeated": points.n_repeated + lines.n_repeated,
        "rejected": [{"index": one.item, "reason": str(one.reason), "detail": one.detail} for one in read.rejects],
    }
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _read(data: bytes, source: SourceSettings, max_fixes: int, now: datetime, register: Register | None) -> _Read:
    """The checked rows of a message. Raises InputError, TooLargeError, and as ingest.quality.check."""
    message = parse_message(parse_json(data, WHERE), WHERE)
    n, state, as_read = len(message.points) + len(message.lines), ReadState(), as_harja(source)
    if n > max_fixes:
        raise TooLargeError(f"The body has {n} observations; {max_fixes} are taken.", hint="Send several messages.")
    fixes = FixBatch((), Fixes.empty())
    if len(message.points):
        fixes = check(message.points, as_read, now, state, WHERE, register)
    lines = check_lines(message.lines, as_read, now, state, WHERE, register) if len(message.lines) else None
    return _Read(fixes, lines, sorted(state.rejects.rows, key=lambda one: one.item or 0), n)

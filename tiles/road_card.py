"""The card of a road: both directions of a piece with everything a resident asks, now or at a moment of the past.

An answer holds absolute times alone, so its entity tag changes with what is known and not with the clock. What was read
last of a piece is kept: while the database is away the card goes on from it, marked as stale, and clearings run out in
it all the same.
"""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated

import psycopg
from fastapi import APIRouter, Path, Query
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from geo.errors import InputError, NotFoundError
from layers.columns import EDGE_ID
from tiles.caching import etag_of, is_known, not_modified, stale_headers
from tiles.parameters import LANGUAGES, one_of, refuse_unknown, value_of
from tiles.past import OPEN_S, SETTLED_S, moment_of
from tiles.problems import problem
from tiles.road_card_compose import Facts, Tongue, compose
from tiles.road_card_model import RoadCard
from tiles.road_card_read import heir_of, read_facts
from tiles.service import Service, service_of

router = APIRouter(tags=["status"])


@router.get(
    "/status/road/{piece_id}", response_model=RoadCard,
    responses={404: {"description": "No such piece; the problem names the one that took its place."}},
)  # fmt: skip
async def road_card(
    request: Request,
    piece_id: Annotated[str, Path(description="piece_id of the present network version", examples=["2"])],
    at: Annotated[str | None, Query(description="a moment of the past, RFC 3339 with an offset")] = None,
    lang: Annotated[str | None, Query(description="ja or en alone; both by default")] = None,
) -> Response:
    """Card of a road: state, evidence, target, why not yet, next in line, contact and visits of both directions."""
    refuse_unknown(request.query_params, ("at", "lang"))
    service = service_of(request)
    languages = LANGUAGES if lang is None else (one_of(request.query_params, "lang", LANGUAGES, LANGUAGES[0]),)
    moment = None if at is None else moment_of("at", at)
    piece = _id_of(piece_id)
    facts, stale_since = (None, None) if piece is None else await _facts(service, piece, moment)
    if facts is None:
        return await _missing(request, service, piece, piece_id)
    settings = service.settings
    say = Tongue(languages, settings.timezone, settings.card, settings.status.confidence_min)
    return _answer(request, compose(facts, moment or service.moment(), say), facts, stale_since)


async def _facts(service: Service, piece_id: int, at: datetime | None) -> tuple[Facts | None, datetime | None]:
    """(what is known of a piece now or at a moment, None); while the database is away (what is kept, since when).

    None for facts: there is no such piece. Raises NotFoundError where nothing is known of the moment.
    """
    basis = service.dataset.basis
    try:
        facts = await read_facts(service, piece_id, at)
    except (psycopg.OperationalError, PoolTimeout):
        kept: Facts | None = service.cards.held(piece_id, basis) if at is None else None
        if kept is None:
            raise
        return kept, service.stale_since or service.clock()
    if facts is not None and at is None:
        service.cards.put(piece_id, basis, facts)
    return facts, None


def _answer(request: Request, card: RoadCard, facts: Facts, stale_since: datetime | None) -> Response:
    """The card, or 304 where the client holds it. The tag rests on all but the moment of the answer."""
    life_s = 2 if facts.past is None else SETTLED_S if facts.past.is_settled else OPEN_S
    headers = {
        "Cache-Control": f"public, max-age={life_s}",
        "ETag": etag_of(card.model_dump_json(exclude={"as_of"}), weak=True),
        "Last-Modified": format_datetime(facts.sides[0]["as_of"] if facts.past is None else card.as_of, usegmt=True),
        **stale_headers(stale_since),
    }
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    return Response(card.model_dump_json(), headers=headers, media_type="application/json")


async def _missing(request: Request, service: Service, piece: int | None, text: str) -> Response:
    """404; where the roads have changed, with the piece that holds most of the former one."""
    error = NotFoundError(
        f"No road piece {text[:40]!r}, or traffic may not use it.", hint="Ids hold for the present network version."
    )
    heir = None if piece is None else await heir_of(service, piece)
    if heir is None:
        raise error
    address = f"{str(request.base_url).rstrip('/')}/status/road/{heir}"
    hint = f"The roads have changed: piece {heir} holds most of it now."
    headers = {"Link": f'<{address}>; rel="successor-version"'}
    answer = problem(404, error.message, hint=hint, instance=request.url.path, headers=headers)
    body = json.loads(bytes(answer.body)) | {"heir_piece_id": heir}
    return Response(
        json.dumps(body, ensure_ascii=False), answer.status_code, {"Cache-Control": "no-store"} | headers,
        media_type=answer.media_type,
    )  # fmt: skip


def _id_of(text: str) -> int | None:
    """A piece id; None for what is none."""
    try:
        value = value_of(EDGE_ID, text)
    except InputError:
        return None
    assert isinstance(value, int)
    return value if 0 <= value < 2**62 else None

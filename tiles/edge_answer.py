"""One edge in full: its state in words, since when, by which passes, how sure, what has fallen since, why unknown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, LiteralString

import numpy as np
from fastapi import APIRouter, Path
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from geo.errors import InputError, NotFoundError
from geo.pass_needs import needs_of
from geo.settings_coverage import CoverageSettings
from geo.vocabulary import CLEARING_TREATMENTS, PassKind, State, WorkBasis
from layers.catalogue import COLLECTIONS
from layers.columns import EDGE_ID
from tiles.edge_words import sentences, why
from tiles.items_source import source_params
from tiles.parameters import refuse_unknown, value_of
from tiles.service import Connection, Service, service_of

router = APIRouter(tags=["status"])

#: Passes of so many days are listed, and so many of them at most.
LOG_DAYS = 7
LOG_MOST = 200
_STATUS = next(collection for collection in COLLECTIONS if collection.collection_id == "road_status")


class Words(BaseModel):
    """The same in Japanese and English."""

    ja: str
    en: str


class OtherSide(BaseModel):
    """The other direction of the road."""

    edge_id: int
    state: str
    state_ja: str


class LoggedPass(BaseModel):
    """A stretch that a machine drove; never which machine. work_basis and confidence as in the collection passes."""

    edge_id: int
    direction: str
    from_m: float
    to_m: float
    started_at: datetime
    ended_at: datetime
    kind: str
    treatment: str | None = Field(description="null: not named")
    work_basis: str
    confidence: float
    is_provisional: bool
    is_evidence: bool = Field(description="whether the state may rest on it")
    synthetic: bool


class Plan(BaseModel):
    """A plough route or a work section that holds most of the edge."""

    id: str
    name: str
    manager: str
    route_class: str | None = Field(None, description="of a plough route")
    target_at: str | None = Field(None, description="local time at which a plough route is to be open; null: none")


class EdgeAnswer(BaseModel):
    """All that may be told of one direction of a road piece. Fields as in the collection road_status."""

    edge_id: int
    name: str | None
    route: str | None
    manager: str
    direction: str
    words: Words = Field(description="everything of this answer in sentences")
    why_unknown: Words | None = Field(description="null: the state is known")
    state: str
    state_ja: str
    reason: str
    cleared_at: datetime | None
    cleared_age_s: int | None
    valid_until: datetime | None
    observed_at: datetime | None
    age_s: int | None
    as_of: datetime
    covered_fraction: float
    passed_fraction: float
    passes_needed: int
    is_shared: bool = Field(description="one pass in either direction clears both")
    treatment: str | None
    spread_at: datetime | None
    sidewalk_at: datetime | None
    work_basis: str
    confidence: float
    source: str | None
    is_corrected: bool
    restriction: str | None
    snow_since_cm: float | None
    snow_basis: str | None
    other_side: OtherSide | None = Field(description="null: traffic may not use it")
    plough_route: Plan | None
    work_section: Plan | None
    passes: list[LoggedPass] = Field(description=f"of both directions, the newest first; at most {LOG_DAYS} days old")
    event_id: int
    reference_at: datetime
    network_version: int
    synthetic: bool


@router.get(
    "/status/edges/{edge_id}", response_model=EdgeAnswer,
    responses={404: {"description": "No such edge, or traffic may not use it."}},
)  # fmt: skip
async def edge(
    request: Request,
    edge_id: Annotated[str, Path(description="edge_id of the present network version", examples=["4"])],
) -> Response:
    """State of one edge with its evidence: in words, by which passes, how sure, the snow since, why unknown."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = await read_answer(connection, service, edge_id)
    headers = {"Cache-Control": "public, max-age=2"}
    return Response(found.model_dump_json(), headers=headers, media_type="application/json")


async def read_answer(connection: Connection, service: Service, edge_id: str) -> EdgeAnswer:
    """The answer for an edge at the service's moment. Raises NotFoundError."""
    moment, settings = service.moment(), service.settings
    params = {"edge_id": _id_of(edge_id), "since": moment - timedelta(days=LOG_DAYS), "most": LOG_MOST}
    source = sql.SQL(read_sql("layers", "collections/road_status"))
    status = sql.SQL(read_sql("tiles", "edge")).format(source=source)
    found = await _rows(connection, status, params | source_params(_STATUS, moment))
    if not found:
        raise _missing(edge_id)
    told = found[0]
    (plan,) = await _rows(connection, read_sql("tiles", "edge_plan"), params)
    passes = await _rows(connection, read_sql("tiles", "edge_passes"), params)
    is_shared = shared(plan, settings.coverage)
    least = settings.status.confidence_min
    log = [
        LoggedPass.model_validate(row | {"is_evidence": is_evidence(row, told, least, is_shared=is_shared)})
        for row in passes
    ]
    zone = settings.timezone
    words = Words(ja="".join(sentences(told, zone, "ja")), en=" ".join(sentences(told, zone, "en")))
    ja, en = why(told, "ja"), why(told, "en")
    parts = {
        "words": words,
        "why_unknown": None if ja is None or en is None else Words(ja=ja, en=en),
        "is_shared": is_shared,
        "other_side": _other_side(told),
        "plough_route": _plough_route(plan),
        "work_section": _work_section(plan),
        "passes": log,
    }
    return EdgeAnswer.model_validate(told | parts)


def _missing(edge_id: str) -> NotFoundError:
    return NotFoundError(
        f"No edge {edge_id[:40]!r}, or traffic may not use it.", hint="Ids hold for the present network version."
    )


def _id_of(text: str) -> int:
    try:
        value = value_of(EDGE_ID, text)
    except InputError as error:
        raise _missing(text) from error
    assert isinstance(value, int)
    return value


async def _rows(
    connection: Connection, query: LiteralString | sql.Composed, params: dict[str, Any]
) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()


def shared(plan: dict[str, Any], settings: CoverageSettings) -> bool:
    """Whether one pass in either direction clears both, by the road's lanes and width (geo.pass_needs)."""
    lanes, width_m = plan["lanes"] or 0, plan["width_m"] or 0.0
    found = needs_of(np.array([lanes]), np.array([width_m]), np.array([bool(plan["is_oneway"])]), settings)
    return bool(found.is_shared[0])


def is_evidence(row: dict[str, Any], told: dict[str, Any], confidence_min: float, *, is_shared: bool) -> bool:
    """Whether the state may rest on a pass: it counts (docs/coverage.md, section 3), and is no older than the state."""
    counts = row["kind"] == PassKind.PASS and row["work_basis"] != WorkBasis.UNKNOWN
    counts &= row["treatment"] is None or row["treatment"] in CLEARING_TREATMENTS
    # as it is stored and compared, in single precision
    counts &= float(np.float32(row["confidence"])) >= confidence_min and row["started_at"] >= told["reference_at"]
    counts &= is_shared or row["edge_id"] == told["edge_id"]
    is_young = told["cleared_at"] is None or row["ended_at"] >= told["cleared_at"]
    return bool(counts and is_young and not told["is_corrected"])


def _other_side(told: dict[str, Any]) -> OtherSide | None:
    state = told["other_side"]
    return None if state is None else OtherSide(edge_id=told["edge_id"] ^ 1, state=state, state_ja=State(state).ja)


def _plough_route(plan: dict[str, Any]) -> Plan | None:
    if plan["route_id"] is None:
        return None
    at = plan["target_time"]
    return Plan(
        id=plan["route_id"], name=plan["route_name"], manager=plan["route_manager"], route_class=plan["route_class"],
        target_at=None if at is None else f"{at:%H:%M}",
    )  # fmt: skip


def _work_section(plan: dict[str, Any]) -> Plan | None:
    if plan["section_id"] is None:
        return None
    return Plan(id=plan["section_id"], name=plan["section_name"], manager=plan["section_manager"])

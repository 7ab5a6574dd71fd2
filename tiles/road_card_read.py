"""Reading what the card of a road tells, as yuki_reader: a few small queries in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import AsyncCursor
from psycopg.rows import dict_row

from geo.db import read_sql
from geo.errors import NotFoundError
from tiles.answers import zulu
from tiles.past import Span, span_at, why_nothing
from tiles.road_card_compose import Facts
from tiles.road_card_heading import Place
from tiles.road_card_line import Line
from tiles.service import Connection, Service

#: Visits of so many days are listed at most; pub.passes holds no older ones.
LOG_DAYS = 7

type Rows = list[dict[str, Any]]


async def read_facts(service: Service, piece_id: int, at: datetime | None) -> Facts | None:
    """What is known of a piece now, or at a moment of the past; None: there is no such piece.

    Questions that need no answer of another one go out together: a turn to the database costs more than most of them.
    Raises NotFoundError, with the reason, for a moment of which nothing is known; psycopg.Error, PoolTimeout.
    """
    moment = at or service.moment()
    if at is not None and at > service.moment():
        raise NotFoundError(f"{zulu(at)} has not come yet.", hint="Ask for a moment of the past.")
    edge_ids = [2 * piece_id, 2 * piece_id + 1]
    async with service.connection() as connection, connection.pipeline(), connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        span = None if at is None else await span_at(connection, at)
        asked_roads = await _ask(connection, "road_card", {"piece_id": piece_id})
        asked_states = await _ask_states(connection, edge_ids, span, moment)
        asked_visits = await _ask(connection, "road_card_visits", _visits_of(service, edge_ids, moment))
        roads = await asked_roads.fetchall()
        states = {row["edge_id"]: row for row in await asked_states.fetchall()}
        visits = tuple(await asked_visits.fetchall())
        sides = tuple(_side(row, states[row["edge_id"]], span) for row in roads if row["edge_id"] in states)
        if not sides:
            return None
        if at is not None and span is None:
            raise await why_nothing(connection, at)
        line = await _line(connection, service, sides, moment) if span is None else None
        places = await _places(connection, service)
    is_kept = span is None or _has_visits_of(service, sides[0], span, moment)
    return Facts(piece_id, sides, line, visits if is_kept else None, places, span)


async def heir_of(service: Service, piece_id: int) -> int | None:
    """The published piece that holds most of a former one; None: there is none."""
    async with service.connection() as connection:
        found = await connection.execute(read_sql("tiles", "road_card_heir"), {"piece_id": piece_id})
        row = await found.fetchone()
    return None if row is None else int(row[0])


type Cursor = AsyncCursor[dict[str, Any]]


async def _ask(connection: Connection, name: LiteralString, params: dict[str, Any]) -> Cursor:
    """A question that is on its way; its rows are fetched later."""
    cursor: Cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(read_sql("tiles", name), params)
    return cursor


async def _rows(connection: Connection, name: LiteralString, params: dict[str, Any]) -> Rows:
    return await (await _ask(connection, name, params)).fetchall()


async def _ask_states(connection: Connection, edge_ids: list[int], span: Span | None, at: datetime) -> Cursor:
    """States of edges as they are stored, now or at a moment of a span."""
    if span is None:
        return await _ask(connection, "road_card_now", {"edge_ids": edge_ids})
    params = {"event_id": span.event_id, "at": at, "default_reason": span.default_reason.value}
    return await _ask(connection, "road_card_then", {"edge_ids": edge_ids} | params)


def _side(road: dict[str, Any], state: dict[str, Any], span: Span | None) -> dict[str, Any]:
    """A direction with its state. Of another event than the present one no level of service is known."""
    side = road | state | {"synthetic": road["synthetic"] or state["synthetic"]}
    if span is not None and span.event_id != road["event_id"]:
        side |= dict.fromkeys(("service_state", "callout_at", "target_at", "at_risk_fraction", "service_as_of"))
    return side


async def _line(
    connection: Connection, service: Service, sides: tuple[dict[str, Any], ...], moment: datetime
) -> Line | None:
    """The plough route of a piece; where its directions are on two routes, that of the first one."""
    told = next((side for side in sides if side["route_id"] is not None), None)
    if told is None:
        return None
    params = {
        "route_id": told["route_id"], "municipality": told["municipality"], "target_at": told["target_at"],
        "since": moment - timedelta(minutes=service.settings.card.working_min),
        "done_share": service.settings.status.covered_fraction_min,
    }  # fmt: skip
    (row,) = await _rows(connection, "road_card_route", params)
    return Line.of(row)


def _visits_of(service: Service, edge_ids: list[int], until: datetime) -> dict[str, Any]:
    """Which visits are listed: those up to a moment."""
    since = until - timedelta(days=LOG_DAYS)
    return {"edge_ids": edge_ids, "since": since, "until": until, "most": service.settings.card.visits_most}


def _has_visits_of(service: Service, told: dict[str, Any], span: Span, at: datetime) -> bool:
    """Whether pub.passes reaches back to a moment of the past: it holds the present event, and seven days at most."""
    oldest: datetime = max(told["reference_at"], service.moment() - timedelta(days=LOG_DAYS))
    return span.event_id == told["event_id"] and at >= oldest


async def _places(connection: Connection, service: Service) -> tuple[Place, ...]:
    """Settlements, read once for a version of the reference layers."""
    version = service.dataset.reference_version

    async def read() -> tuple[Place, ...]:
        rows = await _rows(connection, "road_card_places", {})
        return tuple(Place(row["name"], row["name_en"], row["size"], row["lon"], row["lat"]) for row in rows)

    found: tuple[Place, ...] = await service.places.get(version, read)
    return found

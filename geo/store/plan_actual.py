"""Plan against actual, read for an event: its planned passes, what was driven, and whether every machine was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import psycopg

from geo.db import Row, read_sql
from geo.fix import TREATMENTS
from geo.plan_actual import PLAN_STATES, Planned, PlanRules, compare
from geo.settings import Settings
from geo.store.events import known_text
from geo.store.service_areas import Duty, Heard, read_heard
from geo.store.service_level import ServiceAt
from geo.timeline import to_us
from geo.vocabulary import Treatment
from geo.work import NO_TREATMENT


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A planned pass and what became of it. treatment None: any work; share None: its area holds no road.

    share           of the directed metres of its area that were worked so in the window
    possible_share  the same with what may have been it
    """

    planned_pass_id: int
    kind: str
    area_id: str
    name: str
    treatment: str | None
    from_at: datetime
    to_at: datetime
    state: str
    share: float | None
    possible_share: float | None
    is_synthetic: bool


def read_planned(
    connection: psycopg.Connection[Row], settings: Settings, found: ServiceAt, known_at: datetime | None = None
) -> list[PlannedRow]:
    """What became of the planned passes whose windows overlap the event up to the moment."""
    span, plan = found.span, found.plan
    params = {"from_at": span.event.reference_at, "to_at": span.as_of, "known_at": known_text(known_at)}
    rows = connection.execute(read_sql("geo", "queries/read_planned_in"), params).fetchall()
    place = {(area.kind, area.area_id): i for i, area in enumerate(plan.areas)}
    wanted = [(place[key], row) for row in rows for key in (("route", row[1]), ("section", row[2])) if key in place]
    heard = read_heard(connection, span.event.reference_at, span.as_of, known_at)
    planned = Planned(
        area=np.array([area for area, _ in wanted], np.int64),
        treatment=np.array([_code(row[3]) for _, row in wanted], np.int8),
        from_us=np.array([to_us(row[4]) for _, row in wanted], np.int64),
        to_us=np.array([to_us(row[5]) for _, row in wanted], np.int64),
        is_seen=np.array([_is_seen(found.duties, heard, area, row[4], row[5]) for area, row in wanted], np.bool_),
    )
    service = settings.service
    rules = PlanRules(service.done_share_min, service.not_done_share_max, settings.status.confidence_min)
    actual = compare(planned, found.facts, plan.held, plan.n_edges, rules, to_us(span.as_of))
    return [
        PlannedRow(
            row[0], plan.areas[area].kind, plan.areas[area].area_id, plan.areas[area].name, row[3], row[4], row[5],
            str(PLAN_STATES[actual.state[i]]), _number(actual.share[i]), _number(actual.possible_share[i]), row[6],
        )
        for i, (area, row) in enumerate(wanted)
    ]  # fmt: skip


def _code(word: str | None) -> int:
    return NO_TREATMENT if word is None else TREATMENTS.index(Treatment(word))


def _is_seen(duties: list[Duty], heard: Heard, area: int, from_at: datetime, to_at: datetime) -> bool:
    """Whether machines are assigned to the area in the window, all of them with a device that was heard in it."""
    mine = [one for one in duties if one.area == area and one.from_at <= to_at and one.to_at >= from_at]
    inside = (heard.ended_us >= to_us(from_at)) & (heard.began_us <= to_us(to_at))
    alive = set(heard.vehicle[inside].tolist())
    return bool(mine) and all(one.vehicle in alive for one in mine)


def _number(value: float | np.float64) -> float | None:
    return None if np.isnan(value) else float(value)

"""Sums of the level of service by route, section, contractor, manager and office, and their rows in ops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.network import Network
from geo.service_level import NO_TARGET, SERVICE_STATES, overall, sums
from geo.settings import Settings
from geo.status import NEVER
from geo.store.events import current_event
from geo.store.service_areas import Area, EventSpan
from geo.store.service_level import ServiceAt, read_service
from geo.timeline import from_us

type Ints = NDArray[np.int64]

#: What sums are made by, and the name of what nobody told.
KINDS = ("all", "route", "section", "contractor", "manager", "office")
NOT_TOLD = "unknown"


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """The level of service of one group.

    name, label      id and name of a route or section; else both are the name
    callout_at, target_at  of routes and sections; None: not called out, or no target
    metres           by state of SERVICE_STATES, directed edges, both directions counted
    late_median_min, late_worst_min  of the late metres; None: nothing was late
    """

    kind: str
    name: str
    label: str
    callout_at: datetime | None
    target_at: datetime | None
    service_state: str
    metres: dict[str, float]
    late_median_min: float | None
    late_worst_min: float | None
    is_synthetic: bool

    @property
    def length_m(self) -> float:
        """Metres in all states."""
        return sum(self.metres.values())

    def share(self, state: str) -> float | None:
        """The share of a state among the metres that have a target; None: none has."""
        asked = self.length_m - self.metres[SERVICE_STATES[NO_TARGET]]
        return self.metres[state] / asked if asked > 0 else None


def service_rows(found: ServiceAt, kind: str) -> list[ServiceRow]:
    """The groups of a kind, by name. Raises InputError for a kind that is not one of KINDS."""
    if kind not in KINDS:
        raise InputError(f"{kind!r} is no sum of the level of service.", hint=f"Use one of {', '.join(KINDS)}.")
    names, group, edge = _groups(found, kind)
    summed = sums(group, len(names), edge, found.service, found.standing.length_m)
    state = overall(summed.metres)
    areas = {area.area_id: i for i, area in enumerate(found.plan.areas) if area.kind == kind}
    synthetic = _synthetic(found, group, edge, len(names))
    rows = []
    for g, name in enumerate(names):
        area = areas.get(name, -1)
        rows.append(
            ServiceRow(
                kind, name, found.plan.areas[area].name if area >= 0 else name,
                _moment(found.callout_us[area]) if area >= 0 else None, _due(found, area, edge[group == g]),
                str(SERVICE_STATES[state[g]]),
                {str(word): float(m) for word, m in zip(SERVICE_STATES, summed.metres[g], strict=True)},
                _number(summed.late_median_min[g]), _number(summed.late_worst_min[g]), bool(synthetic[g]),
            )
        )  # fmt: skip
    return rows


def _groups(found: ServiceAt, kind: str) -> tuple[list[str], Ints, Ints]:
    """Names of the groups, ascending, and (group, edge) of every edge in them."""
    plan, own = found.plan, np.where(found.route >= 0, found.route, found.section)
    held = np.flatnonzero(own >= 0)
    if kind == "all":
        return ["all"], np.zeros(len(held), np.int64), held
    if kind == "contractor":
        return _contractors(found)
    area = {"route": found.route, "section": found.section}.get(kind, own)
    edge = np.flatnonzero(area >= 0)
    name_of = [_name(one, kind) for one in plan.areas]
    # routes and sections without any edge are named too
    bare = [one.area_id for one in plan.areas if one.kind == kind]
    names = sorted({*bare, *(name_of[i] for i in np.unique(area[edge]).tolist())})
    place = {name: g for g, name in enumerate(names)}
    group_of = np.array([place.get(name, -1) for name in name_of], np.int64)
    return names, group_of[area[edge]], edge


def _name(area: Area, kind: str) -> str:
    if kind == "manager":
        return area.manager
    return area.office or NOT_TOLD if kind == "office" else area.area_id


def _contractors(found: ServiceAt) -> tuple[list[str], Ints, Ints]:
    """Every edge of the routes and sections that a contractor's machines were assigned to; several may share one."""
    works = sorted({(duty.contractor, duty.area) for duty in found.duties})
    names = sorted({name for name, _ in works})
    group, edge = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for name in names:
        mine = [area for other, area in works if other == name]
        at = np.flatnonzero(np.isin(found.route, mine) | np.isin(found.section, mine))
        group.append(np.full(len(at), names.index(name)))
        edge.append(at)
    return names, np.concatenate(group), np.concatenate(edge)


def _synthetic(found: ServiceAt, group: Ints, edge: Ints, n: int) -> NDArray[np.bool_]:
    is_synthetic = np.array([area.is_synthetic for area in found.plan.areas], np.bool_)
    flags = np.zeros(n, np.bool_)
    for area in (found.route, found.section):
        some = area[edge] >= 0
        flags[group[some][is_synthetic[area[edge][some]]]] = True
    return flags


def _due(found: ServiceAt, area: int, edges: Ints) -> datetime | None:
    """The deadline of a route; of a section the first one of its edges; None of other groups."""
    if area < 0:
        return None
    due = found.targets.deadline_us[edges]
    due = due[found.targets.has_target[edges] & (due != NEVER)]
    own = int(found.deadline_us[area])
    return _moment(int(due.min()) if len(due) and not found.plan.areas[area].is_route else own)


def _moment(us: int | np.int64) -> datetime | None:
    return None if us == NEVER else from_us(int(us))


def _number(value: float | np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def refresh_service(database: Database, network: Network, settings: Settings, as_of: datetime) -> int:
    """Bring ops.service_level up to date with the facts, as yuki_engine; how many rows it has.

    In the standing watch nothing is asked and the table is empty.
    """
    with database.connect(Role.ENGINE) as connection:
        event = current_event(connection, as_of)
        if event.is_standing:
            connection.execute(read_sql("geo", "queries/clear_service_level"))
            return 0
        found = read_service(connection, network, settings, EventSpan(event, None, as_of))
        return write_service(connection, found)


def write_service(connection: psycopg.Connection[Row], found: ServiceAt) -> int:
    """Write the sums of every kind in the place of the former ones; how many rows."""
    rows = [_params(row, found) for kind in KINDS for row in service_rows(found, kind)]
    connection.execute(read_sql("geo", "queries/clear_service_level"))
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("geo", "queries/insert_service_level"), rows)
    return len(rows)


def _params(row: ServiceRow, found: ServiceAt) -> dict[str, Any]:
    told = {f"{state}_m": metres for state, metres in row.metres.items()}
    return told | {
        "kind": row.kind,
        "name": row.name,
        "event_id": found.span.event.event_id,
        "as_of": found.span.as_of,
        "callout_at": row.callout_at,
        "target_at": row.target_at,
        "service_state": row.service_state,
        "length_m": row.length_m,
        "late_median_min": row.late_median_min,
        "late_worst_min": row.late_worst_min,
        "is_synthetic": row.is_synthetic,
    }

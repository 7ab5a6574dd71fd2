"""Routes and sections, what they hold, and which machines were to work there: what service level and KPI rest on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.errors import InputError, NotFoundError
from geo.linear import Stretches, measure
from geo.network import Network
from geo.store.bulk import read_columns
from geo.store.events import Event, current_event, known_text
from geo.store.evidence import PLAN_SHARE
from geo.vocabulary import EventKind

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]

_HELD = {"area": "int4", "edge_id": "int8", "from_m": "float8", "to_m": "float8"}
_HEARD = {
    "vehicle": "int4", "began_us": "timestamptz", "ended_us": "timestamptz", "n_fixes": "int4", "n_unmatched": "int4",
    "is_provisional": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Area:
    """A plough route or a work section.

    kind               route or section
    target_time, callout_depth_cm  its own; None: none
    planned_m, laid_m  metres of road as planned, and as found in the network; the same for areas
    """

    kind: str
    area_id: str
    name: str
    route_class: str | None
    manager: str
    office: str | None
    target_time: time | None
    callout_depth_cm: float | None
    planned_m: float
    laid_m: float
    is_synthetic: bool

    @property
    def is_route(self) -> bool:
        """Whether it is a route."""
        return self.kind == "route"


@dataclass(frozen=True)
class Plan:
    """The areas, routes before sections, and the stretches of edges that they hold.

    held  group = position of the area * n_edges + edge position; sorted, apart from each other
    """

    areas: list[Area]
    n_edges: int
    length_m: Floats
    held: Stretches

    @property
    def n_routes(self) -> int:
        """How many of the areas are routes; they come first."""
        return sum(area.is_route for area in self.areas)

    @cached_property
    def pairs(self) -> tuple[Ints, Ints, Floats]:
        """(area, edge, metres) of each area and edge of which it holds anything."""
        group, inverse = np.unique(self.held.group, return_inverse=True)
        held = Stretches(inverse.astype(np.int64), self.held.from_m, self.held.to_m)
        return group // self.n_edges, group % self.n_edges, measure(held, len(group))

    @cached_property
    def whole(self) -> tuple[Ints, Ints]:
        """(area, edge) where the area holds at least half of the edge, as for states."""
        area, edge, metres = self.pairs
        keep = metres >= PLAN_SHARE * self.length_m[edge]
        return area[keep], edge[keep]

    def most(self, *, routes: bool) -> Ints:
        """(E,) the route, or the section, that holds most of each edge and at least half; -1: none. Ties: the first."""
        area, edge, metres = self.pairs
        keep = ((area < self.n_routes) == routes) & (metres >= PLAN_SHARE * self.length_m[edge])
        area, edge, metres = area[keep], edge[keep], metres[keep]
        order = np.lexsort((-area, metres, edge))
        found = np.full(self.n_edges, -1)
        found[edge[order]] = area[order]
        return found


@dataclass(frozen=True, slots=True)
class Duty:
    """A machine of a contractor on an area, from-to within the span asked for. vehicle -1: it has no device."""

    area: int
    contractor: str
    machine: str
    vehicle: int
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """H traces, by vehicle and time: when a vehicle was heard.

    n_fixes, n_unmatched  (H,) fixes, and those that no road explains; 0 fixes: a ready line
    is_provisional        (H,) the trace was still open
    """

    vehicle: Ints
    began_us: Ints
    ended_us: Ints
    n_fixes: Ints
    n_unmatched: Ints
    is_provisional: Bools


@dataclass(frozen=True, slots=True)
class EventSpan:
    """An event and the moment up to which it is looked at. closed_at None: it is open."""

    event: Event
    closed_at: datetime | None
    as_of: datetime


def event_span(
    connection: psycopg.Connection[Row], event_id: int | None, at: datetime | None, now: datetime
) -> EventSpan:
    """An event by its id, or the one that held at a moment; looked at `at`, else at its end, else now.

    Raises NotFoundError for an unknown id, InputError for the standing watch, which asks nothing, and for a moment
    before the event.
    """
    if event_id is None:
        event_id = current_event(connection, at or now).event_id
    row = connection.execute(read_sql("geo", "queries/read_event"), {"event_id": event_id}).fetchone()
    if row is None:
        raise NotFoundError(f"No event has the id {event_id}.", hint="See `yukimichi event list`.")
    event = Event(row[0], EventKind(row[1]), row[2], row[3])
    if event.is_standing:
        raise InputError(
            "No storm and no callout was open then: the standing watch has no targets.",
            hint="Name an event by --event; `yukimichi event list` shows them.",
        )
    as_of = at or row[4] or now
    if as_of <= event.reference_at:
        raise InputError(f"Event {event_id} begins at {event.reference_at.isoformat()}.", hint="Give a later moment.")
    return EventSpan(event, row[4], as_of)


def read_plan(connection: psycopg.Connection[Row], network: Network) -> Plan:
    """The plan of today on a network version."""
    rows = connection.execute(read_sql("geo", "queries/read_service_areas")).fetchall()
    areas = [
        Area(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[9] if row[8] is None else row[8],
            row[9], row[10],
        )
        for row in rows
    ]  # fmt: skip
    named: dict[str, Any] = {"network_version": network.version}
    named |= {"kinds": [area.kind for area in areas], "area_ids": [area.area_id for area in areas]}
    found = read_columns(connection, read_sql("geo", "queries/copy_service_held"), named, _HELD)
    at = network.position_of(found["edge_id"])
    has = at >= 0
    group = found["area"].astype(np.int64)[has] * network.n_edges + at[has]
    order = np.lexsort((found["from_m"][has], group))
    held = Stretches(group, found["from_m"][has], found["to_m"][has]).select(order)
    return Plan(areas, network.n_edges, np.repeat(network.length_m, 2), held)


def read_duties(
    connection: psycopg.Connection[Row],
    plan: Plan,
    from_at: datetime,
    to_at: datetime,
    known_at: datetime | None = None,
) -> list[Duty]:
    """The machines assigned to the areas at any time from `from_at` to `to_at`; one that works on two comes twice."""
    place = {(area.kind, area.area_id): i for i, area in enumerate(plan.areas)}
    params = {"from_at": from_at, "to_at": to_at, "known_at": known_text(known_at)}
    found = []
    for route, section, contractor, machine, vehicle, begin, end in connection.execute(
        read_sql("geo", "queries/read_service_duties"), params
    ).fetchall():
        for key in (("route", route), ("section", section)):
            if key in place:
                found.append(Duty(place[key], contractor, machine, -1 if vehicle is None else vehicle, begin, end))
    return found


def read_heard(
    connection: psycopg.Connection[Row], from_at: datetime, to_at: datetime, known_at: datetime | None = None
) -> Heard:
    """The traces that overlap a span."""
    params = {"from_at": from_at, "to_at": to_at, "known_at": known_text(known_at)}
    rows = read_columns(connection, read_sql("geo", "queries/copy_heard"), params, _HEARD)
    return Heard(
        rows["vehicle"].astype(np.int64), rows["began_us"], rows["ended_us"], rows["n_fixes"].astype(np.int64),
        rows["n_unmatched"].astype(np.int64), rows["is_provisional"].astype(np.bool_),
    )  # fmt: skip

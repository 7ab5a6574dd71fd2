"""The visualisation rate of an event or a day, from facts: read what it rests on, work it out, say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.db import Row, read_sql
from geo.kpi import (
    FIGURES,
    NAMES,
    Figure,
    RouteLengths,
    Visible,
    figures,
    observed_stretches,
    split_lengths,
    visible,
)
from geo.linear import Stretches
from geo.network import Network
from geo.settings import Settings
from geo.store.bulk import read_columns
from geo.store.events import Event
from geo.store.evidence import read_facts
from geo.store.road_needs import read_road_needs
from geo.store.service_areas import Duty, Heard, Plan, read_duties, read_heard, read_plan
from geo.store.service_sums import NOT_TOLD
from geo.timeline import in_zone, to_us
from geo.vocabulary import EventKind, Manager

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Month in which a fiscal year 年度 begins in Japan.
FISCAL_MONTH = 4


@dataclass(frozen=True, slots=True)
class KpiSpan:
    """What is looked at: an event up to a moment, or a local day. event_id None: a day."""

    name: str
    from_at: datetime
    to_at: datetime
    event_id: int | None = None
    kind: EventKind | None = None


@dataclass(frozen=True, slots=True)
class KpiBasis:
    """What the figures rest on besides plan and roads: the facts of the span, and when vehicles were heard."""

    facts: PassFacts
    heard: Heard


@dataclass(frozen=True, slots=True)
class KpiWorld:
    """The plan on the roads, ready for the figures. towns: (id, name), the last one stands for none that is known."""

    plan: Plan
    duties: list[Duty]
    towns: list[tuple[str, str]]
    town: Ints
    lengths: RouteLengths
    held: Stretches
    is_shared: Bools
    is_synthetic: bool


def read_basis(connection: psycopg.Connection[Row], network: Network, span: KpiSpan) -> KpiBasis:
    """The facts of a span as they stand in ops."""
    event = Event(-1, EventKind.STANDING, span.name, span.from_at)
    facts, _ = read_facts(connection, network, event, span.to_at, None)
    return KpiBasis(facts, read_heard(connection, span.from_at, span.to_at))


def read_world(connection: psycopg.Connection[Row], network: Network, settings: Settings, span: KpiSpan) -> KpiWorld:
    """The plan of today, and who was assigned in the span."""
    plan = read_plan(connection, network)
    rows = connection.execute(read_sql("geo", "queries/read_towns")).fetchall()
    towns = [(row[0], row[1]) for row in rows] + [(NOT_TOLD, "不明")]
    named: dict[str, Any] = {"network_version": network.version, "town_ids": [one for one, _ in towns[:-1]]}
    found = read_columns(
        connection, read_sql("geo", "queries/copy_piece_towns"), named, {"piece_id": "int8", "town": "int4"}
    )
    town = np.full(network.n_edges, len(towns) - 1)
    at = network.position_of(found["piece_id"] * 2)
    for way in (0, 1):
        town[at[at >= 0] + way] = found["town"][at >= 0]
    n_routes = plan.n_routes
    held = plan.held.select(plan.held.group < n_routes * plan.n_edges)
    drawn = {(row[0], row[1]): row[2] for row in connection.execute(read_sql("geo", "queries/read_drawn_in_towns"))}
    needs = read_road_needs(connection, network, settings.states)
    return KpiWorld(
        plan, read_duties(connection, plan, span.from_at, span.to_at), towns, town,
        _lengths(plan, held, town, towns, drawn), held, needs.passes.is_shared,
        any(area.is_synthetic for area in plan.areas if area.is_route),
    )  # fmt: skip


def _lengths(
    plan: Plan, held: Stretches, town: Ints, towns: list[tuple[str, str]], drawn: dict[tuple[str, str], float]
) -> RouteLengths:
    routes = plan.areas[: plan.n_routes]
    shape = (len(routes), len(towns))
    cell = (held.group // plan.n_edges) * shape[1] + town[held.group % plan.n_edges]
    held_m = np.bincount(cell, weights=held.to_m - held.from_m, minlength=shape[0] * shape[1]).reshape(shape)
    weight = np.array([[drawn.get((route.area_id, one), 0.0) for one, _ in towns] for route in routes])
    return split_lengths(
        np.array([route.planned_m for route in routes], np.float64),
        np.array([route.laid_m for route in routes], np.float64), held_m, weight.reshape(shape),
    )  # fmt: skip


def healthy_areas(duties: list[Duty], heard: Heard, n_areas: int, share_min: float) -> Bools:
    """(A,) areas with a machine whose device was healthy while it was assigned.

    Healthy: heard, by traces that overlap the assignment; and of their fixes at least share_min lie on roads. One that
    sends ready lines alone has no fixes to be judged by.
    """
    found = np.zeros(n_areas, np.bool_)
    for duty in duties:
        if duty.vehicle < 0 or found[duty.area]:
            continue
        low, high = np.searchsorted(heard.vehicle, (duty.vehicle, duty.vehicle + 1))
        part = slice(low, high)
        inside = (heard.ended_us[part] >= to_us(duty.from_at)) & (heard.began_us[part] <= to_us(duty.to_at))
        n, lost = int(heard.n_fixes[part][inside].sum()), int(heard.n_unmatched[part][inside].sum())
        found[duty.area] = bool(inside.any()) and n - lost >= share_min * n
    return found


def tracked(world: KpiWorld, basis: KpiBasis, settings: Settings) -> Bools:
    """(S,) which stretches of world.held a machine with a healthy device was assigned to."""
    plan = world.plan
    healthy = healthy_areas(world.duties, basis.heard, len(plan.areas), settings.service.healthy_share_min)
    area, edge = plan.whole
    by_area = np.zeros(plan.n_edges, np.bool_)
    # a section's machines count for every route there; a route's machines for that route
    by_area[edge[healthy[area] & (area >= plan.n_routes)]] = True
    found: Bools = healthy[world.held.group // plan.n_edges] | by_area[world.held.group % plan.n_edges]
    return found


def observed(world: KpiWorld, basis: KpiBasis, settings: Settings, span: KpiSpan) -> Stretches:
    """What is on record in the span, by edge position."""
    span_us = (to_us(span.from_at), to_us(span.to_at))
    return observed_stretches(basis.facts, world.is_shared, settings.status.confidence_min, span_us)


def look(world: KpiWorld, basis: KpiBasis, settings: Settings, span: KpiSpan) -> Visible:
    """What of each route in each town is visible in the span."""
    seen, is_tracked = observed(world, basis, settings, span), tracked(world, basis, settings)
    return visible(world.lengths, world.held, world.plan.n_edges, world.town, is_tracked, seen)


def make_kpi(world: KpiWorld, basis: KpiBasis, network: Network, settings: Settings, span: KpiSpan) -> dict[str, Any]:
    """The whole report as a tree for geo.kpi.canonical_json: the same facts give the same bytes."""
    found = look(world, basis, settings, span)
    local = in_zone(span.from_at, settings.timezone)
    year = local.year - (local.month < FISCAL_MONTH)
    target = _target(settings.service.visualisation_targets, year)
    tables = {kind: _table(found, names, group, target) for kind, (names, group) in _groupings(world).items()}
    return {
        "kpi": "visualisation_rate",
        "kpi_ja": "除雪路線の網羅率",
        "definitions": _definitions(settings),
        "span": {
            "name": span.name, "event_id": span.event_id, "kind": None if span.kind is None else str(span.kind),
            "from_at": _iso(span.from_at), "to_at": _iso(span.to_at),
        },
        "fiscal_year": year,
        "target_percent": None if target is None else Figure(target),
        "targets_percent": {str(y): Figure(p) for y, p in settings.service.visualisation_targets.items()},
        "network_version": network.version,
        "n_routes": world.plan.n_routes,
        "n_open_traces": int(basis.heard.is_provisional.sum()),
        "synthetic": world.is_synthetic or bool(basis.facts.synthetic.any()),
        "total": tables.pop("all")[0],
        "by": tables,
    }  # fmt: skip


def _groupings(world: KpiWorld) -> dict[str, tuple[list[tuple[str, str]], Ints]]:
    """By kind of group: (name, label) of each, and (R, T) which group a route in a town belongs to."""
    routes, shape = world.plan.areas[: world.plan.n_routes], world.lengths.held_m.shape
    ones = np.ones(shape, np.int64)
    managers = sorted({route.manager for route in routes})
    offices = sorted({route.office or NOT_TOLD for route in routes})
    words = {word.value: word.ja for word in Manager}
    own = np.array([managers.index(route.manager) for route in routes], np.int64)
    office = np.array([offices.index(route.office or NOT_TOLD) for route in routes], np.int64)
    return {
        "all": ([("all", "全体")], ones * 0),
        "manager": ([(one, words.get(one, one)) for one in managers], ones * own[:, None]),
        "office": ([(one, "不明" if one == NOT_TOLD else one) for one in offices], ones * office[:, None]),
        "municipality": (world.towns, ones * np.arange(shape[1])),
        "route": ([(one.area_id, one.name) for one in routes], ones * np.arange(shape[0])[:, None]),
    }


def _table(found: Visible, names: list[tuple[str, str]], group: Ints, target: float | None) -> list[dict[str, Any]]:
    metres = figures(found, group, len(names))
    rows = []
    for g, (name, label) in enumerate(names):
        planned = float(metres["planned"][g])
        if planned <= 0 and len(names) > 1:
            continue
        row: dict[str, Any] = {"name": name, "label": label, "planned_m": Figure(planned)}
        for one in NAMES:
            row[f"{one}_m"] = Figure(metres[one][g])
            row[f"{one}_percent"] = Figure(100 * metres[one][g] / planned) if planned > 0 else None
        share = row["observed_percent"]
        # what is printed decides, so that nobody reads 10.0 and "missed"
        row["is_target_met"] = None if share is None or target is None else round(share, 1) >= target
        rows.append(row)
    return rows


def _target(targets: dict[int, float], year: int) -> float | None:
    """Percent asked of a fiscal year; after the last one that of the last; None before the first."""
    known = [y for y in targets if y <= year]
    return targets[max(known)] if known else None


def _definitions(settings: Settings) -> dict[str, dict[str, str]]:
    words = {
        "healthy_percent": f"{settings.service.healthy_share_min * 100:g}",
        "confidence_percent": f"{settings.status.confidence_min * 100:g}",
    }
    return {name: {"ja": ja.format(**words), "en": en.format(**words)} for name, ja, en in FIGURES}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def day_span(day: datetime) -> KpiSpan:
    """A local day, from its midnight on: `day` is that midnight with its zone. Its last microsecond ends it."""
    end = (day + timedelta(days=1)).astimezone(UTC) - timedelta(microseconds=1)
    return KpiSpan(day.date().isoformat(), day.astimezone(UTC), end)

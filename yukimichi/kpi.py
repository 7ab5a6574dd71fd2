"""除雪路線の網羅率: the KPI of an event or a day, from facts or from raw fixes, as the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from geo.db import Role
from geo.errors import ConflictError, InputError
from geo.kpi import NAMES, canonical_json
from geo.network import Network
from geo.store.kpi import KpiBasis, KpiSpan, KpiWorld, day_span, make_kpi, read_basis, read_world
from geo.store.service_areas import event_span
from yukimichi.context import Context
from yukimichi.kpi_fixes import Progress, basis_from_fixes
from yukimichi.pipeline import current_network

#: What the figures are told by, besides the whole.
BY = ("manager", "office", "municipality", "route")


@dataclass(frozen=True, slots=True)
class Kpi:
    """The KPI. tree: as geo.store.kpi.make_kpi says; content: the same as canonical JSON."""

    tree: dict[str, Any]
    content: bytes

    @property
    def sha256(self) -> str:
        """Hash of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class KpiSource:
    """All that a KPI is worked out from, read once: what is visible can be looked at again, as the notebook does."""

    network: Network
    span: KpiSpan
    world: KpiWorld
    basis: KpiBasis


def span_of(context: Context, event_id: int | None, day: date | None, at: datetime | None, now: datetime) -> KpiSpan:
    """The span of an event (up to `at`, else its end, else now) or of a local day; the present event for neither.

    Raises InputError for both at once and for the standing watch, NotFoundError for an unknown event.
    """
    if day is not None:
        if event_id is not None or at is not None:
            raise InputError("A day and an event were named.", hint="Name one: --date, or --event with --at.")
        return day_span(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(context.settings.timezone)))
    with context.database.connect(Role.ENGINE) as connection:
        found = event_span(connection, event_id, at, now)
    event = found.event
    return KpiSpan(event.name, event.reference_at, found.as_of, event.event_id, event.kind)


def read_source(context: Context, span: KpiSpan) -> KpiSource:
    """The plan and the facts of a span, as they stand in the database."""
    network = current_network(context.database, context.settings)
    with context.database.connect(Role.ENGINE) as connection:
        world = read_world(connection, network, context.settings, span)
        basis = read_basis(connection, network, span)
    return KpiSource(network, span, world, basis)


def kpi_of(context: Context, source: KpiSource, basis: KpiBasis | None = None) -> Kpi:
    """The KPI of a source; of another basis for its plan where one is given."""
    tree = make_kpi(source.world, basis or source.basis, source.network, context.settings, source.span)
    return Kpi(tree, canonical_json(tree))


def from_facts(context: Context, span: KpiSpan) -> Kpi:
    """The KPI from the facts in the database."""
    return kpi_of(context, read_source(context, span))


def from_fixes(context: Context, span: KpiSpan, progress: Progress = lambda done, total: None) -> Kpi:
    """The KPI from raw fixes, or from the archive's files where days left the database, compared with that from facts.

    Raises ConflictError where the two differ, and where they cannot be compared (geo.errors says why).
    """
    source = read_source(context, span)
    told = kpi_of(context, source)
    found = kpi_of(context, source, basis_from_fixes(context, source.network, span, source.basis.heard, progress))
    if found.content != told.content:
        where = ", ".join(differences(told, found))
        raise ConflictError(
            f"Fixes give {found.sha256[:12]}, facts {told.sha256[:12]}: they differ in {where}.",
            hint="Run `yukimichi refresh`, so that all fixes are matched, and try again when no trace is open.",
        )
    return found


def differences(a: Kpi, b: Kpi) -> list[str]:
    """Where two KPI differ, by the names of their parts."""
    return [key for key in sorted(a.tree) if canonical_json(a.tree[key]) != canonical_json(b.tree.get(key))]


def lines(found: Kpi, by: str) -> Iterator[str]:
    """The KPI for people, the definition beside each figure. Raises InputError for an unknown `by`."""
    if by not in BY:
        raise InputError(f"{by!r} is nothing to tell the KPI by.", hint=f"Use one of {', '.join(BY)}.")
    tree, total = found.tree, found.tree["total"]
    target = tree["target_percent"]
    yield f"除雪路線の網羅率 visualisation rate: {tree['span']['name']}"
    yield f"  {tree['span']['from_at']} – {tree['span']['to_at']}"
    yield f"  計画延長 planned {total['planned_m'] / 1000:,.1f} km, {tree['n_routes']} routes 路線"
    for name in NAMES:
        words = tree["definitions"][name]
        yield f"{name} {_percent(total[name + '_percent'])}  {total[name + '_m'] / 1000:,.1f} km"
        yield f"    {words['ja']}"
        yield f"    {words['en']}"
    if target is not None:
        met = "met 達成" if total["is_target_met"] else "not met 未達成"
        yield f"Target 目標 {tree['fiscal_year']}年度: observed {target:g} %, {met}"
    if tree["n_open_traces"]:
        yield f"Provisional 暫定: {tree['n_open_traces']} traces are still open"
    if tree["synthetic"]:
        yield "Synthetic 合成データ: made by the simulator, not observed"
    yield f"{by:>14} {'planned km':>11} " + " ".join(f"{name:>11}" for name in NAMES)
    for row in tree["by"][by]:
        shares = " ".join(f"{_percent(row[name + '_percent']):>11}" for name in NAMES)
        yield f"{row['name']:>14} {row['planned_m'] / 1000:>11,.1f} {shares}  {row['label']}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"

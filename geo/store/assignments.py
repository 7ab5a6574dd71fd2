"""Assignments of machines and planned passes: from raw to ops, where former ones are superseded and never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.range import TimestamptzRange

from geo.db import Row, read_sql
from geo.store.plan_rows import PlanFeature, copy_rows, read_plans
from geo.vocabulary import Treatment

type Misfit = tuple[str, str, float, str]


@dataclass(frozen=True, slots=True)
class DutiesReport:
    """Assignments and planned passes: whether any changed, how many hold, and what could not be taken."""

    is_new: bool
    counts: dict[str, int]
    misfits: tuple[Misfit, ...]


class _CannotTake(Exception):
    """A row that names nothing we know; its text says what."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What assignments refer to."""

    routes: frozenset[str]
    sections: frozenset[str]
    vehicles: dict[tuple[str, str], int]


def refresh_assignments(connection: psycopg.Connection[Row], network_version: int) -> DutiesReport:
    """Bring ops.assignment and ops.planned_pass in line with raw, and net.plan_misfit with what could not be taken.

    A row that holds already stays as it is; one that is no longer in the plan is superseded.
    """
    known = _Known(
        frozenset(feature.external_id for feature in read_plans(connection, "routes")),
        frozenset(feature.external_id for feature in read_plans(connection, "sections")),
        {(row[0], row[1]): row[2] for row in connection.execute(read_sql("geo", "queries/read_vehicles"))},
    )
    misfits: list[Misfit] = []
    assigned = _wanted(connection, "assignments", known, _assignment, misfits)
    planned = _wanted(connection, "plans", known, _planned_pass, misfits)
    changed = _settle(connection, "assignments", assigned, 5) + _settle(connection, "planned_passes", planned, 3)
    _write_misfits(connection, [(network_version, *misfit) for misfit in misfits])
    counts = {"assignments": len(assigned), "plans": len(planned)}
    return DutiesReport(changed > 0, counts, tuple(misfits))


def _write_misfits(connection: psycopg.Connection[Row], wanted: list[tuple[Any, ...]]) -> None:
    """Write what could not be taken, where it differs from what was told before."""
    told = connection.execute(read_sql("geo", "queries/read_duty_misfits")).fetchall()
    if sorted(told) != sorted(wanted):
        connection.execute(read_sql("geo", "queries/clear_duty_misfits"))
        copy_rows(connection, "copy_misfits", wanted)


def _wanted(
    connection: psycopg.Connection[Row],
    kind: str,
    known: _Known,
    row_of: Callable[[PlanFeature, _Known, list[str]], tuple[Any, ...]],
    misfits: list[Misfit],
) -> dict[tuple[Any, ...], None]:
    """The rows of a kind that should hold, each once and in order; what cannot be taken goes to misfits."""
    wanted: dict[tuple[Any, ...], None] = {}
    for feature in read_plans(connection, kind, by_id=False):
        remarks: list[str] = []
        try:
            wanted[row_of(feature, known, remarks)] = None
        except _CannotTake as reason:
            remarks = [str(reason)]
        misfits += [(kind, feature.external_id, 0.0, remark) for remark in remarks]
    return wanted


def _where(feature: PlanFeature, known: _Known) -> tuple[str | None, str | None]:
    route, section = feature.text("route_id"), feature.text("section_id")
    if route is None and section is None:
        raise _CannotTake("It names neither a route nor a section.")
    if route is not None and route not in known.routes:
        raise _CannotTake(f"There is no route {route!r}.")
    if section is not None and section not in known.sections:
        raise _CannotTake(f"There is no section {section!r}.")
    return route, section


def _moment(feature: PlanFeature, key: str) -> datetime | None:
    text = feature.text(key)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _CannotTake(f"{key} {text!r} is no time.") from None
    if moment.tzinfo is None:
        raise _CannotTake(f"{key} {text!r} has no time zone.")
    return moment


def _span(feature: PlanFeature, begin: str, end: str) -> tuple[datetime | None, datetime | None]:
    start, stop = _moment(feature, begin), _moment(feature, end)
    if start is not None and stop is not None and start >= stop:
        raise _CannotTake(f"{begin} is not before {end}.")
    return start, stop


def _assignment(feature: PlanFeature, known: _Known, remarks: list[str]) -> tuple[Any, ...]:
    """route_id, section_id, contractor, machine, vehicle_id, from, to, is_synthetic."""
    route, section = _where(feature, known)
    vehicle, source = feature.text("vehicle"), feature.text("source")
    vehicle_id = None
    if vehicle is not None:
        vehicle_id = known.vehicles.get((source or "", vehicle))
        if vehicle_id is None:
            remarks.append(f"Vehicle {vehicle!r} of source {source!r} is not known yet; it counts as without a device.")
    contractor = feature.text("contractor", "") or ""
    machine = feature.text("machine", feature.external_id) or feature.external_id
    start, stop = _span(feature, "from_at", "to_at")
    return route, section, contractor, machine, vehicle_id, start, stop, feature.is_synthetic


def _planned_pass(feature: PlanFeature, known: _Known, remarks: list[str]) -> tuple[Any, ...]:
    """route_id, section_id, treatment, from, to, is_synthetic."""
    route, section = _where(feature, known)
    treatment = feature.text("treatment")
    if treatment is not None and treatment not in set(Treatment):
        remarks.append(f"{treatment!r} is no treatment; the pass is kept without one.")
        treatment = None
    start, stop = _span(feature, "planned_start_at", "planned_end_at")
    return route, section, treatment, start, stop, feature.is_synthetic


def _settle(connection: psycopg.Connection[Row], table: str, wanted: dict[tuple[Any, ...], None], start: int) -> int:
    """Supersede what no longer holds and add what is new; how many rows either way. `start`: place of the from time."""
    rows = connection.execute(read_sql("geo", f"queries/read_{table}")).fetchall()
    holding: dict[tuple[Any, ...], int] = {}
    gone: list[int] = []
    for row in rows:
        if row[1:] in wanted and row[1:] not in holding:
            holding[row[1:]] = row[0]
        else:
            gone.append(row[0])
    fresh = [row for row in wanted if row not in holding]
    if gone:
        connection.execute(read_sql("geo", f"queries/supersede_{table}"), {"ids": gone})
    if fresh:
        copy_rows(
            connection,
            f"copy_{table}",
            ((*row[:start], TimestamptzRange(row[start], row[start + 1], "[)"), *row[start + 2 :]) for row in fresh),
        )
    return len(gone) + len(fresh)

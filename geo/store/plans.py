"""Lays the plans of raw on the edges of a network version and writes what fits, and what does not, to net."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from geo.db import Database, Role, Row, read_sql
from geo.network import Network
from geo.plans import LayLine
from geo.store.assignments import refresh_assignments
from geo.store.plan_laying import Outcome, Progress, read_pieces
from geo.store.plan_lines import write_routes, write_sections
from geo.store.plan_places import write_depots, write_kmposts, write_references
from geo.store.plan_rows import copy_rows

#: Rises when the same plans give another laying.
PLANS_VERSION = 1


@dataclass(frozen=True, slots=True)
class PlansReport:
    """What laying the plans gave.

    is_new   something was written; else neither plans nor network have changed
    counts   kind → number of features
    planned_m, laid_m  of routes and line sections together
    misfits  (kind, external_id, missing_m, detail) of everything that does not fit, the greatest first
    """

    is_new: bool
    counts: dict[str, int]
    planned_m: float
    laid_m: float
    misfits: tuple[tuple[str, str, float, str], ...]


def refresh_plans(database: Database, network: Network, lay_line: LayLine, progress: Progress) -> PlansReport:
    """Lay all plans of today on a network version; unchanged plans on an unchanged version change nothing.

    Raises ConflictError where the database does not hold this version.
    """
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("geo", "queries/lock_network"))
        key = plans_key(connection, network.version)
        row = connection.execute(read_sql("geo", "queries/read_plans_state")).fetchone()
        if row is not None and row[0].get("key") == key:
            report = _report_of(row[0], is_new=False)
        else:
            report = _lay_all(connection, network, lay_line, progress)
            detail = {
                "key": key,
                "counts": report.counts,
                "planned_m": report.planned_m,
                "laid_m": report.laid_m,
                "misfits": report.misfits,
            }
            connection.execute(read_sql("geo", "queries/set_plans_state"), {"detail": Jsonb(detail)})
        duties = refresh_assignments(connection, network.version)
    misfits = sorted([*report.misfits, *duties.misfits], key=lambda m: (-m[2], m[0], m[1]))
    return PlansReport(
        is_new=report.is_new or duties.is_new,
        counts={**report.counts, **duties.counts},
        planned_m=report.planned_m,
        laid_m=report.laid_m,
        misfits=tuple(misfits),
    )


def plans_key(connection: psycopg.Connection[Row], network_version: int) -> str:
    """A digest of everything that decides the laying: while it stays, the plans of today are laid already."""
    rows = connection.execute(read_sql("geo", "queries/read_plan_sets")).fetchall()
    content = hashlib.sha256(f"{PLANS_VERSION} {network_version}".encode())
    for source_id, kind, layer, _, sha256, settings_sha256, is_synthetic in rows:
        content.update(f"{source_id} {kind} {layer} {is_synthetic} ".encode() + sha256 + settings_sha256)
    return content.hexdigest()


def _report_of(detail: dict[str, Any], *, is_new: bool) -> PlansReport:
    misfits = tuple((m[0], m[1], m[2], m[3]) for m in detail["misfits"])
    return PlansReport(is_new, detail["counts"], detail["planned_m"], detail["laid_m"], misfits)


def _lay_all(
    connection: psycopg.Connection[Row], network: Network, lay_line: LayLine, progress: Progress
) -> PlansReport:
    pieces = read_pieces(connection, network)
    connection.execute(read_sql("geo", "queries/clear_plans"))
    outcome = Outcome({}, 0.0, 0.0, [])
    write_routes(connection, network, pieces, lay_line, progress, outcome)
    write_sections(connection, network, pieces, lay_line, progress, outcome)
    write_kmposts(connection, network, pieces, outcome)
    write_depots(connection, outcome)
    write_references(connection, outcome)
    copy_rows(connection, "copy_misfits", [(network.version, *misfit) for misfit in outcome.misfits])
    return PlansReport(True, outcome.counts, outcome.planned_m, outcome.laid_m, tuple(outcome.misfits))

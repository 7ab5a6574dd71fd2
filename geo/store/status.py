"""The cover stage: coverage and state of every edge relative to the event that holds, written where they changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.coverage import Coverage
from geo.db import Database, Role, Row, read_sql
from geo.network import Network
from geo.orders import NONE, RESTRICTIONS
from geo.settings import StateSettings, StatusSettings
from geo.status import NEVER, NO_SOURCE, REASONS, STATE_UNKNOWN, STATES, EdgeStatus, Moment, StatusRules, assess_all
from geo.store.bulk import Column, fixed, moments, read_columns, words, write_columns
from geo.store.coverage import write_coverage, write_treatments
from geo.store.events import Event, current_event
from geo.store.evidence import read_context, read_facts
from geo.store.passes import CODES
from geo.timeline import to_us
from geo.treatments import TreatmentCoverage

type Columns = dict[str, NDArray[Any]]
type Ints = NDArray[np.int64]

STAGE = "cover"
#: The source of a state that a road manager gave by hand.
MANAGER = "manager"
#: Stands for a number that is not known, in rows that are compared.
NOT_KNOWN = -1.0
#: The vocabularies in the order of the codes, as parameters of copy_edge_status.sql.
WORDS = {
    "states": [str(word) for word in STATES],
    "reasons": [str(word) for word in REASONS],
    "restrictions": [str(word) for word in RESTRICTIONS],
}
_HELD = {
    "edge_id": "int8", "event_id": "int8", "state": "int2", "reason": "int2", "cleared_us": "timestamptz",
    "valid_until_us": "timestamptz", "observed_us": "timestamptz", "covered_fraction": "float4",
    "passed_fraction": "float4", "passes_needed": "int2", "treatment": "int2", "work_basis": "int2",
    "confidence": "float4", "source": "int4", "spread_us": "timestamptz", "sidewalk_us": "timestamptz",
    "restriction": "int2", "is_corrected": "bool", "snow_cell": "int4", "snow_at_clearing_cm": "float4",
    "network_version": "int4", "synthetic": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What one run found and changed.

    n_edges    edges by state, of all edges of the network
    n_changed  status rows written or ended; n_coverage_changed coverage rows likewise
    """

    event: Event
    as_of: datetime
    n_edges: dict[str, int]
    n_changed: int
    n_coverage_changed: int


@dataclass(frozen=True, slots=True)
class StatusAt:
    """The states of edges at a moment.

    at       (E,) their positions in the network, ascending; the arrays of status and coverage go by them. None: all
    treated  coverage by treatment; None: it was not asked for
    """

    event: Event
    moment: Moment
    status: EdgeStatus
    coverage: Coverage
    at: Ints | None = None
    treated: TreatmentCoverage | None = None
    #: when the facts of its past were amended last (geo.store.history); None: never, or it was not asked for
    amended_at: datetime | None = None

    def edge_id(self, network: Network) -> Ints:
        """(E,) ids of the edges."""
        return network.edge_id if self.at is None else network.edge_id[self.at]


def status_rules(settings: StatusSettings) -> StatusRules:
    """The boundaries of the state table."""
    return StatusRules(
        settings.covered_fraction_min, settings.confidence_min, round(settings.clearing_min * 60_000_000)
    )


def read_status(
    connection: psycopg.Connection[Row],
    network: Network,
    settings: StateSettings,
    as_of: datetime,
    known_at: datetime | None = None,
) -> StatusAt:
    """The state of every edge at any moment, from facts as known now or as known at known_at. Writes nothing."""
    event = current_event(connection, as_of, known_at)
    moment = Moment(to_us(event.reference_at), to_us(as_of), event.is_standing)
    rules = status_rules(settings.status)
    facts, _ = read_facts(connection, network, event, as_of, known_at)
    edges = read_context(connection, network, settings, event, as_of, known_at)
    status, coverage, treated = assess_all(facts, edges, rules, moment)
    return StatusAt(event, moment, status, coverage, treated=treated)


def refresh_status(database: Database, network: Network, settings: StateSettings, as_of: datetime) -> StatusReport:
    """Bring ops.edge_status and ops.coverage up to date with the facts, for a moment; as yuki_engine.

    Only rows that changed are superseded and written. An edge without a row is unknown by the default reason: no_event
    in the standing watch, else not_on_plan.
    """
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": STAGE})
        found = read_status(connection, network, settings, as_of)
        changed, n_coverage = write_found(connection, network, found)
        n_changed = len(changed)
        record_run(connection, network, found, as_of, n_changed)
    counts = np.bincount(found.status.state, minlength=len(STATES))
    by_state = {str(word): int(n) for word, n in zip(STATES, counts, strict=True)}
    return StatusReport(found.event, as_of, by_state, n_changed, n_coverage)


def write_found(connection: psycopg.Connection[Row], network: Network, found: StatusAt) -> tuple[Ints, int]:
    """Bring what is stored of the edges up to date: ids of those with another status row, coverage rows that changed.

    Raises ValueError where the coverage by treatment was not asked for.
    """
    if found.treated is None:
        raise ValueError("states are stored with their coverage by treatment")
    changed = write_status(connection, network, found)
    n = write_coverage(connection, network, found.event, found.coverage, found.at)
    return changed, n + write_treatments(connection, network, found.event, found.treated, found.at)


def _wanted(network: Network, found: StatusAt) -> Columns:
    """The rows that should hold: every edge of which more is known than the default says; by edge id."""
    s, ids = found.status, found.edge_id(network)
    default = (s.state == STATE_UNKNOWN) & (s.reason == REASONS.index(found.moment.default_reason))
    default &= (s.observed_us == NEVER) & (s.passes_needed == 1) & (s.restriction == NONE)
    at = np.flatnonzero(~default)
    at = at[np.argsort(ids[at])]
    rows: Columns = {"edge_id": ids[at], "event_id": np.full(len(at), found.event.event_id)}
    rows |= {name: getattr(s, name)[at] for name in _HELD if hasattr(s, name)}
    rows["network_version"] = np.full(len(at), network.version)
    rows["snow_at_clearing_cm"] = np.nan_to_num(rows["snow_at_clearing_cm"], nan=NOT_KNOWN)
    return {name: rows[name].astype(_numpy(kind)) for name, kind in _HELD.items()}


def _numpy(kind: str) -> str:
    return {"timestamptz": "i8", "int8": "i8", "int4": "i4", "int2": "i2", "float4": "f4", "bool": "i1"}[kind]


def write_status(connection: psycopg.Connection[Row], network: Network, found: StatusAt) -> Ints:
    """Bring the status rows of the edges up to date; ids of the edges whose row changed."""
    edge_ids = None if found.at is None else found.edge_id(network).tolist()
    params: dict[str, Any] = {"edge_ids": edge_ids, **CODES, **WORDS}
    held = read_columns(connection, read_sql("geo", "queries/copy_edge_status"), params, _HELD)
    names = {row[0]: row[1] for row in connection.execute(read_sql("geo", "queries/read_sources")).fetchall()}
    wanted = _wanted(network, found)
    ended, new = _differ(wanted, held)
    if len(ended):
        params = {"edge_ids": ended.tolist()}
        connection.execute(read_sql("geo", "queries/supersede_edge_status"), params)
    rows = {name: values[new] for name, values in wanted.items()}
    sql = read_sql("geo", "queries/copy_edge_status_in")
    write_columns(connection, sql, _columns(rows, names))
    return np.union1d(ended, rows["edge_id"])


def _differ(wanted: Columns, held: Columns) -> tuple[Ints, NDArray[np.bool_]]:
    """Edge ids of held rows that no longer hold, and (W,) which wanted rows have to be written."""
    order = np.argsort(held["edge_id"])
    at = np.searchsorted(held["edge_id"], wanted["edge_id"], sorter=order)
    at = order[np.minimum(at, len(order) - 1)] if len(order) else at
    same = np.zeros(len(at), np.bool_)
    if len(order):
        same = np.logical_and.reduce([held[name][at] == wanted[name] for name in _HELD])
    ended = np.setdiff1d(held["edge_id"], wanted["edge_id"][same])
    return ended, ~same


def _columns(rows: Columns, names: dict[int, str]) -> dict[str, Column]:
    ids, source = np.unique(rows["source"], return_inverse=True)
    known = [names[int(one)] if one >= 0 else MANAGER for one in ids]
    source = np.where(rows["source"] == NO_SOURCE, -1, source)
    snow_cm = rows["snow_at_clearing_cm"]
    return {
        "event_id": fixed("int8", rows["event_id"]),
        "edge_id": fixed("int8", rows["edge_id"]),
        "state": words(rows["state"], STATES),
        "reason": words(rows["reason"], REASONS),
        "cleared_at": moments(rows["cleared_us"]),
        "valid_until": moments(rows["valid_until_us"]),
        "observed_at": moments(rows["observed_us"]),
        "covered_fraction": fixed("float4", rows["covered_fraction"]),
        "passed_fraction": fixed("float4", rows["passed_fraction"]),
        "passes_needed": fixed("int2", rows["passes_needed"]),
        "treatment": words(rows["treatment"], CODES["treatments"]),
        "work_basis": words(rows["work_basis"], CODES["bases"]),
        "confidence": fixed("float4", rows["confidence"]),
        "source": words(source, known),
        "spread_at": moments(rows["spread_us"]),
        "sidewalk_at": moments(rows["sidewalk_us"]),
        "restriction": words(rows["restriction"], RESTRICTIONS),
        "is_corrected": fixed("bool", rows["is_corrected"]),
        "snow_cell": Column("int4", rows["snow_cell"], np.where(rows["snow_cell"] < 0, -1, 0)),
        "snow_at_clearing_cm": Column("float4", snow_cm, np.where(snow_cm < 0, -1, 0)),
        "network_version": fixed("int4", rows["network_version"]),
        "is_synthetic": fixed("bool", rows["synthetic"]),
    }


def record_run(
    connection: psycopg.Connection[Row], network: Network, found: StatusAt, as_of: datetime, n_changed: int
) -> None:
    """Say which event and moment the rows describe now, unless the last run said the same."""
    last = connection.execute(read_sql("geo", "queries/read_cover_run")).fetchone()
    if n_changed == 0 and last == (found.event.event_id, as_of, network.version):
        return
    params = {
        "event_id": found.event.event_id,
        "as_of": as_of,
        "n_changed": n_changed,
        "network_version": network.version,
    }
    connection.execute(read_sql("geo", "queries/insert_cover_run"), params)

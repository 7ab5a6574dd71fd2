"""What daily reports are made of, read as yuki_engine: facts with their evidence, contractors, prices, depots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.fix import TREATMENTS
from geo.holidays import DayKind
from geo.pay import Price, PriceTable
from geo.report import Corrections, TraceSpans, WorkFacts
from geo.report_party import Claim
from geo.report_sheet import VehicleName
from geo.settings_reports import ReportSettings
from geo.shifts import DEPOT_M
from geo.store.bulk import FOREVER, NEVER, read_columns
from geo.store.events import known_text
from geo.store.passes import CODES
from geo.timeline import from_us, to_us
from geo.work import KINDS

type Ints = NDArray[np.int64]
type Columns = dict[str, NDArray[Any]]

#: DEPOT_M in degrees of longitude at 60 degrees of latitude, where a degree is half as long as at the equator.
DEPOT_DEG = DEPOT_M / 55_000
_FACTS = {
    "pass_id": "int8", "trace_id": "int8", "seq": "int4", "vehicle_id": "int4", "edge_id": "int8", "from_m": "float8",
    "to_m": "float8", "began_us": "timestamptz", "ended_us": "timestamptz", "kind": "int2", "treatment": "int2",
    "work_basis": "int2", "confidence": "float4", "first_fix_us": "timestamptz", "last_fix_us": "timestamptz",
    "n_fixes": "int4", "network_version": "int4", "is_provisional": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked: a span of time, as known at a moment (None: now), of some vehicles (None: all)."""

    from_us: int
    to_us: int
    known_at: datetime | None = None
    vehicle_ids: tuple[int, ...] | None = None

    def params(self) -> dict[str, Any]:
        """As parameters of the queries."""
        ids = None if self.vehicle_ids is None else list(self.vehicle_ids)
        ends = {"from_at": from_us(self.from_us), "to_at": from_us(self.to_us)}
        return ends | {"known_at": known_text(self.known_at), "vehicle_ids": ids}


@dataclass(frozen=True, slots=True)
class ReportInput:
    """Facts of a window. evidence: columns of (Q,) in the order of the facts; matcher: version of each trace."""

    traces: TraceSpans
    facts: WorkFacts
    evidence: Columns
    matcher: list[str]


def read_input(connection: psycopg.Connection[Row], window: Window) -> ReportInput:
    """Traces and facts that touch the window, the traces sorted by vehicle and time.

    A fact whose trace is not there stands for one: from the first of such facts to the last.
    """
    rows = connection.execute(read_sql("geo", "queries/read_report_traces"), window.params()).fetchall()
    columns = read_columns(connection, read_sql("geo", "queries/copy_report_facts"), window.params() | CODES, _FACTS)
    ids = np.array([row[0] for row in rows], np.int64)
    traces = TraceSpans(
        np.array([row[1] for row in rows], np.int64), np.array([to_us(row[2]) for row in rows], np.int64),
        np.array([to_us(row[3]) for row in rows], np.int64), np.array([row[4] for row in rows], np.bool_),
    )  # fmt: skip
    matcher = [row[5] for row in rows]
    lost = np.setdiff1d(columns["trace_id"], ids)
    if len(lost):
        traces, ids, matcher = _with_lost(traces, ids, matcher, columns, lost)
    order = np.argsort(ids)
    trace = order[np.searchsorted(ids[order], columns["trace_id"])] if len(ids) else np.zeros(0, np.int64)
    facts = WorkFacts(
        trace=trace, seq=columns["seq"].astype(np.int64), edge_id=columns["edge_id"],
        length_m=columns["to_m"] - columns["from_m"], began_us=columns["began_us"], ended_us=columns["ended_us"],
        kind=columns["kind"].astype(np.int8), treatment=columns["treatment"].astype(np.int8),
        confidence=columns["confidence"].astype(np.float64), at_depot=_at_depot(connection, columns),
    )  # fmt: skip
    return ReportInput(traces, facts, columns, matcher)


def _with_lost(
    traces: TraceSpans, ids: Ints, matcher: list[str], columns: Columns, lost: Ints
) -> tuple[TraceSpans, Ints, list[str]]:
    spans = []
    for trace_id in lost.tolist():
        own = columns["trace_id"] == trace_id
        spans.append((columns["vehicle_id"][own][0], columns["began_us"][own].min(), columns["ended_us"][own].max()))
    vehicle, began, ended = (np.array(part, np.int64) for part in zip(*spans, strict=True))
    joined = TraceSpans(
        np.concatenate([traces.vehicle, vehicle]), np.concatenate([traces.began_us, began]),
        np.concatenate([traces.ended_us, ended]), np.concatenate([traces.is_timed, ended > began]),
    )  # fmt: skip
    return joined, np.concatenate([ids, lost]), [*matcher, *[""] * len(lost)]


def _at_depot(connection: psycopg.Connection[Row], columns: Columns) -> NDArray[np.bool_]:
    near = {"near_m": DEPOT_M, "near_deg": DEPOT_DEG}
    pairs = connection.execute(read_sql("geo", "queries/read_depot_pieces"), near).fetchall()
    piece = columns["edge_id"] >> 1
    at_depot = np.zeros(len(piece), np.bool_)
    some = np.flatnonzero(np.isin(piece, np.array([row[0] for row in pairs], np.int64)))
    low, high = columns["from_m"][some] - DEPOT_M, columns["to_m"][some] + DEPOT_M
    for piece_id, offset_m in pairs:
        at_depot[some] |= (piece[some] == piece_id) & (low <= offset_m) & (offset_m <= high)
    return at_depot


def read_names(connection: psycopg.Connection[Row]) -> tuple[dict[int, VehicleName], dict[int, str]]:
    """Names of all vehicles by id, and the contractors that their sources name."""
    rows = connection.execute(read_sql("geo", "queries/read_report_vehicles")).fetchall()
    return {row[0]: VehicleName(*row[1:4]) for row in rows}, {row[0]: row[4] for row in rows if row[4]}


def read_claims(connection: psycopg.Connection[Row], window: Window) -> list[Claim]:
    """Who claims the work of which vehicle: the register first, then assignments in the order they were made."""
    claims = []
    for vehicle, contractor, name, machine_class, begins, ends in connection.execute(
        read_sql("geo", "queries/read_report_register")
    ):
        claims.append(
            Claim(vehicle, _us(begins, NEVER), _us(ends, FOREVER), contractor or None, name, machine_class, "register")
        )
    sql = read_sql("geo", "queries/read_report_assignments")
    for vehicle, contractor, machine, route, section, begins, ends in connection.execute(sql, window.params()):
        claims.append(
            Claim(vehicle, _us(begins, NEVER), _us(ends, FOREVER), contractor or None, machine, None, "assignment",
                  route, section)
        )  # fmt: skip
    return claims


def _us(at: datetime | None, missing: int) -> int:
    return missing if at is None else to_us(at)


def read_prices(
    connection: psycopg.Connection[Row], settings: ReportSettings, known_at: datetime | None = None
) -> PriceTable:
    """The prices that stand: those of config.yml and of the newest tables taken in."""
    own = [
        Price(row.yen_per_hour, row.contractor, row.machine_class, row.treatment, row.band, row.day_kind,
              row.valid_from, row.valid_to)
        for row in settings.prices
    ]  # fmt: skip
    rows = connection.execute(read_sql("geo", "queries/read_prices"), {"known_at": known_text(known_at)}).fetchall()
    taken = [
        Price(yen, contractor, machine_class, work, band, DayKind(kind) if kind else None, first, last)
        for yen, contractor, machine_class, work, band, kind, first, last in rows
    ]
    return PriceTable([*own, *taken])


def read_corrections(connection: psycopg.Connection[Row], window: Window) -> tuple[Corrections, list[dict[str, Any]]]:
    """The corrections by hand that hold, as arrays and as rows for the report."""
    rows = connection.execute(read_sql("geo", "queries/read_corrections"), window.params()).fetchall()
    names = ("correction_id", "vehicle_id", "from_at", "to_at", "kind", "treatment", "author", "reason", "recorded_at")
    kinds, treatments = [str(word) for word in KINDS], [str(word) for word in TREATMENTS]
    arrays = Corrections(
        np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int64),
        np.array([to_us(row[2]) for row in rows], np.int64), np.array([to_us(row[3]) for row in rows], np.int64),
        np.array([kinds.index(row[4]) for row in rows], np.int8),
        np.array([treatments.index(row[5]) if row[5] else -1 for row in rows], np.int8),
    )  # fmt: skip
    return arrays, [dict(zip(names, row, strict=True)) for row in rows]

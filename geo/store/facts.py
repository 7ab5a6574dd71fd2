"""From new fixes in raw to facts in ops: read, clean, match, classify, write. The stage of the pipeline.

For each vehicle with news the whole span of fixes that decides its traces is cleaned again; traces whose content did
not change are left alone; the others supersede their former facts. An open trace is matched online, which steps only
what is new of it; when it closes it is matched as a whole. So late data recompute exactly the past that they touch, and
a run without news writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.db import Database, Role, Row, read_sql
from geo.matching.candidates import GridIndex
from geo.matching.matcher import MATCHER_VERSION, match
from geo.matching.online_open import OpenTrips
from geo.matching.result import MATCHED, Matched
from geo.network import Network
from geo.passes import Passes, classify
from geo.settings import Settings
from geo.store.amendments import late_of
from geo.store.evidence_expiry import cut_windows
from geo.store.fixes import (
    STAGE,
    Touched,
    Vehicle,
    chunks_of,
    move_mark,
    read_batches,
    read_fixes,
    read_mark,
    read_touched,
    read_vehicles,
    read_windows,
    source_work,
)
from geo.store.passes import Written, touch, write_passes
from geo.store.traces import (
    Plan,
    content_keys,
    dropped_per_trace,
    plan,
    read_live,
    subset,
    write_traces,
    write_unmatched,
)
from geo.store.vehicles import write_vehicle_states
from geo.timeline import now as present
from geo.timeline import to_us
from geo.trace import Traces, TraceSettings, clean_and_split
from geo.work import WorkStates, work_of

type Progress = Callable[[int, int], None]

#: Fixes of one transaction: a few hundred megabytes of arrays, and a killed run loses little.
CHUNK_FIXES = 300_000


@dataclass(slots=True)
class MatchReport:
    """What one run did.

    n_vehicles  with news; n_fixes read for them, counted by what cleaning did with each (outcomes)
    n_traces    written; n_traces_kept unchanged; n_traces_gone superseded without a successor
    n_passes    written; n_passes_superseded; n_unmatched stretches written
    """

    n_vehicles: int = 0
    n_fixes: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    n_traces: int = 0
    n_traces_kept: int = 0
    n_traces_gone: int = 0
    n_passes: int = 0
    n_passes_superseded: int = 0
    n_unmatched: int = 0


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What matching needs besides the fixes.

    quiet_at    a trace whose last fix is older is closed
    open_trips  what the process keeps of open traces
    late        facts that ended so long ago were told already
    """

    network: Network
    index: GridIndex
    traces: TraceSettings
    shift_gap_s: float
    quiet_at: datetime
    n_threads: int
    open_trips: OpenTrips
    late: timedelta


@dataclass(frozen=True, slots=True)
class Part:
    """What the vehicles of one part came to: W traces written, and the facts that changed.

    traces  the W traces; trace_id, provisional (W,); work: states of their fixes; passes of them all
    """

    traces: Traces
    trace_id: NDArray[np.int64]
    provisional: NDArray[np.bool_]
    work: WorkStates
    passes: Passes
    written: Written


def match_rules(
    network: Network, index: GridIndex, settings: Settings, at: datetime, open_trips: OpenTrips
) -> MatchRules:
    """The rules of a deployment at a moment."""
    traces = TraceSettings()
    quiet_at = at - timedelta(seconds=traces.max_gap_s)
    shift_gap_s, n_threads = settings.status.shift_gap_min * 60, max(os.cpu_count() or 1, 1)
    late = late_of(settings.events)
    return MatchRules(network, index, traces, shift_gap_s, quiet_at, n_threads, open_trips, late)


def match_new_fixes(
    database: Database,
    network: Network,
    index: GridIndex,
    settings: Settings,
    progress: Progress = lambda done, total: None,
    *,
    at: datetime | None = None,
    open_trips: OpenTrips | None = None,
) -> MatchReport:
    """Match all fixes that came in since the last run, as yuki_engine; safe to run again at any time.

    at          the present moment: a trace whose last fix is older than the silence that ends it is closed
    open_trips  what the process keeps of open traces from run to run; it saves time and changes nothing
    """
    rules = match_rules(network, index, settings, at or present(), open_trips or OpenTrips())
    report = MatchReport()
    with database.connect(Role.ENGINE) as connection:
        news = read_batches(connection, read_mark(connection))
        touched = read_touched(connection, news, rules.quiet_at)
    total = sum(one.n_fixes for one in touched)
    progress(0, total)
    done = 0
    for part in chunks_of(touched, CHUNK_FIXES):
        with database.connect(Role.ENGINE) as connection:
            connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": STAGE})
            touch(connection, match_part(connection, part, rules, report).written, rules.late)
        done += sum(one.n_fixes for one in part)
        progress(done, total)
    if news is not None:
        with database.connect(Role.ENGINE) as connection:
            move_mark(connection, news.position)
    return report


def match_part(
    connection: psycopg.Connection[Row], part: list[Touched], rules: MatchRules, report: MatchReport
) -> Part:
    """Bring the facts of some vehicles up to date, in the transaction of the connection."""
    gap_s = rules.traces.max_gap_s
    windows = cut_windows(connection, read_windows(connection, part, gap_s), part, gap_s)
    fixes = read_fixes(connection, windows)
    vehicles = read_vehicles(connection, [one.vehicle_id for one in part])
    xy = to_plane(fixes.lon, fixes.lat, rules.network.crs_epsg)
    traces = clean_and_split(fixes, xy, rules.traces)
    source = source_work(traces.fixes.vehicle, vehicles)
    keys = content_keys(traces, source)
    provisional = _last_us(traces) >= to_us(rules.quiet_at)
    versions = (MATCHER_VERSION, rules.network.version)
    planned = plan(traces, keys, provisional, read_live(connection, windows), versions, _context(traces, part, rules))
    chosen = subset(traces, planned.write)
    stepped = rules.open_trips.trips(rules.network, rules.index, chosen, provisional[planned.write])
    matched = match(rules.network, rules.index, chosen, None, rules.n_threads, stepped)
    work = work_of(fixes, source_work(fixes.vehicle, vehicles))
    columns = {
        "trace_id": _ids(connection, planned),
        "n_dropped": dropped_per_trace(traces, fixes)[planned.write],
        "key": [keys[i] for i in planned.write.tolist()],
        "provisional": provisional[planned.write],
    }
    chosen_work = _kept(work, chosen)
    passes, written = _write(
        connection, chosen, matched, chosen_work, columns, planned, vehicles, rules.network, report
    )
    edge_at = _last_edges(chosen, matched, rules.network)
    shift_gap_s, crs_epsg = rules.shift_gap_s, rules.network.crs_epsg
    write_vehicle_states(connection, (fixes, xy, work), traces, edge_at, vehicles, shift_gap_s, crs_epsg)
    _count(report, part, traces, planned)
    ids, still_open = np.asarray(columns["trace_id"], np.int64), provisional[planned.write]
    return Part(chosen, ids, still_open, chosen_work, passes, written)


def _last_us(traces: Traces) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return traces.fixes.at_us[traces.start[1:] - 1]


def _context(traces: Traces, part: list[Touched], rules: MatchRules) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(T,) traces so far from the new fixes of their vehicle that they were read only as context."""
    gap = int(rules.traces.max_gap_s * 1e6)
    span = {one.vehicle_id: (to_us(one.from_at) - gap, to_us(one.to_at) + gap) for one in part}
    low = np.array([span[int(v)][0] for v in traces.vehicle], np.int64)
    high = np.array([span[int(v)][1] for v in traces.vehicle], np.int64)
    return (_last_us(traces) < low) | (traces.fixes.at_us[traces.start[:-1]] > high)


def _kept(work: WorkStates, traces: Traces) -> WorkStates:
    at = traces.kept
    return WorkStates(work.kind[at], work.treatment[at], work.basis[at])


def _ids(connection: psycopg.Connection[Row], planned: Plan) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The ids of the traces to write: inherited ones, and new ones for the rest."""
    new = planned.trace_id < 0
    ids = planned.trace_id.copy()
    rows = connection.execute(read_sql("geo", "queries/take_trace_ids"), {"n": int(new.sum())}).fetchall()
    ids[new] = sorted(int(row[0]) for row in rows)
    return ids


def _write(
    connection: psycopg.Connection[Row],
    traces: Traces,
    matched: Matched,
    work: WorkStates,
    columns: dict[str, object],
    planned: Plan,
    vehicles: dict[int, Vehicle],
    network: Network,
    report: MatchReport,
) -> tuple[Passes, Written]:
    ids = np.asarray(columns["trace_id"], np.int64)
    if planned.gone:
        gone = {"trace_ids": planned.gone}
        connection.execute(read_sql("geo", "queries/supersede_traces"), gone)
        connection.execute(read_sql("geo", "queries/supersede_unmatched"), gone)
    if len(traces):
        write_traces(connection, traces, matched, columns, vehicles)
        report.n_unmatched += write_unmatched(connection, traces, matched, ids)
    per_trace = {
        "trace_id": ids,
        "vehicle_id": traces.vehicle,
        "provisional": np.asarray(columns["provisional"], np.bool_),
        "synthetic": np.array([vehicles[int(v)].is_synthetic for v in traces.vehicle], np.bool_),
    }
    passes = classify(traces, matched, work)
    if not len(traces) and not planned.gone:
        return passes, Written.nothing()
    written = write_passes(connection, passes, network, matched.matcher_version, per_trace, planned.gone)
    report.n_passes += len(written.pass_ids)
    report.n_passes_superseded += len(written.ended_ids)
    return passes, written


def _last_edges(traces: Traces, matched: Matched, network: Network) -> dict[int, int]:
    """The edge on which each vehicle's last fix lies, where it was matched now."""
    last = traces.start[1:] - 1
    on = matched.fixes.status[last] == MATCHED
    edge_id = network.edge_id[matched.fixes.edge[last[on]]]
    return dict(zip(traces.vehicle[on].tolist(), edge_id.tolist(), strict=True))


def _count(report: MatchReport, part: list[Touched], traces: Traces, planned: Plan) -> None:
    report.n_vehicles += len(part)
    report.n_fixes += len(traces.outcome)
    for name, n in traces.counts().items():
        report.outcomes[name] = report.outcomes.get(name, 0) + n
    report.n_traces += len(planned.write)
    report.n_traces_kept += planned.kept
    report.n_traces_gone += len(planned.gone)

"""What the KPI rests on, worked out again from raw fixes and ready lines, in memory; no fact of ops is read or written.

The steps and their order are those of geo.store.facts and geo.store.lines, so the same fixes give the same facts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, timedelta
from functools import partial

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.crs import to_plane
from geo.db import Role, Row, read_sql
from geo.errors import ConflictError
from geo.matching.candidates import GridIndex, build_index
from geo.matching.matcher import MATCHER_VERSION, lay_line, match
from geo.matching.online_open import OpenTrips
from geo.matching.result import UNMATCHED
from geo.network import Network
from geo.passes import Passes, classify
from geo.store.fixes import Vehicle, read_vehicles, source_work
from geo.store.kpi import KpiBasis, KpiSpan
from geo.store.lines import VERSION as LINES_VERSION
from geo.store.lines import line_of, passes_of, work_of_lines
from geo.store.service_areas import Heard
from geo.store.traces import subset
from geo.timeline import to_us
from geo.trace import Traces, TraceSettings, clean_and_split
from geo.work import WorkStates, work_of
from geo.worked_lines import lay_worked
from yukimichi.archive_fixes import ONE_DAY, fix_counts, fixes_of, midnight
from yukimichi.context import Context

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Connection = psycopg.Connection[Row]
type Progress = Callable[[int, int], None]

#: Fixes that are matched at once.
CHUNK_FIXES = 1_000_000
#: A trace that reaches over the days around the span is followed for so many days.
MOST_DAYS = 7


@dataclass(frozen=True, slots=True)
class _Job:
    """What all parts of one reproduction share. is_open: (vehicle, begin) of the traces that ops holds open."""

    context: Context
    network: Network
    index: GridIndex
    span: KpiSpan
    is_open: set[tuple[int, int]]


def basis_from_fixes(
    context: Context, network: Network, span: KpiSpan, heard: Heard, progress: Progress = lambda done, total: None
) -> KpiBasis:
    """The facts of a span, and when vehicles were heard, from fixes and ready lines alone.

    heard  as ops has it: tells which traces are open, for those are stepped online, as the worker does
    Raises ConflictError where the facts in ops rest on another matcher or network, or on evidence that was deleted, so
    that no comparison can be made.
    """
    at = heard.is_provisional
    is_open = set(zip(heard.vehicle[at].tolist(), heard.began_us[at].tolist(), strict=True))
    job = _Job(context, network, build_index(network), span, is_open)
    with context.database.connect(Role.ENGINE) as connection:
        _require_same_rules(connection, network, span)
        parts = [_lines(connection, job)]
        chunks = list(_chunks(fix_counts(connection, context.settings.home, _days(span, 1))))
        for done, vehicle_ids in enumerate(chunks):
            progress(done, len(chunks))
            parts.append(_part(connection, job, vehicle_ids))
        progress(len(chunks), len(chunks))
    facts = PassFacts(**{f.name: np.concatenate([getattr(p.facts, f.name) for p in parts]) for f in fields(PassFacts)})
    found = {f.name: np.concatenate([getattr(p.heard, f.name) for p in parts]) for f in fields(Heard)}
    order = np.lexsort((found["ended_us"], found["began_us"], found["vehicle"]))
    return KpiBasis(facts, Heard(**{name: values[order] for name, values in found.items()}))


def _require_same_rules(connection: Connection, network: Network, span: KpiSpan) -> None:
    named = {"from_at": span.from_at, "to_at": span.to_at}
    rows = connection.execute(read_sql("geo", "queries/read_versions_in"), named).fetchall()
    for matcher, version, is_line, n_traces, n_expired in rows:
        ours = LINES_VERSION if is_line else MATCHER_VERSION
        if (matcher, version) != (ours, network.version):
            raise ConflictError(
                f"{n_traces} traces rest on matcher {matcher} and network {version}, not {ours} and {network.version}.",
                hint="Work the facts out again first, by `yukimichi recompute`.",
            )
        if n_expired:
            raise ConflictError(
                f"The fixes behind {n_expired} traces of {span.name} were deleted when their years were over.",
                hint="The figures from facts stand; they can no longer be reproduced.",
            )


def _days(span: KpiSpan, more: int) -> list[date]:
    """The UTC days of a span and `more` before and after it."""
    first, last = span.from_at.astimezone(UTC).date(), span.to_at.astimezone(UTC).date()
    return [first + timedelta(days=i) for i in range(-more, (last - first).days + more + 1)]


def _chunks(count: dict[int, int]) -> Iterator[list[int]]:
    """Vehicles in parts of about CHUNK_FIXES fixes."""
    part, total = list[int](), 0
    for vehicle_id, n in count.items():
        if part and total + n > CHUNK_FIXES:
            yield part
            part, total = [], 0
        part.append(vehicle_id)
        total += n
    if part:
        yield part


def _part(connection: Connection, job: _Job, vehicle_ids: list[int]) -> KpiBasis:
    """What some vehicles did in the span. More days are read where a trace of the span reaches beyond them."""
    vehicles = read_vehicles(connection, vehicle_ids)
    for more in range(1, MOST_DAYS + 1):
        days = _days(job.span, more)
        fixes = fixes_of(connection, job.context.settings.home, days, vehicle_ids)
        traces = clean_and_split(fixes, to_plane(fixes.lon, fixes.lat, job.network.crs_epsg), TraceSettings())
        at = _of_span(traces, days, job.span)
        if at is not None:
            return _facts(job, subset(traces, at), work_of(fixes, source_work(fixes.vehicle, vehicles)), vehicles)
    raise ConflictError(
        f"A vehicle drove on for {MOST_DAYS} days without a silence that ends its trace.",
        hint="Look at its device by `yukimichi status`.",
    )


def _of_span(traces: Traces, days: list[date], span: KpiSpan) -> Ints | None:
    """Positions of the traces that overlap the span; None where one may go on beyond the days that were read."""
    began, ended = traces.fixes.at_us[traces.start[:-1]], traces.fixes.at_us[traces.start[1:] - 1]
    gap = round(TraceSettings().max_gap_s * 1e6)
    inside = (ended >= to_us(span.from_at)) & (began <= to_us(span.to_at)) & (np.diff(traces.start) > 1)
    cut = (began - gap < to_us(midnight(days[0]))) | (ended + gap >= to_us(midnight(days[-1] + ONE_DAY)))
    return None if (inside & cut).any() else np.flatnonzero(inside)


def _facts(job: _Job, traces: Traces, work: WorkStates, vehicles: dict[int, Vehicle]) -> KpiBasis:
    """The facts of whole traces; work is of all fixes that were read, kept or not."""
    began, ended = traces.fixes.at_us[traces.start[:-1]], traces.fixes.at_us[traces.start[1:] - 1]
    keys = zip(traces.vehicle.tolist(), began.tolist(), strict=True)
    is_open = np.fromiter((key in job.is_open for key in keys), np.bool_, len(traces))
    stepped = OpenTrips().trips(job.network, job.index, traces, is_open)
    matched = match(job.network, job.index, traces, None, max(os.cpu_count() or 1, 1), stepped)
    kept = WorkStates(work.kind[traces.kept], work.treatment[traces.kept], work.basis[traces.kept])
    lost = np.append(matched.fixes.status == UNMATCHED, False).astype(np.int64)
    n_unmatched = np.add.reduceat(lost, traces.start[:-1]) if len(traces) else np.zeros(0, np.int64)
    heard = Heard(traces.vehicle, began, ended, np.diff(traces.start).astype(np.int64), n_unmatched, is_open)
    synthetic = np.array([vehicles[int(v)].is_synthetic for v in traces.vehicle], np.bool_)
    return KpiBasis(_in_span(facts_of(classify(traces, matched, kept), synthetic), job.span), heard)


def facts_of(passes: Passes, synthetic: Bools) -> PassFacts:
    """Passes as ops would hold them and give them back; synthetic (T,) by trace. The source of each is left open."""
    return PassFacts(
        edge=passes.edge.astype(np.int64), from_m=passes.from_m, to_m=passes.to_m, began_us=passes.began_us,
        ended_us=passes.ended_us, kind=passes.kind, treatment=passes.treatment, work_basis=passes.work_basis,
        confidence=passes.confidence.astype(np.float32).astype(np.float64), source=np.zeros(len(passes), np.int64),
        synthetic=synthetic[passes.trace], trace=passes.trace, seq=passes.seq.astype(np.int64),
    )  # fmt: skip


def _in_span(facts: PassFacts, span: KpiSpan) -> PassFacts:
    return facts.select((facts.began_us >= to_us(span.from_at)) & (facts.ended_us <= to_us(span.to_at)))


def _lines(connection: Connection, job: _Job) -> KpiBasis:
    """The ready lines of the span, laid again."""
    named = {"from_at": job.span.from_at, "to_at": job.span.to_at}
    rows = connection.execute(read_sql("geo", "queries/read_lines_in"), named).fetchall()
    lines = [line_of(row) for row in rows]
    vehicle = np.array([line.vehicle_id for line in lines], np.int64)
    vehicles = read_vehicles(connection, np.unique(vehicle).tolist())
    lay = partial(lay_line, job.network, job.index)
    xy = [to_plane(line.lonlat[:, 0], line.lonlat[:, 1], job.network.crs_epsg) for line in lines]
    at_us = np.array([to_us(line.at) for line in lines], np.int64)
    work = work_of_lines(lines, vehicles)[0] if lines else WorkStates.decode(at_us)
    passes = passes_of([lay_worked(one, lay) for one in xy], work, at_us)
    none, synthetic = (
        np.zeros(len(lines), np.int64),
        np.array([vehicles[int(v)].is_synthetic for v in vehicle], np.bool_),
    )
    heard = Heard(vehicle, at_us, at_us, none, none, np.zeros(len(lines), np.bool_))
    return KpiBasis(_in_span(facts_of(passes, synthetic), job.span), heard)

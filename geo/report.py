"""作業日報: the time and the metres of traces by day, hour band, trip and work, nothing lost or counted twice.

traces + facts ─► stretches (each trace's whole time, standing too) ─► cut at midnights and bands ─► trips
Sums reconcile by construction: the seconds of all stretches are the duration of the traces, to the microsecond, and
their metres are those of the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.shifts import DEPOT_STAY_S
from geo.vocabulary import PassKind, Term
from geo.work import KINDS

type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]


class SpanKind(Term):
    """What a vehicle did for some time: as its fact says, or standing where no fact holds the time of its trace."""

    PASS = PassKind.PASS.value, PassKind.PASS.ja
    DEADHEAD = PassKind.DEADHEAD.value, PassKind.DEADHEAD.ja
    UNKNOWN = PassKind.UNKNOWN.value, PassKind.UNKNOWN.ja
    STANDING = "standing", "停車・道路外"


#: Positions in the kind column: those of geo.work.KINDS, then standing.
SPAN_KINDS: tuple[SpanKind, ...] = tuple(SpanKind)
STANDING = len(KINDS)
NO_FACT = -1


@dataclass(frozen=True, slots=True)
class TraceSpans:
    """Traces. vehicle, began_us, ended_us: (T,) int64; is_timed (T,): False for a ready line, whose one time tells its
    end and nothing of how long it took."""

    vehicle: Ints
    began_us: Ints
    ended_us: Ints
    is_timed: Bools


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """Facts of those traces, (Q,) each: position of the trace, seq in it, edge id, metres, times, work state.

    treatment -1: not named. at_depot: the stretch lies at a depot.
    """

    trace: Ints
    seq: Ints
    edge_id: Ints
    length_m: Floats
    began_us: Ints
    ended_us: Ints
    kind: Ints8
    treatment: Ints8
    confidence: Floats
    at_depot: Bools


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of time of one vehicle each, (N,) each. fact -1: standing. trip is unique over all vehicles; -1: none.

    is_timed False: metres without any time
    """

    trace: Ints
    fact: Ints
    vehicle: Ints
    began_us: Ints
    ended_us: Ints
    length_m: Floats
    kind: Ints8
    treatment: Ints8
    is_timed: Bools
    trip: Ints

    def __len__(self) -> int:
        return len(self.trace)

    def take(self, at: Ints | Bools) -> Stretches:
        """The stretches at these positions."""
        return Stretches(**{f.name: getattr(self, f.name)[at] for f in fields(self)})


def stretches_of(traces: TraceSpans, facts: WorkFacts) -> Stretches:
    """Every trace as a row of stretches without gap or overlap, sorted by vehicle and time.

    Time that two facts of a trace claim belongs to the earlier one; what lies outside of the trace is cut off. Time
    that none claims is standing. A fact keeps all its metres, also where no time is left for it.
    """
    order = np.lexsort((facts.seq, facts.began_us, facts.trace))
    trace = facts.trace[order]
    origin, duration = traces.began_us[trace], (traces.ended_us - traces.began_us)[trace]
    begin = np.clip(facts.began_us[order] - origin, 0, duration)
    end = np.maximum(np.clip(facts.ended_us[order] - origin, 0, duration), begin)
    reach = _running_max(trace, end)
    is_first = np.append(True, trace[1:] != trace[:-1])[: len(trace)]
    cursor = np.where(is_first, 0, np.append(0, reach[:-1])[: len(trace)])
    start, stop = np.maximum(begin, cursor), np.maximum(end, cursor)
    n_traces = len(traces.vehicle)
    last = np.zeros(n_traces, np.int64)
    last[trace] = reach  # the last one written is the greatest
    tail = traces.ended_us - traces.began_us - last
    gap = np.flatnonzero(start > cursor)
    left = np.flatnonzero(tail > 0)
    rows_trace = np.concatenate([trace, trace[gap], left])
    fact = np.concatenate([order, np.full(len(gap) + len(left), NO_FACT)])
    began = np.concatenate([start, cursor[gap], last[left]]) + traces.began_us[rows_trace]
    ended = np.concatenate([stop, start[gap], last[left] + tail[left]]) + traces.began_us[rows_trace]
    own = fact >= 0
    kind = np.full(len(fact), STANDING, np.int8)
    treatment = np.full(len(fact), -1, np.int8)
    length_m = np.zeros(len(fact))
    kind[own], treatment[own] = facts.kind[fact[own]], facts.treatment[fact[own]]
    length_m[own] = facts.length_m[fact[own]]
    vehicle = traces.vehicle[rows_trace]
    rows = Stretches(
        rows_trace, fact, vehicle, began, ended, length_m, kind, treatment, traces.is_timed[rows_trace],
        np.full(len(fact), -1, np.int64),
    )  # fmt: skip
    seq = np.where(own, facts.seq[np.maximum(fact, 0)] if len(facts.seq) else 0, -1)
    return rows.take(np.lexsort((seq, rows_trace, ended, began, vehicle)))


def _running_max(group: Ints, values: Ints) -> Ints:
    """(n,) greatest value so far within each group; group ascending, values >= 0."""
    if not len(values):
        return values
    step = int(values.max()) + 1
    rank = np.cumsum(np.append(0, group[1:] != group[:-1]))
    reached: Ints = np.maximum.accumulate(values + rank * step) - rank * step
    return reached


def cut(rows: Stretches, at_us: Ints) -> Stretches:
    """The same stretches, cut at (B,) ascending moments; metres are shared out by time."""
    low = np.searchsorted(at_us, rows.began_us, side="right")
    high = np.maximum(np.searchsorted(at_us, rows.ended_us, side="left"), low)
    n = high - low + 1
    of = np.repeat(np.arange(len(rows)), n)
    k = np.arange(len(of)) - np.repeat(np.cumsum(n) - n, n)
    whole = rows.take(of)
    if not len(at_us) or len(of) == len(rows):
        return whole
    last = len(at_us) - 1
    began = np.where(k == 0, whole.began_us, at_us[np.clip(low[of] + k - 1, 0, last)])
    ended = np.where(k == n[of] - 1, whole.ended_us, at_us[np.clip(low[of] + k, 0, last)])
    duration = np.maximum(whole.ended_us - whole.began_us, 1)

    def driven(at: Ints) -> Floats:
        return np.asarray(whole.length_m * ((at - whole.began_us) / duration), np.float64)

    upto = np.where(k == n[of] - 1, whole.length_m, driven(ended))
    length_m = upto - np.where(k == 0, 0.0, driven(began))
    return Stretches(
        whole.trace, whole.fact, whole.vehicle, began, ended, length_m, whole.kind, whole.treatment, whole.is_timed,
        whole.trip,
    )  # fmt: skip


def with_trips(rows: Stretches, facts: WorkFacts, shift_gap_s: float) -> tuple[Stretches, Ints, Ints]:
    """The stretches with their trips, and (K,) begin and end of each trip, microseconds.

    A trip 運行 is a shift (geo.shifts): it begins after a silence longer than shift_gap_s, and when a stay of
    DEPOT_STAY_S at a depot ends; it ends when such a stay begins. The time of the stay is counted with the trip before
    it, or with the one after it where none was before. rows are sorted by vehicle and time. Ready lines, which have no
    duration, make no trips of their own.
    """
    known = (rows.fact >= 0) & rows.is_timed
    at_depot = facts.at_depot[rows.fact[known]]
    at_us = np.stack([rows.began_us[known], rows.ended_us[known]], axis=1).ravel()
    depot, vehicle = np.repeat(at_depot, 2), np.repeat(rows.vehicle[known], 2)
    if not len(at_us):
        return rows, np.zeros(0, np.int64), np.zeros(0, np.int64)
    is_new = np.append(True, vehicle[1:] != vehicle[:-1])
    begins = is_new | np.append(False, np.diff(at_us) > shift_gap_s * 1e6)
    first, last = _stays(depot, is_new, at_us)
    has_before = ~begins[first]
    inside = np.zeros(len(at_us) + 1, np.int64)
    np.add.at(inside, first + 1, 1)
    np.add.at(inside, last + 1, -1)
    begins &= np.cumsum(inside)[:-1] == 0
    goes_on = ~np.append(is_new[1:], True)[last]
    begins[last[goes_on & has_before]] = True
    trip = np.cumsum(begins) - 1
    at = np.flatnonzero(begins)
    start, end = at_us[at], at_us[np.append(at[1:], len(at_us)) - 1]
    leaves = goes_on & ~has_before
    start[trip[first[leaves]]] = at_us[last[leaves]]
    end[trip[first[has_before]]] = at_us[first[has_before]]
    of_row = np.full(len(rows), -1, np.int64)
    of_row[known] = trip[0::2]
    given = {f.name: getattr(rows, f.name) for f in fields(rows)}
    return Stretches(**given | {"trip": _fill(of_row, rows.vehicle)}), start, end


def _stays(depot: Bools, is_new: Bools, at_us: Ints) -> tuple[Ints, Ints]:
    """First and last position of each stay of DEPOT_STAY_S or more at a depot, no two vehicles in one."""
    before = np.append(False, depot[:-1]) & ~is_new
    after = np.append(depot[1:], False) & ~np.append(is_new[1:], True)
    first, last = np.flatnonzero(depot & ~before), np.flatnonzero(depot & ~after)
    long = at_us[last] - at_us[first] >= DEPOT_STAY_S * 1e6
    return first[long], last[long]


def _fill(trip: Ints, vehicle: Ints) -> Ints:
    """Standing belongs to the trip before it; before the first one, to that one."""
    n = len(trip)
    is_new = np.append(True, vehicle[1:] != vehicle[:-1])[:n]
    group = np.cumsum(is_new) - 1
    at = np.maximum.accumulate(np.where(trip >= 0, np.arange(n), -1))
    filled = np.where((at >= 0) & (group[np.maximum(at, 0)] == group), trip[np.maximum(at, 0)], -1)
    back = n - 1 - np.maximum.accumulate(np.where(filled[::-1] >= 0, np.arange(n), -1))[::-1]
    inside = (back < n) & (group[np.minimum(back, n - 1)] == group)
    return np.where(filled >= 0, filled, np.where(inside, filled[np.minimum(back, n - 1)], -1))


@dataclass(frozen=True, slots=True)
class Corrections:
    """作業訂正, (C,) each, in the order in which they were made: a later one wins where two overlap.

    kind PASS or DEADHEAD; treatment -1: not named. The upper end is exclusive.
    """

    correction_id: Ints
    vehicle: Ints
    from_us: Ints
    to_us: Ints
    kind: Ints8
    treatment: Ints8


def corrected(rows: Stretches, corrections: Corrections) -> tuple[Ints8, Ints8, Ints]:
    """(N,) kind and treatment as a person corrected them, and the position of the correction; -1: as the fact says.

    rows have to be cut at the ends of the corrections. Standing stays standing: no road was driven in it.
    """
    kind, treatment = rows.kind.copy(), rows.treatment.copy()
    by = np.full(len(rows), -1, np.int64)
    for i in range(len(corrections.vehicle)):
        hit = (rows.vehicle == corrections.vehicle[i]) & (rows.fact >= 0)
        hit &= (rows.began_us >= corrections.from_us[i]) & (rows.began_us < corrections.to_us[i])
        kind[hit], treatment[hit], by[hit] = corrections.kind[i], corrections.treatment[i], i
    return kind, treatment, by


def grouped(
    keys: Mapping[str, NDArray[Any]], sums: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, Ints], dict[str, NDArray[Any]], Ints]:
    """Sums by distinct keys, in the order of the keys; and (N,) the group of each row.

    Whole numbers are added as such, so microseconds stay exact.
    """
    columns = np.stack([np.asarray(key, np.int64) for key in keys.values()], axis=1)
    order = np.lexsort(columns.T[::-1])
    ordered = columns[order]
    is_new = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))[: len(order)]
    first = np.flatnonzero(is_new)
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(is_new) - 1
    found = {name: ordered[first, i] for i, name in enumerate(keys)}
    added = {name: np.add.reduceat(values[order], first) if len(first) else values[:0] for name, values in sums.items()}
    return found, added, group

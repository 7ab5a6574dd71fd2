"""作業走行と回送: traversals with their work state, cut where the work state changes.

A trace is laid out along one line, in whole micrometres: their sums are exact, so its passes are the same to the last
bit whatever is classified with it. Each fix has its place on the line and its work state. Between two fixes that differ
the change is put at the junction nearest to the middle, because a blade is lifted and lowered at junctions and turning
places far more often than between them; else half way, in metres and in time. Traversals are cut at the changes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from geo.linear import TOUCH_M
from geo.matching.result import INFERRED, MATCHED, Matched
from geo.trace import Traces
from geo.work import BASIS_UNKNOWN, UNKNOWN, WorkStates

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Between two fixes further apart in time than this nobody knows whether the blade stayed where it was: the stretch is
#: unknown. Real units report every 15 s (median) and a blade goes up and down for a junction or a parked car within a
#: minute or two.
BRIDGE_S = 120.0
#: A junction this far before the earlier or after the later of two fixes may still lie between them: fixes are off
#: along the road as they are beside it, 3.5 m in the median and 32 m for one in ten (measured on real units).
JUNCTION_REACH_M = 20.0
#: Confidence can be no higher than what stands behind the word "work", by basis: sensed, declared, assumed, unknown.
#: A sensor is trusted whole; a button is forgotten now and then; an assumption is the road manager's own risk. An edge
#: without a fix of its own has no cap: the matcher's confidence counts the other ways that the vehicle may have taken.
BASIS_CONFIDENCE_MAX: tuple[float, ...] = (1.0, 0.97, 0.95, 0.5)

#: Micrometres in a metre, and what counts as one place on the line.
_UM, _TOUCH_UM = 1e6, TOUCH_M * 1e6

_UNKNOWN_CODE = int(
    WorkStates(np.array([UNKNOWN], np.int8), np.array([-1], np.int8), np.array([BASIS_UNKNOWN], np.int8)).code[0]
)


@dataclass(frozen=True, slots=True)
class Passes:
    """Q passes, deadheads and unknowns, in the order of trace and seq.

    trace       (Q,) int64, position in Traces
    seq         (Q,) int32, 0, 1, 2 … within the trace
    traversal   (Q,) int64, position in Traversals of the one that it is a part of
    edge        (Q,) int32, edge position in Network
    from_m, to_m  (Q,) metres along digitising, from_m < to_m
    began_us, ended_us  (Q,) microseconds since the epoch, began_us <= ended_us
    kind        (Q,) int8, position in geo.work.KINDS
    status      (Q,) int8, MATCHED or INFERRED of geo.matching.result
    treatment   (Q,) int8, position in geo.fix.TREATMENTS; -1 not named
    work_basis  (Q,) int8, position in geo.work.BASES
    confidence  (Q,) 0 to 1
    n_fixes     (Q,) int32, matched fixes on it
    first_fix_us, last_fix_us  (Q,) times of the first and last of them; without any, of the fixes before and after
    """

    trace: Ints
    seq: NDArray[np.int32]
    traversal: Ints
    edge: NDArray[np.int32]
    from_m: Floats
    to_m: Floats
    began_us: Ints
    ended_us: Ints
    kind: Ints8
    status: Ints8
    treatment: Ints8
    work_basis: Ints8
    confidence: Floats
    n_fixes: NDArray[np.int32]
    first_fix_us: Ints
    last_fix_us: Ints

    def __len__(self) -> int:
        return len(self.edge)

    def select(self, keep: NDArray[np.bool_] | Ints) -> Passes:
        """The passes of a mask or of positions."""
        return Passes(**{field.name: getattr(self, field.name)[keep] for field in fields(Passes)})


@dataclass(frozen=True, slots=True)
class _Line:
    """The way driven in micrometres, all traces in a row, one metre of nothing before each unbroken run.

    start, end  (R,) where each traversal lies; run (R,) its unbroken run
    """

    start: Floats
    end: Floats
    run: Ints


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Fixes with a place on the line: position among the kept fixes, place, run, and whether they were matched."""

    fix: Ints
    at_um: Floats
    run: Ints
    own: Bools


def classify(traces: Traces, matched: Matched, work: WorkStates) -> Passes:
    """Passes, deadheads and unknowns of matched traces; work has one state for each kept fix.

    - Between two fixes that differ the state changes as above.
    - Between fixes more than BRIDGE_S apart it is unknown.
    - On an inferred edge between fixes of different kinds it is unknown: work there needs work on both sides.
    - A run without any fix is unknown.
    Confidence is the traversal's, capped by BASIS_CONFIDENCE_MAX.
    """
    line = _lay_out(matched)
    seen = _evidence(traces, matched, line)
    cell_at, cell_us, cell_code = _cells(traces, matched, work, line, seen)
    starts = np.unique(np.concatenate([line.start, cell_at]))
    owner = np.searchsorted(line.start, starts, side="right") - 1
    # a change within TOUCH_M after a start is no cut of its own: it holds from that start on
    cell = np.searchsorted(cell_at, starts + _TOUCH_UM, side="right") - 1
    code = np.where(_is_mixed(matched, work, seen)[owner], _UNKNOWN_CODE, cell_code[cell])
    begins = starts == line.start[owner]
    room = np.minimum(np.append(starts[1:], np.inf), line.end[owner]) - starts
    keep = begins | ((room > _TOUCH_UM) & (starts - line.start[owner] > _TOUCH_UM))
    keep[keep] &= begins[keep] | np.append(True, np.diff(code[keep]) != 0)
    return _build(traces, matched, line, seen, _Cuts(starts[keep], owner[keep], cell_us[cell[keep]], code[keep]))


def _lay_out(matched: Matched) -> _Line:
    t = matched.traversals
    breaks = np.sort(matched.breaks.after_fix[matched.breaks.after_fix >= 0])
    n_before = np.searchsorted(breaks, t.first_fix, side="left")
    new = np.ones(len(t), np.bool_)
    new[1:] = (t.trace[1:] != t.trace[:-1]) | (n_before[1:] != n_before[:-1])
    run = np.cumsum(new) - 1
    length = np.rint((t.to_m - t.from_m) * _UM)
    end = np.cumsum(length) + run * _UM
    return _Line(end - length, end, run)


def _evidence(traces: Traces, matched: Matched, line: _Line) -> _Evidence:
    t, f = matched.traversals, matched.fixes
    own = np.flatnonzero(t.status == MATCHED)
    if len(own) == 0:
        return _Evidence(own, np.zeros(0), own, np.zeros(0, np.bool_))
    fix = np.flatnonzero((f.status == MATCHED) & (f.edge >= 0))
    slot = np.searchsorted(t.first_fix[own], fix, side="right") - 1
    on = own[np.maximum(slot, 0)]
    inside = (slot >= 0) & (fix <= t.last_fix[on]) & (f.edge[fix] == t.edge[on])
    fix, on = fix[inside], on[inside]
    offset = f.offset_m[fix]
    driven = np.where(t.edge[on] % 2 == 0, offset - t.from_m[on], t.to_m[on] - offset)
    driven = np.clip(np.rint(driven * _UM), 0, line.end[on] - line.start[on])
    sure = _Evidence(fix, np.maximum.accumulate(line.start[on] + driven), line.run[on], np.ones(len(fix), np.bool_))
    return _with_skipped(traces, sure)


def _with_skipped(traces: Traces, sure: _Evidence) -> _Evidence:
    """The same and the unmatched fixes between two of a run, put between them by time: their blade still tells."""
    others = np.setdiff1d(np.arange(len(traces.fixes)), sure.fix, assume_unique=True)
    after = np.searchsorted(sure.fix, others)
    between = (after > 0) & (after < len(sure.fix))
    others, after = others[between], after[between]
    same = sure.run[after] == sure.run[after - 1]
    others, after = others[same], after[same]
    at = traces.fixes.at_us
    t0, t1 = at[sure.fix[after - 1]], at[sure.fix[after]]
    share = (at[others] - t0) / np.maximum(t1 - t0, 1)
    m0, m1 = sure.at_um[after - 1], sure.at_um[after]
    fix = np.concatenate([sure.fix, others])
    order = np.argsort(fix)
    at_um = np.concatenate([sure.at_um, m0 + np.rint((m1 - m0) * np.clip(share, 0, 1))])[order]
    run = np.concatenate([sure.run, sure.run[after]])[order]
    own = np.concatenate([sure.own, np.zeros(len(others), np.bool_)])[order]
    return _Evidence(fix[order], np.maximum.accumulate(at_um), run, own)


def _is_mixed(matched: Matched, work: WorkStates, seen: _Evidence) -> Bools:
    """(R,) inferred traversals between fixes of different kinds."""
    t = matched.traversals
    changes = np.concatenate([[0, 0], np.cumsum(np.diff(work.kind[seen.fix]) != 0)])
    low, high = np.searchsorted(seen.fix, t.first_fix) + 1, np.searchsorted(seen.fix, t.last_fix) + 1
    last = len(changes) - 1
    mixed = (changes[np.minimum(high, last)] != changes[np.minimum(low, last)]) & (t.status == INFERRED)
    return np.asarray(mixed, np.bool_)


def _cells(
    traces: Traces, matched: Matched, work: WorkStates, line: _Line, seen: _Evidence
) -> tuple[Floats, Ints, Ints]:
    """Where on the line a state begins, when, and its code; sorted by place.

    A run begins in the state of its first fix. Of several states that begin at one place only the last counts.
    """
    first_of_run = np.flatnonzero(np.diff(line.run, prepend=-1))
    at, code = traces.fixes.at_us[seen.fix], work.code[seen.fix]
    head_code = np.full(len(first_of_run), _UNKNOWN_CODE)
    run, first = np.unique(seen.run, return_index=True)
    head_code[run] = code[first]
    i = np.flatnonzero(seen.run[1:] == seen.run[:-1])
    lost = at[i + 1] - at[i] > BRIDGE_S * 1e6
    a, b = i[lost], i[~lost & (code[i] != code[i + 1])]
    turn = _turning_point(line, seen.run[b], seen.at_um[b], seen.at_um[b + 1])
    place = np.concatenate([line.start[first_of_run], seen.at_um[a], seen.at_um[a + 1], turn])
    when = np.concatenate([matched.traversals.entered_us[first_of_run], at[a], at[a + 1], (at[b] + at[b + 1]) // 2])
    codes = np.concatenate([head_code, np.full(len(a), _UNKNOWN_CODE), code[a + 1], code[b + 1]])
    rank = np.concatenate([np.full(len(first_of_run), -1), a * 2, a * 2 + 1, b * 2 + 1])
    of_run = np.concatenate([np.arange(len(first_of_run)), seen.run[a], seen.run[a], seen.run[b]])
    order = np.lexsort((rank, of_run))
    place = np.maximum.accumulate(place[order])
    final = np.append(np.diff(place) > 0, True)[: len(place)]
    return place[final], when[order][final], codes[order][final]


def _turning_point(line: _Line, run: Ints, low: Floats, high: Floats) -> Floats:
    """(n,) the junction of the run nearest to the middle of [low, high], at most JUNCTION_REACH_M outside of it; else
    the middle."""
    middle = (low + high) / 2
    inner = np.flatnonzero(line.run[1:] == line.run[:-1]) + 1
    if len(inner) == 0:
        return middle
    joints, of_run = line.start[inner], line.run[inner]
    after = np.searchsorted(joints, middle)
    best = middle.copy()
    room = (high - low) / 2 + JUNCTION_REACH_M * _UM
    for slot in (np.minimum(after, len(joints) - 1), np.maximum(after - 1, 0)):
        away = np.abs(joints[slot] - middle)
        nearer = (of_run[slot] == run) & (away <= room)
        best, room = np.where(nearer, joints[slot], best), np.where(nearer, away, room)
    return best


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Where each pass begins on the line, its traversal, the time of the change, its state code."""

    start: Floats
    owner: Ints
    at_us: Ints
    code: Ints


def _build(traces: Traces, matched: Matched, line: _Line, seen: _Evidence, cuts: _Cuts) -> Passes:
    t, owner = matched.traversals, cuts.owner
    same_next = np.append(owner[1:] == owner[:-1], False) if len(owner) else np.zeros(0, np.bool_)
    end = np.where(same_next, np.append(cuts.start[1:], 0), line.end[owner])
    begins = cuts.start == line.start[owner]
    entered, left = t.entered_us[owner], t.left_us[owner]
    began = np.where(begins, entered, np.clip(cuts.at_us, entered, left))
    ended = np.where(same_next, np.append(began[1:], 0), left)
    into, upto = cuts.start - line.start[owner], end - line.start[owner]
    forward, whole = t.edge[owner] % 2 == 0, line.end[owner] - line.start[owner]
    low, high = np.where(forward, into, whole - upto), np.where(forward, upto, whole - into)
    to_m = np.where(high >= whole, t.to_m[owner], t.from_m[owner] + high / _UM)
    state = WorkStates.decode(cuts.code)
    cap = np.take(BASIS_CONFIDENCE_MAX, state.basis)
    n_fixes, first_us, last_us = _fixes_on(traces, matched, line, seen, cuts)
    trace = t.trace[owner]
    seq = np.arange(len(owner)) - np.searchsorted(trace, trace)
    return Passes(
        trace=trace, seq=seq.astype(np.int32), traversal=owner, edge=t.edge[owner],
        from_m=t.from_m[owner] + low / _UM, to_m=np.minimum(to_m, t.to_m[owner]),
        began_us=began, ended_us=np.maximum(ended, began),
        kind=state.kind, status=t.status[owner], treatment=state.treatment, work_basis=state.basis,
        confidence=np.minimum(t.confidence[owner], cap),
        n_fixes=n_fixes, first_fix_us=first_us, last_fix_us=last_us,
    )  # fmt: skip


def _fixes_on(
    traces: Traces, matched: Matched, line: _Line, seen: _Evidence, cuts: _Cuts
) -> tuple[NDArray[np.int32], Ints, Ints]:
    """Number of matched fixes on each pass, and the times of its first and last fix (see Passes)."""
    t = matched.traversals
    own = np.flatnonzero(t.status == MATCHED)
    fix, at_um = seen.fix[seen.own], seen.at_um[seen.own]
    first_us, last_us = traces.fixes.at_us[t.first_fix[cuts.owner]], traces.fixes.at_us[t.last_fix[cuts.owner]]
    if len(fix) == 0:
        return np.zeros(len(cuts.owner), np.int32), first_us, last_us
    on = own[np.searchsorted(t.first_fix[own], fix, side="right") - 1]
    low = np.searchsorted(cuts.owner, on, side="left")
    high = np.searchsorted(cuts.owner, on, side="right") - 1
    at = np.clip(np.searchsorted(cuts.start, at_um, side="right") - 1, low, high)
    n_fixes = np.bincount(at, minlength=len(cuts.owner)).astype(np.int32)
    before = np.searchsorted(at, np.arange(len(cuts.owner)), side="left")
    has = n_fixes > 0
    trace_of = np.searchsorted(traces.start, fix, side="right") - 1
    low, high = np.searchsorted(trace_of, t.trace[cuts.owner]), np.searchsorted(trace_of, t.trace[cuts.owner] + 1) - 1
    begin = np.clip(np.where(has, before, before - 1), low, high)
    final = np.clip(np.where(has, before + n_fixes - 1, before), low, high)
    on_matched = t.status[cuts.owner] == MATCHED
    times = traces.fixes.at_us[fix]
    return n_fixes, np.where(on_matched, times[begin], first_us), np.where(on_matched, times[final], last_us)

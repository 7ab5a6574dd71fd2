"""作業走行と回送: traversals with their work state, cut where the work state changes.

geo.work_changes says where that is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from geo.matching.result import MATCHED, Matched
from geo.trace import Traces
from geo.work import WorkStates
from geo.work_changes import TOUCH_UM, UM, UNKNOWN_CODE, Evidence, Line, cells, evidence, is_mixed, lay_out

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Confidence can be no higher than what stands behind the word "work", by basis: sensed, declared, assumed, unknown.
#: A sensor is trusted whole; a button is forgotten now and then; an assumption is the road manager's own risk. An edge
#: without a fix of its own has no cap: the matcher's confidence counts the other ways that the vehicle may have taken.
BASIS_CONFIDENCE_MAX: tuple[float, ...] = (1.0, 0.97, 0.95, 0.5)


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


def classify(traces: Traces, matched: Matched, work: WorkStates) -> Passes:
    """Passes, deadheads and unknowns of matched traces; work has one state for each kept fix.

    - Between two fixes that differ the state changes as above.
    - Between fixes more than BRIDGE_S apart it is unknown.
    - On an inferred edge between fixes of different kinds it is unknown: work there needs work on both sides.
    - A run without any fix is unknown.
    Confidence is the traversal's, capped by BASIS_CONFIDENCE_MAX.
    """
    line = lay_out(matched)
    seen = evidence(traces, matched, line)
    cell_at, cell_us, cell_code = cells(traces, matched, work, line, seen)
    starts = np.unique(np.concatenate([line.start, cell_at]))
    owner = np.searchsorted(line.start, starts, side="right") - 1
    # a change within TOUCH_M after a start is no cut of its own: it holds from that start on
    cell = np.searchsorted(cell_at, starts + TOUCH_UM, side="right") - 1
    code = np.where(is_mixed(matched, work, seen)[owner], UNKNOWN_CODE, cell_code[cell])
    begins = starts == line.start[owner]
    room = np.minimum(np.append(starts[1:], np.inf), line.end[owner]) - starts
    keep = begins | ((room > TOUCH_UM) & (starts - line.start[owner] > TOUCH_UM))
    keep[keep] &= begins[keep] | np.append(True, np.diff(code[keep]) != 0)
    return _build(traces, matched, line, seen, _Cuts(starts[keep], owner[keep], cell_us[cell[keep]], code[keep]))


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Where each pass begins on the line, its traversal, the time of the change, its state code."""

    start: Floats
    owner: Ints
    at_us: Ints
    code: Ints


def _build(traces: Traces, matched: Matched, line: Line, seen: Evidence, cuts: _Cuts) -> Passes:
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
    to_m = np.where(high >= whole, t.to_m[owner], t.from_m[owner] + high / UM)
    state = WorkStates.decode(cuts.code)
    cap = np.take(BASIS_CONFIDENCE_MAX, state.basis)
    n_fixes, first_us, last_us = _fixes_on(traces, matched, line, seen, cuts)
    trace = t.trace[owner]
    seq = np.arange(len(owner)) - np.searchsorted(trace, trace)
    return Passes(
        trace=trace, seq=seq.astype(np.int32), traversal=owner, edge=t.edge[owner],
        from_m=t.from_m[owner] + low / UM, to_m=np.minimum(to_m, t.to_m[owner]),
        began_us=began, ended_us=np.maximum(ended, began),
        kind=state.kind, status=t.status[owner], treatment=state.treatment, work_basis=state.basis,
        confidence=np.minimum(t.confidence[owner], cap),
        n_fixes=n_fixes, first_fix_us=first_us, last_fix_us=last_us,
    )  # fmt: skip


def _fixes_on(
    traces: Traces, matched: Matched, line: Line, seen: Evidence, cuts: _Cuts
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

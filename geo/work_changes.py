"""作業の切り替わり: where along a trace its work state changes, from the fixes and the way that it drove.

A trace is laid out along one line, in whole micrometres: their sums are exact, so it comes out the same to the last
bit whatever is classified with it. Between two fixes that differ the change is put

- at the turning place, where one of them stands there: whoever turns lifts the blade for it, and what a standing fix
  says holds where it stands and not on the way there;
- else at the junction nearest to the middle, because a blade is lifted and lowered at junctions far more often than
  between them;
- else half way, in metres and in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.linear import TOUCH_M
from geo.matching.result import INFERRED, MATCHED, Matched
from geo.trace import Traces
from geo.work import BASIS_UNKNOWN, UNKNOWN, WorkStates

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Between two fixes further apart in time than this nobody knows whether the blade stayed where it was: the stretch is
#: unknown. Real units report every 15 s (median) and a blade goes up and down for a junction or a parked car within a
#: minute or two.
BRIDGE_S = 120.0
#: A junction this far before the earlier or after the later of two fixes may still lie between them, and a vehicle so
#: far from where it turned may have stood there: fixes are off along the road as they are beside it, 3.5 m in the
#: median and 32 m for one in ten (measured on real units).
JUNCTION_REACH_M = 20.0
#: A device that tells a lower speed stands: receivers report a few tenths of a metre a second at rest.
STAND_MPS = 0.5

#: Micrometres in a metre, and what counts as one place on the line.
UM, TOUCH_UM = 1e6, TOUCH_M * 1e6

UNKNOWN_CODE = int(
    WorkStates(np.array([UNKNOWN], np.int8), np.array([-1], np.int8), np.array([BASIS_UNKNOWN], np.int8)).code[0]
)


@dataclass(frozen=True, slots=True)
class Line:
    """The way driven in micrometres, all traces in a row, one metre of nothing before each unbroken run.

    start, end  (R,) where each traversal lies; run (R,) its unbroken run
    is_back     (R,) whether it goes back along the edge of the one before it: its start is a turning place
    """

    start: Floats
    end: Floats
    run: Ints
    is_back: Bools


@dataclass(frozen=True, slots=True)
class Evidence:
    """Fixes with a place on the line, in order.

    fix     position among the kept fixes; at_um its place, run its run; own: it was matched
    at_turn it stands at the turning place on which at_um lies
    """

    fix: Ints
    at_um: Floats
    run: Ints
    own: Bools
    at_turn: Bools


def lay_out(matched: Matched) -> Line:
    """The line of all traversals."""
    t = matched.traversals
    breaks = np.sort(matched.breaks.after_fix[matched.breaks.after_fix >= 0])
    n_before = np.searchsorted(breaks, t.first_fix, side="left")
    new = np.ones(len(t), np.bool_)
    new[1:] = (t.trace[1:] != t.trace[:-1]) | (n_before[1:] != n_before[:-1])
    run = np.cumsum(new) - 1
    length = np.rint((t.to_m - t.from_m) * UM)
    end = np.cumsum(length) + run * UM
    is_back = np.zeros(len(t), np.bool_)
    is_back[1:] = ~new[1:] & (t.edge[1:] == (t.edge[:-1] ^ 1))
    return Line(end - length, end, run, is_back)


def evidence(traces: Traces, matched: Matched, line: Line) -> Evidence:
    """The fixes that tell of work, with their places on the line."""
    t, f = matched.traversals, matched.fixes
    own = np.flatnonzero(t.status == MATCHED)
    if len(own) == 0:
        return Evidence(own, np.zeros(0), own, np.zeros(0, np.bool_), np.zeros(0, np.bool_))
    fix = np.flatnonzero((f.status == MATCHED) & (f.edge >= 0))
    slot = np.searchsorted(t.first_fix[own], fix, side="right") - 1
    on = own[np.maximum(slot, 0)]
    inside = (slot >= 0) & (fix <= t.last_fix[on]) & (f.edge[fix] == t.edge[on])
    fix, on = fix[inside], on[inside]
    offset = f.offset_m[fix]
    driven = np.where(t.edge[on] % 2 == 0, offset - t.from_m[on], t.to_m[on] - offset)
    driven = np.clip(np.rint(driven * UM), 0, line.end[on] - line.start[on])
    at_um = np.maximum.accumulate(line.start[on] + driven)
    fix, at_um, run, is_own = _with_skipped(traces, fix, at_um, line.run[on])
    return _at_turns(traces, line, Evidence(fix, at_um, run, is_own, np.zeros(len(fix), np.bool_)))


def _with_skipped(traces: Traces, fix: Ints, at_um: Floats, run: Ints) -> tuple[Ints, Floats, Ints, Bools]:
    """The same and the unmatched fixes between two of a run, put between them by time: their blade still tells."""
    others = np.setdiff1d(np.arange(len(traces.fixes)), fix, assume_unique=True)
    after = np.searchsorted(fix, others)
    between = (after > 0) & (after < len(fix))
    others, after = others[between], after[between]
    same = run[after] == run[after - 1]
    others, after = others[same], after[same]
    at = traces.fixes.at_us
    t0, t1 = at[fix[after - 1]], at[fix[after]]
    share = (at[others] - t0) / np.maximum(t1 - t0, 1)
    m0, m1 = at_um[after - 1], at_um[after]
    every = np.concatenate([fix, others])
    order = np.argsort(every)
    places = np.concatenate([at_um, m0 + np.rint((m1 - m0) * np.clip(share, 0, 1))])[order]
    runs = np.concatenate([run, run[after]])[order]
    own = np.concatenate([np.ones(len(fix), np.bool_), np.zeros(len(others), np.bool_)])[order]
    return every[order], np.maximum.accumulate(places), runs, own


def _at_turns(traces: Traces, line: Line, seen: Evidence) -> Evidence:
    """The same; matched fixes that stand within JUNCTION_REACH_M of a turning place of their run are put onto it."""
    speed = traces.fixes.speed_mps[seen.fix]
    stands = seen.own & (speed < STAND_MPS)
    turn = nearest_joint(line, np.flatnonzero(line.is_back), seen.run, seen.at_um, seen.at_um)
    at_turn = stands & ~np.isnan(turn)
    at_um = np.maximum.accumulate(np.where(at_turn, turn, seen.at_um))
    return Evidence(seen.fix, at_um, seen.run, seen.own, at_turn & (at_um == turn))


def is_mixed(matched: Matched, work: WorkStates, seen: Evidence) -> Bools:
    """(R,) inferred traversals between fixes of different kinds, unless one of them stands to turn."""
    t = matched.traversals
    differs = np.diff(work.kind[seen.fix]) != 0
    differs &= ~(seen.at_turn[1:] | seen.at_turn[:-1])
    changes = np.concatenate([[0, 0], np.cumsum(differs)])
    low, high = np.searchsorted(seen.fix, t.first_fix) + 1, np.searchsorted(seen.fix, t.last_fix) + 1
    last = len(changes) - 1
    mixed = (changes[np.minimum(high, last)] != changes[np.minimum(low, last)]) & (t.status == INFERRED)
    return np.asarray(mixed, np.bool_)


def cells(traces: Traces, matched: Matched, work: WorkStates, line: Line, seen: Evidence) -> tuple[Floats, Ints, Ints]:
    """Where on the line a state begins, when, and its code; sorted by place.

    A run begins in the state of its first fix. Of several states that begin at one place only the last counts.
    """
    first_of_run = np.flatnonzero(np.diff(line.run, prepend=-1))
    at, code = traces.fixes.at_us[seen.fix], work.code[seen.fix]
    head_code = np.full(len(first_of_run), UNKNOWN_CODE)
    run, first = np.unique(seen.run, return_index=True)
    head_code[run] = code[first]
    i = np.flatnonzero(seen.run[1:] == seen.run[:-1])
    lost = at[i + 1] - at[i] > BRIDGE_S * 1e6
    a, b = i[lost], i[~lost & (code[i] != code[i + 1])]
    turn = _change_places(line, seen, b)
    place = np.concatenate([line.start[first_of_run], seen.at_um[a], seen.at_um[a + 1], turn])
    when = np.concatenate([matched.traversals.entered_us[first_of_run], at[a], at[a + 1], (at[b] + at[b + 1]) // 2])
    codes = np.concatenate([head_code, np.full(len(a), UNKNOWN_CODE), code[a + 1], code[b + 1]])
    rank = np.concatenate([np.full(len(first_of_run), -1), a * 2, a * 2 + 1, b * 2 + 1])
    of_run = np.concatenate([np.arange(len(first_of_run)), seen.run[a], seen.run[a], seen.run[b]])
    order = np.lexsort((rank, of_run))
    place = np.maximum.accumulate(place[order])
    final = np.append(np.diff(place) > 0, True)[: len(place)]
    return place[final], when[order][final], codes[order][final]


def _change_places(line: Line, seen: Evidence, b: Ints) -> Floats:
    """(n,) where the state changes between the fixes b and b + 1 of the evidence."""
    low, high = seen.at_um[b], seen.at_um[b + 1]
    joint = nearest_joint(line, np.flatnonzero(line.run[1:] == line.run[:-1]) + 1, seen.run[b], low, high)
    between = np.where(np.isnan(joint), (low + high) / 2, joint)
    return np.where(seen.at_turn[b + 1], high, np.where(seen.at_turn[b], low, between))


def nearest_joint(line: Line, joints: Ints, run: Ints, low: Floats, high: Floats) -> Floats:
    """(n,) the start of those traversals that is nearest to the middle of [low, high] on the same run.

    joints  positions of traversals, ascending
    At most JUNCTION_REACH_M outside of [low, high]; NaN where none is.
    """
    middle, room = (low + high) / 2, (high - low) / 2 + JUNCTION_REACH_M * UM
    best = np.full(len(middle), np.nan)
    if len(joints) == 0:
        return best
    places, of_run = line.start[joints], line.run[joints]
    after = np.searchsorted(places, middle)
    for slot in (np.minimum(after, len(places) - 1), np.maximum(after - 1, 0)):
        away = np.abs(places[slot] - middle)
        nearer = (of_run[slot] == run) & (away <= room)
        best, room = np.where(nearer, places[slot], best), np.where(nearer, away, room)
    return best

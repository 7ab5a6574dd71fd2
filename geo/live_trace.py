"""Open traces as they grow: of each only its end is kept, where traversals may still change, and the facts of that end.

A trace is stepped by online matching whenever it has moved on. What its steps confirm becomes facts once; only the last
few traversals are classified again, with two settled ones before them as context, so a step costs the same however long
the trace is. The facts of an open trace are provisional: when it closes it is matched as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.fix import Fixes
from geo.matching.collect import collect
from geo.matching.matcher import MATCHER_VERSION
from geo.matching.online import OnlineMatcher
from geo.matching.online_decode import FixColumns
from geo.matching.online_trip import OnlineTrip
from geo.matching.trip import Trip
from geo.network import Network
from geo.passes import Passes, classify
from geo.trace import Traces, TraceSettings
from geo.work import WorkStates

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Records = np.ndarray[tuple[int], np.dtype[np.void]]

#: A trace is stepped when its vehicle is so far from the last fix stepped: nearer ones decode nothing (min_move_m) …
MOVE_M = 20.0
#: … or when it comes so near to the end of its edge, and at each fix of so much beyond: there a state may change …
NEAR_END_M, STEP_MIN_M = 2.0, 3.0
#: … or when it has moved and fixes wait for so many seconds: a vehicle that crawls; less than that is noise …
MOVE_MIN_M, WAIT_S = 5.0, 3.0
#: … or when so many fixes or seconds wait: one that stands.
STAND_FIXES, STAND_S = 64, 10.0
#: Confirmed traversals with a fix of their own that stay open to change: the work state on one rests on the fixes of
#: its neighbours. Context is what is kept of the settled ones before them.
OPEN_ROWS, CONTEXT_ROWS = 2, 2
#: A stored fact stands for one that differs by less: metres, seconds, probability.
NEAR_M, NEAR_S, NEAR_CONFIDENCE = 1.0, 2.0, 0.05
#: The fact at the end of a trace grows with each fix; it is written again after so many metres or seconds, and when it
#: has come to the end of its edge.
GROW_M, GROW_S = 50.0, 20.0

#: A fact of a trace, as stored; the names are those of geo.passes.Passes.
FACT = np.dtype(
    [
        ("seq", "i8"), ("edge", "i8"), ("from_m", "f8"), ("to_m", "f8"), ("began_us", "i8"), ("ended_us", "i8"),
        ("kind", "i1"), ("status", "i1"), ("treatment", "i1"), ("work_basis", "i1"), ("confidence", "f8"),
        ("n_fixes", "i8"), ("first_fix_us", "i8"), ("last_fix_us", "i8"),
    ],
    align=True,
)  # fmt: skip
_NAMES = tuple(name for name in FACT.names or () if name != "seq")


@dataclass(slots=True)
class LiveTrace:
    """The end of an open trace.

    at_us, code    (w,) times and work states (WorkStates.code) of the fixes of the window, the first has number `base`
    waiting        fixes not stepped yet: at_us, x, y, heading, speed, sigma, work state
    last           time and place of the last fix taken; stepped: place of the last fix stepped
    ahead_m        from the last fix stepped to the end of its edge
    n_context      so many traversals at the start of the window are settled
    seq0, written  number of the first fact that is not settled, and the facts from there on as they are stored
    n_fixes, row_us  fixes of the trace; up to when its stored row says that it reaches
    """

    vehicle: int
    trace_id: int
    trip: OnlineTrip
    at_us: Ints
    code: Ints
    last: tuple[int, float, float]
    stepped: tuple[float, float]
    written: Records
    began_us: int
    n_fixes: int
    row_us: int
    ahead_m: float = MOVE_M
    base: int = 0
    n_context: int = 0
    seq0: int = 0
    waiting: list[tuple[int, float, float, float, float, float, int]] | None = None
    waits_since_us: int = 0

    def goes_on(self, at_us: Ints, x: Floats, y: Floats, settings: TraceSettings) -> bool:
        """Whether (k,) later fixes simply go on with the trace: in order, without a gap, none out of reach."""
        at, px, py = self.last
        for t, qx, qy in zip(at_us.tolist(), x.tolist(), y.tolist(), strict=True):
            seconds = (t - at) / 1e6
            if not 0 < seconds <= settings.max_gap_s:
                return False
            reach_m = settings.max_speed_mps * seconds + settings.slack_m
            if not (qx - px) ** 2 + (qy - py) ** 2 <= reach_m * reach_m:
                return False
            at, px, py = t, qx, qy
        return True

    def take(self, rows: list[tuple[int, float, float, float, float, float, int]], received_us: int) -> None:
        """Take fixes that go on with the trace; they wait for the next step."""
        if self.waiting is None:
            self.waiting, self.waits_since_us = [], received_us
        self.waiting += rows
        self.last = rows[-1][:3]
        self.n_fixes += len(rows)

    def is_due(self, now_us: int) -> bool:
        """Whether what waits is worth a step."""
        if not self.waiting:
            return False
        _, x, y = self.last
        px, py = self.stepped
        waited_s = (now_us - self.waits_since_us) / 1e6
        enough_m = MOVE_MIN_M if waited_s >= WAIT_S else max(min(MOVE_M, self.ahead_m - NEAR_END_M), STEP_MIN_M)
        moved = (x - px) ** 2 + (y - py) ** 2 >= enough_m * enough_m
        return moved or len(self.waiting) >= STAND_FIXES or waited_s >= STAND_S

    def step(self, matcher: OnlineMatcher) -> None:
        """Step what waits."""
        rows = self.waiting or []
        at_us, x, y, heading, speed, sigma, code = (np.array(column) for column in zip(*rows, strict=True))
        self.trip.run(matcher, FixColumns(at_us, x, y, heading, speed, sigma))
        self.at_us, self.code = np.concatenate([self.at_us, at_us]), np.concatenate([self.code, code])
        self.stepped, self.waiting = (float(x[-1]), float(y[-1])), None

    def window(self, matcher: OnlineMatcher) -> Trip:
        """The outcome of the window, its fixes and seconds counted from its first one."""
        trip = self.trip.trip(matcher)
        rows, breaks = trip.rows.copy(), trip.breaks.copy()
        rows["first_fix"] -= self.base
        rows["last_fix"] -= self.base
        ahead_s = float(self.at_us[0] - int(self.trip.state.head["start_us"][0])) / 1e6
        rows["entered_s"] -= ahead_s
        rows["left_s"] -= ahead_s
        breaks[:, :2] = np.where(breaks[:, :2] >= 0, breaks[:, :2] - self.base, -1)
        return replace(trip, rows=rows, breaks=breaks)

    def settle(self, n_facts: Ints) -> None:
        """Settle what no later fix can change, and forget all but the context of it.

        n_facts  (R,) facts of each traversal of the window
        """
        rows = self.trip.rows
        own = np.flatnonzero(rows["n_fixes"] > 0)
        if len(own) <= OPEN_ROWS + CONTEXT_ROWS:
            return
        end, first = int(own[-OPEN_ROWS - 1]) + 1, int(own[-OPEN_ROWS - CONTEXT_ROWS])
        if end <= self.n_context:
            return
        self.seq0 += int(n_facts[self.n_context : end].sum())
        self.written = self.written[self.written["seq"] >= self.seq0]
        self.n_context = end - first
        number = self.trip.forget(first)
        self.at_us, self.code = self.at_us[number - self.base :], self.code[number - self.base :]
        self.base = number


def look_ahead(live: Sequence[LiveTrace], slot: Ints, facts: Records, network: Network) -> None:
    """Note how far each of L traces is from the end of its edge, by its (F,) facts and the position of their trace."""
    ends = np.searchsorted(slot, np.arange(1, len(live) + 1)) - 1
    last = facts[np.maximum(ends, 0)] if len(facts) else facts
    left_m = np.where(last["edge"] & 1, last["from_m"], network.length_m[last["edge"] >> 1] - last["to_m"])
    for i, one in enumerate(live):
        is_known = len(facts) > 0 and ends[i] >= 0 and slot[ends[i]] == i
        one.ahead_m = float(left_m[i]) if is_known else MOVE_M


def facts_of(live: Sequence[LiveTrace], matcher: OnlineMatcher, network: Network) -> tuple[Ints, Records, list[Ints]]:
    """Facts of the open ends of L traces, as far as they are known now.

    Returns (F,) the position of its trace, (F,) FACT, and for each trace the number of facts of each traversal of its
    window.
    """
    trips = [one.window(matcher) for one in live]
    passes = _classified(live, trips, network)
    n_rows = np.array([len(trip.rows) for trip in trips], np.int64)
    first_row = np.cumsum(n_rows) - n_rows
    n_facts = np.bincount(passes.traversal, minlength=int(n_rows.sum())).astype(np.int64)
    per_trace = np.split(n_facts, np.cumsum(n_rows)[:-1])
    n_context = np.array([one.n_context for one in live], np.int64)
    is_open = passes.traversal - first_row[passes.trace] >= n_context[passes.trace]
    passes = passes.select(is_open)
    facts = np.zeros(len(passes), FACT)
    for name in _NAMES:
        facts[name] = getattr(passes, name)
    seq0 = np.array([one.seq0 for one in live], np.int64)
    within = np.arange(len(passes)) - np.searchsorted(passes.trace, passes.trace)
    facts["seq"] = seq0[passes.trace] + within
    return passes.trace, facts, per_trace


def _classified(live: Sequence[LiveTrace], trips: list[Trip], network: Network) -> Passes:
    at_us = np.concatenate([one.at_us for one in live])
    counts = np.array([len(one.at_us) for one in live], np.int64)
    vehicle = np.array([one.vehicle for one in live], np.int64)
    # nothing that comes now reads the places of fixes: they lie on the edges already
    nowhere = np.zeros(len(at_us))
    traces = Traces(
        fixes=Fixes.from_arrays(np.repeat(vehicle, counts), at_us, nowhere, nowhere),
        xy=np.zeros((len(at_us), 2)),
        kept=np.arange(len(at_us)),
        start=np.concatenate([[0], np.cumsum(counts)]),
        vehicle=vehicle,
        outcome=np.zeros(len(at_us), np.int8),
    )
    matched = collect(traces, network.length_m, trips, network.version, MATCHER_VERSION)
    return classify(traces, matched, WorkStates.decode(np.concatenate([one.code for one in live])))


def compare(
    slot: Ints, facts: Records, held_slot: Ints, held: Records, confidence_min: float, length_m: Floats
) -> tuple[Bools, Ints]:
    """Which facts are news beside the stored ones, and which stored one stands for each that is none.

    slot, held_slot  (F,), (H,) the trace of each, ascending, then by seq
    confidence_min   a stored fact never stands for one on the other side of it
    length_m         (P,) of the pieces of the network
    Returns (F,) whether it has to be written, and (F,) the stored fact of its trace and seq, -1 without.
    """
    key, held_key = slot * (1 << 32) + facts["seq"], held_slot * (1 << 32) + held["seq"]
    at = np.searchsorted(held_key, key)
    inside = np.minimum(at, max(len(held_key) - 1, 0))
    found = held_key[inside] == key if len(held_key) else np.zeros(len(key), np.bool_)
    at = np.where(found, inside, -1)
    if not found.any():
        return np.ones(len(key), np.bool_), at
    old = held[inside]
    to_end_m = np.where(facts["edge"] & 1, facts["from_m"], length_m[facts["edge"] >> 1] - facts["to_m"])
    is_last = np.append(slot[1:] != slot[:-1], True) & (to_end_m > NEAR_M)
    near_m, near_us = np.where(is_last, GROW_M, NEAR_M), np.where(is_last, GROW_S, NEAR_S) * 1e6
    same = found.copy()
    for name in ("edge", "kind", "status", "treatment", "work_basis"):
        same &= facts[name] == old[name]
    for name in ("from_m", "to_m"):
        same &= np.abs(facts[name] - old[name]) <= near_m
    for name in ("began_us", "ended_us"):
        same &= np.abs(facts[name] - old[name]) <= near_us
    same &= np.abs(facts["confidence"] - old["confidence"]) <= NEAR_CONFIDENCE
    same &= (facts["confidence"] >= confidence_min) == (old["confidence"] >= confidence_min)
    return ~same, at

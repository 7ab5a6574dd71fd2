"""除雪完了・除雪中・未除雪・不明: the state of every carriageway from facts, plans and devices.

docs/coverage.md prints this module as one table. Times are stored, ages never; whoever shows a state turns it into
unknown at `valid_until`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.coverage import Coverage, PassFacts, clears, cover
from geo.end_slack import adjacent, with_end_slack
from geo.linear import TOUCH_M, order_by, starts_of
from geo.vocabulary import Reason, State
from geo.work import BASIS_UNKNOWN, NO_TREATMENT, PASS, UNKNOWN

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Position of each word in the arrays of EdgeStatus.
STATES: tuple[State, ...] = tuple(State)
REASONS: tuple[Reason, ...] = tuple(Reason)
CLEARED, CLEARING, UNCLEARED, STATE_UNKNOWN = range(4)
#: No such moment, in columns of microseconds.
NEVER = np.iinfo(np.int64).min
NO_SOURCE = -1


@dataclass(frozen=True, slots=True)
class StatusRules:
    """Boundaries of the state table. Fractions and confidence reach them with >=, times pass them with >=.

    covered_fraction_min  share of the length that makes an edge cleared
    confidence_min        a pass below this covers nothing
    clearing_us           how long after its last working metre a machine counts as at work on an edge
    """

    covered_fraction_min: float
    confidence_min: float
    clearing_us: int


@dataclass(frozen=True, slots=True)
class EdgeContext:
    """What is known of E edges besides facts.

    edge_from, edge_to  (E,) nodes;  length_m (E,) metres
    valid_us      (E,) how long a clearing holds by time alone, by class
    on_plan       (E,) a plough route or work section holds the edge
    has_device    (E,) machines are assigned there now, and all of them have a device
    is_healthy    (E,) all of those devices have reported lately
    is_unmatched  (E,) one of those devices left fixes near the edge that no edge explains
    """

    edge_from: Ints
    edge_to: Ints
    length_m: Floats
    valid_us: Ints
    on_plan: Bools
    has_device: Bools
    is_healthy: Bools
    is_unmatched: Bools


@dataclass(frozen=True, slots=True)
class Moment:
    """What the states are relative to: the event and the moment that they describe."""

    reference_us: int
    as_of_us: int
    #: the standing watch: no storm and no callout, so nobody was told to clear
    is_standing: bool

    @property
    def default_reason(self) -> Reason:
        """Why an edge is unknown of which nothing else is known."""
        return Reason.NO_EVENT if self.is_standing else Reason.NOT_ON_PLAN


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """The state of E edges.

    state, reason  (E,) int8, positions in STATES and REASONS
    cleared_us     (E,) end of the oldest pass that the clearing needs; NEVER unless cleared, or expired afterwards
    valid_until_us (E,) from here on the state is unknown; NEVER without such a moment
    observed_us    (E,) end of the last fact of any kind; NEVER without one
    covered_fraction (E,)
    treatment      (E,) int8, of the newest pass that the state rests on; -1 none or not named
    work_basis     (E,) int8, the weakest that the state rests on
    confidence     (E,) the confidence that covered_fraction_min of the metres it rests on reach; 0 without any
    source         (E,) of the newest pass that it rests on, else of the newest fact; NO_SOURCE without one
    synthetic      (E,) whether any fact on the edge is
    """

    state: Ints8
    reason: Ints8
    cleared_us: Ints
    valid_until_us: Ints
    observed_us: Ints
    covered_fraction: Floats
    treatment: Ints8
    work_basis: Ints8
    confidence: Floats
    source: Ints
    synthetic: Bools


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the newest passes that are needed for a share of each edge say together; as in EdgeStatus."""

    fraction: Floats
    oldest_us: Ints
    newest_us: Ints
    weakest: Ints8
    confidence: Floats
    treatment: Ints8
    source: Ints


def assess(facts: PassFacts, edges: EdgeContext, rules: StatusRules, moment: Moment) -> tuple[EdgeStatus, Coverage]:
    """The state of every edge at a moment, and the coverage that it rests on.

    Facts that began before the reference time or ended after the moment do not count.
    """
    facts = facts.select((facts.began_us >= moment.reference_us) & (facts.ended_us <= moment.as_of_us))
    pairs = adjacent(facts, edges.edge_from, edges.edge_to)

    def covered_by(counts: Bools, of: Bools) -> Coverage:
        return cover(with_end_slack(facts, counts, pairs, edges.length_m), counts & of[facts.edge], edges.length_m)

    working = clears(facts)
    sure = covered_by(working & (facts.confidence >= rules.confidence_min), np.full(len(edges.length_m), True))
    basis = _rest_on(facts, sure, edges, rules)
    # what less sure facts could add matters only where the sure ones are not enough
    open_ = basis.fraction < _enough(rules)
    weak = _rest_on(facts, covered_by(working, open_), edges, rules)
    possible = covered_by(working | (facts.kind == UNKNOWN), open_).fraction
    return _decide(facts, edges, rules, moment, basis, weak, possible), sure


def _enough(rules: StatusRules) -> float:
    """The share, less what rounding may take from it."""
    return rules.covered_fraction_min - 1e-9


def _rest_on(facts: PassFacts, coverage: Coverage, edges: EdgeContext, rules: StatusRules) -> _Basis:
    """The newest passes of each edge that together reach the share; all of them where they do not."""
    n, start, order, gain = len(edges.length_m), coverage.start, coverage.order, coverage.gain_m
    edge = np.repeat(np.arange(n), np.diff(start))
    last = _first_reaching(start, gain, rules.covered_fraction_min * edges.length_m)
    needed = np.arange(len(order)) <= last[edge]
    some = np.diff(start) > 0
    oldest, newest = np.full(n, NEVER), np.full(n, NEVER)
    treatment, source = np.full(n, NO_TREATMENT, np.int8), np.full(n, NO_SOURCE)
    oldest[some] = facts.ended_us[order[last[some]]]
    first = order[start[:-1][some]]
    newest[some] = facts.ended_us[first]
    treatment[some], source[some] = facts.treatment[first], facts.source[first]
    weakest = np.full(n, BASIS_UNKNOWN, np.int8)
    weakest[some] = 0
    np.maximum.at(weakest, edge[needed], facts.work_basis[order[needed]])
    confidence = _share_confidence(edge[needed], facts.confidence[order[needed]], gain[needed], n, rules)
    return _Basis(coverage.fraction, oldest, newest, weakest, confidence, treatment, source)


def _first_reaching(start: Ints, gain: Floats, target: Floats) -> Ints:
    """(E,) entry at which the running sum of each group reaches its target; its last entry where it never does."""
    total = np.concatenate([[0.0], np.cumsum(gain)])
    at = np.searchsorted(total, total[start[:-1]] + target - TOUCH_M / 2, side="left") - 1
    return np.clip(at, start[:-1], start[1:] - 1)


def _share_confidence(edge: Ints, confidence: Floats, gain: Floats, n: int, rules: StatusRules) -> Floats:
    """(n,) the confidence that the share of the metres reaches: a minimum that slivers do not decide."""
    order = np.lexsort((-confidence, edge))
    start = starts_of(edge[order], n)
    whole = np.bincount(edge, weights=gain, minlength=n)
    at = _first_reaching(start, gain[order], rules.covered_fraction_min * whole)
    found = np.zeros(n)
    some = np.diff(start) > 0
    found[some] = confidence[order][at[some]]
    return found


def _decide(
    facts: PassFacts,
    edges: EdgeContext,
    rules: StatusRules,
    moment: Moment,
    basis: _Basis,
    weak: _Basis,
    possible: Floats,
) -> EdgeStatus:
    enough = _enough(rules)
    complete = basis.fraction >= enough
    until = np.where(complete, basis.oldest_us + edges.valid_us, NEVER)
    cleared = complete & (until > moment.as_of_us)
    at_work = (basis.fraction > 0) & (basis.newest_us + rules.clearing_us > moment.as_of_us)
    clearing = ~cleared & at_work
    weakly = weak.fraction >= enough
    first_that_holds: list[tuple[Bools, State, Reason]] = [
        (cleared, State.CLEARED, Reason.NONE),
        (clearing, State.CLEARING, Reason.NONE),
        (complete, State.UNKNOWN, Reason.EXPIRED),
        (weakly, State.UNKNOWN, Reason.LOW_CONFIDENCE),
        (possible >= enough, State.UNKNOWN, Reason.WORK_UNKNOWN),
        (np.full(len(complete), moment.is_standing), State.UNKNOWN, Reason.NO_EVENT),
        (~edges.on_plan, State.UNKNOWN, Reason.NOT_ON_PLAN),
        (~edges.has_device, State.UNKNOWN, Reason.NO_DEVICE),
        (~edges.is_healthy, State.UNKNOWN, Reason.SILENT),
        (edges.is_unmatched, State.UNKNOWN, Reason.UNMATCHED),
    ]
    when = [row[0] for row in first_that_holds]
    state = np.select(when, [STATES.index(row[1]) for row in first_that_holds], UNCLEARED).astype(np.int8)
    reason = np.select(when, [REASONS.index(row[2]) for row in first_that_holds], REASONS.index(Reason.NONE))
    valid_until = np.where(clearing, basis.newest_us + rules.clearing_us, until)
    rests_on_weak = (~complete & ~clearing & weakly) | ((basis.fraction <= 0) & (weak.fraction > 0))
    last = _last_of(facts, np.full(len(facts), True), len(complete))
    last_work = _last_of(facts, facts.kind == PASS, len(complete))
    return EdgeStatus(
        state=state, reason=reason.astype(np.int8),
        cleared_us=np.where(complete & ~clearing, basis.oldest_us, NEVER), valid_until_us=valid_until,
        observed_us=_pick(facts.ended_us, last, NEVER), covered_fraction=basis.fraction,
        treatment=np.where(basis.fraction > 0, basis.treatment, _pick(facts.treatment, last_work, NO_TREATMENT)),
        work_basis=np.where(rests_on_weak, weak.weakest, basis.weakest),
        confidence=np.where(rests_on_weak, weak.confidence, basis.confidence),
        source=np.where(basis.fraction > 0, basis.source, _pick(facts.source, last, NO_SOURCE)),
        synthetic=np.bincount(facts.edge, weights=facts.synthetic, minlength=len(complete)) > 0,
    )  # fmt: skip


def _last_of(facts: PassFacts, of: Bools, n: int) -> Ints:
    """(n,) position of the newest fact of each edge among those of the mask; -1 without one."""
    at = np.flatnonzero(of)
    order = at[order_by((facts.edge[at], facts.ended_us[at]), (facts.seq[at], facts.source[at], facts.treatment[at]))]
    found = np.full(n, -1)
    found[facts.edge[order]] = order
    return found


def _pick[T: np.generic](values: NDArray[T], at: Ints, missing: int) -> NDArray[T]:
    out = np.full(len(at), missing, values.dtype)
    out[at >= 0] = values[at[at >= 0]]
    return out

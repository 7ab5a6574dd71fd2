"""除雪完了・除雪中・未除雪・不明: the state of every carriageway from facts, snow, orders, plans and devices.

docs/coverage.md prints this module as one table. Times are stored, ages never; whoever shows a state turns it into
unknown at `valid_until`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.ageing import Held, held_clearing, snow_at
from geo.basis import Basis, rest_on
from geo.coverage import Coverage, PassFacts, clears
from geo.coverage_passes import cover_passes, traversal_of
from geo.drawn_twice import with_twins
from geo.end_slack import adjacent, with_end_slack
from geo.fix import TREATMENTS
from geo.linear import order_by
from geo.passes import BASIS_CONFIDENCE_MAX
from geo.status_rules import (
    CLEARED,
    CLEARING,
    MANAGER_SOURCE,
    NEVER,
    NO_SOURCE,
    REASONS,
    STATE_UNKNOWN,
    STATES,
    UNCLEARED,
    EdgeContext,
    EdgeStatus,
    Moment,
    StatusRules,
)
from geo.treatments import SPREADING, TreatmentCoverage, cover_treatments, works
from geo.vocabulary import Reason, State, Treatment
from geo.work import DECLARED, NO_TREATMENT, PASS, UNKNOWN

__all__ = [
    "CLEARED", "CLEARING", "MANAGER_SOURCE", "NEVER", "NO_SOURCE", "REASONS", "STATES", "STATE_UNKNOWN", "TABLE",
    "UNCLEARED", "EdgeContext", "EdgeStatus", "Moment", "StatusRules", "assess", "assess_all",
]  # fmt: skip

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: State and reason of each row of the state table, in order; the last one holds where no other does.
TABLE: tuple[tuple[State, Reason], ...] = (
    (State.UNKNOWN, Reason.CLOSED),
    (State.UNCLEARED, Reason.NONE),
    (State.UNKNOWN, Reason.NONE),
    (State.CLEARING, Reason.NONE),
    (State.CLEARED, Reason.NONE),
    (State.CLEARING, Reason.NONE),
    (State.UNKNOWN, Reason.SNOWED_OVER),
    (State.UNKNOWN, Reason.EXPIRED),
    (State.UNKNOWN, Reason.LOW_CONFIDENCE),
    (State.UNKNOWN, Reason.WORK_UNKNOWN),
    (State.UNKNOWN, Reason.NO_EVENT),
    (State.UNKNOWN, Reason.NOT_ON_PLAN),
    (State.UNKNOWN, Reason.NO_DEVICE),
    (State.UNKNOWN, Reason.SILENT),
    (State.UNKNOWN, Reason.UNMATCHED),
    (State.UNCLEARED, Reason.NONE),
)
_SIDEWALK = frozenset({Treatment.SIDEWALK_CLEARING})


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the facts of an event say of E edges.

    basis     what the metres that have as many passes as they need rest on; once: those that have one at least
    weak      as basis, with passes of low confidence; possible (E,) share with unknown work besides
    treated   coverage by treatment
    """

    basis: Basis
    once: Basis
    weak: Basis
    possible: Floats
    treated: TreatmentCoverage


def assess(facts: PassFacts, edges: EdgeContext, rules: StatusRules, moment: Moment) -> tuple[EdgeStatus, Coverage]:
    """The state of every edge at a moment, and the coverage that it rests on.

    Facts that began before the reference time or ended after the moment do not count.
    """
    return assess_all(facts, edges, rules, moment, SPREADING | _SIDEWALK)[:2]


def assess_all(
    facts: PassFacts,
    edges: EdgeContext,
    rules: StatusRules,
    moment: Moment,
    treatments: frozenset[Treatment] = frozenset(Treatment),
) -> tuple[EdgeStatus, Coverage, TreatmentCoverage]:
    """The same as assess, and the coverage by treatment, of some treatments; spreading and sidewalks among them."""
    facts = facts.select((facts.began_us >= moment.reference_us) & (facts.ended_us <= moment.as_of_us))
    facts = with_twins(facts, edges.twins)
    seen, coverage, told = _see(facts, edges, rules, treatments)
    return _decide(told, edges, rules, moment, seen), coverage, seen.treated


def _see(
    facts: PassFacts, edges: EdgeContext, rules: StatusRules, treatments: frozenset[Treatment]
) -> tuple[_Seen, Coverage, PassFacts]:
    """What the facts say, the sure coverage, and the facts with what they tell of the other direction."""
    length_m, needed = edges.length_m, edges.passes_needed
    pairs = adjacent(facts, edges.edge_from, edges.edge_to)
    at = _with_shared(facts, edges)
    told = _turned(facts, at, len(facts))
    traversal = traversal_of(told)

    def drawn(counts: Bools) -> PassFacts:
        return _turned(with_end_slack(facts, counts, pairs, length_m), at, len(facts))

    def rest(counts: Bools, of: Bools, needed: NDArray[np.int16] = needed) -> tuple[Basis, Coverage]:
        counted = counts[at] & of[told.edge]
        coverage = cover_passes(drawn(counts), counted, length_m, needed, traversal)
        return rest_on(told, coverage, length_m, rules.covered_fraction_min), coverage

    working, sure_enough = clears(facts), facts.confidence >= rules.confidence_min
    basis, coverage = rest(working & sure_enough, np.full(len(length_m), True))
    several = needed > 1
    once = (
        rest(working & sure_enough, several, np.ones_like(needed))[0].where(several, basis) if several.any() else basis
    )
    # what less sure facts could add matters only where the sure ones are not enough
    open_ = basis.fraction < rules.enough
    weak = rest(working, open_)[0]
    possible = rest(working | (facts.kind == UNKNOWN), open_)[0].fraction
    named = works(facts) & sure_enough
    asked = np.isin(facts.treatment, [TREATMENTS.index(word) for word in treatments])
    treated = cover_treatments(drawn(named), (named & asked)[at], length_m, rules)
    return _Seen(basis, once, weak, possible, treated), coverage, told


def _with_shared(facts: PassFacts, edges: EdgeContext) -> Ints:
    """Positions of all facts, then of those that tell of the other direction too: on shared edges, no sidewalk work."""
    shared = edges.is_shared[facts.edge] & (facts.treatment != TREATMENTS.index(Treatment.SIDEWALK_CLEARING))
    return np.concatenate([np.arange(len(facts)), np.flatnonzero(shared)])


def _turned(facts: PassFacts, at: Ints, n: int) -> PassFacts:
    """The facts at positions; those from the n-th on are laid on the other direction of their piece, metre by metre."""
    taken = facts.select(at) if len(at) > n else facts
    edge = taken.edge.copy()
    edge[n:] ^= 1
    return replace(taken, edge=edge)


def _decide(facts: PassFacts, edges: EdgeContext, rules: StatusRules, moment: Moment, seen: _Seen) -> EdgeStatus:
    """The first row of the table that holds, for every edge, and what it rests on."""
    said, said_us = edges.orders.corrected, edges.orders.corrected_us
    held = held_clearing(seen.basis, edges, rules)
    found = _first_row(edges, rules, moment, seen, held)
    clearing, shut = found.state == CLEARING, edges.orders.is_closed
    shown = held.complete & ~clearing & ~shut & ~np.isin(said, (UNCLEARED, STATE_UNKNOWN))
    cleared_us = np.where(shown, held.since_us, NEVER)
    worked_us = np.where(found.said_clearing, said_us, seen.once.newest_us)
    by_hand = found.said_clearing | found.said_plainly | ((said == CLEARED) & (held.since_us == said_us) & ~clearing)
    by_hand |= (said == CLEARING) & ~held.complete & ~clearing
    return replace(
        _evidence(facts, edges, rules, seen, by_hand & ~shut),
        state=found.state, reason=found.reason, cleared_us=cleared_us,
        valid_until_us=np.where(clearing, worked_us + rules.clearing_us, np.where(shown, held.until_us, NEVER)),
        complete_us=held.since_us, snow_at_clearing_cm=snow_at(edges, moment, cleared_us),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rows:
    """State and reason (E,), and where a road manager says that work goes on, or that it is not done or not known."""

    state: NDArray[np.int8]
    reason: NDArray[np.int8]
    said_clearing: Bools
    said_plainly: Bools


def _first_row(edges: EdgeContext, rules: StatusRules, moment: Moment, seen: _Seen, held: Held) -> _Rows:
    """The first row that holds; docs/coverage.md, section 4, is this list."""
    said, as_of = edges.orders.corrected, moment.as_of_us
    shut = edges.orders.is_closed
    said_clearing = ~shut & (said == CLEARING) & (edges.orders.corrected_us + rules.clearing_us > as_of)
    at_work = (seen.once.fraction > 0) & (seen.once.newest_us + rules.clearing_us > as_of)
    when = [
        shut,
        said == UNCLEARED,
        said == STATE_UNKNOWN,
        said_clearing,
        held.complete & (held.until_us > as_of),
        at_work,
        held.complete & held.by_snow,
        held.complete | (said == CLEARING),
        seen.weak.fraction >= rules.enough,
        seen.possible >= rules.enough,
        np.full(len(said), moment.is_standing),
        ~edges.on_plan,
        ~edges.has_device,
        ~edges.is_healthy,
        edges.is_unmatched,
    ]
    *rows, (rest_state, rest_reason) = [(STATES.index(state), REASONS.index(reason)) for state, reason in TABLE]
    state = np.select(when, [row[0] for row in rows], rest_state).astype(np.int8)
    reason = np.select(when, [row[1] for row in rows], rest_reason)
    plainly = ~shut & np.isin(said, (UNCLEARED, STATE_UNKNOWN))
    return _Rows(state, reason.astype(np.int8), said_clearing, plainly)


def _evidence(facts: PassFacts, edges: EdgeContext, rules: StatusRules, seen: _Seen, by_hand: Bools) -> EdgeStatus:
    """What each state rests on; the state itself and its times are filled in by _decide."""
    n, basis, once, weak = len(edges.length_m), seen.basis, seen.once, seen.weak
    rested = basis.where(basis.fraction > 0, once)
    short = basis.fraction < rules.enough
    working = (once.fraction > 0) & short
    rests_on_weak = (short & ~working & (weak.fraction > 0)) | (short & (weak.fraction >= rules.enough))
    last = _last_of(facts, np.full(len(facts), True), n)
    last_work = _last_of(facts, facts.kind == PASS, n)
    nothing = np.zeros(n, np.int8)
    treatment = np.where(once.fraction > 0, once.treatment, _pick(facts.treatment, last_work, NO_TREATMENT))
    weakest = np.where(rests_on_weak, weak.weakest, rested.weakest)
    confidence = np.where(rests_on_weak, weak.confidence, rested.confidence)
    source = np.where(once.fraction > 0, once.source, _pick(facts.source, last, NO_SOURCE))
    said_us = edges.orders.corrected_us
    return EdgeStatus(
        state=nothing, reason=nothing, cleared_us=said_us, valid_until_us=said_us, complete_us=said_us,
        observed_us=np.maximum(_pick(facts.ended_us, last, NEVER), said_us),
        covered_fraction=basis.fraction, passed_fraction=once.fraction, passes_needed=edges.passes_needed,
        treatment=np.where(by_hand, NO_TREATMENT, treatment).astype(np.int8),
        work_basis=np.where(by_hand, DECLARED, weakest).astype(np.int8),
        confidence=np.where(by_hand, BASIS_CONFIDENCE_MAX[DECLARED], confidence),
        source=np.where(by_hand, MANAGER_SOURCE, source),
        synthetic=np.bincount(facts.edge, weights=facts.synthetic, minlength=n) > 0,
        spread_us=seen.treated.since(n, SPREADING), sidewalk_us=seen.treated.since(n, _SIDEWALK),
        restriction=edges.orders.restriction, is_corrected=by_hand,
        snow_cell=edges.snow_cell if edges.snow is not None else np.full(n, -1, np.int32),
        snow_at_clearing_cm=np.full(n, np.nan),
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

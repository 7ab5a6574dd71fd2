"""計画と実績: what became of each planned pass, from the passes of its window.

docs/service-level.md prints the rules. A planned pass names a treatment, or none: then any work does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.linear import Stretches, intersect, union
from geo.vocabulary import PlanState
from geo.work import NO_TREATMENT, PASS, UNKNOWN

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Position of each word in Actual.state.
PLAN_STATES: tuple[PlanState, ...] = tuple(PlanState)
DONE, PARTLY, NOT_DONE, PLAN_UNKNOWN, PLAN_PENDING = range(5)


@dataclass(frozen=True, slots=True)
class Planned:
    """N planned passes.

    area            (N,) position of the route or section
    treatment       (N,) int8, position in geo.fix.TREATMENTS; -1: any work
    from_us, to_us  (N,) the window, both ends inclusive
    is_seen         (N,) every machine of the area has a device and was heard in the window
    """

    area: Ints
    treatment: Ints8
    from_us: Ints
    to_us: Ints
    is_seen: Bools


@dataclass(frozen=True, slots=True)
class PlanRules:
    """Shares of the metres from which on a planned pass is done, and up to which it is not; confidence that counts."""

    done_share_min: float
    not_done_share_max: float
    confidence_min: float


@dataclass(frozen=True, slots=True)
class Actual:
    """What became of N planned passes.

    state           (N,) int8, position in PLAN_STATES
    share           (N,) share of the area's directed metres worked so in the window, 0 to 1; nan: it holds none
    possible_share  (N,) the same with passes that may have been it: not sure enough, work or treatment not known
    """

    state: Ints8
    share: Floats
    possible_share: Floats


def compare(
    planned: Planned, facts: PassFacts, held: Stretches, n_edges: int, rules: PlanRules, as_of_us: int
) -> Actual:
    """What became of each planned pass by a moment; the first row of the table that holds decides.

    held  group = area * n_edges + edge, a union. A pass belongs to a window that it overlaps.
    """
    order = np.argsort(facts.edge, kind="stable")
    by_edge = facts.select(order[facts.ended_us[order] <= as_of_us])
    share, possible = np.full(len(planned.area), np.nan), np.full(len(planned.area), np.nan)
    for area in np.unique(planned.area).tolist():
        low, high = np.searchsorted(held.group, (area * n_edges, (area + 1) * n_edges))
        mine = Stretches(held.group[low:high] - area * n_edges, held.from_m[low:high], held.to_m[low:high])
        metres = float((mine.to_m - mine.from_m).sum())
        if metres <= 0:
            continue
        near = by_edge.select(_on(by_edge.edge, np.unique(mine.group)))
        for i in np.flatnonzero(planned.area == area).tolist():
            sure, maybe = _is_it(near, planned, i, rules)
            share[i] = _metres(near, sure, mine) / metres
            possible[i] = _metres(near, sure | maybe, mine) / metres
    return Actual(_decide(planned, share, possible, rules, as_of_us), share, possible)


def _on(sorted_edge: Ints, edges: Ints) -> Ints:
    """Positions of (n,) sorted edges that are among some edges."""
    low, high = np.searchsorted(sorted_edge, edges), np.searchsorted(sorted_edge, edges, side="right")
    n = high - low
    return np.repeat(low - np.concatenate([[0], np.cumsum(n)])[:-1], n) + np.arange(int(n.sum()))


def _is_it(facts: PassFacts, planned: Planned, i: int, rules: PlanRules) -> tuple[Bools, Bools]:
    """Which facts are the planned work, and which may have been."""
    inside = (facts.ended_us >= planned.from_us[i]) & (facts.began_us <= planned.to_us[i])
    wanted = planned.treatment[i]
    works = inside & (facts.kind == PASS)
    fits = works & ((facts.treatment == wanted) | (wanted == NO_TREATMENT))
    is_sure = facts.confidence >= rules.confidence_min
    unnamed = works & (facts.treatment == NO_TREATMENT)
    return fits & is_sure, (fits & ~is_sure) | unnamed | (inside & (facts.kind == UNKNOWN))


def _metres(facts: PassFacts, which: Bools, held: Stretches) -> float:
    driven = union(Stretches(facts.edge[which], facts.from_m[which], facts.to_m[which]))
    found = intersect(driven, held)
    return float((found.to_m - found.from_m).sum())


def _decide(planned: Planned, share: Floats, possible: Floats, rules: PlanRules, as_of_us: int) -> Ints8:
    is_open = planned.to_us > as_of_us
    rows: list[tuple[Bools, int]] = [
        (np.isnan(share) & ~is_open, PLAN_UNKNOWN),
        (share >= rules.done_share_min, DONE),
        (is_open, PLAN_PENDING),
        ((possible >= rules.done_share_min) | ~planned.is_seen, PLAN_UNKNOWN),
        (share > rules.not_done_share_max, PARTLY),
        # what may have been it is more than nothing
        (possible > rules.not_done_share_max, PLAN_UNKNOWN),
    ]
    return np.select([row[0] for row in rows], [row[1] for row in rows], NOT_DONE).astype(np.int8)

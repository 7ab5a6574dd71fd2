"""What a state rests on: the newest passes that are needed for a share of an edge, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from geo.coverage import Coverage, PassFacts
from geo.linear import TOUCH_M, starts_of
from geo.status_rules import NEVER, NO_SOURCE
from geo.work import BASIS_UNKNOWN, NO_TREATMENT

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Basis:
    """For E edges, as in geo.status_rules.EdgeStatus.

    oldest_us   (E,) end of the oldest pass that is needed, newest_us of the newest; NEVER without any
    weakest     (E,) work basis, confidence (E,), treatment and source (E,) of the newest
    """

    fraction: Floats
    oldest_us: Ints
    newest_us: Ints
    weakest: Ints8
    confidence: Floats
    treatment: Ints8
    source: Ints

    def where(self, mask: Bools, other: Basis) -> Basis:
        """Self where the mask holds, else the other."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(Basis)}
        return Basis(**{name: np.where(mask, mine, theirs) for name, (mine, theirs) in pairs.items()})


def rest_on(facts: PassFacts, coverage: Coverage, length_m: Floats, share: float) -> Basis:
    """The newest passes of each edge that together reach the share; all of them where they do not."""
    n, start, order, gain = len(length_m), coverage.start, coverage.order, coverage.gain_m
    edge = np.repeat(np.arange(n), np.diff(start))
    last = first_reaching(start, gain, share * length_m)
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
    np.maximum.at(weakest, edge[needed], coverage.work_basis[needed])
    confidence = _share_confidence(edge[needed], coverage.confidence[needed], gain[needed], n, share)
    return Basis(coverage.fraction, oldest, newest, weakest, confidence, treatment, source)


def first_reaching(start: Ints, gain: Floats, target: Floats) -> Ints:
    """(E,) entry at which the running sum of each group reaches its target; its last entry where it never does."""
    total = np.concatenate([[0.0], np.cumsum(gain)])
    at = np.searchsorted(total, total[start[:-1]] + target - TOUCH_M / 2, side="left") - 1
    return np.clip(at, start[:-1], start[1:] - 1)


def _share_confidence(edge: Ints, confidence: Floats, gain: Floats, n: int, share: float) -> Floats:
    """(n,) the confidence that the share of the metres reaches: a minimum that slivers do not decide."""
    order = np.lexsort((-confidence, edge))
    start = starts_of(edge[order], n)
    whole = np.bincount(edge, weights=gain, minlength=n)
    at = first_reaching(start, gain[order], share * whole)
    found = np.zeros(n)
    some = np.diff(start) > 0
    found[some] = confidence[order][at[some]]
    return found

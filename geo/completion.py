"""初回完了: when enough of each edge had been covered for the first time, and how coverage grew before.

geo.coverage lays newer passes over older ones and tells how old a clearing is. Here the passes are taken in the order
of their ends: what each adds to all earlier ones is the progress of the work. A metre counts once as many passes as
the edge needs have gone over it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.coverage_passes import traversal_of
from geo.linear import TOUCH_M, order_by, starts_of

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: No such moment: the value of geo.status.NEVER.
NEVER = np.iinfo(np.int64).min
#: What rounding may take from a share; as in geo.status.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Growth:
    """How the coverage of E edges grew.

    edge    (K,) edge positions, ascending
    at_us   (K,) ends of the passes that brought metres to completion, ascending within each edge
    gain_m  (K,) metres that each brought, more than 0
    start   (E + 1,) first entry of each edge
    """

    edge: Ints
    at_us: Ints
    gain_m: Floats
    start: Ints

    def covered_m(self, at_us: int) -> Floats:
        """(E,) metres of each edge that were complete by a moment."""
        by_then = self.at_us <= at_us
        n = len(self.start) - 1
        return np.bincount(self.edge[by_then], weights=self.gain_m[by_then], minlength=n).astype(np.float64)


def growth(
    facts: PassFacts, counts: Bools, length_m: Floats, passes_needed: NDArray[np.int16], is_shared: Bools
) -> Growth:
    """How the facts that count covered E edges, in the order in which they ended.

    counts (Q,); length_m, passes_needed, is_shared (E,): metres, passes that every metre needs, and whether a pass in
    either direction counts for both edges of the piece. Facts of one traversal are one pass. The same for every order
    of the facts.
    """
    at, traversal = np.flatnonzero(counts), traversal_of(facts)
    both = at[is_shared[facts.edge[at]]]
    row = np.concatenate([at, both])
    edge = np.concatenate([facts.edge[at], facts.edge[both] ^ 1])
    low, high = np.maximum(facts.from_m[row], 0.0), np.minimum(facts.to_m[row], length_m[edge])
    order = order_by((edge, facts.ended_us[row]), (facts.began_us[row], low, high))
    edge, low, high, ended = edge[order], low[order], high[order], facts.ended_us[row][order]
    start = starts_of(edge, len(length_m))
    gain = _gains(start, low, high, traversal[row][order], length_m, passes_needed.astype(np.int64), TOUCH_M)
    used = gain > 0
    return Growth(edge[used], ended[used], gain[used], starts_of(edge[used], len(length_m)))


@numba.njit(nogil=True, cache=True)
def _gains(
    start: Ints, from_m: Floats, to_m: Floats, traversal: Ints, length_m: Floats, needed: Ints, touch_m: float
) -> Floats:
    """(Q,) metres that each pass of an edge is the needed one over; passes in their order, start (E + 1,).

    The ends of all passes cut the edge in pieces; each pass is counted on the pieces that it holds, once a traversal.
    O(n^2) an edge of n passes, O(n^3) where it needs several; it stops once all of it is complete.
    """
    gain = np.zeros(len(from_m))
    for e in range(len(length_m)):
        first, end = start[e], start[e + 1]
        if end - first < needed[e]:
            continue
        cuts = np.unique(np.concatenate((from_m[first:end], to_m[first:end])))
        times = np.zeros(max(len(cuts) - 1, 0), np.int64)
        total = 0.0
        for p in range(first, end):
            i = np.searchsorted(cuts, from_m[p])
            while i < len(times) and cuts[i] < to_m[p]:
                is_new = True
                for q in range(first, p if needed[e] > 1 else first):
                    if traversal[q] == traversal[p] and from_m[q] <= cuts[i] and to_m[q] > cuts[i]:
                        is_new = False
                times[i] += is_new
                if is_new and times[i] == needed[e]:
                    gain[p] += cuts[i + 1] - cuts[i]
                i += 1
            total += gain[p]
            if total >= length_m[e] - touch_m:
                break
    return gain


def completed_us(grown: Growth, length_m: Floats, share_min: float) -> Ints:
    """(E,) the first moment by which share_min of each edge was complete; NEVER where it never was.

    As in geo.status a share is reached at its boundary, and an edge of which no more than TOUCH_M is missing is whole.
    """
    target = np.minimum((share_min - ROUNDING) * length_m, length_m - TOUCH_M)
    total = np.concatenate([[0.0], np.cumsum(grown.gain_m)])
    held = total[grown.start[1:]] - total[grown.start[:-1]]
    # sums over all edges are rounded to about 1e-6 m; a micrometre is no metre of road
    some = (held >= target - 1e-6) & (np.diff(grown.start) > 0)
    first = np.searchsorted(total, total[grown.start[:-1][some]] + target[some] - 1e-6, side="left") - 1
    first = np.clip(first, grown.start[:-1][some], grown.start[1:][some] - 1)
    found = np.full(len(length_m), NEVER)
    found[some] = grown.at_us[first]
    return found

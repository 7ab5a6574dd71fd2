"""Coverage of edges that need several passes side by side: the metres over which so many different ones went.

Of the passes over a metre the newest ones count, as many as the edge needs; the oldest of these, the k-th newest, is
the one that the metre rests on. Two facts of one traversal are one pass; two ploughs in echelon are two.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from geo.coverage import Coverage, PassFacts, cover, fraction_of, newest_first
from geo.linear import TOUCH_M, Stretches, starts_of, union

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints16 = NDArray[np.int16]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]


def traversal_of(facts: PassFacts) -> Ints:
    """(Q,) which traversal of an edge each fact is a part of, numbered from 0.

    Facts of one trace that follow each other on one edge are one traversal: its work state changed on the way. A loop
    that is driven twice without leaving it counts as one, too: rather too few passes than too many.
    """
    order = np.lexsort((facts.seq, facts.trace, facts.edge))
    edge, trace, seq = facts.edge[order], facts.trace[order], facts.seq[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (edge[1:] != edge[:-1]) | (trace[1:] != trace[:-1]) | (seq[1:] > seq[:-1] + 1)
    found = np.empty(len(order), np.int64)
    found[order] = np.cumsum(new) - 1
    return found


def cover_passes(facts: PassFacts, counts: Bools, length_m: Floats, passes_needed: Ints16, traversal: Ints) -> Coverage:
    """The coverage of E edges of length_m metres by those facts that count: metres with passes_needed (E,) passes each.

    traversal (Q,) as of traversal_of all the facts. The same as geo.coverage.cover where one pass is needed.
    """
    several = passes_needed > 1
    of_several = several[facts.edge] & counts
    one = cover(facts, counts & ~of_several, length_m)
    return _joined(one, _several(facts, of_several, length_m, passes_needed, traversal)) if of_several.any() else one


def _several(facts: PassFacts, counts: Bools, length_m: Floats, passes_needed: Ints16, traversal: Ints) -> Coverage:
    """The coverage by facts on edges that need several passes."""
    newest = newest_first(facts, np.flatnonzero(counts), length_m)
    edges, inside = np.unique(newest.group, return_inverse=True)
    start = starts_of(inside, len(edges))
    owner, low, high, confidence, basis = _stack(
        start, newest.from_m, newest.to_m, traversal[newest.at], facts.confidence[newest.at],
        facts.work_basis[newest.at], passes_needed[edges].astype(np.int64), TOUCH_M,
    )  # fmt: skip
    order = np.lexsort((low, owner))
    owner, group = owner[order], newest.group[owner[order]]
    covered = union(Stretches(group, low[order], high[order]))
    return Coverage(
        covered=covered, fraction=fraction_of(covered, length_m), order=newest.at[owner], gain_m=(high - low)[order],
        confidence=confidence[order], work_basis=basis[order], start=starts_of(group, len(length_m)),
    )  # fmt: skip


def _joined(a: Coverage, b: Coverage) -> Coverage:
    """Both; no edge has something in the two of them."""
    n = len(a.fraction)
    group = np.concatenate([np.repeat(np.arange(n), np.diff(part.start)) for part in (a, b)])
    at = np.argsort(group, kind="stable")
    held = Stretches(*(np.concatenate([getattr(p.covered, k) for p in (a, b)]) for k in ("group", "from_m", "to_m")))
    return Coverage(
        covered=held.select(np.argsort(held.group, kind="stable")), fraction=a.fraction + b.fraction,
        order=np.concatenate([a.order, b.order])[at], gain_m=np.concatenate([a.gain_m, b.gain_m])[at],
        confidence=np.concatenate([a.confidence, b.confidence])[at],
        work_basis=np.concatenate([a.work_basis, b.work_basis])[at], start=starts_of(group[at], n),
    )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def _stack(
    start: Ints,
    from_m: Floats,
    to_m: Floats,
    traversal: Ints,
    confidence: Floats,
    work_basis: Ints8,
    needed: Ints,
    touch_m: float,
) -> tuple[Ints, Floats, Floats, Floats, Ints8]:
    """Count the traversals of each group over every stretch between two ends of passes.

    start (G + 1,) first pass of each group, newest first; needed (G,). Returns, for each stretch that has enough, the
    pass that it rests on, its two ends, and the least confidence and weakest basis of the passes that it needs.
    """
    size = 2 * len(from_m)
    owner, low, high = np.empty(size, np.int64), np.empty(size), np.empty(size)
    least, weakest = np.empty(size), np.empty(size, np.int8)
    seen = np.empty(needed.max(), np.int64)
    n = 0
    for g in range(len(needed)):
        first, end = start[g], start[g + 1]
        cuts = np.sort(np.concatenate((from_m[first:end], to_m[first:end])))
        for c in range(len(cuts) - 1):
            if cuts[c + 1] - cuts[c] <= 0.0:
                continue
            found, sure, basis = 0, 1.0, np.int8(0)
            for p in range(first, end):
                if from_m[p] > cuts[c] or to_m[p] < cuts[c + 1] or to_m[p] - from_m[p] <= touch_m:
                    continue
                is_new = True
                for k in range(found):
                    is_new = is_new and seen[k] != traversal[p]
                if not is_new:
                    continue
                seen[found] = traversal[p]
                found, sure, basis = found + 1, min(sure, confidence[p]), max(basis, work_basis[p])
                if found == needed[g]:
                    owner[n], low[n], high[n], least[n], weakest[n] = p, cuts[c], cuts[c + 1], sure, basis
                    n += 1
                    break
    return owner[:n], low[:n], high[:n], least[:n], weakest[:n]

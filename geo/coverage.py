"""除雪範囲: which metres of each carriageway were cleared since a reference time, and how old the oldest of them is.

A pass counts when it takes snow off the carriageway, its work is not unknown and its confidence reaches the limit.
The covered part of an edge is the union of the passes that count. Newer passes are laid over older ones; what a pass
adds to all newer ones is its *gain*. The age of the whole is the age of the oldest pass that is still needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numba
import numpy as np
from numpy.typing import NDArray

from geo.linear import TOUCH_M, Stretches, measure, order_by, starts_of
from geo.work import BASIS_UNKNOWN, CLEARS, PASS

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PassFacts:
    """Q stored facts of one network version, in any order.

    edge        (Q,) int64, edge position in Network
    from_m, to_m  (Q,) metres along digitising
    began_us, ended_us  (Q,) microseconds since the epoch
    kind, treatment, work_basis  (Q,) int8, as in geo.passes.Passes
    confidence  (Q,)
    source      (Q,) int64, any number that tells sources apart
    synthetic   (Q,) bool
    trace, seq  (Q,) int64, to tell which fact follows which
    """

    edge: Ints
    from_m: Floats
    to_m: Floats
    began_us: Ints
    ended_us: Ints
    kind: Ints8
    treatment: Ints8
    work_basis: Ints8
    confidence: Floats
    source: Ints
    synthetic: Bools
    trace: Ints
    seq: Ints

    def __len__(self) -> int:
        return len(self.edge)

    def select(self, keep: NDArray[np.bool_] | Ints) -> PassFacts:
        """The facts of a mask or of positions."""
        return PassFacts(**{field.name: getattr(self, field.name)[keep] for field in fields(PassFacts)})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of passes covers on E edges.

    covered    the union, by edge position; every stretch clipped to its edge
    fraction   (E,) covered share of the length, 0 to 1
    order      (K,) positions of the passes that gain metres, by edge and from the newest to the oldest
    gain_m     (K,) metres that each adds to the newer ones of its edge
    confidence, work_basis  (K,) how sure those metres are: of the pass, or the weakest of the several that they need
    start      (E + 1,) first entry of each edge in the arrays of K
    """

    covered: Stretches
    fraction: Floats
    order: Ints
    gain_m: Floats
    confidence: Floats
    work_basis: Ints8
    start: Ints


def clears(facts: PassFacts) -> Bools:
    """(Q,) whether each fact says that snow was taken off the carriageway, however sure it is."""
    takes_snow: Bools = CLEARS[facts.treatment.astype(np.int64) + 1]
    takes_snow &= (facts.kind == PASS) & (facts.work_basis != BASIS_UNKNOWN)
    return takes_snow


def cover(facts: PassFacts, counts: Bools, length_m: Floats) -> Coverage:
    """The coverage of E edges of length_m metres by those facts that count.

    The same for every order of the facts. O(Q log Q): newer passes are laid first, and once an edge is covered whole
    the older ones are not looked at.
    """
    newest = newest_first(facts, np.flatnonzero(counts), length_m)
    start = starts_of(newest.group, len(length_m))
    gain, held_from, held_to, n_held = _lay(start, newest.from_m, newest.to_m, length_m, TOUCH_M)
    held = np.arange(len(newest)) - start[newest.group] < n_held[newest.group]
    covered = Stretches(newest.group[held], held_from[held], held_to[held])
    used = gain > 0
    order = newest.at[used]
    return Coverage(
        covered=covered, fraction=fraction_of(covered, length_m), order=order, gain_m=gain[used],
        confidence=facts.confidence[order], work_basis=facts.work_basis[order],
        start=starts_of(newest.group[used], len(length_m)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Newest(Stretches):
    """Stretches of passes, clipped to their edges, by edge and from the newest to the oldest; at: their facts."""

    at: Ints


def newest_first(facts: PassFacts, taken: Ints, length_m: Floats) -> Newest:
    """The facts at positions `taken` in the order in which they are laid; the same for every order of the facts."""
    edge, ended = facts.edge[taken], facts.ended_us[taken]
    from_m = np.maximum(facts.from_m[taken], 0.0)
    to_m = np.minimum(facts.to_m[taken], length_m[edge])
    ties = (-facts.began_us[taken], from_m, to_m, -facts.confidence[taken], facts.work_basis[taken])
    order = order_by((edge, -ended), (*ties, facts.treatment[taken], facts.source[taken]))
    return Newest(edge[order], from_m[order], to_m[order], taken[order])


def fraction_of(covered: Stretches, length_m: Floats) -> Floats:
    """(E,) share of each edge that disjoint stretches cover, 0 to 1; whole from a millimetre short of its length on."""
    held_m = measure(covered, len(length_m))
    return np.where(held_m >= length_m - TOUCH_M, 1.0, np.clip(held_m / length_m, 0.0, 1.0))


@numba.njit(nogil=True, cache=True)
def _lay(
    start: Ints, from_m: Floats, to_m: Floats, length_m: Floats, touch_m: float
) -> tuple[Floats, Floats, Floats, Ints]:
    """Lay the passes of each edge, in their order, over what earlier ones hold.

    start (E + 1,) first pass of each edge. Returns gain (Q,), the held union in the first n_held entries of each edge's
    part of two (Q,) arrays, sorted, and n_held (E,).
    """
    gain = np.zeros(len(from_m))
    held_from, held_to = np.zeros(len(from_m)), np.zeros(len(from_m))
    n_held = np.zeros(len(length_m), np.int64)
    for e in range(len(length_m)):
        base, n, total = start[e], 0, 0.0
        for p in range(start[e], start[e + 1]):
            if total >= length_m[e] - touch_m:
                break
            low, high = from_m[p], to_m[p]
            if high - low <= touch_m:
                continue
            i = 0
            while i < n and held_to[base + i] < low - touch_m:
                i += 1
            j, swallowed = i, 0.0
            while j < n and held_from[base + j] <= high + touch_m:
                low, high = min(low, held_from[base + j]), max(high, held_to[base + j])
                swallowed += held_to[base + j] - held_from[base + j]
                j += 1
            added = high - low - swallowed
            if i == j:
                for k in range(n, i, -1):
                    held_from[base + k], held_to[base + k] = held_from[base + k - 1], held_to[base + k - 1]
            elif j > i + 1:
                for k in range(j, n):
                    held_from[base + k - j + i + 1], held_to[base + k - j + i + 1] = (
                        held_from[base + k],
                        held_to[base + k],
                    )
            held_from[base + i], held_to[base + i] = low, high
            n += 1 - (j - i)
            gain[p] = added if added > touch_m else 0.0
            total += added
        n_held[e] = n
    return gain, held_from, held_to, n_held

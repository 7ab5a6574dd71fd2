"""指示: what orders of road managers say of edges at one moment, from the stretches that they hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.linear import Stretches, measure, union
from geo.vocabulary import Restriction, State

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Position of each restriction in arrays, the strictest first.
RESTRICTIONS: tuple[Restriction, ...] = tuple(Restriction)
#: Restrictions under which nobody may drive: such an edge has no state to tell.
CLOSING: tuple[Restriction, ...] = (Restriction.CLOSED, Restriction.WINTER_CLOSED)
#: Position of each state in arrays, as in geo.status.STATES.
_STATES: tuple[State, ...] = tuple(State)
NONE = -1
#: No such moment, as in geo.status.NEVER.
NEVER = np.iinfo(np.int64).min

#: An order that holds less of an edge, and less than half of it, was drawn over its end: a finger on a phone's map in
#: the scale 1:2,000 covers about so much of a road.
HELD_MIN_M = 15.0
HELD_MIN_SHARE = 0.5
#: A state set by hand is said of an edge that the order holds as nearly whole as coverage has to be
#: (status.covered_fraction_min has this default): half an edge cleared by word of mouth is no cleared edge.
CORRECTED_MIN_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Orders:
    """What orders say of E edges at one moment.

    restriction   (E,) int8, position in RESTRICTIONS of the strictest that holds; -1 none
    corrected     (E,) int8, position in geo.status.STATES of the state set by hand last; -1 none
    corrected_us  (E,) since when it was so; NEVER where none is set
    """

    restriction: Ints8
    corrected: Ints8
    corrected_us: Ints

    @staticmethod
    def none(n: int) -> Orders:
        """No order on n edges."""
        return Orders(np.full(n, NONE, np.int8), np.full(n, NONE, np.int8), np.full(n, NEVER))

    def select(self, at: Ints) -> Orders:
        """The orders on the edges at (n,) positions."""
        return Orders(self.restriction[at], self.corrected[at], self.corrected_us[at])

    @property
    def is_closed(self) -> Bools:
        """(E,) nobody may drive there."""
        closing = [RESTRICTIONS.index(word) for word in CLOSING]
        found: Bools = np.isin(self.restriction, closing)
        return found

    def differs(self, other: Orders) -> Bools:
        """(E,) where two moments are told apart."""
        found: Bools = (
            (self.restriction != other.restriction)
            | (self.corrected != other.corrected)
            | (self.corrected_us != other.corrected_us)
        )
        return found


@dataclass(frozen=True, slots=True)
class HeldStretches:
    """S stretches that orders hold at one moment.

    edge          (S,) edge position
    from_m, to_m  (S,) metres along digitising
    entry         (S,) the entry that said so; of two corrections the later entry counts
    restriction   (S,) int8, position in RESTRICTIONS, or -1
    state         (S,) int8, position in geo.status.STATES, or -1
    begins_us     (S,) since when the order holds
    """

    edge: Ints
    from_m: Floats
    to_m: Floats
    entry: Ints
    restriction: Ints8
    state: Ints8
    begins_us: Ints


def orders_on(held: HeldStretches, length_m: Floats) -> Orders:
    """What the orders say of E edges of (E,) lengths.

    A restriction counts where it holds HELD_MIN_M of the edge or HELD_MIN_SHARE of it, a correction where it holds
    CORRECTED_MIN_SHARE. Several stretches of one order on one edge count together.
    """
    found = Orders.none(len(length_m))
    if not len(held.edge):
        return found
    entry, edge, metres, row = _by_order(held, len(length_m))
    share = metres / length_m[edge]
    limits = (metres >= HELD_MIN_M - 1e-6) | (share >= HELD_MIN_SHARE - 1e-9)
    restricts = (held.restriction[row] != NONE) & limits
    strictest = np.full(len(length_m), len(RESTRICTIONS), np.int64)
    np.minimum.at(strictest, edge[restricts], held.restriction[row][restricts].astype(np.int64))
    found.restriction[:] = np.where(strictest == len(RESTRICTIONS), NONE, strictest)
    corrects = np.flatnonzero((held.state[row] != NONE) & (share >= CORRECTED_MIN_SHARE - 1e-9))
    corrects = corrects[np.argsort(entry[corrects], kind="stable")]
    # of several assignments to one place the last one stays
    found.corrected[edge[corrects]] = held.state[row][corrects]
    found.corrected_us[edge[corrects]] = held.begins_us[row][corrects]
    return found


def _by_order(held: HeldStretches, n_edges: int) -> tuple[Ints, Ints, Floats, Ints]:
    """Each (order, edge) once: entry, edge, metres held, and a row of `held` that is of it."""
    entries, which = np.unique(held.entry, return_inverse=True)
    pair = which.astype(np.int64) * n_edges + held.edge
    pairs, first, group = np.unique(pair, return_index=True, return_inverse=True)
    whole = union(Stretches(group.astype(np.int64), held.from_m, held.to_m))
    return entries[pairs // n_edges], pairs % n_edges, measure(whole, len(pairs)), first.astype(np.int64)

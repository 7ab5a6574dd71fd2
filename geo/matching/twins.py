"""二重線: streets that the road data draw twice, as two lines a few metres apart.

Registers draw a stretch that two routes share once for each of them. No position tells such lines apart, and no two
streets lie so near each other: whoever drives the one line has driven the street of both. So the matcher adds up what
it believes of both, and what clears one line clears the other (geo.drawn_twice).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import MAX_NEAR, NEAR, Roads
from geo.matching.kernel import kernel
from geo.matching.near import near_segments
from geo.matching.path import first_segment
from geo.network import Network

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Two-way roads nearer than this are one street. A road has to be 4 m wide at least (Building Standards Act, article
#: 42), so the middles of two side by side lie further apart, with whatever parts them. In Sapporo's register 4.4 % of
#: the length has a parallel line within 5 m, and 0.6 % more one within 10 m; on the roads of 21 real drives 0.1 %.
TWIN_M = 5.0
#: Both directions may differ by 20 degrees: lines are drawn by different hands.
TWIN_COSINE = math.cos(math.radians(20.0))
#: The other line goes on there: its nearest place is not just its end.
AT_END_M = 0.5
#: A shorter stretch is a fork or a junction, unless it is the whole piece.
MIN_STRETCH_M = 20.0
WHOLE_SHARE = 0.9
#: Places that are looked at, metres apart: first to see whether there is anything, then to draw its ends.
COARSE_M, FINE_M = 20.0, 4.0


@dataclass(frozen=True, slots=True)
class Twins:
    """K stretches of pieces that another piece draws too, by piece and place; each street has two or more.

    piece, other      (K,) positions of pieces
    from_m, to_m      (K,) metres along digitising of the piece
    other_from_m, other_to_m  (K,) metres along digitising of the other; from > to where it is digitised against it
    edge              (E,) the edge that draws half of this edge or more, in the same direction; -1 without one
    """

    piece: Ints
    other: Ints
    from_m: Floats
    to_m: Floats
    other_from_m: Floats
    other_to_m: Floats
    edge: Ints

    def __len__(self) -> int:
        return len(self.piece)

    @staticmethod
    def none(n_edges: int) -> Twins:
        """No street is drawn twice."""
        piece, metres = np.zeros(0, np.int64), np.zeros(0)
        return Twins(piece, piece, metres, metres, metres, metres, np.full(n_edges, -1))

    def twins_of(self, edges: Ints) -> Ints:
        """Ascending positions of all edges that some (n,) edges have a stretch in common with, in either direction."""
        other = np.unique(self.other[np.isin(self.piece, edges >> 1)])
        return np.column_stack([2 * other, 2 * other + 1]).ravel()

    def select(self, at: Ints) -> Twins:
        """The same among some edges, by ascending position; whole pieces, each at an even place."""
        pieces = at[::2] >> 1
        inside = np.isin(self.piece, pieces) & np.isin(self.other, pieces)
        place = np.full(len(self.edge), -1)
        place[at] = np.arange(len(at))
        edge = self.edge[at]
        return Twins(
            np.searchsorted(pieces, self.piece[inside]), np.searchsorted(pieces, self.other[inside]),
            self.from_m[inside], self.to_m[inside], self.other_from_m[inside], self.other_to_m[inside],
            np.where(edge >= 0, place[edge], -1),
        )  # fmt: skip


def find_twins(network: Network, roads: Roads) -> Twins:
    """The twins of a network, by its grid. Pieces of one class and one level that are open both ways can be twins.

    One-ways side by side are carriageways or ramps, and often nearer to each other than TWIN_M.
    """
    alike = np.stack([network.road_class.astype(np.int64), network.level.astype(np.int64)], 1)
    near = np.empty(MAX_NEAR, NEAR)
    pieces = np.unique(_samples(roads, alike, near, np.arange(len(alike)), COARSE_M)[0])
    piece, at_m, step_m, other, other_m, same = _samples(roads, alike, near, pieces, FINE_M)
    if len(piece) == 0:
        return Twins.none(network.n_edges)
    new = np.ones(len(piece), np.bool_)
    new[1:] = (piece[1:] != piece[:-1]) | (other[1:] != other[:-1]) | (same[1:] != same[:-1])
    new[1:] |= at_m[1:] - at_m[:-1] > 1.5 * step_m[1:]
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(piece)) - 1
    from_m, to_m = at_m[first] - step_m[first] / 2, at_m[last] + step_m[first] / 2
    sign, half = np.where(same[first], 1.0, -1.0), step_m[first] / 2
    length_m = network.length_m[other[first]]
    a, b = other_m[first] - sign * half, other_m[last] + sign * half
    found = Twins(
        piece[first], other[first], from_m, to_m, np.clip(a, 0.0, length_m), np.clip(b, 0.0, length_m),
        np.zeros(0, np.int64),
    )  # fmt: skip
    return _kept(found, network)


def _kept(found: Twins, network: Network) -> Twins:
    """Those that are long enough, and the edge that draws most of each edge."""
    span_m, length_m = found.to_m - found.from_m, network.length_m[found.piece]
    other_m = np.abs(found.other_to_m - found.other_from_m)
    keep = (other_m > 0.5 * span_m) & ((span_m >= MIN_STRETCH_M) | (span_m >= WHOLE_SHARE * length_m))
    row = {name: getattr(found, name)[keep] for name in Twins.__slots__ if name != "edge"}
    edge = np.full(network.n_edges, -1)
    order = np.argsort(row["to_m"] - row["from_m"], kind="stable")
    half = order[(row["to_m"] - row["from_m"])[order] >= 0.5 * network.length_m[row["piece"][order]]]
    turned = (row["other_to_m"] < row["other_from_m"])[half].astype(np.int64)
    for side in (0, 1):
        edge[2 * row["piece"][half] + side] = 2 * row["other"][half] + (side ^ turned)
    return Twins(**row, edge=edge)


@kernel
def _samples(roads, alike, near, pieces, apart_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Places on pieces beside which another piece runs: piece, metres, step, other piece, its metres, same direction.

    alike (P, 2) what both have to share; near scratch. Places are apart_m apart or less, in the middle of their step.
    """
    n, size = 0, 1024
    piece, other, same = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.bool_)
    at_m, step, other_m = np.empty(size), np.empty(size), np.empty(size)
    for p in pieces:
        if not _is_two_way(roads, p):
            continue
        length_m = roads.edge[2 * p].length_m
        k = max(1, math.ceil(length_m / apart_m))
        for i in range(k):
            place_m = (i + 0.5) * length_m / k
            s, share = _beside(roads, alike, near, p, place_m)
            if s < 0:
                continue
            if n == size:
                piece, other, same = _longer(piece), _longer(other), _longer(same)
                at_m, step, other_m = _longer(at_m), _longer(step), _longer(other_m)
                size *= 2
            of = roads.segment[s]
            piece[n], at_m[n], step[n], other[n] = p, place_m, length_m / k, of.piece
            other_m[n] = of.from_m + share * of.span_m
            same[n] = _cosine(roads, p, place_m, of) > 0.0
            n += 1
    return piece[:n], at_m[:n], step[:n], other[:n], other_m[:n], same[:n]


@kernel
def _is_two_way(roads, p):  # type: ignore[no-untyped-def]  # numba kernel
    return roads.edge[2 * p].is_open != 0 and roads.edge[2 * p + 1].is_open != 0


@kernel
def _longer(values):  # type: ignore[no-untyped-def]  # numba kernel
    out = np.empty(2 * len(values), values.dtype)
    out[: len(values)] = values
    return out


@kernel
def _cosine(roads, p, place_m, of):  # type: ignore[no-untyped-def]  # numba kernel
    """Cosine between the direction of piece p at a place and that of a segment."""
    s = roads.segment[first_segment(roads.segment, roads.edge[2 * p], place_m)]
    return ((s.bx - s.ax) * (of.bx - of.ax) + (s.by - s.ay) * (of.by - of.ay)) * math.sqrt(s.per_m2 * of.per_m2)


@kernel
def _beside(roads, alike, near, p, place_m):  # type: ignore[no-untyped-def]  # numba kernel
    """The nearest segment of another piece that runs beside piece p at a place, and the share along it; -1 if none."""
    mine = roads.segment[first_segment(roads.segment, roads.edge[2 * p], place_m)]
    t = (place_m - mine.from_m) / mine.span_m if mine.span_m > 0.0 else 0.0
    x, y = mine.ax + t * (mine.bx - mine.ax), mine.ay + t * (mine.by - mine.ay)
    best, best_share, best_m2 = np.int64(-1), 0.0, math.inf
    for i in range(near_segments(roads, near, x, y, TWIN_M)):
        of = roads.segment[near[i].segment]
        q = of.piece
        if q == p or near[i].m2 >= best_m2 or alike[p, 0] != alike[q, 0] or alike[p, 1] != alike[q, 1]:
            continue
        if not _is_two_way(roads, q) or abs(_cosine(roads, p, place_m, of)) < TWIN_COSINE:
            continue
        dx, dy, share = of.bx - of.ax, of.by - of.ay, near[i].share
        past_m = ((x - of.ax - share * dx) * dx + (y - of.ay - share * dy) * dy) * math.sqrt(of.per_m2)
        if abs(past_m) <= AT_END_M:
            best, best_share, best_m2 = near[i].segment, share, near[i].m2
    return best, best_share

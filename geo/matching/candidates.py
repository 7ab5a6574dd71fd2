"""候補: where on the network a fix may be, found in a uniform grid over the segments.

A grid of flat arrays beats a tree here: roads are spread evenly enough, and a lookup makes no object
(docs/matching.md has the comparison). A piece that passes a fix twice, as a hairpin does, gives two places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.matching.arrays import EDGE, SEGMENT, Records, Roads
from geo.matching.kernel import kernel
from geo.matching.near import near_segments
from geo.matching.turns import build_turns
from geo.matching.twins import Twins, find_twins
from geo.network import Network

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Side of a grid cell: near the search radius, so that a lookup touches about nine cells.
CELL_M = 50.0
#: More cells than this make the grid coarser instead: 64 MB of cell starts at most.
MAX_CELLS = 16_000_000
#: A second place on one piece counts when the way along the piece is this much longer than the straight line.
HAIRPIN_FACTOR = 1.6
HAIRPIN_EXTRA_M = 15.0
#: No road is slower, whatever its source says.
SLOWEST_MPS = 1.0


@dataclass(frozen=True, slots=True)
class GridIndex:
    """The grid over a network, and all arrays that the kernels read. Read only, safe to share between threads.

    roads    arrays of the network and of the grid
    n_turns  number of turns: the size that a search heap may need
    twins    streets that the roads draw twice
    """

    roads: Roads
    n_turns: int
    twins: Twins


def build_index(network: Network) -> GridIndex:
    """The grid index of a network; built once per network and process.

    Raises InputError for a network without edges.
    """
    if network.n_edges == 0:
        raise InputError("The network has no edges.", hint="Ingest roads first, or check the roads file.")
    segment = _segments(network)
    low = network.shape_xy.min(axis=0) - 1.0
    high = network.shape_xy.max(axis=0) + 1.0
    width_m, height_m = (float(v) for v in high - low)
    cell_m = max(CELL_M, math.sqrt(width_m * height_m / MAX_CELLS))
    n_columns, n_rows = int(width_m / cell_m) + 1, int(height_m / cell_m) + 1
    cell_start, cell_segment = _fill_cells(segment, low[0], low[1], cell_m, n_columns, n_rows)
    first_turn, turn = build_turns(network)
    roads = Roads(
        edge=_edges(network, first_turn),
        turn=turn,
        segment=segment,
        cell_start=cell_start,
        cell_segment=cell_segment,
        origin_x_m=float(low[0]),
        origin_y_m=float(low[1]),
        cell_m=cell_m,
        n_columns=n_columns,
        n_rows=n_rows,
    )
    return GridIndex(roads=roads, n_turns=len(turn), twins=find_twins(network, roads))


def _segments(network: Network) -> Records:
    """(S,) SEGMENT of all pieces in order. Offsets are scaled where length_m is not the length of the geometry."""
    start, xy = network.shape_start.astype(np.int64), network.shape_xy
    is_last = np.zeros(len(xy), np.bool_)
    is_last[start[1:] - 1] = True
    first = np.flatnonzero(~is_last)
    segment = np.zeros(len(first), SEGMENT)
    segment["ax"], segment["ay"] = xy[first].T
    segment["bx"], segment["by"] = xy[first + 1].T
    piece = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start) - 1)
    long_m = np.hypot(segment["bx"] - segment["ax"], segment["by"] - segment["ay"])
    run = np.r_[0.0, np.cumsum(long_m)]
    first_segment = _first_segment(network)
    geometric = run[first_segment[1:]] - run[first_segment[:-1]]
    scale = np.divide(network.length_m, geometric, out=np.ones_like(geometric), where=geometric > 0)
    segment["piece"], segment["span_m"] = piece, long_m * scale[piece]
    segment["per_m2"] = np.divide(1.0, long_m**2, out=np.zeros_like(long_m), where=long_m > 0)
    segment["from_m"] = (run[:-1] - run[first_segment[:-1]][piece]) * scale[piece]
    return segment


def _first_segment(network: Network) -> Ints:
    """(P + 1,) first segment of each piece."""
    return network.shape_start.astype(np.int64) - np.arange(len(network.shape_start))


def _seconds_per_m(network: Network) -> Floats:
    """(P,) seconds that a metre takes at free speed; 0 where all roads have one speed, which is then a guess."""
    speed = np.array(network.speed_mps, np.float64)
    if speed.min() == speed.max():
        return np.zeros_like(speed)
    return 1.0 / np.maximum(speed, SLOWEST_MPS)


def _edges(network: Network, first_turn: Ints) -> Records:
    """(E,) EDGE of a network."""
    edge = np.zeros(network.n_edges, EDGE)
    edge["length_m"] = np.repeat(network.length_m, 2)
    edge["to_x"], edge["to_y"] = network.node_xy[network.edge_to].T
    edge["turn_first"], edge["turn_end"] = first_turn[:-1], first_turn[1:]
    first_segment = _first_segment(network)
    edge["segment_first"] = np.repeat(first_segment[:-1], 2)
    edge["segment_end"] = np.repeat(first_segment[1:], 2)
    edge["is_open"] = network.is_open
    edge["s_per_m"] = np.repeat(_seconds_per_m(network), 2)
    return edge


@kernel
def _row_columns(segment, s, row, x0, y0, cell_m, n_columns):  # type: ignore[no-untyped-def]  # numba kernel
    """First and last column that segment s touches in a row of cells."""
    ax, ay, bx, by = segment[s].ax, segment[s].ay, segment[s].bx, segment[s].by
    low, high = 0.0, 1.0
    if by != ay:
        t0 = (y0 + row * cell_m - ay) / (by - ay)
        t1 = (y0 + (row + 1) * cell_m - ay) / (by - ay)
        low, high = max(0.0, min(t0, t1)), min(1.0, max(t0, t1))
    xa, xb = ax + low * (bx - ax), ax + high * (bx - ax)
    first = int((min(xa, xb) - x0 - 1e-6) / cell_m)
    last = int((max(xa, xb) - x0 + 1e-6) / cell_m)
    return max(first, 0), min(last, n_columns - 1)


@kernel
def _fill_cells(segment, x0, y0, cell_m, n_columns, n_rows):  # type: ignore[no-untyped-def]  # numba kernel
    """CSR of the segments that touch each cell: counted first, filled second."""
    count = np.zeros(n_columns * n_rows + 1, np.int64)
    for s in range(len(segment)):
        low = int((min(segment[s].ay, segment[s].by) - y0) / cell_m)
        high = int((max(segment[s].ay, segment[s].by) - y0) / cell_m)
        for row in range(low, high + 1):
            first, last = _row_columns(segment, s, row, x0, y0, cell_m, n_columns)
            for column in range(first, last + 1):
                count[row * n_columns + column + 1] += 1
    start = np.cumsum(count)
    fill = start[:-1].copy()
    cell_segment = np.empty(start[-1], np.int64)
    for s in range(len(segment)):
        low = int((min(segment[s].ay, segment[s].by) - y0) / cell_m)
        high = int((max(segment[s].ay, segment[s].by) - y0) / cell_m)
        for row in range(low, high + 1):
            first, last = _row_columns(segment, s, row, x0, y0, cell_m, n_columns)
            for column in range(first, last + 1):
                cell = row * n_columns + column
                cell_segment[fill[cell]] = s
                fill[cell] += 1
    return start, cell_segment


@kernel
def _near_point(segments, entry):  # type: ignore[no-untyped-def]  # numba kernel
    """Place of an entry of `near`: x, y and offset along digitising."""
    s, t = segments[entry.segment], entry.share
    return s.ax + t * (s.bx - s.ax), s.ay + t * (s.by - s.ay), s.from_m + t * s.span_m


@kernel
def _insert_place(place, n, max_roads, i, m2):  # type: ignore[no-untyped-def]  # numba kernel
    """Inserts entry i of `near` into the n nearest places, at most max_roads; returns the new n."""
    if n == max_roads and m2 >= place[n - 1].m2:
        return n
    j = n if n < max_roads else n - 1
    while j > 0 and place[j - 1].m2 > m2:
        place[j] = place[j - 1]
        j -= 1
    place[j].m2, place[j].near = m2, i
    return min(n + 1, max_roads)


@kernel
def _second_place(segments, near, a, b, best):  # type: ignore[no-untyped-def]  # numba kernel
    """Nearest entry from a to b that is another pass by the fix than `best`, as at a hairpin; b if there is none.

    Such an entry is far along the piece and near in the plane.
    """
    second, i = b, a
    xi, yi, offset = _near_point(segments, near[best])
    while i < b:
        if second == b or near[i].m2 < near[second].m2:
            x, y, other = _near_point(segments, near[i])
            straight_m = math.sqrt((x - xi) ** 2 + (y - yi) ** 2)
            if abs(other - offset) > HAIRPIN_FACTOR * straight_m + HAIRPIN_EXTRA_M:
                second = i
        i += 1
    return second


@kernel
def _places(segments, near, place, n_near, max_roads):  # type: ignore[no-untyped-def]  # numba kernel
    """Chooses the nearest place of each piece, and a second one at a hairpin; nearest first; returns how many."""
    n, a = np.int64(0), np.int64(0)
    while a < n_near:
        piece, b, best = segments[near[a].segment].piece, a, a
        while b < n_near and segments[near[b].segment].piece == piece:
            if near[b].m2 < near[best].m2:
                best = b
            b += 1
        n = _insert_place(place, n, max_roads, best, near[best].m2)
        if b - a > 2:
            second = _second_place(segments, near, a, b, best)
            if second < b:
                n = _insert_place(place, n, max_roads, second, near[second].m2)
        a = b
    return n


@kernel
def find_candidates(roads, work, x, y, radius_m, max_roads):  # type: ignore[no-untyped-def]  # numba kernel
    """Fills work.found with both directions of the places within radius_m of (x, y), nearest first; how many."""
    n_near = near_segments(roads, work.near, x, y, radius_m)
    n_places = _places(roads.segment, work.near, work.place, n_near, max_roads)
    for k in range(n_places):
        entry = work.near[work.place[k].near]
        s = roads.segment[entry.segment]
        offset = s.from_m + entry.share * s.span_m
        length_m, off_m = roads.edge[2 * s.piece].length_m, math.sqrt(entry.m2)
        offset = min(max(offset, 0.0), length_m)
        scale = math.sqrt(s.per_m2)
        dx, dy = scale * (s.bx - s.ax), scale * (s.by - s.ay)
        c = work.found[2 * k]
        c.edge, c.pos_m, c.off_m, c.dir_x, c.dir_y = 2 * s.piece, offset, off_m, dx, dy
        c = work.found[2 * k + 1]
        c.edge, c.pos_m, c.off_m, c.dir_x, c.dir_y = 2 * s.piece + 1, length_m - offset, off_m, -dx, -dy
    return 2 * n_places

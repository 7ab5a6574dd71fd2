"""転回・右左折: the pairs of edges that follow each other, and what sets one turn apart from another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import TURN, Records
from geo.matching.kernel import kernel
from geo.network import Network

type Ints = NDArray[np.int64]

#: The direction of an edge at its start is that of its first metres; their square.
DIRECTION_M2 = 100.0


def build_turns(network: Network) -> tuple[Ints, Records]:
    """(E + 1,) first turn out of each edge, and the TURN records of all edges, one after the other."""
    degree = np.diff(network.out_start).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(degree[network.edge_to])]).astype(np.int64)
    turn = np.zeros(int(first[-1]), TURN)
    _fill(
        np.array(network.edge_to, np.int64),
        np.array(network.out_start, np.int64),
        np.array(network.out_edge, np.int64),
        np.array(network.is_open, np.bool_),
        _directions(network.shape_start.astype(np.int64), np.array(network.shape_xy), network.n_edges),
        first,
        turn,
    )
    return first, turn


@kernel
def _directions(start, xy, n_edges):  # type: ignore[no-untyped-def]  # numba kernel
    """(E, 2) unit vector of the first 10 m of each edge in its own direction, or of all of it if it is shorter."""
    direction = np.zeros((n_edges, 2))
    for e in range(n_edges):
        p, step = e >> 1, 1 - 2 * (e & 1)
        a = start[p] if step > 0 else start[p + 1] - 1
        i, dx, dy = a, 0.0, 0.0
        for _ in range(start[p + 1] - start[p] - 1):
            i += step
            dx, dy = xy[i, 0] - xy[a, 0], xy[i, 1] - xy[a, 1]
            if dx * dx + dy * dy >= DIRECTION_M2:
                break
        norm = math.hypot(dx, dy)
        if norm > 0.0:
            direction[e, 0], direction[e, 1] = dx / norm, dy / norm
    return direction


@kernel
def _fill(edge_to, out_start, out_edge, is_open, direction, first, turn):  # type: ignore[no-untyped-def]
    """Sets the turns out of each edge, in the order of out_edge."""
    for e in range(len(edge_to)):
        node = edge_to[e]
        n = out_start[node + 1] - out_start[node]
        for k in range(n):
            following = out_edge[out_start[node] + k]
            t = turn[first[e] + k]
            t.edge = following
            t.is_against = is_open[e] and not is_open[following]
            if following == e ^ 1:
                t.is_back = n > 1
            else:
                # the end of an edge is the start of its reverse, turned round
                cosine = direction[e ^ 1, 0] * direction[following, 0] + direction[e ^ 1, 1] * direction[following, 1]
                t.bend = 0.5 * (1.0 + cosine)

"""An order of edges that follows the roads, so that edges which one drive worked stand together (compiled).

A trail begins at the first edge of a plan that is left and goes on at each node with the edge of the same plan that
has the same name and goes on straightest; turning round comes last. Where nothing is left it goes back to the last
node that has an edge left. Edges on nobody's plan come last. So neighbours in the order have mostly been driven one
after another, and what is told of them compresses well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OrderInput:
    """E directed edges, ascending by id.

    edge_id     (E,) 2 * piece, plus 1 against digitising
    tail, head  (E,) node where the edge begins and ends, 0 … number of nodes - 1
    heading     (E,) its direction in radians, anticlockwise from east
    plan, name  (E,) numbers of the plan and of the name; -1: none
    """

    edge_id: Ints
    tail: Ints
    head: Ints
    heading: Floats
    plan: Ints
    name: Ints


def order_edges(edges: OrderInput) -> Ints:
    """(E,) positions of the edges in the order in which they are told; every edge once."""
    n = len(edges.edge_id)
    if n == 0:
        return np.zeros(0, np.int64)
    by_tail = np.argsort(edges.tail, kind="stable")
    n_nodes = int(max(edges.tail.max(), edges.head.max())) + 1
    first = np.searchsorted(edges.tail[by_tail], np.arange(n_nodes + 1))
    seeds = np.lexsort((np.arange(n), edges.plan, edges.plan < 0))
    piece = edges.edge_id >> 1
    order: Ints = _trails(seeds, by_tail, first, edges.head, edges.heading, edges.plan, edges.name, piece)
    return order


@njit(cache=True, nogil=True)
def _bend(heading: Floats, last: int, edge: int) -> float:  # pragma: no cover - compiled
    """How far the edge turns away from the last one, radians, 0 to pi."""
    turn = (heading[edge] - heading[last]) % (2 * np.pi)
    bend: float = min(turn, 2 * np.pi - turn)
    return bend


@njit(cache=True, nogil=True)
def _next(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    last, seen, by_tail, first, head, heading, plan, name, piece
):
    """The edge that goes on from the last one, -1 where none is left."""
    best, best_class, best_bend = -1, 4, 0.0
    node = head[last]
    for at in range(first[node], first[node + 1]):
        edge = by_tail[at]
        if seen[edge] or plan[edge] != plan[last]:
            continue
        kind = 2 if piece[edge] == piece[last] else 0 if name[edge] == name[last] else 1
        bend = _bend(heading, last, edge)
        if kind < best_class or (kind == best_class and bend < best_bend):
            best, best_class, best_bend = edge, kind, bend
    return best


@njit(cache=True, nogil=True)
def _trails(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    seeds, by_tail, first, head, heading, plan, name, piece
):
    n = len(seeds)
    order, stack = np.empty(n, np.int64), np.empty(n, np.int64)
    seen = np.zeros(n, np.bool_)
    n_done = 0
    for seed in seeds:
        if seen[seed]:
            continue
        seen[seed] = True
        order[n_done] = stack[0] = seed
        n_done += 1
        depth = 1
        while depth > 0:
            edge = _next(stack[depth - 1], seen, by_tail, first, head, heading, plan, name, piece)
            if edge < 0:
                depth -= 1
                continue
            seen[edge] = True
            order[n_done] = stack[depth] = edge
            n_done += 1
            depth += 1
    return order

"""Tours: in which order a plough drives its edges, with the ways between them (compiled).

At a node the plough takes the unserved edge that goes on straightest, and turns round last. Where none is left it goes
to the nearest node that has one, by time (Dijkstra). This is the greedy rural postman, and close to what drivers do:
out on one side of the road, back on the other.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.network import Network

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]

#: No machine drives faster than this on its way, m/s (45 km/h).
_FASTEST_MPS = 12.5
#: Upper bound of edges in one tour.
_CAPACITY = 30_000


@dataclass(frozen=True, slots=True)
class Roads:
    """What the kernel needs of a network: flat arrays, and the directions in which edges start and end, radians."""

    edge_from: NDArray[np.int32]
    edge_to: NDArray[np.int32]
    out_start: NDArray[np.int32]
    out_edge: NDArray[np.int32]
    is_open: NDArray[np.bool_]
    way_s: Floats
    length_m: Floats
    start_rad: Floats
    end_rad: Floats


@dataclass(frozen=True, slots=True)
class Tour:
    """(n,) edge positions in driving order; is_served: 1 where it is on duty; round: which time over the duty."""

    edge: Ints
    is_served: Ints8
    round: Ints


def prepare_roads(network: Network) -> Roads:
    """Arrays for `make_tour`."""
    start, xy = network.shape_start, network.shape_xy
    first, last = start[:-1], start[1:] - 1
    ahead = xy[first + 1] - xy[first]
    behind = xy[last] - xy[last - 1]
    start_rad, end_rad = np.empty(network.n_edges), np.empty(network.n_edges)
    start_rad[0::2], end_rad[0::2] = np.arctan2(ahead[:, 1], ahead[:, 0]), np.arctan2(behind[:, 1], behind[:, 0])
    start_rad[1::2], end_rad[1::2] = end_rad[0::2] + np.pi, start_rad[0::2] + np.pi
    length_m = np.repeat(network.length_m, 2)
    way_s = length_m / np.clip(np.repeat(network.speed_mps, 2) * 0.85, 2.0, _FASTEST_MPS)
    return Roads(
        network.edge_from, network.edge_to, network.out_start, network.out_edge, network.is_open, way_s, length_m,
        start_rad, end_rad,
    )  # fmt: skip


def make_tour(roads: Roads, duty_edges: Ints, start_node: int, budget_s: float, work_mps: float, rounds: int) -> Tour:
    """A tour from start_node over the duty, at most `rounds` times within budget_s, and back to start_node."""
    edge, served, turn = _tour(
        roads.edge_from, roads.edge_to, roads.out_start, roads.out_edge, roads.is_open, roads.way_s, roads.length_m,
        roads.start_rad, roads.end_rad, duty_edges.astype(np.int64), start_node, budget_s, work_mps, rounds,
    )  # fmt: skip
    return Tour(edge, served, turn)


@njit(cache=True, nogil=True)
def _way(edge_from, edge_to, out_start, out_edge, is_open, way_s, source, goal, wanted, dist, via, stamp, token):  # type: ignore[no-untyped-def]
    """Nearest node with wanted[node] > 0, or the goal if that is >= 0; -1 if none can be reached."""
    heap = [(0.0, source)]
    dist[source], via[source], stamp[source] = 0.0, -1, token
    while len(heap) > 0:
        d, node = heapq.heappop(heap)
        if d > dist[node]:
            continue
        if node == goal or (goal < 0 and wanted[node] > 0):
            return node
        for k in range(out_start[node], out_start[node + 1]):
            e = out_edge[k]
            if not is_open[e]:
                continue
            far, new = edge_to[e], d + way_s[e]
            if stamp[far] != token or new < dist[far]:
                dist[far], via[far], stamp[far] = new, e, token
                heapq.heappush(heap, (new, np.int64(far)))
    return -1


@njit(cache=True, nogil=True)
def _append_way(edge_from, via, node, edge, served, turn, n, round_no):  # type: ignore[no-untyped-def]
    """Append the way found to a node; returns the new count, or n if there is no room."""
    count, at = 0, node
    while via[at] >= 0:
        count += 1
        at = edge_from[via[at]]
    if n + count > len(edge):
        return n
    at, i = node, n + count
    while via[at] >= 0:
        i -= 1
        edge[i], served[i], turn[i] = via[at], 0, round_no
        at = edge_from[via[at]]
    return n + count


@njit(cache=True, nogil=True)
def _straightest(out_start, out_edge, start_rad, end_rad, need, node, last):  # type: ignore[no-untyped-def]
    """The needed edge at a node that turns least; turning round comes last; -1 if none is needed."""
    best, least = -1, 1e9
    for k in range(out_start[node], out_start[node + 1]):
        e = out_edge[k]
        if need[e] == 0:
            continue
        cost = 0.0
        if last >= 0:
            bend = start_rad[e] - end_rad[last]
            cost = abs(np.arctan2(np.sin(bend), np.cos(bend))) + (5.0 if e == last ^ 1 else 0.0)
        if cost < least:
            best, least = e, cost
    return best


@njit(cache=True, nogil=True)
def _mark(edge_from, need, wanted, duty, value):  # type: ignore[no-untyped-def]
    """Mark all duty edges as needed (1) or not (0); returns how many changed."""
    changed = 0
    for e in duty:
        if need[e] != value:
            need[e] = value
            wanted[edge_from[e]] += 1 if value == 1 else -1
            changed += 1
    return changed


@njit(cache=True, nogil=True)
def _serve(edge_from, edge_to, out_start, out_edge, is_open, way_s, length_m, start_rad, end_rad, duty, start,  # type: ignore[no-untyped-def]
           budget_s, work_mps, rounds, edge, served, turn, dist, via, stamp):  # fmt: skip
    """Write the tour into edge, served and turn; returns their count, the last node and the last search's token."""
    need = np.zeros(len(edge_from), np.int8)
    wanted = np.zeros(len(out_start) - 1, np.int32)
    anywhere = np.int64(-1)
    n, node, last, t, token, left, round_no = 0, start, np.int64(-1), 0.0, 0, 0, -1
    while (t < budget_s or n == 0) and n < len(edge):
        if left == 0:
            round_no += 1
            if round_no == rounds:
                break
            left = _mark(edge_from, need, wanted, duty, 1)
        e = _straightest(out_start, out_edge, start_rad, end_rad, need, node, last)
        if e >= 0:
            edge[n], served[n], turn[n] = e, 1, round_no
            need[e] = 0
            wanted[node] -= 1
            left -= 1
            n += 1
            t += length_m[e] / work_mps
            last, node = e, edge_to[e]
            continue
        token += 1
        found = _way(
            edge_from, edge_to, out_start, out_edge, is_open, way_s, node, anywhere, wanted, dist, via, stamp, token
        )
        if found < 0:  # what is left cannot be reached from here
            _mark(edge_from, need, wanted, duty, 0)
            left = 0
            continue
        before = n
        n = _append_way(edge_from, via, found, edge, served, turn, n, round_no)
        if n == before:
            break
        t += dist[found]
        last, node = edge[n - 1], found
    return n, node, token


@njit(cache=True, nogil=True)
def _tour(edge_from, edge_to, out_start, out_edge, is_open, way_s, length_m, start_rad, end_rad, duty, start,  # type: ignore[no-untyped-def]
          budget_s, work_mps, rounds):  # fmt: skip
    """The tour and the way home."""
    n_nodes = len(out_start) - 1
    dist, via, stamp = np.empty(n_nodes), np.empty(n_nodes, np.int64), np.zeros(n_nodes, np.int64)
    edge, served = np.empty(_CAPACITY, np.int64), np.empty(_CAPACITY, np.int8)
    turn = np.empty(_CAPACITY, np.int64)
    n, node, token = _serve(
        edge_from, edge_to, out_start, out_edge, is_open, way_s, length_m, start_rad, end_rad, duty, start, budget_s,
        work_mps, rounds, edge, served, turn, dist, via, stamp,
    )  # fmt: skip
    wanted = np.zeros(n_nodes, np.int32)
    home = _way(
        edge_from, edge_to, out_start, out_edge, is_open, way_s, node, start, wanted, dist, via, stamp, token + 1
    )
    if home >= 0:
        n = _append_way(edge_from, via, home, edge, served, turn, n, turn[n - 1] if n > 0 else 0)
    return edge[:n].copy(), served[:n].copy(), turn[:n].copy()

"""遷移コスト: the ways on the network from one state to the candidates of the next fix, and what they cost.

One search serves all candidates: A* over directed edges towards the disc around the next fix, with a limit that
shrinks as good candidates are found. Its measure is metres; turning back, driving against a one-way and sharp
turns add metres (see MatchSettings).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: What a way starts with instead of an edge before: on ahead, or back after turning on the edge.
AHEAD, TURNED = np.int64(-1), np.int64(-2)


@njit(nogil=True, cache=True, boundscheck=False)
def transition_nats(route_m, straight_m, beta_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of a way of route_m between fixes straight_m apart (Newson & Krumm 2009, eq. 2)."""
    return abs(route_m - straight_m) / beta_m


@njit(nogil=True, cache=True, boundscheck=False)
def _push(work, key, edge):  # type: ignore[no-untyped-def]  # numba kernel
    heap, i = work.heap, work.counter[2]
    work.counter[2] = i + 1
    while i > 0 and heap[(i - 1) >> 1].key > key:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    heap[i].key, heap[i].edge = key, edge


@njit(nogil=True, cache=True, boundscheck=False)
def _pop(work):  # type: ignore[no-untyped-def]  # numba kernel
    heap, n = work.heap, work.counter[2] - 1
    work.counter[2] = n
    edge, key, last = heap[0].edge, heap[n].key, heap[n].edge
    i = 0
    while 2 * i + 1 < n:
        down = 2 * i + 1
        if down + 1 < n and heap[down + 1].key < heap[down].key:
            down += 1
        if heap[down].key >= key:
            break
        heap[i] = heap[down]
        i = down
    heap[i].key, heap[i].edge = key, last
    return edge


@njit(nogil=True, cache=True, boundscheck=False)
def turn_m(roads, constants, edge, following):  # type: ignore[no-untyped-def]  # numba kernel
    """Metres that the turn from one edge into the following one adds."""
    cost = 0.0
    if following == edge ^ 1:
        if roads.edge[edge].is_dead_end == 0:
            cost = constants.uturn_node_m
    elif constants.turn_m > 0.0:
        # the end of an edge is the start of its reverse, turned round
        a, b = roads.edge[edge ^ 1], roads.edge[following]
        cost = constants.turn_m * 0.5 * (1.0 + a.dir_x * b.dir_x + a.dir_y * b.dir_y)
    if roads.edge[following].is_open == 0 and roads.edge[edge].is_open != 0:
        cost += constants.against_m
    return cost


@njit(nogil=True, cache=True, boundscheck=False)
def turn_on_edge_m(roads, constants, edge):  # type: ignore[no-untyped-def]  # numba kernel
    """Metres that turning back in the middle of an edge adds."""
    is_against = roads.edge[edge].is_open != 0 and roads.edge[edge ^ 1].is_open == 0
    return constants.uturn_edge_m + (constants.against_m if is_against else 0.0)


@njit(nogil=True, cache=True, boundscheck=False)
def along_m(roads, constants, edge, metres):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of driving some metres of an edge: more than they are where the edge runs against a one-way."""
    return metres if roads.edge[edge].is_open != 0 else metres * (1.0 + constants.against_fraction)


@njit(nogil=True, cache=True, boundscheck=False)
def set_targets(work, n):  # type: ignore[no-untyped-def]  # numba kernel
    """Makes the n candidates in work.found the targets of the searches that follow."""
    work.counter[1] += 1
    step = work.counter[1]
    for c in range(n):
        label = work.label[work.found[c].edge]
        work.found[c].after = label.target if label.target_stamp == step else -1
        label.target, label.target_stamp = c, step


@njit(nogil=True, cache=True, boundscheck=False)
def _improve(found, c, route_m, parent, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Takes a way to candidate c if it is shorter than the one known, and lowers the best total by it."""
    if route_m < found[c].route_m:
        found[c].route_m, found[c].parent = route_m, parent
        total = aim.base_nats + found[c].nats + transition_nats(route_m, aim.straight_m, aim.beta_m)
        aim.best_nats = min(aim.best_nats, total)


@njit(nogil=True, cache=True, boundscheck=False)
def _limit_m(constants, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Bound on way plus straight rest (see _label) within which a target can still end within the beam."""
    beam = aim.best_nats + constants.beam_nats - aim.base_nats
    return min(aim.straight_m + aim.beta_m * beam, aim.max_m)


@njit(nogil=True, cache=True, boundscheck=False)
def _reach_on_edge(roads, work, constants, edge, pos_m, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Targets on the edge of the state itself, ahead or within the jitter behind, and on its reverse by turning."""
    step, found = work.counter[1], work.found
    c = work.label[edge].target if work.label[edge].target_stamp == step else -1
    while c >= 0:
        ahead_m = found[c].pos_m - pos_m
        if ahead_m >= -aim.jitter_m:
            _improve(found, c, along_m(roads, constants, edge, max(ahead_m, 0.0)), AHEAD, aim)
        c = found[c].after
    back = edge ^ 1
    c = work.label[back].target if work.label[back].target_stamp == step else -1
    while c >= 0:
        here_m = roads.edge[edge].length_m - pos_m
        _improve(found, c, abs(found[c].pos_m - here_m) + turn_on_edge_m(roads, constants, edge), TURNED, aim)
        c = found[c].after


@njit(nogil=True, cache=True, boundscheck=False)
def _label(roads, work, edge, end_m, parent, aim, limit_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Labels an edge that is reached at its end with end_m, unless no target can follow within the limit.

    A target that lies `off` beside the fix is at least rest - off away, and costs off^2 / (2 sigma^2) nats, which
    are beta times as many metres. Their sum is least at off = sigma^2 / beta: rest - sigma^2 / (2 beta), less
    than any target behind this edge costs.
    """
    end = roads.edge[edge]
    key = end_m + max(0.0, math.hypot(end.to_x - aim.x, end.to_y - aim.y) - aim.bonus_m)
    if key <= limit_m:
        label = work.label[edge]
        label.m, label.stamp, label.parent, label.is_done = end_m, work.counter[0], parent, 0
        _push(work, key, edge)


@njit(nogil=True, cache=True, boundscheck=False)
def _follow(roads, work, constants, edge, following, aim, limit_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Enters `following` from the end of `edge`: reaches the targets on it and labels it. Returns the new limit."""
    entry_m = work.label[edge].m + turn_m(roads, constants, edge, following)
    label = work.label[following]
    if label.target_stamp == work.counter[1]:
        c = label.target
        while c >= 0:
            here_m = entry_m + along_m(roads, constants, following, work.found[c].pos_m)
            _improve(work.found, c, here_m, edge, aim)
            c = work.found[c].after
        limit_m = _limit_m(constants, aim)
    end_m = entry_m + along_m(roads, constants, following, roads.edge[following].length_m)
    if label.stamp != work.counter[0] or (label.is_done == 0 and end_m < label.m):
        _label(roads, work, following, end_m, edge, aim, limit_m)
    return limit_m


@njit(nogil=True, cache=True, boundscheck=False)
def search(roads, work, constants, n, edge, pos_m, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Sets route_m and parent of the n targets in work.found from the state (edge, pos_m); see AIM."""
    for c in range(n):
        work.found[c].route_m = math.inf
    _reach_on_edge(roads, work, constants, edge, pos_m, aim)
    limit_m = _limit_m(constants, aim)
    work.counter[0] += 1
    work.counter[2] = 0
    back = edge ^ 1
    ahead_m = along_m(roads, constants, edge, roads.edge[edge].length_m - pos_m)
    behind_m = along_m(roads, constants, back, pos_m) + turn_on_edge_m(roads, constants, edge)
    _label(roads, work, edge, ahead_m, AHEAD, aim, limit_m)
    _label(roads, work, back, behind_m, TURNED, aim, limit_m)
    while work.counter[2] > 0 and work.heap[0].key <= limit_m:
        at = _pop(work)
        if work.label[at].is_done == 0:
            work.label[at].is_done = 1
            for k in range(roads.edge[at].next_first, roads.edge[at].next_end):
                limit_m = _follow(roads, work, constants, at, roads.following[k], aim, limit_m)

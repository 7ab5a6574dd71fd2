"""遷移コスト: the ways on the network from one state to the candidates of the next fix, and what they cost.

One search serves all candidates: A* over directed edges towards the disc around the next fix, with a limit that
shrinks as good candidates are found. Its measure is metres; turning back, driving against a one-way and sharp
turns add metres (see MatchSettings).
"""

from __future__ import annotations

import math

from numba import njit


@njit(nogil=True, cache=True, boundscheck=False)
def transition_nats(route_m, straight_m, beta_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of a way of route_m between fixes straight_m apart (Newson & Krumm 2009, eq. 2)."""
    return abs(route_m - straight_m) / beta_m


@njit(nogil=True, cache=True, boundscheck=False)
def _push(work, key, edge):  # type: ignore[no-untyped-def]  # numba kernel
    i = work.counter[2]
    work.counter[2] = i + 1
    while i > 0:
        up = (i - 1) >> 1
        if work.heap_key[up] <= key:
            break
        work.heap_key[i], work.heap_edge[i] = work.heap_key[up], work.heap_edge[up]
        i = up
    work.heap_key[i], work.heap_edge[i] = key, edge


@njit(nogil=True, cache=True, boundscheck=False)
def _pop(work):  # type: ignore[no-untyped-def]  # numba kernel
    edge, n = work.heap_edge[0], work.counter[2] - 1
    work.counter[2] = n
    key, last = work.heap_key[n], work.heap_edge[n]
    i = 0
    while True:
        down = 2 * i + 1
        if down >= n:
            break
        if down + 1 < n and work.heap_key[down + 1] < work.heap_key[down]:
            down += 1
        if work.heap_key[down] >= key:
            break
        work.heap_key[i], work.heap_edge[i] = work.heap_key[down], work.heap_edge[down]
        i = down
    work.heap_key[i], work.heap_edge[i] = key, last
    return edge


@njit(nogil=True, cache=True, boundscheck=False)
def turn_m(roads, constants, edge, following):  # type: ignore[no-untyped-def]  # numba kernel
    """Metres that the turn from one edge into the following one adds."""
    node = roads.edge_to[edge]
    if following == edge ^ 1:
        is_dead_end = roads.out_start[node + 1] - roads.out_start[node] == 1
        cost = 0.0 if is_dead_end else constants.uturn_node_m
    else:
        # the end of an edge is the start of its reverse, turned round
        cosine = -(
            roads.start_dir[edge ^ 1, 0] * roads.start_dir[following, 0]
            + roads.start_dir[edge ^ 1, 1] * roads.start_dir[following, 1]
        )
        cost = constants.turn_m * 0.5 * (1.0 - cosine)
    if not roads.is_open[following] and roads.is_open[edge]:
        cost += constants.against_m
    return cost


@njit(nogil=True, cache=True, boundscheck=False)
def turn_on_edge_m(roads, constants, edge):  # type: ignore[no-untyped-def]  # numba kernel
    """Metres that turning back in the middle of an edge adds."""
    is_against = roads.is_open[edge] and not roads.is_open[edge ^ 1]
    return constants.uturn_edge_m + (constants.against_m if is_against else 0.0)


@njit(nogil=True, cache=True, boundscheck=False)
def along_m(roads, constants, edge, metres):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of driving some metres of an edge: more than they are where the edge runs against a one-way."""
    return metres if roads.is_open[edge] else metres * (1.0 + constants.against_fraction)


@njit(nogil=True, cache=True, boundscheck=False)
def set_targets(work, found, n):  # type: ignore[no-untyped-def]  # numba kernel
    """Makes the n candidates in `found` the targets of the searches that follow."""
    work.counter[1] += 1
    step = work.counter[1]
    for c in range(n):
        edge = found.edge[c]
        found.after[c] = work.target_first[edge] if work.target_stamp[edge] == step else -1
        work.target_first[edge] = c
        work.target_stamp[edge] = step


@njit(nogil=True, cache=True, boundscheck=False)
def _reach_on_edge(roads, work, constants, found, edge, pos_m, jitter_m):  # type: ignore[no-untyped-def]
    """Targets on the edge of the state itself, ahead or within the jitter behind, and on its reverse by turning."""
    step = work.counter[1]
    if work.target_stamp[edge] == step:
        c = work.target_first[edge]
        while c >= 0:
            ahead = found.pos_m[c] - pos_m
            if ahead >= -jitter_m:
                found.route_m[c] = along_m(roads, constants, edge, max(ahead, 0.0))
                found.parent[c] = -1
            c = found.after[c]
    back = edge ^ 1
    if work.target_stamp[back] == step:
        here = roads.length_m[edge >> 1] - pos_m
        extra = turn_on_edge_m(roads, constants, edge)
        c = work.target_first[back]
        while c >= 0:
            found.route_m[c] = abs(found.pos_m[c] - here) + extra
            found.parent[c] = -2
            c = found.after[c]


@njit(nogil=True, cache=True, boundscheck=False)
def _bound(found, n, base_nats, straight_m, beta_m, best_nats, beam_nats, least_nats):  # type: ignore[no-untyped-def]
    """Best total over the targets reached so far and the longest way that can still come within the beam of it."""
    for c in range(n):
        total = base_nats + found.nats[c] + transition_nats(found.route_m[c], straight_m, beta_m)
        best_nats = min(best_nats, total)
    return best_nats, straight_m + beta_m * (best_nats + beam_nats - base_nats - least_nats)


@njit(nogil=True, cache=True, boundscheck=False)
def _to_disc_m(roads, edge, x, y, disc_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Straight way from the end of an edge to the disc that holds all targets: never more than the way itself."""
    node = roads.edge_to[edge]
    return max(0.0, math.hypot(roads.node_xy[node, 0] - x, roads.node_xy[node, 1] - y) - disc_m)


@njit(nogil=True, cache=True, boundscheck=False)
def _start(roads, work, constants, edge, pos_m, x, y, disc_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Starts a search at pos_m of an edge: with the end of the edge and, after turning, with its start."""
    work.counter[0] += 1
    work.counter[2] = 0
    back = edge ^ 1
    ahead_m = along_m(roads, constants, edge, roads.length_m[edge >> 1] - pos_m)
    behind_m = along_m(roads, constants, back, pos_m) + turn_on_edge_m(roads, constants, edge)
    _label(roads, work, edge, ahead_m, -1, x, y, disc_m)
    _label(roads, work, back, behind_m, -2, x, y, disc_m)


@njit(nogil=True, cache=True, boundscheck=False)
def _label(roads, work, edge, end_m, parent, x, y, disc_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Writes the label of an edge and puts it on the heap."""
    work.label_m[edge] = end_m
    work.label_stamp[edge] = work.counter[0]
    work.label_parent[edge] = parent
    work.label_done[edge] = False
    _push(work, end_m + _to_disc_m(roads, edge, x, y, disc_m), edge)


@njit(nogil=True, cache=True, boundscheck=False)
def _reach(roads, work, constants, found, edge, following, entry_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Better ways to the targets on `following`, entered from `edge` at entry_m. Whether any got better."""
    is_better = False
    if work.target_stamp[following] == work.counter[1]:
        c = work.target_first[following]
        while c >= 0:
            route_m = entry_m + along_m(roads, constants, following, found.pos_m[c])
            if route_m < found.route_m[c]:
                found.route_m[c], found.parent[c] = route_m, edge
                is_better = True
            c = found.after[c]
    return is_better


@njit(nogil=True, cache=True, boundscheck=False)
def search(  # type: ignore[no-untyped-def]
    roads, work, constants, found, n, edge, pos_m, x, y, disc_m, jitter_m,
    base_nats, straight_m, beta_m, best_nats, beam_nats, least_nats, max_route_m,
):  # fmt: skip
    """Fills found.route_m and found.parent of n targets from the state (edge, pos_m).

    (x, y), disc_m   all targets lie within disc_m of the next fix
    base_nats        cost of the state; least_nats: least emission of the targets
    best_nats        best total found for the next fix so far; returned, lowered where this state does better
    max_route_m      nobody drives more between the two fixes
    """
    for c in range(n):
        found.route_m[c] = math.inf
    _reach_on_edge(roads, work, constants, found, edge, pos_m, jitter_m)
    best_nats, limit_m = _bound(found, n, base_nats, straight_m, beta_m, best_nats, beam_nats, least_nats)
    limit_m = min(limit_m, max_route_m)
    _start(roads, work, constants, edge, pos_m, x, y, disc_m)
    stamp = work.counter[0]
    while work.counter[2] > 0 and work.heap_key[0] <= limit_m:
        at = _pop(work)
        if work.label_done[at]:
            continue
        work.label_done[at] = True
        node = roads.edge_to[at]
        for k in range(roads.out_start[node], roads.out_start[node + 1]):
            following = roads.out_edge[k]
            entry_m = work.label_m[at] + turn_m(roads, constants, at, following)
            if _reach(roads, work, constants, found, at, following, entry_m):
                best_nats, limit_m = _bound(found, n, base_nats, straight_m, beta_m, best_nats, beam_nats, least_nats)
                limit_m = min(limit_m, max_route_m)
            end_m = entry_m + along_m(roads, constants, following, roads.length_m[following >> 1])
            is_known = work.label_stamp[following] == stamp
            if is_known and (work.label_done[following] or end_m >= work.label_m[following]):
                continue
            if end_m + _to_disc_m(roads, following, x, y, disc_m) <= limit_m:
                _label(roads, work, following, end_m, at, x, y, disc_m)
    return best_nats

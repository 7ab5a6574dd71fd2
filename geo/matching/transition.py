"""遷移コスト: the ways on the network from one state to the candidates of the next fix, and what they cost.

One search serves all candidates: A* over directed edges towards the disc around the next fix, with a limit that
shrinks as good candidates are found. Its measure is metres; turning back, driving against a one-way and sharp
turns add metres (see MatchSettings).
"""

from __future__ import annotations

import math

import numpy as np

from geo.matching.kernel import kernel

#: What a way starts with instead of an edge before: on ahead, or back after turning on the edge.
AHEAD, TURNED = np.int64(-1), np.int64(-2)


@kernel
def transition_nats(route_m, straight_m, nats_per_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of a way of route_m between fixes straight_m apart (Newson & Krumm 2009, eq. 2)."""
    return abs(route_m - straight_m) * nats_per_m


@kernel
def _push(heap, counter, key, edge):  # type: ignore[no-untyped-def]  # numba kernel
    i = counter[2]
    counter[2] = i + 1
    while i > 0 and heap[(i - 1) >> 1].key > key:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    heap[i].key, heap[i].edge = key, edge


@kernel
def _pop(heap, counter):  # type: ignore[no-untyped-def]  # numba kernel
    n = counter[2] - 1
    counter[2] = n
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


@kernel
def turn_m(constants, turn):  # type: ignore[no-untyped-def]  # numba kernel
    """Metres that a turn adds."""
    cost = constants.turn_m * turn.bend
    if turn.is_back != 0:
        cost += constants.uturn_node_m
    if turn.is_against != 0:
        cost += constants.against_m
    return cost


@kernel
def turn_on_edge_m(edges, constants, edge):  # type: ignore[no-untyped-def]  # numba kernel
    """Metres that turning back in the middle of an edge adds."""
    is_against = edges[edge].is_open != 0 and edges[edge ^ 1].is_open == 0
    return constants.uturn_edge_m + (constants.against_m if is_against else 0.0)


@kernel
def along_m(edges, constants, edge, metres, pace):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of driving some metres of an edge: more against a one-way, and on a road too slow for the pace.

    The pace is that of the straight line, so that the way asks for as much at least. Two ways of one length are told
    apart by it: in half a minute only one of them can be driven.
    """
    edge_of = edges[edge]
    priced = metres * (1.0 + constants.hurry * max(0.0, pace * edge_of.s_per_m - constants.speeding))
    return priced if edge_of.is_open != 0 else priced * (1.0 + constants.against_fraction)


@kernel
def set_targets(labels, found, counter, n):  # type: ignore[no-untyped-def]  # numba kernel
    """Makes the first n candidates the targets of the searches that follow."""
    counter[1] += 1
    for c in range(n):
        label = labels[found[c].edge]
        found[c].after = label.target if label.target_stamp == counter[1] else -1
        label.target, label.target_stamp = c, counter[1]


@kernel
def _improve(target, route_m, parent, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Takes a way to a target if it is shorter than the one known, and lowers the best total by it."""
    if route_m < target.route_m:
        target.route_m, target.parent = route_m, parent
        total = aim.base_nats + target.nats + transition_nats(route_m, aim.straight_m, aim.nats_per_m)
        aim.best_nats = min(aim.best_nats, total)


@kernel
def _set_limits(edges, found, n, constants, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Sets the bounds on way plus straight rest to the fix within which a search can still be of use.

    A way to a target is of use when it ends within the beam and is shorter than the one known. The target lies off_m
    from its fix, so the way may be that much shorter than its straight rest to the fix. limit_m is the greatest such
    bound; open_limit_m is the one for edges that may be driven along, from which a target against a one-way costs
    against_m more.
    """
    limit_m, open_limit_m = -math.inf, -math.inf
    for c in range(n):
        target = found[c]
        beam = aim.best_nats + constants.beam_nats - aim.base_nats - target.nats
        most_m = min(aim.straight_m + aim.beta_m * beam, aim.max_m, target.route_m) + target.off_m
        limit_m = max(limit_m, most_m)
        if edges[target.edge].is_open == 0:
            most_m -= constants.against_m
        open_limit_m = max(open_limit_m, most_m)
    aim.limit_m, aim.open_limit_m = limit_m, open_limit_m


@kernel
def _reach_on_edge(edges, labels, found, step, constants, edge, pos_m, aim):  # type: ignore[no-untyped-def]
    """Targets on the edge of the state itself, ahead or within the jitter behind, and on its reverse by turning.

    A way to a place behind is less than nothing: standing still costs what the fixes moved, and the step back too,
    so that a long drive against the edge never passes for jitter.
    """
    c = labels[edge].target if labels[edge].target_stamp == step else -1
    while c >= 0:
        ahead_m = found[c].pos_m - pos_m
        if ahead_m >= -aim.jitter_m:
            _improve(found[c], along_m(edges, constants, edge, ahead_m, aim.pace), AHEAD, aim)
        c = found[c].after
    back = edge ^ 1
    c = labels[back].target if labels[back].target_stamp == step else -1
    while c >= 0:
        here_m = edges[edge].length_m - pos_m
        _improve(found[c], abs(found[c].pos_m - here_m) + turn_on_edge_m(edges, constants, edge), TURNED, aim)
        c = found[c].after


@kernel
def _label(end, label, heap, counter, edge, end_m, parent, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Labels an edge that is reached at its end with end_m, unless no target can follow within the limits.

    Nor is it labelled where a way from another state of the same fix is there for merge_nats less: whatever follows
    is the same for both. (A way shorter than the straight line costs more the shorter it is, but by less than that.)
    """
    dx, dy = end.to_x - aim.x, end.to_y - aim.y
    key = end_m + aim.pull * math.sqrt(dx * dx + dy * dy)
    if key > (aim.open_limit_m if end.is_open != 0 else aim.limit_m):
        return
    nats = aim.base_nats + end_m * aim.nats_per_m
    if label.least_stamp != counter[1]:
        label.least_nats, label.least_stamp = nats, counter[1]
    elif nats > label.least_nats + aim.merge_nats:
        return
    label.least_nats = min(label.least_nats, nats)
    label.m, label.stamp, label.parent, label.is_done = end_m, counter[0], parent, 0
    _push(heap, counter, key, edge)


@kernel
def _enter(found, label, entry_m, factor, edge, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Reaches the targets on an edge that is entered from `edge` at entry_m; factor prices its metres."""
    c = label.target
    while c >= 0:
        _improve(found[c], entry_m + factor * found[c].pos_m, edge, aim)
        c = found[c].after


@kernel
def search(roads, work, constants, n, edge, pos_m, aim):  # type: ignore[no-untyped-def]  # numba kernel
    """Sets route_m and parent of the n targets in work.found from the state (edge, pos_m); see AIM."""
    edges, turns, labels, found = roads.edge, roads.turn, work.label, work.found
    heap, counter = work.heap, work.counter
    for c in range(n):
        found[c].route_m = math.inf
    counter[0] += 1
    counter[2] = 0
    stamp, step, back = counter[0], counter[1], edge ^ 1
    _reach_on_edge(edges, labels, found, step, constants, edge, pos_m, aim)
    _set_limits(edges, found, n, constants, aim)
    ahead_m = along_m(edges, constants, edge, edges[edge].length_m - pos_m, aim.pace)
    behind_m = along_m(edges, constants, back, pos_m, aim.pace) + turn_on_edge_m(edges, constants, edge)
    _label(edges[edge], labels[edge], heap, counter, edge, ahead_m, AHEAD, aim)
    _label(edges[back], labels[back], heap, counter, back, behind_m, TURNED, aim)
    while counter[2] > 0 and heap[0].key <= aim.limit_m:
        at = _pop(heap, counter)
        if labels[at].is_done != 0:
            continue
        labels[at].is_done = 1
        at_m, is_entered = labels[at].m, False
        for k in range(edges[at].turn_first, edges[at].turn_end):
            following = turns[k].edge
            label = labels[following]
            is_target = label.target_stamp == step
            if label.stamp == stamp and label.is_done != 0 and not is_target:
                continue
            entry_m = at_m + turn_m(constants, turns[k])
            factor = along_m(edges, constants, following, 1.0, aim.pace)
            if is_target:
                _enter(found, label, entry_m, factor, at, aim)
                is_entered = True
            end_m = entry_m + factor * edges[following].length_m
            if label.stamp != stamp or (label.is_done == 0 and end_m < label.m):
                _label(edges[following], label, heap, counter, following, end_m, at, aim)
        if is_entered:
            _set_limits(edges, found, n, constants, aim)

"""推定経路: the links of edges that the chosen states imply, and where on them every fix lies.

A link is a stretch of one directed edge driven without turning. Positions are metres in the direction of the
edge; `at_m` counts metres along the whole path of the trace, so that times can be interpolated along it.
"""

from __future__ import annotations

import math

import numpy as np

from geo.matching.kernel import kernel
from geo.matching.transition import TURNED, along_m, search, set_targets

#: from_m <= to_m; part: number of the continuous part of the path, a break starts another.
LINK = np.dtype([("from_m", "f8"), ("to_m", "f8"), ("at_m", "f8"), ("edge", "i8"), ("part", "i8")], align=True)
#: Where a fix lies: link (-1 unmatched), metres from the start of its edge, metres off it, metres along the path.
PLACED = np.dtype([("pos_m", "f8"), ("off_m", "f8"), ("at_m", "f8"), ("link", "i8")], align=True)
#: Where a state of the chain stands: its link and the metres from the start of the edge.
STAND = np.dtype([("pos_m", "f8"), ("link", "i8")], align=True)

ONE = np.int64(1)


@kernel
def first_segment(segments, edge, low):  # type: ignore[no-untyped-def]  # numba kernel
    """Segment of the piece of an edge that holds the offset `low`, by bisection."""
    a, b = edge.segment_first, edge.segment_end
    while b - a > 1:
        middle = (a + b) >> 1
        if segments[middle].from_m <= low:
            a = middle
        else:
            b = middle
    return a


@kernel
def point_at(roads, e, pos_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Place pos_m along an edge, in its own direction: x and y."""
    edge = roads.edge[e]
    offset = edge.length_m - pos_m if e & 1 else pos_m
    s = roads.segment[first_segment(roads.segment, edge, offset)]
    t = min(max((offset - s.from_m) / s.span_m, 0.0), 1.0) if s.span_m > 0.0 else 0.0
    return s.ax + t * (s.bx - s.ax), s.ay + t * (s.by - s.ay)


@kernel
def _with_room(links, n, more):  # type: ignore[no-untyped-def]  # numba kernel
    if n + more <= len(links):
        return links
    longer = np.empty(2 * (n + more), LINK)
    for i in range(n):
        longer[i] = links[i]
    return longer


@kernel
def _drive(links, n, edge, from_m, to_m, part):  # type: ignore[no-untyped-def]  # numba kernel
    """Drives from from_m to to_m of an edge: lengthens the last link, or appends one; returns the new n."""
    at_m = 0.0
    if n > 0:
        last = links[n - 1]
        if last.part == part and last.edge == edge and abs(last.to_m - from_m) < 1e-6:
            last.to_m = max(last.to_m, to_m)
            return n
        at_m = last.at_m + last.to_m - last.from_m
    link = links[n]
    link.edge, link.from_m, link.to_m, link.at_m, link.part = edge, from_m, max(from_m, to_m), at_m, part
    return n + 1


@kernel
def _way_back(work, parent):  # type: ignore[no-untyped-def]  # numba kernel
    """Edges from the start of the last search to `parent`, the start included, and how the search left it."""
    n, e = 0, parent
    while e >= 0:
        n += 1
        e = work.label[e].parent
    way = np.empty(n, np.int64)
    root, e = e, parent
    for i in range(n - 1, -1, -1):
        way[i] = e
        e = work.label[e].parent
    return way, root


@kernel
def _drive_way(roads, links, n, way, root, here_m, part):  # type: ignore[no-untyped-def]  # numba kernel
    """Drives from here_m of the first edge to the end of the last one; returns the new n."""
    from_m = here_m
    if root == TURNED:
        # the search turned on its edge: way[0] is the reverse of the edge of the state
        n = _drive(links, n, way[0] ^ 1, here_m, here_m, part)
        from_m = roads.edge[way[0]].length_m - here_m
    for i in range(len(way)):
        n = _drive(links, n, way[i], from_m, roads.edge[way[i]].length_m, part)
        from_m = 0.0
    return n


@kernel
def search_again(roads, work, constants, a, b, most_m, pace):  # type: ignore[no-untyped-def]  # numba kernel
    """Repeats the search from state a to state b alone; returns the candidate that stands for b.

    most_m is the length of the way, or more; pace is what it was found with. The parents of the labels give the way.
    Here the aim is b itself, a unit of cost is a metre, and the limit shrinks to the way once it is found.
    """
    candidate, aim = work.found[0], work.aim[0]
    candidate.edge, candidate.pos_m, candidate.nats, candidate.off_m = b.edge, b.pos_m, 0.0, 0.0
    set_targets(work.label, work.found, work.counter, ONE)
    aim.x, aim.y = point_at(roads, b.edge, b.pos_m)
    aim.straight_m, aim.beta_m, aim.base_nats, aim.best_nats, aim.pull = 0.0, 1.0, 0.0, math.inf, 1.0
    # a rounded sum may come out a little longer than the first time, and so may the straight line
    aim.max_m = most_m + 1e-9 * abs(most_m) + 1e-3
    aim.merge_nats, aim.pace = math.inf, pace
    aim.jitter_m = math.inf if b.edge == a.edge and most_m < 0.0 else 0.0
    search(roads, work, constants, ONE, a.edge, a.pos_m, aim)
    if math.isinf(candidate.route_m):
        # snapped nodes make a way shorter than the straight line; then look without it
        aim.pull, aim.best_nats = 0.0, math.inf
        search(roads, work, constants, ONE, a.edge, a.pos_m, aim)
    return candidate


@kernel
def _leg(roads, work, constants, a, b, here_m, links, n, part):  # type: ignore[no-untyped-def]  # numba kernel
    """Drives from state a, standing at here_m of its edge, to state b; returns links, n and where it stands."""
    links = _with_room(links, n, np.int64(3))
    if (
        b.edge == a.edge
        and b.route_m <= along_m(roads.edge, constants, a.edge, max(b.pos_m - a.pos_m, 0.0), b.pace) + 1e-6
    ):
        stand_m = max(here_m, b.pos_m)
        return links, _drive(links, n, a.edge, here_m, stand_m, part), stand_m
    parent = search_again(roads, work, constants, a, b, b.route_m, b.pace).parent
    if parent == TURNED:
        length_m = roads.edge[a.edge].length_m
        turn_m = max(here_m, length_m - b.pos_m)
        n = _drive(links, n, a.edge, here_m, turn_m, part)
        return links, _drive(links, n, b.edge, length_m - turn_m, b.pos_m, part), b.pos_m
    way, root = _way_back(work, parent)
    links = _with_room(links, n, len(way) + 2)
    n = _drive_way(roads, links, n, way, root, here_m, part)
    return links, _drive(links, n, b.edge, 0.0, b.pos_m, part), b.pos_m


@kernel
def extend_links(roads, work, constants, states, chain, links, n, here_m):  # type: ignore[no-untyped-def]
    """Drives on over the chosen states from the end of n links, which chain[0] stands on at here_m of its edge.

    With n = 0 a path starts. Returns links, their number, and for each state of the chain where it stands.
    """
    part = links[n - 1].part if n > 0 else np.int64(0)
    goes_on = n > 0
    stand = np.empty(len(chain), STAND)
    for c in range(len(chain)):
        b = states[chain[c]]
        if (c == 0 and not goes_on) or (c > 0 and math.isinf(b.route_m)):
            part += 1
            here_m = b.pos_m
            links = _with_room(links, n, ONE)
            n = _drive(links, n, b.edge, here_m, here_m, part)
        elif c > 0:
            a = states[chain[c - 1]]
            links, n, here_m = _leg(roads, work, constants, a, b, here_m, links, n, part)
        stand[c].link, stand[c].pos_m = n - 1, here_m
    return links, n, stand


@kernel
def build_links(roads, work, constants, states, chain):  # type: ignore[no-untyped-def]  # numba kernel
    """Links of the chosen states, their number, and for each state of the chain where it stands."""
    links = np.empty(4 * len(chain) + 8, LINK)
    return extend_links(roads, work, constants, states, chain, links, np.int64(0), 0.0)

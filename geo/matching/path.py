"""推定経路: the links of edges that the chosen states imply, and where on them every fix lies.

A link is a stretch of one directed edge driven without turning. Positions are metres in the direction of the
edge; `at_m` counts metres along the whole path of the trace, so that times can be interpolated along it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.matching.transition import along_m, search, set_targets

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]


class Links(NamedTuple):
    """Room for L links in driving order.

    edge     (L,) directed edge
    from_m, to_m  (L,) metres from the start of the edge, in its own direction; from_m <= to_m
    at_m     (L,) metres along the path at from_m
    part     (L,) number of the continuous part of the path; a break starts another
    leg      (L,) leg (position of its first state in the chain) on which the link was entered
    """

    edge: Ints32
    from_m: Floats
    to_m: Floats
    at_m: Floats
    part: Ints32
    leg: Ints32


class Placed(NamedTuple):
    """Where the k fixes of a trace lie on its path.

    link   (k,) position in Links; -1 unmatched
    pos_m  (k,) metres from the start of the edge of that link
    off_m  (k,) metres between the fix and that place
    at_m   (k,) metres along the path
    """

    link: Ints32
    pos_m: Floats
    off_m: Floats
    at_m: Floats


@njit(nogil=True, cache=True)
def new_links(size):  # type: ignore[no-untyped-def]  # numba kernel
    """Room for `size` links."""
    return Links(
        np.empty(size, np.int32), np.empty(size), np.empty(size), np.empty(size),
        np.empty(size, np.int32), np.empty(size, np.int32),
    )  # fmt: skip


@njit(nogil=True, cache=True)
def _with_room(links, n, more):  # type: ignore[no-untyped-def]  # numba kernel
    if n + more <= len(links.edge):
        return links
    new = new_links(2 * (n + more))
    new.edge[:n], new.from_m[:n], new.to_m[:n] = links.edge[:n], links.from_m[:n], links.to_m[:n]
    new.at_m[:n], new.part[:n], new.leg[:n] = links.at_m[:n], links.part[:n], links.leg[:n]
    return new


@njit(nogil=True, cache=True)
def _drive(links, n, edge, from_m, to_m, part, leg):  # type: ignore[no-untyped-def]  # numba kernel
    """Drives from from_m to to_m of an edge: lengthens the last link, or appends one; returns the new n."""
    if n > 0 and links.part[n - 1] == part:
        if links.edge[n - 1] == edge and abs(links.to_m[n - 1] - from_m) < 1e-6:
            links.to_m[n - 1] = max(links.to_m[n - 1], to_m)
            return n
        at_m = links.at_m[n - 1] + links.to_m[n - 1] - links.from_m[n - 1]
    else:
        at_m = 0.0 if n == 0 else links.at_m[n - 1] + links.to_m[n - 1] - links.from_m[n - 1]
    links.edge[n], links.from_m[n], links.to_m[n] = edge, from_m, max(from_m, to_m)
    links.at_m[n], links.part[n], links.leg[n] = at_m, part, leg
    return n + 1


@njit(nogil=True, cache=True)
def _way_back(work, parent):  # type: ignore[no-untyped-def]  # numba kernel
    """Edges from the start of the last search to `parent`, the start included, and how the search left it."""
    n, e = 0, parent
    while e >= 0:
        n += 1
        e = work.label_parent[e]
    way = np.empty(n, np.int32)
    root, e = e, parent
    for i in range(n - 1, -1, -1):
        way[i] = e
        e = work.label_parent[e]
    return way, root


@njit(nogil=True, cache=True)
def _drive_way(roads, links, n, way, root, here_m, edge, pos_m, part, leg):  # type: ignore[no-untyped-def]
    """Drives from here_m of the first edge over all of `way` onto pos_m of `edge`; returns links and the new n."""
    links = _with_room(links, n, len(way) + 2)
    first = way[0]
    from_m = here_m
    if root == -2:
        # the search turned on its edge: way[0] is the reverse of the edge of the state
        length_m = roads.length_m[first >> 1]
        n = _drive(links, n, first ^ 1, here_m, here_m, part, leg)
        from_m = length_m - here_m
    for i in range(len(way)):
        length_m = roads.length_m[way[i] >> 1]
        n = _drive(links, n, way[i], from_m, length_m, part, leg)
        from_m = 0.0
    return links, _drive(links, n, edge, 0.0, pos_m, part, leg)


@njit(nogil=True, cache=True)
def _leg(roads, work, constants, seen, found, lattice, i, j, here_m, links, n, part, leg):  # type: ignore[no-untyped-def]
    """Drives from state i, standing at here_m of its edge, to state j; returns links, n and where it stands."""
    edge, to, pos_m = lattice.edge[i], lattice.edge[j], lattice.pos_m[j]
    links = _with_room(links, n, 3)
    ahead_m = pos_m - lattice.pos_m[i]
    route_m = lattice.route_m[j]
    if to == edge and route_m <= along_m(roads, constants, edge, max(ahead_m, 0.0)) + 1e-6:
        stand_m = max(here_m, pos_m)
        return links, _drive(links, n, edge, here_m, stand_m, part, leg), stand_m
    f, g = lattice.fix[j], lattice.fix[i]
    found.edge[0], found.pos_m[0], found.nats[0] = to, pos_m, 0.0
    set_targets(work, found, 1)
    straight_m = math.hypot(seen.x_m[f] - seen.x_m[g], seen.y_m[f] - seen.y_m[g])
    search(
        roads, work, constants, found, 1, edge, lattice.pos_m[i], seen.x_m[f], seen.y_m[f],
        4.0 * constants.max_radius_m + route_m, 0.0, 0.0, straight_m, constants.beta_m, math.inf, constants.beam_nats,
        0.0, route_m * (1.0 + 1e-9) + 1e-6,
    )  # fmt: skip
    if found.parent[0] == -2:
        length_m = roads.length_m[edge >> 1]
        turn_m = max(here_m, length_m - pos_m)
        n = _drive(links, n, edge, here_m, turn_m, part, leg)
        return links, _drive(links, n, to, length_m - turn_m, pos_m, part, leg), pos_m
    way, root = _way_back(work, found.parent[0])
    links, n = _drive_way(roads, links, n, way, root, here_m, to, pos_m, part, leg)
    return links, n, pos_m


@njit(nogil=True, cache=True)
def build_links(roads, work, constants, seen, found, lattice, chain):  # type: ignore[no-untyped-def]
    """Links of the chosen states, and for each state of the chain the link and the metre on which it stands."""
    links, n, part = new_links(4 * len(chain) + 8), 0, 0
    on_link = np.empty(len(chain), np.int32)
    stand = np.empty(len(chain))
    here_m = lattice.pos_m[chain[0]]
    n = _drive(links, n, lattice.edge[chain[0]], here_m, here_m, part, 0)
    on_link[0], stand[0] = 0, here_m
    for c in range(1, len(chain)):
        i, j = chain[c - 1], chain[c]
        if math.isinf(lattice.route_m[j]):
            part += 1
            here_m = lattice.pos_m[j]
            links = _with_room(links, n, 1)
            n = _drive(links, n, lattice.edge[j], here_m, here_m, part, c)
        else:
            links, n, here_m = _leg(roads, work, constants, seen, found, lattice, i, j, here_m, links, n, part, c - 1)
        on_link[c], stand[c] = n - 1, here_m
    return links, n, on_link, stand


@njit(nogil=True, cache=True)
def _project(roads, edge, from_m, to_m, x, y):  # type: ignore[no-untyped-def]  # numba kernel
    """Nearest place to (x, y) between from_m and to_m of an edge: its position on the edge and the distance."""
    piece = edge >> 1
    length_m = roads.length_m[piece]
    backward = edge & 1 == 1
    low, high = (length_m - to_m, length_m - from_m) if backward else (from_m, to_m)
    a, b = roads.piece_segment[piece], roads.piece_segment[piece + 1]
    s = a + max(np.searchsorted(roads.segment_from_m[a:b], low, "right") - 1, 0)
    best_m, best = math.inf, low
    while s < b:
        begin_m = roads.segment_from_m[s]
        if begin_m > high:
            break
        ax, ay = roads.segment[s, 0], roads.segment[s, 1]
        dx, dy = roads.segment[s, 2] - ax, roads.segment[s, 3] - ay
        square = dx * dx + dy * dy
        span_m = math.sqrt(square) * roads.segment_per_m[s]
        if span_m > 0.0:
            t = ((x - ax) * dx + (y - ay) * dy) / square
            t = min(max(t, (low - begin_m) / span_m, 0.0), (high - begin_m) / span_m, 1.0)
            m = math.hypot(ax + t * dx - x, ay + t * dy - y)
            if m < best_m:
                best_m, best = m, begin_m + t * span_m
        s += 1
    return (length_m - best if backward else best), best_m


@njit(nogil=True, cache=True)
def _place_between(roads, seen, links, placed, f, link_a, at_a, link_b, at_b, max_off_m):  # type: ignore[no-untyped-def]
    """Places fix f on the links link_a to link_b, between at_a and at_b metres of the path; returns its at_m."""
    best_m, best_link, best_pos = math.inf, -1, 0.0
    for k in range(link_a, link_b + 1):
        from_m = links.from_m[k] + max(at_a - links.at_m[k], 0.0)
        to_m = min(links.to_m[k], links.from_m[k] + at_b - links.at_m[k])
        if to_m < from_m:
            continue
        pos_m, off_m = _project(roads, links.edge[k], from_m, to_m, seen.x_m[f], seen.y_m[f])
        if off_m < best_m:
            best_m, best_link, best_pos = off_m, k, pos_m
    if best_m > max_off_m:
        placed.link[f] = -1
        return at_a
    placed.link[f], placed.pos_m[f], placed.off_m[f] = best_link, best_pos, best_m
    placed.at_m[f] = max(at_a, links.at_m[best_link] + best_pos - links.from_m[best_link])
    return placed.at_m[f]


@njit(nogil=True, cache=True)
def _place_standing(roads, seen, links, placed, f, link, at_m, reach_m):  # type: ignore[no-untyped-def]
    """Places fix f, for which no way was decoded, where the vehicle stands, if it is near enough."""
    pos_m = links.from_m[link] + at_m - links.at_m[link]
    pos_m, off_m = _project(roads, links.edge[link], pos_m, pos_m, seen.x_m[f], seen.y_m[f])
    placed.link[f] = -1
    if off_m <= reach_m:
        placed.link[f], placed.pos_m[f], placed.off_m[f], placed.at_m[f] = link, pos_m, off_m, at_m


@njit(nogil=True, cache=True)
def place_fixes(roads, constants, seen, lattice, chain, links, on_link, stand, min_move_m):  # type: ignore[no-untyped-def]
    """Places every fix of the trace: those of the chain where they were decoded, the others between them."""
    k = len(seen.x_m)
    placed = Placed(np.full(k, -1, np.int32), np.zeros(k), np.zeros(k), np.zeros(k))
    sigmas = math.sqrt(2.0 * constants.skip_nats)
    for c in range(len(chain)):
        f, link = lattice.fix[chain[c]], on_link[c]
        at_m = links.at_m[link] + stand[c] - links.from_m[link]
        pos_m, off_m = _project(roads, links.edge[link], stand[c], stand[c], seen.x_m[f], seen.y_m[f])
        placed.link[f], placed.pos_m[f], placed.off_m[f], placed.at_m[f] = link, pos_m, off_m, at_m
        last = c + 1 == len(chain)
        end = k if last else lattice.fix[chain[c + 1]]
        if last or math.isinf(lattice.route_m[chain[c + 1]]):
            for h in range(f + 1, end):
                _place_standing(roads, seen, links, placed, h, link, at_m, min_move_m + off_m)
            continue
        next_link = on_link[c + 1]
        at_b = links.at_m[next_link] + stand[c + 1] - links.from_m[next_link]
        at_a = at_m
        for h in range(f + 1, end):
            at_a = _place_between(roads, seen, links, placed, h, link, at_a, next_link, at_b, sigmas * seen.sigma_m[h])
    return placed

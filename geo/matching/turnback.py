"""転回点: how far a vehicle went before it turned back on an edge, seen from the fixes that were not decoded.

Fixes near the last decoded one are not decoded, so a path that turns back between two decoded fixes turns at the
farther of them. Those between show how far it really went: up to the step that counts as movement more.
"""

from __future__ import annotations

import math

from geo.matching.kernel import kernel
from geo.matching.place import project

#: A fix tells of the turn when it lies no further beside the edge than so many times its spread.
BESIDE_SIGMAS = 2.0


@kernel
def _farthest(roads, seen, first, end, link, length_m):  # type: ignore[no-untyped-def]  # numba kernel
    """How far along the edge of a link, in its direction, the fixes first to before end lie; no less than its end."""
    far_m = link.to_m
    for h in range(first, end):
        pos_m, off_m = project(roads, link.edge, link.to_m, length_m, seen[h].x, seen[h].y)
        if off_m <= BESIDE_SIGMAS * seen[h].sigma_m:
            far_m = max(far_m, pos_m)
    return far_m


@kernel
def _draw_out(roads, seen, links, k, first, end):  # type: ignore[no-untyped-def]  # numba kernel
    """Draws the links k and k + 1, if they are a turn, out to the fixes first to before end; whether they moved."""
    out, back = links[k], links[k + 1]
    if back.edge != out.edge ^ 1 or back.part != out.part:
        return False
    length_m = roads.edge[out.edge].length_m
    far_m = _farthest(roads, seen, first, end, out, length_m)
    if far_m <= out.to_m:
        return False
    out.to_m, back.from_m = far_m, min(length_m - far_m, back.from_m)
    return True


@kernel
def _last_of_turn(states, chain, links, stand, c):  # type: ignore[no-untyped-def]  # numba kernel
    """The fix before which the fixes of the turn that leads to state c end: the next decoded one if c stands on it.

    A turn at a decoded fix costs the same before and after it.
    """
    stands = stand[c].pos_m <= links[stand[c].link].from_m + 1e-6
    if stands and c + 1 < len(chain) and not math.isinf(states[chain[c + 1]].route_m):
        return states[chain[c + 1]].fix
    return states[chain[c]].fix


@kernel
def reach_turns(roads, seen, states, chain, links, n_links, stand):  # type: ignore[no-untyped-def]  # numba kernel
    """Draws links that turn back on their edge out to where the fixes between say that the vehicle turned.

    chain  states in order, stand where each stands; both as extend_links has left them. Both links of a turn are
    drawn out, and the metres along the path after it move on.
    """
    first_moved = n_links
    for c in range(len(chain)):
        # the first state may stand on a turn that links held from before lead to
        low = stand[c - 1].link if c > 0 else max(stand[0].link - 1, 0)
        first = states[chain[max(c - 1, 0)]].fix + 1
        for k in range(low, stand[c].link):
            end = states[chain[c]].fix
            if k + 1 == stand[c].link:
                end = _last_of_turn(states, chain, links, stand, c)
            if first < end and _draw_out(roads, seen, links, k, first, end):
                first_moved = min(first_moved, k + 1)
    for k in range(first_moved, n_links):
        links[k].at_m = links[k - 1].at_m + links[k - 1].to_m - links[k - 1].from_m

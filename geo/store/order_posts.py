"""The road between two kilometres of a route, along its kilometre posts 距離標."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from geo.db import Row
from geo.order_places import Ground, Place, way_between
from geo.plans import PlanEdges, gather

#: Posts farther from the kilometre that is named than this do not stand for it.
POST_REACH_KM = 1.0


def posts_way(
    ground: Ground, posts: list[Row], from_km: float, to_km: float, *, is_outward: bool
) -> tuple[PlanEdges | None, str]:
    """The way from post to post, and what does not fit ("" where all does); None: there is no way.

    posts       (km, edge_id, offset_m) by km
    is_outward  True: from the last post at or before from_km to the first at or after to_km, so that no metre that is
                named is left out; False: from the first after to the last before, so that none is added
    """
    low, high = min(from_km, to_km), max(from_km, to_km)
    at: dict[float, Place] = {}
    for km, edge_id, offset_m in posts:
        edge = int(ground.network.position_of(np.array([edge_id], np.int64))[0])
        if edge >= 0:
            at.setdefault(float(km), Place(edge >> 1, float(offset_m)))
    if not at:
        return None, "The network has no kilometre posts of this route."
    before = [km for km in at if km <= low] if is_outward else [km for km in at if low <= km <= high]
    after = [km for km in at if km >= high] if is_outward else before
    first = (max(before) if is_outward else min(before)) if before else min(at)
    last = (min(after) if is_outward else max(after)) if after else max(at)
    if abs(first - low) > POST_REACH_KM or abs(last - high) > POST_REACH_KM or first >= last:
        return None, f"No kilometre posts stand near km {low:g} and km {high:g} of this route."
    ways, n_gaps = [], 0
    for here, there in pairwise(km for km in sorted(at) if first <= km <= last):
        way = way_between(ground, at[here], at[there])
        # posts of two carriageways, or of a road that goes another way now: no stretch is that much longer than it says
        if way is None or float((way.to_m - way.from_m).sum()) > 3000.0 * (there - here) + 500.0:
            n_gaps += 1
        else:
            ways.append(way)
    if not ways:
        return None, "No road leads from post to post."
    return gather(ways), f"Between {n_gaps} pairs of posts no road was found." if n_gaps else ""

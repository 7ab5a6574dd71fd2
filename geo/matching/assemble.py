"""通過区間: turns the links of a path into traversals with times, counts and confidence, without touches."""

from __future__ import annotations

import math

import numpy as np

from geo.matching.kernel import kernel

#: A traversal of one trace. from_m and to_m are along digitising, seconds and fixes count from the first fix.
ROW = np.dtype(
    [
        ("from_m", "f8"), ("to_m", "f8"), ("entered_s", "f8"), ("left_s", "f8"), ("confidence", "f8"),
        ("edge", "i8"), ("n_fixes", "i8"), ("first_fix", "i8"), ("last_fix", "i8"),
    ],
    align=True,
)  # fmt: skip
#: A link shorter than this has no length: it is the end of an edge at a node.
POINT_M = 1e-3
#: A drive out and back that is less likely than this is left out.
SPUR_CONFIDENCE = 0.5


@kernel
def _is_partial(roads, link, touch_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Whether a link is shorter than touch_m and does not cover its whole edge."""
    driven_m = link.to_m - link.from_m
    return driven_m < touch_m and driven_m < roads.edge[link.edge].length_m - 1e-6


@kernel
def without_touches(roads, links, n_links, touch_m):  # type: ignore[no-untyped-def]  # numba kernel
    """(n_links,) whether a link is movement and not a touch.

    A touch has no length, or is a short partial link at an end of a part of the path, or a short way into an edge
    and back out of it. A link that covers its whole edge is never one, because the path needs it.
    """
    keep = np.ones(n_links, np.bool_)
    for k in range(n_links):
        link = links[k]
        is_first = k == 0 or links[k - 1].part != link.part
        is_last = k + 1 == n_links or links[k + 1].part != link.part
        is_short = _is_partial(roads, link, touch_m)
        if link.to_m - link.from_m < POINT_M or ((is_first or is_last) and is_short):
            keep[k] = False
        if is_last or not is_short or links[k + 1].edge != link.edge ^ 1:
            continue
        is_out = links[k + 1].to_m > roads.edge[link.edge].length_m - 1e-6
        if link.from_m < 1e-6 and is_out and _is_partial(roads, links[k + 1], touch_m):
            keep[k] = keep[k + 1] = False
    return keep


@kernel
def without_unlikely_spurs(roads, links, n_links, confidence, keep):  # type: ignore[no-untyped-def]  # numba kernel
    """Drops drives out of a path and back on the same edge that are less likely than not.

    The cheapest path may hold one, as where a vehicle stood and its fixes drifted into a side road, although most of
    the ways that explain the fixes do not. The path goes on without it.
    """
    for k in range(1, n_links - 2):
        out, back = links[k], links[k + 1]
        if back.edge != out.edge ^ 1 or links[k - 1].part != out.part or links[k + 2].part != out.part:
            continue
        is_whole = out.from_m < 1e-6 and back.to_m > roads.edge[back.edge].length_m - 1e-6
        if is_whole and max(confidence[k], confidence[k + 1]) < SPUR_CONFIDENCE:
            keep[k] = keep[k + 1] = False


@kernel
def leave_points(links, n_links, placed):  # type: ignore[no-untyped-def]  # numba kernel
    """Moves the fixes of links without length, which are ends of other edges at a node, onto the link beside."""
    for f in range(len(placed)):
        k = placed[f].link
        if k < 0 or links[k].to_m - links[k].from_m >= POINT_M:
            continue
        before, after = k - 1, k + 1
        while before >= 0 and links[before].to_m - links[before].from_m < POINT_M:
            before -= 1
        while after < n_links and links[after].to_m - links[after].from_m < POINT_M:
            after += 1
        if before >= 0 and links[before].part == links[k].part:
            placed[f].link, placed[f].pos_m = before, links[before].to_m
        elif after < n_links and links[after].part == links[k].part:
            placed[f].link, placed[f].pos_m = after, links[after].from_m


@kernel
def _set_fixes(rows, n_links, placed):  # type: ignore[no-untyped-def]  # numba kernel
    """Number, first and last of the fixes on each link; links without any get the fixes before and after."""
    for f in range(len(placed)):
        if placed[f].link >= 0:
            row = rows[placed[f].link]
            if row.n_fixes == 0:
                row.first_fix = f
            row.last_fix = f
            row.n_fixes += 1
    before, after = 0, len(placed) - 1
    for k in range(n_links):
        if rows[k].n_fixes > 0:
            before = rows[k].last_fix
        else:
            rows[k].first_fix = before
    for k in range(n_links - 1, -1, -1):
        if rows[k].n_fixes > 0:
            after = rows[k].first_fix
        else:
            rows[k].last_fix = after


@kernel
def _seconds_at(links, seen, placed, a, b, part, at_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Seconds at at_m metres of the path in a part, linear between the placed fixes a and b around it."""
    if links[placed[a].link].part < part:
        return seen[b].at_s
    if links[placed[b].link].part > part or placed[b].at_m <= placed[a].at_m:
        return seen[a].at_s
    share = (at_m - placed[a].at_m) / (placed[b].at_m - placed[a].at_m)
    return seen[a].at_s + min(max(share, 0.0), 1.0) * (seen[b].at_s - seen[a].at_s)


@kernel
def _set_times(rows, links, n_links, seen, placed):  # type: ignore[no-untyped-def]  # numba kernel
    """Seconds at which each link is entered and left."""
    known, n = np.empty(len(placed), np.int64), 0
    for f in range(len(placed)):
        if placed[f].link >= 0:
            known[n] = f
            n += 1
    u, last_s = 0, -math.inf
    for k in range(n_links):
        for is_end in range(2):
            at_m = links[k].at_m + (links[k].to_m - links[k].from_m if is_end else 0.0)
            while u + 1 < n:
                after = placed[known[u + 1]]
                if after.at_m >= at_m and links[after.link].part >= links[k].part:
                    break
                u += 1
            b = known[min(u + 1, n - 1)]
            last_s = max(last_s, _seconds_at(links, seen, placed, known[u], b, links[k].part, at_m))
            if is_end:
                rows[k].left_s = last_s
            else:
                rows[k].entered_s = last_s


@kernel
def link_rows(roads, seen, links, n_links, placed, confidence):  # type: ignore[no-untyped-def]  # numba kernel
    """(n_links,) ROW: one for each link, touches and points too."""
    rows = np.zeros(n_links, ROW)
    _set_fixes(rows, n_links, placed)
    _set_times(rows, links, n_links, seen, placed)
    for k in range(n_links):
        length_m = roads.edge[links[k].edge].length_m
        a, b = max(links[k].from_m, 0.0), min(links[k].to_m, length_m)
        if links[k].edge & 1:
            a, b = length_m - b, length_m - a
        rows[k].edge, rows[k].from_m, rows[k].to_m, rows[k].confidence = links[k].edge, a, b, confidence[k]
    return rows


@kernel
def assemble(roads, seen, links, n_links, placed, confidence, touch_m):  # type: ignore[no-untyped-def]  # numba kernel
    """(R,) ROW: the traversals of one trace, in driving order."""
    rows = link_rows(roads, seen, links, n_links, placed, confidence)
    keep = without_touches(roads, links, n_links, touch_m)
    without_unlikely_spurs(roads, links, n_links, confidence, keep)
    return rows[keep]

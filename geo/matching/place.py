"""Lays every fix of a trace on its path: the decoded ones where they stand, the others between them."""

from __future__ import annotations

import math

import numpy as np

from geo.matching.kernel import kernel
from geo.matching.path import PLACED, first_segment


@kernel
def project(roads, e, from_m, to_m, x, y):  # type: ignore[no-untyped-def]  # numba kernel
    """Nearest place to (x, y) between from_m and to_m of an edge: its position on the edge and the distance."""
    edge = roads.edge[e]
    backward = e & 1 == 1
    low, high = (edge.length_m - to_m, edge.length_m - from_m) if backward else (from_m, to_m)
    best_m, best = math.inf, low
    for i in range(first_segment(roads.segment, edge, low), edge.segment_end):
        s = roads.segment[i]
        if s.from_m > high:
            break
        dx, dy = s.bx - s.ax, s.by - s.ay
        if s.span_m > 0.0:
            t = ((x - s.ax) * dx + (y - s.ay) * dy) * s.per_m2
            t = min(max(t, (low - s.from_m) / s.span_m, 0.0), (high - s.from_m) / s.span_m, 1.0)
            m = math.hypot(s.ax + t * dx - x, s.ay + t * dy - y)
            if m < best_m:
                best_m, best = m, s.from_m + t * s.span_m
    return (edge.length_m - best if backward else best), best_m


@kernel
def _place_between(roads, links, fix, placed, first, last, at_a, at_b, max_off_m):  # type: ignore[no-untyped-def]
    """Places a fix on the links first to last, between at_a and at_b metres of the path; returns its at_m."""
    placed.link, placed.off_m = -1, max_off_m
    for k in range(first, last + 1):
        link = links[k]
        from_m = link.from_m + max(at_a - link.at_m, 0.0)
        to_m = min(link.to_m, link.from_m + at_b - link.at_m)
        # a vehicle that stands leaves a range without length, rounded
        if to_m > from_m - 1e-6:
            pos_m, off_m = project(roads, link.edge, from_m, to_m, fix.x, fix.y)
            if off_m < placed.off_m:
                placed.link, placed.pos_m, placed.off_m = k, pos_m, off_m
                placed.at_m = max(at_a, link.at_m + pos_m - link.from_m)
    return placed.at_m if placed.link >= 0 else at_a


@kernel
def _place_standing(roads, links, fix, placed, stand, reach_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Places a fix where the vehicle stands, if it is near enough."""
    link = links[stand.link]
    pos_m, off_m = project(roads, link.edge, stand.pos_m, stand.pos_m, fix.x, fix.y)
    placed.link = -1
    if off_m <= reach_m:
        placed.link, placed.pos_m, placed.off_m = stand.link, pos_m, off_m
        placed.at_m = link.at_m + stand.pos_m - link.from_m


@kernel
def place_fixes(roads, constants, seen, states, chain, links, stand, min_move_m):  # type: ignore[no-untyped-def]
    """(k,) PLACED of every fix of the trace.

    A fix before the first decoded one, or across a break, is placed only where the vehicle then stood.
    """
    placed = np.zeros(len(seen), PLACED)
    for f in range(len(seen)):
        placed[f].link = -1
    sigmas = math.sqrt(2.0 * constants.skip_nats)
    for c in range(len(chain)):
        f = states[chain[c]].fix
        _place_standing(roads, links, seen[f], placed[f], stand[c], math.inf)
        is_last = c + 1 == len(chain)
        end = len(seen) if is_last else states[chain[c + 1]].fix
        if is_last or math.isinf(states[chain[c + 1]].route_m):
            for h in range(f + 1, end):
                _place_standing(roads, links, seen[h], placed[h], stand[c], min_move_m + placed[f].off_m)
            continue
        b, at_a = stand[c + 1], placed[f].at_m
        at_b = links[b.link].at_m + b.pos_m - links[b.link].from_m
        for h in range(f + 1, end):
            reach_m = sigmas * seen[h].sigma_m
            at_a = _place_between(roads, links, seen[h], placed[h], stand[c].link, b.link, at_a, at_b, reach_m)
    return placed

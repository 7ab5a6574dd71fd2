"""近傍: the segments of roads near a place, found in the uniform grid of geo.matching.candidates."""

from __future__ import annotations

import math

import numpy as np

from geo.matching.arrays import MAX_NEAR
from geo.matching.kernel import kernel


@kernel
def near_segments(roads, near, x, y, radius_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Fills `near` with the segments within radius_m of (x, y), ascending, each once; returns how many."""
    segments, cell_segment, n_columns = roads.segment, roads.cell_segment, roads.n_columns
    c0 = max(math.floor((x - radius_m - roads.origin_x_m) / roads.cell_m), 0)
    c1 = min(math.floor((x + radius_m - roads.origin_x_m) / roads.cell_m), n_columns - 1)
    r0 = max(math.floor((y - radius_m - roads.origin_y_m) / roads.cell_m), 0)
    r1 = min(math.floor((y + radius_m - roads.origin_y_m) / roads.cell_m), roads.n_rows - 1)
    n, limit = np.int64(0), radius_m * radius_m
    if c0 > c1:
        return n
    for row in range(r0, r1 + 1):
        # the cells of a row follow each other, so one range of cell_segment holds all of them
        for k in range(roads.cell_start[row * n_columns + c0], roads.cell_start[row * n_columns + c1 + 1]):
            s = segments[cell_segment[k]]
            dx, dy = s.bx - s.ax, s.by - s.ay
            t = min(max(((x - s.ax) * dx + (y - s.ay) * dy) * s.per_m2, 0.0), 1.0)
            ex, ey = s.ax + t * dx - x, s.ay + t * dy - y
            m2 = ex * ex + ey * ey
            if m2 <= limit:
                n = _insert_near(near, n, cell_segment[k], m2, t)
    return n


@kernel
def _insert_near(near, n, s, m2, t):  # type: ignore[no-untyped-def]  # numba kernel
    """Inserts segment s into the first n of `near`, which ascend; returns the new n."""
    i = n
    while i > 0 and near[i - 1].segment > s:
        i -= 1
    if n == MAX_NEAR or (i > 0 and near[i - 1].segment == s):
        return n
    for j in range(n, i, -1):
        near[j] = near[j - 1]
    near[i].segment, near[i].m2, near[i].share = s, m2, t
    return n + 1

"""Roads on a coarse grid, as few long trails of unit steps: what the overview draws. No clock, no database.

Each line becomes steps between neighbouring points of the grid; steps that several roads share are one step, which
later shows the worst of them. The steps are then walked as trails, straight on where that is possible, so that few
bytes tell them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

#: The longer side of the drawing in units of the grid; a phone shows a unit in about half a pixel of its page.
LONGER_SIDE = 640


@dataclass(frozen=True, slots=True)
class Grid:
    """west, north in metres of EPSG:3857 at (0, 0), unit_m metres a unit; width x height units, y downwards."""

    west: float
    north: float
    unit_m: float
    width: int
    height: int

    @staticmethod
    def over(west: float, south: float, east: float, north: float) -> Grid:
        """The grid over a box in metres, with a margin of two units."""
        unit_m = max(east - west, north - south, 1.0) / (LONGER_SIDE - 4)
        width, height = int(np.ceil((east - west) / unit_m)) + 4, int(np.ceil((north - south) / unit_m)) + 4
        return Grid(west - 2 * unit_m, north + 2 * unit_m, unit_m, width, height)

    def of(self, xy: Floats) -> Ints:
        """(N, 2) points of the grid nearest to (N, 2) metres."""
        found: Ints = np.rint((xy - (self.west, self.north)) / (self.unit_m, -self.unit_m)).astype(np.int64)
        return found


@dataclass(frozen=True, slots=True)
class Steps:
    """Unit steps and which pieces lie on them.

    ends   (S, 4) x0, y0, x1, y1 of each step
    step   (M,) and piece (M,): step `step[i]` lies on the piece at position piece[i] of the lines
    """

    ends: Ints
    step: Ints
    piece: Ints


def steps_of(grid: Grid, xy: Floats, line: Ints) -> Steps:
    """Steps of lines. xy (V, 2) metres; line (V,) the position of the line that each vertex is of, in order.

    A line that is shorter than a step lies on every step that touches its point; where none does, it is not drawn.
    """
    at = grid.of(xy)
    is_along = line[1:] == line[:-1]
    begin, end, owner = at[:-1][is_along], at[1:][is_along], line[:-1][is_along]
    n = np.abs(end - begin).max(axis=1, initial=0)
    which = np.repeat(np.arange(len(n)), n)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(n) - n, n)
    span = (end - begin)[which] / n[which, None]
    tail = np.rint(begin[which] + span * nth[:, None]).astype(np.int64)
    head = np.rint(begin[which] + span * (nth + 1)[:, None]).astype(np.int64)
    width = grid.width + 2
    ends = np.sort(np.stack([_key(tail, width), _key(head, width)], axis=1), axis=1)
    keys, step = np.unique(ends, axis=0, return_inverse=True)
    step, piece = step.reshape(-1), owner[which]
    short = np.setdiff1d(line, piece)
    if len(short) and len(keys):
        first = np.searchsorted(line, short)
        more_step, more_piece = _touching(keys, _key(at[first], width), short)
        step, piece = np.concatenate([step, more_step]), np.concatenate([piece, more_piece])
    points = np.stack([keys[:, 0] % width, keys[:, 0] // width, keys[:, 1] % width, keys[:, 1] // width], axis=1)
    pairs = np.unique(np.stack([step, piece], axis=1), axis=0)
    return Steps(points - 1, pairs[:, 0], pairs[:, 1])


def _key(points: Ints, width: int) -> Ints:
    found: Ints = (points[:, 1] + 1) * width + points[:, 0] + 1
    return found


def _touching(keys: Ints, point: Ints, owner: Ints) -> tuple[Ints, Ints]:
    """(steps, owners): each owner with all steps that have its point as an end."""
    ends = keys.reshape(-1)
    order = np.argsort(ends, kind="stable")
    left, right = (np.searchsorted(ends[order], point, side) for side in ("left", "right"))
    n = right - left
    nth = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return order[np.repeat(left, n) + nth] // 2, np.repeat(owner, n)


def trails_of(steps: Steps) -> list[list[tuple[int, bool]]]:
    """All steps as trails: lists of (step, whether it is walked from its end to its begin), each step once."""
    ends = [tuple(row) for row in steps.ends.tolist()]
    at: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position, (x0, y0, x1, y1) in enumerate(ends):
        at[x0, y0].append(position)
        at[x1, y1].append(position)
    left = set(range(len(ends)))
    starts = sorted(at, key=lambda point: (len(at[point]) == 2, point))
    trails = []
    for start in starts:
        while any(step in left for step in at[start]):
            trails.append(_walk(start, ends, at, left))
    return trails


def _walk(
    point: tuple[int, int], ends: list[tuple[int, ...]], at: dict[tuple[int, int], list[int]], left: set[int]
) -> list[tuple[int, bool]]:
    """Walk on from a point as straight as it goes until nothing is left there."""
    trail: list[tuple[int, bool]] = []
    dx = dy = 0
    while True:
        ways = []
        for step in at[point]:
            if step in left:
                x0, y0, x1, y1 = ends[step]
                is_back = (x0, y0) != point
                to = (x0, y0) if is_back else (x1, y1)
                ways.append((-(to[0] - point[0]) * dx - (to[1] - point[1]) * dy, step, is_back, to))
        if not ways:
            return trail
        _, step, is_back, to = min(ways)
        left.discard(step)
        trail.append((step, is_back))
        dx, dy, point = to[0] - point[0], to[1] - point[1], to

"""Which stretch of a new line stands for which stretch of an old one, where both were drawn within a few metres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.polyline import Polylines, points_at, project, ragged, segment_shapes, segments, to_shapes

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Shapes = NDArray[Any]

#: A line drawn again lies within this of its old place. Half of what lies between the middles of two carriageways of a
#: divided road (two lanes of 3.25 m and the median, 道路構造令 第5条, 第6条), so that facts never change sides.
OVERLAY_M = 4.0
#: Cosine of the angle (30 degrees) up to which two stretches run alike; a side street at a junction does not.
ALIKE_COSINE = 0.866
#: Lines are compared in cells of at most this length; ends of runs are then moved onto the very ends of the new lines.
CELL_M = 2.0
#: A run shorter than this is rounding and no stretch of road.
SLIVER_M = 1e-3


@dataclass(frozen=True, slots=True)
class Runs:
    """R stretches of old lines, in the order of the lines and along them; together they are the old lines, whole.

    old, new        (R,) lines; new is -1 where nothing stands for the stretch
    from_m, to_m    (R,) metres along the old line
    new_from_m, new_to_m  (R,) metres along the new line, ascending; NaN where new is -1
    is_flipped      (R,) the new line is drawn the other way
    """

    old: Ints
    new: Ints
    from_m: Floats
    to_m: Floats
    new_from_m: Floats
    new_to_m: Floats
    is_flipped: Bools


@dataclass(frozen=True, slots=True)
class _Cells:
    """C cells of old lines: the line, the limits along it, the middle and the direction there (unit vector)."""

    line: Ints
    from_m: Floats
    to_m: Floats
    middle: Floats
    heading: Floats


def overlay(old: Polylines, old_level: Ints, new: Polylines, new_level: Ints) -> Runs:
    """Runs of all the old lines.

    A cell of an old line goes to the nearest new line of its level that runs alike within OVERLAY_M, if no other old
    line is nearer to that place: what is left of two roads is one of them and not both.
    """
    cells = _cells(old)
    new_line, flipped = _assign(cells, old, old_level, new, new_level)
    head = np.ones(len(cells.line), bool)
    head[1:] = (np.diff(cells.line) != 0) | (np.diff(new_line) != 0) | (flipped[1:] != flipped[:-1])
    first = np.nonzero(head)[0]
    last = np.append(first[1:], len(head))[: len(first)] - 1
    line, to_line, flip = cells.line[first], new_line[first], flipped[first]
    from_m, to_m = _refined(old, new, line, to_line, flip, cells.from_m[first], cells.to_m[last])
    runs = _without_slivers(old, Runs(line, to_line, from_m, to_m, from_m, to_m, flip))
    return _measured(old, new, runs)


def _cells(old: Polylines) -> _Cells:
    length = old.length_m
    count = np.maximum(np.ceil(length / CELL_M), 1).astype(np.int64)
    line, k = np.repeat(np.arange(old.n_lines), count), ragged(count)
    size = (length / count)[line]
    from_m, to_m = k * size, np.where(k == count[line] - 1, length[line], (k + 1) * size)
    a, b = points_at(old, line, from_m), points_at(old, line, to_m)
    chord = np.hypot(*(b - a).T)
    heading = (b - a) / np.where(chord > 0, chord, 1.0)[:, None]
    return _Cells(line, from_m, to_m, points_at(old, line, (from_m + to_m) / 2), heading)


def _unit(lines: Polylines, vertex: Ints) -> Floats:
    step = lines.xy[vertex + 1] - lines.xy[vertex]
    unit: Floats = step / np.hypot(*step.T)[:, None]
    return unit


def _near(
    points: Floats, heading: Floats, level: Ints, lines: Polylines, line_level: Ints
) -> tuple[Ints, Ints, Floats, Floats]:
    """Point, segment (its first vertex), distance and cosine of all alike pairs within OVERLAY_M, nearest first."""
    vertex = segments(lines)
    if not len(vertex) or not len(points):
        none, zero = np.empty(0, np.int64), np.empty(0)
        return none, none, zero, zero
    tree = shapely.STRtree(segment_shapes(lines, vertex))
    point, segment = tree.query(shapely.points(points), predicate="dwithin", distance=OVERLAY_M)
    at = vertex[segment]
    cosine = np.einsum("ij,ij->i", heading[point], _unit(lines, at))
    alike = (np.abs(cosine) >= ALIKE_COSINE) & (line_level[lines.line_of_vertex[at]] == level[point])
    point, at, cosine = point[alike], at[alike], cosine[alike]
    _, distance = project(lines, points[point], at)
    order = np.lexsort((at, distance, point))
    return point[order], at[order], distance[order], cosine[order]


def _firsts(sorted_ids: Ints) -> Ints:
    first = np.ones(len(sorted_ids), bool)
    first[1:] = np.diff(sorted_ids) != 0
    return np.nonzero(first)[0]


def _assign(cells: _Cells, old: Polylines, old_level: Ints, new: Polylines, new_level: Ints) -> tuple[Ints, Bools]:
    """New line (-1 none) of each cell, and whether it is drawn the other way."""
    chosen, flipped = np.full(len(cells.line), -1), np.zeros(len(cells.line), bool)
    level = old_level[cells.line]
    cell, at, distance, cosine = _near(cells.middle, cells.heading, level, new, new_level)
    best = _firsts(cell)
    cell, at, distance, cosine = cell[best], at[best], distance[best], cosine[best]
    measure, _ = project(new, cells.middle[cell], at)
    foot = points_at(new, new.line_of_vertex[at], measure)
    back, _, nearest, _ = _near(foot, cells.heading[cell], level[cell], old, old_level)
    lead = _firsts(back)
    rival = np.full(len(cell), np.inf)
    rival[back[lead]] = nearest[lead]
    own = distance <= rival + 0.05
    chosen[cell[own]] = new.line_of_vertex[at[own]]
    flipped[cell[own]] = cosine[own] < 0
    return chosen, flipped


def _refined(
    old: Polylines, new: Polylines, line: Ints, to_line: Ints, flip: Bools, from_m: Floats, to_m: Floats
) -> tuple[Floats, Floats]:
    """Limits of the runs, with those between two runs moved to where the new line itself begins or ends."""
    inner = np.nonzero(np.diff(line) == 0)[0]
    if not len(inner):
        return from_m, to_m
    shapes = to_shapes(old)
    ends = np.concatenate([new.xy[new.start[:-1]], new.xy[new.start[1:] - 1]]).reshape(2, -1, 2)
    limit = to_m[inner].copy()
    # the run before leaves its new line at the end, the run after enters at the start; flipped, the other way round
    for run, side in ((inner + 1, 0), (inner, 1)):
        real = to_line[run] >= 0
        which = np.where(flip[run], 1 - side, side)
        xy = ends[which[real], to_line[run][real]]
        place = shapely.line_locate_point(shapes[line[run][real]], shapely.points(xy))
        near = np.abs(place - to_m[inner[real]]) <= 1.5 * CELL_M
        limit[np.nonzero(real)[0][near]] = place[near]
    # one run after the other, each from where the one before it ends
    base = old.axis_base_m[line[inner]]
    limit = np.clip(np.maximum.accumulate(limit + base) - base, 0.0, old.length_m[line[inner]])
    from_m, to_m = from_m.copy(), to_m.copy()
    to_m[inner], from_m[inner + 1] = limit, limit
    return from_m, to_m


def _without_slivers(old: Polylines, runs: Runs) -> Runs:
    """The runs without those that the moving of limits has shrunk to nothing; the others close the gaps."""
    keep = runs.to_m - runs.from_m > SLIVER_M
    keep[_firsts(runs.old)] |= ~np.isin(runs.old[_firsts(runs.old)], runs.old[keep])
    held = Runs(*(getattr(runs, name)[keep] for name in Runs.__slots__))
    first = _firsts(held.old)
    from_m = np.concatenate([[0.0], held.to_m[:-1]])[: len(held.old)]
    from_m[first] = 0.0
    to_m = held.to_m.copy()
    last = np.append(first[1:], len(to_m))[: len(first)] - 1
    to_m[last] = old.length_m[held.old[last]]
    return replace(held, from_m=from_m, to_m=to_m)


def _measured(old: Polylines, new: Polylines, runs: Runs) -> Runs:
    """The runs with their places on the new lines; one that shrinks to nothing there is gone."""
    to_line = runs.new.copy()
    low, high = np.full(len(to_line), np.nan), np.full(len(to_line), np.nan)
    real = np.nonzero(to_line >= 0)[0]
    if len(real):
        shapes = to_shapes(new)[to_line[real]]
        a = shapely.line_locate_point(shapes, shapely.points(points_at(old, runs.old[real], runs.from_m[real])))
        b = shapely.line_locate_point(shapes, shapely.points(points_at(old, runs.old[real], runs.to_m[real])))
        length = new.length_m[to_line[real]]
        low[real] = np.where(np.minimum(a, b) < SLIVER_M, 0.0, np.minimum(a, b))
        high[real] = np.where(np.maximum(a, b) > length - SLIVER_M, length, np.maximum(a, b))
    nothing = ~(high - low > SLIVER_M)
    to_line[nothing], low[nothing], high[nothing] = -1, np.nan, np.nan
    return Runs(runs.old, to_line, runs.from_m, runs.to_m, low, high, runs.is_flipped & ~nothing)

"""Many polylines as two flat arrays, measured along their digitising.

L lines, V vertices: `start` (L + 1,) is the first vertex of each line in `xy` (V, 2), metres of a plane CRS.
`measure_m` (V,) is the distance of each vertex from the start of its own line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Shapes = NDArray[Any]

#: Lines lie apart by this much on the common axis of `Polylines.axis_m`, so that no measure belongs to two lines.
_AXIS_GAP_M = 10.0


@dataclass(frozen=True, slots=True)
class Polylines:
    """Flat polylines. Every line has at least two vertices and a positive length.

    start      (L + 1,) first vertex of each line
    xy         (V, 2) metres
    measure_m  (V,) metres from the start of the vertex's line
    """

    start: Ints
    xy: Floats
    measure_m: Floats

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.start) - 1

    @property
    def length_m(self) -> Floats:
        """(L,) metres."""
        return self.measure_m[self.start[1:] - 1]

    @property
    def line_of_vertex(self) -> Ints:
        """(V,) line of each vertex."""
        return np.repeat(np.arange(self.n_lines), np.diff(self.start))

    @property
    def axis_base_m(self) -> Floats:
        """(L,) where each line begins on one axis on which all the lines lie one after the other, with gaps."""
        return np.concatenate([[0.0], np.cumsum(self.length_m[:-1] + _AXIS_GAP_M)])[: self.n_lines]

    @property
    def axis_m(self) -> Floats:
        """(V,) ascending positions of the vertices on that axis."""
        return self.axis_base_m[self.line_of_vertex] + self.measure_m


def from_flat(start: Ints, xy: Floats) -> Polylines:
    """Polylines of flat arrays; measures are computed."""
    step = np.hypot(*(xy[1:] - xy[:-1]).T) if len(xy) else np.empty(0)
    step = np.concatenate([[0.0], step])[: len(xy)]
    first = start[:-1]
    step[first] = 0.0
    total = np.cumsum(step)
    return Polylines(start, xy, total - np.repeat(total[first], np.diff(start)))


def from_shapes(shapes: Shapes) -> Polylines:
    """Polylines of (L,) shapely LineStrings with their repeated vertices taken out.

    Lines must have a positive length; `topology.clean` sorts the others out before.
    """
    xy, line = shapely.get_coordinates(shapes, return_index=True)
    keep = np.ones(len(xy), bool)
    keep[1:] = (line[1:] != line[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    counts = np.bincount(line[keep], minlength=len(shapes))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return from_flat(start, np.ascontiguousarray(xy[keep], dtype=np.float64))


def to_shapes(lines: Polylines) -> Shapes:
    """(L,) shapely LineStrings."""
    made: Shapes = shapely.linestrings(lines.xy, indices=lines.line_of_vertex)
    return np.atleast_1d(made) if lines.n_lines else np.empty(0, object)


def points_at(lines: Polylines, line: Ints, measure_m: Floats) -> Floats:
    """(n, 2) points at (n,) measures of (n,) lines; a measure that is a vertex gives that very vertex."""
    axis = lines.axis_m
    last = lines.start[line + 1] - 1
    at = np.searchsorted(axis, lines.axis_base_m[line] + measure_m, side="right") - 1
    at = np.clip(at, lines.start[line], last)
    nxt = np.minimum(at + 1, last)
    span = lines.measure_m[nxt] - lines.measure_m[at]
    part = np.where(span > 0, (measure_m - lines.measure_m[at]) / np.where(span > 0, span, 1.0), 0.0)
    found = lines.xy[at] + np.clip(part, 0.0, 1.0)[:, None] * (lines.xy[nxt] - lines.xy[at])
    at_end = measure_m >= lines.measure_m[last]
    return np.where(at_end[:, None], lines.xy[last], found)


def substrings(lines: Polylines, line: Ints, from_m: Floats, to_m: Floats) -> Polylines:
    """(n,) stretches from_m < to_m of (n,) lines, with all the vertices between."""
    axis, base = lines.axis_m, lines.axis_base_m[line]
    slack_m = 1e-6  # a vertex that is the cut itself is not repeated
    low = np.searchsorted(axis, base + from_m + slack_m, side="right")
    high = np.searchsorted(axis, base + to_m - slack_m, side="left")
    inner = np.maximum(high - low, 0)
    start = np.concatenate([[0], np.cumsum(inner + 2)]).astype(np.int64)
    xy = np.empty((int(start[-1]), 2))
    xy[start[:-1]] = points_at(lines, line, from_m)
    xy[start[1:] - 1] = points_at(lines, line, to_m)
    where = ragged(inner)
    xy[np.repeat(start[:-1] + 1, inner) + where] = lines.xy[np.repeat(low, inner) + where]
    return from_flat(start, xy)


def take(lines: Polylines, line: Ints) -> Polylines:
    """(n,) lines of these numbers, unchanged."""
    counts = np.diff(lines.start)[line]
    vertex = np.repeat(lines.start[line], counts) + ragged(counts)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Polylines(start, lines.xy[vertex], lines.measure_m[vertex])


def ragged(counts: Ints) -> Ints:
    """(sum(counts),) 0, 1 … count - 1 for each count, one after the other."""
    begin = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) - np.repeat(begin, counts)


def project(lines: Polylines, point_xy: Floats, vertex: Ints) -> tuple[Floats, Floats]:
    """Measure (n,) and distance (n,) of (n, 2) points on the segments that begin at (n,) vertices."""
    a, b = lines.xy[vertex], lines.xy[vertex + 1]
    along = b - a
    square = np.einsum("ij,ij->i", along, along)
    part = np.einsum("ij,ij->i", point_xy - a, along) / np.where(square > 0, square, 1.0)
    part = np.clip(part, 0.0, 1.0)
    foot = a + part[:, None] * along
    span = lines.measure_m[vertex + 1] - lines.measure_m[vertex]
    return lines.measure_m[vertex] + part * span, np.hypot(*(point_xy - foot).T)


def segments(lines: Polylines) -> Ints:
    """(S,) vertices at which a segment begins: all but the last vertex of each line."""
    begins = np.ones(len(lines.xy), bool)
    begins[lines.start[1:] - 1] = False
    return np.nonzero(begins)[0]


def segment_shapes(lines: Polylines, vertex: Ints) -> Shapes:
    """(n,) two-point LineStrings of the segments that begin at (n,) vertices, for a spatial index."""
    made: Shapes = shapely.linestrings(np.stack([lines.xy[vertex], lines.xy[vertex + 1]], axis=1))
    return np.atleast_1d(made)

"""Where lines meet: the places at which roads have to be cut, and which of these places are one node.

A *cut* is a place on one line (line, metres along it). A *meeting* says that two cuts are the same place on the
ground. Two policies make meetings:

- `crossings` for unsplit lines: lines meet where they cross or touch each other or themselves, and where an end lies
  within the snap tolerance of a line.
- `endpoints` for lines that are already topological: lines meet only where their ends lie within the snap tolerance
  of each other. An end that lies on a vertex of another line is no junction: real networks put such vertices where a
  motorway passes over a street. The report counts these ends as near misses.

Levels: lines of different levels never meet where they cross. Two ends always may meet, whatever their levels,
because a bridge goes on as a road. The end of a raised or sunk line also meets a ground line that it touches, because a
bridge or a tunnel cannot end in the air; the end of a ground line does not meet the bridge above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.polyline import Polylines, project, segment_shapes, segments

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: A vertex this near to a line lies on it: above the rounding of degrees to metres, below any survey.
TOUCH_M = 1e-3
#: Sine of the angle under which two segments count as parallel; a crossing point would be off by more than it is worth.
PARALLEL_SINE = 1e-9


@dataclass(frozen=True, slots=True)
class Meetings:
    """K places where two lines, or two places of one line, are the same place.

    line_a, line_b          (K,) lines
    measure_a_m, measure_b_m  (K,) metres along each
    distance_m              (K,) how far the two places are apart; 0 for a crossing
    """

    line_a: Ints
    line_b: Ints
    measure_a_m: Floats
    measure_b_m: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.line_a)

    def select(self, keep: Bools) -> Meetings:
        """The meetings under a mask."""
        return Meetings(*(getattr(self, name)[keep] for name in self.__slots__))


def gather(parts: list[Meetings]) -> Meetings:
    """All meetings of several lists, in their order."""
    return Meetings(*(np.concatenate([getattr(p, name) for p in parts]) for name in Meetings.__slots__))


def renumbered(found: Meetings, line: Ints) -> Meetings:
    """The meetings with their lines replaced by line (L,), their numbers in a greater table."""
    return Meetings(line[found.line_a], line[found.line_b], found.measure_a_m, found.measure_b_m, found.distance_m)


def _no_meetings() -> Meetings:
    none, zero = np.empty(0, np.int64), np.empty(0)
    return Meetings(none, none, zero, zero, zero)


def _cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def crossings(lines: Polylines, level: Ints) -> Meetings:
    """Meetings where lines (L,) of one level cross or touch, themselves included.

    Candidate pairs of segments come from an STRtree in one bulk query; the rest is arithmetic on arrays. Lines that
    run on top of each other meet at both ends of the shared stretch.
    """
    vertex = segments(lines)
    if not len(vertex):
        return _no_meetings()
    owner = lines.line_of_vertex
    shapes = segment_shapes(lines, vertex)
    i, j = shapely.STRtree(shapes).query(shapes)
    ahead = (i < j) & (level[owner[vertex[i]]] == level[owner[vertex[j]]])
    vi, vj = vertex[i[ahead]], vertex[j[ahead]]
    order = np.lexsort((vj, vi))  # the tree's own order is not documented
    vi, vj = vi[order], vj[order]
    found = gather([_proper(lines, owner, vi, vj), _touches(lines, owner, vi, vj)])
    itself = (found.line_a == found.line_b) & (np.abs(found.measure_a_m - found.measure_b_m) <= TOUCH_M)
    return gather([found.select(~itself), _spikes(lines, owner, vertex)])


def _proper(lines: Polylines, owner: Ints, vi: Ints, vj: Ints) -> Meetings:
    """Crossings of the inner parts of two segments: a1 + t d1 = a2 + u d2."""
    a1, a2 = lines.xy[vi], lines.xy[vj]
    d1, d2 = lines.xy[vi + 1] - a1, lines.xy[vj + 1] - a2
    turn, apart = _cross(d1, d2), a2 - a1
    long1, long2 = np.hypot(*d1.T), np.hypot(*d2.T)
    real = np.abs(turn) > PARALLEL_SINE * long1 * long2
    safe = np.where(real, turn, 1.0)
    t, u = _cross(apart, d2) / safe, _cross(apart, d1) / safe
    real &= (t > 0) & (t < 1) & (u > 0) & (u < 1)
    # neighbours on one line share a vertex and cannot cross elsewhere
    real &= ~((vj == vi + 1) & (owner[vi] == owner[vj]))
    vi, vj, t, u = vi[real], vj[real], t[real], u[real]
    return Meetings(
        owner[vi],
        owner[vj],
        lines.measure_m[vi] + t * long1[real],
        lines.measure_m[vj] + u * long2[real],
        np.zeros(len(vi)),
    )


def _touches(lines: Polylines, owner: Ints, vi: Ints, vj: Ints) -> Meetings:
    """Vertices of one segment that lie on the other: touches, shared vertices, and ends of shared stretches."""
    parts = []
    for segment, other in ((vi, vj), (vj, vi)):
        for point in (other, other + 1):
            measure, distance = project(lines, lines.xy[point], segment)
            on = distance <= TOUCH_M
            seg, pt = segment[on], point[on]
            parts.append(Meetings(owner[seg], owner[pt], measure[on], lines.measure_m[pt], distance[on]))
    return gather(parts)


def _spikes(lines: Polylines, owner: Ints, vertex: Ints) -> Meetings:
    """A line that turns back on itself is cut at the tip, so that the way back is seen to be a duplicate."""
    tip = vertex[1:][(np.diff(vertex) == 1) & (owner[vertex[1:]] == owner[vertex[:-1]])]
    back, ahead = lines.xy[tip - 1] - lines.xy[tip], lines.xy[tip + 1] - lines.xy[tip]
    long_back, long_ahead = np.hypot(*back.T), np.hypot(*ahead.T)
    off_m = np.abs(_cross(back, ahead)) / np.maximum(long_back, long_ahead)
    turned = (np.einsum("ij,ij->i", back, ahead) > 0) & (off_m <= TOUCH_M)
    tip = tip[turned & (np.minimum(long_back, long_ahead) > TOUCH_M)]
    at = lines.measure_m[tip]
    return Meetings(owner[tip], owner[tip], at, at, np.zeros(len(tip)))


def _ends(lines: Polylines) -> tuple[Ints, Ints]:
    """Line and vertex of all line ends: first all the starts, then all the finishes."""
    line = np.arange(lines.n_lines)
    return np.concatenate([line, line]), np.concatenate([lines.start[:-1], lines.start[1:] - 1])


def joined_ends(lines: Polylines, reach_m: Floats) -> Meetings:
    """Meetings of line ends within the lesser of their reaches (L,), whatever their levels."""
    line, vertex = _ends(lines)
    if not len(line):
        return _no_meetings()
    xy, reach = lines.xy[vertex], reach_m[line]
    pairs = cKDTree(xy).query_pairs(float(reach.max()), output_type="ndarray").astype(np.int64)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    a, b = pairs[:, 0], pairs[:, 1]
    distance = np.hypot(*(xy[a] - xy[b]).T)
    near = distance <= np.minimum(reach[a], reach[b])
    a, b = a[near], b[near]
    at = lines.measure_m[vertex]
    return Meetings(line[a], line[b], at[a], at[b], distance[near])


def _may_end_on(level_end: Ints, level_line: Ints) -> Bools:
    """Whether an end of one level may meet the inside of a line of another (see the top of this module)."""
    may: Bools = (level_end == level_line) | ((level_line == 0) & (level_end != 0))
    return may


def ends_on_lines(lines: Polylines, level: Ints, reach_m: Floats) -> Meetings:
    """Meetings of line ends with the nearest places of every other line, by the rule of levels.

    Both lines have to reach (L,) so far. An end also meets its own line where that comes back to it, but not
    the stretch next to the end.
    """
    end_line, end_vertex = _ends(lines)
    vertex = segments(lines)
    if not len(vertex):
        return _no_meetings()
    owner = lines.line_of_vertex
    points = shapely.points(lines.xy[end_vertex])
    tree = shapely.STRtree(segment_shapes(lines, vertex))
    end, segment = tree.query(points, predicate="dwithin", distance=float(reach_m.max()))
    hit = owner[vertex[segment]]
    keep = _may_end_on(level[end_line[end]], level[hit])
    end, segment, hit = end[keep], vertex[segment[keep]], hit[keep]
    measure, distance = project(lines, lines.xy[end_vertex[end]], segment)
    own_m = np.abs(lines.measure_m[end_vertex[end]] - measure)
    reach = np.minimum(reach_m[end_line[end]], reach_m[hit])
    away = (distance <= reach) & ((hit != end_line[end]) | (own_m > 2 * reach + TOUCH_M))
    end, hit, measure, distance = end[away], hit[away], measure[away], distance[away]
    nearest = _nearest_of_runs(end, hit, measure, distance, 2 * reach[away])
    end, hit = end[nearest], hit[nearest]
    at = lines.measure_m[end_vertex[end]]
    return Meetings(end_line[end], hit, at, measure[nearest], distance[nearest])


def _nearest_of_runs(end: Ints, line: Ints, measure: Floats, distance: Floats, gap_m: Floats) -> Ints:
    """Of the places of one line near one end the nearest, and one for each time that the line comes by."""
    order = np.lexsort((measure, line, end))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(end[order]) != 0) | (np.diff(line[order]) != 0)
    new[1:] |= np.diff(measure[order]) > gap_m[order[1:]]
    run = np.empty(len(order), np.int64)
    run[order] = np.cumsum(new) - 1
    best = np.lexsort((measure, distance, run))
    first = np.ones(len(best), bool)
    first[1:] = np.diff(run[best]) != 0
    found: Ints = best[first]
    return found

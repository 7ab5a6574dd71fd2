"""Dual carriageways: two one-way roads side by side on viaducts, with ramps to the trunk beneath."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from geo.vocabulary import Manager, RoadClass
from yukimichi.demo.streets import Segments
from yukimichi.demo.tables import DemoTables
from yukimichi.demo.trunk import Strand

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_STEP_M = 70.0
#: Half the distance between the centre lines of the two carriageways.
_HALF_GAP_M = 10.0
_RAMP_STEPS = 6
_RAMP_REACH_M = 2_600.0


@dataclass(slots=True)
class Builder:
    """Segments under construction: vertices, ends, and for each segment its strand and level."""

    xy: list[Floats]
    n: int
    u: list[int]
    v: list[int]
    strand: list[int]
    level: list[int]
    strands: list[Strand]

    def line(self, points: Floats, strand: int, level: int, first: int = -1, last: int = -1) -> Ints:
        """Add a line; first and last name existing vertices that stand for its end points."""
        new = points[(1 if first >= 0 else 0) : (len(points) - 1 if last >= 0 else len(points))]
        ids = np.arange(self.n, self.n + len(new))
        self.xy.append(new)
        self.n += len(new)
        chain = [*([first] if first >= 0 else []), *ids.tolist(), *([last] if last >= 0 else [])]
        self.u += chain[:-1]
        self.v += chain[1:]
        self.strand += [strand] * (len(chain) - 1)
        self.level += [level] * (len(chain) - 1)
        return np.array(chain, np.int64)


@dataclass(frozen=True, slots=True)
class Carriageways:
    """Centre line (n, 2), its unit normals to the left, and the vertices of the two carriageways along it."""

    centre: Floats
    left: Floats
    forward: Ints
    backward: Ints


def add_expressways(tables: DemoTables, segments: Segments, strands: list[Strand], level: Ints) -> Builder:
    """Add the dual carriageways of the table to segments whose code is their strand (streets have codes < 0)."""
    builder = Builder(
        [segments.xy], len(segments.xy), segments.u.tolist(), segments.v.tolist(), segments.code.tolist(),
        level.tolist(), strands,
    )  # fmt: skip
    vertices = _trunk_vertices(segments, strands)
    tree = cKDTree(segments.xy[vertices])
    place = tables.settlements.set_index("key")
    for row in tables.expressways.itertuples():
        corners = np.array([[float(c) for c in point.split()] for point in str(row.via).split(";")])
        roads = _carriageways(builder, row, corners)
        for key in str(row.interchanges).split():
            at = place.loc[key, ["x_m", "y_m"]].to_numpy(float)
            _interchange(builder, row, roads, tree, vertices, at)
        _close_ends(builder, row, roads, tree, vertices)
    return builder


def _trunk_vertices(segments: Segments, strands: list[Strand]) -> Ints:
    """Vertices of routed roads at ground level, where ramps may end."""
    routed = np.array([s.route is not None for s in strands])
    on = (segments.code >= 0) & routed[np.maximum(segments.code, 0)]
    return np.unique(np.r_[segments.u[on], segments.v[on]])


def _strand(builder: Builder, row: Any, *, leg: int, oneway: int, is_ramp: bool = False) -> int:
    strand = Strand(
        str(row.route), str(row.name), RoadClass(row.road_class), Manager(row.manager), oneway,
        1 if is_ramp else int(row.lanes), 4.5 if is_ramp else 7.0, 11.1 if is_ramp else float(row.speed_mps), leg,
    )  # fmt: skip
    builder.strands.append(replace(strand, name=f"{row.name} ランプ") if is_ramp else strand)
    return len(builder.strands) - 1


def _carriageways(builder: Builder, row: Any, corners_lonlat: Floats) -> Carriageways:
    from yukimichi.demo.tables import to_plane

    corners = to_plane(corners_lonlat[:, 0], corners_lonlat[:, 1])
    chord = np.r_[0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T))]
    spline = CubicSpline(chord, corners)
    at = np.linspace(0.0, chord[-1], int(chord[-1] / _STEP_M) + 1)
    centre = spline(at)
    along = spline(at, 1)
    along /= np.hypot(*along.T)[:, None]
    left = np.column_stack([-along[:, 1], along[:, 0]])
    per_leg = 90  # about 6 km
    forward: list[int] = []
    backward: list[int] = []
    for leg, a in enumerate(range(0, len(at) - 1, per_leg)):
        b = min(a + per_leg, len(at) - 1)
        ahead, back = _strand(builder, row, leg=leg, oneway=1), _strand(builder, row, leg=leg, oneway=-1)
        for chain, side, strand in ((forward, 1.0, ahead), (backward, -1.0, back)):
            points = centre[a : b + 1] + left[a : b + 1] * (_HALF_GAP_M * side)
            added = builder.line(points, strand, int(row.level), first=chain[-1] if chain else -1).tolist()
            chain += added[1:] if chain else added
    return Carriageways(centre, left, np.array(forward), np.array(backward))


def _interchange(builder: Builder, row: Any, roads: Carriageways, tree: cKDTree, vertices: Ints, at: Floats) -> None:
    """Four ramps where the trunk crosses beneath, nearest to a settlement."""
    xy = tree.data
    nearest = int(np.argmin(np.hypot(*(roads.centre - at).T)))
    near = np.array(tree.query_ball_point(roads.centre[nearest], _RAMP_REACH_M), int)
    if len(near) == 0:
        return
    distance_m, k = cKDTree(roads.centre).query(xy[near])
    mid = int(k[np.argmin(distance_m)])
    if distance_m.min() > 400.0 or not _RAMP_STEPS + 1 < mid < len(roads.centre) - _RAMP_STEPS - 2:
        return
    offset = np.sum((xy[near] - roads.centre[mid]) * roads.left[mid], axis=1)
    apart = np.hypot(*(xy[near] - roads.centre[mid]).T)
    before, after = mid - _RAMP_STEPS, mid + _RAMP_STEPS
    for side, chain in ((1.0, roads.forward), (-1.0, roads.backward)):
        cost = np.abs(offset * side - 75.0) + 0.7 * apart
        end = int(vertices[near[np.argmin(cost)]])
        for k_road in (before, after):
            _ramp(builder, row, roads, k_road, side, (int(chain[k_road]), end), towards=1 if k_road == before else -1)


def _ramp(
    builder: Builder, row: Any, roads: Carriageways, k: int, side: float, ends: tuple[int, int], towards: int
) -> None:
    """One ramp from carriageway vertex ends[0] to trunk vertex ends[1]. towards: 1 ahead of the centre line, -1 back.

    Digitised from the carriageway to the trunk. Traffic of the forward carriageway leaves before the crossing and
    joins behind it; the backward carriageway has it the other way round.
    """
    xy = np.vstack(builder.xy)
    a, b = xy[ends[0]], xy[ends[1]]
    along = np.array([roads.left[k][1], -roads.left[k][0]]) * towards
    bend = a + along * 0.55 * np.hypot(*(b - a)) + roads.left[k] * (side * 30.0)
    t = np.linspace(0, 1, 9)[:, None]
    points = (1 - t) ** 2 * a + 2 * t * (1 - t) * bend + t**2 * b
    is_exit = (towards == 1) == (side > 0)
    strand = _strand(builder, row, leg=-1, oneway=1 if is_exit else -1, is_ramp=True)
    builder.line(points, strand, int(row.level), first=ends[0], last=ends[1])


def _close_ends(builder: Builder, row: Any, roads: Carriageways, tree: cKDTree, vertices: Ints) -> None:
    """Both ends: a two-way link to the trunk where it is near, else a turning link for maintenance vehicles."""
    xy = np.vstack(builder.xy)
    for k in (0, -1):
        a, b = int(roads.forward[k]), int(roads.backward[k])
        strand = _strand(builder, row, leg=-1, oneway=0)
        builder.line(xy[[a, b]], strand, int(row.level), first=a, last=b)
        distance_m, nearest = tree.query(roads.centre[k])
        if distance_m < 1_500.0:
            end = int(vertices[nearest])
            t = np.linspace(0, 1, 8)[:, None]
            builder.line(xy[a] * (1 - t) + xy[end] * t, strand, int(row.level), first=a, last=end)

"""A loose mesh over the land on which roads find their courses: cheap in valleys and on plains, dear on slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

from yukimichi.demo.land import Land
from yukimichi.demo.relief import Relief

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: A slope of this size doubles the cost of a metre; the share of a mesh edge's slope that a road cannot wind away.
_DOUBLING_SLOPE = 0.06
_DEAREST_SLOPE = 14.0
#: A metre over water (a bridge) costs as much as this many on land.
_WATER_COST = 9.0
_LONGEST_BRIDGE_M = 2_600.0


@dataclass(frozen=True, slots=True)
class Mesh:
    """N points, M undirected edges u-v. The first points are the settlements, in their table's order."""

    xy: Floats
    u: Ints
    v: Ints
    length_m: Floats
    cost: Floats
    is_wet: Bools
    height_m: Floats
    hills_m: Floats

    def matrix(self, cost: Floats) -> csr_matrix:
        """The symmetric cost matrix of the mesh."""
        n = len(self.xy)
        return csr_matrix((np.r_[cost, cost], (np.r_[self.u, self.v], np.r_[self.v, self.u])), shape=(n, n))

    def edge_lookup(self) -> dict[tuple[int, int], int]:
        """Edge position by its two points, smaller first."""
        low, high = np.minimum(self.u, self.v).tolist(), np.maximum(self.u, self.v).tolist()
        return dict(zip(zip(low, high, strict=True), range(len(low)), strict=True))


def make_mesh(land: Land, relief: Relief, fixed_xy: Floats, spacing_m: float, rng: np.random.Generator) -> Mesh:
    """Scatter points over the land (fixed_xy first) and join neighbours (Delaunay)."""
    x0, y0, x1, y1 = land.land.bounds
    xs, ys = np.arange(x0, x1, spacing_m), np.arange(y0, y1, spacing_m * 0.866)
    grid = np.stack(np.meshgrid(xs, ys), -1)
    grid[1::2, :, 0] += spacing_m / 2
    points = grid.reshape(-1, 2) + rng.uniform(-0.36, 0.36, (grid.size // 2, 2)) * spacing_m
    inner = land.land.buffer(-140.0)
    shapely.prepare(inner)
    points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
    from_fixed = shapely.distance(shapely.multipoints(fixed_xy), shapely.points(points))
    xy = np.vstack([fixed_xy, points[from_fixed > spacing_m * 0.45]])
    triangles = Delaunay(xy).simplices
    pairs = np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    pairs = np.unique(pairs, axis=0).astype(np.int64)
    return _with_costs(land, relief, xy, pairs)


def _with_costs(land: Land, relief: Relief, xy: Floats, pairs: Ints) -> Mesh:
    a, b = xy[pairs[:, 0]], xy[pairs[:, 1]]
    length_m = np.hypot(*(b - a).T)
    shapely.prepare(land.land)
    wet = ~shapely.contains_properly(land.land, shapely.linestrings(np.stack([a, b], 1)))
    keep = (length_m < _LONGEST_BRIDGE_M) & ~(wet & _leaves_over_border(land, a, b))
    pairs, a, b, length_m, wet = pairs[keep], a[keep], b[keep], length_m[keep], wet[keep]
    height_m = relief.height(xy)
    slope = np.abs(height_m[pairs[:, 0]] - height_m[pairs[:, 1]]) / length_m
    climb = np.minimum((slope / _DOUBLING_SLOPE) ** 2, _DEAREST_SLOPE)
    cost = length_m * (1.0 + climb + np.where(wet, _WATER_COST, 0.0))
    return Mesh(xy, pairs[:, 0], pairs[:, 1], length_m, cost, wet, height_m, relief.hills(xy))


def _leaves_over_border(land: Land, a: Floats, b: Floats) -> Bools:
    """(n,) True where a mesh edge crosses the landward border: no road runs outside the prefecture."""
    crosses = np.zeros(len(a), bool)
    edges = shapely.linestrings(np.stack([a, b], 1))
    hit = shapely.STRtree(edges).query(np.array(land.border, dtype=object), predicate="intersects")[1]
    crosses[hit] = True
    return crosses


def find_courses(mesh: Mesh, cost: Floats, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The cheapest course of each pair of points, as point positions; empty where there is none."""
    sources = sorted({a for a, _ in pairs})
    row = {point: i for i, point in enumerate(sources)}
    reach = 16.0 * max(float(np.hypot(*(mesh.xy[a] - mesh.xy[b]))) for a, b in pairs)
    before = dijkstra(mesh.matrix(cost), indices=sources, return_predecessors=True, limit=reach)[1]
    return [_trace(before[row[a]], a, b) for a, b in pairs]


def find_branches(mesh: Mesh, cost: Floats, network: Ints, ends: Sequence[int]) -> list[list[int]]:
    """The cheapest course from each end to the network; courses of neighbours share their way."""
    before = dijkstra(mesh.matrix(cost), indices=network, min_only=True, return_predecessors=True)[1]
    known = set(network.tolist())
    return [_trace_until(before, end, known) for end in ends]


def _trace(before: Ints, a: int, b: int) -> list[int]:
    course = [b]
    while course[-1] != a:
        step = int(before[course[-1]])
        if step < 0:
            return []
        course.append(step)
    return course[::-1]


def _trace_until(before: Ints, end: int, known: set[int]) -> list[int]:
    course = [end]
    while course[-1] not in known:
        step = int(before[course[-1]])
        if step < 0:
            return []
        course.append(step)
    return course

"""Built-up places and plains, and the streets in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from yukimichi.demo.blocks import MAIN_STREET, NONE, STREET, PlaneGraph, Subdivision, faces_to_cut
from yukimichi.demo.land import Land
from yukimichi.demo.noise import Waves, make_waves
from yukimichi.demo.relief import Relief

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Radius of the built-up place by size class of the settlement, metres; hamlets have class 0.
_RADIUS_M = np.array([260.0, 420.0, 760.0, 1_250.0, 1_900.0, 2_700.0, 3_600.0, 5_600.0])
_PLAIN_HILLS_M = 24.0
_CELL_M = 250.0
#: Wanted block size in the core of a place, and in fields at the 70,000-edge scale, square metres.
_CORE_M2 = 7_500.0
_FIELD_M2 = 340_000.0


@dataclass(frozen=True, slots=True)
class Places:
    """Centres of settlements and hamlets with their radius: how built-up a point is. field_m2: block size in fields."""

    tree: cKDTree
    radius_m: Floats
    rag: Waves
    field_m2: float

    def remoteness(self, xy: Floats) -> Floats:
        """(n,) distance to a place over its radius, the least of all places, made ragged: under 1 is built-up."""
        distance_m, at = self.tree.query(xy, k=8)
        ratio: Floats = np.min(distance_m / self.radius_m[at], axis=1)
        return ratio * (1.0 + 0.22 * np.clip(self.rag.at(xy), -2, 2))

    def target_m2(self, xy: Floats) -> Floats:
        """(n,) wanted block size, square metres."""
        ratio = self.remoteness(xy)
        return np.minimum(_CORE_M2 * np.exp(1.55 * ratio), self.field_m2)


def make_places(centres: Floats, size: Ints, scale: float, rng: np.random.Generator) -> Places:
    """Places from (n, 2) centres and (n,) size classes; scale grows them for larger networks."""
    tree = cKDTree(centres)
    return Places(tree, _RADIUS_M[size] * scale**0.22, make_waves(rng, 24, 500.0, 3_000.0, 0.5), _FIELD_M2 / scale**0.6)


def street_area(land: Land, relief: Relief, places: Places, trunk: shapely.Geometry) -> shapely.MultiPolygon:
    """Where streets are drawn: built-up places and plains, kept off the shore, each part crossed by the trunk."""
    x0, y0, x1, y1 = land.land.bounds
    xs, ys = np.arange(x0, x1, _CELL_M), np.arange(y0, y1, _CELL_M)
    centre = np.stack(np.meshgrid(xs + _CELL_M / 2, ys + _CELL_M / 2), -1).reshape(-1, 2)
    shapely.prepare(land.land)
    on_land = shapely.contains_xy(land.land, centre[:, 0], centre[:, 1])
    wanted = np.zeros(len(centre), bool)
    some = centre[on_land]
    ratio = places.remoteness(some)
    hills = relief.hills(some)
    wanted[on_land] = (ratio < np.where(hills < 60.0, 1.2, 0.95)) | ((hills < _PLAIN_HILLS_M) & (ratio < 6.0))
    mask = wanted.reshape(len(ys), len(xs))
    boxes = [shapely.box(xs[a], ys[row], xs[b - 1] + _CELL_M, ys[row] + _CELL_M) for row, a, b in _runs(mask)]
    small = places.radius_m <= _RADIUS_M[2] * 1.4
    discs = shapely.buffer(shapely.points(places.tree.data[small]), places.radius_m[small] * 0.9, quad_segs=3)
    area = shapely.union_all([*boxes, *discs]).buffer(140.0).buffer(-230.0).buffer(90.0).simplify(25.0)
    area = shapely.intersection(area, land.land.buffer(-110.0).simplify(15.0))
    parts = [shapely.Polygon(p.exterior) for p in shapely.get_parts(area) if p.geom_type == "Polygon" and p.area > 3e4]
    shapely.prepare(trunk)
    parts = [p for p in parts if trunk.intersects(p)]
    whole = shapely.union_all(parts)
    return shapely.MultiPolygon([p for p in shapely.get_parts(whole) if p.geom_type == "Polygon"])


def _runs(mask: Bools) -> list[tuple[int, int, int]]:
    """Runs of True in each row: (row, first, behind the last)."""
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    _, ends = np.nonzero(change == -1)
    return list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))


def plane_graph(trunk_segments: Floats, area: shapely.MultiPolygon) -> PlaneGraph:
    """Trunk segments and the outlines of the street area, noded, as a plane graph whose code is the trunk segment."""
    trunk = shapely.linestrings(trunk_segments.reshape(-1, 2, 2))
    outlines = shapely.segmentize(shapely.boundary(area), 160.0)
    noded = shapely.unary_union(np.array([*trunk, outlines], dtype=object))
    lines = shapely.get_parts(noded)
    coords, of_line = shapely.get_coordinates(lines, return_index=True)
    same = of_line[1:] == of_line[:-1]
    a, b = coords[:-1][same], coords[1:][same]
    source, nearest = shapely.STRtree(trunk).query_nearest(
        shapely.points((a + b) / 2), max_distance=0.05, all_matches=False
    )
    code = np.full(len(a), NONE, np.int64)
    code[source] = nearest
    xy, vertex = np.unique(np.round(np.vstack([a, b]), 2), axis=0, return_inverse=True)
    u, v = vertex[: len(a)], vertex[len(a) :]
    pair = np.sort(np.column_stack([u, v]), axis=1)
    _, first = np.unique(pair, axis=0, return_index=True)
    keep = np.sort(first[u[first] != v[first]])
    return PlaneGraph(xy, u[keep], v[keep], code[keep])


def target_lookup(land: Land, places: Places) -> Callable[[float, float], float]:
    """Wanted block size by a table of cells, since it is asked once for each block."""
    x0, y0, x1, y1 = land.land.buffer(500.0).bounds
    step = 220.0
    xs, ys = np.arange(x0, x1, step), np.arange(y0, y1, step)
    centre = np.stack(np.meshgrid(xs + step / 2, ys + step / 2), -1).reshape(-1, 2)
    table = np.zeros(len(centre))
    near = shapely.contains_xy(land.land, centre[:, 0], centre[:, 1])
    table[near] = places.target_m2(centre[near])
    table[~near] = places.field_m2
    rows = table.reshape(len(ys), len(xs)).tolist()

    def lookup(x: float, y: float) -> float:
        return float(rows[int((y - y0) / step)][int((x - x0) / step)])

    return lookup


def start_subdivision(
    graph: PlaneGraph, area: shapely.MultiPolygon, target: Callable[[float, float], float], rng: np.random.Generator
) -> Subdivision:
    """Queue the faces inside the street area."""
    shapely.prepare(area)
    subdivision = Subdivision(graph, target, rng)
    for h in faces_to_cut(graph, lambda xy, _: shapely.contains_xy(area, xy[:, 0], xy[:, 1])):
        subdivision.add(h)
    return subdivision


@dataclass(frozen=True, slots=True)
class Segments:
    """Straight segments u-v of a network, before they are joined to pieces. xy (n, 2); the others (m,)."""

    xy: Floats
    u: Ints
    v: Ints
    code: Ints


def prune(graph: PlaneGraph, rivers: list[shapely.LineString], rag: Waves) -> Segments:
    """Take away what a town has not: outlines without a road, streets over rivers, and some streets at random.

    Which ones depends on their place alone, so that more cuts change nothing elsewhere.
    """
    xy = np.column_stack([graph.x, graph.y])
    ends = np.array(graph.org, np.int64).reshape(-1, 2)
    code = np.array(graph.code, np.int64)
    a, b = xy[ends[:, 0]], xy[ends[:, 1]]
    middle = (a + b) / 2
    chance = _chance(middle)
    code = np.where((code == NONE) & (rag.at(middle / 1.7) > 0.1), STREET, code)
    over_river = np.zeros(len(code), bool)
    lines = shapely.linestrings(np.stack([a, b], 1))
    over_river[shapely.STRtree(lines).query(np.array(rivers, dtype=object), predicate="intersects")[1]] = True
    degree = np.bincount(ends[code != NONE].ravel(), minlength=len(xy))
    inner = (degree[ends] >= 3).all(axis=1)
    gone = (code == NONE) | (over_river & (code == STREET) & (chance < 0.8))
    gone |= over_river & (code == MAIN_STREET) & (chance < 0.3)
    gone |= (code == STREET) & inner & (chance < 0.085)
    dangling = (degree[ends] == 1).any(axis=1) & (code == STREET)
    gone |= dangling & (chance < 0.7)
    return Segments(xy, ends[~gone, 0], ends[~gone, 1], code[~gone])


def _chance(xy: Floats) -> Floats:
    """(n,) numbers in [0, 1) that depend on the place alone (the fraction of a large sine, as shaders do it)."""
    value = np.sin(np.round(xy[:, 0], 1) * 12.9898 + np.round(xy[:, 1], 1) * 78.233) * 43_758.5453
    return value - np.floor(value)

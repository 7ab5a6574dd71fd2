"""Land, coast, rivers and municipal outlines of the synthetic prefecture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from yukimichi.demo.noise import make_warp, roughen, rounded
from yukimichi.demo.tables import DemoTables

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Land:
    """land: MultiPolygon; coast: lines; rivers: one line a river (names beside); all in plane metres."""

    land: shapely.MultiPolygon
    coast: list[shapely.LineString]
    border: list[shapely.LineString]
    rivers: list[shapely.LineString]
    river_names: list[str]


def make_land(tables: DemoTables, rng: np.random.Generator) -> Land:
    """Draw ragged coast, border and rivers through the committed corners."""
    polygons: list[shapely.Polygon] = []
    coast: list[shapely.LineString] = []
    border: list[shapely.LineString] = []
    for _, part in tables.outline.groupby("part", sort=False):
        ring, runs = _ragged_ring(part, rng)
        polygons.extend(shapely.get_parts(shapely.make_valid(shapely.Polygon(ring))))
        for kind, line in runs:
            (coast if kind == "coast" else border).append(line)
    polygons = [p for p in polygons if p.geom_type == "Polygon" and p.area > 1e6]
    rivers: list[shapely.LineString] = []
    names: list[str] = []
    for name, part in tables.rivers.groupby("name", sort=False):
        xy = part[["x_m", "y_m"]].to_numpy(float)
        rivers.append(shapely.LineString(rounded(roughen(xy, np.full(len(xy) - 1, 650.0), rng, 260.0))))
        names.append(str(name))
    land = shapely.MultiPolygon(polygons)
    rivers = [_longest(shapely.intersection(river, land)) for river in rivers]
    return Land(land, coast, border, rivers, names)


def _longest(lines: shapely.Geometry) -> shapely.LineString:
    return max(shapely.get_parts(lines), key=lambda line: line.length)


def _ragged_ring(part: pd.DataFrame, rng: np.random.Generator) -> tuple[Floats, list[tuple[str, shapely.LineString]]]:
    """The ring of one land part and its runs of one kind (coast or border)."""
    xy = part[["x_m", "y_m"]].to_numpy(float)
    kind = part["kind"].to_numpy(str)
    rough = part["roughness_m"].to_numpy(float)
    pieces: list[Floats] = []
    runs: list[tuple[str, shapely.LineString]] = []
    starts = np.flatnonzero(np.r_[True, kind[1:] != kind[:-1]])
    for a, b in zip(starts, np.r_[starts[1:], len(xy)], strict=True):
        corners = np.vstack([xy[a:b], xy[b % len(xy)]])
        line = roughen(corners, rough[a:b], rng)
        runs.append((str(kind[a]), shapely.LineString(line)))
        pieces.append(line[:-1])
    return np.vstack([*pieces, pieces[0][:1]]), runs


def ashore(tables: DemoTables, land: Land) -> DemoTables:
    """The tables with every settlement at least 250 m inside the land as it was drawn."""
    s = tables.settlements
    inner = land.land.buffer(-250.0)
    nearest = shapely.shortest_line(inner, shapely.points(s["x_m"], s["y_m"]))
    xy = shapely.get_coordinates(shapely.get_point(nearest, 0))
    return replace(tables, settlements=s.assign(x_m=xy[:, 0], y_m=xy[:, 1]))


def municipality_of(tables: DemoTables, xy: Floats) -> Ints:
    """(n,) municipality ids of (n, 2) plane points: that of the nearest settlement, cores of towns weighing more."""
    s = tables.settlements
    tree = cKDTree(s[["x_m", "y_m"]].to_numpy(float))
    nearest = tree.query(xy)[1]
    ids: Ints = s["municipality_id"].to_numpy(np.int64)[nearest]
    return ids


def municipal_outlines(tables: DemoTables, land: Land, rng: np.random.Generator) -> pd.DataFrame:
    """19 polygons that tile the land: the Voronoi cells of the settlements, joined by municipality and made ragged.

    Returns municipality_id, name, name_en, geometry. One displacement serves all boundaries, so no gaps open.
    """
    s = tables.settlements
    points = shapely.points(s["x_m"], s["y_m"])
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.box(*land.land.bounds))
    )
    inside, which = shapely.STRtree(points).query(cells, predicate="contains")
    order = which[np.argsort(inside)]
    ids = s["municipality_id"].to_numpy(np.int64)[order]
    warp = make_warp(rng, 1_500.0, 6_000.0)
    rows = []
    for row in tables.municipalities.itertuples():
        whole = shapely.segmentize(shapely.union_all(cells[ids == row.municipality_id]), 150.0)
        ragged = shapely.transform(whole, lambda xy: warp.apply(xy, 260.0))
        clipped = shapely.intersection(shapely.make_valid(ragged), land.land)
        parts = [p for p in shapely.get_parts(clipped) if p.geom_type == "Polygon"]
        rows.append((row.municipality_id, row.name, row.name_en, shapely.MultiPolygon(parts)))
    return pd.DataFrame(rows, columns=["municipality_id", "name", "name_en", "geometry"])

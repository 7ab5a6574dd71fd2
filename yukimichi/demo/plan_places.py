"""Kilometre posts and depots of the made-up plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.vocabulary import RoadClass
from yukimichi.demo.network import DemoNetwork
from yukimichi.demo.tables import DemoTables

type Floats = NDArray[np.float64]


def make_kmposts(network: DemoNetwork) -> pd.DataFrame:
    """A post every kilometre along each national and main prefectural road, counted over its parts in leg order."""
    roads = network.roads
    kinds = [RoadClass.NATIONAL.value, RoadClass.MAJOR_PREFECTURAL.value]
    chosen = roads[
        roads["route"].notna() & roads["road_class"].isin(kinds) & (roads["oneway"] >= 0) & (roads["leg"] >= 0)
    ]
    rows: list[tuple[str, float, float, float]] = []
    for route, part in chosen.groupby("route", sort=True):
        km = 0
        for _, leg in part.groupby("leg", sort=True):
            merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(list(network.lines[leg.index]))))
            for line in sorted(merged, key=lambda line: -line.length):
                for point in shapely.line_interpolate_point(line, np.arange(500.0, line.length, 1_000.0)):
                    rows.append((str(route), float(km), point.x, point.y))
                    km += 1
    return pd.DataFrame(rows, columns=["route", "km", "x_m", "y_m"])


def make_depots(tables: DemoTables, network: DemoNetwork, rng: np.random.Generator) -> pd.DataFrame:
    """Depots at the edge of settlements, 40 to 300 m off the road, three for the largest town."""
    centres = shapely.point_on_surface(network.lines)
    tree = shapely.STRtree(centres)
    ground = shapely.make_valid(shapely.transform(network.land.land, network.bending.apply)).buffer(-60.0)
    shapely.prepare(ground)
    largest = int(tables.settlements["size"].max())
    rows: list[tuple[str, str, float, float]] = []
    for name, x, y, size in tables.settlements[["name", "x_m", "y_m", "size"]].itertuples(index=False):
        for k in range(3 if size == largest else 1):
            spot = _off(np.array([x, y]), 500.0, 1_300.0, rng)
            road = shapely.get_coordinates(centres[int(tree.nearest(shapely.Point(spot)))])[0]
            tries = [_off(road, 40.0, 300.0, rng) for _ in range(12)]
            place = next((p for p in tries if shapely.contains_xy(ground, *p)), road)
            label = f"{name}除雪基地{'' if k == 0 else k + 1}"
            rows.append((f"D{len(rows) + 1:03d}", label, float(place[0]), float(place[1])))
    return pd.DataFrame(rows, columns=["depot_id", "name", "x_m", "y_m"])


def _off(xy: Floats, least_m: float, most_m: float, rng: np.random.Generator) -> Floats:
    """A point at a random distance and direction."""
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(least_m, most_m)
    result: Floats = xy + away * np.array([np.cos(angle), np.sin(angle)])
    return result

"""Writing the synthetic prefecture to files that the ordinary ingest commands read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from yukimichi.demo.buses import write_feed
from yukimichi.demo.gazetteer import make_addresses
from yukimichi.demo.managers import make_managers
from yukimichi.demo.network import DemoNetwork, lonlat
from yukimichi.demo.places import DemoPlaces
from yukimichi.demo.plans import DemoPlans
from yukimichi.demo.tables import DemoTables, to_lonlat

type Floats = NDArray[np.float64]

_README = """# 合成データ / Synthetic data

Everything in this folder was made by a program (`yukimichi demo`, seed {seed}). 地名以外はすべて架空です。

Only the names and the rough places of towns, roads and rivers are public geography. Every line, route, work
section, machine, contractor, depot and time is fictitious. Do not navigate by it. Each file has the column
`synthetic` = true.

| file | what |
| --- | --- |
| roads.fgb | {n_roads} road pieces between junctions, {km:.0f} km; end points coincide (join policy `endpoints`) |
| routes.fgb | {n_routes} plough routes 除雪路線, {route_km:.0f} km |
| sections.fgb | {n_sections} work sections 工区 |
| assignments.csv | {n_machines} machines; an empty `vehicle` means that the machine carries no device |
| plans.csv, kmposts.csv, depots.csv | planned passes, kilometre posts 距離標, depots |
| managers.csv | offices 連絡先 that answer for roads, with numbers that cannot be dialled |
| places.csv, cameras.csv | {n_places} places 施設, {n_cameras} cameras 道路カメラ whose pictures are drawn |
| priority.csv | routes of the priority network 雪みちネットワーク路線, by name |
| gtfs.zip | a transit feed (GTFS-JP) along main roads |
| municipalities.fgb, coast.fgb, rivers.fgb, settlements.fgb | reference layers |
| addresses.csv | addresses for the search: streets of the settlements as blocks |
"""

_ROAD_COLUMNS = [
    "road_id",
    "name",
    "route",
    "manager",
    "road_class",
    "oneway",
    "level",
    "lanes",
    "width_m",
    "speed_mps",
]
_ROUTE_COLUMNS = [
    "route_id", "name", "route", "route_class", "manager", "office", "target_time", "callout_depth_cm",
    "is_priority_network",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Paths of the files, the seed, and counts for a report."""

    folder: Path
    roads: Path
    routes: Path
    sections: Path
    assignments: Path
    plans: Path
    kmposts: Path
    depots: Path
    managers: Path
    municipalities: Path
    coast: Path
    rivers: Path
    settlements: Path
    addresses: Path
    places: Path
    cameras: Path
    priority: Path
    gtfs: Path
    readme: Path
    seed: int
    n_edges: int


def write_files(
    folder: Path, tables: DemoTables, network: DemoNetwork, outlines: pd.DataFrame, plans: DemoPlans,
    places: DemoPlaces, seed: int,
) -> DemoFiles:  # fmt: skip
    """Write all files into a folder, which is made if need be; files of an earlier run are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    roads = _write_roads(folder, network)
    routes = _write_layer(folder, "routes", plans.routes[_ROUTE_COLUMNS], plans.routes["geometry"])
    attributes = plans.sections.drop(columns=["geometry", "municipality_id"])
    sections = _write_layer(folder, "sections", attributes, plans.sections["geometry"])
    bend = network.bending.apply
    outline = outlines.drop(columns="geometry").astype({"municipality_id": str})
    towns = tables.settlements
    points = shapely.points(bend(towns[["x_m", "y_m"]].to_numpy(float)))
    rivers = pd.DataFrame({"name": network.land.river_names})
    coast = pd.DataFrame({"name": ["海岸線"] * len(network.land.coast)})
    readme = folder / "README.md"
    km = float(shapely.length(network.lines).sum()) / 1_000
    readme.write_text(
        _README.format(
            seed=seed, n_roads=len(network.roads), km=km, n_routes=len(plans.routes),
            route_km=plans.routes["planned_m"].sum() / 1_000, n_sections=len(plans.sections),
            n_machines=len(plans.assignments), n_places=len(places.places), n_cameras=len(places.cameras),
        ),
        encoding="utf-8",
    )  # fmt: skip
    return DemoFiles(
        folder=folder, roads=roads, routes=routes, sections=sections,
        assignments=_write_csv(folder, "assignments", plans.assignments),
        plans=_write_csv(folder, "plans", plans.plans),
        kmposts=_write_csv(folder, "kmposts", _with_lonlat(plans.kmposts)),
        depots=_write_csv(folder, "depots", _with_lonlat(plans.depots)),
        managers=_write_csv(folder, "managers", make_managers(tables.municipalities)),
        municipalities=_write_layer(folder, "municipalities", outline, _areas(_bent(outlines["geometry"], bend))),
        coast=_write_layer(folder, "coast", coast, _bent(network.land.coast, bend)),
        rivers=_write_layer(folder, "rivers", rivers, _bent(network.land.rivers, bend)),
        settlements=_write_layer(folder, "settlements", towns[["name", "name_en", "size"]], points),
        addresses=_write_csv(folder, "addresses", make_addresses(tables, network)),
        places=_write_csv(folder, "places", places.places), cameras=_write_csv(folder, "cameras", places.cameras),
        priority=_write_csv(folder, "priority", places.priority),
        gtfs=write_feed(folder / "gtfs.zip", tables, network), readme=readme, seed=seed, n_edges=2 * len(network.roads),
    )  # fmt: skip


def _bent(geometry: Iterable[shapely.Geometry], bend: Callable[[Floats], Floats]) -> NDArray[np.object_]:
    result: NDArray[np.object_] = shapely.transform(np.fromiter(geometry, object), bend)
    return result


def _areas(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Valid MultiPolygons: where bending lets a narrow place touch itself, it is cut there."""
    valid = shapely.set_precision(shapely.make_valid(polygons), 0.05)
    parts = [[p for p in shapely.get_parts(area) if p.geom_type == "Polygon"] for area in valid]
    return np.array([shapely.MultiPolygon(p) for p in parts], dtype=object)


def _write_roads(folder: Path, network: DemoNetwork) -> Path:
    """Some one-way streets are digitised against traffic (oneway = -1), as real deliveries have them."""
    turned = network.roads["is_turned"].to_numpy(bool)
    lines = np.where(turned, shapely.reverse(network.lines), network.lines)
    table = network.roads[_ROAD_COLUMNS].copy()
    table["oneway"] = np.where(turned, -table["oneway"], table["oneway"])
    return _write_layer(folder, "roads", table, lines)


def _write_layer(folder: Path, name: str, table: pd.DataFrame, geometry: object) -> Path:
    """One FlatGeobuf layer in longitude and latitude, with the column synthetic."""
    path = folder / f"{name}.fgb"
    shapes = lonlat(np.asarray(geometry, dtype=object))
    frame = gpd.GeoDataFrame(table.assign(synthetic=True), geometry=shapes, crs=4326)
    path.unlink(missing_ok=True)
    frame.to_file(path, driver="FlatGeobuf", engine="pyogrio", layer=name)
    return path


def _write_csv(folder: Path, name: str, table: pd.DataFrame) -> Path:
    path = folder / f"{name}.csv"
    table.assign(synthetic="true").to_csv(path, index=False, lineterminator="\n")
    return path


def _with_lonlat(table: pd.DataFrame) -> pd.DataFrame:
    place = to_lonlat(table[["x_m", "y_m"]].to_numpy(float))
    return table.drop(columns=["x_m", "y_m"]).assign(lon=place[:, 0], lat=place[:, 1])

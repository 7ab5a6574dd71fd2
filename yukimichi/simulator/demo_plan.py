"""Network and duties straight from the demo's files, without a database."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.network import Network
from geo.roads import MANAGERS, RoadTable, road_table
from geo.topology import build_pieces, to_network
from geo.vocabulary import ROAD_CLASSES, Manager, RoadClass
from yukimichi.demo.files import DemoFiles
from yukimichi.demo.tables import PLANE_EPSG
from yukimichi.simulator.duties import Duty, duties_from_plan

type Ints = NDArray[np.int64]

#: A piece belongs to a route whose line is this near along its whole length, metres.
_ON_ROUTE_M = 6.0


def demo_duties(files: DemoFiles) -> tuple[Network, list[Duty]]:
    """The network of roads.fgb, and the duties of routes, sections, assignments and depots."""
    roads = gpd.read_file(files.roads, engine="pyogrio").to_crs(PLANE_EPSG)
    table = _road_table(roads)
    topology = build_pieces(table, "endpoints", 0.5)
    network = to_network(topology, PLANE_EPSG)
    lines = np.asarray(roads.geometry.values, dtype=object)[topology.road]
    manager = table.manager[topology.road]
    plan = pd.concat(
        [
            _route_edges(network, lines, gpd.read_file(files.routes, engine="pyogrio").to_crs(PLANE_EPSG)),
            _section_edges(network, lines, manager, gpd.read_file(files.sections, engine="pyogrio").to_crs(PLANE_EPSG)),
        ]
    )
    depots = pd.read_csv(files.depots)
    depot_xy = to_plane(depots["lon"].to_numpy(float), depots["lat"].to_numpy(float), PLANE_EPSG)
    assignments = pd.read_csv(files.assignments, dtype=str)
    return network, duties_from_plan(network, plan, assignments, depot_xy)


def _road_table(roads: gpd.GeoDataFrame) -> RoadTable:
    return road_table(
        roads.geometry.values,
        external_id=roads["road_id"],
        manager=[MANAGERS.index(Manager(m)) for m in roads["manager"]],
        road_class=[ROAD_CLASSES.index(RoadClass(c)) for c in roads["road_class"]],
        oneway=roads["oneway"],
        level=roads["level"],
        speed_mps=roads["speed_mps"],
    )


def _route_edges(network: Network, lines: NDArray[np.object_], routes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pieces of which five points along the line lie near the route."""
    points = shapely.line_interpolate_point(lines[:, None], np.linspace(0.05, 0.95, 5)[None, :], normalized=True)
    tree = shapely.STRtree(lines)
    parts = []
    for route_id, geometry in zip(routes["route_id"], routes.geometry, strict=True):
        shapely.prepare(geometry)
        near = np.sort(tree.query(geometry, predicate="dwithin", distance=_ON_ROUTE_M))
        on = shapely.dwithin(points[near], geometry, _ON_ROUTE_M).all(axis=1)
        parts.append(_edges(network, near[on], route_id=route_id, section_id=""))
    return pd.concat(parts)


def _section_edges(
    network: Network, lines: NDArray[np.object_], manager: Ints, sections: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Pieces of the section's manager whose middle lies in its area."""
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    tree = shapely.STRtree(middle)
    parts = []
    for section_id, who, geometry in zip(sections["section_id"], sections["manager"], sections.geometry, strict=True):
        inside = np.sort(tree.query(geometry, predicate="contains"))
        inside = inside[manager[inside] == MANAGERS.index(Manager(who))]
        parts.append(_edges(network, inside, route_id="", section_id=section_id))
    return pd.concat(parts)


def _edges(network: Network, pieces: Ints, *, route_id: str, section_id: str) -> pd.DataFrame:
    edge = np.sort(np.r_[pieces * 2, pieces * 2 + 1])
    return pd.DataFrame(
        {
            "route_id": route_id,
            "section_id": section_id,
            "edge_id": network.edge_id[edge],
            "from_m": 0.0,
            "to_m": network.length_m[edge >> 1],
        }
    )

"""Real drives with known routes: Seattle (Newson & Krumm 2009) and twenty of Kubička et al. 2015."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray

from geo.fix import Fixes
from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.result import Matched
from geo.network import Network
from geo.trace import Traces, clean_and_split

pytestmark = pytest.mark.realdata

type Case = tuple[Network, Traces, NDArray[np.int64]]


def network_of_roads(roads: gpd.GeoDataFrame) -> Network:
    """Roads that are already split at their nodes: coinciding ends are one node."""
    geometry = roads.geometry.to_numpy()
    n = len(roads)
    start = np.r_[0, np.cumsum(shapely.get_num_coordinates(geometry))].astype(np.int32)
    xy = shapely.get_coordinates(geometry)
    node_xy, node = np.unique(np.round(np.vstack([xy[start[:-1]], xy[start[1:] - 1]]), 2), axis=0, return_inverse=True)
    node = node.ravel().astype(np.int32)
    edge_from = np.column_stack([node[:n], node[n:]]).ravel()
    edge_to = np.column_stack([node[n:], node[:n]]).ravel()
    return Network(
        version=0,
        crs_epsg=roads.crs.to_epsg(),
        node_xy=node_xy,
        piece_id=roads["road_id"].to_numpy(np.int64),
        edge_from=edge_from,
        edge_to=edge_to,
        length_m=shapely.length(geometry),
        is_open=np.column_stack([np.ones(n, np.bool_), ~roads["oneway"].to_numpy(np.bool_)]).ravel(),
        speed_mps=np.full(n, 13.9),
        level=np.zeros(n, np.int32),
        road_class=np.zeros(n, np.int32),
        shape_start=start,
        shape_xy=xy,
        out_start=np.r_[0, np.cumsum(np.bincount(edge_from, minlength=len(node_xy)))].astype(np.int32),
        out_edge=np.argsort(edge_from, kind="stable").astype(np.int32),
    )


def load(folder: Path, every_s: float) -> Case:
    """Network, traces of every so many seconds, and the edge ids of the true route."""
    roads = gpd.read_parquet(folder / "roads.parquet").sort_values("road_id")
    roads = roads.to_crs(roads.estimate_utm_crs())
    table = pd.read_csv(folder / "fixes.csv")
    at_us = pd.to_datetime(table["at"], utc=True, format="ISO8601").dt.as_unit("us").astype("int64").to_numpy()
    keep, last = [], -np.inf
    for i, at in enumerate(at_us):
        if at - last >= every_s * 1e6 - 5e5:
            keep.append(i)
            last = at
    points = gpd.GeoSeries(gpd.points_from_xy(table.lon, table.lat), crs=4326).to_crs(roads.crs)
    xy = np.column_stack([points.x, points.y])[keep]
    fixes = Fixes.from_arrays(np.ones(len(keep)), at_us[keep], table.lon[keep], table.lat[keep])
    truth = pd.read_csv(folder / "truth.csv")
    true = truth["road_id"].to_numpy(np.int64) * 2 + truth["reversed"].to_numpy(np.int64)
    return network_of_roads(roads), clean_and_split(fixes, xy), true


def without_repeats(edge: NDArray[np.int64]) -> NDArray[np.int64]:
    return edge[np.r_[True, edge[1:] != edge[:-1]]] if len(edge) else edge


def missed_and_added(network: Network, matched: Matched, true: NDArray[np.int64]) -> tuple[float, float, float]:
    """Metres of the true route not found in order, metres found that are not of it, and its length."""
    length = dict(zip(network.edge_id.tolist(), np.repeat(network.length_m, 2).tolist(), strict=True))
    found = without_repeats(network.edge_id[matched.traversals.edge])
    true = without_repeats(true)
    best = np.zeros(len(found) + 1)
    for edge in true:
        gain = np.where(found == edge, best[:-1] + length[int(edge)], 0.0)
        best = np.r_[0.0, np.maximum.accumulate(np.maximum(best[1:], gain))]
    total = sum(length[int(e)] for e in true)
    return total - best[-1], sum(length[int(e)] for e in found) - best[-1], total


@pytest.mark.parametrize(("every_s", "most_percent"), [(1, 0.01), (10, 0.12), (30, 0.12), (60, 6.1)])
def test_seattle(yuki_data: Path, every_s: float, most_percent: float) -> None:
    network, traces, true = load(yuki_data / "matching" / "seattle", every_s)
    matched = match(network, build_index(network), traces)
    missed, added, total = missed_and_added(network, matched, true)
    assert 100 * (missed + added) / total <= most_percent
    assert sum(traces.counts().values()) == len(traces.outcome)


@pytest.mark.parametrize(("every_s", "most_percent"), [(1, 0.75), (10, 0.75), (30, 1.2)])
def test_twenty_drives(yuki_data: Path, every_s: float, most_percent: float) -> None:
    wrong = total = 0.0
    for folder in sorted((yuki_data / "matching").glob("kubicka_*")):
        network, traces, true = load(folder, every_s)
        missed, added, length = missed_and_added(network, match(network, build_index(network), traces), true)
        wrong, total = wrong + missed + added, total + length
    assert 100 * wrong / total <= most_percent

"""The synthetic prefecture: its files hold together, look like roads, and say what they are."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geo.errors import InputError
from geo.vocabulary import Manager, RoadClass, Treatment
from yukimichi.demo import DemoFiles, generate_demo

PLANE = 6675


@pytest.fixture(scope="module")
def files(demo_files: DemoFiles) -> DemoFiles:
    return demo_files


@pytest.fixture(scope="module")
def roads(files: DemoFiles) -> gpd.GeoDataFrame:
    return gpd.read_file(files.roads)


@pytest.fixture(scope="module")
def plane(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return roads.to_crs(PLANE)


def ends(roads: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Node numbers of both ends of each road, nodes being exactly equal coordinates."""
    lines = roads.geometry.to_numpy()
    xy = np.vstack([shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, -1)])
    nodes, number = np.unique(xy, axis=0, return_inverse=True)
    return number[: len(roads)], number[len(roads) :], len(nodes)


def layers(files: DemoFiles) -> list[Path]:
    return [getattr(files, name) for name in files.__slots__ if str(getattr(files, name)).endswith((".fgb", ".csv"))]


def test_a_seed_decides_every_byte_and_files_are_replaced(
    tmp_path: Path,
) -> None:
    files = generate_demo(tmp_path / "first", n_edges=10_000)
    roads = gpd.read_file(files.roads)
    other = gpd.read_file(generate_demo(tmp_path / "second", n_edges=10_000, seed=7).roads)
    n = min(len(other), len(roads))
    assert shapely.equals(roads.geometry.to_numpy()[:n], other.geometry.to_numpy()[:n]).mean() < 0.01
    again = generate_demo(tmp_path / "second", n_edges=10_000)
    for one, two in zip(layers(files), layers(again), strict=True):
        assert one.read_bytes() == two.read_bytes(), one.name


def test_wanted_size_is_met(files: DemoFiles, roads: gpd.GeoDataFrame) -> None:
    assert files.n_edges == 2 * len(roads)
    assert abs(files.n_edges - 24_000) <= 0.02 * 24_000


@pytest.mark.parametrize("n_edges", [0, 9_999, 2_000_000])
def test_a_size_that_cannot_be_drawn_is_refused(tmp_path: Path, n_edges: int) -> None:
    with pytest.raises(InputError, match="10,000"):
        generate_demo(tmp_path, n_edges=n_edges)


def test_everything_says_that_it_is_synthetic(files: DemoFiles) -> None:
    for path in layers(files):
        table = gpd.read_file(path) if path.suffix == ".fgb" else pd.read_csv(path)
        assert len(table) > 0, path.name
        assert table["synthetic"].all(), path.name
    assert "合成データ" in files.readme.read_text(encoding="utf-8")


def test_road_attributes_are_words_of_the_vocabulary(roads: gpd.GeoDataFrame) -> None:
    assert set(roads["road_class"]) <= {str(c) for c in RoadClass}
    assert set(roads["road_class"]) >= {"expressway", "national", "major_prefectural", "prefectural", "municipal"}
    assert set(roads["manager"]) == {str(m) for m in Manager} - {"unknown"}
    assert set(roads["oneway"]) == {-1, 0, 1}
    assert {-1, 0, 1, 2} <= set(roads["level"])
    assert roads["road_id"].is_unique
    assert roads["name"].str.len().min() > 0
    assert roads["width_m"].between(3.0, 10.0).all()
    assert roads["speed_mps"].between(5.0, 28.0).all()


def test_pieces_meet_at_their_ends_and_nowhere_else(plane: gpd.GeoDataFrame) -> None:
    lines, level = plane.geometry.to_numpy(), plane["level"].to_numpy()
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert not ((a < b) & (level[a] == level[b])).any()
    assert shapely.is_simple(lines).all()
    assert shapely.length(lines).min() > 2.0


def test_the_network_is_one_and_a_vehicle_gets_everywhere(roads: gpd.GeoDataFrame) -> None:
    head, tail, n = ends(roads)
    assert connected_components(coo_matrix((np.ones(len(head)), (head, tail)), (n, n)))[0] == 1
    oneway = roads["oneway"].to_numpy()
    rows = np.r_[head[oneway >= 0], tail[oneway <= 0]]
    columns = np.r_[tail[oneway >= 0], head[oneway <= 0]]
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), (n, n))
    label = connected_components(graph, connection="strong")[1]
    assert np.bincount(label).max() / n > 0.999


def test_it_is_a_road_map_and_no_lattice(plane: gpd.GeoDataFrame) -> None:
    """Bearings of streets spread over all angles, T-junctions prevail, there are dead ends, and roads wind."""
    head, tail, n = ends(plane)
    degree = np.bincount(np.r_[head, tail], minlength=n)
    share = np.bincount(degree) / n
    assert 0.05 < share[1] < 0.2
    assert share[3] > 4 * share[4] > 0
    streets = plane[plane["road_class"] == "municipal"].geometry.to_numpy()
    d = shapely.get_coordinates(shapely.get_point(streets, -1)) - shapely.get_coordinates(shapely.get_point(streets, 0))
    angle = np.degrees(np.arctan2(d[:, 1], d[:, 0])) % 90
    histogram = np.bincount((angle / 10).astype(int), minlength=9) / len(angle)
    assert histogram.max() < 0.25
    chord = np.hypot(*d.T)
    straight = chord[chord > 0].sum() / shapely.length(streets).sum()
    assert straight < 0.995
    area = shapely.area(shapely.get_parts(shapely.polygonize(plane.geometry.to_numpy())))
    small, large = np.percentile(area, [10, 90])
    assert large / small > 5


def test_expressways_are_pairs_of_opposite_one_way_roads_driven_on_the_left(plane: gpd.GeoDataFrame) -> None:
    dual = plane[(plane["road_class"] == "expressway") & ~plane["name"].str.contains("ランプ") & (plane["oneway"] != 0)]
    ahead, back = dual[dual["oneway"] == 1], dual[dual["oneway"] == -1]
    assert len(ahead) > 5
    assert abs(ahead.length.sum() - back.length.sum()) < 0.02 * ahead.length.sum()
    line, other = ahead.geometry.iloc[0], back.geometry.union_all()
    p, q = line.interpolate(line.length / 2), line.interpolate(line.length / 2 + 5)
    near = shapely.ops.nearest_points(p, other)[1]
    assert 12 < p.distance(near) < 30
    cross = (q.x - p.x) * (near.y - p.y) - (q.y - p.y) * (near.x - p.x)
    assert cross < 0  # the carriageway of the other direction lies to the right


def test_municipalities_tile_the_land(files: DemoFiles) -> None:
    towns = gpd.read_file(files.municipalities).to_crs(PLANE)
    assert len(towns) == 19
    assert towns.is_valid.all()
    whole = towns.union_all()
    assert towns.area.sum() == pytest.approx(whole.area, rel=1e-6)
    places = gpd.read_file(files.settlements).to_crs(PLANE)
    assert places.within(whole.buffer(200)).all()


def test_routes_are_a_prefecture_worth_of_ploughing(files: DemoFiles, plane: gpd.GeoDataFrame) -> None:
    routes = gpd.read_file(files.routes).to_crs(PLANE)
    assert len(routes) == 223
    assert 2_000 < routes.length.sum() / 1_000 < 2_300
    assert set(routes["route_class"]) == {"第1種", "第2種", "第3種"}
    assert routes["target_time"].str.fullmatch(r"\d\d:\d\d").all()
    assert routes["name"].is_unique or routes["name"].duplicated().mean() < 0.05
    lines = plane.geometry.to_numpy()
    tree = shapely.STRtree(lines)
    corner = shapely.points(shapely.get_coordinates(routes.geometry.to_numpy()[::9]))
    distance = shapely.distance(corner, lines[tree.nearest(corner)])
    assert 0.5 < distance.mean() < 3.0
    assert np.percentile(distance, 99) < 6.0


def test_assignments_name_plans_that_exist_and_some_machines_have_no_device(files: DemoFiles) -> None:
    table = pd.read_csv(files.assignments, dtype=str).fillna("")
    routes, sections = gpd.read_file(files.routes), gpd.read_file(files.sections)
    assert len(table) == 640
    assert ((table["route_id"] != "") != (table["section_id"] != "")).all()
    assert set(table["route_id"]) - {""} == set(routes["route_id"])
    assert set(table["section_id"]) - {""} == set(sections["section_id"])
    named = table[table["vehicle"] != ""]
    assert named["vehicle"].is_unique
    assert 0.85 < len(named) / len(table) < 0.97
    without = table.groupby("route_id")["vehicle"].apply(lambda v: (v == "").all())
    assert without.drop("").sum() >= 5
    for column in ("from_at", "to_at"):
        assert pd.to_datetime(table[column], utc=True).notna().all()
        assert table[column].str.endswith("+09:00").all()


def test_sections_do_not_overlap_and_leave_most_streets_out(files: DemoFiles, plane: gpd.GeoDataFrame) -> None:
    sections = gpd.read_file(files.sections).to_crs(PLANE)
    whole = sections.union_all()
    assert sections.area.sum() == pytest.approx(whole.area, rel=1e-3)
    streets = plane[plane["manager"] == "municipality"]
    share = streets[streets.representative_point().within(whole)].length.sum() / streets.length.sum()
    assert 0.05 < share < 0.45


def test_planned_passes_have_zone_and_words(files: DemoFiles) -> None:
    plans = pd.read_csv(files.plans)
    assert set(plans["treatment"]) <= {str(t) for t in Treatment}
    start, end = (pd.to_datetime(plans[c], utc=True) for c in ("planned_start_at", "planned_end_at"))
    assert (start < end).all()


def test_kilometre_posts_stand_on_their_road(files: DemoFiles, plane: gpd.GeoDataFrame) -> None:
    posts = pd.read_csv(files.kmposts)
    points = gpd.GeoSeries(gpd.points_from_xy(posts["lon"], posts["lat"]), crs=4326).to_crs(PLANE)
    for route, part in posts.groupby("route"):
        assert part["km"].tolist() == list(range(len(part)))
        road = plane[plane["route"] == route].geometry.union_all()
        assert points[part.index].distance(road).max() < 0.1, route


def test_depots_stand_on_land_beside_a_road(files: DemoFiles, plane: gpd.GeoDataFrame) -> None:
    depots = pd.read_csv(files.depots)
    points = gpd.GeoSeries(gpd.points_from_xy(depots["lon"], depots["lat"]), crs=4326).to_crs(PLANE)
    assert points.within(gpd.read_file(files.municipalities).to_crs(PLANE).union_all()).all()
    lines = plane.geometry.to_numpy()
    distance = shapely.distance(points.to_numpy(), lines[shapely.STRtree(lines).nearest(points.to_numpy())])
    assert distance.max() < 320
    assert np.median(distance) > 10

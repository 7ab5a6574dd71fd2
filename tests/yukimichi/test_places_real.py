"""Real deliveries laid on roads: emergency transport roads of Ishikawa by class, and a real city's buses."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.db import Database, Role
from geo.settings import Settings, SourceSettings
from ingest.gtfs import ingest_gtfs
from ingest.gtfs_patterns import _shape_lines
from ingest.gtfs_tables import read_feed
from ingest.plan_rows import read_plan_rows
from ingest.quarantine import Rejects
from ingest.roads import ingest_roads
from yukimichi.pipeline import lay_places

pytestmark = pytest.mark.realdata


def test_emergency_transport_roads_read_as_a_priority_network(yuki_data: Path) -> None:
    rejects = Rejects()
    path = yuki_data / "ishikawa" / "emergency_roads_N10.geojson"
    read = read_plan_rows(path, "priority_network", "mlit", SourceSettings(), rejects)
    assert (read.n_read, rejects.by_reason()) == (244, {})
    found = [json.loads(row.attributes) for row in read.rows]
    classes = Counter(row["network_class"] for row in found)
    assert set(classes) <= {1, 2, 3}
    assert classes[1] > 0
    assert all(row["name"] for row in found)
    assert len({row.external_id for row in read.rows}) == len(read.rows)


def test_buses_of_muroran_lie_on_roads_made_along_them(database: Database, yuki_data: Path, tmp_path: Path) -> None:
    """Every shape is laid whole, and each route's trips stand on its edges."""
    path = yuki_data / "muroran_gtfs" / "muroran_gtfs_jp.zip"
    points = (
        read_feed(path, None, Rejects())
        .get("shapes")
        .astype({"shape_pt_lat": float, "shape_pt_lon": float, "shape_pt_sequence": int})
    )
    points = points.rename(columns={"shape_pt_lat": "lat", "shape_pt_lon": "lon"})
    lines = _shape_lines(points.sort_values(["shape_id", "shape_pt_sequence"]))
    roads = shapely.get_parts(shapely.line_merge(shapely.unary_union(list(lines.values()))))
    frame = gpd.GeoDataFrame({"road_id": range(len(roads))}, geometry=list(roads), crs=4326)
    frame.to_file(tmp_path / "roads.fgb")
    ingest_roads(database, [tmp_path / "roads.fgb"], "roads", SourceSettings(join_policy="endpoints"))
    report = ingest_gtfs(database, path, "donan", SourceSettings(), datetime(2026, 1, 20, tzinfo=UTC))
    assert (report.is_expired, report.quarantined) == (True, {})
    _, laid = lay_places(database, Settings(home=tmp_path))
    assert laid.laid_m > 0.98 * laid.planned_m
    with database.connect(Role.ENGINE) as connection:
        worst = connection.execute("SELECT min(laid_m / planned_m) FROM net.bus_route WHERE planned_m > 0").fetchone()
        edges = connection.execute("SELECT count(*) FROM net.bus_edge").fetchone()
        off = connection.execute(
            "SELECT count(*) FROM net.bus_edge AS e JOIN net.bus_route AS r USING (route_id) "
            "WHERE e.trips_weekday > r.trips_weekday"
        ).fetchone()
    assert worst is not None
    assert worst[0] > 0.9
    assert edges is not None
    assert edges[0] > 1_000
    assert off == (0,)  # no edge has more trips of a route than the route itself

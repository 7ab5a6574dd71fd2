"""GDAL 3.6 of Debian, as programs: ogrinfo lists, ogr2ogr takes everything out, page by page."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from tests.clients.compare import same_features
from tests.clients.town import Town

type Run = Callable[..., str]


@pytest.fixture(scope="module")
def ogrinfo(installed: Callable[[str, str], str], town: Town) -> Run:
    """ogrinfo on the town with these arguments."""
    program = installed("ogrinfo", "gdal-bin")

    def run(*arguments: str) -> str:
        command = [program, "-ro", f"OAPIF:{town.address}/ogc/", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def take_out(installed: Callable[[str, str], str], town: Town, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """ogr2ogr of a collection of the town to GeoJSON; the features."""
    program = installed("ogr2ogr", "gdal-bin")
    folder: Path = tmp_path_factory.mktemp("ogr2ogr")

    def run(collection: str, *arguments: str) -> Any:
        file = folder / f"{len(list(folder.iterdir()))}.geojson"
        command = [program, "-f", "GeoJSON", str(file), f"OAPIF:{town.address}/ogc/", collection, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert "Lossy" not in done.stderr, done.stderr
        return json.loads(file.read_text(encoding="utf-8"))["features"]

    return run


def pairs(features: list[dict[str, Any]]) -> list[tuple[dict[str, Any], shapely.Geometry | None]]:
    """Properties and shape of GeoJSON features."""
    return [(found["properties"], found["geometry"] and shape(found["geometry"])) for found in features]


def test_ogrinfo_lists_every_public_collection_and_no_other(ogrinfo: Run, town: Town) -> None:
    listed = [line.split(": ", 1)[1].split(" (")[0] for line in ogrinfo().splitlines() if line[:1].isdigit()]
    assert sorted(listed) == sorted(town.public)


def test_ogrinfo_counts_and_bounds_as_the_database_does(ogrinfo: Run, town: Town) -> None:
    summary = ogrinfo("-so", "roads")
    rows = town.rows("roads")
    assert f"Feature Count: {len(rows)}" in summary
    assert "Geometry: Line String" in summary
    west, south, east, north = shapely.total_bounds([row["geom"] for row in rows])
    assert f"Extent: ({west:.6f}, {south:.6f}) - ({east:.6f}, {north:.6f})" in summary
    assert "edge_id: Integer" in summary
    assert "length_m: Real" in summary


def test_ogr2ogr_takes_out_every_feature_of_every_collection(take_out: Run, town: Town) -> None:
    for name in town.public:
        same_features(town.collection(name), pairs(take_out(name, "-oo", "PAGE_SIZE=1000")), town.rows(name))


def test_ogr2ogr_follows_the_pages(take_out: Run, town: Town) -> None:
    """3,080 edges by 700 are five pages."""
    before = len(town.requests())
    found = take_out("road_status", "-oo", "PAGE_SIZE=700")
    assert same_features(town.collection("road_status"), pairs(found), town.rows("road_status")) == 3_080
    pages = [line for line in town.requests(before) if "/road_status/items?" in line and "limit=700" in line]
    assert len(set(pages)) == 5


def test_ogr2ogr_asks_the_service_for_a_box(take_out: Run, town: Town) -> None:
    before = len(town.requests())
    found = take_out("roads", "-spat", "136.6001", "36.5401", "136.6299", "36.5499")
    inside = shapely.box(136.6001, 36.5401, 136.6299, 36.5499)
    rows = [row for row in town.rows("roads") if row["geom"].intersects(inside)]
    assert same_features(town.collection("roads"), pairs(found), rows) == len(rows) > 50
    assert any("bbox=" in line for line in town.requests(before))


def test_ogr2ogr_asks_the_service_for_a_value(take_out: Run, town: Town) -> None:
    before = len(town.requests())
    found = take_out("road_status", "-where", "state = 'uncleared' AND manager = 'prefecture'")
    rows = town.rows("road_status", "s.state = 'uncleared' AND s.manager = 'prefecture'")
    assert same_features(town.collection("road_status"), pairs(found), rows) == len(rows) > 50
    asked = [line for line in town.requests(before) if "/items?" in line and "uncleared" in line]
    assert asked, "the filter was not sent to the service"


def test_a_filter_that_stays_with_ogr2ogr_is_right_as_well(take_out: Run, town: Town) -> None:
    """Decimals have to be decimals for it: GDAL takes their type from the first page."""
    where = "covered_fraction > 0.1 AND covered_fraction < 0.6"
    found = take_out("road_status", "-oo", "PAGE_SIZE=1000", "-where", where)
    rows = town.rows("road_status", "s.covered_fraction > 0.1 AND s.covered_fraction < 0.6")
    assert same_features(town.collection("road_status"), pairs(found), rows) == len(rows) > 100

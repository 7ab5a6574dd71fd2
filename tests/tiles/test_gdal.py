"""GDAL reads the service over OGC API Features, as QGIS and ogr2ogr do.

GDAL runs in a process of its own: it holds the interpreter while it waits for an answer, and the server of this test
is a thread of this process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

READ = """
import json, sys, warnings
import pyogrio
warnings.simplefilter("ignore")
source, options = sys.argv[1], json.loads(sys.argv[2])
if options is None:
    print(json.dumps([str(name) for name, _ in pyogrio.list_layers(source)]))
else:
    options["bbox"] = options.get("bbox") and tuple(options["bbox"])
    print(pyogrio.read_dataframe(source, **options).to_json(drop_id=True, default=str))
"""


@pytest.fixture
def source(address: str) -> str:
    return f"OAPIF:{address}/ogc/"


def gdal(source: str, options: dict[str, Any] | None) -> Any:
    """What GDAL says: layer names, or features as GeoJSON."""
    command = [sys.executable, "-c", READ, source, json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_gdal_lists_the_collections(source: str) -> None:
    layers = set(gdal(source, None))
    assert {"roads", "road_status", "passes", "ploughs", "routes", "work_sections", "municipalities"} <= layers
    assert "devices" not in layers


def test_gdal_reads_every_feature(source: str) -> None:
    expected = {
        "roads": (6, "LineString"), "road_status": (6, "LineString"), "passes": (2, "LineString"),
        "ploughs": (1, "Point"), "routes": (1, "MultiLineString"), "work_sections": (1, "Polygon"),
        "municipalities": (1, "Polygon"), "coast": (1, "LineString"),
    }  # fmt: skip
    for layer, (n, kind) in expected.items():
        found = gdal(source, {"layer": layer})["features"]
        assert len(found) == n, layer
        assert {feature["geometry"]["type"] for feature in found} == {kind}, layer
        assert all(feature["properties"]["synthetic"] for feature in found), layer


def test_gdal_asks_for_a_box_and_pages_through(source: str) -> None:
    boxed = gdal(source, {"layer": "roads", "bbox": (136.6505, 36.5625, 136.66, 36.57)})["features"]
    assert sorted(feature["properties"]["edge_id"] for feature in boxed) == [6, 7, 9]
    paged = gdal(source, {"layer": "roads", "PAGE_SIZE": 2})["features"]
    assert sorted(feature["properties"]["edge_id"] for feature in paged) == [2, 4, 5, 6, 7, 9]


def test_gdal_reads_in_the_plane_crs(source: str) -> None:
    (feature,) = gdal(source, {"layer": "settlements", "CRS": "EPSG:6675"})["features"]
    # about 46 km west and 62 km north of the origin of zone VII at 137°10' E, 36° N
    assert feature["geometry"]["coordinates"] == pytest.approx([-46_250, 62_300], abs=500)

"""GDAL reads the service over OGC API Features, as QGIS and ogr2ogr do.

GDAL runs in a process of its own: it holds the interpreter while it waits for an answer, and the server of this test
is a thread of this process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

READ = """
import json, sys, warnings
import pyogrio
warnings.simplefilter("ignore")
source, questions = sys.argv[1], json.loads(sys.argv[2])
answers = [[str(name) for name, _ in pyogrio.list_layers(source)]]
for options in questions:
    options["bbox"] = options.get("bbox") and tuple(options["bbox"])
    found = pyogrio.read_dataframe(source, **options)
    answers.append(json.loads(found.to_json(drop_id=True, default=str))["features"])
print(json.dumps(answers))
"""
EXPECTED = {
    "roads": (6, "LineString"), "road_status": (6, "LineString"), "passes": (2, "LineString"), "ploughs": (1, "Point"),
    "routes": (1, "MultiLineString"), "work_sections": (1, "Polygon"), "municipalities": (1, "Polygon"),
    "coast": (1, "LineString"), "settlements": (1, "Point"), "snow": (1, "Polygon"), "weather_stations": (1, "Point"),
    "closures": (0, "MultiLineString"), "facilities": (0, "Point"), "cameras": (0, "Point"),
    "priority_network": (0, "MultiLineString"), "bus_stops": (0, "Point"), "bus_routes": (0, "MultiLineString"),
}  # fmt: skip


def gdal(address: str, *questions: dict[str, Any]) -> list[Any]:
    """The names of the layers, then the GeoJSON features of each question, as GDAL reads them."""
    command = [sys.executable, "-c", READ, f"OAPIF:{address}/ogc/", json.dumps(questions)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


def test_gdal_reads_every_feature_of_every_collection(address: str) -> None:
    layers, *answers = gdal(address, *({"layer": layer} for layer in EXPECTED))
    assert set(layers) == set(EXPECTED)
    for (layer, (n, kind)), found in zip(EXPECTED.items(), answers, strict=True):
        assert len(found) == n, layer
        assert {feature["geometry"]["type"] for feature in found} == ({kind} if n else set()), layer
        assert all(feature["properties"]["synthetic"] for feature in found), layer


def test_gdal_asks_for_a_box_a_page_and_a_plane_crs(address: str) -> None:
    _, boxed, paged, plane = gdal(
        address,
        {"layer": "roads", "bbox": (136.6505, 36.5625, 136.66, 36.57)},
        {"layer": "roads", "PAGE_SIZE": 2},
        {"layer": "settlements", "CRS": "EPSG:6675"},
    )
    assert sorted(feature["properties"]["edge_id"] for feature in boxed) == [6, 7, 9]
    assert sorted(feature["properties"]["edge_id"] for feature in paged) == [2, 4, 5, 6, 7, 9]
    # about 46 km west and 62 km north of the origin of zone VII at 137°10' E, 36° N
    assert plane[0]["geometry"]["coordinates"] == pytest.approx([-46_250, 62_300], abs=500)


def test_ogrinfo_of_debian_lists_and_reads(address: str, installed: Callable[[str, str], str]) -> None:
    program = installed("ogrinfo", "gdal-bin")
    listed = subprocess.run([program, f"OAPIF:{address}/ogc/"], capture_output=True, text=True, timeout=60, check=True)
    for layer in EXPECTED:
        assert f": {layer} (" in listed.stdout
    summary = subprocess.run(
        [program, "-so", f"OAPIF:{address}/ogc/", "roads"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert "Geometry: Line String" in summary
    assert "Feature Count: 6" in summary
    assert "edge_id: Integer" in summary

"""The exported project in QGIS: it opens, asks by extent, draws each state as it is, and lets nothing out of date pass.

Everything is compared with the database or with the plan of the town (tests/clients/town.sql).
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from geo.settings import Settings
from layers.styles import STATE_CLASSES
from tests.clients.town import MANAGER_KEY, Town, make_town, serving
from tests.layers.test_styles import shown
from tests.qgis.pictures import Picture
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.export_qgis import export_qgis

DOCS = Path(__file__).parents[2] / "docs" / "images" / "qgis.png"
REFERENCE = Path(__file__).parent / "picture.json"
#: How pictures are drawn whose colours are looked at: fine, and without smoothing, which mixes colours.
PLAIN = {"ask": "draw", "labels": False, "smooth": False, "dpi": 192}
PICTURED = (136.598, 36.5405, 136.662, 36.5835)
WHOLE = (136.598, 36.518, 136.692, 36.582)
NEAR_BOX = (136.6, 36.52, 136.6301, 36.5441)
JA = {found.ja: found.key for found in STATE_CLASSES}

type Ask = Callable[..., dict[str, Any]]
type Export = Callable[..., Path]


def class_of(row: dict[str, Any], at: datetime) -> str:
    """The class in which an edge is to be shown at a moment, said plainly."""

    def ago(name: str) -> float | None:
        return None if row[name] is None else (at - row[name]).total_seconds()

    left = ago("valid_until")
    return shown(row["state"], row["reason"], ago("cleared_at"), None if left is None else -left, ago("observed_at"))


def test_every_layer_opens_and_every_expression_is_understood(ask: Ask, project: Export, town: Town) -> None:
    for lang in ("ja", "en"):
        answer = ask(project(lang=lang), {"ask": "describe"})
        assert answer["read"] is True
        found = answer["describe"]
        assert found["version"] >= 32_200
        assert found["crs"] == "EPSG:3857"
        assert ("架空データ" if lang == "ja" else "synthetic") in found["title"]
        assert {layer_id.rpartition("_")[0] for layer_id in found["layers"]} == set(town.public)
        for layer_id, layer in found["layers"].items():
            assert layer["is_valid"], layer_id
            assert not layer["broken"], layer["broken"]
            assert layer["crs"] == ("EPSG:3857" if layer_id.endswith("_tiles") else "EPSG:4326")
            assert "CC BY 4.0" in layer["attribution"]
            assert layer["rules"]


def test_features_are_asked_for_by_extent_and_are_those_of_the_database(ask: Ask, project: Export, town: Town) -> None:
    before = len(town.requests())
    answer = ask(project(), {"ask": "features", "layer": "road_status_features", "box": NEAR_BOX})["features"]
    box = shapely.box(*NEAR_BOX)
    rows = {row["edge_id"]: row for row in town.rows("road_status") if row["geom"].intersects(box)}
    assert {found["properties"]["edge_id"] for found in answer} == set(rows)
    for found in answer:
        row = rows[found["properties"]["edge_id"]]
        assert shapely.equals_exact(shapely.from_wkt(found["wkt"]), row["geom"], 2e-7)
        for name in ("name", "state", "state_ja", "reason", "direction", "road_class", "treatment", "synthetic"):
            assert found["properties"][name] == row[name], name
        for name in ("covered_fraction", "confidence", "length_m"):
            assert found["properties"][name] == pytest.approx(row[name], abs=1e-6), name
    asked = [line for line in town.requests(before) if "/road_status/items?" in line and "bbox=" in line]
    assert asked
    assert all("limit=1000" in line for line in asked)


@pytest.fixture(scope="module")
def stale(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Path]]:
    """A town whose server stands still 55 minutes ago, as when a project has lain open without a connection."""
    moment = datetime.now(UTC) - timedelta(minutes=55)
    database = make_town(cluster, "qgis_stale", moment)
    folder = tmp_path_factory.mktemp("stale")
    try:
        with serving(database, moment, folder / "requests.log") as served:
            export_qgis(Context(Settings(), database), folder / "stale.qgz", url=served.address)
            yield served, folder / "stale.qgz"
    finally:
        cluster.drop_database("qgis_stale")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "America/New_York"])
def test_what_runs_out_turns_unknown_in_every_zone(ask: Ask, stale: tuple[Town, Path], zone: str) -> None:
    """QGIS 3.22 drops the zone of times. Ages go on all the same, by its own clock; no clearing outlives its end."""
    town, file = stale
    answer = ask(file, {"ask": "features", "layer": "road_status_features", "box": NEAR_BOX}, zone=zone)["features"]
    rows = {row["edge_id"]: row for row in town.rows("road_status")}
    classes = set()
    for found in answer:
        row = rows[found["properties"]["edge_id"]]
        (name,) = found["drawn"]
        assert JA[name] == class_of(row, datetime.fromtimestamp(found["at_s"], UTC)), (
            row["state"],
            row["cleared_at"],
            row["valid_until"],
        )
        classes.add((row["state"], JA[name]))
    assert ("clearing", "unknown") in classes
    assert ("cleared", "under_3h") in classes
    assert not any(found == "clearing" or found == "under_1h" for _, found in classes)


def test_tiles_of_a_server_that_stands_still_age_too(ask: Ask, stale: tuple[Town, Path], tmp_path: Path) -> None:
    _, file = stale
    picture = Picture(tmp_path / "stale.png", WHOLE)
    ask(file, PLAIN | {"box": WHOLE, "size": [3600, 3000], "file": str(picture.file), "layers": ["road_status_tiles"]})
    assert picture.around(136.6045, 36.52 + 0.0024 * 5, 6) == {"unknown"}  # clearing, not heard of for an hour
    assert picture.around(136.6045, 36.52 + 0.0024 * 10, 6) == {"under_3h"}
    assert picture.around(136.6045, 36.52 + 0.0024 * 6, 6) == {"uncleared"}


@pytest.mark.parametrize("layer", ["road_status_tiles", "road_status_features"])
def test_each_state_is_drawn_where_it_is(ask: Ask, project: Export, tmp_path: Path, town: Town, layer: str) -> None:
    picture = Picture(tmp_path / "near.png", WHOLE)
    question = PLAIN | {"box": WHOLE, "size": [3600, 3000], "file": str(picture.file)}
    answer = ask(project(), question | {"layers": [layer]})["draw"]
    assert answer["layers"] == [layer]
    assert not answer["errors"]
    assert answer["scale"] < 25_000
    at = datetime.now(UTC)
    rows = {row["edge_id"]: row for row in town.rows("road_status")}
    n_checked = 0
    for piece_id in range(1, 781):
        row, column = divmod(piece_id - 1, 30)
        edges = [rows[edge_id] for edge_id in (2 * piece_id, 2 * piece_id + 1) if edge_id in rows]
        expected = {class_of(edge, at) for edge in edges} - {"off_plan"}
        found = picture.around(136.6015 + 0.003 * column, 36.52 + 0.0024 * row, 6)
        assert found == expected, (row, column)
        n_checked += len(expected)
    assert n_checked > 600


def test_each_direction_has_its_own_side_close_up(ask: Ask, project: Export, tmp_path: Path) -> None:
    """Column 15 runs north: cleared forward, uncleared backward; who drives on the left goes north in the west."""
    for layer in ("road_status_tiles", "road_status_features"):
        picture = Picture(tmp_path / f"{layer}.png", (136.643, 36.527, 136.647, 36.530))
        ask(project(), PLAIN | {"box": picture.box, "size": [900, 800], "file": str(picture.file), "layers": [layer]})
        place = (136.645, 36.52 + 0.0024 * 3.5)
        assert picture.around(*place, 9, side="west") == {"under_1h"}
        assert picture.around(*place, 9, side="east") == {"uncleared"}


def test_one_line_for_both_directions_is_never_better_than_the_worse(ask: Ask, project: Export, tmp_path: Path) -> None:
    wide = (136.55, 36.48, 136.75, 36.62)
    picture = Picture(tmp_path / "far.png", wide)
    question = PLAIN | {"box": wide, "size": [3200, 2800], "file": str(picture.file), "layers": ["road_status_tiles"]}
    answer = ask(project(), question)["draw"]
    assert answer["scale"] > 36_000
    for step in (1.5, 7.5, 13.5, 21.5):
        assert picture.around(136.645, 36.52 + 0.0024 * step, 5) == {"uncleared"}
        assert picture.around(136.675, 36.52 + 0.0024 * step, 5) == set()  # half on a plan: drawn as a plain road
        assert picture.around(136.630, 36.52 + 0.0024 * step, 5) == {"under_1h"}


def test_managers_open_their_layers_with_a_key_that_only_qgis_holds(ask: Ask, project: Export, town: Town) -> None:
    file = project(with_managers=True)
    with zipfile.ZipFile(file) as archive:
        assert all(MANAGER_KEY.encode() not in archive.read(name) for name in archive.namelist())
    answer = ask(
        file, {"ask": "authenticate", "authcfg": "yukimgr", "key": MANAGER_KEY}, {"ask": "describe"},
        {"ask": "features", "name": "withheld", "layer": "withheld_status_features"},
        {"ask": "features", "name": "orders", "layer": "orders_features"},
        {"ask": "features", "name": "devices", "layer": "devices_features"},
    )  # fmt: skip
    layers = answer["describe"]["layers"]
    assert "道路管理者用" in answer["describe"]["groups"]
    for name in ("devices", "orders", "withheld_status"):
        assert layers[f"{name}_features"]["is_valid"], name
        assert not layers[f"{name}_features"]["broken"]
    held = {row["edge_id"]: row for row in town.rows("withheld_status")}
    assert {found["properties"]["edge_id"] for found in answer["withheld"]} == set(held)
    for found in answer["withheld"]:
        assert found["properties"]["state"] == held[found["properties"]["edge_id"]]["state"] == "cleared"
        assert [JA[name] for name in found["drawn"]] == ["under_12h"]
    assert len(answer["orders"]) == len(town.rows("orders"))
    assert len(answer["devices"]) == len(town.rows("devices"))


def test_the_picture_of_the_docs(ask: Ask, project: Export, tmp_path: Path) -> None:
    """Shares of colours, since fonts and smoothing differ from machine to machine. YUKI_QGIS=write makes both anew."""
    picture = Picture(tmp_path / "qgis.png", PICTURED)
    answer = ask(project(), {"ask": "draw", "box": PICTURED, "size": [1100, 930], "file": str(picture.file)})["draw"]
    assert not answer["errors"]
    found = picture.shares()
    if os.environ.get("YUKI_QGIS") == "write":
        DOCS.write_bytes(picture.file.read_bytes())
        REFERENCE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert set(found) == set(reference)
    for key, share in reference.items():
        assert found[key] == pytest.approx(share, rel=0.3, abs=0.0015), key
    assert all(found[key] > 0.0005 for key in ("under_1h", "under_3h", "under_6h", "clearing", "uncleared", "unknown"))
    assert DOCS.exists()

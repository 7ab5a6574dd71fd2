"""The demo's places: a feed without a fault, pictures that say what they are, registers that hold together."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from geo.settings import SourceSettings
from geo.settings_places import CameraSettings
from geo.vocabulary import CameraProblem, FacilityKind
from ingest.camera_fetch import fetch
from ingest.gtfs import read_gtfs
from ingest.plan_rows import read_plan_rows
from ingest.quarantine import Rejects
from yukimichi.demo import DemoFiles
from yukimichi.demo.camera_images import sketch, write_images
from yukimichi.demo_places import draw_cameras

NOW = datetime(2026, 1, 20, 6, tzinfo=UTC)


def test_the_feed_has_no_fault_and_one_route_without_a_shape(demo_files: DemoFiles) -> None:
    rejects = Rejects()
    said = {"licence": None, "attribution": None, "synthetic": True}
    rows, report, _ = read_gtfs(demo_files.gtfs, None, None, said, rejects)
    assert rejects.by_reason() == {}
    assert report["n_routes"] == len({row.external_id for row in rows["bus_routes"]}) > 3
    assert report["n_patterns_from_stops"] == 2  # there and back
    assert report["notes"][0].endswith("times after 24:00")
    assert None not in report["days"]


def test_places_and_cameras_are_read_whole(demo_files: DemoFiles) -> None:
    rejects = Rejects()
    places = read_plan_rows(demo_files.places, "places", "demo", SourceSettings(), rejects)
    cameras = read_plan_rows(demo_files.cameras, "cameras", "demo", SourceSettings(), rejects)
    priority = read_plan_rows(demo_files.priority, "priority_network", "demo", SourceSettings(), rejects)
    assert (rejects.by_reason(), places.blanked.describe()) == ({}, {})
    kinds = {row["kind"] for row in csv.DictReader(demo_files.places.read_text(encoding="utf-8").splitlines())}
    assert kinds <= set(FacilityKind)
    assert {"emergency_hospital", "snow_dump", "shelter", "fire_station", "school"} <= kinds
    assert len(cameras.rows) > 5
    assert len(priority.rows) > 3


def test_pictures_are_fetched_as_from_a_camera_and_move_with_time(demo_files: DemoFiles, tmp_path: Path) -> None:
    register = tmp_path / "cameras.csv"
    register.write_bytes(demo_files.cameras.read_bytes())
    n = draw_cameras(register, NOW)
    rows = list(csv.DictReader(register.read_text(encoding="utf-8").splitlines()))
    assert n == len(rows)
    for row in rows:
        found = fetch(row["link"], CameraSettings(), tmp_path / "cameras", NOW)
        assert (found.problem, found.image_at) == (CameraProblem.NONE, NOW)
    assert sketch("C01", NOW).tobytes() == sketch("C01", NOW).tobytes()
    assert sketch("C01", NOW).tobytes() != sketch("C01", NOW + timedelta(minutes=5)).tobytes()
    assert sketch("C01", NOW).tobytes() != sketch("C02", NOW).tobytes()


def test_a_picture_is_written_whole_with_its_time(tmp_path: Path) -> None:
    write_images(tmp_path, ["C01"], NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["C01.jpg"]
    assert (tmp_path / "C01.jpg").stat().st_mtime == NOW.timestamp()
    with Image.open(io.BytesIO((tmp_path / "C01.jpg").read_bytes())) as image:
        assert image.size == (640, 360)

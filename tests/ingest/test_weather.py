"""Weather into the database: repeats change nothing, another word ends the older one, and what is new is announced."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from geo.db import Database
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest.weather import Hints, WeatherReport, ingest_weather
from ingest.weather_stations import ingest_stations

type Rows = Callable[..., list[tuple[Any, ...]]]

STATIONS = (
    "station,name,lon,lat,elevation_m,has_snow\nA,甲,136.65,36.56,6,1\nB,乙,136.75,36.5,420,\nC,丙,136.7,36.6,,0\n"
)


@pytest.fixture
def take(database: Database, tmp_path: Path, now: datetime) -> Callable[..., WeatherReport]:
    """take(content, name="w.csv", **hints): one file of a source whose table of stations is there."""
    table = tmp_path / "stations.csv"
    table.write_text(STATIONS, encoding="utf-8")
    ingest_stations(database, table, "jma", SourceSettings())

    def give(content: str | bytes, name: str = "w.csv", **hints: Any) -> WeatherReport:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return ingest_weather(database, file, "jma", SourceSettings(), "Asia/Tokyo", now, Hints(**hints))

    return give


def small_raster(folder: Path, depth_cm: float) -> bytes:
    """A GeoTIFF of 0.1 degrees around Kanazawa, all of one depth."""
    path = folder / "small.tif"
    profile = {"driver": "GTiff", "width": 10, "height": 10, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", **profile, transform=from_origin(136.6, 36.6, 0.01, 0.01)) as made:
        made.write(np.full((10, 10), depth_cm, "float32"), 1)
    return path.read_bytes()


type Take = Callable[..., WeatherReport]
NOW_ROWS = """SELECT external_id, at, quantity, span_min, value_cm, quality, is_usable FROM raw.weather
              JOIN raw.weather_station USING (station_id) WHERE superseded_at IS NULL ORDER BY 1, 2, 3"""
AT = datetime(2026, 1, 17, 21, 0, tzinfo=UTC)


def test_a_csv_of_depths_is_written_once(take: Take, rows: Rows) -> None:
    text = "station,at,snow_depth_cm\nA,2026-01-18 06:00,10\nA,2026-01-18 07:00,12\nB,2026-01-18 06:00,\n"
    report = take(text)
    assert (report.format, report.is_repeat) == ("csv", False)
    assert (report.counts.n_read, report.counts.n_accepted, report.n_unusable) == (3, 3, 1)
    assert rows(NOW_ROWS) == [
        ("A", AT, "snow_depth", 0, 10.0, None, True),
        ("A", AT + timedelta(hours=1), "snow_depth", 0, 12.0, None, True),
        ("B", AT, "snow_depth", 0, None, None, False),
    ]
    again = take(text)
    assert (again.is_repeat, again.counts) == (True, report.counts)
    other = take(text + "\n", name="renamed.csv")
    assert (other.is_repeat, other.counts.n_accepted, other.counts.n_repeated) == (False, 0, 3)
    assert rows("SELECT count(*) FROM raw.weather") == [(3,)]
    assert rows("SELECT n, first_at, last_at FROM raw.weather_batch") == [(3, AT, AT + timedelta(hours=1))]


def test_another_word_ends_the_older_one_and_keeps_it(take: Take, rows: Rows) -> None:
    take("station,at,snow_depth_cm\nA,2026-01-18 06:00,10\nA,2026-01-18 07:00,12\n")
    report = take("station,at,snow_depth_cm\nA,2026-01-18 06:00,10\nA,2026-01-18 07:00,13\n", name="late.csv")
    assert (report.counts.n_accepted, report.counts.n_repeated) == (1, 1)
    assert [row[4] for row in rows(NOW_ROWS)] == [10, 13]
    history = rows("SELECT value_cm, superseded_at IS NULL, recorded_at, superseded_at FROM raw.weather "
                   "WHERE at > %s ORDER BY recorded_at", AT)  # fmt: skip
    assert [row[:2] for row in history] == [(12, False), (13, True)]
    assert history[0][3] == history[1][2] > history[0][2]


def test_of_two_words_in_one_file_the_last_counts(take: Take, rows: Rows) -> None:
    report = take("station,at,snow_depth_cm\nA,2026-01-18 06:00,10\nA,2026-01-18 06:00,11\n")
    assert (report.counts.n_read, report.counts.n_accepted, report.counts.n_repeated) == (2, 1, 1)
    assert [row[4] for row in rows(NOW_ROWS)] == [11]


def test_bad_rows_are_kept_with_line_and_reason(take: Take, rows: Rows) -> None:
    lines = ("A,2026-01-18 06:00,999", "X,2026-01-18 06:00,1", "A,2027-01-18 06:00,1", "A,2026-01-18 07:00,5")
    report = take("\n".join(("station,at,snow_depth_cm", *lines, "")))
    assert report.quarantined == {"out_of_range": 1, "unknown_station": 1, "future_time": 1}
    assert (report.counts.n_read, report.counts.n_accepted, report.counts.n_quarantined) == (4, 1, 3)
    assert rows("SELECT line, reason, kind FROM raw.quarantine ORDER BY line") == [
        (2, "out_of_range", "weather"), (3, "unknown_station", "weather"), (4, "future_time", "weather"),
    ]  # fmt: skip


def test_a_file_of_nothing_usable_is_refused_whole(take: Take, rows: Rows) -> None:
    with pytest.raises(InputError, match="not one usable value"):
        take("station,at,snow_depth_cm\nX,2026-01-18 06:00,1\n")
    assert rows("SELECT count(*) FROM raw.quarantine") == [(0,)]


def test_weather_needs_the_table_of_stations_first(database: Database, tmp_path: Path, now: datetime) -> None:
    file = tmp_path / "w.csv"
    file.write_text("station,at,snow_depth_cm\nA,2026-01-18 06:00,1\n")
    with pytest.raises(InputError, match="no weather stations"):
        ingest_weather(database, file, "other", SourceSettings(), "Asia/Tokyo", now, Hints())


def test_a_map_file_of_the_country_leaves_others_out(take: Take, rows: Rows) -> None:
    tree = {"A": {"snow": [10, 0]}, "Z": {"snow": [50, 0]}, "C": {"snow": [None, 5]}}
    report = take(json.dumps(tree), name="20260118060000.json")
    assert (report.format, report.n_elsewhere, report.counts.n_accepted) == ("amedas", 1, 1)
    assert report.first_at == AT.isoformat()
    assert len(rows(NOW_ROWS)) == 1


def test_a_map_file_of_elsewhere_alone_is_no_error(take: Take) -> None:
    report = take(json.dumps({"Z": {"snow": [50, 0]}}), name="20260118060000.json")
    assert (report.counts.n_read, report.n_elsewhere, report.first_at) == (0, 1, None)


def test_a_raster_is_written_by_cell(take: Take, rows: Rows, tmp_path: Path) -> None:
    report = take(small_raster(tmp_path, 20.0), name="depth.tif", at=AT)
    assert report.format == "raster"
    assert report.counts.n_accepted == report.counts.n_read > 10
    assert take(small_raster(tmp_path, 20.0), name="depth.tif", at=AT).is_repeat
    changed = take(small_raster(tmp_path, 21.0), name="depth.tif", at=AT)
    assert changed.counts.n_accepted == report.counts.n_accepted
    n = rows("SELECT count(*), count(superseded_at), min(depth_cm), max(depth_cm) FROM raw.weather_grid")
    assert n == [(2 * report.counts.n_accepted, report.counts.n_accepted, 20, 21)]
    with pytest.raises(InputError, match="cannot be"):
        take(small_raster(tmp_path, 22.0), name="depth.tif", at=datetime(2030, 1, 1, tzinfo=UTC))


def test_a_table_of_stations_again_changes_only_what_it_says_otherwise(
    database: Database, tmp_path: Path, rows: Rows
) -> None:
    table = tmp_path / "stations.csv"
    table.write_text(STATIONS, encoding="utf-8")
    first = ingest_stations(database, table, "jma", SourceSettings())
    assert (first.counts.n_accepted, first.n_snow, first.is_repeat) == (3, 2, False)
    assert ingest_stations(database, table, "jma", SourceSettings()).is_repeat
    table.write_text(STATIONS.replace("甲", "甲村"), encoding="utf-8")
    second = ingest_stations(database, table, "jma", SourceSettings())
    assert (second.counts.n_accepted, second.counts.n_repeated, second.n_changed) == (1, 2, 1)
    assert rows("SELECT name, has_snow FROM raw.weather_station ORDER BY external_id") == [
        ("甲村", True), ("乙", None), ("丙", False),
    ]  # fmt: skip
    table.write_text("station,name,lon,lat\nA,,1,1\n")
    with pytest.raises(InputError, match="not one usable station"):
        ingest_stations(database, table, "jma", SourceSettings())

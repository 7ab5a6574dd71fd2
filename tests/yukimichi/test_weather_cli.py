"""`yukimichi ingest stations`, `ingest weather`, `event detect`, and what a refresh then publishes and a tick keeps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from geo.db import Database, Role
from geo.settings import load_settings
from geo.timeline import now
from ingest.weather import Hints, ingest_weather
from yukimichi.__main__ import main
from yukimichi.live import Live, connections

type Run = Callable[..., tuple[int, str, str]]

ROAD = {"type": "Feature", "properties": {"id": "a", "name": "国道"},
        "geometry": {"type": "LineString", "coordinates": [[136.65, 36.56], [136.66, 36.56]]}}  # fmt: skip
STATIONS = "station,name,lon,lat,has_snow\nA,甲,136.65,36.56,1\n"


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(*words) → exit code, standard output, standard error; in a folder with a road and a table of stations."""
    config = {"database": {"url": database.conninfo}, "worker": {"clock_s": 0.01}}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    roads = {"type": "FeatureCollection", "features": [ROAD]}
    (tmp_path / "roads.geojson").write_text(json.dumps(roads), encoding="utf-8")
    (tmp_path / "stations.csv").write_text(STATIONS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yukimichi", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        code = ended.value.code
        return (0 if code is None else int(code)), out, " ".join(err.split())

    return call


def depths(path: Path, last: datetime, *cm: float) -> Path:
    """A file of hourly depths that ends at a moment."""
    begin = last - timedelta(hours=len(cm) - 1)
    rows = [f"A,{(begin + timedelta(hours=i)).isoformat()},{value}" for i, value in enumerate(cm)]
    path.write_text("\n".join(["station,at,snow_depth_cm", *rows, ""]))
    return path


def published(database: Database) -> list[tuple[Any, ...]]:
    with database.connect(Role.READER) as connection:
        return connection.execute(
            "SELECT DISTINCT round(total_cm::numeric, 1), basis, depth_cm, observed_at FROM pub.snow_cell"
        ).fetchall()


def test_weather_from_files_to_a_storm_and_the_map(run: Run, tmp_path: Path, database: Database) -> None:
    hour = now().replace(minute=0, second=0, microsecond=0)
    assert run("ingest", "roads", "roads.geojson", "--source", "r", "--map", "id=id", "--json")[0] == 0
    code, out, _ = run("ingest", "stations", "stations.csv", "--source", "jma", "--json")
    assert (code, json.loads(out)["n_snow"]) == (0, 1)
    depths(tmp_path / "w.csv", hour, 10, 10, 13, 16)
    code, out, _ = run("ingest", "weather", "w.csv", "--source", "jma", "--json")
    report = json.loads(out)
    assert (code, report["format"], report["counts"]["n_accepted"]) == (0, "csv", 4)
    assert json.loads(run("event", "detect", "--json")[1])["storms"][0]["event_id"] is None
    code, out, _ = run("event", "detect", "--open", "--json")
    storm = json.loads(out)["storms"][0]
    assert (code, storm["is_new"], storm["fell_cm"], storm["station_name"]) == (0, True, 5.0, "甲")
    assert datetime.fromisoformat(storm["begin_at"]) == hour - timedelta(hours=2)
    assert json.loads(run("event", "detect", "--open", "--json")[1])["storms"][0]["is_new"] is False
    assert run("refresh", "--json")[0] == 0
    assert published(database) == [(6, "observed", 16, hour)]


def test_new_weather_is_published_within_a_tick_of_the_clock(run: Run, tmp_path: Path, database: Database) -> None:
    settings = load_settings(tmp_path / "config.yml")
    moment = now()  # snow is told as of whole steps of the clock, and an observation of the full hour may be too old
    last = moment - (moment - datetime(2000, 1, 1, tzinfo=UTC)) % timedelta(minutes=settings.snow.step_min)
    run("ingest", "roads", "roads.geojson", "--source", "r", "--map", "id=id")
    run("ingest", "stations", "stations.csv", "--source", "jma")
    run("ingest", "weather", str(depths(tmp_path / "w.csv", last - timedelta(hours=1), 10, 12)), "--source", "jma")
    live = Live(database, settings, b"secret")
    with connections(database) as held:
        live.round(held)
        assert [row[2] for row in published(database)] == [12]
        source = settings.source("jma")
        ingest_weather(database, depths(tmp_path / "v.csv", last, 17), "jma", source, "UTC", now(), Hints())
        live.round(held)
    assert [row[2:] for row in published(database)] == [(17, last)]


def test_a_format_that_nobody_knows_is_named(run: Run) -> None:
    code, _, err = run("ingest", "weather", "stations.csv", "--format", "grib")
    assert code == 65
    assert "amedas, jma_csv, csv, raster" in err


def test_a_map_file_may_be_told_its_moment(run: Run, tmp_path: Path) -> None:
    run("ingest", "stations", "stations.csv", "--source", "jma")
    (tmp_path / "latest.json").write_text(json.dumps({"A": {"snow": [10, 0]}}), encoding="utf-8")
    code, _, err = run("ingest", "weather", "latest.json", "--source", "jma")
    assert code == 65
    assert "--at" in err
    words = ("ingest", "weather", "latest.json", "--source", "jma", "--at", "2026-01-18T06:10", "--json")
    code, out, _ = run(*words)
    assert (code, json.loads(out)["first_at"]) == (0, datetime(2026, 1, 17, 21, 10, tzinfo=UTC).isoformat())

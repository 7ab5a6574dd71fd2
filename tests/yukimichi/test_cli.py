"""The command line as a person meets it: messages, next steps, exit codes, reports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import httpx
import pytest
import shapely
import yaml

from geo.db import Database
from yukimichi.__main__ import main

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(database: Database, tmp_path: Path) -> Path:
    """A config.yml that uses the test's database."""
    file = tmp_path / "config.yml"
    file.write_text(yaml.safe_dump({"database": {"url": database.conninfo}}), encoding="utf-8")
    return file


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(*words) → exit code, standard output, standard error; in the folder of config.yml."""
    monkeypatch.chdir(config.parent)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yukimichi", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        code = ended.value.code
        return (0 if code is None else int(code)), out, " ".join(err.split())

    return call


@pytest.fixture
def roads(tmp_path: Path) -> Path:
    """Two streets that meet, in Kanazawa."""
    lines = [
        shapely.LineString([(136.65, 36.56), (136.66, 36.56)]),
        shapely.LineString([(136.66, 36.56), (136.66, 36.57)]),
    ]
    file = tmp_path / "roads.geojson"
    gpd.GeoDataFrame({"road_id": ["1", "2"], "manager": ["県", "市町"]}, geometry=lines, crs=4326).to_file(file)
    return file


def test_roads_report_and_a_repeat_makes_no_new_version(run: Run, roads: Path) -> None:
    code, out, _ = run("ingest", "roads", str(roads), "--json")
    report = json.loads(out)
    assert code == 0
    assert report["roads"]["counts"]["n_accepted"] == 2
    assert (report["network"]["network_version"], report["network"]["is_new"]) == (1, True)
    assert report["network"]["n_edges"] == 4
    assert set(report["network"]["km_by_class"]["unknown"]) == {"prefecture", "municipality"}
    code, out, _ = run("ingest", "roads", str(roads), "--json")
    again = json.loads(out)
    assert (again["roads"]["is_repeat"], again["network"]["is_new"], again["network"]["network_version"]) == (
        True,
        False,
        1,
    )


def test_missing_file(run: Run) -> None:
    code, _, err = run("ingest", "roads", "none.shp")
    assert code == 66
    assert "none.shp" in err
    assert "Next:" in err


def test_missing_column(run: Run, roads: Path) -> None:
    code, _, err = run("ingest", "roads", str(roads), "--map", "name=NAMAE")
    assert code == 65
    assert "NAMAE" in err


def test_mapping_without_equals_sign(run: Run, roads: Path) -> None:
    code, _, err = run("ingest", "roads", str(roads), "--map", "name")
    assert code == 65
    assert "--map" in err


def test_unknown_key_of_the_config(run: Run, config: Path) -> None:
    config.write_text("statuss: {}\n", encoding="utf-8")
    code, _, err = run("doctor")
    assert code == 78
    assert "'statuss'" in err
    assert "'status'" in err


def test_database_that_is_down(run: Run, config: Path) -> None:
    config.write_text("database: {url: 'host=127.0.0.1 port=1 user=nobody dbname=none'}\n", encoding="utf-8")
    code, _, err = run("refresh")
    assert code == 69
    assert "does not answer" in err
    assert "doctor" in err


def test_no_roads_yet(run: Run) -> None:
    code, _, err = run("refresh")
    assert code == 65
    assert "ingest roads" in err


def test_port_in_use(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("YUKI_PORT", str(port))
        code, _, err = run("up")
    assert code == 69
    assert f"Port {port}" in err
    assert f"YUKI_PORT={port + 1}" in err


def test_doctor_names_what_is_missing(run: Run) -> None:
    code, _, err = run("doctor")
    assert "PostGIS" in err
    assert "ingest roads FILE" in err
    assert code == 69


def test_bad_rows_are_shown_with_file_line_and_reason(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "fixes.csv"
    file.write_text(
        "vehicle,at,lon,lat\nP1,2026-01-18T06:00:00+09:00,136.6,36.5\nP1,soon,136.6,36.5\nP1,2026-01-18T06:01:00+09:00,0,0\n",
        encoding="utf-8",
    )
    code, out, _ = run("ingest", "fixes", str(file), "--json")
    counts = json.loads(out)["files"][0]["counts"]
    assert (code, counts["n_read"], counts["n_accepted"], counts["n_quarantined"]) == (0, 3, 1, 2)
    _, out, _ = run("ingest", "quarantine", "--json")
    rows = {row["line"]: (row["file"], row["reason"]) for row in json.loads(out)["quarantine"]}
    assert rows == {3: ("fixes.csv", "unparsable_time"), 4: ("fixes.csv", "zero_position")}


def test_events_open_list_close(run: Run) -> None:
    assert run("event", "open", "大雪", "--at", "2026-01-18T02:00")[0] == 0
    _, out, _ = run("event", "list", "--json")
    storm = json.loads(out)["events"][0]
    assert (storm["name"], storm["reference_at"][:16]) == ("大雪", "2026-01-17 17:00")
    assert run("event", "close", str(storm["event_id"]), "--at", "2026-01-18T12:00")[0] == 0
    code, _, err = run("event", "close", "999")
    assert code == 65
    assert "999" in err


def test_a_database_of_somebody_else_is_not_cleaned(run: Run) -> None:
    code, _, err = run("clean-data", "--yes")
    assert code == 69
    assert "not ours" in err


def test_wrong_kind_of_event(run: Run) -> None:
    code, _, err = run("event", "open", "x", "--kind", "blizzard")
    assert code == 65
    assert "callout" in err


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yuki-up-") as name:
        Path(name).chmod(0o755)
        (Path(name) / "config.yml").write_text("home: .yuki\n", encoding="utf-8")
        yield Path(name)


def _start(home: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "YUKI_PORT": str(port)}
    return subprocess.Popen([sys.executable, "-m", "yukimichi", "up", "--no-demo"], cwd=home, env=environment)


def _wait(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"{url} never answered; the process ended with {process.poll()}")


def test_up_serves_and_ctrl_c_stops_all_that_it_started(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = _start(home, port)
    try:
        assert _wait(f"http://127.0.0.1:{port}/healthz", process).status_code == 200
        assert (home / ".yuki/cluster/data/postmaster.pid").exists()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
    finally:
        process.kill()
        process.wait()
    assert not (home / ".yuki/cluster/data/postmaster.pid").exists()
    assert (home / ".yuki/cluster/data/PG_VERSION").exists(), "the data stays"
    (home / ".yuki/mine.txt").write_text("kept", encoding="utf-8")
    clean = [sys.executable, "-m", "yukimichi", "clean-data", "--yes"]
    subprocess.run(clean, cwd=home, check=True)
    assert [path.name for path in (home / ".yuki").iterdir()] == ["mine.txt"]
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2)

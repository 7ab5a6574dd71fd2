"""`yukimichi listen` and `yukimichi poll` as processes: what they print, how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from geo.db import Database, Role
from tests.ingest.arcgis_server import LookAlike, serving
from tests.ingest.broker import Broker, Publisher, until

FIELDS = {"OBJECTID": "esriFieldTypeOID", "vehicle": "esriFieldTypeString", "time": "esriFieldTypeDate"}


def _layer(n: int) -> LookAlike:
    at = int(datetime.now(UTC).timestamp() * 1000)
    rows = [({"OBJECTID": i, "vehicle": f"S-{i}", "time": at}, {"x": 136.6, "y": 36.5}) for i in range(n)]
    return LookAlike(FIELDS, rows=rows, wkid=4326)


@pytest.fixture
def configured(database: Database, tmp_path: Path) -> Callable[..., list[str]]:
    """configured(words, **settings) → the command line, with a config.yml of these settings."""

    def write(*words: str, **settings: Any) -> list[str]:
        file = tmp_path / "config.yml"
        home = {"database": {"url": database.conninfo}, "home": str(tmp_path / "home")}
        file.write_text(yaml.safe_dump(home | settings), encoding="utf-8")
        return [sys.executable, "-m", "yukimichi", *words, "--config", str(file)]

    return write


def _n_fixes(database: Database) -> int:
    with database.connect(Role.INGEST) as connection:
        row = connection.execute("SELECT count(*) FROM raw.fix").fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def _running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_poll_once_asks_all_and_ends_with_the_first_error(
    database: Database, configured: Callable[..., list[str]]
) -> None:
    with serving(_layer(3)) as good, serving(_layer(1)) as bad:
        bad.token = "needed"
        sources = {name: {"arcgis": {"url": layer.url, "kind": "vehicles"}} for name, layer in
                   (("a_bad", bad), ("good", good))}  # fmt: skip
        ran = subprocess.run(configured("poll", "--once", "--json", sources=sources), capture_output=True, text=True)
    assert ran.returncode == 77
    assert "499: Token Required" in ran.stderr
    (report,) = json.loads(ran.stdout)["polls"]
    assert (report["source"], report["taken"]["n_accepted"]) == ("good", 3)
    assert _n_fixes(database) == 3


@pytest.mark.parametrize(("words", "says"), [(("poll",), "arcgis"), (("listen",), "mqtt.url"), (("poll", "x"), "'x'")])
def test_without_settings_the_commands_say_what_is_missing(
    configured: Callable[..., list[str]], words: tuple[str, ...], says: str
) -> None:
    ran = subprocess.run(configured(*words), capture_output=True, text=True)
    assert ran.returncode == 78
    assert says in ran.stderr
    assert "docs/feeds.md" in ran.stderr


def test_poll_goes_on_until_it_is_told_to_stop(database: Database, configured: Callable[..., list[str]]) -> None:
    with serving(_layer(2)) as layer:
        sources = {"city": {"arcgis": {"url": layer.url, "kind": "vehicles", "every_s": 0.1}}}
        with _running(configured("poll", sources=sources)) as process:
            until(lambda: len(layer.queries()) > 3)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    assert _n_fixes(database) == 2


def test_listen_takes_messages_until_it_is_told_to_stop(
    database: Database,
    configured: Callable[..., list[str]],
    installed: Callable[[str, str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/usr/sbin", prepend=":")
    broker = Broker(installed("mosquitto", "mosquitto"), tmp_path)
    broker.start()
    command = configured("listen", "--json", mqtt={"url": broker.url}, sources={"fleet": {"timezone": "Asia/Tokyo"}})
    try:
        publisher = Publisher(broker)
        with _running(command, YUKI_MQTT_PASSWORD="s3cr3t") as process:
            assert process.stderr is not None
            assert "listening to ploughs/+/+" in process.stderr.readline()
            publisher.send("ploughs/fleet/S-1", {"at": "2026-01-18T06:10:00", "lon": 136.6, "lat": 36.5})
            until(lambda: _n_fixes(database) == 1)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
            assert process.returncode == 0
        publisher.close()
    finally:
        broker.close()
    assert json.loads(out)["n_accepted"] == 1
    assert "s3cr3t" not in out + err

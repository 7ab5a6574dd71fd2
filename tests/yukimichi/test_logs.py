"""Logs: one line an event, in both forms, and nothing of a person in them, whatever is sent."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from geo.db import Database
from geo.errors import InputError
from geo.settings_operations import LogSettings
from tests.ingest.http_server import add_key
from tests.yukimichi.test_server import free_port
from yukimichi import logs

SERVE = """
import sys
from geo.db import Database
from geo.settings import Settings
from yukimichi.server import serve
settings = Settings.model_validate({
    "server": {"port": int(sys.argv[1])}, "log": {"format": sys.argv[4], "level": "debug"},
})
database = Database(sys.argv[2], roles_log_in=sys.argv[3] == "True")
serve(settings, database, on_ready=lambda: print("ready", flush=True))
"""


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(settings: LogSettings, capsys: pytest.CaptureFixture[str], say: Any) -> list[str]:
    logs.configure(settings)
    say(logging.getLogger("yukimichi.test"))
    return capsys.readouterr().err.splitlines()


def test_a_line_of_json_is_an_event(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    settings = LogSettings(format="json", level="info")
    found = lines(settings, capsys, lambda log: logs.event(log, logging.INFO, "request", route="/x", ms=1.5, none=None))
    row = json.loads(found[0])
    at = datetime.fromisoformat(row.pop("at"))
    assert abs((at - datetime.now(UTC)).total_seconds()) < 60
    assert row == {"level": "info", "logger": "yukimichi.test", "event": "request", "route": "/x", "ms": 1.5}


def test_text_says_the_same_on_one_line(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(LogSettings(), capsys, lambda log: log.warning("two\nlines %d", 3, extra={logs.FIELDS: {"n": 1}}))
    assert len(found) == 1
    assert found[0].endswith(" warning yukimichi.test: two lines 3 n=1")
    assert found[0].split()[0].endswith("Z")


def test_below_the_level_nothing_is_said(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(LogSettings(), capsys, lambda log: logs.event(log, logging.INFO, "request")) == []


def test_configuring_twice_says_everything_once(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings())
    n_others = len(root.handlers) - 1
    assert len(lines(LogSettings(), capsys, lambda log: log.error("once"))) == 1
    assert len(root.handlers) == n_others + 1


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abc.def-123", "abc"),
        ("GET /ingest/osmand?id=plough7&lat=36.561&lon=136.65 failed", "plough7"),
        ("at key=SECRET&x", "SECRET"),
        ("password=hunter2 host=x", "hunter2"),
        ("from 203.0.113.9 port 5", "203"),
        ("lon 136.65432 is far", "136"),
        ("(-0.12345, 1)", "12345"),
    ],
)
def test_what_may_be_of_a_person_is_blotted_out(text: str, gone: str) -> None:
    assert gone not in logs.clean(text)
    assert logs.BLOT in logs.clean(text)


@pytest.mark.parametrize("text", ["took 12.5 s of 3", "PostgreSQL 17.5", "127.0.0.1:8000 is free", "1,400 fixes"])
def test_what_is_ours_stays(text: str) -> None:
    assert logs.clean(text) == text


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_an_exception_its_kind_and_lines_stay_and_not_its_words(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], form: Any
) -> None:
    def say(log: logging.Logger) -> None:
        try:
            raise psycopg.errors.InvalidTextRepresentation("invalid input: 'Taro Yamada'")
        except psycopg.Error:
            log.exception("It went wrong")

    found = lines(LogSettings(format=form), capsys, say)
    assert len(found) == 1
    assert "Taro" not in found[0]
    for word in ("InvalidTextRepresentation", "22P02", "test_logs.py", "It went wrong"):
        assert word in found[0]


def test_an_error_of_ours_keeps_its_words(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    def say(log: logging.Logger) -> None:
        try:
            raise InputError("The body has 5 rows near 136.65432.")
        except InputError:
            log.exception("refused")

    row = json.loads(lines(LogSettings(format="json"), capsys, say)[0])
    assert row["detail"] == "The body has 5 rows near […]."


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_of_a_run_holds_no_key_no_place_and_no_vehicle(database: Database, form: str) -> None:
    """At the finest level, with good and bad requests; what was sent is looked for in all that was logged."""
    key, port = add_key(database, "source", "fleet"), free_port()
    command = [sys.executable, "-c", SERVE, str(port), database.conninfo, str(database.roles_log_in), form]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        _talk(f"http://127.0.0.1:{port}", key)
    finally:
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert "/ogc/collections/{collection_id}/items/{item_id}" in log
    for word in (key, "136.65432", "36.56789", "plough-4711", "203.0.113.9", "item-4711", "wrong-key"):
        assert word not in log, word
    rows = [line for line in log.splitlines() if "/ingest/fixes" in line]
    assert len(rows) == 4
    if form == "json":
        row = json.loads(rows[0])
        assert set(row) == {"at", "level", "logger", "event", "method", "route", "status", "ms", "source"}
        assert (row["status"], row["source"], row["level"]) == (200, "fleet", "info")
        assert all(isinstance(json.loads(line), dict) for line in log.splitlines())


def _talk(base: str, key: str) -> None:
    fix = {"vehicle": "plough-4711", "at": datetime.now(UTC).isoformat(), "lon": 136.65432, "lat": 36.56789}
    sent = {"Authorization": f"Bearer {key}", "X-Forwarded-For": "203.0.113.9"}
    with httpx.Client(base_url=base, timeout=20) as client:
        assert client.post("/ingest/fixes", json={"fixes": [fix]}, headers=sent).status_code == 200
        client.post("/ingest/fixes", json={"fixes": [{**fix, "lat": 136.65432}]}, headers=sent)
        client.post("/ingest/fixes", content=b'{"fixes": [{"lon": 136.65432', headers=sent)
        client.post("/ingest/fixes", json={"fixes": [fix]}, headers={"Authorization": "Bearer wrong-key"})
        client.get(f"/ingest/osmand?id=plough-4711&lat=36.56789&lon=136.65432&key={key}", headers=sent)
        client.get(f"/ogc/collections/roads/items?bbox=136.65432,36.56789,137,37&key={key}", headers=sent)
        client.get("/ogc/collections/roads/items/item-4711", headers=sent)
        client.get("/search/plough-4711")


def test_others_are_kept_from_logging_whole_addresses(root: logging.Logger) -> None:
    stream = io.StringIO()
    logs.configure(LogSettings(level="debug"))
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setStream(stream)  # not pytest's own file, which nobody would close
    logging.getLogger("httpx").info("HTTP Request: GET https://x/?token=abc")
    assert stream.getvalue() == ""

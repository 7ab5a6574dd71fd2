"""`yukimichi history` and `yukimichi event`, on a street with a plough whose logger is read out late."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from geo.db import Database
from tests.yukimichi.archive_town import Town, at
from yukimichi.__main__ import app

type Run = Callable[..., Result]


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path / "home")


@pytest.fixture
def run(town: Town, tmp_path: Path) -> Run:
    """run("history", "status", …): a command with the settings of the town."""
    config = tmp_path / "config.yml"
    settings = {"home": str(town.home), "database": {"url": town.database.conninfo}}
    config.write_text(json.dumps(settings | {"sources": {"plans": {"timezone": "Asia/Tokyo"}}}))

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(config)])

    return invoke


def told(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_the_past_by_command_before_and_after_a_late_upload(town: Town, run: Run, tmp_path: Path) -> None:
    assert run("event", "open", "大雪", "--at", at(0, 2).isoformat()).exit_code == 0
    town.drive("one", at(0, 3), 25)
    town.refresh()
    moment = at(0, 6).isoformat()
    before = told(run("history", "status", "--at", moment, "--json"))
    assert before["event"]["name"] == "大雪"
    assert before["as_of"] == "2026-01-10T15:00:00+09:00"
    # the street is one road of 3,000 m, and 1,800 m of it are no clearing of the whole
    assert before["states"]["cleared"] == {"n_edges": 0, "km": 0}
    assert sum(one["km"] for one in before["states"].values()) == pytest.approx(6.0, abs=0.01)
    known = town.rows("SELECT clock_timestamp()")[0][0].isoformat()

    town.drive("two", at(0, 4), 41)
    town.refresh()
    after = told(run("history", "status", "--at", moment, "--json"))
    assert after["states"]["cleared"] == {"n_edges": 1, "km": pytest.approx(3.0, abs=0.01)}
    assert after["amended_at"] > (before["amended_at"] or "")
    again = told(run("history", "status", "--at", moment, "--known-at", known, "--json"))
    assert again["states"] == before["states"]
    assert again["amended_at"] == before["amended_at"]

    changes = told(run("history", "changes", "--since", known, "--json"))["changes"]
    assert [one["cause"] for one in changes] == ["late_data"]
    assert (changes[0]["n_edges"], changes[0]["event_ids"]) == (1, [after["event"]["event_id"]])
    assert changes[0]["from_at"].startswith("2026-01-10T13:0")
    shown = run("history", "changes")
    assert "遅れて届いた測位" in shown.output

    table = tmp_path / "roads.csv"
    assert run("history", "status", "--at", moment, "--out", str(table)).exit_code == 0
    rows = pd.read_csv(table, encoding="utf-8-sig")
    assert sorted(rows["state_ja"]) == ["不明", "除雪完了"]
    lines = tmp_path / "roads.geojson"
    assert run("history", "status", "--at", moment, "--out", str(lines)).exit_code == 0
    found = geopandas.read_file(lines)
    assert set(found["state"]) == {"cleared", "unknown"}
    assert found.geometry.iloc[0].length > 0.03
    refused = run("history", "status", "--at", moment, "--out", str(tmp_path / "roads.dwg"))
    assert refused.exit_code != 0

    report = told(run("history", "prepare", "--check", "--json"))
    assert report["n_wrong"] == 0


def test_events_are_opened_corrected_listed_and_closed(run: Run) -> None:
    assert run("event", "open", "大雪", "--at", at(0, 2).isoformat()).exit_code == 0
    event_id = str(told(run("event", "list", "--json"))["events"][0]["event_id"])
    assert run("event", "amend", event_id, "--name", "一月の大雪", "--begin", at(0, 1).isoformat()).exit_code == 0
    assert run("event", "close", event_id, "--at", at(1, 0).isoformat()).exit_code == 0
    assert run("event", "amend", event_id, "--end", "open").exit_code == 0
    assert run("event", "amend", event_id).exit_code != 0
    standing = [one for one in told(run("event", "list", "--json"))["events"] if one["kind"] != "standing"]
    (event,) = standing
    assert (event["name"], event["closed_at"]) == ("一月の大雪", None)
    rows = [one for one in told(run("event", "list", "--all", "--json"))["events"] if one["kind"] != "standing"]
    assert [one["name"] for one in sorted(rows, key=lambda one: one["event_id"])] == [
        "大雪",
        "一月の大雪",
        "一月の大雪",
    ]
    assert run("event", "open", "夜", "--kind", "callout", "--area", "office=県央土木").exit_code == 0
    assert run("event", "open", "夜", "--kind", "callout", "--area", "県央土木").exit_code != 0


def test_callouts_from_a_table(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "callouts.csv"
    file.write_text(
        "出動日時,解除日時,事務所,積雪深\n2026-01-10 03:00,2026-01-10 09:00,県央土木,10\n", encoding="cp932"
    )
    report = told(run("ingest", "callouts", str(file), "--json"))
    assert report["file"]["n_rows"] == 1
    assert report["events"]["n_opened"] == 1
    event = told(run("event", "list", "--json"))["events"][0]
    assert (event["kind"], event["name"], event["area_kind"], event["depth_cm"]) == (
        "callout", "出動 県央土木", "office", 10,
    )  # fmt: skip

"""`yukimichi disputes`: list, decide, export, each with its line in the audit log."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from geo.db import Database, Role
from geo.errors import InputError, NotFoundError
from geo.timeline import now
from tests.served_town import publish_town
from yukimichi.__main__ import app

INSERT = """
INSERT INTO app.dispute (dispute_id, token_sha256, received_at, seen_at, edge_id, direction, state_seen, comment,
                         shown_state, shown_reason, shown_covered_fraction, shown_work_basis, shown_confidence,
                         event_id, status_version, name, manager, road_class, network_version, synthetic, geom)
SELECT 12345678, sha256('x'), %s, %s, edge_id, 'forward', 'uncleared', '=1+1', 'cleared', 'none', 1, 'sensed', 0.97,
       2, 1, '本町通り', manager, road_class, 1, true, geom FROM pub.roads WHERE edge_id = 6
"""


@pytest.fixture
def town(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The small town with one dispute, and the environment that leads the commands to it."""
    monkeypatch.setenv("YUKI_DATABASE_URL", database.conninfo)
    monkeypatch.setenv("YUKI_HOME", str(tmp_path))
    publish_town(database)
    with database.connect(Role.OWNER) as connection:
        connection.execute(INSERT, (now(), now()))
    return database


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["disputes", *words])


def test_a_dispute_is_listed_decided_and_exported(town: Database, tmp_path: Path) -> None:
    assert "12345678" in run("list", "--waiting").output
    assert "本町通り" in run("list").output
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["comment"], listed["decision"], listed["has_photo"]) == ("=1+1", None, False)
    decided = run("decide", "12345678", "rejected", "--reason", "現地で確認", "--json")
    assert decided.exit_code == 0, decided.output
    assert json.loads(decided.stdout)["decision"] == "rejected"
    assert "No dispute" in run("list", "--waiting").output
    file = tmp_path / "disputes.csv"
    assert run("export", "--to", str(file)).exit_code == 0
    (row,) = csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig")))
    assert (row["dispute_id"], row["decision"], row["comment"]) == ("12345678", "rejected", "'=1+1")
    (exported,) = json.loads(run("export", "--format", "json").stdout)
    assert exported["decision_reason"] == "現地で確認"
    with town.connect(Role.OWNER) as connection:
        lines = connection.execute("SELECT action, actor IS NOT NULL FROM app.audit ORDER BY audit_id").fetchall()
    assert lines == [("read", True)] * 3 + [("dispute_decided", True)] + [("read", True)] * 3


@pytest.mark.parametrize(
    ("words", "error", "named"),
    [
        (("decide", "12345678", "maybe", "--reason", "x"), InputError, "decision"),
        (("decide", "12345678", "accepted", "--reason", " "), InputError, "reason"),
        (("decide", "87654321", "accepted", "--reason", "x"), NotFoundError, "87654321"),
        (("export", "--format", "xlsx"), InputError, "--format"),
    ],
)
def test_what_cannot_be_done_is_said(
    town: Database, words: tuple[str, ...], error: type[Exception], named: str
) -> None:
    done = run(*words)
    assert isinstance(done.exception, error)
    assert named in str(done.exception)

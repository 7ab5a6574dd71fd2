"""`yukimichi report …` and `yukimichi ingest prices` as people call them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from reports_town import build

from geo.db import Database, Role
from yukimichi.__main__ import main
from yukimichi.keys import actor

type Run = Callable[..., tuple[int, str, str]]
DAY = ("--date", "2026-01-18")
SAID = ("--vehicle", "plough-0001", "--from", "2026-01-18T05:40", "--to", "2026-01-18T06:00", "--author", "石川 花子",
        "--reason", "ブレードスイッチの故障")  # fmt: skip


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(*words) → exit code, standard output, standard error; the database holds the town and its day."""
    build(database)
    settings = {"database": {"url": database.conninfo}, "home": str(tmp_path / "home")}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yukimichi", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        code = ended.value.code
        return (0 if code is None else int(code)), out, " ".join(err.split())

    return call


def _audit(database: Database) -> list[tuple[str, str, dict[str, object]]]:
    with database.connect(Role.APP) as connection:
        return connection.execute("SELECT action, actor, detail FROM app.audit ORDER BY audit_id").fetchall()  # type: ignore[return-value]


def test_a_day_is_shown_and_handed_out(database: Database, run: Run, tmp_path: Path) -> None:
    code, out, _ = run("report", "daily", *DAY, "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["sums"]["n_reports"] == 3
    assert shown["issue"]["issue_no"] == 0
    code, out, _ = run("report", "daily", *DAY, "--contractor", "秘密建設", "--out", "day.csv")
    assert code == 0
    assert "issue no: 1" in out
    rows = list(csv.DictReader(io.StringIO((tmp_path / "day.csv").read_text(encoding="utf-8-sig"))))
    assert [(row["車両"], row["作業走行(秒)"]) for row in rows] == [("plough-0001", "3000")]
    assert _audit(database) == [
        ("report_issue", actor(), {"day": "2026-01-18", "contractor": "秘密建設", "vehicle": None, "event_id": None,
                                   "issue_no": 1}),
    ]  # fmt: skip


def test_a_folder_gets_all_tables_and_a_draft_is_no_issue(database: Database, run: Run, tmp_path: Path) -> None:
    assert run("report", "daily", *DAY, "--draft", "--out", "folder")[0] == 0
    assert len(list((tmp_path / "folder").iterdir())) == 7
    assert run("report", "daily", *DAY, "--draft", "--out", "folder", "--format", "html")[0] == 0
    assert "作業日報" in (tmp_path / "folder" / "daily-2026-01-18.html").read_text(encoding="utf-8")
    assert _audit(database) == []


def test_prices_corrections_and_the_issue_after_them(database: Database, run: Run, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("単価,曜日区分\n20000,休日\n", encoding="utf-8")
    assert run("ingest", "prices", "prices.csv")[0] == 0
    assert run("report", "daily", *DAY, "--out", "a.json")[0] == 0
    code, _, err = run("report", "correct", *SAID, "--kind", "作業走行", "--treatment", "拡幅除雪")
    assert code == 0
    number = err.split()[1]
    code, out, _ = run("report", "daily", *DAY, "--vehicle", "plough-0001", "--json")
    totals = json.loads(out)["reports"][0]["pay_totals"]
    assert (totals["amount_yen"], totals["original_yen"]) == (13_334, 6_667)
    code, out, _ = run("report", "daily", *DAY, "--out", "b.json")
    issue = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))["issue"]
    assert issue["issue_no"] == 2
    changed = {(row["vehicle"], row["field"]): (row["before"], row["after"]) for row in issue["changes"]}
    assert changed["plough-0001", "amount_yen"] == (6_667, 13_334)
    assert {vehicle for vehicle, _ in changed} == {"plough-0001"}
    assert run("report", "end-correction", number, "--author", "石川 花子", "--reason", "誤記")[0] == 0
    assert run("report", "end-correction", number, "--author", "石川 花子", "--reason", "誤記")[0] == 65
    actions = [(action, detail.get("author"), detail.get("correction_id")) for action, _, detail in _audit(database)]
    assert actions == [
        ("report_issue", None, None), ("work_correct", "石川 花子", int(number)), ("report_issue", None, None),
        ("work_correct_end", "石川 花子", int(number)),
    ]  # fmt: skip


def test_refresh_publishes_and_waits_for_its_time(database: Database, run: Run) -> None:
    code, out, _ = run("report", "refresh", "--json")
    assert code == 0
    code, out, _ = run("report", "refresh", "--if-due", "--json")
    assert json.loads(out) == {"is_due": False}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("report", "daily", "--date", "18.1."), 65), (("report", "daily", *DAY, "--out", "a.pdf"), 65),
        (("report", "daily", *DAY, "--table", "x"), 65), (("report", "daily", *DAY, "--vehicle", "none"), 65),
        (("report", "daily", *DAY, "--event", "99"), 65), (("report", "daily", *DAY, "--known-at", "soon"), 65),
        (("report", "correct", *SAID, "--kind", "unknown"), 65), (("report", "correct", *SAID, "--kind", "x"), 65),
        (("report", "correct", *SAID, "--kind", "pass", "--treatment", "x"), 65),
        (("report", "correct", *SAID[:-1], " ", "--kind", "pass"), 65),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(
    database: Database, run: Run, words: tuple[str, ...], code: int
) -> None:
    ended, _, err = run(*words)
    assert ended == code
    assert "Error:" in err
    assert "Next:" in err
    with database.connect(Role.ENGINE) as connection:
        assert connection.execute("SELECT count(*) FROM ops.work_correction").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM ops.report_issue").fetchone() == (0,)
    assert _audit(database) == []

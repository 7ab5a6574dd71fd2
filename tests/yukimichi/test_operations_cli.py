"""The commands of operations as a person meets them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from geo.db import Database
from tests.yukimichi.archive_town import DAY, Town, at
from yukimichi.__main__ import main

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """Two old days, matched."""
    town = Town(database, tmp_path / "home")
    town.drive("one", at(0, 3))
    town.drive("one", at(2, 3))
    town.refresh()
    return town


@pytest.fixture
def run(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(*words) → exit code, standard output, standard error; on the town's database and home."""
    told = {"database": {"url": town.database.conninfo}, "home": str(town.home)}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yukimichi", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, " ".join(err.split())

    return call


def test_retention_says_first_and_does_then(town: Town, run: Run) -> None:
    days = [str(DAY), str(DAY + timedelta(days=2))]
    code, out, _ = run("retention", "--dry-run", "--json")
    assert (code, json.loads(out)) == (0, {"plan": {"due": days, "waiting": [], "late": []}, "would_delete": []})
    assert len(town.days()) == 2
    code, out, _ = run("retention", "--json")
    assert [one["day"] for one in json.loads(out)["archived"]] == days
    assert town.days() == []
    assert run("retention", "--json")[0] == 0
    assert json.loads(run("retention", "--if-due", "--json")[1])["archived"] == []
    assert json.loads(run("retention", "--if-due", "--json")[1]) == {"is_due": False}


def test_recompute_names_its_days(town: Town, run: Run) -> None:
    run("retention")
    code, out, _ = run("recompute", "--from", str(DAY), "--json")
    report = json.loads(out)
    assert (code, report["first_day"], report["last_day"], report["n_restored"]) == (0, str(DAY), str(DAY), 2)
    assert report["matched"]["n_traces_kept"] == 2
    for words, said in (
        (["--from", "18.1.2026"], "is no day"),
        (["--from", "2026-01-20", "--to", "2026-01-10"], "no span of settled days"),
        (["--from", "2025-01-20", "--to", "2025-01-21"], "Neither database nor archive"),
    ):
        code, _, err = run("recompute", *words)
        assert (code, said in err, "Traceback" in err) == (65, True, False)


def test_backup_and_restore_refuse_what_is_there(town: Town, run: Run, tmp_path: Path) -> None:
    code, out, _ = run("backup", "saved", "--with-archive", "--json")
    assert (code, json.loads(out)["has_archive"]) == (0, True)
    assert (tmp_path / "saved" / "config.yml").exists()
    code, _, err = run("backup", "saved")
    assert (code, "overwrites nothing" in err) == (75, True)
    code, _, err = run("restore", "saved")
    assert (code, "into an empty" in err) == (75, True)
    code, _, err = run("restore", "nowhere")
    assert (code, "holds no backup" in err) == (66, True)

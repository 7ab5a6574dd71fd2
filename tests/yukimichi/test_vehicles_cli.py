"""`yukimichi ingest vehicles`, and what a strict source then takes from a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from geo.db import Database
from yukimichi.__main__ import main

type Run = Callable[..., tuple[int, str, str]]

SOURCES = {
    "loggers": {"timezone": "Asia/Tokyo", "vehicles": "registered", "rules": {"inputs": {"blade": {"digital": 1}}}}
}


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(*words) → exit code, standard output, standard error; in a folder whose config.yml has a strict source."""
    config = {"database": {"url": database.conninfo}, "sources": SOURCES}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yukimichi", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        code = ended.value.code
        return (0 if code is None else int(code)), out, " ".join(err.split())

    return call


def test_a_register_opens_a_strict_source_to_its_vehicles(run: Run, tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_bytes("車両番号,名称\n７,グレーダ\n".encode("cp932"))
    fixes = ["vehicle,at,lon,lat,in1", "7,2026-01-15 06:00:00,136.65,36.56,1", "8,2026-01-15 06:00:00,136.65,36.56,1"]
    (tmp_path / "fixes.csv").write_text("\n".join(fixes) + "\n", encoding="utf-8")
    code, out, _ = run("ingest", "vehicles", "register.csv", "--source", "loggers", "--json")
    report = json.loads(out)
    assert (code, report["n_vehicles"], report["is_changed"]) == (0, 1, True)
    assert report["mapping"] == {"name": "名称 (by its name)", "vehicle": "車両番号 (by its name)"}
    code, out, _ = run("ingest", "fixes", "fixes.csv", "--source", "loggers", "--json")
    file = json.loads(out)["files"][0]
    assert (code, file["counts"]["n_accepted"], file["quarantined"]) == (0, 1, {"unknown_vehicle": 1})


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (None, 66, "no such file"),
        ("", 65, "empty"),
        ("a,b\n1,2\n", 65, "no column for vehicle"),
        ("vehicle,name\n,x\n", 65, "not one usable row"),
    ],
)
def test_what_cannot_be_taken_is_said(run: Run, tmp_path: Path, content: str | None, code: int, says: str) -> None:
    if content is not None:
        (tmp_path / "r.csv").write_text(content, encoding="utf-8")
    found, _, err = run("ingest", "vehicles", "r.csv", "--source", "loggers")
    assert (found, says in err) == (code, True)

"""Every notebook is thin, holds no outputs, and runs against a served town."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiles.conftest import *  # noqa: F403  # the fixtures of the small town

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def _cells(notebook: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_holds_no_outputs_and_is_thin(notebook: Path) -> None:
    for cell in _cells(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert len(cell["source"]) <= 20


def run_notebook(name: str) -> dict[str, Any]:
    """The names that a notebook's cells leave behind, run in order."""
    world: dict[str, Any] = {}
    for cell in _cells(FOLDER / name):
        exec(compile("".join(cell["source"]), name, "exec"), world)
    return world


def test_first_look_runs(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUKI_URL", address)
    world = run_notebook("00_first_look.ipynb")
    assert len(world["status"]) == 6
    assert world["table"]["sum"].sum() == pytest.approx(world["status"]["length_m"].sum() / 1000, abs=0.05)
    assert bool(world["status"]["synthetic"].all())
    assert "state_ja" in world["chart"].get_root().render()

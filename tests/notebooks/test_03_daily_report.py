"""Notebook 03 on the small town's day: a manager sees all, a contractor its own, and the sums agree."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.notebooks.test_notebooks import run_notebook
from tests.tiles.conftest import *  # noqa: F403  # the served town; its day takes the place of the town below
from tests.tiles.test_daily_reports import town  # noqa: F401


def _run(address: str, key: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("YUKI_URL", address)
    monkeypatch.setenv("YUKI_KEY", key)
    return run_notebook("03_daily_report.ipynb")


def test_a_manager_sees_the_day(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = _run(address, "manager", monkeypatch)
    assert world["DAY"] == "2026-01-18"
    machines, check = world["machines"], world["check"]
    assert next(iter(machines["機械 machine"])) == "除雪グレーダ1号"
    assert len(machines) == 3
    assert machines["作業走行 work"].sum() == pytest.approx((3000 + 1800 + 1800) / 3600)
    assert machines["金額 yen"].isna().all()
    assert check["明細の合計 lines"].tolist() == pytest.approx(check["日報の合計 reports"].tolist(), abs=0.01)
    assert world["by_line"]["金額 yen"].isna().all()
    drawing = world["timeline"](world["report"])
    assert drawing.count("<rect") == sum(len(one["trips"]) for one in world["report"]["reports"])
    assert "&lt;" not in drawing
    assert "除雪グレーダ1号" in drawing
    assert "work_m" in world["chart"].get_root().render()
    assert len(world["drawn"]["features"]) == 3


def test_a_contractor_sees_its_own(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = _run(address, "other", monkeypatch)
    machines: pd.DataFrame = world["machines"]
    assert set(machines["受託者 contractor"]) == {"北陸建設"}
    assert len(world["drawn"]["features"]) == 1

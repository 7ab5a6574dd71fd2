"""Figures of several storms add up by length, and metres of overlapping stretches count once."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.bench_storm import covered_m
from benchmarks.bench_storm_sapporo import COLUMNS, together


def storm(shown_km: float, false_percent: float, heard_km: float, missed_percent: float) -> pd.DataFrame:
    line = dict.fromkeys(COLUMNS, 0.0) | {
        "shown_cleared_km": shown_km,
        "false_cleared_percent": false_percent,
        "heard_km": heard_km,
        "missed_of_heard_percent": missed_percent,
    }
    return pd.DataFrame([line], index=[0.94])


def test_shares_of_storms_are_weighted_by_what_they_are_shares_of() -> None:
    both = together([storm(100.0, 1.0, 300.0, 10.0), storm(300.0, 0.2, 100.0, 20.0)]).loc[0.94]
    assert both["shown_cleared_km"] == pytest.approx(400.0)
    assert both["false_cleared_percent"] == pytest.approx((1.0 + 0.6) / 4)
    assert both["missed_of_heard_percent"] == pytest.approx((30.0 + 20.0) / 4)


def test_metres_driven_twice_count_once() -> None:
    rows = pd.DataFrame({"edge_id": [4, 4, 4, 7], "from_m": [0.0, 5.0, 30.0, 2.0], "to_m": [10.0, 20.0, 40.0, 3.0]})
    assert covered_m(rows, roads()).to_dict() == {4: 30.0, 7: 1.0}


def roads(needed: int = 1, *, is_shared: bool = False) -> pd.DataFrame:
    return pd.DataFrame({"needed": needed, "is_shared": is_shared}, index=range(4, 8))


def test_metres_count_with_as_many_drives_as_the_road_needs() -> None:
    rows = pd.DataFrame(
        {"edge_id": [4, 4, 4, 5], "from_m": [0.0, 5.0, 8.0, 0.0], "to_m": [10.0, 20.0, 9.0, 50.0]}, index=[3, 3, 1, 0]
    )
    assert covered_m(rows, roads(2)).to_dict() == {4: 5.0, 5: 0.0}
    assert covered_m(rows, roads(3)).to_dict() == {4: 1.0, 5: 0.0}


def test_a_drive_on_a_shared_road_counts_for_both_directions() -> None:
    rows = pd.DataFrame({"edge_id": [4, 5, 7], "from_m": [0.0, 5.0, 0.0], "to_m": [10.0, 20.0, 3.0]})
    assert covered_m(rows, roads(is_shared=True)).to_dict() == {4: 20.0, 5: 20.0, 6: 3.0, 7: 3.0}

"""Metres of overlapping stretches count once, and as often as the road needs."""

from __future__ import annotations

import pandas as pd

from benchmarks.bench_storm import covered_m


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

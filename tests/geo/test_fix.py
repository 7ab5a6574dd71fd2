"""Fixes as a struct of arrays: columns, unknown values, order, and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.errors import InputError, MappingError
from geo.fix import TREATMENTS, Fixes, concat
from geo.vocabulary import Treatment


def test_what_is_not_given_is_unknown() -> None:
    fixes = Fixes.from_arrays([1], [0], [136.6], [36.6])
    assert np.isnan(fixes.heading_deg[0])
    assert (fixes.blade[0], fixes.treatment[0]) == (-1, -1)


def test_columns_of_other_lengths_and_names_are_refused() -> None:
    with pytest.raises(InputError, match="lon"):
        Fixes.from_arrays([1, 1], [0, 1], [136.6], [36.6, 36.6])
    with pytest.raises(InputError, match="wing"):
        Fixes.from_arrays([1], [0], [136.6], [36.6], wing=[1])


def test_sorted_is_by_vehicle_then_time_and_stable() -> None:
    fixes = Fixes.from_arrays([2, 1, 1, 1], [5, 9, 3, 3], [0, 1, 2, 3], [0, 0, 0, 0])
    assert not fixes.is_sorted
    assert fixes.sorted().lon.tolist() == [2, 3, 1, 0]
    assert fixes.sorted().is_sorted
    assert fixes.select(fixes.lon > 1).lon.tolist() == [2, 3]


def test_a_table_keeps_its_nulls() -> None:
    frame = pd.DataFrame(
        {
            "vehicle": [7, 7, 7],
            "at": pd.to_datetime(["2026-01-15T06:10:00+09:00"] * 3, utc=True),
            "lon": [136.6] * 3,
            "lat": [36.6] * 3,
            "speed_mps": [1.5, None, 2.0],
            "blade": pd.array([True, False, None], "boolean"),
            "treatment": ["anti_icing", None, "fresh_snow_plowing"],
        }
    )
    fixes = Fixes.from_frame(frame)
    assert fixes.at_us[0] == int(pd.Timestamp("2026-01-14T21:10:00Z").timestamp() * 1e6)
    assert fixes.blade.tolist() == [1, 0, -1]
    assert fixes.treatment.tolist() == [
        TREATMENTS.index(Treatment.ANTI_ICING), -1, TREATMENTS.index(Treatment.FRESH_SNOW_PLOWING),
    ]  # fmt: skip
    assert np.isnan(fixes.speed_mps[1])


def test_a_table_without_a_zone_or_a_column_is_refused() -> None:
    naive = pd.DataFrame({"vehicle": [1], "at": pd.to_datetime(["2026-01-15"]), "lon": [0.0], "lat": [0.0]})
    with pytest.raises(InputError, match="zone"):
        Fixes.from_frame(naive)
    with pytest.raises(MappingError, match="lat"):
        Fixes.from_frame(naive.drop(columns="lat"))


def test_concat_keeps_every_column() -> None:
    a = Fixes.from_arrays([1], [0], [1.0], [2.0], blade=[1])
    assert concat([a, a]).blade.tolist() == [1, 1]
    assert len(concat([])) == 0

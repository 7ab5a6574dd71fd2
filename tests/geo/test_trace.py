"""Cleaning and splitting: every fix has one outcome, and slow work survives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.errors import InputError
from geo.fix import Fixes
from geo.trace import FIX_OUTCOMES, TraceSettings, clean_and_split


def fixes_of(at_s: list[float], vehicle: list[int] | int = 1) -> Fixes:
    n = len(at_s)
    at_us = np.rint(np.array(at_s, np.float64) * 1e6).astype(np.int64)
    return Fixes.from_arrays(np.broadcast_to(vehicle, n), at_us, np.zeros(n), np.zeros(n))


def line(*x_m: float) -> NDArray[np.float64]:
    return np.column_stack([np.array(x_m, np.float64), np.zeros(len(x_m))])


def words(traces: object) -> list[str]:
    return [str(FIX_OUTCOMES[code]) for code in traces.outcome]  # type: ignore[attr-defined]


def test_repeats_go_and_a_conflict_is_settled_by_its_neighbours() -> None:
    traces = clean_and_split(fixes_of([0, 10, 10, 20, 20, 30]), line(0, 100, 100, 900, 200, 300))
    assert words(traces) == ["kept", "kept", "duplicate", "conflict", "kept", "kept"]
    assert traces.counts()["kept"] == len(traces.fixes) == 4


def test_a_teleport_goes_but_a_real_jump_starts_a_trace() -> None:
    there_and_back = clean_and_split(fixes_of([0, 10, 20, 30]), line(0, 100, 9000, 300))
    assert words(there_and_back) == ["kept", "kept", "teleport", "kept"]
    assert len(there_and_back) == 1
    for_good = clean_and_split(fixes_of([0, 10, 20, 30, 40]), line(0, 100, 9000, 9100, 9200))
    assert words(for_good) == ["kept"] * 5
    assert for_good.start.tolist() == [0, 2, 5]


def test_the_last_fix_alone_far_away_is_a_teleport() -> None:
    assert words(clean_and_split(fixes_of([0, 10, 20]), line(0, 100, 9000)))[-1] == "teleport"


def test_a_silence_and_another_vehicle_start_a_trace() -> None:
    traces = clean_and_split(fixes_of([0, 500, 2000, 0, 10], [1, 1, 1, 2, 2]), line(0, 50, 90, 0, 50))
    assert traces.start.tolist() == [0, 2, 3, 5]
    assert traces.vehicle.tolist() == [1, 1, 2]


def test_a_parked_hour_leaves_its_first_and_last_fix() -> None:
    rng = np.random.default_rng(7)
    still = np.column_stack([200 + rng.normal(0, 4, 240), rng.normal(0, 4, 240)])
    still[100] = 240, 0  # one fix off, as a standing receiver gives them
    xy = np.vstack([line(0, 100), still, line(300, 400)])
    traces = clean_and_split(fixes_of([15.0 * i for i in range(len(xy))]), xy)
    assert traces.counts()["parked"] == 238
    assert traces.start.tolist() == [0, 3, 6], "the stand is a silence of an hour"


@pytest.mark.parametrize("speed_kmh", [0.5, 1.0, 4.0, 8.0])
@pytest.mark.parametrize("every_s", [1.0, 15.0])
def test_slow_work_survives(speed_kmh: float, every_s: float) -> None:
    at_s = np.arange(0, 1800, every_s)
    traces = clean_and_split(fixes_of(at_s.tolist()), line(*(at_s * speed_kmh / 3.6)))
    assert traces.counts()["kept"] == len(at_s)


def test_work_to_and_fro_survives() -> None:
    at_s = np.arange(0, 900, 15.0)
    x_m = np.where(np.arange(len(at_s)) % 4 < 2, 0.0, 40.0) + np.arange(len(at_s)) * 0.5
    assert clean_and_split(fixes_of(at_s.tolist()), line(*x_m)).counts()["kept"] == len(at_s)


def test_a_clock_reset_is_not_believed() -> None:
    at_s = [0.0, 1.0, *np.arange(40 * 365 * 86400.0, 40 * 365 * 86400.0 + 300, 10)]
    traces = clean_and_split(fixes_of(at_s), line(*range(len(at_s))))
    assert words(traces)[:3] == ["clock_skew", "clock_skew", "kept"]


def test_what_is_not_a_place_is_invalid() -> None:
    traces = clean_and_split(fixes_of([0, 10, 20]), np.array([[0, 0], [np.nan, 0], [50, 0]]))
    assert words(traces) == ["kept", "invalid", "kept"]


def test_nothing_gives_no_trace() -> None:
    traces = clean_and_split(Fixes.empty(), np.empty((0, 2)))
    assert len(traces) == 0
    assert traces.start.tolist() == [0]


def test_unsorted_fixes_are_refused() -> None:
    with pytest.raises(InputError, match="order"):
        clean_and_split(fixes_of([10, 0]), line(0, 1))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 2), st.integers(0, 40), st.sampled_from([0.0, 3.0, 60.0, 9e3, np.nan]), st.integers(0, 2)
        ),
        max_size=40,
    )
)
def test_counts_add_up_and_a_second_cleaning_finds_nothing_impossible(
    rows: list[tuple[int, int, float, int]],
) -> None:
    rows.sort(key=lambda row: (row[0], row[1]))
    fixes = fixes_of([row[1] * 20.0 for row in rows], [row[0] for row in rows] or 1)
    xy = np.array([(row[2], row[3] * 10.0) for row in rows], np.float64).reshape(-1, 2)
    traces = clean_and_split(fixes, xy, TraceSettings(parked_min_s=60.0))
    assert sum(traces.counts().values()) == len(rows)
    assert traces.start[-1] == len(traces.fixes) == traces.counts()["kept"]
    assert np.isfinite(traces.xy).all()
    assert np.array_equal(traces.fixes.at_us, fixes.at_us[traces.kept])
    for t in range(len(traces)):
        part = slice(traces.start[t], traces.start[t + 1])
        assert len(set(traces.fixes.vehicle[part].tolist())) == 1
        assert (np.diff(traces.fixes.at_us[part]) > 0).all()
        moved = np.hypot(*np.diff(traces.xy[part], axis=0).T)
        assert (moved <= 70.0 * np.diff(traces.fixes.at_us[part]) / 1e6 + 150.0).all()

"""Where a shift begins, and when it is over."""

from __future__ import annotations

import numpy as np
import pytest

from geo.shifts import DEPOT_STAY_S, shift_start

GAP_S = 10_800.0


def found(rows: list[tuple[float, bool]]) -> tuple[int, bool]:
    """rows: (minute, whether at a depot)."""
    return shift_start(np.array([round(minute * 6e7) for minute, _ in rows]), np.array([at for _, at in rows]), GAP_S)


def test_a_shift_begins_with_the_first_fix() -> None:
    assert found([(0, False)]) == (0, False)
    assert found([(0, False), (1, False), (120, False)]) == (0, False)


@pytest.mark.parametrize(("pause_min", "expected"), [(180, 0), (180.1, 2)])
def test_a_long_silence_begins_a_new_shift(pause_min: float, expected: int) -> None:
    assert found([(0, False), (1, False), (1 + pause_min, False), (2 + pause_min, False)]) == (expected, False)


def test_a_stay_at_the_depot_begins_a_new_shift_with_its_last_fix() -> None:
    stay = DEPOT_STAY_S / 60
    rows = [(0, False), (10, True), (10 + stay / 2, True), (10 + stay, True), (11 + stay, False)]
    assert found(rows) == (3, False)


def test_a_short_stop_at_the_depot_belongs_to_the_shift() -> None:
    stay = DEPOT_STAY_S / 60 - 0.1
    assert found([(0, False), (10, True), (10 + stay, True), (11 + stay, False)]) == (0, False)


def test_fixes_that_end_in_a_stay_at_the_depot_end_the_shift() -> None:
    stay = DEPOT_STAY_S / 60
    assert found([(0, False), (10, True), (10 + stay, True)]) == (0, True)
    assert found([(0, True), (stay, True), (stay + 1, False), (60, False)]) == (1, False)


def test_the_latest_of_several_beginnings_counts() -> None:
    stay = DEPOT_STAY_S / 60
    rows = [(0, False), (200, True), (200 + stay, True), (205 + stay, False), (500, False)]
    assert found(rows) == (4, False)

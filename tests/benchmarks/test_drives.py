"""The score of a found route: against a naive count of all common subsequences, and at its bounds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.drives import mismatch, without_repeats

LENGTH_M = np.repeat([10.0, 25.0, 40.0], 2)
ROUTES = st.lists(st.integers(0, 5), max_size=7).map(lambda edges: np.array(edges, np.int64))


def naive_common_m(found: list[int], true: list[int]) -> float:
    def parts(edges: list[int]) -> set[tuple[int, ...]]:
        return {part for n in range(len(edges) + 1) for part in combinations(edges, n)}

    return max(float(sum(LENGTH_M[e] for e in part)) for part in parts(found) & parts(true))


@given(found=ROUTES, true=ROUTES.filter(len))
def test_missed_and_added_are_what_a_naive_count_says(found: np.ndarray, true: np.ndarray) -> None:
    wrong_m, true_m = mismatch(LENGTH_M, found, true)
    a, b = without_repeats(found).tolist(), without_repeats(true).tolist()
    common_m = naive_common_m(a, b)
    assert true_m == LENGTH_M[b].sum()
    assert wrong_m == pytest.approx((true_m - common_m) + (LENGTH_M[a].sum() - common_m))


def test_order_direction_and_repeats_count() -> None:
    true = np.array([0, 2, 4])
    assert mismatch(LENGTH_M, true, true) == (0.0, 75.0)
    assert mismatch(LENGTH_M, np.array([0, 0, 2, 2, 4]), true)[0] == 0.0
    assert mismatch(LENGTH_M, np.array([0, 3, 4]), true)[0] == 50.0, "the other direction is missed and added"
    assert mismatch(LENGTH_M, np.array([0, 2, 0, 2, 4]), true)[0] == 35.0, "driven twice is added once"
    assert mismatch(LENGTH_M, np.array([], np.int64), true)[0] == 75.0

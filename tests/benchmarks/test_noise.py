"""Noise for benchmarks has the sizes and the correlation that it promises."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peers.noise import KINDS, TIME_CONSTANT_S, noisy, noisy_fixes
from geo.crs import to_plane
from geo.fix import Fixes

STILL = np.zeros((40_000, 2))
EACH_SECOND = np.arange(len(STILL), dtype=np.float64)


def lag_correlation(error: np.ndarray, lag: int) -> float:
    return float(np.corrcoef(error[:-lag], error[lag:])[0, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_each_axis_has_the_sigma_that_was_asked_for(kind: str) -> None:
    error = np.concatenate([noisy(STILL, EACH_SECOND, kind, 20.0, seed) for seed in range(5)])
    assert error.std(axis=0) == pytest.approx([20.0, 20.0], rel=0.06)
    assert error.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1.5)


def test_white_noise_is_not_correlated_and_correlated_noise_falls_to_one_over_e() -> None:
    white = noisy(STILL, EACH_SECOND, "white", 10.0, 1)
    slow = noisy(STILL, EACH_SECOND, "correlated", 10.0, 1)
    for axis in range(2):
        assert abs(lag_correlation(white[:, axis], 1)) < 0.02
        assert lag_correlation(slow[:, axis], int(TIME_CONSTANT_S)) == pytest.approx(np.exp(-1), abs=0.08)
    assert abs(np.corrcoef(slow[:, 0], slow[:, 1])[0, 1]) < 0.1


def test_steps_of_any_length_keep_the_sigma_and_long_ones_forget() -> None:
    at_s = np.cumsum(np.random.default_rng(3).choice([0.0, 1.0, 30.0, 600.0], len(STILL)))
    error = noisy(STILL, at_s, "correlated", 10.0, 2)
    assert error.std(axis=0) == pytest.approx([10.0, 10.0], rel=0.05)
    same_time = np.flatnonzero(np.diff(at_s) == 0.0)
    assert np.array_equal(error[same_time], error[same_time + 1])


def test_a_seed_gives_one_shape_at_every_size() -> None:
    small, large = (noisy(STILL[:50], EACH_SECOND[:50], "correlated", s, 4) for s in (10.0, 30.0))
    assert large == pytest.approx(3 * small)
    assert not np.allclose(small, noisy(STILL[:50], EACH_SECOND[:50], "correlated", 10.0, 5))


def test_fixes_move_by_metres_and_claim_what_they_are_told() -> None:
    fixes = Fixes.from_arrays([7] * 500, np.arange(500) * 1_000_000, [136.6] * 500, [36.5] * 500, blade=[1] * 500)
    moved = noisy_fixes(fixes, 6675, "white", 15.0, 6, accuracy_m=16.0)
    error = to_plane(moved.lon, moved.lat, 6675) - to_plane(fixes.lon, fixes.lat, 6675)
    assert error.std() == pytest.approx(15.0, rel=0.1)
    assert set(moved.accuracy_m) == {16.0}
    assert np.array_equal(moved.blade, fixes.blade)
    assert np.isnan(noisy_fixes(fixes, 6675, "white", 15.0, 6).accuracy_m).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="goes back"):
        noisy(STILL[:2], np.array([1.0, 0.0]), "white", 1.0, 0)
    with pytest.raises(ValueError, match="pink"):
        noisy(STILL[:2], EACH_SECOND[:2], "pink", 1.0, 0)
    two = Fixes.from_arrays([1, 2], [0, 0], [136.6, 136.6], [36.5, 36.5])
    with pytest.raises(ValueError, match="give the fixes of one"):
        noisy_fixes(two, 6675, "white", 1.0, 0)

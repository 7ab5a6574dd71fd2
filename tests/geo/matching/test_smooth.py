"""Smoothing: what counts as noise, and what is left of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from geo.matching.smooth import jump_m, smooth

type Floats = NDArray[np.float64]


def winding(n: int, every_s: float) -> tuple[Floats, Floats]:
    """A road of curves with a radius of 60 m driven at 12 m/s: a lateral acceleration of 2.4 m/s^2."""
    at_s = np.arange(n) * every_s
    turned = np.sin(at_s * 12.0 / 60.0)
    fine_s = np.linspace(0.0, at_s[-1], 20 * n)
    heading = np.interp(fine_s, at_s, turned)
    step_m = 12.0 * np.diff(fine_s, prepend=0.0)
    x, y = np.cumsum(step_m * np.cos(heading)), np.cumsum(step_m * np.sin(heading))
    return np.column_stack([np.interp(at_s, fine_s, x), np.interp(at_s, fine_s, y)]), at_s


def oracle(at_s: Floats, x: Floats, noise_m: float, acceleration: float) -> tuple[Floats, Floats]:
    """Places and their deviations by one least-squares problem over all places and speeds of one axis."""
    n = len(x)
    rows = [np.zeros(2 * n) for _ in range(n)]
    for i in range(n):
        rows[i][2 * i] = 1.0 / noise_m
    right = list(x / noise_m)
    first = np.zeros((2, 2 * n))
    first[0, 0], first[1, 1] = 1.0 / np.sqrt(1e6), 1.0 / np.sqrt(900.0)
    rows += list(first)
    right += [x[0] / np.sqrt(1e6), 0.0]
    for i in range(n - 1):
        dt = at_s[i + 1] - at_s[i]
        spread = acceleration * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        weight = np.linalg.inv(np.linalg.cholesky(spread))
        step = np.zeros((2, 2 * n))
        step[:, 2 * i : 2 * i + 2], step[:, 2 * i + 2 : 2 * i + 4] = -np.array([[1.0, dt], [0.0, 1.0]]), np.eye(2)
        rows += list(weight @ step)
        right += [0.0, 0.0]
    whole = np.array(rows)
    inverse = np.linalg.inv(whole.T @ whole)
    return (inverse @ whole.T @ np.array(right))[::2], np.sqrt(np.diag(inverse)[::2])


def test_the_smoother_is_the_least_squares_of_all_fixes_at_once() -> None:
    rng = np.random.default_rng(5)
    at_s = np.cumsum(rng.choice([0.5, 1.0, 3.0, 20.0], 30))
    xy = np.column_stack([8.0 * at_s, 2.0 * at_s]) + rng.normal(0, 12.0, (30, 2))
    found, spread = smooth(at_s, xy, 12.0, 2.0)
    for axis in range(2):
        expected, deviation = oracle(at_s, xy[:, axis], 12.0, 2.0)
        assert found[:, axis] == pytest.approx(expected, abs=1e-3)
        assert spread == pytest.approx(deviation, rel=1e-4)


@pytest.mark.parametrize("sigma_m", [5.0, 10.0, 30.0])
def test_white_noise_is_measured_and_mostly_taken_out(sigma_m: float) -> None:
    xy, at_s = winding(600, 1.0)
    noisy = xy + np.random.default_rng(2).normal(0.0, sigma_m, xy.shape)
    noise_m, apart_s = jump_m(noisy, at_s)
    assert noise_m == pytest.approx(sigma_m, rel=0.15)
    assert apart_s == 1.0
    found, _ = smooth(at_s, noisy, noise_m, 2.0)
    assert np.sqrt(((found - xy) ** 2).mean()) < 0.5 * sigma_m


def test_curves_and_drifting_errors_are_no_noise() -> None:
    xy, at_s = winding(600, 1.0)
    assert jump_m(xy, at_s)[0] < 2.0
    rng, drift = np.random.default_rng(1), np.zeros((600, 2))
    for i in range(1, 600):
        drift[i] = np.exp(-1 / 60) * drift[i - 1] + np.sqrt(1 - np.exp(-2 / 60)) * rng.normal(0.0, 20.0, 2)
    assert jump_m(xy + drift, at_s)[0] < 3.0


@pytest.mark.parametrize("every_s", [1.0, 2.0, 2.5])
def test_curves_stay_below_the_bar_at_every_spacing(every_s: float) -> None:
    noise_m, apart_s = jump_m(*winding(600, every_s))
    assert noise_m < 3.0 * max(1.0, apart_s) ** 2


def test_sparse_or_few_fixes_tell_nothing() -> None:
    xy, at_s = winding(600, 10.0)
    assert jump_m(xy, at_s) == (0.0, 0.0)
    assert jump_m(xy[:10], at_s[:10] / 10.0) == (0.0, 0.0)
    assert jump_m(xy[:0], at_s[:0]) == (0.0, 0.0)

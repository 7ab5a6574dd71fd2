"""Calibration of confidence: finite everywhere, and never less sure for a higher posterior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.matching.confidence import calibrated
from geo.matching.settings import MatchSettings

SETTINGS = MatchSettings()
posteriors = st.floats(0.0, 1.0)


@given(posteriors, posteriors)
def test_a_higher_posterior_is_never_less_sure(a: float, b: float) -> None:
    low, high = calibrated(np.array([min(a, b), max(a, b)]), SETTINGS)
    assert 0.0 < low <= high < 1.0


def test_clearly_higher_posteriors_are_surer() -> None:
    assert np.all(np.diff(calibrated(np.linspace(0.001, 0.999, 999), SETTINGS)) > 0)


def test_ends_are_finite_and_inside() -> None:
    ends = calibrated(np.array([0.0, 1.0]), SETTINGS)
    assert np.isfinite(ends).all()
    assert 0.0 < ends[0] < 0.01
    assert 0.99 < ends[1] < 1.0


def test_it_is_the_logistic_of_the_log_odds() -> None:
    settings = MatchSettings(calibration_offset=1.0, calibration_slope=2.0)
    odds = 0.8 / 0.2
    expected = np.e * odds**2 / (1 + np.e * odds**2)
    assert calibrated(np.array([0.8]), settings)[0] == pytest.approx(expected)


def test_no_offset_and_slope_one_leave_the_posterior() -> None:
    as_it_is = MatchSettings(calibration_offset=0.0, calibration_slope=1.0)
    p = np.array([0.01, 0.3, 0.5, 0.99])
    assert calibrated(p, as_it_is) == pytest.approx(p)


def test_nothing_gives_nothing() -> None:
    assert calibrated(np.zeros(0), SETTINGS).shape == (0,)

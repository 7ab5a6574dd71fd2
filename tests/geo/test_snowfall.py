"""Snowfall from depths and falls, and its way from stations to cells, each beside a slow and simple reading."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from geo.snow import cell_centre, cell_of
from geo.snowfall import (
    EARTH_RADIUS_M,
    NEAREST_M,
    Fallen,
    Observations,
    SnowRules,
    fallen,
    interpolate,
    neighbours,
    steps_between,
    weighted,
)

MINUTE = 60_000_000
HOUR = 60 * MINUTE
RULES = SnowRules()


def depths(*pairs: tuple[float, float], place: int = 0) -> Observations:
    """(minutes, cm) of one place."""
    n = len(pairs)
    return Observations(
        np.full(n, place, np.int64), np.array([round(p[0] * MINUTE) for p in pairs], np.int64),
        np.array([p[1] for p in pairs], np.float64), np.zeros(n, np.int64),
    )  # fmt: skip


def falls(span_min: int, *pairs: tuple[float, float]) -> Observations:
    seen = depths(*pairs)
    return Observations(seen.place, seen.at_us, seen.cm, np.full(len(pairs), span_min * MINUTE, np.int64))


def both(*parts: Observations) -> Observations:
    names = ("place", "at_us", "cm", "span_us")
    return Observations(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def hourly(seen: Observations, hours: int, rules: SnowRules = RULES) -> list[float | None]:
    """What fell in each hour at place 0; None: missing."""
    cm = fallen(seen, 1, steps_between(0, hours * HOUR, 10 * MINUTE), rules).cm[:, 0].reshape(hours, 6).sum(axis=1)
    return [None if math.isnan(value) else round(float(value), 6) for value in cm]


def test_steps_are_those_of_the_clock_and_end_now() -> None:
    assert steps_between(7 * MINUTE, 25 * MINUTE, 10 * MINUTE).tolist() == [0, 10 * MINUTE, 20 * MINUTE, 25 * MINUTE]
    assert steps_between(10 * MINUTE, 20 * MINUTE, 10 * MINUTE).tolist() == [10 * MINUTE, 20 * MINUTE]
    with pytest.raises(ValueError, match="ends before it begins"):
        steps_between(1, 0, MINUTE)


def test_steps_of_long_ago_are_hours() -> None:
    t = steps_between(-5 * HOUR + MINUTE, 125 * MINUTE, 10 * MINUTE, 2 * HOUR)
    assert (t[:6] // HOUR).tolist() == [-5, -4, -3, -2, -1, 0]
    assert np.all(t[:5] % HOUR == 0)
    assert (t[5:] // MINUTE).tolist() == [*range(0, 121, 10), 125]
    short = steps_between(15 * MINUTE, 65 * MINUTE, 10 * MINUTE, 2 * HOUR)
    assert (short // MINUTE).tolist() == [10, 20, 30, 40, 50, 60, 65]


def test_positive_differences_of_full_hours_are_what_fell() -> None:
    """The example of 10, 15, 14 and 18 cm: 5 + 0 + 4."""
    assert hourly(depths((0, 10), (60, 15), (120, 14), (180, 18)), 3) == [5, 0, 4]


def test_noise_within_the_hour_adds_nothing() -> None:
    noisy = [(minute, 10 + (minute // 10) % 2) for minute in range(0, 130, 10)]
    assert hourly(depths(*noisy), 2) == [0, 0]


def test_the_hour_that_runs_counts_up_to_its_last_depth() -> None:
    seen = depths((0, 10), (60, 12), (70, 13), (80, 14))
    found = fallen(seen, 1, steps_between(0, 85 * MINUTE, 10 * MINUTE), RULES)
    assert np.allclose(found.cm[:8, 0], [1 / 3] * 6 + [1, 1])
    assert np.isnan(found.cm[8, 0])
    assert found.is_awaited[:, 0].tolist() == [False] * 8 + [True]


def test_a_gap_of_more_than_ninety_minutes_is_missing_and_not_zero() -> None:
    assert hourly(depths((0, 10), (90, 13), (120, 13)), 2) == [2, 1]
    assert hourly(depths((0, 10), (120, 20), (180, 21)), 3) == [None, None, 1]


def test_a_jump_is_an_error_and_what_it_hides_is_missing() -> None:
    assert hourly(depths((0, 10), (60, 150), (120, 12), (180, 13)), 3) == [None, None, 1]
    assert hourly(depths((0, 10), (60, 40)), 1) == [30]


def test_a_fall_goes_before_depths_which_fill_what_it_leaves_open() -> None:
    seen = both(depths((0, 10), (60, 12), (120, 15), (180, 16)), falls(60, (60, 4), (180, 0)))
    assert hourly(seen, 3) == [4, 3, 0]


def test_falls_of_a_sliding_hour_are_not_counted_twice() -> None:
    seen = falls(60, *((minute, 6) for minute in range(60, 190, 10)))
    assert hourly(seen, 3) == [6, 6, 6]


def test_a_fall_that_no_sky_makes_is_an_error() -> None:
    assert hourly(falls(60, (60, 31), (120, 30)), 2) == [None, 30]


def test_a_station_that_is_silent_for_long_is_not_awaited() -> None:
    seen = depths((0, 10), (60, 12))
    t = steps_between(0, 135 * MINUTE, 10 * MINUTE)
    assert fallen(seen, 1, t, RULES).is_awaited[:, 0].sum() == len(t) - 1 - 6
    later = steps_between(0, 136 * MINUTE, 10 * MINUTE)
    assert not fallen(seen, 1, later, RULES).is_awaited.any()


def test_what_comes_later_is_not_known_yet() -> None:
    seen = depths((0, 10), (60, 12), (120, 22))
    t = steps_between(0, 60 * MINUTE, 10 * MINUTE)
    assert fallen(seen, 1, t, RULES).cm.sum() == pytest.approx(2)


def _slow_fallen(seen: Observations, place: int, t: np.ndarray) -> list[float | None]:
    """Minute by minute for one place: full hours' depths only, and falls that end on their span."""
    hours: dict[int, list[tuple[int, float]]] = {}
    minutes: dict[int, float] = {}
    order = np.argsort(seen.at_us, kind="stable")
    for i in order:
        if seen.place[i] != place or seen.at_us[i] > t[-1]:
            continue
        at, cm, span = int(seen.at_us[i]) // MINUTE, float(seen.cm[i]), int(seen.span_us[i]) // MINUTE
        if span == 0:
            hours.setdefault(-(-at // 60), []).append((at, cm))
        elif cm <= 30 * span / 60:
            minutes.update(dict.fromkeys(range(at - span, at), cm / span))
    knots: list[tuple[int, float]] = []
    for hour in sorted(hours):
        if knots and hour - 1 not in hours and len(hours[hour]) > 1:
            knots.append(hours[hour][0])
        knots.append(hours[hour][-1])
    for (a, before), (b, after) in itertools.pairwise(knots):
        if b - a <= 90 and abs(after - before) <= 30 * (b - a) / 60 + 1:
            for minute in range(a, b):
                minutes.setdefault(minute, max(after - before, 0) / (b - a))
    found: list[float | None] = []
    for k in range(len(t) - 1):
        step = [minutes.get(minute) for minute in range(t[k] // MINUTE, t[k + 1] // MINUTE)]
        found.append(None if None in step else sum(value for value in step if value is not None))
    return found


def test_snowfall_agrees_with_a_reading_minute_by_minute() -> None:
    rng = np.random.default_rng(8)
    n_known = n_missing = 0
    for _ in range(40):
        parts = []
        for place in range(3):
            minutes = np.sort(rng.choice(np.arange(0, 730, 10), int(rng.integers(3, 40)), replace=False))
            level = np.cumsum(rng.integers(-2, 5, len(minutes))) + 20.0
            parts.append(depths(*zip(minutes.tolist(), level.tolist(), strict=True), place=place))
            told = rng.choice(np.arange(60, 730, 60), int(rng.integers(0, 5)), replace=False)
            fell = falls(60, *((int(minute), float(rng.integers(0, 9))) for minute in np.sort(told)))
            parts.append(Observations(np.full(len(told), place), fell.at_us, fell.cm, fell.span_us))
        seen = both(*parts)
        shuffle = rng.permutation(len(seen.at_us))
        seen = Observations(*(getattr(seen, name)[shuffle] for name in ("place", "at_us", "cm", "span_us")))
        t = steps_between(0, int(rng.integers(300, 720)) * MINUTE, 10 * MINUTE)
        found = fallen(seen, 3, t, RULES)
        for place in range(3):
            for k, wanted in enumerate(_slow_fallen(seen, place, t)):
                assert np.isnan(found.cm[k, place]) == (wanted is None)
                n_missing += wanted is None
                if wanted is not None:
                    n_known += 1
                    assert found.cm[k, place] == pytest.approx(wanted, abs=1e-9)
    assert n_known > 500
    assert n_missing > 500


def _slow_weight(lon: float, lat: float, cell: np.ndarray) -> float:
    x, y = (math.radians(float(value[0])) for value in cell_centre(cell))
    u, v = math.radians(lon), math.radians(lat)
    angle = math.acos(min(1.0, math.sin(y) * math.sin(v) + math.cos(y) * math.cos(v) * math.cos(u - x)))
    distance = max(angle * EARTH_RADIUS_M, NEAREST_M)
    return distance**-2 if distance <= 30_000 else 0.0


def test_interpolation_agrees_with_a_loop_over_stations() -> None:
    rng = np.random.default_rng(9)
    n_missing = n_awaited = 0
    for _ in range(15):
        n = int(rng.integers(1, 12))
        lon, lat = 136.4 + rng.random(n), 36.2 + rng.random(n)
        cells = np.unique(cell_of(136.3 + 1.2 * rng.random(20), 36.1 + 1.2 * rng.random(20)))
        t = np.arange(8) * 10 * MINUTE
        cm = np.where(rng.random((7, n)) < 0.6, rng.random((7, n)) * 3, np.nan)
        awaited = np.isnan(cm) & (rng.random((7, n)) < 0.1)
        series = interpolate(Fallen(cm, awaited), *neighbours(lon, lat, cells, RULES), cells, t)
        for c in range(len(cells)):
            weights = [_slow_weight(lon[s], lat[s], cells[c : c + 1]) for s in range(n)]
            nearest = sorted(range(n), key=lambda s: -weights[s])[:6]
            total, missing = 0.0, 0
            for k in range(7):
                told = [s for s in nearest if weights[s] > 0 and not math.isnan(cm[k, s])]
                if told:
                    total += sum(weights[s] * cm[k, s] for s in told) / sum(weights[s] for s in told)
                elif any(weights[s] > 0 and awaited[k, s] for s in nearest):
                    n_awaited += 1
                else:
                    missing += 10 * MINUTE
                    n_missing += 1
                assert series.total_cm[k + 1, c] == pytest.approx(total, rel=1e-5)
                assert series.missing_us[k + 1, c] == missing
    assert n_missing > 50
    assert n_awaited > 5


def test_a_cell_without_a_station_in_reach_is_missing() -> None:
    cells = np.sort(cell_of([136.6, 138.0], [36.6, 36.6]))
    t = np.arange(3) * 10 * MINUTE
    told = Fallen(np.ones((2, 1)), np.zeros((2, 1), np.bool_))
    series = interpolate(told, *neighbours(np.array([136.6]), np.array([36.6]), cells, RULES), cells, t)
    assert series.total_cm[-1].tolist() == [2, 0]
    assert series.missing_us[-1].tolist() == [0, 20 * MINUTE]


def test_no_station_at_all_is_missing_everywhere() -> None:
    cells = cell_of([136.6], [36.6])
    near = neighbours(np.zeros(0), np.zeros(0), cells, RULES)
    t = np.arange(2) * 10 * MINUTE
    series = interpolate(Fallen(np.zeros((1, 0)), np.zeros((1, 0), np.bool_)), *near, cells, t)
    assert series.missing_us[-1].tolist() == [10 * MINUTE]
    assert np.isnan(weighted(np.zeros(0), *near)).all()


def test_what_a_raster_says_of_a_cell_goes_before_the_stations() -> None:
    cells = cell_of([136.6], [36.6])
    t = np.arange(3) * 10 * MINUTE
    stations = Fallen(np.array([[1.0], [1.0]]), np.zeros((2, 1), np.bool_))
    own = Fallen(np.array([[4.0], [np.nan]]), np.zeros((2, 1), np.bool_))
    near = neighbours(np.array([136.6]), np.array([36.6]), cells, RULES)
    assert interpolate(stations, *near, cells, t, own).total_cm[:, 0].tolist() == [0, 4, 5]


def test_a_weighted_mean_leaves_out_who_has_no_value() -> None:
    cells = cell_of([136.6], [36.6])
    near, weight = neighbours(np.array([136.6, 136.61, 139.0]), np.array([36.6, 36.6, 36.6]), cells, RULES)
    assert weighted(np.array([np.nan, 7.0, 99.0]), near, weight).tolist() == [7.0]
    assert np.isnan(weighted(np.array([np.nan, np.nan, 99.0]), near, weight)).all()

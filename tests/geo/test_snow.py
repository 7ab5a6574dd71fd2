"""Snow on cells: the mesh, what fell between two moments, and when so much had fallen."""

from __future__ import annotations

import numpy as np
import pytest

from geo import status
from geo.settings_snow import SnowSettings
from geo.snow import (
    MISSING,
    NEVER,
    OBSERVED,
    PARTIAL,
    SNOW_BASES,
    SnowSeries,
    cell_box,
    cell_centre,
    cell_of,
    reached_us,
    snow_between,
)
from geo.vocabulary import RoadClass, SnowBasis

MINUTE = 60_000_000
CELL = 594_041_330


def series_of(total_cm: list[float], missing_min: list[float] | None = None, *, step_min: int = 10) -> SnowSeries:
    """One cell, a step every so many minutes from moment 0."""
    n = len(total_cm)
    missing = np.array(missing_min or [0.0] * n) * MINUTE
    return SnowSeries(
        np.array([CELL], np.int32), np.arange(n, dtype=np.int64) * step_min * MINUTE,
        np.array(total_cm, np.float32)[:, None], missing.astype(np.int64)[:, None],
    )  # fmt: skip


def between(series: SnowSeries, start: float, end: float, cell: int = CELL) -> tuple[float, int]:
    """(cm, basis) from and to so many minutes."""
    moments = [np.array([round(minutes * MINUTE)], np.int64) for minutes in (start, end)]
    found = snow_between(series, np.array([cell], np.int32), *moments)
    return float(found.cm[0]), int(found.basis[0])


def reached(series: SnowSeries, start: float, threshold_cm: float, cell: int = CELL) -> float | None:
    """Minutes, or None for never."""
    moment = reached_us(
        series, np.array([cell], np.int32), np.array([round(start * MINUTE)], np.int64), np.array([threshold_cm])
    )
    return None if moment[0] == NEVER else float(moment[0]) / MINUTE


def test_no_such_moment_is_the_same_word_as_in_the_states() -> None:
    assert NEVER == status.NEVER
    assert SNOW_BASES[OBSERVED] is SnowBasis.OBSERVED
    assert SNOW_BASES[PARTIAL] is SnowBasis.PARTIAL
    assert SNOW_BASES[MISSING] is SnowBasis.MISSING


def test_a_cell_is_one_of_the_standard_third_mesh() -> None:
    lon, lat = np.array([136.62, 136.66, 141.3469]), np.array([36.5833, 36.5667, 43.0642])
    cells = cell_of(lon, lat)
    box = cell_box(cells)
    assert np.all((box[:, 0] <= lon) & (lon < box[:, 2]) & (box[:, 1] <= lat) & (lat < box[:, 3]))
    assert np.allclose(box[:, 2] - box[:, 0], 45 / 3600)
    assert np.allclose(box[:, 3] - box[:, 1], 30 / 3600)
    assert np.array_equal(cell_of(*cell_centre(cells)), cells)


def test_a_cell_touches_the_one_beside_and_the_one_above() -> None:
    cell = cell_of(136.65, 36.6)[0]
    west, south, east, north = cell_box(np.array([cell]))[0]
    assert cell_of((west + east) / 2 + 0.0125, (south + north) / 2)[0] == cell + 1
    assert cell_of((west + east) / 2, (south + north) / 2 + 1 / 120)[0] == cell + 28_800


@pytest.mark.parametrize(("lon", "lat", "cell"), [(-180, -90, 0), (180, 90, 21_600 * 28_800 - 1), (0, 0, 311_054_400)])
def test_the_whole_earth_has_cells(lon: float, lat: float, cell: int) -> None:
    assert cell_of(lon, lat)[0] == cell


def test_a_place_that_is_not_on_earth_has_none() -> None:
    with pytest.raises(ValueError, match="outside of the earth"):
        cell_of(136.6, 91)


def test_snow_between_two_steps_is_read_off_the_line() -> None:
    series = series_of([0, 1, 3, 3])
    assert between(series, 0, 30) == (3.0, OBSERVED)
    assert between(series, 5, 15) == (1.5, OBSERVED)
    assert between(series, 20, 30) == (0.0, OBSERVED)


def test_nothing_fell_in_no_time() -> None:
    assert between(series_of([0, 1]), 7, 7) == (0.0, OBSERVED)
    assert between(series_of([0, 1]), 99, 99) == (0.0, OBSERVED)


def test_time_without_observation_makes_a_lower_bound() -> None:
    series = series_of([0, 1, 1, 2], [0, 0, 10, 10])
    assert between(series, 0, 30) == (2.0, PARTIAL)
    assert between(series, 0, 10) == (1.0, OBSERVED)
    assert between(series, 20, 30) == (1.0, OBSERVED)


def test_what_nobody_observed_is_missing_and_never_zero() -> None:
    cm, basis = between(series_of([0, 1, 1, 2], [0, 0, 10, 10]), 12, 18)
    assert np.isnan(cm)
    assert basis == MISSING


def test_before_and_after_the_series_is_missing() -> None:
    series = series_of([0, 1, 2])
    assert between(series, -10, 10) == (1.0, PARTIAL)
    assert between(series, 10, 30) == (1.0, PARTIAL)
    assert between(series, 21, 30)[1] == MISSING
    assert between(series, -30, -10)[1] == MISSING


def test_another_cell_and_no_moment_are_missing() -> None:
    series = series_of([0, 1, 2])
    assert between(series, 0, 10, CELL + 1)[1] == MISSING
    found = snow_between(series, np.array([CELL], np.int32), np.array([NEVER]), np.array([10 * MINUTE]))
    assert np.isnan(found.cm[0])
    assert found.basis[0] == MISSING


def test_a_series_of_no_station_knows_nothing() -> None:
    series = SnowSeries(
        np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros((0, 0), int)
    )
    assert between(series, 0, 10)[1] == MISSING
    assert reached(series, 0, 1) is None


def test_the_moment_at_which_a_threshold_is_reached() -> None:
    series = series_of([0, 1, 3, 3, 4])
    assert reached(series, 0, 1) == 10
    assert reached(series, 0, 2) == 15
    assert reached(series, 5, 2) == pytest.approx(17.5, abs=1e-6)
    assert reached(series, 0, 4) == 40
    assert reached(series, 0, 4.01) is None
    assert reached(series, 40, 0.1) is None
    assert reached(series, 0, 1, CELL - 1) is None


def test_snow_before_the_series_counts_for_nothing() -> None:
    assert reached(series_of([0, 1, 2]), -100, 2) == 20


def test_a_threshold_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="more than 0 cm"):
        reached(series_of([0, 1]), 0, 0)


def _oracle_between(series: SnowSeries, column: int, start: int, end: int) -> tuple[float, float]:
    """(cm, microseconds missing), step by step."""
    cm, missing = 0.0, float(max(end - start, 0))
    for k in range(len(series.t_us) - 1):
        a, b = int(series.t_us[k]), int(series.t_us[k + 1])
        part = max(0, min(b, end) - max(a, start)) / (b - a)
        cm += part * (float(series.total_cm[k + 1, column]) - float(series.total_cm[k, column]))
        missing -= part * ((b - a) - float(series.missing_us[k + 1, column] - series.missing_us[k, column]))
    return cm, missing


def _random_series(rng: np.random.Generator) -> SnowSeries:
    n, c = int(rng.integers(2, 40)), int(rng.integers(1, 6))
    t = np.cumsum(rng.integers(1, 30, n)).astype(np.int64) * MINUTE
    seen = rng.random((n - 1, c)) < 0.8
    rise = np.where(seen, rng.integers(0, 4, (n - 1, c)) * rng.random((n - 1, c)).round(2), 0)
    unseen = np.where(seen, 0, np.diff(t)[:, None])
    zero = np.zeros((1, c))
    total = np.concatenate([zero, np.cumsum(rise, axis=0)]).astype(np.float32)
    missing = np.concatenate([zero, np.cumsum(unseen, axis=0)]).astype(np.int64)
    return SnowSeries(np.sort(rng.choice(10_000, c, replace=False)).astype(np.int32), t, total, missing)


def test_snow_between_agrees_with_a_walk_over_the_steps() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        series = _random_series(rng)
        column = rng.integers(0, len(series.cells), 50)
        low, high = int(series.t_us[0]) - 20 * MINUTE, int(series.t_us[-1]) + 20 * MINUTE
        start = rng.integers(low, high, 50)
        end = start + rng.integers(0, 200 * MINUTE, 50)
        found = snow_between(series, series.cells[column], start, end)
        for i in range(50):
            cm, missing = _oracle_between(series, int(column[i]), int(start[i]), int(end[i]))
            span = int(end[i] - start[i])
            wanted = OBSERVED if missing <= 1_000 else MISSING if missing >= span - 1_000 else PARTIAL
            assert found.basis[i] == wanted
            assert wanted == MISSING or found.cm[i] == pytest.approx(cm, abs=1e-4)


def test_the_moment_of_a_threshold_agrees_with_snow_between() -> None:
    """By that moment so much had fallen, and a minute before it had not."""
    rng = np.random.default_rng(6)
    n_reached = 0
    for _ in range(60):
        series = _random_series(rng)
        column = rng.integers(0, len(series.cells), 50)
        cell = series.cells[column]
        start = rng.integers(int(series.t_us[0]) - 20 * MINUTE, int(series.t_us[-1]) + 20 * MINUTE, 50)
        threshold = rng.uniform(0.05, 8, 50)
        moment = reached_us(series, cell, start, threshold)
        for i in range(50):
            whole, _ = _oracle_between(series, int(column[i]), int(start[i]), int(series.t_us[-1]))
            assert (moment[i] == NEVER) == (whole < threshold[i] - 1e-3)
            if moment[i] == NEVER:
                continue
            n_reached += 1
            at, _ = _oracle_between(series, int(column[i]), int(start[i]), int(moment[i]))
            before, _ = _oracle_between(series, int(column[i]), int(start[i]), int(moment[i]) - MINUTE)
            assert at >= threshold[i] - 2e-3
            assert before < threshold[i] or moment[i] <= start[i]
    assert n_reached > 300


def test_limits_of_main_roads_are_lower() -> None:
    settings = SnowSettings()
    assert settings.limit_cm_of(RoadClass.EXPRESSWAY) == settings.limit_cm_of(RoadClass.NATIONAL) == 10
    assert settings.limit_cm_of(RoadClass.MAJOR_PREFECTURAL) == settings.limit_cm_of(RoadClass.MUNICIPAL) == 15
    given = SnowSettings(limit_cm={RoadClass.MUNICIPAL: 20.0})
    assert given.limit_cm_of(RoadClass.MUNICIPAL) == 20
    assert given.limit_cm_of(RoadClass.NATIONAL) == 10
    with pytest.raises(ValueError, match="more than 0 cm"):
        SnowSettings(limit_cm={RoadClass.NATIONAL: 0.0})

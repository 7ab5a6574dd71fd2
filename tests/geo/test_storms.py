"""Storms in snowfall: every boundary, and a slow reading beside."""

from __future__ import annotations

import numpy as np

from geo.snow import NEVER
from geo.storms import FoundStorm, StormRules, find_storms

HOUR = 3_600_000_000
RULES = StormRules(5.0, 6 * HOUR, 3 * HOUR)


def hourly(*stations: str) -> tuple[np.ndarray, np.ndarray]:
    """Snow by hour, drawn: a digit is centimetres, a dot nothing, a question mark no report."""
    cm = np.array([[np.nan if c == "?" else 0.0 if c == "." else float(c) for c in line] for line in stations]).T
    return cm, np.arange(len(stations[0]) + 1, dtype=np.int64) * HOUR


def found(*stations: str, rules: StormRules = RULES) -> list[tuple[int | None, int | None, int | None, int, float]]:
    """(begin, reached, end, station, cm) of each storm, in hours."""
    storms = find_storms(*hourly(*stations), rules)
    return [
        (
            s.begin_us // HOUR,
            s.reached_us // HOUR,
            None if s.end_us == NEVER else s.end_us // HOUR,
            s.station,
            s.fell_cm,
        )
        for s in storms
    ]


def test_a_storm_begins_when_its_snow_began_and_ends_after_the_quiet_time() -> None:
    assert found("..221......") == [(2, 5, 8, 0, 5.0)]


def test_less_than_the_callout_depth_is_no_storm() -> None:
    assert found("..22.......") == []


def test_snow_within_exactly_the_span_counts_and_before_it_does_not() -> None:
    assert found("1....4.....") == [(0, 6, 9, 0, 5.0)]
    assert found("1.....4....") == []
    assert found("1.....5....") == [(6, 7, 10, 0, 5.0)]


def test_the_quiet_time_is_reached_at_its_boundary() -> None:
    assert found("5..1...") == [(0, 1, 7, 0, 5.0)]
    assert found("5...") == [(0, 1, 4, 0, 5.0)]
    assert found("5..") == [(0, 1, None, 0, 5.0)]


def test_less_than_a_centimetre_an_hour_is_quiet() -> None:
    cm, t = hourly("5.....")
    cm[1:] = 0.9
    assert find_storms(cm, t, RULES)[0].end_us == 4 * HOUR
    cm[1:] = 1.0
    assert find_storms(cm, t, RULES)[0].end_us == NEVER


def test_any_station_makes_a_storm_and_any_keeps_it_going() -> None:
    assert found("..........", ".5........") == [(1, 2, 5, 1, 5.0)]
    assert found("..5.......", "..6.......") == [(2, 3, 6, 1, 6.0)]
    assert found("5.........", "..1.1.....") == [(0, 1, 8, 0, 5.0)]


def test_stations_do_not_add_up() -> None:
    assert found("..3....", "..3....") == []


def test_silence_is_no_quiet_time() -> None:
    assert found("5?????....") == [(0, 1, 9, 0, 5.0)]
    assert found("5?????....", "..........") == [(0, 1, 4, 0, 5.0)]


def test_silence_makes_no_storm() -> None:
    assert found("2????2") == []
    assert found("??????") == []


def test_two_storms_share_no_snow() -> None:
    assert found("5...1..4..") == [(0, 1, 4, 0, 5.0), (4, 8, None, 0, 5.0)]
    rules = StormRules(5.0, 24 * HOUR, 3 * HOUR)
    assert found("5...1...3...", rules=rules) == [(0, 1, 4, 0, 5.0)]


def test_no_station_finds_nothing() -> None:
    assert find_storms(np.zeros((3, 0)), np.arange(4) * HOUR, RULES) == []
    assert find_storms(np.zeros((0, 2)), np.array([0]), RULES) == []


def _slow(cm: np.ndarray, t: np.ndarray, rules: StormRules) -> list[FoundStorm]:
    """Hour by hour, with sums taken anew each time."""
    storms: list[FoundStorm] = []
    free, k = 0, 0
    while k < len(cm):
        best: tuple[float, int, int] | None = None
        for s in range(cm.shape[1]):
            inside = [j for j in range(free, k + 1) if t[j] >= t[k + 1] - rules.within_us and cm[j, s] > 0]
            fell = sum(float(cm[j, s]) for j in inside)
            if fell >= rules.snowfall_cm and (best is None or fell > best[0]):
                best = (fell, s, inside[0])
        if best is None:
            k += 1
            continue
        quiet, end, reached = 0, None, k + 1
        for j in range(k + 1, len(cm)):
            snows = any(cm[j, s] >= 1 for s in range(cm.shape[1]))
            told = any(not np.isnan(cm[j, s]) for s in range(cm.shape[1]))
            quiet = 0 if snows else quiet + (int(t[j + 1] - t[j]) if told else 0)
            if quiet >= rules.quiet_us:
                end = j + 1
                break
        storms.append(
            FoundStorm(int(t[best[2]]), int(t[reached]), NEVER if end is None else int(t[end]), best[1], best[0])
        )
        if end is None:
            break
        free = k = end
    return storms


def test_storms_agree_with_a_slow_reading() -> None:
    rng = np.random.default_rng(3)
    n = 0
    for _ in range(120):
        hours, stations = int(rng.integers(1, 60)), int(rng.integers(1, 4))
        cm = rng.choice([0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, np.nan], (hours, stations))
        cm[rng.random(hours) < 0.5] = 0
        t = np.arange(hours + 1, dtype=np.int64) * HOUR
        rules = StormRules(float(rng.integers(3, 8)), int(rng.integers(1, 9)) * HOUR, int(rng.integers(1, 5)) * HOUR)
        wanted = _slow(cm, t, rules)
        assert find_storms(cm, t, rules) == wanted
        n += len(wanted)
    assert n > 100

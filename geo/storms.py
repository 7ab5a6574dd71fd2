"""Storms found in the snowfall of stations: when the callout depth is reached, since when it snowed, when it was over.

docs/snow.md tells the rule in words. A station that does not report neither makes a storm nor ends one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.snow import NEVER

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

HOUR_US = 3_600_000_000
#: It snows while a station has at least this rate; gauges of depth tell no less than 1 cm.
SNOWING_CM_PER_H = 1.0
#: Less than this is rounding of sums, centimetres.
ROUNDING_CM = 1e-6


@dataclass(frozen=True, slots=True)
class StormRules:
    """The callout depth (so much within so long), and how long a quiet time ends a storm."""

    snowfall_cm: float
    within_us: int
    quiet_us: int


@dataclass(frozen=True, slots=True)
class FoundStorm:
    """A storm in the weather; moments in microseconds since the epoch.

    begin_us    since when it snowed at the station that reached the callout depth first, within the span of the rule
    reached_us  when it was reached;  station  where;  fell_cm  what had fallen there in that span
    end_us      when the quiet time was over; NEVER: not by the end of the series
    """

    begin_us: int
    reached_us: int
    end_us: int
    station: int
    fell_cm: float


def find_storms(cm: Floats, t_us: Ints, rules: StormRules) -> list[FoundStorm]:
    """The storms in (T - 1, S) snowfall between (T,) moments, nan where a station did not report; in order of time.

    Exactly the callout depth, and exactly the quiet time, count as reached. Snow from before the end of one storm
    never counts for the next. A step in which nobody reported is no quiet one. O(T S).
    """
    if cm.shape[1] == 0:
        return []
    total = np.concatenate([np.zeros((1, cm.shape[1])), np.cumsum(np.nan_to_num(cm), axis=0)])
    fastest = np.nan_to_num(cm).max(axis=1) * HOUR_US / np.diff(t_us)
    is_snowing = fastest >= SNOWING_CM_PER_H - ROUNDING_CM
    quiet_us = np.where(np.any(~np.isnan(cm), axis=1), np.diff(t_us), 0)
    found: list[FoundStorm] = []
    k = first = 0
    while (storm := _next(total, t_us, rules, k, first)) is not None:
        last, quiet, reached = None, 0, int(np.searchsorted(t_us, storm.reached_us))
        for k in range(reached + 1, len(t_us)):
            quiet = 0 if is_snowing[k - 1] else quiet + int(quiet_us[k - 1])
            if quiet >= rules.quiet_us:
                last = k
                break
        end = NEVER if last is None else int(t_us[last])
        found.append(FoundStorm(storm.begin_us, storm.reached_us, end, storm.station, storm.fell_cm))
        if last is None:
            break
        k = first = last
    return found


def _next(total: Floats, t_us: Ints, rules: StormRules, after: int, first: int) -> FoundStorm | None:
    """The first storm whose callout depth is reached after a step, by snow that fell after another."""
    start = np.maximum(np.searchsorted(t_us, t_us - rules.within_us, side="left"), first)
    steps = np.arange(after + 1, len(t_us))
    fell = total[steps] - total[np.minimum(start[steps], steps)]
    reached = np.flatnonzero(fell.max(axis=1, initial=0.0) >= rules.snowfall_cm - ROUNDING_CM)
    if not len(reached):
        return None
    k = int(steps[reached[0]])
    station = int(np.argmax(fell[reached[0]]))
    window = total[start[k] : k + 1, station]
    begin = int(start[k]) + int(np.flatnonzero(np.diff(window) > 0)[0])
    return FoundStorm(int(t_us[begin]), int(t_us[k]), NEVER, station, float(fell[reached[0], station]))

"""From what stations observed to snow on cells: snowfall by steps of time, then inverse-distance weighting.

docs/snow.md tells both in words. Nothing is made up: a step that no station within reach tells of is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from geo.snow import ROUNDING_US, SnowSeries, cell_centre

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Bools = NDArray[np.bool_]

HOUR_US = 3_600_000_000
#: Mean radius of the earth, metres (IUGG, R1 of GRS 80).
EARTH_RADIUS_M = 6_371_008.8
#: A station nearer than this to the middle of a cell counts as so far away, metres.
NEAREST_M = 100.0


@dataclass(frozen=True, slots=True)
class SnowRules:
    """How observations become snow on cells (geo.settings_snow).

    reach_m, stations_max, power  which stations count for a cell, and by which power of their distance
    gap_us       two depths further apart leave what fell between them missing
    awaited_us   a station that reported less than this before the end is waited for
    fastest_cm_per_h  a change of depth, or a fall, beyond this is an error
    """

    reach_m: float = 30_000.0
    stations_max: int = 6
    power: float = 2.0
    gap_us: int = 90 * 60_000_000
    awaited_us: int = 75 * 60_000_000
    fastest_cm_per_h: float = 30.0


@dataclass(frozen=True, slots=True)
class Observations:
    """What places observed, n values in any order.

    place    (n,) int64, which of the places
    at_us    (n,) microseconds since the epoch
    cm       (n,) depth of the snow at that moment, or what fell in the span before it
    span_us  (n,) 0: a depth; else the length of the span
    """

    place: Ints
    at_us: Ints
    cm: Floats
    span_us: Ints

    def select(self, keep: Bools) -> Observations:
        """Those of a mask."""
        return Observations(self.place[keep], self.at_us[keep], self.cm[keep], self.span_us[keep])


@dataclass(frozen=True, slots=True)
class Fallen:
    """Snow that fell at S places in T - 1 steps.

    cm          (T - 1, S) nan where the place did not report the whole step
    is_awaited  (T - 1, S) whether the place reported lately and its word on the step may still come
    """

    cm: Floats
    is_awaited: Bools


def steps_between(from_us: int, to_us: int, step_us: int, fine_us: int | None = None) -> Ints:
    """(T,) moments: the whole steps of the clock from the last one up to from_us, and to_us as the last.

    fine_us  before so long ago steps are hours; None: nowhere
    Raises ValueError where to_us is before from_us.
    """
    if to_us < from_us:
        raise ValueError("the window ends before it begins")
    fine = from_us if fine_us is None else max(from_us, (to_us - fine_us) // HOUR_US * HOUR_US)
    hours = np.arange(from_us // HOUR_US, fine // HOUR_US, dtype=np.int64) * HOUR_US
    whole = np.append(hours, np.arange(fine // step_us, to_us // step_us + 1, dtype=np.int64) * step_us)
    return whole if whole[-1] == to_us else np.append(whole, to_us)


def fallen(seen: Observations, n_places: int, t_us: Ints, rules: SnowRules) -> Fallen:
    """The snow that fell at each place in each step between (T,) moments, as of the last of them.

    Observed falls count first, those that end on a whole span of the clock before the others; depths fill what they
    leave open. What is observed after the last moment is not looked at. O(n log n + n T / hours).
    """
    seen = seen.select(seen.at_us <= t_us[-1])
    spans = _spans_of_falls(seen, rules), _spans_of_depths(seen, rules)
    place, begin, end, cm = (np.concatenate([a, b]) for a, b in zip(*spans, strict=True))
    amount, covered = _lay(place, begin, end, cm, t_us, n_places)
    last_us = np.full(n_places, np.iinfo(np.int64).min)
    np.maximum.at(last_us, place, end)
    known = covered >= np.diff(t_us)[:, None] - ROUNDING_US
    is_recent = last_us >= t_us[-1] - rules.awaited_us
    is_awaited = ~known & is_recent & (t_us[1:, None] > last_us)
    return Fallen(np.where(known, amount, np.nan), is_awaited)


def _spans_of_falls(seen: Observations, rules: SnowRules) -> tuple[Ints, Ints, Ints, Floats]:
    """(place, begin, end, cm) of observed falls, in the order in which they count."""
    fell = seen.select(seen.span_us > 0)
    fell = fell.select(fell.cm <= rules.fastest_cm_per_h * fell.span_us / HOUR_US)
    is_aside = fell.at_us % fell.span_us != 0
    order = np.lexsort((fell.at_us, fell.span_us, is_aside, fell.place))
    at = fell.at_us[order]
    return fell.place[order], at - fell.span_us[order], at, fell.cm[order]


def _spans_of_depths(seen: Observations, rules: SnowRules) -> tuple[Ints, Ints, Ints, Floats]:
    """(place, begin, end, cm) between the last depths of successive hours of the clock; after an hour without any, the
    first one counts too.

    The Japan Meteorological Agency takes the positive difference of the depths of two full hours for what fell between
    them; snow that settles or melts is no negative fall. Differences over ten minutes would add up the noise of 1 cm.
    """
    depth = seen.select(seen.span_us == 0)
    order = np.lexsort((depth.at_us, depth.place))
    place, at, cm = depth.place[order], depth.at_us[order], depth.cm[order]
    hour = -(-at // HOUR_US)
    counts = np.ones(len(at), np.bool_)
    counts[:-1] = (place[1:] != place[:-1]) | (hour[1:] != hour[:-1])
    counts[1:] |= (place[1:] == place[:-1]) & (hour[1:] > hour[:-1] + 1)
    place, at, cm = place[counts], at[counts], cm[counts]
    change, length = np.diff(cm), np.diff(at)
    good = (place[1:] == place[:-1]) & (length <= rules.gap_us)
    good &= np.abs(change) <= rules.fastest_cm_per_h * np.maximum(length, 1) / HOUR_US + 1.0
    return place[1:][good], at[:-1][good], at[1:][good], np.maximum(change[good], 0.0)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _lay(place: Ints, begin: Ints, end: Ints, cm: Floats, t: Ints, n_places: int) -> tuple[Floats, Ints]:
    """((T - 1, S) cm, (T - 1, S) microseconds covered): spans laid on steps evenly; covered time takes no more."""
    amount = np.zeros((len(t) - 1, n_places))
    covered = np.zeros((len(t) - 1, n_places), np.int64)
    for i in range(len(place)):
        s = place[i]
        k = max(np.searchsorted(t, begin[i], side="right") - 1, 0)
        while k < len(t) - 1 and t[k] < end[i]:
            part = min(t[k + 1], end[i]) - max(t[k], begin[i])
            part = min(part, t[k + 1] - t[k] - covered[k, s])
            if part > 0:
                amount[k, s] += cm[i] * part / (end[i] - begin[i])
                covered[k, s] += part
            k += 1
    return amount, covered


def neighbours(lon: Floats, lat: Floats, cells: Ints32, rules: SnowRules) -> tuple[Ints, Floats]:
    """((C, K), (C, K)) positions of the nearest stations of each cell and their weights; -1 and 0 where there is none.

    lon, lat (S,) degrees. Shepard's method (1968): weight = distance to the power of minus rules.power. The distance
    is the great circle to the middle of the cell, at least NEAREST_M.
    """
    k = min(rules.stations_max, len(lon))
    if k == 0:
        return np.zeros((len(cells), 0), np.int64), np.zeros((len(cells), 0))
    x, y = (np.radians(value)[:, None] for value in cell_centre(cells))
    u, v = np.radians(lon)[None, :], np.radians(lat)[None, :]
    half = np.sin((v - y) / 2) ** 2 + np.cos(y) * np.cos(v) * np.sin((u - x) / 2) ** 2
    distance_m = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    nearest = np.argsort(distance_m, axis=1, kind="stable")[:, :k].astype(np.int64)
    far = np.take_along_axis(distance_m, nearest, axis=1)
    inside = far <= rules.reach_m
    weight = np.where(inside, np.maximum(far, NEAREST_M) ** -rules.power, 0.0)
    return np.where(inside, nearest, -1), weight


def interpolate(
    at_stations: Fallen, near: Ints, weight: Floats, cells: Ints32, t_us: Ints, own: Fallen | None = None
) -> SnowSeries:
    """The snow on (C,) ascending cells: in each step the weighted mean of the stations that reported it.

    near, weight  as neighbours returns them
    own           what the cells say themselves (a raster); it goes before the stations
    A step that no station in reach reported is missing, unless one of them is awaited. O(T C K).
    """
    nothing = np.zeros((0, 0)), np.zeros((0, 0), np.bool_)
    own_cm, own_awaited = nothing if own is None else (own.cm, own.is_awaited)
    total_cm, missing_us = _spread(
        at_stations.cm, at_stations.is_awaited, near, weight, own_cm, own_awaited, np.diff(t_us)
    )
    return SnowSeries(cells, t_us, total_cm, missing_us)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _spread(
    cm: Floats, awaited: Bools, near: Ints, weight: Floats, own_cm: Floats, own_awaited: Bools, step_us: Ints
) -> tuple[NDArray[np.float32], Ints]:
    n_steps, n_cells = len(step_us), len(near)
    total = np.zeros((n_steps + 1, n_cells), np.float32)
    missing = np.zeros((n_steps + 1, n_cells), np.int64)
    run = np.zeros(n_cells)
    for k in range(n_steps):
        for c in range(n_cells):
            whole, fell, waits = 0.0, 0.0, False
            for j in range(near.shape[1]):
                s = near[c, j]
                if s >= 0:
                    value = cm[k, s]
                    waits |= awaited[k, s]
                    if not np.isnan(value):
                        whole += weight[c, j]
                        fell += weight[c, j] * value
            if own_cm.shape[1] and not np.isnan(own_cm[k, c]):
                whole, fell = 1.0, own_cm[k, c]
            elif own_cm.shape[1]:
                waits |= own_awaited[k, c]
            run[c] += fell / whole if whole > 0 else 0.0
            total[k + 1, c] = run[c]
            missing[k + 1, c] = missing[k, c] + (0 if whole > 0 or waits else step_us[k])
    return total, missing


def weighted(values: Floats, near: Ints, weight: Floats) -> Floats:
    """(C,) weighted mean of (S,) values of the stations near each cell that have one; nan where none has."""
    if near.shape[1] == 0:
        return np.full(len(near), np.nan)
    value = np.where(near >= 0, values[near], np.nan)
    counts = np.where(np.isnan(value), 0.0, weight)
    whole = counts.sum(axis=1)
    mean: Floats = np.where(whole > 0, np.nansum(np.where(np.isnan(value), 0.0, value) * counts, axis=1), np.nan)
    return mean / np.where(whole > 0, whole, 1.0)

"""Snow that fell on cells of the standard mesh: the series, what fell between two moments, when so much had fallen.

A cell is 30" of latitude by 45" of longitude. In Japan that is the standard third mesh (第3次地域区画, about 1 km;
JIS X 0410, on JGD2011, which lies within a few metres of WGS 84). `total_cm` is the snow that was seen to fall;
`missing_us` is the time in which nobody looked. docs/snow.md tells how both are made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.vocabulary import SnowBasis

type Floats = NDArray[np.float64]
type Floats32 = NDArray[np.float32]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Ints8 = NDArray[np.int8]

#: Cells a degree of latitude and of longitude, and cells in a row around the earth.
ROWS_PER_DEG, COLUMNS_PER_DEG = 120, 80
COLUMNS = 360 * COLUMNS_PER_DEG
#: Position of each word in SnowBetween.basis.
SNOW_BASES: tuple[SnowBasis, ...] = tuple(SnowBasis)
OBSERVED, PARTIAL, MISSING = range(3)
#: No such moment: the value of geo.status.NEVER, which rests on this module.
NEVER = np.iinfo(np.int64).min
#: Less than this is rounding of interpolated times.
ROUNDING_US = 1_000
#: Less than this is rounding of float32 totals: a season's 1,000 cm are held to 0.00006 cm.
ROUNDING_CM = 1e-3


@dataclass(frozen=True, slots=True)
class SnowSeries:
    """Snow on C cells at T moments; between two moments both totals rise evenly.

    cells       (C,) int32 ids, ascending
    t_us        (T,) int64 microseconds since the epoch, ascending
    total_cm    (T, C) float32 snow that was seen to fall since t_us[0], never falling
    missing_us  (T, C) int64 time since t_us[0] of which no observation tells
    """

    cells: Ints32
    t_us: Ints
    total_cm: Floats32
    missing_us: Ints


@dataclass(frozen=True, slots=True)
class SnowBetween:
    """Snow between two moments at n places.

    cm     (n,) snow; a lower bound where basis is partial, nan where it is missing
    basis  (n,) int8, position in SNOW_BASES
    """

    cm: Floats
    basis: Ints8


def cell_of(lon: ArrayLike, lat: ArrayLike) -> Ints32:
    """(n,) int32 ids of the cells of (n,) longitudes and latitudes in degrees.

    id = row * 28,800 + column, rows northwards from 90° south, columns eastwards from 180° west. A place on the edge of
    two cells belongs to the one north or east of it. Raises ValueError for a place that is not on earth.
    """
    x, y = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    if not (np.all(np.abs(x) <= 180) and np.all(np.abs(y) <= 90)):
        raise ValueError("longitude or latitude outside of the earth")
    row = np.minimum(np.floor((y + 90) * ROWS_PER_DEG), 180 * ROWS_PER_DEG - 1)
    column = np.minimum(np.floor((x + 180) * COLUMNS_PER_DEG), COLUMNS - 1)
    return (row * COLUMNS + column).astype(np.int32)


def cell_centre(cells: Ints32) -> tuple[Floats, Floats]:
    """((n,), (n,)) longitudes and latitudes in degrees of the middles of (n,) cells."""
    row, column = np.divmod(cells.astype(np.int64), COLUMNS)
    return (column + 0.5) / COLUMNS_PER_DEG - 180, (row + 0.5) / ROWS_PER_DEG - 90


def cell_box(cells: Ints32) -> Floats:
    """(n, 4) west, south, east, north in degrees of (n,) cells."""
    row, column = np.divmod(cells.astype(np.int64), COLUMNS)
    west, south = column / COLUMNS_PER_DEG - 180, row / ROWS_PER_DEG - 90
    east, north = (column + 1) / COLUMNS_PER_DEG - 180, (row + 1) / ROWS_PER_DEG - 90
    return np.column_stack([west, south, east, north])


def snow_between(series: SnowSeries, cell: Ints32, from_us: Ints, to_us: Ints) -> SnowBetween:
    """The snow on (n,) cells from (n,) moments to (n,) moments, microseconds since the epoch.

    Where the span is empty nothing fell. What lies before the series or after it, a cell that it does not have and the
    moment NEVER are missing.
    """
    n, column = len(cell), _column_of(series, cell)
    known = (column >= 0) & (from_us != NEVER) & (to_us != NEVER)
    start, end = np.where(known, from_us, 0), np.where(known, to_us, 0)
    span = np.maximum(end - start, 0)
    cm, missing_us = np.zeros(n), span.astype(np.float64)
    if len(series.t_us) and len(series.cells):
        t, at = series.t_us, np.maximum(column, 0)
        first, last = np.clip(start, t[0], t[-1]), np.clip(np.maximum(end, start), t[0], t[-1])
        cm = _at(series, series.total_cm, last, at) - _at(series, series.total_cm, first, at)
        unseen = _at(series, series.missing_us, last, at) - _at(series, series.missing_us, first, at)
        missing_us = span - (last - first) + unseen
    partial = missing_us > ROUNDING_US
    nothing = ~known | (partial & (missing_us >= span - ROUNDING_US))
    basis = np.where(nothing, MISSING, np.where(partial, PARTIAL, OBSERVED)).astype(np.int8)
    return SnowBetween(np.where(nothing, np.nan, np.maximum(cm, 0.0)), basis)


def reached_us(series: SnowSeries, cell: Ints32, from_us: Ints, threshold_cm: Floats) -> Ints:
    """(n,) first moment by which threshold_cm (n,), more than 0, was seen to fall on (n,) cells since (n,) from_us.

    NEVER where it was not by the end of the series, where the series does not have the cell, and for from_us NEVER.
    Raises ValueError for a threshold that is not above 0.
    """
    if not np.all(threshold_cm > 0):
        raise ValueError("a threshold of snow has to be more than 0 cm")
    found = np.full(len(cell), NEVER)
    column = _column_of(series, cell)
    if not len(series.t_us):
        return found
    t = series.t_us
    rows = np.flatnonzero((column >= 0) & (from_us != NEVER) & (from_us < t[-1]))
    column, start = column[rows], np.maximum(from_us[rows], t[0])
    target = _at(series, series.total_cm, start, column) + threshold_cm[rows]
    enough = series.total_cm[-1, column] >= target - ROUNDING_CM
    rows, column, start, target = rows[enough], column[enough], start[enough], target[enough]
    high = _first_reaching(series, column, target)
    low = high - 1
    before, after = (series.total_cm[k, column].astype(np.float64) for k in (low, high))
    share = np.clip((target - before) / np.maximum(after - before, ROUNDING_CM / 10), 0.0, 1.0)
    moment = t[low] + np.ceil(share * (t[high] - t[low])).astype(np.int64)
    found[rows] = np.maximum(moment, start)
    return found


def _column_of(series: SnowSeries, cell: Ints32) -> Ints:
    """(n,) position of each cell in the series; -1 where it has none."""
    if not len(series.cells):
        return np.full(len(cell), -1)
    at = np.minimum(np.searchsorted(series.cells, cell), len(series.cells) - 1)
    return np.where(series.cells[at] == cell, at, -1)


def _at(series: SnowSeries, values: NDArray[np.float32] | Ints, moment_us: Ints, column: Ints) -> Floats:
    """(n,) values at moments inside the series, read off the straight line between two steps."""
    t = series.t_us
    low = np.clip(np.searchsorted(t, moment_us, side="right") - 1, 0, max(len(t) - 2, 0))
    high = np.minimum(low + 1, len(t) - 1)
    share = (moment_us - t[low]) / np.maximum(t[high] - t[low], 1)
    before, after = values[low, column].astype(np.float64), values[high, column].astype(np.float64)
    found: Floats = before + (after - before) * share
    return found


def _first_reaching(series: SnowSeries, column: Ints, target: Floats) -> Ints:
    """(n,) first step, 1 or later, whose total reaches the target; all of them do by the last. O(n log T)."""
    low, high = np.zeros(len(column), np.int64), np.full(len(column), len(series.t_us) - 1)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        reached = series.total_cm[middle, column] >= target - ROUNDING_CM
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
    return high

"""Weather in raw as snow on the cells of the mesh: for any moment, and as it was known at any moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.settings_snow import SnowSettings
from geo.snow import SnowSeries
from geo.snowfall import Fallen, Observations, SnowRules, fallen, interpolate, neighbours, steps_between
from geo.store.bulk import read_columns
from geo.store.events import known_text
from geo.timeline import to_us

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Columns = dict[str, NDArray[Any]]

MINUTE_US = 60_000_000
_WEATHER = {"station": "int4", "at_us": "timestamptz", "cm": "float8", "span_us": "int8"}
_GRID = {"cell": "int4", "at_us": "timestamptz", "cm": "float8"}
_STATIONS = {"station": "int4", "lon": "float8", "lat": "float8", "synthetic": "bool"}


class Stations:
    """The S stations that measure snow.

    station  (S,) ids, ascending;  lon, lat (S,) degrees;  synthetic (S,)
    """

    __slots__ = ("lat", "lon", "station", "synthetic")

    def __init__(self, rows: Columns) -> None:
        self.station: Ints = rows["station"].astype(np.int64)
        self.lon: Floats = rows["lon"]
        self.lat: Floats = rows["lat"]
        self.synthetic: NDArray[np.bool_] = rows["synthetic"].astype(np.bool_)

    def __len__(self) -> int:
        return len(self.station)

    def select(self, keep: NDArray[np.bool_]) -> Stations:
        """Those of a mask."""
        rows = {name: getattr(self, name)[keep] for name in self.__slots__}
        return Stations(rows)


def rules_of(settings: SnowSettings) -> SnowRules:
    """The rules of the pure functions."""
    return SnowRules(
        reach_m=settings.reach_km * 1000, stations_max=settings.stations_max, power=settings.power,
        gap_us=round(settings.gap_max_min * MINUTE_US), awaited_us=round(settings.awaited_min * MINUTE_US),
        fastest_cm_per_h=settings.fastest_cm_per_h,
    )  # fmt: skip


def weather_mark(connection: psycopg.Connection[Row]) -> int:
    """Rises whenever weather comes in, so that what rests on it knows when to look again."""
    row = connection.execute(read_sql("geo", "queries/read_weather_mark")).fetchone()
    assert row is not None
    return int(row[0])


def read_snow(
    connection: psycopg.Connection[Row],
    settings: SnowSettings,
    from_at: datetime,
    to_at: datetime,
    known_at: datetime | None = None,
    cells: Ints32 | None = None,
) -> SnowSeries | None:
    """The snow from a moment to another, of what was observed by the end, as known now or at known_at.

    cells  (C,) ids, ascending; None: those with roads
    The series reaches back settings.window_h at most; before settings.fine_h its steps are hours.
    None where there is no station and no raster at all.
    """
    stations = read_stations(connection)
    if not len(stations) and connection.execute(read_sql("geo", "queries/has_weather_grid")).fetchone() != (True,):
        return None
    cells = road_cells(connection) if cells is None else cells
    begin = max(from_at, to_at - timedelta(hours=settings.window_h))
    step_us, fine_us = settings.step_min * MINUTE_US, round(settings.fine_h * 60) * MINUTE_US
    t = steps_between(to_us(min(begin, to_at)), to_us(to_at), step_us, fine_us)
    window = _window(settings, int(t[0]), to_at, known_at)
    rules = rules_of(settings)
    at_stations = fallen(observations(connection, stations, window), len(stations), t, rules)
    near = neighbours(stations.lon, stations.lat, cells, rules)
    return interpolate(at_stations, *near, cells, t, _of_rasters(connection, cells, t, rules, window))


def _window(settings: SnowSettings, first_us: int, to_at: datetime, known_at: datetime | None) -> dict[str, Any]:
    """Parameters of the queries: observations reach back so far that the first step can be told of."""
    back = timedelta(microseconds=to_us(to_at) - first_us) + timedelta(minutes=settings.gap_max_min + 60)
    return {"from_at": to_at - back, "to_at": to_at, "known_at": known_text(known_at)}


def read_stations(connection: psycopg.Connection[Row]) -> Stations:
    """The stations that measure snow."""
    return Stations(read_columns(connection, read_sql("geo", "queries/copy_snow_stations"), {}, _STATIONS))


def observations(connection: psycopg.Connection[Row], stations: Stations, window: dict[str, Any]) -> Observations:
    """What the stations observed in a window (from_at, to_at, known_at); places are positions in stations."""
    rows = read_columns(connection, read_sql("geo", "queries/copy_weather"), window, _WEATHER)
    known = np.isin(rows["station"], stations.station)
    place = np.searchsorted(stations.station, rows["station"][known])
    return Observations(place.astype(np.int64), rows["at_us"][known], rows["cm"][known], rows["span_us"][known])


def _of_rasters(
    connection: psycopg.Connection[Row], cells: Ints32, t_us: Ints, rules: SnowRules, window: dict[str, Any]
) -> Fallen | None:
    """What rasters say of the cells; None where they say nothing in the window."""
    rows = read_columns(connection, read_sql("geo", "queries/copy_weather_grid"), window, _GRID)
    at = np.minimum(np.searchsorted(cells, rows["cell"]), max(len(cells) - 1, 0))
    inside = cells[at] == rows["cell"] if len(cells) else np.zeros(len(at), np.bool_)
    if not inside.any():
        return None
    nothing = np.zeros(int(inside.sum()), np.int64)
    seen = Observations(at[inside].astype(np.int64), rows["at_us"][inside], rows["cm"][inside], nothing)
    return fallen(seen, len(cells), t_us, rules)


def road_cells(connection: psycopg.Connection[Row]) -> Ints32:
    """(C,) ids of the cells with roads of the newest network version, ascending."""
    rows = connection.execute(read_sql("geo", "queries/read_snow_cells")).fetchall()
    if not rows:
        rows = connection.execute(read_sql("geo", "queries/find_road_cells")).fetchall()
    return np.array([row[0] for row in rows], np.int32)

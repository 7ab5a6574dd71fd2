"""The snow of each cell with roads, and the last word of each station, kept beside the states for publishing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.settings_snow import SnowSettings
from geo.snow import MISSING, NEVER, SNOW_BASES, SnowBetween, SnowSeries, snow_between
from geo.snowfall import Fallen, Observations, fallen, neighbours, steps_between, weighted
from geo.store.events import Event, current_event, known_text
from geo.store.snow import (
    MINUTE_US,
    Stations,
    observations,
    read_snow,
    read_stations,
    road_cells,
    rules_of,
    weather_mark,
)
from geo.timeline import from_us, to_us

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]

#: The spans for which the snow of a cell is kept, hours.
SPANS_H = (1, 6, 24)
HOUR_US = 60 * MINUTE_US


@dataclass(frozen=True, slots=True)
class SnowReport:
    """What a run did. n_cells and n_stations count rows that changed; is_new is False where nothing had changed."""

    as_of: datetime
    is_new: bool
    n_cells: int = 0
    n_stations: int = 0


def refresh_snow(connection: psycopg.Connection[Row], settings: SnowSettings, as_of: datetime) -> SnowReport:
    """Bring ops.snow_cell and ops.weather_station up to date, in the connection's transaction, as yuki_engine.

    As of the last whole step of the clock up to as_of: between two steps nothing is written unless weather came in, or
    another event or network holds.
    """
    version = connection.execute(read_sql("geo", "queries/newest_version")).fetchone()
    step_us = settings.step_min * MINUTE_US
    moment = from_us(to_us(as_of) // step_us * step_us)
    if version is None:
        return SnowReport(moment, is_new=False)
    event = current_event(connection, as_of)
    rests_on = {
        "mark": weather_mark(connection), "as_of": moment.isoformat(), "event": event.event_id,
        "reference_at": event.reference_at.isoformat(), "network_version": version[0],
        "settings": settings.model_dump(mode="json"),
    }  # fmt: skip
    last = connection.execute(read_sql("geo", "queries/read_snow_run")).fetchone()
    if last is not None and last[0] == rests_on:
        return SnowReport(moment, is_new=False)
    cells = road_cells(connection)
    connection.execute(read_sql("geo", "queries/clear_snow_cells"), {"cells": cells.tolist()})
    stations = read_stations(connection)
    n_cells = _write_cells(connection, settings, cells, stations, moment, event, int(version[0]))
    n_stations = _write_stations(connection, settings, stations, moment)
    connection.execute(read_sql("geo", "queries/write_snow_run"), {"detail": Jsonb(rests_on)})
    return SnowReport(moment, True, n_cells, n_stations)


def _write_cells(
    connection: psycopg.Connection[Row],
    settings: SnowSettings,
    cells: Ints32,
    stations: Stations,
    moment: datetime,
    event: Event,
    version: int,
) -> int:
    back = moment - timedelta(hours=max(SPANS_H))
    begin = back if event.is_standing else min(back, event.reference_at)
    series = read_snow(connection, settings, begin, moment, cells=cells)
    near, weight = neighbours(stations.lon, stations.lat, cells, rules_of(settings))
    depth_cm, last_us = _last_words(connection, settings, stations, moment)
    newest = np.max(np.where(near >= 0, last_us[near], NEVER), axis=1, initial=NEVER) if len(stations) else None
    reference = None if event.is_standing else event.reference_at
    rows: dict[str, Any] = {
        "network_version": version, "as_of": moment, "event_id": None if event.is_standing else event.event_id,
        "reference_at": reference, "cells": cells.tolist(), "depth_cm": _nullable(weighted(depth_cm, near, weight)),
        "observed_at": [None if us == NEVER else from_us(us) for us in newest.tolist()] if newest is not None
        else [None] * len(cells),
        "is_synthetic": np.any((near >= 0) & stations.synthetic[near], axis=1).tolist() if len(stations)
        else [False] * len(cells),
    }  # fmt: skip
    rows["total_cm"], rows["basis"] = _since(series, cells, reference, moment)
    for hours in SPANS_H:
        found = _since(series, cells, moment - timedelta(hours=hours), moment)
        rows[f"fell_{hours}h_cm"], rows[f"basis_{hours}h"] = found
    return connection.execute(read_sql("geo", "queries/write_snow_cells"), rows).rowcount


def _since(
    series: SnowSeries | None, cells: Ints32, begin: datetime | None, end: datetime
) -> tuple[list[float | None], list[str]]:
    """(centimetres, basis) of each cell from a moment to another; no such moment, or no station: missing."""
    n = len(cells)
    if series is None or begin is None:
        found = SnowBetween(np.full(n, np.nan), np.full(n, MISSING, np.int8))
    else:
        found = snow_between(series, cells, np.full(n, to_us(min(begin, end))), np.full(n, to_us(end)))
    return _nullable(found.cm), [str(SNOW_BASES[code]) for code in found.basis.tolist()]


def _last_words(
    connection: psycopg.Connection[Row], settings: SnowSettings, stations: Stations, moment: datetime
) -> tuple[Floats, Ints]:
    """((S,) last depth within snow.gap_max_min, nan without one; (S,) last word of any kind in a day, NEVER)."""
    seen = _seen(connection, stations, moment, timedelta(days=1))
    depth, last_us = np.full(len(stations), np.nan), np.full(len(stations), NEVER)
    np.maximum.at(last_us, seen.place, seen.at_us)
    fresh = (seen.span_us == 0) & (seen.at_us >= to_us(moment) - round(settings.gap_max_min * MINUTE_US))
    order = np.flatnonzero(fresh)[np.argsort(seen.at_us[fresh], kind="stable")]
    depth[seen.place[order]] = seen.cm[order]
    return depth, last_us


def _seen(connection: psycopg.Connection[Row], stations: Stations, moment: datetime, back: timedelta) -> Observations:
    window = {"from_at": moment - back, "to_at": moment, "known_at": known_text(None)}
    return observations(connection, stations, window)


def _write_stations(
    connection: psycopg.Connection[Row], settings: SnowSettings, stations: Stations, moment: datetime
) -> int:
    step_us = settings.step_min * MINUTE_US
    last = to_us(moment)
    t = steps_between(last - max(SPANS_H) * HOUR_US, last, step_us)
    seen = _seen(connection, stations, moment, timedelta(hours=max(SPANS_H) + 3))
    told = fallen(seen, len(stations), t, rules_of(settings))
    rows: dict[str, Any] = {"station_ids": stations.station.tolist(), "as_of": moment}
    for hours in SPANS_H:
        rows[f"fell_{hours}h_cm"] = _nullable(_fell(told, t, last - hours * HOUR_US))
    return connection.execute(read_sql("geo", "queries/write_snow_stations"), rows).rowcount


def _fell(told: Fallen, t_us: Ints, since_us: int) -> Floats:
    """(S,) what fell since a moment; nan where any step is missing, or where nothing was heard of the span at all."""
    steps = t_us[:-1] >= since_us
    cm, waits = told.cm[steps], told.is_awaited[steps]
    whole = np.all(~np.isnan(cm) | waits, axis=0) & np.any(~np.isnan(cm), axis=0)
    return np.where(whole, np.nansum(cm, axis=0), np.nan)


def _nullable(values: Floats) -> list[float | None]:
    return [None if value != value else round(value, 2) for value in values.tolist()]

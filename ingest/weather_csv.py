"""Observations of snow from any CSV, by a mapping of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geo.timeline import from_us
from ingest.mapping import resolve, take, text_of
from ingest.quarantine import Why
from ingest.tabular import read_csv
from ingest.times import Fault, parse_times
from ingest.weather_rows import WeatherFile, WeatherRow, number

#: Our field to the names under which files carry it.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "station": ("station", "station_id", "観測所番号", "観測所", "地点番号", "地点"),
    "at": ("at", "time", "timestamp", "observed_at", "観測時刻", "日時", "観測日時", "時刻"),
    "snow_depth_cm": ("snow_depth_cm", "depth_cm", "snow_depth", "積雪深", "積雪深(cm)", "積雪(cm)"),
    "snowfall_cm": ("snowfall_cm", "snowfall", "降雪量", "降雪量(cm)", "降雪(cm)"),
    "snowfall_min": ("snowfall_min",),
}
#: Minutes of a fall where no column tells: the hour, as the agency's.
FALL_MIN = 60


def read_weather_csv(
    path: Path, given: str | None, fields: Mapping[str, str], zone: str | None, time_format: str | None
) -> WeatherFile:
    """Read a CSV with the columns station, at, and snow_depth_cm or snowfall_cm (of snowfall_min minutes, or an hour).

    An empty cell is an observation without a value. Raises InputError, MappingError for the file as a whole.
    """
    read = WeatherFile()
    table = read_csv(path, given, {}, read.rejects)
    columns = table.vector.columns
    found = resolve(columns.column_names, fields, KNOWN_NAMES, ["station", "at"], str(path))
    if not {"snow_depth_cm", "snowfall_cm"} & found.columns.keys():
        found = resolve(columns.column_names, fields, KNOWN_NAMES, ["snow_depth_cm"], str(path))
    read.encoding, read.mapping = str(table.vector.encoding), found.describe()
    texts = {name: text_of(take(columns, column)) for name, column in found.columns.items()}
    at_us, fault = parse_times(texts.pop("at"), zone, time_format, str(path))
    cells = {name: values.to_pylist() for name, values in texts.items()}
    for i in range(len(columns)):
        row = {name: values[i] for name, values in cells.items()}
        payload: dict[str, object] = {"file": path.name, "cells": row}
        where = {"line": table.line[i], "item": i}
        if row["station"] is None:
            read.rejects.add(Why.MISSING_ID, "the station is empty", payload, **where)
        elif fault[i] != Fault.NONE:
            why = Why.AMBIGUOUS_TIME if fault[i] == Fault.AMBIGUOUS else Why.UNPARSABLE_TIME
            payload["cells"] = columns.slice(i, 1).to_pylist()[0]
            read.rejects.add(why, "the time cannot be read", payload, **where)
        else:
            _take(read, row, at_us[i], payload, where)
    return read


def _take(
    read: WeatherFile, row: Mapping[str, str | None], at_us: np.int64, payload: dict[str, object], where: dict[str, int]
) -> None:
    try:
        values = {name: number(row[name]) for name in ("snow_depth_cm", "snowfall_cm") if name in row}
        minutes = number(row.get("snowfall_min")) or FALL_MIN
        if not 1 <= minutes <= 1440:
            raise ValueError(f"a fall of {minutes:g} minutes")
    except ValueError as error:
        read.rejects.add(Why.NOT_A_NUMBER, str(error), payload, **where)
        return
    at = from_us(int(at_us))
    for name, value in values.items():
        span_min = round(minutes) if name == "snowfall_cm" else 0
        read.rows.append(WeatherRow(str(row["station"]), at, span_min, value, None, value is not None, **where))

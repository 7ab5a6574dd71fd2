"""The demo's weather by the ordinary path: its stations and depths as files, taken in as their time comes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pandas as pd

from geo.db import Role, read_sql
from geo.timeline import now
from ingest.weather import Hints, ingest_weather
from ingest.weather_stations import ingest_stations
from yukimichi.context import Context
from yukimichi.demo.weather import AFTER, STEP, depth_series, station_table
from yukimichi.demo_load import synthetic_source
from yukimichi.storm import StormState, folder_of, read_state

#: Name of the source, in config.yml too.
SOURCE = "demo-weather"
#: Observations come in so long after their time, as the agency's do.
DELAY = timedelta(minutes=2)


def send_weather(context: Context, state: StormState, until: datetime) -> int:
    """Take in what the stations of the demo observed up to a moment and did not send yet; how many values.

    Safe to repeat. Nothing is sent before its time.
    """
    begins_at, ends_at = (datetime.fromisoformat(text) for text in (state.begins_at, state.ends_at))
    series = depth_series(begins_at, ends_at, state.seed)
    last = last_weather(context)
    part = series[series["at"] <= pd.Timestamp(until)]
    if last is not None:
        part = part[part["at"] > pd.Timestamp(last)]
    if part.empty:
        return 0
    source, folder = synthetic_source(context, SOURCE), folder_of(context.settings)
    folder.mkdir(parents=True, exist_ok=True)
    stations, file = folder / "stations.csv", folder / "weather.csv"
    station_table().to_csv(stations, index=False)
    ingest_stations(context.database, stations, SOURCE, source)
    part.assign(at=part["at"].map(pd.Timestamp.isoformat)).to_csv(file, index=False)
    return ingest_weather(context.database, file, SOURCE, source, "UTC", until, Hints("csv")).counts.n_accepted


def last_weather(context: Context) -> datetime | None:
    """The newest moment of which the demo's stations told; None: they never did."""
    with context.database.connect(Role.INGEST) as connection:
        row = connection.execute(read_sql("yukimichi", "last_weather_of_source"), {"source": SOURCE}).fetchone()
    at: datetime | None = None if row is None else row[0]
    return at


class DemoWeather:
    """The chore of `up`: sends what the stations observe while the demo's storm lasts."""

    def __init__(self, context: Context, source: str) -> None:
        self._context, self._source = context, source
        self._next_s = float("-inf")

    def __call__(self) -> None:
        """Look whether a step has passed; seldom more than a look at the clock."""
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + STEP.total_seconds() / 10
        state = read_state(self._context.settings)
        until = now() - DELAY
        if state is None or state.source != self._source or until > datetime.fromisoformat(state.ends_at) + AFTER:
            return
        send_weather(self._context, state, until)

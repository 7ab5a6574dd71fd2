"""The demo's weather: deterministic, fitting the storm, with a gap and a silent station, and marked synthetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.db import Database, Role
from geo.settings import Settings
from geo.snowfall import Observations, SnowRules, fallen, steps_between
from geo.timeline import to_us
from yukimichi.context import Context
from yukimichi.demo.weather import CALM, GAP, SILENT, depth_series, station_table
from yukimichi.demo_weather import SOURCE, last_weather, send_weather
from yukimichi.storm import StormState

BEGIN = datetime(2026, 1, 20, 3, 4, tzinfo=UTC)
END = BEGIN + timedelta(hours=8)


@pytest.fixture(scope="module")
def series() -> pd.DataFrame:
    return depth_series(BEGIN, END, 1)


def test_the_same_storm_has_the_same_weather(series: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(series, depth_series(BEGIN, END, 1))
    assert not series.equals(depth_series(BEGIN, END, 2))
    assert series["at"].min() <= pd.Timestamp(BEGIN - CALM)


def fell(series: pd.DataFrame, station: str, begin: datetime, end: datetime) -> float:
    """Centimetres at a station, as the service reads them; nan where a step is missing."""
    begin, end = (moment.replace(minute=moment.minute // 10 * 10) for moment in (begin, end))
    part = series[series["station"] == station]
    at = part["at"].map(lambda stamp: to_us(stamp.to_pydatetime())).to_numpy(np.int64)
    nothing = np.zeros(len(part), np.int64)
    seen = Observations(nothing, at, part["snow_depth_cm"].to_numpy(float), nothing)
    return float(fallen(seen, 1, steps_between(to_us(begin), to_us(end), 600_000_000), SnowRules()).cm.sum())


def test_much_falls_in_the_hills_and_little_at_the_coast(series: pd.DataFrame) -> None:
    begin, end = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=5)
    assert fell(series, "S05", begin, end) > 15
    assert 1 <= fell(series, "S01", begin, end) < 8


def test_before_the_storm_hardly_any_snow_falls(series: pd.DataFrame) -> None:
    assert fell(series, "S05", BEGIN - timedelta(hours=20), BEGIN) < 3


def test_a_gap_and_silence_are_missing(series: pd.DataFrame) -> None:
    begin, end = BEGIN + timedelta(hours=2), BEGIN + timedelta(hours=3)
    assert np.isnan(fell(series, GAP, begin, end))
    assert np.isnan(fell(series, SILENT, begin, end))
    assert fell(series, GAP, END - timedelta(hours=2), END) > 0


def test_weather_is_sent_as_its_time_comes(database: Database, tmp_path: Path) -> None:
    context = Context(Settings(home=tmp_path), database)
    state = StormState("demo", 2, BEGIN.isoformat(), END.isoformat(), 1, BEGIN.isoformat())
    first = send_weather(context, state, BEGIN + timedelta(hours=1))
    assert first > 12 * 6 * 30
    assert send_weather(context, state, BEGIN + timedelta(hours=1)) == 0
    last = last_weather(context)
    assert last is not None
    assert BEGIN + timedelta(minutes=50) <= last <= BEGIN + timedelta(hours=1)
    assert send_weather(context, state, BEGIN + timedelta(hours=1, minutes=10)) == 11
    with database.connect(Role.INGEST) as connection:
        row = connection.execute(
            "SELECT s.name, is_synthetic, count(*) FROM raw.source AS s JOIN raw.weather_station USING (source_id) "
            "GROUP BY 1, 2"
        ).fetchone()
    assert row == (SOURCE, True, len(station_table()))

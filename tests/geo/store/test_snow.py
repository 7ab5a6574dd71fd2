"""Weather as snow on cells on a real PostGIS: any moment, as known at any moment; what is published; storms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.db import Database, Role
from geo.errors import InputError
from geo.settings import NetworkSettings, SourceSettings
from geo.settings_events import EventSettings
from geo.settings_snow import SnowSettings
from geo.snow import cell_of, snow_between
from geo.store.event_detect import DetectedStorm, detect_storms
from geo.store.events import close_event, current_event, open_event
from geo.store.network import refresh_network
from geo.store.snow import read_snow, road_cells, weather_mark
from geo.store.snow_cells import refresh_snow
from geo.timeline import to_us
from geo.vocabulary import EventKind
from ingest.weather import Hints, ingest_weather
from ingest.weather_stations import ingest_stations
from layers.snow import publish_snow

T0 = datetime(2026, 1, 20, 0, 0, tzinfo=UTC)
SETTINGS = SnowSettings()
TOWN: dict[str, Any] = {"a": [(0, 0), (500, 0)], "b": [(500, 0), (4000, 0)]}
STATIONS = (
    "station,name,lon,lat,elevation_m,has_snow\nA,甲,136.65,36.56,6,1\nB,乙,136.70,36.56,6,1\nZ,遠,138.9,36.5,6,1\n"
)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


@pytest.fixture
def town(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> None:
    give_roads(TOWN)
    refresh_network(database, tmp_path / "networks", NetworkSettings(), lambda done, total: None)
    table = tmp_path / "stations.csv"
    table.write_text(STATIONS, encoding="utf-8")
    ingest_stations(database, table, "jma", SourceSettings(synthetic=True))


@pytest.fixture
def snow(database: Database, town: None, tmp_path: Path) -> Callable[..., None]:
    """snow(A=[(hours after T0, cm)]): depths by station, from a file."""
    numbers = iter(range(1000))

    def give(**depths: list[tuple[float, float]]) -> None:
        rows = [f"{s},{(T0 + hours(h)).isoformat()},{cm}" for s, pairs in depths.items() for h, cm in pairs]
        file = tmp_path / f"{next(numbers)}.csv"
        file.write_text("\n".join(["station,at,snow_depth_cm", *rows, ""]))
        ingest_weather(
            database, file, "jma", SourceSettings(synthetic=True), "UTC", T0 + timedelta(days=30), Hints()
        )  # fmt: skip

    return give


type Snow = Callable[..., None]


def since(database: Database, begin: float, end: float, known_at: datetime | None = None) -> tuple[float, str]:
    """(cm, basis) at the town, in hours after T0."""
    with database.connect(Role.ENGINE) as connection:
        series = read_snow(connection, SETTINGS, T0 + hours(begin), T0 + hours(end), known_at)
    assert series is not None
    cell = cell_of(136.651, 36.5601)
    moments = [np.array([to_us(T0 + hours(h))]) for h in (begin, end)]
    found = snow_between(series, cell, *moments)
    return round(float(found.cm[0]), 3), ("observed", "partial", "missing")[int(found.basis[0])]


def test_without_a_station_there_is_no_series(database: Database) -> None:
    with database.connect(Role.ENGINE) as connection:
        assert read_snow(connection, SETTINGS, T0, T0 + hours(1)) is None


def test_stations_without_a_word_make_everything_missing(database: Database, town: None) -> None:
    cm, basis = since(database, 0, 2)
    assert np.isnan(cm)
    assert basis == "missing"


def test_snow_between_two_moments(database: Database, snow: Snow) -> None:
    snow(A=[(-1, 9), (0, 10), (1, 14), (2, 13), (3, 15)])
    assert since(database, 0, 3) == (6, "observed")
    assert since(database, 0.5, 1) == (2, "observed")
    assert since(database, 1, 2) == (0, "observed")
    assert since(database, -1, 3) == (7, "observed")
    assert since(database, -3, 3) == (7, "partial")


def test_the_nearer_station_counts_more(database: Database, snow: Snow) -> None:
    snow(A=[(0, 0), (1, 10)], B=[(0, 0), (1, 0)])
    cm, basis = since(database, 0, 1)
    assert 9 < cm < 10
    assert basis == "observed"


def test_what_comes_later_is_not_known_at_a_moment(database: Database, snow: Snow) -> None:
    snow(A=[(0, 10), (1, 12)])
    assert since(database, 0, 1) == (2, "observed")
    with database.connect(Role.ENGINE) as connection:
        before = connection.execute("SELECT clock_timestamp()").fetchone()
    snow(A=[(1, 15), (2, 16)])
    assert since(database, 0, 2) == (6, "observed")
    assert before is not None
    assert since(database, 0, 1, before[0]) == (2, "observed")
    cm, basis = since(database, 0, 2, before[0])
    assert (cm, basis) == (2, "observed")
    assert since(database, 0, 4, before[0]) == (2, "partial")


def test_a_window_reaches_back_so_far_and_no_further(database: Database, snow: Snow) -> None:
    snow(A=[(h, 10 + h) for h in range(0, 11)])
    short = SnowSettings(window_h=4)
    with database.connect(Role.ENGINE) as connection:
        series = read_snow(connection, short, T0 - timedelta(days=900), T0 + hours(10))
    assert series is not None
    assert series.t_us[0] == to_us(T0 + hours(6))
    assert float(series.total_cm[-1].max()) == pytest.approx(4)


def test_cells_are_those_with_roads(database: Database, town: None) -> None:
    with database.connect(Role.ENGINE) as connection:
        cells = road_cells(connection)
        refresh_snow(connection, SETTINGS, T0)
        assert road_cells(connection).tolist() == cells.tolist()
    assert set(cell_of([136.651, 136.6945], [36.5601, 36.5601]).tolist()) <= set(cells.tolist())
    assert 2 <= len(cells) <= 10


def kept(database: Database) -> list[tuple[Any, ...]]:
    with database.connect(Role.ENGINE) as connection:
        return connection.execute(
            "SELECT total_cm, basis, fell_1h_cm, basis_1h, fell_6h_cm, basis_6h, depth_cm, observed_at, is_synthetic "
            "FROM ops.snow_cell WHERE cell = %s", (int(cell_of(136.651, 36.5601)[0]),)
        ).fetchall()  # fmt: skip


def test_what_is_kept_of_a_cell(database: Database, snow: Snow) -> None:
    snow(A=[(h, 10 + 2 * h) for h in range(-2, 4)])
    with database.connect(Role.ENGINE) as connection:
        first = refresh_snow(connection, SETTINGS, T0 + hours(3) + timedelta(minutes=4))
    assert (first.is_new, first.as_of, first.n_stations) == (True, T0 + hours(3), 3)
    assert kept(database) == [(None, "missing", 2, "observed", 10, "partial", 16, T0 + hours(3), True)]
    open_event(database, EventKind.STORM, "雪", T0)
    with database.connect(Role.ENGINE) as connection:
        refresh_snow(connection, SETTINGS, T0 + hours(3))
    assert kept(database)[0][:2] == (6, "observed")


def test_nothing_is_written_between_steps_without_news(database: Database, snow: Snow) -> None:
    snow(A=[(0, 10), (1, 12)])
    with database.connect(Role.ENGINE) as connection:
        assert weather_mark(connection) == 1
        assert refresh_snow(connection, SETTINGS, T0 + hours(1)).is_new
        assert not refresh_snow(connection, SETTINGS, T0 + hours(1) + timedelta(minutes=9)).is_new
    snow(A=[(1, 13)])
    with database.connect(Role.ENGINE) as connection:
        assert weather_mark(connection) == 2
        assert refresh_snow(connection, SETTINGS, T0 + hours(1) + timedelta(minutes=9)).is_new
        later = refresh_snow(connection, SETTINGS, T0 + hours(1) + timedelta(minutes=10))
    assert (later.is_new, later.as_of) == (True, T0 + hours(1) + timedelta(minutes=10))


def test_the_last_word_of_a_station_and_what_is_missing(database: Database, snow: Snow) -> None:
    snow(A=[(h, 40 + h) for h in range(-24, 1)], B=[(-3, 40), (-2, 41), (-1, 41)])
    with database.connect(Role.ENGINE) as connection:
        refresh_snow(connection, SETTINGS, T0)
        rows = connection.execute(
            "SELECT external_id, depth_cm, depth_at, fell_1h_cm, fell_6h_cm, fell_24h_cm, observed_at "
            "FROM ops.weather_station ORDER BY external_id"
        ).fetchall()
    assert rows == [
        ("A", 40, T0, 1, 6, 24, T0), ("B", 41, T0 - hours(1), None, None, None, T0 - hours(1)),
        ("Z", None, None, None, None, None, None),
    ]  # fmt: skip


def test_snow_is_published_where_it_changed(database: Database, snow: Snow) -> None:
    snow(A=[(0, 10), (1, 12)])
    with database.connect(Role.ENGINE) as connection:
        refresh_snow(connection, SETTINGS, T0 + hours(1))
        n = len(road_cells(connection))
    with database.connect(Role.PUBLISH) as connection:
        assert publish_snow(connection) == (n, 3)
        assert publish_snow(connection) == (0, 0)
    with database.connect(Role.READER) as connection:
        mesh, box, area = connection.execute(
            "SELECT mesh_code, ST_AsText(geom), ST_Area(geom) FROM pub.snow_cell WHERE cell = %s",
            (int(cell_of(136.651, 36.5601)[0]),),
        ).fetchone() or ("", "", 0)
    assert mesh == "54366572"
    assert area == pytest.approx(1 / 80 / 120)
    assert box.startswith("POLYGON((136.65 36.55")


EVENTS = EventSettings(snowfall_cm=5, within_h=6, quiet_h=3)


def detect(database: Database, begin: float, end: float, *, opens: bool = True) -> list[DetectedStorm]:
    span = T0 + hours(begin), T0 + hours(end)
    return detect_storms(database, SETTINGS, EVENTS, *span, "Asia/Tokyo", opens=opens)


def test_a_storm_is_found_opened_once_and_closed(database: Database, snow: Snow) -> None:
    snow(A=[(-1, 10), (0, 10), (1, 12), (2, 15)])
    assert [s.event_id for s in detect(database, -1, 2, opens=False)] == [None]
    storm = detect(database, -1, 2)[0]
    assert (storm.begin_at, storm.reached_at, storm.ended_at, storm.is_new) == (T0, T0 + hours(2), None, True)
    assert (storm.source, storm.station, storm.station_name, storm.fell_cm) == ("jma", "A", "甲", 5)
    again = detect(database, -1, 2)[0]
    assert (again.event_id, again.is_new) == (storm.event_id, False)
    with database.connect(Role.ENGINE) as connection:
        assert current_event(connection, T0 + hours(2)).reference_at == T0
        assert connection.execute(
            "SELECT event_id, station, fell_cm, within_h, is_synthetic FROM ops.storm_found"
        ).fetchall() == [(storm.event_id, "A", 5, 6, True)]
    snow(A=[(h, 15) for h in range(3, 8)])
    over = detect(database, -1, 7)[0]
    assert (over.event_id, over.ended_at, over.is_closed) == (storm.event_id, T0 + hours(5), True)
    assert detect(database, -1, 7)[0].is_closed is False
    with database.connect(Role.ENGINE) as connection:
        rows = connection.execute("SELECT closed_at FROM ops.event WHERE kind = 'storm'").fetchall()
    assert rows == [(T0 + hours(5),)]


def test_a_storm_that_somebody_opened_by_hand_is_left_to_them(database: Database, snow: Snow) -> None:
    event = open_event(database, EventKind.CALLOUT, "出動", T0 - hours(1))
    snow(A=[(0, 10), (1, 16), *((h, 16) for h in range(2, 8))])
    found = detect(database, 0, 7)[0]
    assert (found.event_id, found.is_new, found.is_closed) == (event.event_id, False, False)
    close_event(database, event.event_id, T0 - timedelta(minutes=1))
    assert detect(database, 0, 7)[0].is_new


def test_a_station_beyond_every_road_makes_no_storm(database: Database, snow: Snow) -> None:
    snow(Z=[(0, 10), (1, 30)])
    assert detect(database, 0, 2) == []


def test_a_search_needs_a_span(database: Database, town: None) -> None:
    with pytest.raises(InputError, match="ends before it begins"):
        detect(database, 2, 2)

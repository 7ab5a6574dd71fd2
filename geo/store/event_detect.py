"""Storms found in the weather: listed, and opened as events where no event covers them yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings_events import EventSettings
from geo.settings_snow import SnowSettings
from geo.snow import NEVER
from geo.snowfall import fallen, neighbours, steps_between
from geo.store.events import close_event, known_text, open_event
from geo.store.snow import MINUTE_US, Stations, observations, read_stations, road_cells, rules_of
from geo.storms import HOUR_US, FoundStorm, StormRules, find_storms
from geo.timeline import from_us, in_zone, to_us
from geo.vocabulary import EventKind

#: Depths before the begin of the search are needed to tell what fell first.
BACK = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class DetectedStorm:
    """A storm in the weather and the event that covers it.

    begin_at, reached_at, ended_at  as geo.storms.FoundStorm; ended_at None: not over by the end of the search
    event_id   None: no event covers it;  is_new  it was opened by this search;  is_closed  it was closed by it
    """

    begin_at: datetime
    reached_at: datetime
    ended_at: datetime | None
    source: str
    station: str
    station_name: str
    fell_cm: float
    is_synthetic: bool
    event_id: int | None = None
    is_new: bool = False
    is_closed: bool = False


def storm_rules(settings: EventSettings) -> StormRules:
    """The rules of the pure function."""
    hour = HOUR_US
    return StormRules(settings.snowfall_cm, round(settings.within_h * hour), round(settings.quiet_h * hour))


def detect_storms(
    database: Database,
    snow: SnowSettings,
    events: EventSettings,
    from_at: datetime,
    to_at: datetime,
    zone: str,
    *,
    opens: bool = False,
) -> list[DetectedStorm]:
    """Search the weather of a span for storms; with `opens`, open events for those that none covers.

    An event covers a storm when their spans overlap, whoever opened it, so that the same weather opens nothing twice.
    A storm that is over is closed too, if it was a search that opened it. zone names its day in the event's name.
    Raises InputError for an empty span.
    """
    if from_at >= to_at:
        raise InputError("The search ends before it begins.", hint="Give --from before --to.")
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("geo", "queries/lock_detect"))
        stations = _in_reach(connection, snow, read_stations(connection))
        storms = find_storms(*_snowfall(connection, snow, stations, from_at, to_at), storm_rules(events))
        names = {row[0]: row[1:] for row in connection.execute(read_sql("geo", "queries/read_station_names"))}
        found = []
        for storm in storms:
            station_id = int(stations.station[storm.station])
            detected = _named(storm, names[station_id], bool(stations.synthetic[storm.station]))
            found.append(_cover(database, connection, events, detected, station_id, to_at, zone, opens=opens))
    return found


def _in_reach(connection: psycopg.Connection[Row], snow: SnowSettings, stations: Stations) -> Stations:
    """The stations that count for any cell with roads."""
    near, _ = neighbours(stations.lon, stations.lat, road_cells(connection), rules_of(snow))
    return stations.select(np.isin(np.arange(len(stations)), near))


def _snowfall(
    connection: psycopg.Connection[Row], snow: SnowSettings, stations: Stations, from_at: datetime, to_at: datetime
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    t = steps_between(to_us(from_at), to_us(to_at), snow.step_min * MINUTE_US)
    window = {"from_at": from_at - BACK, "to_at": to_at, "known_at": known_text(None)}
    told = fallen(observations(connection, stations, window), len(stations), t, rules_of(snow))
    return told.cm, t


def _named(storm: FoundStorm, station: Row, is_synthetic: bool) -> DetectedStorm:
    ended_at = None if storm.end_us == NEVER else from_us(storm.end_us)
    source, number, name = station
    return DetectedStorm(
        from_us(storm.begin_us), from_us(storm.reached_us), ended_at, source, number, name, round(storm.fell_cm, 1),
        is_synthetic,
    )  # fmt: skip


def _cover(
    database: Database,
    connection: psycopg.Connection[Row],
    events: EventSettings,
    storm: DetectedStorm,
    station_id: int,
    to_at: datetime,
    zone: str,
    *,
    opens: bool,
) -> DetectedStorm:
    """The storm with the event that covers it, opened or closed where that is wanted."""
    span = {"from_at": storm.begin_at, "to_at": storm.ended_at or to_at}
    covering = connection.execute(read_sql("geo", "queries/read_event_spans"), span).fetchall()
    if covering:
        event_id, reference_at, closed_at, was_found = covering[-1]
        closes = opens and was_found and closed_at is None and storm.ended_at is not None
        if closes and storm.ended_at is not None:
            close_event(database, event_id, max(storm.ended_at, reference_at + timedelta(seconds=1)))
        return _with(storm, event_id, is_closed=closes)
    if not opens:
        return storm
    name = f"降雪 {in_zone(storm.begin_at, zone).date().isoformat()}"
    event = open_event(database, EventKind.STORM, name, storm.begin_at, is_synthetic=storm.is_synthetic)
    rule = {"snowfall_cm": events.snowfall_cm, "within_h": events.within_h, "quiet_h": events.quiet_h}
    told = {"station_id": station_id, "reached_at": storm.reached_at, "fell_cm": storm.fell_cm}
    with database.connect(Role.ENGINE) as other:
        other.execute(read_sql("geo", "queries/insert_storm_found"), {"event_id": event.event_id} | told | rule)
    if storm.ended_at is not None:
        close_event(database, event.event_id, storm.ended_at)
    return _with(storm, event.event_id, is_new=True, is_closed=storm.ended_at is not None)


def _with(storm: DetectedStorm, event_id: int, *, is_new: bool = False, is_closed: bool = False) -> DetectedStorm:
    return replace(storm, event_id=event_id, is_new=is_new, is_closed=is_closed)

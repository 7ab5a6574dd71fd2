"""The rows of a transit feed, judged: what refers to nothing, is no time, lies elsewhere goes to quarantine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ingest.gtfs_tables import LINE, Feed
from ingest.place_checks import Box, position_fault
from ingest.quarantine import Rejects, Why

_TIME = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: location_type of what buses stop at; stations, entrances and others are no stops.
IS_STOP = frozenset({None, "0"})
DAY_S = 86_400

type Table = pd.DataFrame


@dataclass(slots=True)
class Checked:
    """The good rows of a feed, typed; `notes` by number of rows: what looks odd and is kept.

    stops        stop_id, stop_name, lon, lat, is_stop
    routes       route_id, route_type, and the texts of the feed
    trips        trip_id, route_id, service_id, shape_id (None: none)
    stop_times   trip_id, stop_id, sequence, arrival_s, departure_s (NaN: not told), can_board; by trip and sequence
    shapes       shape_id, lon, lat; in order
    frequencies  trip_id, n (runs)
    """

    stops: Table
    routes: Table
    trips: Table
    stop_times: Table
    calendar: Table
    calendar_dates: Table
    shapes: Table
    frequencies: Table
    notes: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Judge:
    """Takes rows out of tables and into quarantine."""

    rejects: Rejects

    def drop(self, name: str, table: Table, bad: Any, reason: Why, detail: Callable[[Any], str]) -> Table:
        """The table without the rows of a mask."""
        mask = np.asarray(bad, np.bool_)
        if not mask.any():
            return table
        for row in table[mask].to_dict("records"):
            payload = {str(key): value for key, value in row.items() if key != LINE and value is not None}
            said = {"file": f"{name}.txt"} | payload
            self.rejects.add(reason, f"{name}.txt: {detail(row)}", said, line=int(row[LINE]))
        return table[~mask]

    def keyed(self, name: str, table: Table, key: str) -> Table:
        """Rows with a key that no earlier row has."""
        table = self.drop(name, table, table[key].isna(), Why.MISSING_ID, lambda row: f"{key} is empty")
        return self.drop(
            name, table, table[key].duplicated(), Why.DUPLICATE_ID, lambda row: f"{key} {row[key]!r} is there already"
        )

    def known(self, name: str, table: Table, key: str, others: Any, where: str) -> Table:
        """Rows whose key another table has."""
        return self.drop(
            name, table, ~table[key].isin(others), Why.UNKNOWN_REFERENCE,
            lambda row: f"{key} {row[key]!r} is not in {where}, or cannot be used there",
        )  # fmt: skip

    def numbers(self, name: str, table: Table, columns: tuple[str, ...]) -> Table:
        """Rows whose columns are finite numbers; the columns as such."""
        made = {column: pd.to_numeric(table[column], errors="coerce").astype(float) for column in columns}
        bad = ~np.isfinite(np.column_stack(list(made.values()))).all(axis=1) if len(table) else np.empty(0, bool)
        good = self.drop(
            name, table, bad, Why.NOT_A_NUMBER, lambda row: f"{', '.join(str(row[c]) for c in columns)}: no numbers"
        )
        return good.assign(**{column: made[column][good.index] for column in columns})


def seconds_of(text: str | None) -> float:
    """Seconds since the noon minus 12 h of a service day, hours beyond 24 too; NaN for none, -1 for what is no time."""
    if text is None:
        return float("nan")
    found = _TIME.fullmatch(text.strip())
    return -1.0 if found is None else int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])


def check_feed(feed: Feed, area: Box | None, rejects: Rejects) -> Checked:
    """Judge every table; in the order in which they refer to each other."""
    judge = _Judge(rejects)
    notes: dict[str, int] = {}
    stops = _stops(judge, feed, area)
    routes = judge.numbers("routes", judge.keyed("routes", feed.get("routes"), "route_id"), ("route_type",))
    calendar = _calendar(judge, feed)
    dates = _calendar_dates(judge, feed)
    trips = judge.keyed("trips", feed.get("trips"), "trip_id")
    trips = judge.known("trips", trips, "route_id", routes["route_id"], "routes.txt")
    services = pd.concat([calendar["service_id"], dates["service_id"]])
    trips = judge.known("trips", trips, "service_id", services, "a calendar")
    times = _stop_times(judge, feed, trips, stops, notes)
    shapes = _shapes(judge, feed, area)
    has_shape = "shape_id" in trips.columns
    trips = trips.assign(shape_id=trips["shape_id"].where(trips["shape_id"].isin(shapes["shape_id"]), None)
                         if has_shape else None)  # fmt: skip
    return Checked(stops, routes, trips, times, calendar, dates, shapes, _frequencies(judge, feed, trips), notes)


def _stops(judge: _Judge, feed: Feed, area: Box | None) -> Table:
    table = judge.keyed("stops", feed.get("stops"), "stop_id")
    kind = feed.column("stops", "location_type").reindex(table.index)
    table = table.assign(is_stop=kind.map(lambda word: (None if pd.isna(word) else word) in IS_STOP).astype(bool))
    table = judge.numbers("stops", table, ("stop_lat", "stop_lon"))
    faults = {
        index: position_fault(lon, lat, area)
        for index, lon, lat in zip(table.index, table["stop_lon"], table["stop_lat"], strict=True)
    }
    for why in (Why.ZERO_POSITION, Why.NOT_FINITE, Why.SWAPPED_COORDINATES, Why.OUTSIDE_AREA):
        bad = {index: fault[1] for index, fault in faults.items() if fault is not None and fault[0] is why}
        said = {int(line): bad[index] for index, line in table[LINE].items() if index in bad}
        table = judge.drop("stops", table, table.index.isin(list(bad)), why, partial(_said_of, said))
    names = feed.column("stops", "stop_name").reindex(table.index)
    return table.assign(stop_name=names.where(names.notna(), table["stop_id"])).rename(
        columns={"stop_lon": "lon", "stop_lat": "lat"}
    )


def _said_of(said: dict[int, str], row: dict[str, Any]) -> str:
    return said[int(row[LINE])]


def _no_time(name: str, row: dict[str, Any]) -> str:
    return f"{name} {row[name]!r} is no HH:MM:SS"


def _calendar(judge: _Judge, feed: Feed) -> Table:
    table = judge.keyed("calendar", feed.get("calendar"), "service_id")
    bad = ~table[["start_date", "end_date"]].map(_is_date).all(axis=1) if len(table) else np.empty(0, bool)
    table = judge.drop("calendar", table, bad, Why.UNPARSABLE_TIME, lambda row: "a date is not YYYYMMDD")
    table = judge.numbers("calendar", table, DAYS)
    return table.astype(dict.fromkeys(DAYS, int))


def _calendar_dates(judge: _Judge, feed: Feed) -> Table:
    table = feed.get("calendar_dates")
    table = judge.drop("calendar_dates", table, ~table["date"].map(_is_date).astype(bool), Why.UNPARSABLE_TIME,
                       lambda row: f"{row['date']!r} is not YYYYMMDD")  # fmt: skip
    table = judge.drop("calendar_dates", table, ~table["exception_type"].isin(["1", "2"]), Why.NOT_A_NUMBER,
                       lambda row: f"exception_type {row['exception_type']!r} is neither 1 nor 2")  # fmt: skip
    return table.astype({"exception_type": int})


def _is_date(text: object) -> bool:
    return isinstance(text, str) and _DATE.fullmatch(text) is not None


def _stop_times(judge: _Judge, feed: Feed, trips: Table, stops: Table, notes: dict[str, int]) -> Table:
    table = judge.known("stop_times", feed.get("stop_times"), "trip_id", trips["trip_id"], "trips.txt")
    table = judge.known("stop_times", table, "stop_id", stops["stop_id"], "stops.txt")
    table = judge.numbers("stop_times", table, ("stop_sequence",))
    for name in ("arrival_time", "departure_time"):
        told = feed.column("stop_times", name).reindex(table.index)
        seconds = told.map(lambda text: seconds_of(None if pd.isna(text) else text)).astype(float)
        table = table.assign(**{name.replace("time", "s"): seconds})
        table = judge.drop(
            "stop_times", table, table[name.replace("time", "s")] < 0, Why.UNPARSABLE_TIME, partial(_no_time, name)
        )
    pickup = feed.column("stop_times", "pickup_type").reindex(table.index)
    table = table.assign(can_board=pickup.map(lambda word: word != "1").astype(bool), sequence=table["stop_sequence"])
    table = table.sort_values(["trip_id", "sequence"], kind="stable")
    after = table["departure_s"].fillna(table["arrival_s"])
    notes["times after 24:00"] = int((after >= DAY_S).sum())
    last = after.groupby(table["trip_id"]).ffill().groupby(table["trip_id"]).shift()
    notes["times before those of the stop before"] = int((after < last).sum())
    return table


def _shapes(judge: _Judge, feed: Feed, area: Box | None) -> Table:
    """Points of shapes; a shape of which a point is far from everything is left out as a whole."""
    columns = ("shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    table = judge.numbers("shapes", feed.get("shapes"), columns)
    table = table.rename(columns={"shape_pt_lon": "lon", "shape_pt_lat": "lat"})
    if len(table):
        bad = (table["lat"].abs() > 90) | (table["lon"].abs() > 180)
        if area is not None:
            west, south, east, north = area
            bad |= ~table["lon"].between(west, east) | ~table["lat"].between(south, north)
        table = judge.drop("shapes", table, bad, Why.OUTSIDE_AREA, lambda row: f"{row['lon']}, {row['lat']}: far away")
    table = table.sort_values(["shape_id", "shape_pt_sequence"], kind="stable")
    return table[table.groupby("shape_id")["shape_id"].transform("size") > 1] if len(table) else table


def _frequencies(judge: _Judge, feed: Feed, trips: Table) -> Table:
    """How many times a trip runs that is told by its headway; such trips count as often."""
    table = judge.known("frequencies", feed.get("frequencies"), "trip_id", trips["trip_id"], "trips.txt")
    begin, end = (table[name].map(seconds_of).astype(float) for name in ("start_time", "end_time"))
    headway = pd.to_numeric(table["headway_secs"], errors="coerce").astype(float)
    table = table.assign(n=np.ceil((end - begin) / headway))
    bad = ~((begin >= 0) & (end > begin) & (headway > 0))
    table = judge.drop("frequencies", table, bad, Why.UNPARSABLE_TIME, lambda row: "no times or no headway")
    return table.groupby("trip_id")["n"].sum().reset_index()

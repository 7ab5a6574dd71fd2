"""What buses drive: patterns (a route along one shape, or along one row of stops) with their trips a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ingest.gtfs_check import Checked
from ingest.gtfs_days import Days, runs_of_trips

type Floats = NDArray[np.float64]


@dataclass(slots=True)
class Pattern:
    """A way that trips of a route take. trips: on the weekday, the Saturday, the Sunday of the feed.

    line      longitude and latitude: the feed's shape, or through the stops where it has none
    is_shape  whether it is the feed's shape
    """

    route_id: str
    key: str
    line: Any
    is_shape: bool
    trips: Floats = field(default_factory=lambda: np.zeros(3))


@dataclass(slots=True)
class Service:
    """Figures of a feed: patterns, departures of stops (3,), trips of routes (3,), route ids by stop."""

    patterns: list[Pattern]
    departures: dict[str, Floats]
    trips: dict[str, Floats]
    routes_of_stop: dict[str, set[str]]
    n_without_line: int = 0


def service_of(checked: Checked, days: Days) -> Service:
    """The patterns and figures of a feed."""
    rows = checked.stop_times.groupby("trip_id", sort=False)
    stops_of = {str(key): part["stop_id"].tolist() for key, part in rows}
    boards_of = {str(key): part["can_board"].tolist() for key, part in rows}
    shapes, places = _shape_lines(checked.shapes), _places(checked.stops)
    found = Service([], defaultdict(_zeros), defaultdict(_zeros), defaultdict(set))
    patterns: dict[tuple[str, str], Pattern] = {}
    runs = runs_of_trips(checked)
    columns = ("trip_id", "route_id", "service_id", "shape_id")
    for (trip, route, service, shape), n in zip(
        checked.trips[list(columns)].itertuples(index=False), runs.tolist(), strict=True
    ):
        figures = np.array(days.figures(service, n))
        stops = stops_of.get(trip, [])
        found.trips[route] += figures
        for stop, can_board in zip(stops[:-1], boards_of.get(trip, [])[:-1], strict=True):
            found.departures[stop] += figures * can_board
        for stop in stops:
            found.routes_of_stop[stop].add(route)
        pattern = _pattern(patterns, route, shape, stops, shapes, places)
        if pattern is None:
            found.n_without_line += 1
        else:
            pattern.trips = pattern.trips + figures
    found.patterns = list(patterns.values())
    return found


def _zeros() -> Floats:
    return np.zeros(3)


def _pattern(
    patterns: dict[tuple[str, str], Pattern], route: str, shape: object, stops: list[str],
    shapes: Mapping[str, Any], places: Mapping[str, tuple[float, float]],
) -> Pattern | None:  # fmt: skip
    """The pattern of a trip, made where it is the first; None where it has neither a shape nor two stops."""
    is_shape = isinstance(shape, str) and shape in shapes
    key = f"shape:{shape}" if is_shape else "stops:" + ">".join(stops)
    known = patterns.get((route, key))
    if known is not None:
        return known
    if is_shape:
        line = shapes[str(shape)]
    else:
        way = [places[stop] for stop in stops]
        way = [here for before, here in zip([None, *way], way, strict=False) if here != before]
        if len(way) < 2:
            return None
        line = shapely.LineString(way)
    patterns[(route, key)] = made = Pattern(route, key, line, is_shape)
    return made


def _shape_lines(shapes: pd.DataFrame) -> dict[str, Any]:
    """Lines by shape_id; the points come in order."""
    if shapes.empty:
        return {}
    codes, names = pd.factorize(shapes["shape_id"], sort=False)
    order = np.argsort(codes, kind="stable")
    lines = shapely.linestrings(shapes[["lon", "lat"]].to_numpy(float)[order], indices=codes[order])
    return {str(name): line for name, line in zip(names, lines, strict=True) if line.length > 0}


def _places(stops: pd.DataFrame) -> dict[str, tuple[float, float]]:
    columns = zip(stops["stop_id"], stops["lon"], stops["lat"], strict=True)
    return {str(stop): (float(lon), float(lat)) for stop, lon, lat in columns}

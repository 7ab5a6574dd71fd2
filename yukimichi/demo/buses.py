"""A made-up transit feed (GTFS-JP) along the main roads of the synthetic prefecture."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
import shapely.ops
from numpy.typing import NDArray

from geo.vocabulary import RoadClass
from yukimichi.demo.network import DemoNetwork
from yukimichi.demo.tables import DemoTables, to_lonlat

type Floats = NDArray[np.float64]

N_ROUTES = 8
#: Shortest and longest line, metres; longer roads are cut.
SHORTEST_M, LONGEST_M = 4_000.0, 14_000.0
STOP_EVERY_M = 900.0
SPEED_MPS = 7.0
#: Trips of a direction by service, and the hour of the first one; the last weekday one runs past midnight.
TRIPS = {"weekday": (18, 6), "saturday": (10, 7), "sunday": (8, 8)}
#: Trips come so often, seconds.
EVERY_S = 3_700
#: The feed holds for the winters of the demo's plan.
FROM, TO = "20241101", "20350430"
_DAYS = {"weekday": "1,1,1,1,1,0,0", "saturday": "0,0,0,0,0,1,0", "sunday": "0,0,0,0,0,0,1"}
#: So many of the routes have no shape, so that one can see what is made of stops.
N_WITHOUT_SHAPE = 1
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Line:
    """A bus line: number, names of both ends in Japanese and English, shape and stops in plane metres."""

    number: int
    ends: tuple[str, str]
    ends_en: tuple[str, str]
    xy: Floats
    stops: Floats
    near: list[tuple[str, str]]


def write_feed(path: Path, tables: DemoTables, network: DemoNetwork) -> Path:
    """Write the feed as a zip file; the same network gives the same bytes."""
    lines = _lines(tables, network)
    texts = _texts(lines)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            entry = zipfile.ZipInfo(f"{name}.txt", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    path.write_bytes(packed.getvalue())
    return path


def _lines(tables: DemoTables, network: DemoNetwork) -> list[_Line]:
    """The longest stretches of single main roads, one a route of the road network, cut to LONGEST_M."""
    roads = network.roads
    main = roads["road_class"].isin([RoadClass.NATIONAL.value, RoadClass.MAJOR_PREFECTURAL.value])
    chosen = roads[main & roads["route"].notna() & (roads["oneway"] == 0)]
    found: list[tuple[float, str, Floats]] = []
    for route, part in chosen.groupby("route", sort=True):
        joined = shapely.line_merge(shapely.multilinestrings(list(network.lines[part.index])))
        longest = max(shapely.get_parts(joined), key=lambda line: float(line.length))
        if longest.length >= SHORTEST_M:
            cut = shapely.ops.substring(longest, 0.0, min(longest.length, LONGEST_M))
            found.append((float(cut.length), str(route), shapely.get_coordinates(cut)))
    found.sort(key=lambda one: (-one[0], one[1]))
    towns = tables.settlements
    tree = shapely.STRtree(shapely.points(towns[["x_m", "y_m"]].to_numpy(float)))
    return [_line(number, xy, towns, tree) for number, (_, _, xy) in enumerate(found[:N_ROUTES], 1)]


def _line(number: int, xy: Floats, towns: pd.DataFrame, tree: shapely.STRtree) -> _Line:
    line = shapely.LineString(xy)
    n_stops = max(round(line.length / STOP_EVERY_M), 2)
    at = np.linspace(20.0, line.length - 20.0, n_stops)
    stops = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    rows = towns.iloc[tree.nearest(shapely.points(stops))]
    near = list(zip(rows["name"].astype(str), rows["name_en"].astype(str), strict=True))
    return _Line(number, (near[0][0], near[-1][0]), (near[0][1], near[-1][1]), xy, stops, near)


def _texts(lines: list[_Line]) -> dict[str, str]:
    tables: dict[str, list[str]] = {
        "agency": ["agency_id,agency_name,agency_url,agency_timezone,agency_lang",
                   "DEMO,架空交通（合成データ）,https://example.org/,Asia/Tokyo,ja"],
        "feed_info": ["feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version",
                      f"雪みちシミュレーター,https://example.org/,ja,{FROM},{TO},synthetic-1"],
        "calendar": ["service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
                     *(f"{service},{days},{FROM},{TO}" for service, days in _DAYS.items())],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon,location_type"],
        "routes": ["route_id,agency_id,route_short_name,route_long_name,route_type"],
        "trips": ["route_id,service_id,trip_id,direction_id,shape_id"],
        "stop_times": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"],
        "shapes": ["shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence"],
        "translations": ["table_name,field_name,language,translation,record_id",
                         "agency,agency_name,en,Fictitious Transit (synthetic data),DEMO"],
    }  # fmt: skip
    for line in lines:
        _add_line(tables, line, has_shape=line.number <= len(lines) - N_WITHOUT_SHAPE)
    return {name: "\n".join(rows) + "\n" for name, rows in tables.items()}


def _add_line(tables: dict[str, list[str]], line: _Line, *, has_shape: bool) -> None:
    route = f"R{line.number:02d}"
    tables["routes"].append(f"{route},DEMO,{line.number},{line.ends[0]}～{line.ends[1]}線（架空）,3")
    tables["translations"].append(
        f"routes,route_long_name,en,{line.ends_en[0]} - {line.ends_en[1]} Line (fictitious),{route}"
    )
    places = to_lonlat(line.stops)
    for k, (lon, lat) in enumerate(places.tolist()):
        stop, (name, name_en) = f"{route}-{k + 1:02d}", line.near[k]
        tables["stops"].append(f"{stop},{name}{k + 1},{lat:.6f},{lon:.6f},0")
        tables["translations"].append(f"stops,stop_name,en,{name_en} {k + 1},{stop}")
    run = shapely.line_locate_point(shapely.LineString(line.xy), shapely.points(line.stops)) / SPEED_MPS
    for direction, way in enumerate((line.xy, line.xy[::-1])):
        shape = f"{route}-{direction}" if has_shape else ""
        if has_shape:
            tables["shapes"] += [
                f"{shape},{lat:.6f},{lon:.6f},{n}" for n, (lon, lat) in enumerate(to_lonlat(way).tolist(), 1)
            ]
        _add_trips(tables, route, direction, shape, run if direction == 0 else (run[-1] - run)[::-1])


def _add_trips(tables: dict[str, list[str]], route: str, direction: int, shape: str, run_s: Floats) -> None:
    numbers = range(1, len(run_s) + 1)
    stops = [f"{route}-{k:02d}" for k in (numbers if direction == 0 else reversed(numbers))]
    for service, (n_trips, first_h) in TRIPS.items():
        for n in range(n_trips):
            trip = f"{route}-{service}-{direction}-{n + 1:02d}"
            tables["trips"].append(f"{route},{service},{trip},{direction},{shape}")
            begin = first_h * 3_600 + n * EVERY_S
            for k, (stop, seconds) in enumerate(zip(stops, run_s.tolist(), strict=True), 1):
                at = _clock(begin + round(seconds))
                tables["stop_times"].append(f"{trip},{at},{at},{stop},{k}")


def _clock(seconds: int) -> str:
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

"""Made-up places, cameras and priority network of the synthetic prefecture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.vocabulary import FacilityKind, RoadClass
from yukimichi.demo.network import DemoNetwork
from yukimichi.demo.tables import DemoTables, to_lonlat

type Floats = NDArray[np.float64]

#: Kind, smallest size of a settlement that has one, word behind its name in both languages, capacity.
_KINDS: tuple[tuple[FacilityKind, int, str, str, int | None], ...] = (
    (FacilityKind.EMERGENCY_HOSPITAL, 4, "総合病院", "General Hospital", None),
    (FacilityKind.HOSPITAL, 3, "病院", "Hospital", None),
    (FacilityKind.FIRE_STATION, 3, "消防署", "Fire Station", None),
    (FacilityKind.POLICE_STATION, 4, "警察署", "Police Station", None),
    (FacilityKind.SCHOOL, 1, "小学校", "Elementary School", None),
    (FacilityKind.SHELTER, 1, "公民館", "Community Centre", 180),
    (FacilityKind.EMERGENCY_SITE, 2, "運動公園", "Sports Park", None),
    (FacilityKind.CARE_HOME, 2, "ケアセンター", "Care Centre", 60),
    (FacilityKind.SNOW_DUMP, 3, "雪捨て場", "Snow Dump", None),
)
#: Metres between the middle of a settlement and its places, least and most; snow dumps lie at its edge.
_NEAR_M, _EDGE_M = (120.0, 900.0), (1_200.0, 2_200.0)
N_CAMERAS = 16
INTERVAL_S = 300
_MADE_UP = "架空"


@dataclass(frozen=True, slots=True)
class DemoPlaces:
    """Tables with lon and lat where they have places."""

    places: pd.DataFrame
    cameras: pd.DataFrame
    priority: pd.DataFrame


def make_places(tables: DemoTables, network: DemoNetwork, rng: np.random.Generator) -> DemoPlaces:
    """Places around settlements, cameras on main roads, and the routes of the priority network."""
    return DemoPlaces(_places(tables, network, rng), _cameras(tables, network, rng), _priority(network))


def _places(tables: DemoTables, network: DemoNetwork, rng: np.random.Generator) -> pd.DataFrame:
    """Beside roads, 15 to 40 m off, so that each can be driven to."""
    tree = shapely.STRtree(network.lines)
    towns = tables.settlements.sort_values("key", kind="stable")
    names = tables.municipalities.set_index("municipality_id")["name"]
    rows: list[dict[str, object]] = []
    for town in towns.to_dict("records"):
        for kind, least, word, word_en, capacity in _KINDS:
            if town["size"] < least:
                continue
            away = rng.uniform(*(_EDGE_M if kind is FacilityKind.SNOW_DUMP else _NEAR_M))
            angle, off_m = rng.uniform(0, 2 * np.pi), rng.uniform(15.0, 40.0)
            spot = shapely.Point(town["x_m"] + away * np.cos(angle), town["y_m"] + away * np.sin(angle))
            road = network.lines[int(tree.nearest(spot))]
            on = road.interpolate(road.project(spot))
            place = (
                on
                if on.distance(spot) < off_m
                else shapely.line_interpolate_point(shapely.LineString([on, spot]), off_m)
            )
            rows.append({
                "place_id": f"{kind.value}-{town['key']}", "kind": kind.value,
                "name": f"{town['name']}{word}（{_MADE_UP}）",
                "name_en": f"{town['name_en']} {word_en} (fictitious)",
                "address": f"{names[town['municipality_id']]}{town['name']}",
                "phone": f"000-{len(rows):04d}-0000",
                "opening": "9:00～17:00" if kind is FacilityKind.SNOW_DUMP else None,
                "capacity": capacity, "licence": "CC0 1.0", "attribution": "雪みちシミュレーター",
                "x_m": place.x, "y_m": place.y,
            })  # fmt: skip
    table = _with_lonlat(pd.DataFrame(rows))
    return table.assign(capacity=table["capacity"].astype("Int64"))


def _cameras(tables: DemoTables, network: DemoNetwork, rng: np.random.Generator) -> pd.DataFrame:
    """On national and main prefectural roads, far from each other, named after the nearest settlement."""
    roads = network.roads
    main = [RoadClass.NATIONAL.value, RoadClass.MAJOR_PREFECTURAL.value]
    chosen = np.flatnonzero(roads["road_class"].isin(main) & roads["route"].notna())
    spots = shapely.get_coordinates(shapely.line_interpolate_point(network.lines[chosen], 0.5, normalized=True))
    order = rng.permutation(len(chosen))
    kept: list[int] = []
    for i in order.tolist():
        if len(kept) == N_CAMERAS:
            break
        if all(np.hypot(*(spots[i] - spots[k])) > 6_000.0 for k in kept):
            kept.append(i)
    towns = tables.settlements
    centres = shapely.STRtree(shapely.points(towns[["x_m", "y_m"]].to_numpy(float)))
    rows = []
    for n, i in enumerate(kept, 1):
        town = towns.iloc[int(centres.nearest(shapely.Point(spots[i])))]
        rows.append({
            "camera_id": f"C{n:02d}", "name": f"{town['name']}カメラ（{_MADE_UP}）",
            "name_en": f"{town['name_en']} camera (fictitious)", "road": roads["route"].iloc[int(chosen[i])],
            "link": f"file:C{n:02d}.jpg", "interval_s": INTERVAL_S, "licence": "CC0 1.0",
            "attribution": "雪みちシミュレーター", "x_m": spots[i][0], "y_m": spots[i][1],
        })  # fmt: skip
    return _with_lonlat(pd.DataFrame(rows))


def _priority(network: DemoNetwork) -> pd.DataFrame:
    """National roads are of the first class, the longer half of the main prefectural ones of the second."""
    roads = network.roads.assign(m=shapely.length(network.lines))
    lengths = roads[roads["route"].notna()].groupby(["road_class", "route"])["m"].sum()
    first = sorted(lengths.get(RoadClass.NATIONAL.value, pd.Series(dtype=float)).index)
    main = lengths.get(RoadClass.MAJOR_PREFECTURAL.value, pd.Series(dtype=float)).sort_values(ascending=False)
    second = sorted(set(main.index[: (len(main) + 1) // 2]) - set(first))
    return pd.DataFrame(
        {"route": [*first, *second], "network_class": ["第1次"] * len(first) + ["第2次"] * len(second),
         "licence": "CC0 1.0", "attribution": "雪みちシミュレーター"}
    )  # fmt: skip


def _with_lonlat(table: pd.DataFrame) -> pd.DataFrame:
    place = to_lonlat(table[["x_m", "y_m"]].to_numpy(float))
    return table.drop(columns=["x_m", "y_m"]).assign(lon=place[:, 0], lat=place[:, 1])

"""The made-up snow-removal plan: routes, work sections, machines, planned passes, kilometre posts and depots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.vocabulary import Manager, RoadClass, Treatment
from yukimichi.demo.network import DemoNetwork
from yukimichi.demo.noise import make_warp
from yukimichi.demo.plan_places import make_depots, make_kmposts
from yukimichi.demo.tables import DemoTables
from yukimichi.demo.trunk import FIRST_BRANCH

type Floats = NDArray[np.float64]

JAPAN = ZoneInfo("Asia/Tokyo")
N_ROUTES = 223
N_MACHINES = 640
#: Assignments hold for these winters, so that the demo works whenever it is started.
SEASON_FROM = datetime(2024, 11, 1, tzinfo=JAPAN)
SEASON_TO = datetime(2035, 4, 30, tzinfo=JAPAN)
#: Shares of routes and of sections whose machines carry no device.
_ROUTES_WITHOUT_DEVICE = 0.07
_SECTIONS_WITHOUT_DEVICE = 0.12
_OFFICE_OF_NATION = "国道維持出張所"


@dataclass(frozen=True, slots=True)
class DemoPlans:
    """Tables of the plan; geometries in plane metres. routes also has `pieces`, a list of rows of roads."""

    routes: pd.DataFrame
    sections: pd.DataFrame
    assignments: pd.DataFrame
    plans: pd.DataFrame
    kmposts: pd.DataFrame
    depots: pd.DataFrame


def make_plans(
    tables: DemoTables, network: DemoNetwork, outlines: pd.DataFrame, storm_day: date, rng: np.random.Generator
) -> DemoPlans:
    """Lay a plan over the network. storm_day: local date of the planned passes."""
    routes = _routes(tables, network, rng)
    sections = _sections(tables, network, outlines, rng)
    return DemoPlans(
        routes=routes,
        sections=sections,
        assignments=_assignments(routes, sections, rng),
        plans=_planned_passes(routes, sections, storm_day),
        kmposts=make_kmposts(network),
        depots=make_depots(tables, network, rng),
    )


@dataclass(slots=True)
class _Group:
    """Pieces that make one plough route. chain: what may be joined with what; rows of roads in `pieces`."""

    chain: str
    m: float
    pieces: NDArray[np.int64]


def _routes(tables: DemoTables, network: DemoNetwork, rng: np.random.Generator) -> pd.DataFrame:
    """223 plough routes of nation and prefecture: legs of the numbered roads, and the branches around a settlement."""
    roads = network.roads
    on_plan = roads["route"].notna() & roads["manager"].isin([Manager.NATION.value, Manager.PREFECTURE.value])
    start = np.array([s.start for s in network.strands])[np.maximum(roads["strand"].to_numpy(), 0)]
    number = pd.to_numeric(roads["route"].str.extract(r"^県道(\d+)号", expand=False), errors="coerce").to_numpy(float)
    chain = np.where(number >= FIRST_BRANCH, "支線" + start.astype(object), roads["route"].to_numpy(object))
    table = pd.DataFrame(
        {
            "chain": chain,
            "route": roads["route"],
            "leg": roads["leg"].clip(lower=0),
            "m": shapely.length(network.lines),
        }
    )[on_plan]
    groups = [
        _Group(str(key[0]), float(part["m"].sum()), part.index.to_numpy(np.int64))
        for key, part in table.groupby(["chain", "route", "leg"], sort=True)
    ]
    groups = _joined(groups)
    return pd.DataFrame([_route_row(i, g, tables, network, rng) for i, g in enumerate(groups)])


def _joined(groups: list[_Group]) -> list[_Group]:
    """Join neighbours of one chain, the shortest pair first, until there are 223; what is left over goes off plan."""
    while len(groups) > N_ROUTES:
        pairs = [(a.m + b.m, i) for i, (a, b) in enumerate(pairwise(groups)) if a.chain == b.chain]
        if pairs:
            i = min(pairs)[1]
            second = groups.pop(i + 1)
            groups[i].m += second.m
            groups[i].pieces = np.r_[groups[i].pieces, second.pieces]
        else:
            del groups[min((g.m, i) for i, g in enumerate(groups))[1]]
    return groups


def _route_row(
    i: int, group: _Group, tables: DemoTables, network: DemoNetwork, rng: np.random.Generator
) -> dict[str, object]:
    pieces = group.pieces
    roads = network.roads
    owner = roads["strand"].to_numpy()[pieces]
    strand, far = network.strands[int(owner[0])], network.strands[int(owner[-1])]
    kind = strand.road_class
    is_dual = bool((roads["oneway"].to_numpy()[pieces] != 0).all())
    first = kind is RoadClass.NATIONAL or is_dual
    route_class = "第1種" if first else "第2種" if kind is RoadClass.MAJOR_PREFECTURAL else "第3種"
    town = np.bincount(roads["municipality_id"].to_numpy()[pieces]).argmax()
    office = tables.municipalities.loc[tables.municipalities["municipality_id"] == town, "office"].iloc[0]
    name = f"{strand.name}（{strand.start}～{far.end}）" if strand.start != far.end else strand.name
    if group.chain.startswith("支線") and len({network.strands[s].route for s in owner.tolist()}) > 1:
        name = f"{strand.start}支線群（{strand.name}ほか）"
    if is_dual and not strand.start:
        name = f"{strand.name}（第{strand.leg + 1}工区間）"
    return {
        "route_id": f"S{i + 1:03d}",
        "name": name,
        "route": strand.route,
        "route_class": route_class,
        "manager": strand.manager.value,
        "office": _OFFICE_OF_NATION if strand.manager is Manager.NATION else str(office),
        "target_time": {"第1種": "07:00", "第2種": "07:30", "第3種": "08:00"}[route_class],
        "callout_depth_cm": 5.0 if route_class == "第1種" else 10.0,
        "is_priority_network": first,
        "planned_m": group.m,
        "geometry": _digitised(network.lines[pieces], rng),
        "pieces": pieces,
    }


def _digitised(lines: NDArray[np.object_], rng: np.random.Generator) -> shapely.MultiLineString:
    """Lines as somebody drew them on another map: joined, 1-3 m off, with fewer vertices."""
    joined = shapely.line_merge(shapely.multilinestrings(list(lines)))
    warp = make_warp(rng, 120.0, 900.0, 10)
    amplitude_m = float(rng.uniform(1.0, 2.2))
    off = shapely.transform(shapely.segmentize(joined, 60.0), lambda xy: warp.apply(xy, amplitude_m))
    parts = shapely.get_parts(shapely.simplify(off, 0.8))
    return shapely.MultiLineString(list(parts))


def _sections(
    tables: DemoTables, network: DemoNetwork, outlines: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Work sections: the inner part of each town of size 2 and more, large ones cut in sectors, none overlapping."""
    radius_m = {2: 520.0, 3: 900.0, 4: 1_350.0, 5: 1_900.0, 7: 3_100.0}
    sectors = {2: 1, 3: 1, 4: 2, 5: 3, 7: 7}
    outline = dict(zip(outlines["municipality_id"], outlines["geometry"], strict=True))
    warp = make_warp(rng, 500.0, 2_000.0)
    rows: list[dict[str, object]] = []
    taken: list[shapely.Geometry] = []
    towns = tables.settlements[tables.settlements["size"] >= 2]
    for town in towns.rename(columns={"size": "rank"}).sort_values("rank", ascending=False, kind="stable").itertuples():
        size = int(str(town.rank))
        centre = (float(str(town.x_m)), float(str(town.y_m)))
        disc = shapely.segmentize(shapely.Point(*centre).buffer(radius_m[size]), 120.0)
        ragged = shapely.make_valid(shapely.transform(disc, lambda xy: warp.apply(xy, 110.0)))
        own = ragged.intersection(outline[town.municipality_id]).difference(shapely.union_all(taken))
        if own.area < 2e5:
            continue
        taken.append(own)
        turn = float(rng.uniform(0, 2 * np.pi))
        for k in range(sectors[size]):
            part = own.intersection(_sector(*centre, turn, k, sectors[size]))
            polygons = [p for p in shapely.get_parts(part) if p.geom_type == "Polygon" and p.area > 3e4]
            if polygons:
                label = f"{town.name}{'' if sectors[size] == 1 else f'第{k + 1}'}工区"
                rows.append(
                    {"name": label, "municipality_id": town.municipality_id, "geometry": shapely.MultiPolygon(polygons)}
                )
    sections = pd.DataFrame(rows)
    sections.insert(0, "section_id", [f"K{i + 1:03d}" for i in range(len(sections))])
    sections["manager"] = Manager.MUNICIPALITY.value
    sections["contractor"] = [f"架空除雪{100 + i // 2:03d}" for i in range(len(sections))]
    sections["geometry"] = shapely.transform(sections["geometry"].to_numpy(object), network.bending.apply)
    return sections


def _sector(x: float, y: float, turn: float, k: int, n: int) -> shapely.Geometry:
    if n == 1:
        return shapely.Point(x, y).buffer(20_000.0)
    angle = turn + 2 * np.pi * (k + np.linspace(0, 1, 12)) / n
    return shapely.Polygon([(x, y), *zip(x + 20_000 * np.cos(angle), y + 20_000 * np.sin(angle), strict=True)])


_ROUTE_MACHINES = (
    "除雪トラック", "除雪グレーダ", "除雪トラック", "凍結防止剤散布車", "除雪ドーザ", "除雪グレーダ", "ロータリ除雪車",
)  # fmt: skip
_SECTION_MACHINES = ("除雪ドーザ", "小形除雪車", "除雪ドーザ", "除雪グレーダ")


def _assignments(routes: pd.DataFrame, sections: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """640 machines: shared out over routes by length, and over sections by area. Some carry no device."""
    share = np.r_[np.sqrt(routes["planned_m"] / 1_000), 1.25 * np.sqrt(shapely.area(sections["geometry"]) / 2e5)]
    count = 1 + np.floor(share * (N_MACHINES - len(share)) / share.sum()).astype(int)
    count[np.argsort(-share)[: N_MACHINES - count.sum()]] += 1
    rows: list[dict[str, object]] = []
    for i, n in enumerate(count.tolist()):
        on_route = i < len(routes)
        plan = routes.iloc[i] if on_route else sections.iloc[i - len(routes)]
        has_device = rng.random() >= (_ROUTES_WITHOUT_DEVICE if on_route else _SECTIONS_WITHOUT_DEVICE)
        contractor = f"架空建設{1 + (i * 7) % 83:03d}" if on_route else str(plan["contractor"])
        for k in range(n):
            number = len(rows) + 1
            machines = _ROUTE_MACHINES if on_route else _SECTION_MACHINES
            rows.append(
                {
                    "route_id": plan["route_id"] if on_route else "",
                    "section_id": "" if on_route else plan["section_id"],
                    "contractor": contractor,
                    "machine": f"M{number:03d}",
                    "machine_class": machines[(3 * i + 2 * k) % len(machines)],
                    "source": "demo" if has_device else "",
                    "vehicle": f"P{number:03d}" if has_device else "",
                    "from_at": SEASON_FROM.isoformat(),
                    "to_at": SEASON_TO.isoformat(),
                }
            )
    return pd.DataFrame(rows)


def _planned_passes(routes: pd.DataFrame, sections: pd.DataFrame, storm_day: date) -> pd.DataFrame:
    """A first pass before the target time on each route and section; salting on routes of the first class."""

    def at(clock: str, minutes: int = 0) -> str:
        hour, minute = (int(part) for part in clock.split(":"))
        return (datetime.combine(storm_day, time(hour, minute), JAPAN) + timedelta(minutes=minutes)).isoformat()

    rows: list[dict[str, str]] = []
    for route in routes.itertuples():
        target = str(route.target_time)
        rows.append(_planned(str(route.route_id), "", Treatment.FRESH_SNOW_PLOWING, at(target, -270), at(target)))
        if route.route_class == "第1種":
            rows.append(_planned(str(route.route_id), "", Treatment.ANTI_ICING, at("03:00"), at("05:00")))
    for section in sections.itertuples():
        rows.append(_planned("", str(section.section_id), Treatment.FRESH_SNOW_PLOWING, at("03:30"), at("08:00")))
    return pd.DataFrame(rows)


def _planned(route_id: str, section_id: str, treatment: Treatment, start: str, end: str) -> dict[str, str]:
    return {
        "route_id": route_id,
        "section_id": section_id,
        "treatment": treatment.value,
        "planned_start_at": start,
        "planned_end_at": end,
    }

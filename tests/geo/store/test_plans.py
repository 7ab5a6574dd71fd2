"""The stage that lays plans: routes, sections, posts, depots, layers, assignments, planned passes, and what misfits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

from geo.db import Database, Role
from geo.errors import ConflictError
from geo.network import Network
from geo.plans import piece_lines
from geo.polyline import to_shapes
from geo.settings import NetworkSettings
from geo.store.network import refresh_network
from geo.store.plans import PlansReport, refresh_plans

LON0, LAT0, M_LON, M_LAT = 136.65, 36.56, 1 / 89_500, 1 / 110_950

#: A main street w-e with a one-way side street n, a closed lane c, and a prefectural road p to the south.
TOWN: dict[str, Any] = {
    "w": ([(0, 0), (500, 0)], {"manager": "municipality", "route": "市道１号"}),
    "e": ([(500, 0), (1000, 0)], {"manager": "municipality", "route": "市道1号"}),
    "n": ([(500, 0), (500, 300)], {"manager": "municipality", "oneway": 1}),
    "c": ([(1000, 0), (1000, 200)], {"manager": "municipality", "is_closed": True}),
    "p": ([(500, 0), (500, -400)], {"manager": "prefecture"}),
}


def line(*points: tuple[float, float]) -> str:
    return "LINESTRING(" + ", ".join(f"{LON0 + x * M_LON} {LAT0 + y * M_LAT}" for x, y in points) + ")"


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    return "POLYGON((" + ", ".join(f"{LON0 + x * M_LON} {LAT0 + y * M_LAT}" for x, y in ring) + "))"


def point(x: float, y: float) -> str:
    return f"POINT({LON0 + x * M_LON} {LAT0 + y * M_LAT})"


def naive_layer(network: Network) -> Callable[[Any], Any]:
    """Lays a line on the nearest pieces within 20 m, metre by metre: enough for towns drawn in a test."""
    shapes = to_shapes(piece_lines(network))

    def lay(xy: Any) -> Any:
        drawn = shapely.linestrings(xy)
        at = np.arange(0.5, shapely.length(drawn), 1.0)
        points = shapely.line_interpolate_point(drawn, at)
        distance = shapely.distance(points[:, None], shapes[None, :])
        best = distance.argmin(axis=1)
        near = distance[np.arange(len(at)), best] <= 20
        edges, low, high = [], [], []
        for piece in dict.fromkeys(best[near].tolist()):
            measures = shapely.line_locate_point(shapes[piece], points[near & (best == piece)])
            if measures.max() - measures.min() < 5:
                continue
            edges.append(2 * piece + int(measures[0] > measures[-1]))
            low.append(max(measures.min() - 0.5, 0.0))
            high.append(min(measures.max() + 0.5, shapely.length(shapes[piece])))
        return SimpleNamespace(
            edge=np.array(edges, np.int32), from_m=np.array(low), to_m=np.array(high), missing_m=float((~near).sum())
        )

    return lay


@pytest.fixture
def town(database: Database, tmp_path: Path, give_roads: Any) -> Network:
    give_roads(TOWN)
    return refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network


def refresh(database: Database, network: Network) -> PlansReport:
    return refresh_plans(database, network, naive_layer(network), lambda done, total: None)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect(Role.ENGINE) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def stretches(database: Database, column: str) -> dict[str, list[tuple[str, bool, int, int]]]:
    """Route or section → (road, is_reversed, from, to), metres rounded to tens."""
    found = rows(
        database,
        f"SELECT pe.{column}, p.external_id, pe.edge_id % 2 = 1, pe.from_m, pe.to_m FROM net.plan_edge AS pe "  # noqa: S608
        f"JOIN net.piece AS p ON p.piece_id = pe.edge_id / 2 WHERE pe.{column} IS NOT NULL ORDER BY 1, 2, 3, 4",
    )
    by_feature: dict[str, list[tuple[str, bool, int, int]]] = {}
    for feature, road, is_reversed, low, high in found:
        by_feature.setdefault(feature, []).append((road, is_reversed, round(low, -1), round(high, -1)))
    return by_feature


def test_routes_hold_all_open_directions(database: Database, town: Network, give_plans: Any) -> None:
    give_plans(
        "routes",
        {
            "R1": ({"name": "中央線", "route_class": "第1種", "manager": "municipality", "office": None,
                    "target_time": "07:00", "callout_depth_cm": 10, "is_priority_network": True},
                   line((0, 2), (500, 2), (500, 300))),
            "R2": ({"name": "閉鎖", "target_time": None}, line((1000, 0), (1000, 200))),
            "R3": ({"name": "途中まで"}, line((900, 1), (1400, 1))),
        },
    )  # fmt: skip
    report = refresh(database, town)
    held = stretches(database, "route_id")
    assert held["R1"] == [("n", False, 0, 300), ("w", False, 0, 500), ("w", True, 0, 500)]
    assert "R2" not in held
    assert held["R3"] == [("e", False, 400, 500), ("e", True, 400, 500)]
    routes = rows(
        database,
        "SELECT route_id, name, route_class, manager, target_time::text, callout_depth_cm, is_priority_network, "
        "round(planned_m::numeric, -1)::int, round(laid_m::numeric, -1)::int, ST_GeometryType(geom) "
        "FROM net.plough_route ORDER BY 1",
    )
    assert routes[0] == ("R1", "中央線", "第1種", "municipality", "07:00:00", 10, True, 800, 800, "ST_MultiLineString")
    assert [(row[0], row[7], row[8]) for row in routes[1:]] == [("R2", 200, 0), ("R3", 500, 120)]
    assert report.counts["routes"] == 3
    misfits = {m[1]: (m[2], m[3]) for m in report.misfits}
    assert set(misfits) == {"R2", "R3"}
    assert "closed to vehicles" in misfits["R2"][1]
    assert misfits["R3"][0] == pytest.approx(380, abs=5)
    assert "no road" in misfits["R3"][1]
    assert rows(database, "SELECT count(*) FROM net.plan_misfit") == [(2,)]


def test_second_run_changes_nothing(database: Database, town: Network, give_plans: Any) -> None:
    give_plans("routes", {"R1": ({"name": "中央線"}, line((0, 0), (500, 0)))})
    give_plans("assignments", {"A": ({"route_id": "R9", "contractor": "雪組"}, None)})
    first = refresh(database, town)
    marks = "SELECT xmin, ctid FROM net.plan_edge UNION ALL SELECT xmin, ctid FROM net.plan_misfit ORDER BY 2"
    before = rows(database, marks.replace("ORDER BY 2", ""))
    second = refresh(database, town)
    assert (first.is_new, second.is_new) == (True, False)
    assert sorted(rows(database, marks.replace("ORDER BY 2", ""))) == sorted(before)
    assert second.misfits == first.misfits
    assert second.counts == first.counts


def test_routes_by_road_id(database: Database, town: Network, give_plans: Any) -> None:
    give_plans(
        "routes",
        {"R1": ({"name": "番号で", "road_id": ["w", "n", "x"], "from_m": [100, None, None],
                 "to_m": [300, None, None]}, None)},
    )  # fmt: skip
    report = refresh(database, town)
    assert stretches(database, "route_id")["R1"] == [
        ("n", False, 0, 300),
        ("w", False, 100, 300),
        ("w", True, 100, 300),
    ]
    assert [m[3] for m in report.misfits] == ["The network has no road x."]


def test_sections_by_area_take_their_managers_roads(database: Database, town: Network, give_plans: Any) -> None:
    give_plans(
        "sections",
        {
            "S1": ({"name": "第1工区", "manager": "municipality", "contractor": "雪組"}, box(-10, -500, 700, 400)),
            "S2": ({"name": "県工区", "manager": "prefecture"}, box(-10, -500, 700, 400)),
            "S3": ({"name": "沿線"}, line((600, 0), (900, 0))),
        },
    )
    refresh(database, town)
    held = stretches(database, "section_id")
    assert held["S1"] == [("e", False, 0, 200), ("e", True, 0, 200), ("n", False, 0, 300), ("w", False, 0, 500),
                          ("w", True, 0, 500)]  # fmt: skip
    assert held["S2"] == [("p", False, 0, 400), ("p", True, 0, 400)]
    assert held["S3"] == [("e", False, 100, 400), ("e", True, 100, 400)]
    laid = rows(database, "SELECT section_id, planned_m IS NULL, round(laid_m::numeric, -1)::int, contractor "
                          "FROM net.work_section ORDER BY 1")  # fmt: skip
    assert laid == [("S1", True, 1000, "雪組"), ("S2", True, 400, None), ("S3", False, 300, None)]


def test_plans_of_another_place_do_not_stop_the_others(database: Database, town: Network, give_plans: Any) -> None:
    # the other side of the Earth, where the plane CRS does not reach
    far = "-43.35 -36.56, -43.35 -36.5, -43.3 -36.5"
    give_plans("routes", {"R1": ({}, f"LINESTRING({far})"), "R2": ({}, line((0, 0), (500, 0)))})
    give_plans("sections", {"S1": ({}, f"POLYGON(({far}, -43.35 -36.56))"), "S2": ({}, box(0, -9, 90, 9))})
    report = refresh(database, town)
    assert list(stretches(database, "route_id")) == ["R2"]
    assert list(stretches(database, "section_id")) == ["S2"]
    assert {(m[0], m[1]) for m in report.misfits} == {("routes", "R1"), ("sections", "S1")}


def test_kmposts_keep_to_their_route(database: Database, town: Network, give_plans: Any) -> None:
    give_plans(
        "kmposts",
        {
            "k1": ({"route": "市道1号", "km": 0.25}, point(250, 6)),
            "k2": ({"route": "国道8号", "km": 1}, point(250, 6)),
            "k3": ({"route": "市道1号", "km": 5}, point(250, 600)),
            "k4": ({"route": "市道1号", "km": None}, point(250, 6)),
            "k5": ({"route": "市道1号", "km": 7}, "POINT(-43 -36)"),
        },
    )
    report = refresh(database, town)
    found = rows(database, "SELECT route, km, offset_m, distance_m FROM net.kmpost")
    assert len(found) == 1
    assert found[0][:2] == ("市道1号", 0.25)
    assert found[0][2] == pytest.approx(250, abs=3)
    assert found[0][3] == pytest.approx(6, abs=0.5)
    assert {m[1] for m in report.misfits} == {"k2", "k3", "k4", "k5"}


def test_depots_and_layers(database: Database, town: Network, give_plans: Any) -> None:
    give_plans("depots", {"D1": ({"name": "車庫"}, point(0, 50))}, source="made", synthetic=True)
    give_plans("areas", {"17201": ({"name": "金沢市", "code": 17201}, box(0, 0, 9, 9))}, layer="municipalities")
    give_plans("layer", {"x": ({"name": None}, line((0, 0), (5, 5)))}, layer="coast")
    report = refresh(database, town)
    assert rows(database, "SELECT depot_id, name, is_synthetic FROM net.depot") == [("D1", "車庫", True)]
    layers = rows(database, "SELECT layer, feature_id, name, attributes->>'code' FROM net.reference ORDER BY 1")
    assert layers == [("coast", "x", None, None), ("municipalities", "17201", "金沢市", "17201")]
    assert report.counts == {"routes": 0, "sections": 0, "kmposts": 0, "depots": 1, "areas": 1, "layer": 1,
                             "assignments": 0, "plans": 0}  # fmt: skip


def duty(**values: Any) -> tuple[dict[str, Any], None]:
    given = {"route_id": "R1", "section_id": None, "contractor": "雪組", "machine": "G1", "source": None,
             "vehicle": None, "from_at": "2026-01-01T00:00:00+09:00", "to_at": None}  # fmt: skip
    return {**given, **values}, None


def test_assignments_are_superseded_and_never_changed(database: Database, town: Network, give_plans: Any) -> None:
    give_plans("routes", {"R1": ({"name": "中央線"}, line((0, 0), (500, 0)))})
    give_plans("assignments", {"a": duty(source="gps", vehicle="V7"), "b": duty(machine="G2")})
    first = refresh(database, town)
    assert [m[1] for m in first.misfits] == ["a"]
    held = "SELECT machine, vehicle_id, upper_inf(during) FROM ops.assignment WHERE superseded_at IS NULL ORDER BY 1"
    assert rows(database, held) == [("G1", None, True), ("G2", None, True)]
    with database.connect(Role.INGEST) as connection:
        connection.execute("INSERT INTO raw.source (name, kind) VALUES ('gps', 'fixes')")
        connection.execute(
            "INSERT INTO raw.vehicle (source_id, external_id) SELECT source_id, 'V7' FROM raw.source WHERE name = 'gps'"
        )
    second = refresh(database, town)
    assert second.misfits == ()
    assert [row[0:1] + (row[1] is not None,) for row in rows(database, held)] == [("G1", True), ("G2", False)]
    assert rows(database, "SELECT count(*), count(superseded_at) FROM ops.assignment") == [(3, 1)]
    assert not refresh(database, town).is_new


def test_bad_duties_are_told(database: Database, town: Network, give_plans: Any) -> None:
    give_plans("routes", {"R1": ({"name": "中央線"}, line((0, 0), (500, 0)))})
    give_plans(
        "assignments",
        {
            "none": duty(route_id=None),
            "route": duty(route_id="R9"),
            "section": duty(section_id="S9"),
            "time": duty(from_at="yesterday"),
            "zone": duty(from_at="2026-01-01T00:00:00"),
            "order": duty(to_at="2025-01-01T00:00:00+09:00"),
            "good": duty(),
        },
    )
    times = {"planned_start_at": "2026-01-10T02:00:00+09:00", "planned_end_at": "2026-01-10T07:00:00+09:00"}
    give_plans(
        "plans",
        {"p": ({"route_id": "R1", "treatment": "fresh_snow_plowing", **times}, None),
         "q": ({"route_id": "R1", "treatment": "sweeping", **times}, None)},
    )  # fmt: skip
    report = refresh(database, town)
    assert {m[1] for m in report.misfits} == {"none", "route", "section", "time", "zone", "order", "q"}
    assert report.counts["assignments"] == 1
    passes = rows(database, "SELECT treatment, lower(during)::text FROM ops.planned_pass ORDER BY 1 NULLS LAST")
    assert passes == [("fresh_snow_plowing", "2026-01-09 17:00:00+00"), (None, "2026-01-09 17:00:00+00")]


def test_new_version_lays_again(
    database: Database, town: Network, tmp_path: Path, give_roads: Any, give_plans: Any
) -> None:
    give_plans("routes", {"R1": ({"name": "中央線"}, line((0, 0), (1000, 0)))})
    refresh(database, town)
    with pytest.raises(ConflictError, match="Load the network again"):
        refresh(database, _other_version(town))
    give_roads({**TOWN, "e": ([(500, 0), (900, 0)], {"manager": "municipality"})})
    network = refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network
    report = refresh(database, network)
    assert report.is_new
    assert rows(database, "SELECT DISTINCT network_version FROM net.plan_edge") == [(network.version,)]
    assert stretches(database, "route_id")["R1"][:2] == [("e", False, 0, 400), ("e", True, 0, 400)]


def _other_version(network: Network) -> Network:
    values = {name: getattr(network, name) for name in Network.__slots__}
    return Network(**{**values, "version": network.version + 1})

"""Plans on edges: directions, the other carriageway, areas, named roads, kilometre posts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.network import Network
from geo.plans import (
    PlanEdges,
    in_areas,
    lay_features,
    on_roads,
    open_directions,
    place_kmposts,
    plain,
    with_twins,
)
from geo.roads import road_table
from geo.topology import build_pieces, to_network

type Line = list[tuple[float, float]]


def net(lines: list[Line], **columns: Any) -> Network:
    roads = road_table([shapely.LineString(line) for line in lines], **columns)
    return to_network(build_pieces(roads, "endpoints", 0.1), 6675)


def edges(*rows: tuple[int, int, float, float]) -> PlanEdges:
    """Rows of feature, edge, from_m, to_m."""
    table = np.array(rows, float).reshape(-1, 4)
    return PlanEdges(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], table[:, 3])


def rows(held: PlanEdges) -> list[tuple[int, int, float, float]]:
    found = zip(held.feature, held.edge, held.from_m, held.to_m, strict=True)
    return sorted((int(f), int(e), round(float(a), 1), round(float(b), 1)) for f, e, a, b in found)


def test_open_directions() -> None:
    network = net([[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)]], oneway=[0, 1, -1])
    held = open_directions(network, edges((0, 0, 10, 60), (0, 1, 50, 90), (0, 3, 0, 100), (1, 4, 0, 5)))
    assert rows(held) == [(0, 0, 10, 90), (0, 1, 10, 90), (0, 2, 0, 100), (1, 5, 0, 5)]


def test_closed_roads_have_no_direction() -> None:
    network = net([[(0, 0), (100, 0)]], is_closed=[True])
    assert rows(open_directions(network, edges((0, 0, 0, 100)))) == []


DIVIDED: list[Line] = [[(0, 0), (500, 0)], [(500, 12), (0, 12)], [(0, -30), (500, -30)], [(500, 20), (0, 20)]]


def test_the_other_carriageway_of_a_divided_road_is_held_too() -> None:
    network = net(DIVIDED[:3], oneway=[1, 1, 0], road_class=[1, 1, 5])
    held = with_twins(network, edges((0, 0, 100, 300)))
    assert rows(held)[0] == (0, 0, 100, 300)
    (twin,) = rows(held)[1:]
    assert twin[:2] == (0, 2)
    assert twin[2:] == pytest.approx((200, 400), abs=5.1)


def test_a_twin_is_open_the_opposite_way_near_and_of_the_same_class() -> None:
    same_way = net([DIVIDED[0], DIVIDED[1]], oneway=[1, -1], road_class=[1, 1])
    assert rows(with_twins(same_way, edges((0, 0, 0, 500)))) == [(0, 0, 0, 500)]
    other_class = net([DIVIDED[0], DIVIDED[1]], oneway=[1, 1], road_class=[1, 5])
    assert rows(with_twins(other_class, edges((0, 0, 0, 500)))) == [(0, 0, 0, 500)]
    far = net([DIVIDED[0], [(500, 45), (0, 45)]], oneway=[1, 1])
    assert rows(with_twins(far, edges((0, 0, 0, 500)))) == [(0, 0, 0, 500)]
    two_way = net([DIVIDED[0], DIVIDED[1]])
    assert rows(with_twins(two_way, edges((0, 0, 0, 500)))) == [(0, 0, 0, 500)]
    nearest = net([DIVIDED[0], DIVIDED[1], DIVIDED[3]], oneway=[1, 1, 1])
    assert {row[1] for row in rows(with_twins(nearest, edges((0, 0, 0, 500))))} == {0, 2}


def test_a_carriageway_on_its_own_route_stays_there() -> None:
    network = net(DIVIDED[:2], oneway=[1, 1])
    held = with_twins(network, edges((0, 0, 0, 500), (1, 2, 0, 200)))
    assert [row for row in rows(held) if row[1] == 2] == [(0, 2, 200.0, 500.0), (1, 2, 0.0, 200.0)]
    # the twin of what route 1 holds is held by route 0 already
    assert [row for row in rows(held) if row[1] == 0] == [(0, 0, 0.0, 500.0)]


def test_areas_hold_what_lies_inside() -> None:
    lines: list[Line] = [[(-50, 0), (50, 0)], [(50, 0), (60, 0)], [(10, -5), (10, 5)], [(0, 80), (50, 80)]]
    network = net(lines, oneway=[0, 1, 0, 0])
    area = shapely.box(0, -20, 100, 20)
    held = in_areas(network, np.array([area], object), lambda a, p: p != 2)
    assert rows(held) == [(0, 0, 50, 100), (0, 1, 50, 100), (0, 2, 0, 10)]


def test_an_area_with_a_hole_cuts_a_road_in_two() -> None:
    network = net([[(0, 0), (100, 0)]], oneway=[1])
    area = shapely.difference(shapely.box(-10, -10, 110, 10), shapely.box(40, -5, 60, 5))
    assert rows(in_areas(network, np.array([area], object), lambda a, p: p >= 0)) == [(0, 0, 0, 40), (0, 0, 60, 100)]


def test_no_areas_hold_nothing() -> None:
    network = net([[(0, 0), (100, 0)]])
    assert len(in_areas(network, np.empty(0, object), lambda a, p: p >= 0)) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 40)] * 4).filter(lambda v: v[:2] != v[2:]), min_size=1, max_size=6),
    st.tuples(*[st.integers(0, 20)] * 2),
)
def test_area_lengths_agree_with_a_naive_oracle(ends: list[tuple[int, ...]], corner: tuple[int, int]) -> None:
    network = net([[v[:2], v[2:]] for v in ends], oneway=[1] * len(ends))  # type: ignore[misc]
    area = shapely.box(*corner, corner[0] + 15, corner[1] + 15)
    held = in_areas(network, np.array([area], object), lambda a, p: p >= 0)
    lines = shapely.linestrings(network.shape_xy.reshape(-1, 2, 2))
    expected = shapely.length(shapely.intersection(lines, area))
    found = np.bincount(held.edge >> 1, weights=held.to_m - held.from_m, minlength=len(lines))
    assert found == pytest.approx(expected, abs=2e-3)


def test_named_roads_are_clipped() -> None:
    network = net([[(0, 0), (100, 0)]])
    held = on_roads(network, np.array([0, 0]), np.array([0, 0]), np.array([-5.0, 120.0]), np.array([30.0, 150.0]))
    assert rows(held) == [(0, 0, 0, 30), (0, 1, 0, 30)]


def test_lines_are_laid_one_by_one_and_misfits_add_up() -> None:
    def lay(xy: Any) -> Any:
        if xy[0, 1] > 50:
            return SimpleNamespace(edge=np.empty(0, np.int32), from_m=np.empty(0), to_m=np.empty(0), missing_m=1e9)
        return SimpleNamespace(edge=np.array([3]), from_m=np.array([1.0]), to_m=np.array([9.0]), missing_m=2.0)

    seen: list[tuple[int, int]] = []
    low, high = np.array([[0, 0], [10.0, 0]]), np.array([[0, 60], [30.0, 100]])
    laid = lay_features([[low, high], [], [low]], lay, lambda done, total: seen.append((done, total)))
    assert rows(laid.edges) == [(0, 3, 1, 9), (2, 3, 1, 9)]
    assert laid.planned_m.tolist() == [60, 0, 10]
    assert laid.missing_m.tolist() == [52, 0, 2]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_kmposts_stand_at_their_own_route() -> None:
    network = net([[(0, 0), (100, 0)], [(0, 10), (100, 10)]], oneway=[0, -1])
    posts = np.array([[30.0, 9.0], [30.0, 9.0], [30.0, 9.0], [200.0, 0.0]])
    routes = ["国道8号", "国道１５９号", "国道249号", "国道 8 号"]
    edge, offset_m, distance_m = place_kmposts(network, ["国道８号", "国道159号"], routes, posts)
    assert edge.tolist() == [0, 3, -1, 0]
    assert offset_m[[0, 1, 3]].tolist() == [30, 30, 100]
    assert distance_m[[0, 1, 3]].tolist() == [9, 1, 100]
    assert np.isnan([offset_m[2], distance_m[2]]).all()
    assert plain(None) == ""

"""Ways between two places, against every simple path; places near a tap; kilometre posts."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from geo.network import Network
from geo.order_places import NEAR_M, Ground, Place, ground_of, nearest_place, way_between
from geo.plans import PlanEdges
from geo.store.order_posts import posts_way
from tests.asciimap import AsciiMap, draw

TOWN = """
    A-----B---C
    |     |   |
    |     |   |
    D-----E---F-----G
           \\
            \\
             H
"""


@pytest.fixture(scope="module")
def town() -> AsciiMap:
    return draw(TOWN)


@pytest.fixture(scope="module")
def ground(town: AsciiMap) -> Ground:
    return ground_of(town.network)


def place(town: AsciiMap, road: str, at_m: float) -> Place:
    """The place so many metres along a road as drawn."""
    return Place(town.edge[road] >> 1, at_m)


def named(town: AsciiMap, way: PlanEdges | None) -> list[tuple[str, float, float]]:
    assert way is not None
    rows = zip(way.edge.tolist(), way.from_m.tolist(), way.to_m.tolist(), strict=True)
    return [(town.name_of(edge), round(low, 3), round(high, 3)) for edge, low, high in rows]


def test_a_stretch_of_one_road_runs_from_tap_to_tap(town: AsciiMap, ground: Ground) -> None:
    a, b = place(town, "AB", 20.0), place(town, "AB", 90.0)
    assert named(town, way_between(ground, a, b)) == [("AB", 20.0, 90.0)]
    assert named(town, way_between(ground, b, a)) == [("BA", 20.0, 90.0)]


def test_a_way_over_nodes_is_in_its_own_order_and_direction(town: AsciiMap, ground: Ground) -> None:
    way = way_between(ground, place(town, "AB", 100.0), place(town, "FG", 50.0))
    assert named(town, way) == [("AB", 100.0, 120.0), ("BC", 0.0, 80.0), ("CF", 0.0, 60.0), ("FG", 0.0, 50.0)] or named(
        town, way
    ) == [("AB", 100.0, 120.0), ("BE", 0.0, 60.0), ("EF", 0.0, 80.0), ("FG", 0.0, 50.0)]


def test_the_same_place_twice_is_no_stretch(town: AsciiMap, ground: Ground) -> None:
    here = place(town, "AB", 20.0)
    way = way_between(ground, here, here)
    assert way is not None
    assert len(way) == 0


def test_no_way_leads_to_another_island() -> None:
    islands = draw("A---B   C---D")
    ground = ground_of(islands.network)
    assert way_between(ground, Place(0, 10.0), Place(1, 10.0)) is None


def _oracle(network: Network, a: Place, b: Place) -> float:
    """The shortest way by looking at every simple path over nodes."""
    ends = lambda p: [(int(network.edge_from[2 * p.piece]), p.at_m),  # noqa: E731
                      (int(network.edge_to[2 * p.piece]), float(network.length_m[p.piece]) - p.at_m)]  # fmt: skip
    hop: dict[tuple[int, int], float] = {}
    for e in range(network.n_edges):
        key = int(network.edge_from[e]), int(network.edge_to[e])
        hop[key] = min(hop.get(key, np.inf), float(network.length_m[e >> 1]))
    best = abs(a.at_m - b.at_m) if a.piece == b.piece else np.inf
    n = len(network.node_xy)
    for (u, out), (v, in_) in itertools.product(ends(a), ends(b)):
        middle = [m for m in range(n) if m not in (u, v)]
        paths: Any = [[u]] if u == v else (
            [u, *mid, v] for k in range(len(middle) + 1) for mid in itertools.permutations(middle, k)
        )  # fmt: skip
        for path in paths:
            best = min(best, out + in_ + sum(hop.get(p, np.inf) for p in itertools.pairwise(path)))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_ways_are_as_short_as_every_path_tried(town: AsciiMap, ground: Ground, seed: int) -> None:
    network, random = town.network, np.random.default_rng(seed)
    a, b = (Place(int(p), float(random.uniform(0, network.length_m[p]))) for p in random.integers(0, 8, 2))
    way = way_between(ground, a, b)
    assert way is not None
    assert float((way.to_m - way.from_m).sum()) == pytest.approx(_oracle(network, a, b), abs=1e-6)
    for here, there in itertools.pairwise(way.edge.tolist()):
        assert network.edge_to[here] == network.edge_from[there]


def test_a_tap_finds_the_nearest_road_within_reach(town: AsciiMap, ground: Ground) -> None:
    x, y = town.place("AB:0.5")
    found = nearest_place(ground, x, y + NEAR_M - 0.1)
    assert found == Place(town.edge["AB"] >> 1, pytest.approx(60.0))
    assert nearest_place(ground, x, y + NEAR_M + 0.1) is None


def _posts(town: AsciiMap) -> list[tuple[Any, ...]]:
    """A post each 50 m along D-E-F-G, km 10.00, 10.05 …"""
    rows, run = [], 0.0
    ids = town.network.edge_id
    for road in ("DE", "EF", "FG"):
        length = float(town.network.length_m[town.edge[road] >> 1])
        for at_m in np.arange(-run % 50.0, length, 50.0):
            rows.append((round(10 + (run + at_m) / 1000, 3), int(ids[town.edge[road]]), float(at_m)))
        run += length
    return rows


@pytest.mark.parametrize(("is_outward", "metres"), [(True, 150.0), (False, 50.0)])
def test_posts_are_taken_around_a_closure_and_inside_a_correction(
    town: AsciiMap, ground: Ground, is_outward: bool, metres: float
) -> None:
    way, why = posts_way(ground, _posts(town), 10.06, 10.16, is_outward=is_outward)
    assert why == ""
    assert way is not None
    assert float((way.to_m - way.from_m).sum()) == pytest.approx(metres)


def test_kilometres_without_posts_are_said(town: AsciiMap, ground: Ground) -> None:
    assert posts_way(ground, [], 1, 2, is_outward=True) == (None, "The network has no kilometre posts of this route.")
    way, why = posts_way(ground, _posts(town), 20, 21, is_outward=True)
    assert way is None
    assert "km 20" in why

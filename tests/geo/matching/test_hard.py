"""The hard set: drawn cases, each named after the mistake that it catches, at 1, 10 and 30 s between fixes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from asciimap import AsciiMap, draw, fixes_at, network_of, one_trace
from numpy.typing import NDArray

from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.result import INFERRED, Matched
from geo.network import Network
from geo.trace import clean_and_split

type Floats = NDArray[np.float64]

SPEED_MPS = 10.0
EVERY_S = [1.0, 10.0, 30.0]


def sampled(xy: Floats, every_s: float, noise_m: float = 3.0, seed: int = 1) -> Floats:
    """Every so many seconds of a drive given at each second, with white noise; the end is always a fix."""
    keep = np.unique(np.r_[np.arange(0, len(xy), int(every_s)), len(xy) - 1])
    return xy[keep] + np.random.default_rng(seed).normal(0, noise_m, (len(keep), 2))


def at_seconds(xy: Floats, every_s: float) -> Floats:
    return np.unique(np.r_[np.arange(0, len(xy), int(every_s)), len(xy) - 1]).astype(np.float64)


def run(network: Network, xy: Floats, every_s: float, noise_m: float = 3.0, **columns: object) -> Matched:
    places = sampled(xy, every_s, noise_m)
    trace = one_trace(places, 1.0, **columns)
    at_us = np.rint(at_seconds(xy, every_s) * 1e6).astype(np.int64)
    return match(network, build_index(network), replace(trace, fixes=replace(trace.fixes, at_us=at_us)))


def names(town: AsciiMap, matched: Matched) -> list[str]:
    return [town.name_of(int(edge)) for edge in matched.traversals.edge]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_parallel_service_road(every_s: float) -> None:
    town = draw(
        """
        A--------------B--------------C
        |              |              |
        D--------------E--------------F
        """,
        step_m=25.0,
    )
    matched = run(town.network, town.drive("A", "B", "C") - (0.0, 12.0), every_s)
    assert names(town, matched) == ["AB", "BC"]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_opposite_carriageway(every_s: float) -> None:
    town = draw(
        """
        A------<-------B------<-------C
        D------>-------E------>-------F
        """,
        step_m=25.0,
    )
    # the fixes of the eastbound drive lie nearer to the westbound carriageway
    matched = run(town.network, town.drive("D", "E", "F") + (0.0, 14.0), every_s)
    assert names(town, matched) == ["DE", "EF"]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_overpass(every_s: float) -> None:
    town = draw(
        """
                       G
                       |
        A------------------------------C
                       |
                       H
        """,
        step_m=25.0,
    )
    assert "GH" not in town.edge, "the drawing must not join what it crosses"
    bridge = [
        ("A", "C", [town.node_at["A"], town.node_at["C"]], 0),
        ("G", "H", [town.node_at["G"], town.node_at["H"]], 0),
    ]
    network = network_of(bridge)
    matched = run(network, town.drive("A", "C"), every_s)
    assert matched.traversals.edge.tolist() == [0]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_ramp_beside_a_motorway(every_s: float) -> None:
    town = draw(
        """
        A------>------B------>------C------>------D
                       \\
                        E----->-----F
        """,
        step_m=25.0,
    )
    assert names(town, run(town.network, town.drive("A", "B", "C", "D"), every_s)) == ["AB", "BC", "CD"]
    assert names(town, run(town.network, town.drive("A", "B", "E", "F"), every_s)) == ["AB", "BE", "EF"]


def ring(n: int = 16, radius_m: float = 20.0) -> tuple[Network, dict[str, int], Floats]:
    """A roundabout of one-way quarters, counter-clockwise, with four arms of 300 m: network, edges, arm ends."""
    angle = np.linspace(0, 2 * np.pi, n + 1)
    circle = radius_m * np.column_stack([np.cos(angle), np.sin(angle)])
    roads, quarter = [], n // 4
    for k in range(4):
        part = circle[k * quarter : (k + 1) * quarter + 1]
        roads.append((f"r{k}", f"r{(k + 1) % 4}", list(part), 1))
    ends = (radius_m + 300.0) * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], np.float64)
    for k in range(4):
        roads.append((f"e{k}", f"r{k}", [ends[k], circle[k * quarter]], 0))
    edge = {a + b: 2 * p for p, (a, b, _, _) in enumerate(roads)} | {
        b + a: 2 * p + 1 for p, (a, b, _, _) in enumerate(roads)
    }
    return network_of(roads), edge, np.vstack([circle[:-1], ends])


@pytest.mark.parametrize("every_s", EVERY_S)
def test_roundabout(every_s: float) -> None:
    network, edge, places = ring()
    circle, ends = places[:16], places[16:]
    stops = np.vstack([ends[0], circle[:9], ends[2]])
    length = np.r_[0, np.cumsum(np.hypot(*np.diff(stops, axis=0).T))]
    at_m = np.r_[np.arange(0, length[-1], SPEED_MPS), length[-1]]
    xy = np.column_stack([np.interp(at_m, length, stops[:, 0]), np.interp(at_m, length, stops[:, 1])])
    matched = run(network, xy, every_s)
    assert matched.traversals.edge.tolist() == [edge["e0r0"], edge["r0r1"], edge["r1r2"], edge["r2e2"]]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_turn_at_a_dead_end(every_s: float) -> None:
    town = draw(
        """
        A-------------B-------------C
                      |
                      |
                      |
                      D
        """,
        step_m=40.0,
    )
    matched = run(town.network, town.drive("A", "B", "D", "B", "C"), every_s)
    assert names(town, matched) == ["AB", "BD", "DB", "BC"]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_turn_in_the_middle_of_a_block(every_s: float) -> None:
    town = draw(
        """
        A-----------------------------B-------C
        |                             |
        D-----------------------------E
        """,
        step_m=40.0,
    )
    matched = run(town.network, town.drive("A", "AB:0.8", "A"), every_s)
    assert names(town, matched) == ["AB", "BA"]


@pytest.mark.parametrize("every_s", [1.0, 10.0])
def test_reversing_plough(every_s: float) -> None:
    """It backs up 80 m in the middle of the block and goes on: the block stays covered and no other road is."""
    town = draw(
        """
        A-------------B-------------C
        |             |             |
        D-------------E-------------F
        """,
        step_m=25.0,
    )
    xy = np.vstack(
        [
            town.drive("A", "AB:0.7", every_m=2),
            town.drive("AB:0.7", "AB:0.47", every_m=2),
            town.drive("AB:0.47", "B", "C", every_m=2),
        ]
    )
    matched = run(town.network, xy, every_s, noise_m=2.0)
    found = names(town, matched)
    assert set(found) <= {"AB", "BA", "BC"}
    assert found[0] == "AB"
    assert found[-1] == "BC"
    rows = matched.traversals
    forward = rows.edge == town.edge["AB"]
    assert rows.from_m[forward].min() == pytest.approx(0, abs=20)
    assert rows.to_m[forward].max() == pytest.approx(350, abs=5)


@pytest.mark.parametrize("every_s", EVERY_S)
def test_parked_then_moving(every_s: float) -> None:
    town = draw(
        """
        A--------------B--------------C
                       |
        D--------------E--------------F
        """,
        step_m=25.0,
    )
    rng = np.random.default_rng(4)
    stand = town.place("AB:0.9") + rng.normal(0, 6.0, (1200, 2))
    xy = np.vstack([town.drive("AB:0.1", "AB:0.9"), stand, town.drive("AB:0.9", "B", "C")])
    keep = np.unique(np.r_[np.arange(0, len(xy), int(every_s)), len(xy) - 1])
    fixes = replace(fixes_at(xy[keep]), at_us=keep.astype(np.int64) * 1_000_000)
    matched = match(town.network, build_index(town.network), clean_and_split(fixes, xy[keep]))
    assert set(names(town, matched)) == {"AB", "BC"}


@pytest.mark.parametrize("every_s", EVERY_S)
def test_tunnel_of_a_kilometre_without_fixes(every_s: float) -> None:
    town = draw(
        """
        A----------B----------------------------------------C----------D
                   |                                        |
                   E----------------------------------------F
        """,
        step_m=25.0,
    )
    xy = town.drive("A", "B", "C", "D")
    inside = (xy[:, 0] > town.place("B")[0] - 5) & (xy[:, 0] < town.place("C")[0] + 5)
    keep = np.flatnonzero(~inside & (np.arange(len(xy)) % int(every_s) == 0))
    fixes = replace(fixes_at(xy[keep]), at_us=keep.astype(np.int64) * 1_000_000)
    matched = match(town.network, build_index(town.network), clean_and_split(fixes, xy[keep]))
    assert names(town, matched) == ["AB", "BC", "CD"]
    assert matched.traversals.status[1] == INFERRED
    assert len(matched.breaks) == 0


@pytest.mark.parametrize("every_s", [1.0, 10.0])
def test_one_outlier_fix(every_s: float) -> None:
    town = draw(
        """
        A--------------B--------------C
        |              |              |
        |              |              |
        |              |              |
        D--------------E--------------F
        """,
        step_m=25.0,
    )
    xy = town.drive("A", "B", "C")
    xy[40] -= (0.0, 95.0)  # onto the other street
    matched = run(town.network, xy, every_s)
    assert names(town, matched) == ["AB", "BC"]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_road_missing_on_the_map(every_s: float) -> None:
    """Two kilometres without a road: no detour is made up over the far street."""
    town = draw(
        """
        A----------B                                        C----------D
        |                                                              |
        |                                                              |
        |                                                              |
        |                                                              |
        |                                                              |
        |                                                              |
        |                                                              |
        |                                                              |
        E--------------------------------------------------------------F
        """,
        step_m=100.0,
    )
    matched = run(town.network, town.drive("A", "D"), every_s)
    assert names(town, matched) == ["AB", "CD"]
    assert len(matched.breaks) == 1


@pytest.mark.parametrize("every_s", EVERY_S)
def test_duplicate_nodes(every_s: float) -> None:
    """A piece of no length joins two nodes in one place, as at the border of two map sheets."""
    a, b, c = np.array([[0.0, 0.0], [500.0, 0.0], [1000.0, 0.0]])
    network = network_of([("A", "B", [a, b], 0), ("B", "b", [b, b], 0), ("b", "C", [b, c], 0)])
    matched = run(network, np.column_stack([np.arange(0, 1001, 10.0), np.zeros(101)]), every_s)
    assert [int(e) for e in matched.traversals.edge if e // 2 != 1] == [0, 4]


@pytest.mark.parametrize("every_s", EVERY_S)
def test_one_way_driven_against_is_reported(every_s: float) -> None:
    town = draw(
        """
        A------>-------B------>-------C
        """,
        step_m=25.0,
    )
    matched = run(town.network, town.drive("C", "B", "A"), every_s)
    assert names(town, matched) == ["CB", "BA"]
    assert not town.network.is_open[matched.traversals.edge].any()


@pytest.mark.parametrize("every_s", [10.0, 30.0])
def test_two_ways_of_one_length_are_told_apart_by_a_fix(every_s: float) -> None:
    town = draw(
        """
             B-----------------C
             |                 |
        A----D                 F----G
             |                 |
             H-----------------I
        """,
        step_m=25.0,
    )
    matched = run(town.network, town.drive("A", "D", "H", "I", "F", "G"), every_s)
    assert names(town, matched) == ["AD", "DH", "HI", "IF", "FG"]


@pytest.mark.parametrize("fast", ["top", "bottom"])
def test_two_ways_of_one_length_are_told_apart_by_time(fast: str) -> None:
    """No fix lies on either way; the half minute between two fixes is enough for the fast one only."""
    town = draw(
        """
             B-----------------C
             |                 |
        A----D                 F----G
             |                 |
             H-----------------I
        """,
        step_m=25.0,
    )
    ways = {"top": ["DB", "BC", "CF"], "bottom": ["DH", "HI", "IF"]}
    speed_mps = np.full(len(town.network.length_m), 20.0)
    for name in ways["bottom" if fast == "top" else "top"]:
        speed_mps[town.edge[name] // 2] = 5.0
    network = replace(town.network, speed_mps=speed_mps)
    before, after = town.drive("A", "D")[[0, -2]], town.drive("F", "G")[[1, -1]]
    trace = one_trace(np.vstack([before, after]), 30.0)
    matched = match(network, build_index(network), trace)
    assert names(town, matched) == ["AD", *ways[fast], "FG"]
    # and where all roads have one speed, nobody can tell
    unknown = match(town.network, build_index(town.network), trace)
    assert unknown.traversals.confidence[1:-1].max() < matched.traversals.confidence[1:-1].min()

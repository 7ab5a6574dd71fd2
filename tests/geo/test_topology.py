"""Topology from lines: both policies, levels, snapping, duplicates, and a naive oracle beside the noding."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geo.crs import plane_epsg, to_plane
from geo.network import ARRAYS
from geo.polyline import from_shapes, to_shapes
from geo.roads import road_table
from geo.topology import Topology, build_pieces, build_topology, duplicates, to_network
from geo.topology_report import components, degree, report

type Line = list[tuple[float, float]]


def build(lines: list[Line], policy: Any = "crossings", snap_m: float = 0.5, **columns: Any) -> Topology:
    return build_pieces(road_table([shapely.LineString(line) for line in lines], **columns), policy, snap_m)


def parts(topology: Topology) -> list[tuple[int, float, float]]:
    """(road, from_m, to_m) of every piece."""
    found = zip(topology.road, topology.from_m, topology.to_m, strict=True)
    return [(int(road), round(float(low), 3), round(float(high), 3)) for road, low, high in found]


def n_components(topology: Topology) -> int:
    return int(components(topology).max(initial=-1)) + 1


def test_crossing_lines_are_cut_and_joined() -> None:
    topology = build([[(0, 5), (10, 5)], [(4, 0), (4, 10)]])
    assert parts(topology) == [(0, 0, 4), (0, 4, 10), (1, 0, 5), (1, 5, 10)]
    assert topology.n_nodes == 5
    assert sorted(degree(topology).tolist()) == [1, 1, 1, 1, 4]


def test_levels_do_not_cross() -> None:
    topology = build([[(0, 5), (10, 5)], [(4, 0), (4, 10)]], level=[0, 1])
    assert parts(topology) == [(0, 0, 10), (1, 0, 10)]
    assert n_components(topology) == 2


def test_a_bridge_joins_the_roads_at_its_ends_and_not_the_road_below() -> None:
    #   0 ─── bridge(1) ─── 2 with street 3 below, which ends in street 4 right at the abutment of the bridge
    lines: list[Line] = [
        [(0, 0), (10, 0)],
        [(10, 0), (30, 0)],
        [(30, 0), (40, 0)],
        [(20, -10), (20, 10)],
    ]
    topology = build(lines, level=[0, 1, 0, 0])
    assert parts(topology) == [(0, 0, 10), (1, 0, 20), (2, 0, 10), (3, 0, 20)]
    assert n_components(topology) == 2


def test_ends_on_lines_of_another_level() -> None:
    street: Line = [(0, 0), (20, 0)]
    raised_end = build([street, [(10, 0), (10, 20)]], level=[0, 1])
    assert n_components(raised_end) == 1  # a bridge cannot end in the air
    end_below = build([street, [(10, 0), (10, 20)]], level=[1, 0])
    assert n_components(end_below) == 2  # a lane that ends below a bridge


def test_ends_within_the_tolerance_are_joined_and_said() -> None:
    lines: list[Line] = [[(0, 0), (40, 0)], [(10, 0.4), (10, 20)], [(20, 0.6), (20, 20)], [(10, 20.3), (14, 20.3)]]
    topology = build(lines)
    assert (0, 0, 10) in parts(topology)
    assert n_components(topology) == 2
    assert topology.n_snapped == 3
    figures = report(topology, np.full(4, 0.5))
    assert (figures.n_near_misses, figures.n_beyond_snap) == (0, 1)
    assert figures.listed["near_misses"][0]["distance_m"] == pytest.approx(0.6)
    assert topology.lines.length_m.sum() == pytest.approx(40 + 19.6 + 19.4 + 4)


def test_an_overshoot_leaves_no_stub() -> None:
    topology = build([[(0, 0), (20, 0)], [(10, -0.3), (10, 20)]])
    assert parts(topology) == [(0, 0, 10), (0, 10, 20), (1, 0, 20.3)]
    assert sorted(degree(topology).tolist()) == [1, 1, 1, 3]


def test_endpoints_join_ends_only() -> None:
    lines: list[Line] = [[(0, 0), (10, 0)], [(10.2, 0), (10, 10)], [(5, -5), (5, 5)], [(5, 5), (5, 0)]]
    topology = build(lines, "endpoints")
    assert parts(topology) == [(0, 0, 10), (1, 0, round(float(np.hypot(0.2, 10)), 3)), (2, 0, 10), (3, 0, 5)]
    assert n_components(topology) == 2
    assert topology.n_snapped == 2
    figures = report(topology, np.full(4, 0.5))
    assert figures.n_near_misses == 1  # the end of road 3 lies on road 0
    assert figures.listed["near_misses"][0]["near_external_id"] == "0"


def test_rings_loops_and_spikes() -> None:
    ring = build([[(0, 0), (10, 0), (10, 10), (0, 0)]])
    assert (ring.n_pieces, ring.n_nodes) == (1, 1)
    eight = build([[(0, 0), (10, 10), (10, 0), (0, 10)]])
    assert parts(eight) == [(0, 0, 7.071), (0, 7.071, 31.213), (0, 31.213, 38.284)]
    assert eight.from_node[1] == eight.to_node[1]
    hook = build([[(0, 0), (20, 0), (20, 10), (10, 10), (10, 0)]])
    assert n_components(hook) == 1
    assert parts(hook) == [(0, 0, 10), (0, 10, 50)]
    spike = build([[(0, 0), (10, 0), (4, 0)]])
    assert parts(spike) == [(0, 0, 4), (0, 4, 10)]
    assert spike.dropped.reason.tolist() == ["duplicate"]


def test_shared_stretches_become_one_piece() -> None:
    topology = build([[(0, 0), (30, 0)], [(10, 5), (10, 0), (15, 0), (20, 0), (20, 5)]])
    assert parts(topology) == [(0, 0, 10), (0, 10, 15), (0, 15, 20), (0, 20, 30), (1, 0, 5), (1, 15, 20)]
    assert topology.dropped.reason.tolist() == ["duplicate", "duplicate"]
    assert topology.dropped.kept_road.tolist() == [0, 0]
    assert topology.dropped.length_m.sum() == pytest.approx(10)


def test_duplicates_keep_the_first_and_opposite_one_ways_are_none() -> None:
    line: Line = [(0, 0), (5, 1), (10, 0)]
    back = line[::-1]
    assert parts(build([line, back], "endpoints")) == [(0, 0, pytest.approx(10.198, abs=1e-3))]
    assert build([line, back], "endpoints", oneway=[1, -1]).n_pieces == 1
    assert build([line, back], "endpoints", oneway=[1, 1]).n_pieces == 2
    assert build([line, line], "endpoints", level=[0, 1]).n_pieces == 2
    assert build([line, [(0, 0), (5, 1.5), (10, 0)]], "endpoints").n_pieces == 2
    loop: Line = [(0, 0), (5, 0), (5, 5), (0, 0)]
    assert build([loop, loop[::-1]], "endpoints", oneway=[1, 1]).n_pieces == 2
    assert build([loop, loop[::-1]], "endpoints", oneway=[1, -1]).n_pieces == 1


def test_duplicates_are_found_among_others_as_long() -> None:
    left: Line = [(0, 0), (5, 1), (10, 0)]
    right: Line = [(0, 0), (5, -1), (10, 0)]
    topology = build([left, right, left[::-1], right, left], "endpoints")
    assert topology.road.tolist() == [0, 1]
    assert topology.dropped.road.tolist() == [2, 3, 4]
    assert topology.dropped.kept_road.tolist() == [0, 1, 0]


def test_duplicates_in_any_order_are_the_same_groups() -> None:
    """0.2499 to 0.2699 are one piece: each is a repeat of its neighbour. 0.25 m is no border between lengths."""
    for order in itertools.permutations([0.2499, 0.2501, 0.2699, 0.2901, 0.5]):
        roads = road_table([shapely.LineString([(0, 0), (x, 0)]) for x in order])
        node = np.where(np.array(order) < 0.4, 1, 2)
        kept_by = duplicates(roads, np.arange(5), np.zeros(5, np.int64), node, from_shapes(roads.geometry))
        group = np.where(kept_by < 0, np.arange(5), kept_by)
        together = {frozenset(order[k] for k in np.nonzero(group == g)[0]) for g in group}
        assert together == {frozenset({0.2499, 0.2501, 0.2699}), frozenset({0.2901}), frozenset({0.5})}, order
        assert (group <= np.arange(5)).all()


def test_what_is_no_road_is_dropped_with_its_reason() -> None:
    topology = build([[(0, 0), (0, 0)], [(0, 0), (0.3, 0)], [(0.3, 0), (9, 0)]], "endpoints")
    assert parts(topology) == [(2, 0, 8.7)]
    assert dict(zip(topology.dropped.road.tolist(), topology.dropped.reason.tolist(), strict=True)) == {
        0: "zero_length",
        1: "shorter_than_snap",
    }


def test_nothing_is_a_topology_too() -> None:
    topology = build([])
    assert (topology.n_pieces, topology.n_nodes) == (0, 0)
    assert report(topology, np.empty(0)).n_components == 0
    assert to_network(topology, 6675).n_edges == 0


def test_sources_meet_at_ends_and_unsplit_ones_cross() -> None:
    lines: list[Line] = [[(0, 0), (10, 0)], [(10.3, 0), (20, 0)], [(5, -5), (5, 5)], [(15, -5), (15, 5)]]
    roads = road_table([shapely.LineString(line) for line in lines], source_id=[1, 2, 3, 3])
    topology = build_topology(roads, np.array([True, False, True, True]), np.array([0.5, 0.5, 0.1, 0.1]))
    assert parts(topology) == [(0, 0, 5), (0, 5, 10), (1, 0, 9.7), (2, 0, 5), (2, 5, 10), (3, 0, 10)]
    strict = build_topology(roads, np.zeros(4, bool), np.array([0.5, 0.1, 0.1, 0.1]))
    assert n_components(strict) == 4


def test_report_tells_km_by_class_and_manager() -> None:
    lines: list[Line] = [[(0, 0), (1000, 0)], [(1000, 0), (1000, 500)], [(5000, 0), (5000, 250)]]
    topology = build(lines, "endpoints", road_class=[1, 5, 5], manager=[0, 2, 2])
    figures = report(topology, np.full(3, 0.5))
    assert figures.km_by_class == {"national": {"nation": 1.0}, "municipal": {"municipality": 0.75}}
    assert (figures.n_components, figures.largest_share, figures.n_dead_ends) == (2, round(1.5 / 1.75, 4), 4)
    assert figures.as_json()["n_roads"] == 3


def test_unknown_speed_gets_the_default_of_its_class() -> None:
    roads = road_table([shapely.LineString([(0, 0), (1, 0)])] * 2, road_class=[0, 0], speed_mps=[np.nan, 11.0])
    assert roads.free_speed_mps.tolist() == pytest.approx([80 / 3.6, 11.0])


# ---- properties -----------------------------------------------------------------------------------------------------

grid_point = st.tuples(st.integers(0, 8), st.integers(0, 8))


def _distinct(line: Line) -> bool:
    return all(a != b for a, b in itertools.pairwise(line))


grid_lines = st.lists(st.lists(grid_point, min_size=2, max_size=5).filter(_distinct), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(grid_lines)
def test_noding_agrees_with_a_union_of_everything(lines: list[Line]) -> None:
    """On one level and without snapping the pieces are the linework that GEOS nodes one pair at a time."""
    topology = build(lines, snap_m=0.0)
    union = shapely.get_parts(shapely.unary_union([shapely.LineString(line) for line in lines]))
    assert topology.lines.length_m.sum() == pytest.approx(shapely.length(union).sum())
    ends = to_network(topology, 0).node_xy.round(6)
    expected = np.concatenate([shapely.get_coordinates(shapely.boundary(part)) for part in union])
    rings = [shapely.get_coordinates(part)[:1] for part in union if shapely.is_ring(part)]
    expected = np.unique(np.concatenate([expected, *rings]).round(6), axis=0)
    found = {tuple(xy) for xy in ends.tolist()}
    assert {tuple(xy) for xy in expected.tolist()} <= found
    # GEOS drops the ends of a ring that nothing else meets; ours stay
    assert found - {tuple(xy) for xy in expected.tolist()} <= {
        tuple(map(float, end)) for line in lines for end in (line[0], line[-1])
    }


@settings(max_examples=100, deadline=None)
@given(grid_lines, st.sampled_from([0.0, 0.3, 1.2]), st.data())
def test_length_is_conserved_and_nothing_crosses(lines: list[Line], snap_m: float, data: st.DataObject) -> None:
    level = data.draw(st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=len(lines), max_size=len(lines)))
    topology = build(lines, snap_m=snap_m, level=level)
    total = sum(shapely.LineString(line).length for line in lines)
    assert topology.lines.length_m.sum() + topology.dropped.length_m.sum() == pytest.approx(total)
    assert np.allclose(topology.to_m - topology.from_m, topology.lines.length_m)
    shapes, road_level = to_shapes(topology.lines), topology.roads.level[topology.road]
    places = to_network(topology, 0).node_xy
    for a, b in itertools.combinations(range(topology.n_pieces), 2):
        if road_level[a] != road_level[b]:
            continue
        shared = shapely.intersection(shapes[a], shapes[b])
        if shared.is_empty:
            continue
        common = {int(topology.from_node[a]), int(topology.to_node[a])}
        common &= {int(topology.from_node[b]), int(topology.to_node[b])}
        assert common, (lines, level, a, b)
        # a crossing within the tolerance of an end is moved onto the end
        reach_m = 1.02 * (_spread(topology) + snap_m) + 1e-6
        reach = shapely.buffer(shapely.multipoints(places[sorted(common)]), reach_m)
        assert shapely.covers(reach, shared) or snap_m > 0.5, (lines, level, a, b)


def _spread(topology: Topology) -> float:
    """How far the piece ends of one node lie apart at most."""
    lines = topology.lines
    ends = np.concatenate([lines.xy[lines.start[:-1]], lines.xy[lines.start[1:] - 1]])
    node = np.concatenate([topology.from_node, topology.to_node])
    places = to_network(topology, 0).node_xy
    return float(np.hypot(*(ends - places[node]).T).max(initial=0.0))


@settings(max_examples=80, deadline=None)
@given(grid_lines, st.data())
def test_components_agree_with_a_naive_oracle(lines: list[Line], data: st.DataObject) -> None:
    level = data.draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=len(lines), max_size=len(lines)))
    topology = build(lines, snap_m=0.0, level=level)
    ours = _groups(len(lines), _roads_joined(topology))
    assert ours == _groups(len(lines), _naive_pairs(lines, level))


def _roads_joined(topology: Topology) -> list[tuple[int, int]]:
    label = components(topology)[topology.from_node]
    pairs = [
        (int(topology.road[np.nonzero(label == k)[0][0]]), int(road))
        for k in np.unique(label)
        for road in topology.road[label == k]
    ]
    dropped = topology.dropped
    return pairs + [(int(a), int(b)) for a, b in zip(dropped.road, dropped.kept_road, strict=True) if b >= 0]


def _naive_pairs(lines: list[Line], level: list[int]) -> list[tuple[int, int]]:
    shapes = [shapely.LineString(line) for line in lines]
    pairs = []
    for i, j in itertools.permutations(range(len(lines)), 2):
        ends_i, ends_j = {lines[i][0], lines[i][-1]}, {lines[j][0], lines[j][-1]}
        touching_end = any(shapely.distance(shapely.Point(end), shapes[j]) < 1e-9 for end in ends_i)
        meets = (
            (level[i] == level[j] and shapes[i].intersects(shapes[j]))
            or bool(ends_i & ends_j)
            or (level[j] == 0 and level[i] != 0 and touching_end)
        )
        if meets:
            pairs.append((i, j))
    return pairs


def _groups(n: int, pairs: list[tuple[int, int]]) -> list[list[int]]:
    group = list(range(n))
    for _ in range(n):
        for a, b in pairs:
            group[a] = group[b] = min(group[a], group[b])
    return [[k for k in range(n) if group[k] == g] for g in sorted(set(group))]


#: The last line runs three times over a piece of 0.25 m, whose lengths differ by rounding.
THRICE_OVER: list[Line] = [
    [(0, 1), (0, 0), (0, 1)],
    [(0, 4), (8, 2), (0, 4)],
    [(0, 0), (4, 4)],
    [(7, 1), (1, 2), (1, 4), (1, 0), (1, 4)],
]


@settings(max_examples=60, deadline=None)
@given(grid_lines, st.randoms(use_true_random=False))
@example(THRICE_OVER, Random(1))
def test_order_of_roads_does_not_matter(lines: list[Line], random: Any) -> None:
    order = list(range(len(lines)))
    random.shuffle(order)
    one = build(lines, snap_m=0.0, external_id=list(range(len(lines))))
    other = build([lines[k] for k in order], snap_m=0.0, external_id=order)
    a, b = (Counter(_shape(s) for s in to_shapes(t.lines)) for t in (one, other))
    assert a == b
    assert one.n_nodes == other.n_nodes


def _shape(line: Any) -> tuple[tuple[float, float], ...]:
    """The places of a line in a fixed order: a loop has no first vertex of its own."""
    return tuple(sorted((round(x, 6), round(y, 6)) for x, y in line.coords))


# ---- network --------------------------------------------------------------------------------------------------------


def test_network_arrays() -> None:
    topology = build(
        [[(0, 0), (10, 0)], [(10, 0), (10, 10)], [(10, 0), (20, 0)]],
        "endpoints",
        oneway=[0, 1, -1],
        level=[0, 2, 0],
        is_closed=[False, False, True],
        speed_mps=[10, 20, 5],
    )
    network = to_network(topology, 6675, version=3, piece_id=np.array([70, 50, 60]))
    assert network.piece_id.tolist() == [50, 60, 70]
    assert network.edge_id.tolist() == [100, 101, 120, 121, 140, 141]
    assert network.is_open.tolist() == [True, False, False, False, True, True]
    assert network.speed_mps.tolist() == [20, 5, 10]
    assert network.level.tolist() == [2, 0, 0]
    assert network.node_xy.tolist() == [[0, 0], [10, 0], [10, 10], [20, 0]]
    for edge in range(network.n_edges):
        assert network.edge_from[edge] == network.edge_to[edge ^ 1]
        node = network.edge_from[edge]
        leaving = network.out_edge[network.out_start[node] : network.out_start[node + 1]]
        assert edge in leaving
        way = network.shape_xy[network.shape_start[edge >> 1] : network.shape_start[(edge >> 1) + 1]]
        first, last = (way[0], way[-1]) if edge % 2 == 0 else (way[-1], way[0])
        assert first.tolist() == network.node_xy[network.edge_from[edge]].tolist()
        assert last.tolist() == network.node_xy[network.edge_to[edge]].tolist()
    assert network.position_of(np.array([121, 99, 140, 142])).tolist() == [3, -1, 4, -1]
    with pytest.raises(ValueError, match="twice"):
        to_network(topology, 6675, piece_id=np.array([1, 1, 2]))
    assert {getattr(network, name).dtype.str for name in ARRAYS} <= {"<f8", "<i8", "<i4", "|b1"}


# ---- real roads -----------------------------------------------------------------------------------------------------


@pytest.mark.realdata
def test_sapporo_noded(yuki_data: Path) -> None:
    import pyogrio

    frame = pyogrio.read_dataframe(yuki_data / "sapporo" / "sapporo_authorized_roads_202111.shp")
    topology = build_pieces(road_table(frame.geometry.to_numpy()), "crossings", 0.5)
    figures = report(topology, np.full(len(frame), 0.5))
    assert figures.n_roads == 22_212
    assert figures.km + figures.dropped["duplicate"][1] == pytest.approx(6_374.2545, abs=1e-3)
    assert 82_000 < figures.n_pieces < 85_000
    assert figures.largest_share > 0.98
    assert figures.n_near_misses == 0


@pytest.mark.realdata
def test_seattle_is_topological_already(yuki_data: Path) -> None:
    import geopandas as gpd

    frame = gpd.read_parquet(yuki_data / "matching" / "seattle" / "roads.parquet")
    epsg = plane_epsg(*frame.total_bounds)
    assert epsg == 32610
    plane = shapely.transform(frame.geometry.to_numpy(), lambda xy: to_plane(xy[:, 0], xy[:, 1], epsg))
    roads = road_table(plane, external_id=frame["road_id"], oneway=frame["oneway"].astype(int))
    topology = build_pieces(roads, "endpoints", 0.5)
    figures = report(topology, np.full(len(frame), 0.5))
    assert figures.n_roads == 24_543
    assert figures.n_pieces + sum(n for n, _ in figures.dropped.values()) == 24_543
    assert figures.largest_share > 0.99
    assert figures.n_duplicates == 40

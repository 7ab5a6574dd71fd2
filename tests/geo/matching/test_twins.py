"""Streets that the roads draw twice, against a naive search by shapely."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from asciimap import one_trace
from hypothesis import given
from hypothesis import strategies as st

from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.twins import FINE_M, MIN_STRETCH_M, TWIN_M, Twins
from geo.network import Network
from geo.roads import road_table
from geo.topology import build_pieces, to_network


def network_of(*lines: list[tuple[float, float]], **columns: object) -> Network:
    """A network of lines that meet at their ends alone, one piece each, in their order."""
    table = road_table([shapely.LineString(line) for line in lines], **columns)  # type: ignore[arg-type]
    return to_network(build_pieces(table, "endpoints", 0.01), 6675)


def twins_of(network: Network) -> Twins:
    return build_index(network).twins


def rows(twins: Twins) -> list[tuple[int, int, float, float, float, float]]:
    columns = (twins.from_m, twins.to_m, twins.other_from_m, twins.other_to_m)
    metres = np.column_stack(columns).round(1).tolist()
    return [(p, q, *m) for p, q, m in zip(twins.piece.tolist(), twins.other.tolist(), metres, strict=True)]


def test_two_lines_three_metres_apart_are_one_street() -> None:
    found = twins_of(network_of([(0, 0), (100, 0)], [(0, 3), (100, 3)]))
    assert rows(found) == [(0, 1, 0, 100, 0, 100), (1, 0, 0, 100, 0, 100)]
    assert found.edge.tolist() == [2, 3, 0, 1]


def test_a_line_digitised_the_other_way_round_is_the_same_street_turned() -> None:
    found = twins_of(network_of([(0, 0), (100, 0)], [(100, 3), (0, 3)]))
    assert rows(found) == [(0, 1, 0, 100, 100, 0), (1, 0, 0, 100, 100, 0)]
    assert found.edge.tolist() == [3, 2, 1, 0]


def test_one_line_beside_two_has_a_stretch_with_each() -> None:
    found = twins_of(network_of([(0, 0), (200, 0)], [(0, 3), (80, 3)], [(80, 3), (200, 3)]))
    assert rows(found)[:2] == [(0, 1, 0, 80, 0, 80), (0, 2, 80, 200, 0, 120)]
    # the longer one draws more than half of it
    assert found.edge.tolist() == [4, 5, 0, 1, 0, 1]


@pytest.mark.parametrize(("apart_m", "n"), [(TWIN_M - 0.01, 2), (TWIN_M + 0.01, 0)])
def test_streets_further_apart_are_two(apart_m: float, n: int) -> None:
    assert len(twins_of(network_of([(0, 0), (100, 0)], [(0, apart_m), (100, apart_m)]))) == n


@pytest.mark.parametrize(
    "columns",
    [{"level": [0, 1]}, {"road_class": [1, 2]}, {"oneway": [1, 0]}, {"oneway": [1, -1]}, {"oneway": [1, 1]}],
)
def test_roads_of_other_kinds_are_no_twins(columns: dict[str, list[int]]) -> None:
    assert len(twins_of(network_of([(0, 0), (100, 0)], [(0, 3), (100, 3)], **columns))) == 0


def test_what_goes_on_crosses_or_forks_is_no_twin() -> None:
    straight_on = network_of([(0, 0), (100, 0)], [(100, 0), (200, 0)])
    crossing = network_of([(0, 0), (100, 0)], [(50, -50), (50, 50)])
    fork = network_of([(0, 0), (100, 0)], [(0, 0), (100, 40)])
    assert len(twins_of(straight_on)) == len(twins_of(crossing)) == len(twins_of(fork)) == 0


def naive(a: shapely.LineString, b: shapely.LineString) -> float:
    """Metres of a that b draws too, looked at every 10 cm: as near as TWIN_M, and not beyond an end of b."""
    at = np.arange(0.05, a.length, 0.1)
    points = shapely.line_interpolate_point(a, at)
    place = shapely.line_locate_point(b, points)
    inside = (place > 1e-6) & (place < b.length - 1e-6)
    return 0.1 * float((inside & (shapely.distance(points, b) <= TWIN_M)).sum())


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-60, 60), st.floats(60, 260), st.booleans())
def test_stretches_are_those_of_a_naive_search(y0: float, y1: float, begin: float, end: float, turned: bool) -> None:
    other = [(begin, y0), (end, y1)]
    network = network_of([(0, 0), (200, 0)], other[::-1] if turned else other)
    found = twins_of(network)
    mine = found.piece == 0
    expected = naive(shapely.LineString([(0, 0), (200, 0)]), shapely.LineString(other))
    length_m = float((found.to_m - found.from_m)[mine].sum())
    if abs(expected - MIN_STRETCH_M) > 2 * FINE_M:
        assert length_m == pytest.approx(expected if expected > MIN_STRETCH_M else 0.0, abs=2 * FINE_M)
    assert (found.from_m < found.to_m).all()
    assert (np.minimum(found.other_from_m, found.other_to_m) >= 0).all()
    assert (np.maximum(found.other_from_m, found.other_to_m) <= network.length_m[found.other]).all()


def test_a_part_of_the_edges_keeps_the_streets_among_them() -> None:
    found = twins_of(network_of([(0, 90), (50, 90)], [(0, 0), (200, 0)], [(0, 3), (80, 3)], [(80, 3), (200, 3)]))
    assert found.twins_of(np.array([4])).tolist() == [2, 3]
    assert found.twins_of(np.array([0])).tolist() == []
    part = found.select(np.array([2, 3, 6, 7]))
    assert rows(part) == [(0, 1, 80, 200, 0, 120), (1, 0, 0, 120, 80, 200)]
    assert part.edge.tolist() == [2, 3, 0, 1]


def test_a_drive_between_the_lines_of_one_street_is_as_sure_as_on_one_line() -> None:
    """Two lines share what is believed of their street; two streets do not."""

    def confidence(apart_m: float) -> float:
        ends = [[(0, y), (400, y)] for y in (0.0, apart_m)] + [[(x, 0.0), (x, apart_m)] for x in (0.0, 400.0)]
        network = network_of(*ends)
        xy = np.column_stack([np.arange(20, 380, 30.0), np.full(12, apart_m / 2)])
        return float(match(network, build_index(network), one_trace(xy, 10.0)).traversals.confidence.max())

    assert confidence(4.0) > 0.98
    assert confidence(6.0) < 0.94

"""What stays and what becomes of the rest between two versions: ids, overlay, and conserved lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import substring

from geo.lineage import KnownPieces, VersionChange, assign_nodes, content_keys, diff_versions
from geo.overlay import OVERLAY_M, Runs, overlay
from geo.polyline import from_shapes
from geo.roads import road_table
from geo.topology import build_pieces

type Line = list[tuple[float, float]]


def known(lines: list[Line], policy: Any = "endpoints", node_from: int = 0, **columns: Any) -> KnownPieces:
    roads = road_table([shapely.LineString(line) for line in lines], **columns)
    topology = build_pieces(roads, policy, 0.5)
    return KnownPieces(
        content_keys(topology),
        topology.from_node + node_from,
        topology.to_node + node_from,
        topology.roads.level[topology.road],
        topology.lines,
    )


def rows(runs: Runs) -> list[tuple[Any, ...]]:
    """(old, from, to, new, new_from, new_to, flipped), metres in decimetres."""
    found = []
    for k in range(len(runs.old)):
        place = (None, None, None, False)
        if runs.new[k] >= 0:
            low, high = round(float(runs.new_from_m[k]), 1), round(float(runs.new_to_m[k]), 1)
            place = (int(runs.new[k]), low, high, bool(runs.is_flipped[k]))  # type: ignore[assignment]
        found.append((int(runs.old[k]), round(float(runs.from_m[k]), 1), round(float(runs.to_m[k]), 1), *place))
    return found


def change_of(old: list[Line], new: list[Line], **columns: Any) -> VersionChange:
    return diff_versions(known(old, **columns), known(new, **columns))


TOWN: list[Line] = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 80)]]


def test_same_content_is_no_change() -> None:
    change = change_of(TOWN, TOWN)
    assert change.is_same
    assert change.kept.tolist() == [0, 1, 2]
    assert change_of(TOWN, TOWN[::-1]).kept.tolist() == [2, 1, 0]


def test_ids_of_the_source_do_not_matter_but_attributes_do() -> None:
    plain = known(TOWN)
    assert diff_versions(plain, known(TOWN, external_id=["x", "y", "z"])).is_same
    for column, value in (
        ("name", "橋通り"),
        ("route", "8"),
        ("manager", 1),
        ("road_class", 2),
        ("oneway", 1),
        ("level", 1),
        ("lanes", 2),
        ("width_m", 4.5),
        ("speed_mps", 9.0),
        ("is_closed", True),
        ("source_id", 9),
    ):
        default = {"name": None, "route": None, "manager": 4, "road_class": 7, "is_closed": False}.get(column)
        rest = default if column in ("name", "route", "manager", "road_class", "is_closed") else 0
        rest = {"lanes": -1, "width_m": np.nan, "speed_mps": np.nan}.get(column, rest)
        values = np.array([rest, rest, value], object if column in ("name", "route") else None)
        assert diff_versions(plain, known(TOWN, **{column: values})).added.tolist() == [2], column


def test_a_changed_attribute_is_whole_lineage() -> None:
    change = diff_versions(known(TOWN), known([TOWN[0], TOWN[1][::-1], TOWN[2]]))
    assert change.kept.tolist() == [0, -1, 2]
    assert rows(change.lineage) == [(1, 0, 100, 1, 0, 100, True)]


def test_split_merge_and_gone() -> None:
    split = change_of(TOWN, [TOWN[0], [(100, 0), (130, 0)], [(200, 0), (130, 0)], TOWN[2]])
    assert rows(split.lineage) == [(1, 0, 30, 1, 0, 30, False), (1, 30, 100, 2, 0, 70, True)]
    merge = change_of(TOWN, [[(0, 0), (200, 0)]])
    assert rows(merge.lineage) == [
        (0, 0, 100, 0, 0, 100, False),
        (1, 0, 100, 0, 100, 200, False),
        (2, 0, 80, None, None, None, False),
    ]


def test_a_line_drawn_again_keeps_its_stretches() -> None:
    change = change_of([[(0, 0), (100, 0)]], [[(0, 2), (60, 2.5), (100, 1)], [(100, 1), (150, 1)]])
    (row,) = rows(change.lineage)
    assert row[:4] == (0, 0, 100, 0)
    assert row[4:] == pytest.approx((0, 100, False), abs=0.2)


def test_facts_never_change_to_the_other_carriageway() -> None:
    # two carriageways 10 m apart; one is taken away, the other gets another attribute
    old, new = known([[(0, 0), (100, 0)], [(100, 10), (0, 10)]], oneway=[1, 1]), known([[(0, 0), (100, 0)]], oneway=[0])
    assert rows(diff_versions(old, new).lineage) == [
        (0, 0, 100, 0, 0, 100, False),
        (1, 0, 100, None, None, None, False),
    ]


def test_what_is_left_of_two_near_roads_is_one_of_them() -> None:
    # 3 m apart: only the nearer of the two old roads lives on in the new one
    old = [[(0, 0), (100, 0)], [(0, 3), (100, 3)]]
    change = change_of(old, [[(0, 0.4), (100, 0.4)]])
    assert rows(change.lineage)[0][3] == 0
    assert rows(change.lineage)[1] == (1, 0, 100, None, None, None, False)


def test_levels_and_side_streets_do_not_inherit() -> None:
    old = known([[(0, 0), (100, 0)]])
    assert rows(diff_versions(old, known([[(0, 0), (100, 0)]], level=[1])).lineage)[0][3] is None
    assert rows(diff_versions(old, known([[(50, -2), (50, 60)]])).lineage) == [(0, 0, 100, None, None, None, False)]


def test_nodes_keep_their_ids_at_kept_pieces() -> None:
    old, new = known(TOWN, node_from=70), known([*TOWN, [(200, 0), (300, 0)]])
    change = diff_versions(old, new)
    ids = assign_nodes(old, new, change.kept)
    assert ids[new.from_node[:3]].tolist() == old.from_node.tolist()
    assert ids[new.to_node[:3]].tolist() == old.to_node.tolist()
    assert (ids == -1).sum() == 1


def test_a_piece_whose_nodes_disagree_gives_up_its_id() -> None:
    # equal keys, but the old pieces shared a node and the new ones do not: one of them is another piece now
    lines = from_shapes(np.array([shapely.LineString([(0, 0), (9, 0)]), shapely.LineString([(9, 0), (9, 9)])]))
    keys = np.array([b"a", b"b"], object)
    old = KnownPieces(keys, np.array([1, 2]), np.array([2, 3]), np.zeros(2, int), lines)
    new = KnownPieces(keys, np.array([0, 2]), np.array([1, 3]), np.zeros(2, int), lines)
    change = diff_versions(old, new)
    assert change.kept.tolist() == [0, -1]
    assert rows(change.lineage) == [(1, 0, 9, 1, 0, 9, False)]


def test_empty_versions() -> None:
    nothing, town = known([]), known(TOWN)
    assert diff_versions(nothing, nothing).is_same
    assert diff_versions(nothing, town).added.tolist() == [0, 1, 2]
    change = diff_versions(town, nothing)
    assert rows(change.lineage) == [(k, 0, x, None, None, None, False) for k, x in enumerate((100, 100, 80))]


@st.composite
def redrawn(draw: st.DrawFn) -> tuple[list[Line], list[Line]]:
    """A few old roads, and new ones: the old ones cut, turned, shifted, dropped, and some more."""
    coordinate = st.integers(0, 300).map(float)
    point = st.tuples(coordinate, coordinate)
    line = st.lists(point, min_size=2, max_size=4, unique=True)
    old: list[Line] = draw(st.lists(line, min_size=1, max_size=4))
    new: list[Line] = draw(st.lists(line, max_size=2))
    for drawn in old:
        fate = draw(st.sampled_from(["same", "cut", "turned", "shifted", "dropped"]))
        shape = shapely.LineString(drawn)
        if fate == "cut":
            at = draw(st.floats(0.1, 0.9)) * shape.length
            halves = (substring(shape, 0, at), substring(shape, at, shape.length))
            new += [list(half.coords) for half in halves]
        elif fate == "shifted":
            dx, dy = draw(st.tuples(st.floats(-3, 3), st.floats(-3, 3)))
            new.append([(x + dx, y + dy) for x, y in drawn])
        elif fate != "dropped":
            new.append(drawn[::-1] if fate == "turned" else drawn)
    return old, new


@settings(max_examples=80, deadline=None)
@given(redrawn())
def test_lineage_conserves_lengths_and_stays_near(lines: tuple[list[Line], list[Line]]) -> None:
    old, new = (known(part) for part in lines)
    change = diff_versions(old, new)
    runs = change.lineage
    assert sorted(set(runs.old.tolist())) == change.gone.tolist()
    for piece in change.gone:
        own = runs.old == piece
        low, high = runs.from_m[own], runs.to_m[own]
        assert low[0] == 0
        assert high[-1] == pytest.approx(old.lines.length_m[piece])
        assert np.array_equal(low[1:], high[:-1])
        assert (high > low).all()
    held = runs.new >= 0
    assert np.isin(runs.new[held], change.added).all()
    assert (runs.new_from_m[held] < runs.new_to_m[held]).all()
    assert (runs.new_from_m[held] >= 0).all()
    assert (runs.new_to_m[held] <= new.lines.length_m[runs.new[held]] + 1e-9).all()
    assert np.isnan(runs.new_from_m[~held]).all()
    again = diff_versions(old, new)
    assert rows(again.lineage) == rows(runs)


@settings(max_examples=80, deadline=None)
@given(redrawn())
def test_overlay_agrees_with_a_naive_oracle(lines: tuple[list[Line], list[Line]]) -> None:
    """Where the middle of a run is mapped, the mapped place is near; where nothing is near, nothing is mapped."""
    old, new = (known(part).lines for part in lines)
    level = np.zeros(old.n_lines, int), np.zeros(new.n_lines, int)
    runs = overlay(old, level[0], new, level[1])
    shapes = [[shapely.LineString(part.xy[a:b]) for a, b in zip(part.start[:-1], part.start[1:], strict=True)]
              for part in (old, new)]  # fmt: skip
    for k in range(len(runs.old)):
        middle = shapes[0][runs.old[k]].interpolate((runs.from_m[k] + runs.to_m[k]) / 2)
        if runs.new[k] >= 0:
            assert shapes[1][runs.new[k]].distance(middle) <= OVERLAY_M + 2.1
        elif runs.to_m[k] - runs.from_m[k] > 8:
            near = [s for s in shapes[1] if s.distance(middle) < 1e-9]
            assert all(
                _turns_off(shapes[0][runs.old[k]], s, middle) or _rival(shapes[0], k, runs, middle) for s in near
            )


def _turns_off(old: Any, new: Any, place: Any) -> bool:
    """The two lines do not run alike within two metres of the place."""
    both = old.intersection(new.buffer(0.5)).intersection(place.buffer(2.0))
    return bool(both.length < 3.9)


def _rival(old: list[Any], k: int, runs: Runs, place: Any) -> bool:
    return any(s.distance(place) < 0.1 for i, s in enumerate(old) if i != runs.old[k])

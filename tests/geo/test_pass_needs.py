"""How many passes a road needs: every boundary of lanes and widths."""

from __future__ import annotations

import numpy as np
import pytest

from geo.pass_needs import needs_of
from geo.settings_coverage import CoverageSettings

SETTINGS = CoverageSettings()


def needs(lanes: int, width_m: float, *, is_oneway: bool = False, settings: CoverageSettings = SETTINGS) -> tuple:
    found = needs_of(np.array([lanes]), np.array([width_m]), np.array([is_oneway]), settings)
    assert found.passes_needed.tolist() == [found.passes_needed[0]] * 2
    assert found.is_shared.tolist() == [found.is_shared[0]] * 2
    return int(found.passes_needed[0]), bool(found.is_shared[0])


@pytest.mark.parametrize("unknown", [0.0, np.nan, -1.0])
def test_a_road_of_which_nothing_is_known_needs_one_pass_each_way(unknown: float) -> None:
    assert needs(0, unknown) == needs(-1, unknown) == needs(0, unknown, is_oneway=True) == (1, False)


@pytest.mark.parametrize(("lanes", "each_way"), [(2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (8, 4)])
def test_lanes_of_a_two_way_road_are_halved_and_rounded_up(lanes: int, each_way: int) -> None:
    assert needs(lanes, np.nan) == (each_way, False)


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_each_lane_of_a_one_way_road_needs_a_pass_and_none_is_shared(lanes: int) -> None:
    assert needs(lanes, 3.0, is_oneway=True) == (lanes, False)


@pytest.mark.parametrize(
    ("width_m", "expected"),
    [
        (3.0, (1, True)),
        (4.0, (1, True)),
        (4.01, (1, False)),
        (10.49, (1, False)),
        (10.5, (2, False)),
        (17.5, (3, False)),
    ],
)
def test_the_width_decides_where_lanes_are_not_known(width_m: float, expected: tuple[int, bool]) -> None:
    assert needs(0, width_m) == expected


@pytest.mark.parametrize(("width_m", "passes"), [(3.0, 1), (5.24, 1), (5.25, 2), (8.74, 2), (8.75, 3)])
def test_a_one_way_road_is_cleared_over_its_whole_width(width_m: float, passes: int) -> None:
    assert needs(0, width_m, is_oneway=True) == (passes, False)


def test_lanes_go_before_the_width() -> None:
    assert needs(2, 3.0) == (1, False)
    assert needs(1, 12.0) == (1, True)


def test_the_boundaries_are_those_of_the_settings() -> None:
    wide = CoverageSettings(lane_width_m=5.0, narrow_width_m=6.0, narrow_lanes=2)
    assert needs(2, np.nan, settings=wide) == (1, True)
    assert needs(0, 6.0, settings=wide) == (1, True)
    assert needs(0, 14.9, settings=wide) == (1, False)
    assert needs(0, 15.0, settings=wide) == (2, False)


def test_a_shared_road_needs_one_pass_whatever_its_width_says() -> None:
    assert needs(0, 30.0, settings=CoverageSettings(narrow_width_m=20, lane_width_m=3)) == (5, False)
    assert needs(0, 20.0, settings=CoverageSettings(narrow_width_m=20, lane_width_m=3)) == (1, True)


def test_pieces_keep_their_places() -> None:
    found = needs_of(np.array([4, 0, 1]), np.array([0, 3.5, 0]), np.array([False, False, True]), SETTINGS)
    assert found.passes_needed.tolist() == [2, 2, 1, 1, 1, 1]
    assert found.is_shared.tolist() == [False, False, True, True, False, False]

"""How far a vehicle went before it turned back on an edge: the fixes that are not decoded tell."""

from __future__ import annotations

import numpy as np
import pytest
from asciimap import draw, one_trace
from hypothesis import given
from hypothesis import strategies as st

from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.matching.turnback import BESIDE_SIGMAS

#: A street of 220 m between two others, so that its ends are junctions and no dead ends.
TOWN = draw(
    """
    C              D
    |              |
    A----------B---E
    |              |
    F              G
    """,
    step_m=20.0,
)
INDEX = build_index(TOWN.network)
STREET = TOWN.edge["AB"]
LENGTH_M = float(TOWN.network.length_m[STREET >> 1])
X0, Y0 = TOWN.node_at["A"]


def turn(*metres: float, beside_m: dict[int, float] | None = None) -> float:
    """Where a drive over these metres of AB turned, metres from A; beside_m: so far north some of the fixes lie."""
    xy = np.column_stack([X0 + np.array(metres), np.full(len(metres), Y0)])
    for i, off_m in (beside_m or {}).items():
        xy[i, 1] += off_m
    t = match(TOWN.network, INDEX, one_trace(xy, 10.0)).traversals
    out, back = np.flatnonzero(t.edge == STREET), np.flatnonzero(t.edge == (STREET ^ 1))
    assert len(out) == len(back) == 1
    assert t.to_m[out[0]] == pytest.approx(t.to_m[back[0]])
    return float(t.to_m[out[0]])


def test_a_fix_too_near_to_be_decoded_shows_where_it_turned() -> None:
    assert turn(10, 50, 100, 150, 171, 150, 100, 50, 10) == pytest.approx(171)


def test_a_fix_beyond_the_node_shows_the_end_of_the_edge() -> None:
    assert turn(10, 50, 100, 150, 212, 230, 212, 150, 100, 50, 10) == pytest.approx(LENGTH_M)


def test_a_fix_beside_the_road_shows_nothing() -> None:
    sigma_m = MatchSettings().sigma_m
    near, far = BESIDE_SIGMAS * sigma_m - 0.1, BESIDE_SIGMAS * sigma_m + 0.1
    drive = (10, 50, 100, 150, 160, 150, 100, 50, 10)
    assert turn(*drive, beside_m={4: near}) == pytest.approx(160)
    assert turn(*drive, beside_m={4: far}) == pytest.approx(150)


def test_the_turn_is_left_alone_where_all_fixes_are_decoded() -> None:
    assert turn(10, 50, 100, 150, 100, 50, 10) == pytest.approx(150)


@given(st.floats(90, 215), st.floats(3, 40), st.floats(0, 20))
def test_it_turned_at_the_farthest_fix_of_any_drive_out_and_back(far_m: float, step_m: float, shift_m: float) -> None:
    out = np.append(np.arange(shift_m, far_m, step_m), far_m)
    metres = np.concatenate([out, out[-2::-1]])
    # naive: with no noise the farthest of all fixes is where it turned
    assert turn(*metres.tolist()) == pytest.approx(metres.max(), abs=1e-6)


def test_times_and_fixes_follow_the_longer_path() -> None:
    metres = np.array([10, 50, 100, 150, 171, 150, 100, 50, 10.0])
    xy = np.column_stack([X0 + metres, np.full(len(metres), Y0)])
    found = match(TOWN.network, INDEX, one_trace(xy, 10.0))
    t = found.traversals
    assert (t.entered_us <= t.left_us).all()
    assert (t.left_us[:-1] <= t.entered_us[1:]).all()
    assert t.n_fixes.sum() == len(metres)
    assert found.fixes.offset_m.tolist() == pytest.approx(metres.tolist())

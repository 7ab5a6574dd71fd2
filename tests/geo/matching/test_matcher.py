"""The matcher on drawn maps: directions, turns, touches, breaks, and what each traversal says."""

from __future__ import annotations

import numpy as np
import pytest
from asciimap import AsciiMap, draw, network_of, one_trace
from numpy.typing import NDArray

from geo.errors import InputError
from geo.fix import Fixes
from geo.matching.candidates import build_index
from geo.matching.matcher import lay_line, match
from geo.matching.result import BREAK_REASONS, INFERRED, Matched
from geo.matching.settings import MatchSettings
from geo.trace import Traces, clean_and_split

TOWN = draw(
    """
    A---------B---------C---------D
              |         |
              |         |
              |         |
              |         |
              E---------F---------G
    """
)


def driven(town: AsciiMap, matched: Matched) -> list[str]:
    rows = matched.traversals
    return [
        f"{town.name_of(int(edge))}{'?' if status == INFERRED else ''}"
        for edge, status in zip(rows.edge, rows.status, strict=True)
    ]


def match_drive(
    town: AsciiMap,
    xy: NDArray[np.float64],
    every_s: float = 1.0,
    settings: MatchSettings | None = None,
    **columns: object,
) -> Matched:
    return match(town.network, build_index(town.network), one_trace(xy, every_s, **columns), settings)


def test_a_drive_gives_its_edges_in_order_with_times_and_metres() -> None:
    matched = match_drive(TOWN, TOWN.drive("A", "B", "E", "F"))
    rows = matched.traversals
    assert driven(TOWN, matched) == ["AB", "BE", "EF"]
    assert rows.from_m.tolist() == [0, 0, 0]
    assert np.allclose(rows.to_m, [200, 100, 200])
    assert np.allclose(rows.entered_us / 1e6, [0, 20, 30], atol=0.6)
    assert np.allclose(rows.left_us / 1e6, [20, 30, 50], atol=0.6)
    assert (rows.confidence > 0.9).all()
    assert rows.n_fixes.sum() == 51
    assert (matched.fixes.edge >= 0).all()


def test_offsets_run_along_digitising_against_it_too() -> None:
    matched = match_drive(TOWN, TOWN.drive("CB:0.25", "CB:0.75"))
    rows = matched.traversals
    assert driven(TOWN, matched) == ["CB"]
    assert (rows.from_m[0], rows.to_m[0]) == pytest.approx((50, 150), abs=1)
    assert matched.fixes.offset_m[0] == pytest.approx(150, abs=1)


def test_touching_a_junction_is_not_a_traversal() -> None:
    xy = TOWN.drive("AB:0.2", "B", "E")
    xy[-1] = TOWN.node_at["E"] + (3.0, -4.0)  # the last fix lies nearest to the edge that begins there
    matched = match_drive(TOWN, xy)
    assert driven(TOWN, matched) == ["AB", "BE"]
    passing = match_drive(TOWN, TOWN.drive("A", "B", "C", "D") + np.array([0.0, -5.0]))
    assert driven(TOWN, passing) == ["AB", "BC", "CD"]


def test_standing_still_is_on_an_edge_and_drives_nothing() -> None:
    rng = np.random.default_rng(3)
    matched = match_drive(TOWN, TOWN.place("BC:0.5") + rng.normal(0, 3, (200, 2)))
    assert len(matched.traversals) == 0
    assert {TOWN.name_of(int(e)) for e in matched.fixes.edge} <= {"BC", "CB"}


@pytest.mark.parametrize("every_m", [10.0, 60.0])
def test_a_turn_in_the_middle_of_an_edge_gives_both_directions(every_m: float) -> None:
    matched = match_drive(TOWN, TOWN.drive("A", "AB:0.9", "A", every_m=every_m), every_s=every_m / 10)
    rows = matched.traversals
    assert driven(TOWN, matched) == ["AB", "BA"]
    assert rows.to_m.tolist() == pytest.approx([180, 180], abs=25)
    assert (rows.from_m < rows.to_m).all()


def test_a_dead_end_is_driven_both_ways() -> None:
    matched = match_drive(TOWN, TOWN.drive("F", "G", "F", "C", every_m=25), every_s=2.5)
    assert driven(TOWN, matched) == ["FG", "GF", "FC"]


def test_edges_without_a_fix_are_inferred() -> None:
    xy = TOWN.drive("AB:0.1", "B", "C", "CD:0.5", every_m=10)
    keep = (xy[:, 0] < 180) | (xy[:, 0] > 420)
    at_us = np.flatnonzero(keep) * 1_000_000
    n = int(keep.sum())
    fixes = Fixes.from_arrays(np.ones(n), at_us, np.zeros(n), np.zeros(n))
    matched = match(TOWN.network, build_index(TOWN.network), clean_and_split(fixes, xy[keep]))
    assert driven(TOWN, matched) == ["AB", "BC?", "CD"]
    assert matched.traversals.n_fixes[1] == 0
    before, after = int(matched.traversals.first_fix[1]), int(matched.traversals.last_fix[1])
    assert at_us[before] < at_us[after]


def test_one_wrong_fix_is_left_out_and_said() -> None:
    xy = TOWN.drive("A", "D")
    xy[30] += (0.0, 150.0)
    matched = match_drive(TOWN, xy)
    assert driven(TOWN, matched) == ["AB", "BC", "CD"]
    assert (matched.fixes.edge < 0).nonzero()[0].tolist() == [30]
    assert matched.fixes.confidence[30] == 0.0


def test_a_claimed_spread_keeps_fixes_that_would_be_left_out() -> None:
    xy = TOWN.drive("A", "D") + (0.0, 45.0)
    xy[:20, 1] -= 45.0
    not_learned = MatchSettings(relearn=np.inf)
    strict = match_drive(TOWN, xy, settings=not_learned)
    lenient = match_drive(TOWN, xy, settings=not_learned, accuracy_m=np.where(np.arange(len(xy)) < 20, 3.0, 25.0))
    assert (strict.fixes.edge < 0).sum() > (lenient.fixes.edge < 0).sum() == 0
    assert driven(TOWN, lenient) == ["AB", "BC", "CD"]


def test_the_spread_of_a_device_is_learned_from_where_its_fixes_lie() -> None:
    xy = TOWN.drive("A", "D") + (0.0, 45.0)
    assert (match_drive(TOWN, xy, settings=MatchSettings(relearn=np.inf)).fixes.edge < 0).all()
    learned = match_drive(TOWN, xy)
    assert (learned.fixes.edge >= 0).all()
    assert driven(TOWN, learned) == ["AB", "BC", "CD"]


def test_white_noise_of_a_dense_drive_makes_no_turns() -> None:
    drives = [
        TOWN.drive("A", "B", "E", "F") + np.random.default_rng(seed).normal(0.0, 20.0, (51, 2)) for seed in range(10)
    ]
    jumping = MatchSettings(jump_min_m=np.inf, relearn=np.inf)
    right = [driven(TOWN, match_drive(TOWN, xy)) == ["AB", "BE", "EF"] for xy in drives]
    without = [driven(TOWN, match_drive(TOWN, xy, settings=jumping)) == ["AB", "BE", "EF"] for xy in drives]
    assert sum(right) >= 9
    assert sum(without) <= sum(right) - 3


def test_a_heading_tells_the_direction_of_a_single_step() -> None:
    xy = TOWN.drive("AB:0.3", "AB:0.42")
    east, west = (
        match_drive(TOWN, xy, heading_deg=np.full(len(xy), deg), speed_mps=np.full(len(xy), 5.0))
        for deg in (90.0, 270.0)
    )
    assert driven(TOWN, east) == ["AB"]
    assert {TOWN.name_of(int(e)) for e in west.fixes.edge} <= {"AB", "BA"}
    assert east.fixes.confidence.min() > west.fixes.confidence.min()


def test_two_islands_are_two_parts_with_a_break() -> None:
    islands = draw(
        """
        A---------B     C---------D
        """,
        step_m=60.0,
    )
    matched = match_drive(islands, islands.drive("A", "D"))
    assert driven(islands, matched) == ["AB", "CD"]
    assert len(matched.breaks) == 1
    assert BREAK_REASONS[matched.breaks.reason[0]] in ("no_path", "no_road")


def test_fixes_far_from_every_road_are_unmatched() -> None:
    matched = match_drive(TOWN, TOWN.drive("A", "B") + np.array([0.0, 900.0]))
    assert len(matched.traversals) == 0
    assert (matched.fixes.edge < 0).all()
    assert matched.breaks.after_fix.tolist() == [-1]
    assert BREAK_REASONS[matched.breaks.reason[0]] == "no_road"


def test_one_fix_and_no_trace() -> None:
    assert len(match_drive(TOWN, TOWN.drive("A", "B")[:1]).traversals) == 0
    index = build_index(TOWN.network)
    none = match(TOWN.network, index, clean_and_split(Fixes.empty(), np.empty((0, 2))))
    assert (len(none.traversals), len(none.fixes), len(none.breaks)) == (0, 0, 0)


def test_a_network_without_edges_is_refused() -> None:
    empty = network_of([("A", "B", [np.zeros(2), np.ones(2)], 0)])
    none = np.zeros(0, np.int32)
    bare = type(empty)(
        **{name: getattr(empty, name) for name in empty.__slots__} | {"edge_from": none, "edge_to": none}
    )
    with pytest.raises(InputError, match="no edges"):
        build_index(bare)
    with pytest.raises(InputError, match="another network"):
        match(TOWN.network, build_index(empty), one_trace(TOWN.drive("A", "B")))


def test_threads_change_nothing() -> None:
    rng = np.random.default_rng(5)
    drives = [TOWN.drive(*"ABEF") + rng.normal(0, 6, (51, 2)) for _ in range(12)]
    vehicle = np.repeat(np.arange(12), 51)
    fixes = Fixes.from_arrays(vehicle, np.tile(np.arange(51) * 1_000_000, 12), np.zeros(612), np.zeros(612))
    traces: Traces = clean_and_split(fixes, np.vstack(drives))
    index = build_index(TOWN.network)
    one, two = (match(TOWN.network, index, traces, n_threads=n) for n in (1, 2))
    for name in one.traversals.__slots__:
        assert np.array_equal(getattr(one.traversals, name), getattr(two.traversals, name)), name
    assert np.array_equal(one.fixes.edge, two.fixes.edge)


def test_a_plan_line_from_another_map_lies_on_its_edges() -> None:
    index = build_index(TOWN.network)
    line = np.array([TOWN.place("AB:0.5"), TOWN.place("B"), TOWN.place("E"), TOWN.place("EF:0.5")]) + (8.0, -9.0)
    laid = lay_line(TOWN.network, index, line)
    assert [TOWN.name_of(int(e)) for e in laid.edge] == ["AB", "BE", "EF"]
    assert laid.from_m[0] == pytest.approx(100, abs=15)
    assert laid.to_m[-1] == pytest.approx(100, abs=15)
    assert laid.missing_m == 0.0


def test_a_plan_line_beside_every_road_is_missing() -> None:
    index = build_index(TOWN.network)
    a, d = TOWN.place("A"), TOWN.place("D")
    laid = lay_line(TOWN.network, index, np.array([a, d, d + (400.0, 0.0)]))
    assert [TOWN.name_of(int(e)) for e in laid.edge] == ["AB", "BC", "CD"]
    assert laid.missing_m == pytest.approx(400, abs=50)

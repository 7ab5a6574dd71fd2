"""From drawn fixes to coverage by the real matcher: touching a junction colours nothing, nor does a raised blade."""

from __future__ import annotations

import numpy as np
import pytest
from asciimap import AsciiMap, draw, one_trace

from geo.coverage import PassFacts, clears, cover
from geo.end_slack import adjacent, with_end_slack
from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.passes import classify
from geo.vocabulary import WorkBasis
from geo.work import SourceWork, work_of

TOWN = draw(
    """
              H         I
              |         |
              |         |
              |         |
    A---------B---------C---------D
              |         |
              |         |
              |         |
              E---------F---------G
    """
)
DOWN, UP = 1, 0


def covered(
    town: AsciiMap, xy: np.ndarray, every_s: float, basis: WorkBasis | None = None, **flags: object
) -> dict[str, float]:
    """Covered share of each edge by name, edges without any left out."""
    traces = one_trace(xy, every_s, **flags)
    matched = match(town.network, build_index(town.network), traces)
    found = classify(traces, matched, work_of(traces.fixes, SourceWork.uniform(len(xy), basis)))
    facts = PassFacts(
        edge=found.edge.astype(np.int64), from_m=found.from_m, to_m=found.to_m, began_us=found.began_us,
        ended_us=found.ended_us, kind=found.kind, treatment=found.treatment, work_basis=found.work_basis,
        confidence=found.confidence, source=found.trace * 0, synthetic=found.trace > 99, trace=found.trace,
        seq=found.seq.astype(np.int64),
    )  # fmt: skip
    counts, length_m = clears(facts), np.repeat(town.network.length_m, 2)
    ends = (town.network.edge_from.astype(np.int64), town.network.edge_to.astype(np.int64))
    fraction = cover(with_end_slack(facts, counts, adjacent(facts, *ends), length_m), counts, length_m).fraction
    return {town.name_of(e): round(float(fraction[e]), 2) for e in np.flatnonzero(fraction > 0)}


def noisy(xy: np.ndarray, spread_m: float, seed: int) -> np.ndarray:
    return xy + np.random.default_rng(seed).normal(0, spread_m, xy.shape)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("every_s", [1, 5, 15])
def test_driving_through_junctions_covers_the_street_driven_and_no_other(seed: int, every_s: int) -> None:
    xy = noisy(TOWN.drive("A", "B", "C", "D", every_m=6.0 * every_s), 4.0, seed)
    found = covered(TOWN, xy, every_s, blade=np.full(len(xy), DOWN))
    assert set(found) == {"AB", "BC", "CD"}
    assert found["BC"] == 1.0
    assert min(found.values()) >= 0.9


@pytest.mark.parametrize("seed", range(4))
def test_turning_at_a_junction_leaves_the_other_arms_alone(seed: int) -> None:
    xy = noisy(TOWN.drive("A", "B", "E", "F", "G", every_m=25), 4.0, seed)
    found = covered(TOWN, xy, 5, blade=np.full(len(xy), DOWN))
    assert set(found) == {"AB", "BE", "EF", "FG"}


@pytest.mark.parametrize("seed", range(4))
def test_standing_at_a_junction_with_the_blade_down_colours_no_arm(seed: int) -> None:
    way = np.vstack(
        [
            TOWN.drive("A", "B", every_m=25),
            np.repeat(TOWN.node_at["B"][None], 30, axis=0),
            TOWN.drive("B", "C", every_m=25),
        ]
    )
    xy = noisy(way, 5.0, seed)
    found = covered(TOWN, xy, 5, blade=np.full(len(xy), DOWN))
    assert {name for name, share in found.items() if share > 0.05} == {"AB", "BC"}


def test_a_raised_blade_over_the_junction_colours_only_what_was_ploughed() -> None:
    xy = TOWN.drive("A", "B", "C", "D", every_m=20)
    blade = np.where((xy[:, 0] > 150) & (xy[:, 0] < 450), UP, DOWN)
    found = covered(TOWN, xy, 4, blade=blade)
    assert set(found) == {"AB", "CD"}
    assert found["AB"] == pytest.approx(0.75, abs=0.06)
    assert found["CD"] == pytest.approx(0.75, abs=0.06)


def test_without_a_word_of_work_not_one_metre_is_covered() -> None:
    xy = TOWN.drive("A", "B", "C", "D", every_m=20)
    assert covered(TOWN, xy, 4) == {}
    assert set(covered(TOWN, xy, 4, WorkBasis.ASSUMED)) == {"AB", "BC", "CD"}


def test_the_other_carriageway_stays_as_it_was() -> None:
    xy = TOWN.drive("D", "C", "B", "A", every_m=20)
    assert set(covered(TOWN, xy, 4, blade=np.full(len(xy), DOWN))) == {"DC", "CB", "BA"}


@pytest.mark.parametrize("stand_mps", [0.0, np.nan])
def test_a_blade_that_is_up_to_turn_says_nothing_of_the_way_there(stand_mps: float) -> None:
    """Into a short dead end with the blade down, a stand at its end with the blade up, out with the blade down."""
    street = draw("A---------B--C", step_m=20.0)
    places = np.array([100.0, 170, 260, 260, 260, 260, 170, 100])
    xy = np.column_stack([street.node_at["A"][0] + places, np.full(8, street.node_at["A"][1])])
    blade, speed = np.full(8, DOWN), np.full(8, 3.5)
    blade[2:6], speed[2:6] = UP, stand_mps
    found = covered(street, xy, 15, blade=blade, speed_mps=speed)
    # a device that tells no speed may have lifted its blade before
    assert found.get("BC", 0.0) == (1.0 if stand_mps == 0.0 else 0.0)
    assert found["AB"] == found["BA"] == 0.5


def test_a_stand_with_the_blade_up_off_a_turning_place_is_work_up_to_the_junction_only() -> None:
    way = TOWN.drive("A", "B", "C", every_m=35.0)
    xy = np.vstack([way, np.repeat(way[-1:], 3, axis=0)])
    blade = np.r_[np.full(3, DOWN), np.full(len(xy) - 3, UP)]
    speed = np.r_[np.full(len(way), 3.5), np.zeros(3)]
    assert "BC" not in covered(TOWN, xy, 10, blade=blade, speed_mps=speed)

"""The measure of truth on a small demo: it holds the published bounds, and its parts add up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_truth import line
from benchmarks.truth import Kind, Played, World, causes, demo, facts_of, judge, play, shown, storm_of, sums
from geo.coverage import clears


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return demo(Path(tmp_path_factory.mktemp("demo")), n_edges=12_000)


@pytest.fixture(scope="module")
def played(world: World) -> Played:
    return play(world, storm_of(world, 20, Kind(interval_s=10.0), hours=3.0))


def test_a_storm_on_the_demo_keeps_the_bounds(world: World, played: Played) -> None:
    metres = sums(judge(world, played))
    assert metres["full_m"] > 100_000
    assert metres["false_m"] <= 0.005 * metres["shown_m"]
    assert metres["missed_m"] <= 0.03 * metres["full_m"]


def test_causes_add_up_to_what_is_missed(world: World, played: Played) -> None:
    found = judge(world, played, confidence_min=0.995)
    by_cause = causes(world, found)
    assert by_cause["of low confidence"] > 0
    assert sum(by_cause.values()) == pytest.approx(sums(found)["missed_m"])


def test_nothing_is_shown_where_no_pass_counts_and_all_is_missed(world: World, played: Played) -> None:
    found = sums(judge(world, played, confidence_min=1.1))
    assert found["shown_m"] == found["false_m"] == found["told_m"] == 0.0
    assert found["missed_m"] == found["full_m"] > 0
    assert found["uncovered_m"] == pytest.approx(found["heard_m"])


def test_what_is_shown_grows_with_the_passes_that_count(world: World, played: Played) -> None:
    facts = facts_of(played.passes)
    some = clears(facts) & (facts.confidence >= 0.99)
    few, many = shown(world, facts, some), shown(world, facts, clears(facts))
    assert not (few.cleared & ~many.cleared).any()
    assert np.count_nonzero(many.cleared) > np.count_nonzero(few.cleared)


def test_shares_are_of_what_they_are_shares_of() -> None:
    total = Counter(
        shown_m=4000.0, false_m=8.0, by_line_m=40.0, full_m=5000.0, missed_m=100.0, heard_m=6000.0, uncovered_m=60.0,
        silent_m=1000.0, told_m=25.0,
    )  # fmt: skip
    assert line("here", "any", Kind(interval_s=5.0), total) == (
        "| here | any | 5 s | 4 | 0.20 | 1.00 | 5 | 2.00 | 1.00 | 1 | 2.5 |"
    )

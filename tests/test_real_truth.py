"""How true the map is on real, dense streets with simulated ploughs: the bounds that docs/coverage.md publishes, small.

One storm of 30 ploughs and three hours on Sapporo's streets scatters more than those of benchmarks/bench_truth.py, so
the bounds here are a little wider than the figures there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.truth import Kind, World, causes, judge, play, sapporo, storm_of, sums
from yukimichi.simulator.units import Receivers

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def world() -> World:
    return sapporo(Path(os.environ["YUKI_DATA"]))


@pytest.mark.parametrize(
    ("receivers", "most_false", "most_missed"),
    [(Receivers(), 0.006, 0.042), (Receivers(clear_m=1.65, disturbed_m=13.0), 0.002, 0.030)],
)
def test_little_is_shown_falsely_and_little_is_missed(
    world: World, receivers: Receivers, most_false: float, most_missed: float
) -> None:
    found = judge(world, play(world, storm_of(world, 3, Kind(receivers, 10.0), n_vehicles=30, hours=3.0)))
    metres = sums(found)
    assert metres["full_m"] > 400_000
    assert metres["false_m"] <= most_false * metres["shown_m"]
    assert metres["missed_m"] <= most_missed * metres["full_m"]
    assert metres["uncovered_m"] <= most_missed * metres["heard_m"]
    assert sum(causes(world, found).values()) == pytest.approx(metres["missed_m"])


def test_a_device_without_a_word_of_work_clears_nothing(world: World) -> None:
    run = storm_of(world, 3, Kind(Receivers(), 15.0), n_vehicles=8, hours=2.0)
    for name in ("blade", "spreader", "treatment"):
        run.fixes[name] = None
    assert sums(judge(world, play(world, run)))["shown_m"] == 0.0

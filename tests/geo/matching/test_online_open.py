"""What is kept of open traces changes no outcome: only what is new is stepped, and all of it where that is not sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from asciimap import draw, fixes_at, one_trace

from geo.matching.candidates import build_index
from geo.matching.online_open import OpenTrips
from geo.matching.trip import Trip
from geo.trace import Traces

TOWN = draw(
    """
    A----B-----C----D
    |    |     |    |
    E----F-----G----H
    """
)
INDEX = build_index(TOWN.network)


def drive(n: int, seed: int = 1) -> Traces:
    """The first n fixes of a drive."""
    xy = TOWN.drive(*"ABFGCDHGFEABCGH", every_m=12.0)
    noise = np.random.default_rng(seed).normal(0, 4, xy.shape)
    return one_trace((xy + noise)[:n])


def outcome(open_trips: OpenTrips, traces: Traces, is_open: bool = True) -> Trip | None:
    return open_trips.trips(TOWN.network, INDEX, traces, np.array([is_open])).get(0)


def assert_same(a: Trip | None, b: Trip | None) -> None:
    assert a is not None
    assert b is not None
    for name in ("rows", "placed", "fix_edge", "confidence", "breaks"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist(), name


def test_only_new_fixes_are_stepped_and_the_outcome_is_that_of_stepping_all() -> None:
    kept, rng, n = OpenTrips(), np.random.default_rng(3), 2
    while n < len(drive(10_000).fixes):
        assert_same(outcome(kept, drive(n)), outcome(OpenTrips(), drive(n)))
        last, n = n, n + int(rng.integers(1, 25))
    assert kept.n_stepped == last


def test_a_last_fix_that_is_dropped_or_amended_costs_one_step() -> None:
    kept = OpenTrips()
    outcome(kept, drive(60))
    moved = drive(61)
    moved.xy[59] += 3.0
    assert_same(outcome(kept, moved), outcome(OpenTrips(), moved))
    assert kept.n_stepped == 60 + 2
    shorter = drive(60)
    assert_same(outcome(kept, shorter), outcome(OpenTrips(), shorter))


def test_late_fixes_in_the_middle_are_stepped_with_all_after_them() -> None:
    kept = OpenTrips()
    outcome(kept, drive(60))
    amended = drive(70)
    amended.xy[20] += 3.0
    assert_same(outcome(kept, amended), outcome(OpenTrips(), amended))
    assert kept.n_stepped == 60 + 70
    faster = replace(amended, fixes=fixes_at(amended.xy, speed_mps=np.full(70, 12.0)))
    assert_same(outcome(kept, faster), outcome(OpenTrips(), faster))
    assert kept.n_stepped == 60 + 70 + 70


def test_a_closed_trace_and_another_network_are_forgotten() -> None:
    kept = OpenTrips()
    outcome(kept, drive(60))
    assert outcome(kept, drive(60), is_open=False) is None
    outcome(kept, drive(60))
    assert kept.n_stepped == 120
    other = replace(TOWN.network, version=2)
    assert kept.trips(other, build_index(other), drive(60), np.array([True]))[0].fix_edge[-1] >= 0
    assert kept.n_stepped == 180


def test_one_fix_and_vehicles_side_by_side() -> None:
    kept = OpenTrips()
    one = outcome(kept, drive(1))
    assert one is not None
    assert len(one.rows) == 0
    a, b = drive(40), drive(50, seed=2)
    both = Traces(
        fixes=replace(
            a.fixes,
            **{name: np.concatenate([getattr(a.fixes, name), getattr(b.fixes, name)]) for name in a.fixes.__slots__},
        ),
        xy=np.vstack([a.xy, b.xy]),
        kept=np.arange(90),
        start=np.array([0, 40, 90]),
        vehicle=np.array([7, 8]),
        outcome=np.zeros(90, np.int8),
    )
    found = kept.trips(TOWN.network, INDEX, both, np.array([True, True]))
    assert_same(found[0], outcome(OpenTrips(), a))
    assert_same(found[1], outcome(OpenTrips(), b))

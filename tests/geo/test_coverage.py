"""Coverage against a naive one that looks at every metre."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import Coverage, PassFacts, clears, cover
from geo.fix import TREATMENTS
from geo.vocabulary import CLEARING_TREATMENTS
from geo.work import BASES, KINDS

type Make = Callable[..., PassFacts]

EDGES, LENGTH = 3, 20
LENGTH_M = np.full(EDGES, float(LENGTH))
one = st.tuples(st.integers(0, EDGES - 1), st.integers(0, LENGTH), st.integers(0, LENGTH), st.integers(1, 6))
many = st.lists(one.filter(lambda row: row[1] != row[2]), max_size=10)


def drawn(items: list[tuple[int, int, int, int]]) -> PassFacts:
    n = len(items)
    rows = np.array(items, np.int64).reshape(-1, 4)
    zero = np.zeros(n, np.int8)
    return PassFacts(
        edge=rows[:, 0], from_m=rows[:, 1:3].min(1) * 1.0, to_m=rows[:, 1:3].max(1) * 1.0,
        began_us=rows[:, 3] - 1, ended_us=rows[:, 3], kind=zero, treatment=zero, work_basis=zero,
        confidence=np.ones(n), source=np.ones(n, np.int64), synthetic=np.zeros(n, np.bool_),
        trace=np.arange(n), seq=np.zeros(n, np.int64),
    )  # fmt: skip


def everything(items: list[tuple[int, int, int, int]]) -> Coverage:
    return cover(drawn(items), np.full(len(items), True), LENGTH_M)


def newest(items: list[tuple[int, int, int, int]]) -> np.ndarray:
    """(EDGES, LENGTH) time of the newest pass over each metre; 0 where none lies."""
    found = np.zeros((EDGES, LENGTH), np.int64)
    for edge, a, b, at in items:
        part = found[edge, min(a, b) : max(a, b)]
        np.maximum(part, at, out=part)
    return found


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """The first call compiles, which no example should be timed for."""
    everything([(0, 0, 1, 1)])


@given(many)
def test_fraction_and_union_are_the_metres_that_any_pass_holds(items: list[tuple[int, int, int, int]]) -> None:
    found, truth = everything(items), newest(items) > 0
    assert np.allclose(found.fraction, truth.mean(1), atol=1e-9)
    held = np.zeros_like(truth)
    for e, a, b in zip(found.covered.group, found.covered.from_m, found.covered.to_m, strict=True):
        assert not held[e, round(a) : round(b)].any()
        held[e, round(a) : round(b)] = True
    assert np.array_equal(held, truth)
    for left, right in pairwise(range(len(found.covered))):
        if found.covered.group[left] == found.covered.group[right]:
            assert found.covered.to_m[left] < found.covered.from_m[right]


@given(many)
def test_gain_at_each_time_is_the_metres_last_cleared_then(items: list[tuple[int, int, int, int]]) -> None:
    found, facts, truth = everything(items), drawn(items), newest(items)
    for edge in range(EDGES):
        part = slice(found.start[edge], found.start[edge + 1])
        times = facts.ended_us[found.order[part]]
        assert (np.diff(times) <= 0).all()
        assert (facts.edge[found.order[part]] == edge).all()
        for at in range(1, 7):
            assert found.gain_m[part][times == at].sum() == pytest.approx((truth[edge] == at).sum())


@given(many, st.randoms(use_true_random=False))
def test_the_same_in_any_order(items: list[tuple[int, int, int, int]], random: object) -> None:
    found = everything(items)
    random.shuffle(items)  # type: ignore[attr-defined]
    again = everything(items)
    assert np.array_equal(found.fraction, again.fraction)
    assert np.array_equal(found.gain_m, again.gain_m)
    assert np.array_equal(found.covered.from_m, again.covered.from_m)
    assert np.array_equal(found.covered.to_m, again.covered.to_m)


@given(many, one)
def test_more_passes_never_cover_less(items: list[tuple[int, int, int, int]], more: tuple[int, int, int, int]) -> None:
    before, after = everything(items).fraction, everything([*items, more]).fraction
    assert (after >= before - 1e-12).all()
    assert (after <= 1).all()
    assert (before >= 0).all()


@given(many, st.lists(st.booleans(), min_size=10, max_size=10))
def test_only_passes_that_count_cover(items: list[tuple[int, int, int, int]], flags: list[bool]) -> None:
    counts = np.array(flags[: len(items)], np.bool_)
    found = cover(drawn(items), counts, LENGTH_M)
    kept = [item for item, flag in zip(items, flags, strict=False) if flag]
    assert np.array_equal(found.fraction, everything(kept).fraction)
    assert counts[found.order].all()


def test_a_pass_beyond_the_edge_is_clipped(facts_of: Make) -> None:
    found = cover(facts_of({"from_m": -5, "to_m": 130}), np.array([True]), np.array([100.0]))
    assert found.covered.to_m.tolist() == [100.0]
    assert found.fraction.tolist() == [1.0]


def test_exact_to_the_metre(facts_of: Make) -> None:
    facts = facts_of(
        {"from_m": 12.25, "to_m": 40.5}, {"from_m": 40.5, "to_m": 61.75, "at": 1}, {"from_m": 70, "to_m": 71}
    )
    found = cover(facts, np.full(3, True), np.array([200.0]))
    assert found.covered.from_m.tolist() == [12.25, 70.0]
    assert found.covered.to_m.tolist() == [61.75, 71.0]
    assert found.fraction[0] == pytest.approx((61.75 - 12.25 + 1) / 200)


def test_what_counts_as_clearing_is_work_that_takes_snow_and_is_known(facts_of: Make) -> None:
    rows = [
        {"kind": str(k), "treatment": t, "basis": str(b)} for k in KINDS for t in (None, *TREATMENTS) for b in BASES
    ]
    for row, counts in zip(rows, clears(facts_of(*rows)), strict=True):
        takes_snow = row["treatment"] is None or row["treatment"] in CLEARING_TREATMENTS
        assert counts == (row["kind"] == "pass" and takes_snow and row["basis"] != "unknown"), row


def test_no_facts_cover_nothing(facts_of: Make) -> None:
    found = cover(facts_of(), np.zeros(0, np.bool_), LENGTH_M)
    assert found.fraction.tolist() == [0.0] * EDGES
    assert len(found.covered) == len(found.order) == 0

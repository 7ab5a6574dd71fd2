"""First completion against a naive one that looks at every metre, and against the coverage of each moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.completion import NEVER, Growth, completed_us, growth
from geo.coverage import PassFacts, cover
from geo.coverage_passes import cover_passes, traversal_of

EDGES, LENGTH = 4, 12
LENGTH_M = np.full(EDGES, float(LENGTH))
NEEDED = np.array([1, 1, 2, 3], np.int16)
#: The first piece is a narrow road: a pass in either direction counts for both of its edges.
SHARED = np.array([True, True, False, False])

type Item = tuple[int, int, int, int]
one = st.tuples(st.integers(0, EDGES - 1), st.integers(0, LENGTH), st.integers(0, LENGTH), st.integers(1, 9))
many = st.lists(one.filter(lambda row: row[1] != row[2]), max_size=14)


def drawn(items: list[Item]) -> PassFacts:
    n = len(items)
    rows = np.array(items, np.int64).reshape(-1, 4)
    zero = np.zeros(n, np.int8)
    return PassFacts(
        edge=rows[:, 0], from_m=rows[:, 1:3].min(1) * 1.0, to_m=rows[:, 1:3].max(1) * 1.0,
        began_us=rows[:, 3] - 1, ended_us=rows[:, 3], kind=zero, treatment=zero, work_basis=zero,
        confidence=np.ones(n), source=np.ones(n, np.int64), synthetic=np.zeros(n, np.bool_),
        trace=np.arange(n), seq=np.zeros(n, np.int64),
    )  # fmt: skip


def grown(items: list[Item], needed: np.ndarray = NEEDED, shared: np.ndarray = SHARED) -> Growth:
    return growth(drawn(items), np.full(len(items), True), LENGTH_M, needed, shared)


def naive(items: list[Item], share: float) -> list[int]:
    """The first moment by which the share of the metres of each edge has the passes that it needs."""
    found = []
    for edge in range(EDGES):
        mine = [i for i in items if i[0] == edge or (SHARED[edge] and i[0] == edge ^ 1)]
        at = NEVER
        for moment in sorted({i[3] for i in mine}):
            n = np.zeros(LENGTH, int)
            for _, a, b, ended in mine:
                n[min(a, b) : max(a, b)] += ended <= moment
            if (n >= NEEDED[edge]).mean() >= share:
                at = moment
                break
        found.append(at)
    return found


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """The first call compiles, which no example should be timed for."""
    grown([(0, 0, 1, 1)])
    test_in_the_end_as_much_is_complete_as_states_say.hypothesis.inner_test([(2, 0, 9, 1), (2, 0, 9, 2)])  # type: ignore[attr-defined]


@given(many, st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_completion_is_the_first_moment_at_which_the_share_is_there(items: list[Item], share: float) -> None:
    assert completed_us(grown(items), LENGTH_M, share).tolist() == naive(items, share)


@given(many, st.randoms(use_true_random=False))
def test_growth_is_the_same_for_every_order_of_arrival(items: list[Item], random: object) -> None:
    mixed = list(items)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    a, b = grown(items), grown(mixed)
    assert [x.tolist() for x in (a.edge, a.at_us, a.gain_m)] == [x.tolist() for x in (b.edge, b.at_us, b.gain_m)]


@given(many, st.integers(0, 10))
def test_covered_metres_are_the_coverage_of_that_moment(items: list[Item], moment: int) -> None:
    """geo.coverage, which lays the newest first, agrees on what is covered at any moment."""
    facts = drawn(items)
    plain = grown(items, np.ones(EDGES, np.int16), np.zeros(EDGES, np.bool_))
    truth = cover(facts, facts.ended_us <= moment, LENGTH_M).fraction * LENGTH
    assert np.allclose(plain.covered_m(moment), truth, atol=1e-9)


@given(many)
def test_in_the_end_as_much_is_complete_as_states_say(items: list[Item]) -> None:
    """geo.status counts the newest passes where several are needed; the metres are the same."""
    facts = drawn(items)
    never_shared = np.zeros(EDGES, np.bool_)
    found = growth(facts, np.full(len(items), True), LENGTH_M, NEEDED, never_shared).covered_m(10)
    states = cover_passes(facts, np.full(len(items), True), LENGTH_M, NEEDED, traversal_of(facts))
    assert np.allclose(found, states.fraction * LENGTH, atol=1e-9)


def test_a_second_pass_completes_what_needs_two() -> None:
    once, twice = [(2, 0, 12, 3)], [(2, 0, 12, 3), (2, 0, 12, 5)]
    assert completed_us(grown(once), LENGTH_M, 0.95)[2] == NEVER
    assert completed_us(grown(twice), LENGTH_M, 0.95)[2] == 5


def test_facts_that_do_not_count_bring_nothing() -> None:
    items = [(0, 0, 12, 3), (1, 0, 12, 4)]
    found = growth(drawn(items), np.array([False, True]), LENGTH_M, NEEDED, np.zeros(EDGES, np.bool_))
    assert completed_us(found, LENGTH_M, 0.95).tolist() == [NEVER, 4, NEVER, NEVER]


def test_a_millimetre_that_is_missing_is_no_gap() -> None:
    facts = drawn([(0, 0, 12, 3)])
    facts.to_m[0] = 11.9995
    found = growth(facts, np.array([True]), LENGTH_M, np.ones(EDGES, np.int16), np.zeros(EDGES, np.bool_))
    assert completed_us(found, LENGTH_M, 1.0)[0] == 3


def test_two_facts_of_one_traversal_are_one_pass() -> None:
    """The work state changed on the way, and a loop was driven twice without leaving it."""
    facts = drawn([(2, 0, 8, 3), (2, 4, 12, 4), (2, 0, 12, 6)])
    facts.trace[:2], facts.seq[:2] = 7, [1, 2]
    found = growth(facts, np.full(3, True), LENGTH_M, NEEDED, np.zeros(EDGES, np.bool_))
    assert completed_us(found, LENGTH_M, 0.95)[2] == 6
    assert found.covered_m(4)[2] == 0

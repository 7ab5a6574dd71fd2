"""Coverage by several passes against a naive one that looks at every metre; traversals; properties of coverage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import Coverage, PassFacts, cover
from geo.coverage_passes import cover_passes, traversal_of
from geo.work import BASES

type Make = Callable[..., PassFacts]

EDGES, LENGTH = 3, 20
LENGTH_M = np.full(EDGES, float(LENGTH))
NEEDED = np.array([1, 2, 3], np.int16)
row = st.fixed_dictionaries(
    {
        "edge": st.integers(0, EDGES - 1),
        "from_m": st.integers(0, LENGTH - 1),
        "to_m": st.integers(1, LENGTH),
        "at": st.integers(1, 6).map(float),
        "trace": st.integers(0, 3),
        "seq": st.integers(0, 5),
        "confidence": st.sampled_from([0.5, 0.7, 0.9]),
        "basis": st.sampled_from(["sensed", "declared", "assumed"]),
    }
).filter(lambda r: r["from_m"] < r["to_m"])
rows = st.lists(row, max_size=14, unique_by=lambda r: (r["trace"], r["seq"], r["edge"]))


def covered(facts: PassFacts, needed: Any = NEEDED) -> Coverage:
    counts = np.full(len(facts), True)
    return cover_passes(facts, counts, LENGTH_M, np.asarray(needed, np.int16), traversal_of(facts))


def naive_traversals(facts: PassFacts) -> dict[int, frozenset[int]]:
    """Fact → all facts of its traversal: those that are linked to it by steps of one in seq, on its edge and trace."""
    found = {}
    for q in range(len(facts)):
        group, grew = {q}, True
        while grew:
            more = {
                i for i in range(len(facts)) for j in group
                if facts.edge[i] == facts.edge[j] and facts.trace[i] == facts.trace[j]
                and abs(facts.seq[i] - facts.seq[j]) <= 1
            }  # fmt: skip
            grew, group = not more <= group, group | more
        found[q] = frozenset(group)
    return found


def naive_metre(facts: PassFacts, edge: int, metre: int, needed: int) -> tuple[int, float, int] | None:
    """(end of the k-th newest traversal over the metre, least confidence, weakest basis); None with fewer."""
    of = naive_traversals(facts)
    over = [q for q in range(len(facts)) if facts.edge[q] == edge and facts.from_m[q] <= metre < facts.to_m[q]]
    newest: dict[frozenset[int], tuple[Any, ...]] = {}
    for q in over:
        rank = (
            -facts.ended_us[q], -facts.began_us[q], facts.from_m[q], facts.to_m[q], -facts.confidence[q],
            facts.work_basis[q],
        )  # fmt: skip
        newest[of[q]] = min(newest.get(of[q], rank), rank)
    taken = sorted(newest.values())[:needed]
    if len(taken) < needed:
        return None
    return -int(taken[-1][0]), min(-one[4] for one in taken), max(int(one[5]) for one in taken)


@settings(deadline=None)
@given(rows)
def test_each_metre_rests_on_as_many_different_passes_as_it_needs(facts_of: Make, drawn: list[dict[str, Any]]) -> None:
    facts = facts_of(*drawn)
    found = covered(facts)
    held = [(int(g), float(a), float(b)) for g, a, b in
            zip(found.covered.group, found.covered.from_m, found.covered.to_m, strict=True)]  # fmt: skip
    for edge in range(EDGES):
        truth = [naive_metre(facts, edge, metre, int(NEEDED[edge])) for metre in range(LENGTH)]
        is_held = [any(g == edge and a <= metre < b for g, a, b in held) for metre in range(LENGTH)]
        assert is_held == [one is not None for one in truth]
        assert found.fraction[edge] == pytest.approx(sum(is_held) / LENGTH)
        entries = range(found.start[edge], found.start[edge + 1])
        metres: dict[tuple[int, float, int], float] = {}
        for k in entries:
            key = (int(facts.ended_us[found.order[k]]), float(found.confidence[k]), int(found.work_basis[k]))
            metres[key] = metres.get(key, 0.0) + float(found.gain_m[k])
        expected: dict[tuple[int, float, int], float] = {}
        for one in truth:
            if one is not None:
                expected[one] = expected.get(one, 0.0) + 1.0
        assert metres == pytest.approx(expected)
        ends = [int(facts.ended_us[found.order[k]]) for k in entries]
        assert ends == sorted(ends, reverse=True)


@settings(deadline=None)
@given(rows)
def test_where_one_pass_is_enough_it_is_plain_coverage(facts_of: Make, drawn: list[dict[str, Any]]) -> None:
    facts = facts_of(*drawn)
    one, plain = covered(facts, [1, 1, 1]), cover(facts, np.full(len(facts), True), LENGTH_M)
    for name in ("fraction", "order", "gain_m", "confidence", "work_basis", "start"):
        assert np.array_equal(getattr(one, name), getattr(plain, name)), name


@settings(deadline=None)
@given(rows, row, st.randoms(use_true_random=False))
def test_coverage_is_a_share_that_grows_with_passes_in_any_order(
    facts_of: Make, drawn: list[dict[str, Any]], more: dict[str, Any], random: Any
) -> None:
    before = covered(facts_of(*drawn))
    assert np.all((before.fraction >= 0) & (before.fraction <= 1))
    new = {**more, "trace": 9}
    after = covered(facts_of(*drawn, new))
    assert np.all(after.fraction >= before.fraction - 1e-12)
    random.shuffle(drawn)
    again = covered(facts_of(*drawn))
    for name in ("fraction", "gain_m", "confidence", "work_basis", "start"):
        assert np.array_equal(getattr(before, name), getattr(again, name)), name
    assert before.covered.from_m.tolist() == again.covered.from_m.tolist()


def test_one_pass_in_two_parts_does_not_count_twice(facts_of: Make) -> None:
    parts = [{"edge": 1, "trace": 1, "seq": 4, "to_m": 12}, {"edge": 1, "trace": 1, "seq": 5, "from_m": 8, "to_m": 20}]
    assert covered(facts_of(*parts)).fraction[1] == 0
    other = {"edge": 1, "trace": 2, "seq": 4, "to_m": 20}
    assert covered(facts_of(*parts, other)).fraction[1] == 1


def test_two_ploughs_in_echelon_and_one_that_comes_back_are_two_passes(facts_of: Make) -> None:
    echelon = [{"edge": 1, "trace": t, "seq": 3, "to_m": 20, "at": 1 + t / 100} for t in (1, 2)]
    again = [{"edge": 1, "trace": 1, "seq": s, "to_m": 20, "at": float(s)} for s in (3, 8)]
    for two in (echelon, again):
        found = covered(facts_of(*two))
        assert found.fraction[1] == 1
        # the older one of the two decides how old the clearing is
        assert found.order.tolist() == [0]


def test_a_metre_is_as_sure_as_the_weakest_pass_that_it_needs(facts_of: Make) -> None:
    found = covered(facts_of(
        {"edge": 1, "trace": 1, "to_m": 20, "at": 2.0, "confidence": 0.6, "basis": "assumed"},
        {"edge": 1, "trace": 2, "to_m": 20, "at": 1.0, "confidence": 0.9},
    ))  # fmt: skip
    assert (found.confidence.tolist(), [BASES[b] for b in found.work_basis]) == ([0.6], ["assumed"])


def test_no_facts_cover_nothing(facts_of: Make) -> None:
    found = covered(facts_of())
    assert found.fraction.tolist() == [0.0] * EDGES
    assert len(found.order) == len(found.covered) == 0

"""The interval algebra against a naive one on whole metres."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.linear import (
    TOUCH_M,
    Stretches,
    clip,
    complement,
    intersect,
    measure,
    order_by,
    starts_of,
    subtract,
    union,
)

LINES, LENGTH = 3, 30
one = st.tuples(st.integers(0, LINES - 1), st.integers(0, LENGTH), st.integers(0, LENGTH))
many = st.lists(one, max_size=12)


def stretches(items: list[tuple[int, int, int]]) -> Stretches:
    group = np.array([g for g, _, _ in items], np.int64)
    from_m = np.array([min(a, b) for _, a, b in items], np.float64)
    to_m = np.array([max(a, b) for _, a, b in items], np.float64)
    return Stretches(group, from_m, to_m)


def metres(found: Stretches) -> set[tuple[int, int]]:
    """The unit metres that stretches with whole ends hold."""
    return {
        (int(g), m)
        for g, a, b in zip(found.group, found.from_m, found.to_m, strict=True)
        for m in range(round(a), round(b))
    }


def check_is_union(found: Stretches) -> None:
    assert (found.to_m - found.from_m > TOUCH_M).all()
    same = found.group[1:] == found.group[:-1]
    assert (found.group[1:] >= found.group[:-1]).all()
    assert (found.from_m[1:] > found.to_m[:-1] + TOUCH_M)[same].all()


@given(many)
def test_union_holds_the_same_metres_and_is_disjoint(items: list[tuple[int, int, int]]) -> None:
    given_ = stretches(items)
    found = union(given_)
    check_is_union(found)
    assert metres(found) == metres(given_)
    assert measure(found, LINES).sum() == len(metres(given_))


@given(many, st.randoms(use_true_random=False))
def test_union_is_the_same_in_any_order(items: list[tuple[int, int, int]], random: object) -> None:
    found = union(stretches(items))
    random.shuffle(items)  # type: ignore[attr-defined]
    again = union(stretches(items))
    for name in ("group", "from_m", "to_m"):
        assert np.array_equal(getattr(found, name), getattr(again, name))


@given(many, many)
def test_intersect_and_subtract_match_sets(a: list[tuple[int, int, int]], b: list[tuple[int, int, int]]) -> None:
    left, right = stretches(a), stretches(b)
    both, only = intersect(left, right), subtract(left, right)
    check_is_union(both)
    check_is_union(only)
    assert metres(both) == metres(left) & metres(right)
    assert metres(only) == metres(left) - metres(right)


@given(many)
def test_complement_and_union_fill_each_line_once(items: list[tuple[int, int, int]]) -> None:
    lengths = np.full(LINES, float(LENGTH))
    held, free = union(stretches(items)), complement(stretches(items), lengths)
    assert np.allclose(measure(held, LINES) + measure(free, LINES), lengths)
    assert not metres(held) & metres(free)


def test_touching_stretches_become_one_and_others_stay_apart() -> None:
    found = union(
        Stretches(np.array([7, 7, 7, 8]), np.array([0.0, 10.0005, 10.9, 5.0]), np.array([10.0, 10.5, 12.0, 6.0]))
    )
    assert found.group.tolist() == [7, 7, 8]
    assert found.from_m.tolist() == [0.0, 10.9, 5.0]
    assert found.to_m.tolist() == [10.5, 12.0, 6.0]


def test_a_long_stretch_reaches_over_short_ones_but_not_into_the_next_line() -> None:
    found = union(Stretches(np.array([1, 1, 1, 2]), np.array([0.0, 1.0, 50.0, 3.0]), np.array([100.0, 2, 60, 4])))
    assert found.from_m.tolist() == [0.0, 3.0]
    assert found.to_m.tolist() == [100.0, 4.0]


def test_union_keeps_exact_ends_on_a_network_of_400_000_long_lines() -> None:
    group = np.arange(400_000, dtype=np.int64)
    found = union(Stretches(group, np.full(len(group), 0.1), np.full(len(group), 99_999.9)))
    assert len(found) == len(group)
    assert (found.to_m == 99_999.9).all()


def test_clip_keeps_what_lies_on_the_line() -> None:
    kept = clip(
        Stretches(np.array([0, 0, 1]), np.array([-2.0, 9.0, 10.0]), np.array([3.0, 12.0, 11.0])), np.full(2, 10.0)
    )
    assert kept.from_m.tolist() == [0.0, 9.0]
    assert kept.to_m.tolist() == [3.0, 10.0]


def test_nothing_gives_nothing() -> None:
    nothing = stretches([])
    assert len(union(nothing)) == len(intersect(nothing, nothing)) == len(subtract(nothing, nothing)) == 0
    assert measure(nothing, 2).tolist() == [0.0, 0.0]


def test_starts_of_finds_each_group_even_empty_ones() -> None:
    assert starts_of(np.array([0, 0, 2]), 4).tolist() == [0, 2, 2, 3, 3]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.floats(0, 1)), max_size=30))
def test_order_by_is_lexsort(rows: list[tuple[int, int, int, float]]) -> None:
    keys = [np.array([row[i] for row in rows]) for i in range(4)]
    found = order_by((keys[0], keys[1]), (keys[2], keys[3]))
    assert found.tolist() == np.lexsort(keys[::-1]).tolist()

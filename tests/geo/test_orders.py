"""What orders say of edges: boundaries of what counts, the strictest restriction, the last correction, an oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import status
from geo.orders import CLOSING, HELD_MIN_M, NEVER, NONE, RESTRICTIONS, HeldStretches, Orders, orders_on
from geo.vocabulary import Restriction, State

CLOSED, ONE_LANE, CHAINS = (
    RESTRICTIONS.index(w) for w in (Restriction.CLOSED, Restriction.ONE_LANE, Restriction.CHAINS)
)
STATES = tuple(State)


def held(*rows: tuple[int, float, float, int, int, int, int]) -> HeldStretches:
    """Rows of (edge, from_m, to_m, entry, restriction, state, begins_us)."""
    columns = [np.array(column) for column in zip(*rows, strict=True)] if rows else [np.zeros(0)] * 7
    kinds = (np.int64, np.float64, np.float64, np.int64, np.int8, np.int8, np.int64)
    return HeldStretches(*(column.astype(kind) for column, kind in zip(columns, kinds, strict=True)))


def test_the_words_are_those_of_states() -> None:
    assert status.STATES == STATES
    assert status.NEVER == NEVER


def test_nothing_ordered_says_nothing() -> None:
    found, none = orders_on(held(), np.full(3, 100.0)), Orders.none(3)
    assert not found.differs(none).any()
    assert not found.is_closed.any()
    assert (none.corrected_us == NEVER).all()


@pytest.mark.parametrize(("to_m", "counts"), [(HELD_MIN_M - 0.01, False), (HELD_MIN_M, True), (60.0, True)])
def test_a_restriction_needs_some_metres_of_a_long_edge(to_m: float, counts: bool) -> None:
    found = orders_on(held((0, 0.0, to_m, 1, CLOSED, NONE, 5)), np.array([100.0]))
    assert bool(found.is_closed[0]) is counts


@pytest.mark.parametrize(("to_m", "counts"), [(4.99, False), (5.0, True)])
def test_a_restriction_needs_half_of_a_short_edge(to_m: float, counts: bool) -> None:
    assert bool(orders_on(held((0, 0.0, to_m, 1, CLOSED, NONE, 5)), np.array([10.0])).is_closed[0]) is counts


@pytest.mark.parametrize(("to_m", "counts"), [(94.9, False), (95.0, True), (100.0, True)])
def test_a_correction_needs_nearly_the_whole_edge(to_m: float, counts: bool) -> None:
    found = orders_on(held((0, 0.0, to_m, 1, NONE, STATES.index(State.CLEARED), 7)), np.array([100.0]))
    assert bool(found.corrected[0] != NONE) is counts
    assert found.corrected_us[0] == (7 if counts else NEVER)


def test_stretches_of_one_order_count_together_and_overlaps_once() -> None:
    cleared = STATES.index(State.CLEARED)
    two = held((0, 0.0, 50.0, 1, NONE, cleared, 7), (0, 50.0, 96.0, 1, NONE, cleared, 7))
    assert orders_on(two, np.array([100.0])).corrected[0] == cleared
    twice = held((0, 0.0, 50.0, 1, NONE, cleared, 7), (0, 0.0, 50.0, 1, NONE, cleared, 7))
    assert orders_on(twice, np.array([100.0])).corrected[0] == NONE
    of_two = held((0, 0.0, 50.0, 1, NONE, cleared, 7), (0, 50.0, 100.0, 2, NONE, cleared, 7))
    assert orders_on(of_two, np.array([100.0])).corrected[0] == NONE


def test_the_strictest_restriction_and_the_last_correction_hold() -> None:
    uncleared, unknown = STATES.index(State.UNCLEARED), STATES.index(State.UNKNOWN)
    rows = held(
        (0, 0.0, 100.0, 9, CHAINS, NONE, 1),
        (0, 0.0, 100.0, 3, ONE_LANE, NONE, 2),
        (1, 0.0, 100.0, 8, NONE, unknown, 3),
        (1, 0.0, 100.0, 4, NONE, uncleared, 4),
    )
    found = orders_on(rows, np.full(2, 100.0))
    assert found.restriction.tolist() == [ONE_LANE, NONE]
    assert found.corrected.tolist() == [NONE, unknown]
    assert found.corrected_us.tolist() == [NEVER, 3]
    assert not found.is_closed.any()


def test_what_closes_is_only_what_nobody_may_enter() -> None:
    rows = held(*((n, 0.0, 50.0, n, n, NONE, 0) for n in range(len(RESTRICTIONS))))
    closed = orders_on(rows, np.full(len(RESTRICTIONS), 50.0)).is_closed
    assert [word for word, shut in zip(RESTRICTIONS, closed, strict=True) if shut] == list(CLOSING)


def test_a_part_and_its_differences() -> None:
    found = orders_on(held((1, 0.0, 50.0, 1, CLOSED, NONE, 0)), np.full(3, 50.0))
    part = found.select(np.array([1, 2]))
    assert part.is_closed.tolist() == [True, False]
    assert found.differs(Orders.none(3)).tolist() == [False, True, False]


ROW = st.tuples(
    st.integers(0, 3),
    st.integers(0, 19),
    st.integers(1, 20),
    st.integers(1, 6),
)


@given(st.lists(ROW, max_size=12))
def test_the_same_as_metre_by_metre(rows: list[tuple[int, int, int, int]]) -> None:
    """A naive oracle: each metre of each edge marked by each order. The entry decides what the order is."""
    kinds = {1: (CLOSED, NONE), 2: (ONE_LANE, NONE), 3: (CHAINS, NONE), 4: (NONE, 0), 5: (NONE, 2), 6: (NONE, 3)}
    drawn = [(e, float(a), float(min(a + n, 20)), k, *kinds[k], 100 + k) for e, a, n, k in rows]
    found = orders_on(held(*drawn), np.full(4, 20.0))
    for edge in range(4):
        metres = {
            k: {m for e, a, b, kk, *_ in drawn if e == edge and kk == k for m in range(int(a), int(b))} for k in kinds
        }
        limits = [kinds[k][0] for k in (1, 2, 3) if len(metres[k]) >= min(HELD_MIN_M, 10)]
        said = [k for k in (4, 5, 6) if len(metres[k]) >= 19]
        assert found.restriction[edge] == min(limits, default=NONE)
        assert found.corrected[edge] == (kinds[said[-1]][1] if said else NONE)
        assert found.corrected_us[edge] == (100 + said[-1] if said else NEVER)

"""Which metres at the end of an edge count as driven."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from geo.coverage import PassFacts
from geo.end_slack import END_SLACK_FRACTION, END_SLACK_M, adjacent, with_end_slack

type Make = Callable[..., PassFacts]

# Two edges in a row, 0 -> 1 -> 2, and their reverses: positions 0 and 2 forward, 1 and 3 back.
FROM, TO = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])
TWO = np.full(4, 100.0)


def slack(facts: PassFacts, counts: tuple[bool, ...] = (True, True)) -> list[tuple[float, float]]:
    found = with_end_slack(facts, np.array(counts), adjacent(facts, FROM, TO), TWO)
    return list(zip(found.from_m.tolist(), found.to_m.tolist(), strict=True))


@pytest.mark.parametrize(
    ("missing_m", "expected"),
    [(0, 100.0), (END_SLACK_M, 100.0), (END_SLACK_M + 0.01, 100 - END_SLACK_M - 0.01)],
)
def test_metres_missing_at_a_node_count_where_work_goes_on(facts_of: Make, missing_m: float, expected: float) -> None:
    facts = facts_of(
        {"trace": 1, "seq": 4, "edge": 0, "from_m": 20, "to_m": 100 - missing_m},
        {"trace": 1, "seq": 5, "edge": 2, "from_m": 3, "to_m": 60},
    )
    assert slack(facts) == [(20.0, expected), (0.0, 60.0)]


def test_slack_knows_the_direction_driven(facts_of: Make) -> None:
    facts = facts_of(
        {"trace": 1, "seq": 0, "edge": 3, "from_m": 4, "to_m": 97},
        {"trace": 1, "seq": 1, "edge": 1, "from_m": 4, "to_m": 97},
    )
    assert slack(facts) == [(0.0, 97.0), (4.0, 100.0)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"trace": 1, "seq": 0}, {"trace": 2, "seq": 1}),
        ({"trace": 1, "seq": 0}, {"trace": 1, "seq": 2}),
        ({"trace": 1, "seq": 1}, {"trace": 1, "seq": 0}),
    ],
)
def test_no_slack_without_the_next_work_over_the_node(facts_of: Make, first: dict, second: dict) -> None:
    facts = facts_of({**first, "edge": 0, "from_m": 5, "to_m": 95}, {**second, "edge": 2, "from_m": 5, "to_m": 95})
    assert slack(facts) == [(5.0, 95.0), (5.0, 95.0)]


def test_no_slack_towards_a_raised_blade(facts_of: Make) -> None:
    facts = facts_of(
        {"trace": 1, "seq": 0, "edge": 0, "from_m": 0, "to_m": 95},
        {"trace": 1, "seq": 1, "edge": 2, "from_m": 5, "to_m": 95, "kind": "deadhead"},
    )
    assert slack(facts, (True, False)) == [(0.0, 95.0), (5.0, 95.0)]


def test_no_slack_to_an_edge_that_does_not_begin_at_the_node(facts_of: Make) -> None:
    facts = facts_of(
        {"trace": 1, "seq": 0, "edge": 0, "from_m": 5, "to_m": 95},
        {"trace": 1, "seq": 1, "edge": 3, "from_m": 5, "to_m": 95},
    )
    assert slack(facts) == [(5.0, 95.0), (5.0, 95.0)]


def test_slack_alone_clears_no_short_edge(facts_of: Make) -> None:
    short = np.full(4, 30.0)
    facts = facts_of(
        {"trace": 1, "seq": 0, "edge": 0, "from_m": 0, "to_m": 30 - 30 * END_SLACK_FRACTION - 0.1},
        {"trace": 1, "seq": 1, "edge": 2, "from_m": 5.9, "to_m": 30},
    )
    found = with_end_slack(facts, np.full(2, True), adjacent(facts, FROM, TO), short)
    assert found.to_m.tolist() == [30 - 30 * END_SLACK_FRACTION - 0.1, 30.0]
    assert found.from_m.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("missing_m", "expected"), [(END_SLACK_M, 100.0), (END_SLACK_M + 0.01, 89.99)])
def test_who_turns_back_near_the_node_has_turned_on_it_even_with_the_blade_up(
    facts_of: Make, missing_m: float, expected: float
) -> None:
    facts = facts_of(
        {"trace": 1, "seq": 0, "edge": 0, "from_m": 0, "to_m": 100 - missing_m},
        {"trace": 1, "seq": 1, "edge": 1, "from_m": 0, "to_m": 100 - missing_m, "kind": "deadhead"},
    )
    assert slack(facts, (True, False))[0] == pytest.approx((0.0, expected))

"""What is done on one line of a street is done on its other lines, metre by metre."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from edge_context import HOUR, context
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import PassFacts
from geo.drawn_twice import on_streets, with_twins
from geo.end_slack import adjacent
from geo.linear import Stretches
from geo.matching.twins import Twins
from geo.status import CLEARED, Moment, StatusRules, assess

type Make = Callable[..., PassFacts]


def twins(*rows: tuple[int, int, float, float, float, float], n_edges: int = 8) -> Twins:
    """Stretches (piece, other, from_m, to_m, other_from_m, other_to_m), by piece."""
    c = np.array(rows, np.float64).T
    return Twins(c[0].astype(np.int64), c[1].astype(np.int64), *c[2:], np.full(n_edges, -1))


ALONG = twins((0, 1, 0, 100, 0, 50), (1, 0, 0, 50, 0, 100))
AGAINST = twins((0, 1, 20, 100, 80, 0), (1, 0, 0, 80, 100, 20))


def copies(facts: PassFacts, of: Twins) -> list[tuple[int, float, float]]:
    found = with_twins(facts, of)
    n = len(facts)
    return list(zip(found.edge[n:].tolist(), found.from_m[n:].tolist(), found.to_m[n:].tolist(), strict=True))


def test_a_fact_is_copied_with_its_direction_and_in_proportion(facts_of: Make) -> None:
    facts = facts_of({"edge": 0, "from_m": 10, "to_m": 60}, {"edge": 1, "from_m": 10, "to_m": 60})
    assert copies(facts, ALONG) == [(2, 5, 30), (3, 5, 30)]


def test_a_line_digitised_against_turns_the_direction(facts_of: Make) -> None:
    facts = facts_of({"edge": 0, "from_m": 0, "to_m": 60}, {"edge": 1, "from_m": 30, "to_m": 40})
    assert copies(facts, AGAINST) == [(3, 40, 80), (2, 60, 70)]


def test_what_lies_outside_of_the_stretch_is_not_copied(facts_of: Make) -> None:
    assert copies(facts_of({"edge": 0, "from_m": 0, "to_m": 20}), AGAINST) == []
    assert copies(facts_of({"edge": 4, "from_m": 0, "to_m": 20}), AGAINST) == []
    assert len(with_twins(facts_of(), ALONG)) == 0


def test_without_twins_the_facts_are_the_same_object(facts_of: Make) -> None:
    facts = facts_of({"edge": 0, "from_m": 0, "to_m": 20})
    assert with_twins(facts, Twins.none(8)) is facts


def test_copies_follow_each_other_where_the_facts_do(facts_of: Make) -> None:
    """Pieces 0 and 2 in a row, drawn again as 1 and 3; the fact in between them is gone in the second trace."""
    street = twins((0, 1, 0, 100, 0, 100), (2, 3, 0, 100, 0, 100))
    edge_from, edge_to = np.array([0, 1, 2, 3, 1, 4, 3, 5]), np.array([1, 0, 3, 2, 4, 1, 5, 3])
    rows = [{"trace": t, "seq": s, "edge": e, "from_m": 0, "to_m": 90} for t, s, e in
            ((1, 4, 0), (1, 5, 4), (2, 4, 0), (2, 6, 4))]  # fmt: skip
    found = with_twins(facts_of(*rows), street)
    a, b = adjacent(found, edge_from, edge_to)
    assert found.edge[a].tolist() == [2, 0]
    assert found.edge[b].tolist() == [6, 4]
    assert found.trace[a].tolist() == [-2, 1]


one = st.tuples(st.sampled_from([0, 1, 2, 3]), st.floats(0, 99), st.floats(0.5, 60))


@given(st.lists(one, max_size=6))
def test_streets_are_covered_as_point_by_point(items: list[tuple[int, float, float]]) -> None:
    length_m = {0: 100.0, 1: 80.0}
    rows = [(e, a, min(a + w, length_m[e >> 1])) for e, a, w in items if a < length_m[e >> 1]]
    c = np.array(rows, np.float64).reshape(-1, 3).T
    found = on_streets(Stretches(c[0].astype(np.int64), c[1], c[2]), AGAINST)
    for edge in range(4):
        for at in np.arange(0.0137, length_m[edge >> 1], 1.7):
            # naive: this point, and the point beside it on the other line, which runs the other way
            shown = any(
                g == edge and a <= at <= b for g, a, b in zip(found.group, found.from_m, found.to_m, strict=True)
            )
            mine = any(e == edge and a <= at <= b for e, a, b in rows)
            has_other = at >= 20 or edge >> 1 == 1
            other = has_other and any(e == edge ^ 3 and a <= 100 - at <= b for e, a, b in rows)
            assert shown == (mine or other), (edge, at)


@pytest.mark.parametrize("is_twin", [True, False])
def test_a_pass_on_one_line_clears_the_other(facts_of: Make, is_twin: bool) -> None:
    street = twins((0, 1, 0, 100, 0, 100), (1, 0, 0, 100, 0, 100), n_edges=4) if is_twin else Twins.none(4)
    facts = facts_of({"edge": 0, "from_m": 0, "to_m": 100, "at": 1.0})
    moment = Moment(0, 2 * HOUR, is_standing=False)
    status, _ = assess(facts, context(4, twins=street), StatusRules(0.95, 0.5, HOUR), moment)
    assert (status.state == CLEARED).tolist() == [True, False, is_twin, False]

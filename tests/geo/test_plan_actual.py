"""Plan against actual: each row of its table, and the shares against a naive reckoning metre by metre."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import PassFacts
from geo.fix import TREATMENTS
from geo.linear import Stretches, union
from geo.plan_actual import PLAN_STATES, Actual, Planned, PlanRules, compare
from geo.vocabulary import PlanState, Treatment
from geo.work import DEADHEAD, NO_TREATMENT, PASS, UNKNOWN

EDGES, LENGTH = 3, 20
RULES = PlanRules(0.95, 0.05, 0.9)
PLOUGH, SALT = TREATMENTS.index(Treatment.FRESH_SNOW_PLOWING), TREATMENTS.index(Treatment.ANTI_ICING)
#: Area 0 holds edge 0 and half of edge 1, area 1 holds edge 2, area 2 nothing.
HELD = union(Stretches(np.array([0, 1, EDGES + 2]), np.array([0.0, 0.0, 0.0]), np.array([20.0, 10.0, 20.0])))
HOLDS = {0: {0: 20, 1: 10}, 1: {2: 20}}

type Item = tuple[int, int, int, int, int, int, float]


def drawn(items: list[Item]) -> PassFacts:
    """Items of edge, from, to, end, kind, treatment, confidence."""
    n = len(items)
    rows = np.array([item[:6] for item in items], np.int64).reshape(-1, 6)
    zero = np.zeros(n, np.int8)
    return PassFacts(
        edge=rows[:, 0], from_m=rows[:, 1:3].min(1) * 1.0, to_m=rows[:, 1:3].max(1) * 1.0, began_us=rows[:, 3] - 1,
        ended_us=rows[:, 3], kind=rows[:, 4].astype(np.int8), treatment=rows[:, 5].astype(np.int8), work_basis=zero,
        confidence=np.array([item[6] for item in items], np.float64), source=np.ones(n, np.int64),
        synthetic=np.zeros(n, np.bool_), trace=np.arange(n), seq=np.zeros(n, np.int64),
    )  # fmt: skip


def look(
    items: list[Item], area: int = 0, treatment: int = PLOUGH, window: tuple[int, int] = (10, 20), *,
    seen: bool = True, as_of: int = 100,
) -> Actual:  # fmt: skip
    planned = Planned(
        np.array([area]), np.array([treatment], np.int8), np.array([window[0]]), np.array([window[1]]), np.array([seen])
    )
    return compare(planned, drawn(items), HELD, EDGES, RULES, as_of)


def whole(kind: int = PASS, treatment: int = PLOUGH, confidence: float = 1.0, at: int = 15) -> list[Item]:
    return [(0, 0, 20, at, kind, treatment, confidence), (1, 0, 20, at, kind, treatment, confidence)]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (look(whole()), PlanState.DONE),
        (look(whole(), seen=False), PlanState.DONE),
        # 28 of 30 m are less than 95 %
        (look([(0, 0, 20, 15, PASS, PLOUGH, 1.0), (1, 0, 8, 15, PASS, PLOUGH, 1.0)]), PlanState.PARTLY),
        (look([(0, 0, 2, 15, PASS, PLOUGH, 1.0)]), PlanState.PARTLY),
        (look([(0, 0, 1, 15, PASS, PLOUGH, 1.0)]), PlanState.NOT_DONE),
        (look([]), PlanState.NOT_DONE),
        (look([], seen=False), PlanState.UNKNOWN),
        (look([(0, 0, 10, 15, PASS, PLOUGH, 1.0)], seen=False), PlanState.UNKNOWN),
        # another treatment, a raised blade: not it
        (look(whole(treatment=SALT)), PlanState.NOT_DONE),
        (look(whole(kind=DEADHEAD, treatment=NO_TREATMENT)), PlanState.NOT_DONE),
        (look(whole(treatment=SALT), treatment=NO_TREATMENT), PlanState.DONE),
        # it may have been it
        (look(whole(treatment=NO_TREATMENT)), PlanState.UNKNOWN),
        (look(whole(kind=UNKNOWN, treatment=NO_TREATMENT)), PlanState.UNKNOWN),
        (look(whole(confidence=0.899)), PlanState.UNKNOWN),
        (look(whole(confidence=0.9)), PlanState.DONE),
        (look([(0, 0, 10, 15, UNKNOWN, NO_TREATMENT, 1.0)]), PlanState.UNKNOWN),
        # the window: overlapping is enough, at its ends too
        (look(whole(at=10)), PlanState.DONE),
        (look(whole(at=9)), PlanState.NOT_DONE),
        (look(whole(at=21)), PlanState.DONE),
        (look(whole(at=22)), PlanState.NOT_DONE),
        # the window is not over
        (look([], as_of=19), PlanState.PENDING),
        (look([], as_of=20), PlanState.NOT_DONE),
        (look(whole(), as_of=19), PlanState.DONE),
        (look(whole(), as_of=14), PlanState.PENDING),
        # an area without any road
        (look([], area=2), PlanState.UNKNOWN),
    ],
)
def test_each_row_of_the_table(found: Actual, state: PlanState) -> None:
    assert PLAN_STATES[found.state[0]] is state


ITEM = st.tuples(
    st.integers(0, EDGES - 1), st.integers(0, LENGTH), st.integers(0, LENGTH), st.integers(8, 24),
    st.sampled_from([PASS, DEADHEAD, UNKNOWN]), st.sampled_from([PLOUGH, SALT, NO_TREATMENT]),
    st.sampled_from([0.5, 0.9, 1.0]),
).filter(lambda item: item[1] != item[2])  # fmt: skip


@given(st.lists(ITEM, max_size=12), st.integers(0, 1), st.sampled_from([PLOUGH, SALT, NO_TREATMENT]))
def test_share_is_that_of_a_naive_reckoning(items: list[Item], area: int, treatment: int) -> None:
    items = [i if i[4] == PASS else (*i[:5], NO_TREATMENT, i[6]) for i in items]
    metres = np.zeros((EDGES, LENGTH), np.bool_)
    for edge, a, b, end, kind, done, confidence in items:
        is_it = kind == PASS and (treatment in (NO_TREATMENT, done)) and confidence >= 0.9
        if is_it and end >= 10 and end - 1 <= 20:
            metres[edge, min(a, b) : max(a, b)] = True
    held = sum(HOLDS[area].values())
    share = sum(metres[edge, :n].sum() for edge, n in HOLDS[area].items()) / held
    found = look(items, area, treatment)
    assert np.isclose(found.share[0], share)
    assert found.possible_share[0] >= found.share[0] - 1e-12

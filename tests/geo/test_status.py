"""Every row and every boundary of the state table of docs/coverage.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from edge_context import VALID_H, context
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import PassFacts
from geo.fix import TREATMENTS
from geo.status import (
    NEVER,
    NO_SOURCE,
    REASONS,
    STATES,
    EdgeStatus,
    Moment,
    StatusRules,
    assess,
)
from geo.work import BASES

type Make = Callable[..., PassFacts]

HOUR = 3_600_000_000
RULES = StatusRules(covered_fraction_min=0.95, confidence_min=0.5, clearing_us=HOUR)
STORM = Moment(reference_us=0, as_of_us=6 * HOUR, is_standing=False)


def words(found: EdgeStatus, edge: int = 0) -> tuple[str, str]:
    return str(STATES[found.state[edge]]), str(REASONS[found.reason[edge]])


def state(facts: PassFacts, moment: Moment = STORM, rules: StatusRules = RULES, **flags: Any) -> tuple[str, str]:
    return words(assess(facts, context(**flags), rules, moment)[0])


def at(hour: float) -> Moment:
    return Moment(0, round(hour * HOUR), is_standing=False)


CLEARED, CLEARING, UNCLEARED = ("cleared", "none"), ("clearing", "none"), ("uncleared", "none")


def unknown(reason: str) -> tuple[str, str]:
    return ("unknown", reason)


# --- without any fact -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, UNCLEARED),
        ({"is_unmatched": True}, unknown("unmatched")),
        ({"is_healthy": False}, unknown("silent")),
        ({"is_healthy": False, "is_unmatched": True}, unknown("silent")),
        ({"is_healthy": False, "has_device": False}, unknown("no_device")),
        ({"on_plan": False}, unknown("not_on_plan")),
        ({"on_plan": False, "is_healthy": False, "has_device": False}, unknown("not_on_plan")),
    ],
)
def test_without_a_fact_plan_and_device_decide(facts_of: Make, flags: dict[str, bool], expected: tuple) -> None:
    assert state(facts_of(), **flags) == expected


@pytest.mark.parametrize("flags", [{}, {"on_plan": False}, {"is_healthy": False}, {"is_unmatched": True}])
def test_in_the_standing_watch_nothing_is_uncleared(facts_of: Make, flags: dict[str, bool]) -> None:
    assert state(facts_of(), Moment(0, 6 * HOUR, is_standing=True), **flags) == unknown("no_event")


def test_an_edge_without_a_fact_carries_no_evidence(facts_of: Make) -> None:
    found, _ = assess(facts_of(), context(), RULES, STORM)
    assert found.cleared_us[0] == found.valid_until_us[0] == found.observed_us[0] == NEVER
    assert (found.covered_fraction[0], found.confidence[0], found.treatment[0]) == (0, 0, -1)
    assert BASES[found.work_basis[0]] == "unknown"
    assert found.source[0] == NO_SOURCE
    assert not found.synthetic[0]


# --- cleared --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to_m", "expected"), [(100, CLEARED), (95, CLEARED), (94.99, UNCLEARED), (1, UNCLEARED)])
def test_cleared_needs_the_share_of_the_length(facts_of: Make, to_m: float, expected: tuple) -> None:
    assert state(facts_of({"to_m": to_m, "at": 4.0})) == expected


@pytest.mark.parametrize(
    ("confidence", "expected"), [(1.0, CLEARED), (0.5, CLEARED), (0.499, unknown("low_confidence"))]
)
def test_cleared_needs_confidence(facts_of: Make, confidence: float, expected: tuple) -> None:
    assert state(facts_of({"confidence": confidence, "at": 4.0})) == expected


def test_a_weak_pass_over_a_sure_one_takes_nothing_away(facts_of: Make) -> None:
    assert state(facts_of({"at": 2.0}, {"at": 4.0, "confidence": 0.1})) == CLEARED


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(4.0, CLEARED), (4.0 + VALID_H - 1e-6, CLEARED), (4.0 + VALID_H, unknown("expired")), (99, unknown("expired"))],
)
def test_a_clearing_holds_until_valid_until(facts_of: Make, hour: float, expected: tuple) -> None:
    found, _ = assess(facts_of({"at": 4.0}), context(), RULES, at(hour))
    assert words(found) == expected
    assert found.cleared_us[0] == 4 * HOUR
    assert found.valid_until_us[0] == round((4 + VALID_H) * HOUR)


def test_before_a_fact_has_ended_it_is_not_known(facts_of: Make) -> None:
    assert state(facts_of({"at": 4.0}), at(3.999)) == UNCLEARED
    assert state(facts_of({"at": 4.0}), at(4.0)) == CLEARED


@pytest.mark.parametrize(("began_h", "expected"), [(1.0, CLEARED), (0.999, UNCLEARED)])
def test_passes_that_began_before_the_reference_time_do_not_count(
    facts_of: Make, began_h: float, expected: tuple
) -> None:
    facts = facts_of({"at": 2.0, "lasted": 2.0 - began_h})
    assert state(facts, Moment(HOUR, 6 * HOUR, is_standing=False)) == expected


def test_cleared_at_is_the_oldest_end_that_the_coverage_needs(facts_of: Make) -> None:
    facts = facts_of(
        {"from_m": 0, "to_m": 60, "at": 1.0},
        {"from_m": 50, "to_m": 96, "at": 2.0},
        {"from_m": 0, "to_m": 48, "at": 3.0},
        {"from_m": 0, "to_m": 100, "at": 0.5},
    )
    # 48 m at 3, 46 m at 2, then 48-50 at 1 makes 96 m: the pass at 0.5 is not needed
    assert assess(facts, context(), RULES, STORM)[0].cleared_us[0] == HOUR


def test_the_two_newest_alone_are_enough_at_the_share(facts_of: Make) -> None:
    facts = facts_of({"at": 1.0}, {"from_m": 0, "to_m": 48, "at": 3.0}, {"from_m": 48, "to_m": 95, "at": 2.0})
    assert assess(facts, context(), RULES, STORM)[0].cleared_us[0] == 2 * HOUR


def test_basis_is_the_weakest_and_treatment_and_source_are_the_newest_that_it_needs(facts_of: Make) -> None:
    facts = facts_of(
        {"from_m": 0, "to_m": 50, "at": 3.0, "treatment": "widening", "source": 7, "confidence": 0.9},
        {
            "from_m": 50,
            "to_m": 100,
            "at": 2.0,
            "treatment": "fresh_snow_plowing",
            "basis": "declared",
            "confidence": 0.8,
        },
        {"at": 1.0, "basis": "assumed", "confidence": 0.6, "source": 3, "synthetic": True},
    )
    found, _ = assess(facts, context(), RULES, STORM)
    assert BASES[found.work_basis[0]] == "declared"
    assert TREATMENTS[found.treatment[0]] == "widening"
    assert found.source[0] == 7
    assert found.confidence[0] == 0.8
    assert found.synthetic[0]


@pytest.mark.parametrize(("weak_m", "share", "expected"), [(5, 0.95, 0.9), (5.5, 0.95, 0.6), (5, 0.951, 0.6)])
def test_confidence_is_what_the_share_of_the_metres_reaches(
    facts_of: Make, weak_m: float, share: float, expected: float
) -> None:
    facts = facts_of(
        {"to_m": 100 - weak_m, "confidence": 0.9, "at": 1.0}, {"from_m": 100 - weak_m, "confidence": 0.6, "at": 2.0}
    )
    assert assess(facts, context(), StatusRules(share, 0.5, HOUR), STORM)[0].confidence[0] == expected


# --- clearing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "expected"), [(4.0, CLEARING), (4.999, CLEARING), (5.0, UNCLEARED)])
def test_clearing_lasts_as_long_as_the_machine_counts_as_at_work(facts_of: Make, hour: float, expected: tuple) -> None:
    found, _ = assess(facts_of({"to_m": 40, "at": 4.0}), context(), RULES, at(hour))
    assert words(found) == expected
    assert found.cleared_us[0] == NEVER
    assert found.covered_fraction[0] == pytest.approx(0.4)
    assert found.valid_until_us[0] == (5 * HOUR if expected == CLEARING else NEVER)


def test_an_expired_edge_on_which_a_machine_works_again_is_clearing(facts_of: Make) -> None:
    facts = facts_of({"at": 1.0}, {"to_m": 30, "at": 13.0})
    assert state(facts, at(12.9)) == unknown("expired")
    assert state(facts, at(13.5)) == CLEARING
    assert state(facts, at(14.0)) == unknown("expired")


def test_a_cleared_edge_stays_cleared_while_it_is_cleared_again(facts_of: Make) -> None:
    assert state(facts_of({"at": 1.0}, {"to_m": 30, "at": 5.9})) == CLEARED


@pytest.mark.parametrize(
    "row",
    [{"kind": "deadhead"}, {"kind": "unknown", "basis": "unknown"}, {"treatment": "anti_icing"}, {"confidence": 0.4}],
)
def test_only_sure_clearing_work_makes_clearing(facts_of: Make, row: dict[str, Any]) -> None:
    assert state(facts_of({"to_m": 40, "at": 5.9, **row})) == UNCLEARED


def test_a_partly_cleared_edge_without_a_healthy_device_is_unknown_not_uncleared(facts_of: Make) -> None:
    assert state(facts_of({"to_m": 40, "at": 1.0}), is_healthy=False) == unknown("silent")


# --- passed, not cleared --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [{}, {"on_plan": False}, {"is_healthy": False}, {"has_device": False}])
def test_a_raised_blade_changes_no_state_but_is_observed(facts_of: Make, flags: dict[str, bool]) -> None:
    facts = facts_of({"kind": "deadhead", "at": 4.0, "source": 5})
    found, coverage = assess(facts, context(**flags), RULES, STORM)
    assert words(found) == state(facts_of(), **flags)
    assert found.observed_us[0] == 4 * HOUR
    assert found.source[0] == 5
    assert found.covered_fraction[0] == 0
    assert len(coverage.covered) == 0


@pytest.mark.parametrize("treatment", ["anti_icing", "abrasive_spreading", "sidewalk_clearing"])
def test_work_that_takes_no_snow_off_the_carriageway_never_clears(facts_of: Make, treatment: str) -> None:
    found, _ = assess(facts_of({"treatment": treatment, "at": 4.0}), context(), RULES, STORM)
    assert words(found) == UNCLEARED
    assert TREATMENTS[found.treatment[0]] == treatment
    assert found.observed_us[0] == 4 * HOUR


def test_unknown_work_along_the_whole_edge_is_work_unknown(facts_of: Make) -> None:
    facts = facts_of({"kind": "unknown", "basis": "unknown", "at": 4.0})
    for flags in ({}, {"on_plan": False}, {"is_healthy": False}):
        assert state(facts, **flags) == unknown("work_unknown")
    assert state(facts, Moment(0, 6 * HOUR, is_standing=True)) == unknown("work_unknown")


@pytest.mark.parametrize(("to_m", "expected"), [(95, unknown("work_unknown")), (94.9, UNCLEARED)])
def test_unknown_work_that_cannot_have_cleared_the_edge_leaves_it_uncleared(
    facts_of: Make, to_m: float, expected: tuple
) -> None:
    assert state(facts_of({"kind": "unknown", "basis": "unknown", "to_m": to_m, "at": 4.0})) == expected


def test_known_and_unknown_work_together_may_have_cleared_it(facts_of: Make) -> None:
    facts = facts_of({"to_m": 60, "at": 2.0}, {"kind": "unknown", "basis": "unknown", "from_m": 60, "at": 4.0})
    assert state(facts) == unknown("work_unknown")


def test_low_confidence_is_said_with_its_confidence_and_basis(facts_of: Make) -> None:
    facts = facts_of({"to_m": 60, "at": 2.0}, {"from_m": 60, "at": 4.0, "confidence": 0.3, "basis": "assumed"})
    found, _ = assess(facts, context(), RULES, STORM)
    assert words(found) == unknown("low_confidence")
    assert found.confidence[0] == 0.3
    assert BASES[found.work_basis[0]] == "assumed"
    assert found.covered_fraction[0] == pytest.approx(0.6)
    assert found.cleared_us[0] == NEVER


def test_expired_goes_before_every_other_unknown(facts_of: Make) -> None:
    facts = facts_of({"at": 1.0}, {"at": 2.0, "confidence": 0.1}, {"kind": "unknown", "basis": "unknown", "at": 3.0})
    assert state(facts, at(12), on_plan=False) == unknown("expired")


def test_the_standing_watch_still_shows_what_was_cleared(facts_of: Make) -> None:
    assert state(facts_of({"at": 4.0}), Moment(0, 6 * HOUR, is_standing=True)) == CLEARED


# --- the whole ------------------------------------------------------------------------------------------------------

row = st.fixed_dictionaries(
    {
        "edge": st.integers(0, 2),
        "from_m": st.integers(0, 9).map(lambda v: v * 10),
        "to_m": st.integers(1, 10).map(lambda v: v * 10),
        "at": st.integers(1, 8).map(float),
        "kind": st.sampled_from(["pass", "deadhead"]),
        "confidence": st.sampled_from([0.3, 0.6, 1.0]),
        "treatment": st.sampled_from([None, "anti_icing", "fresh_snow_plowing"]),
    }
).filter(lambda r: r["from_m"] < r["to_m"])


def naive_cleared(rows: list[dict[str, Any]], edge: int, as_of_h: float) -> float | None:
    """cleared_at in hours by trying every moment: passes that ended at or after it cover the share."""
    counts = [r for r in rows if r["edge"] == edge and r["kind"] == "pass" and r["treatment"] != "anti_icing"]
    counts = [r for r in counts if r["confidence"] >= RULES.confidence_min and r["at"] <= as_of_h]
    for since in sorted({r["at"] for r in counts}, reverse=True):
        held = {m for r in counts if r["at"] >= since for m in range(r["from_m"], r["to_m"])}
        if len(held) >= 95:
            return since
    return None


@settings(deadline=None)
@given(st.lists(row, max_size=12), st.integers(0, 8), st.randoms(use_true_random=False))
def test_cleared_follows_the_definition_in_any_order(
    facts_of: Make, rows: list[dict[str, Any]], hour: int, random: object
) -> None:
    found, _ = assess(facts_of(*rows), context(3), RULES, at(hour))
    for edge in range(3):
        cleared_h = naive_cleared(rows, edge, hour)
        assert (words(found, edge) == CLEARED) == (cleared_h is not None)
        if cleared_h is not None:
            assert found.cleared_us[edge] == cleared_h * HOUR
    random.shuffle(rows)  # type: ignore[attr-defined]
    again, _ = assess(facts_of(*rows), context(3), RULES, at(hour))
    for name in ("state", "reason", "cleared_us", "covered_fraction", "confidence", "work_basis", "observed_us"):
        assert np.array_equal(getattr(found, name), getattr(again, name)), name

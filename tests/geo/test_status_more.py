"""The rows of the state table that snow, orders, several passes and narrow roads decide, each at its boundary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from edge_context import CELL, HOUR, LIMIT_CM, VALID_H, context, ordered, snowing

from geo.coverage import PassFacts
from geo.fix import TREATMENTS
from geo.orders import RESTRICTIONS
from geo.passes import BASIS_CONFIDENCE_MAX
from geo.status import MANAGER_SOURCE, NEVER, REASONS, STATES, EdgeStatus, Moment, StatusRules, assess, assess_all
from geo.vocabulary import Restriction, State
from geo.work import BASES

type Make = Callable[..., PassFacts]

RULES = StatusRules(covered_fraction_min=0.95, confidence_min=0.5, clearing_us=HOUR)
CLEARED, CLEARING, UNCLEARED = ("cleared", "none"), ("clearing", "none"), ("uncleared", "none")
SNOWED_OVER, EXPIRED = ("unknown", "snowed_over"), ("unknown", "expired")


def at(hour: float, *, reference: float = 0.0, is_standing: bool = False) -> Moment:
    return Moment(round(reference * HOUR), round(hour * HOUR), is_standing)


def words(found: EdgeStatus, edge: int = 0) -> tuple[str, str]:
    return str(STATES[found.state[edge]]), str(REASONS[found.reason[edge]])


def status(facts: PassFacts, moment: Moment, n: int = 1, **flags: Any) -> EdgeStatus:
    return assess(facts, context(n, **flags), RULES, moment)[0]


def unknown(reason: str) -> tuple[str, str]:
    return ("unknown", reason)


# --- snow -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(4.0, CLEARED), (6.0 - 1e-6, CLEARED), (6.0, SNOWED_OVER), (9.0, SNOWED_OVER)],
)
def test_a_clearing_holds_until_the_snow_on_it_reaches_the_limit(facts_of: Make, hour: float, expected: tuple) -> None:
    # cleared at 4; 5 cm an hour from then on reach 10 cm at 6
    found = status(facts_of({"at": 4.0}), at(hour), snow=snowing(9, 9, 9, 9, 5, 5, 5, 5, 5))
    assert words(found) == expected
    assert found.cleared_us[0] == 4 * HOUR


@pytest.mark.parametrize(("fell_cm", "expected"), [(9.99, CLEARED), (10.0, SNOWED_OVER), (10.01, SNOWED_OVER)])
def test_the_limit_is_reached_with_the_last_centimetre(facts_of: Make, fell_cm: float, expected: tuple) -> None:
    found = status(facts_of({"at": 1.0}), at(2), snow=snowing(3.0, fell_cm))
    assert words(found) == expected
    assert found.valid_until_us[0] <= (2 if expected != CLEARED else 1 + VALID_H) * HOUR


def test_valid_until_is_the_earlier_of_hours_and_snow(facts_of: Make) -> None:
    facts, series = facts_of({"at": 1.0}), snowing(0, *[1.0] * 14)
    # a centimetre an hour reaches 10 cm at 11, just as the 10 hours are over: the snow is named
    assert VALID_H == LIMIT_CM == 10
    found = status(facts, at(11), snow=series)
    assert (words(found), found.valid_until_us[0]) == (SNOWED_OVER, 11 * HOUR)
    slower = snowing(0, *[0.99] * 14)
    found = status(facts, at(14), snow=slower)
    assert (words(found), found.valid_until_us[0]) == (EXPIRED, 11 * HOUR)
    faster = snowing(0, *[2.0] * 14)
    assert status(facts, at(11), snow=faster).valid_until_us[0] == 6 * HOUR


@pytest.mark.parametrize("series", [None, snowing(0, 0), snowing(9, 9, 9, 9, unseen_h=(0, 1, 2, 3))])
def test_missing_weather_leaves_the_hours_to_decide_and_is_never_zero(facts_of: Make, series: Any) -> None:
    facts = facts_of({"at": 4.0})
    assert words(status(facts, at(4 + VALID_H - 1e-6), snow=series)) == CLEARED
    assert words(status(facts, at(4 + VALID_H), snow=series)) == EXPIRED
    assert np.isnan(status(facts, at(5), snow=None).snow_at_clearing_cm[0])
    unseen = snowing(9, 9, 9, 9, unseen_h=(0, 1, 2, 3))
    assert np.isnan(status(facts, at(5), snow=unseen).snow_at_clearing_cm[0])


def test_snow_up_to_the_clearing_counts_from_the_reference_time(facts_of: Make) -> None:
    series = snowing(2, 3, 4, 5, 1)
    found = status(facts_of({"at": 3.0}), at(5, reference=1), snow=series)
    assert found.snow_at_clearing_cm[0] == pytest.approx(7)
    assert found.snow_cell[0] == CELL
    assert np.isnan(status(facts_of(), at(5), snow=series).snow_at_clearing_cm[0])
    standing = status(facts_of({"at": 3.0}), at(5, is_standing=True), snow=series)
    assert np.isnan(standing.snow_at_clearing_cm[0])
    assert status(facts_of({"at": 3.0}), at(5)).snow_cell[0] == -1


def test_a_snowed_over_road_on_which_a_machine_works_again_is_clearing_then_cleared(facts_of: Make) -> None:
    series = snowing(*[5.0] * 12)
    again = facts_of({"at": 1.0}, {"at": 5.0, "to_m": 40}, {"at": 6.5, "from_m": 40})
    assert words(status(again, at(4), snow=series)) == SNOWED_OVER
    assert words(status(again, at(5.5), snow=series)) == CLEARING
    found = status(again, at(6.6), snow=snowing(*[5.0] * 6))
    assert (words(found), found.cleared_us[0]) == (CLEARED, 5 * HOUR)
    assert found.valid_until_us[0] == 5 * HOUR + round(VALID_H * HOUR)
    assert words(status(again, at(8.0), snow=series)) == SNOWED_OVER


# --- orders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", list(Restriction))
@pytest.mark.parametrize("is_standing", [False, True])
def test_a_closed_road_has_no_state_and_other_restrictions_change_none(
    facts_of: Make, word: Restriction, is_standing: bool
) -> None:
    found = status(facts_of({"at": 4.0}), at(5, is_standing=is_standing), orders=ordered(restriction=word))
    closes = word in (Restriction.CLOSED, Restriction.WINTER_CLOSED)
    assert words(found) == (unknown("closed") if closes else CLEARED)
    assert RESTRICTIONS[found.restriction[0]] == word
    assert (found.cleared_us[0] == NEVER) == (found.valid_until_us[0] == NEVER) == closes
    assert found.covered_fraction[0] == 1
    assert found.complete_us[0] == 4 * HOUR


def test_a_closure_wins_over_a_state_given_by_hand(facts_of: Make) -> None:
    orders = ordered(restriction=Restriction.CLOSED, state=State.CLEARED, since_h=3)
    found = status(facts_of(), at(4), orders=orders)
    assert words(found) == unknown("closed")
    assert not found.is_corrected[0]


@pytest.mark.parametrize("word", list(State))
def test_a_state_given_by_hand_is_the_state(facts_of: Make, word: State) -> None:
    for facts in (facts_of(), facts_of({"at": 1.0}), facts_of({"at": 3.1, "to_m": 40})):
        found = status(facts, at(3.5), orders=ordered(state=word, since_h=3))
        assert words(found) == (word.value, "none")
        assert found.is_corrected[0]
        assert BASES[found.work_basis[0]] == "declared"
        assert found.confidence[0] == BASIS_CONFIDENCE_MAX[found.work_basis[0]]
        assert found.source[0] == MANAGER_SOURCE
        assert found.treatment[0] == -1
        assert found.observed_us[0] >= 3 * HOUR
        assert (found.cleared_us[0] != NEVER) == (word == State.CLEARED)


def test_cleared_by_hand_ages_by_hours_and_by_snow_like_any_clearing(facts_of: Make) -> None:
    by_hand = ordered(state=State.CLEARED, since_h=3)
    end = 3 + VALID_H
    assert words(status(facts_of(), at(end - 1e-6), orders=by_hand)) == CLEARED
    old = status(facts_of(), at(end), orders=by_hand)
    assert (words(old), old.source[0], old.cleared_us[0]) == (EXPIRED, MANAGER_SOURCE, 3 * HOUR)
    series = snowing(*[5.0] * 12)
    assert words(status(facts_of(), at(5 - 1e-6), orders=by_hand, snow=series)) == CLEARED
    assert words(status(facts_of(), at(5), orders=by_hand, snow=series)) == SNOWED_OVER


def test_a_newer_clearing_by_a_machine_goes_on_where_the_one_by_hand_ends(facts_of: Make) -> None:
    found = status(facts_of({"at": 6.0}), at(14), orders=ordered(state=State.CLEARED, since_h=3))
    assert (words(found), found.cleared_us[0], found.is_corrected[0]) == (CLEARED, 6 * HOUR, False)


@pytest.mark.parametrize("word", [State.UNCLEARED, State.UNKNOWN])
def test_not_cleared_by_hand_holds_until_the_order_ends(facts_of: Make, word: State) -> None:
    found = status(facts_of({"at": 6.0}), at(30), orders=ordered(state=word, since_h=3))
    assert words(found) == (word.value, "none")
    assert found.valid_until_us[0] == NEVER


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(3.0, CLEARING), (4.0 - 1e-6, CLEARING), (4.0, EXPIRED), (9.0, EXPIRED)],
)
def test_clearing_by_hand_lasts_its_hour_and_older_clearings_do_not_come_back(
    facts_of: Make, hour: float, expected: tuple
) -> None:
    by_hand = ordered(state=State.CLEARING, since_h=3)
    found = status(facts_of({"at": 2.0}), at(hour), orders=by_hand)
    assert words(found) == expected
    assert found.is_corrected[0]
    assert found.cleared_us[0] == NEVER
    assert words(status(facts_of({"at": 3.5}), at(4), orders=by_hand)) == CLEARED
    assert words(status(facts_of({"at": 3.5}), at(4 - 1e-6), orders=by_hand)) == CLEARING


def test_an_order_on_one_direction_says_nothing_of_the_other(facts_of: Make) -> None:
    found = status(facts_of(), at(4), 2, orders=ordered(2, 1, state=State.CLEARED, since_h=3))
    assert (words(found, 0), words(found, 1)) == (UNCLEARED, CLEARED)


# --- several passes, both directions at once ------------------------------------------------------------------------


def test_a_wide_road_is_complete_with_its_second_pass_and_as_old_as_its_first(facts_of: Make) -> None:
    first, second = {"at": 1.0, "trace": 1}, {"at": 3.0, "trace": 2}
    found = status(facts_of(first), at(1.5), passes_needed=2)
    assert (words(found), found.covered_fraction[0], found.passed_fraction[0]) == (CLEARING, 0, 1)
    assert words(status(facts_of(first), at(2.0), passes_needed=2)) == UNCLEARED
    both = status(facts_of(first, second), at(3.0), passes_needed=2)
    assert (words(both), both.cleared_us[0], both.passes_needed[0]) == (CLEARED, HOUR, 2)
    assert both.covered_fraction[0] == both.passed_fraction[0] == 1
    assert words(status(facts_of(first, second), at(1 + VALID_H), passes_needed=2)) == EXPIRED
    assert words(status(facts_of(first, second), at(3.0), passes_needed=3)) == CLEARING


@pytest.mark.parametrize(("to_m", "expected"), [(94.9, UNCLEARED), (95, CLEARED)])
def test_the_share_has_to_have_all_the_passes(facts_of: Make, to_m: float, expected: tuple) -> None:
    facts = facts_of({"at": 1.0, "trace": 1, "to_m": to_m}, {"at": 1.1, "trace": 2})
    assert words(status(facts, at(5), passes_needed=2)) == expected


def test_what_a_second_pass_could_be_is_said(facts_of: Make) -> None:
    sure = {"at": 1.0, "trace": 1}
    weak, silent = (
        {"trace": 2, "at": 1.2, "confidence": 0.2},
        {"trace": 2, "at": 1.2, "kind": "unknown", "basis": "unknown"},
    )
    found = status(facts_of(sure, weak), at(5), passes_needed=2)
    assert (words(found), found.confidence[0]) == (unknown("low_confidence"), 0.2)
    assert words(status(facts_of(sure, silent), at(5), passes_needed=2)) == unknown("work_unknown")


def test_one_pass_clears_both_directions_of_a_narrow_road(facts_of: Make) -> None:
    drawn = {"edge": 1, "at": 1.0, "from_m": 3, "to_m": 98}
    found, coverage = assess(facts_of(drawn), context(4, is_shared=[True, True, False, False]), RULES, at(2))
    assert [words(found, e) for e in range(4)] == [CLEARED, CLEARED, UNCLEARED, UNCLEARED]
    assert found.cleared_us[:2].tolist() == found.observed_us[:2].tolist() == [HOUR, HOUR]
    assert coverage.covered.group.tolist() == [0, 1]
    assert coverage.covered.from_m.tolist() == [3, 3]


def test_two_half_passes_from_both_ends_clear_a_narrow_road(facts_of: Make) -> None:
    facts = facts_of({"edge": 0, "to_m": 60, "trace": 1, "at": 1.0}, {"edge": 1, "from_m": 55, "trace": 2, "at": 2.0})
    shared, apart = status(facts, at(5), 2, is_shared=True), status(facts, at(5), 2)
    assert [words(shared, e) for e in (0, 1)] == [CLEARED] * 2
    assert shared.cleared_us.tolist() == [HOUR, HOUR]
    assert [words(apart, e) for e in (0, 1)] == [UNCLEARED] * 2


def test_what_is_not_known_on_a_narrow_road_is_not_known_of_both_directions(facts_of: Make) -> None:
    found = status(facts_of({"edge": 1, "at": 1.0, "confidence": 0.2}), at(5), 2, is_shared=True)
    assert [words(found, e) for e in (0, 1)] == [unknown("low_confidence")] * 2


# --- treatments apart -----------------------------------------------------------------------------------------------


def test_treatments_are_kept_apart_and_spreading_is_told_but_clears_nothing(facts_of: Make) -> None:
    facts = facts_of(
        {"at": 1.0, "trace": 1, "treatment": "anti_icing"},
        {"at": 2.0, "trace": 2, "treatment": "abrasive_spreading", "to_m": 95},
        {"at": 3.0, "trace": 3, "treatment": "abrasive_spreading", "to_m": 94.9},
        {"at": 2.5, "trace": 4, "treatment": "sidewalk_clearing"},
        {"at": 2.6, "trace": 5, "treatment": "widening", "to_m": 30},
        {"at": 4.0, "trace": 6, "treatment": "anti_icing", "confidence": 0.4},
        {"at": 4.0, "trace": 7, "treatment": "anti_icing", "kind": "deadhead"},
        {"at": 4.0, "trace": 8, "kind": "unknown", "basis": "unknown", "treatment": "anti_icing", "to_m": 40},
    )
    found, _, treated = assess_all(facts, context(), RULES, at(5))
    assert words(found) == UNCLEARED
    assert (found.spread_us[0], found.sidewalk_us[0]) == (2 * HOUR, round(2.5 * HOUR))
    assert found.covered_fraction[0] == pytest.approx(0.3)
    told = {str(TREATMENTS[t]): (f, us) for t, f, us in
            zip(treated.treatment, treated.fraction, treated.reached_us, strict=True)}  # fmt: skip
    assert told == {
        "anti_icing": (1.0, HOUR),
        "abrasive_spreading": (0.95, 2 * HOUR),
        "sidewalk_clearing": (1.0, round(2.5 * HOUR)),
        "widening": (pytest.approx(0.3), NEVER),
    }


def test_nothing_spread_is_said_as_never(facts_of: Make) -> None:
    found = status(facts_of({"at": 1.0}), at(2))
    assert found.spread_us[0] == found.sidewalk_us[0] == NEVER


def test_spreading_on_a_narrow_road_reaches_both_directions_and_a_sidewalk_does_not(facts_of: Make) -> None:
    facts = facts_of(
        {"at": 1.0, "trace": 1, "treatment": "anti_icing"}, {"at": 2.0, "trace": 2, "treatment": "sidewalk_clearing"}
    )
    found = status(facts, at(3), 2, is_shared=True)
    assert found.spread_us.tolist() == [HOUR, HOUR]
    assert found.sidewalk_us.tolist() == [2 * HOUR, NEVER]

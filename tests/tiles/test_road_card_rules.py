"""The rules of the card: target, why not yet, next in line, directions by name, against drawn cases and the docs."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from geo.vocabulary import InLine, Manager, NotYet, PassKind, RoadClass, ServiceState, WorkBasis
from tiles import road_card_words as words
from tiles.road_card_heading import AHEAD_DEG, FAR_M, NEAR_M, Place, bearing_deg, compass, place_ahead, towards
from tiles.road_card_line import Line, Stretch, Work, work_before
from tiles.road_card_rules import NOT_YET, Case, Standing, in_line, not_yet, shown, standing

DOCS = Path(__file__).resolve().parents[2] / "docs" / "road-card.md"
AT = datetime(2026, 1, 14, 22, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOLD: dict[str, Any] = {
    "edge_id": 4, "state": "uncleared", "reason": "none", "valid_until": None, "restriction": None, "route_id": "R1",
    "section_id": None, "route_class": "第1種", "target_time": time(7), "target_at": AT + 30 * MINUTE,
    "callout_at": AT - timedelta(hours=4), "callout_depth_cm": 5.0, "service_state": "pending", "at_risk_fraction": 0.0,
    "first_cleared_at": None, "cleared_at": None, "covered_fraction": 0.0, "passed_fraction": 0.0, "passes_needed": 1,
}  # fmt: skip
WORKED = Line((Stretch(8, 500.0, 1, 2, AT - 3 * MINUTE),))


def case(line: Line | None = None, before: Work | None = None, *, is_past: bool = False, **changed: Any) -> Case:
    return Case(TOLD | changed, AT, line, before, is_past)


# --- what may be shown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["cleared", "clearing", "uncleared", "unknown"])
def test_a_clearing_ends_at_its_time_and_not_before(state: str) -> None:
    told = TOLD | {"state": state, "reason": "none"}
    for until, is_over in ((AT, True), (AT - MINUTE, True), (AT + timedelta(microseconds=1), False), (None, False)):
        found = shown(told | {"valid_until": until}, AT)
        is_expired = is_over and state in ("cleared", "clearing")
        assert (found["state"], found["reason"]) == (("unknown", "expired") if is_expired else (state, "none"))


# --- target ---------------------------------------------------------------------------------------------------------

STANDINGS: list[tuple[dict[str, Any], Standing | None]] = [
    ({}, Standing(ServiceState.PENDING)),
    ({"service_state": None}, None),
    ({"service_state": None, "route_id": None}, Standing(ServiceState.NO_TARGET)),
    ({"reason": "withheld", "state": "unknown"}, None),
    ({"service_state": "no_target", "target_at": None}, Standing(ServiceState.NO_TARGET)),
    ({"callout_at": None, "target_at": None}, Standing(ServiceState.PENDING)),
    ({"first_cleared_at": AT + 30 * MINUTE}, Standing(ServiceState.ACHIEVED)),
    ({"first_cleared_at": AT + 29 * MINUTE, "target_at": AT + 9 * MINUTE}, Standing(ServiceState.LATE, 20)),
    ({"first_cleared_at": AT, "target_at": AT - timedelta(seconds=1)}, Standing(ServiceState.LATE, 1)),
    ({"state": "unknown", "reason": "silent", "target_at": AT - MINUTE}, Standing(ServiceState.UNKNOWN)),
    # that time or snow took the clearing back does not undo it
    ({"state": "unknown", "reason": "expired", "first_cleared_at": AT - MINUTE}, Standing(ServiceState.ACHIEVED)),
    ({"target_at": AT}, Standing(ServiceState.PENDING)),  # a moment at a deadline has not passed it
    ({"target_at": AT - timedelta(microseconds=1)}, Standing(ServiceState.MISSED)),
    ({"at_risk_fraction": 0.2}, Standing(ServiceState.AT_RISK)),
    ({"at_risk_fraction": 0.2, "target_at": AT - MINUTE}, Standing(ServiceState.MISSED)),
]


@pytest.mark.parametrize(("changed", "expected"), STANDINGS)
def test_where_a_direction_stands_against_its_target(changed: dict[str, Any], expected: Standing | None) -> None:
    assert standing(case(**changed)) == expected


def test_of_the_past_no_risk_is_told_and_a_callout_to_come_is_none() -> None:
    assert standing(case(is_past=True, at_risk_fraction=0.2)) == Standing(ServiceState.PENDING)
    assert standing(case(is_past=True, callout_at=AT + MINUTE)) == Standing(ServiceState.PENDING)


# --- why not yet ----------------------------------------------------------------------------------------------------

HELD: dict[str, Any] = {"state": "unknown"}
WHYS: list[tuple[Case, tuple[NotYet, ...]]] = [
    (case(), (NotYet.NOT_TOLD,)),
    (case(state="cleared"), ()),
    (case(state="clearing"), ()),
    (case(**HELD, reason="withheld", line=WORKED, restriction="closed"), (NotYet.WITHHELD,)),
    (case(**HELD, reason="closed", line=WORKED), (NotYet.CLOSED,)),
    (case(restriction="winter_closed"), (NotYet.CLOSED,)),
    (case(restriction="chains"), (NotYet.NOT_TOLD,)),
    (case(**HELD, reason="not_on_plan", route_id=None, service_state=None), (NotYet.NO_PLAN,)),
    (case(**HELD, reason="no_event", line=WORKED), (NotYet.NO_EVENT,)),
    (case(callout_at=None, target_at=None), (NotYet.NOT_CALLED_OUT,)),
    (case(callout_at=None, service_state="no_target"), (NotYet.NOT_TOLD,)),
    (case(callout_at=None, service_state=None), (NotYet.NOT_TOLD,)),
    (case(**HELD, reason="silent"), (NotYet.SILENT,)),
    (case(**HELD, reason="no_device"), (NotYet.NO_DEVICE,)),
    (case(WORKED, Work(40.0, AT - MINUTE)), (NotYet.BEFORE_IT,)),
    (case(WORKED), (NotYet.ON_ROUTE,)),
    (case(Line((), 2, "第1種")), (NotYet.HIGHER_CLASS,)),
    (case(passed_fraction=0.4), (NotYet.PARTLY,)),
    (case(**HELD, reason="expired", passed_fraction=1.0, cleared_at=AT), (NotYet.WORN,)),
    (case(**HELD, reason="snowed_over", cleared_at=AT), (NotYet.WORN,)),
    # a plough left before it was complete: nothing was cleared that time could take back
    (case(**HELD, reason="expired", passed_fraction=0.7), (NotYet.PARTLY,)),
    (case(Line(WORKED.stretches, 1), **HELD, reason="silent"), (NotYet.SILENT, NotYet.ON_ROUTE, NotYet.HIGHER_CLASS)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), WHYS)
def test_why_a_direction_is_not_cleared_yet(given: Case, expected: tuple[NotYet, ...]) -> None:
    assert not_yet(given) == expected


def test_every_rule_has_a_case_that_needs_it_and_the_docs_have_the_same_table() -> None:
    assert {word for _, found in WHYS for word in found} == set(NotYet)
    assert {rule.word for rule in NOT_YET} | {NotYet.NOT_TOLD} == set(NotYet)
    section = DOCS.read_text(encoding="utf-8").split("## Why not yet")[1].split("\n## ")[0]
    rows = re.findall(r"^\| \d+ \| (\w+) \| .* \| (yes|no) \|$", section, re.M)
    expected = [(str(rule.word), "yes" if rule.is_alone else "no") for rule in NOT_YET]
    assert rows == [*expected, (str(NotYet.NOT_TOLD), "yes")]


def test_of_the_past_nothing_is_said_of_ploughs() -> None:
    assert not_yet(case(WORKED, is_past=True)) is None
    assert in_line(case(WORKED, is_past=True)) is None


# --- next in line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (case(state="cleared"), InLine.DONE),
        (case(state="clearing"), InLine.HERE),
        (case(WORKED, Work(40.0, AT)), InLine.AHEAD),
        (case(WORKED), InLine.NOT_YET),
        (case(Line()), InLine.NOBODY_KNOWS),
        (case(None), InLine.NOBODY_KNOWS),
        (case(WORKED, Work(40.0, AT), state="unknown", reason="withheld"), InLine.NOBODY_KNOWS),
        (case(WORKED, Work(40.0, AT), state="unknown", reason="expired"), InLine.AHEAD),
    ],
)
def test_where_a_direction_lies_from_a_plough(given: Case, expected: InLine) -> None:
    assert in_line(given) == expected


def chain(*worked: int, n: int = 6) -> Line:
    """n two-way roads of 100, 200, … metres in a row, edges 2i and 2i + 1; work on those named."""
    forward = [Stretch(2 * i, 100.0 * i, i, i + 1, AT if 2 * i in worked else None) for i in range(1, n + 1)]
    backward = [Stretch(2 * i + 1, 100.0 * i, i + 1, i, AT if 2 * i + 1 in worked else None) for i in range(1, n + 1)]
    return Line((*forward, *backward))


def test_work_before_is_measured_along_the_way_and_against_travel() -> None:
    assert work_before(chain(4), 6, 2000) == Work(0.0, AT)  # the edge right before
    assert work_before(chain(2), 10, 2000) == Work(900.0, AT)  # 200 + 300 + 400 between
    assert work_before(chain(2), 10, 899.9) is None
    assert work_before(chain(12), 6, 2000) is None  # behind it
    assert work_before(chain(6), 6, 2000) is None  # on it: that is no work before it
    assert work_before(chain(7), 6, 2000) is None  # the other side, and nobody turns round on the way
    assert work_before(chain(9), 7, 2000) == Work(0.0, AT)  # that side is travelled the other way
    assert work_before(chain(4), 99, 2000) is None


def test_work_before_is_the_nearest_by_an_oracle_that_walks_every_way() -> None:
    """Simple ways backwards, all of them, on drawn networks: slow and plain."""
    rng = random.Random(20260114)
    for _ in range(60):
        stretches = []
        for i in range(1, 9):
            a, b = rng.sample(range(6), 2)
            length_m = float(rng.randint(1, 9))
            for edge_id, ends in ((2 * i, (a, b)), (2 * i + 1, (b, a))):
                if rng.random() < 0.8:
                    stretches.append(Stretch(edge_id, length_m, *ends, AT if rng.random() < 0.25 else None))
        line = Line(tuple(stretches))
        for start in stretches:
            found = work_before(line, start.edge_id, 12)
            best = min(walks(line, start, 0.0, frozenset({start.edge_id})), default=None)
            assert (None if found is None else found.distance_m) == (None if best is None or best > 12 else best)


def walks(line: Line, at: Stretch, gone_m: float, seen: frozenset[int]) -> list[float]:
    found = []
    for former in line.stretches:
        if former.to_node != at.from_node or former.edge_id in seen or former.edge_id == at.edge_id ^ 1:
            continue
        if former.worked_at is not None:
            found.append(gone_m)
        else:
            found += walks(line, former, gone_m + former.length_m, seen | {former.edge_id})
    return found


# --- words ----------------------------------------------------------------------------------------------------------


def test_every_word_has_both_languages() -> None:
    line = Line(WORKED.stretches, 2, "第1種")
    told = case(line, Work(340.0, AT - 3 * MINUTE), passed_fraction=0.4)
    pairs = [words.why(word, told, "Asia/Tokyo") for word in NotYet]
    pairs += [words.in_line_words(word, told, "Asia/Tokyo", 2000) for word in InLine]
    pairs += [words.target(Standing(state, 5), at) for state in ServiceState for at in (AT, None)]
    pairs += [words.target(None, None), words.snow(None, "missing"), words.confidence(0.97, 0.94)]
    for ja, en in pairs:
        assert re.search(r"[ぁ-ん一-龥]", ja), ja
        assert re.fullmatch(r"[ -~第種]+", en), en
    assert set(words.MANAGER_EN) == {str(word) for word in Manager}
    assert set(words.CLASS_EN) == {str(word) for word in RoadClass}
    assert set(words.KIND_EN) == {str(word) for word in PassKind}
    assert set(words.BASIS) == {str(word) for word in WorkBasis}


def test_distances_and_times_are_told_coarsely_and_nothing_is_promised() -> None:
    told = case(WORKED, Work(340.0, AT - 3 * MINUTE))
    ja, en = words.in_line_words(InLine.AHEAD, told, "Asia/Tokyo", 2000)
    assert "約400 m" in ja
    assert "07:25ごろ" in ja
    assert "次にここへ来るとは限らない" in ja
    assert "about 400 m" in en
    assert "need not come here next" in en
    assert words.metres(Work(0.0, AT)) == 100
    assert words.down(AT + timedelta(minutes=4, seconds=59)) == AT
    assert words.up(AT) == AT
    assert words.up(AT + timedelta(microseconds=1)) == AT + 5 * MINUTE


def test_missing_snow_is_never_zero_and_a_lower_bound_says_so() -> None:
    assert "0 cm" not in "".join(words.snow(None, "missing"))
    assert words.snow(0.0, "observed") == ("約0 cm", "about 0 cm")
    assert words.snow(4.2, "partial") == ("少なくとも4 cm", "at least 4 cm")


def test_a_confidence_that_clears_no_road_is_not_called_high() -> None:
    assert [words.confidence(value, 0.94)[1] for value in (0.94, 0.939, 0.7, 0.69)] == [
        "high (94 %)", "fair (93 %)", "fair (70 %)", "low (69 %)",
    ]  # fmt: skip


def test_several_passes_are_told_apart() -> None:
    told = case(passed_fraction=0.8, covered_fraction=0.3, passes_needed=2)
    assert words.why(NotYet.PARTLY, told, "Asia/Tokyo")[1] == "needs 2 passes: 80 % of its length has one, 30 % all"


# --- directions by name ---------------------------------------------------------------------------------------------

EAST, WEST = Place("東町", "Higashi", 3, 136.80, 36.56), Place("西市", "Nishi", 5, 136.40, 36.56)
ROAD = ((136.60, 36.56), (136.62, 36.56))


def test_compass_words_follow_travel() -> None:
    assert compass(*ROAD) == ("東向き", "Eastbound")
    assert compass(ROAD[1], ROAD[0]) == ("西向き", "Westbound")
    assert compass((136.6, 36.56), (136.6, 36.57)) == ("北向き", "Northbound")
    assert bearing_deg((136.6, 36.56), (136.61, 36.568)) == pytest.approx(45, abs=1)


def test_a_numbered_road_leads_to_places() -> None:
    named = towards([EAST, WEST], *ROAD, road_class="national", has_number=True)
    assert named == (EAST, WEST)
    assert towards([EAST, WEST], *ROAD, road_class="municipal", has_number=True) == (None, None)
    assert towards([EAST, WEST], *ROAD, road_class="national", has_number=False) == (None, None)
    twins = [EAST, Place("東町", None, 1, 136.40, 36.56)]
    assert towards(twins, *ROAD, road_class="national", has_number=True) == (None, None)


def test_which_place_pulls_most() -> None:
    near = Place("近村", None, 1, 136.66, 36.56)  # 3.6 km ahead
    assert place_ahead([EAST, near], *ROAD) == EAST  # 9 / 16 km against 1 / 3.6 km
    assert place_ahead([Place("横", None, 9, 136.63, 36.70)], *ROAD) is None  # not ahead
    assert place_ahead([Place("隣", None, 9, 136.621, 36.56)], *ROAD) is None  # nearer than NEAR_M
    assert place_ahead([Place("遠", None, 9, 137.20, 36.56)], *ROAD) is None  # farther than FAR_M
    assert place_ahead([Place("無", None, None, 136.70, 36.56)], *ROAD) is not None  # without a size it counts as 1


def test_the_constants_of_the_page_are_those_of_the_code() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert f"{NEAR_M / 1000:g} to {FAR_M / 1000:g} km" in text
    assert f"{AHEAD_DEG:g}° of its heading" in text
    assert f"whole {words.STEP_MIN} minutes" in text
    for first, second in pairwise(InLine):
        assert text.index(f"| {first} |") < text.index(f"| {second} |")

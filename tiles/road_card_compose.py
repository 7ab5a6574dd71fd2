"""From what was read of a road to its card at a moment: rules applied, words chosen. No clock, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo.settings_card import CardSettings
from geo.vocabulary import InLine, Manager, PassKind, Restriction, RoadClass, State, Treatment, WorkBasis
from tiles import road_card_words as words
from tiles.edge_words import RESTRICTION_EN, STATE_EN, TREATMENT_EN, why
from tiles.past import Span
from tiles.road_card_heading import Place, compass, towards
from tiles.road_card_line import Line, work_before
from tiles.road_card_model import (
    Contact,
    Direction,
    Event,
    Next,
    PastSpan,
    RoadCard,
    RoadManager,
    RoadPlan,
    Snow,
    Target,
    Visit,
    Why,
    Words,
)
from tiles.road_card_rules import Case, in_line, not_yet, shown, standing

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read of a piece in one transaction.

    sides   a row of road_card.sql with its state for each open direction
    line    its plough route; None: it is on none, or this is the past
    visits  rows of road_card_visits.sql; None: those of that time are not kept
    places  settlements that directions are named after
    past    the span of the moment asked for; None: now
    """

    piece_id: int
    sides: tuple[Row, ...]
    line: Line | None
    visits: tuple[Row, ...] | None
    places: tuple[Place, ...]
    past: Span | None = None


@dataclass(frozen=True, slots=True)
class Tongue:
    """Languages of an answer, the zone of its clock, and the boundaries of the card."""

    languages: tuple[str, ...]
    zone: str
    card: CardSettings
    confidence_min: float

    def __call__(self, both: words.Both) -> Words:
        """A pair of Japanese and English as the answer tells it."""
        return {name: text for name, text in zip(("ja", "en"), both, strict=True) if name in self.languages}


def compose(facts: Facts, moment: datetime, say: Tongue) -> RoadCard:
    """The card of a road at a moment, which may be later than that of the reading: what has run out is unknown then."""
    first = facts.sides[0]
    cases = [_case(side, facts, moment, say.card) for side in facts.sides]
    cleared = [case for case in cases if case.state == State.CLEARED]
    road_class = RoadClass(first["road_class"])
    is_withheld = any(case.reason == "withheld" for case in cases)
    return RoadCard(
        piece_id=facts.piece_id, name=first["name"], route=first["route"], road_class=road_class,
        road_class_words=say((road_class.ja, words.CLASS_EN[road_class])), municipality=first["municipality"],
        length_m=round(first["length_m"], 1), line=first["line"], manager=_manager(first, say), plan=_plan(facts.sides),
        is_one_side_only=len(cases) == 2 and len(cleared) == 1,
        directions=[_direction(case, facts, say, is_withheld=is_withheld) for case in cases],
        visits_note=say(_visits_note(facts, is_withheld=is_withheld)),
        has_more_visits=not is_withheld and len(facts.visits or ()) > say.card.visits_most,
        event=_event(facts), as_of=moment, past=_past(facts.past, moment),
        network_version=first["network_version"], synthetic=_is_synthetic(facts),
    )  # fmt: skip


def _case(side: Row, facts: Facts, moment: datetime, card: CardSettings) -> Case:
    line = facts.line if side["route_id"] is not None else None
    before = None if line is None else work_before(line, side["edge_id"], card.ahead_m)
    return Case(shown(side, moment), moment, line, before, is_past=facts.past is not None)


def _is_synthetic(facts: Facts) -> bool:
    return any(side["synthetic"] for side in facts.sides) or (facts.past is not None and facts.past.synthetic)


def _visits_note(facts: Facts, *, is_withheld: bool) -> words.Both:
    if is_withheld:
        return words.VISITS_WITHHELD
    return words.VISITS_NOT_HELD if facts.visits is None else words.VISITS_NOTE


def _event(facts: Facts) -> Event:
    if facts.past is not None:
        span = facts.past
        return Event(event_id=span.event_id, kind=span.event_kind, name=span.event_name, reference_at=span.reference_at)
    told = facts.sides[0]
    return Event(
        event_id=told["event_id"], kind=told["event_kind"], name=told["event_name"], reference_at=told["reference_at"]
    )


def _past(span: Span | None, at: datetime) -> PastSpan | None:
    if span is None:
        return None
    return PastSpan(
        at=at, from_at=span.from_at, to_at=span.to_at, known_at=span.known_at, is_settled=span.is_settled
    )  # fmt: skip


def _manager(told: Row, say: Tongue) -> RoadManager:
    manager = Manager(told["manager"])
    contact = None
    if told["contact_name"] is not None:
        name = say((told["contact_name"], told["contact_name_en"]))
        contact = Contact(name=name, phone=told["phone"], link=told["link"])
    return RoadManager(code=manager, words=say((manager.ja, words.MANAGER_EN[manager])), contact=contact)


def _plan(sides: Sequence[Row]) -> RoadPlan | None:
    told = next((side for side in sides if side["plan_name"] is not None), None)
    if told is None:
        return None
    is_route = told["route_id"] is not None
    at = told["target_time"]
    return RoadPlan(
        kind="route" if is_route else "section", id=told["route_id"] if is_route else told["section_id"],
        name=told["plan_name"], route_class=told["route_class"], target_time=None if at is None else f"{at:%H:%M}",
        callout_depth_cm=told["callout_depth_cm"],
    )  # fmt: skip


def _heading(told: Row, places: Sequence[Place], say: Tongue) -> Words:
    start, end = tuple(told["line"][0]), tuple(told["line"][-1])
    named = towards(places, start, end, road_class=told["road_class"], has_number=told["route"] is not None)
    place = named[1] if told["is_reversed"] else named[0]
    if place is not None:
        return say((f"{place.name}方面", f"Towards {place.name_en or place.name}"))
    return say(compass(end, start) if told["is_reversed"] else compass(start, end))


def _direction(case: Case, facts: Facts, say: Tongue, *, is_withheld: bool) -> Direction:
    told = case.told
    state, basis = State(told["state"]), WorkBasis(told["work_basis"])
    reason_ja, reason_en = why(told, "ja"), why(told, "en")
    treatment = None if told["treatment"] is None else Treatment(told["treatment"])
    restriction = None if told["restriction"] is None else Restriction(told["restriction"])
    kind = "manager" if told["is_corrected"] else "none" if told["observed_at"] is None else "ploughs"
    copied = (
        "edge_id", "reason", "cleared_at", "valid_until", "observed_at", "covered_fraction", "passed_fraction",
        "passes_needed", "treatment", "work_basis", "confidence", "spread_at", "sidewalk_at", "restriction",
        "is_corrected",
    )  # fmt: skip
    return Direction(
        **{name: told[name] for name in copied},
        direction="backward" if told["is_reversed"] else "forward", heading=_heading(told, facts.places, say),
        state=state, state_words=say((state.ja, STATE_EN[state])),
        reason_words=None if reason_ja is None or reason_en is None else say((reason_ja, reason_en)),
        treatment_words=None if treatment is None else say((treatment.ja, TREATMENT_EN[treatment])),
        work_basis_words=say(words.BASIS[basis]),
        confidence_words=_confidence(told, say),
        snow=_snow(told, say), source_kind=kind, source_words=say(words.SOURCE[kind]),
        restriction_words=None if restriction is None else say((restriction.ja, RESTRICTION_EN[restriction])),
        target=_target(case, say), why_not_yet=_why(case, say), next=_next(case, say),
        visits=None if facts.visits is None or is_withheld else _visits(told["edge_id"], facts.visits, say),
    )  # fmt: skip


def _confidence(told: Row, say: Tongue) -> Words | None:
    if told["work_basis"] == WorkBasis.UNKNOWN:
        return None
    return say(words.confidence(told["confidence"], say.confidence_min))


def _snow(told: Row, say: Tongue) -> Snow | None:
    if told["cleared_at"] is None:
        return None
    cm, basis = told["snow_since_cm"], told["snow_basis"]
    return Snow(cm=cm, basis=basis, words=say(words.snow(cm, basis)))


def _target(case: Case, say: Tongue) -> Target:
    found = standing(case)
    target_at = None if found is None else case.told["target_at"]
    told = dict(case.told) | {"target_at": target_at}
    return Target(
        state=None if found is None else found.state, target_at=target_at,
        late_min=None if found is None else found.late_min, due=say(words.due(told, say.zone, case.moment)),
        words=say(words.target(found, target_at)),
    )  # fmt: skip


def _why(case: Case, say: Tongue) -> list[Why] | None:
    found = not_yet(case)
    return None if found is None else [Why(code=word, words=say(words.why(word, case, say.zone))) for word in found]


def _next(case: Case, say: Tongue) -> Next | None:
    word = in_line(case)
    if word is None:
        return None
    before = case.before if word is InLine.AHEAD else None
    worked_at = case.newest_work if word is InLine.NOT_YET else None if before is None else before.worked_at
    return Next(
        code=word, distance_m=None if before is None else words.metres(before),
        worked_at=None if worked_at is None else words.down(worked_at),
        words=say(words.in_line_words(word, case, say.zone, say.card.ahead_m)),
    )  # fmt: skip


def _visits(edge_id: int, rows: Sequence[Row], say: Tongue) -> list[Visit]:
    return [_visit(row, say) for row in rows[: say.card.visits_most] if row["edge_id"] == edge_id]


def _visit(row: Row, say: Tongue) -> Visit:
    kind, treatment = PassKind(row["kind"]), row["treatment"]
    both = (kind.ja, words.KIND_EN[kind])
    if treatment is not None:
        both = (f"{both[0]}（{Treatment(treatment).ja}）", f"{both[1]} ({TREATMENT_EN[Treatment(treatment)]})")
    return Visit(
        began_at=words.down(row["started_at"]), ended_at=words.up(row["ended_at"]), kind=kind, treatment=treatment,
        work_basis=row["work_basis"], metres=round(row["metres"]), words=say(both),
    )  # fmt: skip

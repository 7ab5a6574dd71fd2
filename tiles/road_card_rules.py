"""The rules of the card of a road: target met or late, why not yet, next in line. Each is derived from published facts.

docs/road-card.md has the same tables; a test keeps both in step. No clock, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any

from geo.vocabulary import InLine, NotYet, Reason, Restriction, ServiceState, State
from tiles.road_card_line import Line, Work

type Told = Mapping[str, Any]

DONE_STATES = (State.CLEARED, State.CLEARING)
NO_TRAFFIC = (Restriction.CLOSED, Restriction.WINTER_CLOSED)


@dataclass(frozen=True, slots=True)
class Case:
    """One direction at a moment.

    told     columns of road_card.sql and of its state, with `state` and `reason` as they may be shown at the moment
    line     its plough route; None: it is on none
    before   the nearest work before it on its route; None: there is none
    is_past  a moment of the past: nothing is told of the route then
    """

    told: Told
    moment: datetime
    line: Line | None = None
    before: Work | None = None
    is_past: bool = False

    @property
    def state(self) -> str:
        """The state that may be shown."""
        return str(self.told["state"])

    @property
    def reason(self) -> str:
        """Its reason."""
        return str(self.told["reason"])

    @property
    def newest_work(self) -> datetime | None:
        """The newest work on its route that is late enough."""
        return None if self.line is None else self.line.newest_work()


def shown(told: Told, moment: datetime) -> dict[str, Any]:
    """What may be shown at a moment: from its valid_until on, a clearing is unknown (expired)."""
    until = told["valid_until"]
    if told["state"] in DONE_STATES and until is not None and until <= moment:
        return dict(told) | {"state": State.UNKNOWN.value, "reason": Reason.EXPIRED.value}
    return dict(told)


# --- target ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a direction stands against its target. late_min: minutes after it, of LATE."""

    state: ServiceState
    late_min: int | None = None


def standing(case: Case) -> Standing | None:
    """The table of docs/service-level.md for one direction, with the callout and the first deadline of its route or
    section as they are published; None: nobody has worked these out in this event, or they are withheld."""
    told = case.told
    if case.reason == Reason.WITHHELD:
        return None
    if told["route_id"] is None and told["section_id"] is None:
        return Standing(ServiceState.NO_TARGET)
    if told["service_state"] is None:
        return None
    target_at, first_at = told["target_at"], told["first_cleared_at"]
    if told["service_state"] == ServiceState.NO_TARGET:
        return Standing(ServiceState.NO_TARGET)
    if told["callout_at"] is None or target_at is None or told["callout_at"] > case.moment:
        return Standing(ServiceState.PENDING)
    if first_at is not None and first_at <= target_at:
        return Standing(ServiceState.ACHIEVED)
    if first_at is not None:
        return Standing(ServiceState.LATE, max(1, floor((first_at - target_at).total_seconds() / 60)))
    if case.state == State.UNKNOWN:
        return Standing(ServiceState.UNKNOWN)
    if case.moment > target_at:
        return Standing(ServiceState.MISSED)
    is_at_risk = not case.is_past and (told["at_risk_fraction"] or 0) > 0
    return Standing(ServiceState.AT_RISK if is_at_risk else ServiceState.PENDING)


# --- why not yet ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """A word, when it holds, and whether nothing else is said beside it."""

    word: NotYet
    holds: Callable[[Case], bool]
    is_alone: bool = False


def _is_called_out(case: Case) -> bool:
    told = case.told
    return told["service_state"] in (None, ServiceState.NO_TARGET) or told["callout_at"] is not None


def _is_worn(case: Case) -> bool:
    """Whether a clearing was taken back; work that ended before the direction was complete is none."""
    return case.reason in (Reason.EXPIRED, Reason.SNOWED_OVER) and case.told["cleared_at"] is not None


#: In this order; all that hold are said, up to the first that stands alone.
NOT_YET = (
    Rule(NotYet.WITHHELD, lambda case: case.reason == Reason.WITHHELD, is_alone=True),
    Rule(NotYet.CLOSED, lambda case: case.reason == Reason.CLOSED or case.told["restriction"] in NO_TRAFFIC,
         is_alone=True),
    Rule(NotYet.NO_PLAN, lambda case: case.told["route_id"] is None and case.told["section_id"] is None),
    Rule(NotYet.NO_EVENT, lambda case: case.reason == Reason.NO_EVENT, is_alone=True),
    Rule(NotYet.NOT_CALLED_OUT, lambda case: not _is_called_out(case)),
    Rule(NotYet.SILENT, lambda case: case.reason == Reason.SILENT),
    Rule(NotYet.NO_DEVICE, lambda case: case.reason == Reason.NO_DEVICE),
    Rule(NotYet.BEFORE_IT, lambda case: case.before is not None),
    Rule(NotYet.ON_ROUTE, lambda case: case.before is None and case.newest_work is not None),
    Rule(NotYet.HIGHER_CLASS, lambda case: case.line is not None and case.line.n_earlier > 0),
    Rule(NotYet.PARTLY, lambda case: case.told["passed_fraction"] > 0 and not _is_worn(case)),
    Rule(NotYet.WORN, _is_worn),
)  # fmt: skip


def not_yet(case: Case) -> tuple[NotYet, ...] | None:
    """Why a direction is not cleared, by the table above; empty: it is, or is being cleared; None: of a moment of the
    past nothing is told."""
    if case.is_past:
        return None
    if case.state in DONE_STATES:
        return ()
    found: list[NotYet] = []
    for rule in NOT_YET:
        if rule.holds(case):
            found.append(rule.word)
            if rule.is_alone:
                break
    return tuple(found) or (NotYet.NOT_TOLD,)


# --- next in line ---------------------------------------------------------------------------------------------------


def in_line(case: Case) -> InLine | None:
    """Where a direction lies from a plough at work on its route; None: of a moment of the past nothing is told."""
    if case.is_past:
        return None
    if case.state == State.CLEARED:
        return InLine.DONE
    if case.state == State.CLEARING:
        return InLine.HERE
    if case.line is None or case.reason == Reason.WITHHELD or case.newest_work is None:
        return InLine.NOBODY_KNOWS
    return InLine.AHEAD if case.before is not None else InLine.NOT_YET

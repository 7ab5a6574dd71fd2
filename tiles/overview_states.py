"""Which state each step of the overview shows: the worst of all directions of all pieces on it, and until when.

Steps that show the same from the same time until the same time are a group. Times are rounded down to quarters of an
hour, so that a group runs out a little early and never late. No clock, no database.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.vocabulary import Reason, State
from tiles.overview_lines import Steps
from tiles.states import CHARS, NO_MOMENT, POSITION_OF_REASON, STATES, UNKNOWN, Bools, Index, Ints, Records
from tiles.summary_numbers import stand

#: Times of a group are told in steps of so many seconds.
ROUND_S = 900
#: How bad a state is; what is on nobody's plan says nothing, and what is said elsewhere on a step counts.
NOTHING, OFF_PLAN = -1, 0
BADNESS = {State.CLEARED: 1, State.CLEARING: 2, State.UNKNOWN: 3, State.UNCLEARED: 4}
#: Codes of the map (CODE of web/js/status/classify.js): ages of a clearing in hours, and the other states.
AGE_CODES = ((1, 1), (3, 2), (6, 3), (12, 4), (24, 5))
OTHER_CODES = {State.CLEARING: 6, State.UNCLEARED: 7, State.UNKNOWN: 8}
PATTERNED = frozenset({4, 5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Group:
    """What some steps show. Times in seconds since the epoch; NO_MOMENT: none.

    code: what it is at the drawing's moment.
    """

    badness: int
    cleared: int
    valid: int
    observed: int
    code: int

    @property
    def has_pattern(self) -> bool:
        """Whether its state is told by a pattern besides its colour."""
        return self.code in PATTERNED

    @property
    def attributes(self) -> str:
        """The facts as data attributes, in the characters of the snapshot."""
        state = next((state for state, badness in BADNESS.items() if badness == self.badness), State.UNKNOWN)
        parts = {"char": CHARS[state], "reason": Reason.NOT_ON_PLAN.value if self.badness == OFF_PLAN else ""}
        times = {"cleared": self.cleared, "valid": self.valid, "observed": self.observed}
        parts |= {name: "" if at == NO_MOMENT else str(at) for name, at in times.items()}
        return "".join(f' data-{name}="{text}"' for name, text in parts.items() if text)


def groups_of(index: Index, told: Records, piece: Ints, steps: Steps, moment_s: int) -> tuple[list[Group], Ints]:
    """(groups, (S,) the position in groups of each step). piece: ids of the pieces that the steps name by position.

    The best groups come first, so that the worse ones are drawn over them.
    """
    badness, cleared, valid, observed = _worst(index, told, piece, steps, moment_s)
    facts = np.stack([badness, cleared, valid, observed], axis=1)
    found, which = np.unique(facts, axis=0, return_inverse=True)
    is_shown = found[:, 0] > NOTHING
    position = np.where(is_shown, np.cumsum(is_shown) - 1, -1)
    rows: list[list[int]] = found[is_shown].tolist()
    groups = [
        Group(badness, cleared, valid, observed, _code([badness, cleared, valid, observed], moment_s))
        for badness, cleared, valid, observed in rows
    ]
    return groups, position[which.reshape(-1)]


def _worst(index: Index, told: Records, piece: Ints, steps: Steps, moment_s: int) -> tuple[Ints, Ints, Ints, Ints]:
    """(S,) badness of each step, and the earliest times of what is good on it."""
    standing = stand(told, moment_s)
    known = np.searchsorted(index.piece_id, piece)
    is_known = (known < len(index.piece_id)) & (index.piece_id[np.minimum(known, len(index.piece_id) - 1)] == piece)
    places = np.where(is_known[:, None], index.places[np.minimum(known, len(index.piece_id) - 1)], -1)
    bad = _badness(standing.state, standing.reason)
    both = np.where(places >= 0, bad[np.maximum(places, 0)], NOTHING)
    # half on a plan counts as unknown, as on the map: one line for both is never better than the truth
    is_half = (both == OFF_PLAN) & (both.max(axis=1, keepdims=True) > OFF_PLAN)
    both = np.where(is_half, BADNESS[State.UNKNOWN], both)
    n = len(steps.ends)
    worst = np.full(n, NOTHING, np.int64)
    latest = np.iinfo(np.int64).max
    times = [np.full(n, latest, np.int64) for _ in range(3)]
    for side in (0, 1):
        at = places[:, side][steps.piece]
        level = both[:, side][steps.piece]
        np.maximum.at(worst, steps.step, level)
        is_good = (at >= 0) & ((level == BADNESS[State.CLEARED]) | (level == BADNESS[State.CLEARING]))
        where, which = steps.step[is_good], at[is_good]
        for found, values in zip(times, (told.cleared, standing.end_s, told.observed), strict=True):
            value = values[which]
            np.minimum.at(found, where, np.where(value == NO_MOMENT, latest, value))
    is_cleared, is_clearing = worst == BADNESS[State.CLEARED], worst == BADNESS[State.CLEARING]
    wanted = (is_cleared, is_cleared | is_clearing, is_clearing)
    told_at = [
        np.where(is_wanted & (found < latest), found // ROUND_S * ROUND_S, NO_MOMENT)
        for is_wanted, found in zip(wanted, times, strict=True)
    ]
    return worst, told_at[0], told_at[1], told_at[2]


def _badness(state: NDArray[np.int16], reason: NDArray[np.int16]) -> Ints:
    by_code = np.array([BADNESS[State(name)] for name in STATES], np.int64)
    is_off_plan: Bools = (state == UNKNOWN) & (reason == POSITION_OF_REASON[Reason.NOT_ON_PLAN])
    found: Ints = np.where(is_off_plan, OFF_PLAN, by_code[state])
    return found


def _code(row: list[int], moment_s: int) -> int:
    """The code that a page would give to a group at a moment."""
    badness, cleared, valid, observed = row
    is_over = valid != NO_MOMENT and valid <= moment_s
    if badness == OFF_PLAN:
        return 0
    if badness == BADNESS[State.CLEARED]:
        hours = (moment_s - cleared) / 3600
        age = next((code for below, code in AGE_CODES if hours < below), None)
        return OTHER_CODES[State.UNKNOWN] if is_over or age is None or cleared == NO_MOMENT else age
    if badness == BADNESS[State.CLEARING] and (is_over or observed == NO_MOMENT):
        return OTHER_CODES[State.UNKNOWN]
    return next(OTHER_CODES[state] for state, level in BADNESS.items() if level == badness)

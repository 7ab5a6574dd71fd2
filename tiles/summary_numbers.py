"""How much road of an area is in which state at a moment: sums over arrays, no clock, no database.

Counted are kilometres of road that a route or a section holds; both directions of a road together are its length.
What is on nobody's plan is told apart. The states are those that a client of the snapshot shows at that moment
(web/js/status/classify.js), so that words and map agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.vocabulary import SnowBasis, State
from tiles.states import EXPIRED, NO_MOMENT, REASONS, STATES, UNKNOWN, Bools, Ints, Records

type Floats = NDArray[np.float64]
type End = tuple[int, float]

#: A clearing older than this, and a machine at work that was last heard before so long, are not told as such any more:
#: the last age class of the map, and its longest 除雪中 (CLEARING_MAX_S).
CLEARED_MAX_S, CLEARING_MAX_S = 24 * 3600, 3600
#: Ends within the next two hours are told to the five minutes of the snapshot, later ones rounded down to half an hour.
NEAR_S, FAR_STEP_S = 2 * 3600, 1800
CLEARED, CLEARING = STATES.index(State.CLEARED), STATES.index(State.CLEARING)


@dataclass(frozen=True, slots=True)
class Area:
    """A municipality, or the whole, whose id and name are empty. name_en None: there is none."""

    area_id: str
    name: str
    name_en: str | None


WHOLE = Area("", "", None)


@dataclass(frozen=True, slots=True)
class Ground:
    """What does not change with states, of E edges in the order of the index.

    areas      the municipalities
    area       (E,) positions in areas; -1: in none
    km         (E,) kilometres of road; an edge of a road that is open both ways counts half of it
    is_planned (E,) whether a route or a section holds it
    """

    areas: tuple[Area, ...]
    area: NDArray[np.int16]
    km: Floats
    is_planned: Bools


@dataclass(frozen=True, slots=True)
class Numbers:
    """An area at a moment. Times are whole seconds since the epoch or None.

    km             by state, of planned road
    reasons        km of what is unknown, by reason
    off_plan_km    road on nobody's plan, in no other number
    cleared_ends, clearing_ends   (moment, km): so much of the state is unknown from then on, the first one first
    median_cleared_s   half of what is cleared was cleared before; oldest_observed_s: of what is not unknown
    """

    area: Area
    km: dict[str, float]
    reasons: dict[str, float]
    off_plan_km: float
    cleared_ends: tuple[End, ...]
    clearing_ends: tuple[End, ...]
    median_cleared_s: int | None
    oldest_cleared_s: int | None
    oldest_observed_s: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What may be told of n edges at a moment, and until when. end_s NO_MOMENT: it holds by itself."""

    state: NDArray[np.int16]
    reason: NDArray[np.int16]
    end_s: Ints


def stand(told: Records, moment_s: int) -> Standing:
    """States as a client shows them at a moment, from those that it was told."""
    is_cleared, is_clearing = told.state == CLEARED, told.state == CLEARING
    base = np.where(is_cleared, told.cleared, told.observed)
    by_age = np.where(base == NO_MOMENT, 0, base + np.where(is_cleared, CLEARED_MAX_S, CLEARING_MAX_S))
    end = np.where(told.valid == NO_MOMENT, by_age, np.minimum(told.valid, by_age))
    is_good = is_cleared | is_clearing
    is_over = is_good & (end <= moment_s)
    return Standing(
        np.where(is_over, UNKNOWN, told.state).astype(np.int16),
        np.where(is_over, EXPIRED, told.reason).astype(np.int16),
        np.where(is_good & ~is_over, end, NO_MOMENT),
    )


def tally(ground: Ground, told: Records, moment_s: int) -> tuple[list[Numbers], int | None]:
    """(the whole and then each area, the next moment at which a number changes by itself; None: none does)."""
    standing = stand(told, moment_s)
    everywhere = np.ones(len(told), dtype=np.bool_)
    masks = [everywhere, *(ground.area == position for position in range(len(ground.areas)))]
    found = [
        _numbers(area, mask, ground, told, standing, moment_s)
        for area, mask in zip((WHOLE, *ground.areas), masks, strict=True)
    ]
    ends = standing.end_s[ground.is_planned & (standing.end_s != NO_MOMENT)]
    return found, int(ends.min()) if len(ends) else None


def _numbers(area: Area, mask: Bools, ground: Ground, told: Records, standing: Standing, moment_s: int) -> Numbers:
    at = np.flatnonzero(mask & ground.is_planned)
    km, state, end_s = ground.km[at], standing.state[at], standing.end_s[at]
    by_state = np.bincount(state, weights=km, minlength=len(STATES))
    by_reason = np.bincount(standing.reason[at], weights=km * (state == UNKNOWN), minlength=len(REASONS))
    is_cleared = state == CLEARED
    cleared, observed = told.cleared[at][is_cleared], told.observed[at][state != UNKNOWN]
    observed = observed[observed != NO_MOMENT]
    return Numbers(
        area=area,
        km={name: float(by_state[code]) for code, name in enumerate(STATES)},
        reasons={name: float(by_reason[code]) for code, name in enumerate(REASONS) if by_reason[code] > 0},
        off_plan_km=float(ground.km[mask & ~ground.is_planned].sum()),
        cleared_ends=_ends(end_s[is_cleared], km[is_cleared], moment_s),
        clearing_ends=_ends(end_s[state == CLEARING], km[state == CLEARING], moment_s),
        median_cleared_s=_median(cleared, km[is_cleared]),
        oldest_cleared_s=int(cleared.min()) if len(cleared) else None,
        oldest_observed_s=int(observed.min()) if len(observed) else None,
    )


def _ends(end_s: Ints, km: Floats, moment_s: int) -> tuple[End, ...]:
    """When how many km end, near ones exactly, far ones rounded down."""
    step = np.where(end_s < moment_s + NEAR_S, end_s, end_s // FAR_STEP_S * FAR_STEP_S)
    at, which = np.unique(step, return_inverse=True)
    sums = np.bincount(which, weights=km, minlength=len(at))
    return tuple((int(moment), float(length)) for moment, length in zip(at, sums, strict=True))


def _median(at_s: Ints, weight: Floats) -> int | None:
    """The value at which half of the weight is reached."""
    if len(at_s) == 0:
        return None
    order = np.argsort(at_s, kind="stable")
    reached = np.cumsum(weight[order])
    return int(at_s[order][np.searchsorted(reached, reached[-1] / 2)])


def area_document(numbers: Numbers, snow: dict[str, Any] | None) -> dict[str, Any]:
    """An area of the answer; snow is its row of summary_snow.sql."""
    return {
        "id": numbers.area.area_id,
        "name": numbers.area.name,
        "name_en": numbers.area.name_en,
        "km": {state: round(km, 3) for state, km in numbers.km.items()},
        "reasons": {reason: round(km, 3) for reason, km in numbers.reasons.items()},
        "off_plan_km": round(numbers.off_plan_km, 3),
        "cleared_ends": _ends_told(numbers.cleared_ends),
        "clearing_ends": _ends_told(numbers.clearing_ends),
        "median_cleared_at": _time(numbers.median_cleared_s),
        "oldest_cleared_at": _time(numbers.oldest_cleared_s),
        "oldest_observed_at": _time(numbers.oldest_observed_s),
        "snow": None if snow is None else _snow(snow),
    }


def _ends_told(ends: tuple[End, ...]) -> list[list[float]]:
    return [[at_s, round(km, 3)] for at_s, km in ends]


def _time(at_s: int | None) -> str | None:
    return None if at_s is None else _zulu(datetime.fromtimestamp(at_s, UTC))


def _snow(row: dict[str, Any]) -> dict[str, Any]:
    basis = (
        SnowBasis.MISSING if row["since_cm"] is None else SnowBasis.OBSERVED if row["is_whole"] else SnowBasis.PARTIAL
    )
    return {
        "since_cm": None if row["since_cm"] is None else round(row["since_cm"], 1),
        "basis": basis.value,
        "observed_at": None if row["observed_at"] is None else _zulu(row["observed_at"]),
    }


def _zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

"""除雪水準: where every edge stands against the target of its route, and whether the work will be done in time.

docs/service-level.md prints the rules as one table, with an example by hand. Times are microseconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.completion import NEVER, Growth
from geo.status import CLEARED, REASONS, STATE_UNKNOWN, UNCLEARED
from geo.timeline import from_us, to_us
from geo.vocabulary import Reason, ServiceState

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Position of each word in Service.state.
SERVICE_STATES: tuple[ServiceState, ...] = tuple(ServiceState)
ACHIEVED, PENDING, AT_RISK, LATE, MISSED, UNKNOWN, NO_TARGET = range(7)
MINUTE_US = 60_000_000
#: From the worst on. A group is called by the worst state that it cannot be acquitted of: at least GROUP_SHARE of the
#: metres with a target are in that state or a worse one, so that a sliver does not name a route.
WORST_FIRST = (MISSED, AT_RISK, UNKNOWN, LATE, PENDING, ACHIEVED)
GROUP_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Targets:
    """What is asked of E edges.

    has_target   (E,) a route or the settings ask something of it
    callout_us   (E,) when its route was called out; NEVER: not yet
    deadline_us  (E,) by when it is to be open; NEVER: without a callout
    unit         (E,) the work section or route whose machines are to do it; -1: nobody's
    """

    has_target: Bools
    callout_us: Ints
    deadline_us: Ints
    unit: Ints


@dataclass(frozen=True, slots=True)
class Standing:
    """Where E edges stand at a moment.

    state, reason  (E,) int8, positions in geo.status.STATES and REASONS
    completed_us   (E,) when enough of it was covered first in the event; NEVER: not yet
    length_m       (E,) metres
    """

    state: Ints8
    reason: Ints8
    completed_us: Ints
    length_m: Floats


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """Boundaries: the share that completes an edge, the span over which progress is measured, and the margin."""

    share_min: float
    progress_us: int
    margin_us: int


@dataclass(frozen=True, slots=True)
class Service:
    """The level of service of E edges at a moment.

    state        (E,) int8, position in SERVICE_STATES
    reason       (E,) int8, why it is unknown, position in geo.status.REASONS; none otherwise
    late_min     (E,) minutes from the deadline to the completion where it is late; nan elsewhere
    needed_min   (E,) minutes that the rest of its unit takes at the observed rate; inf without progress, nan where
                 nothing is ahead
    """

    state: Ints8
    reason: Ints8
    late_min: Floats
    needed_min: Floats


def deadline_after(callout_us: int, clock: time, zone: str) -> int:
    """The first moment after the callout at which local clocks show `clock`; an hour that is skipped in spring is taken
    as the hour after it (PEP 495, fold 0)."""
    tz = ZoneInfo(zone)
    day = from_us(callout_us).astimezone(tz).date()
    found = to_us(datetime.combine(day, clock, tz))
    return found if found > callout_us else to_us(datetime.combine(day + timedelta(days=1), clock, tz))


def callout_of(reached_us: Ints, is_observed: Bools, reference_us: int) -> int:
    """When a route was called out, from its n places.

    reached_us   (n,) when the snow reached the callout depth there; NEVER: it did not
    is_observed  (n,) the snow of the whole span is known there
    The first place decides. Where none reached it: not yet (NEVER) if any place is known to have less; the begin of the
    event if nobody knows.
    """
    reached = reached_us[reached_us != NEVER]
    if len(reached):
        return int(reached.min())
    return NEVER if is_observed.any() else reference_us


def judge(standing: Standing, grown: Growth, targets: Targets, rules: ServiceRules, as_of_us: int) -> Service:
    """The level of service of every edge at a moment; the first row of the table that holds decides."""
    completed = _completed(standing)
    done = (completed != NEVER) & (completed <= as_of_us)
    called = targets.callout_us != NEVER
    is_over = called & (targets.deadline_us < as_of_us)
    ahead = targets.has_target & called & ~done & ~is_over
    needed_min = _needed_min(standing, grown, targets, rules, as_of_us, ~done & called & targets.has_target)
    left_us = np.where(ahead, targets.deadline_us - as_of_us, 0)
    stands = np.isinf(needed_min)
    risky = ahead & np.where(stands, left_us < rules.margin_us, needed_min * MINUTE_US > left_us)
    first_that_holds: list[tuple[Bools, int]] = [
        (~targets.has_target, NO_TARGET),
        (~called, PENDING),
        (done & (completed <= targets.deadline_us), ACHIEVED),
        (done, LATE),
        (standing.state == STATE_UNKNOWN, UNKNOWN),
        (is_over, MISSED),
        (risky, AT_RISK),
    ]
    state = np.select([row[0] for row in first_that_holds], [row[1] for row in first_that_holds], PENDING)
    late = np.where(state == LATE, completed - targets.deadline_us, 0) / MINUTE_US
    return Service(
        state.astype(np.int8),
        np.where(state == UNKNOWN, standing.reason, REASONS.index(Reason.NONE)).astype(np.int8),
        np.where(state == LATE, late, np.nan),
        np.where(ahead, needed_min, np.nan),
    )


def _completed(standing: Standing) -> Ints:
    """(E,) completions that hold. Who corrects a road to uncleared by hand says that it never was complete."""
    return np.where(standing.state == UNCLEARED, NEVER, standing.completed_us)


def completed_by_hand(completed_us: Ints, state: Ints8, cleared_us: Ints) -> Ints:
    """(E,) completions, with those that only a correction by hand tells of: cleared since, without facts."""
    told = (completed_us == NEVER) & (state == CLEARED)
    return np.where(told, cleared_us, completed_us)


def _needed_min(
    standing: Standing, grown: Growth, targets: Targets, rules: ServiceRules, as_of_us: int, is_open: Bools
) -> Floats:
    """(E,) minutes until all of the unit that is due no later than the edge is complete, at the observed rate.

    rate = metres of the unit newly covered in the span / minutes of the span, which reaches back progress_us, but not
    beyond the first callout of the unit. inf without any progress; nan where the edge has no unit.
    """
    found = np.full(len(standing.length_m), np.nan)
    at = np.flatnonzero(is_open & (targets.unit >= 0))
    if not len(at):
        return found
    rate = _rates(grown, targets, rules, as_of_us)
    rest_m = np.maximum(rules.share_min * standing.length_m - grown.covered_m(as_of_us), 0.0)
    order = at[np.lexsort((targets.deadline_us[at], targets.unit[at]))]
    unit, due = targets.unit[order], targets.deadline_us[order]
    total = np.cumsum(rest_m[order])
    before = np.concatenate([[0.0], total])[np.searchsorted(unit, unit)]
    last = np.flatnonzero(np.append((np.diff(unit) != 0) | (np.diff(due) != 0), True))
    whole = total[last[np.searchsorted(last, np.arange(len(order)))]] - before
    with np.errstate(divide="ignore"):
        found[order] = np.where(rate[unit] > 0, whole / rate[unit], np.inf)
    return found


def _rates(grown: Growth, targets: Targets, rules: ServiceRules, as_of_us: int) -> Floats:
    """(U,) metres a minute that each unit gained in its span."""
    mine = np.flatnonzero((targets.unit >= 0) & (targets.callout_us != NEVER) & targets.has_target)
    n_units = int(targets.unit.max(initial=-1)) + 1
    begin = np.full(n_units, as_of_us)
    np.minimum.at(begin, targets.unit[mine], targets.callout_us[mine])
    begin = np.maximum(begin, as_of_us - rules.progress_us)
    unit = targets.unit[grown.edge]
    inside = (unit >= 0) & (grown.at_us <= as_of_us)
    inside[inside] &= grown.at_us[inside] > begin[unit[inside]]
    gained = np.bincount(unit[inside], weights=grown.gain_m[inside], minlength=n_units)
    minutes = (as_of_us - begin) / MINUTE_US
    return np.where(minutes > 0, gained / np.where(minutes > 0, minutes, 1.0), 0.0)


@dataclass(frozen=True, slots=True)
class Sums:
    """The level of service of G groups.

    metres           (G, 7) by state, in the order of SERVICE_STATES
    late_median_min  (G,) half of the late metres were later; nan without any
    late_worst_min   (G,) nan without any
    """

    metres: Floats
    late_median_min: Floats
    late_worst_min: Floats


def sums(group: Ints, n_groups: int, edge: Ints, service: Service, length_m: Floats) -> Sums:
    """Add up (M,) pairs of a group 0 … n_groups - 1 and an edge; an edge may be in several groups."""
    state = service.state[edge].astype(np.int64)
    n = len(SERVICE_STATES)
    flat = np.bincount(group * n + state, weights=length_m[edge], minlength=n_groups * n)
    late = np.flatnonzero(state == LATE)
    minutes, metres, of = service.late_min[edge[late]], length_m[edge[late]], group[late]
    order = np.lexsort((minutes, of))
    minutes, metres, of = minutes[order], metres[order], of[order]
    median, worst = np.full(n_groups, np.nan), np.full(n_groups, np.nan)
    for g in np.unique(of).tolist():
        a, b = np.searchsorted(of, g), np.searchsorted(of, g, side="right")
        run = np.cumsum(metres[a:b])
        median[g], worst[g] = minutes[a + int(np.searchsorted(run, run[-1] / 2))], minutes[b - 1]
    return Sums(flat.reshape(n_groups, n), median, worst)


def overall(metres: Floats) -> Ints8:
    """(G,) the state of each group as a whole, from its (G, 7) metres; no_target where nothing has a target."""
    asked = metres[:, list(WORST_FIRST)]
    total = asked.sum(axis=1)
    reaches = np.cumsum(asked, axis=1) >= GROUP_SHARE * total[:, None]
    reaches &= np.cumsum(asked, axis=1) > 0
    first = np.array(WORST_FIRST)[np.argmax(reaches, axis=1)]
    return np.where(total > 0, first, NO_TARGET).astype(np.int8)

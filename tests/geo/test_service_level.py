"""The table of the level of service row by row, the risk against a naive reckoning, and the sums."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.completion import NEVER, Growth
from geo.linear import starts_of
from geo.service_level import (
    MINUTE_US,
    SERVICE_STATES,
    Service,
    ServiceRules,
    Standing,
    Targets,
    callout_of,
    completed_by_hand,
    deadline_after,
    judge,
    sums,
)
from geo.status import CLEARED, CLEARING, REASONS, STATE_UNKNOWN, UNCLEARED
from geo.timeline import from_us, to_us
from geo.vocabulary import Reason, ServiceState

NOW = to_us(datetime(2026, 1, 20, 21, 0, tzinfo=UTC))
RULES = ServiceRules(share_min=0.95, progress_us=60 * MINUTE_US, margin_us=60 * MINUTE_US)
SILENT = REASONS.index(Reason.SILENT)


def minutes(n: float) -> int:
    return round(n * MINUTE_US)


def no_growth(n: int) -> Growth:
    return Growth(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(n + 1, np.int64))


def grown(rows: list[tuple[int, float, float]], n: int) -> Growth:
    """Rows of edge, minutes before NOW, metres gained."""
    rows = sorted(rows, key=lambda row: (row[0], -row[1]))
    edge = np.array([row[0] for row in rows], np.int64)
    at = np.array([NOW - minutes(row[1]) for row in rows], np.int64)
    return Growth(edge, at, np.array([row[2] for row in rows], np.float64), starts_of(edge, n))


def one(
    state: int, deadline_min: float | None, completed_min: float | None = None, reason: int = 0, **given: Any
) -> tuple[ServiceState, Reason]:
    """The state of one edge of 100 m; deadline and completion in minutes after NOW."""
    called = deadline_min is not None
    targets = Targets(
        has_target=np.array([given.get("has_target", True)]),
        callout_us=np.array([NOW - minutes(given.get("called_min", 180)) if called else NEVER]),
        deadline_us=np.array([NOW + minutes(deadline_min) if called and deadline_min is not None else NEVER]),
        unit=np.array([0]),
    )
    completed = NEVER if completed_min is None else NOW + minutes(completed_min)
    standing = Standing(
        np.array([state], np.int8), np.array([reason], np.int8), np.array([completed]), np.array([100.0])
    )
    found = judge(standing, given.get("grown", no_growth(1)), targets, RULES, NOW)
    return SERVICE_STATES[found.state[0]], REASONS[found.reason[0]]


ROWS: list[tuple[tuple[Any, ...], dict[str, Any], ServiceState]] = [
    ((CLEARED, 60, -10), {"has_target": False}, ServiceState.NO_TARGET),
    # no callout yet: nothing is due, whatever was done
    ((CLEARED, None, -10), {}, ServiceState.PENDING),
    ((STATE_UNKNOWN, None, None, SILENT), {}, ServiceState.PENDING),
    # completed just before, at and just after the deadline
    ((CLEARED, -5, -5.001), {}, ServiceState.ACHIEVED),
    ((CLEARED, -5, -5), {}, ServiceState.ACHIEVED),
    ((CLEARED, -5, -4.999), {}, ServiceState.LATE),
    ((CLEARED, 60, 0), {}, ServiceState.ACHIEVED),
    # what ran out since, was snowed over or is being done again was completed all the same
    ((STATE_UNKNOWN, -5, -30, REASONS.index(Reason.EXPIRED)), {}, ServiceState.ACHIEVED),
    ((STATE_UNKNOWN, -5, -1, REASONS.index(Reason.SNOWED_OVER)), {}, ServiceState.LATE),
    ((CLEARING, -5, -30), {}, ServiceState.ACHIEVED),
    # a completion of the future is none yet
    ((UNCLEARED, -5, 10), {}, ServiceState.MISSED),
    # nobody can tell
    ((STATE_UNKNOWN, -5, None, SILENT), {}, ServiceState.UNKNOWN),
    ((STATE_UNKNOWN, 300, None, SILENT), {}, ServiceState.UNKNOWN),
    # the deadline is past by a moment, or is now
    ((UNCLEARED, -0.001), {}, ServiceState.MISSED),
    ((CLEARING, -0.001), {}, ServiceState.MISSED),
    ((UNCLEARED, 0), {}, ServiceState.AT_RISK),
    # no progress: the margin decides
    ((UNCLEARED, 59.999), {}, ServiceState.AT_RISK),
    ((UNCLEARED, 60), {}, ServiceState.PENDING),
    # 45 of 100 m in the last hour, 50 to go to 95 %: 66.7 minutes
    ((CLEARING, 66.6), {"grown": grown([(0, 30, 45.0)], 1)}, ServiceState.AT_RISK),
    ((CLEARING, 66.7), {"grown": grown([(0, 30, 45.0)], 1)}, ServiceState.PENDING),
    # the same 45 m, called out 30 minutes ago: twice as fast
    ((CLEARING, 33.4), {"grown": grown([(0, 10, 45.0)], 1), "called_min": 30}, ServiceState.PENDING),
    ((CLEARING, 33.2), {"grown": grown([(0, 10, 45.0)], 1), "called_min": 30}, ServiceState.AT_RISK),
    # metres of more than an hour ago are covered and are no progress
    ((CLEARING, 59), {"grown": grown([(0, 60, 45.0)], 1)}, ServiceState.AT_RISK),
    ((CLEARING, 61), {"grown": grown([(0, 60, 45.0)], 1)}, ServiceState.PENDING),
]


@pytest.mark.parametrize(("edge", "given_", "state"), ROWS)
def test_each_row_of_the_table_at_its_boundary(
    edge: tuple[Any, ...], given_: dict[str, Any], state: ServiceState
) -> None:
    assert one(*edge, **given_)[0] is state


def test_unknown_says_why_and_nothing_else_does() -> None:
    assert one(STATE_UNKNOWN, 60, None, SILENT) == (ServiceState.UNKNOWN, Reason.SILENT)
    assert one(STATE_UNKNOWN, -5, -30, REASONS.index(Reason.EXPIRED)) == (ServiceState.ACHIEVED, Reason.NONE)


def test_a_correction_by_hand_wins_over_completions() -> None:
    """Who says that a road is not cleared says that it never was; who says that it is gives its time."""
    assert one(UNCLEARED, -5, -30)[0] is ServiceState.MISSED
    completed = completed_by_hand(
        np.array([NEVER, 5, NEVER]), np.array([CLEARED, CLEARED, UNCLEARED], np.int8), np.array([7, 9, NEVER])
    )
    assert completed.tolist() == [7, 5, NEVER]


EDGE = st.tuples(
    st.integers(0, 1), st.integers(1, 400), st.sampled_from([CLEARING, UNCLEARED, STATE_UNKNOWN]), st.integers(10, 50)
)
GAIN = st.tuples(st.integers(0, 5), st.integers(0, 90), st.integers(1, 5))


@given(st.lists(EDGE, min_size=6, max_size=6), st.lists(GAIN, max_size=8), st.integers(10, 120))
def test_risk_is_that_of_a_naive_reckoning(
    edges: list[tuple[int, int, int, int]], gains: list[tuple[int, int, int]], called_min: int
) -> None:
    """Minute by minute: the rest of the unit that is due no later, over what its machines did lately."""
    n = len(edges)
    unit = np.array([e[0] for e in edges])
    due = np.array([NOW + minutes(e[1]) for e in edges])
    length = np.array([100.0 + e[3] for e in edges])
    targets = Targets(np.full(n, True), np.full(n, NOW - minutes(called_min)), due, unit)
    standing = Standing(
        np.array([e[2] for e in edges], np.int8), np.full(n, SILENT, np.int8), np.full(n, NEVER), length
    )
    rows = [(e, float(ago), float(m)) for e, ago, m in gains]
    found = judge(standing, grown(rows, n), targets, RULES, NOW)
    span = min(60, called_min)
    for i, (mine, left_min, state, _) in enumerate(edges):
        if state == STATE_UNKNOWN:
            assert SERVICE_STATES[found.state[i]] is ServiceState.UNKNOWN
            continue
        rest = sum(
            max(0.95 * length[j] - sum(m for e, _, m in rows if e == j), 0)
            for j in range(n)
            if unit[j] == mine and due[j] <= due[i]
        )
        rate = sum(m for e, ago, m in rows if unit[e] == mine and ago < span) / span
        is_risk = rest / rate > left_min if rate else left_min < 60
        assert (SERVICE_STATES[found.state[i]] is ServiceState.AT_RISK) == is_risk
        assert np.isclose(found.needed_min[i], rest / rate) if rate else np.isinf(found.needed_min[i])


JAPAN, PARIS = "Asia/Tokyo", "Europe/Paris"


@pytest.mark.parametrize(
    ("callout", "clock", "zone", "deadline"),
    [
        ("2026-01-20T21:59:59", time(7, 0), JAPAN, "2026-01-20T22:00:00"),
        ("2026-01-20T22:00:00", time(7, 0), JAPAN, "2026-01-21T22:00:00"),
        ("2026-01-20T14:59:00", time(0, 0), JAPAN, "2026-01-20T15:00:00"),
        # the night in which clocks go forward from 02:00 to 03:00, and the one in which they go back
        ("2026-03-28T22:00:00", time(2, 30), PARIS, "2026-03-29T01:30:00"),
        ("2026-03-28T22:00:00", time(7, 0), PARIS, "2026-03-29T05:00:00"),
        ("2026-10-24T22:00:00", time(7, 0), PARIS, "2026-10-25T06:00:00"),
    ],
)
def test_deadline_is_the_next_such_hour_of_the_local_clock(callout: str, clock: time, zone: str, deadline: str) -> None:
    found = deadline_after(to_us(datetime.fromisoformat(callout + "+00:00")), clock, zone)
    assert from_us(found) == datetime.fromisoformat(deadline + "+00:00")


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.times())  # noqa: DTZ001
def test_deadline_lies_within_a_day_of_the_callout(at: datetime, clock: time) -> None:
    callout = to_us(at.replace(tzinfo=UTC))
    found = deadline_after(callout, clock.replace(second=0, microsecond=0), JAPAN)
    assert 0 < found - callout <= timedelta(days=1) / timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("reached", "observed", "callout"),
    [
        ([50, 40], [True, True], 40),
        ([NEVER, 40], [True, False], 40),
        # known to have less somewhere: not called out
        ([NEVER, NEVER], [True, False], NEVER),
        # nobody knows how much fell: the begin of the event
        ([NEVER, NEVER], [False, False], 7),
        ([], [], 7),
    ],
)
def test_callout_is_the_first_place_that_has_the_depth(reached: list[int], observed: list[bool], callout: int) -> None:
    assert callout_of(np.array(reached, np.int64), np.array(observed, np.bool_), 7) == callout


def test_sums_are_metres_by_state_and_minutes_of_the_late_ones() -> None:
    states = [ServiceState.LATE, ServiceState.LATE, ServiceState.LATE, ServiceState.ACHIEVED, ServiceState.UNKNOWN]
    late = np.array([5.0, 20.0, 90.0, np.nan, np.nan])
    service = Service(
        np.array([SERVICE_STATES.index(one) for one in states], np.int8), np.zeros(5, np.int8), late, late
    )
    length = np.array([100.0, 300.0, 150.0, 40.0, 7.0])
    found = sums(np.array([0, 0, 0, 0, 1, 1]), 3, np.array([0, 1, 2, 3, 3, 4]), service, length)
    by = {(g, s): found.metres[g, SERVICE_STATES.index(s)] for g in range(3) for s in ServiceState}
    assert by[0, ServiceState.LATE] == 550
    assert (by[0, ServiceState.ACHIEVED], by[1, ServiceState.ACHIEVED], by[1, ServiceState.UNKNOWN]) == (40, 40, 7)
    assert found.metres.sum() == 637
    # half of 550 late metres were no more than 20 minutes late
    assert found.late_median_min[0] == 20
    assert found.late_worst_min[0] == 90
    assert np.isnan(found.late_median_min[1:]).all()

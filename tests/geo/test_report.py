"""Stretches reconcile to the microsecond and the millimetre, whatever the facts; trips agree with shifts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.report import (
    STANDING,
    Corrections,
    Stretches,
    TraceSpans,
    WorkFacts,
    corrected,
    cut,
    grouped,
    stretches_of,
    with_trips,
)
from geo.shifts import DEPOT_STAY_S, shift_start
from geo.work import DEADHEAD, PASS, UNKNOWN

MIN = 60_000_000
GAP_S = 3 * 3600.0


def traces(*spans: tuple[int, int, int], timed: bool = True) -> TraceSpans:
    """Traces as (vehicle, from minute, to minute)."""
    vehicle, began, ended = np.array(spans, np.int64).reshape(-1, 3).T
    return TraceSpans(vehicle, began * MIN, ended * MIN, np.full(len(vehicle), timed))


def facts(*rows: tuple[int, float, float, float, int, bool]) -> WorkFacts:
    """Facts as (trace, from minute, to minute, metres, kind, at depot), seq in the order given."""
    table = np.array([row[:4] for row in rows], np.float64).reshape(-1, 4)
    return WorkFacts(
        trace=table[:, 0].astype(np.int64), seq=np.arange(len(rows)), edge_id=np.arange(len(rows)) * 2,
        length_m=table[:, 3], began_us=np.rint(table[:, 1] * MIN).astype(np.int64),
        ended_us=np.rint(table[:, 2] * MIN).astype(np.int64), kind=np.array([row[4] for row in rows], np.int8),
        treatment=np.full(len(rows), -1, np.int8), confidence=np.ones(len(rows)),
        at_depot=np.array([row[5] for row in rows], np.bool_),
    )  # fmt: skip


def shown(rows: Stretches) -> list[tuple[float, float, int, float]]:
    """(from minute, to minute, kind, metres)."""
    ends = zip(rows.began_us / MIN, rows.ended_us / MIN, rows.kind.tolist(), rows.length_m.tolist(), strict=True)
    return [(float(a), float(b), kind, metres) for a, b, kind, metres in ends]


def test_time_without_a_fact_is_standing() -> None:
    rows = stretches_of(traces((1, 0, 60)), facts((0, 5, 20, 900, PASS, False), (0, 30, 50, 400, DEADHEAD, False)))
    assert shown(rows) == [
        (0, 5, STANDING, 0), (5, 20, PASS, 900), (20, 30, STANDING, 0), (30, 50, DEADHEAD, 400), (50, 60, STANDING, 0),
    ]  # fmt: skip


def test_a_trace_without_facts_stands_all_the_time() -> None:
    assert shown(stretches_of(traces((1, 0, 60)), facts())) == [(0, 60, STANDING, 0)]


def test_time_that_two_facts_claim_is_counted_once_and_keeps_all_metres() -> None:
    rows = stretches_of(traces((1, 0, 20)), facts((0, 0, 15, 10, PASS, False), (0, 5, 20, 20, UNKNOWN, False),
                                                  (0, 6, 9, 40, PASS, False)))  # fmt: skip
    assert shown(rows) == [(0, 15, PASS, 10), (15, 20, UNKNOWN, 20), (20, 20, PASS, 40)]


def test_metres_are_shared_out_by_time_at_a_border() -> None:
    rows = cut(stretches_of(traces((1, 0, 60)), facts((0, 0, 60, 6000, PASS, False))), np.array([15, 45]) * MIN)
    assert shown(rows) == [(0, 15, PASS, 1500), (15, 45, PASS, 3000), (45, 60, PASS, 1500)]


def test_a_ready_line_has_metres_and_no_time() -> None:
    rows = cut(
        stretches_of(traces((1, 30, 30), timed=False), facts((0, 30, 30, 700, PASS, False))), np.array([30 * MIN])
    )
    assert shown(rows) == [(30, 30, PASS, 700)]
    assert rows.is_timed.tolist() == [False]


SPANS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 2000), st.integers(0, 900)).map(lambda t: (t[0], t[1], t[1] + t[2])),
    min_size=1, max_size=5,
)  # fmt: skip
FACTS = st.lists(
    st.tuples(
        st.integers(0, 4), st.floats(-20, 2000), st.floats(0, 300), st.floats(0, 5000), st.integers(0, 2), st.booleans()
    ),
    max_size=12,
)  # fmt: skip


@given(SPANS, FACTS, st.lists(st.integers(-10, 2500), max_size=6, unique=True).map(sorted))
def test_all_time_of_traces_and_all_metres_of_facts_are_there_once(
    spans: list[tuple[int, int, int]], raw: list[tuple[int, float, float, float, int, bool]], borders: list[int]
) -> None:
    held = traces(*sorted(spans))
    own = facts(*((t % len(spans), a, a + d, m, k, depot) for t, a, d, m, k, depot in raw))
    at_us = np.array(borders, np.int64) * MIN
    rows = cut(stretches_of(held, own), at_us)
    took = rows.ended_us - rows.began_us
    assert (took >= 0).all()
    for i in range(len(spans)):
        mine = rows.trace == i
        assert int(took[mine].sum()) == int(held.ended_us[i] - held.began_us[i])
        own_rows = np.flatnonzero(mine & (took > 0))
        assert (rows.began_us[own_rows][1:] == rows.ended_us[own_rows][:-1]).all()  # no gap, no overlap
    for i in range(len(own.trace)):
        assert rows.length_m[rows.fact == i].sum() == pytest.approx(own.length_m[i], abs=1e-6)
    for border in at_us:
        assert not ((rows.began_us < border) & (border < rows.ended_us)).any()
    assert (rows.length_m >= -1e-9).all()


def _trips(held: TraceSpans, own: WorkFacts) -> list[tuple[float, float]]:
    _, start, end = with_trips(stretches_of(held, own), own, GAP_S)
    return [(float(a), float(b)) for a, b in zip(start / MIN, end / MIN, strict=True)]


def test_a_trip_goes_from_depot_to_depot() -> None:
    own = facts((0, 0, 30, 1, DEADHEAD, True), (0, 30, 100, 9, PASS, False), (0, 100, 125, 1, DEADHEAD, True),
                (0, 125, 200, 9, PASS, False), (0, 200, 205, 1, DEADHEAD, True),
                (0, 205, 300, 5, PASS, False))  # fmt: skip
    assert _trips(traces((1, 0, 300)), own) == [(30, 100), (125, 300)]


def test_a_long_silence_ends_a_trip() -> None:
    own = facts((0, 0, 60, 1, PASS, False), (1, 250, 300, 1, PASS, False), (2, 310, 320, 1, PASS, False))
    assert _trips(traces((1, 0, 60), (1, 250, 300), (1, 310, 320)), own) == [(0, 60), (250, 320)]


def test_standing_in_a_yard_belongs_to_the_trip_before() -> None:
    held = traces((1, 0, 200))
    own = facts((0, 0, 60, 9, PASS, False), (0, 60, 61, 1, DEADHEAD, True), (0, 120, 121, 1, DEADHEAD, True),
                (0, 121, 200, 9, PASS, False))  # fmt: skip
    rows, start, end = with_trips(stretches_of(held, own), own, GAP_S)
    assert (start / MIN).tolist() == [0, 121]
    assert (end / MIN).tolist() == [60, 200]
    assert rows.trip.tolist() == [0, 0, 0, 0, 1]
    assert rows.trip[rows.kind == STANDING].tolist() == [0]


def test_two_vehicles_never_share_a_trip() -> None:
    own = facts((0, 0, 60, 9, PASS, True), (1, 0, 60, 9, PASS, True))
    rows, start, _ = with_trips(stretches_of(traces((1, 0, 60), (2, 0, 60)), own), own, GAP_S)
    assert rows.trip.tolist() == [0, 1]
    assert len(start) == 2


STEPS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 40), st.booleans()), min_size=1, max_size=9)


def _naive(at_us: NDArray[np.int64], depot: NDArray[np.bool_]) -> list[int]:
    """Begins of trips, one instant after the other, without any array arithmetic."""
    begins, i = [int(at_us[0])], 0
    fresh = True  # nothing but the depot has been seen since the trip began
    while i < len(at_us):
        if i and at_us[i] - at_us[i - 1] > GAP_S * 1e6:
            begins.append(int(at_us[i]))
            fresh = True
        j = i
        while depot[i] and j + 1 < len(at_us) and depot[j + 1]:
            j += 1
        if depot[i] and at_us[j] - at_us[i] >= DEPOT_STAY_S * 1e6:
            if j + 1 < len(at_us):
                if fresh:
                    begins[-1] = int(at_us[j])
                else:
                    begins.append(int(at_us[j]))
            # a silence right after the departure from the depot is looked at in the next turn
            fresh = False
            i = j + 1
            continue
        fresh = False
        i += 1
    return begins


@given(STEPS)
def test_trips_agree_with_the_naive_rule_and_with_the_shift_of_now(steps: list[tuple[int, int, bool]]) -> None:
    spans, rows, at = [], [], 0
    for n, (pause, length, depot) in enumerate(steps):
        at += pause
        spans.append((1, at, at + length))
        rows.append((n, at, at + length, 1.0, PASS, depot))
        at += length
    held, own = traces(*spans), facts(*rows)
    _, start, end = with_trips(stretches_of(held, own), own, GAP_S)
    at_us = np.stack([own.began_us, own.ended_us], axis=1).ravel()
    depot = np.repeat(own.at_depot, 2)
    assert start.tolist() == _naive(at_us, depot)
    assert (start <= end).all()
    assert (end[:-1] <= start[1:]).all()
    now, is_over = shift_start(at_us, depot, GAP_S)
    if not is_over:
        assert start[-1] == at_us[now]


def test_a_later_correction_wins_and_standing_stays() -> None:
    own = facts((0, 0, 20, 1, UNKNOWN, False), (0, 30, 60, 1, DEADHEAD, False), (1, 0, 60, 1, UNKNOWN, False))
    rows = stretches_of(traces((1, 0, 60), (2, 0, 60)), own)
    said = Corrections(
        np.array([7, 9]), np.array([1, 1]), np.array([0, 30]) * MIN, np.array([60, 50]) * MIN,
        np.array([PASS, DEADHEAD], np.int8), np.array([2, -1], np.int8),
    )  # fmt: skip
    rows = cut(rows, np.array([0, 30, 50, 60]) * MIN)
    kind, treatment, by = corrected(rows, said)
    assert list(zip(rows.vehicle, rows.began_us // MIN, kind, treatment, by, strict=True)) == [
        (1, 0, PASS, 2, 0), (1, 20, STANDING, -1, -1), (1, 30, DEADHEAD, -1, 1), (1, 50, PASS, 2, 0),
        (2, 0, UNKNOWN, -1, -1), (2, 30, UNKNOWN, -1, -1), (2, 50, UNKNOWN, -1, -1),
    ]  # fmt: skip
    assert rows.kind.tolist() == [UNKNOWN, STANDING, DEADHEAD, DEADHEAD, UNKNOWN, UNKNOWN, UNKNOWN]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2**52)), max_size=20))
def test_groups_add_up_exactly(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, np.int64).reshape(-1, 3)
    keys, sums, group = grouped({"a": table[:, 0], "b": table[:, 1]}, {"us": table[:, 2]})
    naive: dict[tuple[int, int], int] = {}
    for a, b, us in rows:
        naive[a, b] = naive.get((a, b), 0) + us
    found = dict(zip(zip(keys["a"].tolist(), keys["b"].tolist(), strict=True), sums["us"].tolist(), strict=True))
    assert found == naive
    assert list(found) == sorted(found)
    assert [(keys["a"][g], keys["b"][g]) for g in group] == [(a, b) for a, b, _ in rows]


def test_nothing_gives_nothing() -> None:
    rows = stretches_of(replace(traces(), is_timed=np.zeros(0, np.bool_)), facts())
    assert len(rows) == len(cut(rows, np.array([1, 2]))) == 0
    assert len(with_trips(rows, facts(), GAP_S)[1]) == 0

"""Online matching: against offline matching of every prefix, through restarts, and for whatever a device may send."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from asciimap import AsciiMap, draw, one_trace
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ConfigError, InputError
from geo.matching.candidates import build_index
from geo.matching.collect import collect
from geo.matching.matcher import match
from geo.matching.online import OnlineMatcher
from geo.matching.online_replay import replay
from geo.matching.online_result import OnlineFix, OnlineOutcome, OnlineSettings, Step
from geo.matching.online_state import OnlineState
from geo.matching.online_trip import OnlineTrip, columns_of, fixes_of
from geo.matching.result import BREAK_REASONS, BreakReason, Matched
from geo.matching.settings import MatchSettings
from geo.trace import TELEPORT_LOOK, Traces, TraceSettings

TOWN = draw(
    """
    A----B-----C----D
    |    |     |    |
    |    |     |    >
    E--->F-----G----H-----K
    |     \\    |    |
    |      \\   |    |
    L-------M--N----P
    """
)
INDEX = build_index(TOWN.network)
NEIGHBOURS: dict[str, list[str]] = {}
for _name in TOWN.edge:
    NEIGHBOURS.setdefault(_name[0], []).append(_name[1])
#: No spread is learned and nothing smoothed, so that a prefix is seen as the whole is.
PLAIN = MatchSettings(relearn=np.inf, jump_min_m=np.inf)
#: No fix is a teleport: offline matching of a trace knows none either.
ALL_REACHED = TraceSettings(slack_m=1e9)
NEVER = OnlineSettings(lag=None)


def drive(seed: int, n_nodes: int = 8) -> Traces:
    """A drive from node to node with noise, now and then a stand, a jump, a wrong fix or a silence."""
    rng = np.random.default_rng(seed)
    nodes = [str(rng.choice(sorted(NEIGHBOURS)))]
    for _ in range(n_nodes):
        nodes.append(str(rng.choice(NEIGHBOURS[nodes[-1]])))
    xy = TOWN.drive(*nodes, every_m=float(rng.choice([4, 10, 25, 70])))
    if rng.random() < 0.5:
        at = int(rng.integers(len(xy)))
        xy = np.insert(xy, at, np.repeat(xy[at : at + 1], 12, axis=0), axis=0)
    xy = xy + rng.normal(0, rng.choice([1.0, 5.0, 9.0]), xy.shape)
    if rng.random() < 0.4:
        xy[rng.integers(len(xy))] += rng.normal(0, 150, 2)
    if rng.random() < 0.3:
        a = int(rng.integers(len(xy)))
        xy[a : a + 10] += (0.0, 2_000.0)
    trace = one_trace(xy, every_s=float(rng.choice([1.0, 5.0, 15.0])))
    at_us = trace.fixes.at_us + (np.arange(len(xy)) >= rng.integers(len(xy))) * int(rng.choice([0, 120])) * 1_000_000
    return replace(trace, fixes=replace(trace.fixes, at_us=at_us))


def prefix(trace: Traces, n: int) -> Traces:
    part = np.arange(n)
    return replace(
        trace, fixes=trace.fixes.select(part), xy=trace.xy[:n], kept=part, start=np.array([0, n]), outcome=part * 0
    )


def matcher(online: OnlineSettings | None = None, trace: TraceSettings = ALL_REACHED) -> OnlineMatcher:
    return OnlineMatcher(INDEX, TOWN.network.version, PLAIN, online, trace)


def whole(one: OnlineMatcher, trip: OnlineTrip, trace: Traces) -> Matched:
    return collect(trace, TOWN.network.length_m, [trip.trip(one)], TOWN.network.version, "")


def assert_same(a: Matched, b: Matched, leave_out: tuple[str, ...] = ()) -> None:
    for part in ("traversals", "fixes", "breaks"):
        for field in fields(getattr(a, part)):
            if field.name in leave_out:
                continue
            one, other = getattr(getattr(a, part), field.name), getattr(getattr(b, part), field.name)
            assert one.shape == other.shape, field.name
            assert np.allclose(one, other, rtol=1e-9, atol=1e-6, equal_nan=True), field.name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_said_at_once_is_what_offline_matching_says_of_the_fixes_so_far(seed: int) -> None:
    trace, one = drive(seed, 5), matcher(NEVER)
    trip = OnlineTrip(one.start())
    for n, fix in enumerate(fixes_of(trace, 0, PLAIN), 1):
        place = trip.step(one, fix).place
        offline = match(TOWN.network, INDEX, prefix(trace, n), PLAIN)
        assert (place.edge if place else -1) == offline.fixes.edge[-1]
        if place:
            assert place.offset_m == pytest.approx(offline.fixes.offset_m[-1], abs=1e-6)
            assert place.distance_m == pytest.approx(offline.fixes.distance_m[-1], abs=1e-6)
            assert place.confidence == pytest.approx(offline.fixes.confidence[-1], abs=1e-9)
        if n % 7 == 0:
            assert_same(whole(one, trip, prefix(trace, n)), offline)


def test_the_whole_of_a_clear_drive_is_that_of_offline_matching_however_it_was_confirmed() -> None:
    for nodes in ("ABCDHGFMN", "LMNPHK", "EFBA"):
        rng = np.random.default_rng(len(nodes))
        xy = TOWN.drive(*nodes, every_m=9.0)
        trace, one = one_trace(xy + rng.normal(0, 2, xy.shape)), matcher(OnlineSettings(lag=8))
        trip = OnlineTrip(one.start())
        n_given = sum(len(trip.step(one, fix).traversals) for fix in fixes_of(trace, 0, PLAIN))
        assert n_given > 0
        assert_same(whole(one, trip, trace), match(TOWN.network, INDEX, trace, PLAIN), ("confidence",))


def outcome_of(step: Step) -> tuple[object, ...]:
    return (step.outcome, step.place, step.fixes.tolist(), step.traversals.tolist(), step.breaks.tolist())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 3, 8]))
def test_a_restart_after_every_step_changes_nothing(seed: int, lag: int) -> None:
    trace, online = drive(seed), OnlineSettings(lag=lag, max_fixes=48, max_wait_s=90.0)
    one, other = matcher(online), matcher(online)
    kept, state = one.start(), other.start()
    for fix in fixes_of(trace, 0, PLAIN):
        other = matcher(online) if fix.at_us % 9_000_000 == 0 else other
        data = other.pack(state)
        state = other.unpack(data)
        assert outcome_of(one.step(kept, fix)) == outcome_of(other.step(state, fix))
    assert one.tail(kept).traversals.tolist() == other.tail(state).traversals.tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 4]))
def test_what_is_given_out_is_given_once_in_order_and_not_later_than_the_lag(seed: int, lag: int) -> None:
    trace, one = drive(seed), matcher(OnlineSettings(lag=lag))
    trip, due, decoded = OnlineTrip(one.start()), 0, []
    for n, fix in enumerate(fixes_of(trace, 0, PLAIN)):
        step = trip.step(one, fix)
        for found in step.fixes:
            assert found["number"] == due
            due += int(found["n"])
        if trip.state.note["is_decoded"][-1]:
            decoded.append(n)
            assert due > (decoded[-1 - lag] if len(decoded) > lag else -1)
    found = whole(one, trip, trace)
    assert len(found.fixes) == len(trace.fixes)
    assert (found.traversals.from_m < found.traversals.to_m).all()
    assert (np.diff(found.traversals.entered_us) >= 0).all()
    assert (found.traversals.entered_us <= found.traversals.left_us).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 4, 32, None]), st.integers(1, 60))
def test_many_fixes_at_once_end_in_the_state_of_single_steps(seed: int, lag: int | None, many: int) -> None:
    trace, one = drive(seed, 12), matcher(OnlineSettings(lag=lag, settle_after=5, max_fixes=64, max_wait_s=90.0))
    single, run = OnlineTrip(one.start()), OnlineTrip(one.start())
    for fix in fixes_of(trace, 0, PLAIN):
        single.step(one, fix)
    columns = columns_of(trace, 0, PLAIN)
    for first in range(0, len(columns), many):
        run.run(one, columns.part(first, first + many))
    for field in fields(OnlineState):
        assert getattr(run.state, field.name).tolist() == getattr(single.state, field.name).tolist(), field.name
    a, b = run.trip(one), single.trip(one)
    for name in ("rows", "placed", "fix_edge", "confidence", "breaks"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist()
    with pytest.raises(InputError, match="next ones"):
        run.run(one, columns.part(0, 1))


def standing(town: AsciiMap, n: int) -> Traces:
    rng = np.random.default_rng(1)
    return one_trace(town.place("FG:0.5") + np.clip(rng.normal(0, 3, (n, 2)), -7, 7))


def test_a_vehicle_that_stands_for_ever_needs_no_more_room_and_no_fix_is_lost() -> None:
    n, online = 3_000, OnlineSettings(max_fixes=64)
    trace, one = standing(TOWN, n), matcher(online)
    trip, size = OnlineTrip(one.start()), []
    for fix in fixes_of(trace, 0, PLAIN):
        trip.step(one, fix)
        size.append(len(one.pack(trip.state)))
    assert max(size) < 10_000
    assert len(trip.state.seen) <= 65
    found = whole(one, trip, trace)
    assert len(found.fixes) == n
    assert (found.fixes.edge >= 0).all()
    assert len(found.traversals) == 0


def test_a_vehicle_off_the_network_for_ever_needs_no_more_room() -> None:
    rng = np.random.default_rng(2)
    away = np.cumsum(rng.normal(0, 30, (2_000, 2)), axis=0) + (0.0, 50_000.0)
    trace, one = one_trace(np.vstack([TOWN.drive("A", "B"), away, TOWN.drive("L", "M")])), matcher()
    trip, size = OnlineTrip(one.start()), []
    for fix in fixes_of(trace, 0, PLAIN):
        trip.step(one, fix)
        size.append(len(one.pack(trip.state)))
    assert max(size) < 80_000
    found = whole(one, trip, trace)
    assert [TOWN.name_of(int(e)) for e in found.traversals.edge] == ["AB", "LM"]
    assert [BREAK_REASONS[r] for r in found.breaks.reason] == [BreakReason.NO_ROAD]


def test_roads_that_nothing_tells_apart_are_decided_at_the_lag() -> None:
    twins = draw(
        """
        A------------------------------------------------B
        C------------------------------------------------D
        """,
        step_m=16.0,
    )
    xy = twins.drive("A", "B", every_m=30.0) - (0.0, 8.0)
    one = OnlineMatcher(build_index(twins.network), 1, PLAIN, OnlineSettings(lag=4, settle_after=3))
    state, sizes, due = one.start(), [], 0
    for n, fix in enumerate(fixes_of(one_trace(xy), 0, PLAIN)):
        due += int(one.step(state, fix).fixes["n"].sum())
        sizes.append(len(state.states))
        assert due >= n - 4
    assert max(sizes) <= 5 * 4 + 4


def stepped(one: OnlineMatcher, *places: str) -> tuple[list[OnlineFix], list[Step], OnlineTrip]:
    sent = list(fixes_of(one_trace(TOWN.drive(*places)), 0, PLAIN))
    trip = OnlineTrip(one.start())
    return sent, [trip.step(one, fix) for fix in sent], trip


def test_repeated_late_and_bad_fixes_have_their_own_outcome_and_change_nothing() -> None:
    one = matcher(OnlineSettings(settle_after=3), TraceSettings())
    sent, steps, trip = stepped(one, "A", "B", "C")
    state, before = trip.state, one.pack(trip.state)
    again = one.step(state, sent[-1])
    assert (again.outcome, again.place) == (OnlineOutcome.REPEATED, steps[-1].place)
    assert one.step(state, sent[0]).outcome == OnlineOutcome.LATE
    assert one.step(state, replace(sent[-1], x_m=sent[-1].x_m + 1)).outcome == OnlineOutcome.CONFLICT
    assert one.step(state, replace(sent[-1], at_us=sent[-1].at_us - 1)).outcome == OnlineOutcome.LATE
    assert one.step(state, OnlineFix(sent[-1].at_us + 1_000_000, np.nan, 0.0)).outcome == OnlineOutcome.INVALID
    assert one.pack(state) == before


def test_a_teleport_is_not_decoded_until_it_lasts() -> None:
    one = matcher(trace=TraceSettings())
    sent, steps, trip = stepped(one, "A", "B")
    at_us, edge = sent[-1].at_us, steps[-1].place
    far = [OnlineFix(at_us + (k + 1) * 1_000_000, 90_000.0, 0.0) for k in range(TELEPORT_LOOK + 1)]
    assert {one.step(trip.state, fix).outcome for fix in far[:3]} == {OnlineOutcome.TELEPORT}
    back = one.step(trip.state, OnlineFix(at_us + 3_500_000, sent[-1].x_m, sent[-1].y_m))
    assert back.place is not None
    assert edge is not None
    assert back.place.edge == edge.edge
    later = [replace(fix, at_us=fix.at_us + 10_000_000) for fix in far]
    outcomes = [one.step(trip.state, fix).outcome for fix in later]
    assert outcomes == [OnlineOutcome.TELEPORT] * TELEPORT_LOOK + [OnlineOutcome.NO_ROAD]


def test_an_answer_says_how_sure_it_is() -> None:
    one = matcher()
    _, steps, _ = stepped(one, "A", "B", "C")
    first, last = steps[0].place, steps[-3].place
    assert first is not None
    assert last is not None
    # at the first fix either direction is as likely, later only one is left
    assert first.margin_nats == pytest.approx(0.0)
    assert first.confidence < 0.9
    assert last.margin_nats > 5.0
    assert last.confidence > 0.95
    assert TOWN.name_of(last.edge) == "BC"


def test_a_heading_without_a_speed_counts_by_the_way_from_the_fix_before() -> None:
    xy = TOWN.drive("AB:0.5", "AB:0.9", every_m=40.0)
    sent = [OnlineFix(i * 4_000_000, x, y, heading_deg=90.0) for i, (x, y) in enumerate(xy.tolist())]
    one, state = matcher(), matcher().start()
    places = [one.step(state, fix).place for fix in sent]
    assert all(place is not None and TOWN.name_of(place.edge) == "AB" for place in places[1:])
    slow = one.step(one.start(), replace(sent[0], speed_mps=0.1)).place
    fast = one.step(one.start(), replace(sent[0], speed_mps=5.0)).place
    assert slow is not None
    assert fast is not None
    assert slow.margin_nats == pytest.approx(0.0)
    assert fast.margin_nats > 2.0


@pytest.mark.parametrize(
    ("spoil", "match_text"),
    [
        (lambda data: data[:20], "cut short"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "damaged"),
        (lambda data: b"else" + data[4:], "layout"),
    ],
)
def test_bytes_that_are_no_state_are_refused(spoil, match_text: str) -> None:  # type: ignore[no-untyped-def]
    one = matcher()
    _, _, trip = stepped(one, "A", "B")
    with pytest.raises(InputError, match=match_text):
        one.unpack(spoil(one.pack(trip.state)))


def test_a_state_of_another_network_or_matcher_is_refused() -> None:
    one, other = matcher(), OnlineMatcher(INDEX, 77, PLAIN)
    _, _, trip = stepped(one, "A", "B")
    with pytest.raises(InputError, match="network 1"):
        other.unpack(one.pack(trip.state))
    with pytest.raises(InputError, match="of matcher old"):
        one.unpack(trip.state.to_bytes("old", 1))
    with pytest.raises(ConfigError, match="lag"):
        matcher(OnlineSettings(lag=-1))


def test_a_replay_with_all_the_time_in_the_world_is_offline_matching() -> None:
    rng = np.random.default_rng(4)
    xy = TOWN.drive("A", "B", "F", "G", "H", "K", every_m=9.0)
    trace = one_trace(xy + rng.normal(0, 3, xy.shape))
    offline = match(TOWN.network, INDEX, trace, PLAIN)
    assert_same(replay(TOWN.network, INDEX, trace, 1_000, PLAIN), offline, ("confidence", "first_fix", "last_fix"))
    at_once = replay(TOWN.network, INDEX, trace, 0, PLAIN)
    assert len(at_once.fixes) == len(trace.fixes)
    assert np.mean(at_once.fixes.edge == offline.fixes.edge) > 0.9
    assert set(offline.traversals.edge) <= set(at_once.traversals.edge)


def test_no_fix_on_a_road_is_a_break_of_the_whole_trace() -> None:
    trace, one = one_trace(TOWN.drive("A", "B") + (0.0, 9_000.0)), matcher()
    trip = OnlineTrip(one.start())
    outcomes = {trip.step(one, fix).outcome for fix in fixes_of(trace, 0, PLAIN)}
    assert outcomes == {OnlineOutcome.NO_ROAD}
    assert_same(whole(one, trip, trace), match(TOWN.network, INDEX, trace, PLAIN))


def test_fixes_of_a_stand_between_decoded_ones_lie_where_the_vehicle_stands() -> None:
    xy = np.vstack([TOWN.drive("A", "AB:0.837", every_m=11.3), np.repeat([TOWN.place("AB:0.837")], 20, axis=0)])
    xy[-20:, 0] -= np.linspace(0.0, 3.0, 20)
    for n in range(10, len(xy)):
        assert (match(TOWN.network, INDEX, one_trace(xy[:n]), PLAIN).fixes.edge >= 0).all()

"""What is remembered of devices, and each reason on both sides of its boundary."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import devices
from geo.device_health import DeviceHealth, DeviceRules, Duty, judge
from geo.devices import MEMORY, NEVER, DeviceStats, cadence_s, clock_skew_s
from geo.settings_live import DeviceSettings
from geo.vocabulary import DeviceReason

T0 = 1_768_000_000_000_000
SILENT_S, SHIFT_GAP_S = 1800.0, 10_800.0
NAN = float("nan")
LAT = 36.56
#: Degrees of latitude of a metre.
M = 1 / devices.M_A_DEGREE


def us(seconds: float) -> int:
    return round(seconds * 1e6)


@dataclass
class Device:
    """A device that the test drives: north at a steady speed, each fix an upload of its own, 1 s under way."""

    stats: DeviceStats = field(default_factory=DeviceStats)
    vehicle: int = 7
    t: float = 0.0
    y_m: float = 0.0

    def send(
        self,
        n: int = 1,
        every: float = 10,
        step_m: float = 50,
        late: float = 1,
        speed: float = 5,
        accuracy: float = NAN,
    ) -> Device:
        for _ in range(n):
            self.t += every
            self.y_m += step_m
            self.stats.update(
                np.array([self.vehicle]),
                np.array([T0 + us(self.t)]),
                np.array([T0 + us(self.t + late)]),
                np.array([136.65]),
                np.array([LAT + self.y_m * M]),
                np.array([speed]),
                np.array([accuracy]),
            )
        return self

    def health(self, after: float = 1, **duty: Any) -> DeviceHealth:
        settings = duty.pop("settings", DeviceSettings())
        expected = Duty(
            np.array([self.vehicle]),
            np.array([duty.pop("cadence", NAN)], np.float64),
            np.array([duty.pop("called_out", True)]),
            np.array([duty.pop("shift_over", False)]),
            np.array([duty.pop("line_us", NEVER)], np.int64),
        )
        assert not duty
        rules = DeviceRules(settings, SILENT_S, SHIFT_GAP_S)
        return judge(self.stats.of(expected.vehicle), expected, rules, T0 + us(self.t + after))

    def reasons(self, after: float = 1, **duty: Any) -> set[str]:
        return {str(word) for word in self.health(after, **duty).words()[0]}


def test_a_well_device_has_no_reason() -> None:
    device = Device().send(100)
    assert device.reasons(cadence=10) == set()
    health = device.health(cadence=10)
    assert (health.cadence_s[0], health.clock_skew_s[0], health.overdue_s[0]) == (10, 1, 60)


def test_never_heard_is_said_of_those_alone() -> None:
    assert Device().reasons() == {"never_heard"}
    assert np.isnan(Device().health().overdue_s[0])
    assert "never_heard" not in Device().send().reasons()


@pytest.mark.parametrize(("after", "said"), [(1800, set()), (1800.001, {"silent"})])
def test_silent_begins_where_roads_turn_unknown(after: float, said: set[str]) -> None:
    assert Device().send().reasons(after) - {"overdue"} == said


def test_a_clock_that_is_ahead_is_not_heard_in_the_future() -> None:
    device = Device().send(4, late=-200)
    assert "silent" in device.reasons(1800 - 200 + 1)


@pytest.mark.parametrize(
    ("duty", "after", "said"),
    [
        ({}, 3600, True),
        ({"called_out": False}, 3600, True),  # in a shift
        ({"called_out": False}, SHIFT_GAP_S, True),
        ({"called_out": False}, SHIFT_GAP_S + 1, False),  # the shift has ended by silence
        ({"called_out": False, "shift_over": True}, 3600, False),
        ({"shift_over": True}, 3600, True),  # at the depot, and called out
    ],
)
def test_only_a_device_that_somebody_counts_on_is_silent(duty: dict[str, Any], after: float, said: bool) -> None:
    assert ("silent" in Device().send(20).reasons(after, **duty)) == said


@pytest.mark.parametrize(
    ("cadence", "after", "said"),
    [(10, 60, False), (10, 60.1, True), (30, 150, False), (30, 150.1, True), (3600, 1800, False), (NAN, 60.1, True)],
)
def test_overdue_after_some_cadences_and_a_minute_at_least(cadence: float, after: float, said: bool) -> None:
    """Without an agreement the measured cadence, 10 s here, counts."""
    assert ("overdue" in Device().send(20).reasons(after, cadence=cadence)) == said


def test_a_ready_line_is_a_sign_of_life_too() -> None:
    assert Device().reasons(line_us=T0) == set()
    assert Device().reasons(1801, line_us=T0) == {"silent"}
    device = Device().send(20)
    assert device.reasons(1900, line_us=T0 + us(device.t + 100)) - {"overdue"} == set()
    assert device.health(line_us=T0).last_us[0] == T0 + us(device.t)


def test_overdue_and_silent_never_hold_together() -> None:
    assert Device().send(20).reasons(1801, cadence=10) == {"silent"}


@pytest.mark.parametrize(("every", "said"), [(20, False), (20.1, True)])
def test_slow_cadence_is_more_than_twice_the_agreed_one(every: float, said: bool) -> None:
    assert ("slow_cadence" in Device().send(30, every=every).reasons(cadence=10)) == said
    assert "slow_cadence" not in Device().send(30, every=every).reasons()


def test_standing_does_not_slow_the_cadence() -> None:
    device = Device().send(30).send(30, every=60, step_m=0, speed=0)
    assert device.health().cadence_s[0] == 10


def test_the_cadence_is_the_median_of_the_last_intervals() -> None:
    device = Device().send(40)
    for every in (3, 5, 3, 5, 100, 100, 3, 5, 3, 5, 3, 5, 3, 5, 3, 5):
        device.send(1, every=every)
    assert device.health().cadence_s[0] == np.median([3, 5, 3, 5, 100, 100, 3, 5, 3, 5, 3, 5, 3, 5, 3, 5])
    assert np.isnan(Device().send(4).health().cadence_s[0])  # three intervals
    assert Device().send(5).health().cadence_s[0] == 10


@pytest.mark.parametrize(("n", "said"), [(2, False), (3, True)])
def test_gaps_are_stretches_driven_unheard(n: int, said: bool) -> None:
    device = Device().send(10)
    for _ in range(n):
        device.send(1, every=180.5, step_m=201).send(2)
    assert ("gaps" in device.reasons()) == said
    device.send(64)
    assert "gaps" not in device.reasons()  # forgotten


@pytest.mark.parametrize(("every", "step_m"), [(180, 900), (190, 199), (10_801, 900)])
def test_no_gap_without_time_and_way_or_across_shifts(every: float, step_m: float) -> None:
    assert "gaps" not in Device().send(8, every=every, step_m=step_m).reasons()


@pytest.mark.parametrize(("late", "said"), [(-30, False), (-30.1, True), (5, False)])
def test_clock_ahead(late: float, said: bool) -> None:
    assert ("clock_ahead" in Device().send(9, late=late).reasons()) == said


@pytest.mark.parametrize(("late", "said"), [(120, False), (120.1, True), (1800, True)])
def test_clock_behind(late: float, said: bool) -> None:
    assert ("clock_behind" in Device().send(9, late=late).reasons()) == said


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (9 * 3600, "wrong_zone"),
        (-9 * 3600, "wrong_zone"),
        (9 * 3600 + 120, "wrong_zone"),
        (9 * 3600 + 121, "clock_behind"),
        (9 * 3600 - 121, "clock_behind"),
        (3600, "wrong_zone"),
        (5.5 * 3600, "wrong_zone"),
        (1800, "clock_behind"),
    ],
)
def test_an_error_of_zone_is_told_from_a_wrong_clock(late: float, said: str) -> None:
    reasons = Device().send(9, late=late).reasons()
    assert reasons & {"wrong_zone", "clock_behind", "clock_ahead"} == {said}


def test_the_skew_is_the_least_delay_of_the_last_eight_live_uploads() -> None:
    device = Device()
    for late in (1, 1.2, 0.8, 1.5, 2.5, 1.1):
        device.send(1, late=late)
    assert clock_skew_s(device.stats.memory)[0] == pytest.approx(0.8)
    device.send(9, late=3)
    assert clock_skew_s(device.stats.memory)[0] == pytest.approx(3)
    assert np.isnan(clock_skew_s(Device().send(3, late=1).stats.memory)[0])  # two that follow another


def test_a_mended_clock_is_believed_after_eight_uploads() -> None:
    device = Device().send(20, late=-100)
    assert "clock_ahead" in device.reasons()
    device.t += 200
    assert "clock_ahead" not in device.send(10).reasons()


def day(stats: DeviceStats, began: float, came: float, n: int = 360) -> None:
    """A logger's day: n fixes every 10 s in one upload."""
    t = began + np.arange(n) * 10.0
    at = T0 + np.round(t * 1e6).astype(np.int64)
    stats.update(np.full(n, 7), at, np.full(n, T0 + us(came)), np.full(n, 136.65), LAT + t * M, np.full(n, 1.0))


def test_a_loggers_daily_upload_is_late_and_its_clock_is_well() -> None:
    device = Device()
    for i in range(5):
        day(device.stats, i * 86_400, i * 86_400 + 3590 + 5 * 3600)  # each evening equally late
    device.t = 4 * 86_400 + 6 * 3600
    assert device.reasons(called_out=False) == {"late_upload"}
    assert np.isnan(device.health().clock_skew_s[0])


@pytest.mark.parametrize("pace", [1.5, 2, 10, 100])
def test_a_backlog_that_is_worked_off_is_no_skew(pace: float) -> None:
    """Uploads each second, each of which brings `pace` seconds of an old day."""
    stats, n = DeviceStats(), 300
    for i in range(n):
        t = i * pace + np.arange(0, pace, 0.5)
        at = T0 + np.round(t * 1e6).astype(np.int64)
        came = np.full(len(t), T0 + us(40_000 + i))
        stats.update(np.full(len(t), 7), at, came, np.full(len(t), 136.0), LAT + t * M, np.full(len(t), 1.0))
    assert np.isnan(clock_skew_s(stats.memory)[0])


def test_old_fixes_between_live_ones_change_nothing_but_when_it_was_heard() -> None:
    one, two = Device().send(20), Device().send(20)
    day(two.stats, -86_400, two.t + 5)
    for name in set(MEMORY.names or ()) - {"last_received_us"}:
        assert one.stats.memory[name].tobytes() == two.stats.memory[name].tobytes(), name
    assert two.stats.memory["last_received_us"][0] == T0 + us(two.t + 5)
    assert two.send(3).health().clock_skew_s[0] == 1


@pytest.mark.parametrize(("delay_min", "said"), [(10, False), (10.1, True)])
def test_late_upload_is_said_beyond_its_boundary(delay_min: float, said: bool) -> None:
    device = Device()
    day(device.stats, 0, 3590 + delay_min * 60)
    device.t = 7200
    assert ("late_upload" in device.reasons()) == said


@pytest.mark.parametrize(("n", "said"), [(30, False), (31, True)])
def test_frozen_is_one_place_for_too_long_while_the_speed_says_motion(n: int, said: bool) -> None:
    device = Device().send(5).send(n, step_m=0, speed=4)
    assert ("frozen_position" in device.reasons()) == said


def test_a_parked_or_speechless_device_is_not_frozen() -> None:
    assert "frozen_position" not in Device().send(5).send(100, step_m=0, speed=0.9).reasons()
    assert "frozen_position" not in Device().send(5).send(100, step_m=0, speed=NAN).reasons()
    assert "frozen_position" not in Device().send(5).send(100, step_m=1, speed=1).reasons()


def test_a_frozen_device_that_moves_again_is_well() -> None:
    device = Device().send(5).send(100, step_m=0, speed=4)
    assert "frozen_position" in device.reasons()
    assert "frozen_position" not in device.send().reasons()


@pytest.mark.parametrize(("n", "said"), [(5, False), (6, True)])
def test_jumps_are_counted_in_the_last_64_fixes(n: int, said: bool) -> None:
    device = Device().send(20)
    for i in range(n):
        device.send(1, step_m=2000 * (-1) ** i).send(1)
    assert ("jumping" in device.reasons()) == said
    assert "jumping" not in device.send(64).reasons()


@pytest.mark.parametrize(("step_m", "jumps"), [(849, 0), (851, 1)])
def test_a_jump_is_beyond_what_any_vehicle_drives(step_m: float, jumps: int) -> None:
    device = Device().send(5).send(1, every=10, step_m=step_m)
    assert int(np.bitwise_count(device.stats.memory["jumps"][0])) == jumps


@pytest.mark.parametrize(("n", "said"), [(10, False), (11, True)])
def test_poor_accuracy_is_more_than_half(n: int, said: bool) -> None:
    device = Device().send(20 - n, accuracy=50).send(n, accuracy=50.1)
    assert ("poor_accuracy" in device.reasons()) == said
    assert "poor_accuracy" not in Device().send(7, accuracy=90).reasons()


FIXES = st.lists(
    st.tuples(
        st.integers(0, 3),  # vehicle
        st.integers(0, 400),  # at, in quarter seconds
        st.integers(0, 60),  # delay
        st.integers(0, 3),  # place
        st.sampled_from([0.0, 2.0, NAN]),
        st.sampled_from([5.0, 80.0, NAN]),
    ),
    max_size=60,
    unique_by=lambda row: row[:2],
)


@given(FIXES, st.lists(st.integers(1, 10), min_size=1, max_size=20))
def test_rounds_do_not_matter_for_fixes_in_order(rows: list[Any], cuts: list[int]) -> None:
    """Fixes that come in the order of their times, in rounds of any size, leave one and the same memory."""
    rows = sorted(rows, key=lambda row: row[1])
    table = np.array([(v, T0 + at * 250_000, T0 + at * 250_000 + d * 100_000, place * 1e-3, speed, accuracy)
                      for v, at, d, place, speed, accuracy in rows],
                     [("v", "i8"), ("at", "i8"), ("came", "i8"), ("lat", "f8"), ("s", "f8"), ("a", "f8")])  # fmt: skip
    table["came"] = np.maximum.accumulate(table["came"]) if len(table) else table["came"]
    # of one upload all comes in one round
    edges = [0, *np.cumsum(cuts).tolist(), len(table)]
    edges = sorted({min(e, len(table)) for e in edges})
    edges = [e for e in edges if e in (0, len(table)) or table["came"][e] != table["came"][e - 1]]
    whole, parts = DeviceStats(), DeviceStats()
    for stats, cut in ((whole, [0, len(table)]), (parts, edges)):
        for a, b in pairwise(cut):
            p = table[a:b]
            stats.update(p["v"], p["at"], p["came"], np.full(b - a, 136.0), 36 + p["lat"], p["s"], p["a"])
    assert whole.memory.tobytes() == parts.memory.tobytes()


@given(FIXES)
def test_the_vectorised_memory_is_that_of_a_plain_loop(rows: list[Any]) -> None:
    stats, plain = DeviceStats(), Plain()
    for v, at, d, place, speed, accuracy in rows:
        came, lat = at * 250_000 + d * 100_000, 36 + place * 1e-3
        plain.take(v, at * 250_000, lat, speed, accuracy)
        stats.update(np.array([v]), np.array([at * 250_000]), np.array([came]), np.array([136.0]), np.array([lat]),
                     np.array([speed]), np.array([accuracy]))  # fmt: skip
    for v, one in plain.devices.items():
        memory = stats.of(np.array([v]))
        assert memory["last_fix_us"][0] == one["last"][0]
        assert memory["n_fixes"][0] == one["n"]
        assert memory["moved_us"][0] == one["moved"]
        assert int(memory["jumps"][0]) == int("".join(one["jumps"][-64:]), 2)
        assert int(memory["poor"][0]) == int("".join(one["poor"][-64:]), 2)
        kept = one["intervals"][-16:]
        assert memory["intervals_s"][0][16 - len(kept) :].tolist() == kept
        expected = np.median(kept) if len(kept) >= 4 else NAN
        assert cadence_s(memory)[0] == pytest.approx(expected, nan_ok=True)


class Plain:
    """The naive oracle: one device after the other, fix by fix."""

    def __init__(self) -> None:
        self.devices: dict[int, dict[str, Any]] = {}

    def take(self, v: int, at: int, lat: float, speed: float, accuracy: float) -> None:
        one = self.devices.setdefault(
            v, {"last": None, "n": 0, "moved": NEVER, "jumps": [], "poor": [], "intervals": []}
        )
        if one["last"] is not None and at <= one["last"][0]:
            return
        wait_s, way_m, is_still = 0.0, 0.0, False
        if one["last"] is not None:
            wait_s, way_m = (at - one["last"][0]) / 1e6, abs(lat - one["last"][1]) * devices.M_A_DEGREE
            is_still = lat == one["last"][1] and speed >= 1
            if way_m >= 0.5 * wait_s:
                one["intervals"].append(wait_s)
        one["jumps"].append("1" if way_m > 150 + 70 * wait_s else "0")
        one["poor"].append("1" if accuracy > 50 else "0")
        if not is_still:
            one["moved"] = at
        one["last"], one["n"] = (at, lat), one["n"] + 1


def test_devices_are_judged_apart() -> None:
    stats = DeviceStats()
    Device(stats, 3).send(30)
    Device(stats, 1).send(30, late=500)
    Device(stats, 2).send(30, step_m=0, speed=5)
    assert stats.memory["vehicle"].tolist() == [1, 2, 3]
    vehicle = np.array([1, 2, 3, 4])
    duty = Duty(vehicle, np.full(4, 10.0), np.full(4, True), np.full(4, False), np.full(4, NEVER))
    rules = DeviceRules(DeviceSettings(frozen_min=4), SILENT_S, SHIFT_GAP_S)
    health = judge(stats.of(vehicle), duty, rules, T0 + us(301))
    assert health.words() == [
        [DeviceReason.CLOCK_BEHIND],
        [DeviceReason.FROZEN_POSITION],
        [],
        [DeviceReason.NEVER_HEARD],
    ]


def test_nothing_is_no_news() -> None:
    stats = DeviceStats()
    none = np.zeros(0, np.int64)
    stats.update(none, none, none, none.astype(float), none.astype(float), none.astype(float))
    assert len(stats) == 0


def test_the_page_names_every_reason_with_its_boundary() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "devices.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\S+) \| (.*) \|$", text, re.MULTILINE)
    assert [(row[0], row[1]) for row in rows[1:]] == [(word.value, word.ja) for word in DeviceReason]
    for name, info in DeviceSettings.model_fields.items():
        said = re.search(rf"`{name}` \(([^)]*)\)", text)
        assert said, name
        if said.group(1) != "half":
            assert float(re.findall(r"[\d.]+", said.group(1))[0]) == info.default
    assert f"over {devices.GAP_M:.0f} m unheard for over {devices.GAP_S / 60:.0f} minutes" in text
    assert f"last {devices.N_INTERVALS} intervals" in text
    assert f"last {devices.N_DELAYS} live uploads" in text.replace("\n", " ")
    assert f"within {devices.LIVE_GAP_S / 60:.0f} minutes" in text
    assert f"{MEMORY.itemsize} bytes" in text.replace("\n", " ")

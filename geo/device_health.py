"""Whether each device is well: the closed list of reasons over what is remembered of it. docs/devices.md prints it.

A device rests unless somebody counts on it: its machine is called out (assigned now, and a storm or a callout is open),
or it is in a shift. Only then can it be silent or overdue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.devices import N_BITS, NEVER, cadence_s, clock_skew_s
from geo.settings_live import DeviceSettings
from geo.vocabulary import DeviceReason

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Column of each reason.
REASONS: tuple[DeviceReason, ...] = tuple(DeviceReason)
#: Fixes before shares of them are judged.
N_SHARE_MIN = 8
#: Time zones of the world differ by whole half hours, and an error of zone is an hour at least.
ZONE_STEP_S, ZONE_MIN_STEPS = 1800.0, 2


@dataclass(frozen=True, slots=True)
class Duty:
    """What is expected of V devices, ascending by vehicle; never heard ones are among them.

    cadence_s      (V,) as agreed with the source, seconds; NaN: nothing is agreed
    is_called_out  (V,) its machine is assigned now, and a storm or a callout is open
    is_shift_over  (V,) its last fixes are a long stay at a depot
    last_line_us   (V,) moment of its last ready line, which is a sign of life too; NEVER: it sent none
    """

    vehicle: Ints
    cadence_s: Floats
    is_called_out: Bools
    is_shift_over: Bools
    last_line_us: Ints


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """Boundaries: the settings, and the two times that roads and shifts use too, in seconds."""

    settings: DeviceSettings
    silent_s: float
    shift_gap_s: float


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """What is found of V devices.

    reasons     (V, R) one column for each of REASONS
    last_us     (V,) moment of the last fix or ready line; NEVER: never heard
    cadence_s   (V,) measured; NaN: not enough fixes yet
    clock_skew_s (V,) NaN: not enough live uploads yet
    overdue_s   (V,) after so many seconds without a fix it is overdue; NaN: never heard
    """

    reasons: Bools
    last_us: Ints
    cadence_s: Floats
    clock_skew_s: Floats
    overdue_s: Floats

    def words(self) -> list[list[DeviceReason]]:
        """The reasons of each device, in the order of the list."""
        return [[REASONS[i] for i in np.flatnonzero(row)] for row in self.reasons]


def judge(memory: NDArray[np.void], duty: Duty, rules: DeviceRules, now_us: int) -> DeviceHealth:
    """The health of V devices at a moment.

    memory  (V,) of `DeviceStats.of(duty.vehicle)`
    A boundary is passed only beyond it: a device heard exactly silent_s ago is not silent, as roads have it.
    """
    settings = rules.settings
    last_us = np.maximum(memory["last_fix_us"], duty.last_line_us)
    heard = last_us != NEVER
    # a clock that is ahead does not make its device heard in the future; NEVER is the least of all moments
    heard_us = np.maximum(np.minimum(memory["last_fix_us"], memory["last_received_us"]), duty.last_line_us)
    since_s = (now_us - np.where(heard, heard_us, now_us)) / 1e6
    counts = heard & (duty.is_called_out | (~duty.is_shift_over & (since_s <= rules.shift_gap_s)))
    measured, skew = cadence_s(memory), clock_skew_s(memory)
    agreed = np.where(np.isnan(duty.cadence_s), measured, duty.cadence_s)
    overdue_s = np.fmin(np.fmax(agreed * settings.overdue_cadences, settings.overdue_min_s), rules.silent_s)
    overdue_s = np.where(np.isnan(agreed), rules.silent_s, overdue_s)
    silent = counts & (since_s > rules.silent_s)
    is_late = (memory["is_live"] == 0) & (memory["delay_s"] > settings.late_upload_min * 60)
    found = {
        DeviceReason.NEVER_HEARD: ~heard,
        DeviceReason.SILENT: silent,
        DeviceReason.OVERDUE: counts & ~silent & (since_s > overdue_s),
        DeviceReason.SLOW_CADENCE: measured > settings.slow_cadence_factor * duty.cadence_s,
        DeviceReason.GAPS: np.bitwise_count(memory["gaps"]) > settings.gaps_max,
        DeviceReason.LATE_UPLOAD: is_late,
        **_clock(skew, settings),
        **_position(memory, settings),
    }
    reasons = np.column_stack([found[reason] for reason in REASONS])
    return DeviceHealth(reasons.astype(np.bool_), last_us, measured, skew, np.where(heard, overdue_s, np.nan))


def _clock(skew_s: Floats, settings: DeviceSettings) -> dict[DeviceReason, Bools]:
    """A skew of whole half hours, an hour at least, is an error of zone and not of the clock."""
    steps = np.round(skew_s / ZONE_STEP_S)
    is_zone = (np.abs(steps) >= ZONE_MIN_STEPS) & (np.abs(skew_s - steps * ZONE_STEP_S) <= settings.clock_behind_s)
    return {
        DeviceReason.WRONG_ZONE: is_zone,
        DeviceReason.CLOCK_AHEAD: ~is_zone & (-skew_s > settings.clock_ahead_s),
        DeviceReason.CLOCK_BEHIND: ~is_zone & (skew_s > settings.clock_behind_s),
    }


def _position(memory: NDArray[np.void], settings: DeviceSettings) -> dict[DeviceReason, Bools]:
    known = memory["moved_us"] != NEVER
    frozen_s = np.where(known, memory["last_fix_us"] - np.where(known, memory["moved_us"], 0), 0) / 1e6
    n = np.clip(memory["n_fixes"], 1, N_BITS)
    poor_share = np.bitwise_count(memory["poor"]) / n
    return {
        DeviceReason.FROZEN_POSITION: frozen_s > settings.frozen_min * 60,
        DeviceReason.JUMPING: np.bitwise_count(memory["jumps"]) > settings.jumps_max,
        DeviceReason.POOR_ACCURACY: (n >= N_SHARE_MIN) & (poor_share > settings.poor_share_max),
    }

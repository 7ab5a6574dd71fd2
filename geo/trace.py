"""走行軌跡: cleans the fixes of vehicles and splits them into traces.

Every input fix gets one outcome, so that the counts add up and nothing is dropped silently.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.errors import InputError
from geo.fix import Fixes

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]


class FixOutcome(StrEnum):
    """What cleaning did with a fix."""

    KEPT = "kept"
    #: same vehicle, same time, same place as the fix before
    DUPLICATE = "duplicate"
    #: same vehicle and time, another place: the one that fits its neighbours stays
    CONFLICT = "conflict"
    #: no vehicle drives so fast to it and back again
    TELEPORT = "teleport"
    #: its time lies far off the times of its neighbours in the feed
    CLOCK_SKEW = "clock_skew"
    #: one of many in one place while the vehicle stood; the first and the last of the stand are kept
    PARKED = "parked"
    #: a coordinate is not a number
    INVALID = "invalid"


#: Position of each outcome in `Traces.outcome`.
FIX_OUTCOMES: tuple[FixOutcome, ...] = tuple(FixOutcome)
_CODE = {outcome: code for code, outcome in enumerate(FIX_OUTCOMES)}
# the kernels read plain numbers
DUPLICATE, CONFLICT = _CODE[FixOutcome.DUPLICATE], _CODE[FixOutcome.CONFLICT]
TELEPORT, PARKED = _CODE[FixOutcome.TELEPORT], _CODE[FixOutcome.PARKED]

#: A wrong position lasts a few fixes; after so many that agree with each other the vehicle is believed.
TELEPORT_LOOK = 8
#: Half a year: GPS week rollovers (19.6 years) and clocks reset to their epoch lie further off, seasons do not.
SKEW_US = 183 * 86_400 * 1_000_000
#: A group of at most so many fixes, of a vehicle with at least so many others, is not believed that far off.
SKEW_MAX_FIXES = 5
SKEW_MIN_OTHERS = 20


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """How fixes are cleaned and split; each default says where it comes from.

    max_gap_s       a longer silence ends the trace. Real units were silent for up to 521 s on the move (DATA)
    max_speed_mps   70 m/s, 252 km/h: above every road vehicle, so only a wrong position needs it
    slack_m         what two fixes may err besides: three times the 32 m that one plough fix in ten was off (DATA),
                    each way, and a time cut to whole seconds
    parked_radius_m a stand is fixes within this radius of its first one; 2.5 times the usual 8 m of GPS noise
    parked_min_s    a stand shorter than this is kept whole: a plough at a light or turning is not parked
    """

    max_gap_s: float = 900.0
    max_speed_mps: float = 70.0
    slack_m: float = 150.0
    parked_radius_m: float = 20.0
    parked_min_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Traces:
    """T traces over the k fixes that were kept.

    fixes    the kept fixes, by vehicle and time
    xy       (k, 2) their places in metres of the plane CRS of the network
    kept     (k,) int64, position of each kept fix among the input fixes
    start    (T + 1,) int64, first kept fix of each trace; start[T] == k
    vehicle  (T,) int64
    outcome  (n,) int8, position in FIX_OUTCOMES of each input fix
    """

    fixes: Fixes
    xy: Floats
    kept: Ints
    start: Ints
    vehicle: Ints
    outcome: Ints8

    def __len__(self) -> int:
        return len(self.vehicle)

    def counts(self) -> dict[str, int]:
        """Number of input fixes per outcome; the sum is the number of input fixes."""
        found = np.bincount(self.outcome, minlength=len(FIX_OUTCOMES))
        return {str(name): int(n) for name, n in zip(FIX_OUTCOMES, found, strict=True)}


def clean_and_split(fixes: Fixes, xy: Floats, settings: TraceSettings | None = None) -> Traces:
    """Cleans sorted fixes and splits them into traces.

    fixes     n fixes in the order of `Fixes.sorted()`; InputError otherwise
    xy        (n, 2) their places in metres of a plane CRS

    A trace ends where the vehicle changes, after a silence of more than max_gap_s, and where the vehicle appears
    so far away, and stays there, that no drive leads there in the time. A stand longer than max_gap_s is such a
    silence too, since only its first and its last fix are kept.
    """
    settings = settings or TraceSettings()
    if not fixes.is_sorted:
        raise InputError("Fixes are not in order of vehicle and time.", hint="Call Fixes.sorted() first.")
    if xy.shape != (len(fixes), 2):
        raise InputError(f"xy has shape {xy.shape}, wanted ({len(fixes)}, 2).", hint="Project lon and lat first.")
    outcome = np.zeros(len(fixes), np.int8)
    xy = np.ascontiguousarray(xy, np.float64)
    is_place = np.isfinite(xy).all(axis=1) & (np.abs(fixes.lat) <= 90.0) & (np.abs(fixes.lon) <= 180.0)
    outcome[~is_place] = _CODE[FixOutcome.INVALID]
    _mark_skewed(fixes, outcome)
    at_s = (fixes.at_us - (fixes.at_us[0] if len(fixes) else 0)) / 1e6
    _mark_same_time(fixes.vehicle, fixes.at_us, xy, outcome)
    jump = _mark_teleports(fixes.vehicle, at_s, xy, outcome, settings.max_speed_mps, settings.slack_m)
    _mark_parked(fixes.vehicle, at_s, xy, outcome, jump, settings.parked_radius_m, settings.parked_min_s)
    return _split(fixes, xy, outcome, jump, at_s, settings.max_gap_s)


def _split(fixes: Fixes, xy: Floats, outcome: Ints8, jump: NDArray[np.bool_], at_s: Floats, max_gap_s: float) -> Traces:
    kept = np.flatnonzero(outcome == 0)
    vehicle = fixes.vehicle[kept]
    n_jumps = np.cumsum(jump)[kept] if len(kept) else np.empty(0)
    is_start = np.ones(len(kept), np.bool_)
    is_start[1:] = (vehicle[1:] != vehicle[:-1]) | (np.diff(at_s[kept]) > max_gap_s) | (n_jumps[1:] != n_jumps[:-1])
    first = np.flatnonzero(is_start)
    return Traces(
        fixes=fixes.select(kept),
        xy=xy[kept],
        kept=kept,
        start=np.r_[first, len(kept)].astype(np.int64),
        vehicle=vehicle[first],
        outcome=outcome,
    )


def _mark_skewed(fixes: Fixes, outcome: Ints8) -> None:
    """Marks small groups of fixes far in time from all others of their vehicle: a clock reset or a week rollover."""
    if len(fixes) == 0:
        return
    is_far = np.diff(fixes.at_us) > SKEW_US
    group = np.r_[0, np.cumsum((np.diff(fixes.vehicle) != 0) | is_far)]
    size = np.bincount(group)[group]
    of_vehicle = np.unique(fixes.vehicle, return_inverse=True)[1]
    n_vehicle = np.bincount(of_vehicle)[of_vehicle]
    is_skewed = (size <= SKEW_MAX_FIXES) & (n_vehicle - size >= SKEW_MIN_OTHERS)
    outcome[is_skewed & (outcome == 0)] = _CODE[FixOutcome.CLOCK_SKEW]


@njit(nogil=True, cache=True)
def _mark_same_time(vehicle, at_us, xy, outcome):  # type: ignore[no-untyped-def]  # numba kernel
    """Leaves one fix for each vehicle and time: of several places the one nearest to the fixes before and after."""
    n, a, before = len(at_us), 0, -1
    while a < n:
        b = a + 1
        while b < n and vehicle[b] == vehicle[a] and at_us[b] == at_us[a]:
            b += 1
        if before >= 0 and vehicle[before] != vehicle[a]:
            before = -1
        after = b if b < n and vehicle[b] == vehicle[a] and outcome[b] == 0 else -1
        best, best_m = -1, math.inf
        for i in range(a, b):
            if outcome[i] != 0:
                continue
            far_m = 0.0
            for j in (before, after):
                if j >= 0:
                    far_m += math.hypot(xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1])
            if far_m < best_m:
                best, best_m = i, far_m
        for i in range(a, b):
            if i != best and outcome[i] == 0:
                is_same = xy[i, 0] == xy[best, 0] and xy[i, 1] == xy[best, 1]
                outcome[i] = DUPLICATE if is_same else CONFLICT
        if best >= 0:
            before = best
        a = b
    return outcome


@njit(nogil=True, cache=True)
def _is_reachable(at_s, xy, i, j, max_speed_mps, slack_m):  # type: ignore[no-untyped-def]  # numba kernel
    far_m = math.hypot(xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1])
    return far_m <= max_speed_mps * (at_s[j] - at_s[i]) + slack_m


@njit(nogil=True, cache=True)
def _mark_teleports(vehicle, at_s, xy, outcome, max_speed_mps, slack_m):  # type: ignore[no-untyped-def]
    """Marks fixes that nobody can have driven to; returns where the vehicle jumped for good.

    From the last good fix, the next ones that cannot be reached are teleports if one of the TELEPORT_LOOK fixes
    after them can be; else the vehicle really is elsewhere, and the first of them starts a trace.
    """
    jump = np.zeros(len(at_s), np.bool_)
    good = -1
    for i in range(len(at_s)):
        if outcome[i] != 0:
            continue
        if good < 0 or vehicle[good] != vehicle[i]:
            good = i
            continue
        if _is_reachable(at_s, xy, good, i, max_speed_mps, slack_m):
            good = i
            continue
        looked, returns = 0, False
        j = i + 1
        while j < len(at_s) and vehicle[j] == vehicle[i] and looked < TELEPORT_LOOK and not returns:
            if outcome[j] == 0:
                looked += 1
                returns = _is_reachable(at_s, xy, good, j, max_speed_mps, slack_m)
            j += 1
        if returns or looked == 0:
            outcome[i] = TELEPORT
        else:
            jump[i] = True
            good = i
    return jump


@njit(nogil=True, cache=True)
def _stand_end(vehicle, at_s, xy, outcome, jump, first, radius_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Last fix of the stand that begins at `first`.

    A single fix outside the radius, up to three radii, does not end a stand when the one after it is inside again
    and such fixes are fewer than one in ten: that is GPS noise, while a plough that goes to and fro is out often.
    """
    last, inside, outside, pending = first, 1, 0, False
    for i in range(first + 1, len(at_s)):
        if outcome[i] != 0:
            continue
        if vehicle[i] != vehicle[first] or jump[i]:
            break
        far_m = math.hypot(xy[i, 0] - xy[first, 0], xy[i, 1] - xy[first, 1])
        if far_m <= radius_m:
            last, inside, pending = i, inside + 1, False
        elif not pending and far_m <= 3.0 * radius_m and 10 * (outside + 1) <= inside:
            outside, pending = outside + 1, True
        else:
            break
    return last


@njit(nogil=True, cache=True)
def _mark_parked(vehicle, at_s, xy, outcome, jump, radius_m, min_s):  # type: ignore[no-untyped-def]  # numba kernel
    """Marks all but the first and the last fix of each stand of at least min_s seconds."""
    i = 0
    while i < len(at_s):
        if outcome[i] != 0:
            i += 1
            continue
        last = _stand_end(vehicle, at_s, xy, outcome, jump, i, radius_m)
        if at_s[last] - at_s[i] >= min_s:
            for j in range(i + 1, last):
                if outcome[j] == 0:
                    outcome[j] = PARKED
            i = last
        i += 1
    return outcome

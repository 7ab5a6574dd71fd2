"""端末: what is remembered of each device, from fix to fix, to tell whether it is well.

Struct of arrays over any number of vehicles, one call for all new fixes of a round. The memory of a vehicle has a
fixed size: the last word, short rings of intervals and delays, and the last 64 fixes as bits. It is an estimate for
people who look after devices, not a fact: fixes that come late do not change it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.trace import TraceSettings

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Bits = NDArray[np.uint64]

#: No such moment.
NEVER = int(np.iinfo(np.int64).min)
#: Intervals and delays that are kept of each vehicle: the median of 16 stands seven outliers.
N_INTERVALS, N_DELAYS = 16, 8
#: Fixes whose symptoms are kept of each vehicle, one bit each.
N_BITS = 64
#: Uploads that follow each other within so many seconds and whose delays agree are live. Nobody keeps a backlog in
#: step with the clock, but a clock that is wrong is wrong by the same in each upload.
LIVE_GAP_S = 900.0
#: Delays of two uploads agree within this share of the time between them, and half a second where they follow fast: a
#: backlog that is worked off at 1.5 times the clock's pace never agrees. Live ones that do not by chance are left out.
AGREE_S, AGREE_SHARE = 0.5, 0.25
#: A vehicle that says or shows less than this stands. Ploughs work from 0.5 km/h on, but a standing receiver wanders.
MOVING_MPS, DRIVEN_MPS = 1.0, 0.5
#: Between two fixes so far apart in time and place the device drove on and was not heard; a longer one ends a shift.
GAP_S, GAP_M, GAP_MAX_S = 180.0, 200.0, 10_800.0
#: A device that itself claims a larger error (one standard deviation, metres) cannot tell the road from the next one.
POOR_M = 50.0
#: Metres of a degree of latitude on the sphere of 6,371,009 m; a per mille does not matter here.
M_A_DEGREE = 111_195.0
_TRACE = TraceSettings()

#: What is remembered of a vehicle. Moments in microseconds since 1970 UTC, NEVER without one; NaN in a ring: not yet.
MEMORY = np.dtype([
    ("vehicle", "<i8"), ("n_fixes", "<i8"), ("last_fix_us", "<i8"), ("last_received_us", "<i8"),
    ("lon", "<f8"), ("lat", "<f8"),
    # the last fix that was elsewhere than the one before it, or that says that the vehicle stood
    ("moved_us", "<i8"),
    # of the last upload that brought a newer fix: when it came, how old that fix was, whether it was live
    ("upload_us", "<i8"), ("delay_s", "<f8"), ("is_live", "<i8"),
    ("intervals_s", "<f4", (N_INTERVALS,)), ("delays_s", "<f4", (N_DELAYS,)),
    # the newest fix is the lowest bit
    ("jumps", "<u8"), ("gaps", "<u8"), ("poor", "<u8"),
])  # fmt: skip
#: Rises when MEMORY changes; what was written under another layout is forgotten.
MEMORY_VERSION = 1


def blank(vehicle: Ints) -> NDArray[Any]:
    """(n,) MEMORY of vehicles of which nothing is known."""
    memory = np.zeros(len(vehicle), MEMORY)
    memory["vehicle"] = vehicle
    for name in ("last_fix_us", "last_received_us", "moved_us", "upload_us"):
        memory[name] = NEVER
    for name in ("lon", "lat", "delay_s", "intervals_s", "delays_s"):
        memory[name] = np.nan
    return memory


@dataclass(slots=True)
class DeviceStats:
    """The memory of all vehicles heard so far: `memory` (V,) MEMORY, ascending by vehicle."""

    memory: NDArray[Any] = field(default_factory=lambda: blank(np.zeros(0, np.int64)))

    def __len__(self) -> int:
        return len(self.memory)

    def update(
        self,
        vehicle: Ints,
        at_us: Ints,
        received_us: Ints,
        lon: Floats,
        lat: Floats,
        speed_mps: Floats,
        accuracy_m: Floats | None = None,
    ) -> None:
        """Take in n new fixes of any vehicles in any order.

        at_us, received_us  (n,) microseconds: when it was there, and when the fix came in
        speed_mps, accuracy_m  (n,) NaN: not told
        Fixes not newer than the last one of their vehicle count as received and change nothing else.
        """
        if not len(vehicle):
            return
        slot = self._slots(vehicle)
        self._take_uploads(slot, at_us, received_us)
        accuracy = np.full(len(vehicle), np.nan) if accuracy_m is None else accuracy_m
        fresh = np.flatnonzero(at_us > self.memory["last_fix_us"][slot])
        order = fresh[np.lexsort((at_us[fresh], slot[fresh]))]
        np.maximum.at(self.memory["last_received_us"], slot, received_us)
        if len(order):
            at, where = at_us[order], (lon[order], lat[order])
            self._take_fixes(slot[order], at, where, speed_mps[order], accuracy[order])

    def of(self, vehicle: Ints) -> NDArray[Any]:
        """(n,) the memory of these vehicles, blank where one was never heard. A copy."""
        found = blank(vehicle)
        at = np.searchsorted(self.memory["vehicle"], vehicle)
        known = at < len(self.memory)
        known[known] = self.memory["vehicle"][at[known]] == vehicle[known]
        found[known] = self.memory[at[known]]
        return found

    def _slots(self, vehicle: Ints) -> Ints:
        """(n,) positions in memory; vehicles that are new get one."""
        new = np.setdiff1d(vehicle, self.memory["vehicle"])
        if len(new):
            whole = np.concatenate([self.memory, blank(new)])
            self.memory = whole[np.argsort(whole["vehicle"], kind="stable")]
        return np.searchsorted(self.memory["vehicle"], vehicle).astype(np.int64)

    def _take_uploads(self, slot: Ints, at_us: Ints, received_us: Ints) -> None:
        """Delays of uploads: all fixes of a vehicle that came at one moment; only those that bring a newer fix."""
        memory = self.memory
        order = np.lexsort((at_us, received_us, slot))
        s, came, at = slot[order], received_us[order], at_us[order]
        ends = np.append((s[1:] != s[:-1]) | (came[1:] != came[:-1]), True) & (at > memory["last_fix_us"][s])
        s, came, at = s[ends], came[ends], at[ends]
        newer = _rises(s, at)
        s, came, delay = s[newer], came[newer], (came[newer] - at[newer]) / 1e6
        if not len(s):
            return
        first = _firsts(s)
        came_before = np.where(first, memory["upload_us"][s], np.roll(came, 1))
        delay_before = np.where(first, memory["delay_s"][s], np.roll(delay, 1))
        known = came_before != NEVER
        wait_s = np.where(known, came - np.where(known, came_before, came), 0) / 1e6
        agree = np.abs(delay - delay_before) <= np.maximum(AGREE_SHARE * wait_s, AGREE_S) - 1e-6
        live = (wait_s > 0) & (wait_s <= LIVE_GAP_S) & agree
        _push(memory["delays_s"], s[live], delay[live])
        # of several values for one slot the last one stays
        memory["upload_us"][s], memory["delay_s"][s], memory["is_live"][s] = came, delay, live

    def _take_fixes(
        self, slot: Ints, at_us: Ints, where: tuple[Floats, Floats], speed: Floats, accuracy: Floats
    ) -> None:
        """Symptoms of fixes that are newer than the last one, by slot and time."""
        memory, first, (lon, lat) = self.memory, _firsts(slot), where
        at_before = np.where(first, memory["last_fix_us"][slot], np.roll(at_us, 1))
        lon_before = np.where(first, memory["lon"][slot], np.roll(lon, 1))
        lat_before = np.where(first, memory["lat"][slot], np.roll(lat, 1))
        has = (at_before != NEVER) & (at_before < at_us)
        wait_s = np.where(has, at_us - np.where(has, at_before, at_us), 0) / 1e6
        way_m = np.where(has, _metres(lon_before, lat_before, lon, lat), 0.0)
        still = has & (lon == lon_before) & (lat == lat_before) & (speed >= MOVING_MPS)
        memory["moved_us"][slot[~still]] = at_us[~still]
        _shift_in(memory["jumps"], slot, has & (way_m > _TRACE.slack_m + _TRACE.max_speed_mps * wait_s))
        _shift_in(memory["gaps"], slot, has & (wait_s > GAP_S) & (wait_s <= GAP_MAX_S) & (way_m > GAP_M))
        _shift_in(memory["poor"], slot, accuracy > POOR_M)
        driven = has & (wait_s <= GAP_MAX_S) & (way_m >= DRIVEN_MPS * wait_s)
        _push(memory["intervals_s"], slot[driven], wait_s[driven])
        memory["last_fix_us"][slot], memory["lon"][slot], memory["lat"][slot] = at_us, lon, lat
        np.add.at(memory["n_fixes"], slot, 1)


def cadence_s(memory: NDArray[Any], n_min: int = 4) -> Floats:
    """(V,) median of the last intervals between fixes on the move, seconds; NaN with fewer than n_min."""
    ring = np.sort(memory["intervals_s"].astype(np.float64), axis=1)  # NaN last
    n = np.sum(~np.isnan(ring), axis=1)
    rows, middle = np.arange(len(ring)), np.maximum(n, 1)
    median = (ring[rows, (middle - 1) // 2] + ring[rows, middle // 2]) / 2
    return np.where(n >= n_min, median, np.nan)


def clock_skew_s(memory: NDArray[Any], n_min: int = 3) -> Floats:
    """(V,) how far each clock is behind ours, seconds; negative: ahead; NaN with fewer than n_min live uploads.

    The least delay of the last live uploads: the way through the network only adds to it. A gateway that holds every
    fix back for the same time cannot be told from a clock that is behind.
    """
    ring = memory["delays_s"].astype(np.float64)
    n = np.sum(~np.isnan(ring), axis=1)
    least = np.min(np.where(np.isnan(ring), np.inf, ring), axis=1, initial=np.inf)
    return np.where(n >= n_min, least, np.nan)


def _firsts(slot: Ints) -> Bools:
    """(n,) whether an entry is the first of its slot; slots ascending."""
    return np.append(True, slot[1:] != slot[:-1])[: len(slot)]


def _rises(slot: Ints, at_us: Ints) -> Bools:
    """(n,) whether an entry is greater than all before it in its slot; slots ascending."""
    if not len(slot):
        return np.zeros(0, np.bool_)
    _, rank = np.unique(at_us, return_inverse=True)
    group = np.cumsum(_firsts(slot)) - 1
    key = group * (len(slot) + 1) + rank
    return np.append(True, key[1:] > np.maximum.accumulate(key)[:-1])


def _from_end(slot: Ints) -> tuple[Ints, Ints, Ints]:
    """(start of each group, its length, (n,) how many entries of its slot follow an entry); slots ascending."""
    start = np.flatnonzero(_firsts(slot))
    count = np.diff(np.append(start, len(slot)))
    follow = np.repeat(start + count, count) - 1 - np.arange(len(slot))
    return start, count, follow


def _push(ring: NDArray[Any], slot: Ints, values: Floats) -> None:
    """Append values to the rings (V, K) of their slots, the newest last; slots ascending."""
    if not len(slot):
        return
    width = ring.shape[1]
    start, count, follow = _from_end(slot)
    rows, group = slot[start], np.repeat(np.arange(len(start)), count)
    column = np.arange(width) + np.minimum(count, width)[:, None]
    old = np.take_along_axis(ring[rows], np.minimum(column, width - 1), axis=1)
    moved = np.where(column < width, old, np.nan)
    kept = follow < width
    moved[group[kept], width - 1 - follow[kept]] = values[kept]
    ring[rows] = moved


def _shift_in(bits: Bits, slot: Ints, flags: Bools) -> None:
    """Shift flags into the bits (V,) of their slots, the newest lowest; slots ascending."""
    start, count, follow = _from_end(slot)
    kept = flags & (follow < N_BITS)
    one = kept.astype(np.uint64) << np.minimum(follow, N_BITS - 1).astype(np.uint64)
    rows, new = slot[start], np.bitwise_or.reduceat(one, start)
    old = bits[rows] << np.minimum(count, N_BITS - 1).astype(np.uint64)
    bits[rows] = np.where(count >= N_BITS, np.uint64(0), old) | new


def _metres(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """(n,) distances on a plane that touches the sphere at each place; good to a per cent up to 100 km."""
    east = (lon_b - lon_a) * np.cos(np.radians((lat_a + lat_b) / 2))
    return np.asarray(np.hypot(east, lat_b - lat_a) * M_A_DEGREE, np.float64)

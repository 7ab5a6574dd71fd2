"""Takes fixes into the window of online matching and decodes them: one by one, or many at once to the same end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import FIX, Records, Roads, Scratch
from geo.matching.decode import advance
from geo.matching.kernel import kernel
from geo.matching.online_state import NOTE, OnlineState
from geo.matching.settings import MatchSettings

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Fixes that one call of the kernel is given at most: those it does not come to are copied again.
CHUNK = 256


@dataclass(frozen=True, slots=True)
class FixColumns:
    """(k,) fixes in order of time, in the plane of the network; NaN where a device says nothing.

    sigma_m  spread of single fixes, where it is more than that of their device
    """

    at_us: Ints
    x_m: Floats
    y_m: Floats
    heading_deg: Floats
    speed_mps: Floats
    sigma_m: Floats

    def __len__(self) -> int:
        return len(self.at_us)

    def part(self, first: int, end: int) -> FixColumns:
        """Those from `first` to before `end`."""
        return FixColumns(*(getattr(self, name)[first:end] for name in self.__slots__))


def since(state: OnlineState, at_us: int) -> float:
    """Seconds since the first fix of the trace, 0 before it."""
    return float(at_us - int(state.head["start_us"][0])) / 1e6 if len(state.seen) else 0.0


def append(state: OnlineState, fixes: FixColumns, heading_min_mps: float) -> None:
    """Puts fixes into the window, not decoded. Without a speed that from the fix before says if a heading counts."""
    head, n, k = state.head, len(state.seen), len(fixes)
    if n == 0:
        head["start_us"] = fixes.at_us[0]
    seen, note = np.zeros(n + k, FIX), np.zeros(n + k, NOTE)
    seen[:n], note[:n] = state.seen, state.note
    new = seen[n:]
    new["x"], new["y"], new["n_near"] = fixes.x_m, fixes.y_m, -1
    new["at_s"] = (fixes.at_us - int(head["start_us"][0])) / 1e6
    new["sigma_m"] = np.fmax(head["sigma_m"][0], fixes.sigma_m)
    if not np.isnan(fixes.heading_deg).all():
        first = max(n - 1, 0)
        moved_m = np.hypot(np.diff(seen["x"][first:]), np.diff(seen["y"][first:]))
        speed = np.full(k, np.nan)
        speed[k - len(moved_m) :] = moved_m / np.maximum(np.diff(seen["at_s"][first:]), 1e-3)
        speed = np.where(np.isnan(fixes.speed_mps), speed, fixes.speed_mps)
        heading, counts = np.deg2rad(fixes.heading_deg), (speed >= heading_min_mps) & ~np.isnan(fixes.heading_deg)
        new["head_x"], new["head_y"] = np.where(counts, np.sin(heading), 0.0), np.where(counts, np.cos(heading), 0.0)
    note["number"][n:], note["n"][n:] = int(head["n_taken"][0]) + np.arange(k), 1
    head["n_taken"] += k
    head["n_far"] = 0
    state.seen, state.note = seen, note


def n_undecided(state: OnlineState) -> int:
    """Decoded fixes that are not decided."""
    return int(np.count_nonzero((state.note["is_decoded"] != 0) & (state.note["is_decided"] == 0)))


def decode_newest(roads: Roads, work: Scratch, constants: np.void, state: OnlineState, settings: MatchSettings) -> bool:
    """Decodes the newest fix; whether it is far enough from the last decoded one to stay, else take_back undoes it."""
    f, last, seen = len(state.seen) - 1, int(state.progress["last_fix"][0]), state.seen
    is_far = last < 0 or bool(is_apart(seen, last, f, settings.min_move_m))
    if not is_far:
        state.base_progress, state.base_active = state.progress, state.active
    progress = state.progress.copy()
    work.active[: len(state.active)] = state.active
    after_s = float(seen["at_s"][f] - seen["at_s"][f - 1]) if f > 0 else 0.0
    states, arcs = advance(roads, work, constants, seen, f, after_s, state.states, state.arcs, progress)
    state.note["is_decoded"][f] = is_far
    _take_over(state, work, states, arcs, progress)
    return is_far


def decode_many(
    roads: Roads,
    work: Scratch,
    constants: np.void,
    state: OnlineState,
    fixes: FixColumns,
    settings: MatchSettings,
    limits: tuple[float, int, int],
) -> int:
    """Takes and decodes fixes up to where something has to be decided or folded; returns how many.

    limits  a fix waits so many seconds, the window holds so many fixes, so many decoded ones are undecided: the step
            that comes to one of these ends the run, before or after it as a single step would
    """
    n = len(state.seen)
    append(state, fixes.part(0, CHUNK), settings.heading_min_mps)
    is_open = (state.note["is_decoded"] != 0) & (state.note["is_decided"] == 0)
    open_now = (int(is_open.sum()), float(state.seen["at_s"][is_open].min(initial=np.inf)))
    progress = state.progress.copy()
    work.active[: len(state.active)] = state.active
    end, states, arcs = _decode_run(
        roads, work, constants, state.seen, state.note, n, settings.min_move_m, limits, open_now, state.states,
        state.arcs, progress,
    )  # fmt: skip
    state.head["n_taken"] -= len(state.seen) - end
    state.seen, state.note = state.seen[:end], state.note[:end]
    _take_over(state, work, states, arcs, progress)
    return int(end) - n


def _take_over(state: OnlineState, work: Scratch, states: Records, arcs: Records, progress: Records) -> None:
    """Makes what was decoded that of the state."""
    n_before = len(state.states)
    n_states, n_arcs, n_active = (int(progress[name][0]) for name in ("n_states", "n_arcs", "n_active"))
    state.states, state.arcs, state.progress = states[:n_states], arcs[:n_arcs], progress
    new = state.states[n_before:]
    state.start_nats = np.append(state.start_nats, np.where(new["back"] < 0, new["nats"], np.inf))
    state.active = work.active[:n_active].copy()


@kernel
def is_apart(seen, a, b, min_move_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Whether two fixes are at least min_move_m apart."""
    dx, dy = seen[b].x - seen[a].x, seen[b].y - seen[a].y
    return dx * dx + dy * dy >= min_move_m * min_move_m


@kernel
def _decode_run(roads, work, constants, seen, note, first, min_move_m, limits, open_now, states, arcs, progress):  # type: ignore[no-untyped-def]
    """Decodes the fixes from `first` on that are far enough apart; returns the end of the run, states and arcs."""
    max_wait_s, max_fixes, max_open = limits
    n_open, oldest_s = open_now
    for f in range(first, len(seen)):
        if f > first and (f > max_fixes or oldest_s < seen[f].at_s - max_wait_s):
            return f, states, arcs
        last = progress[0].last_fix
        if last >= 0 and not is_apart(seen, last, f, min_move_m):
            continue
        after_s = seen[f].at_s - seen[f - 1].at_s if f > 0 else 0.0
        states, arcs = advance(roads, work, constants, seen, f, after_s, states, arcs, progress)
        note[f].is_decoded = 1
        n_open += 1
        oldest_s = min(oldest_s, seen[f].at_s)
        if n_open >= max_open:
            return f + 1, states, arcs
    return len(seen), states, arcs

"""Matches one trace: thins its fixes, decodes them, builds the path and places every fix on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.matching.arrays import Candidates, Scratch
from geo.matching.assemble import Rows, assemble, chain_confidence, leave_points, link_confidence
from geo.matching.candidates import GridIndex
from geo.matching.decode import Seen, decode, new_active, new_step
from geo.matching.path import Placed, build_links, place_fixes
from geo.matching.result import BREAK_REASONS, BreakReason
from geo.matching.settings import MatchSettings
from geo.matching.viterbi import best_chain, new_lattice, posteriors
from geo.trace import Traces

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]

#: States that stay open at once. Twelve roads twice, and as many carried over; more never survived the beam.
MAX_ACTIVE = 64


@dataclass(frozen=True, slots=True)
class Trip:
    """Outcome of one trace; fixes count from its first one.

    rows        traversals
    placed      where each fix lies; link -1 unmatched
    fix_edge    (k,) edge position; -1 unmatched
    confidence  (k,) of each fix
    breaks      (B, 3) fix before, fix after, reason
    """

    rows: Rows
    placed: Placed
    fix_edge: Ints32
    confidence: Floats
    breaks: NDArray[np.int64]


@njit(nogil=True, cache=True)
def thin(x_m, y_m, min_move_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Fixes at least min_move_m from the last one taken; the first and the last fix are always taken."""
    used, n = np.empty(len(x_m), np.int32), 0
    for f in range(len(x_m)):
        if n > 0 and f + 1 < len(x_m):
            dx, dy = x_m[f] - x_m[used[n - 1]], y_m[f] - y_m[used[n - 1]]
            if dx * dx + dy * dy < min_move_m * min_move_m:
                continue
        used[n] = f
        n += 1
    return used[:n].copy()


def see(traces: Traces, t: int, settings: MatchSettings) -> Seen:
    """The fixes of trace t as the kernels read them."""
    part = slice(int(traces.start[t]), int(traces.start[t + 1]))
    x_m = np.ascontiguousarray(traces.xy[part, 0])
    y_m = np.ascontiguousarray(traces.xy[part, 1])
    at_s = (traces.fixes.at_us[part] - traces.fixes.at_us[part.start]) / 1e6
    head_x, head_y = _headings(traces, part, x_m, y_m, at_s, settings.heading_min_mps)
    sigma_m = np.full(len(x_m), settings.sigma_m)
    return Seen(x_m, y_m, at_s, sigma_m, head_x, head_y, thin(x_m, y_m, settings.min_move_m))


def _headings(
    traces: Traces, part: slice, x_m: Floats, y_m: Floats, at_s: Floats, min_mps: float
) -> tuple[Floats, Floats]:
    """Unit vectors of the headings, (0, 0) where there is none or the vehicle is too slow for it to mean much."""
    heading = np.deg2rad(traces.fixes.heading_deg[part])
    if np.isnan(heading).all():
        return np.zeros(len(heading)), np.zeros(len(heading))
    speed = traces.fixes.speed_mps[part]
    if len(x_m) > 1:
        moved = np.hypot(np.gradient(x_m), np.gradient(y_m)) / np.maximum(np.gradient(at_s), 1e-3)
        speed = np.where(np.isnan(speed), moved, speed)
    known = ~np.isnan(heading) & (speed >= min_mps)
    return np.where(known, np.sin(heading), 0.0), np.where(known, np.cos(heading), 0.0)


def match_trip(
    index: GridIndex, room: tuple[Scratch, Candidates], traces: Traces, t: int, settings: MatchSettings
) -> Trip:
    """Matches trace t."""
    work, found = room
    roads, constants = index.roads, settings.constants()
    seen = see(traces, t, settings)
    n_used, n_found = len(seen.used), 2 * settings.max_roads
    near = np.zeros(n_used, np.int32)
    lattice, n_states, n_arcs, active, n_active = decode(
        roads, work, constants, seen, found, new_step(MAX_ACTIVE, n_found), new_active(MAX_ACTIVE),
        new_active(MAX_ACTIVE), new_lattice(8 * n_used + 64, 16 * n_used + 64), near,
    )  # fmt: skip
    if n_active == 0:
        return _unmatched(len(seen.x_m))
    chain = best_chain(lattice, active.state[0])
    start_nats = np.where(lattice.back[:n_states] < 0, lattice.nats[:n_states], np.inf)
    end_nats = np.full(n_states, np.inf)
    at_end = active.state[:n_active]
    end_nats[at_end] = active.nats[:n_active] - lattice.nats[at_end]
    state_log, arc_log = posteriors(lattice, n_states, n_arcs, start_nats, end_nats, settings.heat)
    of_state, of_arc = chain_confidence(lattice, n_states, n_arcs, chain, state_log, arc_log)
    links, n_links, on_link, stand = build_links(roads, work, constants, seen, found, lattice, chain)
    placed = place_fixes(roads, constants, seen, lattice, chain, links, on_link, stand, settings.min_move_m)
    leave_points(links, n_links, placed)
    is_break = np.isinf(lattice.route_m[chain])
    confidence = link_confidence(n_links, on_link, of_state, of_arc, is_break)
    rows = assemble(roads, seen, links, n_links, placed, confidence, settings.touch_m)
    fix_edge = np.where(placed.link >= 0, links.edge[placed.link], -1).astype(np.int32)
    fix_confidence = np.where(placed.link >= 0, confidence[placed.link], 0.0)
    fix_confidence[lattice.fix[chain]] = of_state
    breaks = _breaks(seen, lattice.fix[chain], is_break, near, settings)
    return Trip(rows, placed, fix_edge, fix_confidence, breaks)


def _breaks(
    seen: Seen, fix: Ints32, is_break: NDArray[np.bool_], near: Ints32, settings: MatchSettings
) -> NDArray[np.int64]:
    """(B, 3) the fixes before and after each break of the chain, and its reason."""
    off_road = seen.used[near == 0]
    out = []
    for c in np.flatnonzero(is_break[1:]) + 1:
        a, b = int(fix[c - 1]), int(fix[c])
        straight_m = math.hypot(seen.x_m[b] - seen.x_m[a], seen.y_m[b] - seen.y_m[a])
        reason = BreakReason.NO_PATH
        if np.any((off_road > a) & (off_road < b)):
            reason = BreakReason.NO_ROAD
        elif straight_m > settings.max_speed_mps * max(float(seen.at_s[b] - seen.at_s[a]), 1.0):
            reason = BreakReason.TOO_FAST
        out.append((a, b, BREAK_REASONS.index(reason)))
    return np.array(out, np.int64).reshape(-1, 3)


def _unmatched(k: int) -> Trip:
    """A trace none of whose k fixes has a road near it: one break from its start to its end."""
    none, no_int = np.empty(0), np.empty(0, np.int32)
    rows = Rows(no_int, none, none, none, none, none, no_int, no_int, no_int)
    placed = Placed(np.full(k, -1, np.int32), np.zeros(k), np.zeros(k), np.zeros(k))
    breaks = np.array([[-1, -1, BREAK_REASONS.index(BreakReason.NO_ROAD)]], np.int64)
    return Trip(rows, placed, np.full(k, -1, np.int32), np.zeros(k), breaks)

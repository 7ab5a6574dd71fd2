"""Matches one trace: thins its fixes, decodes them, builds the path and places every fix on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import FIX, Records, Scratch
from geo.matching.assemble import ROW, assemble, leave_points
from geo.matching.candidates import GridIndex
from geo.matching.confidence import calibrated, link_confidence, state_confidence
from geo.matching.decode import decode
from geo.matching.kernel import kernel
from geo.matching.path import PLACED, build_links
from geo.matching.place import place_fixes
from geo.matching.result import BREAK_REASONS, BreakReason
from geo.matching.settings import MatchSettings
from geo.matching.smooth import jump_m, smooth
from geo.matching.spread import learned_sigma_m, typical_step_m, widened
from geo.matching.turnback import reach_turns
from geo.matching.viterbi import best_chain, new_lattice, new_progress, posteriors
from geo.trace import Traces

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]

#: A trace is matched at most so often to learn its spread.
MAX_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Trip:
    """Outcome of one trace; fixes count from its first one.

    rows        (R,) ROW, traversals
    placed      (k,) PLACED, where each fix lies; link -1 unmatched
    fix_edge    (k,) edge position; -1 unmatched
    confidence  (k,) of each fix
    breaks      (B, 3) fix before, fix after, reason
    """

    rows: Records
    placed: Records
    fix_edge: Ints32
    confidence: Floats
    breaks: NDArray[np.int64]


@kernel
def thin(seen, min_move_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Fixes at least min_move_m from the last one taken; the first and the last fix are always taken."""
    used, n = np.empty(len(seen), np.int64), 0
    for f in range(len(seen)):
        if n > 0 and f + 1 < len(seen):
            last = seen[used[n - 1]]
            dx, dy = seen[f].x - last.x, seen[f].y - last.y
            if dx * dx + dy * dy < min_move_m * min_move_m:
                continue
        used[n] = f
        n += 1
    return used[:n].copy()


def see(traces: Traces, t: int, settings: MatchSettings) -> Records:
    """(k,) FIX of trace t; white noise is smoothed away."""
    part = slice(int(traces.start[t]), int(traces.start[t + 1]))
    seen = np.zeros(part.stop - part.start, FIX)
    xy = traces.xy[part]
    seen["at_s"] = (traces.fixes.at_us[part] - traces.fixes.at_us[part.start]) / 1e6
    seen["sigma_m"] = settings.sigma_m
    noise_m, apart_s = jump_m(xy, seen["at_s"])
    if noise_m > settings.jump_min_m * max(1.0, apart_s) ** 2:
        xy, left_m = smooth(seen["at_s"], xy, noise_m, settings.acceleration)
        seen["sigma_m"] = np.maximum(settings.sigma_m, np.hypot(left_m, settings.road_m))
    else:
        claimed_m = np.nan_to_num(traces.fixes.accuracy_m[part], nan=settings.sigma_m)
        seen["sigma_m"] = np.clip(claimed_m, settings.sigma_m, max(settings.sigma_m, settings.sigma_max_m))
    seen["x"], seen["y"] = xy.T
    seen["n_near"] = -1
    heading, speed = np.deg2rad(traces.fixes.heading_deg[part]), traces.fixes.speed_mps[part]
    if np.isnan(heading).all():
        return seen
    if len(seen) > 1:
        moved_m = np.hypot(np.gradient(seen["x"]), np.gradient(seen["y"]))
        speed = np.where(np.isnan(speed), moved_m / np.maximum(np.gradient(seen["at_s"]), 1e-3), speed)
    is_known = ~np.isnan(heading) & (speed >= settings.heading_min_mps)
    seen["head_x"] = np.where(is_known, np.sin(heading), 0.0)
    seen["head_y"] = np.where(is_known, np.cos(heading), 0.0)
    return seen


def match_trip(index: GridIndex, work: Scratch, traces: Traces, t: int, settings: MatchSettings) -> Trip:
    """Matches trace t, and again where its residuals show a device of a greater spread than was taken."""
    seen = see(traces, t, settings)
    sigma_m = max(settings.sigma_m, float(np.median(seen["sigma_m"])))
    for _ in range(MAX_ROUNDS):
        step_m = typical_step_m(np.column_stack([seen["x"], seen["y"]])[thin(seen, settings.min_move_m)])
        trip, off_m = _match_seen(index, work, seen, widened(settings, sigma_m, step_m))
        learned_m = learned_sigma_m(off_m, settings)
        if learned_m <= settings.relearn * sigma_m:
            break
        sigma_m = learned_m
        seen["sigma_m"] = np.maximum(seen["sigma_m"], sigma_m)
    return trip


def _match_seen(index: GridIndex, work: Scratch, seen: Records, settings: MatchSettings) -> tuple[Trip, Floats]:
    """The trip of these fixes, and how far the decoded ones lie beside it, inf where they were left out."""
    roads, twin, constants = index.roads, index.twins.edge, settings.constants()
    used = thin(seen, settings.min_move_m)
    states, arcs = new_lattice(8 * len(used) + 64, 16 * len(used) + 64)
    progress = new_progress()
    states, arcs = decode(roads, work, constants, seen, used, states, arcs, progress)
    n_states, n_arcs, n_active = (int(progress[name][0]) for name in ("n_states", "n_arcs", "n_active"))
    if n_active == 0:
        return _unmatched(len(seen)), np.full(len(used), np.inf)
    active = work.active[:n_active].copy()
    chain = best_chain(states, active["state"][0])
    states, arcs = states[:n_states], arcs[:n_arcs]
    state_log, arc_log = _posteriors(states, arcs, active, settings.heat)
    of_state = state_confidence(states, n_states, chain, state_log, twin)
    links, n_links, stand = build_links(roads, work, constants, states, chain)
    reach_turns(roads, seen, states, chain, links, n_links, stand)
    placed = place_fixes(roads, constants, seen, states, chain, links, stand, settings.min_move_m)
    leave_points(links, n_links, placed)
    confidence = link_confidence(
        roads, work, constants, seen, states, arcs, chain, stand, of_state, arc_log, twin, links, n_links
    )
    rows = assemble(roads, seen, links, n_links, placed, confidence, settings.touch_m)
    rows["confidence"] = calibrated(rows["confidence"], settings)
    is_on = placed["link"] >= 0
    fix_edge = np.where(is_on, links["edge"][placed["link"]], -1).astype(np.int32)
    fix_confidence = np.where(is_on, confidence[placed["link"]], 0.0)
    fix_confidence[states["fix"][chain]] = of_state
    fix_confidence = np.where(is_on, calibrated(fix_confidence, settings), 0.0)
    breaks = breaks_of_chain(seen, states[chain], settings.max_speed_mps)
    off_m = np.where(is_on, placed["off_m"], np.inf)[used]
    return Trip(rows, placed, fix_edge, fix_confidence, breaks), off_m


def _posteriors(states: Records, arcs: Records, active: Records, heat: float) -> tuple[Floats, Floats]:
    """Log probability of each state and of each arc."""
    start_nats = np.where(states["back"] < 0, states["nats"], np.inf)
    end_nats = np.full(len(states), np.inf)
    end_nats[active["state"]] = active["nats"] - states["nats"][active["state"]]
    both: tuple[Floats, Floats] = posteriors(arcs, len(arcs), start_nats, end_nats, heat)
    return both


def breaks_of_chain(seen: Records, chain: NDArray[Any], max_speed_mps: float) -> Ints:
    """(B, 3) the fixes before and after each break of the chain of states, and its reason."""
    off_road, out = np.flatnonzero(seen["n_near"] == 0), []
    for c in np.flatnonzero(np.isinf(chain["route_m"][1:])) + 1:
        a, b = int(chain["fix"][c - 1]), int(chain["fix"][c])
        straight_m = math.hypot(seen["x"][b] - seen["x"][a], seen["y"][b] - seen["y"][a])
        reason = BreakReason.NO_PATH
        if np.any((off_road > a) & (off_road < b)):
            reason = BreakReason.NO_ROAD
        elif straight_m > max_speed_mps * max(float(seen["at_s"][b] - seen["at_s"][a]), 1.0):
            reason = BreakReason.TOO_FAST
        out.append((a, b, BREAK_REASONS.index(reason)))
    return np.array(out, np.int64).reshape(-1, 3)


def _unmatched(k: int) -> Trip:
    """A trace none of whose k fixes has a road near it: one break from its start to its end."""
    placed = np.zeros(k, PLACED)
    placed["link"] = -1
    breaks = np.array([[-1, -1, BREAK_REASONS.index(BreakReason.NO_ROAD)]], np.int64)
    return Trip(np.zeros(0, ROW), placed, np.full(k, -1, np.int32), np.zeros(k), breaks)

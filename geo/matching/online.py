"""Online matching: takes the fixes of a vehicle one by one, and answers each at once.

The lattice is that of offline matching, over a window of the newest fixes. A step decodes the newest fix, if only for
now, as offline matching decodes the last one of a trace; so its provisional place is what offline matching would say
of the fixes so far. What all ways agree on is confirmed, and what is `lag` decoded fixes old is decided: traversals of
it are given out once and never change. docs/matching.md has the figures.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConfigError
from geo.matching.arrays import FIX, Records, new_scratch
from geo.matching.candidates import GridIndex
from geo.matching.decode import advance
from geo.matching.matcher import MATCHER_VERSION
from geo.matching.online_path import Laid, breaks_of, hold, lay, nothing, revisable, upto
from geo.matching.online_result import FIX_PLACE, OnlineFix, OnlineOutcome, OnlineSettings, Place, Step, Tail
from geo.matching.online_state import NOTE, OnlineState
from geo.matching.online_window import agreeing, anchor, common_state, fold, last_until, take_back
from geo.matching.result import BREAK_REASONS, BreakReason
from geo.matching.settings import MatchSettings
from geo.matching.spread import widened
from geo.trace import TELEPORT_LOOK, TraceSettings

type Ints = NDArray[np.int64]


class OnlineMatcher:
    """Steps states over one network. Its scratch space serves one thread; states of any number of vehicles."""

    def __init__(
        self,
        index: GridIndex,
        network_version: int,
        settings: MatchSettings | None = None,
        online: OnlineSettings | None = None,
        trace: TraceSettings | None = None,
    ) -> None:
        self.settings, self.online = settings or MatchSettings(), online or OnlineSettings()
        lag = self.online.lag
        if lag is not None and not 0 <= lag <= self.online.max_fixes // 2:
            raise ConfigError(f"lag is {lag}.", hint="Choose 0 to half of max_fixes.")
        self.network_version = network_version
        self._index, self._trace = index, trace or TraceSettings()
        self._work = new_scratch(len(index.roads.edge), index.n_turns)
        self._of_device: dict[tuple[float, float], tuple[MatchSettings, np.void]] = {}

    def start(self, sigma_m: float | None = None, step_m: float = 0.0) -> OnlineState:
        """The state before the first fix of a trace.

        sigma_m  how far the fixes of the device spread beside their road, no less than the settings say
        step_m   how far apart its decoded fixes usually are (geo.matching.spread)
        """
        return OnlineState.new(max(sigma_m or 0.0, self.settings.sigma_m), step_m)

    def pack(self, state: OnlineState) -> bytes:
        """The state for a restart."""
        return state.to_bytes(MATCHER_VERSION, self.network_version)

    def unpack(self, data: bytes) -> OnlineState:
        """The state of pack. Raises InputError where it is damaged or of another matcher, network or layout."""
        return OnlineState.from_bytes(data, MATCHER_VERSION, self.network_version)

    def step(self, state: OnlineState, fix: OnlineFix) -> Step:
        """Takes the next fix of a vehicle: says where it is, and what is confirmed now."""
        refused = self._refused(state, fix)
        if refused is not None:
            return refused
        given = _Given()
        take_back(state)
        if self.online.lag is not None:
            self._decide_old(state, fix, given)
            if len(state.seen) > self.online.max_fixes:
                fold(state)
        is_far = self._append(state, fix)
        self._decode(state, is_far)
        laid = self._lay(state)
        outcome, place = self._answer(state, laid, len(state.seen) - 1)
        if is_far and self.online.lag is not None:
            self._decide(state, laid, given)
        return given.step(outcome, place)

    def tail(self, state: OnlineState) -> Tail:
        """What is known beyond what steps have given out; changes nothing."""
        laid, (rows, breaks) = self._lay(state), nothing()
        if laid is None and len(state.seen):
            breaks = np.array([[-1, -1, BREAK_REASONS.index(BreakReason.NO_ROAD)]], np.int64)
        elif laid is not None:
            rows = revisable(self._index, laid, state, self.settings)
            breaks = breaks_of(laid, state, self.settings.max_speed_mps)
        return Tail(_places(state, laid, np.flatnonzero(state.note["is_decided"] == 0)), rows, breaks)

    def _rules(self, state: OnlineState) -> tuple[MatchSettings, np.void]:
        """The settings for the device of a state, and their constants."""
        key = (float(state.head["sigma_m"][0]), float(state.head["step_m"][0]))
        if key not in self._of_device:
            wide = widened(self.settings, *key)
            self._of_device[key] = wide, wide.constants()
        return self._of_device[key]

    def _refused(self, state: OnlineState, fix: OnlineFix) -> Step | None:
        """The answer to a fix that is not taken; None for one that is."""
        if not (math.isfinite(fix.x_m) and math.isfinite(fix.y_m)):
            return _Given().step(OnlineOutcome.INVALID, None)
        if len(state.seen) == 0:
            return None
        at_s, newest = _since(state, fix.at_us), state.seen[-1]
        if at_s <= newest["at_s"]:
            return self._answer_again(state, fix, at_s)
        far_m = math.hypot(fix.x_m - newest["x"], fix.y_m - newest["y"])
        reach_m = self._trace.max_speed_mps * (at_s - newest["at_s"]) + self._trace.slack_m
        if far_m > reach_m and state.head["n_far"][0] < TELEPORT_LOOK:
            state.head["n_far"] += 1
            return _Given().step(OnlineOutcome.TELEPORT, None)
        return None

    def _answer_again(self, state: OnlineState, fix: OnlineFix, at_s: float) -> Step:
        same = np.flatnonzero(state.seen["at_s"] == at_s)
        if len(same) == 0:
            return _Given().step(OnlineOutcome.LATE, None)
        if (state.seen["x"][same[0]], state.seen["y"][same[0]]) != (fix.x_m, fix.y_m):
            return _Given().step(OnlineOutcome.CONFLICT, None)
        _, place = self._answer(state, self._lay(state), int(same[0]))
        return _Given().step(OnlineOutcome.REPEATED, place)

    def _append(self, state: OnlineState, fix: OnlineFix) -> bool:
        """Puts a fix into the window; whether it is far enough from the last decoded one to stay in the lattice."""
        head, n = state.head, len(state.seen)
        if n == 0:
            head["start_us"] = fix.at_us
        seen, note = np.zeros(n + 1, FIX), np.zeros(n + 1, NOTE)
        seen[:n], note[:n] = state.seen, state.note
        new, last = seen[n], int(state.progress["last_fix"][0])
        new["x"], new["y"], new["at_s"], new["n_near"] = fix.x_m, fix.y_m, _since(state, fix.at_us), -1
        new["sigma_m"] = np.fmax(head["sigma_m"][0], fix.sigma_m)
        _set_heading(seen, fix, self.settings.heading_min_mps)
        dx, dy = (new["x"] - seen["x"][last], new["y"] - seen["y"][last]) if last >= 0 else (math.inf, 0.0)
        is_far = bool(dx * dx + dy * dy >= self._rules(state)[0].min_move_m ** 2)
        note[n] = (int(head["n_taken"][0]), 1, is_far, 0)
        head["n_taken"] += 1
        head["n_far"] = 0
        state.seen, state.note = seen, note
        return is_far

    def _decode(self, state: OnlineState, is_far: bool) -> None:
        """Decodes the newest fix; where it is not far, so that take_back can undo it."""
        f, progress, seen = len(state.seen) - 1, state.progress.copy(), state.seen
        if not is_far:
            state.base_progress, state.base_active = state.progress, state.active
        self._work.active[: len(state.active)] = state.active
        after_s = float(seen["at_s"][f] - seen["at_s"][f - 1]) if f > 0 else 0.0
        states, arcs = advance(
            self._index.roads, self._work, self._rules(state)[1], seen, f, after_s, state.states, state.arcs, progress
        )
        n_before = len(state.states)
        n_states, n_arcs, n_active = (int(progress[name][0]) for name in ("n_states", "n_arcs", "n_active"))
        state.states, state.arcs, state.progress = states[:n_states], arcs[:n_arcs], progress
        new = state.states[n_before:]
        state.start_nats = np.append(state.start_nats, np.where(new["back"] < 0, new["nats"], np.inf))
        state.active = self._work.active[:n_active].copy()

    def _lay(self, state: OnlineState) -> Laid | None:
        if len(state.active) == 0:
            return None
        settings, constants = self._rules(state)
        return lay(self._index, self._work, constants, state, settings)

    def _answer(self, state: OnlineState, laid: Laid | None, f: int) -> tuple[OnlineOutcome, Place | None]:
        """What is known of fix f of the window."""
        edge = -1 if laid is None else int(laid.edge[f])
        if laid is None or edge < 0:
            return OnlineOutcome.NO_ROAD if state.seen["n_near"][f] == 0 else OnlineOutcome.UNMATCHED, None
        pos_m = float(laid.placed["pos_m"][f])
        along_m = float(self._index.roads.edge["length_m"][edge]) - pos_m if edge & 1 else pos_m
        active, states = state.active, state.states
        of = states["edge"][active["state"]]
        others = active["nats"][(of != edge) & (of != of[0])]
        margin = min(float(others.min(initial=np.inf) - active["nats"][0]), self._rules(state)[0].beam_nats)
        off_m, confidence = float(laid.placed["off_m"][f]), float(laid.of_fix[f])
        return OnlineOutcome.MATCHED, Place(edge, along_m, off_m, margin, confidence)

    def _decide(self, state: OnlineState, laid: Laid | None, given: _Given) -> None:
        """Confirms what all ways agree on, and decides what is old enough, after a fix that stays decoded."""
        agreed = int(common_state(state.states, state.active))
        if laid is not None and agreed >= 0 and agreed != state.head["anchor"][0]:
            self._settle(state, laid, int(state.states["fix"][agreed]), given)
            laid = self._lay(state)
        decoded = np.flatnonzero(state.note["is_decoded"])
        lag = self.online.lag or 0
        if len(decoded) > lag and not state.note["is_decided"][decoded[-1 - lag]]:
            self._settle(state, laid, int(decoded[-1 - lag]), given)

    def _decide_old(self, state: OnlineState, fix: OnlineFix, given: _Given) -> None:
        """Decides what is older than max_wait_s when a fix comes."""
        is_old = state.seen["at_s"] < _since(state, fix.at_us) - self.online.max_wait_s
        old = np.flatnonzero(is_old & (state.note["is_decoded"] != 0))
        if len(old) and not state.note["is_decided"][old[-1]]:
            self._settle(state, self._lay(state), int(old[-1]), given)

    def _settle(self, state: OnlineState, laid: Laid | None, f: int, given: _Given) -> None:
        """Decides fix f of the window and all before it by the cheapest way; ways that say otherwise end here."""
        due = np.flatnonzero((state.note["is_decided"] == 0) & (np.arange(len(state.seen)) <= f))
        given.fixes.append(_places(state, laid, due))
        state.note["is_decided"][due] = 1
        if laid is None:
            return
        chosen = int(last_until(state.states, laid.chain[-1], f))
        state.active = agreeing(state.states, state.active, f, chosen).copy()
        state.progress["n_active"] = len(state.active)
        if chosen < 0 or chosen == state.head["anchor"][0]:
            return
        c = int(np.searchsorted(laid.chain, chosen))
        path = upto(laid, c, state)
        given.breaks.append(breaks_of(path, state, self.settings.max_speed_mps))
        given.traversals.append(hold(self._index, path, state, self.settings))
        anchor(state, chosen, self.settings.heat)


class _Given:
    """What one step gives out."""

    def __init__(self) -> None:
        rows, breaks = nothing()
        self.fixes, self.traversals, self.breaks = [np.zeros(0, FIX_PLACE)], [rows], [breaks]

    def step(self, outcome: OnlineOutcome, place: Place | None) -> Step:
        joined = (np.concatenate(parts) for parts in (self.fixes, self.traversals, self.breaks))
        return Step(outcome, place, *joined)


def _since(state: OnlineState, at_us: int) -> float:
    """Seconds since the first fix of the trace."""
    return float(at_us - int(state.head["start_us"][0])) / 1e6 if len(state.seen) else 0.0


def _set_heading(seen: Records, fix: OnlineFix, min_mps: float) -> None:
    """Sets the unit heading of the newest fix if it is fast enough; without a speed, that from the fix before."""
    new, speed_mps = seen[-1], fix.speed_mps
    if math.isnan(speed_mps) and len(seen) > 1:
        moved_m = math.hypot(new["x"] - seen["x"][-2], new["y"] - seen["y"][-2])
        speed_mps = moved_m / max(float(new["at_s"] - seen["at_s"][-2]), 1e-3)
    if speed_mps >= min_mps and not math.isnan(fix.heading_deg):
        new["head_x"] = math.sin(math.radians(fix.heading_deg))
        new["head_y"] = math.cos(math.radians(fix.heading_deg))


def _places(state: OnlineState, laid: Laid | None, which: Ints) -> Records:
    """FIX_PLACE of some fixes of the window."""
    out = np.zeros(len(which), FIX_PLACE)
    out["number"], out["n"] = state.note["number"][which], state.note["n"][which]
    out["edge"] = -1
    if laid is not None:
        out["edge"], out["confidence"] = laid.edge[which], laid.of_fix[which]
        out["pos_m"], out["off_m"] = laid.placed["pos_m"][which], laid.placed["off_m"][which]
    return out

"""Online matching: takes the fixes of a vehicle one by one, and answers each at once.

The lattice is that of offline matching, over a window of the newest fixes. A step decodes the newest fix, if only for
now, as offline matching decodes the last one of a trace; so its provisional place is what offline matching would say
of the fixes so far. What all ways agree on is confirmed, and what is `lag` decoded fixes old is decided: traversals of
it are given out once and never change. docs/matching.md has the figures.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConfigError, InputError
from geo.matching.arrays import Records, joined, new_scratch
from geo.matching.candidates import GridIndex
from geo.matching.matcher import MATCHER_VERSION
from geo.matching.online_decode import FixColumns, append, decode_many, decode_newest, n_undecided, since
from geo.matching.online_path import Laid, breaks_of, hold, lay, nothing, revisable, upto
from geo.matching.online_result import FIX_PLACE, Known, OnlineFix, OnlineOutcome, OnlineSettings, Place, Step
from geo.matching.online_state import OnlineState
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
        self._make_room(state, fix.at_us, given)
        append(state, fix.columns, self.settings.heading_min_mps)
        is_far = self._decode_newest(state)
        laid = self._lay(state)
        outcome, place = self._answer(state, laid, len(state.seen) - 1)
        if is_far:
            self._decide(state, laid, given)
        return given.step(outcome, place)

    def run(self, state: OnlineState, fixes: FixColumns) -> Known:
        """Takes (k,) fixes of a cleaned trace, to the same state as by k steps, and gives out all that they confirm.

        Raises InputError for fixes out of order or without a place.
        """
        _check(state, fixes)
        given, done, max_open = _Given(), 0, self._max_open()
        limits = (self.online.max_wait_s, self.online.max_fixes, max_open)
        if self.online.lag is None:
            limits = (math.inf, sys.maxsize, sys.maxsize)
        settings, constants = self._rules(state)
        while done < len(fixes):
            self._make_room(state, int(fixes.at_us[done]), given)
            rest = fixes.part(done, len(fixes))
            done += decode_many(self._index.roads, self._work, constants, state, rest, settings, limits)
            if state.note["is_decoded"][-1]:
                self._decide(state, None, given)
        if not state.note["is_decoded"][-1]:
            self._decode_newest(state)
        return given.known()

    def tail(self, state: OnlineState) -> Known:
        """What is known beyond what was given out, and may still change; with that it is the whole. Changes nothing."""
        laid, (rows, breaks) = self._lay(state), nothing()
        if laid is None and len(state.seen):
            breaks = np.array([[-1, -1, BREAK_REASONS.index(BreakReason.NO_ROAD)]], np.int64)
        elif laid is not None:
            rows = revisable(self._index, laid, state, self.settings)
            breaks = breaks_of(laid, state, self.settings.max_speed_mps)
        return Known(_places(state, laid, np.flatnonzero(state.note["is_decided"] == 0)), rows, breaks)

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
        at_s, newest = since(state, fix.at_us), state.seen[-1]
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

    def _make_room(self, state: OnlineState, at_us: int, given: _Given) -> None:
        """Before a fix is taken: undoes what was only for now, decides what is too old, folds what is too much."""
        take_back(state)
        if self.online.lag is not None:
            self._decide_old(state, at_us, given)
            if len(state.seen) > self.online.max_fixes:
                fold(state)

    def _decode_newest(self, state: OnlineState) -> bool:
        settings, constants = self._rules(state)
        return decode_newest(self._index.roads, self._work, constants, state, settings)

    def _max_open(self) -> int:
        """Decoded fixes that are undecided when ways are looked at."""
        return min(self.online.settle_after, (self.online.lag or 0) + 1)

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
        """Confirms what all ways agree on, and decides what is old enough, after a fix that stays decoded.

        laid is the window as it is laid, if it is known.
        """
        lag = self.online.lag
        if lag is None or n_undecided(state) < self._max_open():
            return
        f, agreed = -1, int(common_state(state.states, state.active))
        if agreed >= 0 and agreed != state.head["anchor"][0]:
            f = int(state.states["fix"][agreed])
        decoded = np.flatnonzero(state.note["is_decoded"])
        if len(decoded) > lag and not state.note["is_decided"][decoded[-1 - lag]]:
            f = max(f, int(decoded[-1 - lag]))
        if f >= 0:
            self._settle(state, laid or self._lay(state), f, given)

    def _decide_old(self, state: OnlineState, at_us: int, given: _Given) -> None:
        """Decides what is older than max_wait_s at a moment."""
        is_old = state.seen["at_s"] < since(state, at_us) - self.online.max_wait_s
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

    def known(self) -> Known:
        return Known(joined(self.fixes), joined(self.traversals), np.concatenate(self.breaks))

    def step(self, outcome: OnlineOutcome, place: Place | None) -> Step:
        known = self.known()
        return Step(outcome, place, known.fixes, known.traversals, known.breaks)


def _check(state: OnlineState, fixes: FixColumns) -> None:
    at_us = fixes.at_us
    is_late = len(state.seen) > 0 and len(fixes) > 0 and since(state, int(at_us[0])) <= float(state.seen["at_s"][-1])
    is_place = np.isfinite(fixes.x_m) & np.isfinite(fixes.y_m)
    if len(fixes) == 0 or is_late or (np.diff(at_us) <= 0).any() or not is_place.all():
        raise InputError("These fixes are not the next ones of a trace.", hint="Clean and split them first.")


def _places(state: OnlineState, laid: Laid | None, which: Ints) -> Records:
    """FIX_PLACE of some fixes of the window."""
    out = np.zeros(len(which), FIX_PLACE)
    out["number"], out["n"] = state.note["number"][which], state.note["n"][which]
    out["edge"] = -1
    if laid is not None:
        out["edge"], out["confidence"] = laid.edge[which], laid.of_fix[which]
        out["pos_m"], out["off_m"] = laid.placed["pos_m"][which], laid.placed["off_m"][which]
    return out

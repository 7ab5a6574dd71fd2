"""Steps the fixes of traces, and puts together what the steps gave out: the same record as of offline matching."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from geo.matching.arrays import Records
from geo.matching.assemble import ROW
from geo.matching.online import OnlineMatcher
from geo.matching.online_result import FIX_PLACE, OnlineFix, Step
from geo.matching.online_state import OnlineState
from geo.matching.path import PLACED
from geo.matching.settings import MatchSettings
from geo.matching.trip import Trip
from geo.trace import Traces


def fixes_of(traces: Traces, t: int, settings: MatchSettings, first: int = 0) -> Iterator[OnlineFix]:
    """The fixes of trace t from its fix number `first` on. A device that claims a greater spread is believed."""
    part = slice(int(traces.start[t]) + first, int(traces.start[t + 1]))
    f = traces.fixes
    most_m = max(settings.sigma_m, settings.sigma_max_m)
    sigma_m = np.clip(np.nan_to_num(f.accuracy_m[part], nan=settings.sigma_m), settings.sigma_m, most_m)
    x, y = traces.xy[part].T
    columns = (f.at_us[part], x, y, f.heading_deg[part], f.speed_mps[part], sigma_m)
    for at_us, x_m, y_m, heading_deg, speed_mps, spread_m in zip(*(c.tolist() for c in columns), strict=True):
        yield OnlineFix(at_us, x_m, y_m, heading_deg, speed_mps, spread_m)


class OnlineTrip:
    """The state of an open trace, and all that its steps have given out.

    Every fix that it is given has to be one that its matcher takes: those of a cleaned trace, in order.
    """

    def __init__(self, state: OnlineState) -> None:
        self.state, self.n = state, 0
        self._fixes, self._rows = [np.zeros(0, FIX_PLACE)], [np.zeros(0, ROW)]
        self._breaks = [np.zeros((0, 3), np.int64)]

    def step(self, matcher: OnlineMatcher, fix: OnlineFix) -> Step:
        """Steps one fix and keeps what that gives out."""
        step = matcher.step(self.state, fix)
        self.n += 1
        if len(step.fixes):
            self._fixes.append(step.fixes)
        if len(step.traversals):
            self._rows.append(step.traversals)
        if len(step.breaks):
            self._breaks.append(step.breaks)
        return step

    def copy(self) -> OnlineTrip:
        """An independent copy."""
        other = OnlineTrip(self.state.copy())
        other.n, other._fixes, other._rows = self.n, list(self._fixes), list(self._rows)
        other._breaks = list(self._breaks)
        return other

    def trip(self, matcher: OnlineMatcher) -> Trip:
        """What was given out and what is known of the rest, as one outcome."""
        tail = matcher.tail(self.state)
        found = spread(np.concatenate([*self._fixes, tail.fixes]))
        placed = np.zeros(len(found), PLACED)
        placed["pos_m"], placed["off_m"] = found["pos_m"], found["off_m"]
        placed["link"] = np.where(found["edge"] >= 0, 0, -1)
        return Trip(
            rows=np.concatenate([*self._rows, tail.traversals]),
            placed=placed,
            fix_edge=found["edge"].astype(np.int32),
            confidence=found["confidence"].copy(),
            breaks=np.concatenate([*self._breaks, tail.breaks]),
        )


def spread(found: Records) -> Records:
    """FIX_PLACE of each single fix, in order of their numbers."""
    single: Records = np.repeat(found, found["n"])
    order = np.argsort(single["number"], kind="stable")
    return single[order]

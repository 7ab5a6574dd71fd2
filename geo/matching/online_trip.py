"""Steps the fixes of traces, and puts together what the steps gave out: the same record as of offline matching."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from geo.matching.arrays import Records, joined
from geo.matching.assemble import ROW
from geo.matching.online import OnlineMatcher
from geo.matching.online_decode import FixColumns
from geo.matching.online_result import FIX_PLACE, Known, OnlineFix, Step
from geo.matching.online_state import OnlineState
from geo.matching.path import PLACED
from geo.matching.settings import MatchSettings
from geo.matching.trip import Trip
from geo.trace import Traces


def columns_of(traces: Traces, t: int, settings: MatchSettings) -> FixColumns:
    """The fixes of trace t. A device that claims a greater spread is believed."""
    part, f = slice(int(traces.start[t]), int(traces.start[t + 1])), traces.fixes
    most_m = max(settings.sigma_m, settings.sigma_max_m)
    sigma_m = np.clip(np.nan_to_num(f.accuracy_m[part], nan=settings.sigma_m), settings.sigma_m, most_m)
    x, y = traces.xy[part].T
    heading, speed = f.heading_deg[part].astype(np.float64), f.speed_mps[part].astype(np.float64)
    return FixColumns(f.at_us[part], x, y, heading, speed, sigma_m.astype(np.float64))


def fixes_of(traces: Traces, t: int, settings: MatchSettings) -> Iterator[OnlineFix]:
    """The fixes of trace t, one by one."""
    columns = columns_of(traces, t, settings)
    for row in zip(*(getattr(columns, name).tolist() for name in columns.__slots__), strict=True):
        yield OnlineFix(*row)


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
        self._keep(step, 1)
        return step

    def run(self, matcher: OnlineMatcher, fixes: FixColumns) -> None:
        """Takes many fixes and keeps what they give out."""
        self._keep(matcher.run(self.state, fixes), len(fixes))

    def _keep(self, known: Known | Step, n: int) -> None:
        self.n += n
        if len(known.fixes):
            self._fixes.append(known.fixes)
        if len(known.traversals):
            self._rows.append(known.traversals)
        if len(known.breaks):
            self._breaks.append(known.breaks)

    def copy(self) -> OnlineTrip:
        """An independent copy."""
        other = OnlineTrip(self.state.copy())
        other.n, other._fixes = self.n, [joined(self._fixes)]
        other._rows, other._breaks = [joined(self._rows)], [np.concatenate(self._breaks)]
        return other

    @property
    def rows(self) -> Records:
        """(R,) ROW that were given out and are still kept; they change no more."""
        self._rows = [joined(self._rows)]
        return self._rows[0]

    def forget(self, n_rows: int) -> int:
        """Forgets the first n_rows of `rows`, and all fixes before the first of the next one.

        Returns the number of that fix, from which on `trip` goes then. At least one row has to be left.
        """
        rows = self.rows[n_rows:]
        number = int(rows["first_fix"][0])
        found, breaks = joined(self._fixes), np.concatenate(self._breaks)
        past = np.maximum(number - found["number"], 0)
        found["number"] += past
        found["n"] -= past
        self._rows, self._fixes = [rows.copy()], [found[found["n"] > 0]]
        self._breaks = [breaks[(breaks[:, 0] >= number) | (breaks[:, 1] > number)]]
        return number

    def trip(self, matcher: OnlineMatcher) -> Trip:
        """What was given out and what is known of the rest, as one outcome."""
        tail = matcher.tail(self.state)
        found = spread(joined([*self._fixes, tail.fixes]))
        placed = np.zeros(len(found), PLACED)
        placed["pos_m"], placed["off_m"] = found["pos_m"], found["off_m"]
        placed["link"] = np.where(found["edge"] >= 0, 0, -1)
        return Trip(
            rows=joined([*self._rows, tail.traversals]),
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

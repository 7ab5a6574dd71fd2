"""From the states of a network at moment after moment to spans: of every edge, from when to when it was in which state.

Pure: arrays in, arrays out. What is unknown by the default reason has no span.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.orders import NONE
from geo.status import NEVER, REASONS, STATE_UNKNOWN, EdgeStatus

type Ints = NDArray[np.int64]
type Rows = NDArray[Any]

#: A state of an edge, as pub.status_past has it; words as codes, moments in microseconds since the epoch or NEVER.
STATE = np.dtype(
    [
        ("state", "i1"), ("reason", "i1"), ("cleared_us", "i8"), ("valid_until_us", "i8"), ("observed_us", "i8"),
        ("covered_fraction", "f4"), ("passed_fraction", "f4"), ("treatment", "i1"), ("spread_us", "i8"),
        ("sidewalk_us", "i8"), ("restriction", "i1"), ("is_corrected", "?"), ("work_basis", "i1"),
        ("confidence", "f4"), ("source", "i8"), ("synthetic", "?"),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spans:
    """n spans: place (n,) positions of edges, from_us and to_us (n,), state (n,) of STATE."""

    place: Ints
    from_us: Ints
    to_us: Ints
    state: Rows

    def __len__(self) -> int:
        return len(self.place)


def states_of(status: EdgeStatus, at: Ints, *, synthetic: bool) -> Rows:
    """(len(at),) states of the edges at positions; synthetic: the roads are made up."""
    rows = np.empty(len(at), STATE)
    for name in STATE.names or ():
        rows[name] = getattr(status, name)[at]
    rows["synthetic"] |= synthetic
    return rows


def is_default(rows: Rows, reason: str) -> NDArray[np.bool_]:
    """(n,) whether a state is unknown by the default reason, without any evidence or restriction."""
    code = next(i for i, word in enumerate(REASONS) if word == reason)
    told_by_default = (rows["state"] == STATE_UNKNOWN) & (rows["reason"] == code)
    found: NDArray[np.bool_] = told_by_default & (rows["observed_us"] == NEVER) & (rows["restriction"] == NONE)
    return found


@dataclass(slots=True)
class SpanBuilder:
    """Takes the states of n edges at one moment after another, and gives the spans between."""

    reason: str
    _now: Rows | None = None
    _since: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    _parts: list[Spans] = field(default_factory=list)

    def take(self, at_us: int, rows: Rows) -> None:
        """The states at a moment, later than all before."""
        if self._now is None:
            self._now, self._since = rows.copy(), np.full(len(rows), at_us, np.int64)
            return
        changed = np.flatnonzero(_differ(self._now, rows))
        self._end(changed, at_us)
        self._now[changed], self._since[changed] = rows[changed], at_us

    def finish(self, at_us: int) -> Spans:
        """All spans; those that go on end at a moment."""
        if self._now is not None:
            self._end(np.arange(len(self._now)), at_us)
            self._now = None
        none = np.zeros(0, np.int64)
        parts = self._parts or [Spans(none, none, none, np.zeros(0, STATE))]
        return Spans(*(np.concatenate([getattr(part, name) for part in parts]) for name in Spans.__slots__))

    def _end(self, place: Ints, at_us: int) -> None:
        assert self._now is not None
        place = place[~is_default(self._now[place], self.reason) & (self._since[place] < at_us)]
        since = self._since[place]
        self._parts.append(Spans(place, since, np.full(len(place), at_us, np.int64), self._now[place]))


def _differ(a: Rows, b: Rows) -> NDArray[np.bool_]:
    found = np.zeros(len(a), np.bool_)
    for name in STATE.names or ():
        found |= a[name] != b[name]
    return found

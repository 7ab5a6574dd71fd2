"""The states of all edges as arrays in the order of the index, and the columns of the JSON snapshot from them.

Times are told in whole steps, and never later than they are: a clearing looks a little older than it is and runs out a
little earlier. So an answer stays small, and nothing looks better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.vocabulary import Reason, State

type Ints = NDArray[np.int64]
type Small = NDArray[np.int16]
type Bools = NDArray[np.bool_]

CHARS = {State.CLEARED.value: "c", State.CLEARING.value: "g", State.UNCLEARED.value: "u", State.UNKNOWN.value: "?"}
STATES = list(CHARS)
#: The direction is not open to traffic.
CLOSED = "-"
#: Stands for NULL in columns of seconds.
NO_MOMENT = -1
REASONS = [reason.value for reason in Reason]
POSITION_OF_REASON = {reason: position for position, reason in enumerate(REASONS)}
UNKNOWN, EXPIRED = STATES.index(State.UNKNOWN.value), POSITION_OF_REASON[Reason.EXPIRED.value]
#: cleared_at and valid_until are told in steps of so many seconds, rounded down.
STEP_S = 300
#: Where there is a clearing, observed_at is told in longer steps, but never before the clearing.
OBSERVED_STEP_S = 1200
#: Names of the six columns of a direction, in the order of the documentation.
COLUMNS = ("state", "reason", "cleared_s", "valid_s", "observed_s", "covered")


@dataclass(frozen=True, slots=True)
class Index:
    """The edges in the order in which answers tell them; fixed for a roads_version.

    edge_id   (E,) ids
    piece_id  (P,) ids of their pieces, ascending
    places    (P, 2) positions of the forward and the backward edge of each piece; -1: not open to traffic
    """

    roads_version: str
    edge_id: Ints
    piece_id: Ints
    places: Ints

    @staticmethod
    def of(roads_version: str, edge_id: Ints) -> Index:
        """The index of edges in their order."""
        piece_id, at = np.unique(edge_id >> 1, return_inverse=True)
        places = np.full((len(piece_id), 2), -1, np.int64)
        places[at, edge_id & 1] = np.arange(len(edge_id))
        return Index(roads_version, edge_id, piece_id, places)


@dataclass(frozen=True, slots=True)
class Records:
    """What is told of n edges: codes of STATES and REASONS, seconds since the epoch or NO_MOMENT, whole percent."""

    state: Small
    reason: Small
    cleared: Ints
    valid: Ints
    observed: Ints
    covered: Small

    def __len__(self) -> int:
        return len(self.state)

    @staticmethod
    def unknown(n: int, reason: str) -> Records:
        """n edges of which nothing is told but why."""
        none = np.full(n, NO_MOMENT, np.int64)
        code = np.full(n, POSITION_OF_REASON[reason], np.int16)
        return Records(np.full(n, UNKNOWN, np.int16), code, none, none.copy(), none.copy(), np.zeros(n, np.int16))

    def put(self, at: Ints, new: Records) -> Records:
        """The same with other records at some positions."""
        changed = {}
        for name in self.__slots__:
            values = getattr(self, name).copy()
            values[at] = getattr(new, name)
            changed[name] = values
        return Records(**changed)

    def take(self, at: NDArray[Any]) -> Records:
        """The records at positions, or of a mask."""
        return Records(*(getattr(self, name)[at] for name in self.__slots__))

    def rounded(self) -> Records:
        """The same with times in whole steps, none later than it is."""
        cleared, valid = _down(self.cleared, STEP_S), _down(self.valid, STEP_S)
        after = (self.cleared != NO_MOMENT) & (self.observed != NO_MOMENT)
        coarse = _down(self.observed, OBSERVED_STEP_S)
        coarse = np.where(self.observed >= self.cleared, np.maximum(coarse, cleared), coarse)
        return replace(
            self, cleared=cleared, valid=valid, observed=np.where(after, coarse, _down(self.observed, STEP_S))
        )

    def shown(self, moment_s: int) -> Records:
        """The same with what has run out by a moment unknown."""
        is_good = (self.state == STATES.index(State.CLEARED)) | (self.state == STATES.index(State.CLEARING))
        is_over = is_good & (self.valid != NO_MOMENT) & (self.valid <= moment_s)
        return replace(
            self,
            state=np.where(is_over, UNKNOWN, self.state).astype(np.int16),
            reason=np.where(is_over, EXPIRED, self.reason).astype(np.int16),
        )

    def is_default(self, reason: str) -> Bools:
        """(n,) whether an edge is unknown by the default reason, without any evidence."""
        is_by_default = (self.state == UNKNOWN) & (self.reason == POSITION_OF_REASON[reason])
        found: Bools = is_by_default & (self.observed == NO_MOMENT)
        return found


def _down(at_s: Ints, step_s: int) -> Ints:
    return np.where(at_s == NO_MOMENT, NO_MOMENT, at_s // step_s * step_s)


def round_times(cleared: int | None, valid: int | None, observed: int | None) -> tuple[int | None, ...]:
    """Seconds of one edge in whole steps; what Records.rounded does with many."""
    lower = [None if at is None else at // STEP_S * STEP_S for at in (cleared, valid, observed)]
    if cleared is not None and observed is not None:
        coarse = observed // OBSERVED_STEP_S * OBSERVED_STEP_S
        lower[2] = max(coarse, lower[0] or 0) if observed >= cleared else coarse
    return tuple(lower)


def json_columns(index: Index, records: Records, default_reason: str, moment_s: int) -> dict[str, Any]:
    """n, base_at, piece_id, reasons, forward and backward of the JSON snapshot: pieces that more is known of than the
    default, ascending by id, both directions each."""
    is_told = np.append(~records.is_default(default_reason), False)
    piece = np.flatnonzero(is_told[index.places].any(axis=1))
    times = np.concatenate([records.cleared, records.valid, records.observed])
    times = times[times != NO_MOMENT]
    base_s = int(times.min()) if len(times) else moment_s
    columns: dict[str, Any] = {
        "n": len(piece), "base_at": base_s, "piece_id": np.diff(index.piece_id[piece], prepend=0).tolist(),
        "reasons": REASONS,
    }  # fmt: skip
    for side, name in enumerate(("forward", "backward")):
        columns[name] = _direction(records, index.places[piece, side], base_s)
    return columns


def _direction(records: Records, at: Ints, base_s: int) -> dict[str, Any]:
    """The columns of one direction; -1: it is not open to traffic."""
    is_open = at >= 0
    found = records.take(np.maximum(at, 0)) if len(records) else Records.unknown(len(at), REASONS[0])
    chars = np.array([*CHARS.values(), CLOSED])
    seconds = [
        np.where(is_open & (times != NO_MOMENT), times - base_s, NO_MOMENT).tolist()
        for times in (found.cleared, found.valid, found.observed)
    ]
    state = "".join(chars[np.where(is_open, found.state, len(CHARS))].tolist())
    reason, covered = np.where(is_open, found.reason, 0).tolist(), np.where(is_open, found.covered, 0).tolist()
    return dict(zip(COLUMNS, (state, reason, *seconds, covered), strict=True))

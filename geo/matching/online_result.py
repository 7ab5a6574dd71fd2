"""What online matching takes and answers: settings, fixes, places, steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import Records
from geo.matching.online_decode import FixColumns

type Ints = NDArray[np.int64]

#: What is said of fixes. number: place among the fixes taken of the trace; n: so many fixes from it on lie there;
#: edge (-1 unmatched), pos_m from its start in its direction, off_m from the fix to it.
FIX_PLACE = np.dtype(
    [("number", "i8"), ("n", "i8"), ("edge", "i8"), ("pos_m", "f8"), ("off_m", "f8"), ("confidence", "f8")], align=True
)


class OnlineOutcome(StrEnum):
    """What a step made of its fix. The last five leave the state as it was, but for the count of teleports."""

    MATCHED = "matched"
    #: roads are near, but leaving the fix out explains it better than any of them
    UNMATCHED = "unmatched"
    NO_ROAD = "no_road"
    #: a fix of the window again, answered again
    REPEATED = "repeated"
    #: another place at a time of the window
    CONFLICT = "conflict"
    #: older than the newest one; the trace as a whole takes it in when it closes
    LATE = "late"
    #: nobody drives so fast; believed after geo.trace.TELEPORT_LOOK of them in a row
    TELEPORT = "teleport"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class OnlineSettings:
    """How long online matching waits; docs/matching.md tells how the defaults were chosen.

    lag         a fix is decided when so many more have been decoded; None never, for tests and replays
    settle_after  what all ways agree on is confirmed once so many decoded fixes are undecided
    max_wait_s  or when it is so old: a vehicle that stands still decodes nothing
    max_fixes   the window folds fixes together beyond this
    """

    lag: int | None = 32
    settle_after: int = 16
    max_wait_s: float = 1800.0
    max_fixes: int = 512


@dataclass(frozen=True, slots=True)
class OnlineFix:
    """A fix in the plane of the network. sigma_m: spread of this one, where it is more than that of its device."""

    at_us: int
    x_m: float
    y_m: float
    heading_deg: float = math.nan
    speed_mps: float = math.nan
    sigma_m: float = math.nan

    @property
    def columns(self) -> FixColumns:
        """As one of many."""
        at_us, *rest = (np.array([getattr(self, name)]) for name in self.__slots__)
        return FixColumns(at_us.astype(np.int64), *(column.astype(np.float64) for column in rest))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fix lies.

    edge, offset_m, distance_m  edge position, metres along digitising, metres beside it
    margin_nats  how much dearer the best explanation on another edge is; the beam where none is in it
    confidence   probability that the directed edge is the true one
    """

    edge: int
    offset_m: float
    distance_m: float
    margin_nats: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to one fix, and what it confirmed. place is None where the fix lies nowhere.

    fixes        FIX_PLACE that will not change any more
    traversals   ROW likewise, first_fix and last_fix by number, seconds since the first fix of the trace
    breaks       (B, 3) likewise: numbers of the fixes before and after, position in BREAK_REASONS
    """

    outcome: OnlineOutcome
    place: Place | None
    fixes: Records
    traversals: Records
    breaks: Ints


@dataclass(frozen=True, slots=True)
class Known:
    """Fixes, traversals and breaks as in Step: those that a run has confirmed, or the newest that may still change."""

    fixes: Records
    traversals: Records
    breaks: Ints

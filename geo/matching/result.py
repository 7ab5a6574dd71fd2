"""What the matcher gives back: traversals, one result a fix, and breaks, all as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geo.vocabulary import TraversalStatus

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Ints8 = NDArray[np.int8]

#: Position of each status in `Traversals.status` and `MatchedFixes.status`.
STATUSES: tuple[TraversalStatus, ...] = tuple(TraversalStatus)
MATCHED, INFERRED, UNMATCHED = range(3)


class BreakReason(StrEnum):
    """Why a path stops and starts again."""

    #: no road is near the fixes between
    NO_ROAD = "no_road"
    #: no way on the network leads from one fix to the next within the distance allowed
    NO_PATH = "no_path"
    #: a way exists, but nobody drives it in that time
    TOO_FAST = "too_fast"


#: Position of each reason in `Breaks.reason`.
BREAK_REASONS: tuple[BreakReason, ...] = tuple(BreakReason)


@dataclass(frozen=True, slots=True)
class Traversals:
    """R edge intervals really driven, in the order of trace and seq.

    trace       (R,) position of the trace in Traces
    seq         (R,) int32, 0, 1, 2 … within the trace, in driving order
    edge        (R,) int32, edge position in Network: carries the direction driven
    from_m, to_m  (R,) metres along digitising whatever the direction; from_m < to_m
    entered_us, left_us  (R,) microseconds since the epoch; interpolated along the path, entered_us <= left_us
    status      (R,) int8, position in STATUSES: matched (a fix of its own) or inferred
    confidence  (R,) 0 to 1
    n_fixes     (R,) int32, fixes that lie on it; 0 when inferred
    first_fix, last_fix  (R,) positions in Traces.fixes; of an inferred one, the fixes before and after it
    """

    trace: Ints
    seq: Ints32
    edge: Ints32
    from_m: Floats
    to_m: Floats
    entered_us: Ints
    left_us: Ints
    status: Ints8
    confidence: Floats
    n_fixes: Ints32
    first_fix: Ints
    last_fix: Ints

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, slots=True)
class MatchedFixes:
    """One result for each of the k fixes of Traces.

    edge        (k,) int32, edge position; -1 unmatched
    offset_m    (k,) metres along digitising; NaN unmatched
    distance_m  (k,) from the fix to that place; NaN unmatched
    status      (k,) int8, position in STATUSES: matched, or unmatched (skipped as an outlier, or no road near)
    confidence  (k,) probability that the directed edge is the true one; 0 unmatched
    """

    edge: Ints32
    offset_m: Floats
    distance_m: Floats
    status: Ints8
    confidence: Floats

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, slots=True)
class Breaks:
    """B places where the path of a trace stops.

    trace       (B,) position of the trace
    after_fix   (B,) last fix before the break, position in Traces.fixes; -1 at the start of a trace
    before_fix  (B,) first fix after it; -1 at the end of a trace
    reason      (B,) int8, position in BREAK_REASONS
    """

    trace: Ints
    after_fix: Ints
    before_fix: Ints
    reason: Ints8

    def __len__(self) -> int:
        return len(self.trace)


@dataclass(frozen=True, slots=True)
class Matched:
    """The outcome of matching traces on one network version."""

    matcher_version: str
    network_version: int
    traversals: Traversals
    fixes: MatchedFixes
    breaks: Breaks

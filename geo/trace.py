"""走行軌跡: cleans the fixes of vehicles and splits them into traces.

Every input fix gets one outcome, so that the counts add up and nothing is dropped silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geo.fix import Fixes

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]


class FixOutcome(StrEnum):
    """What cleaning did with a fix."""

    KEPT = "kept"
    #: same vehicle, same time, same place as the fix before
    DUPLICATE = "duplicate"
    #: same vehicle and time, another place: the one that fits its neighbours stays
    CONFLICT = "conflict"
    #: no vehicle drives so fast to it and back again
    TELEPORT = "teleport"
    #: its time lies far off the times of its neighbours in the feed
    CLOCK_SKEW = "clock_skew"
    #: one of many in one place while the vehicle stood; the first and the last of the stand are kept
    PARKED = "parked"
    #: a coordinate is not a number
    INVALID = "invalid"


#: Position of each outcome in `Traces.outcome`.
FIX_OUTCOMES: tuple[FixOutcome, ...] = tuple(FixOutcome)


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """How fixes are cleaned and split; each default says where it comes from.

    max_gap_s       a longer silence ends the trace. Real units were silent for up to 521 s on the move (DATA)
    max_speed_mps   70 m/s, 252 km/h: above every road vehicle, so only a wrong position needs it
    parked_radius_m a stand is fixes within this radius of its first one; 2.5 times the usual 8 m of GPS noise
    parked_min_s    a stand shorter than this is kept whole: a plough at a light or turning is not parked
    """

    max_gap_s: float = 900.0
    max_speed_mps: float = 70.0
    parked_radius_m: float = 20.0
    parked_min_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Traces:
    """T traces over the k fixes that were kept.

    fixes    the kept fixes, by vehicle and time
    xy       (k, 2) their places in metres of the plane CRS of the network
    kept     (k,) int64, position of each kept fix among the input fixes
    start    (T + 1,) int64, first kept fix of each trace; start[T] == k
    vehicle  (T,) int64
    outcome  (n,) int8, position in FIX_OUTCOMES of each input fix
    """

    fixes: Fixes
    xy: Floats
    kept: Ints
    start: Ints
    vehicle: Ints
    outcome: Ints8

    def __len__(self) -> int:
        return len(self.vehicle)

    def counts(self) -> dict[str, int]:
        """Number of input fixes per outcome; the sum is the number of input fixes."""
        found = np.bincount(self.outcome, minlength=len(FIX_OUTCOMES))
        return {str(name): int(n) for name, n in zip(FIX_OUTCOMES, found, strict=True)}


def clean_and_split(fixes: Fixes, xy: Floats, settings: TraceSettings | None = None) -> Traces:
    """Cleans sorted fixes and splits them into traces.

    fixes     n fixes in the order of `Fixes.sorted()`; InputError otherwise
    xy        (n, 2) their places in metres of a plane CRS
    """
    raise NotImplementedError

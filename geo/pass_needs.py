"""必要な作業回数: how many passes side by side a direction needs, and where one pass clears both directions.

From the lanes of the road, else from its width; a road of which neither is known needs one pass in each direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.settings_coverage import CoverageSettings

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints16 = NDArray[np.int16]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PassNeeds:
    """For E = 2 P edges, the two directions of each of P pieces side by side.

    passes_needed  (E,) int16, 1 or more
    is_shared      (E,) one pass in either direction clears both
    """

    passes_needed: Ints16
    is_shared: Bools


def needs_of(lanes: Ints, width_m: Floats, is_oneway: Bools, settings: CoverageSettings) -> PassNeeds:
    """What (P,) pieces need.

    lanes      (P,) of the whole road; 0 or less: not known
    width_m    (P,) of the whole road, metres; nan, 0 or less: not known

    Lanes go before the width. A direction of a two-way road has half of the lanes, rounded up, or half of the width, in
    units of lane_width_m rounded half up. Shared is only a two-way road that is known to be narrow.
    """
    known, wide = lanes > 0, np.nan_to_num(width_m) > 0
    ways = np.where(is_oneway, 1, 2)
    by_lanes = -(-lanes // ways)
    by_width = np.floor(np.where(wide, width_m, 0.0) / ways / settings.lane_width_m + 0.5).astype(np.int64)
    passes = np.where(known, by_lanes, np.where(wide, by_width, 1))
    narrow = np.where(known, lanes <= settings.narrow_lanes, wide & (width_m <= settings.narrow_width_m))
    shared = narrow & ~is_oneway
    passes = np.where(shared, 1, np.clip(passes, 1, np.iinfo(np.int16).max))
    return PassNeeds(np.repeat(passes, 2).astype(np.int16), np.repeat(shared, 2))

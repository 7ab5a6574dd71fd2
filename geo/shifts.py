"""運行: where the shift of a vehicle begins. A shift ends with a long silence or with a stay at a depot.

Public ids of ploughs change with each shift, and nothing near its first and last stop is shown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: A fix this near to a depot is at the depot: yards are large, and simulated and real units stand up to 150 m off.
DEPOT_M = 150.0
#: A shorter stop at the depot loads salt or fuel and belongs to the shift.
DEPOT_STAY_S = 1200.0


def shift_start(at_us: Ints, at_depot: Bools, shift_gap_s: float) -> tuple[int, bool]:
    """Position of the first fix of the present shift, and whether that shift is over.

    at_us      (n,) n >= 1 times of one vehicle, ascending
    at_depot   (n,) within DEPOT_M of a depot
    A shift begins with the first fix, after a silence longer than shift_gap_s, and with the last fix of a stay of
    DEPOT_STAY_S or more at a depot. It is over when the fixes end in such a stay. Position 0 may mean that the shift
    began before the first fix given.
    """
    silent = np.flatnonzero(np.diff(at_us) > shift_gap_s * 1e6) + 1
    begins = [0, *silent.tolist()]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], at_depot, [False]]).astype(np.int8)))
    is_over = False
    for first, after in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
        if at_us[after - 1] - at_us[first] >= DEPOT_STAY_S * 1e6:
            is_over = after == len(at_us)
            if not is_over:
                begins.append(after - 1)
    return max(begins), is_over

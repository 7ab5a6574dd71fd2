"""観測のばらつき: how far the fixes of one device lie beside their roads, learned from its own trace.

Learned from the trace alone, since the facts of a trace must not depend on what else was matched with it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import MAX_ROADS
from geo.matching.settings import MatchSettings

type Floats = NDArray[np.float64]

#: The default spread counts as much as so many fixes: a short trace tells little.
PRIOR_FIXES = 20
#: Fixes this far apart tell nothing of a turn between them, metres.
FAR_STEP_M = 100.0
#: The median of |N(0, 1)|.
MEDIAN_OF_UNIT = 0.6745


def learned_sigma_m(off_m: Floats, settings: MatchSettings) -> float:
    """Spread of a trace whose decoded fixes lie (n,) off_m metres beside its path, inf where they were left out.

    The median, so that a burst of errors does not widen it, drawn to settings.sigma_m while there are few fixes; no
    less than settings.sigma_m, no more than settings.sigma_max_m.
    """
    n = len(off_m)
    if n == 0:
        return settings.sigma_m
    seen_m = min(float(np.median(off_m)) / MEDIAN_OF_UNIT, settings.sigma_max_m)
    square = (PRIOR_FIXES * settings.sigma_m**2 + n * seen_m**2) / (PRIOR_FIXES + n)
    return float(np.clip(np.sqrt(square), settings.sigma_m, settings.sigma_max_m))


def typical_step_m(xy: Floats) -> float:
    """Median distance from one of (n, 2) places to the next; 0 for fewer than two."""
    return float(np.median(np.hypot(*np.diff(xy, axis=0).T))) if len(xy) > 1 else 0.0


def widened(settings: MatchSettings, sigma_m: float, step_m: float) -> MatchSettings:
    """The settings for a device of this spread whose decoded fixes are step_m apart.

    What noise can bring about (a way longer or shorter than the straight line, a step back) gets no dearer than it
    was, turning back and turning off get dearer: the less the fixes tell, the more counts that drivers go straight on.
    Near fixes tell of a turn by themselves. The powers were chosen on noise of 10 to 30 m (docs/matching.md).
    """
    wider = max(sigma_m / settings.sigma_m, 1.0)
    apart = min(step_m / FAR_STEP_M, 1.0)
    return replace(
        settings,
        sigma_m=sigma_m,
        beta_m=settings.beta_m * wider,
        beam_nats=settings.beam_nats * wider**0.5,
        uturn_edge_m=settings.uturn_edge_m * wider**3,
        uturn_node_m=settings.uturn_node_m * wider**3,
        turn_m=settings.turn_m + settings.turn_wide_m * (wider - 1.0) * apart,
        min_move_m=settings.min_move_m * wider,
        max_roads=min(round(settings.max_roads * wider), MAX_ROADS),
    )

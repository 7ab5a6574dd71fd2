"""Turns a plan line into fixes, so that the matcher can lay it on edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.fix import Fixes
from geo.matching.settings import MatchSettings
from geo.trace import Traces

type Floats = NDArray[np.float64]

#: Samples along a plan line. Closer than this adds nothing at a map error of 15 m.
LAY_STEP_M = 25.0
#: Plan lines are digitised on other maps, often along the axis of a road with two carriageways: 15 m and a heading
#: of their own. A piece without a road is a break at once, not a detour: skipping and breaking are cheap.
LAY_SETTINGS = MatchSettings(
    sigma_m=15.0,
    beta_m=10.0,
    min_move_m=0.0,
    against_m=0.0,
    against_fraction=0.0,
    skip_nats=5.0,
    break_nats=12.0,
    beam_nats=15.0,
    uturn_edge_m=200.0,
    uturn_node_m=200.0,
    heading_min_mps=0.0,
    # a line has no noise to learn, and turns where it turns
    relearn=np.inf,
    jump_min_m=np.inf,
    turn_m=0.0,
)


def line_samples(line_xy: Floats, step_m: float) -> tuple[Traces, float]:
    """One trace of samples along an (n, 2) line, its vertices left out, and the distance between the samples.

    The clock runs at 10 m/s; the heading is the direction of the line.
    """
    run = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line_xy, axis=0).T))]
    n = max(round(float(run[-1]) / step_m), 1)
    at_m = np.linspace(0.0, run[-1], n + 1)
    xy = np.column_stack([np.interp(at_m, run, line_xy[:, 0]), np.interp(at_m, run, line_xy[:, 1])])
    ahead, behind = np.minimum(at_m + 5.0, run[-1]), np.maximum(at_m - 5.0, 0.0)
    dx = np.interp(ahead, run, line_xy[:, 0]) - np.interp(behind, run, line_xy[:, 0])
    dy = np.interp(ahead, run, line_xy[:, 1]) - np.interp(behind, run, line_xy[:, 1])
    k = n + 1
    fixes = Fixes.from_arrays(
        np.zeros(k, np.int64),
        np.rint(at_m * 100_000).astype(np.int64),
        np.zeros(k),
        np.zeros(k),
        heading_deg=np.rad2deg(np.arctan2(dx, dy)) % 360.0,
        speed_mps=np.full(k, 10.0),
    )
    traces = Traces(
        fixes=fixes,
        xy=xy,
        kept=np.arange(k, dtype=np.int64),
        start=np.array([0, k], np.int64),
        vehicle=np.zeros(1, np.int64),
        outcome=np.zeros(k, np.int8),
    )
    return traces, float(run[-1]) / n

"""The truth beside the fixes: which edges each vehicle drove, from where to where, when, and whether it was work."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.network import Network
from yukimichi.simulator.motion import DRIVE, REVERSE
from yukimichi.simulator.reports import Sent, Shift, signal_is_stuck, treatments, words_where


def make_truth(network: Network, shift: Shift, sent: Sent) -> pd.DataFrame:
    """One row a stretch driven, in order of vehicle and time; SimRun names the columns. What ends later is cut off.

    is_sensor_wrong: the work signal said something else than what was done, at the middle of the stretch.
    n_fixes: fixes sent on the stretch, repeats not counted.
    """
    legs = shift.legs
    driven = (legs.kind == DRIVE) | (legs.kind == REVERSE)
    at = np.flatnonzero(driven & (legs.t0 + shift.start_s[shift.leg_vehicle] < shift.length_s))
    vehicle, edge = shift.leg_vehicle[at], legs.edge[at]
    start_s = shift.start_s[vehicle]
    left_s = np.minimum(legs.t1[at], shift.length_s - start_s)
    part = (left_s - legs.t0[at]) / np.maximum(legs.t1[at] - legs.t0[at], 1e-9)
    s0 = legs.s0[at]
    s1 = s0 + part * (legs.s1[at] - s0)
    length_m = network.length_m[edge >> 1]
    is_back = (edge & 1) == 1
    a, b = np.where(is_back, length_m - s0, s0), np.where(is_back, length_m - s1, s1)
    stuck, down = signal_is_stuck(shift.units, vehicle, (legs.t0[at] + left_s) / 2)
    worked = legs.worked[at]
    origin = pd.Timestamp(shift.begin)
    return pd.DataFrame(
        {
            "vehicle": np.array([d.vehicle for d in shift.duties], dtype=object)[vehicle],
            "seq": np.arange(len(at)) - np.searchsorted(vehicle, vehicle, side="left"),
            "edge_id": network.edge_id[edge],
            "from_m": np.minimum(a, b),
            "to_m": np.maximum(a, b),
            "entered_at": origin + pd.to_timedelta(np.round((start_s + legs.t0[at]) * 1e3), unit="ms"),
            "left_at": origin + pd.to_timedelta(np.round((start_s + left_s) * 1e3), unit="ms"),
            "worked": worked,
            "treatment": words_where(worked, treatments(shift.duties)[vehicle]),
            "motion": np.where(legs.kind[at] == REVERSE, "reverse", "drive"),
            "is_sensor_wrong": stuck & (down != worked),
            "n_fixes": np.bincount(sent.leg, minlength=len(legs.kind))[at],
        }
    )

"""Fixes as the devices send them, from the motion of all vehicles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import to_lonlat
from geo.network import Network
from geo.polyline import from_flat, points_at
from yukimichi.simulator.duties import Duty
from yukimichi.simulator.motion import DRIVE, REVERSE, STAND, Motion
from yukimichi.simulator.units import Receivers, Unit, position_errors, repeats, report_times

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: A vehicle keeps this far to its side of the middle of a two-way road.
_LANE_M = 1.6
_MOVING_MPS = 0.3
#: In a stand longer than this a device sleeps and reports only about every five minutes.
_SLEEP_AFTER_S = 1_600.0
_AWAKE_S = 290.0


@dataclass(frozen=True, slots=True)
class Shift:
    """All vehicles of a storm: their duties and devices (m), and their motion one after the other.

    legs, leg_vehicle (n,): legs and whose they are. start_s (m,): when each vehicle starts, seconds after `begin`.
    length_s: the end of the storm in the same count.
    """

    duties: Sequence[Duty]
    units: Sequence[Unit]
    legs: Motion
    leg_vehicle: Ints
    start_s: Floats
    length_s: float
    begin: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, before repeats: vehicle (position of its duty), seconds since the vehicle's start, and its leg."""

    vehicle: Ints
    at_s: Floats
    leg: Ints


def make_fixes(
    network: Network,
    shift: Shift,
    traffic_side: str,
    rng: np.random.Generator,
    receivers: Receivers | None = None,
) -> tuple[pd.DataFrame, Sent]:
    """The table of fixes in order of time, and what was sent when and where."""
    sent = _send(shift, rng)
    xy, course_rad, mps = _true_states(network, shift.legs, sent, traffic_side)
    first = np.r_[True, sent.vehicle[1:] != sent.vehicle[:-1]][: len(sent.at_s)]
    error, claimed = position_errors(sent.at_s, first, rng, receivers)
    n = len(sent.at_s)
    lonlat = np.round(to_lonlat(xy + error, network.crs_epsg), 7)
    turned = rng.normal(0, 1, n) * np.where(mps > 2.0, 4.0, 25.0)
    heading = np.round((90.0 - np.degrees(course_rad) + turned) % 360.0, 1) % 360.0
    accuracy = np.round(claimed * rng.uniform(0.6, 1.4, n), 1)
    has_heading = np.array([u.has_heading for u in shift.units])[sent.vehicle] & (mps > _MOVING_MPS)
    has_accuracy = np.array([u.has_accuracy for u in shift.units])[sent.vehicle]
    after_s = np.round(shift.start_s[sent.vehicle] + sent.at_s)
    table = pd.DataFrame(
        {
            "vehicle": np.array([d.vehicle for d in shift.duties], dtype=object)[sent.vehicle],
            "at": pd.Timestamp(shift.begin) + pd.to_timedelta(after_s, unit="s"),
            "lon": lonlat[:, 0],
            "lat": lonlat[:, 1],
            "heading_deg": np.where(has_heading, heading, np.nan),
            "speed_mps": np.round(np.maximum(mps + rng.normal(0, 0.25, n) * (mps > 0), 0.0), 2),
            "accuracy_m": np.where(has_accuracy, accuracy, np.nan),
        }
    )
    table = pd.concat([table, _work_columns(shift, sent)], axis=1)
    table = table.iloc[np.repeat(np.arange(n), repeats(n, rng))]
    return table.sort_values(["at", "vehicle"], kind="stable").reset_index(drop=True), sent


def _send(shift: Shift, rng: np.random.Generator) -> Sent:
    first = np.searchsorted(shift.leg_vehicle, np.arange(len(shift.units) + 1))
    vehicles, times, at_leg = [], [], []
    for i, unit in enumerate(shift.units):
        a, b = int(first[i]), int(first[i + 1])
        ends = shift.legs.t1[a:b]
        at = report_times(unit, min(float(ends[-1]), shift.length_s - float(shift.start_s[i])), rng)
        leg = a + np.minimum(np.searchsorted(ends, at, side="right"), b - a - 1)
        awake = _is_awake(shift.legs, leg, at)
        vehicles.append(np.full(int(awake.sum()), i))
        times.append(at[awake])
        at_leg.append(leg[awake])
    return Sent(np.concatenate(vehicles), np.concatenate(times), np.concatenate(at_leg).astype(np.int64))


def _is_awake(legs: Motion, leg: Ints, at: Floats) -> Bools:
    """(n,) False for reports that a device leaves out because it sleeps in a long stand."""
    asleep = (legs.kind[leg] == STAND) & (legs.t1[leg] - legs.t0[leg] > _SLEEP_AFTER_S)
    into = at - legs.t0[leg]
    turn = np.floor(into / _AWAKE_S)
    first = np.r_[True, (turn[1:] != turn[:-1]) | (leg[1:] != leg[:-1])][: len(at)]
    awake: Bools = ~asleep | first
    return awake


def _true_states(network: Network, legs: Motion, sent: Sent, traffic_side: str) -> tuple[Floats, Floats, Floats]:
    """(n, 2) true places in plane metres, (n,) course of motion in radians from east, (n,) speed."""
    leg = sent.leg
    duration = legs.t1[leg] - legs.t0[leg]
    part = np.clip((sent.at_s - legs.t0[leg]) / np.maximum(duration, 1e-9), 0.0, 1.0)
    edge = legs.edge[leg]
    length_m = network.length_m[edge >> 1]
    along = legs.s0[leg] + part * (legs.s1[leg] - legs.s0[leg])
    is_back = (edge & 1) == 1
    lines = from_flat(network.shape_start.astype(np.int64), network.shape_xy)

    def at(s: Floats) -> Floats:
        return points_at(lines, edge >> 1, np.where(is_back, length_m - s, s))

    xy = at(along)
    ahead = at(np.minimum(along + 2.0, length_m)) - at(np.maximum(along - 2.0, 0.0))
    direction = ahead / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    side = 1.0 if traffic_side == "left" else -1.0
    two_way = network.is_open[edge ^ 1]
    xy = xy + np.column_stack([-direction[:, 1], direction[:, 0]]) * (side * _LANE_M * two_way)[:, None]
    drift = legs.off1[leg] - legs.off0[leg]
    xy = xy + legs.off0[leg] + part[:, None] * drift
    kind = legs.kind[leg]
    off_course = np.arctan2(drift[:, 1], drift[:, 0])
    on_course = np.arctan2(direction[:, 1], direction[:, 0]) + np.where(kind == REVERSE, np.pi, 0.0)
    on_road = (kind == DRIVE) | (kind == REVERSE)
    mps = np.where(on_road, np.abs(legs.s1[leg] - legs.s0[leg]), np.hypot(*drift.T)) / np.maximum(duration, 1e-9)
    return xy, np.where(on_road, on_course, off_course), np.where(kind == STAND, 0.0, mps)


def signal_is_stuck(units: Sequence[Unit], vehicle: Ints, at_s: Floats) -> tuple[Bools, Bools]:
    """(n,) whether the work signal is stuck then, and (n,) what it says while it is."""
    stuck_from = np.array([u.stuck_from_s for u in units])[vehicle]
    stuck_to = np.array([u.stuck_to_s for u in units])[vehicle]
    down = np.array([u.is_stuck_down for u in units])[vehicle]
    return (at_s >= stuck_from) & (at_s < stuck_to), down


def words_where(is_true: Bools, word: NDArray[np.object_]) -> NDArray[np.object_]:
    """(n,) the words where true, else None."""
    result = word.copy()
    result[~is_true] = None
    return result


def treatments(duties: Sequence[Duty]) -> NDArray[np.object_]:
    """(m,) the word of each duty's treatment."""
    return np.array([d.treatment.value for d in duties], dtype=object)


def _work_columns(shift: Shift, sent: Sent) -> pd.DataFrame:
    """blade and spreader (null where the unit has no such sensor) and the treatment where the unit tells it."""
    worked = shift.legs.worked[sent.leg]
    stuck, down = signal_is_stuck(shift.units, sent.vehicle, sent.at_s)
    signal = np.where(stuck, down, worked)
    has_sensor = np.array([u.has_work_sensor for u in shift.units])[sent.vehicle]
    spreads = np.array([d.is_spreader for d in shift.duties])[sent.vehicle]
    tells = np.array([u.tells_treatment for u in shift.units])[sent.vehicle] & has_sensor & signal
    blade = pd.array(signal, dtype="boolean")
    blade[~has_sensor | spreads] = pd.NA
    spreader = pd.array(signal, dtype="boolean")
    spreader[~has_sensor | ~spreads] = pd.NA
    treatment = words_where(tells, treatments(shift.duties)[sent.vehicle])
    return pd.DataFrame({"blade": blade, "spreader": spreader, "treatment": treatment})

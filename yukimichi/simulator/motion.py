"""Motion: what a plough does along its tour, with stops, breaks, reversing and the way to and from the depot."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from geo.network import Network
from yukimichi.simulator.duties import Duty
from yukimichi.simulator.tours import Roads, Tour

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

DRIVE, REVERSE, STAND, OFF_ROAD = 0, 1, 2, 3

# Our assumptions about the work of real units; the ranges are those of the feeds in docs/demo.md.
_SLOW_SHARE = 0.03
_SLOW_MPS = (0.45, 2.2)
_REVERSE_MPS = 1.3
_OFF_ROAD_MPS = 2.5
_STOP_SHARE = 0.10
_REVERSE_SHARE_LOCAL = 0.035
_BREAKS_PER_HOUR = 0.5


@dataclass(frozen=True, slots=True)
class Motion:
    """n legs in time order. Places are edge, distance along the edge's own direction, and an offset off the road.

    kind     (n,) DRIVE, REVERSE, STAND or OFF_ROAD
    edge     (n,) position; s0, s1 (n,) metres along the edge's own direction at start and end (s1 < s0 in reverse)
    t0, t1   (n,) seconds since the vehicle's start
    off0, off1  (n, 2) metres east and north off the edge at start and end
    worked   (n,) blade down or spreading
    """

    kind: Ints
    edge: Ints
    s0: Floats
    s1: Floats
    t0: Floats
    t1: Floats
    off0: Floats
    off1: Floats
    worked: Bools


@dataclass(slots=True)
class _Slots:
    """For each edge of a tour a fixed row of possible legs; `use` says which happen."""

    kind: Ints
    s0: Floats
    s1: Floats
    duration_s: Floats
    off0: Floats
    off1: Floats
    worked: Bools
    use: Bools


#: Legs of a row: drive, reverse back, stand, drive again, stop, leave the road, break, come back.
_ROW = (DRIVE, REVERSE, STAND, DRIVE, STAND, OFF_ROAD, STAND, OFF_ROAD)


def make_motion(
    network: Network, roads: Roads, duty: Duty, tour: Tour, work_mps: float, wait_s: float, rng: np.random.Generator
) -> Motion:
    """Turn a tour into legs with times. Starts with a wait of wait_s at the depot and ends with a short one."""
    n, length_m = len(tour.edge), roads.length_m[tour.edge]
    slots = _empty(n, tour)
    worked = tour.is_served == 1
    mps = np.where(worked, work_mps * np.exp(rng.normal(0, 0.22, n)), length_m / roads.way_s[tour.edge])
    mps = np.where(worked, np.minimum(mps, network.speed_mps[tour.edge >> 1]), mps * np.exp(rng.normal(-0.05, 0.15, n)))
    mps = np.where(worked & (rng.random(n) < _SLOW_SHARE), rng.uniform(*_SLOW_MPS, n), mps)
    slots.s1[:, 0], slots.duration_s[:, 0], slots.worked[:, 0] = length_m, length_m / mps, worked
    slots.use[:, 0] = True
    _add_reversing(slots, worked, length_m, mps, duty.is_local, rng)
    _add_stops(slots, tour, worked, rng)
    _add_breaks(slots, tour, worked, rng)
    return _with_depot(network, roads, duty, tour, slots, (wait_s, rng.uniform(180.0, 700.0)))


def _empty(n: int, tour: Tour) -> _Slots:
    shape = (n, len(_ROW))
    kind = np.broadcast_to(np.array(_ROW, np.int64), shape).copy()
    zero = np.zeros(shape)
    return _Slots(
        kind, zero.copy(), zero.copy(), zero.copy(), np.zeros((*shape, 2)), np.zeros((*shape, 2)),
        np.zeros(shape, bool), np.zeros(shape, bool),
    )  # fmt: skip


def _add_reversing(
    slots: _Slots, worked: Bools, length_m: Floats, mps: Floats, is_local: bool, rng: np.random.Generator
) -> None:
    n = len(length_m)
    share = _REVERSE_SHARE_LOCAL if is_local else _REVERSE_SHARE_LOCAL / 4
    reverse = worked & (length_m > 60.0) & (rng.random(n) < share)
    back_m = np.minimum(rng.uniform(15.0, 50.0, n), 0.7 * length_m)
    end = length_m
    slots.s0[:, 1], slots.s1[:, 1] = end, end - back_m
    slots.duration_s[:, 1] = back_m / _REVERSE_MPS
    slots.s0[:, 2] = slots.s1[:, 2] = end - back_m
    slots.duration_s[:, 2] = rng.uniform(2.0, 12.0, n)
    slots.s0[:, 3], slots.s1[:, 3] = end - back_m, end
    slots.duration_s[:, 3] = back_m / np.minimum(mps, 3.0)
    slots.worked[:, 3] = worked
    slots.use[:, 1:4] = reverse[:, None]


def _add_stops(slots: _Slots, tour: Tour, worked: Bools, rng: np.random.Generator) -> None:
    """Short stops at junctions, longer ones where the plough turns round."""
    n = len(tour.edge)
    turns = np.r_[tour.edge[1:] == (tour.edge[:-1] ^ 1), False] if n else np.zeros(0, bool)
    stops = rng.random(n) < _STOP_SHARE
    end = slots.s1[:, 0]
    slots.s0[:, 4] = slots.s1[:, 4] = end
    slots.duration_s[:, 4] = np.where(turns, rng.uniform(15.0, 60.0, n), rng.exponential(12.0, n) + 2.0)
    slots.worked[:, 4] = worked & ~turns
    slots.use[:, 4] = turns | stops


def _add_breaks(slots: _Slots, tour: Tour, worked: Bools, rng: np.random.Generator) -> None:
    """Breaks on a lot beside the road: between rounds mostly, and now and then in the middle."""
    n = len(tour.edge)
    between = np.r_[np.diff(tour.round) > 0, False] if n else np.zeros(0, bool)
    hours = slots.duration_s[:, 0] / 3_600.0
    rest = (between & (rng.random(n) < 0.7)) | (rng.random(n) < 1.0 - np.exp(-_BREAKS_PER_HOUR * hours))
    angle, away = rng.uniform(0, 2 * np.pi, n), rng.uniform(18.0, 75.0, n)
    lot = np.column_stack([np.cos(angle), np.sin(angle)]) * away[:, None]
    end = slots.s1[:, 0]
    for k, (a, b) in ((5, (0.0, 1.0)), (6, (1.0, 1.0)), (7, (1.0, 0.0))):
        slots.s0[:, k] = slots.s1[:, k] = end
        slots.off0[:, k], slots.off1[:, k] = lot * a, lot * b
        slots.duration_s[:, k] = away / _OFF_ROAD_MPS
    slots.duration_s[:, 6] = rng.uniform(300.0, 1_500.0, n)
    slots.use[:, 5:8] = rest[:, None]


def _with_depot(
    network: Network, roads: Roads, duty: Duty, tour: Tour, slots: _Slots, waits: tuple[float, float]
) -> Motion:
    """Flatten the rows that happen, with the wait at the depot and the way to the road at both ends."""
    use = slots.use.ravel()
    edge = np.repeat(tour.edge, len(_ROW))[use]
    first, last = int(edge[0]), int(edge[-1])
    depot = np.array(duty.depot_xy)
    out = depot - network.node_xy[network.edge_from[first]]
    home = depot - network.node_xy[network.edge_to[last]]
    ways = [max(float(np.hypot(*d)), 1.0) / _OFF_ROAD_MPS for d in (out, home)]
    end_m = roads.length_m[last]

    def framed(inner: Floats, before: tuple[float, float], after: tuple[float, float]) -> Floats:
        return np.concatenate([np.array(before), inner, np.array(after)])

    def framed_xy(inner: Floats, before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> Floats:
        return np.vstack([*before, inner, *after])

    duration = framed(slots.duration_s.ravel()[use], (waits[0], ways[0]), (ways[1], waits[1]))
    t1 = np.cumsum(duration)
    zero = np.zeros(2)
    return Motion(
        kind=np.concatenate([[STAND, OFF_ROAD], slots.kind.ravel()[use], [OFF_ROAD, STAND]]).astype(np.int64),
        edge=np.concatenate([[first, first], edge, [last, last]]).astype(np.int64),
        s0=framed(slots.s0.ravel()[use], (0.0, 0.0), (end_m, end_m)),
        s1=framed(slots.s1.ravel()[use], (0.0, 0.0), (end_m, end_m)),
        t0=t1 - duration,
        t1=t1,
        off0=framed_xy(slots.off0.reshape(-1, 2)[use], (out, out), (zero, home)),
        off1=framed_xy(slots.off1.reshape(-1, 2)[use], (out, zero), (home, home)),
        worked=np.concatenate([[False, False], slots.worked.ravel()[use], [False, False]]),
    )


def join_motions(motions: list[Motion]) -> Motion:
    """All legs of many vehicles, one after the other."""
    return Motion(**{f.name: np.concatenate([getattr(m, f.name) for m in motions]) for f in fields(Motion)})


__all__ = ["DRIVE", "OFF_ROAD", "REVERSE", "STAND", "Motion", "join_motions", "make_motion"]

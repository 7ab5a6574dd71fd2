"""Vehicles that drive about a network, for load: each along roads at its own pace, a position a second, with noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.crs import to_lonlat
from geo.network import Network

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Ploughs at work, metres a second; and how far their fixes lie from the road in the median case (DATA: 3.5 m).
SPEED_MPS = (4.0, 11.0)
NOISE_M = 3.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Positions of n vehicles at k seconds.

    lon, lat (n, k) degrees; speed_mps (n,)
    edge (n, k) the edge position that each is on
    """

    lon: Floats
    lat: Floats
    speed_mps: Floats
    edge: Ints

    @staticmethod
    def drive(network: Network, n_vehicles: int, seconds: int, seed: int, edges: Ints | None = None) -> Fleet:
        """Each vehicle starts on one of `edges` (all open ones if left out) and turns back only at dead ends."""
        rng = np.random.default_rng(seed)
        speed = rng.uniform(*SPEED_MPS, n_vehicles)
        starts = rng.choice(np.flatnonzero(network.is_open) if edges is None else edges, n_vehicles)
        xy, on = np.empty((n_vehicles, seconds, 2)), np.empty((n_vehicles, seconds), np.int64)
        for i in range(n_vehicles):
            xy[i], on[i] = _drive(network, rng, int(starts[i]), speed[i], seconds)
        drift = rng.normal(0.0, NOISE_M, (n_vehicles, 1, 2)) + rng.normal(0.0, NOISE_M / 2, xy.shape)
        flat = (xy + drift).reshape(-1, 2)
        lon, lat = to_lonlat(flat, network.crs_epsg).T
        return Fleet(lon.reshape(xy.shape[:2]), lat.reshape(xy.shape[:2]), speed, on)


def _drive(
    network: Network, rng: np.random.Generator, edge: int, speed_mps: float, seconds: int
) -> tuple[Floats, Ints]:
    """(k, 2) places and (k,) edges, one a second."""
    lines, of = [_shape(network, edge)], [edge]
    total = network.length_m[edge >> 1]
    while total < speed_mps * seconds + 1:
        edge = _next(network, rng, edge)
        lines.append(_shape(network, edge)[1:])
        of.append(edge)
        total += network.length_m[edge >> 1]
    line = np.concatenate(lines)
    at_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    wanted = np.arange(seconds) * speed_mps
    ends = np.cumsum([network.length_m[one >> 1] for one in of])
    on = np.array(of)[np.minimum(np.searchsorted(ends, wanted, side="right"), len(of) - 1)]
    return np.column_stack([np.interp(wanted, at_m, line[:, axis]) for axis in (0, 1)]), on


def _next(network: Network, rng: np.random.Generator, edge: int) -> int:
    node = network.edge_to[edge]
    out = network.out_edge[network.out_start[node] : network.out_start[node + 1]]
    ways = out[(out != (edge ^ 1)) & network.is_open[out]]
    return int(rng.choice(ways)) if len(ways) else edge ^ 1


def _shape(network: Network, edge: int) -> Floats:
    piece = edge >> 1
    line = network.shape_xy[network.shape_start[piece] : network.shape_start[piece + 1]]
    return line[::-1] if edge & 1 else line

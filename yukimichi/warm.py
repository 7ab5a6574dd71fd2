"""Compiles the map matcher before anyone waits for it: `python -m yukimichi.warm`, run once by bootstrap.py.

Matches a drive round a small block, dense and noisy enough for every kernel to be called, whole and fix by fix. Numba
keeps what it compiled beside the sources, so that the first match of the service only loads it.
"""

from __future__ import annotations

import time

import numpy as np
import shapely

from geo.fix import Fixes
from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.online_open import OpenTrips
from geo.matching.online_replay import replay
from geo.network import Network
from geo.roads import road_table
from geo.topology import build_pieces, to_network
from geo.trace import Traces, clean_and_split

#: Japan Plane Rectangular CS VII.
EPSG = 6675


def block() -> Network:
    """Four streets round a block and one that leads away."""
    lines = [
        [(0, 0), (300, 0)],
        [(300, 0), (300, 200)],
        [(300, 200), (0, 200)],
        [(0, 200), (0, 0)],
        [(300, 0), (900, 0)],
    ]
    return to_network(build_pieces(road_table(shapely.linestrings(lines)), "endpoints", 0.5), EPSG)


def drive(noise_m: float) -> Traces:
    """A minute and a half round the block and away, one fix a second."""
    corners = np.array([(0, 0), (300, 0), (300, 200), (0, 200), (0, 0), (300, 0), (900, 0)], np.float64)
    run = np.r_[0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T))]
    at_m = np.arange(0.0, run[-1], 20.0)
    xy = np.column_stack([np.interp(at_m, run, corners[:, 0]), np.interp(at_m, run, corners[:, 1])])
    xy += np.random.default_rng(1).normal(0.0, noise_m, xy.shape)
    n = len(at_m)
    at_us = np.arange(n, dtype=np.int64) * 1_000_000
    return clean_and_split(Fixes.from_arrays(np.zeros(n, np.int64), at_us, np.zeros(n), np.zeros(n)), xy)


def main() -> None:
    begun = time.perf_counter()
    network = block()
    index = build_index(network)
    for noise_m in (1.0, 12.0):
        match(network, index, drive(noise_m))
    replay(network, index, drive(1.0), 1)
    OpenTrips().trips(network, index, drive(1.0), np.array([True]))
    print(f"yukimichi: the map matcher is compiled ({time.perf_counter() - begun:.0f} s, once)")


if __name__ == "__main__":
    main()

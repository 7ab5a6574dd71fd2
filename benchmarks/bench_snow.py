"""Time from observations in memory to snow on cells: python benchmarks/bench_snow.py [cells] [days]."""

from __future__ import annotations

import sys
import time

import numpy as np

from geo.snow import cell_of, reached_us, snow_between
from geo.snowfall import Observations, SnowRules, fallen, interpolate, neighbours, steps_between

MINUTE_US = 60_000_000
N_STATIONS, N_EDGES, ROUNDS = 60, 100_000, 3


def observed(days: int, rng: np.random.Generator) -> Observations:
    """Depths every ten minutes at N_STATIONS stations, with holes."""
    at = np.arange(0, days * 144 + 1, dtype=np.int64) * 10 * MINUTE_US
    place = np.repeat(np.arange(N_STATIONS), len(at))
    depth = np.cumsum(rng.random((N_STATIONS, len(at))) < 0.05, axis=1).astype(float).ravel()
    kept = rng.random(len(place)) < 0.95
    return Observations(place, np.tile(at, N_STATIONS), depth, np.zeros(len(place), np.int64)).select(kept)


def main() -> None:
    """Print a table of the best times."""
    n_cells, days = (int(text) for text in (sys.argv[1:] + ["5000", "5"][len(sys.argv) - 1 :]))
    rng = np.random.default_rng(1)
    side = int(np.ceil(np.sqrt(n_cells)))
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    cells = np.unique(cell_of(136.2 + (x.ravel() + 0.5) / 80, 36.1 + (y.ravel() + 0.5) / 120))[:n_cells]
    lon, lat = 136.2 + rng.random(N_STATIONS) * side / 80, 36.1 + rng.random(N_STATIONS) * side / 120
    seen, rules = observed(days, rng), SnowRules()
    t = steps_between(0, days * 144 * 10 * MINUTE_US, 10 * MINUTE_US)
    cell = rng.choice(cells, N_EDGES)
    start = rng.integers(0, int(t[-1]), N_EDGES)
    best = dict.fromkeys(("snowfall of stations", "neighbours", "cells", "snow_between", "reached_us"), np.inf)
    for _ in range(ROUNDS + 1):  # the first one compiles
        times = [time.perf_counter()]
        told = fallen(seen, N_STATIONS, t, rules)
        times.append(time.perf_counter())
        near = neighbours(lon, lat, cells, rules)
        times.append(time.perf_counter())
        series = interpolate(told, *near, cells, t)
        times.append(time.perf_counter())
        snow_between(series, cell, start, np.full(N_EDGES, t[-1]))
        times.append(time.perf_counter())
        reached_us(series, cell, start, np.full(N_EDGES, 10.0))
        times.append(time.perf_counter())
        best = {name: min(old, s) for (name, old), s in zip(best.items(), np.diff(times).tolist(), strict=True)}
    print(f"{len(cells):,} cells, {days} days of 10-minute steps, {N_STATIONS} stations, {N_EDGES:,} edges\n")
    print("| step | seconds |\n| --- | --- |")
    for name, seconds in best.items():
        print(f"| {name} | {seconds:.3f} |")


if __name__ == "__main__":
    main()

"""A season of passes at the level of facts, for benchmarks: millions of rows without driving every metre."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.network import Network
from geo.vocabulary import PassKind, Treatment
from yukimichi.simulator.reports import words_where

type Ints = NDArray[np.int64]

#: Columns of a season's table, in order.
PASS_COLUMNS = [
    "vehicle", "edge_id", "from_m", "to_m", "started_at", "ended_at", "kind", "treatment", "confidence",
]  # fmt: skip
_STORMS = 60
_SEASON_FROM = datetime(2025, 12, 1, tzinfo=UTC)
_SEASON_DAYS = 110


def simulate_passes(network: Network, n: int, *, seed: int = 1, n_vehicles: int = 640) -> pd.DataFrame:
    """n passes of a winter: vehicle (0 …), edge_id, from_m, to_m, started_at, ended_at, kind, treatment, confidence.

    Runs of neighbouring piece numbers are driven one after the other by one vehicle, so that time, place and vehicle
    hang together as in real facts. Most passes cover their whole edge. Sorted by start. Same arguments, same rows.
    """
    rng = np.random.default_rng(seed)
    run = 40
    n_runs = -(-n // run)
    edges = np.flatnonzero(network.is_open)
    first = rng.integers(0, len(edges), n_runs)
    edge = edges[(first[:, None] + np.arange(run)) % len(edges)].ravel()[:n]
    storm_at = np.sort(rng.uniform(0, _SEASON_DAYS * 86_400.0, _STORMS))
    start = storm_at[rng.integers(0, _STORMS, n_runs)] + rng.uniform(0, 6 * 3_600.0, n_runs)
    length_m = network.length_m[edge >> 1]
    duration_s = length_m / rng.uniform(2.5, 8.0, n)
    padded = np.zeros(n_runs * run)
    padded[:n] = duration_s
    ended = (start[:, None] + np.cumsum(padded.reshape(n_runs, run), axis=1)).ravel()[:n]
    partial = rng.random(n) < 0.06
    low = np.where(partial, rng.uniform(0.0, 0.4, n), 0.0) * length_m
    high = np.where(partial, rng.uniform(0.5, 1.0, n), 1.0) * length_m
    kind = rng.random(n) < 0.8
    words = np.array([Treatment.FRESH_SNOW_PLOWING.value, Treatment.ANTI_ICING.value, Treatment.WIDENING.value], object)
    treatment = words[rng.choice(3, n, p=np.array([0.8, 0.15, 0.05]))]
    origin = pd.Timestamp(_SEASON_FROM)
    table = pd.DataFrame(
        {
            "vehicle": np.repeat(rng.integers(0, n_vehicles, n_runs), run)[:n],
            "edge_id": network.edge_id[edge],
            "from_m": low,
            "to_m": high,
            "started_at": origin + pd.to_timedelta(((ended - duration_s) * 1e6).astype(np.int64), unit="us"),
            "ended_at": origin + pd.to_timedelta((ended * 1e6).astype(np.int64), unit="us"),
            "kind": np.where(kind, PassKind.PASS.value, PassKind.DEADHEAD.value),
            "treatment": words_where(kind, treatment),
            "confidence": np.round(rng.beta(12.0, 1.0, n), 3),
        }
    )
    return table.sort_values("started_at", kind="stable").reset_index(drop=True)

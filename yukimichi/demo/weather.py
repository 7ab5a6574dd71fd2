"""Simulated weather for the synthetic prefecture: made-up stations, and depths of snow that fit the demo's storm.

Nothing of it was observed anywhere. Much falls in the hills and little at the coast; one station has a gap in the storm
and one falls silent, as stations do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

#: Made-up stations: number, name, longitude, latitude, metres above the sea. The places are rough on purpose.
_STATIONS = (
    ("S01", "模擬 金沢", 136.63, 36.585, 6), ("S02", "模擬 小松", 136.44, 36.38, 3),
    ("S03", "模擬 加賀", 136.38, 36.28, 40), ("S04", "模擬 河内", 136.62, 36.40, 140),
    ("S05", "模擬 白峰", 136.62, 36.18, 470), ("S06", "模擬 医王山", 136.79, 36.52, 420),
    ("S07", "模擬 羽咋", 136.78, 36.89, 15), ("S08", "模擬 七尾", 136.97, 37.03, 60),
    ("S09", "模擬 志賀", 136.74, 37.14, 20), ("S10", "模擬 輪島", 136.90, 37.38, 8),
    ("S11", "模擬 能登", 137.10, 37.31, 220), ("S12", "模擬 珠洲", 137.27, 37.44, 6),
)  # fmt: skip
STEP = timedelta(minutes=10)
#: So long before the storm the series begins, and so long after it goes on.
CALM, AFTER = timedelta(hours=30), timedelta(hours=6)
#: The station with a gap, and the gap in hours after the storm began; the one that falls silent, and when.
GAP, GAP_H = "S02", (1.5, 3.5)
SILENT, SILENT_H = "S09", 1.0
#: Fall in the storm at sea level, and how much more at HIGH_M and above, centimetres an hour; before it, everywhere.
COAST_CM_PER_H, HILLS_CM_PER_H, HIGH_M, CALM_CM_PER_H = 0.6, 6.6, 500.0, 0.05
#: Share of the depth that settles in an hour.
SETTLING_PER_H = 0.006


def station_table() -> pd.DataFrame:
    """The stations: station, name, lon, lat, elevation_m, has_snow."""
    table = pd.DataFrame(_STATIONS, columns=["station", "name", "lon", "lat", "elevation_m"])
    return table.assign(has_snow=1)


def depth_series(begins_at: datetime, ends_at: datetime, seed: int) -> pd.DataFrame:
    """Depths in whole centimetres every ten minutes around a storm: station, at (UTC), snow_depth_cm.

    The same storm and seed give the same series, byte for byte. begins_at and ends_at are zone-aware.
    """
    rng = np.random.default_rng(seed)
    table = station_table()
    first = pd.Timestamp(begins_at - CALM).tz_convert("UTC").floor("10min")
    at = pd.date_range(first, pd.Timestamp(ends_at + AFTER).tz_convert("UTC"), freq="10min")
    hour = np.asarray((at - pd.Timestamp(begins_at)).total_seconds(), float) / 3600
    length = (ends_at - begins_at).total_seconds() / 3600
    # the storm comes up within an hour and dies away within two
    shape = np.clip(hour, 0, 1) * np.clip((length + 2 - hour) / 2, 0, 1)
    high = np.minimum(table["elevation_m"].to_numpy(float), HIGH_M) / HIGH_M
    strength = COAST_CM_PER_H + HILLS_CM_PER_H * high**0.7
    phase, beat = rng.uniform(0, 2 * np.pi, len(table)), rng.uniform(2.5, 4.5, len(table))
    waves = 1 + 0.25 * np.sin(2 * np.pi * hour[:, None] / beat + phase)
    rate = CALM_CM_PER_H + shape[:, None] * strength * waves
    depth = np.empty_like(rate)
    level = 8 + 60 * high + rng.uniform(0, 4, len(table))
    for k in range(len(at)):
        level = level * (1 - SETTLING_PER_H / 6) + rate[k] / 6
        depth[k] = level
    wide = pd.DataFrame(np.round(depth).astype(int), columns=table["station"].to_numpy()).assign(at=at)
    series = wide.melt("at", var_name="station", value_name="snow_depth_cm").sort_values(["at", "station"])
    since = (series["at"] - pd.Timestamp(begins_at)).dt.total_seconds() / 3600
    in_gap = (series["station"] == GAP) & (since > GAP_H[0]) & (since < GAP_H[1])
    is_silent = (series["station"] == SILENT) & (since > SILENT_H)
    return series.loc[~in_gap & ~is_silent, ["station", "at", "snow_depth_cm"]].reset_index(drop=True)

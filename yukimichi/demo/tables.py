"""The small committed tables behind the synthetic prefecture, in the plane CRS.

Coordinates were written from general knowledge and rounded to 0.01 degrees (control points of the motorways to
0.001). They say where towns, rivers and the coast lie, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

type Floats = NDArray[np.float64]

#: JGD2011 plane zone VII, metres; the plane in which everything is drawn.
PLANE_EPSG = 6675


@dataclass(frozen=True, slots=True)
class DemoTables:
    """The committed tables; every one with plane coordinates x_m, y_m where it has places."""

    settlements: pd.DataFrame
    municipalities: pd.DataFrame
    corridors: pd.DataFrame
    expressways: pd.DataFrame
    outline: pd.DataFrame
    rivers: pd.DataFrame


def to_plane(lon: Floats, lat: Floats) -> Floats:
    """(n, 2) plane metres, east and north, of longitudes and latitudes in degrees."""
    x, y = Transformer.from_crs(4326, PLANE_EPSG, always_xy=True).transform(lon, lat)
    return np.column_stack([x, y])


def to_lonlat(xy: Floats) -> Floats:
    """(n, 2) longitude and latitude in degrees of plane metres, rounded to 1e-7 degrees (about 1 cm)."""
    lon, lat = Transformer.from_crs(PLANE_EPSG, 4326, always_xy=True).transform(xy[:, 0], xy[:, 1])
    return np.round(np.column_stack([lon, lat]), 7)


def _read(name: str) -> pd.DataFrame:
    with resources.files("yukimichi.demo").joinpath(name).open(encoding="utf-8") as stream:
        table = pd.read_csv(stream)
    if {"lon", "lat"} <= set(table.columns):
        xy = to_plane(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
        table["x_m"], table["y_m"] = xy[:, 0], xy[:, 1]
    return table


def load_tables() -> DemoTables:
    """Read the committed tables of this package."""
    return DemoTables(
        settlements=_read("settlements.csv"),
        municipalities=_read("municipalities.csv"),
        corridors=_read("corridors.csv"),
        expressways=_read("expressways.csv"),
        outline=_read("outline.csv"),
        rivers=_read("rivers.csv"),
    )

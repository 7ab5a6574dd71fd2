"""A made-up raster for the synthetic prefecture: snow depth between its made-up stations, on land alone.

Nothing of it was measured anywhere. Where no station is in reach, and at sea, it says nothing.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from rasterio.transform import from_origin

from yukimichi.demo.weather import depth_series, station_table

#: Side of a pixel, degrees: some 250 m.
PIXEL_DEG = 1 / 400
#: A station says nothing beyond this, kilometres; it counts by its distance to the power of minus two.
REACH_KM = 30.0
KM_PER_DEG = 111.2
MISSING = -1.0


def depth_field(lon: NDArray[np.float64], lat: NDArray[np.float64], stations: pd.DataFrame) -> NDArray[np.float32]:
    """(H, W) centimetres at (W,) longitudes and (H,) latitudes from stations (lon, lat, snow_depth_cm).

    Inverse distance weighting (Shepard 1968); MISSING where no station is in reach.
    """
    total = np.zeros((len(lat), len(lon)))
    weight = np.zeros_like(total)
    narrow = np.cos(np.radians(lat))[:, None]
    for at_lon, at_lat, depth_cm in stations[["lon", "lat", "snow_depth_cm"]].to_numpy(np.float64):
        east_km = (lon[None, :] - at_lon) * narrow * KM_PER_DEG
        north_km = (lat[:, None] - at_lat) * KM_PER_DEG
        squared = east_km**2 + north_km**2
        share = np.where(squared <= REACH_KM**2, 1 / np.maximum(squared, 0.25), 0)
        total += share * depth_cm
        weight += share
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), MISSING).astype(np.float32)


def write_depth(path: Path, land: Path, begins_at: datetime, ends_at: datetime, seed: int, at: datetime) -> datetime:
    """Write the snow of the demo's storm at a moment as GeoTIFF; the moment of its depths.

    land  a file of polygons outside of which there is none
    """
    series = depth_series(begins_at, ends_at, seed)
    moment = series.loc[series["at"] <= pd.Timestamp(at), "at"].max()
    stations = station_table().merge(series[series["at"] == moment], on="station")
    ground = gpd.read_file(land).to_crs(4326)
    west, south, east, north = ground.total_bounds
    width, height = (round((east - west) / PIXEL_DEG) + 1, round((north - south) / PIXEL_DEG) + 1)
    grid = from_origin(west, north, PIXEL_DEG, PIXEL_DEG)
    lon = west + (np.arange(width) + 0.5) * PIXEL_DEG
    lat = north - (np.arange(height) + 0.5) * PIXEL_DEG
    depth = depth_field(lon, lat, stations)
    depth[geometry_mask(ground.geometry, depth.shape, grid)] = MISSING
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "float32",
               "crs": "EPSG:4326", "transform": grid, "nodata": MISSING, "compress": "deflate"}  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(depth, 1)
        raster.units = ("cm",)
    told: datetime = moment.to_pydatetime()
    return told

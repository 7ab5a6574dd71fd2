"""The demo's raster: depths between stations beside a naive reading, and never said to be real."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely

from geo.db import Database, Role
from geo.settings import Settings
from yukimichi.context import Context
from yukimichi.demo.files import DemoFiles
from yukimichi.demo.raster import KM_PER_DEG, MISSING, REACH_KM, depth_field, write_depth
from yukimichi.demo.weather import depth_series, station_table
from yukimichi.demo_raster import RASTER_ID, load_demo_raster
from yukimichi.storm import StormState

BEGINS_AT = datetime(2026, 1, 14, 18, 0, tzinfo=UTC)
ENDS_AT = BEGINS_AT + timedelta(hours=8)
AT = BEGINS_AT + timedelta(hours=3, minutes=4)


def naive(lon: float, lat: float, stations: pd.DataFrame) -> float:
    """Shepard's mean of the stations in reach, one by one; nan without any."""
    total = weight = 0.0
    for station in stations.to_dict("records"):
        east_km = (lon - station["lon"]) * math.cos(math.radians(lat)) * KM_PER_DEG
        north_km = (lat - station["lat"]) * KM_PER_DEG
        distance_km = math.hypot(east_km, north_km)
        if distance_km <= REACH_KM:
            share = 1 / max(distance_km, 0.5) ** 2
            total, weight = total + share * station["snow_depth_cm"], weight + share
    return total / weight if weight else math.nan


def test_depths_lie_between_the_stations_in_reach() -> None:
    stations = pd.DataFrame({"lon": [136.6, 136.9, 137.3], "lat": [36.4, 36.6, 37.4], "snow_depth_cm": [12, 80, 0]})
    lon, lat = np.linspace(136, 138, 23), np.linspace(38, 36, 19)
    field = depth_field(lon, lat, stations)
    for i, j in np.ndindex(field.shape):
        expected = naive(lon[j], lat[i], stations)
        assert field[i, j] == MISSING if math.isnan(expected) else abs(field[i, j] - expected) < 1e-3
    assert (field == MISSING).any()
    assert (field > 0).any()


def test_the_demo_gets_a_raster_of_its_own_weather_that_is_said_to_be_made_up(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    land = shapely.box(136.4, 36.2, 136.9, 36.7)
    gpd.GeoDataFrame({"name": ["町"]}, geometry=[land], crs=4326).to_file(folder / "land.gpkg")
    paths = {name: folder / "land.gpkg" for name in DemoFiles.__dataclass_fields__ if name not in ("seed", "n_edges")}
    files = DemoFiles(**paths | {"folder": folder}, seed=1, n_edges=0)
    state = StormState("demo", 1, BEGINS_AT.isoformat(), ENDS_AT.isoformat(), 1, BEGINS_AT.isoformat())
    context = Context(Settings(home=tmp_path / "home"), database)
    report = load_demo_raster(context, files, state, AT, lambda done, total: None)
    assert (report.raster_id, report.kind, report.style) == (RASTER_ID, "snow_depth", "snow_depth")
    assert load_demo_raster(context, files, state, AT, lambda done, total: None).is_repeat
    with database.connect(Role.READER) as connection:
        rows = connection.execute("SELECT raster_id, synthetic, taken_at, title_ja FROM pub.raster").fetchall()
    assert rows == [(RASTER_ID, True, BEGINS_AT + timedelta(hours=3), "模擬の積雪深（合成データ）")]
    series = depth_series(BEGINS_AT, ENDS_AT, 1)
    now = station_table().merge(series[series["at"] == pd.Timestamp(rows[0][2])], on="station")
    with rasterio.open(next((tmp_path / "home" / "rasters" / RASTER_ID).glob("*.tif"))) as raster:
        for lon, lat in ((136.63, 36.585), (136.5, 36.3), (136.8, 36.5)):
            (value,) = next(raster.sample([(lon, lat)], masked=True))
            assert abs(float(value) - naive(lon, lat, now)) < 2
        (outside,) = next(raster.sample([(136.42, 36.6)], masked=True))
        assert outside is not np.ma.masked  # inside of the land
        assert raster.bounds.left >= 136.4 - 0.01


def test_it_is_cheap(tmp_path: Path) -> None:
    """Not a figure: what is written is small, so that the first start of the demo stays short."""
    land = tmp_path / "land.gpkg"
    gpd.GeoDataFrame({"name": ["県"]}, geometry=[shapely.box(136.2, 36.0, 137.4, 37.9)], crs=4326).to_file(land)
    path = tmp_path / "depth.tif"
    write_depth(path, land, BEGINS_AT, ENDS_AT, 1, AT)
    with rasterio.open(path) as raster:
        assert raster.width * raster.height < 500_000
    assert path.stat().st_size < 3_000_000

"""Depth of snow from a raster: the mean of its pixels in each cell of the mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject, transform_bounds

from geo.errors import InputError
from geo.snow import COLUMNS, COLUMNS_PER_DEG, ROWS_PER_DEG
from geo.timeline import parse
from ingest.weather_rows import DEPTH_MAX_CM

type Box = tuple[float, float, float, float]

#: Centimetres of one of their units.
UNITS_CM: Mapping[str, float] = {"cm": 1.0, "m": 100.0, "mm": 0.1}
#: More cells than this are no region but a mistake in the georeference: Japan's land has 390,000.
CELLS_MAX = 2_000_000
#: Tags that may hold the time, in the order in which they count.
TIME_TAGS = ("at", "time", "TIFFTAG_DATETIME")


@dataclass(frozen=True, slots=True)
class SnowRaster:
    """Depths on mesh cells: (C,) cells, ascending, and (C,) centimetres, nan where the raster says nothing."""

    at: datetime
    cell: NDArray[np.int32]
    depth_cm: NDArray[np.float64]


def read_raster(path: Path, zone: str, at: datetime | None, unit: str | None, area: Box | None) -> SnowRaster:
    """Sample the first band onto the mesh.

    zone  on whose clock a time in a tag stands;  at  the moment; None: from a tag (at, time, TIFFTAG_DATETIME)
    unit  cm, m or mm; None: from the band, else cm
    area  west, south, east, north in degrees outside of which no cell is wanted; None: all of the raster
    Raises InputError where it cannot be read or does not say where or when it is.
    """
    try:
        with rasterio.open(path) as raster:
            if raster.crs is None:
                raise InputError(
                    f"{path}: it has no CRS.", hint="Write one into it, e.g. gdal_edit.py -a_srs EPSG:4326."
                )
            moment = at or _moment(path, raster.tags() | raster.tags(1), zone)
            factor = _factor(path, unit or raster.units[0])
            box = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
            west, south, east, north = _cells_of(path, _common(path, box, area))
            wanted = np.full((north - south, east - west), np.nan)
            reproject(
                rasterio.band(raster, 1), wanted, dst_crs="EPSG:4326", dst_nodata=np.nan,
                dst_transform=from_origin(
                    west / COLUMNS_PER_DEG - 180, north / ROWS_PER_DEG - 90, 1 / COLUMNS_PER_DEG, 1 / ROWS_PER_DEG
                ),
                resampling=Resampling.average,
            )  # fmt: skip
    except RasterioError as error:
        raise InputError(f"{path}: not readable as a raster: {error}.", hint="Export it as GeoTIFF.") from error
    row, column = np.arange(north - 1, south - 1, -1), np.arange(west, east)
    cell = (row[:, None] * COLUMNS + column[None, :]).ravel().astype(np.int32)
    order = np.argsort(cell)
    return SnowRaster(moment, cell[order], wanted.ravel()[order] * factor)


def usable(raster: SnowRaster) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """((C,), (C,)) which cells have a depth that can be, and which have one that cannot."""
    told = ~np.isnan(raster.depth_cm)
    good = told & (raster.depth_cm >= 0) & (raster.depth_cm <= DEPTH_MAX_CM)
    return good, told & ~good


def _moment(path: Path, tags: Mapping[str, str], zone: str) -> datetime:
    for name in TIME_TAGS:
        if name not in tags:
            continue
        try:
            if name == "TIFFTAG_DATETIME":  # TIFF 6.0, section 8: YYYY:MM:DD HH:MM:SS, no zone
                return datetime.strptime(tags[name], "%Y:%m:%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
            return parse(tags[name], zone)
        except ValueError as error:
            raise InputError(f"{path}: its tag {name} {tags[name]!r} is no time.", hint="Say it with --at.") from error
    raise InputError(f"{path}: no tag says of which moment it is.", hint="Say it with --at.")


def _factor(path: Path, unit: str | None) -> float:
    if unit is None or unit in UNITS_CM:
        return UNITS_CM[unit or "cm"]
    raise InputError(f"{path}: {unit!r} is no unit of a depth.", hint=f"Say it with --unit: {', '.join(UNITS_CM)}.")


def _common(path: Path, box: Box, area: Box | None) -> Box:
    if area is None:
        return box
    west, south = max(box[0], area[0]), max(box[1], area[1])
    east, north = min(box[2], area[2]), min(box[3], area[3])
    if west >= east or south >= north:
        raise InputError(f"{path}: it does not touch the area of the roads.", hint="Compare its CRS with its place.")
    return west, south, east, north


def _cells_of(path: Path, box: Box) -> tuple[int, int, int, int]:
    """First column and row, and those after the last, of the cells that cover a box."""
    west, east = (int(np.floor((box[0] + 180) * COLUMNS_PER_DEG)), int(np.ceil((box[2] + 180) * COLUMNS_PER_DEG)))
    south, north = (int(np.floor((box[1] + 90) * ROWS_PER_DEG)), int(np.ceil((box[3] + 90) * ROWS_PER_DEG)))
    if (east - west) * (north - south) > CELLS_MAX:
        raise InputError(f"{path}: it covers more than {CELLS_MAX:,} cells.", hint="Cut it to the area of the roads.")
    return west, south, east, north

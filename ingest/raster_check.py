"""Rasters at the door: opened without any way out to other files or hosts, and held against what their kind must be."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform_bounds

from geo.errors import InputError, MissingInputError, TooLargeError
from geo.vocabulary import RasterKind
from ingest.files import refuse_empty, require

type Box = tuple[float, float, float, float]

#: Formats whose files hold their own pixels. VRT and the like are left out: they name other files and hosts.
DRIVERS = (
    "GTiff", "PNG", "JPEG", "JP2OpenJPEG", "WEBP", "HFA", "ENVI", "EHdr", "AAIGrid", "ERS", "SAGA", "GRIB",
    "netCDF", "GPKG", "MBTiles", "USGSDEM", "SRTMHGT", "PCIDSK", "RST", "BMP", "XYZ",
)  # fmt: skip
#: GDAL opens no address and runs no code of a file.
CLOSED: Mapping[str, Any] = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
    "GDAL_CACHEMAX": 256 * 2**20,  # bytes for rasterio, where GDAL takes megabytes
}
#: Types that are kept; the others hold more than anybody measures.
TYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
#: Centimetres of one of their units.
UNITS_CM: Mapping[str, float] = {"cm": 1.0, "m": 100.0, "mm": 0.1}
#: A degree of latitude, metres: 40,007,863 m around the poles (WGS 84), by 360.
DEGREE_M = 40_007_863 / 360


@dataclass(frozen=True, slots=True)
class Facts:
    """What a raster says of itself, checked.

    n_bands   without an alpha band; alpha: its number, None: there is none
    nodata    value of a pixel of which nothing is known; None: a mask, alpha or NaN says it, or nothing does
    factor    from the file's values to `unit`
    box       west, south, east, north in degrees; pixel_m: side of a pixel on the ground
    """

    n_bands: int
    alpha: int | None
    dtype: str
    nodata: float | None
    has_mask: bool
    unit: str | None
    factor: float
    crs: str
    box: Box
    pixel_m: float


@contextlib.contextmanager
def opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    """The raster of a file. Raises MissingInputError, InputError where it is none that may be read."""
    require(path)
    if not path.is_file():
        raise MissingInputError(f"{path} is no file.", hint="Name the file of one raster.")
    refuse_empty(path)
    with rasterio.Env(**CLOSED), _open(path) as raster:
        yield raster


def _open(path: Path) -> rasterio.DatasetReader:
    """The raster by the first of DRIVERS that knows its content; a driver is named, so no other one is asked."""
    complaints: list[RasterioError] = []
    for driver in DRIVERS:
        try:
            return rasterio.open(path.resolve(), driver=driver)
        except RasterioError as error:
            complaints.append(error)
    why = next(
        (text for text in map(_first_line, complaints) if "not recognized" not in text), "no format that is read"
    )
    raise InputError(
        f"{path}: not readable as a raster: {why}.",
        hint="Copy it again, or export it as GeoTIFF; VRT and other files that only name files are not read.",
    )


def _first_line(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(cause).strip().split("\n")[0].rstrip(".")


def facts_of(
    raster: rasterio.DatasetReader, path: Path, kind: RasterKind, unit: str | None, nodata: str | None, most_mpx: float
) -> Facts:
    """What the raster says, checked against its kind.

    unit    of the values: cm, m or mm for a depth of snow, anything else for other kinds; None: as the band says
    nodata  the value that means nothing is known, or `none`: every pixel is known; None: as the file says
    Raises InputError, TooLargeError naming what does not fit.
    """
    n_mpx = raster.width * raster.height / 1e6
    if n_mpx > most_mpx:
        raise TooLargeError(
            f"{path}: it declares {raster.width:,} × {raster.height:,} pixels; {most_mpx:,.0f} million are taken.",
            hint="Cut it into parts, or raise rasters.max_megapixels in config.yml.",
        )
    box = _place(raster, path)
    alpha = next((i for i in raster.indexes if raster.colorinterp[i - 1] == ColorInterp.alpha), None)
    n_bands = raster.count - (alpha is not None)
    dtype = _type(raster, path, kind, n_bands)
    missing = _missing(raster, path, nodata)
    has_mask = alpha is not None or MaskFlags.per_dataset in raster.mask_flag_enums[0]
    is_told = missing is not None or has_mask or dtype.startswith("float") or nodata == "none"
    if kind is RasterKind.SNOW_DEPTH and not is_told:
        raise InputError(
            f"{path}: it does not say which pixels are unknown, and unknown is not 0 cm.",
            hint="Say it with --nodata VALUE, or --nodata none where every pixel was measured.",
        )
    unit_told, factor = _unit(raster, path, kind, unit)
    return Facts(n_bands, alpha, dtype, missing, has_mask, unit_told, factor, _name(raster.crs), box,
                 _pixel_m(box, raster.width, raster.height))  # fmt: skip


def _place(raster: rasterio.DatasetReader, path: Path) -> Box:
    """Where it lies, in degrees."""
    if raster.crs is None:
        raise InputError(f"{path}: it has no CRS.", hint="Write one into it, e.g. gdal_edit.py -a_srs EPSG:6675.")
    grid = raster.transform
    if grid.is_identity or grid.determinant == 0:
        raise InputError(f"{path}: it is not georeferenced.", hint="Warp it to its ground control points: gdalwarp.")
    if grid.b != 0 or grid.d != 0 or grid.a <= 0 or grid.e >= 0:
        raise InputError(
            f"{path}: its grid is rotated or mirrored, not north up.", hint="Straighten it: gdalwarp IN OUT."
        )
    try:
        box: Box = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds, densify_pts=21)
    except (RasterioError, CRSError) as error:
        raise InputError(
            f"{path}: its CRS leads to no place on Earth: {_first_line(error)}.", hint="Correct its CRS."
        ) from error
    west, south, east, north = box
    is_on_earth = all(map(math.isfinite, box)) and -180 <= west < east <= 180 and -90 <= south < north <= 90
    if not is_on_earth:
        raise InputError(f"{path}: it lies at {box}, nowhere on Earth.", hint="Compare its CRS with its place.")
    return box


def _name(crs: CRS) -> str:
    """EPSG:6675 where the CRS has a code, else its definition."""
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.to_wkt())


def _pixel_m(box: Box, width: int, height: int) -> float:
    west, south, east, north = box
    tall = (north - south) * DEGREE_M / height
    wide = (east - west) * DEGREE_M * math.cos(math.radians((south + north) / 2)) / width
    return math.sqrt(tall * wide)


def _type(raster: rasterio.DatasetReader, path: Path, kind: RasterKind, n_bands: int) -> str:
    """The type of the bands, which have to be those of the kind."""
    found = set(raster.dtypes)
    if len(found) > 1:
        raise InputError(f"{path}: its bands have the types {', '.join(sorted(found))}.", hint="Export them as one.")
    dtype = str(found.pop())
    if dtype not in TYPES:
        raise InputError(f"{path}: pixels of the type {dtype} are not taken.", hint=f"Use one of {', '.join(TYPES)}.")
    wanted = {RasterKind.DRONE: (3,), RasterKind.SNOW_DEPTH: (1,), RasterKind.HILLSHADE: (1,)}
    if n_bands not in wanted.get(kind, (1, 2, 3, 4)):
        words = " or ".join(map(str, wanted.get(kind, (1, 2, 3, 4))))
        raise InputError(f"{path}: {n_bands} bands; a raster of the kind {kind} has {words}, alpha not counted.",
                         hint="Pick the bands with gdal_translate -b.")  # fmt: skip
    if kind in (RasterKind.DRONE, RasterKind.HILLSHADE) and dtype != "uint8":
        raise InputError(
            f"{path}: {dtype}; a raster of the kind {kind} has 8 bits a band.",
            hint="Choose what becomes black and white: gdal_translate -ot Byte -scale MIN MAX 0 255.",
        )
    return dtype


def _missing(raster: rasterio.DatasetReader, path: Path, nodata: str | None) -> float | None:
    if nodata == "none":
        return None
    if nodata is None:
        return None if raster.nodata is None else float(raster.nodata)
    try:
        value = float(nodata)
    except ValueError as error:
        raise InputError(f"--nodata {nodata!r} is no number.", hint="Give a number, or `none`.") from error
    dtype = np.dtype(raster.dtypes[0])
    fits = dtype.kind == "f" or (value.is_integer() and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max)
    if not fits:
        raise InputError(f"{path}: no pixel of the type {dtype} can be {nodata}.", hint="Correct --nodata.")
    return value


def _unit(raster: rasterio.DatasetReader, path: Path, kind: RasterKind, unit: str | None) -> tuple[str | None, float]:
    """The unit that is kept, and the factor towards it; depths of snow are kept in centimetres."""
    told = unit or raster.units[0] or None
    if kind is not RasterKind.SNOW_DEPTH:
        return told, 1.0
    if told is None or told not in UNITS_CM:
        known = ", ".join(UNITS_CM)
        raise InputError(f"{path}: {told or 'nothing'} is no unit of a depth.", hint=f"Say it with --unit: {known}.")
    return "cm", UNITS_CM[told]

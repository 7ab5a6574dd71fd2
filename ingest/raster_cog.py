"""A raster as a Cloud Optimised GeoTIFF of its own grid: what is unknown marked, overviews inside, on disk as a whole.

The grid stays the delivered one. A tile is warped when somebody asks for it; a point and a statistic are answered from
the values that were delivered, which no reprojection has mixed (docs/rasters.md).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.shutil import copy
from rasterio.windows import Window

from geo.errors import EnvironmentProblem, InputError
from geo.vocabulary import RasterKind
from ingest.raster_check import CLOSED, Facts

type Progress = Callable[[int, int], None]

#: Side of a block of the file, and of what is read at once.
BLOCK_PX, READ_PX = 256, 2048
#: What stands in a depth of snow where nothing is known.
DEPTH_NODATA = -9999.0
#: More snow than this lies nowhere: the record of Japan is 1,182 cm (Mount Ibuki, 14 February 1927).
DEPTH_MAX_CM = 2000.0
#: Shares of the values between which a grey stretch runs.
STRETCH = (2, 98)
#: A stretch is told from at most so many pixels a side.
SAMPLE_PX = 1024


@dataclass(frozen=True, slots=True)
class Cog:
    """A finished file, and what was found while it was made: pixels with a value, pixels with an impossible one."""

    path: Path
    content_key: str
    n_bytes: int
    dtype: str
    nodata: float | None
    stretch: tuple[float, float] | None
    n_known: int
    n_unusable: int


def make_cog(
    raster: rasterio.DatasetReader, source: Path, kind: RasterKind, facts: Facts, folder: Path, progress: Progress
) -> Cog:
    """Write the raster into `folder` under a name made of its content.

    Nothing is left there when it fails. Raises InputError where a block cannot be read (a truncated file) or no pixel
    has a value, EnvironmentProblem where the disk does not take it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f".{secrets.token_hex(8)}"
    plain, made = stem.with_suffix(".plain.tif"), stem.with_suffix(".cog.tif")
    try:
        written = _write_plain(raster, source, kind, facts, plain, progress)
        _write_cog(plain, made, kind, progress)
        return _settle(made, folder, facts, written)
    except OSError as error:
        raise EnvironmentProblem(f"{folder}: {error.strerror}.", hint="Make room on the disk.") from error
    finally:
        for file in (plain, made, made.with_suffix(".tif.aux.xml")):
            file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Written:
    profile: dict[str, Any]
    n_known: int
    n_unusable: int


def _profile(raster: rasterio.DatasetReader, kind: RasterKind, facts: Facts) -> dict[str, Any]:
    profile = {
        "driver": "GTiff", "width": raster.width, "height": raster.height, "count": facts.n_bands, "crs": raster.crs,
        "transform": raster.transform, "dtype": facts.dtype, "nodata": facts.nodata, "tiled": True,
        "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "bigtiff": "IF_SAFER",
    }  # fmt: skip
    if kind is RasterKind.SNOW_DEPTH:
        return profile | {"dtype": "float32", "nodata": DEPTH_NODATA}
    if facts.n_bands > 1:  # of a colour, one band alone may well have the value that means nothing is known
        return profile | {"nodata": None}
    if facts.nodata is None and facts.dtype.startswith("float"):
        return profile | {"nodata": float("nan")}
    return profile


def _write_plain(
    raster: rasterio.DatasetReader, source: Path, kind: RasterKind, facts: Facts, plain: Path, progress: Progress
) -> _Written:
    profile = _profile(raster, kind, facts)
    windows = [
        Window(x, y, min(READ_PX, raster.width - x), min(READ_PX, raster.height - y))
        for y in range(0, raster.height, READ_PX)
        for x in range(0, raster.width, READ_PX)
    ]
    n_known = n_unusable = 0
    may_miss = facts.has_mask or facts.nodata is not None or facts.dtype.startswith("float")
    has_mask = profile["nodata"] is None and may_miss
    with rasterio.Env(**CLOSED, GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(plain, "w", **profile) as target:
        for done, window in enumerate(windows, 1):
            values, known = _read(raster, source, facts, window)
            if kind is RasterKind.SNOW_DEPTH:
                values, known, n_bad = _depths(raster, values, known, facts.factor)
                n_unusable += n_bad
            elif profile["nodata"] is not None:
                values = np.where(known, values, np.array(profile["nodata"], values.dtype))
            target.write(values, window=window)
            if has_mask:
                target.write_mask(known, window=window)
            n_known += int(known.sum())
            progress(done, 2 * len(windows))
        _describe(raster, target, facts)
    if n_known == 0:
        raise InputError(f"{source}: not one pixel has a value.", hint="Look at its nodata value, mask and unit.")
    return _Written(profile, n_known, n_unusable)


def _describe(raster: rasterio.DatasetReader, target: rasterio.io.DatasetWriter, facts: Facts) -> None:
    for index, band in enumerate((i for i in raster.indexes if i != facts.alpha), 1):
        if raster.descriptions[band - 1]:
            target.set_band_description(index, raster.descriptions[band - 1])
        if facts.unit:
            target.set_band_unit(index, facts.unit)


def _read(
    raster: rasterio.DatasetReader, source: Path, facts: Facts, window: Window
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """((B, H, W) values, (H, W) whether they are known) of a window."""
    bands = [i for i in raster.indexes if i != facts.alpha]
    try:
        values = raster.read(bands, window=window)
        known = raster.dataset_mask(window=window) > 0 if facts.has_mask else np.ones(values.shape[1:], bool)
    except RasterioError as error:
        raise InputError(
            f"{source}: it breaks off or is damaged near row {window.row_off:,}, column {window.col_off:,}.",
            hint="Copy or export it again.",
        ) from error
    if facts.nodata is not None:
        is_none = np.isnan(values) if np.isnan(facts.nodata) else values == np.array(facts.nodata, values.dtype)
        known = known & ~is_none.all(axis=0)
    if values.dtype.kind == "f":
        known = known & np.isfinite(values).all(axis=0)
    return values, known


def _depths(
    raster: rasterio.DatasetReader, values: NDArray[Any], known: NDArray[np.bool_], factor: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_], int]:
    """Centimetres; what lies below nothing or above any snow is unknown, and counted."""
    depth_cm = (values.astype(np.float64) * raster.scales[0] + raster.offsets[0]) * factor
    can_be = (depth_cm[0] >= 0) & (depth_cm[0] <= DEPTH_MAX_CM)
    usable = known & can_be
    return np.where(usable, depth_cm, DEPTH_NODATA).astype(np.float32), usable, int((known & ~can_be).sum())


def _write_cog(plain: Path, made: Path, kind: RasterKind, progress: Progress) -> None:
    """Overviews are means of what is known; of classes and other numbers, one of them."""
    resampling = "NEAREST" if kind is RasterKind.OTHER else "AVERAGE"
    options = {
        "COMPRESS": "DEFLATE", "PREDICTOR": "YES", "BLOCKSIZE": BLOCK_PX, "OVERVIEW_RESAMPLING": resampling,
        "BIGTIFF": "IF_SAFER", "NUM_THREADS": "2", "STATISTICS": "NO",
    }  # fmt: skip
    try:
        with rasterio.Env(**CLOSED, GDAL_TIFF_INTERNAL_MASK=True):
            copy(plain, made, driver="COG", **options)
    except RasterioError as error:
        raise EnvironmentProblem(
            f"{made.parent}: the file was not written: {error}.", hint="Make room there."
        ) from error
    progress(1, 1)


def _settle(made: Path, folder: Path, facts: Facts, written: _Written) -> Cog:
    """Force the file to disk, then give it its name."""
    stretch = _stretch(made, str(written.profile["dtype"]))
    with made.open("rb+") as stream:
        key = hashlib.file_digest(stream, "sha256").hexdigest()
        os.fsync(stream.fileno())
    path = folder / f"{key}.tif"
    made.replace(path)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return Cog(path, key, path.stat().st_size, str(written.profile["dtype"]), written.profile["nodata"], stretch,
               written.n_known, written.n_unusable)  # fmt: skip


def _stretch(made: Path, dtype: str) -> tuple[float, float] | None:
    """The values between which a grey picture runs; None for eight bits, which run from 0 to 255."""
    if dtype == "uint8":
        return None
    with rasterio.Env(**CLOSED), rasterio.open(made, driver="GTiff") as raster:
        scale = max(1.0, max(raster.width, raster.height) / SAMPLE_PX)
        shape = max(1, round(raster.height / scale)), max(1, round(raster.width / scale))
        values = raster.read(1, out_shape=shape, masked=True).compressed()
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, STRETCH))
    return (low, high) if high > low else (low, low + 1.0)

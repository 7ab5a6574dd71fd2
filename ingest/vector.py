"""Vector files of every kind as one table: attributes as Arrow columns, geometries as shapely objects.

GDAL (through pyogrio) reads Shapefile, GeoPackage, File Geodatabase, GeoJSON, FlatGeobuf and the rest of its
drivers; GeoParquet goes through geopandas because the wheels of GDAL leave that driver out. Zip files are unpacked
into a temporary folder first, so that names in CP932 and missing side files do no harm.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import InputError, MissingInputError
from ingest import encoding as enc
from ingest.files import part_of, refuse_empty, require

type Geometries = NDArray[np.object_]

PARQUET = (".parquet", ".geoparquet", ".pq")
GEOJSON = (".geojson", ".json", ".geojsonl", ".ndjson")
ZIP_CONTENT = (".shp", ".gpkg", ".gdb", ".fgb", *PARQUET, *GEOJSON)


@dataclass(frozen=True, slots=True)
class VectorTable:
    """n features of one layer.

    file       name for messages
    layer      the layer's name
    encoding   how its text was read
    crs        what the file says of its CRS, as pyproj reads it; None if it says nothing
    columns    attributes, n rows
    geometry   (n,) shapely geometries in the file's CRS; None where there is none or it cannot be read
    unreadable (n,) True where there are bytes that are no geometry
    """

    file: str
    layer: str
    encoding: enc.Encoding
    crs: str | None
    columns: pa.Table
    geometry: Geometries
    unreadable: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.geometry)


def read_vector(path: Path, layer: str | None = None, encoding: str | None = None) -> VectorTable:
    """Read a layer whole; 22,000 lines take about 0.1 s.

    Raises MissingInputError for a file or layer that is not there (naming those that are), InputError for an empty
    file or layer, one that cannot be read, or a wrong encoding.
    """
    refuse_empty(require(path))
    if path.suffix.lower() == ".zip":
        return _read_zip(path, layer, encoding)
    if path.suffix.lower() in PARQUET:
        table = _read_parquet(path)
    else:
        table = _read_gdal(path, layer, encoding)
    if len(table) == 0:
        raise InputError(f"{path}: layer {table.layer!r} has no features.", hint="Export it again, or leave it out.")
    return table


def _read_zip(path: Path, layer: str | None, encoding: str | None) -> VectorTable:
    with tempfile.TemporaryDirectory(prefix="yuki-zip-") as name:
        found = _unpack(path, Path(name))
        if not found:
            raise InputError(f"{path}: no road or plan data inside.", hint=f"Looked for {', '.join(ZIP_CONTENT)}.")
        chosen = [file for file in found if layer is not None and file.stem == layer]
        if len(found) > 1 and len(chosen) != 1:
            names = ", ".join(file.stem for file in found)
            raise MissingInputError(f"{path}: holds {len(found)} files: {names}.", hint="Choose one with --layer.")
        inner = chosen[0] if chosen else found[0]
        return read_vector(inner, None if chosen else layer, encoding)


def _unpack(path: Path, folder: Path) -> list[Path]:
    """Unpack every member below `folder`; the data files among them."""
    try:
        with zipfile.ZipFile(path, metadata_encoding="cp932") as archive:
            for member in archive.infolist():
                if PurePosixPath(member.filename).is_absolute() or ".." in PurePosixPath(member.filename).parts:
                    raise InputError(f"{path}: member {member.filename!r} points out of it.", hint="Do not trust it.")
                archive.extract(member, folder)
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: not a readable zip file: {error}.", hint="Copy or download it again.") from error
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in ZIP_CONTENT)
    return [file for file in found if not any(above.suffix.lower() == ".gdb" for above in file.parents)]


def _layers(path: Path) -> list[tuple[str, str | None]]:
    """(name, geometry type) of each layer. Raises InputError for a file that GDAL does not know."""
    try:
        return [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    except DataSourceError as error:
        reason = str(error).split(";")[0]
        if path.suffix.lower() == ".shp" and part_of(path, ".shx") is None:
            reason = "its .shx file is missing"
        raise InputError(
            f"{path}: cannot be read: {reason}.", hint="Check that the file and all its parts were copied whole."
        ) from error


def _choose_layer(path: Path, wanted: str | None) -> str:
    layers = _layers(path)
    names = [name for name, _ in layers]
    if wanted is not None:
        if wanted in names:
            return wanted
        raise MissingInputError(f"{path}: no layer {wanted!r}.", hint=f"It has: {', '.join(names) or 'none'}.")
    spatial = [name for name, kind in layers if kind is not None] or names
    if len(spatial) == 1:
        return spatial[0]
    if not spatial:
        raise InputError(f"{path}: has no layer.", hint="Export it again.")
    raise MissingInputError(f"{path}: has {len(spatial)} layers.", hint=f"Choose with --layer: {', '.join(spatial)}.")


def _text_of(path: Path, given: str | None) -> tuple[enc.Encoding, bytes | None]:
    """The encoding of the attributes, and the bytes in UTF-8 where GDAL would misread the file itself."""
    suffix = path.suffix.lower()
    if suffix == ".shp":
        dbf, cpg = part_of(path, ".dbf"), part_of(path, ".cpg")
        if dbf is None:
            return enc.Encoding(enc.UTF8, "ascii"), None
        note = cpg.read_text(encoding="ascii", errors="replace").strip() if cpg else None
        return enc.shapefile_encoding(dbf.read_bytes(), note, given, str(dbf)), None
    if suffix in GEOJSON:
        text, found = enc.decode(path.read_bytes(), given, str(path))
        return found, None if found.name == enc.UTF8 else text.encode()
    return enc.Encoding(enc.UTF8, "file"), None


def _read_gdal(path: Path, layer: str | None, given: str | None) -> VectorTable:
    encoding, recoded = _text_of(path, given)
    dbf = part_of(path, ".dbf") if path.suffix.lower() == ".shp" else None
    mended = enc.mend_dbf_names(dbf.read_bytes(), encoding.name) if dbf else None
    if mended is None:
        return _read_layer(path, layer, encoding, recoded)
    with tempfile.TemporaryDirectory(prefix="yuki-shp-") as name:
        copy = Path(name) / path.name
        for suffix in (".shp", ".shx", ".prj"):
            part = part_of(path, suffix)
            if part is not None:
                copy.with_suffix(suffix).symlink_to(part.resolve())
        copy.with_suffix(".dbf").write_bytes(mended)
        return replace(_read_layer(copy, layer, encoding, None), file=str(path))


def _read_layer(path: Path, layer: str | None, encoding: enc.Encoding, recoded: bytes | None) -> VectorTable:
    name = _choose_layer(path, layer)
    source: Any = io.BytesIO(recoded) if recoded is not None else path
    options = {"encoding": encoding.name} if path.suffix.lower() == ".shp" else {}
    try:
        meta, table = pyogrio.read_arrow(source, layer=name, **options)
    except (DataSourceError, DataLayerError, pa.ArrowException, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: layer {name!r} cannot be read: {error}.", hint="Copy the file again.") from error
    column = meta["geometry_name"] or "wkb_geometry"
    if column not in table.column_names:
        geometry, unreadable = np.full(len(table), None, dtype=object), np.zeros(len(table), np.bool_)
    else:
        geometry, unreadable = _from_wkb(table.column(column))
        table = table.drop_columns([column])
    return VectorTable(str(path), name, encoding, meta["crs"], table, geometry, unreadable)


def _from_wkb(column: pa.ChunkedArray) -> tuple[Geometries, NDArray[np.bool_]]:
    wkb = column.cast(pa.binary()).to_numpy()
    with np.errstate(invalid="ignore"):  # NaN coordinates are judged later
        geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    has_bytes = np.array([value is not None for value in wkb], np.bool_)
    return geometry, has_bytes & shapely.is_missing(geometry)


def _read_parquet(path: Path) -> VectorTable:
    """GeoParquet 1.0 and 1.1 (geoparquet.org): geometry as WKB, or in the native encodings that geopandas knows."""
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[b"geo"])
        name = about["primary_column"]
        column = about["columns"][name]
        if column.get("encoding") == "WKB":
            geometry, unreadable = _from_wkb(table.column(name))
        else:
            geometry = np.asarray(gpd.read_parquet(path).geometry.array, dtype=object)
            unreadable = np.zeros(len(geometry), np.bool_)
    except KeyError as error:
        raise InputError(f"{path}: a Parquet file without geometry (no {error}).", hint="Export GeoParquet.") from error
    except (ValueError, OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not readable as GeoParquet: {error}", hint="Export it again.") from error
    # the standard: a CRS left out is OGC:CRS84, a CRS of null is not known
    said = column.get("crs", "OGC:CRS84")
    crs = json.dumps(said) if isinstance(said, dict) else said
    other = [key for key in about["columns"] if key in table.column_names]
    columns = table.drop_columns(other)
    return VectorTable(str(path), path.stem, enc.Encoding(enc.UTF8, "file"), crs, columns, geometry, unreadable)

"""Small tables as CSV, with or without coordinates, in the shape of a vector table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from ingest import encoding as enc
from ingest.degrees import degrees_of
from ingest.files import refuse_empty, require
from ingest.mapping import FieldMap, normal, resolve
from ingest.quarantine import Rejects, Why
from ingest.vector import VectorTable

SUFFIXES = (".csv", ".tsv", ".txt")
#: Names of columns that hold a position, in degrees by their name, or in the units of the source's `crs`.
POSITION_NAMES: Mapping[str, Sequence[str]] = {
    "lon": ("lon", "lng", "long", "longitude", "経度", "x"),
    "lat": ("lat", "latitude", "緯度", "y"),
    "wkt": ("wkt", "geometry", "geom", "the_geom"),
}
_DEGREES = frozenset({"lon", "lng", "long", "longitude", "経度", "lat", "latitude", "緯度"})


@dataclass(frozen=True, slots=True)
class CsvTable:
    """Rows of a CSV as a vector table, with the line (n,) on which each row begins."""

    vector: VectorTable
    line: list[int]
    position: FieldMap


def is_csv(path: Path) -> bool:
    """Whether the name of a file says CSV."""
    return path.suffix.lower() in SUFFIXES


def read_csv(path: Path, given: str | None, fields: Mapping[str, str], rejects: Rejects) -> CsvTable:
    """Read a CSV whole; cells are stripped and NFKC, empty ones null. Rows of another width go to `rejects`.

    Its CRS is EPSG:4326 where the columns' names say degrees or the geometry is WKT, else unknown. Raises InputError
    for an empty file or a wrong encoding.
    """
    refuse_empty(require(path))
    text, encoding = enc.decode(path.read_bytes(), given, str(path))
    head = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] | None = None
    rows: list[list[str | None]] = []
    lines: list[int] = []
    begin = 1
    for row in reader:
        if row and names is None:
            names = [normal(cell) for cell in row]
        elif row and names is not None and len(row) == len(names):
            rows.append([normal(cell) or None for cell in row])
            lines.append(begin)
        elif row:
            detail = f"{len(row)} cells where the header has {len(names or [])}"
            rejects.add(Why.MALFORMED, detail, {"file": path.name, "cells": row}, line=begin)
        begin = reader.line_num + 1
    if names is None or not (rows or len(rejects)):
        raise InputError(f"{path}: no rows below the header.", hint="Export it again.")
    return _table(path, encoding, names, rows, lines, fields, rejects)


def _table(
    path: Path,
    encoding: enc.Encoding,
    names: list[str],
    rows: list[list[str | None]],
    lines: list[int],
    fields: Mapping[str, str],
    rejects: Rejects,
) -> CsvTable:
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(f"{path}: the header names {', '.join(twice)} twice.", hint="Rename one of them.")
    columns = pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})
    chosen = {key: value for key, value in fields.items() if key in POSITION_NAMES}
    position = resolve(names, chosen, POSITION_NAMES, where=str(path))
    geometry, unreadable = _geometry(columns, position)
    by_name = {normal(position.columns.get(key, "")).casefold() for key in ("lon", "lat")} <= _DEGREES
    crs = "EPSG:4326" if by_name or "wkt" in position.columns else None
    vector = VectorTable(str(path), path.stem, encoding, crs, columns, geometry, unreadable)
    return CsvTable(vector, lines, position)


def _geometry(columns: pa.Table, position: FieldMap) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Geometries by WKT or by two coordinate columns, and where there is text that is neither."""
    n = len(columns)
    if "wkt" in position.columns:
        text = columns.column(position.columns["wkt"]).to_numpy()
        geometry = shapely.from_wkt(text, on_invalid="ignore")
        return geometry, np.array([t is not None for t in text], np.bool_) & shapely.is_missing(geometry)
    if {"lon", "lat"} <= position.columns.keys():
        texts = [columns.column(position.columns[key]).to_pylist() for key in ("lon", "lat")]
        xy = np.column_stack([[_number(t) for t in text] for text in texts]).reshape(n, 2)
        good = np.isfinite(xy).all(axis=1)
        made = np.full(n, None, dtype=object)
        made[good] = shapely.points(xy[good])
        said = np.array([a is not None or b is not None for a, b in zip(*texts, strict=True)], np.bool_)
        return made, said & ~good
    return np.full(n, None, dtype=object), np.zeros(n, np.bool_)


def _number(text: Any) -> float:
    return float("nan") if text is None else degrees_of(str(text))

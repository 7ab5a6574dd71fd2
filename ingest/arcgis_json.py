"""Esri JSON as what the rest of ingest knows: points, shapely geometries, plain values, a GeoParquet table.

By the published description of geometry objects: points as x and y, of which null or "NaN" says that there is none;
lines as paths, areas as rings, outer ones clockwise and holes against it. Z and M are left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.errors import InputError
from geo.timeline import from_us
from ingest.arcgis_layer import DATE, Layer
from ingest.arcgis_query import Feature

#: Esri's number types as Arrow's; whatever is not listed here is text.
NUMBERS = {
    "esriFieldTypeOID": pa.int64(),
    "esriFieldTypeInteger": pa.int64(),
    "esriFieldTypeSmallInteger": pa.int64(),
    "esriFieldTypeBigInteger": pa.int64(),
    "esriFieldTypeDouble": pa.float64(),
    "esriFieldTypeSingle": pa.float64(),
}
#: What stands for a geometry that cannot be read: no WKB either, so it goes to quarantine as bad_geometry.
BROKEN = b"\0"


def values_of(feature: Feature, layer: Layer) -> dict[str, Any]:
    """The attributes, dates as ISO 8601: with +00:00, or with no offset where the server does not know their zone.

    A number that is no date stays what it is and is judged where it is used.
    """
    values = dict(feature.attributes)
    for name, kind in layer.fields.items():
        value = values.get(name)
        if kind == DATE and isinstance(value, int | float) and math.isfinite(value):
            try:
                moment = from_us(int(value) * 1000)
            except (ValueError, OverflowError, OSError):
                continue
            shown = moment.replace(tzinfo=None) if layer.has_unknown_zone else moment
            values[name] = shown.isoformat(timespec="milliseconds")
    return values


def fix_row(feature: Feature, layer: Layer) -> dict[str, Any]:
    """A feature as a row of fixes: its attributes, and its point as lon and lat before them."""
    values = values_of(feature, layer)
    if layer.geometry_type is None:
        return values
    point = feature.geometry or {}
    place = {"lon": point.get("x"), "lat": point.get("y")}
    return place | {name: value for name, value in values.items() if name not in place}


def shape_of(geometry: dict[str, Any] | None, where: str) -> Any:
    """The shapely geometry of an Esri JSON object; None where there is none.

    Raises ValueError for what is no geometry, InputError for true curves, which only a server that ignores
    returnTrueCurves sends.
    """
    if not geometry:
        return None
    if "curvePaths" in geometry or "curveRings" in geometry:
        raise InputError(f"{where}: true curves are not read.", hint="Ask for the layer with densified geometry.")
    if "x" in geometry:
        x, y = _number(geometry["x"]), _number(geometry.get("y"))
        return shapely.Point() if math.isnan(x) or math.isnan(y) else shapely.Point(x, y)
    if "points" in geometry:
        return shapely.MultiPoint(_coordinates(geometry["points"]))
    if "paths" in geometry:
        return shapely.MultiLineString([_line(path) for path in _list(geometry["paths"]) if path])
    if "rings" in geometry:
        return _area([_coordinates(ring) for ring in _list(geometry["rings"]) if ring])
    raise ValueError("no geometry of Esri JSON")


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list was expected")  # bad data, not a wrong call
    return value


def _number(value: Any) -> float:
    """A coordinate; NaN for null, as for the text NaN."""
    if value is None:
        return math.nan
    if isinstance(value, bool | list | dict):
        raise ValueError("a coordinate is no number")
    return float(value)


def _coordinates(points: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, 2) the first two numbers of each point."""
    pairs = [_list(point)[:2] for point in _list(points)]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a point needs two coordinates")
    return np.array([[_number(x), _number(y)] for x, y in pairs], np.float64).reshape(-1, 2)


def _line(path: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A line of at least two vertices; one alone is taken twice, and so goes to quarantine as zero_length."""
    xy = _coordinates(path)
    return np.repeat(xy, 2, axis=0) if len(xy) == 1 else xy


def _area(rings: list[np.ndarray[Any, np.dtype[np.float64]]]) -> Any:
    """Rings as polygons: each hole in the smallest outer ring around it; one that lies in none stands for itself."""
    turns = [_is_clockwise(ring) for ring in rings]
    outer = [shapely.Polygon(ring) for ring, turn in zip(rings, turns, strict=True) if turn]
    holes: list[list[Any]] = [[] for _ in outer]
    alone = []
    for ring in (ring for ring, turn in zip(rings, turns, strict=True) if not turn):
        around = [i for i, area in enumerate(outer) if shapely.intersects_xy(area, *ring[0])]
        if around:
            holes[min(around, key=lambda i: outer[i].area)].append(ring)
        else:
            alone.append(shapely.Polygon(ring))
    areas = [shapely.Polygon(area.exterior, inner) for area, inner in zip(outer, holes, strict=True)]
    return shapely.MultiPolygon(areas + alone)


def _is_clockwise(ring: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """By the sign of the area (the shoelace formula); not for rings whose area is no number."""
    x, y = ring[:, 0], ring[:, 1]
    return bool(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0)


def write_table(features: Sequence[Feature], layer: Layer, path: Path, ids: str | None) -> None:
    """Features as GeoParquet 1.1 in longitude and latitude; the same features give the same bytes.

    ids  name of a further column with the feature's lasting id: its global id, else its object id; None: none
    """
    rows = [values_of(feature, layer) for feature in features]
    names = list(dict.fromkeys([*layer.fields, *(name for row in rows for name in row)]))
    columns = {name: _column([row.get(name) for row in rows], layer.fields.get(name, "")) for name in names}
    if ids is not None:
        columns[ids] = pa.array([str(_lasting_id(feature, layer)) for feature in features], pa.string())
    geometry = next(name for name in ("geometry", "shape", "the_geom", "_geometry") if name not in columns)
    columns[geometry] = pa.array([_wkb(feature, layer) for feature in features], pa.binary())
    about = {
        "version": "1.1.0",
        "primary_column": geometry,
        "columns": {geometry: {"encoding": "WKB", "geometry_types": []}},
    }
    pq.write_table(pa.table(columns).replace_schema_metadata({"geo": json.dumps(about)}), path)


def _lasting_id(feature: Feature, layer: Layer) -> Any:
    named = feature.attributes.get(layer.global_id_field) if layer.global_id_field else None
    return named or feature.object_id


def _wkb(feature: Feature, layer: Layer) -> bytes | None:
    try:
        with np.errstate(invalid="ignore"):  # NaN coordinates are judged later
            shape = shape_of(feature.geometry, f"{layer.name}, object id {feature.object_id}")
    except (ValueError, shapely.errors.ShapelyError):
        return BROKEN
    return None if shape is None else bytes(shapely.to_wkb(shape))


def _column(values: list[Any], kind: str) -> pa.Array:
    """A column of its Esri type, or of text where a value does not fit."""
    try:
        return pa.array(values, NUMBERS.get(kind, pa.string()))
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()

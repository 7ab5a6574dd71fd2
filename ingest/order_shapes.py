"""Shapes of orders: GeoJSON geometries and single places, refused where nobody could lay them on roads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import shapely

from geo.errors import InputError

LINES = ("LineString", "MultiLineString", "Point", "MultiPoint")
AREAS = ("Polygon", "MultiPolygon")
VERTICES_MAX = 10_000


def on_earth(lon: Any, lat: Any, where: str) -> None:
    """Raise InputError for a place that is none, and say where longitude and latitude look swapped."""
    hint = "Longitude comes first, degrees of WGS 84."
    for value, name in ((lon, "longitude"), (lat, "latitude")):
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise InputError(f"{where}: the {name} {str(value)[:60]!r} is no number.", hint=hint)
    if abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
        raise InputError(f"{where}: longitude and latitude are swapped: {lon:g}, {lat:g}.", hint=hint)
    if abs(lat) > 90 or abs(lon) > 180:
        raise InputError(f"{where}: {lon:g}, {lat:g} is no place on Earth.", hint=hint)


def read_shape(given: Any) -> Any:
    """A GeoJSON geometry as a shape in degrees. Raises InputError for one that is none, or crosses itself."""
    if not isinstance(given, dict) or given.get("type") not in (*LINES, *AREAS):
        raise InputError("geometry: expected GeoJSON.", hint=f"One of {', '.join((*LINES, *AREAS))}.")
    for n, (lon, lat) in enumerate(_positions(given.get("coordinates"), 0), 1):
        if n > VERTICES_MAX:
            raise InputError(f"geometry: more than {VERTICES_MAX} vertices.", hint="Draw it more simply.")
        on_earth(lon, lat, f"geometry, vertex {n}")
    try:
        shape = shapely.force_2d(shapely.geometry.shape(given))
    except (ValueError, TypeError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
        raise InputError(f"geometry: no {given['type']}: {str(error)[:120]}.") from error
    return checked_shape(shape)


def checked_shape(shape: Any) -> Any:
    """A shape that can be laid. Raises InputError for an empty one, one without extent, or one that crosses itself."""
    if shape.is_empty:
        raise InputError("geometry: it is empty.")
    if shape.geom_type in AREAS and not shape.is_valid:
        why = shapely.is_valid_reason(shape)
        raise InputError(f"geometry: the area crosses itself or is none: {why}.", hint="Draw its border once around.")
    if shape.geom_type in ("LineString", "MultiLineString") and any(p.length == 0 for p in shapely.get_parts(shape)):
        raise InputError("geometry: a line has no length.", hint="Draw from one end of the stretch to the other.")
    return shape


def _positions(given: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    """The positions of nested coordinates. Raises InputError for what is none."""
    if not isinstance(given, list) or depth > 3:
        raise InputError("geometry: coordinates are lists of [longitude, latitude].")
    if given and not isinstance(given[0], list):
        if not 2 <= len(given) <= 4:
            raise InputError("geometry: a position is [longitude, latitude].")
        yield given[0], given[1]
        return
    for part in given:
        yield from _positions(part, depth + 1)

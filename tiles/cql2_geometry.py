"""Geometries of a filter, checked before PostGIS sees them: shape, axis order, reach of the CRS, validity."""

from __future__ import annotations

import math
from typing import Any

import shapely
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from tiles.axes import GEOGRAPHIC, REACH, Crs
from tiles.cql2_text import Node, refused

#: How deep the positions of a kind lie in lists, and the fewest positions of its innermost list.
LEVELS = {
    "Point": (0, 1), "MultiPoint": (1, 1), "LineString": (1, 2), "MultiLineString": (2, 2), "Polygon": (2, 4),
    "MultiPolygon": (3, 4),
}  # fmt: skip
#: Pieces that the longer side of a geometry is cut into before it goes from a plane to degrees, where its sides bend.
PIECES = 64


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refused(f"a coordinate is no number: {str(value)[:40]}.")
    return float(value)


def _position(value: Any, crs: Crs) -> tuple[float, float]:
    """x = east, y = north of a position as the CRS writes it; a height is left out."""
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise refused(f"a position has two numbers, or three with a height, not {str(value)[:40]}.")
    found = [_number(part) for part in value]
    x, y = (found[1], found[0]) if crs.is_north_first else (found[0], found[1])
    x_max, y_max = REACH[crs.srid]
    if abs(x) > x_max or abs(y) > y_max:
        raise refused(f"the position {str(value)[:60]} lies outside {crs.uri}.", "Mind the order of its axes.")
    return x, y


def _nested(value: Any, levels: int, least: int, crs: Crs) -> Any:
    if levels == 0:
        return _position(value, crs)
    if not isinstance(value, list) or not value:
        raise refused("the coordinates of a geometry are not those of its type.")
    found = [_nested(part, levels - 1, least, crs) for part in value]
    if levels == 1 and len(found) < least:
        raise refused(f"a geometry has {len(found)} positions where {least} are needed.")
    if levels == 1 and least == LEVELS["Polygon"][1] and found[0] != found[-1]:
        raise refused("a ring of a polygon does not end where it begins.")
    return found


def _simple(node: dict[str, Any], crs: Crs) -> BaseGeometry:
    kind = node.get("type")
    if kind not in LEVELS:
        raise refused(f"a geometry of type {str(kind)[:40]!r} is not known.")
    levels, least = LEVELS[kind]
    found = shape({"type": kind, "coordinates": _nested(node.get("coordinates"), levels, least, crs)})
    if not shapely.is_valid(found):
        raise refused(f"a {kind} is not valid: {shapely.is_valid_reason(found)[:100]}.")
    return found


def _box(corners: Any, crs: Crs) -> BaseGeometry:
    """A box of four numbers, or six with heights; over the antimeridian it is two."""
    if not isinstance(corners, list) or len(corners) not in (4, 6):
        raise refused("a bbox has four numbers, or six with heights.")
    half = len(corners) // 2
    west, south = _position(corners[:2], crs)
    east, north = _position(corners[half : half + 2], crs)
    if south > north or (west > east and crs.srid not in GEOGRAPHIC):
        raise refused(f"the bbox {str(corners)[:60]} ends before it begins.")
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    boxes = [_flat(left, south, right, north) for left, right in spans]
    return boxes[0] if len(boxes) == 1 else shapely.union_all(boxes)


def _flat(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box, or the line or point that a box without width or height is."""
    if west < east and south < north:
        return box(west, south, east, north)
    if (west, south) == (east, north):
        return shapely.Point(west, south)
    return shapely.LineString([(west, south), (east, north)])


def read_geometry(node: Node, crs: Crs) -> BaseGeometry:
    """A GeoJSON geometry or {"bbox": …} in a CRS as a shape with x = east. Raises InputError."""
    if "bbox" in node:
        found = _box(node["bbox"], crs)
    elif node.get("type") == "GeometryCollection":
        members = node.get("geometries")
        if not isinstance(members, list) or not members or not all(isinstance(m, dict) for m in members):
            raise refused("a GeometryCollection has no geometries.")
        found = shapely.GeometryCollection([_simple(member, crs) for member in members])
    else:
        found = _simple(node, crs)
    if crs.srid in GEOGRAPHIC:
        return found
    west, south, east, north = found.bounds
    longest = max(east - west, north - south)
    return shapely.segmentize(found, longest / PIECES) if longest > 0 else found

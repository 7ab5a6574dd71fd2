"""Geometries as they arrive, taken apart into what we keep and what goes to quarantine with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import Floats
from ingest.quarantine import Why

type Geometries = NDArray[np.object_]
type Ints = NDArray[np.int64]

#: Mean radius of the earth, metres (IUGG 1980, R1): for lengths in reports, which it gives within 0.3 %.
EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Lines:
    """m lines of n features: item (m,) position of the feature, part (m,) number within it, geometry (m,)."""

    item: Ints
    part: Ints
    geometry: Geometries


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a feature: its position, the reason, and one sentence."""

    item: int
    reason: Why
    detail: str


def _faults(mask: NDArray[np.bool_], item: Ints, reason: Why, detail: str) -> list[Fault]:
    return [Fault(int(i), reason, detail) for i in item[mask]]


def absent(geometry: Geometries, unreadable: NDArray[np.bool_]) -> list[Fault]:
    """Faults of features whose geometry is not there, empty or no geometry at all."""
    item = np.arange(len(geometry))
    none = shapely.is_missing(geometry) & ~unreadable
    return [
        *_faults(unreadable, item, Why.BAD_GEOMETRY, "the bytes of the geometry are broken"),
        *_faults(none, item, Why.NO_GEOMETRY, "the feature has no geometry"),
        *_faults(shapely.is_empty(geometry), item, Why.NO_GEOMETRY, "the geometry is empty"),
    ]


def _is_finite(parts: Geometries) -> NDArray[np.bool_]:
    """(m,) whether every coordinate of each geometry is a finite number."""
    xy, index = shapely.get_coordinates(parts, return_index=True)
    bad = np.bincount(index[~np.isfinite(xy).all(axis=1)], minlength=len(parts))
    finite: NDArray[np.bool_] = bad == 0
    return finite


def _on_earth(parts: Geometries) -> NDArray[np.bool_]:
    """(m,) whether every coordinate of each geometry is a longitude and a latitude."""
    xy, index = shapely.get_coordinates(parts, return_index=True)
    far = (np.abs(xy[:, 0]) > 180) | (np.abs(xy[:, 1]) > 90)
    good: NDArray[np.bool_] = np.bincount(index[far], minlength=len(parts)) == 0
    return good


def split_lines(geometry: Geometries, unreadable: NDArray[np.bool_]) -> tuple[Lines, list[Fault]]:
    """Simple lines of (n,) geometries in degrees, with repeated vertices taken out.

    A feature may give several lines and faults at once: each part of a multi-geometry is judged alone.
    """
    faults = absent(geometry, unreadable)
    parts, item = shapely.get_parts(geometry, return_index=True)
    # parts of a collection may be collections of lines themselves
    parts, inner = shapely.get_parts(parts, return_index=True)
    item = item[inner].astype(np.int64)
    full = ~shapely.is_empty(parts)
    parts, item = parts[full], item[full]
    line = np.isin(shapely.get_type_id(parts), (1, 2))
    faults += _faults(~line, item, Why.WRONG_GEOMETRY, "a road is a line; this is a point or an area")
    parts, item = parts[line], item[line]
    finite = _is_finite(parts)
    faults += _faults(~finite, item, Why.NOT_FINITE, "a coordinate is no finite number")
    parts, item = parts[finite], item[finite]
    near = _on_earth(parts)
    faults += _faults(~near, item, Why.OUTSIDE_CRS_AREA, "a coordinate is no longitude and latitude")
    parts, item = _as_lines(parts[near]), item[near]
    long = shapely.length(parts) > 0
    faults += _faults(~long, item, Why.ZERO_LENGTH, "all vertices of the line are the same")
    parts, item = shapely.remove_repeated_points(parts[long]), item[long]
    first = np.searchsorted(item, item)  # items ascend: position of the first line of the same feature
    return Lines(item, np.arange(len(item)) - first, parts), faults


def _as_lines(parts: Geometries) -> Geometries:
    """Rings as closed lines."""
    ring = shapely.get_type_id(parts) == 2
    if not ring.any():
        return parts
    made = parts.copy()
    made[ring] = [shapely.LineString(shapely.get_coordinates(part)) for part in parts[ring]]
    return made


def length_m(lines: Geometries) -> Floats:
    """(m,) lengths in metres of lines in degrees, by great circles (haversine; Sinnott 1984)."""
    xy, index = shapely.get_coordinates(lines, return_index=True)
    lon, lat = np.radians(xy[:, 0]), np.radians(xy[:, 1])
    half = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
    step = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    same = index[1:] == index[:-1]
    length: Floats = np.bincount(index[1:][same], step[same], minlength=len(lines))
    return length

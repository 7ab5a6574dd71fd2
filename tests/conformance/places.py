"""The oracle of places: geometries between coordinate systems by PROJ, each CRS with the axes of its authority."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from conformance.asking import CRS84
from pyproj import CRS, Transformer
from shapely import transform
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

#: A fifth of a metre in degrees: what a grid of 7 decimals and another library's series may differ by.
NEAR_DEG = 2e-6


@cache
def definition(uri: str) -> CRS:
    """The CRS as PROJ's database has it, with the axes as its authority orders them."""
    authority, code = re.fullmatch(r"http://www\.opengis\.net/def/crs/(\w+)/[\w.]+/(\w+)", uri).groups()  # type: ignore[union-attr]
    return CRS.from_authority(authority, code)


@cache
def way(source: str, target: str) -> Transformer:
    """How PROJ gets from one CRS into another."""
    return Transformer.from_crs(definition(source), definition(target))


def moved(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """A geometry from one CRS into another, each in the order of its own axes: the oracle."""
    if source == target:
        return geometry
    return transform(geometry, lambda at: np.column_stack(way(source, target).transform(at[:, 0], at[:, 1])))


def outlined(bounds: Sequence[float]) -> BaseGeometry:
    """A box with so many vertices on its sides that it keeps its shape in another CRS."""
    return box(*bounds).segmentize((bounds[2] - bounds[0]) / 64)


def box_in(uri: str, bounds: Sequence[float]) -> list[float]:
    """The box in a CRS around a box in CRS84."""
    return list(moved(outlined(bounds), CRS84, uri).bounds)

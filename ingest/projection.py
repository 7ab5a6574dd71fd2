"""From the CRS of a file to longitude and latitude, with the checks that find a wrong CRS before it does harm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.crs import GEOGRAPHIC
from geo.errors import InputError

type Floats = NDArray[np.float64]
type Geometries = NDArray[np.object_]
type Box = tuple[float, float, float, float]

#: How far beyond a CRS's stated area of use data may lie, degrees: areas are drawn by prefecture, roads are not.
AREA_MARGIN_DEG = 0.5
_HINT = "Name the right one with --crs, for example --crs EPSG:6675, or with `crs` of the source in config.yml."


@dataclass(frozen=True, slots=True)
class Reference:
    """The CRS that is used and where it comes from: file or given. `note` says what a reader should know."""

    crs: CRS
    found: str
    note: str = ""

    @property
    def name(self) -> str:
        """A short name such as EPSG:6675."""
        authority = self.crs.to_authority(min_confidence=70)
        return ":".join(authority) if authority else self.crs.name


def parse_crs(text: str, where: str) -> CRS:
    """The CRS that a text names. Raises InputError."""
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InputError(f"{where}: {text!r} is no CRS.", hint=_HINT) from error


def resolve_crs(declared: str | None, given: str | None, where: str) -> Reference:
    """The CRS of a file: the given one before its own. Raises InputError where neither says anything usable."""
    own = None
    if declared is not None:
        try:
            own = CRS.from_user_input(declared)
        except CRSError:
            own = None
    if own is not None and (own.is_engineering or not (own.is_projected or own.is_geographic or own.is_bound)):
        own = None
    if given is not None:
        crs = parse_crs(given, where)
        differs = own is not None and not own.equals(crs, ignore_axis_order=True)
        note = f"the file itself says {Reference(own, 'file').name}" if differs and own is not None else ""
        return Reference(crs, "given", note)
    if own is None:
        raise InputError(f"{where}: the file does not say its CRS (a shapefile does in its .prj).", hint=_HINT)
    return Reference(own, "file")


def area_of_use(crs: CRS) -> Box | None:
    """West, south, east, north in degrees of the registered area of use, with the margin; None if not known."""
    authority = crs.to_authority(min_confidence=70)
    area = crs.area_of_use or (CRS.from_authority(*authority).area_of_use if authority else None)
    if area is None or area.west > area.east:
        return None
    m = AREA_MARGIN_DEG
    return area.west - m, area.south - m, area.east + m, area.north + m


def inside(lon: Floats, lat: Floats, box: Box) -> NDArray[np.bool_]:
    """(n,) whether positions lie in a box of west, south, east, north; False for NaN and inf."""
    west, south, east, north = box
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def to_lonlat(x: Floats, y: Floats, reference: Reference) -> tuple[Floats, Floats]:
    """Longitude and latitude of (n,) coordinates in the order x, y; inf where the CRS does not reach."""
    if reference.crs.to_epsg(min_confidence=70) == GEOGRAPHIC:
        return x, y
    lon, lat = Transformer.from_crs(reference.crs, GEOGRAPHIC, always_xy=True).transform(x, y)
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


def check_numbers(x: Floats, y: Floats, reference: Reference, where: str) -> None:
    """Raises InputError where the coordinates cannot be of that CRS: degrees as metres, metres as degrees, swapped."""
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return
    x, y = x[finite], y[finite]
    as_degrees = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    swapped = (np.abs(x) <= 90) & (np.abs(y) > 90) & (np.abs(y) <= 180)
    sample = f"x {x[0]:.6g}, y {y[0]:.6g}"
    if reference.crs.is_geographic:
        if np.mean(swapped) > 0.5:
            raise InputError(
                f"{where}: latitude and longitude are swapped: {sample}.",
                hint="Write longitude first (GeoJSON and shapefiles always do) and run again.",
            )
        if np.mean(as_degrees) < 0.5:
            raise InputError(f"{where}: {reference.name} is in degrees, the coordinates are not: {sample}.", hint=_HINT)
    elif np.mean(as_degrees | swapped) > 0.99:
        raise InputError(
            f"{where}: {reference.name} is in metres, the coordinates look like degrees: {sample}.", hint=_HINT
        )


def check_area(lon: Floats, lat: Floats, reference: Reference, area: Box | None, where: str) -> None:
    """Raises InputError where most positions lie outside the CRS's area of use or the area of the source."""
    use = area_of_use(reference.crs)
    for box, what in ((use, f"the area of use of {reference.name}"), (area, "the area of the source")):
        if box is None or len(lon) == 0 or np.mean(inside(lon, lat, box)) >= 0.5:
            continue
        finite = np.isfinite(lon) & np.isfinite(lat)
        at = f"near {np.median(lon[finite]):.2f}, {np.median(lat[finite]):.2f}" if finite.any() else "nowhere on earth"
        west, south, east, north = box
        raise InputError(
            f"{where}: read as {reference.name} the data lies {at} (longitude, latitude), outside {what} "
            f"({west:.1f} to {east:.1f}, {south:.1f} to {north:.1f}).",
            hint=_HINT,
        )


def project(geometry: Geometries, reference: Reference, area: Box | None, where: str) -> Geometries:
    """(n,) geometries without Z and M in longitude and latitude; None stays None.

    Coordinates that are not finite, or that the CRS does not reach, stay in place as NaN or inf: what becomes of
    them is the caller's decision. Raises InputError where the CRS is wrong for the whole.
    """
    flat = shapely.force_2d(geometry)
    xy = shapely.get_coordinates(flat)
    check_numbers(xy[:, 0], xy[:, 1], reference, where)
    lon, lat = to_lonlat(xy[:, 0], xy[:, 1], reference)
    check_area(lon, lat, reference, area, where)
    moved: Geometries = shapely.set_coordinates(flat, np.column_stack([lon, lat]))
    return moved

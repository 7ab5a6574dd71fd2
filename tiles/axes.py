"""Coordinate systems of OGC requests, with the order in which each writes its axes.

CRS84 is longitude, latitude. EPSG:4326 and 6668 are latitude, longitude; EPSG:6675 is northing, easting (its axes
are X north, Y east); EPSG:3857 is easting, northing. PostGIS always holds x = east, so the others are flipped at the
border (OGC 18-058r1 §6: the axis order of the CRS's definition).
"""

from __future__ import annotations

from dataclasses import dataclass

from geo.errors import InputError

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, slots=True)
class Crs:
    """One CRS: its URI, its SRID in PostGIS, whether north comes first, decimals that keep a centimetre."""

    uri: str
    srid: int
    is_north_first: bool
    n_decimals: int


def _epsg(code: int, *, is_north_first: bool, n_decimals: int) -> Crs:
    return Crs(f"http://www.opengis.net/def/crs/EPSG/0/{code}", code, is_north_first, n_decimals)


#: Every CRS in which features are answered and boxes are understood, the default first.
SUPPORTED: dict[str, Crs] = {
    crs.uri: crs
    for crs in (
        Crs(CRS84, 4326, False, 7),
        _epsg(4326, is_north_first=True, n_decimals=7),
        _epsg(3857, is_north_first=False, n_decimals=3),
        _epsg(6668, is_north_first=True, n_decimals=7),
        _epsg(6675, is_north_first=True, n_decimals=3),
    )
}

#: SRIDs whose x and y are degrees.
GEOGRAPHIC = frozenset({4326, 6668})
#: Largest |x|, |y| of a position in each CRS: the sphere of 3857; 6675 is not defined far from its meridian.
REACH = {4326: (360, 90), 6668: (360, 90), 3857: (20_037_509, 20_048_967), 6675: (3_000_000, 3_000_000)}


def crs_of(parameter: str, uri: str) -> Crs:
    """The CRS of a parameter's value. Raises InputError naming the parameter."""
    found = SUPPORTED.get(uri.strip().strip("<>").replace("https://", "http://", 1))
    if found is None:
        raise InputError(f"Parameter {parameter}: {uri!r} is not served.", hint=f"Use one of {', '.join(SUPPORTED)}.")
    return found


def envelope(crs: Crs, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A box as the CRS writes it (first axis, second axis, twice) as west, south, east, north."""
    first_min, second_min, first_max, second_max = box
    return (second_min, first_min, second_max, first_max) if crs.is_north_first else box

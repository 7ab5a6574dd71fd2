"""Coordinate systems: which plane CRS an area gets, and the way in and out of it.

Data is stored as longitude and latitude of WGS 84 (EPSG:4326, x = longitude). JGD2011 (EPSG:6668) is taken as
equal to it: the realisations differ by well under the error of any GNSS fix of a plough.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.errors import ConfigError

type Floats = NDArray[np.float64]

GEOGRAPHIC = 4326

#: Origins (longitude, latitude) of the 19 zones of the Japan Plane Rectangular CRS, EPSG:6669 to 6687
#: (Ministry of Land, Infrastructure, Transport and Tourism, notification 9 of 2002).
JAPAN_ORIGINS: tuple[tuple[float, float], ...] = (
    (129.5, 33.0),
    (131.0, 33.0),
    (132.0 + 10 / 60, 36.0),
    (133.5, 33.0),
    (134.0 + 20 / 60, 36.0),
    (136.0, 36.0),
    (137.0 + 10 / 60, 36.0),
    (138.5, 36.0),
    (139.0 + 50 / 60, 36.0),
    (140.0 + 50 / 60, 40.0),
    (140.25, 44.0),
    (142.25, 44.0),
    (144.25, 44.0),
    (142.0, 26.0),
    (127.5, 26.0),
    (124.0, 26.0),
    (131.0, 26.0),
    (136.0, 20.0),
    (154.0, 26.0),
)
#: Japan's land, west south east north in degrees, without the far islands.
JAPAN = (122.0, 24.0, 149.0, 46.5)


def plane_epsg(west: float, south: float, east: float, north: float) -> int:
    """EPSG code of the plane CRS for an area in degrees.

    In Japan the zone of the plane rectangular system whose origin is nearest, a degree of latitude counting half,
    since scale grows with longitude alone; for Ishikawa EPSG:6675, zone VII. Elsewhere the UTM zone of the middle.
    """
    lon, lat = (west + east) / 2, (south + north) / 2
    if JAPAN[0] <= lon <= JAPAN[2] and JAPAN[1] <= lat <= JAPAN[3]:
        origins = np.array(JAPAN_ORIGINS)
        return 6669 + int(np.argmin(np.abs(origins[:, 0] - lon) + np.abs(origins[:, 1] - lat) / 2))
    zone = int((lon + 180) // 6) % 60 + 1
    return (32600 if lat >= 0 else 32700) + zone


def plane_for(setting: str, bounds: tuple[float, float, float, float]) -> int:
    """The plane CRS that `network.crs` names, or the one of the area for "auto". Raises ConfigError."""
    if setting == "auto":
        return plane_epsg(*bounds)
    try:
        crs = CRS.from_user_input(setting)
    except CRSError as error:
        raise ConfigError(f"network.crs: {setting!r} is no CRS.", hint="Use a code such as EPSG:6675.") from error
    epsg = crs.to_epsg()
    if epsg is None or not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise ConfigError(f"network.crs: {setting!r} is no plane CRS in metres.", hint="Use e.g. EPSG:6675.")
    return epsg


@cache
def _transformer(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def to_plane(lon: Floats, lat: Floats, epsg: int) -> Floats:
    """(n, 2) metres of (n,) longitudes and latitudes; inf where the CRS does not reach."""
    x, y = _transformer(GEOGRAPHIC, epsg).transform(lon, lat)
    return np.column_stack([np.atleast_1d(x), np.atleast_1d(y)])


def to_lonlat(xy: Floats, epsg: int) -> Floats:
    """(n, 2) longitude and latitude in degrees of (n, 2) metres."""
    lon, lat = _transformer(epsg, GEOGRAPHIC).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([lon, lat])

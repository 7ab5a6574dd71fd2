"""Plane CRS by area, and the way in and out."""

from __future__ import annotations

import numpy as np
import pytest

from geo.crs import plane_epsg, plane_for, to_lonlat, to_plane
from geo.errors import ConfigError


@pytest.mark.parametrize(
    ("place", "bounds", "epsg"),
    [
        ("Ishikawa, zone VII", (136.2, 36.0, 137.4, 37.9), 6675),
        ("Sapporo, zone XII", (141.2, 42.9, 141.6, 43.2), 6680),
        ("Tokyo, zone IX", (139.5, 35.5, 139.9, 35.9), 6677),
        ("Fukuoka, zone II", (130.2, 33.4, 130.6, 33.8), 6670),
        ("Naha, zone XV", (127.6, 26.1, 127.8, 26.3), 6683),
        ("Seattle, UTM 10", (-122.5, 47.0, -122.0, 48.0), 32610),
        ("Helsinki, UTM 35", (24.8, 60.1, 25.1, 60.3), 32635),
    ],
)
def test_area_gets_its_plane(place: str, bounds: tuple[float, float, float, float], epsg: int) -> None:
    assert plane_epsg(*bounds) == epsg, place


def test_setting_names_a_plane() -> None:
    assert plane_for("EPSG:2454", (0, 0, 1, 1)) == 2454


@pytest.mark.parametrize("wrong", ["EPSG:4326", "EPSG:0", "plane", "EPSG:2263"])
def test_setting_that_is_no_plane_in_metres_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"network\.crs"):
        plane_for(wrong, (0, 0, 1, 1))


def test_there_and_back_again() -> None:
    lon, lat = np.array([136.2, 137.3]), np.array([36.1, 37.5])
    back = to_lonlat(to_plane(lon, lat, 6675), 6675)
    np.testing.assert_allclose(back, np.column_stack([lon, lat]), atol=1e-9)


def test_metres_are_metres() -> None:
    """One minute of latitude at 36.5 degrees north is 1849.3 m on GRS80; the plane's scale is within 1:10,000."""
    xy = to_plane(np.array([136.6, 136.6]), np.array([36.5, 36.5 + 1 / 60]), 6675)
    assert np.hypot(*(xy[1] - xy[0])) == pytest.approx(1849.4, abs=0.4)

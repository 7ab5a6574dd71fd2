"""A wrong CRS is found before it does harm."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.errors import InputError
from ingest.projection import project, resolve_crs

KANAZAWA = np.array([shapely.LineString([(136.65, 36.56), (136.66, 36.57)])], dtype=object)
PLANE = np.array([shapely.LineString([(-47_000, 62_000), (-46_000, 62_000)])], dtype=object)
ISHIKAWA = (136.2, 36.0, 137.4, 37.9)


def _run(geometry: np.ndarray, crs: str, area: tuple[float, float, float, float] | None = None) -> np.ndarray:
    return project(geometry, resolve_crs(None, crs, "roads.shp"), area, "roads.shp")


def test_plane_coordinates_arrive_where_they_belong() -> None:
    # the origin of zone VII is 137°10'E 36°N (notification 9 of 2002, Ministry of Land)
    there = _run(np.array([shapely.LineString([(0, 0), (0, 111_000)])], dtype=object), "EPSG:6675")
    xy = shapely.get_coordinates(there)
    assert xy[0] == pytest.approx((137 + 10 / 60, 36.0), abs=1e-9)
    assert xy[1][1] == pytest.approx(37.0, abs=0.001)


def test_z_and_m_are_left_out() -> None:
    flat = _run(np.array([shapely.from_wkt("LINESTRING ZM (0 0 5 1, 1000 1000 6 2)")], dtype=object), "EPSG:6675")
    assert not shapely.has_z(flat[0])
    assert not shapely.has_m(flat[0])


def test_no_crs_asks_for_one() -> None:
    with pytest.raises(InputError, match=r"does not say its CRS.*--crs EPSG:6675"):
        resolve_crs(None, None, "roads.shp")
    with pytest.raises(InputError, match="'EPSG:0' is no CRS"):
        resolve_crs(None, "EPSG:0", "roads.shp")


def test_the_given_crs_wins_and_the_difference_is_said() -> None:
    reference = resolve_crs("EPSG:2454", "EPSG:6675", "roads.shp")
    assert reference.name == "EPSG:6675"
    assert "EPSG:2454" in reference.note


@pytest.mark.parametrize(
    ("geometry", "crs", "message"),
    [
        (PLANE, "EPSG:4326", "is in degrees, the coordinates are not"),
        (KANAZAWA, "EPSG:6675", "look like degrees"),
        (shapely.transform(KANAZAWA, lambda xy: xy[:, ::-1]), "EPSG:4326", "latitude and longitude are swapped"),
        (shapely.transform(PLANE, lambda xy: xy + [700_000, 4_000_000]), "EPSG:6675", "outside the area of use"),
        (PLANE, "EPSG:32653", "outside the area of use of EPSG:32653"),
    ],
)
def test_a_wrong_crs_is_named(geometry: np.ndarray, crs: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        _run(geometry, crs)
    assert "roads.shp" in str(error.value)


def test_a_neighbouring_zone_is_found_by_the_area_of_the_source() -> None:
    # Ishikawa's numbers read in zone VIII lie in Nagano: no area of use tells, the source's own area does
    assert len(_run(PLANE, "EPSG:6676")) == 1
    with pytest.raises(InputError, match="outside the area of the source"):
        _run(PLANE, "EPSG:6676", ISHIKAWA)
    assert len(_run(PLANE, "EPSG:6675", ISHIKAWA)) == 1


def test_missing_geometries_stay_missing() -> None:
    assert _run(np.array([None, *PLANE], dtype=object), "EPSG:6675")[0] is None

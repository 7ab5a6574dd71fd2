"""GDAL 3.12 inside pyogrio: every CRS with its axes the right way round, filters, pages."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pyogrio
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from tests.clients.compare import same_features
from tests.clients.town import Town


@pytest.fixture(autouse=True)
def no_lossy_warnings() -> Iterator[None]:
    """What GDAL reads through a wrong type it only warns of; here that is an error. Its word on ISO 8601 is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def read(town: Town, layer: str, **options: Any) -> list[tuple[dict[str, Any], BaseGeometry | None]]:
    """The features as pairs of properties and shape."""
    found = pyogrio.read_dataframe(f"OAPIF:{town.address}/ogc/", layer=layer, **options)
    names = [name for name in found.columns if name != "geometry"]
    return [
        (dict(zip(names, row[:-1], strict=True)), row[-1])
        for row in found[[*names, "geometry"]].itertuples(index=False, name=None)
    ]


def test_every_feature_of_every_collection(town: Town) -> None:
    for name in town.public:
        same_features(town.collection(name), read(town, name, PAGE_SIZE=1_000), town.rows(name))


@pytest.mark.parametrize("epsg", [4326, 3857, 6668, 6675])
def test_axes_are_the_right_way_round(town: Town, epsg: int) -> None:
    """GDAL turns the axes of a CRS back to east, north; a service that mixed them up would put the town elsewhere."""
    move = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)

    def place(geometry: BaseGeometry) -> BaseGeometry:
        return shapely.transform(geometry, lambda xy: _moved(move, xy))

    tolerance = 2e-7 if epsg in (4326, 6668) else 0.002
    for name in ("passes", "ploughs", "snow", "work_sections", "closures"):
        found = read(town, name, CRS=f"EPSG:{epsg}", PAGE_SIZE=2_000)
        assert found
        same_features(town.collection(name), found, town.rows(name), place=place, tolerance=tolerance)


def _moved(move: Transformer, xy: Any) -> Any:
    x, y = move.transform(xy[:, 0], xy[:, 1])
    moved = xy.copy()
    moved[:, 0], moved[:, 1] = x, y
    return moved


def test_the_plane_crs_is_where_zone_7_has_it(town: Town) -> None:
    """JGD2011 zone VII: the origin is 36° N, 137°10' E, so the town lies west and north of it, in metres."""
    ((_, point),) = read(town, "settlements", CRS="EPSG:6675")
    assert point is not None
    # 0.5152 degrees of longitude at 36.55° N west of the meridian, 0.55 degrees of latitude north of the origin
    assert point.x == pytest.approx(-0.515167 * 111_320 * 0.8035, abs=250)
    assert point.y == pytest.approx(0.55 * 110_950, abs=400)


def test_a_box_in_the_plane_crs(town: Town) -> None:
    before = len(town.requests())
    west, south, east, north = -47_000.0, 60_000.0, -45_000.0, 62_000.0
    found = read(town, "roads", CRS="EPSG:6675", bbox=(west, south, east, north), PAGE_SIZE=2_000)
    move = Transformer.from_crs("EPSG:4326", "EPSG:6675", always_xy=True)
    inside = shapely.box(west, south, east, north)
    expected = {
        row["edge_id"]
        for row in town.rows("roads")
        if shapely.transform(row["geom"], lambda xy: _moved(move, xy)).intersects(inside)
    }
    assert {properties["edge_id"] for properties, _ in found} == expected
    assert len(expected) > 100
    assert any("bbox=" in line for line in town.requests(before))


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ("state = 'clearing'", "s.state = 'clearing'"),
        (
            "state IN ('cleared', 'clearing') AND length_m > 200",
            "s.state IN ('cleared', 'clearing') AND s.length_m > 200",
        ),
        ("name LIKE '1_条通り'", "s.name LIKE '1_条通り'"),
        ("covered_fraction BETWEEN 0.1 AND 0.6", "s.covered_fraction BETWEEN 0.1 AND 0.6"),
        ("cleared_at IS NULL", "s.cleared_at IS NULL"),
        ("NOT (manager = 'municipality' OR manager = 'nation')", "s.manager NOT IN ('municipality', 'nation')"),
    ],
)
def test_filters_find_what_the_database_finds(town: Town, where: str, condition: str) -> None:
    quarter = (136.6001, 36.5201, 136.6449, 36.5499)
    inside = [row for row in town.rows("road_status", condition) if row["geom"].intersects(shapely.box(*quarter))]
    found = read(town, "road_status", where=where, bbox=quarter, PAGE_SIZE=1_000)
    assert 0 < same_features(town.collection("road_status"), found, inside) < 800


def test_pages_are_followed_to_the_end(town: Town) -> None:
    before = len(town.requests())
    found = read(town, "roads", PAGE_SIZE=500)
    assert len({properties["edge_id"] for properties, _ in found}) == len(found) == 3_080
    assert len({line for line in town.requests(before) if "limit=500" in line}) >= 7

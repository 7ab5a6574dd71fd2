"""Tile matrix sets beside morecantile, which reads the register's documents, and beside counting by hand."""

from __future__ import annotations

import math

import morecantile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import NotFoundError
from tiles.matrix_sets import (
    LISTED,
    MARGIN,
    MATRIX_SETS,
    WEB_MERCATOR,
    WORLD_CRS84,
    MatrixSet,
    degrees_of,
    matrix_set_of,
    mercator_of,
)

SETS = pytest.mark.parametrize("matrix_set", MATRIX_SETS.values(), ids=list(MATRIX_SETS))
#: A box somewhere in Japan.
BOXES = st.tuples(
    st.floats(129, 145), st.floats(31, 45), st.floats(0, 0.5), st.floats(0, 0.5)
).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))  # fmt: skip


@SETS
def test_definitions_are_those_of_the_register(matrix_set: MatrixSet) -> None:
    known = morecantile.tms.get(matrix_set.set_id)
    document = matrix_set.document()
    assert (document["id"], document["uri"]) == (known.id, str(known.uri))
    assert document["crs"].endswith({3857: "EPSG/0/3857", 4326: "OGC/1.3/CRS84"}[matrix_set.srid])
    assert document["orderedAxes"] == known.orderedAxes
    for ours, theirs in zip(document["tileMatrices"], known.tileMatrices, strict=False):
        assert ours["id"] == theirs.id
        assert ours["scaleDenominator"] == pytest.approx(theirs.scaleDenominator, rel=1e-11)
        assert ours["cellSize"] == pytest.approx(theirs.cellSize, rel=1e-11)
        assert ours["pointOfOrigin"] == pytest.approx(theirs.pointOfOrigin)
        assert (ours["matrixWidth"], ours["matrixHeight"]) == (theirs.matrixWidth, theirs.matrixHeight)
        assert ours["cornerOfOrigin"] == theirs.cornerOfOrigin
    assert len(document["tileMatrices"]) == LISTED + 1


def test_world_crs84_has_two_tiles_at_its_first_zoom() -> None:
    assert (WORLD_CRS84.box(0, 0, 0), WORLD_CRS84.box(0, 1, 0)) == ((-180, -90, 0, 90), (0, -90, 180, 90))
    assert WORLD_CRS84.max_zoom == WEB_MERCATOR.max_zoom - 1
    WORLD_CRS84.check(0, 1, 0)
    for z, x, y in ((0, 2, 0), (0, 0, 1), (-1, 0, 0), (WORLD_CRS84.max_zoom + 1, 0, 0), (3, 0, -1)):
        with pytest.raises(NotFoundError):
            WORLD_CRS84.check(z, x, y)
    with pytest.raises(NotFoundError, match="WorldCRS84Quad"):
        matrix_set_of("Other")


@SETS
@given(box=BOXES, z=st.integers(0, 13))
@settings(max_examples=60)
def test_reach_is_every_tile_whose_margin_meets_the_box(
    matrix_set: MatrixSet, box: tuple[float, float, float, float], z: int
) -> None:
    left, top, right, bottom = (int(n) for n in matrix_set.reach(np.array([box]), z)[0])
    west, south, east, north = matrix_set.planar(np.array([box]))[0]
    for x in range(left - 1, right + 2):
        for y in range(top - 1, bottom + 2):
            if 0 <= x < matrix_set.columns << z and 0 <= y < 1 << z:
                w, s, e, n = matrix_set.box(z, x, y, MARGIN)
                slack = (e - w) * 1e-9  # a box that ends on the line itself may go either way
                is_in = left <= x <= right and top <= y <= bottom
                if west < e - slack and east > w + slack and south < n - slack and north > s + slack:
                    assert is_in, (x, y)
                elif west > e + slack or east < w - slack or south > n + slack or north < s - slack:
                    assert not is_in, (x, y)


@SETS
def test_limits_hold_the_tiles_that_morecantile_finds(matrix_set: MatrixSet) -> None:
    known = morecantile.tms.get(matrix_set.set_id)
    box = (136.24, 36.07, 137.36, 37.86)
    limits = matrix_set.limits(box)
    assert [limit["tileMatrix"] for limit in limits] == [str(z) for z in range(matrix_set.max_zoom + 1)]
    for limit in limits:
        for tile in known.tiles(*box, [int(limit["tileMatrix"])]):
            assert limit["minTileCol"] <= tile.x <= limit["maxTileCol"]
            assert limit["minTileRow"] <= tile.y <= limit["maxTileRow"]


def test_boxes_go_to_degrees_and_to_mercator_and_are_cut_at_the_ends_of_the_world() -> None:
    half = 20_037_508.342789244
    assert degrees_of(WEB_MERCATOR, (-2 * half, -half, half, half)) == pytest.approx(
        (-180, -85.0511287798066, 180, 85.0511287798066)
    )
    assert degrees_of(WORLD_CRS84, (-200, -100, 10, 20)) == (-180, -90, 10, 20)
    found = mercator_of(WORLD_CRS84, (0, 0, 180, 45))
    assert found == pytest.approx((0, 0, half, 6_378_137 * math.log(math.tan(math.radians(67.5)))), abs=1e-6)

"""Geometries taken apart, each fault with its reason; nothing is counted twice or lost."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from ingest.quarantine import Why
from ingest.shapes import length_m, split_lines

WKT = {
    "LINESTRING (0 0, 1 1)": [],
    "LINESTRING (0 0, 0 0, 1 1, 1 1)": [],
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))": [],
    "GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), POINT (5 5))": [Why.WRONG_GEOMETRY],
    "LINEARRING (0 0, 1 0, 1 1, 0 0)": [],
    "POINT (1 1)": [Why.WRONG_GEOMETRY],
    "POLYGON ((0 0, 1 0, 1 1, 0 0))": [Why.WRONG_GEOMETRY],
    "LINESTRING EMPTY": [Why.NO_GEOMETRY],
    "LINESTRING (1 1, 1 1)": [Why.ZERO_LENGTH],
    "LINESTRING (0 0, 200 1)": [Why.OUTSIDE_CRS_AREA],
    "MULTILINESTRING ((0 0, 1 1), (2 2, 2 2))": [Why.ZERO_LENGTH],
}


@pytest.mark.parametrize(("wkt", "reasons"), WKT.items())
def test_each_fault_has_its_reason(wkt: str, reasons: list[Why]) -> None:
    lines, faults = split_lines(np.array([shapely.from_wkt(wkt)], dtype=object), np.zeros(1, bool))
    assert [fault.reason for fault in faults] == reasons
    assert all(shapely.get_type_id(lines.geometry) == 1)
    assert (shapely.length(lines.geometry) > 0).all()
    xy, index = shapely.get_coordinates(lines.geometry, return_index=True)
    assert not ((xy[1:] == xy[:-1]).all(axis=1) & (index[1:] == index[:-1])).any()


def test_broken_bytes_nan_and_nothing() -> None:
    with np.errstate(invalid="ignore"):
        nan = shapely.from_wkb(struct.pack("<BII4d", 1, 2, 2, 0.0, 0.0, float("nan"), 1.0))
    geometry = np.array([None, None, nan], dtype=object)
    lines, faults = split_lines(geometry, np.array([True, False, False]))
    assert len(lines.geometry) == 0
    assert [(f.item, f.reason) for f in faults] == [(0, Why.BAD_GEOMETRY), (1, Why.NO_GEOMETRY), (2, Why.NOT_FINITE)]


@given(st.lists(st.sampled_from(list(WKT)), max_size=12))
def test_every_feature_is_kept_or_has_a_fault(wkts: list[str]) -> None:
    geometry = np.array([shapely.from_wkt(wkt) for wkt in wkts], dtype=object)
    lines, faults = split_lines(geometry, np.zeros(len(wkts), bool))
    assert set(lines.item.tolist()) | {fault.item for fault in faults} == set(range(len(wkts)))
    for item in set(lines.item.tolist()):
        assert lines.part[lines.item == item].tolist() == list(range(int((lines.item == item).sum())))


def test_lengths_agree_with_the_ellipsoid() -> None:
    lines = np.array([shapely.LineString([(136.65, 36.56), (136.7, 36.6), (136.7, 36.7)])], dtype=object)
    assert length_m(lines)[0] == pytest.approx(Geod(ellps="GRS80").geometry_length(lines[0]), rel=0.003)

"""Descriptions of layers, and Esri JSON, as published examples write them."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import ConfigError, InputError, MissingInputError, YukiError
from geo.settings_feeds import ArcgisSettings
from ingest.arcgis_json import fix_row, shape_of, values_of, write_table
from ingest.arcgis_layer import Layer, read_layer
from ingest.arcgis_query import Feature
from ingest.vector import read_vector
from tests.ingest.arcgis_server import LookAlike

FIELDS = {"OBJECTID": "esriFieldTypeOID", "T": "esriFieldTypeDate", "N": "esriFieldTypeInteger"}
MOMENT = datetime(2026, 1, 17, 21, 10, 5, 900_000, tzinfo=UTC)


def _settings(**more: Any) -> ArcgisSettings:
    return ArcgisSettings(**{"url": "https://gis.example/FeatureServer/0", "kind": "vehicles"} | more)


def _described(**more: Any) -> dict[str, Any]:
    return LookAlike(FIELDS, edit_field="T").description() | more


def _layer(**more: Any) -> Layer:
    return read_layer(_described(**more), _settings())


def test_a_layer_says_how_it_is_to_be_asked() -> None:
    layer = _layer(maxRecordCount=500)
    assert (layer.object_id_field, layer.page_size, layer.has_paging, layer.edit_field) == ("OBJECTID", 500, True, "T")
    assert layer.since(MOMENT) == "T >= timestamp '2026-01-17 21:10:05'"
    assert read_layer(_described(maxRecordCount=500), _settings(page_size=7)).page_size == 7


def test_older_servers_say_it_elsewhere_or_not_at_all() -> None:
    assert _layer(advancedQueryCapabilities=None, supportsPagination=True).has_paging
    assert not _layer(advancedQueryCapabilities=None).has_paging
    assert not _layer(advancedQueryCapabilities={"supportsPagination": False}, supportsPagination=True).has_paging
    bare = _described()
    for key in ("objectIdField", "maxRecordCount", "editFieldsInfo", "capabilities"):
        bare.pop(key)
    layer = read_layer(bare, _settings())
    assert (layer.object_id_field, layer.page_size, layer.edit_field) == ("OBJECTID", 1000, None)
    assert read_layer(_described(capabilities="Map,Query,Data"), _settings()).fields == FIELDS


@pytest.mark.parametrize(
    ("reference", "clock"),
    [
        (None, "21:10:05"), ({"timeZone": "UTC"}, "21:10:05"),
        ({"timeZone": "Tokyo Standard Time", "timeZoneIANA": "Asia/Tokyo"}, "06:10:05"),
        ({"timeZone": "Tokyo Standard Time"}, "09:10:05"), ({"timeZoneIANA": "../etc/passwd"}, "09:10:05"),
    ],
)  # fmt: skip
def test_moments_in_where_are_on_the_clock_of_the_layer(reference: dict[str, str] | None, clock: str) -> None:
    tracking = {"editDateField": "t", "dateFieldsTimeReference": reference}
    assert clock in _layer(editFieldsInfo=tracking, dateFieldsTimeReference={"timeZone": "Asia/Seoul"}).since(MOMENT)
    of_all = read_layer(_described(editFieldsInfo=None, dateFieldsTimeReference=reference), _settings(edit_field="T"))
    assert clock in of_all.since(MOMENT)


@pytest.mark.parametrize(
    ("more", "settings", "kind", "says"),
    [
        ({"type": "Group Layer", "subLayers": [{"id": 3, "name": "Ploughs"}]}, {}, MissingInputError, "3 .Ploughs"),
        ({"type": None, "layers": [{"id": 0, "name": "A"}]}, {}, MissingInputError, "0 .A."),
        ({"type": None}, {}, InputError, "no layer"),
        ({"type": "Raster Layer"}, {}, InputError, "Raster Layer"),
        ({"capabilities": "Create,Editing"}, {}, InputError, "cannot be queried"),
        ({"geometryType": "esriGeometryPolygon"}, {}, InputError, "vehicles cannot be taken"),
        ({}, {"kind": "roads"}, InputError, "roads cannot be taken"),
        ({"geometryType": None}, {"kind": "closures"}, InputError, "no geometry"),
        (
            {"objectIdField": None, "fields": [{"name": "A", "type": "esriFieldTypeString"}]},
            {},
            InputError,
            "object id",
        ),
        ({}, {"edit_field": "nope"}, ConfigError, "nope.*no field"),
        ({}, {"edit_field": "N"}, ConfigError, "esriFieldTypeInteger"),
        ({}, {"object_id_field": "nope"}, ConfigError, "nope"),
    ],
)
def test_layers_that_cannot_be_polled_are_named(
    more: dict[str, Any], settings: dict[str, Any], kind: type[YukiError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        read_layer(_described(**more), _settings(**settings))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


# the first example is slow to draw, since the strategy is built with it
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(_described())), JSON_VALUES))
def test_any_description_is_a_layer_or_an_error_of_ours(more: dict[str, Any]) -> None:
    with contextlib.suppress(YukiError):
        read_layer(_described(**more), _settings())


@given(st.dictionaries(st.sampled_from(["x", "y", "points", "paths", "rings", "curvePaths", "m"]), JSON_VALUES))
def test_any_geometry_is_a_shape_or_quarantine(geometry: dict[str, Any]) -> None:
    try:
        with np.errstate(invalid="ignore"):
            shape = shape_of(geometry, "here")
    except (ValueError, shapely.errors.ShapelyError, InputError):
        return
    assert shape is None or shapely.is_geometry(shape)


CLOCKWISE, HOLE = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]], [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
INNER, FAR = [[2.5, 2.5], [2.5, 3], [3, 3], [3, 2.5], [2.5, 2.5]], [[20, 0], [20, 1], [21, 1], [21, 0], [20, 0]]


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        (None, None), ({}, None),
        ({"x": 136.6, "y": 36.5, "z": 3, "spatialReference": {"wkid": 4326}}, "POINT (136.6 36.5)"),
        ({"x": None, "y": None}, "POINT EMPTY"), ({"x": "NaN"}, "POINT EMPTY"),
        ({"points": [[1, 2], [3, 4, 5]]}, "MULTIPOINT (1 2, 3 4)"),
        ({"hasM": True, "paths": [[[0, 0, 7], [1, 1, 8]], [[2, 2], [3, 3]]]},
         "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"),
        ({"paths": []}, "MULTILINESTRING EMPTY"), ({"paths": [[], [[0, 0], [1, 1]]]}, "MULTILINESTRING ((0 0, 1 1))"),
        ({"rings": [HOLE, CLOCKWISE, FAR, INNER]},
         "MULTIPOLYGON (((0 0, 0 9, 9 9, 9 0, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2)), ((20 0, 20 1, 21 1, 21 0, 20 0)), "
         "((2.5 2.5, 2.5 3, 3 3, 3 2.5, 2.5 2.5)))"),
        ({"rings": [HOLE]}, "MULTIPOLYGON (((2 2, 4 2, 4 4, 2 4, 2 2)))"),
    ],
)  # fmt: skip
def test_geometries_of_esri_json(geometry: dict[str, Any] | None, wkt: str | None) -> None:
    shape = shape_of(geometry, "here")
    assert (shape is None) == (wkt is None)
    assert wkt is None or shape.equals_exact(shapely.from_wkt(wkt), 0)


@pytest.mark.parametrize("geometry", [{"xmin": 1}, {"x": "east", "y": 1}, {"paths": 3}, {"paths": [[[1], [2]]]},
                                      {"rings": [[[0, 0]]]}, {"x": True, "y": 1}])  # fmt: skip
def test_what_is_no_geometry_raises(geometry: dict[str, Any]) -> None:
    with pytest.raises((ValueError, shapely.errors.ShapelyError)):
        shape_of(geometry, "here")


def test_dates_become_iso_8601_and_nothing_else_does() -> None:
    layer = _layer()
    milliseconds = int(MOMENT.timestamp() * 1000)
    values = values_of(Feature(1, {"T": milliseconds, "N": milliseconds}, None), layer)
    assert values == {"T": "2026-01-17T21:10:05.900+00:00", "N": milliseconds}
    for odd in (None, "soon", 1e300, float("nan"), -(10**18)):
        assert values_of(Feature(1, {"T": odd}, None), layer)["T"] is odd
    naive = values_of(Feature(1, {"T": milliseconds}, None), _layer(datesInUnknownTimezone=True))
    assert naive["T"] == "2026-01-17T21:10:05.900"


def test_a_point_is_lon_and_lat_before_any_column_of_that_name() -> None:
    row = fix_row(Feature(1, {"lon": "east", "A": 1}, {"x": 136.6, "y": 36.5}), _layer())
    assert row == {"lon": 136.6, "lat": 36.5, "A": 1}


def test_tables_keep_types_and_the_same_features_give_the_same_bytes(tmp_path: Path) -> None:
    layer = _layer(fields=[{"name": n, "type": t} for n, t in (FIELDS | {"S": "esriFieldTypeString"}).items()])
    features = [
        Feature(1, {"OBJECTID": 1, "N": 5, "S": "除雪", "geometry": "a column"}, {"x": 1, "y": 2}),
        Feature(2, {"OBJECTID": 2, "N": None, "S": 7, "geometry": None}, None),
        Feature(3, {"OBJECTID": 3, "N": 6, "S": None}, {"x": "east"}),
    ]
    for name in ("a.parquet", "b.parquet"):
        write_table(features, layer, tmp_path / name, "lasting")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    table = read_vector(tmp_path / "a.parquet")
    assert table.crs == "OGC:CRS84"
    assert table.columns.to_pylist()[0] == {
        "OBJECTID": 1, "T": None, "N": 5, "S": "除雪", "geometry": "a column", "lasting": "1"
    }  # fmt: skip
    assert table.columns["S"].to_pylist() == ["除雪", "7", None]
    assert [shape and shape.wkt for shape in table.geometry] == ["POINT (1 2)", None, None]
    assert table.unreadable.tolist() == [False, False, True]
    assert json.loads(json.dumps(table.columns["N"].to_pylist())) == [5, None, 6]

"""Abstract tests of Two Dimensional Tile Matrix Set and Tile Set Metadata 2.0 (17-083r4, annex A), in JSON."""

from __future__ import annotations

import json

import pytest
from conformance import schemas
from conformance.asking import JSON, OGC_REL, Api, Document, links
from conformance.standard import TMS, abstract_test
from pyproj import CRS

SCHEME = OGC_REL + "tiling-scheme"
#: Of each set: west and north of its first tile, its width in units of the CRS, and tiles side by side at zoom 0.
REGISTERED = {
    "WebMercatorQuad": (-20037508.342789244, 20037508.342789244, 40075016.685578488, 1),
    "WorldCRS84Quad": (-180.0, 90.0, 180.0, 2),
}
#: 17-083r4 §6.1: a pixel is 0.28 mm wide, and a degree as long as on the equator of WGS 84.
PIXEL_M, DEGREE_M = 0.00028, 2 * 3.141592653589793 * 6378137 / 360


@pytest.fixture(scope="module")
def matrix_sets(api: Api) -> list[Document]:
    """The definitions that the list of tile matrix sets leads to."""
    listed = api.json("/tileMatrixSets")["tileMatrixSets"]
    assert {item["id"] for item in listed} == set(REGISTERED)
    return [api.json(links(item, "self")[0]["href"]) for item in listed]


@pytest.fixture(scope="module")
def metadata(api: Api) -> list[Document]:
    """The metadata of the tilesets of one collection and of the dataset."""
    lists = [api.json("/tiles"), api.json("/collections/roads/tiles")]
    return [api.json(links(item, "self")[0]["href"]) for listed in lists for item in listed["tilesets"]]


def assert_model(found: Document) -> None:
    """A definition is the registered one: origin, sizes, scales, and each matrix half the cell of the one before."""
    west, north, width, columns = REGISTERED[found["id"]]
    assert CRS.from_user_input(found["crs"].replace("OGC/1.3/CRS84", "OGC/0/CRS84")) is not None
    assert [matrix["id"] for matrix in found["tileMatrices"]] == [str(z) for z in range(len(found["tileMatrices"]))]
    metres = DEGREE_M if found["id"] == "WorldCRS84Quad" else 1.0
    for z, matrix in enumerate(found["tileMatrices"]):
        assert matrix["pointOfOrigin"] == pytest.approx([west, north], abs=1e-6)
        assert matrix.get("cornerOfOrigin", "topLeft") == "topLeft"
        assert (matrix["matrixWidth"], matrix["matrixHeight"]) == (columns << z, 1 << z)
        assert (matrix["tileWidth"], matrix["tileHeight"]) == (256, 256)
        assert matrix["cellSize"] == pytest.approx(width / 256 / (1 << z), rel=1e-9)
        assert matrix["scaleDenominator"] == pytest.approx(matrix["cellSize"] * metres / PIXEL_M, rel=1e-9)


@abstract_test(TMS + "tilematrixset", "/conf/tilematrixset/model")
def test_matrix_sets_are_those_of_the_register(matrix_sets: list[Document]) -> None:
    for found in matrix_sets:
        assert_model(found)


@abstract_test(TMS + "json-tilematrixset", "/conf/json-tilematrixset/ietf")
def test_matrix_sets_are_json(api: Api) -> None:
    for name in REGISTERED:
        content = api.ask(f"/tileMatrixSets/{name}", JSON).content
        assert not content.startswith(b"\xef\xbb\xbf")
        json.loads(content.decode("utf-8"), parse_constant=pytest.fail)


@abstract_test(TMS + "json-tilematrixset", "/conf/json-tilematrixset/media-type")
def test_matrix_sets_are_sent_as_json(api: Api) -> None:
    for name in REGISTERED:
        assert api.ask(f"/tileMatrixSets/{name}", JSON).headers["content-type"].split(";")[0] == JSON


@abstract_test(TMS + "json-tilematrixset", "/conf/json-tilematrixset/model")
def test_matrix_sets_in_json_have_the_members_of_the_model(matrix_sets: list[Document]) -> None:
    for found in matrix_sets:
        assert {"id", "uri", "crs", "tileMatrices"} <= set(found)
        assert found["uri"].rsplit("/", 1)[1] == found["id"]


@abstract_test(TMS + "json-tilematrixset", "/conf/json-tilematrixset/schema")
def test_matrix_sets_hold_the_schema(matrix_sets: list[Document]) -> None:
    for found in matrix_sets:
        schemas.hold(found, schemas.MATRIX_SET)


@abstract_test(TMS + "tilematrixsetlimits", "/conf/tilematrixsetlimits/model")
def test_limits_name_each_matrix_once_and_lie_within_it(matrix_sets: list[Document], metadata: list[Document]) -> None:
    by_uri = {found["uri"]: {m["id"]: m for m in found["tileMatrices"]} for found in matrix_sets}
    for tileset in metadata:
        limits = tileset["tileMatrixSetLimits"]
        names = [limit["tileMatrix"] for limit in limits]
        assert len(names) == len(set(names)) > 0
        for limit in limits:
            matrix = by_uri[tileset["tileMatrixSetURI"]][limit["tileMatrix"]]
            assert 0 <= limit["minTileRow"] <= limit["maxTileRow"] < matrix["matrixHeight"]
            assert 0 <= limit["minTileCol"] <= limit["maxTileCol"] < matrix["matrixWidth"]


@abstract_test(TMS + "json-tilematrixsetlimits", "/conf/json-tilematrixsetlimits/ietf")
def test_limits_are_json(api: Api) -> None:
    for name in REGISTERED:
        json.loads(api.ask(f"/tiles/{name}", JSON).content.decode("utf-8"), parse_constant=pytest.fail)


@abstract_test(TMS + "json-tilematrixsetlimits", "/conf/json-tilematrixsetlimits/model")
def test_limits_in_json_have_the_members_of_the_model(metadata: list[Document]) -> None:
    names = {"tileMatrix", "minTileRow", "maxTileRow", "minTileCol", "maxTileCol"}
    for tileset in metadata:
        assert all(set(limit) == names for limit in tileset["tileMatrixSetLimits"])


@abstract_test(TMS + "json-tilematrixsetlimits", "/conf/json-tilematrixsetlimits/schema")
def test_limits_hold_the_schema(metadata: list[Document]) -> None:
    for tileset in metadata:
        schemas.hold(tileset["tileMatrixSetLimits"], schemas.LIMITS)


@abstract_test(TMS + "tilesetmetadata", "/conf/tilesetmetadata/identifier")
def test_a_tileset_links_its_matrix_set(api: Api, metadata: list[Document]) -> None:
    for tileset in metadata:
        (link,) = links(tileset, SCHEME)
        assert api.json(link["href"])["uri"] == tileset["tileMatrixSetURI"]


@abstract_test(TMS + "tilesetmetadata", "/conf/tilesetmetadata/model")
def test_a_tileset_tells_where_it_lies_and_what_its_layers_hold(metadata: list[Document]) -> None:
    for tileset in metadata:
        (west, south), (east, north) = (tileset["boundingBox"][corner] for corner in ("lowerLeft", "upperRight"))
        assert 136 < west <= east < 137
        assert 36 < south <= north < 37
        assert tileset["layers"]
        for layer in tileset["layers"]:
            assert int(layer["minTileMatrix"]) <= int(layer["maxTileMatrix"])
            assert layer["propertiesSchema"]["properties"]


@abstract_test(TMS + "json-tilesetmetadata", "/conf/json-tilesetmetadata/ietf")
def test_tilesets_are_json(api: Api) -> None:
    for name in REGISTERED:
        content = api.ask(f"/collections/roads/tiles/{name}", JSON).content
        json.loads(content.decode("utf-8"), parse_constant=pytest.fail)


@abstract_test(TMS + "json-tilesetmetadata", "/conf/json-tilesetmetadata/media-type")
def test_tilesets_are_sent_as_json(api: Api) -> None:
    for name in REGISTERED:
        response = api.ask(f"/collections/roads/tiles/{name}", JSON)
        assert response.headers["content-type"].split(";")[0] == JSON


@abstract_test(TMS + "json-tilesetmetadata", "/conf/json-tilesetmetadata/model")
def test_tilesets_in_json_have_the_members_of_the_model(metadata: list[Document]) -> None:
    for tileset in metadata:
        assert {"dataType", "crs", "links", "layers", "boundingBox", "tileMatrixSetLimits"} <= set(tileset)
        assert tileset["dataType"] == "vector"


@abstract_test(TMS + "json-tilesetmetadata", "/conf/json-tilesetmetadata/schema")
def test_tilesets_hold_the_schema(metadata: list[Document]) -> None:
    for tileset in metadata:
        schemas.hold(tileset, schemas.TILESET)

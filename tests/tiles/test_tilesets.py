"""OGC API – Tiles over the small town: tilesets of collections and of the dataset, limits, and what tiles hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from psycopg.rows import dict_row

from geo.db import Database, Role
from tests.served_town import publish_town, serving, town_app
from tests.tiles.mvt_reader import Layer, read
from tiles.matrix_sets import MATRIX_SETS, WORLD_CRS84
from yukimichi.cluster import Cluster
from yukimichi.keys import digest_of

TILING_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
PUBLIC = (
    "roads", "road_status", "passes", "ploughs", "routes", "work_sections", "municipalities", "snow",
    "weather_stations", "closures", "facilities", "cameras", "priority_network", "bus_stops", "bus_routes", "coast",
    "settlements",
)  # fmt: skip


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Database]:
    cluster.create_database("tilesets", "template_yuki")
    database = cluster.database("tilesets")
    publish_town(database)
    with database.connect(Role.APP) as connection:
        connection.execute(
            "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES ('m', %s, 'manager', 'prefecture')",
            (digest_of("key of a manager"),),
        )
    yield database
    cluster.drop_database("tilesets")


@pytest.fixture(scope="module")
def client(town: Database) -> Iterator[httpx.Client]:
    with serving(town_app(town)) as address, httpx.Client(base_url=f"{address}/ogc", timeout=30) as client:
        yield client


def tileset(client: httpx.Client, path: str) -> dict[str, Any]:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}f=json")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def address(document: dict[str, Any], z: int, row: int, col: int) -> str:
    """The address of a tile by the template of its tileset."""
    template = next(link for link in document["links"] if link["rel"] == "item")
    assert template["templated"] is True
    assert template["type"] == "application/vnd.mapbox-vector-tile"
    href: str = template["href"]
    for name, value in (("tileMatrix", z), ("tileRow", row), ("tileCol", col)):
        href = href.replace(f"{{{name}}}", str(value))
    return href


def layers_at(client: httpx.Client, document: dict[str, Any], z: int) -> list[Layer]:
    """All layers of all tiles within the limits of a zoom."""
    found = []
    limit = document["tileMatrixSetLimits"][z]
    for row in range(limit["minTileRow"], limit["maxTileRow"] + 1):
        for col in range(limit["minTileCol"], limit["maxTileCol"] + 1):
            answer = client.get(address(document, z, row, col))
            assert answer.status_code in (200, 204), (z, row, col)
            found += read(answer.content)
    return found


def ids(layers: list[Layer], name: str) -> set[object]:
    return {feature.properties[name] for layer in layers for feature in layer.features}


@pytest.mark.parametrize("set_id", MATRIX_SETS)
def test_each_public_collection_has_tiles_with_all_of_its_features(client: httpx.Client, set_id: str) -> None:
    listed = {c["id"] for c in client.get("/collections?f=json").json()["collections"]}
    assert set(PUBLIC) <= listed
    for collection in PUBLIC:
        items = client.get(f"/collections/{collection}/items?f=json&limit=1000").json()["features"]
        document = tileset(client, f"/collections/{collection}/tiles/{set_id}")
        z = MATRIX_SETS[set_id].max_zoom if collection in ("passes", "ploughs", "roads", "road_status") else 8
        layers = layers_at(client, document, z)
        assert {layer.name for layer in layers} <= {collection}
        if collection == "roads":
            found = {feature.feature_id for layer in layers for feature in layer.features}
            assert found == {item["properties"]["piece_id"] for item in items}
        elif collection == "road_status":
            found = {feature.feature_id for layer in layers for feature in layer.features}
            assert found == {item["properties"]["edge_id"] for item in items}
        else:
            name = next(iter(document["layers"][0]["propertiesSchema"]["properties"]))
            assert ids(layers, name) == {item["properties"][name] for item in items}


def test_a_zoom_that_leaves_a_collection_out_is_empty_and_its_metadata_says_so(client: httpx.Client) -> None:
    for set_id in MATRIX_SETS:
        document = tileset(client, f"/collections/passes/tiles/{set_id}")
        first = int(document["layers"][0]["minTileMatrix"])
        assert document["generalisation"]["passes"][0] == {
            "minzoom": 0, "maxzoom": first - 1, "left_out": ["everything"],
        }  # fmt: skip
        assert layers_at(client, document, first)
        assert not layers_at(client, document, first - 1)


def test_properties_are_those_of_the_items_but_for_what_the_clock_moves(client: httpx.Client) -> None:
    for collection in ("passes", "ploughs", "routes"):
        document = tileset(client, f"/collections/{collection}/tiles/WebMercatorQuad")
        schema = document["layers"][0]["propertiesSchema"]["properties"]
        items = client.get(f"/collections/{collection}/items?f=json&limit=1000").json()["features"]
        identity = next(iter(schema))
        by_id = {item["properties"][identity]: item["properties"] for item in items}
        layers = layers_at(client, document, 14)
        features = [feature for layer in layers for feature in layer.features]
        assert features
        for feature in features:
            told = by_id[feature.properties[identity]]
            expected = {
                name: value for name, value in told.items() if value is not None and name not in ("as_of", "age_s")
            }
            assert feature.properties == expected
            assert set(feature.properties) <= set(schema)


def test_crs84_tiles_map_linearly_to_degrees(client: httpx.Client, town: Database) -> None:
    z = WORLD_CRS84.max_zoom
    document = tileset(client, "/collections/settlements/tiles/WorldCRS84Quad")
    with town.connect(Role.READER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        place = cursor.execute(
            "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM pub.reference WHERE layer = 'settlements'"
        ).fetchone()
    assert place is not None
    limit = document["tileMatrixSetLimits"][z]
    x, y = limit["maxTileCol"], limit["maxTileRow"]
    (layer,) = read(client.get(address(document, z, y, x)).content)
    west, south, east, north = WORLD_CRS84.box(z, x, y)
    (column, row) = layer.features[0].parts[0][0]
    assert west + (east - west) * column / layer.extent == pytest.approx(place["lon"], abs=(east - west) / 4096)
    assert north - (north - south) * row / layer.extent == pytest.approx(place["lat"], abs=(east - west) / 4096)
    assert client.get(address(document, 0, 0, 1)).status_code == 200  # the eastern one of the two first tiles
    assert client.get(address(document, 0, 0, 0)).status_code == 404


@pytest.mark.parametrize("path", ["/tiles", "/collections/roads/tiles", "/collections/snow/tiles"])
def test_tilesets_say_what_the_standard_asks(client: httpx.Client, path: str) -> None:
    listed = client.get(f"{path}?f=json").json()
    assert [one["tileMatrixSetURI"].rsplit("/", 1)[1] for one in listed["tilesets"]] == list(MATRIX_SETS)
    for one in listed["tilesets"]:
        assert one["dataType"] == "vector"
        links = {link["rel"]: link["href"] for link in one["links"]}
        document = client.get(links["self"]).json()
        assert document["crs"] == one["crs"]
        scheme = client.get(next(k["href"] for k in document["links"] if k["rel"] == TILING_SCHEME)).json()
        assert scheme["uri"] == document["tileMatrixSetURI"]
        known = {matrix["id"]: matrix for matrix in scheme["tileMatrices"]}
        for limit in document["tileMatrixSetLimits"]:
            matrix = known[limit["tileMatrix"]]
            assert 0 <= limit["minTileRow"] <= limit["maxTileRow"] < matrix["matrixHeight"]
            assert 0 <= limit["minTileCol"] <= limit["maxTileCol"] < matrix["matrixWidth"]
        center = document["centerPoint"]
        assert known[center["tileMatrix"]]["scaleDenominator"] == center["scaleDenominator"]
        low, high = document["boundingBox"]["lowerLeft"], document["boundingBox"]["upperRight"]
        assert [low[0] < center["coordinates"][0] < high[0], low[1] < center["coordinates"][1] < high[1]] == [True] * 2
        assert document["generalisation"].keys() == {layer["id"] for layer in document["layers"]}
        for layer in document["layers"]:
            assert layer["propertiesSchema"]["properties"]
            assert int(layer["minTileMatrix"]) <= int(layer["maxTileMatrix"])
    page = client.get(f"{path}/WebMercatorQuad?f=html")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_tile_out_of_range_is_404_and_an_empty_one_within_204(client: httpx.Client) -> None:
    document = tileset(client, "/collections/roads/tiles/WebMercatorQuad")
    limit = document["tileMatrixSetLimits"][14]
    codes = {
        client.get(address(document, 14, row, col)).status_code
        for row in range(limit["minTileRow"], limit["maxTileRow"] + 1)
        for col in range(limit["minTileCol"], limit["maxTileCol"] + 1)
    }
    assert codes == {200, 204}
    for z, row, col in (
        (14, limit["minTileRow"] - 1, limit["minTileCol"]), (14, limit["minTileRow"], limit["maxTileCol"] + 1),
        (14, 1 << 14, 0), (15, 0, 0), (99, 0, 0), (0, 0, 1),
    ):  # fmt: skip
        answer = client.get(address(document, z, row, col))
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), (z, row, col)
    for collection in ("ploughs", "municipalities"):
        assert client.get(f"/collections/{collection}/tiles/WebMercatorQuad/14/0/0").status_code == 404
    assert client.get("/collections/roads/tiles/Nothing").status_code == 404
    assert client.get("/tiles/Nothing/0/0/0").status_code == 404


def test_tiles_of_the_dataset_hold_a_layer_for_each_collection_in_the_order_asked_for(client: httpx.Client) -> None:
    document = tileset(client, "/tiles/WebMercatorQuad?collections=road_status,roads")
    assert [layer["id"] for layer in document["layers"]] == ["road_status", "roads"]
    limit = document["tileMatrixSetLimits"][11]
    where = (11, limit["minTileRow"], limit["minTileCol"])
    assert "collections=road_status,roads" in address(document, *where)
    several = client.get(address(document, *where))
    assert [layer.name for layer in read(several.content)] == ["road_status", "roads"]
    alone = client.get("/collections/roads/tiles/WebMercatorQuad/{}/{}/{}".format(*where))
    assert several.content.endswith(alone.content)
    assert several.headers["cache-control"].startswith("public, max-age=1,")
    whole = tileset(client, "/tiles/WebMercatorQuad")
    assert {layer["id"] for layer in whole["layers"]} == set(PUBLIC)
    assert {layer.name for layer in read(client.get(address(whole, *where)).content)} >= {"roads", "routes"}
    base = str(client.base_url).rstrip("/")
    by_address = client.get(
        f"/tiles/WebMercatorQuad/{where[0]}/{where[1]}/{where[2]}?collections={base}/collections/roads"
    )
    assert by_address.content == alone.content
    again = client.get(address(document, *where), headers={"if-none-match": several.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get(address(document, *where), headers={"accept-encoding": "identity"})
    assert ("content-encoding" in plain.headers, plain.content) == (False, several.content)


@pytest.mark.parametrize(
    "path",
    [
        "/tiles?collections=nothing", "/tiles/WebMercatorQuad?collections=", "/tiles?collections=roads,roads",
        "/tiles/WebMercatorQuad/0/0/0?collections=roads,service_level", "/tiles?colections=roads",
        "/collections/roads/tiles?collections=roads", "/collections/roads/tiles/WebMercatorQuad/0/0/0?f=png",
        "/tiles/WorldCRS84Quad?f=tilejson", "/collections/roads/tiles/WebMercatorQuad?f=nothing",
    ],
)  # fmt: skip
def test_bad_parameters_are_named(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["detail"].startswith("Parameter ")


def test_what_only_some_may_see_needs_a_key_and_is_kept_by_nobody(client: httpx.Client, town: Database) -> None:
    key = {"authorization": "Bearer key of a manager"}
    restricted = [c["id"] for c in client.get("/collections?f=json", headers=key).json()["collections"]]
    restricted = [name for name in restricted if name not in PUBLIC and name != "service_level"]
    assert {"devices", "orders", "withheld_status", "daily_reports"} <= set(restricted)
    for name in ("devices", "orders", "withheld_status", "daily_reports"):
        paths = [f"/collections/{name}/tiles", f"/collections/{name}/tiles/WebMercatorQuad",
                 f"/collections/{name}/tiles/WebMercatorQuad/0/0/0", f"/tiles/WebMercatorQuad/0/0/0?collections={name}",
                 f"/tiles?collections=roads,{name}"]  # fmt: skip
        for path in paths:
            assert client.get(path).status_code == 401, path
            answer = client.get(path, headers=key)
            assert answer.status_code in (200, 204), path
            assert answer.headers["cache-control"] == "private, no-store"
            assert "Authorization" in answer.headers["vary"]
    assert client.get("/collections/roads/tiles/WebMercatorQuad/0/0/0", headers={"authorization": "Bearer x"}).is_error
    assert client.get("/collections/service_level/tiles", headers=key).status_code == 404
    tile = client.get("/collections/devices/tiles/WebMercatorQuad/0/0/0", headers=key)
    names = {feature.properties["vehicle"] for layer in read(tile.content) for feature in layer.features}
    with town.connect(Role.MANAGER) as connection:
        rows = connection.execute("SELECT vehicle FROM mgr.devices WHERE geom IS NOT NULL").fetchall()
    assert names == {row[0] for row in rows}
    with town.connect(Role.APP) as connection:
        n = connection.execute("SELECT count(*) FROM app.audit WHERE detail ->> 'collection' = 'devices'").fetchone()
    assert n is not None
    assert n[0] >= 6


def test_tilejson_describes_a_layer_and_the_dataset(client: httpx.Client) -> None:
    root = str(client.base_url).removesuffix("ogc/")
    for path, n_layers in (
        (f"{root}tiles/passes/tilejson.json", 1), (f"{root}tiles/tilejson.json", len(PUBLIC)),
        ("/tiles/WebMercatorQuad?f=tilejson", len(PUBLIC)), ("/collections/snow/tiles/WebMercatorQuad?f=tilejson", 1),
    ):  # fmt: skip
        document = client.get(path).json()
        assert document["tilejson"] == "3.0.0"
        assert len(document["vector_layers"]) == n_layers
        lon, lat, z = document["center"]
        x = int((lon + 180) / 360 * 2**z)
        y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)
        tile = document["tiles"][0].replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
        assert client.get(tile).status_code in (200, 204)
    assert client.get(f"{root}tiles/devices/tilejson.json").status_code == 404


def test_the_landing_page_the_conformance_and_openapi_lead_to_tiles(client: httpx.Client) -> None:
    landing = client.get("/?f=json").json()
    rels = {link["rel"].rsplit("/", 1)[-1]: link["href"] for link in landing["links"]}
    assert client.get(rels["tilesets-vector"]).json()["tilesets"]
    assert len(client.get(rels["tiling-schemes"]).json()["tileMatrixSets"]) == 2
    classes = client.get("/conformance?f=json").json()["conformsTo"]
    for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection"):
        assert classes.count(f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}") == 1
    paths = client.get("/openapi?f=json").json()["paths"]
    found = {operation["operationId"] for path in paths.values() for operation in path.values()}
    for origin in ("dataset", "collection"):
        for resource in ("getTileSetsList", "getTileSet", "getTile"):
            assert f"yukimichi.{origin}.vector.{resource}" in found

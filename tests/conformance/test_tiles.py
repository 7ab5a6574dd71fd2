"""Abstract tests of OGC API – Tiles – Part 1 (20-057, annex A): classes core to oas30, and mvt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from conformance import schemas
from conformance.asking import JSON, MVT, OGC_REL, Api, Document, links
from conformance.standard import TILES, abstract_test
from mvt_reader import LINE, POINT, POLYGON, TileFeature, TileLayer, read_tile
from pyproj import Transformer
from shapely import transform
from shapely.geometry import MultiPoint, box, shape
from shapely.geometry.base import BaseGeometry

from layers.catalogue import collections as catalogue

SCHEME = OGC_REL + "tiling-scheme"
VECTOR = OGC_REL + "tilesets-vector"
#: Matrices with all classes of roads: 12 of WebMercatorQuad, 11 of WorldCRS84Quad.
FINE = {"WebMercatorQuad": 12, "WorldCRS84Quad": 11}
#: Share of a tile's width that is drawn beyond its edge.
MARGIN = 128 / 4096


@dataclass(frozen=True)
class Tileset:
    """One tileset of the API: its metadata, its matrix set, and what it is of (None: the dataset)."""

    collection: str | None
    document: Document
    matrix_set: Document

    @property
    def template(self) -> str:
        """The address of a tile with its three variables."""
        (link,) = links(self.document, "item")
        return str(link["href"])

    def address(self, z: int, row: int, col: int) -> str:
        """The address of a tile."""
        return (
            self.template.replace("{tileMatrix}", str(z)).replace("{tileRow}", str(row)).replace("{tileCol}", str(col))
        )

    def limits(self, z: int) -> Document:
        """Limits of a tile matrix."""
        return next(found for found in self.document["tileMatrixSetLimits"] if found["tileMatrix"] == str(z))

    def extent(self, z: int, row: int, col: int, margin: float = 0.0) -> BaseGeometry:
        """The square of a tile in coordinates of the matrix set, x = east, wider by a share of its width all around."""
        matrix = next(m for m in self.matrix_set["tileMatrices"] if m["id"] == str(z))
        west, north = matrix["pointOfOrigin"]
        width = matrix["cellSize"] * matrix["tileWidth"]
        left, top = west + col * width, north - row * matrix["cellSize"] * matrix["tileHeight"]
        return box(left, top - width, left + width, top).buffer(margin * width, join_style="mitre")

    def planar(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in CRS84 in coordinates of the matrix set."""
        if self.matrix_set["id"] == "WorldCRS84Quad":
            return geometry
        way = Transformer.from_crs(4326, 3857, always_xy=True)
        return transform(geometry, lambda at: np.column_stack(way.transform(at[:, 0], at[:, 1])))

    @property
    def zoom(self) -> int:
        """The matrix FINE, or the first one above that shows every layer: what is left out below is in the metadata."""
        first = max(int(layer["minTileMatrix"]) for layer in self.document["layers"])
        return max(FINE[self.matrix_set["id"]], first)

    def some_tiles(self) -> Iterator[tuple[int, int, int]]:
        """Up to four tiles within the limits of that matrix."""
        z = self.zoom
        held = self.limits(z)
        for row in range(held["minTileRow"], min(held["maxTileRow"], held["minTileRow"] + 1) + 1):
            for col in range(held["minTileCol"], min(held["maxTileCol"], held["minTileCol"] + 1) + 1):
                yield z, row, col


def lists_of(api: Api) -> list[tuple[str | None, Document]]:
    """(collection or None, list of its tilesets) of everything that links one."""
    found: list[tuple[str | None, Document]] = []
    for name, document in [(None, api.json("/")), *((c["id"], c) for c in api.collections)]:
        found += [(name, api.json(link["href"])) for link in links(document, VECTOR) if link["type"] == JSON]
    return found


@pytest.fixture(scope="module")
def tilesets(api: Api) -> list[Tileset]:
    """Every tileset that can be reached from the landing page."""
    found = []
    for name, listed in lists_of(api):
        for item in listed["tilesets"]:
            document = api.json(links(item, "self")[0]["href"])
            found.append(Tileset(name, document, api.json(links(document, SCHEME)[0]["href"])))
    assert {tileset.matrix_set["id"] for tileset in found} == set(FINE)
    return found


def asked(api: Api, tileset: Tileset, z: int, row: int, col: int) -> httpx.Response:
    return api.ask(tileset.address(z, row, col), MVT)


def layers_of(response: httpx.Response) -> list[TileLayer]:
    """The layers of an answer, none for 204."""
    if response.status_code == 204:
        assert response.content == b""
        return []
    assert (response.status_code, response.headers["content-type"]) == (200, MVT), response.text[:200]
    return read_tile(response.content)


def identity(collection: str, feature: TileFeature) -> Any:
    """What a feature of a tile is called among the items: roads are drawn once for both directions."""
    if collection in ("roads", "road_status"):
        return feature.id
    return feature.properties[catalogue(("coast", "settlements"))[collection].columns[0].name]


def shapes_of(api: Api, collection: str) -> dict[Any, BaseGeometry]:
    """The geometries of a collection by the identity that tiles use, in CRS84."""
    found = {f["id"]: shape(f["geometry"]) for f in api.items(collection)["features"] if f["geometry"]}
    return {key >> 1: geometry for key, geometry in found.items()} if collection == "roads" else found


CORE = TILES + "core"


@abstract_test(CORE, "/conf/core/conformance-success")
def test_conformance_names_tiles_core(api: Api) -> None:
    document = api.json("/conformance")
    schemas.hold(document, schemas.CONFORMANCE)
    assert CORE in document["conformsTo"]


@abstract_test(CORE, "/conf/core/tc-op")
def test_tiles_are_where_the_template_says(api: Api, tilesets: list[Tileset]) -> None:
    for tileset in tilesets:
        assert set(re.findall(r"{(\w+)}", tileset.template)) == {"tileMatrix", "tileRow", "tileCol"}
        ids = [matrix["id"] for matrix in tileset.matrix_set["tileMatrices"]]
        assert all(limit["tileMatrix"] in ids for limit in tileset.document["tileMatrixSetLimits"])
        for z, row, col in tileset.some_tiles():
            assert asked(api, tileset, z, row, col).status_code in (200, 204)


def tile_paths(api: Api) -> list[str]:
    """Paths of the definition that lead to vector tiles."""
    return [
        path
        for path, methods in api.openapi["paths"].items()
        if methods["get"]["operationId"].endswith("vector.getTile")
    ]


def path_parameters(api: Api, name: str) -> list[Document]:
    paths = tile_paths(api)
    assert paths
    found = [api.parameters_of(path)[name] for path in paths]
    assert all(p["in"] == "path" and p["required"] is True for p in found)
    return found


@abstract_test(CORE, "/conf/core/tc-tilematrix-definition")
def test_tile_matrix_is_defined_as_text(api: Api) -> None:
    for parameter in path_parameters(api, "tileMatrix"):
        assert parameter["schema"]["type"] == "string"


@abstract_test(CORE, "/conf/core/tc-tilerow-definition")
def test_tile_row_is_defined_as_a_whole_number(api: Api) -> None:
    for parameter in path_parameters(api, "tileRow"):
        assert (parameter["schema"]["type"], parameter["schema"]["minimum"]) == ("integer", 0)


@abstract_test(CORE, "/conf/core/tc-tilecol-definition")
def test_tile_column_is_defined_as_a_whole_number(api: Api) -> None:
    for parameter in path_parameters(api, "tileCol"):
        assert (parameter["schema"]["type"], parameter["schema"]["minimum"]) == ("integer", 0)


@abstract_test(CORE, "/conf/core/tc-success")
def test_a_tile_holds_what_meets_it(api: Api, tilesets: list[Tileset]) -> None:
    seen = 0
    for tileset in (t for t in tilesets if t.collection is not None):
        collection = str(tileset.collection)
        known = {key: tileset.planar(geometry) for key, geometry in shapes_of(api, collection).items()}
        for z, row, col in tileset.some_tiles():
            found = {
                identity(collection, f) for layer in layers_of(asked(api, tileset, z, row, col)) for f in layer.features
            }
            inside, near = (tileset.extent(z, row, col, margin) for margin in (0, 2 * MARGIN))
            assert {key for key, geometry in known.items() if geometry.intersects(inside)} <= found, (
                collection,
                z,
                row,
                col,
            )
            assert found <= {key for key, geometry in known.items() if geometry.intersects(near)}, (
                collection,
                z,
                row,
                col,
            )
            seen += len(found)
    assert seen > len(tilesets), "the tiles of the town are not empty"


@abstract_test(CORE, "/conf/core/tc-error")
def test_out_of_range_is_404_and_empty_is_204(api: Api, tilesets: list[Tileset]) -> None:
    n_empty = 0
    for tileset in tilesets:
        last = tileset.matrix_set["tileMatrices"][-1]["id"]
        z = tileset.zoom
        matrix = next(m for m in tileset.matrix_set["tileMatrices"] if m["id"] == str(z))
        limits = tileset.limits(z)
        outside = [
            (int(last) + 1, 0, 0), (z, matrix["matrixHeight"], 0), (z, 0, matrix["matrixWidth"]),
            (z, limits["maxTileRow"] + 1, limits["minTileCol"]), (z, limits["minTileRow"], limits["minTileCol"] - 1),
            (z, 0, 0),
        ]  # fmt: skip
        for address in outside:
            response = asked(api, tileset, *address)
            assert response.status_code == 404, (tileset.template, address)
            schemas.hold(response.json(), schemas.PROBLEM)
        fine = int(tileset.document["tileMatrixSetLimits"][-1]["tileMatrix"])
        held = tileset.limits(fine)
        corner = asked(api, tileset, fine, held["minTileRow"], held["minTileCol"])
        n_empty += layers_of(corner) == []
    assert n_empty > 0, "a road that rises to the north-east leaves the corner in the north-west empty"


@abstract_test(TILES + "tileset", "/conf/tileset/description")
def test_tilesets_are_described(api: Api, tilesets: list[Tileset]) -> None:
    for tileset in tilesets:
        schemas.hold(tileset.document, schemas.TILESET)
        name = tileset.matrix_set["id"]
        assert tileset.document["tileMatrixSetURI"] == f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{name}"
        (scheme,) = links(tileset.document, SCHEME)
        schemas.hold(api.json(scheme["href"]), schemas.MATRIX_SET)
        for link in links(tileset.document, "item"):
            assert link["templated"] is True
            assert link["type"] == MVT
        assert tileset.document["crs"] == tileset.matrix_set["crs"]
        (own,) = links(tileset.document, "self")
        assert api.ask(own["href"].split("?")[0], JSON).headers["content-type"].split(";")[0] == JSON


@abstract_test(TILES + "tilesets-list", "/conf/tilesets-list/tileset-links")
def test_lists_of_tilesets_lead_to_each(api: Api) -> None:
    for name, listed in lists_of(api):
        schemas.hold(listed, schemas.TILESETS)
        assert len(listed["tilesets"]) == len(FINE)
        for item in listed["tilesets"]:
            (own,) = links(item, "self")
            whole = api.json(own["href"])
            assert {k: whole[k] for k in ("dataType", "crs", "tileMatrixSetURI")} == {
                k: item[k] for k in ("dataType", "crs", "tileMatrixSetURI")
            }
            (scheme,) = links(item, SCHEME)
            matrix_set = api.json(scheme["href"])["id"]
            path = "" if name is None else f"/collections/{name}"
            assert own["href"].split("?")[0] == f"{api.root}{path}/tiles/{matrix_set}"


@abstract_test(TILES + "dataset-tilesets", "/conf/dataset-tilesets/landingpage")
def test_the_landing_page_links_tilesets_of_the_dataset(api: Api) -> None:
    assert links(api.json("/"), VECTOR)
    for link in links(api.json("/"), VECTOR):
        assert api.ask(link["href"], link["type"]).status_code == 200


@abstract_test(TILES + "dataset-tilesets", "/conf/dataset-tilesets/operation")
def test_tilesets_of_the_dataset_are_at_tiles(api: Api) -> None:
    assert api.json("/tiles")["tilesets"]
    assert {link["href"].split("?")[0] for link in links(api.json("/"), VECTOR)} == {f"{api.root}/tiles"}


@abstract_test(TILES + "geodata-tilesets", "/conf/geodata-tilesets/desc-links")
def test_collections_link_their_tilesets(api: Api) -> None:
    drawn = {c.collection_id for c in catalogue(("coast", "settlements")).values() if c.is_public and c.tile_layer}
    for collection in api.collections:
        for found in (collection, api.json(f"/collections/{collection['id']}")):
            assert bool(links(found, VECTOR)) == (collection["id"] in drawn), collection["id"]
    assert drawn


@abstract_test(TILES + "geodata-tilesets", "/conf/geodata-tilesets/operation")
def test_tilesets_of_a_collection_are_at_its_address_with_tiles_behind(api: Api) -> None:
    for collection in api.collections:
        for link in links(collection, VECTOR):
            own = f"{api.root}/collections/{collection['id']}/tiles"
            assert link["href"].split("?")[0] == own
            assert api.json(own)["tilesets"]


def geometry_of(feature: TileFeature, extent: BaseGeometry, grid: int) -> list[tuple[float, float]]:
    """Every position of a feature in coordinates of the matrix set: (0, 0) is the upper left corner, y runs down."""
    west, south, east, north = extent.bounds
    return [
        (west + x / grid * (east - west), north - y / grid * (north - south)) for part in feature.parts for x, y in part
    ]


@abstract_test(TILES + "mvt", "/conf/mvt/content")
def test_vector_tiles_are_one_tile_each_in_the_grid_of_the_tile(api: Api, tilesets: list[Tileset]) -> None:
    kinds = {"Point": {POINT}, "LineString": {LINE}, "MultiLineString": {LINE}, "Polygon": {POLYGON},
             "Geometry": {POINT, LINE, POLYGON}}  # fmt: skip
    n_checked = 0
    for tileset in (t for t in tilesets if t.collection is not None):
        collection = str(tileset.collection)
        known = {key: tileset.planar(geometry) for key, geometry in shapes_of(api, collection).items()}
        for z, row, col in tileset.some_tiles():
            for layer in layers_of(asked(api, tileset, z, row, col)):
                assert (layer.name, layer.version) == (collection, 2)
                extent = tileset.extent(z, row, col)
                unit = (extent.bounds[2] - extent.bounds[0]) / layer.extent
                for feature in layer.features:
                    assert feature.kind in kinds[catalogue(("coast", "settlements"))[collection].geometry]
                    assert feature.parts
                    drawn = MultiPoint(geometry_of(feature, extent, layer.extent))
                    original = known[identity(collection, feature)].buffer(1.5 * unit)
                    assert original.covers(drawn), (collection, z, row, col, feature.id)
                    n_checked += 1
    assert n_checked > 0


SELECTION = TILES + "collections-selection"
#: Layers of a selection, in an order that is not the one of the dataset.
CHOSEN = [["settlements"], ["settlements", "roads"], ["routes", "coast", "roads"]]


def of_dataset(tilesets: list[Tileset]) -> list[Tileset]:
    """The tilesets of the dataset."""
    return [tileset for tileset in tilesets if tileset.collection is None]


def chosen_of(api: Api, tileset: Tileset, chosen: list[str]) -> Tileset:
    """The tileset of the dataset with some of its layers."""
    document = api.json(f"/tiles/{tileset.matrix_set['id']}", collections=",".join(chosen))
    return Tileset(None, document, tileset.matrix_set)


@abstract_test(SELECTION, "/conf/collections-selection/query-collections")
def test_layers_of_the_dataset_can_be_chosen(api: Api, tilesets: list[Tileset]) -> None:
    for tileset in of_dataset(tilesets):
        for chosen in CHOSEN:
            selection = chosen_of(api, tileset, chosen)
            assert selection.template.endswith(f"?collections={','.join(chosen)}")
            for z, row, col in selection.some_tiles():
                assert asked(api, selection, z, row, col).status_code in (200, 204)
        z, row, col = next(tileset.some_tiles())
        assert api.ask(tileset.address(z, row, col), MVT, collections="nothing-like-that").status_code == 400


@abstract_test(SELECTION, "/conf/collections-selection/collections-response")
def test_chosen_layers_are_there_in_their_order(api: Api, tilesets: list[Tileset]) -> None:
    n_seen = 0
    for tileset in of_dataset(tilesets):
        for chosen in CHOSEN:
            selection = chosen_of(api, tileset, chosen)
            assert [layer["id"] for layer in selection.document["layers"]] == chosen
            for z, row, col in selection.some_tiles():
                drawn = [layer.name for layer in layers_of(asked(api, selection, z, row, col))]
                assert drawn == [name for name in chosen if name in drawn]
                n_seen += len(drawn)
    assert n_seen > 0


OAS = TILES + "oas30"


@abstract_test(OAS, "/conf/oas30/completeness")
def test_definition_describes_tilesets_and_tiles(api: Api, tilesets: list[Tileset]) -> None:
    paths = api.openapi["paths"]
    matching = {re.compile(re.sub(r"{\w+}", "[^/]+", path)): path for path in paths}

    def described(address: str) -> str:
        path = address.split("?", maxsplit=1)[0].removeprefix(api.root)
        path = re.sub(r"{\w+}", "0", path)
        found = [name for pattern, name in matching.items() if pattern.fullmatch(path)]
        assert found, f"{path} is not described"
        return found[0]

    for tileset in tilesets:
        (own,) = links(tileset.document, "self")
        described(own["href"])
        described(own["href"].split("?")[0].rsplit("/", 1)[0])
        names = api.parameters_of(described(tileset.template))
        assert {"tileMatrix", "tileRow", "tileCol"} <= set(names)
        described(links(tileset.document, SCHEME)[0]["href"])
    for path, methods in paths.items():
        if re.search(r"/tiles(/|$)", path):
            content = methods["get"]["responses"]["200"]["content"]
            assert (MVT in content) == (path in tile_paths(api)), path


@abstract_test(OAS, "/conf/oas30/operation-id")
def test_operations_end_as_the_table_of_suffixes_has_them(api: Api) -> None:
    found = [methods["get"]["operationId"] for methods in api.openapi["paths"].values()]
    wanted = {
        f".{origin}.vector.{name}"
        for origin in ("dataset", "collection")
        for name in ("getTileSetsList", "getTileSet", "getTile")
    }
    for suffix in wanted:
        assert any(name.endswith(suffix) for name in found), suffix
    assert len(found) == len(set(found))
    for path in tile_paths(api):
        assert path.endswith("/{tileMatrix}/{tileRow}/{tileCol}")

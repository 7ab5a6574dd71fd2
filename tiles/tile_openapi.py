"""The part of the OpenAPI document that tells of tiles, the conformance classes of tiles, and the links to them.

Names of operations end as OGC 20-057 (table "OpenAPI operationId suffixes") asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from layers.catalogue import Collection
from tiles.matrix_sets import MATRIX_SETS

type Document = dict[str, Any]

MVT = "application/vnd.mapbox-vector-tile"
TILEJSON = "application/vnd.mapbox.tile+json"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_SETS = "http://www.opengis.net/spec/tms/2.0/conf/"
#: What is answered of OGC API – Tiles, part 1, and of the standard of tile matrix sets and tileset metadata.
CONFORMS_TO = (
    *(
        _TILES + name
        for name in (
            "core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection", "mvt",
            "oas30",
        )
    ),
    *(
        _SETS + name
        for name in (
            "tilematrixset", "tilesetmetadata", "tilematrixsetlimits", "json-tilematrixset", "json-tilesetmetadata",
            "json-tilematrixsetlimits",
        )
    ),
)  # fmt: skip
REL = "http://www.opengis.net/def/rel/ogc/1.0/"


def landing_links(base: str) -> list[Document]:
    """Links of the landing page to the tilesets of the dataset and to the tile matrix sets."""
    return [
        {"rel": f"{REL}tilesets-vector", "type": "application/json", "title": "Vector tiles of all collections",
         "href": f"{base}/tiles?f=json"},
        {"rel": f"{REL}tiling-schemes", "type": "application/json", "title": "Tile matrix sets",
         "href": f"{base}/tileMatrixSets?f=json"},
    ]  # fmt: skip


def _path(name: str, schema: Document, description: str) -> Document:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


_NUMBER: Document = {"type": "integer", "minimum": 0}
_SET = _path("tileMatrixSetId", {"type": "string", "enum": list(MATRIX_SETS)}, "Tile matrix set.")
_TILE = [
    _path("tileMatrix", {"type": "string", "pattern": "^[0-9]+$"}, "Zoom."),
    _path("tileRow", _NUMBER, "Row, from the north."),
    _path("tileCol", _NUMBER, "Column, from the west."),
]


def _f(*values: str) -> Document:
    return {"name": "f", "in": "query", "required": False, "description": "Format of the answer.",
            "schema": {"type": "string", "enum": list(values)}}  # fmt: skip


def _operation(
    operation_id: str, summary: str, parameters: list[Document], media: Iterable[str], empty: bool = False
) -> Document:
    kinds = {MVT: {"type": "string", "format": "binary"}, "text/html": {"type": "string"}}
    content = {name: {"schema": kinds.get(name, {"type": "object"})} for name in media}
    responses: Document = {"200": {"description": "The document.", "content": content}}
    if empty:
        responses["204"] = {"description": "Nothing lies in this tile."}
    responses |= {status: {"$ref": "#/components/responses/Problem"} for status in ("400", "404", "default")}
    return {"get": {"operationId": operation_id, "summary": summary, "parameters": parameters, "responses": responses}}


def _of(prefix: str, before: list[Document], name: str, query: list[Document]) -> Document:
    """The three paths of an origin."""
    lang: list[Document] = [{"$ref": "#/components/parameters/lang"}]
    document = [*before, _f("json", "html"), *lang, *query]
    described = [*before, _SET, _f("json", "html", "tilejson"), *lang, *query]
    tile = [*before, _SET, *_TILE, _f("mvt"), *query]
    pages = ("application/json", "text/html")
    own = f"{prefix}/tiles"
    return {
        own: _operation(f"{name}.vector.getTileSetsList", "Tilesets", document, pages),
        f"{own}/{{tileMatrixSetId}}": _operation(
            f"{name}.vector.getTileSet", "One tileset", described, (*pages, TILEJSON)
        ),
        f"{own}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _operation(
            f"{name}.vector.getTile", "One tile", tile, (MVT,), empty=True
        ),
    }


def tile_paths(collections: Iterable[Collection]) -> Document:
    """Paths of tiles, of the dataset and of those of the collections that have any."""
    names = [collection.collection_id for collection in collections if collection.tile_layer is not None]
    asked: Document = {
        "name": "collections", "in": "query", "required": False, "style": "form", "explode": False,
        "description": "Collections whose layers are wanted, in order; all public ones where it is left out.",
        "schema": {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1, "uniqueItems": True},
    }  # fmt: skip
    one = _path("collectionId", {"type": "string", "enum": names}, "Collection.")
    pages = ("application/json", "text/html")
    common: list[Document] = [_f("json", "html"), {"$ref": "#/components/parameters/lang"}]
    return {
        **_of("", [], "yukimichi.dataset", [asked]),
        **_of("/collections/{collectionId}", [one], "yukimichi.collection", []),
        "/tileMatrixSets": _operation("yukimichi.getTileMatrixSetsList", "Tile matrix sets", common, pages),
        "/tileMatrixSets/{tileMatrixSetId}": _operation(
            "yukimichi.getTileMatrixSet", "One tile matrix set", [_SET, *common], pages
        ),
    }

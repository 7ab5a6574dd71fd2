"""OpenAPI 3.0 of the OGC API, from the catalogue; every reference is inside the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layers.catalogue import Collection
from tiles.axes import CRS84, SUPPORTED
from tiles.cql2_sql import LANGUAGES as FILTER_LANGUAGES
from tiles.cql2_text import FILTER_MAX
from tiles.items_query import FORMATS, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, PAGING
from tiles.parameters import LANGUAGES
from tiles.tile_openapi import tile_paths

type Document = dict[str, Any]

VERSION = "3.0.3"
#: What every operation may answer besides its document; a key that is sent has to hold, also where none is needed.
PROBLEMS = ("400", "401", "403", "404", "429", "503", "default")
KEYS: Document = {
    "key": {"type": "http", "scheme": "bearer", "description": "The key of a manager or a contractor."},
    "password": {"type": "http", "scheme": "basic", "description": "The same key as the password of any user."},
}


def _query(name: str, schema: Document, description: str, **more: object) -> Document:
    head: Document = {"name": name, "in": "query", "required": False, "style": "form", "explode": False}
    return {**head, "description": description, "schema": schema, **more}


_NUMBERS: Document = {
    "type": "array",
    "items": {"type": "number"},
    "minItems": 4,
    "maxItems": 6,
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
}
_CRS: Document = {"type": "string", "format": "uri", "enum": list(SUPPORTED)}
_LIMIT: Document = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}
_OFFSET: Document = {"type": "integer", "minimum": 0, "maximum": OFFSET_MAX}
_NAMES: Document = {"type": "array", "minItems": 1, "items": {"type": "string"}}
_LANGUAGE: Document = {"type": "string", "enum": list(FILTER_LANGUAGES), "default": FILTER_LANGUAGES[0]}
PARAMETERS: Document = {
    "f": _query("f", {"type": "string", "enum": list(FORMATS)}, "Format of the answer."),
    "lang": _query("lang", {"type": "string", "enum": list(LANGUAGES)}, "Language of titles and pages."),
    "limit": _query("limit", _LIMIT, "Most features of a page; more than the maximum gives the maximum."),
    "offset": _query("offset", _OFFSET, "Features to leave out before; pages then go on by offset."),
    "cursor": _query("cursor", {"type": "string"}, "Where a page begins, from a next link."),
    "bbox": _query("bbox", _NUMBERS, "Features that meet this box."),
    "bbox-crs": _query("bbox-crs", _CRS | {"default": CRS84}, "CRS of bbox."),
    "crs": _query("crs", _CRS | {"default": CRS84}, "CRS of the answer."),
    "datetime": _query("datetime", {"type": "string"}, "Moment, or begin/end with .. for open (RFC 3339)."),
    "filter": _query("filter", {"type": "string"}, f"Condition in CQL2 on queryables, up to {FILTER_MAX} characters."),
    "filter-lang": _query("filter-lang", _LANGUAGE, "Encoding of filter."),
    "filter-crs": _query("filter-crs", _CRS | {"default": CRS84}, "CRS of the geometries in filter."),
    "sortby": _query("sortby", _NAMES, "Sortables with commas between; - before a name turns it round."),
    "properties": _query("properties", _NAMES, "Properties to answer, with commas between."),
    "skipGeometry": _query("skipGeometry", {"type": "boolean", "default": False}, "True: without geometry."),
}
_LINKS: Document = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
    },
}
_COUNT: Document = {"type": "integer", "minimum": 0}
FEATURE: Document = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object"},
        "links": _LINKS,
    },
}
FEATURES: Document = {
    "type": "object",
    "required": ["type", "features", "numberReturned", "timeStamp", "synthetic", "links"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
        "numberReturned": _COUNT,
        "numberMatched": _COUNT | {"description": "How many features match; absent where it is not known exactly."},
        "numberMatchedEstimate": _COUNT
        | {"description": "How many features match by the planner's estimate; only where numberMatched is absent."},
        "timeStamp": {"type": "string", "format": "date-time"},
        "synthetic": {"type": "boolean", "description": "Whether anything of the data is made up."},
        "links": _LINKS,
    },
}


def _use(*names: str) -> list[Document]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _operation(
    operation_id: str, summary: str, parameters: list[Document], media: str = "application/json", schema: str = ""
) -> Document:
    shape = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    content = {media: {"schema": shape}, "text/html": {"schema": {"type": "string"}}}
    problems = {status: {"$ref": "#/components/responses/Problem"} for status in PROBLEMS}
    unchanged = {"304": {"$ref": "#/components/responses/NotModified"}} if schema else {}
    responses = {"200": {"description": "The document.", "content": content}} | unchanged | problems
    return {"get": {"operationId": operation_id, "summary": summary, "parameters": parameters, "responses": responses}}


def _of_collection(collection: Collection, lang: str) -> Document:
    name = collection.collection_id
    title = collection.title_ja if lang == "ja" else collection.title_en
    filters = [
        _query(c.name, {k: v for k, v in c.schema().items() if k not in ("title", "description")}, c.description)
        for c in collection.columns
    ]
    paging = _use(*PAGING)
    item_id = {"name": "item_id", "in": "path", "required": True, "schema": {"type": "string"}}
    path = f"/collections/{name}"
    return {
        path: _operation(f"describe_{name}", title, _use("f", "lang")),
        f"{path}/schema": _operation(f"schema_{name}", title, _use("f", "lang"), "application/schema+json"),
        f"{path}/queryables": _operation(f"queryables_{name}", title, _use("f", "lang"), "application/schema+json"),
        f"{path}/sortables": _operation(f"sortables_{name}", title, _use("f", "lang"), "application/schema+json"),
        f"{path}/items": _operation(f"items_{name}", title, paging + filters, "application/geo+json", "Features"),
        f"{path}/items/{{item_id}}": _operation(
            f"item_{name}", title, [item_id, *_use("f", "lang", "crs")], "application/geo+json", "Feature"
        ),
    }


def openapi(collections: Mapping[str, Collection], lang: str, base: str) -> Document:
    """The OpenAPI document for the collections that a caller may see."""
    paths: Document = {
        "/": _operation("landing", "Landing page", _use("f", "lang")),
        "/conformance": _operation("conformance", "Conformance classes", _use("f", "lang")),
        "/collections": _operation("collections", "Collections", _use("f", "lang")),
    }
    for collection in collections.values():
        paths |= _of_collection(collection, lang)
    paths |= tile_paths(collections.values())
    problem = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "hint", "instance")}
        | {"status": {"type": "integer"}},
    }
    return {
        "openapi": VERSION,
        "info": {"title": "Yukimichi 雪みち", "version": "1", "license": {"name": "Apache-2.0"}},
        "servers": [{"url": base}],
        "security": [{}, *({name: []} for name in KEYS)],
        "paths": paths,
        "components": {
            "parameters": PARAMETERS,
            "schemas": {"Feature": FEATURE, "Features": FEATURES},
            "securitySchemes": KEYS,
            "responses": {
                "NotModified": {"description": "What If-None-Match names is still so."},
                "Problem": {"description": "What went wrong (RFC 9457).",
                            "content": {"application/problem+json": {"schema": problem}}},
            },
        },
    }  # fmt: skip

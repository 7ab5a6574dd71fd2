"""OpenAPI 3.0 of the OGC API, from the catalogue; every reference is inside the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layers.catalogue import Collection
from tiles.axes import SUPPORTED
from tiles.items_query import FORMATS, LIMIT_DEFAULT, LIMIT_MAX
from tiles.parameters import LANGUAGES

type Document = dict[str, Any]

VERSION = "3.0.3"


def _query(name: str, schema: Document, description: str, **more: object) -> Document:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema, **more}


_NUMBERS: Document = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
_CRS: Document = {"type": "string", "format": "uri", "enum": list(SUPPORTED)}
_LIMIT: Document = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}
_LIST = {"style": "form", "explode": False}
PARAMETERS: Document = {
    "f": _query("f", {"type": "string", "enum": list(FORMATS)}, "Format of the answer."),
    "lang": _query("lang", {"type": "string", "enum": list(LANGUAGES)}, "Language of titles and pages."),
    "limit": _query("limit", _LIMIT, "Most features of a page; more than the maximum gives the maximum."),
    "offset": _query("offset", {"type": "integer", "minimum": 0, "default": 0}, "Features to leave out before."),
    "bbox": _query("bbox", _NUMBERS, "Features that meet this box.", **_LIST),
    "bbox-crs": _query("bbox-crs", _CRS, "CRS of bbox."),
    "crs": _query("crs", _CRS, "CRS of the answer."),
    "datetime": _query("datetime", {"type": "string"}, "Moment, or begin/end with .. for open."),
    "sortby": _query("sortby", {"type": "string"}, "Properties with commas between; - before a name turns it round."),
    "properties": _query("properties", {"type": "string"}, "Properties to answer, with commas between."),
    "skipGeometry": _query("skipGeometry", {"type": "boolean", "default": False}, "True: without geometry."),
}


def _use(*names: str) -> list[Document]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _operation(
    operation_id: str, summary: str, parameters: list[Document], media: str = "application/json"
) -> Document:
    content = {media: {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}}
    problems = {status: {"$ref": "#/components/responses/Problem"} for status in ("400", "404", "default")}
    responses = {"200": {"description": "The document.", "content": content}} | problems
    return {"get": {"operationId": operation_id, "summary": summary, "parameters": parameters, "responses": responses}}


def _of_collection(collection: Collection, lang: str) -> Document:
    name = collection.collection_id
    title = collection.title_ja if lang == "ja" else collection.title_en
    filters = [
        _query(c.name, {k: v for k, v in c.schema().items() if k not in ("title", "description")}, c.description)
        for c in collection.columns
    ]
    paging = _use("f", "lang", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "sortby", "properties",
                  "skipGeometry")  # fmt: skip
    item_id = {"name": "item_id", "in": "path", "required": True, "schema": {"type": "string"}}
    path = f"/collections/{name}"
    return {
        path: _operation(f"describe_{name}", title, _use("f", "lang")),
        f"{path}/schema": _operation(f"schema_{name}", title, _use("f", "lang"), "application/schema+json"),
        f"{path}/queryables": _operation(f"queryables_{name}", title, _use("f", "lang"), "application/schema+json"),
        f"{path}/items": _operation(f"items_{name}", title, paging + filters, "application/geo+json"),
        f"{path}/items/{{item_id}}": _operation(
            f"item_{name}", title, [item_id, *_use("f", "lang", "crs")], "application/geo+json"
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
    problem = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "hint", "instance")}
        | {"status": {"type": "integer"}},
    }
    return {
        "openapi": VERSION,
        "info": {"title": "Yukimichi 雪みち", "version": "1", "license": {"name": "Apache-2.0"}},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "parameters": PARAMETERS,
            "responses": {
                "Problem": {"description": "What went wrong (RFC 9457).",
                            "content": {"application/problem+json": {"schema": problem}}},
            },
        },
    }  # fmt: skip

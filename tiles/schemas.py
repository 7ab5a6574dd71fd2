"""What features carry, what can be filtered, what can be sorted, as JSON Schema (OGC 19-079r2 §6.2, OGC 23-058r1)."""

from __future__ import annotations

from typing import Any

from layers.catalogue import Collection
from layers.columns import Column
from tiles.cql2_terms import GEOMETRY_NAMES

type Document = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"
GEOMETRY = {"ja": "形状", "en": "Geometry"}
#: Resource, its relation, its title.
RESOURCES: dict[str, dict[str, str]] = {
    "schema": {"ja": "項目", "en": "Properties"},
    "queryables": {"ja": "検索できる項目", "en": "Queryables"},
    "sortables": {"ja": "並べ替えられる項目", "en": "Sortables"},
}


def _column(column: Column, collection: Collection, lang: str) -> Document:
    title = column.ja if lang == "ja" else column.name.replace("_", " ")
    role = {"x-ogc-role": "id"} if column.name == collection.id_column else {}
    return column.schema() | {"title": title} | role


def _geometry(collection: Collection, lang: str) -> Document:
    kind = "any" if collection.geometry == "Geometry" else collection.geometry.lower()
    return {"title": GEOMETRY[lang], "format": f"geometry-{kind}", "x-ogc-role": "primary-geometry"}


def _document(collection: Collection, what: str, lang: str, base: str, properties: Document) -> Document:
    title = collection.title_ja if lang == "ja" else collection.title_en
    return {
        "$schema": DIALECT,
        "$id": f"{base}/collections/{collection.collection_id}/{what}",
        "type": "object",
        "title": f"{title}: {RESOURCES[what][lang]}",
        "properties": properties,
    }


def schema(collection: Collection, lang: str, base: str) -> Document:
    """What a feature carries. Of a collection with attributes there may be more than is named here."""
    columns = {column.name: _column(column, collection, lang) for column in collection.columns}
    properties = columns | {GEOMETRY_NAMES[0]: _geometry(collection, lang)}
    return _document(collection, "schema", lang, base, properties) | {"additionalProperties": collection.has_attributes}


def queryables(collection: Collection, lang: str, base: str) -> Document:
    """What a filter may name; nothing else."""
    columns = {column.name: _column(column, collection, lang) for column in collection.columns}
    shape = _geometry(collection, lang)
    other = {key: value for key, value in shape.items() if key != "x-ogc-role"}
    shapes = dict.fromkeys(GEOMETRY_NAMES, other) | {GEOMETRY_NAMES[0]: shape}
    return _document(collection, "queryables", lang, base, columns | shapes) | {"additionalProperties": False}


def sortables(collection: Collection, lang: str, base: str) -> Document:
    """What sortby may name; nothing else."""
    columns = {column.name: _column(column, collection, lang) for column in collection.columns}
    return _document(collection, "sortables", lang, base, columns) | {"additionalProperties": False}


def links(collection: Collection, lang: str, base: str) -> list[Document]:
    """Links from a collection to these documents, as JSON Schema and as pages."""
    return [
        {
            "rel": RELATIONS + what,
            "type": media,
            "title": title[lang],
            "href": f"{base}/collections/{collection.collection_id}/{what}?f={form}",
        }
        for what, title in RESOURCES.items()
        for form, media in (("json", "application/schema+json"), ("html", "text/html"))
    ]

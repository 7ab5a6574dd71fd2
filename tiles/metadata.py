"""pygeoapi answers the metadata of the OGC API (landing page, collections, schemas, tile matrix sets) as JSON.

Its API object is called from our own routes: its Starlette application reads files and the environment at import,
and its HTML loads assets from other hosts. What it says that does not hold here is taken out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pygeoapi.api as core
from pygeoapi.api import API, APIRequest
from starlette.requests import Request

from layers.catalogue import Collection
from tiles import schemas
from tiles.axes import CRS84, SUPPORTED
from tiles.cql2_sql import CONFORMANCE as CQL2
from tiles.tile_openapi import CONFORMS_TO, landing_links

type Document = dict[str, Any]

#: Stands for the address of the service until an answer is sent.
PLACEHOLDER = "http://yukimichi.invalid/ogc"
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
TITLE = {"ja": "雪みち 除雪オープンデータ", "en": "Yukimichi snow removal data"}
DESCRIPTION = {
    "ja": "道路の除雪状況を、根拠と時刻とともに配信する。分からないものは不明と示す。",
    "en": "State of snow removal by road and direction, with evidence and time. What is not known is said.",
}
#: Classes that pygeoapi claims and this service does not answer, or that tests/conformance does not hold.
UNFULFILLED = ("ogcapi-features-4", "/cql2/", "advanced-property-roles", "ogcapi-common")
#: Classes that hold here and that pygeoapi does not know of.
FILTERING = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{name}"
    for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
)
MVT_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"


def _resource(collection: Collection, bbox: tuple[float, float, float, float]) -> Document:
    links = []
    if collection.tile_layer is not None:
        links.append({
            "type": "application/json", "rel": MVT_RELATION, "title": {"ja": "ベクトルタイル", "en": "Vector tiles"},
            "href": f"{PLACEHOLDER}/collections/{collection.collection_id}/tiles?f=json",
        })  # fmt: skip
    extents: Document = {"spatial": {"bbox": list(bbox), "crs": CRS84}}
    if collection.time is not None:
        extents["temporal"] = {"begin": None, "end": None}  # closures, passes and the past begin before the event
    return {
        "type": "collection",
        "title": {"ja": collection.title_ja, "en": collection.title_en},
        "description": {"ja": collection.description_ja, "en": collection.description},
        "keywords": {"ja": ["除雪"], "en": ["snow removal"]},
        "links": links,
        "extents": extents,
        "providers": [{
            "type": "feature", "name": "tiles.provider.CollectionProvider", "data": collection,
            "id_field": collection.id_column, "title_field": None,
            "time_field": collection.time[0] if collection.time else None,
            "crs": list(SUPPORTED), "storage_crs": CRS84,
        }],
    }  # fmt: skip


def config(collections: Mapping[str, Collection], bbox: tuple[float, float, float, float]) -> Document:
    """pygeoapi's configuration, in memory, from the catalogue."""
    contact = {"name": "Yukimichi", "url": PLACEHOLDER}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 8000}, "url": PLACEHOLDER,
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "gzip": False,
            "languages": ["ja", "en"], "pretty_print": False, "cors": False,
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": TITLE, "description": DESCRIPTION, "keywords": {"ja": ["除雪"], "en": ["snow removal"]},
                "keywords_type": "theme", "terms_of_service": LICENCE["url"], "url": PLACEHOLDER,
            },
            "license": LICENCE, "provider": contact, "contact": contact,
        },
        "resources": {name: _resource(collection, bbox) for name, collection in collections.items()},
    }  # fmt: skip


class Metadata:
    """The metadata of one set of collections. Answers are kept: they change only with the catalogue."""

    def __init__(self, collections: Mapping[str, Collection], bbox: tuple[float, float, float, float]) -> None:
        self.collections = dict(collections)
        root = logging.getLogger()
        level, handlers = root.level, root.handlers[:]
        self._api = API(config(self.collections, bbox), {})
        root.setLevel(level)  # pygeoapi sets up the root logger; how this service logs is not its affair
        root.handlers[:] = handlers
        self._kept: dict[tuple[object, ...], str] = {}

    def landing(self, lang: str, base: str) -> Document:
        """Landing page."""
        document = self._answer(core.landing_page, lang, base)
        known = {link["rel"] for link in landing_links(base)}
        document["links"] = [link for link in document["links"] if link["rel"] not in known] + landing_links(base)
        return document

    def conformance(self, lang: str, base: str) -> Document:
        """Conformance classes that this service answers."""
        document = self._answer(core.conformance, lang, base)
        claimed = document["conformsTo"]
        fulfilled = [uri for uri in claimed if not any(part in uri for part in UNFULFILLED)]
        document["conformsTo"] = [
            *fulfilled,
            *(uri for uri in (*FILTERING, *CQL2, *CONFORMS_TO) if uri not in fulfilled),
        ]
        return document

    def all(self, lang: str, base: str) -> Document:
        """The list of collections."""
        document = self._answer(core.describe_collections, lang, base)
        for found in document["collections"]:
            self._link_schemas(found, lang, base)
        return document

    def one(self, collection_id: str, lang: str, base: str) -> Document:
        """One collection."""
        return self._link_schemas(self._answer(core.describe_collections, lang, base, collection_id), lang, base)

    def _link_schemas(self, document: Document, lang: str, base: str) -> Document:
        """Links to our own schemas in place of pygeoapi's."""
        ours = schemas.links(self.collections[document["id"]], lang, base)
        rels = {link["rel"] for link in ours}
        document["links"] = [link for link in document["links"] if link["rel"] not in rels] + ours
        return document

    def _answer(self, function: Callable[..., Any], lang: str, base: str, *args: str) -> Document:
        key = (function, lang, *args)
        if key not in self._kept:
            scope = {"type": "http", "method": "GET", "path": "/", "headers": [],
                     "query_string": f"f=json&lang={lang}".encode()}  # fmt: skip
            _, status, content = function(self._api, APIRequest(Request(scope), self._api.locales), *args)
            if status != 200:
                raise RuntimeError(f"pygeoapi answered {status} for {function.__name__}{args}: {content}")
            self._kept[key] = json.dumps(_mended(json.loads(content)), ensure_ascii=False)
        answer: Document = json.loads(self._kept[key].replace(PLACEHOLDER, base))
        return answer


def _is_served(link: Document) -> bool:
    media, href = str(link.get("type")), str(link.get("href"))
    return "ld+json" not in media and "text/csv" not in media and not href.endswith("/processes")


def _mended(document: Any) -> Any:
    """Without links to what is not served: JSON-LD, CSV, processes."""
    if isinstance(document, dict):
        return {
            key: [_mended(link) for link in value if _is_served(link)]
            if key == "links" and isinstance(value, list)
            else _mended(value)
            for key, value in document.items()
        }
    if isinstance(document, list):
        return [_mended(value) for value in document]
    return document

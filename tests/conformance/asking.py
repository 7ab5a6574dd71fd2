"""Asking the served API: requests by path or address, documents that have to be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

type Document = dict[str, Any]

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
MVT = "application/vnd.mapbox-vector-tile"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
HYPHENS = {"bbox_crs": "bbox-crs", "filter_lang": "filter-lang", "filter_crs": "filter-crs"}
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


@dataclass
class Api:
    """The OGC API under test. Paths are beneath its root; an address with a scheme is taken as it is."""

    client: httpx.Client
    root: str
    _kept: dict[str, Document] = field(default_factory=dict)

    def ask(self, path: str, accept: str = "*/*", method: str = "GET", **params: Any) -> httpx.Response:
        """Any answer. `params` are query parameters, those of HYPHENS written with a _."""
        named = {HYPHENS.get(name, name): value for name, value in params.items()}
        address = path if "://" in path else f"{self.root}{path}"
        return self.client.request(method, address, params=named or None, headers={"accept": accept})

    def json(self, path: str, accept: str = JSON, **params: Any) -> Document:
        """The document of a 200."""
        response = self.ask(path, accept, **params)
        assert response.status_code == 200, f"{response.request.url}: {response.text[:500]}"
        found: Document = response.json()
        return found

    def kept(self, path: str) -> Document:
        """A document that does not change while tests run."""
        if path not in self._kept:
            self._kept[path] = self.json(path)
        return self._kept[path]

    @property
    def collections(self) -> list[Document]:
        """The collections that the API lists."""
        found: list[Document] = self.kept("/collections")["collections"]
        return found

    @property
    def openapi(self) -> Document:
        """The definition of the API."""
        return self.kept("/openapi")

    def items(self, collection_id: str, **params: Any) -> Document:
        """A page of features, every one of them where the collection is small and no limit is asked."""
        return self.json(f"/collections/{collection_id}/items", GEOJSON, **({"limit": 1000} | params))

    def ids(self, collection_id: str, **params: Any) -> set[Any]:
        """Ids of the features that a request finds."""
        return {feature["id"] for feature in self.items(collection_id, **params)["features"]}

    def parameters_of(self, path: str) -> dict[str, Document]:
        """Parameters of an operation of the definition by name, references resolved."""
        shared = self.openapi["components"]["parameters"]
        listed = self.openapi["paths"][path]
        found = [*listed.get("parameters", []), *listed["get"].get("parameters", [])]
        resolved = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p for p in found]
        return {parameter["name"]: parameter for parameter in resolved}


def links(document: Document, rel: str) -> list[Document]:
    """Links of a relation."""
    return [link for link in document["links"] if link["rel"] == rel]


class Page(HTMLParser):
    """An HTML page, taken apart: raises AssertionError where tags do not match, which HTML 5 would guess at."""

    VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.doctype = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"{self._open} are not closed"

    def handle_decl(self, decl: str) -> None:
        """<!doctype …>"""
        self.doctype = decl.lower()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """<tag …>"""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """</tag>"""
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data

    def addresses(self) -> set[str]:
        """What the page links to."""
        return {attrs["href"] or "" for tag, attrs in self.tags if tag == "a" and "href" in attrs}

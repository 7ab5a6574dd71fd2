"""What every answer of the OGC API begins with: address, format, language; and a document in the format asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from geo.errors import NotFoundError
from layers.catalogue import Collection
from tiles.items_query import FORMATS
from tiles.pages import page
from tiles.parameters import LANGUAGES, one_of
from tiles.service import Service, service_of

type Document = dict[str, Any]

GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
#: An address that can stand in a header as it is.
PLAIN = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=%._~-]*")
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


def base_of(request: Request) -> str:
    """The address of the OGC API as this client sees it: that of request.base_url, without its parsing."""
    scope = request.scope
    host = request.headers.get("host")
    if host is None:
        return f"{str(request.base_url).rstrip('/')}/ogc"
    return f"{scope['scheme']}://{host}{scope.get('app_root_path', scope.get('root_path', '')).rstrip('/')}/ogc"


def format_of(request: Request) -> str:
    """json or html: by `f`, else by the first of them that Accept names, else json."""
    if "f" in request.query_params:
        return one_of(request.query_params, "f", FORMATS, "json")
    accepted = (part.split(";")[0].strip() for part in request.headers.get("accept", "").split(","))
    return "html" if next((a for a in accepted if "html" in a or "json" in a), "").endswith("html") else "json"


def language_of(request: Request) -> str:
    """ja or en: by `lang`, else by the first of them in Accept-Language, else ja."""
    if "lang" in request.query_params:
        return one_of(request.query_params, "lang", LANGUAGES, "ja")
    asked = request.headers.get("accept-language", "").lower().split(",")
    wanted = (part.strip()[:2] for part in asked)
    return next((lang for lang in wanted if lang in LANGUAGES), "ja")


def collection_of(service: Service, collection_id: str) -> Collection:
    """A collection by its id. Raises NotFoundError."""
    found = service.dataset.collections.get(collection_id)
    if found is None:
        raise NotFoundError(f"No collection {collection_id[:80]!r}.", hint="See /ogc/collections.")
    return found


def link_header(links: Iterable[Mapping[str, Any]]) -> str:
    """Links as RFC 8288 has them in a header; titles, which may be Japanese, stay in the document."""
    parts = []
    for link in links:
        href = str(link["href"])
        if not PLAIN.fullmatch(href):
            href = quote(href, safe=":/?#[]@!$&'()*+,;=%-._~")
        parts.append(f'<{href}>; rel="{link["rel"]}"; type="{link["type"]}"')
    return ", ".join(parts)


def answer(
    request: Request, document: Mapping[str, Any], title: str, *, media: str = "application/json",
    headers: Mapping[str, str] | None = None, form: str = "",
) -> Response:  # fmt: skip
    """A document in the format asked for. form: HTML that stands above it on its page."""
    sent = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"} | dict(headers or {})
    lang = language_of(request)
    if format_of(request) == "html":
        synthetic = service_of(request).dataset.is_synthetic
        response: Response = page(
            document, title=title, lang=lang, base=base_of(request), synthetic=synthetic, form=form,
            switch=str(request.url.include_query_params(f="html", lang={"ja": "en", "en": "ja"}[lang])),
        )  # fmt: skip
    else:
        response = Response(json.dumps(document, ensure_ascii=False), media_type=media)
    response.headers.update(sent | {"Content-Language": lang})
    return response

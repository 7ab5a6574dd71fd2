"""Items of a collection and single features: beneath pygeoapi's metadata, by our own SQL."""

from __future__ import annotations

import json
from collections.abc import Hashable
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from layers.catalogue import Collection
from tiles.access import permit
from tiles.axes import CRS84, Crs, crs_of
from tiles.caching import etag_of, is_known, not_modified
from tiles.dataset import Dataset
from tiles.documents import (
    GEOJSON,
    Document,
    answer,
    base_of,
    collection_of,
    format_of,
    language_of,
    link_header,
)
from tiles.item_forms import items_form
from tiles.items import Page, read_item
from tiles.items_count import read_counted
from tiles.items_query import COMMON, ItemsQuery, read_query
from tiles.items_source import source_of
from tiles.parameters import refuse_unknown
from tiles.schemas import RELATIONS
from tiles.service import service_of


def state_of(dataset: Dataset, collection: Collection) -> tuple[Hashable, ...]:
    """The stored state that the rows of a collection rest on."""
    if collection.source == "reference":
        return (dataset.reference_key,)
    if collection.is_placed:
        return (dataset.places_key,)
    if collection.source == "roads":
        return (dataset.network_key, dataset.plan_key, dataset.reference_key, dataset.places_key)
    return (dataset.published_at,)


def _etag(dataset: Dataset, collection: Collection, request: Request, asked: str, lang: str) -> str | None:
    """Of the stored state that the answer rests on, and the address; None where rows change with the clock."""
    if collection.is_live:
        return None
    address = (base_of(request), request.scope["path"], request.scope["query_string"])
    return etag_of(*state_of(dataset, collection), *address, asked, lang, weak=True)


def _headers(collection: Collection, etag: str | None, crs: Crs) -> dict[str, str]:
    told = {"Content-Crs": f"<{crs.uri}>"}
    if not collection.is_public:
        return told | {"Cache-Control": "private, no-store"}
    caching = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"}
    return told | caching | ({"ETag": etag} if etag else {})


def _page_links(params: QueryParams, query: ItemsQuery, page: Page, own: str, asked: str) -> list[Document]:
    """Links of a page: itself, the other format, the pages around it, its collection. Who asks by offset goes on by it,
    everybody else by cursor. asked: json or html."""
    lasting = urlencode([(k, v) for k, v in params.items() if k not in ("f", "cursor", "offset")])
    address = f"{own}/items?{lasting}{'&' if lasting else ''}"
    place = f"&offset={query.offset}" if query.offset is not None else ""
    place = f"&cursor={params['cursor']}" if query.cursor is not None else place
    media, form = ("text/html", "html") if asked == "html" else (GEOJSON, params.get("f", ""))
    here = f"f={form}&" if form else ""

    def to(rel: str, title: str, kind: str, rest: str) -> Document:
        return {"rel": rel, "type": kind, "title": title, "href": (address + rest).rstrip("?&")}

    is_html = asked == "html"
    links = [
        to("alternate" if is_html else "self", "GeoJSON", GEOJSON, f"f=json{place}"),
        to("self" if is_html else "alternate", "HTML", "text/html", f"f=html{place}"),
    ]
    if page.cursor is not None:
        further = f"cursor={page.cursor}" if query.offset is None else f"offset={query.offset + page.n}"
        links.append(to("next", "Next page", media, here + further))
    if query.offset:
        links.append(to("prev", "Previous page", media, f"{here}offset={max(0, query.offset - query.limit)}"))
    elif query.cursor is not None:
        links.append(to("first", "First page", media, here))
    links.append({"rel": "collection", "type": "application/json", "title": "Collection", "href": own})
    links.append({
        "rel": f"{RELATIONS}queryables", "type": "application/schema+json", "title": "Queryables",
        "href": f"{own}/queryables",
    })  # fmt: skip
    return links


async def items(request: Request) -> Response:
    """A page of features."""
    service = service_of(request)
    found = collection_of(service, request.path_params["collection_id"])
    moment = service.moment()
    asked, lang, params = format_of(request), language_of(request), request.query_params
    if asked == "html":  # a form sends the fields that were left empty too
        params = QueryParams([(name, value) for name, value in params.multi_items() if value])
    query = read_query(params, found, moment)
    caller = await permit(request, service, found)
    etag = _etag(service.dataset, found, request, asked, lang)
    headers = _headers(found, etag, query.crs)
    if etag and is_known(request, etag):
        return not_modified(headers)
    source = source_of(query, found, moment, caller.scope_params())
    async with service.connection(caller.role_for(found)) as connection:
        state = state_of(service.dataset, found)
        page, counted = await read_counted(service, connection, found, query, source, state, moment)
    own = f"{base_of(request)}/collections/{found.collection_id}"
    links = _page_links(params, query, page, own, asked)
    headers["Link"] = link_header(links)
    head: Document = {
        "type": "FeatureCollection",
        **counted.members(),
        "numberReturned": page.n,
        "timeStamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "synthetic": service.dataset.is_synthetic,
        "links": links,
    }
    if asked == "html":
        shown: list[Document] = json.loads(b"[" + page.features + b"]")
        for feature in shown:
            feature["links"] = [{"rel": "self", "href": f"{own}/items/{quote(str(feature['id']))}?f=html&lang={lang}"}]
        form = items_form(found, dict(params), lang, f"{own}/items")
        title = {"ja": found.title_ja, "en": found.title_en}[lang]
        return answer(request, head | {"features": shown}, title, headers=headers, form=form)
    body = b'%b,"features":[%b]}' % (json.dumps(head, ensure_ascii=False)[:-1].encode(), page.features)
    return Response(body, headers=headers, media_type=GEOJSON)


async def item(request: Request) -> Response:
    """One feature."""
    service = service_of(request)
    found = collection_of(service, request.path_params["collection_id"])
    item_id = request.path_params["item_id"]
    refuse_unknown(request.query_params, [*COMMON, "crs"])
    crs = crs_of("crs", request.query_params.get("crs", CRS84))
    asked, lang = format_of(request), language_of(request)
    caller = await permit(request, service, found)
    etag = _etag(service.dataset, found, request, asked, lang)
    headers = _headers(found, etag, crs)
    if etag and is_known(request, etag):
        return not_modified(headers)
    async with service.connection(caller.role_for(found)) as connection:
        feature = await read_item(connection, found, item_id, crs, service.moment(), caller.scope_params())
    own = f"{base_of(request)}/collections/{found.collection_id}"
    links: list[Document] = [
        {
            "rel": "self" if asked == form else "alternate",
            "type": media,
            "title": title,
            "href": f"{own}/items/{quote(item_id)}?{urlencode(dict(request.query_params) | {'f': form})}",
        }
        for form, media, title in (("json", GEOJSON, "GeoJSON"), ("html", "text/html", "HTML"))
    ]
    links.append({"rel": "collection", "type": "application/json", "title": "Collection", "href": own})
    document = json.loads(feature) | {"links": links}
    title = f"{found.title_ja if lang == 'ja' else found.title_en} {item_id}"
    return answer(request, document, title, media=GEOJSON, headers=headers | {"Link": link_header(links)})


def mount(application: Starlette) -> None:
    """Add both as the first routes of the application, beneath FastAPI's reading of parameters, which they do
    themselves."""
    application.add_route("/ogc/collections/{collection_id}/items", items, ["GET"], include_in_schema=False)
    application.add_route("/ogc/collections/{collection_id}/items/{item_id}", item, ["GET"], include_in_schema=False)

"""The OGC API under /ogc: metadata by pygeoapi, items by our own SQL, each document as JSON or as a plain page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from geo.errors import NotFoundError
from geo.timeline import EPOCH
from layers.catalogue import Collection
from tiles.access import Caller, caller_of, permit
from tiles.axes import CRS84, crs_of
from tiles.caching import etag_of, is_known, not_modified
from tiles.dataset import Dataset
from tiles.items import COMMON, FORMATS, ItemsQuery, read_item, read_items, read_query
from tiles.metadata import Document, Metadata
from tiles.openapi import openapi
from tiles.pages import page
from tiles.parameters import LANGUAGES, one_of, refuse_unknown
from tiles.service import Service, service_of

router = APIRouter(prefix="/ogc", include_in_schema=False)

GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


def base_of(request: Request) -> str:
    """The address of the OGC API as this client sees it."""
    return f"{str(request.base_url).rstrip('/')}/ogc"


def _format(request: Request) -> str:
    """json or html: by `f`, else by the first of them that Accept names, else json."""
    asked = request.headers.get("accept", "")
    accepted = [part.split(";")[0].strip() for part in asked.split(",")]
    by_header = "html" if next((a for a in accepted if "html" in a or "json" in a), "").endswith("html") else "json"
    return one_of(request.query_params, "f", FORMATS, by_header)


def _language(request: Request) -> str:
    """ja or en: by `lang`, else by the first of them in Accept-Language, else ja."""
    asked = request.headers.get("accept-language", "").lower().split(",")
    wanted = (part.strip()[:2] for part in asked)
    return one_of(request.query_params, "lang", LANGUAGES, next((lang for lang in wanted if lang in LANGUAGES), "ja"))


def _metadata(service: Service, caller: Caller) -> Metadata:
    """pygeoapi's view of the collections that the caller may see; made anew when the catalogue changes."""
    dataset = service.dataset
    key = (
        dataset.reference_layers,
        dataset.bbox,
        dataset.reference_at,
        caller.is_manager,
        caller.contractor is not None,
    )
    if key not in service.metadata:
        visible = {n: c for n, c in dataset.collections.items() if caller.may_see(c)}
        since = dataset.reference_at if dataset.reference_at > EPOCH else None
        service.metadata = {k: v for k, v in service.metadata.items() if k[:3] == key[:3]}
        service.metadata[key] = Metadata(visible, dataset.bbox, since)
    return service.metadata[key]


def _collection(service: Service, collection_id: str) -> Collection:
    found = service.dataset.collections.get(collection_id)
    if found is None:
        raise NotFoundError(f"No collection {collection_id[:80]!r}.", hint="See /ogc/collections.")
    return found


def _answer(
    request: Request, document: Mapping[str, Any], title: str, *, media: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """A document in the format asked for."""
    sent = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"} | dict(headers or {})
    lang = _language(request)
    if _format(request) == "html":
        synthetic = service_of(request).dataset.is_synthetic
        response: Response = page(document, title=title, lang=lang, base=base_of(request), synthetic=synthetic)
    else:
        response = Response(json.dumps(document, ensure_ascii=False), media_type=media)
    response.headers.update(sent | {"Content-Language": lang})
    return response


async def _start(request: Request, known: Iterable[str] = COMMON) -> tuple[Service, Metadata, str, str]:
    """What every metadata answer begins with: service, metadata, language, base address."""
    refuse_unknown(request.query_params, known)
    _format(request)
    service = service_of(request)
    return service, _metadata(service, await caller_of(request, service)), _language(request), base_of(request)


@router.get("")
@router.get("/")
async def landing(request: Request) -> Response:
    """Landing page."""
    _, metadata, lang, base = await _start(request)
    document = metadata.landing(lang, base)
    return _answer(request, document, document["title"])


@router.get("/conformance")
async def conformance(request: Request) -> Response:
    """Conformance classes."""
    _, metadata, lang, base = await _start(request)
    return _answer(request, metadata.conformance(lang, base), "Conformance")


@router.get("/openapi")
async def api(request: Request) -> Response:
    """OpenAPI 3.0 of this API, with every reference inside."""
    _, metadata, lang, base = await _start(request)
    return _answer(request, openapi(metadata.collections, lang, base), "OpenAPI", media=OPENAPI)


@router.get("/collections")
async def collections(request: Request) -> Response:
    """Collections that the caller may see."""
    _, metadata, lang, base = await _start(request)
    return _answer(request, metadata.all(lang, base), {"ja": "データ一覧", "en": "Collections"}[lang])


@router.get("/collections/{collection_id}")
async def collection(request: Request, collection_id: str) -> Response:
    """One collection."""
    service, metadata, lang, base = await _start(request)
    await permit(request, service, _collection(service, collection_id))
    document = metadata.one(collection_id, lang, base)
    return _answer(request, document, document["title"])


@router.get("/collections/{collection_id}/schema")
async def schema(request: Request, collection_id: str) -> Response:
    """JSON Schema of the features."""
    service, metadata, lang, base = await _start(request)
    await permit(request, service, _collection(service, collection_id))
    document = metadata.schema(collection_id, lang, base)
    return _answer(request, document, document["title"], media=SCHEMA)


@router.get("/collections/{collection_id}/queryables")
async def queryables(request: Request, collection_id: str) -> Response:
    """JSON Schema of what can be filtered."""
    service, metadata, lang, base = await _start(request)
    await permit(request, service, _collection(service, collection_id))
    document = metadata.queryables(collection_id, lang, base)
    return _answer(request, document, document["title"], media=SCHEMA)


@router.get("/TileMatrixSets")
@router.get("/tileMatrixSets", include_in_schema=False)
async def matrix_sets(request: Request) -> Response:
    """Tile matrix sets."""
    _, metadata, lang, base = await _start(request)
    return _answer(request, metadata.matrix_sets(lang, base), "TileMatrixSets")


@router.get("/TileMatrixSets/{set_id}")
@router.get("/tileMatrixSets/{set_id}", include_in_schema=False)
async def matrix_set(request: Request, set_id: str) -> Response:
    """One tile matrix set."""
    _, metadata, lang, base = await _start(request)
    if set_id not in ("WebMercatorQuad", "WorldCRS84Quad"):
        raise NotFoundError(f"No tile matrix set {set_id[:80]!r}.", hint="See /ogc/TileMatrixSets.")
    return _answer(request, metadata.matrix_set(set_id, lang, base), set_id)


def _etag(dataset: Dataset, collection: Collection, request: Request) -> str | None:
    """Of the stored state that the answer rests on, and the address; None where rows change with the clock."""
    if collection.is_live:
        return None
    state: tuple[object, ...] = (dataset.published_at,)
    if collection.source == "reference":
        state = (dataset.reference_key,)
    elif collection.source == "roads":
        state = (dataset.network_key, dataset.plan_key, dataset.reference_key)
    return etag_of(*state, request.url, _format(request), _language(request), weak=True)


def _caching(collection: Collection, etag: str | None) -> dict[str, str]:
    if not collection.is_public:
        return {"Cache-Control": "private, no-store"}
    return {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"} | ({"ETag": etag} if etag else {})


def _page_links(request: Request, query: ItemsQuery, n: int, matched: int | None, own: str) -> list[Document]:
    """Links of a page: itself, the other format, the pages around it, its collection."""
    asked = dict(request.query_params)

    def to(rel: str, title: str, media: str = GEOJSON, **changed: object) -> Document:
        address = f"{own}/items?{urlencode(asked | changed)}"
        return {"rel": rel, "type": media, "title": title, "href": address}

    is_html = _format(request) == "html"
    links = [
        to("alternate" if is_html else "self", "GeoJSON", f="json"),
        to("self" if is_html else "alternate", "HTML", "text/html", f="html"),
    ]
    if n == query.limit and (matched is None or query.offset + n < matched):
        links.append(to("next", "Next page", offset=query.offset + n))
    if query.offset > 0:
        links.append(to("prev", "Previous page", offset=max(0, query.offset - query.limit)))
    links.append({"rel": "collection", "type": "application/json", "title": "Collection", "href": own})
    return links


@router.get("/collections/{collection_id}/items")
async def items(request: Request, collection_id: str) -> Response:
    """A page of features."""
    service = service_of(request)
    found = _collection(service, collection_id)
    query = read_query(request.query_params, found)
    asked, lang = _format(request), _language(request)
    caller = await permit(request, service, found)
    etag = _etag(service.dataset, found, request)
    headers = _caching(found, etag) | {"Content-Crs": f"<{query.crs.uri}>"}
    if etag and is_known(request, etag):
        return not_modified(headers)
    moment = service.moment()
    async with service.connection(caller.role_for(found)) as connection:
        features, matched = await read_items(connection, found, query, moment, caller.scope_params())
    head: Document = {
        "type": "FeatureCollection",
        "numberReturned": len(features),
        "timeStamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "synthetic": service.dataset.is_synthetic,
        "links": _page_links(request, query, len(features), matched, f"{base_of(request)}/collections/{collection_id}"),
    }
    if matched is not None:
        head["numberMatched"] = matched
    if asked == "html":
        own = f"{base_of(request)}/collections/{collection_id}/items"
        shown: list[Document] = [json.loads(feature) for feature in features]
        for feature in shown:
            feature["links"] = [{"rel": "self", "href": f"{own}/{quote(str(feature['id']))}?f=html&lang={lang}"}]
        document = head | {"features": shown}
        return _answer(request, document, {"ja": found.title_ja, "en": found.title_en}[lang], headers=headers)
    body = f'{json.dumps(head, ensure_ascii=False)[:-1]},"features":[{",".join(features)}]}}'
    return Response(body, headers=headers, media_type=GEOJSON)


@router.get("/collections/{collection_id}/items/{item_id}")
async def item(request: Request, collection_id: str, item_id: str) -> Response:
    """One feature."""
    service = service_of(request)
    found = _collection(service, collection_id)
    refuse_unknown(request.query_params, [*COMMON, "crs"])
    crs = crs_of("crs", request.query_params.get("crs", CRS84))
    asked, lang = _format(request), _language(request)
    caller = await permit(request, service, found)
    etag = _etag(service.dataset, found, request)
    headers = _caching(found, etag) | {"Content-Crs": f"<{crs.uri}>"}
    if etag and is_known(request, etag):
        return not_modified(headers)
    async with service.connection(caller.role_for(found)) as connection:
        feature = await read_item(connection, found, item_id, crs, service.moment(), caller.scope_params())
    own = f"{base_of(request)}/collections/{collection_id}"
    links = [
        {
            "rel": "self" if asked == "json" else "alternate",
            "type": GEOJSON,
            "href": f"{own}/items/{quote(item_id)}?f=json",
        },
        {
            "rel": "self" if asked == "html" else "alternate",
            "type": "text/html",
            "href": f"{own}/items/{quote(item_id)}?f=html",
        },
        {"rel": "collection", "type": "application/json", "href": own},
    ]
    document = json.loads(feature) | {"links": links}
    title = f"{found.title_ja if lang == 'ja' else found.title_en} {item_id}"
    return _answer(request, document, title, media=GEOJSON, headers=headers)

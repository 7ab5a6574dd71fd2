"""The OGC API under /ogc: metadata by pygeoapi, items by our own SQL, each document as JSON or as a plain page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, floor
from typing import Any

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from layers.catalogue import Collection
from tiles import schemas
from tiles.access import Caller, caller_of, permit
from tiles.documents import OPENAPI, SCHEMA, Document, answer, base_of, collection_of, format_of, language_of
from tiles.items_query import COMMON
from tiles.metadata import Metadata
from tiles.openapi import openapi
from tiles.parameters import refuse_unknown
from tiles.raster_collections import collection_documents, find_document
from tiles.service import Service, service_of

router = APIRouter(prefix="/ogc", include_in_schema=False)


def _metadata(service: Service, caller: Caller) -> Metadata:
    """pygeoapi's view of the collections that the caller may see; made anew when the catalogue changes."""
    dataset = service.dataset
    key = (
        dataset.reference_layers,
        dataset.bbox,
        caller.is_manager,
        caller.contractor is not None,
    )
    if key not in service.metadata:
        visible = {n: c for n, c in dataset.collections.items() if caller.may_see(c)}
        service.metadata = {k: v for k, v in service.metadata.items() if k[:2] == key[:2]}
        service.metadata[key] = Metadata(visible, dataset.bbox)
    return service.metadata[key]


async def _start(request: Request, known: Iterable[str] = COMMON) -> tuple[Service, Metadata, str, str]:
    """What every metadata answer begins with: service, metadata, language, base address."""
    refuse_unknown(request.query_params, known)
    format_of(request)
    service = service_of(request)
    return service, _metadata(service, await caller_of(request, service)), language_of(request), base_of(request)


@router.get("")
@router.get("/")
async def landing(request: Request) -> Response:
    """Landing page."""
    _, metadata, lang, base = await _start(request)
    document = metadata.landing(lang, base)
    return answer(request, document, document["title"])


@router.get("/conformance")
async def conformance(request: Request) -> Response:
    """Conformance classes."""
    _, metadata, lang, base = await _start(request)
    return answer(request, metadata.conformance(lang, base), "Conformance")


@router.get("/openapi")
async def api(request: Request) -> Response:
    """OpenAPI 3.0 of this API, with every reference inside."""
    _, metadata, lang, base = await _start(request)
    return answer(request, openapi(metadata.collections, lang, base), "OpenAPI", media=OPENAPI)


async def _place(service: Service, document: dict[str, Any]) -> None:
    """Give a public collection the box around all of it, outwards to 7 decimals as features have them; none where the
    database cannot tell. A restricted one keeps the box of the roads."""
    found = service.dataset.collections[document["id"]]
    if not found.is_public:
        return
    try:
        west, south, east, north = await service.boxes.of(service, found)
    except (psycopg.Error, PoolTimeout):
        del document["extent"]["spatial"]
        return
    # a hundredth of a unit is noise of floats: 136.64 * 1e7 is a little less than it should be
    low = [floor(round(at * 1e7, 2)) / 1e7 for at in (west, south)]
    high = [ceil(round(at * 1e7, 2)) / 1e7 for at in (east, north)]
    document["extent"]["spatial"]["bbox"] = [low + high]


@router.get("/collections")
async def collections(request: Request) -> Response:
    """Collections that the caller may see, and the rasters."""
    service, metadata, lang, base = await _start(request)
    document = metadata.all(lang, base)
    for described in document["collections"]:
        await _place(service, described)
    document["collections"] += await collection_documents(service, lang, base)
    return answer(request, document, {"ja": "データ一覧", "en": "Collections"}[lang])


@router.get("/collections/{collection_id}")
async def collection(request: Request, collection_id: str) -> Response:
    """One collection."""
    service, metadata, lang, base = await _start(request)
    if collection_id not in service.dataset.collections:
        raster = await find_document(service, collection_id, lang, base)
        if raster is not None:
            return answer(request, raster, raster["title"])
    await permit(request, service, collection_of(service, collection_id))
    document = metadata.one(collection_id, lang, base)
    await _place(service, document)
    return answer(request, document, document["title"])


async def _schema(request: Request, collection_id: str, make: Callable[[Collection, str, str], Document]) -> Response:
    service, _, lang, base = await _start(request)
    found = collection_of(service, collection_id)
    await permit(request, service, found)
    document = make(found, lang, base)
    return answer(request, document, document["title"], media=SCHEMA)


@router.get("/collections/{collection_id}/schema")
async def schema(request: Request, collection_id: str) -> Response:
    """JSON Schema of the features."""
    return await _schema(request, collection_id, schemas.schema)


@router.get("/collections/{collection_id}/queryables")
async def queryables(request: Request, collection_id: str) -> Response:
    """JSON Schema of what can be filtered."""
    return await _schema(request, collection_id, schemas.queryables)


@router.get("/collections/{collection_id}/sortables")
async def sortables(request: Request, collection_id: str) -> Response:
    """JSON Schema of what can be sorted."""
    return await _schema(request, collection_id, schemas.sortables)

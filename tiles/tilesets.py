"""OGC API – Tiles: tilesets of each collection and of the dataset, their metadata, and their tiles.

The tiles of the dataset hold a layer for each collection, all public ones or those that `collections` names, in that
order. A tile out of range (of the matrix set, or of where there are data) is 404, an empty one within it 204.
"""

from __future__ import annotations

import asyncio
import gzip

import numpy as np
import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import InputError, NotFoundError
from layers.catalogue import Collection
from layers.generalise import STATUS
from tiles.access import Caller, permit
from tiles.caching import etag_of
from tiles.documents import answer, base_of, language_of
from tiles.front import offer
from tiles.items_query import COMMON
from tiles.matrix_sets import MatrixSet, matrix_set_of
from tiles.parameters import one_of, refuse_unknown
from tiles.service import Service, service_of
from tiles.tile_cache import Key, Tile
from tiles.tile_documents import (
    TILEJSON,
    Origin,
    matrix_set_links,
    matrix_sets_document,
    tilejson,
    tileset_document,
    tilesets_document,
)
from tiles.tile_layers import is_fixed, tiled_collection, tiled_collections
from tiles.vector import (
    LEVEL,
    LIVE,
    PRIVATE,
    cache_control,
    public_tile,
    respond,
    restricted_tile,
    still_holds,
    tile_response,
)

router = APIRouter(prefix="/ogc", include_in_schema=False)

#: These addresses hold no version, so a cache keeps a tile for a minute and then asks by its tag.
BRIEFLY = "public, max-age=60"
COLLECTIONS = "collections"
#: Collections that one request may name.
NAMED_MAX = 50


async def _permitted(request: Request, service: Service, collection: Collection) -> Caller | None:
    """The caller where the collection is not for everybody; a key that is sent has to hold in any case."""
    if collection.is_public and "authorization" not in request.headers:
        return None
    caller = await permit(request, service, collection)
    return None if collection.is_public else caller


def _named(request: Request, service: Service) -> tuple[Collection, ...]:
    """The layers that tiles of the dataset are asked for with, in order. Raises InputError naming the parameter."""
    if COLLECTIONS not in request.query_params:
        return tiled_collections(service)
    prefix = f"{base_of(request)}/collections/"
    names = [name.strip().removeprefix(prefix) for name in request.query_params[COLLECTIONS].split(",")]
    if len(names) > NAMED_MAX or len(set(names)) < len(names):
        raise InputError(f"Parameter collections: up to {NAMED_MAX} names, each one once.")
    try:
        return tuple(tiled_collection(service, name) for name in names)
    except NotFoundError as error:
        raise InputError(f"Parameter collections: {error.message}", hint=error.hint) from error


async def _origin(request: Request, service: Service, layers: tuple[Collection, ...], path: str) -> tuple[Origin, bool]:
    """(what tilesets are asked for of, whether everybody may know)."""
    callers = [await _permitted(request, service, collection) for collection in layers]
    boxes = [
        await service.boxes.of(service, collection, caller) for collection, caller in zip(layers, callers, strict=True)
    ]
    asked = request.query_params.get(COLLECTIONS)
    query = "" if asked is None else f"?{COLLECTIONS}={','.join(c.collection_id for c in layers)}"
    return Origin(base_of(request), path, layers, tuple(boxes), query), all(caller is None for caller in callers)


async def _describe(request: Request, layers: tuple[Collection, ...], path: str, set_id: str | None) -> Response:
    """A list of tilesets, or one tileset as JSON, HTML or TileJSON."""
    service, lang = service_of(request), language_of(request)
    matrix_set = None if set_id is None else matrix_set_of(set_id)
    origin, is_public = await _origin(request, service, layers, path)
    headers = {} if is_public else {"Cache-Control": PRIVATE, "Vary": "Accept, Accept-Language, Authorization"}
    if matrix_set is None:
        return answer(request, tilesets_document(origin, lang), origin.title(lang), headers=headers)
    if request.query_params.get("f") == "tilejson":
        if matrix_set.srid != 3857:
            raise InputError("Parameter f: TileJSON is of WebMercatorQuad alone.", hint="Use f=json.")
        content = tilejson(origin, service.dataset, lang)
        return JSONResponse(content, headers={"Cache-Control": "no-cache"} | headers, media_type=TILEJSON)
    document = tileset_document(origin, matrix_set, service.dataset, lang)
    return answer(request, document, document["title"], headers=headers)


@router.get("/tiles")
async def dataset_tilesets(request: Request) -> Response:
    """The tilesets of the dataset."""
    refuse_unknown(request.query_params, (*COMMON, COLLECTIONS))
    return await _describe(request, _named(request, service_of(request)), "", None)


@router.get("/tiles/{set_id}")
async def dataset_tileset(request: Request, set_id: str) -> Response:
    """One tileset of the dataset."""
    refuse_unknown(request.query_params, (*COMMON, COLLECTIONS))
    return await _describe(request, _named(request, service_of(request)), "", set_id)


@router.get("/collections/{collection_id}/tiles")
async def tilesets(request: Request, collection_id: str) -> Response:
    """The tilesets of a collection."""
    refuse_unknown(request.query_params, COMMON)
    collection = tiled_collection(service_of(request), collection_id)
    return await _describe(request, (collection,), f"/collections/{collection_id}", None)


@router.get("/collections/{collection_id}/tiles/{set_id}")
async def tileset(request: Request, collection_id: str, set_id: str) -> Response:
    """One tileset of a collection, with what low zooms leave out."""
    refuse_unknown(request.query_params, COMMON)
    collection = tiled_collection(service_of(request), collection_id)
    return await _describe(request, (collection,), f"/collections/{collection_id}", set_id)


async def _is_inside(
    service: Service, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int, caller: Caller | None
) -> bool:
    """Whether a tile lies within the limits of a tileset; True where the database cannot say it now."""
    try:
        box = await service.boxes.of(service, collection, caller)
    except (psycopg.Error, PoolTimeout):
        return True
    left, top, right, bottom = matrix_set.reach(np.array([box], np.float64), z)[0]
    return bool(left <= x <= right and top <= y <= bottom)


def _out_of_range(z: int, row: int, col: int) -> NotFoundError:
    return NotFoundError(
        f"Tile {z}/{row}/{col} lies outside the limits of this tileset.", hint="See tileMatrixSetLimits of the tileset."
    )


@router.get("/collections/{collection_id}/tiles/{set_id}/{z:int}/{row:int}/{col:int}")
async def tile(request: Request, collection_id: str, set_id: str, z: int, row: int, col: int) -> Response:
    """One tile; the row comes before the column, as the standard has it."""
    refuse_unknown(request.query_params, ("f",))
    one_of(request.query_params, "f", ("mvt",), "mvt")
    service = service_of(request)
    collection = tiled_collection(service, collection_id)
    matrix_set = matrix_set_of(set_id)
    matrix_set.check(z, col, row)
    caller = await _permitted(request, service, collection)
    is_inside = await _is_inside(service, collection, matrix_set, z, col, row, caller)
    if not is_inside and _is_bounded(collection):
        raise _out_of_range(z, row, col)

    def check(made: Tile) -> None:
        if not is_inside and not made.packed:
            raise _out_of_range(z, row, col)

    if caller is not None:
        made = await restricted_tile(service, collection, matrix_set, z, col, row, caller)
        check(made)
        return _private(request, made)
    return await respond(request, collection, matrix_set, z, col, row, BRIEFLY, check)


def _is_bounded(collection: Collection) -> bool:
    """Whether nothing can lie outside the box that is known; of the others it may have grown meanwhile."""
    return is_fixed(collection) or collection.collection_id == STATUS


def _private(request: Request, made: Tile) -> Response:
    response = tile_response(request, made, PRIVATE)
    response.headers["Vary"] = "Accept-Encoding, Authorization"
    return response


@router.get("/tiles/{set_id}/{z:int}/{row:int}/{col:int}")
async def dataset_tile(request: Request, set_id: str, z: int, row: int, col: int) -> Response:
    """One tile of the dataset, a layer for each collection."""
    refuse_unknown(request.query_params, ("f", COLLECTIONS))
    one_of(request.query_params, "f", ("mvt",), "mvt")
    service = service_of(request)
    matrix_set = matrix_set_of(set_id)
    matrix_set.check(z, col, row)
    layers = _named(request, service)
    callers = [await _permitted(request, service, collection) for collection in layers]
    found = await asyncio.gather(
        *(
            _part(service, collection, matrix_set, z, col, row, caller)
            for collection, caller in zip(layers, callers, strict=True)
        )
    )
    if not any(is_inside or made.packed for made, _, is_inside in found):
        raise _out_of_range(z, row, col)
    key: Key = ("dataset", set_id, z, col, row, etag_of(*(made.etag for made, _, _ in found)))
    if any(caller is not None for caller in callers):
        return _private(request, await _joined([made for made, _, _ in found]))
    whole = service.tiles.held(key) or await service.tiles.make(key, lambda: _joined([made for made, _, _ in found]))
    told = [cache_control(service, c, made, BRIEFLY) for c, (made, _, _) in zip(layers, found, strict=True)]
    holding = [
        still_holds(service, collection, made, own, said, BRIEFLY)
        for collection, (made, own, _), said in zip(layers, found, told, strict=True)
        if own
    ]
    offer(request, lambda: service.tiles.held(key) is whole and all(holds() for holds in holding), whole.packed)
    return tile_response(request, whole, _shortest(layers, told))


def _shortest(layers: tuple[Collection, ...], told: list[str]) -> str:
    """The Cache-Control of a tile with several layers: that of the one that moves most."""
    if any(collection.collection_id == STATUS for collection in layers):
        return next(said for collection, said in zip(layers, told, strict=True) if collection.collection_id == STATUS)
    return LIVE if LIVE in told else BRIEFLY


async def _part(
    service: Service, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int, caller: Caller | None
) -> tuple[Tile, Key, bool]:
    """(the tile of one layer, its key, whether it lies within the limits)."""
    is_inside = await _is_inside(service, collection, matrix_set, z, x, y, caller)
    if not is_inside and _is_bounded(collection):
        return Tile.of(b""), (), False
    if caller is not None:
        return await restricted_tile(service, collection, matrix_set, z, x, y, caller), (), is_inside
    return *await public_tile(service, collection, matrix_set, z, x, y), is_inside


async def _joined(parts: list[Tile]) -> Tile:
    """One tile of several layers: the messages of its layers, one after the other."""

    def pack() -> bytes:
        return gzip.compress(b"".join(gzip.decompress(part.packed) for part in parts if part.packed), LEVEL, mtime=0)

    return Tile.of(await asyncio.to_thread(pack) if any(part.packed for part in parts) else b"")


@router.get("/TileMatrixSets")
@router.get("/tileMatrixSets")
async def matrix_sets(request: Request) -> Response:
    """Tile matrix sets."""
    refuse_unknown(request.query_params, COMMON)
    return answer(request, matrix_sets_document(base_of(request)), "Tile matrix sets")


@router.get("/TileMatrixSets/{set_id}")
@router.get("/tileMatrixSets/{set_id}")
async def matrix_set(request: Request, set_id: str) -> Response:
    """The definition of a tile matrix set."""
    refuse_unknown(request.query_params, COMMON)
    found = matrix_set_of(set_id)
    return answer(request, found.document() | {"links": matrix_set_links(base_of(request), set_id)}, found.title)

"""Vector tiles: where each comes from, how long it holds, and what goes out.

- Roads, reference layers and places: an address that holds the version of its content never changes its meaning, so
  caches may keep it for a year; another version than the present one is sent on to the present one.
- States: kept until a change touches them or a clearing in them runs out (tiles.tile_status).
- Every other public collection: kept for LIVE_S.
- What only some may see: made for each request, never kept.

While the database is away, what is in memory goes on where it can be vouched for: what holds for ever, states with
their clearings run out, and rows that do not change with the clock.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from math import inf

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from geo.db import Role
from geo.errors import DatabaseProblem, NotFoundError, OverloadedError
from layers.catalogue import Collection
from layers.generalise import ROADS, STATUS, first_zoom
from tiles.access import PUBLIC, Caller
from tiles.caching import is_known, not_modified, stale_headers, takes_gzip
from tiles.dataset import Dataset
from tiles.documents import base_of, language_of
from tiles.front import offer
from tiles.matrix_sets import WEB_MERCATOR, MatrixSet
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of
from tiles.tile_ageing import aged
from tiles.tile_cache import Key, Tile
from tiles.tile_documents import MVT, Origin, tilejson
from tiles.tile_layers import is_fixed, tiled_collection, tiled_collections, version_in
from tiles.tile_sql import params, source_params, statement
from tiles.tile_status import status_key

router = APIRouter(tags=["tiles"])

FOREVER = "public, max-age=31536000, immutable"
#: A tile of a collection whose rows come and go is told for so long, seconds.
LIVE_S = 2
#: Caches keep what moves for a second and may tell it for one more while they ask again: 2 s in all.
FRESH_S, REVALIDATE_S = 1, 1
#: While this service is away they may go on for so long, but never beyond the first clearing that runs out.
ON_ERROR_S = 600
#: Steps in which that time is told, so that an answer keeps its headers for a while.
STEP_S = 10
#: While the database is away clearings are taken for run out so much ahead, so that a tile is aged once in a while.
AHEAD_S = 30
#: zlib: 5 to 7 % more bytes than at level 6, in half its time, which is most of what an uncached tile costs here.
LEVEL = 1
#: A tile of fewer bytes is packed in less time than it takes to hand it to a thread and back.
QUICK_BYTES = 64 * 2**10
LIVE = f"public, max-age={FRESH_S}, stale-while-revalidate={REVALIDATE_S}"
PRIVATE = "private, no-store"


def version_of(dataset: Dataset, layer: str) -> str:
    """Version of a layer's tiles. Raises NotFoundError for a layer that is not published, or has no version."""
    found = dataset.collections.get(layer)
    if found is not None and (layer == ROADS or found.is_placed or layer in dataset.reference_layers):
        return version_in(dataset, found)
    placed = [key for key, one in dataset.collections.items() if one.is_placed]
    known = ", ".join((ROADS, *placed, *dataset.reference_layers))
    raise NotFoundError(f"No tile layer {layer[:80]!r}.", hint=f"There are: {known}.")


def key_of(service: Service, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int) -> Key:
    """Under what a tile of a public collection is kept."""
    dataset = service.dataset
    if collection.collection_id == STATUS:
        return status_key(dataset.basis, matrix_set, z, x, y)
    version = version_of(dataset, collection.collection_id) if is_fixed(collection) else dataset.basis
    return collection.collection_id, matrix_set.set_id, z, x, y, version


async def _read(
    service: Service, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int, caller: Caller = PUBLIC
) -> Tile:
    """A tile from the database; an empty one at a zoom that leaves the collection out, which its metadata says."""
    if matrix_set.detail(z) < first_zoom(collection.collection_id):
        return Tile.of(b"")
    moment = service.moment()
    source = source_params(collection, moment) | caller.scope_params()
    bound = params(collection, matrix_set, z, x, y, source)
    role = caller.role_for(collection) if not collection.is_public else Role.READER
    async with service.tile_gate.open(), service.connection(role) as connection:
        # in binary: as text the bytes of a tile are written as hexadecimal digits and read back
        found = await connection.execute(statement(collection, matrix_set, z), bound, binary=True)
        row = await found.fetchone()
    assert row is not None
    ends_s = inf if row[1] is None else row[1]
    if not is_fixed(collection) and collection.collection_id != STATUS:
        ends_s = moment.timestamp() + LIVE_S
    return await _packed(bytes(row[0]), ends_s)


async def _packed(tile: bytes, ends_s: float, *, is_aged: bool = False) -> Tile:
    if len(tile) < QUICK_BYTES:
        packed = gzip.compress(tile, LEVEL, mtime=0) if tile else b""
    else:
        packed = await asyncio.to_thread(gzip.compress, tile, LEVEL, mtime=0)
    return Tile.of(packed, ends_s, is_aged=is_aged)


async def _aged(service: Service, key: Key, held: Tile) -> Tile:
    """A status tile whose clearings have run out by now, without asking the database."""
    now_s = service.moment().timestamp()
    if now_s < held.ends_s:
        return held

    async def make() -> Tile:
        tile, ends_s = await asyncio.to_thread(aged, gzip.decompress(held.packed), now_s + AHEAD_S)
        return await _packed(tile, ends_s, is_aged=True)

    return await service.tiles.make(key, make)


def _is_good(service: Service, tile: Tile) -> bool:
    """Whether a tile that is kept may be told as it is."""
    return service.moment().timestamp() < tile.ends_s and (not tile.is_aged or service.stale_since is not None)


async def public_tile(
    service: Service, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int
) -> tuple[Tile, Key]:
    """A tile of a public collection, from memory or the database, and under what it is kept.

    Raises psycopg.Error, PoolTimeout or DatabaseProblem where it is not in memory and the database is away, and
    OverloadedError where too many are being made.
    """
    is_status = collection.collection_id == STATUS
    try:
        if service.stale_since is not None:
            raise DatabaseProblem("The database does not answer, and this tile is not in memory.", retry_after_s=5)
        if is_status:
            await service.follower.follow(service)
        key = key_of(service, collection, matrix_set, z, x, y)
        held = service.tiles.held(key)
        if held is not None and _is_good(service, held):
            return held, key
        return await service.tiles.make(key, lambda: _read(service, collection, matrix_set, z, x, y)), key
    except (psycopg.Error, PoolTimeout, DatabaseProblem, OverloadedError):
        key = key_of(service, collection, matrix_set, z, x, y)
        held = service.tiles.held(key)
        if held is None or (collection.is_live and not is_status and not _is_good(service, held)):
            raise
        return (await _aged(service, key, held) if is_status else held), key


async def restricted_tile(
    service: Service, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int, caller: Caller
) -> Tile:
    """A tile of what only some may see, made for this caller and not kept."""
    return await _read(service, collection, matrix_set, z, x, y, caller)


def cache_control(service: Service, collection: Collection, tile: Tile, lasting: str) -> str:
    """How long caches may keep a tile. lasting: of a tile that has a version."""
    if is_fixed(collection):
        return lasting
    if collection.collection_id != STATUS:
        return LIVE
    left_s = max(tile.ends_s - service.moment().timestamp(), 0.0)
    fresh_s = int(min(FRESH_S, left_s))
    later_s = int(min(left_s - fresh_s, ON_ERROR_S)) // STEP_S * STEP_S
    again_s = int(min(REVALIDATE_S, left_s - fresh_s))
    return f"public, max-age={fresh_s}, stale-while-revalidate={again_s}, stale-if-error={later_s}"


def still_holds(
    service: Service, collection: Collection, tile: Tile, key: Key, told: str, lasting: str
) -> Callable[[], bool]:
    """Whether a tile that was told with a Cache-Control would be told like that again."""
    ground, is_status = service.dataset.ground, collection.collection_id == STATUS

    def holds() -> bool:
        dataset = service.dataset
        if service.tiles.held(key) is not tile or dataset.ground != ground:
            return False
        if is_fixed(collection):
            return True
        if not _is_good(service, tile) or key[-1] != dataset.basis:
            return False
        is_current = not is_status or service.follower.is_current(dataset.basis, dataset.status_version)
        return is_current and cache_control(service, collection, tile, lasting) == told

    return holds


def tile_response(request: Request, tile: Tile, caching: str) -> Response:
    """200, 204 for an empty tile, or 304; gzipped where the client takes it."""
    headers = {"Cache-Control": caching, "ETag": tile.etag, "Vary": "Accept-Encoding"}
    headers |= stale_headers(service_of(request).stale_since)
    if is_known(request, tile.etag):
        return not_modified(headers)
    if not tile.packed:
        return Response(status_code=204, headers=headers)
    if takes_gzip(request):
        return Response(tile.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=MVT)
    return Response(gzip.decompress(tile.packed), headers=headers, media_type=MVT)


async def respond(
    request: Request, collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int, lasting: str,
    check: Callable[[Tile], None] = lambda _: None,
) -> Response:  # fmt: skip
    """The answer with a tile of a public collection, offered to the front. check: may raise before it goes out."""
    service = service_of(request)
    tile, key = await public_tile(service, collection, matrix_set, z, x, y)
    check(tile)
    caching = cache_control(service, collection, tile, lasting)
    offer(request, still_holds(service, collection, tile, key, caching, lasting), tile.packed)
    return tile_response(request, tile, caching)


@router.get("/tiles/{layer}/{version}/{z:int}/{x:int}/{y:int}.mvt")
async def tile(request: Request, layer: str, version: str, z: int, x: int, y: int) -> Response:
    """One geometry tile."""
    refuse_unknown(request.query_params, ())
    dataset = service_of(request).dataset
    present = version_of(dataset, layer)
    WEB_MERCATOR.check(z, x, y)
    if version != present:
        address = f"{str(request.base_url).rstrip('/')}/tiles/{layer}/{present}/{z}/{x}/{y}.mvt"
        return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})
    return await respond(request, dataset.collections[layer], WEB_MERCATOR, z, x, y, FOREVER)


async def _tilejson(request: Request, layers: tuple[Collection, ...], path: str) -> Response:
    service = service_of(request)
    boxes = tuple([await service.boxes.of(service, collection) for collection in layers])
    origin = Origin(base_of(request), path, layers, boxes)
    content = tilejson(origin, service.dataset, language_of(request))
    return JSONResponse(content, headers={"Cache-Control": "no-cache"})


@router.get("/tiles/tilejson.json")
async def describe_all(request: Request) -> Response:
    """TileJSON of the tiles that hold every public layer."""
    refuse_unknown(request.query_params, ())
    return await _tilejson(request, tiled_collections(service_of(request)), "")


@router.get("/tiles/{layer}/tilejson.json")
@router.get("/tiles/{layer}/{version}/tilejson.json")
async def describe(request: Request, layer: str) -> Response:
    """TileJSON of a layer; it always describes the present version."""
    refuse_unknown(request.query_params, ())
    collection = tiled_collection(service_of(request), layer)
    if not collection.is_public:
        raise NotFoundError(f"No public tile layer {layer[:80]!r}.", hint="See /ogc/tiles.")
    return await _tilejson(request, (collection,), f"/collections/{layer}")

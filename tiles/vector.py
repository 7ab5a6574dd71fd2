"""Vector tiles: geometry at addresses that never change their meaning, and status tiles with a short life.

A geometry tile's address holds the version of its content, so caches may keep it for a year. An address with another
version than the present one is sent on to the present one. z and x, y outside the scheme are 404, an empty tile 204.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geo.db import read_sql
from geo.errors import NotFoundError
from layers.generalise import EQUATOR_M, MAX_ZOOM, statement
from tiles.caching import etag_of, is_known, not_modified, takes_gzip
from tiles.dataset import Dataset
from tiles.front import offer
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of

router = APIRouter(tags=["tiles"])

MVT = "application/vnd.mapbox-vector-tile"
FOREVER = "public, max-age=31536000, immutable"
#: A status tile may be this old; the snapshot is fresher.
STATUS_LIFE_S = 15
ROADS, STATUS = "roads", "road_status"
ROAD_FIELDS = {
    "class": "String", "oneway": "Number", "level": "Number", "name": "String", "route": "String",
    "manager": "String", "on_plan": "Boolean", "synthetic": "Boolean",
}  # fmt: skip
REFERENCE_FIELDS = {"feature_id": "String", "name": "String", "synthetic": "Boolean"}


def version_of(dataset: Dataset, layer: str) -> str:
    """Version of a layer's tiles. Raises NotFoundError for a layer that is not published."""
    if layer == ROADS:
        return dataset.roads_version
    if layer in dataset.reference_layers:
        return dataset.reference_version
    known = ", ".join((ROADS, *dataset.reference_layers))
    raise NotFoundError(f"No tile layer {layer[:80]!r}.", hint=f"There are: {known}.")


def check_address(z: int, x: int, y: int) -> None:
    """Raise NotFoundError for a tile outside the scheme WebMercatorQuad or above MAX_ZOOM."""
    if not 0 <= z <= MAX_ZOOM:
        raise NotFoundError(f"No tiles at zoom {z}.", hint=f"Tiles end at zoom {MAX_ZOOM}; clients enlarge them.")
    if not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFoundError(f"No tile {x}/{y} at zoom {z}.", hint=f"Columns and rows run from 0 to {(1 << z) - 1}.")


def simplified_by_m(z: int) -> float:
    """Half a pixel of a 512-pixel tile below the highest zoom, metres of EPSG:3857."""
    return 0.0 if z == MAX_ZOOM else EQUATOR_M / (1 << z) / 1024


async def _packed(service: Service, name: Any, params: Mapping[str, Any]) -> bytes:
    """The tile, gzipped; empty bytes for an empty tile."""
    async with service.connection() as connection:
        found = await connection.execute(read_sql("tiles", name), params)
        row = await found.fetchone()
    tile = bytes(row[0]) if row is not None else b""
    return await asyncio.to_thread(gzip.compress, tile, 6, mtime=0) if tile else b""


async def geometry_tile(service: Service, layer: str, version: str, z: int, x: int, y: int) -> bytes:
    """A geometry tile, gzipped, from the cache or the database."""
    name = "road_tile" if layer == ROADS else "reference_tile"
    params = {"z": z, "x": x, "y": y, "layer": layer, "tolerance_m": simplified_by_m(z)}
    return await service.tiles.get((layer, version, z, x, y), lambda: _packed(service, name, params))


def _status_key(service: Service, z: int, x: int, y: int, moment: datetime) -> tuple[object, ...]:
    span = int(moment.timestamp()) // STATUS_LIFE_S
    return STATUS, service.dataset.status_version, service.dataset.basis, span, z, x, y


async def status_tile(service: Service, z: int, x: int, y: int, moment: datetime) -> bytes:
    """A tile with the state inside, gzipped; kept for as long as its status version and its span of time."""
    params = {"z": z, "x": x, "y": y, "as_of": moment}
    key = _status_key(service, z, x, y, moment)
    return await service.tiles.get(key, lambda: _packed(service, "status_tile", params))


def geometry_holds(service: Service, layer: str, version: str, z: int, x: int, y: int) -> Callable[[], bool]:
    """Whether a geometry tile that was made just now is still the one that would be answered."""
    key, ground = (layer, version, z, x, y), service.dataset.ground
    packed = service.tiles.held(key)
    return lambda: packed is not None and service.tiles.held(key) is packed and service.dataset.ground == ground


def status_holds(service: Service, z: int, x: int, y: int, moment: datetime) -> Callable[[], bool]:
    """Whether a status tile that was made just now is still the one that would be answered."""
    key = _status_key(service, z, x, y, moment)
    packed = service.tiles.held(key)

    def holds() -> bool:
        is_present = _status_key(service, z, x, y, service.moment()) == key
        return packed is not None and is_present and service.tiles.held(key) is packed

    return holds


def tile_response(request: Request, packed: bytes, cache_control: str) -> Response:
    """200, 204 for an empty tile, or 304; gzipped where the client takes it."""
    etag = etag_of(packed, weak=True)
    headers = {"Cache-Control": cache_control, "ETag": etag, "Vary": "Accept-Encoding"}
    if is_known(request, etag):
        return not_modified(headers)
    if not packed:
        return Response(status_code=204, headers=headers)
    if takes_gzip(request):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=MVT)
    return Response(gzip.decompress(packed), headers=headers, media_type=MVT)


@router.get("/tiles/{layer}/{version}/{z:int}/{x:int}/{y:int}.mvt")
async def tile(request: Request, layer: str, version: str, z: int, x: int, y: int) -> Response:
    """One geometry tile."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    present = version_of(service.dataset, layer)
    check_address(z, x, y)
    if version != present:
        address = f"{str(request.base_url).rstrip('/')}/tiles/{layer}/{present}/{z}/{x}/{y}.mvt"
        return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})
    packed = await geometry_tile(service, layer, present, z, x, y)
    offer(request, geometry_holds(service, layer, present, z, x, y), packed)
    return tile_response(request, packed, FOREVER)


def tilejson(dataset: Dataset, layer: str, base: str) -> dict[str, Any]:
    """TileJSON 3.0.0 of a layer's present version."""
    version = version_of(dataset, layer)
    is_road = layer == ROADS
    described: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": layer,
        "version": "1.0.0",
        "content_version": version,
        "synthetic": dataset.is_synthetic,
        "scheme": "xyz",
        "tiles": [f"{base}/tiles/{layer}/{version}/{{z}}/{{x}}/{{y}}.mvt"],
        "bounds": list(dataset.bbox),
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "vector_layers": [
            {
                "id": layer, "minzoom": 0, "maxzoom": MAX_ZOOM,
                "fields": ROAD_FIELDS if is_road else REFERENCE_FIELDS,
                "description": dataset.collections[layer].description,
            }
        ],
    }  # fmt: skip
    return described | ({"generalisation": statement()} if is_road else {})


@router.get("/tiles/{layer}/tilejson.json")
@router.get("/tiles/{layer}/{version}/tilejson.json")
async def describe(request: Request, layer: str) -> dict[str, Any]:
    """TileJSON; it always describes the present version."""
    refuse_unknown(request.query_params, ())
    return tilejson(service_of(request).dataset, layer, str(request.base_url).rstrip("/"))

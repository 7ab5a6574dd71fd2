"""OGC API – Tiles beneath a collection: tilesets, their metadata, and the tiles as the standard addresses them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import NotFoundError
from layers.catalogue import Collection
from layers.generalise import MAX_ZOOM, statement
from tiles.front import offer
from tiles.ogc import base_of
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of
from tiles.vector import (
    MVT,
    REFERENCE_FIELDS,
    ROAD_FIELDS,
    STATUS,
    STATUS_LIFE_S,
    check_address,
    geometry_holds,
    geometry_tile,
    status_holds,
    status_tile,
    tile_response,
    version_of,
)

router = APIRouter(prefix="/ogc/collections", include_in_schema=False)

SET_ID = "WebMercatorQuad"
SET_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{SET_ID}"
SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
#: These addresses hold no version, so a cache keeps a tile for a minute and then asks by its tag.
BRIEFLY = "public, max-age=60"


def _tiled(service: Service, collection_id: str, set_id: str = SET_ID) -> Collection:
    found = service.dataset.collections.get(collection_id)
    if found is None or found.tile_layer is None or not found.is_public:
        raise NotFoundError(f"The collection {collection_id[:80]!r} has no tiles.", hint="See /ogc/collections.")
    if set_id != SET_ID:
        raise NotFoundError(f"No tiles in the matrix set {set_id[:80]!r}.", hint=f"Use {SET_ID}.")
    return found


def _tileset(request: Request, collection: Collection) -> dict[str, Any]:
    base = base_of(request)
    own = f"{base}/collections/{collection.collection_id}/tiles/{SET_ID}"
    links = [
        {"rel": "self", "type": "application/json", "href": own},
        {"rel": SCHEME, "type": "application/json", "href": f"{base}/TileMatrixSets/{SET_ID}?f=json"},
        {"rel": "item", "type": MVT, "templated": True, "href": f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"},
    ]
    return {
        "title": collection.title_en, "dataType": "vector", "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": SET_URI, "links": links,
    }  # fmt: skip


@router.get("/{collection_id}/tiles")
async def tilesets(request: Request, collection_id: str) -> Response:
    """The tilesets of a collection."""
    refuse_unknown(request.query_params, ("f",))
    collection = _tiled(service_of(request), collection_id)
    return JSONResponse({"tilesets": [_tileset(request, collection)], "links": [
        {"rel": "self", "type": "application/json", "href": f"{base_of(request)}/collections/{collection_id}/tiles"},
    ]})  # fmt: skip


@router.get("/{collection_id}/tiles/{set_id}")
async def tileset(request: Request, collection_id: str, set_id: str) -> Response:
    """One tileset, with what low zooms leave out."""
    refuse_unknown(request.query_params, ("f",))
    service = service_of(request)
    collection = _tiled(service, collection_id, set_id)
    is_road = collection.source != "reference"
    fields = ROAD_FIELDS if is_road else REFERENCE_FIELDS
    west, south, east, north = service.dataset.bbox
    described = _tileset(request, collection) | {
        "description": collection.description, "synthetic": service.dataset.is_synthetic,
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north]},
        "layers": [{"id": collection.tile_layer, "dataType": "vector", "minTileMatrix": "0",
                    "maxTileMatrix": str(MAX_ZOOM), "propertiesSchema": {"type": "object", "properties": {
                        name: {"type": kind.lower()} for name, kind in fields.items()}}}],
    }  # fmt: skip
    return JSONResponse(described | ({"generalisation": statement()} if is_road else {}))


@router.get("/{collection_id}/tiles/{set_id}/{z:int}/{row:int}/{col:int}")
async def tile(request: Request, collection_id: str, set_id: str, z: int, row: int, col: int) -> Response:
    """One tile; the row comes before the column, as the standard has it."""
    refuse_unknown(request.query_params, ("f",))
    service = service_of(request)
    collection = _tiled(service, collection_id, set_id)
    check_address(z, col, row)
    if collection.collection_id == STATUS:
        moment = service.moment()
        packed = await status_tile(service, z, col, row, moment)
        offer(request, status_holds(service, z, col, row, moment), packed)
        return tile_response(request, packed, f"public, max-age={STATUS_LIFE_S}")
    layer = str(collection.tile_layer)
    version = version_of(service.dataset, layer)
    packed = await geometry_tile(service, layer, version, z, col, row)
    offer(request, geometry_holds(service, layer, version, z, col, row), packed)
    return tile_response(request, packed, BRIEFLY)

"""The ground under the map: the reference layers that it draws, as one tile with what it draws alone.

Four layers at addresses of their own would be four requests a tile, each with a round trip on a weak line, and carry
every attribute that they were delivered with. Here they are one answer. Its address holds the version of the content
and of the recipe (the statement and the thresholds below), so caches may keep it for ever.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import asdict, dataclass
from functools import cache

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geo.db import Role, read_sql
from geo.errors import DatabaseProblem, OverloadedError
from layers.generalise import MAX_ZOOM
from tiles.dataset import Dataset
from tiles.front import offer
from tiles.matrix_sets import MARGIN, WEB_MERCATOR, degrees_of
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of
from tiles.tile_cache import Key, Tile
from tiles.vector import FOREVER, tile_response

router = APIRouter(tags=["tiles"])

#: Reference layers that the basemap is made of; others go by layers of their own.
LAYERS = ("coast", "municipalities", "rivers", "settlements")
#: Statement, in tiles/sql.
STATEMENT = "basemap_tile"
#: zlib: these tiles are made once a version and then told for ever, so their bytes count and their making does not.
LEVEL = 9


@dataclass(frozen=True, slots=True)
class Detail:
    """From this zoom on: the least size of a settlement that is drawn, and whether rivers carry their names."""

    from_zoom: int
    least_size: float
    has_streams: bool


#: From the lowest zooms up. Sizes are those that nameLayers in web/js/map/basemap_style.js shows at these zooms.
DETAILS = (Detail(0, 4, False), Detail(9, 2, True), Detail(11, 0, True))


def detail_of(zoom: int) -> Detail:
    """What a zoom shows."""
    return [detail for detail in DETAILS if detail.from_zoom <= zoom][-1]


@cache
def recipe_key() -> str:
    """Stands for how a tile is made, so that another recipe is another version."""
    made = f"{read_sql('tiles', STATEMENT)}|{[asdict(detail) for detail in DETAILS]}|{MAX_ZOOM}"
    return hashlib.sha256(made.encode()).hexdigest()[:8]


def basemap_version(dataset: Dataset) -> str:
    """Version of the basemap's tiles: content and recipe."""
    return f"{dataset.reference_version}-{recipe_key()}"


async def _make(service: Service, z: int, x: int, y: int) -> Tile:
    is_whole = z >= MAX_ZOOM
    detail = detail_of(z)
    bound: dict[str, object] = {
        "tolerance": 0.0 if is_whole else WEB_MERCATOR.pixel(z) / 2,
        "least_size": detail.least_size, "has_streams": detail.has_streams,
    }  # fmt: skip
    bound.update(zip(("west", "south", "east", "north"), WEB_MERCATOR.box(z, x, y), strict=True))
    wide = degrees_of(WEB_MERCATOR, WEB_MERCATOR.box(z, x, y, MARGIN))
    bound.update(zip(("lon_west", "lat_south", "lon_east", "lat_north"), wide, strict=True))
    async with service.tile_gate.open(), service.connection(Role.READER) as connection:
        found = await connection.execute(read_sql("tiles", STATEMENT), bound)
        row = await found.fetchone()
    assert row is not None
    tile = bytes(row[0])
    return Tile.of(await asyncio.to_thread(gzip.compress, tile, LEVEL, mtime=0) if tile else b"")


async def _tile(service: Service, key: Key, z: int, x: int, y: int) -> Tile:
    """A tile from memory or the database.

    Raises psycopg.Error, PoolTimeout, DatabaseProblem or OverloadedError where it is in neither.
    """
    held = service.tiles.held(key)
    if held is not None:
        return held
    if service.stale_since is not None:
        raise DatabaseProblem("The database does not answer, and this tile is not in memory.", retry_after_s=5)
    try:
        return await service.tiles.make(key, lambda: _make(service, z, x, y))
    except (psycopg.Error, PoolTimeout, DatabaseProblem, OverloadedError):
        held = service.tiles.held(key)
        if held is None:
            raise
        return held


@router.get("/tiles/basemap/{version}/{z:int}/{x:int}/{y:int}.mvt")
async def tile(request: Request, version: str, z: int, x: int, y: int) -> Response:
    """One tile of the basemap: coast, municipalities and their names, rivers, settlements."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    present = basemap_version(service.dataset)
    WEB_MERCATOR.check(z, x, y)
    if version != present:
        address = f"{str(request.base_url).rstrip('/')}/tiles/basemap/{present}/{z}/{x}/{y}.mvt"
        return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})
    key: Key = ("basemap", z, x, y, present)
    made = await _tile(service, key, z, x, y)

    def holds() -> bool:
        return service.tiles.held(key) is made and basemap_version(service.dataset) == present

    offer(request, holds, made.packed)
    return tile_response(request, made, FOREVER)

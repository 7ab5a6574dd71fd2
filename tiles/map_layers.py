"""Which of the map's optional layers have anything to show, so that the map offers no empty ones."""

from __future__ import annotations

import gzip
import json
from typing import Any

import psycopg
from fastapi import APIRouter
from psycopg import sql
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from geo.db import Role, read_sql
from geo.errors import DatabaseProblem
from layers.catalogue import Collection
from tiles.caching import is_known, not_modified, stale_headers
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of
from tiles.tile_cache import Key, Tile
from tiles.tile_sql import source_of, source_params

router = APIRouter(tags=["service"])

#: Collections that the map offers as layers, and the column that makes several layers of one.
OFFERED: dict[str, str | None] = {
    "closures": None, "priority_network": None, "work_sections": None, "ploughs": None, "facilities": "kind",
    "cameras": None, "bus_stops": None, "bus_routes": None, "snow": None, "weather_stations": None,
}  # fmt: skip
#: The answer is put together again after so many seconds; rows come and go, layers hardly ever.
KEPT_S = 30
CACHING = "public, max-age=10, stale-while-revalidate=60"


def offered(service: Service) -> tuple[tuple[Collection, str | None], ...]:
    """The collections that are served and may be a layer, each with the column of its kinds."""
    served = service.dataset.collections
    return tuple((served[name], kind) for name, kind in OFFERED.items() if name in served and served[name].is_public)


def _statement(collection: Collection, kind: str | None) -> sql.Composed:
    column: sql.Composable = sql.Literal("") if kind is None else sql.Identifier("s", kind)
    return sql.SQL(read_sql("tiles", "layer_rows")).format(kind=column, source=source_of(collection))


async def _make(service: Service) -> Tile:
    moment = service.moment()
    found: list[dict[str, Any]] = []
    async with service.connection(Role.READER) as connection:
        for collection, kind in offered(service):
            rows = await connection.execute(_statement(collection, kind), source_params(collection, moment))
            for name, n in await rows.fetchall():
                found.append({"collection": collection.collection_id, "kind": name or None, "n": n})
    content = json.dumps({"layers": found}, ensure_ascii=False).encode()
    return Tile.of(gzip.compress(content, mtime=0), moment.timestamp() + KEPT_S)


@router.get("/layers.json")
async def layers(request: Request) -> Response:
    """The optional layers of the map that have features now, with how many, by kind where a collection has kinds."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    key: Key = ("layers", *(collection.collection_id for collection, _ in offered(service)))
    held = service.tiles.held(key)
    if held is None or service.moment().timestamp() >= held.ends_s:
        try:
            if service.stale_since is not None:
                raise DatabaseProblem("The database does not answer.", retry_after_s=5)
            held = await service.tiles.make(key, lambda: _make(service))
        except (psycopg.Error, PoolTimeout, DatabaseProblem):
            if held is None:
                raise
    headers = {"Cache-Control": CACHING, "ETag": held.etag} | stale_headers(service.stale_since)
    if is_known(request, held.etag):
        return not_modified(headers)
    return Response(gzip.decompress(held.packed), headers=headers, media_type="application/json")

"""Rasters within the OGC API: a raster is a collection without features, with a tileset of map tiles in each scheme.

OGC API – Tiles Part 1 (OGC 20-057): a tileset of maps lies beneath the collection at map/tiles (§10, geodata tilesets),
its metadata follow OGC 17-083r4, and the row comes before the column.
"""

from __future__ import annotations

import math
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import NotFoundError
from layers.raster_styles import MISSING
from tiles.axes import CRS84
from tiles.caching import is_known, not_modified, stale_headers
from tiles.parameters import one_of, refuse_unknown
from tiles.raster import MEDIA, TILE_PX, check_tile, head, tile_bytes
from tiles.raster_documents import told
from tiles.raster_registry import SETS, Raster
from tiles.service import Service, service_of

router = APIRouter(prefix="/ogc/collections", include_in_schema=False)

type Document = dict[str, Any]

MAP_TILESETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"
SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
LEGEND = "http://www.opengis.net/def/rel/ogc/1.0/legend"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
CRS_OF = {"WebMercatorQuad": "http://www.opengis.net/def/crs/EPSG/0/3857", "WorldCRS84Quad": CRS84}
#: Where the projection of WebMercatorQuad ends, degrees: the latitude at which its map is a square.
MERCATOR_NORTH = math.degrees(math.atan(math.sinh(math.pi)))


def _description(raster: Raster, lang: str) -> str:
    at = raster.taken_at.strftime("%Y-%m-%d %H:%M UTC")
    if lang == "ja":
        made_up = "合成データ（実際の状況ではない）。" if raster.synthetic else ""
        return f"{made_up}{raster.title_ja}。撮影・観測時刻 {at}。{MISSING[0]}は透明。"
    made_up = "Synthetic, not real. " if raster.synthetic else ""
    return f"{made_up}{raster.title}, of {at}. What is not known is transparent."


def collection_document(raster: Raster, lang: str, base: str) -> Document:
    """A raster as the OGC API describes a collection; `base` is the address of the OGC API.

    itemType and layerDataType say to clients of features, GDAL among them, that there are none.
    """
    own, pictures = f"{base}/collections/{raster.raster_id}", f"{base.removesuffix('/ogc')}/raster/{raster.raster_id}"
    title = raster.title_ja if lang == "ja" else raster.title
    at = raster.taken_at.isoformat().replace("+00:00", "Z")
    links = [
        {"rel": "self", "type": "application/json", "title": title, "href": f"{own}?f=json"},
        {"rel": "alternate", "type": "text/html", "title": title, "href": f"{own}?f=html"},
        {"rel": MAP_TILESETS, "type": "application/json", "title": "Map tiles", "href": f"{own}/map/tiles"},
        {"rel": LEGEND, "type": "image/svg+xml", "title": "Legend", "href": f"{pictures}/legend.svg?lang={lang}"},
        {"rel": "preview", "type": MEDIA["png"], "title": "Preview", "href": f"{pictures}/preview.png"},
        {"rel": "describedby", "type": "application/json", "title": "Values", "href": pictures},
    ]
    if raster.licence_url is not None:
        links.append({"rel": "license", "type": "text/html", "title": raster.licence, "href": raster.licence_url})
    return told(raster) | {
        "title": title, "description": _description(raster, lang), "itemType": "none", "dataType": "map",
        "layerDataType": "Raster", "keywords": [raster.kind], "crs": list(CRS_OF.values()), "links": links,
        "extent": {
            "spatial": {"bbox": [list(raster.bbox)], "crs": CRS84},
            "temporal": {"interval": [[at, at]], "trs": GREGORIAN},
        },
    }  # fmt: skip


async def collection_documents(service: Service, lang: str, base: str) -> list[Document]:
    """Every raster as a collection. An id that a collection of features has is that one's."""
    taken = service.dataset.collections
    found = await service.rasters.all(service)
    return [collection_document(raster, lang, base) for name, raster in found.items() if name not in taken]


async def find_document(service: Service, collection_id: str, lang: str, base: str) -> Document | None:
    """The raster of that id as a collection; None: there is none."""
    raster = (await service.rasters.all(service)).get(collection_id)
    return None if raster is None else collection_document(raster, lang, base)


def tile_limits(raster: Raster, set_id: str) -> list[Document]:
    """Rows and columns that the raster touches, at each zoom (tileMatrixSetLimits, OGC 17-083r4 §7.2)."""
    west, south, east, north = raster.bbox
    limits = []
    for z in range(raster.max_zoom(set_id) + 1):
        first = position(set_id, z, west, north)
        last = position(set_id, z, east, south)
        limits.append({
            "tileMatrix": str(z), "minTileRow": first[1], "maxTileRow": last[1], "minTileCol": first[0],
            "maxTileCol": last[0],
        })  # fmt: skip
    return limits


def position(set_id: str, z: int, lon: float, lat: float) -> tuple[int, int]:
    """Column and row of the tile that holds a place (OGC 17-083r4, annex D.1 and D.2)."""
    n_rows = 1 << z
    if set_id == "WorldCRS84Quad":
        n_columns, column, row = 2 * n_rows, (lon + 180) / 360, (90 - lat) / 180
    else:
        inside = min(max(lat, -MERCATOR_NORTH), MERCATOR_NORTH)
        n_columns, column = n_rows, (lon + 180) / 360
        row = (1 - math.asinh(math.tan(math.radians(inside))) / math.pi) / 2
    return min(int(column * n_columns), n_columns - 1), min(max(int(row * n_rows), 0), n_rows - 1)


def _tileset(raster: Raster, set_id: str, base: str, lang: str = "en") -> Document:
    own = f"{base}/collections/{raster.raster_id}/map/tiles/{set_id}"
    return {
        "title": raster.title_ja if lang == "ja" else raster.title, "dataType": "map", "crs": CRS_OF[set_id],
        "tileMatrixSetId": set_id,
        "tileMatrixSetURI": f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{set_id}",
        "links": [
            {"rel": "self", "type": "application/json", "href": own},
            {"rel": SCHEME, "type": "application/json", "href": f"{base}/TileMatrixSets/{set_id}?f=json"},
            *(
                {"rel": "item", "type": media, "templated": True,
                 "href": f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f={name}"}
                for name, media in MEDIA.items()
            ),
        ],
    }  # fmt: skip


async def _raster(request: Request, raster_id: str, set_id: str = SETS[0]) -> tuple[Service, Raster, dict[str, str]]:
    service = service_of(request)
    raster = (await service.rasters.all(service)).get(raster_id)
    if raster is None:
        raise NotFoundError(f"The collection {raster_id[:80]!r} has no map tiles.", hint="See /raster.")
    if set_id not in SETS:
        raise NotFoundError(f"No tiles in the matrix set {set_id[:80]!r}.", hint=f"Use {' or '.join(SETS)}.")
    return service, raster, head(service, raster, None, request)


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/ogc"


@router.get("/{collection_id}/map/tiles")
async def tilesets(request: Request, collection_id: str) -> Response:
    """The tilesets of maps of a raster."""
    refuse_unknown(request.query_params, ("f",))
    one_of(request.query_params, "f", ("json",), "json")
    _, raster, headers = await _raster(request, collection_id)
    base = _base(request)
    own = {"rel": "self", "type": "application/json", "href": f"{base}/collections/{collection_id}/map/tiles"}
    document = {"tilesets": [_tileset(raster, set_id, base) for set_id in SETS], "links": [own]}
    return JSONResponse(document, headers=headers)


@router.get("/{collection_id}/map/tiles/{set_id}")
async def tileset(request: Request, collection_id: str, set_id: str) -> Response:
    """One tileset: which tiles there are, of what, when and under which licence."""
    refuse_unknown(request.query_params, ("f",))
    one_of(request.query_params, "f", ("json",), "json")
    _, raster, headers = await _raster(request, collection_id, set_id)
    west, south, east, north = raster.bbox
    document = _tileset(raster, set_id, _base(request)) | {
        key: value for key, value in told(raster).items() if value is not None
    } | {
        "description": _description(raster, "en"), "tileMatrixSetLimits": tile_limits(raster, set_id),
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
        "style": {"id": raster.style, "title": raster.look.title_en},
    }  # fmt: skip
    return JSONResponse(document, headers=headers)


@router.get("/{collection_id}/map/tiles/{set_id}/{z:int}/{row:int}/{col:int}")
async def tile(request: Request, collection_id: str, set_id: str, z: int, row: int, col: int) -> Response:
    """One map tile; 204 where nothing is known."""
    refuse_unknown(request.query_params, ("f",))
    extension = one_of(request.query_params, "f", tuple(MEDIA), "png")
    service, raster, headers = await _raster(request, collection_id, set_id)
    check_tile(raster, set_id, z, col, row)
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    body = await tile_bytes(service, raster, set_id, z, col, row, extension, TILE_PX[0])
    headers |= stale_headers(service.stale_since)
    return Response(body, 200 if body else 204, headers, MEDIA[extension] if body else None)

"""Rasters over HTTP: pictures, values and legends of what is registered, at addresses with and without a version.

An address with the version of a picture never changes its meaning and may be kept for ever; one without is good for a
minute. An address with another version than the present one is sent on to it. What is asked is checked here; pixels
are read by tiles.raster_pixels, which is loaded with the first question for one.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from geo.errors import InputError, NotFoundError, OverloadedError
from tiles.caching import etag_of, is_known, not_modified, stale_headers
from tiles.parameters import LANGUAGES, numbers, one_of, refuse_unknown, whole
from tiles.raster_documents import described, tilejson_of, told
from tiles.raster_legend import legend, legend_svg
from tiles.raster_registry import SETS, Box, Raster, Rasters, file_of
from tiles.service import Service, service_of

router = APIRouter(tags=["rasters"])

FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=60"
MEDIA = {"png": "image/png", "webp": "image/webp"}
#: Sides of a tile, pixels; the second is for screens with fine pixels.
TILE_PX = ("256", "512")
#: Longest side of a picture where none is asked for.
DEFAULT_PX = 1024
#: What a picture that was made up says, since nobody sees the metadata of a picture.
SYNTHETIC = "X-Synthetic"
#: Rises when answers about the same raster say something else.
ANSWER_VERSION = 1
_POINT = re.compile(r"-?\d{1,3}(\.\d{1,15})?,-?\d{1,2}(\.\d{1,15})?")


def head(service: Service, raster: Raster, version: str | None, request: Request) -> dict[str, str]:
    """Headers of every answer about a raster. The tag rests on what stands, and on what was asked."""
    asked = sorted(request.query_params.multi_items())
    etag = etag_of(raster.row_key, raster.version, ANSWER_VERSION, request.url.path, asked)
    sent = {"Cache-Control": BRIEFLY if version is None else FOREVER, "ETag": etag}
    return sent | ({SYNTHETIC: "true"} if raster.synthetic else {}) | stale_headers(service.stale_since)


async def _find(request: Request, raster_id: str, version: str | None = None) -> tuple[Service, Raster] | Response:
    """The raster; or the answer that sends on to its present version, or says that what the client has still holds."""
    service = service_of(request)
    raster = await service.rasters.one(service, raster_id)
    if version is not None and version != raster.version:
        address = str(request.url).replace(f"/{version}/", f"/{raster.version}/", 1)
        return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})
    headers = head(service, raster, version, request)
    return not_modified(headers) if is_known(request, headers["ETag"]) else (service, raster)


async def ask_pixels(
    service: Service, raster: Raster, path: str, *, bands: tuple[int, ...] | None, max_px: int = DEFAULT_PX,
    box: Box | None = None, is_tile: bool = False, query: str = "",
) -> bytes:  # fmt: skip
    """The body of an answer of titiler; a tile from memory, the others made in the threads for pixels.

    path and query are written by our routes alone. Raises as tiles.raster_pixels.answer.
    """
    rasters: Rasters = service.rasters

    async def make() -> bytes:
        pixels = await asyncio.to_thread(importlib.import_module, "tiles.raster_pixels")
        application = await rasters.build(lambda: pixels.build(rasters.run))
        file = str(file_of(raster, service.settings.rasters_dir))
        body: bytes = await pixels.answer(
            application, path, pixels.Ask(raster, file, bands, max_px, box, is_tile), query
        )
        return body

    try:
        return await (rasters.pictures.get((raster.row_key, path, query), make) if is_tile else make())
    except OverloadedError:
        rasters.forget()
        raise


def _side(request: Request, service: Service) -> int:
    """max_size, the longest side of a picture."""
    most = service.settings.rasters.max_side_px
    side = whole(request.query_params, "max_size", min(DEFAULT_PX, most), 1)
    if side > most:
        raise InputError(f"Parameter max_size: {side} is above {most}.", hint="Ask for less, or for tiles.")
    return side


def _media(extension: str) -> str:
    if extension not in MEDIA:
        raise NotFoundError(f"No pictures as {extension[:20]!r}.", hint=f"Use {' or '.join(MEDIA)}.")
    return MEDIA[extension]


def box_of(parameter: str, text: str) -> Box:
    """West, south, east, north in degrees. Raises InputError."""
    found = numbers(parameter, text)
    if len(found) != 4:
        raise InputError(f"Parameter {parameter}: {len(found)} numbers, but a box has four: west,south,east,north.")
    west, south, east, north = found
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(f"Parameter {parameter}: west,south,east,north in degrees, the smaller ones first.")
    return west, south, east, north


def check_tile(raster: Raster, set_id: str, z: int, x: int, y: int) -> None:
    """Raise NotFoundError for a tile outside of the matrix set, or finer than the raster."""
    if set_id not in SETS:
        raise NotFoundError(f"No tiles in the matrix set {set_id[:80]!r}.", hint=f"Use {' or '.join(SETS)}.")
    most = raster.max_zoom(set_id)
    if not 0 <= z <= most:
        raise NotFoundError(f"No tiles at zoom {z}.", hint=f"Tiles end at zoom {most}; clients enlarge them.")
    n_columns = 1 << (z + (set_id == "WorldCRS84Quad"))
    if not (0 <= x < n_columns and 0 <= y < 1 << z):
        raise NotFoundError(f"No tile {x}/{y} at zoom {z}.", hint=f"There are {n_columns} columns and {1 << z} rows.")


async def tile_bytes(service: Service, raster: Raster, set_id: str, z: int, x: int, y: int, extension: str,
                     side: str) -> bytes:  # fmt: skip
    """A tile; no bytes where nothing is known."""
    path = f"/tiles/{set_id}/{z}/{x}/{y}.{extension}"
    return await ask_pixels(service, raster, path, bands=raster.bands, is_tile=True, query=f"tilesize={side}")


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


@router.get("/raster")
async def listed(request: Request) -> Response:
    """The rasters that are served."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    found = await service.rasters.all(service)
    document = {"rasters": [described(raster, _base(request)) for raster in found.values()]}
    return JSONResponse(document, headers={"Cache-Control": "no-cache"} | stale_headers(service.stale_since))


@router.get("/raster/{raster_id}")
async def one(request: Request, raster_id: str) -> Response:
    """What one raster is: kind, time, licence, grid, and where its answers are."""
    refuse_unknown(request.query_params, ())
    found = await _find(request, raster_id)
    if isinstance(found, Response):
        return found
    service, raster = found
    return JSONResponse(described(raster, _base(request)), headers=head(service, raster, None, request))


@router.get("/raster/{raster_id}/tilejson.json")
@router.get("/raster/{raster_id}/{set_id}/tilejson.json", include_in_schema=False)
async def tilejson(request: Request, raster_id: str, set_id: str = "WebMercatorQuad") -> Response:
    """TileJSON 3.0.0 with the address of the present version."""
    refuse_unknown(request.query_params, ())
    if set_id not in SETS:
        raise NotFoundError(f"No tiles in the matrix set {set_id[:80]!r}.", hint=f"Use {' or '.join(SETS)}.")
    found = await _find(request, raster_id)
    if isinstance(found, Response):
        return found
    service, raster = found
    document = tilejson_of(raster, set_id, _base(request))
    return JSONResponse(document, headers=head(service, raster, None, request))


@router.get("/raster/{raster_id}/tiles/{set_id}/{z:int}/{x:int}/{y:int}.{extension}", include_in_schema=False)
@router.get("/raster/{raster_id}/{version}/tiles/{set_id}/{z:int}/{x:int}/{y:int}.{extension}")
async def tile(
    request: Request, raster_id: str, set_id: str, z: int, x: int, y: int, extension: str, version: str | None = None
) -> Response:
    """One tile, 204 where nothing is known."""
    refuse_unknown(request.query_params, ("tilesize",))
    media, side = _media(extension), one_of(request.query_params, "tilesize", TILE_PX, TILE_PX[0])
    found = await _find(request, raster_id, version)
    if isinstance(found, Response):
        return found
    service, raster = found
    check_tile(raster, set_id, z, x, y)
    body = await tile_bytes(service, raster, set_id, z, x, y, extension, side)
    headers = head(service, raster, version, request)
    return Response(body, 200 if body else 204, headers, media if body else None)


@router.get("/raster/{raster_id}/preview.{extension}")
@router.get("/raster/{raster_id}/{version}/preview.{extension}", include_in_schema=False)
async def preview(request: Request, raster_id: str, extension: str, version: str | None = None) -> Response:
    """The whole raster as one picture, `max_size` pixels at its longest side."""
    refuse_unknown(request.query_params, ("max_size",))
    media, side = _media(extension), _side(request, service_of(request))
    found = await _find(request, raster_id, version)
    if isinstance(found, Response):
        return found
    service, raster = found
    body = await ask_pixels(service, raster, f"/preview.{extension}", bands=raster.bands, max_px=side)
    return Response(body, headers=head(service, raster, version, request), media_type=media)


@router.get("/raster/{raster_id}/bbox/{box}.{extension}")
@router.get("/raster/{raster_id}/{version}/bbox/{box}.{extension}", include_in_schema=False)
async def part(request: Request, raster_id: str, box: str, extension: str, version: str | None = None) -> Response:
    """A part of the raster as one picture; the box is west,south,east,north in degrees."""
    refuse_unknown(request.query_params, ("max_size",))
    media, side = _media(extension), _side(request, service_of(request))
    asked = ",".join(repr(value) for value in box_of("box", box))
    found = await _find(request, raster_id, version)
    if isinstance(found, Response):
        return found
    service, raster = found
    body = await ask_pixels(service, raster, f"/bbox/{asked}.{extension}", bands=raster.bands, max_px=side)
    return Response(body, headers=head(service, raster, version, request), media_type=media)


@router.get("/raster/{raster_id}/point/{position}")
async def point(request: Request, raster_id: str, position: str) -> Response:
    """The values at a longitude and latitude, as delivered; null where nothing is known."""
    refuse_unknown(request.query_params, ())
    if not _POINT.fullmatch(position):
        raise InputError(f"Parameter position: {position[:50]!r} is no longitude,latitude.", hint="E.g. 136.65,36.56.")
    lon, lat = numbers("position", position)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InputError("Parameter position: longitude is -180 to 180, latitude -90 to 90 degrees.")
    return await _json(request, raster_id, f"/point/{lon!r},{lat!r}")


@router.get("/raster/{raster_id}/info")
async def info(request: Request, raster_id: str) -> Response:
    """What the file says of itself."""
    refuse_unknown(request.query_params, ())
    return await _json(request, raster_id, "/info")


@router.get("/raster/{raster_id}/statistics")
async def statistics(request: Request, raster_id: str) -> Response:
    """Statistics of each band, of `bbox` or of all, from a sample of `max_size` pixels at its longest side."""
    refuse_unknown(request.query_params, ("bbox", "max_size"))
    side, text = _side(request, service_of(request)), request.query_params.get("bbox")
    return await _json(request, raster_id, "/statistics", side, None if text is None else box_of("bbox", text))


async def _json(
    request: Request, raster_id: str, path: str, side: int = DEFAULT_PX, box: Box | None = None
) -> Response:
    found = await _find(request, raster_id)
    if isinstance(found, Response):
        return found
    service, raster = found
    body = await ask_pixels(service, raster, path, bands=None, max_px=side, box=box)
    document = told(raster) | json.loads(body)
    return JSONResponse(document, headers=head(service, raster, None, request))


@router.get("/raster/{raster_id}/legend")
@router.get("/raster/{raster_id}/legend.{extension}", include_in_schema=False)
async def show_legend(request: Request, raster_id: str, extension: str = "json") -> Response:
    """The legend: colours, values and words, as JSON or SVG, in Japanese or English."""
    refuse_unknown(request.query_params, ("lang",))
    lang = one_of(request.query_params, "lang", LANGUAGES, "ja")
    if extension not in ("json", "svg"):
        raise NotFoundError(f"No legend as {extension[:20]!r}.", hint="Use json or svg.")
    found = await _find(request, raster_id)
    if isinstance(found, Response):
        return found
    service, raster = found
    headers = head(service, raster, None, request)
    if extension == "svg":
        return Response(legend_svg(raster, lang), headers=headers, media_type="image/svg+xml")
    return JSONResponse(legend(raster, _base(request)), headers=headers)

"""Pixels by titiler-core: its factory over our registered files alone.

This module imports GDAL and titiler, so it is imported with the first question for a pixel. The factory gets every
choice from `Ask`, which our own routes fill after checking: no parameter of a client reaches titiler or GDAL, there is
no `url`, and its reader opens a file with the GeoTIFF driver alone, so that nothing that lies there leads elsewhere.
"""

from __future__ import annotations

import inspect
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import rasterio
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from morecantile.defaults import TileMatrixSets
from morecantile.defaults import tms as morecantile_tms
from rasterio.env import set_gdal_config
from rasterio.errors import RasterioIOError
from rio_tiler.errors import PointOutsideBounds, TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.models import ImageData
from rio_tiler.utils import render
from starlette.requests import Request
from titiler.core.dependencies import DefaultDependency, PartFeatureParams, PreviewParams
from titiler.core.factory import TilerFactory
from titiler.core.resources.enums import ImageType
from titiler.core.resources.responses import JSONResponse

from geo.errors import NotFoundError, OverloadedError
from layers.raster_styles import colour
from tiles.raster_registry import RETRY_S, SETS, Box, Raster

#: GDAL looks at no other file and at no other host.
CLOSED: Mapping[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_NUM_THREADS": "1",
}
#: Blocks of files that GDAL keeps in memory for all threads together. rasterio takes bytes, where GDAL takes megabytes.
BLOCKS_BYTES = 48 * 2**20
#: Key of a scope under which a question carries its Ask.
ASK = "yukimichi.ask"
#: Kinds whose pixels are classes or measurements: between two of them there is no third.
AS_THEY_ARE = ("snow_depth", "other")
#: What a picture of made-up pixels says of itself in its file (PNG 1.2, §11.3.4.3).
SYNTHETIC_TEXT = b"Comment\0synthetic: true"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a raster, checked.

    path      its file
    bands     from 1; None: all
    max_px    longest side of what is read
    box       west, south, east, north in degrees for statistics; None: all of it
    is_tile   an empty picture is no picture
    """

    raster: Raster
    path: str
    bands: tuple[int, ...] | None
    max_px: int
    box: Box | None = None
    is_tile: bool = False


@dataclass
class _Look(DefaultDependency):
    """What the renderer needs to know."""

    ask: Ask | None = field(default=None)


@dataclass
class _Chosen(DefaultDependency):
    """Options for the reader; None: its default."""

    indexes: list[int] | None = None
    resampling_method: str | None = None
    reproject_method: str | None = None


def _ask(request: Request) -> Ask:
    asked = request.scope[ASK]
    assert isinstance(asked, Ask)
    return asked


async def _path(request: Request) -> str:
    return _ask(request).path


async def _none() -> None:
    return None


async def _defaults() -> DefaultDependency:
    return DefaultDependency()


async def _bands(request: Request) -> _Chosen:
    bands = _ask(request).bands
    return _Chosen(indexes=list(bands) if bands else None)


async def _resampling(request: Request) -> _Chosen:
    method = "nearest" if _ask(request).raster.kind in AS_THEY_ARE else "bilinear"
    return _Chosen(resampling_method=method, reproject_method=method)


async def _whole(request: Request) -> PreviewParams:
    return PreviewParams(max_size=_ask(request).max_px)


async def _part(request: Request) -> PartFeatureParams:
    return PartFeatureParams(max_size=_ask(request).max_px)


async def _look(request: Request) -> _Look:
    return _Look(_ask(request))


async def _environment() -> dict[str, Any]:
    return dict(CLOSED)


class _GeoTiffReader(Reader):
    """rio-tiler's reader, which may open a GeoTIFF and nothing else."""

    def __attrs_post_init__(self) -> None:
        self.dataset = self._ctx_stack.enter_context(rasterio.open(self.input, driver="GTiff"))
        super().__attrs_post_init__()  # type: ignore[no-untyped-call]


def _picture(
    image: ImageData, *, output_format: ImageType | None = None, colormap: object = None, ask: Ask | None = None
) -> tuple[bytes, str]:
    """(bytes, media type) of an image in its raster's style; no bytes for a tile on which nothing is known."""
    assert ask is not None
    chosen = output_format or ImageType.png
    unknown = np.ma.getmaskarray(image.array)
    rgba = colour(ask.raster.look, image.data, ~unknown.any(axis=0), ask.raster.span)
    if ask.is_tile and not rgba[3].any():
        return b"", chosen.mediatype
    content = render(rgba[:3], mask=rgba[3], img_format=chosen.driver, **chosen.profile)
    if ask.raster.synthetic and chosen is ImageType.png:
        content = _marked(content)
    return content, chosen.mediatype


def _marked(png: bytes) -> bytes:
    """The PNG with a text chunk after its header (signature 8 bytes, IHDR 25)."""
    chunk = b"tEXt" + SYNTHETIC_TEXT
    return png[:33] + struct.pack(">I", len(SYNTHETIC_TEXT)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]


class _Factory(TilerFactory):
    """titiler's endpoints that we ask; statistics of a part are our own."""

    def register_routes(self) -> None:
        """Only what tiles.raster asks."""
        self.statistics()
        for register in (self.info, self.tile, self.point, self.preview, self.part):
            register()  # type: ignore[no-untyped-call]

    def statistics(self) -> None:
        """Statistics of all bands, of the whole or of a box, from at most max_px a side."""

        @self.router.get("/statistics", response_class=JSONResponse)
        def statistics(
            ask: Ask = Depends(_ask_of), src_path: str = Depends(self.path_dependency),
            dataset: _Chosen = Depends(self.dataset_dependency), env: dict[str, Any] = Depends(_environment),
        ) -> dict[str, Any]:  # fmt: skip
            with rasterio.Env(**env), self.reader(src_path) as source:
                options = {"max_size": ask.max_px, **dataset.as_dict()}
                image = source.preview(**options) if ask.box is None else source.part(ask.box, **options)
            return _summed(image)


async def _ask_of(request: Request) -> Ask:
    return _ask(request)


def _summed(image: ImageData) -> dict[str, Any]:
    """Statistics by band; null where no pixel is known."""
    bands: dict[str, Any] = {}
    known = ~np.ma.getmaskarray(image.array)
    for index, found in enumerate(known):
        name = image.band_names[index]
        if found.any():
            one = ImageData(image.array[index : index + 1], band_names=[name]).statistics(hist_options={"bins": 10})
            bands[name] = one[name].model_dump()
        else:
            bands[name] = None
    return {"bands": bands, "sampled_px": [image.width, image.height], "known_share": float(known.mean())}


class Run(Protocol):
    """Work done in a thread of the pool for pixels."""

    def __call__[T](self, work: Callable[[], T]) -> Awaitable[T]:
        """The result of the work."""
        ...


def build(run: Run) -> FastAPI:
    """The application whose endpoints read pixels in the threads of `run`."""
    set_gdal_config("GDAL_CACHEMAX", BLOCKS_BYTES)

    class Pooled(APIRoute):
        """A route whose endpoint is worked out in the pool for pixels, not in the pool that everything shares."""

        def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
            super().__init__(path, _pooled(endpoint, run), **options)

    options: dict[str, Any] = {
        "reader": _GeoTiffReader, "reader_dependency": _defaults, "path_dependency": _path,
        "layer_dependency": _bands, "dataset_dependency": _resampling, "tile_dependency": _defaults,
        "img_preview_dependency": _whole, "img_part_dependency": _part, "process_dependency": _none,
        "colormap_dependency": _none, "render_dependency": _look, "environment_dependency": _environment,
        "render_func": _picture, "add_viewer": False,
        "supported_tms": TileMatrixSets({name: morecantile_tms.get(name) for name in SETS}),
    }  # fmt: skip
    factory = _Factory(router=APIRouter(route_class=Pooled), **options)
    application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    application.include_router(factory.router)
    return application


def _pooled(endpoint: Callable[..., Any], run: Run) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    async def pooled(**given: Any) -> Any:
        return await run(lambda: endpoint(**given))

    pooled.__signature__ = inspect.signature(endpoint)  # type: ignore[attr-defined]
    pooled.__name__ = endpoint.__name__
    return pooled


async def answer(application: FastAPI, path: str, ask: Ask, query: str = "") -> bytes:
    """The body of the answer to a question. No bytes: a tile that the raster does not touch, or that is empty.

    Raises NotFoundError for a point outside, OverloadedError where the file was replaced at this moment.
    """
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": query.encode(), "headers": [],
        "server": ("raster", 80), "client": None, ASK: ask,
    }  # fmt: skip
    status = 0
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    try:
        await application(scope, receive, send)
    except TileOutsideBounds:
        return b""
    except PointOutsideBounds as error:
        raise NotFoundError("The point lies outside of the raster.", hint="See its bbox.") from error
    except RasterioIOError as error:
        raise OverloadedError(
            f"The pixels of {ask.raster.raster_id} cannot be read at this moment.",
            hint="Ask again: another file may have taken its place.", retry_after_s=RETRY_S,
        ) from error  # fmt: skip
    if status != 200:
        raise RuntimeError(f"titiler answered {status} for {path}: {b''.join(parts)[:500]!r}")
    return b"".join(parts)

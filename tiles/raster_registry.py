"""Rasters that are served: what pub.raster says of each, where its file lies, and the two threads that read pixels.

Only what stands in pub.raster can be asked for; an address names an id, never a file. Pixels are read by a pool of
their own with a bounded queue, so that pictures cannot hold up what the map needs more: tiles of roads and states.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.rows import AsyncRowFactory, dict_row

from geo.db import read_sql
from geo.errors import NotFoundError, OverloadedError
from geo.settings_rasters import RasterSettings
from layers.raster_styles import STYLE_VERSION, STYLES, Style
from tiles.caching import ByteCache

if TYPE_CHECKING:
    from tiles.service import Service

#: A change of rasters is noticed within this time.
REFRESH_S = 1.0
#: Somebody who is told to wait for a free thread, or for a file that is being replaced, asks again after so long.
RETRY_S = 2
#: What an entry of the memory takes beside the picture.
ENTRY_BYTES = 1_000
#: Equator of EPSG:3857 by 256 pixels, metres: side of a pixel at zoom 0 (OGC 17-083r4, annex D.1).
MERCATOR_PIXEL_M = 2 * math.pi * 6_378_137 / 256
#: Degrees by 256 pixels at zoom 0 of WorldCRS84Quad, whose two tiles are 180 degrees wide (the same, annex D.2).
CRS84_PIXEL_DEG = 180 / 256
DEGREE_M = 40_007_863 / 360
ZOOM_MAX = 22
type Box = tuple[float, float, float, float]
SETS = ("WebMercatorQuad", "WorldCRS84Quad")


@dataclass(frozen=True, slots=True)
class Raster:
    """A row of pub.raster; the migration says what each column means."""

    raster_id: str
    kind: str
    title: str
    title_ja: str
    licence: str
    licence_url: str | None
    attribution: str
    taken_at: datetime
    style: str
    stretch: list[float] | None
    synthetic: bool
    content_key: str
    width: int
    height: int
    n_bands: int
    dtype: str
    nodata: float | None
    unit: str | None
    crs: str
    west: float
    south: float
    east: float
    north: float
    pixel_m: float
    row_key: str
    recorded_at: datetime

    @property
    def version(self) -> str:
        """Stands for pixels and colours: another picture has another one."""
        text = f"{self.content_key}|{self.style}|{self.stretch}|{STYLE_VERSION}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def look(self) -> Style:
        """How its values become colours."""
        return STYLES[self.style]

    @property
    def span(self) -> tuple[float, float] | None:
        """Values of black and white, where the style has no classes."""
        return (self.stretch[0], self.stretch[1]) if self.stretch else None

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        return self.west, self.south, self.east, self.north

    @property
    def bands(self) -> tuple[int, ...]:
        """Bands that the style shows, from 1."""
        return tuple(range(1, self.look.n_bands + 1))

    def max_zoom(self, set_id: str) -> int:
        """The zoom at which a pixel of a tile of 256 is no larger than one of the raster."""
        if set_id == "WebMercatorQuad":
            ratio = MERCATOR_PIXEL_M * math.cos(math.radians((self.south + self.north) / 2)) / self.pixel_m
        else:
            ratio = CRS84_PIXEL_DEG * DEGREE_M / self.pixel_m
        return min(max(math.ceil(math.log2(ratio)), 0), ZOOM_MAX)


class Rasters:
    """The rasters as last seen, their pictures in memory, and the threads that make new ones."""

    def __init__(self, settings: RasterSettings) -> None:
        self.settings = settings
        self.pictures = ByteCache(settings.cache_mb * 2**20, each=ENTRY_BYTES)
        #: the titiler application, built with the first picture: its libraries take 60 MB and some seconds
        self.application: Any = None
        self._found: dict[str, Raster] | None = None
        self._seen_s = float("-inf")
        self._asking = asyncio.Lock()
        self._building = asyncio.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._n_waiting = 0

    async def all(self, service: Service) -> dict[str, Raster]:
        """Every raster by id. While the database is away, those that were seen last."""
        is_away = service.stale_since is not None and self._found is not None
        if not is_away and time.monotonic() - self._seen_s > REFRESH_S:
            async with self._asking:
                if time.monotonic() - self._seen_s > REFRESH_S:
                    self._found = await self._read(service)
                    self._seen_s = time.monotonic()
        return self._found or {}

    async def one(self, service: Service, raster_id: str) -> Raster:
        """A raster. Raises NotFoundError."""
        found = (await self.all(service)).get(raster_id)
        if found is None:
            raise NotFoundError(f"No raster {raster_id[:80]!r}.", hint="See /raster.")
        return found

    def forget(self) -> None:
        """Ask the database anew with the next question."""
        self._seen_s = float("-inf")

    async def _read(self, service: Service) -> dict[str, Raster]:
        factory: AsyncRowFactory[dict[str, Any]] = dict_row
        async with service.connection() as connection, connection.cursor(row_factory=factory) as cursor:
            await cursor.execute(read_sql("tiles", "rasters"))
            return {row["raster_id"]: Raster(**row) for row in await cursor.fetchall()}

    async def run[T](self, work: Callable[[], T]) -> T:
        """Do work in one of the threads for pixels. Raises OverloadedError where too much waits for them already."""
        if self._n_waiting >= self.settings.n_threads + self.settings.waiting_max:
            raise OverloadedError(
                "Too many pictures are asked for at the moment.", hint="Ask again.", retry_after_s=RETRY_S
            )
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.settings.n_threads, thread_name_prefix="raster")
        self._n_waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._n_waiting -= 1

    async def build(self, make: Callable[[], Any]) -> Any:
        """The application that reads pixels, made once, off the event loop."""
        if self.application is None:
            async with self._building:
                if self.application is None:
                    self.application = await self.run(make)
        return self.application

    def close(self) -> None:
        """Let the threads end; what waits is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def file_of(raster: Raster, folder: Path) -> Path:
    """Where its pixels lie beneath settings.rasters_dir; both parts are checked by the constraints of pub.raster."""
    return folder / raster.raster_id / f"{raster.content_key}.tif"

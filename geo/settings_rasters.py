"""Settings of rasters: how large one may be, and how much of a machine their answers may take."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class RasterSettings(Part):
    """Limits of rasters, at the door and when they are served (docs/rasters.md)."""

    #: a file that declares more pixels, millions, is refused before any is read
    max_megapixels: float = Field(2500, gt=0)
    #: longest side of a picture, and of what statistics are taken of, pixels
    max_side_px: int = Field(2048, ge=256, le=8192)
    #: so many answers are worked out at the same time in one server process, beside everything else
    n_threads: int = Field(2, ge=1, le=16)
    #: so many more wait for that; what comes then is told to come again
    waiting_max: int = Field(64, ge=1)
    #: pictures that one server process keeps, megabytes
    cache_mb: int = Field(32, ge=0)

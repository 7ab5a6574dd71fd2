"""Settings of vector tiles: how many are kept, and how many may be made or waited for at the same time."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class TileSettings(Part):
    """Limits of vector tiles in one server process."""

    #: packed tiles that are kept, megabytes
    cache_mb: int = Field(64, ge=1)
    #: so many are made at the same time; less than the eight connections of the public reader, which serve features too
    n_makers: int = Field(6, ge=1, le=8)
    #: so many more wait for that; what comes then is told to come again (503)
    waiting_max: int = Field(256, ge=1)
    #: none waits longer, seconds
    patience_s: float = Field(3.0, gt=0)

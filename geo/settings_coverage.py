"""Settings of coverage: how many passes a road needs."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class CoverageSettings(Part):
    """How many passes a carriageway needs (docs/coverage.md)."""

    #: what one pass clears, metres: a direction that is wider needs several
    lane_width_m: float = Field(3.5, gt=0, le=20)
    #: a two-way road up to this width, metres, is cleared whole by one pass in either direction …
    narrow_width_m: float = Field(4.0, ge=0, le=20)
    #: … and so is one with at most so many lanes
    narrow_lanes: int = Field(1, ge=0, le=10)

"""Settings of sources: who sends what, and how to read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from geo.settings_base import Part, ZoneName


class SourceSettings(Part):
    """How to read one source.

    `fields` maps our names to the source's columns, `values` maps its values to ours per field, for example
    `{"manager": {"国": "nation"}}`. `work_basis` says how work is known when a fix itself does not say.
    """

    synthetic: bool = False
    work_basis: Literal["declared", "assumed"] | None = None
    timezone: ZoneName | None = None
    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    join_policy: Literal["endpoints", "crossings"] | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    speed_unit: Literal["m/s", "km/h", "kn", "mph"] = "m/s"
    #: west, south, east, north in degrees; fixes outside are quarantined as outside_area
    area: tuple[float, float, float, float] | None = None
    #: treatment of a working fix that names none; None leaves it open
    treatment: str | None = None
    #: how the time column is written, in the signs of strptime; None reads ISO 8601, its relatives and epoch numbers
    time_format: str | None = None
    #: fixes before this moment are quarantined as too_old; the default only catches clocks that were never set
    earliest_at: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)
    #: a fix may be so far ahead of our clock before it is quarantined as future_time, seconds
    max_future_s: float = Field(300, ge=0)

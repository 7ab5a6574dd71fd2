"""Settings of events: when weather makes a storm, and from when on data are late."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class EventSettings(Part):
    """When weather makes a storm (docs/snow.md), and what of the past counts as told already (docs/history.md)."""

    #: facts that end so many minutes ago were told already: changing them is an amendment
    late_min: float = Field(60, ge=0)
    #: a callout that names no end ends after so many hours
    callout_hours: float = Field(24, gt=0)
    #: the callout depth 出動基準: so many centimetres within so many hours at any station make a storm
    snowfall_cm: float = Field(5, gt=0)
    within_h: float = Field(6, gt=0, le=72)
    #: a storm is over after so many hours in which no station had 1 cm in an hour
    quiet_h: float = Field(6, gt=0, le=72)

"""Settings of events: when weather makes a storm, and from when on data are late."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class EventSettings(Part):
    """When weather makes a storm (docs/events.md), and what of the past counts as told already (docs/history.md)."""

    #: facts that end so many minutes ago were told already: changing them is an amendment
    late_min: float = Field(60, ge=0)
    #: a callout that names no end ends after so many hours
    callout_hours: float = Field(24, gt=0)

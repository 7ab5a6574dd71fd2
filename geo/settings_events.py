"""Settings of events: when weather makes a storm."""

from __future__ import annotations

from geo.settings_base import Part


class EventSettings(Part):
    """When weather makes a storm (docs/events.md)."""

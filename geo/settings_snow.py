"""Settings of snow: how weather is read, and how a clearing ages by it."""

from __future__ import annotations

from geo.settings_base import Part


class SnowSettings(Part):
    """How snow is interpolated, and from how many centimetres on a clearing no longer holds (docs/snow.md)."""

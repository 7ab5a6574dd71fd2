"""Settings of coverage: how many passes a road needs."""

from __future__ import annotations

from geo.settings_base import Part


class CoverageSettings(Part):
    """How many passes a carriageway needs (docs/coverage.md)."""

"""Settings of the level of service and of the yearly targets."""

from __future__ import annotations

from geo.settings_base import Part


class ServiceSettings(Part):
    """Targets per route class (docs/service-level.md)."""

"""Settings of operations: retention, archive, logs."""

from __future__ import annotations

from geo.settings_base import Part


class RetentionSettings(Part):
    """How long evidence is kept (docs/operations.md)."""


class LogSettings(Part):
    """How the service logs."""

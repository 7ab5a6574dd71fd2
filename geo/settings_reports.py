"""Settings of daily reports and pay sheets."""

from __future__ import annotations

from geo.settings_base import Part


class ReportSettings(Part):
    """How work becomes a daily report and a pay sheet (docs/reports.md)."""

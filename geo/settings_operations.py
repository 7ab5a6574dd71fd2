"""Settings of operations: retention, archive, logs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from geo.settings_base import Part


class RetentionSettings(Part):
    """How long evidence is kept (docs/operations.md).

    `managers` gives a manager years of its own: the fixes of the sources that name it as their `manager`.
    """

    #: days of fixes in the database; older ones move to the archive. Two at least: no open trace is that old
    raw_days: int = Field(30, ge=2)
    #: years that the archive keeps fixes
    archive_years: int = Field(5, ge=1)
    managers: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    #: hour of the local day from which on the daily run begins; ploughs work at night and in the morning
    hour: int = Field(13, ge=0, le=23)


class LogSettings(Part):
    """How the service logs (docs/monitoring.md). At level info each request is a line."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "warning"

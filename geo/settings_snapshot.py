"""Settings of what is told of the past, and of the stream of changes."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class PastSettings(Part):
    """What is kept and worked out of the past for everybody (docs/history.md)."""

    #: minutes between two moments that are looked at when an event is worked out again from the facts
    step_min: float = Field(5, ge=1, le=60)
    #: days that states of the past stay published; facts stay for ever
    days: float = Field(200, gt=0)
    #: seconds between two looks for events that closed and for data that came in late
    look_s: float = Field(60, gt=0)


class StreamSettings(Part):
    """Server-Sent Events (docs/api.md)."""

    #: open clients of one server process; whoever comes then is told to ask for changes instead
    most_clients: int = Field(8000, ge=0)

"""Settings of the card of a road: what counts as work going on, how far ahead of a plough, how long the log is."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class CardSettings(Part):
    """Boundaries of the words on the card (docs/road-card.md)."""

    #: a machine whose last work on a route is no older than this is at work there, minutes
    working_min: float = Field(10, gt=0, le=60)
    #: an edge is ahead of a plough that worked on its route within so many metres before it
    ahead_m: float = Field(2000, gt=0, le=20_000)
    #: visits of both directions that one answer lists at most
    visits_most: int = Field(40, ge=1, le=200)

"""Places from a file to what is served: ingest, engine, publication. Roads and states are not touched."""

from __future__ import annotations

from dataclasses import dataclass

from geo.store.place_lines import PlaceLinesReport
from geo.store.places import PlacesReport
from layers.places import PlacesPublished, publish_places_alone
from yukimichi.context import Context
from yukimichi.pipeline import lay_places


@dataclass(frozen=True, slots=True)
class BroughtOut:
    """What became of deliveries of places after they were taken in."""

    places: PlacesReport
    lines: PlaceLinesReport
    published: PlacesPublished


def bring_out(context: Context) -> BroughtOut:
    """Bring the register up to date, lay lines, and publish what changed. Safe to repeat."""
    places, lines = lay_places(context.database, context.settings)
    return BroughtOut(places, lines, publish_places_alone(context.database))

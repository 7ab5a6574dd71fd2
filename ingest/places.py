"""Places, cameras and the priority network into raw.plan, with what a person says of a whole file."""

from __future__ import annotations

from pathlib import Path

from geo.db import Database
from geo.errors import InputError
from geo.settings import SourceSettings
from geo.vocabulary import FacilityKind
from ingest.plan_kinds import PlanKind
from ingest.plans import PlansReport, Progress, ingest_plans

#: Delivery of a file that tells the kind of each place by itself.
MIXED = "mixed"
KIND_HINT = f"Kinds: {', '.join(word.value for word in FacilityKind)}; or leave --kind out and map the column `kind`."


def said_of_file(source: SourceSettings, **words: str | None) -> SourceSettings:
    """The source with constants for fields that hold for every row: licence, attribution, kind, interval_s …"""
    constants = {name: f"={word}" for name, word in words.items() if word is not None}
    return source.model_copy(update={"fields": {**source.fields, **constants}})


def ingest_places(
    database: Database,
    path: Path,
    kind: str | None,
    source_name: str,
    source: SourceSettings,
    *,
    margin_deg: float = 0.5,
    progress: Progress | None = None,
) -> PlansReport:
    """Take in one file of places. kind: of all of them, or None where a column tells it.

    The file replaces what the source delivered before of this kind: what it lacks is retired. Raises InputError,
    ConflictError, DatabaseProblem.
    """
    if kind is not None and kind not in set(FacilityKind):
        raise InputError(f"--kind {kind!r} is no kind of place.", hint=KIND_HINT)
    chosen = source if kind is None else said_of_file(source, kind=kind)
    return ingest_plans(
        database, "places", path, source_name, chosen, layer=kind or MIXED, margin_deg=margin_deg, progress=progress
    )


def ingest_register(
    database: Database,
    kind: PlanKind,
    path: Path,
    source_name: str,
    source: SourceSettings,
    *,
    margin_deg: float = 0.5,
    progress: Progress | None = None,
) -> PlansReport:
    """Take in the register of cameras, or the lines of the priority network. Raises as ingest_places."""
    return ingest_plans(database, kind, path, source_name, source, margin_deg=margin_deg, progress=progress)

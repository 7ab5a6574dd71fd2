"""The end of evidence: files of the archive that are older than their manager keeps them are deleted.

First the facts that rest on them are marked (ops.evidence_expired), then the manifest forgets the files, then they go.
Interrupted in between, the next run does the rest. Facts themselves stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from geo.db import Database, Role, read_sql
from geo.settings import Settings
from geo.store.evidence_expiry import mark_expired
from yukimichi.archive_files import ArchiveFile, Manifest, archived_days, read_manifest, write_manifest


@dataclass(frozen=True, slots=True)
class Expired:
    """Fixes of a source on a day that were deleted, or would be."""

    day: date
    source: str
    n_fixes: int
    n_bytes: int


def years_of(settings: Settings, source: str) -> int:
    """Years that the archive keeps fixes of a source: those of its manager, else the ones for all."""
    retention, manager = settings.retention, settings.source(source).manager
    return retention.archive_years if manager is None else retention.managers.get(manager, retention.archive_years)


def oldest_day(now: datetime, years: int) -> date:
    """The first UTC day that is kept: the same date so many years ago, the 28th where there is no 29th of February."""
    today = now.astimezone(UTC).date()
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today.replace(year=today.year - years, day=28)


def expire(database: Database, settings: Settings, now: datetime, *, dry_run: bool = False) -> list[Expired]:
    """Delete what is older than its source's years, day by day; what was deleted, or would be in a dry run."""
    done: list[Expired] = []
    youngest = min((years_of(settings, name) for name in settings.sources), default=settings.retention.archive_years)
    limit = oldest_day(now, min(youngest, settings.retention.archive_years))
    for day in (day for day in archived_days(settings.home) if day < limit):
        manifest = read_manifest(settings.home, day) or Manifest(day)
        due = [one for one in manifest.files if day < oldest_day(now, years_of(settings, one.source))]
        if due and not dry_run:
            _delete(database, settings.home, manifest, due, now)
        done += [Expired(day, one.source, one.n_fixes, one.n_bytes) for one in due]
    return done


def _delete(database: Database, home: Path, manifest: Manifest, due: list[ArchiveFile], now: datetime) -> None:
    kept = tuple(one for one in manifest.files if one not in due)
    left = sum(one.n_fixes for one in kept)
    with database.connect(Role.ENGINE) as connection:
        for one in due:
            params = {"source": one.source, "names": list(one.vehicles)}
            rows = connection.execute(read_sql("yukimichi", "find_vehicle_ids"), params).fetchall()
            mark_expired(connection, manifest.day, [int(row[0]) for row in rows])
    with database.connect(Role.INGEST) as connection:
        connection.execute(read_sql("yukimichi", "mark_has_expired"), {"day": manifest.day, "n_fixes": left})
    rows_of = tuple(
        {"source": one.source, "n_fixes": one.n_fixes, "n_vehicles": len(one.vehicles), "deleted_at": now.isoformat()}
        for one in due
    )
    write_manifest(home, Manifest(manifest.day, kept, manifest.expired + rows_of))

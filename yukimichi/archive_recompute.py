"""Facts of past days worked out again, from the archive where raw.fix has them no more.

The days, and all others that the traces around them reach into, are restored into raw.fix; their vehicles are matched
again as whole traces; then the days leave for the archive once more, which keeps its files where nothing changed. A
vehicle whose evidence is not whole any more is left out: its facts stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from geo.db import Database, Role, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.matching.online_open import OpenTrips
from geo.store.facts import CHUNK_FIXES, MatchReport, MatchRules, match_part, match_rules
from geo.store.fixes import STAGE, Touched, chunks_of, read_windows
from geo.store.network import refresh_network
from geo.store.passes import touch
from geo.store.traces import LiveTrace, read_live
from yukimichi.archive import archive_day, restore_day
from yukimichi.context import Context
from yukimichi.pipeline import World

type Progress = Callable[[int, int], None]

#: Days that are restored and matched at once, besides those that their traces reach into.
SLICE_DAYS = 7
#: Younger days belong to the worker, which keeps their open traces in memory.
SETTLED = timedelta(days=1)
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Recomputed:
    """What one run did.

    n_restored      days that were brought back from the archive for it, and left for it again
    n_vehicles      matched again, counted once a slice of days
    n_vehicles_kept left as they are, since fixes behind their facts were deleted
    """

    first_day: date
    last_day: date
    n_restored: int = 0
    n_vehicles: int = 0
    n_vehicles_kept: int = 0
    matched: MatchReport = field(default_factory=MatchReport)


@contextmanager
def exclusive(database: Database) -> Iterator[None]:
    """Nobody else moves days between database and archive within the block. Raises ConflictError where one does."""
    with database.connect(Role.INGEST) as connection:
        connection.autocommit = True
        if connection.execute(read_sql("yukimichi", "try_lock_archive")).fetchone() != (True,):
            raise ConflictError(
                "Another process is moving days between the database and the archive.",
                hint="Wait until that retention, recomputation or backup is done, and run this again.",
            )
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute(read_sql("yukimichi", "unlock_archive"))


def recompute(
    context: Context, first_day: date, last_day: date, now: datetime, progress: Progress = lambda done, total: None
) -> Recomputed:
    """Work out the facts of UTC days again, both inclusive, with the matcher and the network of today.

    Without a change of either nothing is written. Raises InputError for a span that is not settled yet, NotFoundError
    for one without any fixes, ConflictError while others move days.
    """
    if last_day < first_day or _end(last_day) + SETTLED > now:
        raise InputError(
            f"{first_day} to {last_day} is no span of settled days.",
            hint=f"Name days in order, the last one before {(now - SETTLED).date()}; younger ones are the worker's.",
        )
    with exclusive(context.database):
        return recompute_locked(context, first_day, last_day, now, progress)


def recompute_locked(
    context: Context, first_day: date, last_day: date, now: datetime, progress: Progress = lambda done, total: None
) -> Recomputed:
    """`recompute` for a caller that holds the lock of `exclusive`."""
    database = context.database
    known = [day for day in _all_days(database) if first_day <= day <= last_day]
    if not known:
        raise NotFoundError(f"Neither database nor archive has fixes from {first_day} to {last_day}.")
    change = refresh_network(database, context.settings.networks_dir, context.settings.network, progress)
    rules = match_rules(*World().take(change.network), context.settings, now, OpenTrips())
    done = Recomputed(first_day, last_day)
    for i, part in enumerate(slices(known)):
        progress(i * SLICE_DAYS, len(known))
        _recompute_slice(database, context.settings.home, part, rules, done)
    return done


def slices(days: list[date]) -> list[list[date]]:
    """Days in order, in spans of at most SLICE_DAYS days of the calendar."""
    parts: list[list[date]] = []
    for day in days:
        if parts and (day - parts[-1][0]).days < SLICE_DAYS:
            parts[-1].append(day)
        else:
            parts.append([day])
    return parts


def _end(day: date) -> datetime:
    return datetime.fromisoformat(f"{day + ONE_DAY}T00:00:00+00:00")


def _all_days(database: Database) -> list[date]:
    with database.connect(Role.INGEST) as connection:
        held = {row[0] for row in connection.execute(read_sql("yukimichi", "fix_days")).fetchall()}
        archived = {row[0] for row in connection.execute(read_sql("yukimichi", "archive_marks")).fetchall()}
    return sorted(held | archived)


def _recompute_slice(database: Database, home: Path, days: list[date], rules: MatchRules, done: Recomputed) -> None:
    with database.connect(Role.INGEST) as connection:
        archived = {row[0] for row in connection.execute(read_sql("yukimichi", "archive_marks")).fetchall()}
    around = {days[0] - ONE_DAY, days[-1] + ONE_DAY, *days} & archived
    restored: set[date] = set()
    try:
        _restore(database, home, around, restored)
        with database.connect(Role.INGEST) as connection:
            span = {"first_day": days[0], "last_day": days[-1]}
            rows = connection.execute(read_sql("yukimichi", "vehicle_spans"), span).fetchall()
        touched = [Touched(*row) for row in rows]
        live = _live(database, touched, rules)
        _restore(database, home, {day for one in live for day in _days_of(one)} & archived, restored)
        lost = _incomplete(database, touched, live)
        whole = [one for one in touched if one.vehicle_id not in lost]
        done.n_vehicles += len(whole)
        done.n_vehicles_kept += len(touched) - len(whole)
        _match(database, whole, rules, done.matched)
    finally:
        done.n_restored += len(restored)
        for day in sorted(restored):
            archive_day(database, home, day)


def _restore(database: Database, home: Path, days: set[date], restored: set[date]) -> None:
    """Bring days back; they count as complete only when all their fixes are there."""
    for day in sorted(days - restored):
        restored.add(day)
        restore_day(database, home, day)
    with database.connect(Role.INGEST) as connection:
        connection.execute(read_sql("yukimichi", "mark_restored"), {"days": sorted(restored)})


def _live(database: Database, touched: list[Touched], rules: MatchRules) -> list[LiveTrace]:
    """The traces that hold now and that matching will look at: those of the days, and one before and after them."""
    if not touched:
        return []
    with database.connect(Role.ENGINE) as connection:
        return read_live(connection, read_windows(connection, touched, rules.traces.max_gap_s))


def _days_of(trace: LiveTrace) -> list[date]:
    n = (trace.to_at.date() - trace.from_at.date()).days
    return [trace.from_at.date() + timedelta(days=i) for i in range(n + 1)]


def _incomplete(database: Database, touched: list[Touched], live: list[LiveTrace]) -> set[int]:
    """Vehicles of which fixes were deleted that these spans or traces rest on."""
    spans: list[Touched | LiveTrace] = [*touched, *live]
    params = {
        "vehicle_ids": [one.vehicle_id for one in spans],
        "from_ats": [one.from_at for one in spans],
        "to_ats": [one.to_at for one in spans],
    }
    with database.connect(Role.ENGINE) as connection:
        return {int(row[0]) for row in connection.execute(read_sql("yukimichi", "find_expired"), params).fetchall()}


def _match(database: Database, touched: list[Touched], rules: MatchRules, report: MatchReport) -> None:
    for part in chunks_of(touched, CHUNK_FIXES):
        with database.connect(Role.ENGINE) as connection:
            connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": STAGE})
            written = match_part(connection, part, rules, report).written
            touch(connection, written, rules.late)

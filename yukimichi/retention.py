"""Retention: old days of raw.fix into the archive, old evidence out of it. Run by hand or once a day.

A day leaves the database when all its hours are older than `retention.raw_days` and matching has come past all its
fixes. Fixes that come in for an archived day afterwards wait in a new partition; here that day is restored, matched
again as a whole, and archived once more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from geo.db import Database, Role, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.store.fixes import STAGE
from geo.store.lines import STAGE as LINES_STAGE
from yukimichi.archive import ArchivedDay, archive_day
from yukimichi.archive_expiry import Expired, expire
from yukimichi.archive_recompute import ONE_DAY, Recomputed, exclusive, recompute_locked, slices
from yukimichi.context import Context
from yukimichi.disputes import Forgotten, forget

type Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do now.

    due      days to archive: old enough, and matched
    waiting  days that are old enough and have fixes that matching has not come to
    late     days to restore and match again, since fixes for them came in after they, or a neighbour, were archived
    """

    due: list[date]
    waiting: list[date]
    late: list[date]


@dataclass(slots=True)
class RetentionReport:
    """What one run did. left: what has to wait for the next one, with its reason."""

    archived: list[ArchivedDay] = field(default_factory=list)
    recomputed: list[Recomputed] = field(default_factory=list)
    expired: list[Expired] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    n_batches_forgotten: int = 0
    disputes: Forgotten = field(default_factory=lambda: Forgotten(0, 0, 0))


def matched_position(marks: dict[str, int], n_workers: int) -> int:
    """The position up to which all fixes are matched: by one worker, or by every one of several."""
    shares = [marks.get(f"{STAGE} {i} of {n_workers}", 0) for i in range(n_workers)]
    return max(marks.get(STAGE, 0), min(shares, default=0))


def make_plan(context: Context, now: datetime) -> Plan:
    """What a run would do now; nothing is changed."""
    database, settings = context.database, context.settings
    limit = (now - timedelta(days=settings.retention.raw_days)).astimezone(UTC).date()
    position = matched_position(_marks(database), settings.worker.n_workers)
    with database.connect(Role.INGEST) as connection:
        held = connection.execute(read_sql("yukimichi", "fix_days")).fetchall()
        late = {row[0] for row in connection.execute(read_sql("yukimichi", "late_days")).fetchall()}
        open_spans = connection.execute(read_sql("yukimichi", "unmatched_days"), {"position": position}).fetchall()
    late |= {day for day, is_archived, restored_at in held if is_archived and restored_at is None}
    old = [day for day, _, _ in held if day < limit]
    waiting = {day for day in old if any(first <= day <= last for first, last in open_spans)}
    due = [day for day in old if day not in waiting | late]
    return Plan(due, sorted(waiting), sorted(day for day in late - waiting if day < limit))


def _marks(database: Database) -> dict[str, int]:
    with database.connect(Role.ENGINE) as connection:
        return {row[0]: int(row[1]) for row in connection.execute(read_sql("yukimichi", "read_marks")).fetchall()}


def run(context: Context, now: datetime, progress: Progress = lambda done, total: None) -> RetentionReport:
    """Archive, recompute late days, delete what is over, as the plan says.

    A day that cannot be moved now is said in `left` and stays whole where it is. Raises ConflictError while another
    process moves days.
    """
    with exclusive(context.database):
        return _run_locked(context, now, progress)


def _run_locked(context: Context, now: datetime, progress: Progress = lambda done, total: None) -> RetentionReport:
    report, plan = RetentionReport(), make_plan(context, now)
    report.left |= {str(day): "waits for matching" for day in plan.waiting}
    _recompute(context, plan.late, now, report)
    late = [day for day in plan.late if str(day) not in report.left]
    due = sorted({*plan.due, *(day for day in late if day in _held(context.database))})
    for i, day in enumerate(due):
        progress(i, len(due))
        try:
            report.archived.append(archive_day(context.database, context.settings.home, day))
        except ConflictError as error:
            report.left[str(day)] = str(error)
    report.expired = expire(context.database, context.settings, now)
    report.n_batches_forgotten = _forget_batches(context, now)
    report.disputes = forget(context.database, context.settings.disputes, now)
    return report


def _held(database: Database) -> set[date]:
    with database.connect(Role.INGEST) as connection:
        return {row[0] for row in connection.execute(read_sql("yukimichi", "fix_days")).fetchall()}


def _recompute(context: Context, late: list[date], now: datetime, report: RetentionReport) -> None:
    """Match late days again. What is wrong with one of them leaves it as it is and does not stop the others."""
    for part in slices(late):
        for day in part:
            try:
                report.recomputed.append(recompute_locked(context, day, day, now))
            except (ConflictError, InputError, NotFoundError) as error:
                report.left[str(day)] = str(error)


def _forget_batches(context: Context, now: datetime) -> int:
    """Delete rows of raw.batch that no stage will ask for again."""
    marks, before = _marks(context.database), now - timedelta(days=context.settings.retention.raw_days)
    matched = matched_position(marks, context.settings.worker.n_workers)
    n = 0
    with context.database.connect(Role.INGEST) as connection:
        for kind, position in (("fixes", matched), ("lines", marks.get(LINES_STAGE, 0))):
            params = {"kind": kind, "position": position, "before": before}
            n += connection.execute(read_sql("yukimichi", "prune_batches"), params).rowcount
    return n


def scheduled_before(now: datetime, zone: str, hour: int) -> datetime:
    """The last moment at or before now that a daily run was to begin: that hour of a local day."""
    local = now.astimezone(ZoneInfo(zone))
    moment = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if moment > local:
        moment = (moment.replace(tzinfo=None) - ONE_DAY).replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def is_due(context: Context, now: datetime) -> bool:
    """Whether the daily hour has passed since the last run."""
    with context.database.connect(Role.ENGINE) as connection:
        row = connection.execute(read_sql("yukimichi", "last_retention")).fetchone()
    due_since = scheduled_before(now, context.settings.timezone, context.settings.retention.hour)
    return row is None or row[0] < due_since


def run_due(context: Context, now: datetime) -> RetentionReport | None:
    """Run retention if its daily hour has passed since the last run; None where it has not, or where others are at it.

    To be called every few minutes by whoever runs the service. A run that fails counts as that day's run and raises;
    one that was killed is done again.
    """
    database = context.database
    if not is_due(context, now):
        return None
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(database))
        except ConflictError:
            return None
        try:
            return _run_locked(context, now)
        finally:
            _note(database, now)


def _note(database: Database, now: datetime) -> None:
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("yukimichi", "note_retention"), {"at": now})

"""Retention as a whole: what is due, what waits, what comes late, what is over, and when the daily run begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.db import Database, Role
from geo.errors import ConflictError, DatabaseProblem
from geo.settings import Settings, SourceSettings
from geo.settings_operations import RetentionSettings
from geo.store.evidence_expiry import is_expired
from tests.yukimichi.archive_town import DAY, FACTS, NOW, Town, at
from yukimichi import retention
from yukimichi.archive_expiry import oldest_day, years_of
from yukimichi.archive_files import archived_days, day_folder, read_manifest
from yukimichi.archive_recompute import exclusive, recompute
from yukimichi.retention import Plan, make_plan, matched_position, run, run_due, scheduled_before

D1, D2 = DAY + timedelta(days=1), DAY + timedelta(days=2)


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """A town with a home of its own."""
    return Town(database, tmp_path / "home")


def test_a_run_moves_old_days_that_are_matched_and_a_second_one_does_nothing(town: Town) -> None:
    town.drive("one", at(0, 3))
    town.drive("one", at(2, 3))
    town.drive("one", NOW - timedelta(days=29))
    town.refresh()
    before = town.rows(FACTS)
    assert make_plan(town.context, NOW) == Plan([DAY, D2], [], [])
    report = run(town.context, NOW)
    assert [(one.day, one.n_moved) for one in report.archived] == [(DAY, 21), (D2, 21)]
    assert (report.left, report.expired, report.recomputed) == ({}, [], [])
    assert town.days() == [(NOW - timedelta(days=29)).date()]
    again = run(town.context, NOW)
    assert (again.archived, again.recomputed, again.left) == ([], [], {})
    assert town.rows(FACTS) == before


def test_the_last_day_that_stays_is_the_one_of_the_limit(town: Town) -> None:
    limit = (NOW - timedelta(days=30)).date()
    for days in (-1, 0):
        town.drive("one", datetime(limit.year, limit.month, limit.day, 23, tzinfo=UTC) + timedelta(days=days), 2)
    town.refresh()
    assert make_plan(town.context, NOW).due == [limit - timedelta(days=1)]


def test_days_that_matching_has_not_come_to_wait(town: Town) -> None:
    town.drive("one", at(0, 3))
    town.refresh()
    town.drive("one", at(1, 3))
    assert make_plan(town.context, NOW) == Plan([DAY], [D1], [])
    report = run(town.context, NOW)
    assert report.left == {str(D1): "waits for matching"}
    assert town.days() == [D1]
    town.refresh()
    assert [one.day for one in run(town.context, NOW).archived] == [D1]


def test_the_first_drive_after_a_quiet_month_leaves_the_archived_facts_alone(town: Town) -> None:
    """Through the whole pipeline: the context of the new fixes is in the archive."""
    town.drive("one", at(0, 3))
    town.refresh()
    before = town.rows(FACTS)
    run(town.context, NOW)
    town.drive("one", NOW - timedelta(days=2))
    town.refresh()
    after = town.rows(FACTS)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def _history(town: Town, late: bool) -> list[tuple[Any, ...]]:
    """Two drives of one vehicle that belong to one trace; with `late` the second half comes after the archive."""
    town.drive("one", at(0, 23, 50), 25)
    town.drive("two", at(0, 5))
    if late:
        town.refresh()
        run(town.context, NOW)
    town.drive("one", at(0, 23, 58), 12)
    town.drive("two", at(0, 8))
    town.refresh()
    if late:
        report = run(town.context, NOW)
        assert [one.first_day for one in report.recomputed] == [DAY, D1]
        assert report.left == {}
        assert town.days() == []
    return town.rows(
        "SELECT vehicle_id, during, edge_id, round(from_m::numeric, 3), round(to_m::numeric, 3), kind, status, n_fixes "
        "FROM ops.pass WHERE superseded_at IS NULL ORDER BY 1, 2"
    )


def test_late_fixes_of_archived_days_end_in_the_facts_of_one_ordered_upload(
    town: Town, database: Database, tmp_path: Path
) -> None:
    late = _history(town, late=True)
    with database.connect(Role.OWNER) as connection:
        connection.execute("TRUNCATE raw.archive_day, raw.fix, raw.batch, ops.pass, ops.trace, ops.watermark")
        connection.execute("TRUNCATE ops.touch, ops.unmatched, ops.coverage, ops.edge_status")
    ordered = _history(Town(database, tmp_path / "other"), late=False)
    assert late == ordered
    assert sum(row[-1] for row in late) == 25 + 12 + 21 + 21


def test_late_fixes_beside_an_archived_day_are_matched_before_their_own_day_leaves(town: Town) -> None:
    """A trace crosses midnight; its first day is archived, its second is not old enough yet when more of it comes."""
    start = datetime(2026, 5, 1, 23, 58, tzinfo=UTC)
    first, second = start.date(), start.date() + timedelta(days=1)
    town.drive("one", start, 21)
    town.refresh()
    now = datetime(2026, 6, 1, 6, tzinfo=UTC)
    assert [one.day for one in run(town.context, now).archived] == [first]
    town.drive("one", start + timedelta(minutes=12), 10)
    town.refresh()
    n_fixes = "SELECT sum(n_fixes) FROM ops.pass WHERE superseded_at IS NULL"
    assert make_plan(town.context, now + timedelta(days=1)).late == [second]
    report = run(town.context, now + timedelta(days=1))
    assert [one.first_day for one in report.recomputed] == [second]
    assert town.rows(n_fixes) == [(31,)]
    assert town.days() == []
    assert run(town.context, now + timedelta(days=2)).recomputed == []


def test_evidence_is_kept_by_the_years_of_its_manager(town: Town) -> None:
    managers = RetentionSettings(managers={"県": 7, "市": 1})
    sources = {"gps": SourceSettings(manager="県"), "city": SourceSettings(manager="市"), "free": SourceSettings()}
    town.settings = town.settings.model_copy(update={"retention": managers, "sources": sources})
    assert [years_of(town.settings, name) for name in ("gps", "city", "free", "unheard of")] == [7, 1, 5, 5]
    for source in sources:
        town.drive(f"of {source}", at(0, 3), source=source)
    town.refresh()
    before = town.rows(FACTS)
    run(town.context, NOW)
    for years, left in ((1, ["free", "gps"]), (5, ["gps"]), (7, [])):
        exactly = NOW.replace(year=DAY.year + years, month=DAY.month, day=DAY.day)
        assert run(town.context, exactly).expired == []
        done = run(town.context, exactly + timedelta(days=1))
        assert [(one.day, one.n_fixes) for one in done.expired] == [(DAY, 21)]
        manifest = read_manifest(town.home, DAY)
        assert manifest is not None
        assert [one.source for one in manifest.files] == left
        assert len(list(day_folder(town.home, DAY).iterdir())) == 1 + len(left)
    assert [row["source"] for row in manifest.expired] == ["city", "free", "gps"]
    assert town.rows(FACTS) == before
    assert town.rows("SELECT n_fixes, has_expired FROM raw.archive_day") == [(0, True)]


def _expired_city(town: Town) -> None:
    """Two sources on three days, all archived; the fixes of one of them on the middle day are deleted."""
    sources = {"city": SourceSettings(manager="市")}
    town.settings = town.settings.model_copy(update={"sources": sources})
    for day in range(3):
        town.drive("of the city", at(day, 3), source="city")
        town.drive("one", at(day, 3))
    town.refresh()
    run(town.context, NOW)
    from yukimichi import archive_expiry

    manifest = read_manifest(town.home, D1)
    assert manifest is not None
    due = [one for one in manifest.files if one.source == "city"]
    archive_expiry._delete(town.database, town.home, manifest, due, NOW)


def test_facts_say_that_their_evidence_is_over(town: Town) -> None:
    _expired_city(town)
    with town.database.connect(Role.PUBLISH) as connection:
        rows = connection.execute(
            "SELECT lower(during)::date, ops.is_evidence_expired(vehicle_id, during) FROM ops.pass ORDER BY 1, 2"
        ).fetchall()
    assert rows == [(DAY, False), (DAY, False), (D1, False), (D1, True), (D2, False), (D2, False)]
    with town.database.connect(Role.ENGINE) as connection:
        assert sorted(is_expired(connection, range(1, 7)).values()) == [False] * 5 + [True]


@pytest.mark.parametrize("day", [DAY, D1, D2])
def test_recomputation_never_touches_facts_whose_evidence_is_over(
    town: Town, monkeypatch: pytest.MonkeyPatch, day: date
) -> None:
    _expired_city(town)
    before = town.rows(FACTS)
    monkeypatch.setattr("geo.store.facts.MATCHER_VERSION", "another")
    monkeypatch.setattr("geo.matching.matcher.MATCHER_VERSION", "another")
    done = recompute(town.context, day, day, NOW)
    # on the days around it the drive of that vehicle is context, so the whole vehicle is left as it is
    assert (done.n_vehicles, done.n_vehicles_kept) == (1, 0 if day == D1 else 1)
    after = {row[0]: row for row in town.rows(FACTS)}
    ended = [row for row in before if after[row[0]][-1] is not None]
    assert [(row[3], row[7].lower.date()) for row in ended] == [(2, day)]
    assert town.days() == []


def test_late_fixes_of_a_day_whose_evidence_is_over_supersede_nothing(town: Town) -> None:
    _expired_city(town)
    before = town.rows(FACTS)
    town.drive("of the city", at(1, 9), source="city")
    town.refresh()
    report = run(town.context, NOW)
    assert [one.n_vehicles_kept for one in report.recomputed] == [1]
    assert town.rows(FACTS) == before
    manifest = read_manifest(town.home, D1)
    assert manifest is not None
    assert [(one.source, one.n_fixes) for one in manifest.files] == [("city", 21), ("gps", 21)]


class Killed(BaseException):
    """Stands for the end of the process: nothing may catch it."""


def test_interrupted_while_evidence_is_deleted_the_facts_are_marked_first(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.drive("one", at(0, 3))
    town.refresh()
    run(town.context, NOW)

    def die(*args: Any) -> None:
        raise Killed

    later = NOW.replace(year=2032)
    with monkeypatch.context() as patch:
        patch.setattr("yukimichi.archive_expiry.write_manifest", die)
        with pytest.raises(Killed):
            run(town.context, later)
    assert town.rows("SELECT count(*) FROM ops.evidence_expired") == [(1,)]
    assert len(run(town.context, later).expired) == 1
    assert town.rows("SELECT count(*) FROM ops.evidence_expired") == [(1,)]


#: Hypothesis takes its bounds without a zone.
FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2020, 2100))


@given(st.datetimes(FIRST, LAST), st.integers(1, 30))
def test_oldest_day_is_the_same_date_so_many_years_ago(moment: datetime, years: int) -> None:
    now = moment.replace(tzinfo=UTC)
    oldest = oldest_day(now, years)
    assert oldest.year == now.year - years
    assert (oldest.month, oldest.day) == ((2, 28) if (now.month, now.day, oldest.day) == (2, 29, 28) else
                                          (now.month, now.day))  # fmt: skip


def test_old_batches_are_forgotten_and_the_newest_stays(town: Town) -> None:
    town.drive("one", at(0, 3))
    town.drive("one", at(1, 3))
    town.refresh()
    town.drive("one", at(2, 3))
    with town.database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE raw.batch SET received_at = '2026-01-20Z'")
    newest = town.rows("SELECT max(position) FROM raw.batch")
    assert run(town.context, NOW).n_batches_forgotten == 2
    assert town.rows("SELECT position FROM raw.batch") == newest, "the one that is not matched yet"
    town.refresh()
    assert run(town.context, NOW).n_batches_forgotten == 0
    assert town.rows("SELECT position FROM raw.batch") == newest


def test_a_busy_day_is_said_and_the_others_go_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.drive("one", at(0, 3))
    town.drive("one", at(1, 3))
    town.refresh()
    true = retention.archive_day

    def archive_day(database: Database, home: Path, day: date) -> Any:
        if day == DAY:
            raise ConflictError("raw.fix was busy.")
        return true(database, home, day)

    monkeypatch.setattr(retention, "archive_day", archive_day)
    report = run(town.context, NOW)
    assert report.left == {str(DAY): "raw.fix was busy."}
    assert [one.day for one in report.archived] == [D1]


@pytest.mark.parametrize(
    ("marks", "n_workers", "position"),
    [
        ({}, 1, 0),
        ({"match": 7}, 1, 7),
        ({"match": 7}, 2, 7),
        ({"match": 7, "match 0 of 2": 12, "match 1 of 2": 9}, 2, 9),
        ({"match": 7, "match 0 of 2": 12}, 2, 7),
        ({"match 0 of 2": 12, "match 1 of 2": 9}, 3, 0),
        ({"match 0 of 1": 3, "match_lines": 99, "cover": 5}, 1, 3),
    ],
)
def test_matched_is_what_every_worker_has_come_past(marks: dict[str, int], n_workers: int, position: int) -> None:
    assert matched_position(marks, n_workers) == position


TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("now", "hour", "wanted"),
    [
        (datetime(2026, 1, 10, 13, 0, tzinfo=TOKYO), 13, datetime(2026, 1, 10, 13, tzinfo=TOKYO)),
        (datetime(2026, 1, 10, 12, 59, tzinfo=TOKYO), 13, datetime(2026, 1, 9, 13, tzinfo=TOKYO)),
        (datetime(2026, 1, 1, 0, 30, tzinfo=TOKYO), 1, datetime(2025, 12, 31, 1, tzinfo=TOKYO)),
    ],
)
def test_the_daily_hour_is_one_of_the_local_day(now: datetime, hour: int, wanted: datetime) -> None:
    assert scheduled_before(now, "Asia/Tokyo", hour) == wanted


def test_run_due_runs_once_a_day(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.drive("one", at(0, 3))
    town.refresh()
    one = datetime(2026, 6, 1, 13, 5, tzinfo=TOKYO)
    first = run_due(town.context, one)
    assert first is not None
    assert [day.day for day in first.archived] == [DAY]
    for minutes in (1, 60, 23 * 60 + 54):
        assert run_due(town.context, one + timedelta(minutes=minutes)) is None
    assert run_due(town.context, one + timedelta(hours=24)) is not None

    def fail(*args: Any) -> None:
        raise DatabaseProblem("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(retention, "expire", fail)
        with pytest.raises(DatabaseProblem):
            run_due(town.context, one + timedelta(hours=48))
    assert run_due(town.context, one + timedelta(hours=49)) is None, "a run that failed is not repeated every minute"


def test_run_due_leaves_others_at_it_alone_and_comes_back(town: Town) -> None:
    with exclusive(town.database):
        assert run_due(town.context, NOW) is None
    assert run_due(town.context, NOW) is not None


def test_settings_refuse_what_would_archive_open_traces() -> None:
    for wrong in ({"raw_days": 1}, {"archive_years": 0}, {"managers": {"県": 0}}, {"hour": 24}):
        with pytest.raises(ValueError, match=r"greater than|less than"):
            Settings.model_validate({"retention": wrong})


def test_nothing_archived_has_no_days(tmp_path: Path) -> None:
    assert archived_days(tmp_path) == []

"""Events by hand are corrected by new rows and known when they were known; callouts are imported, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.db import Database, Role
from geo.errors import ConflictError, InputError, NotFoundError
from geo.settings import SourceSettings
from geo.settings_events import EventSettings
from geo.store.callouts import refresh_callouts
from geo.store.events import amend_event, close_event, current_event, find_event, open_event
from geo.vocabulary import EventKind
from ingest.plans import ingest_plans

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect(Role.ENGINE) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def holding(database: Database, as_of: datetime, known_at: datetime | None = None) -> str:
    with database.connect(Role.ENGINE) as connection:
        return current_event(connection, as_of, known_at).name


def clock(database: Database) -> datetime:
    found: datetime = rows(database, "SELECT clock_timestamp()")[0][0]
    return found


def test_a_correction_is_a_new_row_and_the_old_word_stays_known(database: Database) -> None:
    first = open_event(database, EventKind.STORM, "大雪", T0)
    known = clock(database)
    second = amend_event(database, first.event_id, name="一月の大雪", reference_at=T0 - 2 * HOUR)
    third = amend_event(database, first.event_id, closed_at=T0 + HOUR)
    assert third.event_id > second.event_id > first.event_id
    found = rows(database, "SELECT event_id, name, amends_event_id, superseded_at IS NULL FROM ops.event ORDER BY 1")
    assert found[1:] == [
        (first.event_id, "大雪", None, False),
        (second.event_id, "一月の大雪", first.event_id, False),
        (third.event_id, "一月の大雪", second.event_id, True),
    ]
    assert holding(database, T0 - HOUR) == "一月の大雪"
    assert holding(database, T0 - HOUR, known) == "常時監視"
    assert holding(database, T0 + 2 * HOUR, known) == "大雪"
    assert holding(database, T0 + 2 * HOUR) == "常時監視"
    with database.connect(Role.ENGINE) as connection:
        for one in (first, second, third):
            assert find_event(connection, one.event_id)[0] == third.event_id


def test_a_storm_whose_end_was_not_known_yet_was_still_open(database: Database) -> None:
    storm = open_event(database, EventKind.STORM, "大雪", T0)
    known = clock(database)
    close_event(database, storm.event_id, T0 + HOUR)
    assert holding(database, T0 + 2 * HOUR, known) == "大雪"
    assert holding(database, T0 + 2 * HOUR) == "常時監視"
    assert holding(database, T0 + 2 * HOUR, clock(database)) == "常時監視"
    amend_event(database, storm.event_id, closed_at=None)
    assert holding(database, T0 + 2 * HOUR) == "大雪"


def test_of_overlapping_events_the_newest_holds_and_those_for_an_area_come_last(database: Database) -> None:
    storm = open_event(database, EventKind.STORM, "大雪", T0)
    open_event(database, EventKind.CALLOUT, "県央土木", T0 + HOUR, area=("office", "県央土木"))
    assert holding(database, T0 + 2 * HOUR) == "大雪"
    open_event(database, EventKind.CALLOUT, "全域", T0 + 2 * HOUR)
    assert holding(database, T0 + 2 * HOUR) == "全域"
    close_event(database, storm.event_id, T0 + 3 * HOUR)
    callout = rows(database, "SELECT event_id FROM ops.event WHERE name = '全域'")[0][0]
    close_event(database, callout, T0 + 3 * HOUR)
    assert holding(database, T0 + 3 * HOUR) == "県央土木"
    assert holding(database, T0 + 1.5 * HOUR) == "大雪"


def test_what_no_event_can_be_is_refused(database: Database) -> None:
    storm = open_event(database, EventKind.STORM, "大雪", T0).event_id
    with pytest.raises(InputError, match="cannot end"):
        amend_event(database, storm, closed_at=T0)
    with pytest.raises(InputError, match="time zone"):
        amend_event(database, storm, reference_at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ConflictError, match="says that already"):
        amend_event(database, storm, name="大雪")
    with pytest.raises(NotFoundError, match="999"):
        amend_event(database, 999, name="x")
    standing = rows(database, "SELECT event_id FROM ops.event WHERE kind = 'standing'")[0][0]
    with pytest.raises(ConflictError, match="standing watch"):
        amend_event(database, standing, name="x")
    with pytest.raises(InputError, match="no area"):
        open_event(database, EventKind.CALLOUT, "x", T0, area=("moon", "x"))
    assert len(rows(database, "SELECT 1 FROM ops.event")) == 2


def take(database: Database, file: Path, *lines: str) -> tuple[int, int, int]:
    """Import callouts; how many were opened, corrected, kept."""
    file.write_text("\n".join(["出動番号,出動日時,解除日時,管理者,事務所,積雪深", *lines]) + "\n", encoding="utf-8")
    ingest_plans(database, "callouts", file, "orders", SourceSettings(timezone="Asia/Tokyo"))
    report = refresh_callouts(database, EventSettings(callout_hours=6))
    assert report.misfits == []
    return report.n_opened, report.n_amended, report.n_kept


def test_callouts_become_events_each_once_and_a_later_file_corrects_them(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "callouts.csv"
    first, second = "C1,2026-01-20 03:00,2026-01-20 09:00,,,15", "C2,2026-01-20 05:00,,県,,10cm"
    assert take(database, file, first, second) == (2, 0, 0)
    assert take(database, file, first, second) == (0, 0, 2)
    shown = (
        "SELECT kind, name, reference_at, closed_at, area_kind, area, depth_cm FROM ops.event "
        "WHERE superseded_at IS NULL AND kind <> 'standing' ORDER BY reference_at"
    )
    c1 = ("callout", "出動", T0 - 9 * HOUR, T0 - 3 * HOUR, None, None, 15.0)
    c2 = ("callout", "出動 県", T0 - 7 * HOUR, T0 - HOUR, "manager", "prefecture", 10.0)
    assert rows(database, shown) == [c1, c2]
    # another file does not take back what an earlier one said, and corrects what it names
    assert take(database, file, "C2,2026-01-20 05:00,2026-01-20 06:00,県,,10") == (0, 1, 1)
    assert rows(database, shown) == [c1, (*c2[:3], T0 - 6 * HOUR, *c2[4:])]
    assert holding(database, T0 - 6.5 * HOUR) == "出動"
    assert holding(database, T0 - 2 * HOUR) == "常時監視"


def test_a_callout_corrected_by_hand_stays_so(database: Database, tmp_path: Path) -> None:
    line = "C1,2026-01-20 03:00,2026-01-20 09:00,,,15"
    take(database, tmp_path / "callouts.csv", line)
    callout = rows(database, "SELECT event_id FROM ops.event WHERE kind = 'callout'")[0][0]
    amend_event(database, callout, name="深夜の出動")
    assert take(database, tmp_path / "callouts.csv", line) == (0, 0, 1)
    assert holding(database, T0 - 8 * HOUR) == "深夜の出動"


def test_a_callout_that_ends_before_it_begins_is_told_and_left_out(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "callouts.csv"
    file.write_text("出動日時,解除日時,事務所\n2026-01-20 03:00,2026-01-20 02:00,県央土木\n", encoding="utf-8")
    ingest_plans(database, "callouts", file, "orders", SourceSettings(timezone="Asia/Tokyo"))
    report = refresh_callouts(database, EventSettings())
    assert (report.n_opened, len(report.misfits)) == (0, 1)
    assert "県央土木" in report.misfits[0]
    assert "cannot end" in report.misfits[0]

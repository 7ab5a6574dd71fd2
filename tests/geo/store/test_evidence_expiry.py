"""Facts outlive their fixes: what matching would do to them without the cut, and what it does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from geo.crs import to_plane
from geo.db import Database, Role
from geo.matching.candidates import build_index
from geo.matching.matcher import MATCHER_VERSION
from geo.network import Network
from geo.settings import NetworkSettings, Settings
from geo.store.evidence_expiry import archived_before, cut_windows, is_expired, mark_expired
from geo.store.facts import match_new_fixes
from geo.store.fixes import Touched, Windows, read_fixes, read_vehicles, read_windows, source_work
from geo.store.network import refresh_network
from geo.store.traces import content_keys, plan, read_live
from geo.timeline import from_us, to_us
from geo.trace import TraceSettings, clean_and_split

GAP_S = TraceSettings().max_gap_s
GAP = timedelta(seconds=GAP_S)
OLD = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
NEW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
DOWN = {"blade": True}

type Give = Callable[..., int]


def drive(start: datetime, n: int = 21) -> list[tuple[Any, ...]]:
    """n fixes along the street at 5 m/s, one in 15 seconds."""
    return [(start + timedelta(seconds=15 * i), 75.0 * i, 2.0, DOWN) for i in range(n)]


@dataclass
class Town:
    database: Database
    network: Network
    give: Give

    def match(self) -> None:
        match_new_fixes(self.database, self.network, build_index(self.network), Settings(), at=NEW + timedelta(days=1))

    def archive(self, day: date) -> None:
        """A day leaves raw.fix, as the archive does it."""
        with self.database.connect(Role.INGEST) as connection:
            row = connection.execute("SELECT * FROM raw.fix_partition_content(%s)", (day,)).fetchone()
            assert row is not None
            connection.execute("INSERT INTO raw.archive_day (day, n_fixes) VALUES (%s, %s)", (day, row[0]))
            dropped = connection.execute("SELECT raw.drop_fix_partition(%s, %s, %s)", (day, *row)).fetchone()
            assert dropped == (True,)

    def cut(self, *touched: Touched) -> dict[int, tuple[int, int]]:
        with self.database.connect(Role.ENGINE) as connection:
            windows = read_windows(connection, list(touched), GAP_S)
            cut = cut_windows(connection, windows, touched, GAP_S)
        return {int(v): (int(a), int(b)) for v, a, b in zip(cut.vehicle, cut.from_us, cut.to_us, strict=True)}

    def gone(self, touched: Touched, *, is_cut: bool) -> list[int]:
        """The traces that matching would supersede without a successor for these new fixes."""
        with self.database.connect(Role.ENGINE) as connection:
            windows = read_windows(connection, [touched], GAP_S)
            if is_cut:
                windows = cut_windows(connection, windows, [touched], GAP_S)
            return self._gone(connection, windows, touched.vehicle_id)

    def _gone(self, connection: psycopg.Connection[Any], windows: Windows, vehicle_id: int) -> list[int]:
        fixes = read_fixes(connection, windows)
        xy = to_plane(fixes.lon, fixes.lat, self.network.crs_epsg)
        traces = clean_and_split(fixes, xy)
        source = source_work(traces.fixes.vehicle, read_vehicles(connection, [vehicle_id]))
        is_open, versions = np.zeros(len(traces), np.bool_), (MATCHER_VERSION, self.network.version)
        live = read_live(connection, windows)
        return plan(traces, content_keys(traces, source), is_open, live, versions, is_open).gone


@pytest.fixture
def town(database: Database, give_roads: Give, give_fixes: Give, tmp_path: Path) -> Town:
    give_roads({"a": [(0, 0), (1600, 0)]})
    network = refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network
    return Town(database, network, give_fixes)


def news(vehicle_id: int, start: datetime, n: int = 21) -> Touched:
    return Touched(vehicle_id, start, start + timedelta(seconds=15 * (n - 1)), n)


def test_nothing_archived_leaves_windows_as_they_are(town: Town) -> None:
    vehicle = town.give("plough 1", drive(OLD))
    town.match()
    town.give("plough 1", drive(NEW))
    with town.database.connect(Role.ENGINE) as connection:
        assert archived_before(connection) is None
        windows = read_windows(connection, [news(vehicle, NEW)], GAP_S)
        assert cut_windows(connection, windows, [news(vehicle, NEW)], GAP_S) is windows


def test_without_the_cut_the_first_drive_of_a_new_month_supersedes_the_last_archived_one(town: Town) -> None:
    vehicle = town.give("plough 1", drive(OLD))
    town.match()
    town.archive(OLD.date())
    town.give("plough 1", drive(NEW))
    assert len(town.gone(news(vehicle, NEW), is_cut=False)) == 1, "the danger that the cut is for"
    assert town.gone(news(vehicle, NEW), is_cut=True) == []
    ((from_us_, to_us_),) = town.cut(news(vehicle, NEW)).values()
    assert from_us(from_us_) == datetime(2026, 1, 11, tzinfo=UTC)
    assert to_us_ == np.iinfo(np.int64).max
    with town.database.connect(Role.ENGINE) as connection:
        assert archived_before(connection) == datetime(2026, 1, 11, tzinfo=UTC)


def test_late_fixes_of_an_archived_day_wait(town: Town) -> None:
    vehicle = town.give("plough 1", drive(OLD))
    town.match()
    town.archive(OLD.date())
    late = OLD + timedelta(hours=2)
    town.give("plough 1", drive(late))
    assert len(town.gone(news(vehicle, late), is_cut=False)) == 1
    assert town.cut(news(vehicle, late)) == {}
    assert town.gone(news(vehicle, late), is_cut=True) == []


def test_of_late_fixes_and_new_ones_of_one_vehicle_only_the_late_ones_wait(town: Town) -> None:
    vehicle = town.give("plough 1", drive(OLD))
    start = datetime(2026, 1, 10, 23, 58, tzinfo=UTC)
    town.give("plough 1", drive(start))
    town.match()
    town.archive(OLD.date())
    both = Touched(vehicle, OLD + timedelta(hours=2), NEW, 9)
    assert town.cut(both) == {vehicle: (to_us(start + timedelta(seconds=300)) + 1, 2**63 - 1)}
    assert town.gone(both, is_cut=True) == []
    so_near = Touched(vehicle, OLD + timedelta(hours=2), start + timedelta(minutes=15), 9)
    assert town.cut(so_near) == {}


def test_late_fixes_next_to_an_archived_day_wait_while_a_trace_reaches_into_it(town: Town) -> None:
    """The trace crosses midnight; only its second half is still in raw.fix."""
    start = datetime(2026, 1, 10, 23, 58, tzinfo=UTC)
    vehicle = town.give("plough 1", drive(start))
    other = town.give("plough 2", drive(start + timedelta(hours=1)))
    town.match()
    town.archive(start.date())
    late = datetime(2026, 1, 11, 0, 10, tzinfo=UTC)
    assert town.cut(news(vehicle, late, 3)) == {}
    ended = start + timedelta(hours=1, seconds=300)
    assert town.cut(news(other, late + GAP, 3)) == {other: (to_us(datetime(2026, 1, 11, tzinfo=UTC)), to_us(ended))}


def test_a_context_that_crosses_into_the_archive_is_left_out_whole(town: Town) -> None:
    start = datetime(2026, 1, 10, 23, 58, tzinfo=UTC)
    vehicle = town.give("plough 1", drive(start))
    town.match()
    town.archive(start.date())
    later = datetime(2026, 1, 11, 6, 0, tzinfo=UTC)
    town.give("plough 1", drive(later))
    ended = start + timedelta(seconds=300)
    assert town.cut(news(vehicle, later)) == {vehicle: (to_us(ended) + 1, 2**63 - 1)}
    assert len(town.gone(news(vehicle, later), is_cut=False)) == 0, "half of the trace still overlaps and takes its id"
    assert town.gone(news(vehicle, later), is_cut=True) == []


def test_late_fixes_before_archived_days_end_where_those_begin(town: Town) -> None:
    early = OLD - timedelta(days=3)
    vehicle = town.give("plough 1", [*drive(OLD), *drive(OLD + timedelta(days=1))])
    town.match()
    town.archive(OLD.date())
    assert town.cut(news(vehicle, early)) == {vehicle: (-(2**63), to_us(datetime(2026, 1, 10, tzinfo=UTC)) - 1)}


def test_a_restored_day_is_complete_but_not_for_a_vehicle_whose_fixes_were_deleted(town: Town) -> None:
    first, second = town.give("plough 1", drive(OLD)), town.give("plough 2", drive(OLD))
    town.match()
    town.archive(OLD.date())
    with town.database.connect(Role.ENGINE) as connection:
        assert mark_expired(connection, OLD.date(), [second]) == 1
        assert mark_expired(connection, OLD.date(), [second]) == 0
    with town.database.connect(Role.INGEST) as connection:
        connection.execute("UPDATE raw.archive_day SET restored_at = now(), has_expired = true")
    late = OLD + timedelta(hours=2)
    assert set(town.cut(news(first, late), news(second, late))) == {first}


def test_is_expired_tells_the_facts_whose_evidence_was_deleted(town: Town) -> None:
    first, second = town.give("plough 1", drive(OLD)), town.give("plough 2", drive(OLD))
    town.give("plough 2", drive(OLD + timedelta(days=1)))
    town.match()
    with town.database.connect(Role.ENGINE) as connection:
        mark_expired(connection, OLD.date(), [second])
        rows = connection.execute("SELECT pass_id, vehicle_id, lower(during) FROM ops.pass").fetchall()
        told = is_expired(connection, [row[0] for row in rows] + [-1])
    assert len(rows) == 3
    assert told == {pass_id: (vehicle, at.date()) == (second, OLD.date()) for pass_id, vehicle, at in rows}
    assert first != second


def test_the_engine_cannot_take_a_mark_back(town: Town) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), town.database.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.evidence_expired")

"""Health of devices in ops on a real PostGIS: written where it changed, the same after a restart, by worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from geo.db import Database, Role
from geo.devices import DeviceStats, blank
from geo.settings import Settings
from geo.store.beats import Beat, beat
from geo.store.devices import (
    DeviceRow,
    load_device_stats,
    read_device_health,
    refresh_device_health,
    rules_of,
)
from geo.store.events import open_event
from geo.timeline import to_us
from geo.vocabulary import DeviceReason, EventKind

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
RULES = rules_of(Settings())


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


@dataclass
class World:
    """Vehicles of one source, and the worker that hears them."""

    database: Database
    stats: DeviceStats = field(default_factory=DeviceStats)

    def vehicle(self, name: str, cadence_s: float | None = None) -> int:
        with self.database.connect(Role.INGEST) as connection:
            settings = "{}" if cadence_s is None else f'{{"cadence_s": {cadence_s}}}'
            source_id = connection.execute(
                "INSERT INTO raw.source (name, kind, settings) VALUES ('gps', 'fixes', %s) "
                "ON CONFLICT (name) DO UPDATE SET settings = excluded.settings RETURNING source_id",
                (settings,),
            ).fetchone()[0]  # type: ignore[index]
            row = connection.execute(
                "INSERT INTO raw.vehicle (source_id, external_id) VALUES (%s, %s) RETURNING vehicle_id",
                (source_id, name),
            ).fetchone()
            assert row is not None
            return int(row[0])

    def hear(self, vehicle_id: int, n: int = 20, every: float = 10, late: float = 1, began: float = 0) -> None:
        t = began + np.arange(n) * every
        at = to_us(T0) + np.round(t * 1e6).astype(np.int64)
        came = at + round(late * 1e6)
        self.stats.update(np.full(n, vehicle_id), at, came, np.full(n, 136.65), 36.56 + t * 4e-5, np.full(n, 4.0))

    def refresh(self, after: float, worker: int = 0, n_workers: int = 1) -> int:
        with self.database.connect(Role.ENGINE) as connection:
            return refresh_device_health(connection, self.stats, RULES, T0 + seconds(after), worker, n_workers)

    def restart(self, worker: int = 0, n_workers: int = 1) -> None:
        with self.database.connect(Role.ENGINE) as connection:
            self.stats = load_device_stats(connection, worker, n_workers)

    def rows(self) -> dict[str, DeviceRow]:
        with self.database.connect(Role.ENGINE) as connection:
            return {row.vehicle: row for row in read_device_health(connection)}

    def run(self, query: str, role: Role = Role.ENGINE, **params: Any) -> Any:
        with self.database.connect(role) as connection:
            cursor = connection.execute(query, params or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else cursor.rowcount

    def say(self, vehicle_id: int, at: datetime, is_shift_over: bool) -> None:
        """A last word of the matching stage."""
        self.run(
            "INSERT INTO ops.vehicle_state (vehicle_id, last_fix_at, lon, lat, shift_started_at, shift_start_lon, "
            "shift_start_lat, is_shift_over, is_synthetic) "
            "VALUES (%(vehicle_id)s, %(at)s, 136.7, 36.6, %(at)s, 0, 0, %(is_over)s, false)",
            vehicle_id=vehicle_id,
            at=at,
            is_over=is_shift_over,
        )

    def assign(self, vehicle_id: int) -> None:
        self.run(
            "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) "
            "VALUES ('R', '雪国建設', 'm', %(vehicle_id)s, '[2026-01-19, 2026-01-23)', false)",
            vehicle_id=vehicle_id,
        )


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_health_is_written_and_read_back(world: World) -> None:
    one, two = world.vehicle("plough 1"), world.vehicle("plough 2", cadence_s=4)
    world.hear(one, late=500)
    assert world.refresh(700) == 2
    rows = world.rows()
    assert rows["plough 1"] == DeviceRow(
        one, "gps", "plough 1", T0 + seconds(190), T0 + seconds(690), 4, 10, 500, 60,
        [DeviceReason.OVERDUE, DeviceReason.SLOW_CADENCE, DeviceReason.CLOCK_BEHIND], False, False,
    )  # fmt: skip
    assert rows["plough 2"] == DeviceRow(
        two, "gps", "plough 2", None, None, 4, None, None, None, [DeviceReason.NEVER_HEARD], False, False
    )
    assert world.run("SELECT reasons_ja FROM ops.device_health ORDER BY vehicle_id")[1] == ("一度も通信がない",)


def test_only_rows_that_changed_are_written(world: World) -> None:
    one, two = world.vehicle("plough 1"), world.vehicle("plough 2")
    world.hear(one)
    world.hear(two)
    assert world.refresh(200) == 2
    assert world.refresh(201) == 0
    world.hear(two, 1, began=200)
    assert world.refresh(202) == 1
    assert world.refresh(255) == 1  # overdue by the clock alone
    assert world.rows()["plough 1"].reasons == [DeviceReason.OVERDUE]
    assert world.rows()["plough 2"].reasons == []


def test_a_restart_goes_on_where_the_worker_was(world: World) -> None:
    for name in ("plough 1", "plough 2"):
        world.hear(world.vehicle(name), 30, late=700)
    world.refresh(300)
    before = world.stats.memory
    world.restart()
    assert world.stats.memory.tobytes() == before.tobytes()
    assert world.refresh(300) == 0


def test_what_a_killed_worker_had_not_written_is_found_in_the_last_words(world: World) -> None:
    known, new = world.vehicle("plough 1"), world.vehicle("plough 2")
    world.hear(known)
    world.refresh(200)
    for vehicle_id in (known, new):
        world.say(vehicle_id, T0 + seconds(205), is_shift_over=False)
    world.restart()
    world.refresh(206)
    rows = world.rows()
    assert {row.last_fix_at for row in rows.values()} == {T0 + seconds(205)}
    assert [row.reasons for row in rows.values()] == [[], []]
    assert rows["plough 1"].cadence_s == 10


def test_a_memory_of_another_layout_is_forgotten(world: World) -> None:
    world.hear(world.vehicle("plough 1"))
    world.refresh(200)
    world.run("UPDATE ops.device_health SET memory_version = 0, memory = 'x'")
    world.restart()
    assert len(world.stats) == 0


def test_each_worker_keeps_its_own_vehicles(world: World) -> None:
    ids = [world.vehicle(f"plough {i}") for i in range(5)]
    for vehicle_id in ids:
        world.hear(vehicle_id)
    n_odd = sum(vehicle_id % 2 for vehicle_id in ids)
    assert world.refresh(200, 1, 2) == n_odd
    assert {row.vehicle_id % 2 for row in world.rows().values()} == {1}
    world.restart(1, 2)
    assert world.stats.memory["vehicle"].tolist() == [one for one in ids if one % 2]
    world.restart(0, 2)
    assert len(world.stats) == 0


def test_a_machine_that_sends_ready_lines_alone_is_heard(world: World) -> None:
    one = world.vehicle("plough 1")
    world.run(
        "INSERT INTO raw.line (vehicle_id, at, content_key, batch_id, geom) SELECT %(vehicle_id)s, at, 1, 1, "
        "'SRID=4326;LINESTRING(136.6 36.5, 136.7 36.5)' FROM unnest(%(ats)s::timestamptz[]) AS at",
        Role.INGEST,
        vehicle_id=one,
        ats=[T0 - seconds(60), T0, T0 + seconds(3600)],
    )
    assert world.refresh(10) == 1
    row = world.rows()["plough 1"]
    assert (row.last_fix_at, row.last_received_at, row.reasons) == (T0, None, [])
    world.refresh(1801)
    assert world.rows()["plough 1"].reasons == [DeviceReason.SILENT]
    world.refresh(3601)
    assert world.rows()["plough 1"].reasons == []


def test_an_assigned_machine_is_silent_only_while_somebody_is_called_out(world: World) -> None:
    one = world.vehicle("plough 1")
    world.hear(one)
    world.assign(one)
    world.refresh(6 * 3600)
    assert world.rows()["plough 1"].reasons == []
    open_event(world.database, EventKind.STORM, "大雪", T0 - seconds(60))
    world.refresh(6 * 3600)
    assert world.rows()["plough 1"].reasons == [DeviceReason.SILENT]
    assert world.rows()["plough 1"].is_called_out


def test_a_machine_at_its_depot_rests(world: World) -> None:
    one = world.vehicle("plough 1")
    world.hear(one)
    world.refresh(3000)
    assert world.rows()["plough 1"].reasons == [DeviceReason.SILENT]
    world.say(one, T0 + seconds(190), is_shift_over=True)
    world.refresh(3000)
    assert world.rows()["plough 1"].reasons == []


def test_the_table_allows_the_words_of_the_list_and_no_other(world: World) -> None:
    rows = world.run(
        "SELECT pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint "
        "WHERE conrelid = 'ops.device_health'::regclass AND contype = 'c'",
        Role.OWNER,
    )
    assert set(re.findall(r"'(\w+)'", rows[0][0])) == {word.value for word in DeviceReason}
    world.vehicle("plough 1")
    world.refresh(0)
    with pytest.raises(psycopg.errors.CheckViolation):
        world.run("UPDATE ops.device_health SET reasons = ARRAY['sleepy']")


def test_two_thousand_devices_are_written_in_one_statement(world: World, give_fixes: Callable[..., int]) -> None:
    give_fixes("plough", [(T0, 0, 0)])
    world.run(
        "INSERT INTO raw.vehicle (source_id, external_id) SELECT 1, 'p' || i FROM generate_series(1, 2000) AS i",
        Role.INGEST,
    )
    ids = np.array([row[0] for row in world.run("SELECT vehicle_id FROM raw.vehicle ORDER BY 1")])
    world.stats = DeviceStats(blank(ids))
    assert world.refresh(0) == 2001
    assert world.refresh(0) == 0


def test_a_beat_takes_the_place_of_the_last_one_and_old_workers_go(world: World) -> None:
    with world.database.connect(Role.ENGINE) as connection:
        beat(connection, Beat("1/2", T0, 5, 100, 0, 0.2), T0)
        beat(connection, Beat("0/2", T0, 1), T0)
        beat(connection, Beat("0/2", T0, 2, 7, 1, 0.5), T0 + seconds(5))
    rows = "SELECT worker, n_rounds, n_fixes, n_failures, round_s, beat_at FROM ops.worker_beat ORDER BY 1"
    assert world.run(rows) == [("0/2", 2, 7, 1, 0.5, T0 + seconds(5)), ("1/2", 5, 100, 0, pytest.approx(0.2), T0)]
    with world.database.connect(Role.ENGINE) as connection:
        beat(connection, Beat("0", T0), T0 + timedelta(days=1, seconds=3))
    assert [row[0] for row in world.run(rows)] == ["0", "0/2"]

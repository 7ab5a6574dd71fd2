"""Status of any past moment from volumes of facts: the same in every field as from all facts."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.history_town import Town, make_town
from benchmarks.history_world import fill
from geo.db import Database, Role
from geo.settings import Settings
from geo.store import history_volumes
from geo.store.history import open_history, status_at
from geo.store.history_facts import History
from geo.store.history_volumes import read_index
from geo.store.status import StatusAt, read_status

STORMS = [datetime(2025, 12, 1, 12, tzinfo=UTC) + i * timedelta(days=5) for i in range(4)]
HOUR = timedelta(hours=1)


def assert_same(found: StatusAt, expected: StatusAt) -> None:
    """Equal in every field that does not name positions in the facts that were read."""
    assert (found.event, found.moment) == (expected.event, expected.moment)
    for field in dataclasses.fields(expected.status):
        x, y = getattr(found.status, field.name), getattr(expected.status, field.name)
        np.testing.assert_array_equal(x, y, err_msg=field.name)
    np.testing.assert_array_equal(found.coverage.fraction, expected.coverage.fraction)
    for name in ("group", "from_m", "to_m"):
        np.testing.assert_array_equal(getattr(found.coverage.covered, name), getattr(expected.coverage.covered, name))


@dataclasses.dataclass
class World:
    database: Database
    town: Town
    settings: Settings
    history: History

    def compare(self, as_of: datetime, known_at: datetime | None = None) -> StatusAt:
        """status_at, once it equals read_status."""
        with self.database.connect(Role.ENGINE) as connection:
            found = status_at(connection, self.town.network, self.settings, as_of, known_at, self.history)
            assert_same(found, read_status(connection, self.town.network, self.settings.states, as_of, known_at))
        return found


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A season in small: 800 edges, 4 storms, 12,000 passes, a good many volumes."""
    monkeypatch.setattr(history_volumes, "FACTS_OF_A_VOLUME", 700)
    town = make_town(800)
    fill(database, town, STORMS, 12_000)
    with database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE net.piece SET lanes = 4 WHERE piece_id % 7 = 0")
        connection.execute("UPDATE net.piece SET width_m = 3.5 WHERE piece_id % 7 = 1")
        connection.execute("UPDATE ops.pass SET is_synthetic = edge_id % 3 = 0")
    settings = Settings(home=tmp_path)
    made = World(database, town, settings, open_history(settings))
    with database.connect(Role.ENGINE) as connection:
        made.history.prepare(connection)
    made.history.most_news = 0
    return made


def test_every_field_is_that_of_all_facts_at_random_moments(world: World) -> None:
    index = read_index(world.history.folder)
    assert index is not None
    assert len(index.entries) > 5
    rng = np.random.default_rng(3)
    seen: set[bytes] = set()
    for _ in range(25):
        as_of = STORMS[0] + timedelta(hours=float(rng.uniform(-5, 20 * 24)))
        known_at = None if rng.random() < 0.4 else as_of + timedelta(hours=float(rng.uniform(-2, 60)))
        seen.add(world.compare(as_of, known_at).status.state.tobytes())
    for start in STORMS:
        for hours in (0.5, 3.0, 11.9, 20.0, 90.0):
            seen.add(world.compare(start + hours * HOUR).status.state.tobytes())
    assert len(seen) >= 15


def test_few_of_the_facts_are_read_when_there_is_a_season_of_them(world: World, monkeypatch: Any) -> None:
    read: list[int] = []
    taken = History._needed

    def counted(self: History, *args: Any) -> Any:
        rows = taken(self, *args)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(History, "_needed", counted)
    world.compare(STORMS[-1] + 100 * HOUR)
    with world.database.connect(Role.ENGINE) as connection:
        n = connection.execute("SELECT count(*) FROM ops.pass").fetchone()
    assert n is not None
    assert 0 < read[0] < 0.5 * n[0]


def test_the_volumes_are_the_database_and_a_difference_is_found(world: World) -> None:
    with world.database.connect(Role.ENGINE) as connection:
        assert world.history.check(connection) == 0
    with world.database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE ops.pass SET to_m = to_m - 0.5 WHERE pass_id IN (5, 900)")
        connection.execute("DELETE FROM ops.pass WHERE pass_id = 77")
    with world.database.connect(Role.ENGINE) as connection:
        assert world.history.check(connection) == 3


def test_what_came_in_since_is_read_with_the_volumes_and_goes_into_them(world: World) -> None:
    as_of, before = STORMS[1] + 11 * HOUR, datetime.now(UTC)
    old = world.compare(as_of)
    with world.database.connect(Role.OWNER) as connection:
        # a tenth of the traces of a storm is amended: superseded now, and written again a little shorter
        connection.execute(
            "WITH o AS (UPDATE ops.pass SET superseded_at = now() WHERE superseded_at IS NULL "
            "AND trace_id %% 10 = 3 AND during && tstzrange(%s, %s) RETURNING *) "
            "INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, "
            "work_basis, confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, "
            "is_provisional, is_synthetic) SELECT trace_id, seq + 100000, vehicle_id, edge_id, from_m, "
            "greatest(to_m * 0.9, from_m + 1), during, kind, status, treatment, work_basis, confidence, first_fix_at, "
            "last_fix_at, n_fixes, matcher_version, 1, false, is_synthetic FROM o",
            (STORMS[1], STORMS[2]),
        )
    new = world.compare(as_of)
    assert not np.array_equal(old.status.covered_fraction, new.status.covered_fraction)
    again = world.compare(as_of, before)
    np.testing.assert_array_equal(old.status.covered_fraction, again.status.covered_fraction)
    with world.database.connect(Role.OWNER) as connection:
        # two minutes go by: what changed is settled
        for column in ("recorded_at", "superseded_at"):
            connection.execute(
                f"UPDATE ops.pass SET {column} = {column} - interval '2 minutes' WHERE {column} > %s",  # noqa: S608
                (before,),
            )
    with world.database.connect(Role.ENGINE) as connection:
        n_before = read_index(world.history.folder)
        index = world.history.prepare(connection)
        assert n_before is not None
        assert index.n_facts > n_before.n_facts
        assert world.history.check(connection) == 0
    world.compare(as_of)
    world.compare(as_of, before - timedelta(minutes=3))


def test_another_database_and_a_clock_set_back_make_the_volumes_anew(world: World) -> None:
    with world.database.connect(Role.OWNER) as connection:
        connection.execute("SELECT setval('ops.pass_pass_id_seq', 1000000)")
        connection.execute(
            "INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, "
            "work_basis, confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, "
            "is_provisional, is_synthetic, recorded_at) SELECT 1000000, 1, vehicle_id, edge_id, 0, 120, during, kind, "
            "status, treatment, work_basis, 1, first_fix_at, last_fix_at, n_fixes, matcher_version, 1, false, true, "
            "'2025-12-02T00:00Z' FROM ops.pass LIMIT 1"
        )
    world.compare(STORMS[0] + 11 * HOUR)
    with world.database.connect(Role.ENGINE) as connection:
        world.history.prepare(connection)
        assert world.history.check(connection) == 0
    index = read_index(world.history.folder)
    assert index is not None
    history_volumes.write_index(world.history.folder, dataclasses.replace(index, database_key="another"))
    world.compare(STORMS[0] + 11 * HOUR)


def test_an_open_transaction_keeps_its_facts_out_of_the_volumes(world: World) -> None:
    with world.database.connect(Role.ENGINE) as writer:
        writer.execute("UPDATE ops.pass SET superseded_at = now() WHERE pass_id < 200 AND superseded_at IS NULL")
        with world.database.connect(Role.ENGINE) as connection:
            row = writer.execute("SELECT now()").fetchone()
            assert row is not None
            index = world.history.prepare(connection)
            assert index.horizon_us < row[0].timestamp() * 1e6
            before = status_at(connection, world.town.network, world.settings, STORMS[0] + HOUR, None, world.history)
    after = world.compare(STORMS[0] + HOUR)
    assert not np.array_equal(before.status.covered_fraction, after.status.covered_fraction)

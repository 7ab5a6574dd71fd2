"""Status of any past moment from volumes of facts: the same in every field as from all facts, in whatever state they are."""

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

"""Late data change the past that they touch and nothing else, and say that they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.db import Database, Role
from geo.matching.candidates import GridIndex, build_index
from geo.network import Network
from geo.settings import NetworkSettings, Settings
from geo.store.amendments import Amendment, note, read_amendments
from geo.store.events import open_event
from geo.store.facts import match_new_fixes
from geo.store.history import status_at
from geo.store.network import refresh_network
from geo.store.status import StatusAt
from geo.vocabulary import AmendmentCause, EventKind

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOWN: dict[str, Any] = {name: [(x, 0), (x + 500, 0)] for name, x in zip("abcd", range(0, 2000, 500), strict=True)}
DOWN = {"blade": True}


@dataclass
class World:
    database: Database
    network: Network
    index: GridIndex
    settings: Settings

    def match(self) -> None:
        match_new_fixes(self.database, self.network, self.index, self.settings, at=T0 + 24 * HOUR)

    def at(self, as_of: datetime, known_at: datetime | None = None) -> StatusAt:
        with self.database.connect(Role.ENGINE) as connection:
            return status_at(connection, self.network, self.settings, as_of, known_at)

    def amendments(self) -> list[Amendment]:
        with self.database.connect(Role.ENGINE) as connection:
            return read_amendments(connection)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def names(self, edge_ids: Any) -> set[str]:
        known = {piece: name for name, piece in self.rows("SELECT external_id, piece_id FROM net.piece")}
        return {known[int(one) >> 1] + "><"[int(one) & 1] for one in edge_ids}


@pytest.fixture
def world(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> World:
    give_roads(TOWN)
    network = refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network
    return World(database, network, build_index(network), Settings(home=tmp_path))


def drive(start: datetime, x0: int, x1: int) -> list[tuple[Any, ...]]:
    """Fixes every 15 s at 5 m/s, 2 m beside the street."""
    return [(start + timedelta(seconds=(x - x0) / 5), x, 2.0, DOWN) for x in range(x0, x1 + 1, 75)]


def test_a_late_upload_changes_exactly_the_past_that_it_touches(world: World, give_fixes: Callable[..., int]) -> None:
    storm = open_event(world.database, EventKind.STORM, "大雪", T0 - HOUR).event_id
    give_fixes("plough 1", drive(T0, 0, 1050))
    world.match()
    known = world.rows("SELECT clock_timestamp()")[0][0]
    moments = [T0 + i * HOUR / 2 for i in range(-3, 60)]
    before = {as_of: world.at(as_of) for as_of in moments}
    n_before = len(world.amendments())

    late_at = T0 + 2 * HOUR
    give_fixes("plough 2", drive(late_at, 900, 2025))
    world.match()
    changed: set[datetime] = set()
    for as_of, old in before.items():
        new = world.at(as_of)
        differs = np.zeros(world.network.n_edges, np.bool_)
        for name in ("state", "reason", "cleared_us", "valid_until_us", "observed_us", "covered_fraction"):
            differs |= getattr(new.status, name) != getattr(old.status, name)
        touched = world.names(world.network.edge_id[differs])
        assert touched <= {"b>", "c>", "d>"}
        if as_of < late_at:
            assert touched == set()
            assert new.amended_at == old.amended_at
        if touched:
            changed.add(as_of)
            assert new.amended_at is not None
            assert new.amended_at > known
        again = world.at(as_of, known)
        for name in ("state", "reason", "cleared_us", "valid_until_us", "observed_us", "covered_fraction"):
            np.testing.assert_array_equal(getattr(again.status, name), getattr(old.status, name))
        assert again.amended_at == old.amended_at
    assert changed == {as_of for as_of in moments if as_of > late_at}

    (one,) = world.amendments()[:-n_before]
    assert one.cause is AmendmentCause.LATE_DATA
    assert one.event_ids == (storm,)
    assert late_at <= one.from_at < one.to_at <= late_at + timedelta(seconds=225)
    assert (one.n_edges, one.n_passes_superseded) == (3, 0)
    assert one.n_passes_written == world.rows("SELECT count(*) FROM ops.pass WHERE vehicle_id = 2")[0][0]


def test_facts_of_the_present_amend_nothing(world: World, give_fixes: Callable[..., int]) -> None:
    now = datetime.now(UTC)
    give_fixes("plough 1", drive(now - timedelta(minutes=50), 0, 1050))
    match_new_fixes(world.database, world.network, world.index, world.settings, at=now)
    assert world.rows("SELECT count(*) > 0 FROM ops.pass") == [(True,)]
    assert world.amendments() == []


def write(world: World, trace: int, *, version: int = 1, provisional: bool = False, **changes: Any) -> int:
    """A fact of a trace, ended two hours before now unless `ago` says otherwise; its id."""
    row = {"seq": 1, "to_m": 100.0, "matcher": "m", "ago": 2.0, "superseded": False} | changes
    with world.database.connect(Role.OWNER) as connection:
        if version > 1:
            connection.execute(
                "INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic) "
                "VALUES ('', 6675, 1, 1, '', true)"
            )
        found = connection.execute(
            "INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, work_basis, "
            "confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional, "
            "is_synthetic, superseded_at) SELECT %(trace)s, %(seq)s, 1, 2, 0, %(to_m)s, "
            "tstzrange(at - interval '1 min', at, '[]'), 'pass', 'matched', 'sensed', 0.9, at, at, 2, "
            "%(matcher)s, %(version)s, %(provisional)s, false, "
            "CASE WHEN %(superseded)s THEN now() END "
            "FROM (SELECT date_trunc('hour', now()) - %(ago)s * interval '1 h') AS t (at) RETURNING pass_id",
            row | {"trace": trace, "version": version, "provisional": provisional},
        ).fetchone()
    assert found is not None
    return int(found[0])


def causes(world: World, written: list[int], ended: list[int]) -> list[tuple[str, int, int]]:
    """What is noted of facts: cause, passes written and superseded."""
    with world.database.connect(Role.ENGINE) as connection:
        note(connection, np.array(written), np.array(ended), T0, HOUR)
    return [(str(one.cause), one.n_passes_written, one.n_passes_superseded) for one in world.amendments()]


def test_a_trace_that_only_stops_being_provisional_amends_nothing(world: World) -> None:
    old = write(world, 1, provisional=True, superseded=True)
    assert causes(world, [write(world, 1)], [old]) == []


def test_a_closed_trace_that_comes_out_otherwise_is_told_from_late_data(world: World) -> None:
    old = write(world, 1, provisional=True, superseded=True)
    late, present = write(world, 2), write(world, 3, ago=-1.0)
    closed = write(world, 1, to_m=90.0)
    assert sorted(causes(world, [closed, late, present], [old])) == [("closed_trace", 1, 1), ("late_data", 1, 0)]


def test_another_network_and_another_matcher_are_told_apart(world: World) -> None:
    old = [write(world, trace, superseded=True) for trace in (1, 2)]
    new = [write(world, 1, version=2, to_m=90.0), write(world, 2, matcher="n", to_m=80.0)]
    assert sorted(causes(world, new, old)) == [("correction", 1, 1), ("network", 1, 1)]


def test_late_is_what_the_settings_say(world: World) -> None:
    written = write(world, 1)
    with world.database.connect(Role.ENGINE) as connection:
        note(connection, np.array([written]), np.array([], np.int64), T0, timedelta(hours=5))
    assert world.amendments() == []

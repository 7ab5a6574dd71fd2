"""States and coverage in ops on a real PostGIS: relative to events, only changed rows, any past moment, lineage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.db import Database, Role
from geo.errors import ConflictError, InputError, NotFoundError
from geo.matching.candidates import GridIndex, build_index
from geo.network import Network
from geo.settings import NetworkSettings, Settings
from geo.status import REASONS, STATES
from geo.store.events import close_event, current_event, open_event
from geo.store.facts import match_new_fixes
from geo.store.network import refresh_network
from geo.store.status import StatusReport, read_status, refresh_status
from geo.vocabulary import EventKind

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
STORM_AT = T0 - timedelta(hours=2)
TOWN: dict[str, Any] = {
    "a": [(0, 0), (500, 0)],
    "b": [(500, 0), (1000, 0)],
    "c": [(1000, 0), (1500, 0)],
    "d": [(1500, 0), (2000, 0)],
}
DOWN, UP = {"blade": True}, {"blade": False}


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


@dataclass
class World:
    database: Database
    network: Network
    index: GridIndex

    def cover(self, as_of: datetime) -> StatusReport:
        match_new_fixes(self.database, self.network, self.index, Settings(), at=as_of + hours(24))
        return refresh_status(self.database, self.network, Settings().states, as_of)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def states(self) -> dict[str, tuple[str, str]]:
        """Road name and direction → state and reason, of the rows that hold."""
        found = self.rows(
            "SELECT p.external_id || CASE s.edge_id & 1 WHEN 0 THEN '>' ELSE '<' END, s.state, s.reason "
            "FROM ops.edge_status AS s JOIN net.piece AS p ON p.piece_id = s.edge_id >> 1 "
            "WHERE s.superseded_at IS NULL ORDER BY 1"
        )
        return {row[0]: (row[1], row[2]) for row in found}

    def edge(self, name: str) -> int:
        pieces = dict(self.rows("SELECT external_id, piece_id FROM net.piece WHERE last_version IS NULL"))
        return int(pieces[name[0]]) * 2 + (name[1] == "<")

    def live(self, edge_id: int, columns: str) -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT {columns} FROM ops.edge_status WHERE superseded_at IS NULL AND edge_id = {edge_id}")  # noqa: S608

    def plan(self, names: str, vehicle_id: int | None, route_id: str = "1", share: float = 1.0) -> None:
        """Put roads, both directions, on a route with one machine."""
        with self.database.connect(Role.ENGINE) as connection:
            connection.execute(
                "INSERT INTO net.plough_route (route_id, name, route_class, manager, planned_m, laid_m, is_synthetic) "
                "VALUES (%s, 'r', '1', 'prefecture', 1, 1, false)",
                (route_id,),
            )
            for edge in (self.edge(name + way) for name in names for way in "><"):
                connection.execute(
                    "INSERT INTO net.plan_edge (network_version, route_id, edge_id, from_m, to_m) "
                    "VALUES (%s, %s, %s, 0, (SELECT length_m * %s FROM net.piece WHERE piece_id = %s))",
                    (self.network.version, route_id, edge, share, edge >> 1),
                )
            connection.execute(
                "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) "
                "VALUES (%s, 'c', 'm', %s, '[2026-01-19, 2026-01-23)', false)",
                (route_id, vehicle_id),
            )


@pytest.fixture
def world(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> World:
    give_roads(TOWN)
    network = refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network
    return World(database, network, build_index(network))


@pytest.fixture
def storm(database: Database) -> int:
    return open_event(database, EventKind.STORM, "大雪", STORM_AT).event_id


def drive(start: datetime, x0: float, x1: float, flags: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Fixes along the main street every 75 m at 5 m/s, 2 m beside it, the last one at x1."""
    way = 1 if x1 > x0 else -1
    metres = [*range(0, int(abs(x1 - x0)), 75), abs(x1 - x0)]
    return [(start + timedelta(seconds=m / 5), x0 + way * m, 2.0, flags) for m in metres]


def test_a_storm_from_uncleared_to_cleared_to_expired(world: World, storm: int, give_fixes: Callable[..., int]) -> None:
    vehicle = give_fixes("plough 1", drive(T0 - hours(1), 0, 150, UP))
    world.plan("abc", vehicle)
    report = world.cover(T0 - timedelta(minutes=55))
    assert report.event.event_id == storm
    assert world.states() == {name + way: ("uncleared", "none") for name in "abc" for way in "><"}
    assert report.n_edges == {"cleared": 0, "clearing": 0, "uncleared": 6, "unknown": 2}

    give_fixes("plough 1", drive(T0, 0, 1275, DOWN))
    world.cover(T0 + timedelta(minutes=10))
    back = {name + "<": ("uncleared", "none") for name in "abc"}
    cleared = ("cleared", "none")
    assert world.states() == back | {"a>": cleared, "b>": cleared, "c>": ("clearing", "none")}
    row = world.live(
        world.edge("a>"),
        "state, cleared_at, valid_until, observed_at, covered_fraction, work_basis, confidence > 0.5, source, "
        "event_id, network_version, is_synthetic, treatment, snow_cell",
    )[0]
    end = row[1]
    assert abs(end - (T0 + timedelta(seconds=100))) < timedelta(seconds=2)
    assert row[:6] == ("cleared", end, end + hours(24), end, 1.0, "sensed")
    assert row[6:] == (True, "gps", storm, world.network.version, False, None, None)

    world.cover(T0 + hours(2))
    assert world.states() == {name + way: ("unknown", "silent") for name in "abc" for way in "><"} | {
        "a>": cleared,
        "b>": cleared,
    }
    world.cover(T0 + hours(24.2))
    assert world.states()["a>"] == world.states()["b>"] == ("unknown", "expired")
    kept = world.live(world.edge("a>"), "cleared_at, valid_until")
    assert kept == [(end, end + hours(24))]


def test_coverage_is_stored_exact_to_the_metre_and_by_event(
    world: World, storm: int, give_fixes: Callable[..., int]
) -> None:
    give_fixes("plough 1", drive(T0, 750, 1275, DOWN))
    world.cover(T0 + hours(1))
    found = world.rows(
        "SELECT p.external_id, c.event_id, round(lower(c.covered)), round(upper(c.covered)), c.covered_fraction "
        "FROM ops.coverage AS c JOIN net.piece AS p ON p.piece_id = c.edge_id >> 1 ORDER BY 1"
    )
    assert [row[:2] for row in found] == [("b", storm), ("c", storm)]
    assert [float(value) for value in found[0][2:]] == pytest.approx([250, 500, 0.5], abs=2)
    assert [float(value) for value in found[1][2:]] == pytest.approx([0, 275, 0.55], abs=2)


def test_a_run_without_news_changes_no_row(world: World, storm: int, give_fixes: Callable[..., int]) -> None:
    world.plan("abcd", give_fixes("plough 1", drive(T0, 0, 1275, DOWN)))
    world.cover(T0 + hours(0.2))
    before = world.rows("SELECT * FROM ops.edge_status ORDER BY edge_id"), world.rows("SELECT * FROM ops.coverage")
    report = world.cover(T0 + hours(0.2))
    assert (report.n_changed, report.n_coverage_changed) == (0, 0)
    assert world.rows("SELECT count(*) FROM ops.cover_run") == [(1,)]
    report = world.cover(T0 + hours(0.3))
    assert (report.n_changed, report.n_coverage_changed) == (0, 0)
    assert world.rows("SELECT max(as_of) FROM ops.cover_run") == [(T0 + hours(0.3),)]
    after = world.rows("SELECT * FROM ops.edge_status ORDER BY edge_id"), world.rows("SELECT * FROM ops.coverage")
    assert before == after


def test_only_rows_that_changed_are_written(world: World, storm: int, give_fixes: Callable[..., int]) -> None:
    vehicle = give_fixes("plough 1", drive(T0, 0, 450, DOWN))
    world.plan("abcd", vehicle)
    world.cover(T0 + hours(0.1))
    give_fixes("plough 1", drive(T0 + timedelta(seconds=105), 525, 975, DOWN))
    report = world.cover(T0 + hours(0.1))
    assert 1 <= report.n_changed <= 2
    assert world.rows("SELECT count(*) FROM ops.edge_status WHERE superseded_at IS NOT NULL")[0][0] == report.n_changed


def test_without_an_event_nothing_is_uncleared_and_quiet_streets_need_no_row(
    world: World, give_fixes: Callable[..., int]
) -> None:
    world.plan("abc", give_fixes("plough 1", drive(T0, 0, 1000, DOWN) + drive(T0 + hours(0.1), 1000, 1500, UP)))
    report = world.cover(T0 + hours(0.2))
    assert report.event.kind is EventKind.STANDING
    assert world.states() == {"a>": ("cleared", "none"), "b>": ("cleared", "none"), "c>": ("unknown", "no_event")}


def test_reasons_follow_plan_device_and_silence(world: World, storm: int, give_fixes: Callable[..., int]) -> None:
    heard = give_fixes("heard", drive(T0, 0, 150, UP))
    silent = give_fixes("silent", drive(T0 - hours(0.9), 500, 650, UP))
    world.plan("a", heard, "1")
    world.plan("b", silent, "2")
    world.plan("c", None, "3")
    world.plan("d", heard, "4", share=0.4)
    world.cover(T0 + hours(0.2))
    states = world.states()
    assert states["a<"] == ("uncleared", "none")
    assert states["b<"] == ("unknown", "silent")
    assert states["c<"] == ("unknown", "no_device")
    assert "d<" not in states


def test_of_two_machines_on_a_route_both_have_to_be_seen(
    world: World, storm: int, give_fixes: Callable[..., int]
) -> None:
    heard = give_fixes("heard", drive(T0, 0, 150, UP))
    also_heard = give_fixes("also heard", drive(T0, 150, 300, UP))
    silent = give_fixes("silent", drive(T0 - hours(0.9), 500, 650, UP))
    for name, second in (("a", also_heard), ("b", silent), ("c", None)):
        world.plan(name, heard, name)
        with world.database.connect(Role.ENGINE) as connection:
            connection.execute(
                "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) "
                "VALUES (%s, 'c', 'm2', %s, '[2026-01-19, 2026-01-23)', false)",
                (name, second),
            )
    world.cover(T0 + hours(0.2))
    states = world.states()
    assert (states["a<"], states["b<"], states["c<"]) == (
        ("uncleared", "none"),
        ("unknown", "silent"),
        ("unknown", "no_device"),
    )


def test_unmatched_fixes_of_the_assigned_machine_make_unmatched(
    world: World, storm: int, give_fixes: Callable[..., int]
) -> None:
    # first on the road, then 55 m beside it for a while: no road explains that within the widest search of a matcher
    field = [(T0 + timedelta(seconds=15 * i), 600 + 60 * i, 500.0, DOWN) for i in range(6)]
    vehicle = give_fixes("lost", field)
    world.plan("abcd", vehicle)
    match_new_fixes(world.database, world.network, world.index, Settings(), at=T0 + hours(24))
    with world.database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE ops.unmatched SET geom = ST_Translate(geom, 0, -455.0 / 110950)")
    world.cover(T0 + hours(0.2))
    assert world.states()["b>"] == world.states()["b<"] == ("unknown", "unmatched")
    assert world.states()["d>"] == ("uncleared", "none")


def test_closing_the_storm_keeps_what_was_cleared_and_drops_the_rest(
    world: World, storm: int, give_fixes: Callable[..., int]
) -> None:
    world.plan("abcd", give_fixes("plough 1", drive(T0, 0, 1000, DOWN)))
    world.cover(T0 + hours(0.2))
    close_event(world.database, storm, T0 + hours(0.3))
    report = world.cover(T0 + hours(0.4))
    assert report.event.kind is EventKind.STANDING
    assert world.states() == {"a>": ("cleared", "none"), "b>": ("cleared", "none")}
    assert world.rows("SELECT event_id FROM ops.coverage WHERE superseded_at IS NULL").count((storm,)) == 2


def test_a_new_storm_makes_earlier_work_count_no_more(world: World, give_fixes: Callable[..., int]) -> None:
    world.plan("ab", give_fixes("plough 1", drive(T0, 0, 1000, DOWN)))
    world.cover(T0 + hours(0.1))
    assert world.states()["a>"] == ("cleared", "none")
    open_event(world.database, EventKind.CALLOUT, "出動", T0 + hours(0.15))
    world.cover(T0 + hours(0.2))
    assert world.states() == {name + way: ("uncleared", "none") for name in "ab" for way in "><"}


def test_the_past_can_be_asked_as_it_was_and_as_it_was_known(
    world: World, storm: int, give_fixes: Callable[..., int]
) -> None:
    world.plan("abcd", give_fixes("plough 1", drive(T0, 0, 500, DOWN)))
    world.cover(T0 + hours(0.2))
    known = datetime.now(UTC)
    give_fixes("plough 1", drive(T0 + timedelta(seconds=105), 525, 1000, DOWN))
    world.cover(T0 + hours(5))
    before = world.rows("SELECT count(*) FROM ops.edge_status")

    def state(name: str, as_of: datetime, known_at: datetime | None = None) -> tuple[str, str]:
        with world.database.connect(Role.ENGINE) as connection:
            found = read_status(connection, world.network, Settings().states, as_of, known_at).status
        at = world.network.edge_id.tolist().index(world.edge(name))
        return str(STATES[found.state[at]]), str(REASONS[found.reason[at]])

    assert state("b>", T0 + hours(0.2)) == ("cleared", "none")
    assert state("b>", T0 + hours(0.2), known)[0] in ("uncleared", "clearing")
    assert state("a>", T0 + timedelta(seconds=50)) == ("uncleared", "none")
    assert state("a>", T0 + hours(0.2), known) == ("cleared", "none")
    assert state("a>", T0 - hours(1)) == ("unknown", "silent")
    assert world.rows("SELECT count(*) FROM ops.edge_status") == before


def test_facts_on_roads_that_were_changed_follow_the_lineage(
    world: World, storm: int, give_roads: Callable[..., int], give_fixes: Callable[..., int], tmp_path: Path
) -> None:
    give_fixes("plough 1", drive(T0, 0, 1000, DOWN))
    world.cover(T0 + hours(0.2))
    old = world.edge("a>")
    facts = world.rows("SELECT * FROM ops.pass ORDER BY pass_id")
    changed = {"x": [(0, 0), (300, 0)], "y": [(500, 0), (300, 0)], **{name: TOWN[name] for name in "bcd"}}
    give_roads(changed)
    world.network = refresh_network(world.database, tmp_path, NetworkSettings(), lambda done, total: None).network
    world.index = build_index(world.network)
    world.cover(T0 + hours(0.2))
    states = world.states()
    assert {name for name, state in states.items() if state == ("cleared", "none")} == {"x>", "y<", "b>"}
    assert world.rows("SELECT * FROM ops.pass ORDER BY pass_id") == facts
    assert world.live(old, "edge_id") == []


def test_events_refuse_what_cannot_be(world: World, storm: int) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        open_event(world.database, EventKind.STANDING, "x", T0)
    with pytest.raises(InputError, match="time zone"):
        open_event(world.database, EventKind.STORM, "x", datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(NotFoundError, match="999"):
        close_event(world.database, 999, T0)
    with pytest.raises(ConflictError, match="not before"):
        close_event(world.database, storm, STORM_AT)
    standing = world.rows("SELECT event_id FROM ops.event WHERE kind = 'standing'")[0][0]
    with pytest.raises(ConflictError, match="standing watch"):
        close_event(world.database, standing, T0)
    close_event(world.database, storm, T0)
    with pytest.raises(ConflictError, match="is closed since"):
        close_event(world.database, storm, T0 + hours(1))


def test_the_newest_open_event_holds(world: World, storm: int) -> None:
    later = open_event(world.database, EventKind.CALLOUT, "出動", T0).event_id
    with world.database.connect(Role.ENGINE) as connection:
        assert current_event(connection, T0 - hours(1)).event_id == storm
        assert current_event(connection, T0).event_id == later
        assert current_event(connection, STORM_AT - hours(1)).is_standing
        with pytest.raises(NotFoundError):
            current_event(connection, datetime(1969, 1, 1, tzinfo=UTC))

"""Orders from raw to ops on a real PostGIS: laid, ended, carried over, as known at any moment; states under them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from geo.db import Database, Role
from geo.matching.candidates import build_index
from geo.network import Network
from geo.orders import RESTRICTIONS, Orders
from geo.settings import NetworkSettings, Settings
from geo.status import REASONS, STATES
from geo.store.events import open_event
from geo.store.network import refresh_network
from geo.store.orders import read_orders
from geo.store.orders_stage import LiveOrders, OrderStage, OrdersTurn
from geo.store.status import read_status, refresh_status
from geo.vocabulary import EventKind
from ingest.order_entry import read_order
from ingest.order_roads import Author
from ingest.orders import change_order, end_order, place_order
from tests.geo.store.conftest import lonlat

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
ZONE = "Asia/Tokyo"
TOWN: dict[str, Any] = {
    "a": ([(0, 0), (500, 0)], {"manager": "prefecture", "route": "県道1号"}),
    "b": ([(500, 0), (1000, 0)], {"manager": "prefecture", "route": "県道1号"}),
    "c": ([(1000, 0), (1000, 400)], {"manager": "municipality"}),
    "d": ([(500, 0), (500, 300)], {"manager": "municipality"}),
}
CLOSED = RESTRICTIONS.index("closed")  # type: ignore[arg-type]


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def at(x_m: float, y_m: float) -> list[float]:
    return list(lonlat(x_m, y_m))


@dataclass
class World:
    database: Database
    networks: Path
    network: Network

    def again(self) -> None:
        self.network = refresh_network(self.database, self.networks, NetworkSettings(), lambda done, of: None).network

    def stage(self) -> OrderStage:
        return OrderStage(self.network, partial(build_index, self.network))

    def lay(self) -> OrdersTurn:
        with self.database.connect(Role.ENGINE) as connection:
            return self.stage().refresh(connection)

    def order(self, now: datetime = T0, author: Author | None = None, **given: Any) -> int:
        said = {"kind": "restriction", "restriction": "closed", "reason": "雪崩"} | given
        if said["kind"] != "restriction":
            del said["restriction"]
        with self.database.connect(Role.INGEST) as connection:
            order = read_order(said, now, ZONE, may_be_over=True)
            return place_order(connection, author or Author("tester"), order).order_id

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def held(self) -> dict[str, list[tuple[float, float]]]:
        """Road and direction → stretches that orders hold now."""
        found: dict[str, list[tuple[float, float]]] = {}
        for name, side, low, high in self.rows(
            "SELECT p.external_id, h.edge_id & 1, h.from_m, h.to_m FROM ops.order_edge AS h "
            "JOIN net.piece AS p ON p.piece_id = h.edge_id >> 1 WHERE h.superseded_at IS NULL ORDER BY 1, 2, 3"
        ):
            found.setdefault(name + "><"[side], []).append((round(low), round(high)))
        return found

    def orders(self, as_of: datetime, known_at: datetime | None = None) -> Orders:
        with self.database.connect(Role.ENGINE) as connection:
            return read_orders(connection, self.network, as_of, known_at)

    def name(self, positions: Any) -> set[str]:
        """Roads of edges by position."""
        ids = self.network.piece_id[np.unique(np.asarray(positions) >> 1)].tolist()
        rows = self.rows("SELECT piece_id, external_id FROM net.piece")
        return {name for piece, name in rows if piece in ids}

    def closed(self, as_of: datetime, known_at: datetime | None = None) -> set[str]:
        return self.name(np.flatnonzero(self.orders(as_of, known_at).is_closed))

    def states(self, as_of: datetime) -> dict[str, tuple[str, str]]:
        with self.database.connect(Role.ENGINE) as connection:
            found = read_status(connection, self.network, Settings().states, as_of).status
        names = {p: self.name([p]).pop() + "><"[p & 1] for p in range(self.network.n_edges)}
        words = zip(found.state.tolist(), found.reason.tolist(), strict=True)
        return {names[p]: (str(STATES[s]), str(REASONS[r])) for p, (s, r) in enumerate(words)}


@pytest.fixture
def world(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> World:
    give_roads(TOWN)
    made = World(database, tmp_path, refresh_network(database, tmp_path, NetworkSettings(), lambda *_: None).network)
    open_event(database, EventKind.STORM, "storm", T0 - hours(2))
    return made


def test_two_taps_close_the_road_between_them_in_both_directions(world: World) -> None:
    world.order(between=[at(200, 3), at(700, -4)])
    turn = world.lay()
    assert turn.n_laid == 1
    assert turn.misfits == ()
    assert world.held() == {
        "a>": [(200, 500)], "a<": [(200, 500)], "b>": [(0, 200)], "b<": [(0, 200)]
    }  # fmt: skip
    assert world.closed(T0) == {"a", "b"}
    assert world.closed(T0 - timedelta(seconds=1)) == set()
    assert world.rows("SELECT planned_m, laid_m FROM ops.road_order")[0] == pytest.approx((500, 500), abs=1)
    assert set(world.rows("SELECT edge_ids FROM ops.touch")[0][0]) == set(turn.edge_ids.tolist())


def test_the_same_again_changes_nothing(world: World) -> None:
    world.order(between=[at(200, 0), at(700, 0)])
    world.lay()
    before = world.rows("TABLE ops.order_edge") + world.rows("TABLE ops.road_order")
    assert world.lay().n_laid == 0
    assert world.rows("TABLE ops.order_edge") + world.rows("TABLE ops.road_order") == before


def test_a_line_in_one_direction_holds_that_alone(world: World) -> None:
    world.order(direction="drawn", geometry={"type": "LineString", "coordinates": [at(990, 0), at(20, 1)]})
    world.lay()
    assert set(world.held()) == {"a<", "b<"}


def test_an_area_closes_the_roads_inside(world: World) -> None:
    ring = [at(400, -50), at(600, -50), at(600, 350), at(400, 350), at(400, -50)]
    world.order(geometry={"type": "Polygon", "coordinates": [ring]})
    world.lay()
    assert world.held()["d>"] == [(0, 300)]
    assert world.held()["a>"] == [(400, 500)]


def test_a_stop_in_an_area_takes_whole_edges_and_touches_no_state(world: World) -> None:
    ring = [at(400, -50), at(600, -50), at(600, 50), at(400, 50), at(400, -50)]
    world.order(kind="publication_stop", geometry={"type": "Polygon", "coordinates": [ring]})
    turn = world.lay()
    assert world.held()["a>"] == [(0, 500)]
    assert len(turn.edge_ids) == 0
    assert world.closed(T0) == set()


def test_edges_by_id_hold_as_named(world: World) -> None:
    piece = {name: p for p, name in world.rows("SELECT piece_id, external_id FROM net.piece")}
    world.order(edges=[2 * piece["a"], {"edge_id": 2 * piece["b"] + 1, "from_m": 100, "to_m": 300}])
    world.lay()
    assert world.held() == {"a>": [(0, 500)], "b<": [(100, 300)]}


def test_a_point_holds_the_road_that_it_lies_at(world: World) -> None:
    world.order(geometry={"type": "Point", "coordinates": at(1005, 200)})
    world.lay()
    assert world.held() == {"c>": [(0, 400)], "c<": [(0, 400)]}


def test_what_is_drawn_beside_every_road_is_said_and_kept(world: World) -> None:
    order_id = world.order(geometry={"type": "LineString", "coordinates": [at(0, 5000), at(900, 5000)]})
    turn = world.lay()
    assert world.held() == {}
    assert turn.misfits[0][0] == order_id
    misfit, laid_m, geom = world.rows("SELECT misfit, laid_m, ST_AsText(geom) FROM ops.road_order")[0]
    assert "900 m are drawn where the network has no road" in misfit
    assert laid_m == 0
    assert geom.startswith("LINESTRING")


def test_roads_of_others_are_left_out_and_said(world: World) -> None:
    author = Author("県", None, "prefecture")
    world.order(author=author, between=[at(200, 0), at(1000, 300)])
    turn = world.lay()
    assert set(world.held()) == {"a>", "a<", "b>", "b<"}
    assert "roads of others (municipality)" in turn.misfits[0][1]


def test_an_end_ends_it_and_the_past_stays(world: World) -> None:
    order_id = world.order(between=[at(200, 0), at(700, 0)])
    world.lay()
    known_before = world.rows("SELECT clock_timestamp()")[0][0]
    with world.database.connect(Role.INGEST) as connection:
        end_order(connection, Author("tester"), order_id, {"reason": "解除"}, T0 + hours(2), ZONE)
    world.lay()
    assert world.closed(T0 + hours(1)) == {"a", "b"}
    assert world.closed(T0 + hours(2)) == set()
    assert world.closed(T0 + hours(2), known_before) == {"a", "b"}
    assert world.rows("SELECT reason FROM ops.road_order WHERE superseded_at IS NULL") == [("雪崩",)]


def test_an_order_ended_before_it_begins_never_holds(world: World) -> None:
    order_id = world.order(between=[at(200, 0), at(700, 0)], begins_at=(T0 + hours(5)).isoformat())
    with world.database.connect(Role.INGEST) as connection:
        end_order(connection, Author("tester"), order_id, {"reason": "中止"}, T0, ZONE)
    world.lay()
    assert world.rows("SELECT isempty(during) FROM ops.road_order") == [(True,)]
    assert world.closed(T0 + hours(6)) == set()


def test_a_change_keeps_what_it_does_not_name(world: World) -> None:
    order_id = world.order(between=[at(200, 0), at(700, 0)])
    world.lay()
    with world.database.connect(Role.INGEST) as connection:
        given = {"ends_at": (T0 + hours(3)).isoformat()}
        change_order(connection, Author("tester"), order_id, given, T0 + hours(1), ZONE)
    world.lay()
    assert world.closed(T0 + hours(2.9)) == {"a", "b"}
    assert world.closed(T0 + hours(3)) == set()
    assert world.rows("SELECT count(*) FROM ops.road_order") == [(2,)]


def test_orders_go_on_on_a_changed_network(world: World, give_roads: Callable[..., int]) -> None:
    piece = {name: p for p, name in world.rows("SELECT piece_id, external_id FROM net.piece")}
    world.order(edges=[{"edge_id": 2 * piece["a"], "from_m": 100, "to_m": 400}])
    world.order(between=[at(550, 0), at(950, 0)])
    world.lay()
    known_before = world.rows("SELECT clock_timestamp()")[0][0]
    changed = TOWN | {"a": ([(0, 0), (250, 0)], TOWN["a"][1]), "a2": ([(250, 0), (500, 0)], TOWN["a"][1])}
    give_roads(changed | {"e": ([(250, 0), (250, 200)], {})}, mark="cut")
    world.again()
    # before it is laid anew, what was laid on the old edges is carried over, and so it is as known then
    assert world.closed(T0) == world.closed(T0, known_before) == {"a", "a2", "b"}
    assert world.lay().n_laid == 2
    assert world.held() == {"a>": [(100, 250)], "a2>": [(0, 150)], "b>": [(50, 450)], "b<": [(50, 450)]}
    assert world.closed(T0) == world.closed(T0, known_before) == {"a", "a2", "b"}


def test_a_closed_road_is_unknown_whatever_else_is_known(world: World) -> None:
    world.order(between=[at(520, 0), at(990, 0)], ends_at=(T0 + hours(1)).isoformat())
    world.lay()
    assert world.states(T0)["b>"] == world.states(T0)["b<"] == ("unknown", "closed")
    assert world.states(T0)["a>"][1] != "closed"
    assert world.states(T0 + hours(1))["b>"][1] != "closed"
    refresh_status(world.database, world.network, Settings().states, T0)
    assert {row[0] for row in world.rows("SELECT reason FROM ops.edge_status")} == {"closed"}


@pytest.mark.parametrize("state", ["cleared", "clearing", "uncleared", "unknown"])
def test_a_state_set_by_hand_holds_until_its_end(world: World, state: str) -> None:
    world.order(kind="correction", state=state, between=[at(0, 0), at(990, 0)], ends_at=(T0 + hours(1)).isoformat())
    world.lay()
    now = T0 + timedelta(minutes=1)
    assert world.states(now)["b>"][0] == state
    assert world.states(now)["c>"][0] == "unknown"
    refresh_status(world.database, world.network, Settings().states, now)
    assert world.rows("SELECT DISTINCT state, source FROM ops.edge_status") == [(state, "manager")]
    assert world.states(T0 + hours(2))["b>"] == world.states(T0 - hours(0.1))["b>"]


def test_orders_by_route_and_by_kilometre(world: World, give_plans: Callable[..., int]) -> None:
    with world.database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO net.plough_route (route_id, name, route_class, manager, planned_m, laid_m, is_synthetic) "
            "VALUES ('R1', 'R1', '第1種', 'prefecture', 500, 500, false)"
        )
        connection.execute(
            "INSERT INTO net.plan_edge SELECT %s, 'R1', NULL, 2 * piece_id, 0, length_m FROM net.piece "
            "WHERE external_id = 'c'",
            (world.network.version,),
        )
        connection.execute(
            "INSERT INTO net.kmpost SELECT %s, '県道1号', k.km, 2 * p.piece_id, k.at_m, 1, ST_StartPoint(p.geom) "
            "FROM (VALUES ('a', 0.0, 0.0), ('a', 0.3, 300.0), ('b', 0.6, 100.0), ('b', 0.9, 400.0)) "
            "AS k (road, km, at_m) "
            "JOIN net.piece AS p ON p.external_id = k.road",
            (world.network.version,),
        )
    world.order(route_id="R1")
    world.order(route="県道1号", from_km=0.4, to_km=0.5)
    assert world.lay().misfits == ()
    assert world.held() == {
        "a>": [(300, 500)], "a<": [(300, 500)], "b>": [(0, 100)], "b<": [(0, 100)], "c>": [(0, 400)]
    }  # fmt: skip


def test_a_worker_hears_of_entries_and_of_turns_of_the_clock(world: World) -> None:
    live = LiveOrders(world.stage(), T0)

    def look(moment: datetime) -> OrdersTurn:
        with world.database.connect(Role.ENGINE) as connection:
            return live.turn(connection, lambda: moment)

    look(T0)
    assert not look(T0 + timedelta(seconds=1)).has_turned
    begins, ends = T0 + hours(1), T0 + hours(2)
    world.order(between=[at(520, 0), at(990, 0)], begins_at=begins.isoformat(), ends_at=ends.isoformat())
    found = look(T0 + timedelta(seconds=2))
    assert found.has_turned
    assert world.name(world.network.position_of(found.edge_ids)) == {"b"}
    assert not look(begins - timedelta(milliseconds=1)).has_turned
    for turn in (begins, ends):
        found = look(turn)
        assert found.has_turned
        assert world.name(world.network.position_of(found.edge_ids)) == {"b"}
        assert not look(turn + timedelta(seconds=1)).has_turned


def test_entries_are_append_only_even_for_their_writer_and_the_owner(world: World) -> None:
    world.order(between=[at(200, 0), at(700, 0)])
    for role in (Role.INGEST, Role.OWNER):
        for statement in ("UPDATE raw.order_entry SET reason = 'x'", "DELETE FROM raw.order_entry"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), world.database.connect(role) as connection:
                connection.execute(statement)  # type: ignore[call-overload]


def test_every_entry_has_its_line_in_the_audit_log(world: World) -> None:
    order_id = world.order(between=[at(200, 0), at(700, 0)])
    with world.database.connect(Role.INGEST) as connection:
        end_order(connection, Author("tester"), order_id, {"reason": "解除"}, T0 + hours(2), ZONE)
    with world.database.connect(Role.APP) as connection:
        rows = connection.execute(
            "SELECT action, actor, detail ->> 'reason' FROM app.audit ORDER BY audit_id"
        ).fetchall()
    assert rows == [("order place", "tester", "雪崩"), ("order end", "tester", "解除")]

"""Publishing the small town: what goes out, what stays in, what is written again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, LiteralString

import pytest

from geo.db import Database, Role
from geo.errors import ConflictError
from layers.publish import publish

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
SECRET = b"a secret of this test"


def rows(database: Database, sql: LiteralString, role: Role = Role.READER) -> list[tuple[Any, ...]]:
    with database.connect(role) as connection:
        return connection.execute(sql).fetchall()


def test_without_a_network_there_is_nothing_to_publish(database: Database) -> None:
    with pytest.raises(ConflictError, match="no road network"):
        publish(database, AS_OF, SECRET)


def test_roads_are_the_directions_that_traffic_may_use(town: Database) -> None:
    report = publish(town, AS_OF, SECRET)
    found = rows(town, "SELECT edge_id, is_reversed, is_oneway, route_id, section_id FROM pub.roads ORDER BY 1")
    assert found == [
        (2, False, True, None, None),
        (4, False, False, "R1", None),
        (5, True, False, "R1", None),
        (6, False, False, None, "S1"),
        (7, True, False, None, "S1"),
        (9, True, True, None, None),  # its plan holds only a sliver of it
    ]
    assert report.n_roads == 6
    assert rows(town, "SELECT DISTINCT municipality, synthetic FROM pub.roads") == [("金沢市", True)]


def test_tiles_hold_every_piece_once_at_full_detail_and_main_roads_below(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    found = rows(
        town, "SELECT min_zoom, array_agg(piece_id ORDER BY piece_id) FROM pub.road_tile GROUP BY 1 ORDER BY 1"
    )
    assert found == [(0, [1, 2]), (8, [1, 2]), (9, [1, 2]), (10, [1, 2]), (12, [1, 2, 3, 4])]
    assert rows(town, "SELECT piece_id, oneway FROM pub.road_tile WHERE min_zoom = 12 ORDER BY 1") == [
        (1, 1), (2, 0), (3, 0), (4, -1),
    ]  # fmt: skip


def test_every_edge_has_a_status_and_a_reason_where_it_is_unknown(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    found = rows(town, "SELECT edge_id, state, reason FROM pub.edge_status ORDER BY 1")
    assert found == [
        (2, "unknown", "not_on_plan"),
        (4, "cleared", "none"),
        (5, "uncleared", "none"),
        (6, "cleared", "none"),
        (7, "unknown", "silent"),
        (9, "unknown", "not_on_plan"),
    ]


def test_under_the_standing_watch_the_reason_is_no_event(town: Database) -> None:
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) "
            "SELECT event_id, '2026-01-20T00:00Z', 0, 1 FROM ops.event WHERE kind = 'standing'"
        )
    publish(town, datetime(2026, 1, 20, tzinfo=UTC), SECRET)
    assert rows(town, "SELECT DISTINCT state, reason FROM pub.edge_status") == [("unknown", "no_event")]


def test_publishing_again_writes_only_what_changed(town: Database) -> None:
    first = publish(town, AS_OF, SECRET)
    again = publish(town, AS_OF, SECRET)
    assert again.status_version == first.status_version == 1
    assert (again.n_roads, again.n_tiles, again.n_status_changed, again.n_passes, again.n_routes) == (0, 0, 0, 0, 0)
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = 4")
        connection.execute("UPDATE ops.pass SET superseded_at = now() WHERE edge_id = 4")
    third = publish(town, AS_OF, SECRET)
    assert (third.status_version, third.n_status_changed, third.n_passes_dropped) == (2, 1, 1)
    assert rows(town, "SELECT edge_id FROM pub.edge_status WHERE status_version = 2") == [(4,)]


def test_new_plans_publish_the_roads_again(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    with town.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM net.plan_edge WHERE section_id = 'S1'")
    assert publish(town, AS_OF, SECRET).n_roads == 6
    assert rows(town, "SELECT count(*) FROM pub.roads WHERE section_id IS NOT NULL") == [(0,)]


def test_passes_are_stretches_of_the_event_without_superseded_ones(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    found = rows(
        town,
        "SELECT p.edge_id, p.kind, round((ST_Length(p.geom::geography) / r.length_m)::numeric, 3) "
        "FROM pub.passes AS p JOIN pub.roads AS r USING (edge_id) ORDER BY 1",
    )
    assert [(edge, kind, float(share)) for edge, kind, share in found] == [(4, "pass", 1.0), (7, "deadhead", 0.25)]


def test_only_the_working_machine_away_from_depot_and_first_stop_is_shown(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    found = rows(town, "SELECT plough_id, ST_X(geom), ST_Y(geom) FROM pub.ploughs")
    assert [(x, y) for _, x, y in found] == [(136.65, 36.561)]
    assert found[0][0] != "1"
    assert "plough-0001" not in found[0][0]


def test_a_wider_mask_hides_more(town: Database) -> None:
    assert publish(town, AS_OF, SECRET, mask_m=20_000).n_ploughs == 0


def test_routes_and_sections_say_cleared_and_unknown(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    assert rows(town, "SELECT route_id, cleared_fraction, unknown_fraction FROM pub.routes") == [("R1", 0.5, 0.0)]
    assert rows(town, "SELECT section_id, cleared_fraction, unknown_fraction FROM pub.work_sections") == [
        ("S1", 0.5, 0.5)
    ]
    publish(town, datetime(2026, 1, 14, 23, 0, tzinfo=UTC), SECRET)  # the clearing of edge 6 has expired
    assert rows(town, "SELECT cleared_fraction, unknown_fraction FROM pub.work_sections") == [(0.0, 1.0)]


def test_depots_and_contractors_stay_in(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    layers = rows(town, "SELECT DISTINCT layer FROM pub.reference ORDER BY 1")
    assert layers == [("coast",), ("municipalities",), ("settlements",)]
    assert rows(town, "SELECT vehicle, contractor FROM mgr.devices ORDER BY vehicle_id LIMIT 2", Role.MANAGER) == [
        ("plough-0001", "秘密建設"),
        ("plough-0002", None),
    ]
    with town.connect(Role.READER) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_catalog.pg_tables WHERE schemaname = 'pub'"
        ).fetchall()
        for (table,) in tables:
            text = connection.execute(f"SELECT string_agg(t::text, '') FROM {table} AS t").fetchone()  # noqa: S608
            assert "秘密建設" not in str(text), table
            assert "plough-000" not in str(text), table


def test_dataset_says_what_is_published(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    found = rows(
        town,
        "SELECT network_version, n_edges, is_synthetic, event_kind, event_name, as_of, west, north FROM pub.dataset",
    )
    assert found == [(1, 6, True, "storm", "一月の大雪", AS_OF, 136.60, 36.58)]


def test_readers_see_the_old_publication_until_the_new_one_is_whole(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    with town.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM net.plan_edge")
    with town.connect(Role.READER) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = reader.execute("SELECT count(*) FROM pub.roads WHERE route_id IS NOT NULL").fetchone()
        publish(town, AS_OF, SECRET)  # does not wait for the reader, nor the reader for it
        assert reader.execute("SELECT count(*) FROM pub.roads WHERE route_id IS NOT NULL").fetchone() == before == (2,)
    assert rows(town, "SELECT count(*) FROM pub.roads WHERE route_id IS NOT NULL") == [(0,)]


def test_late_facts_are_published_and_an_event_before_brings_its_passes(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    with town.connect(Role.ENGINE) as connection:  # as a transaction that began before the publication and ended after
        connection.execute(
            "INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, work_basis, "
            "confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional, "
            "is_synthetic, recorded_at) SELECT 9, 1, 1, 6, 0, 10, during, 'deadhead', 'matched', 'sensed', 0.9, "
            "first_fix_at, last_fix_at, 2, 'm1', 1, true, true, now() - interval '50 minutes' FROM ops.pass "
            "WHERE seq = 1"
        )
    assert publish(town, AS_OF, SECRET).n_passes == 1
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.event (kind, name, reference_at) VALUES ('callout', '早い出動', '2026-01-14T16:00Z')"
        )
        connection.execute(
            "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) "
            "VALUES (3, '2026-01-14T22:00Z', 0, 1)"
        )
    assert publish(town, AS_OF, SECRET).n_passes == 1  # the one at 17:00, which did not count for the storm
    assert rows(town, "SELECT count(*) FROM pub.passes") == [(4,)]

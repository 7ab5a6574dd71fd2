"""What was published becomes the past: spans without holes, without overlap, and the same as what was read then."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from geo.db import Database, Role, read_sql
from geo.vocabulary import State
from layers.publish import publish
from layers.publish_live import Changes, publish_changes
from layers.publish_orders import publish_orders

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRET = b"a secret of this test"
STATE_JA = json.dumps({state.value: state.ja for state in State})
#: What is not kept of the past, and what belongs to the road as it is today.
NOT_KEPT = ("snow_since_cm", "snow_basis", "passes_needed")


def read(database: Database, name: LiteralString, at: datetime) -> dict[int, dict[str, Any]]:
    """The rows of a collection at a moment, by edge."""
    with (
        database.connect(Role.READER) as connection,
        connection.cursor(row_factory=psycopg.rows.dict_row) as cursor,
    ):
        rows = cursor.execute(read_sql("layers", f"collections/{name}"), {"as_of": at, "state_ja": STATE_JA}).fetchall()
    return {row["edge_id"]: {key: value for key, value in row.items() if key not in NOT_KEPT} for row in rows}


def spans(database: Database, edge_id: int) -> list[tuple[Any, ...]]:
    with database.connect(Role.READER) as connection:
        return connection.execute(
            "SELECT from_at, to_at, state, reason FROM pub.status_past WHERE edge_id = %s ORDER BY from_at", (edge_id,)
        ).fetchall()


def assess(database: Database, edge_id: int, state: str | None, at: datetime, reason: str = "none") -> None:
    """Another state of an edge as the engine writes it; None: no row, so that it is unknown by default."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(
            "UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = %s AND superseded_at IS NULL", (edge_id,)
        )
        if state is None:
            return
        is_good = state in ("cleared", "clearing")
        times = (at if state == "cleared" else None, at + 30 * MINUTE if is_good else None, at if is_good else None)
        connection.execute(
            "INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, "
            "covered_fraction, work_basis, confidence, network_version, is_synthetic) "
            "VALUES (2, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, true)",
            (edge_id, state, reason, *times, *((0.5, "sensed", 0.9) if is_good else (0, "unknown", 0))),
        )


def publish_edges(database: Database, at: datetime, *edge_ids: int) -> None:
    with database.connect(Role.PUBLISH) as connection:
        publish_changes(connection, Changes(edge_ids), at)


def test_a_change_ends_one_span_and_begins_another(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    assert spans(town, 5) == [(AS_OF, None, "uncleared", "none")]
    assert spans(town, 2) == []  # unknown by default
    assess(town, 5, "cleared", AS_OF + MINUTE)
    publish_edges(town, AS_OF + 2 * MINUTE, 5, 6)
    assess(town, 5, None, AS_OF)
    publish_edges(town, AS_OF + 3 * MINUTE, 5)
    assert spans(town, 5) == [
        (AS_OF, AS_OF + 2 * MINUTE, "uncleared", "none"),
        (AS_OF + 2 * MINUTE, AS_OF + 3 * MINUTE, "cleared", "none"),
    ]
    assert spans(town, 6) == [(AS_OF, None, "cleared", "none")]
    at = read(town, "road_status_past", AS_OF + 3 * MINUTE)[5]
    assert (at["state"], at["reason"], at["observed_at"]) == ("unknown", "not_on_plan", None)


def test_the_same_moment_told_again_and_a_moment_before_are_told_anew(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    assess(town, 5, "cleared", AS_OF)
    publish_edges(town, AS_OF, 5)
    assert spans(town, 5) == [(AS_OF, None, "cleared", "none")]
    assess(town, 5, "uncleared", AS_OF)
    publish_edges(town, AS_OF + 5 * MINUTE, 5)
    assess(town, 5, "clearing", AS_OF)
    publish_edges(town, AS_OF + 2 * MINUTE, 5)
    assert spans(town, 5) == [
        (AS_OF, AS_OF + 2 * MINUTE, "cleared", "none"),
        (AS_OF + 2 * MINUTE, None, "clearing", "none"),
    ]


def test_before_the_first_publication_nothing_is_told(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    assert read(town, "road_status_past", AS_OF - MINUTE) == {}
    assert len(read(town, "road_status_past", AS_OF)) == 6


def test_another_event_ends_all_spans_of_the_one_before(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.event (kind, name, reference_at, is_synthetic) VALUES ('storm', '次', %s, true)", (AS_OF,)
        )
        connection.execute(
            "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) "
            "SELECT max(event_id), %s, 0, 1 FROM ops.event",
            (AS_OF + MINUTE,),
        )
    publish(town, AS_OF + MINUTE, SECRET)
    assert spans(town, 4) == [(AS_OF, AS_OF + MINUTE, "cleared", "none")]
    before, after = (read(town, "road_status_past", at)[4] for at in (AS_OF, AS_OF + MINUTE))
    assert (before["event_id"], before["state"]) == (2, "cleared")
    assert (after["event_id"], after["state"], after["reason"]) == (3, "unknown", "not_on_plan")
    with town.connect(Role.READER) as connection:
        found = connection.execute("SELECT event_id, from_at, to_at FROM pub.past_span ORDER BY 1").fetchall()
    assert found == [(2, AS_OF, AS_OF + MINUTE), (3, AS_OF + MINUTE, None)]


def test_what_is_withheld_now_is_withheld_in_the_past_too(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("INSERT INTO pub.withheld_edge VALUES (4), (5)")
    past = read(town, "road_status_past", AS_OF)
    assert (past[4]["state"], past[4]["reason"], past[4]["cleared_at"]) == ("unknown", "withheld", None)
    assert (past[4]["covered_fraction"], past[4]["treatment"], past[4]["source"]) == (0, None, None)
    assert past[6]["state"] == "cleared"


def test_a_stop_is_kept_as_what_was_told_then(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    publish_edges(town, AS_OF + MINUTE, 4)
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.road_order (order_id, entry_id, kind, during, is_everywhere, reason, is_reason_public, "
            "author, network_version, is_synthetic) VALUES (1, 1, 'publication_stop', "
            "tstzrange(now() - interval '1 hour', NULL), true, '試験', false, '試験', 1, true)"
        )
    with town.connect(Role.PUBLISH) as connection:
        publish_orders(connection)
    assert spans(town, 4)[-1][1:] == (None, "unknown", "withheld")


def test_the_past_has_the_columns_of_now_in_the_same_order(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    params = {"as_of": AS_OF, "state_ja": STATE_JA}
    with town.connect(Role.READER) as connection:
        described = [
            [
                (column.name, column.type_code)
                for column in connection.execute(read_sql("layers", name), params).description or ()
            ]
            for name in ("collections/road_status", "collections/road_status_past")
        ]
    assert described[0] == described[1]


@pytest.mark.parametrize("seed", range(2))
def test_every_moment_is_told_as_it_was_then(town: Database, seed: int) -> None:
    """What was read at each publication is what the past tells of it later, edge by edge and column by column."""
    rng, at = random.Random(seed), AS_OF
    publish(town, at, SECRET)
    told = {at: read(town, "road_status", at)}
    for step in range(15):
        at += rng.choice([1, 7, 20]) * MINUTE
        touched = rng.sample((2, 4, 5, 6, 7, 9), rng.randrange(1, 5))
        for edge_id in touched:
            state = rng.choice([None, "cleared", "clearing", "uncleared", "unknown"])
            assess(town, edge_id, state, at, rng.choice(["silent", "not_on_plan"]) if state == "unknown" else "none")
        if step % 5 == 4:
            with town.connect(Role.ENGINE) as connection:
                connection.execute(
                    "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) VALUES (2, %s, 1, 1)",
                    (at,),
                )
            publish(town, at, SECRET)
        else:
            publish_edges(town, at, *touched)
        told[at] = read(town, "road_status", at)
        between = at + timedelta(seconds=30)  # clearings run out between two publications too
        told[between] = read(town, "road_status", between)
    for moment, then in told.items():
        past = read(town, "road_status_past", moment)
        assert past.keys() == then.keys()
        unlike = [
            (edge, key, past[edge][key], row[key])
            for edge, row in then.items()
            for key in row
            if past[edge][key] != row[key]
        ]
        assert unlike == [], moment
    with town.connect(Role.READER) as connection:
        overlaps = connection.execute(
            "SELECT count(*) FROM pub.status_past AS a JOIN pub.status_past AS b USING (event_id, edge_id) "
            "WHERE a.from_at < b.from_at AND (a.to_at IS NULL OR a.to_at > b.from_at)"
        ).fetchone()
    assert overlaps == (0,)


def test_roads_have_an_order_that_is_made_once(town: Database) -> None:
    publish(town, AS_OF, SECRET)
    sql: LiteralString = "SELECT edge_id FROM pub.road_order ORDER BY position"
    with town.connect(Role.READER) as connection:
        # out along the route and back; the section; then what is on nobody's plan
        assert [row[0] for row in connection.execute(sql)] == [4, 5, 6, 7, 2, 9]
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("DELETE FROM pub.road_order WHERE edge_id = 4")
    publish(town, AS_OF, SECRET)  # roads that were published without an order get theirs
    with town.connect(Role.READER) as connection:
        assert [row[0] for row in connection.execute(sql)] == [4, 5, 6, 7, 2, 9]

"""公表停止: while publication is stopped no public address tells anything of the roads in it; a manager's key does.

Every address that the service describes is asked, those of later parts too: one that this test cannot fill in fails it.
What must not be told is changed in ops while it is withheld, and no public answer may differ by a byte.
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from ingest.keys import digest_of
from layers.publish import publish
from layers.publish_live import Changes, Masks, publish_changes, publish_machines, publish_sums
from layers.publish_orders import publish_orders
from tests.tiles.conftest import AS_OF, SECRET

#: What the town's facts say of 国道8号 (edges 4 and 5), as answers would spell it.
TOLD = (b"2026-01-14T21:00", b"2026-01-15T21:00", b"2026-01-14T21:30", b"fresh_snow_plowing")
AREA = "POLYGON((136.63 36.55, 136.64 36.55, 136.64 36.57, 136.63 36.57, 136.63 36.55))"
STOPS: dict[str, dict[str, Any]] = {
    "an area": {"edges": [4, 5], "geom": AREA},
    "a manager": {"manager": "nation"},
    "all roads": {"is_everywhere": True},
}
#: Parts of addresses, and what is asked for them.
PARTS: dict[str, list[str]] = {
    "layer": ["roads", "road_status"],
    "version": ["1-x"],
    "z": ["13"],
    "x": ["7206"],
    "y": ["3205"],
    "edge_id": ["4", "5"],
    "roads_version": ["1-x"],
    "piece_id": ["2", "3"],
    "event_id": ["2"],
    # the town has no raster, and none of them tells a state
    "raster_id": ["none"], "set_id": ["WebMercatorQuad"], "position": ["136.65,36.56"], "box": ["136,36,137,37"],
    "extension": ["png"],
    # the town has no cameras; a report tells nothing but to who sent it
    "camera_id": ["1"], "token": ["none"], "dispute_id": ["1"],
}  # fmt: skip
QUERIES = {"/status/changes": "?since=0"}
#: They take something in; or they are for those who run the service and tell no state of any road; or they never end:
#: what the stream tells is what /status/changes tells (tiles/stream.py, tests/tiles/test_stream.py).
OTHERS = re.compile(r"^/(ingest/|healthz|readyz|metrics|status/stream)")
#: What one may ask for, with the closed lists of the columns, whatever is told.
FORM = re.compile(rb"<form.*?</form>", re.DOTALL)
#: What any new publication changes, whatever it tells.
MOVES = re.compile(rb'"(as_of|timeStamp|timestamp|date-time|status_version|stream_id|age_s)":\s*("[^"]*"|[0-9]+)')


def stop(database: Database, order_id: int = 1, **given: Any) -> None:
    """A publication stop as the stage of orders writes it, from a minute ago on."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.road_order (order_id, entry_id, kind, during, manager, is_everywhere, reason, "
            "is_reason_public, author, network_version, is_synthetic, geom) "
            "VALUES (%(id)s, %(id)s, 'publication_stop', tstzrange(now() - interval '1 minute', NULL), %(manager)s, "
            "%(is_everywhere)s, 'test', false, 'test', 1, true, ST_GeomFromText(%(geom)s, 4326))",
            {"id": order_id, "manager": None, "is_everywhere": False, "geom": None} | given,
        )
        connection.execute(
            "INSERT INTO ops.order_edge (order_id, entry_id, kind, edge_id, from_m, to_m, during, network_version) "
            "SELECT %(id)s, %(id)s, 'publication_stop', edge_id, 0, 1, tstzrange(now() - interval '1 minute', NULL), 1 "
            "FROM unnest(%(edges)s::bigint[]) AS e (edge_id)",
            {"id": order_id, "edges": given.get("edges", [])},
        )


def lift(database: Database) -> None:
    """End every stop."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.road_order SET superseded_at = now() WHERE superseded_at IS NULL")
        connection.execute("UPDATE ops.order_edge SET superseded_at = now() WHERE superseded_at IS NULL")


def at_once(database: Database) -> None:
    """Publish as the worker does within its round."""
    with database.connect(Role.PUBLISH) as connection:
        publish_orders(connection)


def addresses(client: httpx.Client) -> Iterator[str]:
    """Every public address of the service, its parts filled in."""
    for path in client.get("/openapi.json").json()["paths"]:
        if OTHERS.match(path):
            continue
        filled = [path]
        for name in re.findall(r"{(\w+)}", path):
            assert name in PARTS, f"{path}: say in PARTS what this test asks for {name}"
            filled = [text.replace(f"{{{name}}}", value) for text in filled for value in PARTS[name]]
        yield from (text + QUERIES.get(path, "") for text in filled)
    for collection in client.get("/ogc/collections?f=json").json()["collections"]:
        items = f"/ogc/collections/{collection['id']}/items"
        answer = client.get(f"{items}?f=json&limit=10000")
        yield f"{items}?f=json&limit=10000"
        yield f"{items}?f=html"
        if answer.status_code != 200:
            continue
        for feature in answer.json()["features"]:
            yield f"{items}/{feature['id']}?f=json"
        for row, col in ((3205, 7206), (3204, 7206), (3205, 7205), (3204, 7205)):
            yield f"/ogc/collections/{collection['id']}/tiles/WebMercatorQuad/13/{row}/{col}"


def answers(client: httpx.Client) -> dict[str, bytes]:
    """What every public address says, without what moves with each publication."""
    found = {}
    for address in addresses(client):
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code < 500, address
        found[address] = MOVES.sub(b"", FORM.sub(b"", answer.content))
    return found


def noticed(client: httpx.Client, is_true: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until the server has seen a publication; the snapshot is never an old one after a stop."""
    deadline = time.monotonic() + 10
    while not is_true(client.get("/status/snapshot").json()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def reasons(snapshot: dict[str, Any]) -> list[str]:
    return [snapshot["reasons"][r] for side in ("forward", "backward") for r in snapshot[side]["reason"]]


def is_stopped(snapshot: dict[str, Any]) -> bool:
    return "withheld" in reasons(snapshot)


def status_of(client: httpx.Client, edge_id: int) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/ogc/collections/road_status/items/{edge_id}?f=json").json()["properties"]
    return found


@pytest.fixture
def manager(town: Database) -> dict[str, str]:
    """The header of a manager's key."""
    with town.connect(Role.APP) as connection:
        connection.execute(
            "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES ('m', %s, 'manager', 'prefecture')",
            (digest_of("key of a manager"),),
        )
    return {"Authorization": "Bearer key of a manager"}


@pytest.mark.parametrize("named", STOPS)
def test_no_public_address_tells_what_is_withheld(client: httpx.Client, town: Database, named: str) -> None:
    before = answers(client)
    assert all(any(told in body for body in before.values()) for told in TOLD), "the test would see nothing"
    stop(town, **STOPS[named])
    at_once(town)
    noticed(client, is_stopped)
    while_stopped = answers(client)
    for address, body in while_stopped.items():
        for told in TOLD:
            assert told not in body, (address, told)
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id IN (4, 5)")
        connection.execute("UPDATE ops.pass SET superseded_at = now() WHERE edge_id IN (4, 5)")
        connection.execute("UPDATE ops.vehicle_state SET heading_deg = 12 WHERE vehicle_id = 1")
    with town.connect(Role.PUBLISH) as connection:
        publish_changes(connection, Changes([4, 5], [1], []), AS_OF)
        publish_sums(connection, (-1, AS_OF), AS_OF)
        publish_machines(connection, AS_OF, Masks(SECRET, 200, 30))
    publish(town, AS_OF, SECRET)
    time.sleep(0.5)
    after = answers(client)
    assert {a for a in after if after[a] != while_stopped.get(a)} == set()


@pytest.mark.parametrize("named", STOPS)
def test_roads_beside_it_are_told_and_lifting_gives_everything_back(
    client: httpx.Client, town: Database, named: str
) -> None:
    before = answers(client)
    stop(town, **STOPS[named])
    at_once(town)
    noticed(client, is_stopped)
    assert (status_of(client, 4)["state"], status_of(client, 4)["reason"]) == ("unknown", "withheld")
    assert status_of(client, 4)["cleared_at"] is status_of(client, 4)["observed_at"] is None
    assert (status_of(client, 6)["reason"] == "withheld") is (named == "all roads")
    lift(town)
    at_once(town)
    with town.connect(Role.PUBLISH) as connection:
        publish_machines(connection, AS_OF, Masks(SECRET, 200, 30))
    noticed(client, lambda snapshot: not is_stopped(snapshot))
    time.sleep(0.3)
    after = answers(client)
    assert {a for a in before if before[a] != after.get(a)} == set()


def test_a_stop_survives_a_full_publication_and_its_lift_without_a_worker(town: Database) -> None:
    def told() -> tuple[int, int, int]:
        with town.connect(Role.READER) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM pub.edge_status WHERE reason = 'withheld'), "
                "(SELECT count(*) FROM pub.passes), (SELECT count(*) FROM pub.ploughs)"
            ).fetchone()
        assert row is not None
        return row[0], row[1], row[2]

    before = told()
    assert before == (0, 2, 1)
    stop(town, **STOPS["all roads"])
    publish(town, AS_OF, SECRET)
    assert told() == (6, 0, 0)
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("UPDATE pub.dataset SET network_key = 'another'")
    publish(town, AS_OF, SECRET)
    assert told() == (6, 0, 0)
    lift(town)
    publish(town, AS_OF, SECRET)
    assert told() == before


def test_sums_of_routes_count_what_is_withheld_as_unknown(client: httpx.Client, town: Database) -> None:
    shares = lambda: client.get("/ogc/collections/routes/items/R1?f=json").json()["properties"]  # noqa: E731
    assert shares()["cleared_fraction"] > 0
    stop(town, **STOPS["an area"])
    at_once(town)
    noticed(client, is_stopped)
    assert (shares()["cleared_fraction"], shares()["unknown_fraction"]) == (0, 1)


def test_a_managers_key_sees_what_is_withheld(client: httpx.Client, town: Database, manager: dict[str, str]) -> None:
    stop(town, **STOPS["an area"])
    at_once(town)
    noticed(client, is_stopped)
    address = "/ogc/collections/withheld_status/items?f=json"
    assert client.get(address).status_code == 401
    found = {f["id"]: f["properties"] for f in client.get(address, headers=manager).json()["features"]}
    assert set(found) == {4, 5}
    assert found[4]["state"] == "cleared"
    assert found[4]["cleared_at"].startswith("2026-01-14T21:00")
    listed = client.get("/ogc/collections/orders/items?f=json", headers=manager).json()["features"]
    assert [f["properties"]["kind"] for f in listed] == ["publication_stop"]


def test_clients_that_hold_a_former_state_are_sent_to_a_whole_snapshot(client: httpx.Client, town: Database) -> None:
    version = client.get("/status/snapshot").json()["status_version"]
    stop(town, **STOPS["an area"])
    at_once(town)
    noticed(client, is_stopped)
    packed = client.get(f"/status/changes?since={version}")
    assert packed.json()["reload"] is True
    for told in TOLD[:3]:
        assert told not in gzip.compress(packed.content)
        assert told not in packed.content


def test_the_planned_begin_and_end_of_a_stop_hold_by_the_clock(town: Database) -> None:
    stop(town, **STOPS["an area"])
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.road_order SET superseded_at = now()")
        connection.execute(
            "INSERT INTO ops.road_order (order_id, entry_id, kind, during, is_everywhere, reason, is_reason_public, "
            "author, network_version, is_synthetic) "
            "SELECT n, n, 'publication_stop', span, true, 'test', false, 'test', 1, true "
            "FROM (VALUES (7, tstzrange(now() + interval '1 hour', NULL)), "
            "(8, tstzrange(now() - interval '2 hours', now() - interval '1 hour'))) AS o (n, span)"
        )
    at_once(town)
    with town.connect(Role.READER) as connection:
        assert connection.execute("SELECT count(*) FROM pub.withheld_edge").fetchone() == (0,)

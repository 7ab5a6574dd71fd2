"""/ingest/orders over a real socket: who may order what, what is refused and by which word, repeats, ends, the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.errors import TooFastError
from geo.settings import Settings
from ingest.http_order_docs import CHANGE_EXAMPLES, END_EXAMPLES, EXAMPLES
from ingest.intake import Intake
from tests.ingest.conftest import NOW
from tests.ingest.http_server import Clock, add_key, bearer, served

#: Two roads in a row from (136.65, 36.56): piece 1 of the prefecture, piece 2 of a municipality; 3 of the nation.
ROADS = """
INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic)
VALUES ('\\x01', 6675, 4, 6, '\\x00', false);
INSERT INTO net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m,
                       external_to_m, name, route, manager, road_class, oneway, level, speed_mps, is_closed, length_m,
                       content_key, geom)
SELECT p.id, 1, p.id, p.id + 1, 1, p.id::text, 0, 900, p.name, NULL, p.manager, 'prefectural', 0, 0, 10, false, 900,
       '\\x00', ST_GeomFromText(p.line, 4326)
FROM (VALUES (1, '県道一', 'prefecture', 'LINESTRING(136.65 36.56, 136.66 36.56)'),
             (2, '市道二', 'municipality', 'LINESTRING(136.66 36.56, 136.67 36.56)'),
             (3, '国道三', 'nation', 'LINESTRING(136.65 36.58, 136.66 36.58)')) AS p (id, name, manager, line);
INSERT INTO net.plough_route (route_id, name, route_class, manager, office, planned_m, laid_m, is_synthetic)
VALUES ('R1', 'R1', '第1種', 'nation', '金沢土木', 900, 900, false);
INSERT INTO net.plan_edge VALUES (1, 'R1', NULL, 6, 0, 900);
INSERT INTO net.reference (layer, feature_id, name, is_synthetic, geom)
VALUES ('municipalities', '17201', '金沢市', false, ST_MakeEnvelope(136.5, 36.5, 136.8, 36.6, 4326));
"""
BETWEEN = [[136.6512, 36.56], [136.6590, 36.56]]
CLOSED: dict[str, Any] = {"kind": "restriction", "restriction": "closed", "between": BETWEEN, "reason": "雪崩"}
LONG = "長" * 501
BOW = [[[136.65, 36.55], [136.66, 36.57], [136.66, 36.55], [136.65, 36.57], [136.65, 36.55]]]


@pytest.fixture
def client(database: Database) -> Iterator[httpx.Client]:
    """A client of a service with three roads, on February 1, 2026."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(ROADS)  # type: ignore[call-overload]
    with served(database, Settings(), Clock()) as client:
        yield client


@pytest.fixture
def prefecture(database: Database) -> dict[str, str]:
    """The header of a key of the prefecture."""
    return bearer(add_key(database, "manager", "prefecture"))


@pytest.fixture
def admin(database: Database) -> dict[str, str]:
    """The header of an administrator's key."""
    return bearer(add_key(database, "admin", None))


def entries(database: Database) -> list[tuple[Any, ...]]:
    with database.connect(Role.INGEST) as connection:
        return connection.execute(
            "SELECT order_id, action, kind, ends_at, author, author_of FROM raw.order_entry ORDER BY entry_id"
        ).fetchall()


def audit(database: Database) -> list[tuple[Any, ...]]:
    with database.connect(Role.APP) as connection:
        return connection.execute("SELECT action, key_id, detail FROM app.audit ORDER BY audit_id").fetchall()


def test_every_example_of_openapi_is_taken(client: httpx.Client, admin: dict[str, str], database: Database) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    body = paths["/ingest/orders"]["post"]["requestBody"]["content"]["application/json"]
    assert {name: e["value"] for name, e in body["examples"].items()} == EXAMPLES
    for name, example in EXAMPLES.items():
        answer = client.post("/ingest/orders", json=example, headers=admin)
        assert answer.status_code == 200, (name, answer.text)
        assert set(example) <= set(body["schema"]["properties"])
        told = answer.json()
        for end, examples in (("change", CHANGE_EXAMPLES), ("end", END_EXAMPLES)):
            for given in examples.values():
                answer = client.post(f"/ingest/orders/{told['order_id']}/{end}", json=given, headers=admin)
                assert answer.status_code == 200, (name, end, answer.text)
    assert len(entries(database)) == 3 * len(EXAMPLES)
    assert [row[0] for row in audit(database)] == ["order place", "order change", "order end"] * len(EXAMPLES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edges": [999_999], "between": None}, "999999 is no edge of any network"),
        ({"edges": ["4"], "between": None}, "edges[0]: expected an edge_id"),
        ({"edges": [{"edge_id": 2, "from_m": 50, "to_m": 50}], "between": None}, "to_m is not after from_m"),
        ({"edges": [2**70], "between": None}, "is no edge_id"),
        ({"ends_at": "2026-01-31T00:00:00Z", "begins_at": "2026-01-31T01:00:00Z"}, "is not after the begin"),
        ({"ends_at": "2026-01-31T00:00:00Z", "begins_at": "2026-01-30T00:00:00Z"}, "is past"),
        ({"begins_at": "2027-03-01T00:00:00Z"}, "more than a year ahead"),
        ({"ends_at": "tomorrow"}, "ends_at: 'tomorrow' is no time"),
        ({"begins_at": "9999-12-31T23:59:59Z"}, "is no time"),
        ({"ends_at": 7}, "ends_at: '7' is no time"),
        ({"reason": ""}, "reason: missing"),
        ({"reason": None}, "reason: missing"),
        ({"reason": "  \n"}, "reason: missing"),
        ({"reason": "a\0b"}, "reason: missing"),
        ({"reason": "a\ud800b"}, "reason: missing"),
        ({"client_id": "a\0"}, "client_id"),
        ({"reason": LONG}, "501 characters"),
        ({"is_reason_public": "yes"}, "is_reason_public"),
        ({"kind": "closure"}, "kind: 'closure' is none"),
        ({"kind": None}, "kind: missing"),
        ({"restriction": None}, "restriction: missing"),
        ({"restriction": "shut"}, "restriction: 'shut' is none"),
        ({"state": "cleared"}, "state: a restriction has none"),
        ({"kind": "correction"}, "state: missing"),
        ({"direction": "left"}, "neither both nor drawn"),
        ({"untill": "2026-02-02T00:00:00Z"}, "'untill' is no field"),
        ({"client_id": "x" * 101}, "client_id"),
        ({"between": None}, "Place: missing"),
        ({"route_id": "R1"}, "Place: between, route_id are given"),
        ({"from_km": 3}, "stand without route"),
        ({"route": "県道", "from_km": 3, "to_km": 3, "between": None}, "the same as from_km"),
        ({"route": "県道", "from_km": 3, "to_km": 4, "between": None}, "no road is on '県道'"),
        ({"route": "県道", "from_km": "3", "to_km": 4, "between": None}, "from_km: expected a number"),
        ({"route_id": "R9", "between": None}, "no road is on 'R9'"),
        ({"section_id": "S9", "between": None}, "no road is on 'S9'"),
        ({"everywhere": True, "between": None}, "needs roads"),
        ({"manager": "nation", "between": None}, "needs roads"),
        ({"between": [[36.56, 136.6512], [36.56, 136.6590]]}, "longitude and latitude are swapped"),
        ({"between": [BETWEEN[0], BETWEEN[0]]}, "both places are the same"),
        ({"between": [BETWEEN[0]]}, "expected two places"),
        ({"between": [[140.0, 40.0], [140.1, 40.0]]}, "no road lies within 60 m"),
        ({"between": [[500, 1], [1, 1]]}, "no place on Earth"),
        ({"between": [["136", 36], [136, 36]]}, "is no number"),
        ({"geometry": {"type": "Polygon", "coordinates": BOW}, "between": None}, "crosses itself"),
        ({"geometry": {"type": "LineString", "coordinates": [[136.65, 36.56]]}, "between": None}, "no LineString"),
        ({"geometry": {"type": "LineString", "coordinates": [BETWEEN[0]] * 2}, "between": None}, "has no length"),
        ({"geometry": {"type": "LineString", "coordinates": [[36.56, 136.65], [36.56, 136.66]]}, "between": None},
         "longitude and latitude are swapped"),
        ({"geometry": {"type": "Circle"}, "between": None}, "expected GeoJSON"),
        ({"geometry": "LINESTRING(0 0, 1 1)", "between": None}, "expected GeoJSON"),
        ({"geometry": {"type": "LineString", "coordinates": [BETWEEN[0]] * 10_001}, "between": None}, "vertices"),
        ({"geometry": {"type": "LineString", "coordinates": [[[[[[1]]]]]]}, "between": None}, "coordinates are lists"),
        ({"geometry": {"type": "MultiLineString", "coordinates": []}, "between": None}, "geometry"),
    ],
)  # fmt: skip
def test_bad_input_is_400_named_and_logged(
    client: httpx.Client, admin: dict[str, str], database: Database, change: dict[str, Any], said: str
) -> None:
    given = {name: value for name, value in (CLOSED | change).items() if value is not None}
    body = json.dumps(given).encode()
    answer = client.post("/ingest/orders", content=body, headers=admin | {"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert entries(database) == []
    ((action, _, detail),) = audit(database)
    assert (action, detail["status"]) == ("order refused", 400)


def test_swapped_places_on_the_other_side_of_the_equator_are_found_by_the_roads(
    client: httpx.Client, admin: dict[str, str], database: Database
) -> None:
    """Where both orders are places on Earth, only the roads can tell."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE net.piece SET geom = ST_Translate(geom, -70, 0)")
    moved = [[lat, lon - 70] for lon, lat in BETWEEN]
    answer = client.post("/ingest/orders", json=CLOSED | {"between": moved}, headers=admin)
    assert answer.status_code == 400
    assert "swapped" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"kind": NaN}', "application/json", 400),
        (b"kind=restriction", "application/x-www-form-urlencoded", 415),
        (b" " * (5 * 2**20), "application/json", 413),
    ],
)
def test_bodies_that_are_no_order(
    client: httpx.Client, admin: dict[str, str], body: bytes, media: str, status: int
) -> None:
    answer = client.post("/ingest/orders", content=body, headers=admin | {"content-type": media})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("scope", "of", "place", "status"),
    [
        ("manager", "prefecture", {"between": BETWEEN}, 200),
        ("manager", "municipality", {"between": BETWEEN}, 403),
        ("manager", "nation", {"edges": [2]}, 403),
        ("manager", "nation", {"edges": [6, 2]}, 403),
        ("manager", "nation", {"edges": [6]}, 200),
        ("manager", "prefecture", {"route_id": "R1"}, 403),
        ("manager", "金沢土木", {"route_id": "R1"}, 200),
        ("manager", "金沢土木", {"edges": [2]}, 403),
        ("manager", "金沢市", {"edges": [4]}, 200),
        ("manager", "小松市", {"edges": [4]}, 403),
        ("manager", "金沢市", {"edges": [2]}, 403),
        (
            "manager",
            "municipality",
            {"geometry": {"type": "LineString", "coordinates": [[136.65, 36.56], [136.659, 36.56]]}},
            403,
        ),
        ("admin", None, {"edges": [2, 4, 6]}, 200),
        ("contractor", "雪国建設", {"between": BETWEEN}, 403),
        ("source", "gps", {"between": BETWEEN}, 403),
        ("public", None, {"between": BETWEEN}, 403),
    ],
)
def test_a_manager_orders_about_its_own_roads_alone(
    client: httpx.Client, database: Database, scope: str, of: str | None, place: dict[str, Any], status: int
) -> None:
    key = bearer(add_key(database, scope, of))
    given = {name: value for name, value in CLOSED.items() if name != "between"} | place
    answer = client.post("/ingest/orders", json=given, headers=key)
    assert answer.status_code == status, answer.text
    assert len(entries(database)) == (status == 200)
    assert [row[0] for row in audit(database)] == ["order place" if status == 200 else "order refused"]


@pytest.mark.parametrize(
    ("place", "status"),
    [({"manager": "prefecture"}, 200), ({"manager": "nation"}, 403), ({"everywhere": True}, 403)],
)
def test_a_manager_stops_its_own_publication_alone(
    client: httpx.Client, prefecture: dict[str, str], place: dict[str, Any], status: int
) -> None:
    given = {"kind": "publication_stop", "reason": "点検"} | place
    assert client.post("/ingest/orders", json=given, headers=prefecture).status_code == status


def test_an_unknown_key_is_401_and_only_that_is_written(client: httpx.Client, database: Database) -> None:
    for headers in ({}, bearer("wrong"), {"Authorization": "Basic x"}):
        answer = client.post("/ingest/orders", json=CLOSED, headers=headers)
        assert answer.status_code == 401
        assert "bearer" in answer.headers["www-authenticate"].lower()
        assert client.get("/ingest/orders", headers=headers).status_code == 401
    assert {(action, key_id) for action, key_id, _ in audit(database)} == {("refused", None)}


def test_the_same_client_id_again_changes_nothing(
    client: httpx.Client, prefecture: dict[str, str], database: Database
) -> None:
    given = CLOSED | {"client_id": "one"}
    first, again = (client.post("/ingest/orders", json=given, headers=prefecture).json() for _ in range(2))
    assert again == first | {"is_repeat": True}
    end = {"reason": "解除", "client_id": "two"}
    address = f"/ingest/orders/{first['order_id']}/end"
    ended, again = (client.post(address, json=end, headers=prefecture).json() for _ in range(2))
    assert again == ended | {"is_repeat": True}
    assert [row[1] for row in entries(database)] == ["place", "end"]


def test_an_order_is_listed_until_it_is_over(client: httpx.Client, prefecture: dict[str, str], admin: Any) -> None:
    listed = lambda **more: client.get("/ingest/orders", headers=prefecture, **more).json()["orders"]  # noqa: E731
    order_id = client.post("/ingest/orders", json=CLOSED, headers=prefecture).json()["order_id"]
    other = client.post("/ingest/orders", json=CLOSED, headers=admin).json()["order_id"]
    assert [(o["order_id"], o["is_mine"]) for o in listed()] == [(other, False), (order_id, True)]
    assert client.post(f"/ingest/orders/{other}/end", json={"reason": "x"}, headers=prefecture).status_code == 403
    assert client.post(f"/ingest/orders/{order_id}/end", json={"reason": "x"}, headers=prefecture).status_code == 200
    assert [o["order_id"] for o in listed()] == [other]
    assert [o["order_id"] for o in listed(params={"past": "true"})] == [other, order_id]
    answer = client.post(f"/ingest/orders/{order_id}/end", json={"reason": "x"}, headers=prefecture)
    assert answer.status_code == 409
    assert client.get("/ingest/orders", params={"all": "1"}, headers=prefecture).status_code == 400


@pytest.mark.parametrize(
    ("address", "given", "status"),
    [
        ("/ingest/orders/999/end", {"reason": "x"}, 404),
        ("/ingest/orders/99999999999999999999999/end", {"reason": "x"}, 404),
        ("/ingest/orders/{id}/end", {}, 400),
        ("/ingest/orders/{id}/end", {"reason": LONG}, 400),
        ("/ingest/orders/{id}/end", {"reason": "x", "ends_at": "2026-01-01T00:00:00Z"}, 400),
        ("/ingest/orders/{id}/end", {"reason": "x", "kind": "restriction"}, 400),
        ("/ingest/orders/{id}/change", {"kind": "correction"}, 400),
        ("/ingest/orders/{id}/change", {"edges": [999]}, 400),
        ("/ingest/orders/{id}/change", {"between": BETWEEN, "edges": [2]}, 400),
    ],
)
def test_bad_ends_and_changes(
    client: httpx.Client, admin: dict[str, str], database: Database, address: str, given: dict[str, Any], status: int
) -> None:
    order_id = client.post("/ingest/orders", json=CLOSED, headers=admin).json()["order_id"]
    answer = client.post(address.replace("{id}", str(order_id)), json=given, headers=admin)
    assert answer.status_code == status, answer.text
    assert len(entries(database)) == 1


def test_a_change_names_another_place_or_end(client: httpx.Client, admin: dict[str, str], database: Database) -> None:
    order_id = client.post("/ingest/orders", json=CLOSED, headers=admin).json()["order_id"]
    address = f"/ingest/orders/{order_id}/change"
    later = (NOW + timedelta(hours=3)).isoformat()
    assert client.post(address, json={"ends_at": later}, headers=admin).status_code == 200
    assert client.post(address, json={"edges": [2]}, headers=admin).status_code == 200
    (listed,) = client.get("/ingest/orders", headers=admin).json()["orders"]
    assert listed["place"] == {"edges": [{"edge_id": 2}]}
    assert listed["ends_at"] == later
    assert client.post(address, json={"ends_at": None}, headers=admin).status_code == 200
    assert client.get("/ingest/orders", headers=admin).json()["orders"][0]["ends_at"] is None


def test_a_drawn_line_beside_every_road_is_taken_with_a_warning(client: httpx.Client, admin: dict[str, str]) -> None:
    line = {"type": "LineString", "coordinates": [[137.5, 36.9], [137.6, 36.9]]}
    given = {"kind": "restriction", "restriction": "chains", "geometry": line, "reason": "x"}
    answer = client.post("/ingest/orders", json=given, headers=admin)
    assert answer.status_code == 200
    assert "No road of the network" in answer.json()["warnings"][0]


def test_a_key_that_asks_too_often_is_told_when_to_come_again(database: Database) -> None:
    intake = Intake(Settings(), database)
    for _ in range(20):
        intake.count_order(b"a")
    with pytest.raises(TooFastError) as refused:
        list(map(intake.count_order, [b"a"] * 20))
    assert refused.value.retry_after_s == 1
    intake.count_order(b"b")

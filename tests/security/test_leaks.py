"""No public address, in any form, holds a canary; no contractor's key opens another's; caches get nothing of keys."""

from __future__ import annotations

import contextlib
import time

import httpx
import pytest

from geo.db import Role
from layers.publish import publish
from tests.security.addresses import PARTS, filled, paths_of, routes
from tests.security.conftest import World
from tests.security.reading import fields, text_of, tile_values
from tests.security.town import AS_OF, CANARIES, KEYS, OF_CONTRACTOR

#: Of a stream that never ends so much is read.
STREAM_S, STREAM_BYTES = 0.3, 200_000


def ask(client: httpx.Client, address: str) -> httpx.Response:
    """The answer; of a stream what comes within STREAM_S."""
    with client.stream("GET", address) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
            return answer
        body, until = b"", time.monotonic() + STREAM_S
        with contextlib.suppress(httpx.TimeoutException):
            for part in answer.iter_raw():
                body += part
                if time.monotonic() > until or len(body) > STREAM_BYTES:
                    break
    return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def spilt(answer: httpx.Response, canaries: tuple[str, ...], address: str) -> list[str]:
    """The canaries that an answer holds; those that the address itself named do not count."""
    text = text_of(answer)
    return [canary for canary in canaries if canary in text and canary not in address]


def test_every_route_is_asked(world: World, asked: list[str]) -> None:
    for path in paths_of(world.app):
        if "{collection_id}" not in path and "{item_id}" not in path:
            assert any(text == one.partition("?")[0] for text in filled(path) for one in asked), path
    assert len(asked) > 200
    found = [(path, method) for path, methods in routes(world.app.routes) for method in methods]
    assert len(found) > 40
    assert {method for _, method in found} == {"GET", "HEAD", "POST"}, "a new method: say what it may change"
    # /disputes takes reports of anybody, and decisions by a manager's key (tests/tiles/test_disputes.py)
    assert all(path.startswith(("/ingest/", "/disputes")) for path, method in found if method == "POST")
    assert set(PARTS) >= {"layer", "collection_id"}


def test_the_canaries_are_there_to_be_found(world: World) -> None:
    """An administrator reads them, so a search that found nothing would be blind."""
    with world.client("canary-key-admin") as client:
        names = ("daily_reports", "devices", "orders")
        text = " ".join(text_of(ask(client, f"/ogc/collections/{name}/items?f=json")) for name in names)
        shown = {canary for canary in CANARIES if canary in text}
        book = text_of(ask(client, "/reports/daily?date=2026-01-18&format=xlsx"))
    assert {"秘密建設", "北陸建設", "plough-0001", "plough-0002", "7654321", "8765432", "987654", "canary-author",
            "canary-reason", "136.7096", "136.6412", "136.6305"} <= shown  # fmt: skip
    assert "秘密建設" in book


def test_no_public_answer_holds_a_canary(world: World, asked: list[str]) -> None:
    statuses: dict[int, int] = {}
    with world.client() as client:
        for address in asked:
            answer = ask(client, address)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            if address.startswith("/metrics"):
                continue  # for the machine itself, see below
            assert answer.status_code < 500, (address, answer.text[:300])
            assert not spilt(answer, CANARIES, address), address
            if address.startswith(("/ogc", "/reports")):
                assert "Authorization" in answer.headers["vary"], address
    assert statuses[200] > 100, statuses


def test_html_and_plain_clients_are_told_no_more(world: World, asked: list[str]) -> None:
    with world.client() as client:
        client.headers.update({"Accept": "text/html", "Accept-Language": "en", "Accept-Encoding": "identity"})
        for address in (one for one in asked if "f=" not in one and "/tiles/" not in one):
            assert not spilt(ask(client, address), CANARIES, address) or address.startswith("/metrics"), address


def test_a_key_of_scope_public_opens_nothing(world: World, asked: list[str]) -> None:
    with world.client("canary-key-public") as client:
        for address in (one for one in asked if "/items" in one and "f=html" not in one):
            assert not spilt(ask(client, address), CANARIES, address), address
        for name in ("devices", "orders", "withheld_status", "service_level", "daily_reports"):
            assert client.get(f"/ogc/collections/{name}/items").status_code == 403
        assert client.get("/reports/daily?date=2026-01-18").status_code == 403


@pytest.mark.parametrize("key", list(OF_CONTRACTOR))
def test_no_contractor_reads_anything_of_another(world: World, asked: list[str], key: str) -> None:
    own = OF_CONTRACTOR[key]
    # with another's key a contractor reads its own reports, hence its own names; every other canary stays hidden
    foreign = tuple(canary for canary in CANARIES if canary not in (*own, "plough-000"))
    n_own = 0
    with world.client(key) as client:
        for address in asked:
            if address.startswith("/metrics") or ("f=html" in address and "/daily_reports" not in address):
                continue
            answer = ask(client, address)
            assert answer.status_code < 500, (address, answer.text[:300])
            assert not spilt(answer, foreign, address), address
            n_own += own[0] in text_of(answer) and own[0] not in address
    assert n_own > 3


def test_what_a_key_opens_enters_no_cache(world: World, asked: list[str]) -> None:
    with world.client("canary-key-manager") as client:
        for address in (one for one in asked if "f=html" not in one and "limit=" not in one):
            answer = ask(client, address)
            assert answer.headers["cache-control"] == "private, no-store", address
            assert "Authorization" in answer.headers["vary"], address


def test_a_key_in_the_address_opens_nothing_and_is_not_repeated(world: World) -> None:
    with world.client() as client:
        for name in ("key", "api_key", "token", "access_token", "authorization"):
            answer = client.get("/ogc/collections/devices/items", params={name: "canary-key-admin"})
            assert answer.status_code in (400, 401)
            assert "canary-key" not in text_of(answer)


def test_metrics_and_probes_name_no_vehicle_and_no_contractor(world: World) -> None:
    with world.client() as client:
        for path in ("/metrics", "/healthz", "/readyz", "/config.json"):
            assert not spilt(client.get(path), CANARIES, path), path
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            refused = client.get("/metrics", headers={name: "203.0.113.7"})
            assert refused.status_code == 403, name


def test_public_ids_of_ploughs_do_not_link_shifts(world: World) -> None:
    def seen() -> list[dict[str, object]]:
        with world.client() as client:
            found = client.get("/ogc/collections/ploughs/items?f=json").json()["features"]
            return [one["properties"] for one in found]

    before = seen()
    assert len(before) == 1
    with world.database.connect(Role.OWNER) as connection:
        connection.execute(
            "UPDATE ops.vehicle_state SET shift_started_at = shift_started_at + interval '1 hour' "
            "WHERE vehicle_id = 987654001"
        )
    publish(world.database, AS_OF, b"a secret of this test")
    after = seen()
    deadline = time.monotonic() + 5
    while after == before and time.monotonic() < deadline:
        time.sleep(0.05)
        after = seen()
    assert len(after) == 1
    assert after[0]["plough_id"] != before[0]["plough_id"]
    assert set(after[0]) == {
        "plough_id", "observed_at", "age_s", "is_silent", "heading_deg", "treatment", "synthetic",
    }  # fmt: skip


def test_the_reader_of_tiles_reads_what_it_is_given() -> None:
    feature = bytes([0x08, 0x96, 0x01])
    layer = b"\x0a\x01a" + b"\x12" + bytes([len(feature)]) + feature + b"\x1a\x01k" + b"\x22\x03\x0a\x01v"
    tile = b"\x1a" + bytes([len(layer)]) + layer
    assert list(tile_values(tile)) == ["a", 150, "k", "v"]
    assert [n for n, _ in fields(tile)] == [3]
    assert len(KEYS) == 5

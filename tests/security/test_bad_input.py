"""Bad input by hand: each is refused with a problem that names what was wrong, or answered; none is a fault."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psycopg
import pytest

from geo.db import Role
from geo.settings import Settings
from tests.security.conftest import World
from tests.security.reading import text_of
from tests.security.town import AS_OF, CANARIES
from tests.served_town import serving
from tiles import service as service_module
from tiles.service import STATEMENT_TIMEOUT_MS, Service
from yukimichi.server import create_app

ROADS = "/ogc/collections/roads/items"
#: Tiles that no scheme has: each is not there, or not understood.
TILES = [
    "-1/0/0", "0/-1/0", "15/0/0", "99999999999999999999/0/0", "3/8/0", "3/0/8", "nan/0/0", "1e1/0/0", "0/0/NaN",
    "１/0/0", "0/0/0x1", "%00/0/0", "0/%2e%2e/0", "13/7206/99999999999999999999999999",
]  # fmt: skip
#: A parameter and a value that is refused, on items.
REFUSED: list[tuple[str, str]] = [
    ("limit", "0"), ("limit", "-1"), ("limit", "1e9"), ("limit", "٣"), ("limit", ""), ("limit", "9" * 40),
    ("offset", "-1"), ("offset", "x"), ("offset", "9" * 40), ("bbox", "1,2,3"), ("bbox", "a,b,c,d"),
    ("bbox", "nan,0,1,1"), ("bbox", "inf,0,1,1"), ("bbox", "1e400,0,1,1"), ("bbox", "1,2,3,4,5"), ("bbox", ""),
    ("bbox-crs", "EPSG:4326"), ("crs", "http://x"), ("datetime", "yesterday"), ("datetime", "2026-01-14T00:00:00"),
    ("datetime", "99999-01-01T00:00:00Z"), ("datetime", "2026-01-02/2026-01-01"), ("sortby", "nope"),
    ("sortby", "name;DROP TABLE pub.roads"), ("properties", "geom,nope"), ("skipGeometry", "maybe"), ("f", "xml"),
    ("edge_id", "99999999999999999999"), ("length_m", "nan"), ("is_oneway", "2"), ("nope", "1"), ("filter", "name ="),
    ("filter", "nope = 1"), ("filter", "name = 'a"), ("filter", "(" * 2_000), ("filter", "edge_id = 'x' OR"),
    ("filter", "1=1); DELETE FROM pub.roads; --"), ("filter", "pg_sleep(10) = 1"), ("filter-lang", "sql"),
    ("filter", "S_INTERSECTS(geom, POLYGON((0 0, 1 1)))"), ("filter", "vehicle_id = 1"), ("name", "a\0b"),
]  # fmt: skip
#: Texts that try to become SQL; each is a value like any other.
INJECTIONS = [
    "' OR '1'='1", "'; DELETE FROM pub.roads; --", "\\'; SELECT pg_sleep(10); --", "%(as_of)s", "{source}", "%s%s%s",
    "$1", "''; COPY (SELECT 1) TO PROGRAM 'id'", "(SELECT key_sha256 FROM app.api_key)", "\u2019 OR 1=1", "𠮷野家", "%",
]  # fmt: skip


def is_problem(answer: httpx.Response, *, names: str = "") -> None:
    """RFC 9457, with a detail that names the parameter."""
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == answer.status_code
    assert names in found["detail"], found


@pytest.fixture(scope="module")
def client(world: World) -> Any:
    with world.client() as client:
        yield client


@pytest.mark.parametrize("base", ["/tiles/roads/1-x", "/ogc/collections/road_status/tiles/WebMercatorQuad"])
def test_tiles_that_no_scheme_has(client: httpx.Client, base: str) -> None:
    for address in TILES:
        is_problem(client.get(f"{base}/{address}{'.mvt' if base.startswith('/tiles') else ''}"))


def test_what_items_refuse_names_its_parameter(client: httpx.Client) -> None:
    for name, value in REFUSED:
        answer = client.get(ROADS, params={"f": "json", name: value})
        is_problem(answer, names=name)
        assert answer.status_code == 400
        assert len(answer.content) < 6_000, name


def test_texts_that_try_to_be_sql_are_values(client: httpx.Client, world: World) -> None:
    before = client.get(ROADS).json()["numberMatched"]
    for text in INJECTIONS:
        quoted = text.replace("'", "''")
        asked = [
            {"name": text}, {"filter": f"name = '{quoted}'"}, {"filter": f"name LIKE '{quoted}'"},
            {"filter": f"name IN ('{quoted}')"},
        ]  # fmt: skip
        for params in asked:
            answer = client.get(ROADS, params=params)
            assert answer.status_code in (200, 400), (params, answer.text)
            told = text_of(answer)
            assert not [one for one in CANARIES if one in told], params
            if answer.status_code == 200 and not (text == "%" and "LIKE" in str(params)):
                assert answer.json()["features"] == [], params
    assert client.get(ROADS).json()["numberMatched"] == before
    for path in (f"{ROADS}/{quote(INJECTIONS[0])}", f"/status/edges/{quote(INJECTIONS[1])}"):
        is_problem(client.get(path))


def test_what_is_large_is_bounded_and_not_refused(client: httpx.Client) -> None:
    page = client.get(ROADS, params={"limit": 10**9}).json()
    assert page["numberReturned"] == page["numberMatched"] == 6
    # so deep nobody pages: cursors lead on
    is_problem(client.get(ROADS, params={"offset": 10**12}), names="offset")
    world = client.get(ROADS, params={"bbox": "-180,-90,180,90"})
    assert world.json()["numberReturned"] == 6
    for box in ("-1e300,-1e300,1e300,1e300", "1e300,1e300,-1e300,-1e300", "180,0,-180,1"):
        assert client.get(ROADS, params={"bbox": box}).status_code in (200, 400)


def test_parameters_twice_wrong_methods_and_long_addresses(client: httpx.Client) -> None:
    is_problem(client.get(f"{ROADS}?limit=1&limit=2"), names="limit")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (ROADS, "/status/snapshot", "/tiles/roads/tilejson.json", "/ogc/collections", "/reports/daily"):
            refused = client.request(method, path)
            is_problem(refused)
            assert refused.status_code == 405, (method, path)
            assert "GET" in refused.headers["allow"], (method, path)
    long = client.get(ROADS, params={"name": "x" * 20_000})
    is_problem(long, names="name")
    assert client.get("/" + "x" * 30_000).status_code in (404, 414)


def _raw(address: str, request: bytes) -> bytes:
    """The first bytes that the server answers to a request as it stands."""
    at = urlsplit(address)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=10)
    connection.connect()
    try:
        connection.sock.sendall(request)
        return connection.sock.recv(65_536)
    finally:
        connection.close()


def test_odd_requests_do_not_bring_the_server_down(world: World) -> None:
    for head in (
        b"GET /%ff%fe%00 HTTP/1.1", b"GET /ogc/collections/%E0%A4%A/items HTTP/1.1", b"GET //ogc//../healthz HTTP/1.1",
        b"GET /tiles/roads/1-x/%F0%9F%9A%9C/0/0.mvt HTTP/1.1", b"GET /ogc?f=%ff HTTP/1.1", b"BREW /healthz HTTP/1.1",
        b"GET /ogc/collections/roads/items?name=%ED%A0%80 HTTP/1.1", b"GET * HTTP/1.1", b"GET http://other/ HTTP/1.1",
    ):  # fmt: skip
        answered = _raw(world.address, head + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answered.startswith(b"HTTP/1.1 "), head
        assert answered.split()[1][:1] in (b"2", b"3", b"4"), (head, answered[:200])
    odd_headers = (
        b"Accept: " + b"x" * 30_000, b"Accept-Language: \xff\xfe", b"Range: bytes=9-1,,,", b'If-None-Match: """',
        b"Accept-Encoding: gzip;q=nan, br;q=\xe2\x88\x9e", b"Authorization: Bearer \xff\xff",
    )  # fmt: skip
    for odd in odd_headers:
        answered = _raw(
            world.address,
            b"GET /ogc/collections?f=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + odd + b"\r\n\r\n",
        )
        assert answered.split()[1][:1] in (b"2", b"4"), (odd[:40], answered[:200])
    assert httpx.get(f"{world.address}/healthz").json() == {"status": "ok"}


def test_a_question_that_takes_too_long_ends_in_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock stands for a heavy question: the statement waits, and the timeout of the connection ends it."""
    assert STATEMENT_TIMEOUT_MS <= 5_000
    monkeypatch.setattr(service_module, "STATEMENT_TIMEOUT_MS", 400)
    database = world.database
    app = create_app(Settings(), database, Service(Settings(), database, clock=lambda: AS_OF))
    done = threading.Event()

    def hold() -> None:
        with psycopg.connect(database.conninfo_of(Role.OWNER)) as connection:
            connection.execute("LOCK TABLE pub.roads IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(30)

    with serving(app) as address:
        held = threading.Event()
        holder = threading.Thread(target=hold)
        holder.start()
        try:
            assert held.wait(10)
            began = time.monotonic()
            answer = httpx.get(address + ROADS, params={"name": "x"}, timeout=20)
            took_s = time.monotonic() - began
        finally:
            done.set()
            holder.join()
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert took_s < 15
        assert httpx.get(address + ROADS, params={"name": "x"}).status_code == 200

"""The shipped configuration of nginx before the small town: what it keeps, for how long, and what it never keeps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from benchmarks.serve_servers import nginx
from geo.db import Database, Role
from layers.publish import publish
from tests.tiles.conftest import AS_OF, SECRET
from tests.tiles.test_vector import address as address_of


@pytest.fixture
def proxy(address: str, tmp_path: Path, installed: Callable[[str, str], str]) -> Iterator[httpx.Client]:
    """A client of nginx before the served town."""
    installed("nginx", "nginx-light")
    with nginx(tmp_path, address.removeprefix("http://")) as server, httpx.Client(base_url=server.base) as client:
        yield client


def kept(answer: httpx.Response) -> str:
    """What nginx says of its cache."""
    said = [part for part in answer.headers.get("cache-status", "").split(",") if "nginx" in part]
    return said[-1].strip() if said else ""


def test_what_nginx_keeps(proxy: httpx.Client, client: httpx.Client, town: Database) -> None:
    """One test, since each needs a town, a server and nginx."""
    version = proxy.get("/config.json").json()["roads_version"]
    z, x, y = address_of(136.6505, 36.562, 14)
    tile = f"/tiles/roads/{version}/{z}/{x}/{y}.mvt"
    _immutable(proxy, client, tile)
    _forms_are_apart(proxy, tile)
    _keys_are_never_kept(proxy, tile)
    _streams_flow(proxy)
    _changes_come_through(proxy, town, f"/ogc/collections/road_status/tiles/WebMercatorQuad/{z}/{y}/{x}")
    assert proxy.get("/metrics").status_code == 403
    assert client.get("/metrics").status_code == 200


def _immutable(proxy: httpx.Client, client: httpx.Client, tile: str) -> None:
    first, second, direct = proxy.get(tile), proxy.get(tile), client.get(tile)
    assert (kept(first), kept(second)) == ("nginx; fwd=uri-miss", "nginx; hit")
    assert first.content == second.content == direct.content
    for name in ("cache-control", "etag", "content-type", "x-content-type-options", "access-control-allow-origin"):
        assert second.headers[name] == direct.headers[name], name
    assert "server" not in second.headers or second.headers["server"] == "nginx"
    assert proxy.get(tile, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    refused = [proxy.get(tile, params={"x": "1"}) for _ in range(2)]
    assert [one.status_code for one in refused] == [400, 400]
    assert kept(refused[1]) != "nginx; hit"


def _forms_are_apart(proxy: httpx.Client, tile: str) -> None:
    packed = proxy.get(tile, headers={"accept-encoding": "br, gzip, deflate"})
    assert (kept(packed), packed.headers["content-encoding"]) == ("nginx; hit", "gzip")
    for refusal in ("identity", "gzip;q=0", "gzip; q=0.0, br"):
        plain = proxy.get(tile, headers={"accept-encoding": refusal})
        assert "content-encoding" not in plain.headers, refusal
        assert plain.content == packed.content
    forms = [proxy.get("/status/snapshot", headers={"accept": accept}) for accept in ("application/json", "*/*") * 2]
    assert [one.headers["content-type"] for one in forms[:2]] == [one.headers["content-type"] for one in forms[2:]]
    assert forms[2].content == forms[0].content


def _keys_are_never_kept(proxy: httpx.Client, tile: str) -> None:
    carried = proxy.get(tile, headers={"authorization": "Bearer x"})
    assert kept(carried) == "nginx; fwd=bypass"
    for _ in range(2):
        private = proxy.get("/ogc/collections/devices/items")
        assert (private.status_code, kept(private)) == (401, "")


def _streams_flow(proxy: httpx.Client) -> None:
    """The first line comes although the answer never ends: nothing is held back."""
    with proxy.stream("GET", "/status/stream", timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert next(answer.iter_lines())


def _changes_come_through(proxy: httpx.Client, town: Database, tile: str) -> None:
    first = proxy.get(tile)
    lives = dict(re.findall(r"([a-z-]+)=(\d+)", first.headers["cache-control"]))
    assert int(lives["max-age"]) + int(lives["stale-while-revalidate"]) <= 2
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id IN (4, 5)")
    publish(town, AS_OF + timedelta(minutes=1), SECRET)
    deadline = time.monotonic() + 30
    while proxy.get(tile).headers["etag"] == first.headers["etag"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)

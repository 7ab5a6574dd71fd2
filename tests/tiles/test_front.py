"""The front gives the answers of the application, header by header, and forgets them when they hold no longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geo.db import Database, Role
from layers.publish import publish
from tests.tiles.conftest import AS_OF, SECRET, Clock
from tests.tiles.test_vector import address
from tiles import front
from tiles.service import Service
from yukimichi import quick

FORMS: list[dict[str, str]] = [
    {"accept-encoding": "gzip"},
    {"accept-encoding": "gzip, deflate, br"},
    {"accept-encoding": "identity"},
    {"accept-encoding": "gzip;q=0"},
    {"accept-encoding": "gzip", "origin": "https://example.org"},
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """What the front answered by itself: method, route, status asked of it."""
    found: list[tuple[str, str, int]] = []
    answer = front.FrontMiddleware._answer

    async def noted(self: front.FrontMiddleware, scope: Scope, send: Send, kept: Any, known: bytes | None) -> None:
        found.append((scope["method"], kept.route, kept.status))
        await answer(self, scope, send, kept, known)

    monkeypatch.setattr(front.FrontMiddleware, "_answer", noted)
    express = quick.ExpressMiddleware.__call__

    async def at_length(self: quick.ExpressMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        is_long = any(name == b"range" for name, _ in scope.get("headers", ()))
        await (self.app(scope, receive, send) if is_long else express(self, scope, receive, send))

    monkeypatch.setattr(quick.ExpressMiddleware, "__call__", at_length)
    return found


def paths(client: httpx.Client) -> list[str]:
    version = client.get("/config.json").json()["roads_version"]
    z, x, y = address(136.6505, 36.562, 14)
    return [
        f"/tiles/roads/{version}/{z}/{x}/{y}.mvt",
        f"/tiles/roads/{version}/14/0/0.mvt",
        f"/ogc/collections/roads/tiles/WebMercatorQuad/{z}/{y}/{x}",
        f"/ogc/collections/road_status/tiles/WebMercatorQuad/{z}/{y}/{x}",
        "/status/snapshot",
    ]


def seen(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers (in any order, names in lower case, without the second of the answer) and body."""
    headers = sorted((k.lower(), v) for k, v in answer.headers.multi_items() if k.lower() != "date")
    return answer.status_code, headers, answer.content


def test_both_ways_say_the_same(told: list[Any], client: httpx.Client, service: Service) -> None:
    """Each answer by the express route first, then by the front, then the long way, which `told` lets a range take."""
    for path in paths(client):
        for form in FORMS:
            service.tiles.clear()
            by_application = client.get(path, headers=form)
            assert by_application.status_code in (200, 204)
            tag = {"if-none-match": by_application.headers["etag"]}
            n = len(told)
            again = client.get(path, headers=form)
            assert seen(again) == seen(by_application), (path, form)
            assert told[n:] == [("GET", told[-1][1], by_application.status_code)], "the front did not answer"
            # the forms of the application: HEAD, 304, and If-None-Match with something else
            for method, extra in (("HEAD", {}), ("GET", tag), ("HEAD", tag), ("GET", {"if-none-match": '"other"'})):
                by_front = client.request(method, path, headers=form | extra)
                slow = client.request(method, path, headers=form | extra | {"range": "bytes=0-"})
                assert seen(by_front) == seen(slow), (path, form, method, extra)
            assert len(told) == n + 5, "four more by the front, none of those with a range"


def test_a_changed_state_is_never_told_from_memory(told: list[Any], client: httpx.Client, town: Database) -> None:
    path = paths(client)[3]
    first = client.get(path)
    assert seen(client.get(path)) == seen(first)
    n = len(told)
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id IN (4, 5)")
    publish(town, AS_OF + timedelta(minutes=1), SECRET)
    deadline = time.monotonic() + 20  # the watch notices within a tenth of a second
    while (changed := client.get(path)).content == first.content and time.monotonic() < deadline:
        time.sleep(0.02)
    assert changed.headers["etag"] != first.headers["etag"]
    assert seen(client.get(path)) == seen(changed)
    assert len(told) > n


def test_time_ends_what_rests_on_it(told: list[Any], client: httpx.Client, clock: Clock) -> None:
    path = paths(client)[3]
    client.get(path)
    client.get(path)
    n = len(told)
    assert n >= 1
    clock.at += timedelta(days=3)
    expired = client.get(path)
    assert len(told) == n, "the application makes it anew"
    assert b"expired" in expired.content
    assert b"cleared" not in expired.content.replace(b"uncleared", b"").replace(b"cleared_at", b"")


def test_a_key_a_query_and_other_roads_go_to_the_application(
    told: list[Any], client: httpx.Client, service: Service
) -> None:
    path = paths(client)[0]
    client.get(path)
    client.get(path)
    n = len(told)
    assert n == 1
    assert client.get(path, headers={"authorization": "Basic abc"}).status_code == 200
    assert client.get(path, params={"x": 1}).status_code == 400
    assert client.get(path + "/more").status_code == 404
    assert client.post(path).status_code == 405
    assert len(told) == n
    service.tiles.clear()
    assert client.get(path).status_code == 200
    assert len(told) == n, "what the cache has lost is made again"


def test_while_the_database_is_away_answers_say_since_when(
    told: list[Any], client: httpx.Client, service: Service
) -> None:
    path = paths(client)[0]
    assert "cache-status" not in client.get(path).headers
    service.stale_since = AS_OF  # what the watch sets; it takes it back at its next look
    answer = client.get(path)
    assert told
    assert answer.headers.get("cache-status") in (None, 'yukimichi; hit; detail="stale since 2026-01-14T22:00:00Z"')


class Memory:
    """An application that answers each path with its own bytes and offers them."""

    def __init__(self) -> None:
        self.n_asked = 0
        self.is_good: Callable[[], bool] = lambda: True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.n_asked += 1
        body = scope["path"].encode()
        front.offer(Request(scope), self.is_good, body)
        await Response(body, headers={"ETag": '"a"', "Content-Encoding": "gzip"})(scope, receive, send)


class Away:
    stale_since = AS_OF


def asked(middleware: front.FrontMiddleware, path: str, **headers: str) -> dict[str, str]:
    """Headers of the answer to a path."""
    found: dict[str, str] = {}

    async def send(message: Any) -> None:
        found.update({k.decode(): v.decode() for k, v in message.get("headers", ())})

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw}
    asyncio.run(middleware(scope, receive, send))
    return found


def test_what_it_keeps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "ADDRESSES_MAX", 16)
    application = Memory()
    middleware = front.FrontMiddleware(application, Away(), lambda *_: None)  # type: ignore[arg-type]
    for i in range(100):
        asked(middleware, f"/{i}")
        assert len(middleware) <= 16
    assert application.n_asked == 100
    asked(middleware, "/99")
    assert application.n_asked == 100
    for i in range(100):  # each as another form, as somebody who means ill would send
        asked(middleware, "/99", accept_encoding=f"gzip;q=0.{i}")
    assert application.n_asked > 180
    assert asked(middleware, "/99")["cache-status"].endswith('"stale since 2026-01-14T22:00:00Z"')
    application.is_good = lambda: False
    middleware.clear()
    for _ in range(3):
        asked(middleware, "/0")
    assert application.n_asked > 183, "what does not hold is asked for each time"

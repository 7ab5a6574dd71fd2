"""The caches by themselves, and what is served while the database is away."""

from __future__ import annotations

import asyncio
import time

import httpx
from starlette.requests import Request

from geo.db import Database
from tiles.caching import ByteCache, Latest, etag_of, is_known, takes_gzip
from yukimichi.cluster import Cluster


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": raw})


def test_the_least_recently_used_go_first() -> None:
    async def run() -> None:
        made: list[str] = []

        async def make(name: str) -> bytes:
            made.append(name)
            return name.encode() * 4

        cache = ByteCache(10)
        for name in ("a", "b", "a", "c", "a", "b"):
            assert await cache.get(name, lambda name=name: make(name)) == name.encode() * 4  # type: ignore[misc]
        assert made == ["a", "b", "c", "b"]
        assert (len(cache), cache.size) == (2, 8)
        cache.put("large", b"x" * 11)
        assert (len(cache), cache.size) == (2, 8)
        cache.put("b", b"y")
        assert cache.size == 5

    asyncio.run(run())


def test_many_who_ask_at_once_wait_for_one_maker() -> None:
    async def run() -> None:
        made = 0

        async def make() -> bytes:
            nonlocal made
            made += 1
            await asyncio.sleep(0.01)
            return b"tile"

        cache: ByteCache = ByteCache(100)
        assert set(await asyncio.gather(*(cache.get("k", make) for _ in range(50)))) == {b"tile"}
        latest: Latest[bytes] = Latest()
        assert set(await asyncio.gather(*(latest.get(1, make) for _ in range(50)))) == {b"tile"}
        assert made == 2

    asyncio.run(run())


def test_a_maker_that_fails_leaves_the_last_value_and_is_asked_again() -> None:
    async def run() -> None:
        async def fail() -> int:
            raise OSError("away")

        async def make() -> int:
            return 7

        latest: Latest[int] = Latest()
        await latest.get("one", make)
        for _ in range(2):
            try:
                await latest.get("two", fail)
            except OSError:
                continue
            raise AssertionError("the failure was kept to itself")
        assert latest.last == 7
        assert await latest.get("two", make) == 7

    asyncio.run(run())


def test_tags_are_compared_weakly() -> None:
    tag = etag_of(b"one", 2, weak=True)
    assert tag == etag_of(b"one", 2, weak=True) != etag_of(b"one", 3, weak=True)
    assert etag_of("ab", "c") != etag_of("a", "bc")
    for asked in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        assert is_known(request(if_none_match=asked), tag)
    assert not is_known(request(if_none_match='"x"'), tag)
    assert not is_known(request(), tag)


def test_gzip_only_for_those_who_take_it() -> None:
    for accepted in ("gzip", "br, gzip;q=0.5", "*"):
        assert takes_gzip(request(accept_encoding=accepted))
    for accepted in ("identity", "br", "gzip;q=0", "gzip; q=0.0"):
        assert not takes_gzip(request(accept_encoding=accepted))
    assert not takes_gzip(request())


def test_while_the_database_is_away_what_is_cached_goes_on(
    cluster: Cluster, town: Database, client: httpx.Client
) -> None:
    version = client.get("/config.json").json()["roads_version"]
    paths = [f"/tiles/roads/{version}/7/112/49.mvt", "/status/snapshot", "/config.json", "/ogc/collections"]
    before = [client.get(path) for path in paths]
    assert {answer.status_code for answer in before} == {200}
    cluster.stop()
    try:
        for path, known in zip(paths, before, strict=True):
            answer = client.get(path)
            assert (answer.status_code, answer.content) == (200, known.content), path
        missing = client.get("/ogc/collections/roads/items")
        assert missing.status_code == 503
        assert missing.headers["content-type"] == "application/problem+json"
    finally:
        cluster.start()
    deadline = time.monotonic() + 30  # whoever asks meanwhile is told 503 at once
    while client.get("/ogc/collections/roads/items").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.get("/ogc/collections/roads/items").status_code == 200

"""Tiles in memory: bytes, bursts, what changed while it was made, and a queue that has an end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from geo.errors import OverloadedError
from tiles.tile_cache import ENTRY_BYTES, Gate, Tile, TileCache


def maker(content: bytes, made: list[bytes]) -> Callable[[], Awaitable[Tile]]:
    async def make() -> Tile:
        made.append(content)
        await asyncio.sleep(0)
        return Tile.of(content)

    return make


def test_the_least_recently_used_go_first_and_bytes_are_counted() -> None:
    async def run() -> None:
        cache, made = TileCache(2 * (4 + ENTRY_BYTES)), list[bytes]()
        for name in (b"aaaa", b"bbbb", b"aaaa", b"cccc", b"aaaa", b"bbbb"):
            if cache.held((name,)) is None:
                await cache.make((name,), maker(name, made))
        assert made == [b"aaaa", b"bbbb", b"cccc", b"bbbb"]
        assert (sorted(cache), cache.size) == ([(b"aaaa",), (b"bbbb",)], 2 * (4 + ENTRY_BYTES))
        await cache.make(("large",), maker(b"x" * 2 * ENTRY_BYTES, made))
        assert cache.held(("large",)) is None
        cache.clear()
        assert (len(cache), cache.size) == (0, 0)

    asyncio.run(run())


def test_a_burst_makes_a_tile_once() -> None:
    async def run() -> None:
        cache, made = TileCache(10_000), list[bytes]()
        found = await asyncio.gather(*(cache.make(("k",), maker(b"tile", made)) for _ in range(50)))
        assert {tile.packed for tile in found} == {b"tile"}
        assert made == [b"tile"]

    asyncio.run(run())


def test_a_tile_that_changes_while_it_is_made_is_made_again() -> None:
    async def run() -> None:
        cache, contents = TileCache(10_000), [b"old", b"new"]
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def make() -> Tile:
            content = contents.pop(0)
            begun.set()
            await go_on.wait()
            return Tile.of(content)

        task = asyncio.ensure_future(cache.make(("k",), make))
        await begun.wait()
        assert list(cache) == [("k",)]
        cache.drop([("k",)])
        go_on.set()
        assert (await task).packed == b"new"
        held = cache.held(("k",))
        assert held is not None
        assert held.packed == b"new"

    asyncio.run(run())


def test_a_maker_that_fails_leaves_nothing_behind() -> None:
    async def run() -> None:
        cache = TileCache(10_000)

        async def fail() -> Tile:
            raise OSError("away")

        for _ in range(2):
            with pytest.raises(OSError, match="away"):
                await cache.make(("k",), fail)
        assert list(cache) == []
        assert (await cache.make(("k",), maker(b"tile", []))).packed == b"tile"

    asyncio.run(run())


def test_a_queue_that_is_full_refuses_at_once_and_nobody_waits_for_ever() -> None:
    async def run() -> None:
        gate, done = Gate(running=1, waiting=1, patience_s=0.05), asyncio.Event()

        async def work() -> None:
            async with gate.open():
                await done.wait()

        first = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        second = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError) as refused:
            await work()
        assert refused.value.retry_after_s == 1
        with pytest.raises(OverloadedError):
            await second
        done.set()
        await first
        await work()
        assert gate.n_waiting == 0

    asyncio.run(run())

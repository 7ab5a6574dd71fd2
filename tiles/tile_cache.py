"""Tiles in memory: a cache that counts bytes and knows until when each tile holds, and a queue that has an end.

A burst of requests for one tile makes it once. A tile whose ground was changed while it was being made is made again,
so that nothing of before a change is kept after it. What waits for the database is bounded: above that a request is
refused at once (503), since a map that asks again in a second is better off than one that waits for a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf

from geo.errors import OverloadedError
from tiles.caching import etag_of

type Key = tuple[object, ...]

#: Bytes that an entry costs beside its content.
ENTRY_BYTES = 400
#: A tile that is changed again and again while it is made is answered at last, and not kept.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is sent.

    packed    gzipped; empty where nothing lies
    etag      of its content
    ends_s    epoch seconds from which on it must not be told any more; inf: never
    is_aged   True: made from an older one by letting clearings run out, since the database was away
    """

    packed: bytes
    etag: str
    ends_s: float = inf
    is_aged: bool = False

    @staticmethod
    def of(packed: bytes, ends_s: float = inf, *, is_aged: bool = False) -> Tile:
        """A tile with the tag of its content."""
        return Tile(packed, etag_of(packed, weak=True), ends_s, is_aged)


class TileCache:
    """Least recently used tiles go first once the bytes exceed `most`. One maker at a time for each key."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Tile]] = {}
        self._spoilt: set[Key] = set()

    def __len__(self) -> int:
        return len(self._tiles)

    def __iter__(self) -> Iterator[Key]:
        """Every tile that is kept, or being made."""
        yield from self._tiles
        yield from (key for key in self._making if key not in self._tiles)

    def held(self, key: Key) -> Tile | None:
        """What is kept under a key; it counts as used."""
        found = self._tiles.get(key)
        if found is not None:
            self._tiles.move_to_end(key)
        return found

    def clear(self) -> None:
        """Forget every tile that is kept; those that are being made are kept when they are done."""
        self._tiles.clear()
        self.size = 0

    def drop(self, keys: Iterable[Key]) -> None:
        """Forget some tiles; those that are being made are made again."""
        for key in keys:
            self._forget(key)
            if key in self._making:
                self._spoilt.add(key)

    def put(self, key: Key, tile: Tile) -> None:
        """Keep a tile; one that is larger than the whole cache is not kept."""
        if len(tile.packed) + ENTRY_BYTES > self.most:
            return
        self._forget(key)
        self._tiles[key] = tile
        self.size += len(tile.packed) + ENTRY_BYTES
        while self.size > self.most:
            self._forget(next(iter(self._tiles)))

    def _forget(self, key: Key) -> None:
        found = self._tiles.pop(key, None)
        if found is not None:
            self.size -= len(found.packed) + ENTRY_BYTES

    async def make(self, key: Key, make: Callable[[], Awaitable[Tile]]) -> Tile:
        """Make a tile and keep it; requests that come meanwhile wait for the same one."""
        task = self._making.get(key)
        if task is None:
            task = asyncio.ensure_future(self._make(key, make))
            self._making[key] = task
            task.add_done_callback(lambda _: self._done(key))
        return await asyncio.shield(task)

    def _done(self, key: Key) -> None:
        self._making.pop(key, None)
        self._spoilt.discard(key)

    async def _make(self, key: Key, make: Callable[[], Awaitable[Tile]]) -> Tile:
        for _ in range(TRIES):
            self._spoilt.discard(key)
            tile = await make()
            if key not in self._spoilt:
                self.put(key, tile)
                break
        return tile


class Gate:
    """Lets `running` makers work at a time and `waiting` more wait for up to `patience_s` seconds."""

    def __init__(self, running: int, waiting: int, patience_s: float) -> None:
        self.waiting = waiting
        self.patience_s = patience_s
        self.n_waiting = 0
        self._free = asyncio.Semaphore(running)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """A place at work. Raises OverloadedError where too many wait, or it took too long."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self.n_waiting >= self.waiting:
            raise self._refusal()
        self.n_waiting += 1
        try:
            async with asyncio.timeout(self.patience_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise self._refusal() from error
        finally:
            self.n_waiting -= 1

    @staticmethod
    def _refusal() -> OverloadedError:
        return OverloadedError("Too many tiles are being made.", hint="Ask again in a moment.", retry_after_s=1)

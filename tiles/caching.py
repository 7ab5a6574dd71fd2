"""A cache that counts bytes, entity tags, and the answer 304."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response


class ByteCache:
    """Least recently used entries go first once the bytes exceed `most`. One maker at a time for each key.

    each  bytes that an entry counts beside its value, so that empty ones do not gather without end
    """

    def __init__(self, most: int, each: int = 0) -> None:
        self.most = most
        self.each = each
        self.size = 0
        self._entries: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[bytes]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0

    def put(self, key: Hashable, value: bytes) -> None:
        """Keep a value; one that is larger than the whole cache is not kept."""
        if len(value) + self.each > self.most:
            return
        former = self._entries.pop(key, None)
        self.size += len(value) + self.each - (0 if former is None else len(former) + self.each)
        self._entries[key] = value
        while self.size > self.most:
            self.size -= len(self._entries.popitem(last=False)[1]) + self.each

    def held(self, key: Hashable) -> bytes | None:
        """The kept value, which counts as used; None: there is none."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    async def get(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The kept value, or the one that `make` gives; requests that come meanwhile wait for the same one."""
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key]
        task = self._making.get(key)
        if task is None:
            task = asyncio.ensure_future(self._make(key, make))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(task)

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> bytes:
        value = await make()
        self.put(key, value)
        return value


class Latest[T]:
    """One value, made again when its key changes; requests that come meanwhile wait for the same one."""

    def __init__(self) -> None:
        self.last: T | None = None
        self._key: object = None
        self._lock = asyncio.Lock()

    async def get(
        self, key: object, make: Callable[[], Awaitable[T]], is_good: Callable[[T], bool] = lambda _: False
    ) -> T:
        """The value for a key, or one of another key that `is_good` still takes.

        What `make` raises goes to the caller, and `last` stays.
        """
        if self.last is not None and (self._key == key or is_good(self.last)):
            return self.last
        async with self._lock:
            if self.last is None or not (self._key == key or is_good(self.last)):
                self.last = await make()
                self._key = key
            return self.last


def etag_of(*parts: object, weak: bool = False) -> str:
    """An entity tag of bytes or of anything that prints the same for the same content."""
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    return f'W/"{digest.hexdigest()}"' if weak else f'"{digest.hexdigest()}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this tag; compared weakly, after RFC 9110 §13.1.2."""
    return names_tag(request.headers.get("if-none-match", ""), etag)


def names_tag(asked: str, etag: str) -> bool:
    """Whether the text of an If-None-Match names this tag."""
    bare = etag.removeprefix("W/")
    return any(tag.strip() in ("*", bare, f"W/{bare}") for tag in asked.split(","))


def not_modified(headers: dict[str, str]) -> Response:
    """304 with the headers that the full answer would have."""
    return Response(status_code=304, headers=headers)


def stale_headers(stale_since: datetime | None) -> dict[str, str]:
    """What marks an answer from memory while the database is away (RFC 9211); nothing while it is there."""
    if stale_since is None:
        return {}
    since = stale_since.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"Cache-Status": f'yukimichi; hit; detail="stale since {since}"'}


def takes_gzip(request: Request) -> bool:
    """Whether the client accepts gzip with a weight above zero."""
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False

"""Readers of the map for the drill: each goes through the recorded session on a connection of its own, as browsers do.

What a reader was told with an entity tag it asks for again by that tag, but for immutable tiles, which it keeps. When
the session is over, somebody new begins it.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import brotli

from benchmarks.serve_mix import Session

#: An answer that takes longer counts as none.
TIMEOUT_S = 15.0
#: Every so manieth road tile is asked for with its states inside, as QGIS asks.
STATUS_EVERY = 8
_TILE = re.compile(r"^/tiles/[^/]+/[^/]+/(\d+)/(\d+)/(\d+)\.mvt$")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: when it was asked for and whole (epoch seconds), status (0: nothing), headers, body unpacked."""

    path: str
    asked_at: float
    at: float
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.at - self.asked_at


class Connection:
    """One connection that stays open; a request after the other."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, etag: str | None) -> Answer:
        """One GET; status 0 where the connection broke or nothing came in time."""
        asked_at = time.time()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, headers, body = await self._exchange(path, etag)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.LimitOverrunError):
            self.close()
            return Answer(path, asked_at, time.time(), 0)
        return Answer(path, asked_at, time.time(), status, headers, body)

    async def _exchange(self, path: str, etag: str | None) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        known = f"If-None-Match: {etag}\r\n" if etag else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: drill\r\nAccept-Encoding: gzip, br\r\n{known}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        status = int(head[0].split(" ")[1])
        body = b"" if status in (204, 304) else await _body(reader, headers)
        if headers.get("connection") == "close":
            self.close()
        return status, headers, body

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        body = b"".join(parts)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    encoding = headers.get("content-encoding")
    return gzip.decompress(body) if encoding == "gzip" else brotli.decompress(body) if encoding == "br" else body


@dataclass(frozen=True, slots=True)
class Crowd:
    """Readers together: how many, how many requests a second of all, and until when (epoch seconds)."""

    port: int
    n_readers: int
    per_s: float
    until: float
    names: dict[str, object]
    edge_ids: list[int]
    version: Callable[[], int]

    async def run(self, session: Session, take: Callable[[Answer], None]) -> None:
        """Ask until the time is over; each answer is handed to `take`."""
        readers = (self._read(session, take, number) for number in range(self.n_readers))
        await asyncio.gather(*readers)

    async def _read(self, session: Session, take: Callable[[Answer], None], number: int) -> None:
        chance, connection = random.Random(number), Connection(self.port)
        pause_s = self.n_readers / self.per_s
        due, at = time.time() + chance.random() * pause_s, chance.randrange(len(session.paths))
        tags: dict[str, str] = {}
        while due < self.until:
            await asyncio.sleep(max(0.0, due - time.time()))
            path = self._path(session.paths[at % len(session.paths)], at, chance)
            answer = await connection.ask(path, tags.get(path))
            take(answer)
            if (
                answer.status == 200
                and "etag" in answer.headers
                and "immutable" not in answer.headers.get("cache-control", "")
            ):
                tags[path] = answer.headers["etag"]
            at += 1
            if at % len(session.paths) == 0:
                tags.clear()
            due = max(due + pause_s, time.time())
        connection.close()

    def _path(self, template: str, at: int, chance: random.Random) -> str:
        names: dict[str, Any] = self.names | {
            "edge_id": chance.choice(self.edge_ids), "status_version": self.version(),
        }  # fmt: skip
        path = template
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", str(value))
        tile = _TILE.match(path)
        if tile and at % STATUS_EVERY == 0:
            z, x, y = tile.groups()
            return f"/ogc/collections/road_status/tiles/WebMercatorQuad/{z}/{y}/{x}"
        return path

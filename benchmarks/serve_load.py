"""Load on a server by wrk, and the same SQL without any server, counted alike."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import random
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import uvloop
from psycopg.pq import Format
from psycopg_pool import AsyncConnectionPool

from geo.db import Database, Role
from geo.settings import Settings
from tiles.service import STATEMENT_TIMEOUT_MS, Service
from yukimichi.server import create_app

SCRIPT = Path(__file__).parent / "wrk" / "paths.lua"
#: Connections to a server, and to the database where there is none between.
N_CONNECTIONS = 8

#: Text, parameters, and whether its answer comes in binary.
type Statement = tuple[Any, Any, bool]
_NOTED: contextvars.ContextVar[list[Statement] | None] = contextvars.ContextVar("noted", default=None)


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured: answers a second, median and 99th percentile in ms, mean bytes of an answer, and failures."""

    per_s: float
    p50_ms: float
    p99_ms: float
    bytes_each: float
    n: int
    n_failed: int = 0

    def times(self, other: Load) -> float:
        """How many times the rate of another."""
        return self.per_s / other.per_s


def read_report(text: str) -> Load:
    """The load from the line of JSON that paths.lua writes at the end of wrk's own report."""
    line = next(line for line in reversed(text.splitlines()) if line.startswith("{"))
    told = json.loads(line)
    failed = told["refused"] + told["broken"] + told["late"]
    n = max(told["n"], 1)
    return Load(told["n"] / told["seconds"], told["p50_ms"], told["p99_ms"], told["bytes"] / n, told["n"], failed)


def wrk(
    base: str, paths: Sequence[str], folder: Path, seconds: float, *, connections: int = N_CONNECTIONS,
    threads: int = 1, encoding: str = "gzip", timeout_s: int = 60,
) -> Load:  # fmt: skip
    """Ask a server for paths at random."""
    file = folder / "paths.txt"
    file.write_text("\n".join(paths) + "\n", encoding="utf-8")
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", f"{timeout_s}s",
               "--latency", "-s", str(SCRIPT), base, "--", str(file), encoding]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return read_report(done.stdout)


@contextlib.contextmanager
def _noting() -> Iterator[None]:
    """Note every statement that runs in a context that has a list for it."""
    execute = psycopg.AsyncCursor.execute

    async def noted(self: Any, query: Any, params: Any = None, **rest: Any) -> Any:
        found = _NOTED.get()
        if found is not None:
            found.append((query, params, self.format == Format.BINARY))
        return await execute(self, query, params, **rest)

    psycopg.AsyncCursor.execute = noted  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        psycopg.AsyncCursor.execute = execute  # type: ignore[method-assign]


async def _statements(settings: Settings, database: Database, paths: Sequence[str]) -> list[list[Statement]]:
    service = Service(settings, database)
    application = create_app(settings, database, service)
    found: list[list[Statement]] = []
    transport = httpx.ASGITransport(application)
    async with service.open(), httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
        for path in paths:
            noted: list[Statement] = []
            token = _NOTED.set(noted)
            answer = await client.get(path)
            _NOTED.reset(token)
            assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
            found.append(noted)
    return found


def statements(settings: Settings, database: Database, paths: Sequence[str]) -> list[list[Statement]]:
    """The SQL that our server runs for each path, as it runs it: the application is asked once, without a socket."""
    with _noting():
        return uvloop.run(_statements(settings, database, paths))


@contextlib.asynccontextmanager
async def _pool(database: Database) -> AsyncIterator[Any]:
    async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.set_autocommit(True)
        await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS * 10}")  # type: ignore[call-overload]

    sizes = {"min_size": N_CONNECTIONS, "max_size": N_CONNECTIONS}
    pool = AsyncConnectionPool(database.conninfo_of(Role.READER), open=False, configure=configure, **sizes)
    async with pool:
        await pool.wait()
        yield pool


async def _bare(database: Database, asked: Sequence[list[Statement]], seconds: float) -> Load:
    took: list[float] = []
    n_bytes = 0
    async with _pool(database) as pool:
        end = time.perf_counter() + seconds
        began = time.perf_counter()

        async def worker(number: int) -> None:
            nonlocal n_bytes
            chance = random.Random(number)
            while (start := time.perf_counter()) < end:
                async with pool.connection() as connection:
                    for query, params, is_binary in chance.choice(asked):
                        rows = await (await connection.execute(query, params, binary=is_binary)).fetchall()
                        n_bytes += sum(len(one) for row in rows for one in row if isinstance(one, bytes | str))
                took.append(time.perf_counter() - start)

        await asyncio.gather(*(worker(k) for k in range(N_CONNECTIONS)))
        spent = time.perf_counter() - began
    p50, p99 = np.quantile(took, [0.5, 0.99]) * 1000
    return Load(len(took) / spent, float(p50), float(p99), n_bytes / len(took), len(took))


def bare(database: Database, asked: Sequence[list[Statement]], seconds: float) -> Load:
    """The same statements through psycopg's async pool of 8 connections, without HTTP, at random."""
    return uvloop.run(_bare(database, asked, seconds))

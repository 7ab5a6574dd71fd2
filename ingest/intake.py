"""What the write endpoints share: keys, limits, registers and the live writer, for the life of one server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import psycopg
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

from geo.db import Database, Role, Row
from geo.errors import OverloadedError, TooFastError
from geo.settings import Settings, SourceSettings
from geo.timeline import now
from ingest.clocks import UnitWatch
from ingest.fix_batch import FixBatch
from ingest.gather import Gather
from ingest.http_body import Bodies
from ingest.keys import Bucket, Keys, Limits, SourceKey, bearer, bounded
from ingest.lines import LineBatch, write_lines_live
from ingest.live import Chore, LiveQueue, Observer, Receipt
from ingest.probes import purge_within, write_probes
from ingest.register import Register, register_of

#: An import of a register counts for live fixes within this time.
REGISTER_TTL_S = 10.0
#: No look-up of a key or a register waits longer for a connection.
POOL_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_MS = 5_000
#: Old probes are looked for so often.
PURGE_S = 3600.0
#: Requests that write probes at once.
PROBE_WRITERS = 4
#: Requests that write ready lines at once.
LINE_WRITERS = 2
#: Requests about orders a second of one key, and keys whose pace is remembered: wrong ones are among them.
ORDERS_PER_S = 10.0
ORDERS_AT_ONCE = 4
ORDER_KEYS_MAX = 1_000


async def _readable(connection: psycopg.AsyncConnection[Row]) -> None:
    await connection.set_autocommit(True)
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    await connection.execute("SET default_transaction_read_only = on")


class Intake:
    """The write side of one server process. `clock` gives the present moment."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        clock: Callable[[], datetime] = now,
        observe: Observer | None = None,
    ) -> None:
        limits = settings.ingest
        self.clock = clock
        self.limits = limits
        self.bodies = Bodies(limits.max_body_bytes, limits.max_unpacked_bytes)
        purge = Chore(PURGE_S, lambda connection: purge_within(connection, clock()))
        self.queue = LiveQueue(database, limits.max_waiting_fixes, chores=[purge], observe=observe)
        self.gather = Gather(clock)
        self.units = UnitWatch()
        self.database = database
        #: of times without an offset
        self.zone = settings.timezone
        self._settings = settings
        #: requests that write or list orders at once; people send them, so a few are many
        self.order_room = asyncio.Semaphore(ORDERS_AT_ONCE)
        self._orders: dict[bytes, Bucket] = {}
        self._keys: Keys | None = None
        self._paces = Limits(limits.requests_per_s, limits.fixes_per_s)
        self._probe_writers = asyncio.Semaphore(PROBE_WRITERS)
        self._line_writers = asyncio.Semaphore(LINE_WRITERS)
        self._registers: dict[int, tuple[float, Register | None]] = {}
        self._names: dict[int, str] = {}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Intake]:
        """Take fixes for the length of the block; what waits at its end is written first."""
        pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            self.database.conninfo_of(Role.INGEST), min_size=1, max_size=2, open=False, timeout=POOL_TIMEOUT_S,
            configure=_readable, check=AsyncConnectionPool.check_connection, name="yuki_ingest keys",
        )  # fmt: skip
        await pool.open(wait=False)
        self._keys = Keys(pool)
        self.queue.start()
        try:
            yield self
        finally:
            await asyncio.to_thread(self.queue.stop)
            await pool.close(timeout=2)

    async def admit(self, request: Request, key: str | None = None) -> SourceKey:
        """The source that a request writes for, by its header or by the given key; counts the request.

        Raises NoKeyError, AccessError, TooFastError.
        """
        if self._keys is None:
            raise OverloadedError("The service is starting.", hint="Ask again.", retry_after_s=1)
        found = await self._keys.source_of(key or bearer(request.headers.get("authorization")))
        self._names[found.source_id] = request.state.source = found.source
        self._paces.take_request(found)
        return found

    def name_of(self, source_id: int) -> str:
        """The name of a source that has been admitted; its id as text before."""
        return self._names.get(source_id, str(source_id))

    def count(self, key: SourceKey, n: int) -> None:
        """Count fixes of a request against the pace of its key. Raises TooFastError."""
        self._paces.take_fixes(key, n)

    def count_order(self, digest: bytes) -> None:
        """Count a request about orders against the pace of its key, known or not. Raises TooFastError."""
        if digest not in self._orders and len(self._orders) >= ORDER_KEYS_MAX:
            self._orders.clear()
        bucket = self._orders.setdefault(digest, Bucket(ORDERS_PER_S, 2 * ORDERS_PER_S))
        wait_s = bucket.take(1)
        if wait_s > 0:
            raise TooFastError(
                f"This key sends more than {ORDERS_PER_S:g} orders a second.", hint="Send it again.", retry_after_s=1
            )

    async def write_probes(self, source_id: int, batch: FixBatch) -> Receipt:
        """Store positions of other vehicles beside the event loop.

        Raises OverloadedError where too many requests do so at once, DatabaseProblem while the database is away.
        """
        if self._probe_writers.locked():
            raise OverloadedError("Too many probes are being written.", hint="Send again.", retry_after_s=1)
        async with self._probe_writers:
            return await asyncio.to_thread(write_probes, self.database, source_id, batch, self.clock())

    async def write_lines(self, source_id: int, batch: LineBatch) -> Receipt:
        """Store ready lines beside the event loop. Raises as write_probes."""
        if self._line_writers.locked():
            raise OverloadedError("Too many lines are being written.", hint="Send again.", retry_after_s=1)
        async with self._line_writers:
            return await asyncio.to_thread(write_lines_live, self.database, source_id, batch)

    def source(self, key: SourceKey) -> SourceSettings:
        """How to read the source of a key."""
        return self._settings.source(key.source)

    async def register(self, key: SourceKey) -> Register | None:
        """The vehicle register of the source of a key, as it was at most REGISTER_TTL_S ago."""
        known = self._registers.get(key.source_id)
        if known is None or time.monotonic() >= known[0]:
            async with bounded():
                register = await asyncio.to_thread(self._read_register, key)
            known = self._registers[key.source_id] = (time.monotonic() + REGISTER_TTL_S, register)
        return known[1]

    def _read_register(self, key: SourceKey) -> Register | None:
        with self.database.connect(Role.INGEST) as connection:
            return register_of(connection, key.source_id, key.source, self.source(key))


def intake_of(request: Request) -> Intake:
    """The write side of the application that a request came to."""
    intake = request.app.state.intake
    assert isinstance(intake, Intake)
    return intake

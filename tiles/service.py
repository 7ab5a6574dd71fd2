"""What requests share: pools by role, the dataset as last seen, and a watch that notices a new publication.

The watch asks ten times a second, for one row. While the database is away, the last dataset stays, and what is cached
goes on being served; pools connect again by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.requests import Request

from geo.db import Database, Role
from geo.errors import DatabaseProblem
from geo.settings import Settings
from geo.timeline import now
from tiles import tile_cache
from tiles.caching import ByteCache, Latest
from tiles.dataset import Dataset, read_dataset
from tiles.gate import Gate
from tiles.metadata import Metadata
from tiles.raster_registry import Rasters
from tiles.recent import Recent
from tiles.tile_cache import TileCache
from tiles.tile_layers import Boxes
from tiles.tile_status import Follower
from tiles.web_files import WebFiles

LOG = logging.getLogger(__name__)
type Connection = psycopg.AsyncConnection[tuple[Any, ...]]
type Pool = AsyncConnectionPool[Connection]

#: A publication is noticed within this time.
WATCH_S = 0.1
#: No question of a client may hold a connection longer.
STATEMENT_TIMEOUT_MS = 5_000
#: Whoever waits longer for a connection is told 503: a map that asks again is better off.
POOL_TIMEOUT_S = 2.0
#: A pool tries no longer than this to make a connection by itself; when it is asked for one again, it tries again.
RECONNECT_S = 1.0
#: A database that does not answer the watch within this is away.
ANSWER_S = 5.0
#: Connections of each role; the public reader serves the crowd.
POOL_SIZES = {Role.READER: 8, Role.MANAGER: 2, Role.APP: 2}
#: Gzipped answers about changes that one process keeps; those of former publications are never asked for again.
CHANGES_CACHE_BYTES = 4 * 2**20
#: Answers about the past, and the index, that one process keeps in each encoding.
PAST_CACHE_BYTES = 24 * 2**20
#: Roads whose card goes on being told while the database is away.
CARDS_KEPT = 2_000
WEB = Path(__file__).parent.parent / "web"


async def _readable(connection: Connection) -> None:
    await connection.set_autocommit(True)
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    await connection.execute("SET default_transaction_read_only = on")
    # many ask at once: starting helpers for one of them would take the machine from the others
    await connection.execute("SET max_parallel_workers_per_gather = 0")


async def _writable(connection: Connection) -> None:
    await connection.set_autocommit(True)
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")


class Service:
    """Pools, dataset and caches of one server process. `clock` gives the present moment."""

    def __init__(
        self, settings: Settings, database: Database, *, clock: Callable[[], datetime] = now, web: Path = WEB
    ) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.web = web
        self._dataset: Dataset | None = None
        self._pools: dict[Role, Pool] = {}
        self._watch: asyncio.Task[None] | None = None
        #: the watch's own connection, so that a crowd that holds all others is not taken for a database that is away
        self._own: Connection | None = None
        #: pygeoapi's view of the catalogue, by the state that it rests on
        self.metadata: dict[tuple[object, ...], Metadata] = {}
        #: packed tiles, what keeps those with states in step, how many are made at a time, and where each layer lies
        self.tiles = TileCache(settings.tiles.cache_mb * 2**20)
        self.follower = Follower(self.tiles)
        self.tile_gate = tile_cache.Gate(settings.tiles.n_makers, settings.tiles.waiting_max, settings.tiles.patience_s)
        self.boxes = Boxes()
        self._make_caches(web)
        #: what all open streams of changes share, once there is one
        self.stream: Any = None
        #: a status version since which roads and event have surely been those of the present dataset
        self.whole_version = 0
        #: since when the database has not answered; None: it does. What is served from memory meanwhile says so
        self.stale_since: datetime | None = None
        #: what is registered of pixels, with pictures and threads of its own
        self.rasters = Rasters(settings.rasters)
        #: called with each new dataset, in order
        self.listeners: list[Callable[[Dataset], Awaitable[None]]] = []
        #: wrong keys and refusals, as they were counted
        self.gate = Gate()
        #: called before the pools close
        self.closers: list[Callable[[], Awaitable[None]]] = []

    def _make_caches(self, web: Path) -> None:
        """What requests share and nobody has asked for yet."""
        #: the serialised snapshot of the present dataset
        self.snapshots: Latest[Any] = Latest()
        #: sums of the present states by municipality, and what they rest on; the overview that is drawn of them
        self.grounds: Latest[Any] = Latest()
        self.snows: Latest[Any] = Latest()
        self.summaries: Latest[Any] = Latest()
        self.sheets: Latest[Any] = Latest()
        self.drawings: Latest[Any] = Latest()
        self.labels: Latest[Any] = Latest()
        #: the files of the page, and the page as it is filled in each language
        self.web_files = WebFiles(web)
        self.first_pages: dict[str, Latest[Any]] = {"ja": Latest(), "en": Latest()}
        #: serialised answers about what changed since a version
        self.changes = ByteCache(CHANGES_CACHE_BYTES)
        #: packed answers about the past
        self.past = ByteCache(PAST_CACHE_BYTES)
        #: what was read last for the cards of some roads, and the settlements that directions are named after
        self.cards: Recent[int, Any] = Recent(CARDS_KEPT)
        self.places: Latest[Any] = Latest()
        #: how many features matched, by what was asked and the state that it rests on; the oldest goes first
        self.counts: OrderedDict[Hashable, Any] = OrderedDict()
        #: names and addresses in memory, once somebody has searched
        self.search: Any = None

    @property
    def dataset(self) -> Dataset:
        """What is published. Raises DatabaseProblem before the first publication."""
        if self._dataset is None:
            raise DatabaseProblem("Nothing is published yet.", hint="Ask again in a few seconds.")
        return self._dataset

    @property
    def has_dataset(self) -> bool:
        """Whether anything is published."""
        return self._dataset is not None

    def moment(self) -> datetime:
        """The moment at which answers hold."""
        return self.dataset.moment(self.clock())

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Service]:
        """Open pools and watch for the length of the block."""
        for role, most in POOL_SIZES.items():
            configure = _writable if role is Role.APP else _readable
            pool: Pool = AsyncConnectionPool(
                self.database.conninfo_of(role), min_size=1, max_size=most, open=False, timeout=POOL_TIMEOUT_S,
                configure=configure, reconnect_timeout=RECONNECT_S, name=role.value,
            )  # fmt: skip
            await pool.open(wait=False)
            self._pools[role] = pool
        try:
            with contextlib.suppress(psycopg.Error, TimeoutError):
                await self.look()
            self._watch = asyncio.create_task(self._keep_looking())
            yield self
        finally:
            if self._watch is not None:
                self._watch.cancel()
                await asyncio.gather(self._watch, return_exceptions=True)
            await self._hang_up()
            for closer in self.closers:
                await closer()
            self.rasters.close()
            for pool in self._pools.values():
                await pool.close(timeout=2)
            self._pools.clear()

    def connection(self, role: Role = Role.READER) -> contextlib.AbstractAsyncContextManager[Connection]:
        """A pooled connection as a role; READER sees pub alone.

        Raises psycopg.OperationalError at once while the database is known to be away: nobody waits for it then.
        """
        if self.stale_since is not None:
            raise psycopg.OperationalError(f"it has been away since {self.stale_since:%H:%M:%S} UTC")
        return self._pools[role].connection()

    async def look(self) -> None:
        """Ask once for the dataset, and tell the listeners when it has changed.

        Raises psycopg.Error or TimeoutError where the database does not answer.
        """
        async with asyncio.timeout(ANSWER_S):
            if self._own is None:
                self._own = await psycopg.AsyncConnection.connect(self.database.conninfo_of(Role.READER))
                await _readable(self._own)
            found = await read_dataset(self._own, self._dataset)
        if self.stale_since is not None:
            await asyncio.gather(*(pool.check() for pool in self._pools.values()))  # throws away the broken ones
            self.stale_since = None
        if found is not None and found != self._dataset:
            if self._dataset is None or self._dataset.basis != found.basis:
                self.whole_version = found.status_version
            self._dataset = found
            for listener in self.listeners:
                await listener(found)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self.look()
            except PoolTimeout as error:  # of a listener: the database is there, and busy
                LOG.warning("A new publication was not followed up at once: %s", error)
            except (psycopg.Error, TimeoutError) as error:
                await self._hang_up()
                self.stale_since = self.stale_since or self.clock()
                LOG.warning("The database does not answer, the last publication stays: %s", error)

    async def _hang_up(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            await own.close()


def service_of(request: Request) -> Service:
    """The service of the application that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service

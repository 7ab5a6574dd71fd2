"""Who may write: keys of sources, looked up by their hash, and how much each may send a second.

A key is 256 random bits, so its SHA-256 is stored without salt; nobody can try all keys. A look-up holds for
KEY_TTL_S: a key that was revoked is refused everywhere within that time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import psycopg
from psycopg_pool import AsyncConnectionPool

from geo.db import Row, read_sql
from geo.errors import AccessError, DatabaseProblem, NoKeyError, TooFastError

type Pool = AsyncConnectionPool[psycopg.AsyncConnection[Row]]

#: A look-up is believed so long; a revoked key is refused after this time at the latest.
KEY_TTL_S = 1.0
#: Look-ups that are remembered; wrong keys are among them, so that guessing does not reach the database each time.
KEYS_MAX = 10_000
#: No look into the database takes longer, whatever it is that hangs; then the sender may come again after so long.
LOOK_S = 8.0
RETRY_AFTER_S = 3
#: A bucket holds what comes in so many seconds at the permitted pace.
BURST_S = 2.0
#: Longer texts are no keys of ours.
KEY_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class SourceKey:
    """A key of a source, valid when it was looked up."""

    key_id: int
    source_id: int
    source: str
    has_probes: bool


def digest_of(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


def bearer(header: str | None) -> str:
    """The key of an Authorization header. Raises NoKeyError."""
    kind, _, key = (header or "").partition(" ")
    if kind.lower() != "bearer" or not 0 < len(key.strip()) <= KEY_CHARACTERS_MAX:
        raise NoKeyError("No key was sent.", hint="Send `Authorization: Bearer KEY`.")
    return key.strip()


@contextlib.asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """A look into the database that ends within LOOK_S. Raises DatabaseProblem where it hangs."""
    try:
        async with asyncio.timeout(LOOK_S):
            yield
    except TimeoutError as error:
        raise DatabaseProblem(
            "The database does not answer.", hint="Send the same again a little later.", retry_after_s=RETRY_AFTER_S
        ) from error


class Keys:
    """Look-ups of keys, remembered for KEY_TTL_S. `clock_s` counts seconds, for tests."""

    def __init__(self, pool: Pool, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock_s = clock_s
        self._rows: OrderedDict[bytes, tuple[float, Row | None]] = OrderedDict()

    async def source_of(self, key: str) -> SourceKey:
        """The source that a key writes for.

        Raises NoKeyError for a key that is not known or no longer valid, AccessError for one of another scope,
        psycopg.Error and PoolTimeout where the database does not answer.
        """
        row = await self._row(digest_of(key))
        if row is None:
            raise NoKeyError("This key is not known, or it was revoked.", hint="Ask the operator for a key.")
        key_id, scope, scope_of, has_probes, source_id = row
        if scope != "source":
            raise AccessError(
                f"A key of scope {scope} writes no positions.", hint="Use the key that `yukimichi source add` printed."
            )
        if source_id is None:
            raise AccessError(
                f"The source {scope_of} is not registered.", hint=f"Run `yukimichi source add {scope_of}`."
            )
        return SourceKey(int(key_id), int(source_id), str(scope_of), bool(has_probes))

    async def _row(self, digest: bytes) -> Row | None:
        known = self._rows.get(digest)
        if known is not None and self._clock_s() < known[0]:
            return known[1]
        asked_at_s = self._clock_s()
        async with bounded(), self._pool.connection() as connection:
            found = await connection.execute(read_sql("ingest", "find_key"), {"key_sha256": digest})
            row = await found.fetchone()
        self._rows[digest] = (asked_at_s + KEY_TTL_S, row)
        self._rows.move_to_end(digest)
        while len(self._rows) > KEYS_MAX:
            self._rows.popitem(last=False)
        return row


class Bucket:
    """A token bucket: `rate_per_s` on average, `capacity` at once."""

    def __init__(self, rate_per_s: float, capacity: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._rate_per_s = rate_per_s
        self._capacity = capacity
        self._clock_s = clock_s
        self._tokens = capacity
        self._at_s = clock_s()

    def take(self, n: float) -> float:
        """Take n tokens: 0.0 if they were there, else the seconds until they will be; then nothing is taken.

        More than the capacity is taken from a full bucket and owed.
        """
        at_s = self._clock_s()
        self._tokens = min(self._capacity, self._tokens + (at_s - self._at_s) * self._rate_per_s)
        self._at_s = at_s
        needed = min(n, self._capacity)
        if self._tokens >= needed:
            self._tokens -= n
            return 0.0
        return (needed - self._tokens) / self._rate_per_s


class Limits:
    """How much each key may send: requests and fixes a second."""

    def __init__(
        self, requests_per_s: float, fixes_per_s: float, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._requests_per_s = requests_per_s
        self._fixes_per_s = fixes_per_s
        self._clock_s = clock_s
        self._buckets: dict[int, tuple[Bucket, Bucket]] = {}

    def _of(self, key: SourceKey) -> tuple[Bucket, Bucket]:
        found = self._buckets.get(key.key_id)
        if found is None:
            rates = (self._requests_per_s, self._fixes_per_s)
            requests, fixes = (Bucket(rate, max(1.0, rate * BURST_S), self._clock_s) for rate in rates)
            found = self._buckets[key.key_id] = (requests, fixes)
        return found

    def take_request(self, key: SourceKey) -> None:
        """Count a request. Raises TooFastError."""
        _refuse(self._of(key)[0].take(1), f"{self._requests_per_s:g} requests")

    def take_fixes(self, key: SourceKey, n: int) -> None:
        """Count fixes. Raises TooFastError."""
        _refuse(self._of(key)[1].take(n), f"{self._fixes_per_s:g} fixes")


def _refuse(wait_s: float, most: str) -> None:
    if wait_s > 0:
        raise TooFastError(
            f"This key sends more than {most} a second.",
            hint="Send the same again after Retry-After; nothing of it was stored.",
            retry_after_s=math.ceil(wait_s),
        )

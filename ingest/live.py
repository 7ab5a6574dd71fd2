"""The live writer: requests wait in a bounded queue, one thread commits all that wait together, then each is told.

A receipt is given after the commit and never before. Where nothing can be told in time, the sender is asked to send
again: what it sent may be stored, and a repeat changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import psycopg

from geo.db import Database, Role, Row
from geo.errors import DatabaseProblem, OverloadedError
from ingest.live_write import Delivery, Receipt, store_rejects, write_group, write_ready

__all__ = ["Delivery", "LiveQueue", "Receipt", "store_rejects", "write_group"]

LOG = logging.getLogger(__name__)
type Connection = psycopg.Connection[Row]

#: The writer waits so long for more to commit together: at 100 requests a second a fifth of the commits.
GATHER_S = 0.05
#: Fixes of one transaction, so that none takes much longer than 0.2 s.
GROUP_FIXES = 10_000
#: A delivery of more fixes than this is a late upload; it has a transaction of its own, between those of small ones.
BULK_FIXES = 2_000
#: Nobody waits longer for a receipt.
ANSWER_S = 15.0
#: The sender of what could not be written may try again after so many seconds.
RETRY_AFTER_S = 3
#: Bounds of the connection: no hang, neither in connecting nor in a statement.
CONNECT_S = 5
STATEMENT_TIMEOUT_MS = 30_000
#: The writer gives up so long after `stop` was asked for.
STOP_S = 10.0

type Observer = Callable[[Sequence[Delivery], Sequence[Receipt]], None]


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that the writer's thread does now and then on its connection, which has no open transaction."""

    every_s: float
    run: Callable[[Connection], object]


@dataclass(slots=True, eq=False)
class _Waiting:
    """A delivery, who waits for its receipt, and how much of the queue it takes."""

    delivery: Delivery
    future: Future[Receipt] = field(default_factory=Future)

    @property
    def size(self) -> int:
        return max(1, len(self.delivery.batch) + len(self.delivery.rejects))


class LiveQueue:
    """Group commit for everything that comes in live. Start it, submit deliveries from any thread, stop it.

    observe  told of every committed group, in the writer's thread; for counters
    """

    def __init__(
        self,
        database: Database,
        max_waiting_fixes: int,
        *,
        chores: Iterable[Chore] = (),
        observe: Observer | None = None,
    ) -> None:
        self._database = database
        self._max_waiting = max_waiting_fixes
        self._chores = [(chore, 0.0) for chore in chores]
        self._observe = observe
        self._small: deque[_Waiting] = deque()
        self._bulk: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._n_waiting = 0
        self._is_stopping = False
        self._is_turn_of_bulk = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None

    @property
    def n_waiting(self) -> int:
        """Fixes that wait for their commit."""
        return self._n_waiting

    def start(self) -> None:
        """Start the writer; the database may still be away."""
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="yukimichi live writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and stop. What is left after STOP_S is refused."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(STOP_S)
        for waiting in self._take_all():
            _fail(waiting, OverloadedError("The service stops.", hint="Send again.", retry_after_s=RETRY_AFTER_S))

    def submit(self, delivery: Delivery) -> Future[Receipt]:
        """Let a delivery wait for its commit. Raises OverloadedError when the queue is full or stopped."""
        waiting = _Waiting(delivery)
        with self._wake:
            is_full = self._n_waiting > 0 and self._n_waiting + waiting.size > self._max_waiting
            if is_full or self._is_stopping:
                raise OverloadedError(
                    "The service takes no more fixes at this moment." if is_full else "The service stops.",
                    hint="Send the same again a little later; nothing of it was stored.",
                    retry_after_s=RETRY_AFTER_S,
                )
            self._n_waiting += waiting.size
            (self._bulk if waiting.size > BULK_FIXES else self._small).append(waiting)
            self._wake.notify()
        return waiting.future

    async def put(self, delivery: Delivery) -> Receipt:
        """The receipt of a delivery, after its commit.

        Raises OverloadedError when the queue is full or nothing could be told in time, DatabaseProblem while the
        database is away; both with retry_after_s.
        """
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self.submit(delivery)), ANSWER_S)
        except TimeoutError as error:
            raise OverloadedError(
                f"Nothing was committed within {ANSWER_S:.0f} s.",
                hint="Send the same again: it may be stored already, and a repeat changes nothing.",
                retry_after_s=RETRY_AFTER_S,
            ) from error

    def _run(self) -> None:
        try:
            while self._wait():
                try:
                    self._do_chores()
                    group = self._take()
                    if group:
                        self._write(group)
                except Exception:  # a fault of ours, or of an observer; the writer outlives it
                    LOG.exception("The live writer goes on after a fault.")
        finally:
            self._drop_connection()

    def _wait(self) -> bool:
        """Until there is something to write, or a second has passed; False once stopped and empty."""
        with self._wake:
            if not (self._small or self._bulk or self._is_stopping):
                self._wake.wait(1.0)
            if self._is_stopping:
                return bool(self._small or self._bulk)
        if self._small or self._bulk:
            time.sleep(GATHER_S)
        return True

    def _take(self) -> list[_Waiting]:
        """The next group: small deliveries together, and in between one bulk delivery by itself."""
        with self._wake:
            if self._bulk and (self._is_turn_of_bulk or not self._small):
                self._is_turn_of_bulk = False
                group = [self._bulk.popleft()]
            else:
                self._is_turn_of_bulk = True
                group, n = [], 0
                while self._small and n < GROUP_FIXES:
                    group.append(self._small.popleft())
                    n += group[-1].size
        # a sender that has given up by now is left out
        stays = [w.future.running() or w.future.set_running_or_notify_cancel() for w in group]
        self._forget(waiting for waiting, is_kept in zip(group, stays, strict=True) if not is_kept)
        return [waiting for waiting, is_kept in zip(group, stays, strict=True) if is_kept]

    def _take_all(self) -> list[_Waiting]:
        with self._wake:
            everything = [*self._small, *self._bulk]
            self._small.clear()
            self._bulk.clear()
            self._n_waiting = 0
        return everything

    def _forget(self, done: Iterable[_Waiting]) -> None:
        with self._wake:
            self._n_waiting -= sum(waiting.size for waiting in done)

    def _write(self, group: list[_Waiting]) -> None:
        """Write a group and tell everybody in it."""
        try:
            receipts = self._written([waiting.delivery for waiting in group])
        except Exception as error:  # whatever it is, the writer goes on and everybody is told
            if len(group) > 1 and not isinstance(error, psycopg.OperationalError):
                for waiting in group:  # one of them is to blame
                    self._write([waiting])
                return
            LOG.warning("A group of %d deliveries could not be written: %s", len(group), type(error).__name__)
            self._forget(group)
            for waiting in group:
                _fail(waiting, _as_answer(error))
            return
        self._tell(group, receipts)

    def _tell(self, group: list[_Waiting], receipts: list[Receipt | None]) -> None:
        told = [(w, receipt) for w, receipt in zip(group, receipts, strict=True) if receipt is not None]
        busy = [w for w, receipt in zip(group, receipts, strict=True) if receipt is None]
        self._forget(waiting for waiting, _ in told)
        with self._wake:  # another process writes to their source at this moment: next time
            for waiting in reversed(busy):
                (self._bulk if waiting.size > BULK_FIXES else self._small).appendleft(waiting)
        for waiting, receipt in told:
            waiting.future.set_result(receipt)
        if self._observe is not None and told:
            self._observe([waiting.delivery for waiting, _ in told], [receipt for _, receipt in told])

    def _written(self, deliveries: list[Delivery]) -> list[Receipt | None]:
        """Written by the open connection, or by a new one where that has broken: writing twice changes nothing."""
        is_fresh = self._connection is None
        try:
            return write_ready(self._connected(), deliveries)
        except psycopg.OperationalError:
            self._drop_connection()
            if is_fresh:
                raise
        try:
            return write_ready(self._connected(), deliveries)
        except psycopg.OperationalError:
            self._drop_connection()
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            conninfo = self._database.conninfo_of(Role.INGEST)
            connection: Connection = psycopg.connect(conninfo, connect_timeout=CONNECT_S, autocommit=True)
            connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
            self._connection = connection
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _do_chores(self) -> None:
        for i, (chore, due_at) in enumerate(self._chores):
            if time.monotonic() < due_at:
                continue
            self._chores[i] = (chore, time.monotonic() + chore.every_s)
            try:
                chore.run(self._connected())
            except psycopg.Error as error:
                LOG.warning("A chore could not be done, the next time is in %.0f s: %s", chore.every_s, error)
                self._drop_connection()


def _fail(waiting: _Waiting, error: Exception) -> None:
    if waiting.future.running() or waiting.future.set_running_or_notify_cancel():
        waiting.future.set_exception(error)


def _as_answer(error: Exception) -> Exception:
    """What the senders of a group are told; the details stay in the log."""
    if isinstance(error, psycopg.OperationalError):
        return DatabaseProblem(
            "The database does not answer.", hint="Send the same again a little later.", retry_after_s=RETRY_AFTER_S
        )
    return error

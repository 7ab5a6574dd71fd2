"""Live fixes into raw.fix: many deliveries of many sources in one transaction.

What a group leaves behind, and what each of its deliveries is told, is what they would have left and been told one
after the other: of two contents of one (vehicle, at) the one whose content_key is greater stays (ingest/load.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.pq import TransactionStatus

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.fix import Fixes, concat
from geo.store.bulk import fixed, write_columns
from geo.timeline import from_us
from ingest.fix_batch import FixBatch
from ingest.load import (
    DAY_US,
    announce_batch,
    content_keys,
    ensure_partitions,
    fix_columns,
    overlapping,
    take_batch_id,
    vehicle_ids,
)
from ingest.quarantine import Reject, plain

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Connection = psycopg.Connection[Row]

#: A transaction that met a deadlock, a serialization failure, or a day that was archived just then, is tried so often.
ATTEMPTS = 4
#: Names of vehicles that a connection remembers; beyond it, it starts anew.
NAMES_MAX = 200_000
AGAIN = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.UniqueViolation,
    psycopg.errors.CheckViolation,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request, message or poll brought from one source: checked fixes, and the rows that are none."""

    source_id: int
    batch: FixBatch
    rejects: Sequence[Reject] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the fixes of a delivery: n_accepted + n_repeated is their number.

    n_accepted  written, new ones and those that took the place of another content
    n_repeated  changed nothing
    """

    n_accepted: int = 0
    n_repeated: int = 0


@dataclass(slots=True)
class _Known:
    """What a connection knows to be committed: ids of vehicles, days that raw.fix has, whether it has its stage."""

    ids: dict[tuple[int, str], int] = field(default_factory=dict)
    days: set[int] = field(default_factory=set)
    has_stage: bool = False


_KNOWN: WeakKeyDictionary[Connection, _Known] = WeakKeyDictionary()


def write_group(connection: Connection, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Write deliveries in one transaction and commit; a receipt for each, in their order.

    connection  without an open transaction, as yuki_ingest; keep it, since it remembers ids
    Waits while others write to one of the sources. Raises ConflictError inside an open transaction, psycopg.Error
    where the database refuses; then nothing was written.
    """
    receipts = _tried(connection, deliveries, _lock)
    return [receipt for receipt in receipts if receipt is not None]


def write_ready(connection: Connection, deliveries: Sequence[Delivery]) -> list[Receipt | None]:
    """As write_group, without waiting: None for deliveries of a source that another transaction writes to."""
    return _tried(connection, deliveries, _try_lock)


type _Locker = Callable[[Connection, list[int]], set[int]]


def _lock(connection: Connection, source_ids: list[int]) -> set[int]:
    connection.execute(read_sql("ingest", "lock_sources"), {"source_ids": source_ids})
    return set(source_ids)


def _try_lock(connection: Connection, source_ids: list[int]) -> set[int]:
    found = connection.execute(read_sql("ingest", "try_lock_sources"), {"source_ids": source_ids})
    return {int(row[0]) for row in found.fetchall()}


def _tried(connection: Connection, deliveries: Sequence[Delivery], locker: _Locker) -> list[Receipt | None]:
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ConflictError("A group needs a connection without an open transaction.", hint="Commit before it.")
    for attempt in range(1, ATTEMPTS + 1):
        known = _KNOWN.setdefault(connection, _Known())
        try:
            _prepare(connection, known, deliveries)
            fresh: dict[tuple[int, str], int] = {}
            with connection.transaction():
                receipts = _write(connection, known, fresh, deliveries, locker)
        except AGAIN:
            _KNOWN.pop(connection, None)
            if attempt == ATTEMPTS:
                raise
        else:
            known.ids.update(fresh)
            return receipts
    raise AssertionError("unreachable")


def _prepare(connection: Connection, known: _Known, deliveries: Sequence[Delivery]) -> None:
    """Days and the stage, each committed before the group begins."""
    at_us = [delivery.batch.fixes.at_us for delivery in deliveries if len(delivery.batch)]
    days = np.unique(np.concatenate(at_us) // DAY_US) if at_us else np.zeros(0, np.int64)
    missing = [day for day in days.tolist() if day not in known.days]
    if missing:
        ensure_partitions(connection, np.array(missing, np.int64) * DAY_US)
        known.days.update(missing)
    if not known.has_stage:
        with connection.transaction():
            connection.execute(read_sql("ingest", "create_live_stage"))
        known.has_stage = True
    if len(known.ids) > NAMES_MAX:
        known.ids.clear()


def _write(
    connection: Connection,
    known: _Known,
    fresh: dict[tuple[int, str], int],
    deliveries: Sequence[Delivery],
    locker: _Locker,
) -> list[Receipt | None]:
    got = locker(connection, sorted({delivery.source_id for delivery in deliveries}))
    ready = [i for i, delivery in enumerate(deliveries) if delivery.source_id in got]
    receipts: list[Receipt | None] = [None] * len(deliveries)
    chosen = [deliveries[i] for i in ready]
    for delivery in chosen:
        if delivery.rejects:
            store_rejects(connection, delivery.source_id, "fixes", delivery.rejects)
    for i, receipt in zip(ready, _write_fixes(connection, known, fresh, chosen), strict=True):
        receipts[i] = receipt
    return receipts


def _write_fixes(
    connection: Connection, known: _Known, fresh: dict[tuple[int, str], int], deliveries: Sequence[Delivery]
) -> list[Receipt]:
    if not any(len(delivery.batch) for delivery in deliveries):
        return [Receipt() for _ in deliveries]
    vehicle = np.concatenate([_ids(connection, known, fresh, d)[d.batch.fixes.vehicle] for d in deliveries])
    fixes = concat([delivery.batch.fixes for delivery in deliveries])
    owner = np.repeat(np.arange(len(deliveries)), [len(delivery.batch) for delivery in deliveries])
    order = _Order.of(vehicle, fixes.at_us, owner, content_keys(fixes))
    before = _store(connection, fixes, vehicle, order)
    accepted = np.bincount(order.owners_of_changes(before), minlength=len(deliveries))
    n = np.bincount(owner, minlength=len(deliveries))
    return [Receipt(a, k - a) for a, k in zip(accepted.tolist(), n.tolist(), strict=True)]


def _ids(connection: Connection, known: _Known, fresh: dict[tuple[int, str], int], delivery: Delivery) -> Ints:
    """Ids of the names of a delivery; those of new vehicles go to `fresh` until the commit."""
    source_id, names = delivery.source_id, delivery.batch.names
    missing = [name for name in names if (source_id, name) not in known.ids and (source_id, name) not in fresh]
    if missing:
        found = vehicle_ids(connection, source_id, missing).tolist()
        fresh.update(((source_id, name), vehicle_id) for name, vehicle_id in zip(missing, found, strict=True))
    ids = [known.ids.get((source_id, name)) or fresh[source_id, name] for name in names]
    return np.array(ids, np.int64)


@dataclass(frozen=True, slots=True)
class _Order:
    """n rows of a group by vehicle, time, delivery, and the greatest content first; m different keys.

    key, owner  (n,) in that order
    is_best     (n,) the best content that its delivery has for its key
    begin       (m,) where the rows of a key begin
    winner      (m,) position of the best content of a key among the rows as they came
    best        (m,) its content_key
    """

    key: Ints
    owner: Ints
    is_best: Bools
    begin: Ints
    winner: Ints
    best: Ints

    @staticmethod
    def of(vehicle: Ints, at_us: Ints, owner: Ints, key: Ints) -> _Order:
        """Sort the rows."""
        order = np.lexsort((~key, owner, at_us, vehicle))
        v, t, o, k = vehicle[order], at_us[order], owner[order], key[order]
        is_same = (v[1:] == v[:-1]) & (t[1:] == t[:-1])
        begin = np.flatnonzero(np.concatenate([[True], ~is_same]))
        is_best = np.concatenate([[True], ~(is_same & (o[1:] == o[:-1]))])
        best = np.maximum.reduceat(k, begin)
        of_key = np.cumsum(np.concatenate([[0], ~is_same]))
        hits = np.flatnonzero(k == best[of_key])
        first = hits[np.unique(of_key[hits], return_index=True)[1]]
        return _Order(k, o, is_best, begin, order[first], best)

    def owners_of_changes(self, before: dict[int, int]) -> Ints:
        """The delivery of each change, as if they had come one after the other.

        before  content_key that was stored before the group, by the number of its key
        """
        n_best = np.add.reduceat(self.is_best.astype(np.int64), self.begin)
        is_plain = n_best == 1
        is_plain[list(before)] = False
        owners = [self.owner[self.begin[is_plain]]]
        end = np.append(self.begin[1:], len(self.key))
        for i in np.flatnonzero(~is_plain).tolist():
            stored = before.get(i)
            for row in range(self.begin[i], end[i]):
                if self.is_best[row] and (stored is None or self.key[row] > stored):
                    stored = int(self.key[row])
                    owners.append(self.owner[row : row + 1])
        return np.concatenate(owners)


def _store(connection: Connection, fixes: Fixes, vehicle: Ints, order: _Order) -> dict[int, int]:
    """Write the best content of each key; content_key of what was stored before, by the number of the key."""
    fixes, vehicle, key = fixes.select(order.winner), vehicle[order.winner], order.best
    batch_id = take_batch_id(connection)
    may_meet = np.isin(vehicle, overlapping(connection, vehicle, fixes.at_us))
    before: dict[int, int] = {}
    if not may_meet.all():
        new = ~may_meet
        columns = fix_columns(fixes.select(new), vehicle[new], key[new], None, batch_id)
        write_columns(connection, read_sql("ingest", "copy_fix"), columns)
    if may_meet.any():
        number = np.flatnonzero(may_meet)
        some = fixes.select(number)
        columns = fix_columns(some, vehicle[number], key[number], None, batch_id) | {"number": fixed("int4", number)}
        write_columns(connection, read_sql("ingest", "copy_live_stage"), columns)
        span = {"first_at": from_us(int(some.at_us.min())), "last_at": from_us(int(some.at_us.max()))}
        met = connection.execute(read_sql("ingest", "merge_live_stage"), span).fetchall()
        before = {int(n): int(stored) for n, stored in met}
    is_written = np.ones(len(key), np.bool_)
    for i, stored in before.items():
        is_written[i] = key[i] > stored
    if is_written.any():
        announce_batch(connection, batch_id, "fixes", fixes.at_us[is_written])
    return before


def store_rejects(connection: Connection, source_id: int, kind: str, rejects: Sequence[Reject]) -> None:
    """Put rows that came live into quarantine, in the connection's transaction; the same row again is left out."""
    named = {
        "source_id": source_id,
        "kind": kind,
        "lines": [reject.line for reject in rejects],
        "items": [reject.item for reject in rejects],
        "reasons": [str(reject.reason) for reject in rejects],
        "details": [reject.detail.replace("\0", "\ufffd") for reject in rejects],
        "payloads": [json.dumps(plain(reject.payload), ensure_ascii=False) for reject in rejects],
    }
    connection.execute(read_sql("ingest", "store_live_rejects"), named)

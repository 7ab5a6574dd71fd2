"""Live fixes: a group is what its deliveries would have been one after the other, held against a dictionary."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.db import Database, Role
from geo.errors import ConflictError, OverloadedError
from geo.fix import Fixes
from geo.settings import SourceSettings
from geo.timeline import to_us
from ingest import live
from ingest.fix_batch import FixBatch
from ingest.live import Delivery, LiveQueue, Receipt, write_group
from ingest.load import content_keys, load_fixes
from ingest.quarantine import Reject, Why
from ingest.registry import register_source
from tests.ingest.conftest import NOW, Rows

START = to_us(NOW) - 12_000_000  # some seconds before midnight
NUMBERS = count()
#: vehicle, second, content: a small world, so that repeats and conflicts are many
FIX = st.tuples(st.integers(0, 2), st.integers(0, 24), st.integers(0, 3))
#: which of two sources, and its fixes
DELIVERY = st.tuples(st.integers(0, 1), st.lists(FIX, max_size=8))


def _batch(rows: list[tuple[int, int, int]]) -> FixBatch:
    """Content k of a fix: its position depends on it."""
    k = np.array([row[2] for row in rows], np.int64)
    fixes = Fixes.from_arrays(
        [row[0] for row in rows],
        [START + row[1] * 1_000_000 for row in rows],
        136.6 + k / 1000,
        np.full(len(rows), 36.5),
        blade=k % 3 - 1,
    )
    return FixBatch(("a", "b", "c"), fixes)


def _source(database: Database, name: str) -> int:
    with database.connect(Role.INGEST) as connection:
        return register_source(connection, name, "live", SourceSettings())


@contextmanager
def _writer(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.conninfo_of(Role.INGEST)) as connection:
        connection.execute("SET lock_timeout = '30s'")
        connection.commit()
        yield connection


class _Oracle:
    """The naive reading: one fix after the other into a dictionary."""

    def __init__(self) -> None:
        self.stored: dict[tuple[int, int, int], int] = {}

    def take(self, source: int, rows: list[tuple[int, int, int]]) -> Receipt:
        best: dict[tuple[int, int, int], int] = {}
        for (vehicle, second, _), key in zip(rows, content_keys(_batch(rows).fixes).tolist(), strict=True):
            name = (source, vehicle, second)
            best[name] = max(best.get(name, key), key)
        changed = {name: key for name, key in best.items() if name not in self.stored or key > self.stored[name]}
        self.stored.update(changed)
        return Receipt(len(changed), len(rows) - len(changed))


@given(st.lists(st.lists(DELIVERY, min_size=1, max_size=6), min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_a_group_is_its_deliveries_one_after_the_other(
    database: Database, groups: list[list[tuple[int, list[tuple[int, int, int]]]]]
) -> None:
    number = next(NUMBERS)
    sources = [_source(database, f"{number}-{i}") for i in range(2)]
    oracle = _Oracle()
    with _writer(database) as connection:
        for group in groups:
            receipts = write_group(connection, [Delivery(sources[i], _batch(rows)) for i, rows in group])
            assert receipts == [oracle.take(i, rows) for i, rows in group]
        query = """SELECT v.source_id, v.external_id, f.at, f.content_key FROM raw.fix AS f JOIN raw.vehicle AS v
                   USING (vehicle_id) WHERE v.source_id = ANY (%s)"""
        stored = connection.execute(query, (sources,)).fetchall()
    found = {
        (sources.index(source), "abc".index(name), (to_us(at) - START) // 1_000_000): key
        for source, name, at, key in stored
    }
    assert found == oracle.stored


def test_a_group_is_one_batch_and_a_repeat_is_none(database: Database, rows: Rows) -> None:
    one, two = _source(database, "one"), _source(database, "two")
    group = [Delivery(one, _batch([(0, 0, 1), (1, 0, 1)])), Delivery(two, _batch([(0, 5, 1)]))]
    with _writer(database) as connection:
        assert write_group(connection, group) == [Receipt(2, 0), Receipt(1, 0)]
        before = rows("SELECT xmin, ctid FROM raw.fix ORDER BY at")
        assert write_group(connection, group) == [Receipt(0, 2), Receipt(0, 1)]
        assert rows("SELECT xmin, ctid FROM raw.fix ORDER BY at") == before
    assert rows("SELECT b.n, count(f.*) FROM raw.batch AS b JOIN raw.fix AS f USING (batch_id) GROUP BY 1") == [(3, 3)]


def test_rejected_rows_are_kept_once(database: Database, rows: Rows) -> None:
    source_id = _source(database, "s")
    payload = {"lon": float("nan"), "name\0": "a\0\ud800", "n": 10**40}
    rejects = [Reject(Why.NOT_A_NUMBER, "a\0b", payload, item=0), Reject(Why.MALFORMED, "x", {"a": 1}, line=3)]
    with _writer(database) as connection:
        for _ in range(2):
            assert write_group(connection, [Delivery(source_id, _batch([]), rejects)]) == [Receipt(0, 0)]
    kept = rows("SELECT file_id, line, item, reason, detail, payload FROM raw.quarantine ORDER BY quarantine_id")
    assert kept == [
        (None, None, 0, "not_a_number", "a\ufffdb", {"lon": "nan", "name\ufffd": "a\ufffd?", "n": 10**40}),
        (None, 3, None, "malformed", "x", {"a": 1}),
    ]


def test_a_day_that_was_dropped_meanwhile_is_made_again(database: Database) -> None:
    source_id = _source(database, "s")
    with _writer(database) as connection:
        assert write_group(connection, [Delivery(source_id, _batch([(0, 0, 1)]))]) == [Receipt(1, 0)]
        with database.connect(Role.OWNER) as owner:
            owner.execute("DROP TABLE raw.fix_20260131")
        assert write_group(connection, [Delivery(source_id, _batch([(0, 1, 1)]))]) == [Receipt(1, 0)]


def test_an_open_transaction_is_refused(database: Database) -> None:
    with _writer(database) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(ConflictError, match="without an open transaction"):
            write_group(connection, [])


@contextmanager
def _queue(database: Database, max_waiting: int = 1000, **more: Any) -> Iterator[LiveQueue]:
    queue = LiveQueue(database, max_waiting, **more)
    queue.start()
    try:
        yield queue
    finally:
        queue.stop()


def test_what_waits_together_is_committed_together(database: Database, rows: Rows) -> None:
    source_id = _source(database, "s")
    told: list[int] = []
    with _queue(database, observe=lambda deliveries, receipts: told.append(len(receipts))) as queue:
        futures = [queue.submit(Delivery(source_id, _batch([(0, second, 1)]))) for second in range(10)]
        assert [future.result(20) for future in futures] == [Receipt(1, 0)] * 10
    assert rows("SELECT sum(n)::int FROM raw.batch") == [(10,)]
    assert sum(told) == 10
    assert len(told) == rows("SELECT count(*) FROM raw.batch")[0][0] < 10
    assert queue.n_waiting == 0


def test_a_full_queue_refuses_and_says_when_to_come_back(database: Database) -> None:
    source_id = _source(database, "s")
    queue = LiveQueue(database, 5)  # not started: nothing leaves it
    queue.submit(Delivery(source_id, _batch([(0, s, 1) for s in range(5)])))
    with pytest.raises(OverloadedError) as refused:
        queue.submit(Delivery(source_id, _batch([(0, 9, 1)])))
    assert refused.value.retry_after_s
    queue.stop()


def test_a_busy_source_keeps_no_other_source_waiting(database: Database) -> None:
    busy, free = _source(database, "busy"), _source(database, "free")
    with _queue(database) as queue:
        with database.connect(Role.INGEST) as connection:  # a long load of a file holds its source's lock
            connection.execute("SELECT pg_advisory_xact_lock(7902112, %s)", (busy,))
            waiting = queue.submit(Delivery(busy, _batch([(0, 0, 1)])))
            assert queue.submit(Delivery(free, _batch([(0, 0, 1)]))).result(20) == Receipt(1, 0)
            assert not waiting.done()
        assert waiting.result(20) == Receipt(1, 0)


def test_a_broken_connection_is_opened_again(database: Database, rows: Rows) -> None:
    source_id = _source(database, "s")
    with _queue(database) as queue:
        assert queue.submit(Delivery(source_id, _batch([(0, 0, 1)]))).result(20) == Receipt(1, 0)
        with database.connect(Role.OWNER) as owner:
            query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'yuki_ingest'"
            assert owner.execute(query + " AND datname = current_database()").fetchone() != (0,)
        assert queue.submit(Delivery(source_id, _batch([(0, 1, 1)]))).result(20) == Receipt(1, 0)


def test_one_that_cannot_be_written_spoils_no_other(database: Database) -> None:
    source_id = _source(database, "s")
    with _queue(database) as queue:
        bad = queue.submit(Delivery(2_000_000, _batch([(0, 0, 1)])))  # no such source
        good = queue.submit(Delivery(source_id, _batch([(0, 0, 1)])))
        assert good.result(20) == Receipt(1, 0)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            bad.result(20)


def test_groups_and_files_of_one_source_end_in_the_same_rows(database: Database, rows: Rows) -> None:
    source_id = _source(database, "s")
    random = np.random.default_rng(7)
    everything = [tuple(row) for row in random.integers((0, 0, 0), (3, 25, 4), (300, 3)).tolist()]
    parts = [everything[i : i + 15] for i in range(0, 300, 15)]

    def by_file() -> None:
        with _writer(database) as connection:
            for part in parts[::2]:
                load_fixes(connection, _batch(part), source_id)

    def by_group() -> None:
        with _writer(database) as connection:
            for part in parts[1::2]:
                write_group(connection, [Delivery(source_id, _batch([row])) for row in part])

    threads = [threading.Thread(target=work) for work in (by_file, by_group, by_group)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    oracle = _Oracle()
    oracle.take(0, everything)
    stored = rows(
        "SELECT v.external_id, f.at, f.content_key FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id)"
    )
    found = {(0, "abc".index(name), (to_us(at) - START) // 1_000_000): key for name, at, key in stored}
    assert found == oracle.stored


def test_a_late_upload_lets_small_deliveries_go_first(database: Database) -> None:
    source_id = _source(database, "s")
    n = live.BULK_FIXES + 1
    bulk = FixBatch(("x",), Fixes.from_arrays(np.zeros(n), START + np.arange(n), np.full(n, 136.0), np.full(n, 36.0)))
    groups: list[list[int]] = []
    observe = lambda deliveries, receipts: groups.append([len(d.batch) for d in deliveries])  # noqa: E731
    queue = LiveQueue(database, 10 * n, observe=observe)
    futures = [queue.submit(Delivery(source_id, bulk)) for _ in range(2)]
    futures += [queue.submit(Delivery(source_id, _batch([(0, second, 1)]))) for second in range(3)]
    queue.start()
    assert [future.result(20).n_accepted for future in futures] == [n, 0, 1, 1, 1]
    queue.stop()
    assert groups == [[1, 1, 1], [n], [n]]

"""Fixes into raw.fix: idempotent, and the same whatever the order of batches, held against a dictionary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.db import Database, Role
from geo.errors import ConflictError
from geo.fix import Fixes, concat
from geo.settings import SourceSettings
from geo.timeline import to_us
from ingest.fix_batch import FixBatch
from ingest.load import Loaded, announce_batch, content_keys, load_fixes, take_batch_id
from ingest.registry import register_source
from tests.ingest.conftest import Rows

START = to_us(datetime(2026, 1, 17, 23, 59, 50, tzinfo=UTC))
STORED = """
SELECT v.external_id, f.at, f.lon, f.lat, f.heading_deg, f.speed_mps, f.accuracy_m, f.blade, f.spreader, f.work,
       f.treatment, f.content_key
FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id) WHERE v.source_id = %s ORDER BY 1, 2
"""

#: A source of its own for each example: they share a database.
NUMBERS = count()

#: A fix of a small world, so that repeats and conflicts are many: vehicle, second, content.
FIX = st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 3))


def _batch(rows: list[tuple[int, int, int]]) -> FixBatch:
    """Content k of a fix: position, heading, flags and treatment all depend on it."""
    k = np.array([row[2] for row in rows], np.int64)
    fixes = Fixes.from_arrays(
        [row[0] for row in rows],
        [START + row[1] * 1_000_000 for row in rows],
        136.6 + k / 1000,
        np.full(len(rows), 36.5),
        heading_deg=np.where(k == 0, np.nan, k * 10.0),
        blade=k % 3 - 1,
        treatment=np.where(k == 3, 2, -1),
    )
    return FixBatch(("a", "b", "c"), fixes)


def _source(database: Database, name: str = "s") -> int:
    with database.connect(Role.INGEST) as connection:
        return register_source(connection, name, "files", SourceSettings())


def _load(database: Database, source_id: int, *batches: list[tuple[int, int, int]]) -> list[Loaded]:
    with psycopg.connect(database.conninfo_of(Role.INGEST)) as connection:
        connection.execute("SET lock_timeout = '30s'")
        connection.commit()
        return [load_fixes(connection, _batch(rows), source_id) for rows in batches]


def _expected(rows: list[tuple[int, int, int]]) -> dict[tuple[str, int], int]:
    """The naive reading: for each key the greatest content_key."""
    keys = content_keys(_batch(rows).fixes).tolist()
    best: dict[tuple[str, int], int] = {}
    for (vehicle, second, _), key in zip(rows, keys, strict=True):
        name = "abc"[vehicle]
        best[name, second] = max(best.get((name, second), key), key)
    return best


@given(st.lists(st.lists(FIX, min_size=1, max_size=25), min_size=1, max_size=5), st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_any_order_and_any_repeat_gives_the_same_rows(
    database: Database, batches: list[list[tuple[int, int, int]]], random: Any
) -> None:
    source_id = _source(database, f"s{next(NUMBERS)}")
    again = [list(batch) for batch in [*batches, random.choice(batches)]]
    random.shuffle(again)
    for batch in again:
        random.shuffle(batch)
    loaded = _load(database, source_id, *again)
    everything = [row for batch in batches for row in batch]
    expected = _expected(everything)
    with database.connect(Role.INGEST) as connection:
        stored = connection.execute(STORED, (source_id,)).fetchall()
    found = {(row[0], (to_us(row[1]) - START) // 1_000_000): row[11] for row in stored}
    assert found == expected
    assert len(stored) == len(expected)
    for one, batch in zip(loaded, again, strict=True):
        assert one.n_accepted + one.n_repeated == len(batch)
    assert sum(one.n_accepted - one.n_replaced for one in loaded) == len(expected)


def test_what_was_loaded_is_what_was_said(database: Database, rows: Rows) -> None:
    source_id = _source(database)
    fixes = Fixes.from_arrays(
        [0, 0], [START, START + 1], [136.123456789, -0.0], [36.5, 36.5], heading_deg=[90.5, np.nan],
        speed_mps=[1.25, np.nan], accuracy_m=[3.0, np.nan], blade=[1, -1], spreader=[0, -1], work=[-1, 1],
        treatment=[0, -1],
    )  # fmt: skip
    with psycopg.connect(database.conninfo_of(Role.INGEST)) as connection:
        assert load_fixes(connection, FixBatch(("除雪1号",), fixes), source_id, None) == Loaded(2)
    first, second = rows(STORED, source_id)
    assert first[2:11] == (136.123456789, 36.5, 90.5, 1.25, 3.0, True, False, None, "fresh_snow_plowing")
    assert second[4:11] == (None, None, None, None, None, True, None)
    assert rows("SELECT DISTINCT file_id FROM raw.fix") == [(None,)]


def test_midnight_makes_two_partitions(database: Database, rows: Rows) -> None:
    _load(database, _source(database), [(0, second, 1) for second in range(20)])
    assert rows("SELECT tableoid::regclass::text, count(*) FROM raw.fix GROUP BY 1 ORDER BY 1") == [
        ("raw.fix_20260117", 10), ("raw.fix_20260118", 10),
    ]  # fmt: skip


def test_a_new_day_is_made_while_others_read_and_write(database: Database, rows: Rows) -> None:
    source_id, other = _source(database), _source(database, "other")
    _load(database, source_id, [(0, 0, 1)])
    with psycopg.connect(database.conninfo_of(Role.INGEST)) as busy:
        busy.execute("UPDATE raw.fix SET work = true")  # and no commit yet
        _load(database, other, [(0, 15, 1)])
        assert busy.execute("SELECT count(*) FROM raw.fix").fetchone() == (2,)
    kept = "SELECT count(*), count(*) FILTER (WHERE indisprimary) FROM pg_index WHERE indrelid = %s::regclass"
    assert rows(kept, "raw.fix_20260118") == [(2, 1)]


def test_a_repeat_writes_nothing_and_a_conflict_says_so(database: Database, rows: Rows) -> None:
    source_id = _source(database)
    winner, loser = sorted((1, 2), key=lambda k: -content_keys(_batch([(0, 0, k)]).fixes)[0])
    assert _load(database, source_id, [(0, 0, loser)]) == [Loaded(1, 0, 0, 0)]
    before = rows("SELECT xmin, ctid FROM raw.fix")
    assert _load(database, source_id, [(0, 0, loser), (0, 0, loser)]) == [Loaded(0, 2, 0, 0)]
    assert rows("SELECT xmin, ctid FROM raw.fix") == before
    assert _load(database, source_id, [(0, 0, winner)]) == [Loaded(1, 0, 1, 0)]
    after = rows("SELECT received_at FROM raw.fix")
    assert _load(database, source_id, [(0, 0, loser)]) == [Loaded(0, 1, 0, 1)]
    assert rows("SELECT received_at FROM raw.fix") == after


def test_batches_have_positions_in_the_order_of_their_commits(database: Database, rows: Rows) -> None:
    slow_first = psycopg.connect(database.conninfo_of(Role.INGEST))
    with slow_first, slow_first.transaction():
        early = take_batch_id(slow_first)
        with psycopg.connect(database.conninfo_of(Role.INGEST)) as quick:
            late = take_batch_id(quick)
            announce_batch(quick, late, "fixes", np.array([0]))
        assert late > early
        announce_batch(slow_first, early, "fixes", np.array([0, 1_000_000]))
    assert rows("SELECT batch_id, kind, n, last_at - first_at FROM raw.batch ORDER BY position") == [
        (late, "fixes", 1, timedelta(0)), (early, "fixes", 2, timedelta(seconds=1)),
    ]  # fmt: skip


def test_every_row_names_the_batch_that_wrote_it_last(database: Database, rows: Rows) -> None:
    source_id = _source(database)
    loser, winner = sorted((1, 2), key=lambda k: content_keys(_batch([(0, 0, k)]).fixes)[0])
    _load(database, source_id, [(0, 0, loser), (0, 15, 1)])
    _load(database, source_id, [(0, 0, winner)])
    _load(database, source_id, [(0, 15, 1)])
    found = rows("SELECT b.position, f.at FROM raw.fix AS f LEFT JOIN raw.batch AS b USING (batch_id) ORDER BY f.at")
    first, second = rows("SELECT position FROM raw.batch ORDER BY position")
    assert [row[0] for row in found] == [second[0], first[0]]


def test_two_sources_may_name_a_vehicle_alike(database: Database, rows: Rows) -> None:
    _load(database, _source(database, "one"), [(0, 0, 1)])
    _load(database, _source(database, "two"), [(0, 0, 1)])
    assert rows("SELECT count(*), count(DISTINCT vehicle_id) FROM raw.fix") == [(2, 2)]


def test_many_writers_at_once_end_in_the_same_rows(database: Database, rows: Rows) -> None:
    source_id = _source(database)
    random = np.random.default_rng(4)
    everything = [tuple(row) for row in random.integers((0, 0, 0), (3, 21, 4), (400, 3)).tolist()]
    with ThreadPoolExecutor(4) as pool:
        parts = [everything[i : i + 20] for i in range(0, 400, 20)]
        loaded = list(pool.map(lambda part: _load(database, source_id, part)[0], parts))
    found = {(row[0], (to_us(row[1]) - START) // 1_000_000): row[11] for row in rows(STORED, source_id)}
    assert found == _expected(everything)
    assert sum(one.n_accepted - one.n_replaced for one in loaded) == len(found)


def test_an_open_transaction_is_refused(database: Database) -> None:
    source_id = _source(database)
    with psycopg.connect(database.conninfo_of(Role.INGEST)) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(ConflictError, match="without an open transaction"):
            load_fixes(connection, _batch([(0, 0, 1)]), source_id)


def test_content_keys_are_the_same_for_ever() -> None:
    """Stored keys are compared with new ones: these numbers must never change."""
    keys = content_keys(concat([_batch([(0, 0, k)]).fixes for k in range(4)]))
    assert keys.tolist() == [3808905464188549187, 7806907777813970299, 8429370680076857745, -8206434255530746783]


def test_content_keys_see_every_column_and_only_what_is_stored() -> None:
    base = {"lon": [136.6], "lat": [36.5], "heading_deg": [1.0], "speed_mps": [2.0], "accuracy_m": [3.0], "blade": [1],
            "spreader": [1], "work": [1], "treatment": [1]}  # fmt: skip

    def key(**change: Any) -> int:
        columns = base | {name: [value] for name, value in change.items()}
        return int(content_keys(Fixes.from_arrays([0], [START], **columns))[0])

    changes = [{name: value} for name in base for value in (0, -1 if name in ("blade", "spreader", "work") else 2)]
    changes += [{name: np.nan} for name in ("heading_deg", "speed_mps", "accuracy_m")] + [{"treatment": -1}]
    keys = [key(**change) for change in changes if [next(iter(change.values()))] != base[next(iter(change))]]
    assert len({key(), *keys}) == len(keys) + 1
    assert key(lon=0.0) == key(lon=-0.0)
    assert key(heading_deg=1.0) == key(heading_deg=1.0 + 1e-9)  # one float4
    assert key(lon=136.6) != key(lon=136.6 + 1e-9)

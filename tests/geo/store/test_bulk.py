"""Columns go through a real PostgreSQL and come back the same."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from geo.db import Database, Role
from geo.errors import DatabaseProblem
from geo.store.bulk import FOREVER, NEVER, constant, digests, fixed, moments, read_columns, spans, words, write_columns
from geo.timeline import to_us

TABLE = """CREATE TEMP TABLE t (a bigint, b real, c boolean, at timestamptz, during tstzrange, word text, same text,
                                key bytea)"""
AT = to_us(datetime(2026, 1, 1, 3, 4, 5, 678901, UTC))


def test_every_kind_of_column_is_what_the_database_says(database: Database) -> None:
    with database.connect(Role.OWNER) as connection:
        connection.execute(TABLE)
        keys = np.array([b"\x00" * 16, b"0123456789abcdef", b"\xff" * 16], "V16")
        n = write_columns(
            connection,
            "COPY t FROM STDIN (FORMAT binary)",
            {
                "a": fixed("int8", np.array([1, -2, 2**60])),
                "b": fixed("float4", np.array([0.5, 1e9, -3])),
                "c": fixed("bool", np.array([True, False, True])),
                "at": moments(np.array([AT, NEVER, -1])),
                "during": spans(np.array([AT, 0, 5]), np.array([AT, 1_000_000, 6])),
                "word": words(np.array([1, -1, 0], np.int8), ("新雪除雪", "b")),
                "same": constant("version 1", 3),
                "key": digests(keys),
            },
        )
        assert n == 3
        rows = connection.execute(
            "SELECT a, b, c, at, lower(during), upper(during), upper_inc(during), word, same, key FROM t ORDER BY a"
        ).fetchall()
    start = datetime(1970, 1, 1, tzinfo=UTC)
    at = datetime(2026, 1, 1, 3, 4, 5, 678901, UTC)
    assert rows[0] == (
        -2,
        1e9,
        False,
        None,
        start,
        start.replace(second=1),
        True,
        None,
        "version 1",
        b"0123456789abcdef",
    )
    assert rows[1] == (1, 0.5, True, at, at, at, True, "b", "version 1", b"\x00" * 16)
    assert rows[2][:4] == (
        2**60,
        -3,
        True,
        start.replace(year=1969, month=12, day=31, hour=23, minute=59, second=59, microsecond=999999),
    )
    assert rows[2][7] == "新雪除雪"


def test_columns_read_have_their_values_and_moments(database: Database) -> None:
    sql = """COPY (SELECT v, v::float8 / 2, '2026-01-01T03:04:05.678901Z'::timestamptz, '-infinity'::timestamptz,
                   'infinity'::timestamptz, (v %% 2)::int2, v %% 2 = 1
                   FROM generate_series(1, %(n)s::bigint) AS v ORDER BY v) TO STDOUT (FORMAT binary)"""
    kinds = {"v": "int8", "half": "float8", "at": "timestamptz", "never": "timestamptz", "ever": "timestamptz"}
    with database.connect(Role.ENGINE) as connection:
        found = read_columns(connection, sql, {"n": 10_000}, {**kinds, "odd": "int2", "is_odd": "bool"})
        none = read_columns(connection, sql, {"n": 0}, {**kinds, "odd": "int2", "is_odd": "bool"})
    assert found["v"].tolist() == list(range(1, 10_001))
    assert found["half"][:3].tolist() == [0.5, 1.0, 1.5]
    assert set(found["at"]) == {AT}
    assert set(found["never"]) == {NEVER}
    assert set(found["ever"]) == {FOREVER}
    assert found["odd"][:4].tolist() == found["is_odd"][:4].tolist() == [1, 0, 1, 0]
    assert all(len(values) == 0 for values in none.values())


def test_a_null_or_another_width_is_refused(database: Database) -> None:
    sql = "COPY (SELECT nullif(v, 2) FROM generate_series(1, 3) AS v) TO STDOUT (FORMAT binary)"
    narrow = "COPY (SELECT v FROM generate_series(1, 2) AS v) TO STDOUT (FORMAT binary)"
    with database.connect(Role.ENGINE) as connection:
        with pytest.raises(DatabaseProblem, match="NULL or another width"):
            read_columns(connection, sql, {}, {"v": "int4"})
        with pytest.raises(DatabaseProblem, match="NULL or another width"):
            read_columns(connection, narrow, {}, {"v": "int8"})


def test_nothing_to_write_writes_nothing(database: Database) -> None:
    with database.connect(Role.OWNER) as connection:
        connection.execute("CREATE TEMP TABLE t (a bigint, word text)")
        none = np.zeros(0, np.int64)
        columns = {"a": fixed("int8", none), "word": words(none, ("a",))}
        assert write_columns(connection, "COPY t FROM STDIN (FORMAT binary)", columns) == 0
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)

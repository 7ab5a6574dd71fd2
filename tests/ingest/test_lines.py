"""Ready lines: checked whole, stored once, announced as batches of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from geo.db import Database, Role
from geo.errors import ConflictError
from geo.settings import SourceSettings
from ingest.fix_batch import RawBatch, ReadState
from ingest.lines import VERTICES_MAX, LineBatch, RawLines, check_lines, line_keys, load_lines
from ingest.quarantine import Why
from ingest.register import Entry, Register
from ingest.registry import register_source

type Rows = Callable[..., list[tuple[Any, ...]]]

NOW = datetime(2026, 2, 1, tzinfo=UTC)
AT = "2026-01-18T06:10:00+09:00"
#: The content of a line of these vertices that says nothing of work.
KEY_OF_GOOD = -7_853_840_622_737_340_043
GOOD = [(136.65, 36.56), (136.66, 36.56), (136.66, 36.57)]


def _check(
    *lines: Any, register: Register | None = None, columns: dict[str, list[Any]] | None = None, **settings: Any
) -> tuple[LineBatch, ReadState]:
    n, state = len(lines), ReadState()
    given = {"vehicle": ["p1"] * n, "at": [AT] * n} | (columns or {})
    batch = RawBatch(
        {name: pa.chunked_array([pa.array(values)]) for name, values in given.items()},
        np.full(n, -1), np.arange(n), lambda i: {"row": i},
    )  # fmt: skip
    xy = tuple(None if line is None else np.array(line, np.float64).reshape(-1, 2) for line in lines)
    return check_lines(RawLines(batch, xy), SourceSettings(**settings), NOW, state, "here", register), state


@pytest.mark.parametrize(
    ("line", "settings", "reason"),
    [
        (None, {}, Why.NO_GEOMETRY),
        ([], {}, Why.WRONG_GEOMETRY),
        (GOOD[:1], {}, Why.WRONG_GEOMETRY),
        ([GOOD[0]] * (VERTICES_MAX + 1), {}, Why.WRONG_GEOMETRY),
        ([GOOD[0], (np.nan, 36.5)], {}, Why.NOT_FINITE),
        ([GOOD[0], (np.inf, 36.5)], {}, Why.NOT_FINITE),
        ([GOOD[0], (0.001, 0.001)], {}, Why.ZERO_POSITION),
        ([GOOD[0], (36.56, 136.65)], {}, Why.SWAPPED_COORDINATES),
        ([GOOD[0], (181.0, 36.5)], {}, Why.OUT_OF_RANGE),
        ([GOOD[0], (139.7, 35.7)], {"area": (136.2, 36.0, 137.4, 37.9)}, Why.OUTSIDE_AREA),
        ([GOOD[0]] * 3, {}, Why.ZERO_LENGTH),
    ],
)
def test_each_bad_line_has_its_reason_and_the_good_ones_go_on(line: Any, settings: dict[str, Any], reason: Why) -> None:
    batch, state = _check(GOOD, line, GOOD, **settings)
    assert [(r.reason, r.item) for r in state.rejects.rows] == [(reason, 1)]
    assert (len(batch), state.n_read) == (2, 3)
    assert [len(places) for places in batch.lonlat] == [3, 3]


def test_the_rows_of_a_line_are_judged_like_those_of_a_fix() -> None:
    columns = {"vehicle": ["p1", None, "p2", "p3"], "at": [AT, AT, "soon", "1970-01-01T00:00:00Z"]}
    batch, state = _check(*[GOOD] * 4, columns=columns)
    assert [r.reason for r in state.rejects.rows] == [Why.MISSING_VEHICLE, Why.UNPARSABLE_TIME, Why.TOO_OLD]
    assert (batch.names[int(batch.vehicle[0])], len(batch)) == ("p1", 1)


def test_a_strict_source_takes_lines_of_registered_vehicles_only() -> None:
    register = Register("s", {"p1": (Entry(),)})
    columns = {"vehicle": ["p1", "p2"]}
    batch, state = _check(GOOD, GOOD, columns=columns, register=register, vehicles="registered")
    assert (len(batch), [r.reason for r in state.rejects.rows]) == (1, [Why.UNKNOWN_VEHICLE])


def test_repeated_vertices_are_left_out_and_the_order_is_kept() -> None:
    batch, _ = _check([GOOD[0], GOOD[0], GOOD[1], GOOD[1], GOOD[0]])
    assert batch.lonlat[0].tolist() == [list(GOOD[0]), list(GOOD[1]), list(GOOD[0])]


def test_keys_tell_contents_apart_and_nothing_else() -> None:
    columns = {"work": ["yes", "yes", "no", None, "yes"], "treatment": ["新雪除雪", "新雪除雪", "新雪除雪", None, None]}
    batch, _ = _check(GOOD, GOOD, GOOD, GOOD, GOOD, columns=columns)
    keys = line_keys(batch).tolist()
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    other, _ = _check(GOOD[::-1], GOOD)
    assert len({*line_keys(other).tolist(), *keys}) == 5
    # the same on every machine and in every release
    assert line_keys(_check(GOOD)[0]).tolist() == [KEY_OF_GOOD]


def _load(database: Database, batch: LineBatch) -> tuple[int, int]:
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, "vendor", "files", SourceSettings())
        connection.commit()
        loaded = load_lines(connection, batch, source_id)
    return loaded.n_accepted, loaded.n_repeated


def test_lines_are_stored_once_and_announced(database: Database, rows: Rows) -> None:
    batch, _ = _check(GOOD, GOOD, GOOD[::-1], columns={"work": ["yes", "yes", None], "blade": ["up", "up", None]})
    assert _load(database, batch) == (2, 1)
    assert _load(database, batch) == (0, 3)
    assert rows("SELECT blade, spreader, work, treatment, ST_AsText(geom), file_id FROM raw.line ORDER BY work") == [
        (False, None, True, None, "LINESTRING(136.65 36.56,136.66 36.56,136.66 36.57)", None),
        (None, None, None, None, "LINESTRING(136.66 36.57,136.66 36.56,136.65 36.56)", None),
    ]
    assert rows("SELECT kind FROM raw.batch") == [("lines",)]
    assert rows("SELECT count(*) FROM raw.batch JOIN raw.line USING (batch_id)") == [(2,)]


def test_lines_need_a_transaction_of_their_own(database: Database) -> None:
    batch, _ = _check(GOOD)
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, "vendor", "files", SourceSettings())
        with pytest.raises(ConflictError):
            load_lines(connection, batch, source_id)


def test_no_line_is_no_batch(database: Database, rows: Rows) -> None:
    batch, _ = _check(None)
    assert _load(database, batch) == (0, 0)
    assert rows("SELECT count(*) FROM raw.batch") == [(0,)]


def test_lines_commit_whole_or_not_at_all(database: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash after the rows and before the announcement leaves neither."""
    batch, _ = _check(GOOD)

    def crash(*arguments: Any) -> None:
        raise RuntimeError("power off")

    monkeypatch.setattr("ingest.lines.announce_batch", crash)
    with pytest.raises(RuntimeError, match="power off"):
        _load(database, batch)
    assert rows("SELECT count(*) FROM raw.line") == [(0,)]
    monkeypatch.undo()
    assert _load(database, batch) == (1, 0)

"""Registers of vehicles: read as offices write them, one stands at a time, and strict sources take no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.db import Database, Role
from geo.errors import ConfigError, InputError, MappingError, YukiError
from geo.settings import SourceSettings
from geo.settings_sources import WorkInputs
from geo.timeline import to_us
from ingest.fix_batch import FixBatch, RawBatch, ReadState
from ingest.fixes import ingest_fixes
from ingest.quality import check
from ingest.quarantine import Why
from ingest.register import Entry, Register, register_of
from ingest.vehicles import RegisterReport, ingest_vehicles, read_register

type Write = Callable[..., Path]
type Rows = Callable[..., list[tuple[Any, ...]]]

NOW = datetime(2026, 2, 1, tzinfo=UTC)
STRICT = SourceSettings(vehicles="registered", timezone="Asia/Tokyo")
HEAD = "車両番号,名称,機種,業者,管理者,ブレード入力,散布入力,使用開始日,使用終了日"


def _take(database: Database, path: Path, source: str = "fleet", settings: SourceSettings = STRICT) -> RegisterReport:
    return ingest_vehicles(database, path, source, settings, "Asia/Tokyo")


def _register(database: Database, source: str = "fleet") -> Register:
    with database.connect(Role.INGEST) as connection:
        found = connection.execute("SELECT source_id FROM raw.source WHERE name = %s", (source,)).fetchone()
        assert found is not None
        register = register_of(connection, int(found[0]), source, STRICT)
    assert register is not None
    return register


def _check(
    rows: Sequence[tuple[str, str]], register: Register | None, source: SourceSettings = STRICT, **columns: list[Any]
) -> tuple[FixBatch, ReadState]:
    n = len(rows)
    given: dict[str, list[Any]] = {"vehicle": [r[0] for r in rows], "at": [r[1] for r in rows]}
    given |= {"lon": [136.65] * n, "lat": [36.56] * n, **columns}
    arrays = {name: pa.chunked_array([pa.array(values)]) for name, values in given.items()}
    state = ReadState()
    raw = RawBatch(arrays, np.full(n, -1), np.arange(n), lambda i: {"row": i})
    return check(raw, source, NOW, state, "live", register), state


def test_a_register_as_an_office_writes_it(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file(
        "台帳.csv",
        [
            HEAD,
            "１０１,除雪グレーダ１号,グレーダ,北陸建設,県,１,2 low,2025/12/1,2026年3月31日",
            "102,,,,,,,,",
            ",x,,,,,,,",
        ],
        encoding="cp932",
    )
    report = _take(database, path)
    assert (report.counts.n_read, report.counts.n_accepted, report.counts.n_quarantined) == (3, 2, 1)
    assert (report.n_vehicles, report.quarantined, report.is_changed) == (2, {"missing_vehicle": 1}, True)
    assert report.encoding.startswith("cp932")
    found = rows("SELECT vehicle, name, machine_class, contractor, manager, inputs, valid_from, valid_to "
                 "FROM raw.registered_vehicle ORDER BY vehicle")  # fmt: skip
    assert found == [
        ("101", "除雪グレーダ1号", "グレーダ", "北陸建設", "県",
         {"blade": {"digital": 1, "active": "high"}, "spreader": {"digital": 2, "active": "low"}},
         datetime(2025, 11, 30, 15, tzinfo=UTC), datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("102", None, None, None, None, None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,,,,,9 middle,,,", Why.MALFORMED),
        ("a,,,,,33,,,", Why.MALFORMED),
        ("a,,,,,0,,,", Why.MALFORMED),
        ("a,,,,,,,soon,", Why.UNPARSABLE_TIME),
        ("a,,,,,,,2026-02-01,2026-01-01", Why.EMPTY_PERIOD),
        ("ok,,,,,,,,", Why.DUPLICATE_ID),
        ("ok,,,,,,,2026-01-01,", Why.DUPLICATE_ID),
        ("a,b", Why.MALFORMED),
    ],
)
def test_each_bad_row_has_its_reason_and_the_good_ones_go_on(text_file: Write, line: str, reason: Why) -> None:
    read = read_register(text_file("r.csv", [HEAD, "ok,,,,,,,,", line]), STRICT, "Asia/Tokyo", {})
    assert [(r.reason, r.line) for r in read.rejects.rows] == [(reason, 3)]
    assert [row.vehicle for row in read.rows] == ["ok"]
    assert read.n_read == 2


def test_a_vehicle_may_stand_for_several_spans(text_file: Write) -> None:
    lines = ["a,,,,,1,,,2025-12-31", "a,,,,,2,,2026-01-01,2026-01-31", "a,,,,,3,,2026-02-01,"]
    read = read_register(text_file("r.csv", [HEAD, *lines]), STRICT, "Asia/Tokyo", {})
    assert len(read.rejects) == 0
    assert [row.inputs.blade.digital for row in read.rows if row.inputs and row.inputs.blade] == [1, 2, 3]
    assert read.rows[0].valid_to == read.rows[1].valid_from == datetime(2025, 12, 31, 15, tzinfo=UTC)


def test_columns_are_found_by_name_by_the_source_or_by_a_flag(text_file: Write) -> None:
    path = text_file("r.csv", ["車番2,x", "a,b"])
    with pytest.raises(MappingError, match="no column for vehicle"):
        read_register(path, STRICT, "Asia/Tokyo", {})
    assert read_register(path, STRICT, "Asia/Tokyo", {"vehicle": "x"}).rows[0].vehicle == "b"
    mapped = SourceSettings(fields={"vehicle": "車番2", "at": "no such column"})
    assert read_register(path, mapped, "Asia/Tokyo", {}).rows[0].vehicle == "a"


def test_the_newest_register_stands_and_the_former_comes_back_by_its_name(
    database: Database, text_file: Write, rows: Rows
) -> None:
    one, two = text_file("1.csv", ["vehicle", "a", "b"]), text_file("2.csv", ["vehicle", "b", "c"])
    standing = "SELECT vehicle FROM raw.registered_vehicle ORDER BY vehicle"
    assert _take(database, one).is_changed
    assert _take(database, two).is_changed
    assert rows(standing) == [("b",), ("c",)]
    again = _take(database, two)
    assert (again.is_repeat, again.is_changed) == (True, False)
    assert _take(database, one).is_changed
    assert rows(standing) == [("a",), ("b",)]
    assert rows("SELECT count(*) FROM raw.vehicle_register") == [(4,)]


def test_a_file_without_a_usable_row_changes_nothing(database: Database, text_file: Write, rows: Rows) -> None:
    _take(database, text_file("1.csv", ["vehicle", "a"]))
    with pytest.raises(InputError, match="not one usable row"):
        _take(database, text_file("2.csv", ["vehicle,x", ",b"]))
    assert rows("SELECT vehicle FROM raw.registered_vehicle") == [("a",)]


def test_a_strict_source_takes_registered_vehicles_at_their_time(database: Database, text_file: Write) -> None:
    _take(database, text_file("a.csv", [HEAD, "a,,,,,,,2026-01-10,2026-01-20", "b,,,,,,,,"]))
    _take(database, text_file("b.csv", ["vehicle", "b", "z"]), source="others")
    times = [
        ("a", "2026-01-10T00:00:00"), ("a", "2026-01-09T23:59:59"), ("a", "2026-01-20T23:59:59"),
        ("a", "2026-01-21T00:00:00"), ("b", "2020-01-01T00:00:00"), ("z", "2026-01-15T00:00:00"),
        ("ghost", "2026-01-15T00:00:00"), ("", "2026-01-15T00:00:00"),
    ]  # fmt: skip
    batch, state = _check(times, _register(database))
    assert [(r.item, r.reason) for r in state.rejects.rows] == [
        (7, Why.MISSING_VEHICLE), (5, Why.OTHER_SOURCE), (1, Why.UNKNOWN_VEHICLE), (3, Why.UNKNOWN_VEHICLE),
        (6, Why.UNKNOWN_VEHICLE),
    ]  # fmt: skip
    assert "at that time" in state.rejects.rows[2].detail
    assert len(batch) == 3


def test_an_open_source_takes_all_vehicles_whatever_registers_say(database: Database, text_file: Write) -> None:
    _take(database, text_file("a.csv", ["vehicle", "a"]))
    source = SourceSettings(timezone="Asia/Tokyo")
    batch, state = _check([("ghost", "2026-01-15T00:00:00")], _register(database), source)
    assert (len(batch), len(state.rejects)) == (1, 0)


def test_a_strict_source_is_never_checked_without_its_register() -> None:
    with pytest.raises(ConfigError, match="no register is at hand"):
        _check([("a", "2026-01-15T00:00:00")], None)


def test_a_strict_source_without_a_register_takes_nothing(database: Database, text_file: Write) -> None:
    path = text_file("f.csv", ["vehicle,at,lon,lat", "a,2026-01-15T00:00:00,136.65,36.56"])
    report = ingest_fixes(database, [path], "fleet", STRICT, now=NOW)
    assert report.files[0].quarantined == {"unknown_vehicle": 1}


def test_a_register_makes_the_same_file_readable_again(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file("f.csv", ["vehicle,at,lon,lat", "a,2026-01-15T00:00:00,136.65,36.56"])
    ingest_fixes(database, [path], "fleet", STRICT, now=NOW)
    _take(database, text_file("r.csv", ["vehicle", "a"]))
    again = ingest_fixes(database, [path], "fleet", STRICT, now=NOW)
    assert (again.files[0].is_repeat, again.counts.n_accepted) == (False, 1)
    assert ingest_fixes(database, [path], "fleet", STRICT, now=NOW).files[0].is_repeat
    assert rows("SELECT count(*) FROM raw.fix") == [(1,)]


def test_inputs_follow_the_register_at_the_time_of_the_fix(database: Database, text_file: Write) -> None:
    _take(database, text_file("r.csv", [HEAD, "a,,,,,2,,,2026-01-14", "a,,,,,3 low,,2026-01-15,", "b,,,,,,,,"]))
    source = STRICT.model_validate(STRICT.model_dump() | {"rules": {"inputs": {"blade": {"digital": 1}}}})
    times = [("a", "2026-01-14T12:00"), ("a", "2026-01-15T12:00"), ("b", "2026-01-15T12:00"), ("b", "2026-01-15T12:01")]
    batch, _ = _check(times, _register(database), source, inputs=["2", "4", "1", "2"])
    assert batch.fixes.blade.tolist() == [1, 0, 1, 0]


def test_standing_of_many_rows_is_that_of_each() -> None:
    """The naive oracle: every row against every entry of its vehicle."""
    generator = np.random.default_rng(3)
    names = tuple(f"v{i}" for i in range(20))
    entries = {}
    for name in names[:15]:
        cuts = np.sort(generator.integers(0, 1000, 4))
        entries[name] = (Entry(int(cuts[0]), int(cuts[1])), Entry(int(cuts[2]), int(cuts[3]), WorkInputs()))
    register = Register("s", entries, frozenset(names[15:18]))
    code, at_us = generator.integers(-1, 20, 2000), generator.integers(0, 1000, 2000)
    standing = register.standing(names, code, at_us)
    for i, (c, t) in enumerate(zip(code.tolist(), at_us.tolist(), strict=True)):
        held = entries.get(names[c], ()) if c >= 0 else ()
        known = any(entry.from_us <= t < entry.to_us for entry in held)
        assert bool(standing.is_known[i]) == known
        assert bool(standing.is_lapsed[i]) == (bool(held) and not known)
        assert bool(standing.is_foreign[i]) == (c in (15, 16, 17))


def test_a_register_of_thousands_is_read_in_one_go(database: Database, text_file: Write) -> None:
    path = text_file("r.csv", ["vehicle", *(f"v{i}" for i in range(3000))])
    assert _take(database, path).n_vehicles == 3000
    register = _register(database)
    rows = [(f"v{i % 3000}", (NOW - timedelta(seconds=i)).isoformat()) for i in range(6000)]
    batch, state = _check(rows, register)
    assert (len(batch), len(state.rejects)) == (6000, 0)
    assert to_us(NOW) == int(batch.fixes.at_us.max())


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"{HEAD}\n{text}".encode()))
def test_any_bytes_are_rows_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content)
    try:
        read = read_register(path, STRICT, "Asia/Tokyo", {})
    except YukiError as error:
        assert "fuzz.csv" in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert read.n_read == len(read.rows) + len(read.rejects)

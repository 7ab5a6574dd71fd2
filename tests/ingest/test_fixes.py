"""Files of fixes into the database: twice, in another order, killed half way; nothing is lost and nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from geo.db import Database, Role
from geo.errors import ConflictError, DatabaseProblem, InputError
from geo.settings import SourceSettings
from ingest import fix_csv
from ingest import fixes as fixes_module
from ingest.fixes import FixesReport, ingest_fixes
from ingest.registry import Counts, opened_file
from tests.ingest.conftest import NOW, Rows, Write

HEAD = "vehicle,at,lon,lat,blade"
FIXES = """
SELECT v.external_id, f.at, f.lon, f.lat, f.blade, f.content_key
FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id) ORDER BY 1, 2
"""
QUARANTINE = "SELECT line, reason, payload ->> 'text' FROM raw.quarantine ORDER BY line"


def _row(vehicle: str, second: int, lon: float = 136.65, blade: str = "1") -> str:
    return f"{vehicle},2026-01-18T06:{second // 60:02d}:{second % 60:02d}Z,{lon},36.56,{blade}"


def _ingest(database: Database, *paths: Path, **settings: Any) -> FixesReport:
    return ingest_fixes(database, paths, "s", SourceSettings.model_validate(settings), now=NOW)


def test_good_rows_go_on_and_bad_ones_are_kept(database: Database, text_file: Write, rows: Rows) -> None:
    zero = _row("a", 2, 0.0).replace("36.56", "0")
    path = text_file("f.csv", [HEAD, _row("a", 0), "a,?,136.6,36.5,1", _row("a", 1), zero])
    report = _ingest(database, path)
    assert report.counts == Counts(4, 2, 0, 2)
    assert rows(QUARANTINE) == [
        (3, "unparsable_time", "a,?,136.6,36.5,1"),
        (5, "zero_position", zero),
    ]
    assert rows(
        "SELECT n_read, n_accepted, n_repeated, n_quarantined, completed_at IS NOT NULL FROM raw.ingest_file"
    ) == [(4, 2, 0, 2, True)]
    assert [row[4] for row in rows(FIXES)] == [True, True]
    (file,) = report.files
    assert (file.n_vehicles, file.first_at, file.last_at) == (
        1,
        "2026-01-18T06:00:00+00:00",
        "2026-01-18T06:00:01+00:00",
    )


def test_the_same_file_twice_changes_nothing(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file("f.csv", [HEAD, *(_row("a", i) for i in range(50)), "broken"])
    _ingest(database, path)
    before = rows("SELECT xmin, ctid FROM raw.fix"), rows("SELECT quarantine_id FROM raw.quarantine")
    again = _ingest(database, path)
    assert again.files[0].is_repeat
    assert again.counts == Counts(51, 0, 50, 1)
    assert (rows("SELECT xmin, ctid FROM raw.fix"), rows("SELECT quarantine_id FROM raw.quarantine")) == before


def test_the_order_of_rows_and_files_does_not_matter(database: Database, text_file: Write, rows: Rows) -> None:
    # the two files overlap, repeat themselves, and differ on second 30
    one = [_row("a", i) for i in range(40)] + [_row("b", i) for i in range(5)] + [_row("a", 7)]
    two = [_row("a", i) for i in range(20, 60)] + [_row("a", 30, 136.7)]
    first = [text_file("1.csv", [HEAD, *one]), text_file("2.csv", [HEAD, *two])]
    report = _ingest(database, *first)
    expected = rows(FIXES)
    assert report.counts == Counts(87, report.counts.n_accepted, report.counts.n_repeated, 0)
    assert len(expected) == 65
    with database.connect(Role.INGEST) as connection:
        connection.execute("DELETE FROM raw.fix")
        connection.execute("DELETE FROM raw.ingest_file")
    _ingest(database, text_file("3.csv", [HEAD, *two[::-1]]), text_file("4.csv", [HEAD, *one[::-1]]))
    assert rows(FIXES) == expected


def test_formats_of_one_drive_are_repeats_of_each_other(database: Database, text_file: Write, tmp_path: Path) -> None:
    lines = [HEAD, *(_row("a", i) for i in range(30))]
    _ingest(database, text_file("f.csv", lines))
    frame = pd.read_csv(tmp_path / "f.csv")
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame.to_parquet(tmp_path / "f.parquet")
    assert _ingest(database, tmp_path / "f.parquet").counts == Counts(30, 0, 30, 0)


def test_other_settings_read_the_file_anew(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file("f.csv", [HEAD, "a,2026-01-18 06:00:00,136.65,36.56,1"])
    with pytest.raises(InputError, match=r"f\.csv.*no time zone"):
        _ingest(database, path)
    assert rows("SELECT count(*) FROM raw.fix") == [(0,)]
    _ingest(database, path, timezone="Asia/Tokyo")
    _ingest(database, path, timezone="America/Chicago")
    assert [str(row[0]) for row in rows("SELECT at FROM raw.fix ORDER BY at")] == [
        "2026-01-17 21:00:00+00:00", "2026-01-18 12:00:00+00:00",
    ]  # fmt: skip


def test_work_basis_and_synthetic_are_kept_with_the_source(database: Database, text_file: Write, rows: Rows) -> None:
    _ingest(database, text_file("f.csv", [HEAD, _row("a", 0)]), work_basis="assumed", synthetic=True)
    assert rows("SELECT name, work_basis, is_synthetic FROM raw.source") == [("s", "assumed", True)]


def test_a_file_in_many_blocks_is_one_delivery(
    database: Database, text_file: Write, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fix_csv, "BLOCK", 200)
    path = text_file("f.csv", [HEAD, *(_row(v, i) for i in range(30) for v in "ab"), "x"])
    told: list[tuple[int, int]] = []
    report = ingest_fixes(database, [path], "s", SourceSettings(), now=NOW, progress=lambda *step: told.append(step))
    assert report.counts == Counts(61, 60, 0, 1)
    assert rows("SELECT count(DISTINCT file_id), count(*) FROM raw.fix") == [(1, 60)]
    assert told[-1][0] == told[-1][1] == path.stat().st_size
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_run_that_dies_half_way_is_completed_by_the_next(
    database: Database, text_file: Write, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text_file("f.csv", [HEAD, *(_row("a", i) for i in range(60)), "x"])
    load, calls = fixes_module.load_fixes, iter(range(100))

    def die_at_the_third(*given: Any) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return load(*given)

    with monkeypatch.context() as patch:
        patch.setattr(fix_csv, "BLOCK", 400)
        patch.setattr(fixes_module, "load_fixes", die_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            _ingest(database, path)
    ((n_before,),) = rows("SELECT count(*) FROM raw.fix")
    assert 0 < n_before < 60
    assert rows("SELECT completed_at FROM raw.ingest_file") == [(None,)]
    report = _ingest(database, path)
    assert report.counts == Counts(61, 60 - n_before, n_before, 1)
    assert rows("SELECT (SELECT count(*) FROM raw.fix), (SELECT count(*) FROM raw.quarantine)") == [(60, 1)]


KILLED = """
import os, signal, sys
from pathlib import Path
from geo.db import Database
from geo.settings import SourceSettings
from ingest import fix_csv, fixes
fix_csv.BLOCK = 4000
load, calls = fixes.load_fixes, iter(range(1000))
def die(*given):
    if next(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return load(*given)
fixes.load_fixes = die
fixes.ingest_fixes(Database(sys.argv[1], True), [Path(sys.argv[2])], "s", SourceSettings())
"""


def test_a_process_killed_by_the_system_leaves_nothing_that_hinders(
    database: Database, text_file: Write, rows: Rows
) -> None:
    path = text_file("f.csv", [HEAD, *(_row(v, i) for v in "abc" for i in range(300))])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, database.conninfo, str(path)],
        check=False, cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    ((n_before,),) = rows("SELECT count(*) FROM raw.fix")
    assert 0 < n_before < 900
    assert _ingest(database, path).counts == Counts(900, 900 - n_before, n_before, 0)
    assert rows("SELECT count(*), count(DISTINCT (vehicle_id, at)) FROM raw.fix") == [(900, 900)]


def test_a_database_that_goes_away_half_way_is_said_and_the_next_run_completes(
    database: Database, text_file: Write, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text_file("f.csv", [HEAD, *(_row("a", i) for i in range(60))])
    load, calls = fixes_module.load_fixes, iter(range(100))

    def lose_the_session(connection: Any, *given: Any) -> Any:
        if next(calls) == 2:
            with psycopg.connect(database.conninfo, autocommit=True) as owner:
                owner.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
        return load(connection, *given)

    with monkeypatch.context() as patch:
        patch.setattr(fix_csv, "BLOCK", 400)
        patch.setattr(fixes_module, "load_fixes", lose_the_session)
        with pytest.raises(DatabaseProblem, match="The database does not answer"):
            _ingest(database, path)
    ((n_before,),) = rows("SELECT count(*) FROM raw.fix")
    assert 0 < n_before < 60
    assert _ingest(database, path).counts == Counts(60, 60 - n_before, n_before, 0)


def test_a_database_that_is_down_is_said(text_file: Write, tmp_path: Path) -> None:
    path = text_file("f.csv", [HEAD, _row("a", 0)])
    with pytest.raises(DatabaseProblem, match=r"does not answer(.|\n)*yukimichi doctor"):
        _ingest(Database(f"host={tmp_path} dbname=x user=x"), path)


def test_two_processes_do_not_take_in_one_file(database: Database, text_file: Write) -> None:
    path = text_file("f.csv", [HEAD, _row("a", 0)])
    _ingest(database, text_file("other.csv", [HEAD, _row("a", 1)]))
    with (
        psycopg.connect(database.conninfo_of(Role.INGEST)) as one,
        psycopg.connect(database.conninfo_of(Role.INGEST)) as two,
    ):
        ((source_id,),) = one.execute("SELECT source_id FROM raw.source").fetchall()
        holding = opened_file(one, source_id, "fixes", path.name, b"x", b"y")
        refused = opened_file(two, source_id, "fixes", path.name, b"x", b"y")
        with holding, pytest.raises(ConflictError, match="another process"), refused:
            pass
        with opened_file(two, source_id, "fixes", path.name, b"x", b"y") as file:
            assert not file.is_complete


@pytest.mark.realdata
def test_chicago_loses_no_row(database: Database, yuki_data: Path, rows: Rows) -> None:
    folder = yuki_data / "chicago_ploughs"
    feed = _ingest(database, folder / "feed_points_unique.csv")
    assert feed.counts == Counts(1_708, 1_708, 0, 0)
    settings = {"timezone": "America/Chicago", "fields": {"at": "props.timestamp"}}
    batches = _ingest(database, folder / "trace_batches_2016-12.csv", **settings)
    assert batches.counts == Counts(17_822, 5_420, 0, 12_402)
    assert rows("SELECT count(*) FROM raw.fix") == [(1_708 + 5_420,)]
    assert rows("SELECT reason, count(*) FROM raw.quarantine GROUP BY 1") == [("unparsable_time", 12_402)]
    # with the time of the batch for all its points every row has one, and most tell of the same moment
    whole = ingest_fixes(
        database, [folder / "trace_batches_2016-12.csv"], "batches", SourceSettings(fields={"at": "batch_epoch"})
    )
    assert whole.counts.n_accepted + whole.counts.n_repeated == 17_822

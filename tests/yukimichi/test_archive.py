"""Days into the archive and back: every column, every interruption, late fixes, damage, and facts out of it again."""

from __future__ import annotations

import stat
import subprocess
import sys
import textwrap
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.db import Database, Role
from geo.errors import ConflictError, DatabaseProblem, EnvironmentProblem, InputError, NotFoundError
from geo.matching import matcher
from geo.store import facts
from tests.yukimichi.archive_town import DAY, FACTS, NOW, Town, at
from yukimichi import archive, archive_files, archive_recompute
from yukimichi.archive import archive_day, restore_day
from yukimichi.archive_files import SCHEMA, ContentHash, day_folder, merge, read_file, read_manifest, write_file
from yukimichi.archive_recompute import recompute

FULL = """
SELECT vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work, treatment, received_at,
       file_id, content_key, batch_id FROM raw.fix ORDER BY vehicle_id, at
"""


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path / "home")


def _drives(town: Town) -> None:
    """Three vehicles of two sources over three days, one drive across midnight."""
    for day in range(3):
        town.drive("one", at(day, 3))
    town.drive("two", at(0, 23, 58), treatment=np.arange(21) % 8 - 1, speed_mps=np.full(21, 5.25))
    town.drive("三号", at(1, 4), source="other", work=np.arange(21) % 3 - 1, accuracy_m=np.arange(21) / 3)


def _table(rows: list[tuple[str, int, int]]) -> pa.Table:
    """Rows of (vehicle, second, content key); the position tells which is which."""
    n = len(rows)
    columns: dict[str, Any] = {
        "source": pa.array(["s"] * n, pa.string()),
        "vehicle": pa.array([row[0] for row in rows], pa.string()),
        "at": pa.array([row[1] * 1_000_000 for row in rows], pa.int64()).cast(pa.timestamp("us", "UTC")),
        "content_key": pa.array([row[2] for row in rows], pa.int64()),
        "lon": pa.array([float(row[2]) for row in rows], pa.float64()),
    }
    missing = {name: pa.nulls(n, SCHEMA.field(name).type) for name in SCHEMA.names if name not in columns}
    return pa.table({name: (columns | missing)[name] for name in SCHEMA.names}, schema=SCHEMA)


ROW = st.tuples(st.sampled_from(["a", "b", "ろ"]), st.integers(0, 6), st.sampled_from([-(2**63), -1, 0, 5, 2**63 - 1]))


def _by_key(rows: list[tuple[str, int, int]]) -> dict[tuple[str, int], tuple[str, int, int]]:
    """One row a key, as a partition or a file holds them."""
    return {row[:2]: row for row in rows}


@given(st.lists(ROW, max_size=20), st.lists(ROW, max_size=20))
def test_merge_agrees_with_a_dictionary(old: list[tuple[str, int, int]], new: list[tuple[str, int, int]]) -> None:
    held = _by_key(old)
    found = merge(_table(list(held.values())), _table(list(_by_key(new).values())))
    for key, row in _by_key(new).items():
        if key not in held or row[2] > held[key][2]:
            held[key] = row
    wanted = sorted(held.values(), key=lambda row: (row[0], row[1]))
    seconds = [moment.timestamp() for moment in found["at"].to_pylist()]
    assert list(zip(found["vehicle"].to_pylist(), seconds, found["content_key"].to_pylist(), strict=True)) == wanted


@given(st.lists(ROW, min_size=1, max_size=30), st.integers(0, 30), st.data())
def test_content_hash_depends_on_rows_and_not_on_their_pieces(
    rows: list[tuple[str, int, int]], cut: int, data: st.DataObject
) -> None:
    whole, pieces, other = ContentHash(), ContentHash(), ContentHash()
    table = _table(rows)
    whole.add(table)
    pieces.add(table.slice(0, cut))
    pieces.add(table.slice(cut))
    assert whole.hexdigest() == pieces.hexdigest()
    i = data.draw(st.integers(0, len(rows) - 1))
    changed = [*rows]
    changed[i] = (rows[i][0], rows[i][1] + 1, rows[i][2])
    other.add(_table(changed))
    assert whole.hexdigest() != other.hexdigest()


def test_null_and_zero_and_neighbouring_words_hash_apart() -> None:
    def hashed(**columns: Any) -> str:
        table = _table([("a", 0, 0), ("b", 0, 0)])
        for name, values in columns.items():
            i = table.schema.get_field_index(name)
            table = table.set_column(i, SCHEMA.field(name), pa.array(values, SCHEMA.field(name).type))
        content = ContentHash()
        content.add(table)
        return content.hexdigest()

    told = [
        hashed(),
        hashed(speed_mps=[0.0, None]),
        hashed(speed_mps=[None, 0.0]),
        hashed(blade=[False, None]),
        hashed(treatment=["", None]),
        hashed(treatment=["ab", "c"]),
        hashed(treatment=["a", "bc"]),
    ]
    assert len(set(told)) == len(told)
    assert hashed(batch_id=[1, 2]) == hashed(batch_id=[3, 4]), "when stages saw a row says nothing of its content"


def test_a_day_goes_into_the_archive_and_comes_back_with_every_column(town: Town) -> None:
    _drives(town)
    before = town.rows(FULL)
    done = archive_day(town.database, town.home, DAY)
    assert (done.n_moved, done.n_fixes, done.is_new) == (29, 29, True)
    assert town.days() == [DAY + timedelta(days=1), DAY + timedelta(days=2)]
    assert town.rows(FULL) == [row for row in before if row[1].date() != DAY]
    assert town.rows("SELECT day, n_fixes, restored_at, has_expired FROM raw.archive_day") == [(DAY, 29, None, False)]
    assert restore_day(town.database, town.home, DAY) == 29
    assert town.rows(FULL) == before
    assert restore_day(town.database, town.home, DAY) == 0


def test_the_archive_says_by_itself_what_it_holds(town: Town) -> None:
    _drives(town)
    archive_day(town.database, town.home, DAY + timedelta(days=1))
    manifest = read_manifest(town.home, DAY + timedelta(days=1))
    assert manifest is not None
    assert [(one.source, one.n_fixes, one.vehicles) for one in manifest.files] == [
        ("gps", 34, {"one": 21, "two": 13}),
        ("other", 21, {"三号": 21}),
    ]
    rows = pa.concat_tables(read_file(town.home, manifest.day, manifest.files[0]))
    assert rows.schema.equals(SCHEMA, check_metadata=True)
    keys = list(zip(rows["vehicle"].to_pylist(), rows["at"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert set(rows["source"].to_pylist()) == {"gps"}


def test_nobody_else_may_read_the_archive(town: Town) -> None:
    town.drive("one", at(0, 3))
    archive_day(town.database, town.home, DAY)
    folder = day_folder(town.home, DAY)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


class Killed(BaseException):
    """Stands for the end of the process: nothing may catch it."""


#: The steps in their order; the run ends when it comes to the step.
STEPS = ["write_file", "verify", "write_manifest", "_drop"]


@pytest.mark.parametrize("step", STEPS)
def test_interrupted_before_a_step_the_day_is_whole_and_the_next_run_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _drives(town)
    before = town.rows(FULL)

    def die(*args: Any, **named: Any) -> None:
        raise Killed

    module = archive_files if step == "verify" else archive
    with monkeypatch.context() as patch:
        patch.setattr(module, step, die)
        with pytest.raises(Killed):
            archive_day(town.database, town.home, DAY)
    assert town.rows(FULL) == before, "nothing leaves the database before its last step"
    assert (read_manifest(town.home, DAY) is not None) == (step == "_drop")
    assert archive_day(town.database, town.home, DAY).n_fixes == 29
    assert len(list(day_folder(town.home, DAY).iterdir())) == 2, "what the killed run left behind is gone"
    assert DAY not in town.days()
    restore_day(town.database, town.home, DAY)
    assert town.rows(FULL) == before


def test_killed_in_the_transaction_that_drops_the_day_it_stays(town: Town, tmp_path: Path) -> None:
    """A process of its own that dies by SIGKILL after the partition was detached and dropped, before the commit."""
    _drives(town)
    before = town.rows(FULL)
    script = textwrap.dedent(
        """
        import os, signal, sys
        from datetime import date
        from pathlib import Path
        import psycopg
        from geo.db import Database
        from yukimichi.archive import archive_day
        psycopg.Connection.commit = lambda self: os.kill(os.getpid(), signal.SIGKILL)
        archive_day(Database(sys.argv[1], roles_log_in=True), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
        """
    )
    command = [sys.executable, "-c", script, town.database.conninfo, str(town.home), DAY.isoformat()]
    assert subprocess.run(command, check=False).returncode == -9
    assert town.rows(FULL) == before
    archive_day(town.database, town.home, DAY)
    restore_day(town.database, town.home, DAY)
    assert town.rows(FULL) == before


def test_a_file_that_reads_back_differently_keeps_the_day_in_the_database(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.drive("one", at(0, 3))
    true = archive_files._row_groups

    def rotten(file: Path, vehicles: set[str] | None) -> Any:
        return (rows.slice(1) for rows in true(file, vehicles))

    monkeypatch.setattr(archive_files, "_row_groups", rotten)
    with pytest.raises(EnvironmentProblem, match="reads back 20 fixes, not the 21"):
        archive_day(town.database, town.home, DAY)
    assert town.days() == [DAY]
    assert read_manifest(town.home, DAY) is None


def test_fixes_that_come_while_a_day_is_written_are_in_the_archive_too(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.drive("one", at(0, 3))
    true = archive._drop
    late = iter([lambda: town.drive("one", at(0, 5), 4), lambda: town.drive("two", at(0, 6), 3)])

    def drop(*args: Any) -> bool:
        for send in late:
            send()
            break
        return true(*args)

    monkeypatch.setattr(archive, "_drop", drop)
    done = archive_day(town.database, town.home, DAY)
    assert (done.n_moved, done.n_fixes) == (28, 28)
    assert town.days() == []


def test_a_replaced_row_counts_as_a_change_while_a_day_is_written(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of rows is the same; only the content says that another one stands there now."""
    town.drive("one", at(0, 3), 1, speed_mps=[5.0])
    true, tried = archive._drop, []

    def drop(*args: Any) -> bool:
        if not tried:
            with town.database.connect(Role.INGEST) as connection:
                connection.execute("UPDATE raw.fix SET speed_mps = 9, content_key = 9223372036854775807")
        tried.append(true(*args))
        return tried[-1]

    monkeypatch.setattr(archive, "_drop", drop)
    archive_day(town.database, town.home, DAY)
    assert tried == [False, True]
    restore_day(town.database, town.home, DAY)
    assert town.rows("SELECT speed_mps FROM raw.fix") == [(9.0,)]


def test_a_sender_without_end_is_said_and_loses_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.drive("one", at(0, 3))
    true, hours = archive._drop, iter(range(4, 24))

    def drop(*args: Any) -> bool:
        town.drive("one", at(0, next(hours)), 2)
        return true(*args)

    monkeypatch.setattr(archive, "_drop", drop)
    with pytest.raises(ConflictError, match="came in 5 times"):
        archive_day(town.database, town.home, DAY)
    assert town.rows("SELECT count(*) FROM raw.fix") == [(31,)]
    assert town.rows("SELECT count(*) FROM raw.archive_day") == [(0,)]


def test_a_busy_table_is_left_alone_and_nobody_waits_long_behind_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.drive("one", at(0, 3))
    monkeypatch.setattr(archive, "DROP_TRIES", 2)
    monkeypatch.setattr(archive, "DROP_PAUSE_S", 0.01)
    with town.database.connect(Role.INGEST) as reader:
        reader.execute("SELECT count(*) FROM raw.fix")
        with pytest.raises(ConflictError, match="busy"):
            archive_day(town.database, town.home, DAY)
    assert town.days() == [DAY]
    assert archive_day(town.database, town.home, DAY).is_new is False
    assert town.days() == []


def test_late_fixes_of_an_archived_day_merge_into_its_files(town: Town) -> None:
    town.drive("one", at(0, 3))
    town.drive("silent", at(0, 4), source="other")
    archive_day(town.database, town.home, DAY)
    first = read_manifest(town.home, DAY)
    town.drive("one", at(0, 3), 3)  # the same once more
    town.drive("one", at(0, 9), 5)
    town.drive("new", at(0, 9), 2)
    done = archive_day(town.database, town.home, DAY)
    assert (done.n_moved, done.n_fixes, done.is_new) == (10, 49, True)
    second = read_manifest(town.home, DAY)
    assert first is not None
    assert second is not None
    assert second.file_of("other") == first.file_of("other"), "a source without news keeps its file"
    assert [one.vehicles for one in second.files] == [{"new": 2, "one": 26}, {"silent": 21}]
    assert len(list(day_folder(town.home, DAY).iterdir())) == 3


def test_late_fixes_that_say_nothing_new_keep_the_file(town: Town) -> None:
    town.drive("one", at(0, 3))
    archive_day(town.database, town.home, DAY)
    first = read_manifest(town.home, DAY)
    town.drive("one", at(0, 3))
    assert archive_day(town.database, town.home, DAY).is_new is False
    assert read_manifest(town.home, DAY) == first


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_contents_the_same_one_stays_whichever_was_archived_first(town: Town, turned: bool) -> None:
    """As in the database: settled by content, never by arrival."""
    speeds = [3.0, 4.0]
    for speed in reversed(speeds) if turned else speeds:
        town.drive("one", at(0, 3), 1, speed_mps=[speed])
        archive_day(town.database, town.home, DAY)
    restore_day(town.database, town.home, DAY)
    stays = town.rows("SELECT speed_mps FROM raw.fix")
    for speed in speeds:
        town.drive("one", at(0, 3), 1, speed_mps=[speed])
    assert town.rows("SELECT speed_mps FROM raw.fix") == stays


def test_a_missing_or_damaged_file_is_named_and_nothing_of_it_restored(town: Town) -> None:
    _drives(town)
    archive_day(town.database, town.home, DAY)
    manifest = read_manifest(town.home, DAY)
    assert manifest is not None
    file = day_folder(town.home, DAY) / manifest.files[0].file
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(InputError, match="missing or damaged"):
        restore_day(town.database, town.home, DAY)
    file.unlink()
    with pytest.raises(InputError, match="missing or damaged"):
        restore_day(town.database, town.home, DAY)
    assert town.rows("SELECT count(*) FROM raw.fix WHERE at < '2026-01-11Z'") == [(0,)]


def test_a_column_that_the_archive_does_not_know_stops_it(town: Town) -> None:
    town.drive("one", at(0, 3))
    with town.database.connect(Role.OWNER) as connection:
        connection.execute("ALTER TABLE raw.fix ADD COLUMN mood text")
    with pytest.raises(DatabaseProblem, match=r"differ in \['mood'\]"):
        archive_day(town.database, town.home, DAY)
    assert town.days() == [DAY]


def test_a_source_in_groups_is_written_like_one_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(7):
        town.drive(f"plough {i}", at(0, 3), 5 + i)
    before = town.rows(FULL)
    monkeypatch.setattr(archive, "GROUP_ROWS", 12)
    archive_day(town.database, town.home, DAY)
    small = read_manifest(town.home, DAY)
    restore_day(town.database, town.home, DAY)
    assert town.rows(FULL) == before
    monkeypatch.undo()
    assert archive_day(town.database, town.home, DAY).is_new is False
    assert read_manifest(town.home, DAY) == small


def test_write_file_without_rows_writes_nothing(tmp_path: Path) -> None:
    assert write_file(tmp_path, DAY, "gps", []) is None
    assert list(day_folder(tmp_path, DAY).iterdir()) == []


def test_the_drop_refuses_a_day_that_holds_something_else(town: Town) -> None:
    town.drive("one", at(0, 3))
    with town.database.connect(Role.INGEST) as connection:
        assert connection.execute("SELECT raw.drop_fix_partition(%s, 20, 0)", (DAY,)).fetchone() == (False,)
        assert connection.execute("SELECT raw.drop_fix_partition('2020-01-01', 0, 0)").fetchone() == (True,)
        assert connection.execute("SELECT raw.drop_fix_partition('2020-01-01', 1, 0)").fetchone() == (False,)
    assert town.days() == [DAY]


def test_only_ingest_may_drop_a_day(town: Town) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), town.database.connect(Role.ENGINE) as connection:
        connection.execute("SELECT raw.drop_fix_partition('2020-01-01', 0, 0)")


def _archived(town: Town, n_days: int = 3) -> list[tuple[Any, ...]]:
    """Drives, facts, and all days in the archive; the facts."""
    _drives(town)
    town.refresh()
    for i in range(n_days):
        archive_day(town.database, town.home, DAY + timedelta(days=i))
    return town.rows(FACTS)


def _another_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """The matcher of a later release, which happens to match alike."""
    for module in (facts, matcher):
        monkeypatch.setattr(module, "MATCHER_VERSION", "another")


def test_recomputed_without_a_change_the_facts_are_the_same_rows(town: Town) -> None:
    facts_before = _archived(town)
    files = read_manifest(town.home, DAY + timedelta(days=1))
    done = recompute(town.context, DAY, DAY + timedelta(days=2), NOW)
    assert (done.n_restored, done.n_vehicles, done.n_vehicles_kept) == (3, 3, 0)
    assert (done.matched.n_traces, done.matched.n_traces_gone, done.matched.n_passes) == (0, 0, 0)
    assert done.matched.n_traces_kept == 5
    assert town.rows(FACTS) == facts_before
    assert town.days() == []
    assert read_manifest(town.home, DAY + timedelta(days=1)) == files


def test_a_day_in_the_middle_brings_the_traces_around_it_back_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drive crosses midnight into it, and the drives before and after it lie on days that nobody asked for."""
    facts_before = _archived(town)
    _another_matcher(monkeypatch)
    done = recompute(town.context, DAY + timedelta(days=1), DAY + timedelta(days=1), NOW)
    assert done.n_restored == 3
    assert (done.matched.n_traces, done.matched.n_traces_kept, done.matched.n_traces_gone) == (3, 2, 0)
    day = "tstzrange('2026-01-11Z', '2026-01-12Z')"
    touched = {row[0] for row in town.rows(f"SELECT trace_id FROM ops.trace WHERE during && {day}")}  # noqa: S608
    ended = {row[0] for row in town.rows(FACTS) if row[-1] is not None}
    assert ended == {row[0] for row in facts_before if row[1] in touched}
    assert len(touched) == 3


def test_a_context_far_back_in_the_archive_is_not_lost(town: Town) -> None:
    """Between the two drives of the vehicle lie days on which only others drove."""
    town.drive("one", at(0, 3))
    for i in range(1, 8):
        town.drive("two", at(i, 3))
    town.drive("one", at(8, 3))
    town.refresh()
    before = town.rows(FACTS)
    for i in range(9):
        archive_day(town.database, town.home, DAY + timedelta(days=i))
    recompute(town.context, DAY + timedelta(days=8), DAY + timedelta(days=8), NOW)
    assert town.rows(FACTS) == before
    assert town.days() == []


def test_another_matcher_gives_new_facts_that_supersede_the_old(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _archived(town)
    _another_matcher(monkeypatch)
    done = recompute(town.context, DAY, DAY + timedelta(days=2), NOW)
    assert (done.matched.n_traces, done.matched.n_traces_kept) == (5, 0)
    live = town.rows("SELECT trace_id, seq FROM ops.pass WHERE superseded_at IS NULL ORDER BY 1, 2")
    assert live == [(row[1], row[2]) for row in sorted(before, key=lambda row: (row[1], row[2]))]
    assert town.rows("SELECT DISTINCT matcher_version FROM ops.pass WHERE superseded_at IS NULL") == [("another",)]
    assert town.rows("SELECT count(*) FROM ops.pass WHERE superseded_at IS NOT NULL") == [(len(before),)]


def test_another_network_gives_facts_on_it(town: Town, tmp_path: Path) -> None:
    """The street is in two pieces now."""
    _archived(town)
    import geopandas as gpd
    import shapely

    from ingest.roads import ingest_roads
    from tests.yukimichi.archive_town import LAT, LON, M_LON

    cut = LON + 700 * M_LON
    lines = [shapely.LineString([(LON, LAT), (cut, LAT)]), shapely.LineString([(cut, LAT), (LON + 3000 * M_LON, LAT)])]
    file = tmp_path / "street.geojson"
    gpd.GeoDataFrame({"road_id": ["1", "2"]}, geometry=lines, crs=4326).to_file(file)
    ingest_roads(town.database, [file], "streets", town.settings.source("streets"))
    recompute(town.context, DAY, DAY + timedelta(days=2), NOW)
    live = town.rows("SELECT DISTINCT network_version FROM ops.pass WHERE superseded_at IS NULL")
    assert live == [(2,)]
    assert town.rows("SELECT count(DISTINCT edge_id) FROM ops.pass WHERE superseded_at IS NULL") == [(2,)]
    assert town.days() == []


def test_days_still_in_the_database_are_worked_out_again_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _drives(town)
    town.refresh()
    _another_matcher(monkeypatch)
    done = recompute(town.context, DAY, DAY + timedelta(days=2), NOW)
    assert (done.n_restored, done.matched.n_traces) == (0, 5)
    assert len(town.days()) == 3


def test_interrupted_after_restoring_the_next_archive_takes_the_days_back(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _archived(town)

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(archive_recompute, "_match", die)
        patch.setattr(archive_recompute, "archive_day", die)
        with pytest.raises(Killed):
            recompute(town.context, DAY, DAY, NOW)
    assert DAY in town.days()
    assert archive_day(town.database, town.home, DAY).is_new is False
    assert town.rows(FACTS) == before


def test_a_span_that_is_not_settled_or_empty_is_refused(town: Town) -> None:
    town.drive("one", at(0, 3))
    town.refresh()
    for first, last in [
        (NOW.date(), NOW.date()),
        (DAY, NOW.date() - timedelta(days=1)),
        (DAY, DAY - timedelta(days=1)),
    ]:
        with pytest.raises(InputError, match="no span of settled days"):
            recompute(town.context, first, last, NOW)
    with pytest.raises(NotFoundError, match="Neither"):
        recompute(town.context, date(2020, 1, 1), date(2020, 2, 1), NOW)


def test_two_that_move_days_do_not_meet(town: Town) -> None:
    town.drive("one", at(0, 3))
    with archive_recompute.exclusive(town.database), pytest.raises(ConflictError, match="Another process"):
        recompute(town.context, DAY, DAY, NOW)


def test_slices_are_whole_weeks_of_the_calendar() -> None:
    days = [DAY + timedelta(days=i) for i in (0, 1, 6, 7, 30, 36, 37)]
    assert [len(part) for part in archive_recompute.slices(days)] == [3, 1, 2, 1]
    assert [day for part in archive_recompute.slices(days) for day in part] == days

"""Backup and restore: into a cluster that has never seen us, every table compared, and nothing left to refresh."""

from __future__ import annotations

import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from geo.db import Database, Role
from geo.errors import ConflictError, DatabaseProblem, EnvironmentProblem, InputError, MissingInputError
from geo.settings import Settings
from tests.conftest import FAST
from tests.yukimichi.archive_town import DAY, FACTS, NOW, ROWS, Town, at
from yukimichi import backup as backup_module
from yukimichi.archive import archive_day
from yukimichi.archive_recompute import exclusive, recompute
from yukimichi.backup import backup, contents, restore
from yukimichi.backup_programs import find_client, run_client
from yukimichi.cluster import Cluster
from yukimichi.context import Context, secret
from yukimichi.debian import find_or_install
from yukimichi.pipeline import World, refresh


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """Facts, states and published tables; one day in the archive; a secret; a settings file with a password in it."""
    town = Town(database, tmp_path / "home")
    for day in range(3):
        town.drive("one", at(day, 3))
    town.drive("三号", at(1, 4), source="other")
    secret(town.settings)
    town.refresh()
    archive_day(database, town.home, DAY)
    (tmp_path / "config.yml").write_text("timezone: Asia/Tokyo\n", encoding="utf-8")
    return town


@pytest.fixture
def saved(town: Town, tmp_path: Path) -> Path:
    """A backup of the town, with its archive."""
    backup(town.context, tmp_path / "saved", tmp_path / "config.yml", NOW, with_archive=True)
    return tmp_path / "saved"


@pytest.fixture
def empty() -> Iterator[Cluster]:
    """A cluster that knows neither our roles nor PostGIS."""
    home = Path(tempfile.mkdtemp(prefix="yuki-empty-"))
    home.chmod(0o755)
    made = Cluster(home, find_or_install(print), FAST)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _contents(database: Database) -> dict[str, Any]:
    with database.connect(Role.OWNER) as connection:
        return dict(contents(connection))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_backup_restores_into_an_empty_cluster_table_by_table(
    town: Town, saved: Path, empty: Cluster, tmp_path: Path
) -> None:
    before, fixes, facts = _contents(town.database), town.rows(ROWS), town.rows(FACTS)
    home = tmp_path / "new home"
    report = restore(empty.database(), home, saved)
    assert _contents(empty.database()) == before
    assert (report.n_tables, report.n_rows) == (len(before), sum(one.n for one in before.values()))
    assert {name: before[name].n for name in ("raw.source", "raw.vehicle", "raw.archive_day", "ops.pass")} == {
        "raw.source": 3, "raw.vehicle": 2, "raw.archive_day": 1, "ops.pass": 4,
    }  # fmt: skip
    other = Context(Settings(home=home), empty.database())
    with empty.database().connect(Role.ENGINE) as connection:
        assert connection.execute(ROWS).fetchall() == fixes
        assert connection.execute(FACTS).fetchall() == facts
    for file in ("secret", *(f"networks/1/{name}" for name in ("network.json", "edge_from.npy"))):
        assert (home / file).read_bytes() == (town.home / file).read_bytes()
    assert _mode(home / "secret") == 0o600
    done = refresh(other.database, other.settings, secret(other.settings), NOW, World(), quiet=True)
    assert (done.network.is_new, done.plans.is_new, done.match.n_vehicles) == (False, False, 0)
    assert (done.status.n_changed, done.match.n_passes) == (0, 0)
    changed = {name for name, one in _contents(empty.database()).items() if one != before[name]}
    # ops.watermark: up to when daily reports were looked at
    assert changed <= {"ops.cover_run", "ops.watermark", "pub.dataset"}, "only the moment that was looked at"


def test_positions_of_other_vehicles_are_in_no_backup(town: Town, empty: Cluster, tmp_path: Path) -> None:
    with town.database.connect(Role.OWNER) as connection:
        connection.execute("INSERT INTO raw.probe (source_id, probe, at, lon, lat) "
                           "VALUES (1, decode(repeat('ab', 16), 'hex'), now(), 136.6, 36.6)")  # fmt: skip
    backup(town.context, tmp_path / "saved", tmp_path / "config.yml", NOW)
    restore(empty.database(), tmp_path / "new home", tmp_path / "saved")
    with empty.database().connect(Role.OWNER) as connection:
        assert connection.execute("SELECT count(*) FROM raw.probe").fetchone() == (0,)


def test_the_restored_archive_recomputes_the_same_facts(
    town: Town, saved: Path, empty: Cluster, tmp_path: Path
) -> None:
    restore(empty.database(), tmp_path / "new", saved)
    facts = town.rows(FACTS)
    done = recompute(Context(Settings(home=tmp_path / "new"), empty.database()), DAY, DAY, NOW)
    assert (done.n_restored, done.matched.n_traces, done.matched.n_traces_gone) == (1, 0, 0)
    with empty.database().connect(Role.ENGINE) as connection:
        assert connection.execute(FACTS).fetchall() == facts


def test_roles_reach_just_what_they_reached_before(saved: Path, empty: Cluster, tmp_path: Path) -> None:
    restore(empty.database(), tmp_path / "new", saved)
    with empty.database().connect(Role.READER) as connection:
        assert connection.execute("SELECT count(*) FROM pub.roads").fetchone() == (2,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), empty.database().connect(Role.READER) as connection:
        connection.execute("SELECT * FROM raw.fix")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), empty.database().connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.pass")
    with empty.database().connect(Role.INGEST) as connection:
        connection.execute("SELECT raw.ensure_fix_partition('2026-03-01')")


def test_a_backup_is_readable_by_its_owner_only(saved: Path) -> None:
    assert _mode(saved) == 0o700
    assert {_mode(file) for file in saved.rglob("*") if file.is_file()} == {0o600}
    assert {_mode(folder) for folder in saved.rglob("*") if folder.is_dir()} == {0o700}


def test_the_manifest_names_every_file_with_its_hash_and_what_made_it(town: Town, saved: Path) -> None:
    told = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))
    files = {str(file.relative_to(saved)) for file in saved.rglob("*") if file.is_file()} - {"manifest.json"}
    assert set(told["files"]) == files
    assert {"database.dump", "config.yml", "home/secret", "home/networks/1/network.json"} <= files
    assert told["made_at"] == NOW.isoformat()
    assert told["postgresql"].split(".")[0].isdigit()
    assert told["migrations"][0] == "0001_schemas.sql"
    assert told["tables"]["raw.fix_20260111"]["n"] == 42


def test_without_the_archive_only_its_manifests_are_kept(town: Town, tmp_path: Path) -> None:
    report = backup(town.context, tmp_path / "saved", None, NOW)
    assert not report.has_archive
    held = {file.name for file in (tmp_path / "saved/home/archive").rglob("*") if file.is_file()}
    assert held == {"manifest.json"}
    assert not (tmp_path / "saved/config.yml").exists()


def test_what_is_written_during_a_backup_is_in_none_of_its_parts(
    town: Town, empty: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fixes come in after the dump began and before the tables are counted."""
    before = _contents(town.database)
    true = backup_module.run_client

    def run(program: Path, conninfo: str, *arguments: str) -> None:
        town.drive("one", at(2, 9))
        true(program, conninfo, *arguments)
        town.drive("one", at(2, 12))
        town.drive("one", at(5, 12))

    monkeypatch.setattr(backup_module, "run_client", run)
    backup(town.context, tmp_path / "saved", None, NOW)
    monkeypatch.undo()
    restore(empty.database(), tmp_path / "new", tmp_path / "saved")
    assert _contents(empty.database()) == before


@pytest.mark.parametrize("place", ["saved", "saved.partial"])
def test_a_backup_overwrites_nothing(town: Town, tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir()
    with pytest.raises(ConflictError, match=place):
        backup(town.context, tmp_path / "saved", None, NOW)
    assert list((tmp_path / place).iterdir()) == []


def test_a_backup_that_failed_leaves_nothing_behind(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exclusive(town.database), pytest.raises(ConflictError, match="moving days"):
        backup(town.context, tmp_path / "saved", None, NOW)
    monkeypatch.setattr(backup_module, "run_client", lambda *words: (_ for _ in ()).throw(DatabaseProblem("full")))
    with pytest.raises(DatabaseProblem, match="full"):
        backup(town.context, tmp_path / "saved", None, NOW)
    assert not list(tmp_path.glob("saved*"))


def test_a_restore_into_a_database_that_holds_something_is_refused(town: Town, saved: Path, tmp_path: Path) -> None:
    before = _contents(town.database)
    with pytest.raises(ConflictError, match="an empty one only"):
        restore(town.database, tmp_path / "new", saved)
    assert _contents(town.database) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("part", ["secret", "networks", "archive", "storm"])
def test_a_restore_into_a_home_that_holds_something_is_refused(
    saved: Path, empty: Cluster, tmp_path: Path, part: str
) -> None:
    (tmp_path / "new" / part).mkdir(parents=True)
    with pytest.raises(ConflictError, match=part):
        restore(empty.database(), tmp_path / "new", saved)
    assert _contents(empty.database()) == {}


@pytest.mark.parametrize("name", ["database.dump", "home/secret", "home/networks/1/network.json"])
@pytest.mark.parametrize("harm", ["changed", "lost"])
def test_a_damaged_backup_is_refused_before_anything_is_done(saved: Path, tmp_path: Path, name: str, harm: str) -> None:
    file = saved / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink()
    if harm == "changed":
        file.write_bytes(data)
    nowhere = Database("host=127.0.0.1 port=1 dbname=none user=nobody")
    with pytest.raises(InputError, match="missing or damaged"):
        restore(nowhere, tmp_path / "new", saved)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (None, MissingInputError, "holds no backup"),
        ("{", InputError, "damaged"),
        ('{"format": 99}', InputError, "another format"),
        ("[]", InputError, "damaged"),
    ],
)
def test_a_folder_that_is_no_backup(tmp_path: Path, text: str | None, error: type[Exception], said: str) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    nowhere = Database("host=127.0.0.1 port=1 dbname=none user=nobody")
    with pytest.raises(error, match=said):
        restore(nowhere, tmp_path / "new", tmp_path)


def _edit(saved: Path, **changes: Any) -> None:
    file = saved / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_manifest_that_leads_out_of_the_backup_is_refused(saved: Path, tmp_path: Path) -> None:
    for name in ("../secret", "/etc/passwd"):
        _edit(saved, files={name: {"sha256": "", "n_bytes": 0}})
        with pytest.raises(InputError, match="outside of the backup"):
            restore(Database("host=127.0.0.1 port=1"), tmp_path / "new", saved)


def test_a_backup_of_a_newer_release_is_refused(saved: Path, tmp_path: Path) -> None:
    _edit(saved, migrations=["0001_schemas.sql", "9999_future.sql"])
    with pytest.raises(InputError, match="9999_future"):
        restore(Database("host=127.0.0.1 port=1"), tmp_path / "new", saved)


def test_a_backup_of_a_newer_server_is_refused(saved: Path, empty: Cluster, tmp_path: Path) -> None:
    _edit(saved, postgresql="99.1")
    with pytest.raises(EnvironmentProblem, match="this server is older"):
        restore(empty.database(), tmp_path / "new", saved)
    assert _contents(empty.database()) == {}


def test_a_table_that_came_back_differently_is_named(saved: Path, empty: Cluster, tmp_path: Path) -> None:
    told = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))["tables"]
    told["ops.pass"]["content"] = "1"
    _edit(saved, tables=told)
    with pytest.raises(DatabaseProblem, match=r"1 restored tables differ .*: ops\.pass\."):
        restore(empty.database(), tmp_path / "new", saved)


def test_a_restore_that_fails_in_the_middle_leaves_no_table(
    saved: Path, empty: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A truncated dump whose hash was made to fit."""
    dump = saved / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-2000])
    from yukimichi.archive_files import file_sha256

    files = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))["files"]
    files["database.dump"] = {"sha256": file_sha256(dump), "n_bytes": dump.stat().st_size}
    _edit(saved, files=files)
    with pytest.raises(DatabaseProblem, match="`pg_restore` failed"):
        restore(empty.database(), tmp_path / "new", saved)
    assert _contents(empty.database()) == {}
    assert not (tmp_path / "new").exists()


def test_contents_see_every_change_and_no_order(town: Town) -> None:
    before = _contents(town.database)
    with town.database.connect(Role.OWNER) as connection:
        connection.execute("CREATE TABLE raw.turned AS SELECT * FROM raw.fix ORDER BY at DESC")
        connection.execute("CREATE TABLE raw.same AS SELECT * FROM raw.fix ORDER BY at")
        connection.execute("UPDATE ops.pass SET confidence = confidence - 0.0001 WHERE pass_id = 1")
    after = _contents(town.database)
    assert after["raw.turned"] == after["raw.same"]
    assert {name for name in before if before[name] != after[name]} == {"ops.pass"}
    assert before["ops.pass"].n == after["ops.pass"].n


def _program(folder: Path, version: str) -> Path:
    folder.mkdir()
    file = folder / "pg_dump"
    file.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n", encoding="utf-8")
    file.chmod(0o755)
    return folder


def test_a_client_is_the_nearest_that_is_not_older_than_the_server(tmp_path: Path) -> None:
    folders = [_program(tmp_path / version, version) for version in ("14.9", "16.2", "17beta1")]
    assert find_client("pg_dump", 15, folders) == tmp_path / "16.2" / "pg_dump"
    assert find_client("pg_dump", 14, folders) == tmp_path / "14.9" / "pg_dump"
    with pytest.raises(EnvironmentProblem, match=r"18 or later is not on this machine \(found: 14, 16, 17\)"):
        find_client("pg_dump", 18, folders)
    with pytest.raises(EnvironmentProblem, match="found: none"):
        find_client("pg_dump", 15, [])


def test_a_password_goes_by_the_environment_and_never_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "tell"
    file.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/words\necho "$PGPASSWORD" > {tmp_path}/password\n')
    file.chmod(0o755)
    run_client(file, make_conninfo(host="db.invalid", user="me", password="geheim 雪"), "--more")
    assert (tmp_path / "password").read_text() == "geheim 雪\n"
    words = (tmp_path / "words").read_text()
    assert "geheim" not in words
    assert "host=db.invalid" in words
    assert words.endswith("--more\n")


def test_what_a_program_says_when_it_fails_is_handed_on(tmp_path: Path) -> None:
    file = tmp_path / "pg_dump"
    file.write_text("#!/bin/sh\necho 'disk full' >&2\nexit 3\n")
    file.chmod(0o755)
    with pytest.raises(DatabaseProblem, match="`pg_dump` failed: disk full"):
        run_client(file, "host=db.invalid")

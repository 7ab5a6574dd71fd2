"""The private cluster: made, started, attached to, stopped; closed to everybody else."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.db import Database, Role
from geo.errors import DatabaseProblem, EnvironmentProblem, exit_code
from geo.migrate import migrate
from yukimichi import cluster as cluster_module
from yukimichi.cluster import SOCKET_PATH_MAX, Cluster, open_database, remove
from yukimichi.debian import Programs, find_or_install, find_programs


@pytest.fixture(scope="module")
def programs(cluster: Cluster) -> Programs:
    """Installed by the session's cluster, if they were missing."""
    found = find_programs()
    assert found is not None
    return found


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yuki-home-") as name:
        Path(name).chmod(0o755)
        yield Path(name) / ".yuki"


def test_start_attach_stop_and_resume(home: Path, programs: Programs) -> None:
    database, mine = open_database(home, lambda: programs, None, {})
    assert mine is not None
    migrate(database)
    with database.connect(Role.INGEST) as connection:
        connection.execute("INSERT INTO raw.source (name, kind) VALUES ('kept', 'test')")
    _, second = open_database(home, lambda: programs, None, {})
    assert second is None, "a second caller attaches and does not own the cluster"
    with pytest.raises(EnvironmentProblem, match="is running"):
        remove(home)
    mine.stop()
    assert not mine.is_running()

    database, again = open_database(home, lambda: programs, None, {})
    assert again is not None
    assert migrate(database) == []
    with database.connect(Role.INGEST) as connection:
        assert connection.execute("SELECT name FROM raw.source").fetchall() == [("kept",)]
    again.stop()
    remove(home)
    assert not (home / "cluster").exists()


def test_nobody_else_reaches_the_socket(cluster: Cluster) -> None:
    assert stat.S_IMODE(cluster.socket.stat().st_mode) == 0o700
    with cluster.database().connect(Role.OWNER) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_long_path_gets_a_short_socket(programs: Programs) -> None:
    deep = Cluster(Path("/tmp") / ("x" * 120) / ".yuki", programs)
    assert len(str(deep.socket)) <= SOCKET_PATH_MAX


def test_home_that_the_servers_user_cannot_enter_is_not_used_for_it(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(cluster_module.os, "geteuid", lambda: 0)
    assert Cluster(closed / ".yuki", programs).base.parent == Path("/var/lib/yukimichi")
    monkeypatch.setattr(cluster_module.os, "geteuid", lambda: 1000)
    assert Cluster(closed / ".yuki", programs).base == closed / ".yuki" / "cluster"


def test_url_of_the_settings_starts_no_cluster(home: Path, database: Database) -> None:
    def never() -> Programs:
        raise AssertionError("no programs are needed")

    found, mine = open_database(home, never, database.conninfo, {})
    assert mine is None
    assert not home.exists()
    with found.connect(Role.PUBLISH) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("yuki_publish",)


def test_database_that_is_down_says_what_to_do() -> None:
    down = Database("host=127.0.0.1 port=1 dbname=none user=nobody")
    with pytest.raises(DatabaseProblem, match="does not answer") as caught, down.connect(Role.OWNER):
        pass
    assert "yukimichi doctor" in caught.value.hint
    assert exit_code(caught.value) == 69


def test_changed_migration_is_refused(database: Database) -> None:
    with database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE public.yuki_migration SET sha256 = 'other' WHERE name LIKE '0001%'")
    with pytest.raises(DatabaseProblem, match=r"0001_schemas\.sql was changed"):
        migrate(database)


def test_programs_are_found_without_installing() -> None:
    said: list[str] = []
    assert find_or_install(said.append).version >= 14
    assert said == []

"""What dies beside the server is started again, the private cluster too; what is done is left alone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from geo.db import Role
from geo.errors import DatabaseProblem
from geo.migrate import migrate
from tests.conftest import FAST
from yukimichi import supervise, up
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of the test's own: it is killed."""
    folder = Path(tempfile.mkdtemp(prefix="yuki-kept-"))
    folder.chmod(0o755)
    made = Cluster(folder / "home", find_or_install(print), FAST)
    made.start()
    try:
        migrate(made.database())
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.base, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def until(what: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def starts(cluster: Cluster) -> str | None:
    """When the server began; None while it does not answer."""
    try:
        with cluster.database().connect(Role.ENGINE) as connection:
            row = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
    except (DatabaseProblem, psycopg.Error):
        return None
    return str(row and row[0])


def test_what_dies_is_started_again_and_what_is_done_is_not(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    config = cluster.home.parent / "config.yml"
    config.write_text(f"home: home\nserver: {{port: {port}}}\n", encoding="utf-8")
    for name, seconds in (("LOOK_S", 0.1), ("REST_MAX_S", 0.2), ("CHORES_S", 0.2)):
        monkeypatch.setattr(supervise, name, seconds)
    failed: list[int] = []

    def fail() -> None:
        failed.append(1)
        raise (psycopg.OperationalError, DatabaseProblem, OSError)[len(failed) % 3]("This chore always fails.")

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    with supervise.supervised(config, [["serve"], ["source", "list"]], [fail, partial(up._revive, cluster)]) as keeper:
        until(answers)
        first = keeper.pids
        os.kill(first["serve"], signal.SIGKILL)
        until(lambda: keeper.pids["serve"] != first["serve"])
        until(answers)
        assert keeper.pids["source list"] == first["source list"]
        began = starts(cluster)
        assert began is not None
        os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        until(lambda: starts(cluster) not in (None, began))
        assert answers()
        assert keeper.pids["source list"] == first["source list"]
        last = keeper.pids["serve"]
        assert len(failed) > 3
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)

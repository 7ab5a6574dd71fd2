"""Fixtures that every room shares: a real PostGIS for the session, a fresh database for a test, real data by path."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import hypothesis
import pytest

from geo.db import Database
from geo.migrate import migrate
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

# The same examples on every run, so that a red run is about the change and not about luck; no example is timed, since a
# machine may be busy with something else. To look for new ones: HYPOTHESIS_PROFILE=explore make test
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

#: A test cluster may forget everything when the machine stops.
FAST = (("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"), ("shared_buffers", "128MB"))
NUMBERS = count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostGIS with a migrated database named `template_yuki`."""
    home = Path(tempfile.mkdtemp(prefix="yuki-test-"))
    home.chmod(0o755)
    with one_at_a_time("apt"):
        programs = find_or_install(print)
    made = Cluster(home, programs, FAST)
    made.start()
    try:
        made.create_database("template_yuki")
        migrate(made.database("template_yuki"))
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """An empty, migrated database of the test's own."""
    name = f"test_{next(NUMBERS)}"
    cluster.create_database(name, "template_yuki")
    yield cluster.database(name)
    cluster.drop_database(name)


@pytest.fixture(scope="session")
def yuki_data() -> Path:
    """The folder of real data. Tests that ask for it carry the marker `realdata`."""
    named = os.environ.get("YUKI_DATA")
    if not named:
        pytest.skip("YUKI_DATA names no folder of real data")
    folder = Path(named).resolve()
    assert folder.is_dir(), f"YUKI_DATA={named} is no folder"
    return folder


@contextlib.contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Of all test processes of this machine one alone is in a block of that name."""
    with (Path(tempfile.gettempdir()) / f"yuki-test-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def installed() -> Callable[[str, str], str]:
    """installed(program, packages): the path of a program of Debian's, installed with apt-get if it is missing."""

    def find(program: str, packages: str) -> str:
        with one_at_a_time("apt"):
            if shutil.which(program) is None:
                sudo = [] if os.geteuid() == 0 else ["sudo"]
                apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
                subprocess.run([*apt, "update"], check=True)
                subprocess.run([*apt, "install", "-y", "--no-install-recommends", *packages.split()], check=True)
        path = shutil.which(program)
        assert path, f"{packages} was installed and brought no {program}"
        return path

    return find


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and say so in the header: realdata tests without YUKI_DATA, and drills that `-m` does not name."""
    left_out = set() if os.environ.get("YUKI_DATA") else {"realdata"}
    left_out |= {"drill"} - set(config.option.markexpr.split())
    gone = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if item not in set(gone)]

"""`yukimichi doctor`: what is missing on this machine, and the command that mends it."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from geo.db import Database, Role, read_sql
from geo.errors import DatabaseProblem
from geo.migrate import pending
from geo.settings import Settings
from yukimichi.cluster import Cluster
from yukimichi.debian import Programs, find_programs, install_command

#: A demo with its database and arrays takes about 2 GB; below this a storm would fill the disk.
FREE_BYTES_MIN = 5 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is the command or step that mends it, empty where all is well."""

    name: str
    detail: str
    mend: str = ""

    @property
    def is_well(self) -> bool:
        """Nothing to mend."""
        return not self.mend


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that `make run` needs, one finding each; starts and changes nothing."""
    yield _python()
    yield _packages()
    yield _disk(settings.home)
    programs = find_programs()
    if settings.database.url:
        yield Finding("PostGIS", "database.url of config.yml is used; no private cluster")
        yield from _database(Database(settings.database.url))
    elif programs is None:
        yield Finding("PostGIS", "PostgreSQL 14 or later with PostGIS is not installed", install_command())
    else:
        yield Finding("PostGIS", f"PostgreSQL {programs.version} in {programs.bin}")
        yield from _cluster(settings, programs)
    yield _port(settings)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", version, "" if sys.version_info >= (3, 12) else "make run")


def _packages() -> Finding:
    missing = []
    for requirement in metadata.requires("yukimichi") or []:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0].split("[")[0].strip()
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    detail = f"missing: {', '.join(missing)}" if missing else "all installed"
    return Finding("Packages", detail, "rm -rf .venv && make run" if missing else "")


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / 1024**3:.1f} GiB free at {place}"
    return Finding("Disk", detail, f"free {FREE_BYTES_MIN // 1024**3} GiB there" if free < FREE_BYTES_MIN else "")


def _cluster(settings: Settings, programs: Programs) -> Iterator[Finding]:
    cluster = Cluster(settings.home, programs)
    if not (settings.home / "cluster").exists():
        yield Finding("Cluster", f"none yet in {settings.home}; `make run` makes it")
    elif not cluster.is_running():
        yield Finding("Cluster", f"in {cluster.base}, stopped; `make run` starts it")
    else:
        yield Finding("Cluster", f"in {cluster.base}, running")
        yield from _database(cluster.database())


def _database(database: Database) -> Iterator[Finding]:
    try:
        with database.connect(Role.OWNER) as connection:
            left = pending(connection)
            yield Finding("Schema", "up to date" if not left else f"to apply: {', '.join(left)} (`make run` does)")
            if left:
                return
            row = connection.execute(read_sql("yukimichi", "newest_network")).fetchone()
            version = row[0] if row else None
            yield Finding(
                "Network",
                f"version {version}" if version else "none",
                "" if version else "yukimichi ingest roads FILE, or make run for the demo",
            )
    except DatabaseProblem as problem:
        yield Finding("Database", problem.message, "check database.url in config.yml and that the server runs")


def _port(settings: Settings) -> Finding:
    host, port = settings.server.host, settings.server.port
    if is_free(host, port):
        return Finding("Port", f"{host}:{port} is free")
    return Finding("Port", f"{host}:{port} is in use, perhaps by a running Yukimichi", f"YUKI_PORT={port + 1} make run")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True

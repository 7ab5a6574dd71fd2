"""The embedded PostGIS: a private cluster that listens on a unix socket alone, under `home`.

Programs come from Debian's packages and are installed when missing. PostgreSQL refuses to run as root, so root
hands the cluster to the system user `postgres`; where that user cannot reach `home`, the files lie in
/var/lib/yukimichi and `home/cluster` points there. The socket's folder is closed to everybody else, which is why
no password is asked on it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from geo.db import Database, Role
from geo.errors import DatabaseProblem, EnvironmentProblem
from yukimichi.debian import Programs

#: Longest path of a unix socket on Linux, unix(7), less the file name that PostgreSQL adds.
SOCKET_PATH_MAX = 107 - len("/.s.PGSQL.5432")

#: postgresql.conf of the private cluster. Sizes suit a machine with 4 GiB or more; durability stays on.
CONFIG = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A private cluster: where it lies and which programs run it.

    home      folder of the project's data
    programs  PostgreSQL's programs
    extra     further settings for the server process, for tests
    """

    home: Path
    programs: Programs
    extra: tuple[tuple[str, str], ...] = field(default=())

    @property
    def user(self) -> str:
        """The system user that runs the server."""
        return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    @property
    def base(self) -> Path:
        """The folder that the server's user owns, with data, socket and log."""
        wanted = self.home / "cluster"
        if os.geteuid() != 0 or _reachable(self.home.resolve()):
            return wanted
        return Path("/var/lib/yukimichi") / _short_hash(self.home)

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.base / "data"

    @property
    def socket(self) -> Path:
        """The folder of the unix socket."""
        near = self.base.resolve() / "socket"
        return near if len(str(near)) <= SOCKET_PATH_MAX else Path("/tmp") / f"yuki-{_short_hash(self.home)}"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.base / "server.log"

    def database(self, name: str = "yukimichi") -> Database:
        """How to reach a database of this cluster."""
        return Database(f"host={self.socket} dbname={name} user={Role.OWNER.value}", roles_log_in=True)

    def is_running(self) -> bool:
        """Whether the server answers."""
        done = self._run("pg_ctl", "status", "-D", str(self.data), check=False)
        return done.returncode == 0

    def start(self) -> bool:
        """Make the cluster if it is new, start it, make the database; True if this call started it."""
        self._make_folders()
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        if self.is_running():
            return False
        options = " ".join(f"-c {key}={value}" for key, value in self.extra)
        self._run(
            "pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log),
            "-o", f"-k {self.socket} {options}".strip(),
        )  # fmt: skip
        self.create_database("yukimichi")
        return True

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.data), check=False)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database unless it exists.

        A template is copied file by file: a third of the time that block by block through the log takes, which is what
        PostgreSQL 15 does unless it is told (20 MB: 0.23 against 0.66 s on a busy machine).
        """
        with psycopg.connect(self.database("postgres").conninfo, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (name,)).fetchone()
            if found:
                return
            statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
            if template:
                statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
            connection.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop a database and end its connections."""
        with psycopg.connect(self.database("postgres").conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _make_folders(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        owner = pwd.getpwnam(self.user)
        for folder in (self.base, self.socket):
            folder.mkdir(parents=True, exist_ok=True)
            if folder.stat().st_uid != owner.pw_uid:
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            folder.chmod(0o700)
        pointer = self.home / "cluster"
        if self.base != pointer and not pointer.exists():
            pointer.symlink_to(self.base, target_is_directory=True)

    def _initdb(self) -> None:
        self._run(
            "initdb", "-D", str(self.data), "-U", Role.OWNER.value, "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        lines = "".join(f"{key} = '{value}'\n" for key, value in CONFIG.items())
        self._write(self.data / "postgresql.auto.conf", f"# written by yukimichi/cluster.py\n{lines}")

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        owner = pwd.getpwnam(self.user)
        if os.geteuid() == 0:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        path.chmod(0o600)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(self.programs.bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", *command]
        # the server inherits the files given to it: pipes would keep this process waiting for its end
        output = self.base / f".{program}.out"
        with output.open("w+", encoding="utf-8") as stream:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd="/", check=False)
            stream.seek(0)
            text = stream.read()
        if check and done.returncode != 0:
            raise DatabaseProblem(
                f"`{program}` of the private cluster failed: {text.strip() or done.returncode}.",
                hint=f"Its log is {self.log}; `make clean-data` starts over.",
            )
        return subprocess.CompletedProcess(command, done.returncode, text, "")


def open_database(
    home: Path, programs: Callable[[], Programs], url: str | None, role_urls: dict[str, str]
) -> tuple[Database, Cluster | None]:
    """The database of the settings; the cluster comes back only if this call started it and so has to stop it."""
    if url:
        return Database(url, role_urls=tuple(role_urls.items())), None
    cluster = Cluster(home, programs())
    started = cluster.start()
    return cluster.database(), cluster if started else None


def remove(home: Path) -> None:
    """Delete the cluster's files. Raises EnvironmentProblem while a server still uses them."""
    pointer = home / "cluster"
    base = pointer.resolve()
    if (base / "data" / "postmaster.pid").exists():
        raise EnvironmentProblem(
            f"The private cluster in {base} is running.",
            hint="Stop it first: Ctrl-C in the `make run` that started it.",
        )
    if pointer.is_symlink():
        pointer.unlink()
    shutil.rmtree(base, ignore_errors=True)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]


def _reachable(path: Path) -> bool:
    """Whether every folder down to `path` may be entered by everybody; the ones to be made will be."""
    return all(not folder.exists() or folder.stat().st_mode & 0o001 for folder in (path, *path.parents))

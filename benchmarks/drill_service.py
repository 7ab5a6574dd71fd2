"""The service as the crash drill runs it: a cluster, a web process and a worker, killed and started again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import numpy as np
import psycopg

from benchmarks.drill_compare import PROGRESS
from benchmarks.drill_replay import Sender, write_roads
from geo.db import Role
from geo.errors import YukiError
from geo.migrate import migrate
from geo.settings import Settings, load_settings
from geo.store.events import open_event
from geo.vocabulary import EventKind
from ingest.roads import ingest_roads
from yukimichi.cluster import Cluster
from yukimichi.context import Context, secret
from yukimichi.debian import find_or_install
from yukimichi.keys import add_source
from yukimichi.pipeline import World, refresh

SOURCE, ORDERED = "ploughs", "ordered"
COMMANDS = {"web": "serve", "worker": "work"}
#: In which role each of them writes.
ROLES = {"web": "yukimichi yuki_ingest", "worker": "yukimichi yuki_engine"}
#: What was killed is left alone for so long, seconds.
REST_S = (0.1, 2.0)
#: The web process takes connections within so many seconds.
START_S = 60.0
#: Connections of the service: process id, role, whether it is within a transaction.
CONNECTIONS: LiteralString = (
    "SELECT pid, application_name, xact_start IS NOT NULL FROM pg_catalog.pg_stat_activity "
    "WHERE backend_type = 'client backend' AND application_name LIKE 'yukimichi yuki%' ORDER BY pid"
)


class Deployment:
    """A cluster of its own, a configuration, the processes of the service; what dies is started again after a rest."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder, self.config = folder, folder / "config.yml"
        self.port = _free_port()
        self.cluster = Cluster(folder / "home", find_or_install(print))
        self.cluster.start()
        # by its address: a process that finds the private cluster down would start it, and stop it at its own end
        told = {
            "home": "home", "server": {"port": self.port}, "worker": {"clock_s": 3}, "log": {"level": "error"},
            "database": {"url": self.cluster.database().conninfo},
        }  # fmt: skip
        self.config.write_text(json.dumps(told), encoding="utf-8")
        self.settings: Settings = load_settings(self.config, {})
        self.context = Context(self.settings, self.cluster.database())
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.since: dict[str, tuple[float, int]] = {}
        self.again_at: dict[str, float] = {}
        self.gave_up: Counter[str] = Counter()
        self._open: psycopg.Connection[Any] | None = None

    def furnish(self) -> str:
        """Roads, a storm and a source, published; a second database that holds the same. Returns the source's key."""
        migrate(self.context.database)
        write_roads(self.folder / "roads.geojson")
        ingest_roads(self.context.database, [self.folder / "roads.geojson"], "streets", self.settings.source("streets"))
        now = datetime.now(UTC)
        open_event(self.context.database, EventKind.STORM, "drill", now - timedelta(hours=6))
        key = add_source(self.context.database, self.settings, SOURCE, has_probes=False).key
        refresh(self.context.database, self.settings, secret(self.settings), now, World(), quiet=True)
        self._drop()
        self.cluster.create_database(ORDERED, "yukimichi")
        return key

    @property
    def ordered(self) -> Context:
        """The database of the uninterrupted run."""
        return Context(self.settings, self.cluster.database(ORDERED))

    def start(self, name: str) -> None:
        """Start a process of the service; what it says goes to a file."""
        command = [sys.executable, "-m", "yukimichi", COMMANDS[name], "--config", str(self.config)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("YUKI_")}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.since[name] = (time.monotonic(), self.mark())
        self.again_at.pop(name, None)

    def mark(self) -> int:
        """How far the worker has come; -1 while the database is away."""
        found = self._look(PROGRESS)
        return int(found[0][0]) if found else -1

    def _look(self, query: LiteralString) -> list[Any]:
        """Rows of a query, over a connection that stays open; none while the database is away."""
        try:
            if self._open is None:
                self._open = psycopg.connect(self.context.database.conninfo_of(Role.OWNER), autocommit=True)
                self._open.execute("SET application_name = 'drill'")
            return self._open.execute(query).fetchall()
        except psycopg.Error:
            self._drop()
            return []

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    def kill(self, kind: str, rng: np.random.Generator) -> bool:
        """kill -9, and leave it alone for a while; False where there is nothing to kill."""
        rest_at = time.monotonic() + float(rng.uniform(*REST_S))
        if kind in COMMANDS:
            process = self.processes[kind]
            if process.poll() is not None:
                return False
            process.kill()
            process.wait()
            self.again_at[kind] = rest_at
            return True
        pid = self._postmaster() if kind == "database" else self._connection(rng)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        if kind == "database":
            self.again_at[kind] = rest_at
        return True

    def _postmaster(self) -> int | None:
        file = self.cluster.data / "postmaster.pid"
        return int(file.read_text().split()[0]) if self.mark() >= 0 and file.exists() else None

    def _connection(self, rng: np.random.Generator) -> int | None:
        """The server's process for a connection of the service, half the time for one within a transaction."""
        found = self._look(CONNECTIONS)
        chosen = [one for one in found if one[2]] if rng.random() < 0.5 else found
        return int(rng.choice([one[0] for one in chosen or found])) if found else None

    def is_at_work(self, kind: str, senders: list[Sender]) -> bool:
        """Whether it has done something since it was started, and is within a transaction at this moment."""
        if kind == "web" and max(sender.last_at for sender in senders) <= self.since["web"][0]:
            return False
        if kind == "worker" and self.mark() <= self.since["worker"][1]:
            return False
        return any(role == ROLES.get(kind, role) for _, role, is_busy in self._look(CONNECTIONS) if is_busy)

    def revive(self) -> None:
        """Start again what has rested."""
        now = time.monotonic()
        if self.again_at.get("database", float("inf")) <= now:
            # not always at once: connections still hold its memory, or the dead one is still listed as a process
            with contextlib.suppress(YukiError, psycopg.Error):
                self.cluster.start()
            self.again_at["database"] = now + 0.3
            if self.mark() >= 0:
                del self.again_at["database"]
        for name, process in self.processes.items():
            if process.poll() is not None and name not in self.again_at:
                self.gave_up[name] += 1
                self.again_at[name] = now + REST_S[1]
            if self.again_at.get(name, float("inf")) <= now:
                self.start(name)

    def wait_for_web(self) -> None:
        """Until the web process takes connections."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                return
            time.sleep(0.1)
        raise TimeoutError(self.last_words()[0])

    @property
    def is_up(self) -> bool:
        """Whether everything runs."""
        return not self.again_at and all(one.poll() is None for one in self.processes.values()) and self.mark() >= 0

    def end(self) -> None:
        """End the processes in order, and let the cluster run."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(60)
        self.processes.clear()
        self.cluster.start()

    def last_words(self) -> list[str]:
        """The end of what each process said."""
        return [
            f"{name} said: {(self.folder / f'{name}.log').read_text(encoding='utf-8')[-2000:]}" for name in COMMANDS
        ]

    def remove(self) -> None:
        """Kill what still runs, and delete everything."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        self._drop()
        self.cluster.stop()
        shutil.rmtree(self.cluster.base, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

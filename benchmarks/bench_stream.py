"""Many open streams on one server process: memory, and how long a change takes to the last client.

    .venv/bin/python benchmarks/bench_stream.py --clients 5000

Makes a PostGIS of its own with a small town, serves it by `yukimichi.server.serve` in a process of its own, opens the
clients as plain sockets from another one, publishes a change every two seconds, and measures from the commit to the
moment at which each client has read the whole event. Memory is the PSS of the server process, before and with clients.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from geo.db import Database, Role
from geo.migrate import migrate
from layers.publish import publish
from layers.publish_live import Changes, publish_changes
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

TOWN = Path(__file__).parents[1] / "tests" / "tiles" / "small_town.sql"
AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
#: Connections that are opened at the same time.
AT_ONCE = 200


def pss_mb(pid: int) -> float:
    """Proportional set size of a process, MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_town(cluster: Cluster) -> Database:
    cluster.create_database("stream")
    database = cluster.database("stream")
    migrate(database)
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, b"bench")
    return database


def change(database: Database, i: int) -> tuple[int, float]:
    """Another state of one edge, published; (status version, moment of the commit by time.monotonic)."""
    at = AS_OF + timedelta(seconds=i + 1)
    with database.connect(Role.ENGINE) as connection:
        connection.execute(
            "UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = 5 AND superseded_at IS NULL"
        )
        connection.execute(
            "INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, "
            "covered_fraction, work_basis, confidence, network_version, is_synthetic) "
            "VALUES (2, 5, 'cleared', 'none', %s, %s, %s, 1, 'sensed', 0.97, 1, true)",
            (at, at + timedelta(days=1), at),
        )
    with database.connect(Role.PUBLISH) as connection:
        version = publish_changes(connection, Changes((5,)), at)
    return version, time.monotonic()


class Clients:
    """Open streams; `heard[version]` are the moments at which clients had read that version."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: dict[int, list[float]] = {}
        self.n_bytes = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def open(self, n: int) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**16)
                writer.write(b"GET /status/stream HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200"), head
                assert b"content-encoding" not in head.lower()
                while b"event: present" not in await reader.readline():
                    pass
            self.writers.append(writer)
            self.tasks.append(asyncio.create_task(self.listen(reader)))

        await asyncio.gather(*(one() for _ in range(n)))

    async def listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self.n_bytes += len(line)
            if line.startswith(b"id: "):
                version = int(line.rpartition(b"-")[2])
            elif line.startswith(b"data: "):
                self.heard.setdefault(version, []).append(time.monotonic())

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        for writer in self.writers:
            writer.close()


def serve(conninfo: str, port: int) -> subprocess.Popen[bytes]:
    code = (
        "from geo.db import Database; from geo.settings import Settings, ServerSettings; "
        "from yukimichi.server import serve; "
        f"serve(Settings(server=ServerSettings(port={port})), Database({conninfo!r}, roles_log_in=True))"
    )
    return subprocess.Popen([sys.executable, "-c", code])


async def measure(database: Database, port: int, pid: int, n_clients: int, n_changes: int) -> dict[str, object]:
    before, clients = pss_mb(pid), Clients(port)
    began = time.monotonic()
    await clients.open(n_clients)
    opened_s = time.monotonic() - began
    await asyncio.sleep(2)
    with_clients = pss_mb(pid)
    last_s, half_s = [], []
    for i in range(n_changes):
        version, committed = await asyncio.to_thread(change, database, i)
        deadline = time.monotonic() + 30
        while len(clients.heard.get(version, ())) < n_clients and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        moments = np.array(clients.heard.get(version, ())) - committed
        assert len(moments) == n_clients, f"{len(moments)} of {n_clients} heard version {version}"
        last_s.append(float(moments.max()))
        half_s.append(float(np.median(moments)))
        await asyncio.sleep(2)
    report = {
        "clients": n_clients, "opened_s": round(opened_s, 1), "pss_before_mb": round(before, 1),
        "pss_mb": round(with_clients, 1), "kb_a_client": round((with_clients - before) * 1024 / n_clients, 1),
        "pss_after_changes_mb": round(pss_mb(pid), 1), "median_client_s": round(float(np.median(half_s)), 2),
        "last_client_s_median": round(float(np.median(last_s)), 2), "last_client_s_max": round(max(last_s), 2),
    }  # fmt: skip
    os.kill(pid, signal.SIGTERM)
    began = time.monotonic()
    await asyncio.wait(clients.tasks, timeout=20)
    report["closed_s"] = round(time.monotonic() - began, 2)
    report["still_open"] = sum(not task.done() for task in clients.tasks)
    clients.close()
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--changes", type=int, default=10)
    asked = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * asked.clients + 1000), most))
    home = Path(tempfile.mkdtemp(prefix="yuki-stream-"))
    home.chmod(0o755)
    cluster = Cluster(home, find_or_install(print), (("fsync", "off"),))
    cluster.start()
    port = free_port()
    try:
        database = make_town(cluster)
        server = serve(database.conninfo, port)
        try:
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            report = asyncio.run(measure(database, port, server.pid, asked.clients, asked.changes))
            report["ended_with"] = server.wait(20)
        finally:
            server.poll() is None and server.kill()
    finally:
        cluster.stop()
        shutil.rmtree(cluster.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

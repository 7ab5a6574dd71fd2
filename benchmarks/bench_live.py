"""Load on one machine: server, worker, database and sender together.

    python -m benchmarks.bench_live [--vehicles 1400] [--seconds 600] [--singles 100] [--burst 200000] [--home FOLDER]
                                     [--readers 48 --asked 200]

Ten vendors post a batch a second each, one position a second of every vehicle; besides, single posts. Prints, for each
minute and in all: how long a post takes until its answer; and from the start of the post that carried the first
position at or after the moment that a changed state rests on, to that state in what is published. Then CPU and memory
of each process. With --burst, so many late positions of other vehicles are posted in the middle. What is stored is
counted against what was answered. With --readers, so many readers of the map ask for --asked things a second meanwhile
(benchmarks.load_readers): how long tiles take, and how long after its publication and after the post of its positions a
state stands in the snapshot and in tiles. With --home, the cluster of that folder is used again and kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks.fleet import Fleet
from benchmarks.live_readers import start_readers, tell_readers
from benchmarks.load_burst import Burst, send_burst
from benchmarks.processes import Usage, sample_all
from geo.db import Database, Role
from geo.migrate import migrate
from geo.network import Network
from geo.settings import Settings
from geo.store.events import open_event
from geo.timeline import to_us
from geo.vocabulary import EventKind
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.debian import find_or_install
from yukimichi.demo_load import load_demo
from yukimichi.keys import add_source, revoke_source
from yukimichi.pipeline import World, current_network, lay_plans, refresh

N_VENDORS, PORT, LEAD_S = 10, 8131, 12


@dataclass
class Seen:
    """What a reader of the published states meets: (source, observed at in µs, when it was seen in s).

    Only rows whose evidence is newer than any that the edge showed before: others refine what was shown already.
    """

    rows: list[tuple[str, int, float]] = field(default_factory=list)
    newest: dict[int, int] = field(default_factory=dict)
    versions: dict[int, float] = field(default_factory=dict)
    states: dict[tuple[int, int], float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, database: Database) -> None:
        """Look whenever a publication is announced."""
        version = 0
        with psycopg.connect(database.conninfo_of(Role.READER), autocommit=True) as connection:
            connection.execute("LISTEN yuki_published")
            version = connection.execute("SELECT status_version FROM pub.dataset").fetchone()[0]  # type: ignore[index]
            while not self.stop.is_set():
                if not list(connection.notifies(timeout=1.0, stop_after=1)):
                    continue
                found = connection.execute(
                    "SELECT source, observed_at, status_version, edge_id FROM pub.edge_status "
                    "WHERE status_version > %s AND observed_at IS NOT NULL", (version,)
                ).fetchall()  # fmt: skip
                at = time.time()
                version = max([version, *(row[2] for row in found)])
                self.versions.setdefault(version, at)
                self._take(found, at)

    def _take(self, found: list[Any], at: float) -> None:
        for source, observed_at, _, edge_id in found:
            observed_us = to_us(observed_at)
            self.states.setdefault((edge_id, observed_us // 1_000_000), at)
            if observed_us > self.newest.get(edge_id, 0):
                self.newest[edge_id] = observed_us
                self.rows.append((source, observed_us, at))


def prepared(home: Path) -> tuple[Cluster, Context, Network]:
    """A cluster with the synthetic prefecture and an open storm; kept where the folder has one."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    cluster = Cluster(home, find_or_install(print))
    cluster.start()
    migrate(cluster.database())
    context = Context(Settings(home=home), cluster.database())
    if not (home / "networks").exists():
        load_demo(context)
        lay_plans(context.database, context.settings)
        reference_at = datetime.now(UTC) - timedelta(hours=2)
        open_event(context.database, EventKind.STORM, "load", reference_at, is_synthetic=True)
    refresh(context.database, context.settings, b"secret of the benchmark", datetime.now(UTC), World(), quiet=True)
    return cluster, context, current_network(context.database, context.settings)


def key_of(context: Context, name: str) -> str:
    """A fresh key of a source."""
    revoke_source(context.database, name) if name in _sources(context) else None
    return add_source(context.database, context.settings, name, has_probes=False).key


def _sources(context: Context) -> set[str]:
    with context.database.connect(Role.ENGINE) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM raw.source").fetchall()}


def plan_of(context: Context, network: Network, wish: argparse.Namespace, run: int) -> dict[str, Any]:
    """Who sends what."""
    fleet = Fleet.drive(network, wish.vehicles + wish.singles, wish.seconds, seed=run)
    lon, lat = fleet.lon.round(7).tolist(), fleet.lat.round(7).tolist()
    vendors = []
    for v in range(N_VENDORS):
        mine = range(v, wish.vehicles, N_VENDORS)
        vendors.append({
            "source": f"vendor {v}".replace(" ", "-"), "key": key_of(context, f"vendor-{v}"),
            "names": [f"{run}-{i}" for i in mine], "lon": [lon[i] for i in mine], "lat": [lat[i] for i in mine],
            "speed_mps": [round(float(fleet.speed_mps[i]), 2) for i in mine],
        })  # fmt: skip
    rest = range(wish.vehicles, wish.vehicles + wish.singles)
    singles = {"key": key_of(context, "singles"), "names": [f"{run}-{i}" for i in rest], "n_connections": 16,
               "lon": [lon[i] for i in rest], "lat": [lat[i] for i in rest]}  # fmt: skip
    return {"port": PORT, "vendors": vendors, "singles": singles, "t0": run + LEAD_S}


def latencies(report: dict[str, Any], seen: Seen, t0: int, names: dict[str, list[str]]) -> list[tuple[float, float]]:
    """(seconds since t0, latency) of every change of a state by what a vendor sent.

    The deciding position is the first one of the vendor at or after the moment that the state was observed.
    """
    sent = {name: {k: began for k, began, _ in report[name]["times"]} for name in report}
    found = []
    for source, observed_us, at in seen.rows:
        k = -(-(observed_us - t0 * 1_000_000) // 1_000_000)
        began = [sent[name][k] for name in names.get(source, []) if k in sent[name]]
        if began:
            found.append((k, at - max(began)))
    return found


def table(rows: list[tuple[float, float]], seconds: int, what: str) -> None:
    """Quantiles by minute and in all."""
    at, took = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    for first in range(0, seconds, 60):
        part = took[(at >= first) & (at < first + 60)]
        if len(part):
            _line(f"{what}, minute {first // 60}", part)
    _line(f"{what}, all", took)


def _line(name: str, took: Any) -> None:
    p50, p95, p99 = np.quantile(took, [0.5, 0.95, 0.99])
    print(f"{name:32} n {len(took):7}  p50 {p50:6.3f}  p95 {p95:6.3f}  p99 {p99:6.3f}  max {took.max():6.3f} s")


def stored(database: Database, run: int) -> int:
    """Fixes of the vehicles of this run in the database."""
    with database.connect(Role.ENGINE) as connection:
        row = connection.execute(
            "SELECT count(*) FROM raw.fix JOIN raw.vehicle USING (vehicle_id) WHERE external_id LIKE %s AND at > %s",
            (f"{run}-%", datetime.fromtimestamp(run, UTC) - timedelta(days=3)),
        ).fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    """Run the load and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vehicles", type=int, default=1400)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--singles", type=int, default=100)
    parser.add_argument("--burst", type=int, default=0)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--readers", type=int, default=0)
    parser.add_argument("--asked", type=float, default=200.0)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yuki-load-") as folder:
        cluster, context, network = prepared(wish.home or Path(folder))
        try:
            measure(cluster, context, network, wish)
        finally:
            cluster.stop()


def measure(cluster: Cluster, context: Context, network: Network, wish: argparse.Namespace) -> None:
    """Start the processes, send, watch, tell."""
    run = int(time.time())
    plan = plan_of(context, network, wish, run)
    burst = Burst.of(network, wish.burst, run, key_of(context, "late"), PORT) if wish.burst else None
    plan["t0"] = t0 = int(time.time()) + LEAD_S
    environment = os.environ | {"YUKI_HOME": str(context.settings.home), "YUKI_PORT": str(PORT)}
    children = {name: subprocess.Popen([sys.executable, "-m", "yukimichi", name], env=environment)
                for name in ("serve", "work")}  # fmt: skip
    sender = subprocess.Popen([sys.executable, "-m", "benchmarks.load_sender"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)  # fmt: skip
    seen, usage = Seen(), Usage({**{name: [child.pid] for name, child in children.items()}, "sender": [sender.pid]})
    watcher = threading.Thread(target=seen.watch, args=(context.database,))
    meter = threading.Thread(target=sample_all, args=(usage, cluster, seen.stop))
    watcher.start()
    meter.start()
    crowd = start_readers(context, PORT, wish, t0) if wish.readers else None
    late = (
        threading.Thread(target=send_burst, args=(burst, t0 + wish.seconds // 2, context.database)) if burst else None
    )
    if late:
        late.start()
    try:
        output, _ = sender.communicate(json.dumps(plan).encode())
        if crowd:
            tell_readers(json.loads(crowd.communicate()[0]), seen, _line)
        time.sleep(5)
        if late:
            late.join()
    finally:
        seen.stop.set()
        watcher.join()
        meter.join()
        for child in children.values():
            child.terminate()
            child.wait(30)
    tell(json.loads(output), seen, usage, wish, t0, stored(context.database, run), burst)


def tell(
    report: dict[str, Any], seen: Seen, usage: Usage, wish: argparse.Namespace, t0: int, n_stored: int,
    burst: Burst | None,
) -> None:  # fmt: skip
    """Print what was measured."""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}")
    vendors = {name: [name] for name in report if name.startswith("vendor")}
    names = vendors | {"singles": [name for name in report if name.startswith("single ")]}
    post = [(k, answered - began) for name in vendors for k, began, answered in report[name]["times"]]
    single = [(k, answered - began) for name in names["singles"] for k, began, answered in report[name]["times"]]
    table(post, wish.seconds, "post of a batch to its answer")
    if single:
        _line("single post to its answer", np.array([took for _, took in single]))
    table(latencies(report, seen, t0, names), wish.seconds, "post to changed status")
    accepted = sum(one["accepted"] for one in report.values())
    refused = {name: one["refused"] for name, one in report.items() if one["refused"]}
    print(f"answered as accepted {accepted}, stored {n_stored}, refused at first {refused or 'none'}")
    usage.tell()
    if burst:
        burst.tell()


if __name__ == "__main__":
    main()

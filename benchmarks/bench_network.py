"""How long the network takes: roads from files to a network version, a second run, plans, and a changed file.

Run `python benchmarks/bench_network.py [n_edges]`. It starts a private cluster in a temporary folder, makes the
synthetic prefecture, and takes Sapporo and Seattle too where YUKI_DATA names the folder of real data. Figures of one
run are in docs/network.md, with machine and date.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd

from geo.db import Database
from geo.matching.candidates import build_index
from geo.matching.matcher import lay_line
from geo.migrate import migrate
from geo.settings import NetworkSettings, SourceSettings
from geo.store.network import NetworkChange, load_network, refresh_network
from geo.store.plans import refresh_plans
from ingest.plans import ingest_plans
from ingest.roads import ingest_roads
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install
from yukimichi.demo import generate_demo

PLANS = ("routes", "sections", "assignments", "plans", "kmposts", "depots")


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun, used = time.perf_counter(), time.process_time()
    yield
    print(f"{what:58s} {time.perf_counter() - begun:7.2f} s wall {time.process_time() - used:7.2f} s CPU", flush=True)


def silent(done: int, total: int) -> None:
    """No progress bar."""


def refresh(database: Database, folder: Path, what: str) -> NetworkChange:
    with timed(what):
        change = refresh_network(database, folder / "networks", NetworkSettings(), silent)
    kept = f"kept {change.n_kept}, added {change.n_added}, gone {change.n_gone}, new version {change.is_new}"
    print(f"    {change.network.n_edges} edges, {kept}")
    return change


def demo(database: Database, folder: Path, n_edges: int) -> None:
    print(f"\nSynthetic prefecture, {n_edges} edges asked for")
    files: Any = generate_demo(folder / "demo", n_edges=n_edges)
    source = SourceSettings(synthetic=True)
    with timed("roads: file to raw"):
        ingest_roads(database, [files.roads], "demo", source)
    for kind in PLANS:
        ingest_plans(database, kind, getattr(files, kind), "demo", source)
    change = refresh(database, folder, "network: raw to version 1 and artefact")
    refresh(database, folder, "network: nothing changed")
    with timed("network: artefact loaded"):
        load_network(database, folder / "networks")
    index = build_index(change.network)
    lay: Callable[[Any], Any] = partial(lay_line, change.network, index)
    lay(change.network.shape_xy[:5])  # compiles the matcher
    with timed("plans: raw to laid"):
        report = refresh_plans(database, change.network, lay, silent)
    print(f"    {report.counts}, {report.laid_m / 1000:.1f} of {report.planned_m / 1000:.1f} km laid")
    for misfit in report.misfits[:5]:
        print("   ", misfit)
    with timed("plans: nothing changed"):
        refresh_plans(database, change.network, lay, silent)
    roads = gpd.read_file(files.roads)
    moved = roads.sample(frac=0.01, random_state=1).index
    roads.loc[moved, "geometry"] = roads.loc[moved, "geometry"].translate(0.00001, 0)
    roads.loc[roads.sample(frac=0.01, random_state=2).index, "lanes"] = 3
    roads.to_file(folder / "changed.fgb", driver="FlatGeobuf")
    ingest_roads(database, [folder / "changed.fgb"], "demo", source)
    refresh(database, folder, "network: 1 % moved by a metre, 1 % other lanes")


def real(database: Database, folder: Path, file: Path, name: str, source: SourceSettings) -> None:
    print(f"\n{name}")
    with timed("roads: file to raw"):
        ingest_roads(database, [file], name, source)
    change = refresh(database, folder, "network: raw to version and artefact")
    print("   ", {key: value for key, value in change.report.items() if key not in ("listed", "km_by_class")})


def main() -> None:
    n_edges = int(sys.argv[1]) if len(sys.argv) > 1 else 70_000
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    cpu = next((line.split(":")[1] for line in about if line.startswith("model name")), "?")
    print(f"{date.today()}, {cpu.strip()}, {os.cpu_count()} cores, Python {platform.python_version()}")  # noqa: DTZ011
    with tempfile.TemporaryDirectory(prefix="yuki-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = Cluster(folder, find_or_install(print))
        cluster.start()
        try:
            jobs: list[Callable[[Database, Path], None]] = [partial(demo, n_edges=n_edges)]
            data = os.environ.get("YUKI_DATA")
            if data:
                file = Path(data) / "sapporo" / "sapporo_authorized_roads_202111.shp"
                source = SourceSettings(join_policy="crossings")
                jobs.append(partial(real, file=file, name="Sapporo, noded", source=source))
                file = Path(data) / "matching" / "seattle" / "roads.parquet"
                jobs.append(partial(real, file=file, name="Seattle", source=SourceSettings()))
            for number, job in enumerate(jobs):
                cluster.create_database(f"bench{number}")
                database = cluster.database(f"bench{number}")
                migrate(database)
                own = folder / str(number)
                own.mkdir()
                job(database, own)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()

"""How fast files come in: fixes by COPY into the partitioned table, and roads.

    python benchmarks/bench_ingest.py [ROWS]

Makes a private cluster with the settings of `make run` (fsync on) in a temporary folder, and a storm of ROWS fixes
(default 1,024,000) of 640 vehicles at about 15 s. Prints a table: wall seconds, rows a second of wall time, and the
CPU seconds of this process and of the server, which say what is left when the machine does other work besides.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import shapely

from geo.db import Database, Role
from geo.fix import Fixes
from geo.migrate import migrate
from geo.settings import SourceSettings
from ingest.fix_batch import FixBatch
from ingest.fixes import ingest_fixes, read_fixes_file
from ingest.load import load_fixes
from ingest.registry import register_source
from ingest.roads import ingest_roads
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

N_VEHICLES = 640
TICKS = os.sysconf("SC_CLK_TCK")


def storm(n: int) -> pd.DataFrame:
    """n fixes of 640 vehicles, with the nulls and the flags of real ones."""
    rng = np.random.default_rng(1)
    each = n // N_VEHICLES
    n = each * N_VEHICLES
    step = np.tile(np.arange(each), N_VEHICLES) * 15_000 + rng.integers(0, 3_000, n)
    at = np.datetime64("2026-01-18T14:00:00", "ms") + step.astype("timedelta64[ms]")
    heading = np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 360, n))
    blade = pd.array(np.where(rng.random(n) < 0.1, None, rng.random(n) < 0.5), "boolean")
    return pd.DataFrame(
        {
            "vehicle": np.char.add("S-", np.repeat(np.arange(N_VEHICLES), each).astype(str)),
            "at": pd.to_datetime(at, utc=True),
            "lon": (136.6 + rng.normal(0, 0.2, n)).round(6),
            "lat": (36.6 + rng.normal(0, 0.2, n)).round(6),
            "heading_deg": heading,
            "speed_mps": rng.uniform(0, 15, n).round(1),
            "accuracy_m": 5.0,
            "blade": blade,
            "spreader": False,
            "treatment": np.where(rng.random(n) < 0.5, "fresh_snow_plowing", None),
        }
    )


def server_cpu_s(cluster: Cluster) -> float:
    """CPU seconds of the server and its live and ended children, from /proc."""
    pid = (cluster.data / "postmaster.pid").read_text().split()[0]
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if stat.parent.name == pid:
            total += sum(map(int, fields[11:15]))
        elif fields[1] == pid:
            total += sum(map(int, fields[11:13]))
    return total / TICKS


def measure(cluster: Cluster, name: str, n: int, work: Callable[[], object]) -> None:
    """Run once and print a row of the table."""
    before, cpu, wall = server_cpu_s(cluster), time.process_time(), time.perf_counter()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    time.sleep(1)  # until the server has counted the process of the ended session
    server = server_cpu_s(cluster) - before
    print(f"| {name} | {n:,} | {wall:.2f} | {n / wall:,.0f} | {cpu:.2f} | {server:.2f} |", flush=True)


def direct(database: Database, fixes: Fixes, names: tuple[str, ...], batch: int) -> None:
    """COPY alone: checked fixes in memory, in batches."""
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, f"direct {batch}", "files", SourceSettings())
    order = np.argsort(fixes.at_us, kind="stable")  # as live batches come: all vehicles, a moment each
    with psycopg.connect(database.conninfo_of(Role.INGEST)) as connection:
        for start in range(0, len(order), batch):
            part = fixes.select(order[start : start + batch])
            load_fixes(connection, FixBatch(names, part), source_id)


def grid(n: int) -> gpd.GeoDataFrame:
    """n short roads with attributes."""
    side = int(n**0.5) + 1
    x, y = np.divmod(np.arange(n), side)
    lines = shapely.linestrings(np.stack([np.c_[x, y], np.c_[x + 0.5, y + 0.2], np.c_[x + 1, y]], axis=1) * 100.0)
    columns = {
        "road_id": np.arange(n),
        "name": "通り",
        "manager": "市",
        "road_class": "市町道",
        "oneway": 0,
        "memo": "x",
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=6675)


def fix_files(cluster: Cluster, database: Database, folder: Path, n_rows: int) -> None:
    """CSV, Parquet, repeats, another order, and COPY alone."""
    frame = storm(n_rows)
    n = len(frame)
    frame.to_parquet(folder / "storm.parquet")
    frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")).to_csv(folder / "storm.csv", index=False)
    shuffled = frame.sample(frac=1, random_state=1)
    shuffled.to_parquet(folder / "shuffled.parquet")
    now = datetime(2026, 2, 1, tzinfo=UTC)

    def take(name: str, source: str) -> Callable[[], object]:
        return lambda: ingest_fixes(database, [folder / name], source, SourceSettings(), now=now)

    measure(
        cluster, "CSV read and checked, no database", n, lambda: read_fixes_file(folder / "storm.csv", SourceSettings())
    )
    measure(cluster, "CSV into raw.fix", n, take("storm.csv", "a"))
    measure(cluster, "Parquet into raw.fix", n, take("storm.parquet", "b"))
    measure(cluster, "the same fixes again from another file", n, take("storm.parquet", "a"))
    measure(cluster, "in random order", n, take("shuffled.parquet", "c"))
    read = read_fixes_file(folder / "storm.parquet", SourceSettings())
    for batch in (500, 5_000, 200_000):
        few = read.fixes.select(slice(0, n if batch > 1000 else n // 4))
        measure(
            cluster,
            f"load_fixes, batches of {batch:,}",
            len(few),
            lambda few=few, b=batch: direct(database, few, read.names, b),
        )


def main() -> None:
    """Make the cluster, run everything, take the cluster away."""
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_024_000
    folder = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "home", find_or_install(print))
    cluster.start()
    try:
        database = cluster.database()
        migrate(database)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {datetime.now(UTC):%Y-%m-%d}\n")
        print(
            "| what | rows | wall s | rows/s | CPU s, client | CPU s, server |\n| --- | --- | --- | --- | --- | --- |"
        )
        fix_files(cluster, database, folder, n_rows)
        grid(100_000).to_file(folder / "roads.gpkg")
        measure(
            cluster, "roads from GeoPackage", 100_000,
            lambda: ingest_roads(database, [folder / "roads.gpkg"], "roads", SourceSettings()),
        )  # fmt: skip
    finally:
        cluster.stop()
        shutil.rmtree(cluster.base, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""What a day of fixes costs: on disk in database and archive, and the time to move it, to back it up, to restore it.

    python benchmarks/bench_archive.py [VEHICLES] [SECONDS BETWEEN TWO FIXES]

Makes a private cluster with the settings of `make run` (fsync on) in a temporary folder, and one UTC day on which
each vehicle (default 140) works 8 hours and reports every so many seconds (default 5): smooth drives with white noise
of 3 m, degrees with 6 decimals as devices send them. Prints a table; docs/operations.md has the published figures.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from geo.db import Database, Role
from geo.fix import Fixes
from geo.migrate import migrate
from geo.settings import Settings, SourceSettings
from geo.timeline import now, to_us
from ingest.fix_batch import FixBatch
from ingest.load import load_fixes
from ingest.registry import register_source
from yukimichi.archive import archive_day, restore_day
from yukimichi.backup import backup, restore
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.debian import find_or_install

DAY = date(2026, 1, 18)
HOURS = 8


def drives(n_vehicles: int, every_s: int) -> FixBatch:
    """A day of work: speeds that wander between 0 and 10 m/s, turns, blade and treatment that change now and then."""
    rng = np.random.default_rng(1)
    n = HOURS * 3600 // every_s
    shape = (n_vehicles, n)
    turn = np.where(rng.random(shape) < 0.02, rng.normal(0, 1.5, shape), rng.normal(0, 0.03, shape))
    course = np.cumsum(turn, axis=1)
    speed = np.clip(5 + np.cumsum(rng.normal(0, 0.4, shape), axis=1) % 5, 0, 10)
    x, y = (np.cumsum(speed * every_s * part(course), axis=1) % 20_000 for part in (np.sin, np.cos))
    x, y = x + rng.normal(0, 3, shape), y + rng.normal(0, 3, shape)
    begin = to_us(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC))
    at_us = begin + np.arange(n) * every_s * 1_000_000 + rng.integers(0, 600, (n_vehicles, 1)) * 1_000_000
    blade = np.cumsum(rng.random(shape) < 0.005, axis=1) % 2
    fixes = Fixes.from_arrays(
        np.repeat(np.arange(n_vehicles), n),
        at_us.ravel(),
        (136.6 + x / 89_500).round(6).ravel(),
        (36.5 + y / 110_950).round(6).ravel(),
        heading_deg=(np.degrees(course) % 360).round().ravel(),
        speed_mps=(speed * 3.6).round().ravel() / 3.6,
        blade=blade.ravel(),
        spreader=np.zeros(blade.size),
        treatment=np.where(blade.ravel() == 1, 0, -1),
    )
    return FixBatch(tuple(f"plough {i:04}" for i in range(n_vehicles)), fixes)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster of its own, gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    made = Cluster(home, find_or_install(print))
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def timed(name: str, n: int) -> Iterator[None]:
    """Print what the block took, and the fixes a second."""
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    print(f"| {name} | {took:.1f} s | {n / took:,.0f} fixes/s |")


def on_disk(database: Database) -> tuple[int, int]:
    """Bytes of the day's table and of its indexes."""
    query = "SELECT pg_table_size(c), pg_indexes_size(c) FROM (SELECT to_regclass('raw.fix_20260118') AS c) AS t"
    with database.connect(Role.OWNER) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def main() -> None:
    n_vehicles, every_s = (int(word) for word in [*sys.argv[1:], "140", "5"][:2])
    batch = drives(n_vehicles, every_s)
    n = len(batch)
    print(f"{n_vehicles} vehicles, {HOURS} hours, a fix every {every_s} s: {n:,} fixes of one day")
    print("| what | figure | |\n| --- | --- | --- |")
    with cluster() as first, cluster() as second:
        database, home = first.database(), first.home
        migrate(database)
        with database.connect(Role.INGEST) as connection:
            source_id = register_source(connection, "gps", "fixes", SourceSettings())
            connection.commit()
            load_fixes(connection, batch, source_id)
        table, indexes = on_disk(database)
        print(f"| in the database | {(table + indexes) / n:.0f} bytes a fix | {table / n:.0f} + {indexes / n:.0f} |")
        with timed("into the archive", n):
            done = archive_day(database, home, DAY)
        print(f"| in the archive | {done.n_bytes / n:.1f} bytes a fix | |")
        with timed("back from the archive", n):
            restore_day(database, home, DAY)
        context, dest = Context(Settings(home=home), database), home / "saved"
        with timed("backup", n):
            report = backup(context, dest, None, now())
        print(f"| backup | {report.n_bytes / n:.1f} bytes a fix | |")
        with timed("restore and compare", n):
            restore(second.database(), second.home, dest)


if __name__ == "__main__":
    main()

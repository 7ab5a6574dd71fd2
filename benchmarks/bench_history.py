"""Status of a network at past moments, as known at others, over a season: how long it takes, and that it is right.

    python -m benchmarks.bench_history [--passes 10000000] [--edges 100000] [--storms 25] [--home FOLDER] [--plain]

Makes a private cluster with the settings of `make run` in FOLDER (a temporary one if left out; what is there already
is used again), a town of streets in a grid, plans, machines with their fixes, and a season of storms at the level of
facts: each machine works its block for half a day a storm, some traces come late, some are amended. Then asks for
moments within storms, at their ends and between them, as known now and earlier, and prints the wall and CPU seconds of
`status_at`. --plain asks `read_status` too, compares the answers in every field and prints its seconds.
Figures with machine and date: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.history_town import Town, make_town
from benchmarks.history_world import fill
from geo.db import Database, Role
from geo.migrate import migrate
from geo.settings import Settings
from geo.store.history import status_at
from geo.store.status import StatusAt, read_status
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

#: The first storm begins then, the others each five days later.
SEASON_FROM = datetime(2025, 12, 1, 12, tzinfo=UTC)
STORM_EVERY = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Question:
    """A moment to ask for."""

    name: str
    as_of: datetime
    known_at: datetime | None = None


def questions(n_storms: int) -> list[Question]:
    """Moments that differ in how much lies before them."""
    middle = SEASON_FROM + (n_storms // 2) * STORM_EVERY
    last = SEASON_FROM + (n_storms - 1) * STORM_EVERY
    hour = timedelta(hours=1)
    return [
        Question("six hours into a storm", middle + 6 * hour),
        Question("the end of a storm", middle + 12 * hour),
        Question("the same, as known then", middle + 12 * hour, middle + 12 * hour),
        Question("the end of the last storm", last + 12 * hour),
        Question("two days after it, standing watch", last + 48 * hour),
        Question("standing watch, as known a month before", middle + 48 * hour, middle + 50 * hour),
    ]


def differences(a: StatusAt, b: StatusAt) -> list[str]:
    """Names of fields in which two answers differ."""
    found = [] if a.event == b.event and a.moment == b.moment else ["event"]
    for part in ("status", "coverage"):
        one, other = getattr(a, part), getattr(b, part)
        for field in dataclasses.fields(one):
            x, y = getattr(one, field.name), getattr(other, field.name)
            if field.name in ("order", "start", "gain_m"):
                continue  # positions in the facts that were read
            same = x.__class__ is y.__class__
            if isinstance(x, np.ndarray):
                same = np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
            elif field.name == "covered":
                same = all(np.array_equal(getattr(x, n), getattr(y, n)) for n in ("group", "from_m", "to_m"))
            if not same:
                found.append(f"{part}.{field.name}")
    return found


def ask(database: Database, town: Town, settings: Settings, question: Question, *, plain: bool) -> None:
    """Print a line of the table for a question."""
    with database.connect(Role.ENGINE) as connection:
        best, cpu = np.inf, np.inf
        for _ in range(3):
            begun, begun_cpu = time.perf_counter(), time.process_time()
            found = status_at(connection, town.network, settings, question.as_of, question.known_at)
            best = min(best, time.perf_counter() - begun)
            cpu = min(cpu, time.process_time() - begun_cpu)
        slow = "–"
        if plain:
            begun = time.perf_counter()
            expected = read_status(connection, town.network, settings.states, question.as_of, question.known_at)
            slow = f"{time.perf_counter() - begun:.2f} s"
            differ = differences(found, expected)
            assert not differ, f"{question.name}: {differ} differ"
    states = np.bincount(found.status.state, minlength=4).tolist()
    print(f"| {question.name} | {best:.2f} s | {cpu:.2f} s | {slow} | {states} |", flush=True)


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--passes", type=int, default=10_000_000)
    words.add_argument("--edges", type=int, default=100_000)
    words.add_argument("--storms", type=int, default=25)
    words.add_argument("--home", type=Path)
    words.add_argument("--plain", action="store_true")
    given = words.parse_args()
    home = given.home or Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    town = make_town(given.edges)
    cluster = Cluster(home, find_or_install(print))
    cluster.start()
    try:
        database = cluster.database()
        migrate(database)
        starts = [SEASON_FROM + i * STORM_EVERY for i in range(given.storms)]
        fill(database, town, starts, given.passes)
        machine = f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
        print(f"{datetime.now(UTC).date()}, {machine}; {town.network.n_edges:,} edges, {given.passes:,} passes")
        settings = Settings(home=home)
        begun = time.perf_counter()
        with database.connect(Role.ENGINE) as connection:
            status_at(connection, town.network, settings, SEASON_FROM)
        print(f"first question, with the volumes made: {time.perf_counter() - begun:.1f} s", flush=True)
        print("| moment | wall | CPU | read_status | cleared, clearing, uncleared, unknown |")
        print("| --- | --- | --- | --- | --- |")
        for question in questions(given.storms):
            ask(database, town, settings, question, plain=given.plain)
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()

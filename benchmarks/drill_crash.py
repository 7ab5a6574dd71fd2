"""The crash drill: kill -9 of web process, worker and PostgreSQL at random moments of a replay.

    python -m benchmarks.drill_crash [--seeds 1 2 3] [--seconds 90] [--kills 6]

Ploughs drive about a small town and their positions are posted to `yukimichi serve`, each post until it is answered
200, while `yukimichi work` takes them to facts. Meanwhile the web process, the worker, the whole database and single
ones of its connections are killed again and again, and started again after a rest. In the end everything is compared
with a second database of the same cluster, in which the same fixes were loaded in order, at once, and matched in one
run. Prints what was killed and what differs; ends with 1 where anything does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks.drill_compare import differences, finish, read_mark_and_news, unpublished
from benchmarks.drill_replay import Replay, Sender, write_roads
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
from yukimichi.pipeline import World, current_network, refresh

SOURCE, ORDERED = "ploughs", "ordered"
COMMANDS = {"web": "serve", "worker": "work"}
KINDS = ("web", "worker", "database", "connection")
#: What was killed is left alone for so long, seconds.
REST_S = (0.1, 2.0)
#: A kill that is to meet its victim at work waits for that at most so long, seconds; a share of them does not wait.
WORK_S, AT_ONCE = 12.0, 0.25
#: After the last kill everything has to be sent and matched within so many seconds.
SETTLE_S = 150.0


@dataclass(frozen=True, slots=True)
class Wish:
    """One drill: its seed, how long the replay takes, how often each kind is killed, how many vehicles drive."""

    seed: int = 1
    seconds: float = 40.0
    kills: int = 2
    vehicles: int = 24
    senders: int = 3


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill that is planned: when on the steady clock; at_once: whatever its victim does."""

    at_s: float
    kind: str
    at_once: bool

    def is_due(self, is_at_work: bool) -> bool:
        """Whether it is time."""
        late_s = time.monotonic() - self.at_s
        return late_s >= 0 and (is_at_work or self.at_once or late_s >= WORK_S)


@dataclass
class Outcome:
    """What happened.

    kills, at_work  kills by kind, and how many of them met their victim at work
    gave_up         how often a process ended by itself, by name: the database was away when it started
    refused         posts not taken at first, by status or kind of error
    problems        whatever must not be; empty in a good drill
    """

    kills: Counter[str] = field(default_factory=Counter)
    at_work: Counter[str] = field(default_factory=Counter)
    gave_up: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    n_fixes: int = 0
    n_facts: int = 0
    problems: list[str] = field(default_factory=list)


class Deployment:
    """A cluster of its own, a configuration, the processes of the service; what dies is started again after a rest."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder, self.config = folder, folder / "config.yml"
        self.port = _free_port()
        lines = ("home: home", f"server: {{port: {self.port}}}", "worker: {clock_s: 3}", "log: {level: error}")
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.settings: Settings = load_settings(self.config, {})
        self.cluster = Cluster(self.settings.home, find_or_install(print))
        self.cluster.start()
        self.context = Context(self.settings, self.cluster.database())
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.since: dict[str, tuple[float, int]] = {}
        self.again_at: dict[str, float] = {}
        self.gave_up: Counter[str] = Counter()

    def furnish(self) -> str:
        """Roads, a storm and a source, published; a second database that holds the same. Returns the source's key."""
        migrate(self.context.database)
        write_roads(self.folder / "roads.geojson")
        ingest_roads(self.context.database, [self.folder / "roads.geojson"], "streets", self.settings.source("streets"))
        now = datetime.now(UTC)
        open_event(self.context.database, EventKind.STORM, "drill", now - timedelta(hours=6))
        key = add_source(self.context.database, self.settings, SOURCE, has_probes=False).key
        refresh(self.context.database, self.settings, secret(self.settings), now, World(), quiet=True)
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
        try:
            return read_mark_and_news(self.context.database)[0]
        except (YukiError, psycopg.Error):
            return -1

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
        """A server process of one of the connections that the service holds."""
        query = (
            "SELECT pid FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' "
            "AND application_name LIKE 'yukimichi%%' AND pid <> pg_backend_pid() ORDER BY pid"
        )
        try:
            with self.context.database.connect(Role.OWNER) as connection:
                found = [row[0] for row in connection.execute(query).fetchall()]
        except (YukiError, psycopg.Error):
            return None
        return int(rng.choice(found)) if found else None

    def is_at_work(self, kind: str, senders: list[Sender]) -> bool:
        """Whether the web process has answered, or the worker has moved its mark, since it was started."""
        if kind == "web":
            return max(sender.last_at for sender in senders) > self.since["web"][0]
        if kind == "worker":
            before, now = self.since["worker"][1], self.mark()
            return now > before
        return self.mark() >= 0

    def revive(self) -> None:
        """Start again what has rested."""
        now = time.monotonic()
        if self.again_at.get("database", float("inf")) <= now:
            try:
                self.cluster.start()
                del self.again_at["database"]
            except (YukiError, psycopg.Error):  # former connections still hold its memory: a little later
                self.again_at["database"] = now + 0.3
        for name, process in self.processes.items():
            if process.poll() is not None and name not in self.again_at:
                self.gave_up[name] += 1
                self.again_at[name] = now + REST_S[1]
            if self.again_at.get(name, float("inf")) <= now:
                self.start(name)

    def wait_for_web(self) -> None:
        """Until the web process takes connections."""
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                return
            time.sleep(0.1)
        raise TimeoutError(_last_words(self.folder)[0])

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

    def remove(self) -> None:
        """Kill what still runs, and delete everything."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.cluster.stop()
        shutil.rmtree(self.cluster.base, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def drill(wish: Wish, folder: Path) -> Outcome:
    """One drill in an empty folder, which is deleted in the end."""
    deployment, outcome = Deployment(folder), Outcome()
    try:
        key = deployment.furnish()
        network = current_network(deployment.context.database, deployment.settings)
        now_s = int(time.time())
        replay = Replay.make(network, wish.vehicles, wish.senders, now_s, wish.seed)
        outcome.n_fixes = len({(fix["vehicle"], fix["at"]) for fix in replay.fixes})
        senders = [Sender(deployment.port, key, posts, wish.seconds) for posts in replay.senders]
        for name in COMMANDS:
            deployment.start(name)
        _send_and_kill(deployment, senders, wish, outcome)
        for sender in senders:
            outcome.refused.update(sender.refused)
            outcome.problems += [f"an answer does not add up: {one}" for one in sender.wrong]
        outcome.gave_up = deployment.gave_up
        if not outcome.problems:
            _judge(deployment, replay, now_s, outcome)
        if outcome.problems:
            outcome.problems += _last_words(deployment.folder)
        return outcome
    finally:
        deployment.remove()


def _judge(deployment: Deployment, replay: Replay, now_s: int, outcome: Outcome) -> None:
    deployment.end()
    outcome.problems += unpublished(deployment.context)
    late = datetime.fromtimestamp(now_s, UTC) + timedelta(hours=2)
    finish(deployment.context, deployment.ordered, SOURCE, replay.ordered(), late)
    found, outcome.n_facts = differences(deployment.context.database, deployment.ordered.database, outcome.n_fixes)
    outcome.problems += found


def _send_and_kill(deployment: Deployment, senders: list[Sender], wish: Wish, outcome: Outcome) -> None:
    """Let the senders send while the plan of kills is carried out, until everything is sent and matched."""
    rng = np.random.default_rng(wish.seed + 1000)
    kinds = rng.permutation(np.repeat(KINDS, wish.kills)).tolist()
    at = np.sort(rng.uniform(0.08, 0.97, len(kinds))) * wish.seconds
    deployment.wait_for_web()
    began = time.monotonic()
    plan = [Kill(began + float(when), kind, rng.random() < AT_ONCE) for when, kind in zip(at, kinds, strict=True)]
    threads = [threading.Thread(target=one.run) for one in senders]
    for thread in threads:
        thread.start()
    try:
        while plan:
            is_at_work = deployment.is_at_work(plan[0].kind, senders)
            if plan[0].is_due(is_at_work) and deployment.kill(plan[0].kind, rng):
                outcome.kills[plan[0].kind] += 1
                outcome.at_work[plan[0].kind] += is_at_work
                plan.pop(0)
            deployment.revive()
            time.sleep(0.05)
        _settle(deployment, senders, outcome)
    finally:
        for sender in senders:
            sender.stop.set()
        for thread in threads:
            thread.join()


def _settle(deployment: Deployment, senders: list[Sender], outcome: Outcome) -> None:
    """Until everything is sent and the worker has come to the last batch and left nothing to do."""
    deadline, state = time.monotonic() + SETTLE_S, (0, 0, 0)
    while time.monotonic() < deadline:
        deployment.revive()
        if deployment.is_up and all(one.n_done == len(one.posts) for one in senders):
            try:
                state = read_mark_and_news(deployment.context.database)
            except (YukiError, psycopg.Error):
                continue
            if state[0] == state[1] > 0 and state[2] == 0:
                return
        time.sleep(0.2)
    left = sum(len(one.posts) - one.n_done for one in senders)
    outcome.problems.append(f"{left} posts are not taken; mark, last batch and touches are {state}")


def _last_words(folder: Path) -> list[str]:
    return [f"{name} said: {(folder / f'{name}.log').read_text(encoding='utf-8')[-2000:]}" for name in COMMANDS]


def main() -> None:
    """Run drills, one a seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--vehicles", type=int, default=40)
    wish = parser.parse_args()
    bad = False
    for seed in wish.seeds:
        folder = Path(tempfile.mkdtemp(prefix="yuki-drill-"))
        began = time.monotonic()
        outcome = drill(Wish(seed, wish.seconds, wish.kills, wish.vehicles), folder)
        tell(seed, outcome, time.monotonic() - began)
        bad |= bool(outcome.problems)
    sys.exit(bad)


def tell(seed: int, outcome: Outcome, took_s: float) -> None:
    """Print one drill."""
    parts: list[tuple[str, Any]] = [
        ("kills", dict(outcome.kills)), ("of them at work", dict(outcome.at_work)),
        ("ended by themselves", dict(outcome.gave_up)), ("not taken at first", dict(outcome.refused)),
    ]  # fmt: skip
    print(f"seed {seed}: {outcome.n_fixes} fixes, {outcome.n_facts} facts, {took_s:.0f} s")
    for name, value in parts:
        print(f"  {name}: {value}")
    print("  identical" if not outcome.problems else "  NOT IDENTICAL")
    for problem in outcome.problems:
        print(f"  {problem}")


if __name__ == "__main__":
    main()

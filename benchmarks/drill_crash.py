"""The crash drill: kill -9 of web process, worker and PostgreSQL at random moments of a replay.

    python -m benchmarks.drill_crash [--seeds 1 2 3] [--seconds 120] [--kills 6]

Ploughs drive about a small town and their positions are posted to `yukimichi serve`, each post until it is answered
200, while `yukimichi work` takes them to facts. Meanwhile the web process, the worker, the whole database and single
ones of its connections are killed again and again, and started again after a rest. In the end everything is compared
with a second database of the same cluster, in which the same fixes were loaded in order, at once, and matched in one
run. Prints what was killed and what differs; ends with 1 where anything does.
"""

from __future__ import annotations

import argparse
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
from benchmarks.drill_replay import Replay, Sender
from benchmarks.drill_service import COMMANDS, SOURCE, Deployment
from geo.errors import YukiError
from yukimichi.pipeline import current_network

KINDS = ("web", "worker", "database", "connection")
#: The first kill of each kind waits until its victim is at work, at most so long; of the others this share does not.
WORK_S, AT_ONCE = 30.0, 0.6
#: Mean of the seconds between two kills, beside what their victims need to be at work again.
MEAN_S = 1.0
#: After the last kill everything has to be sent and matched within so many seconds.
SETTLE_S = 150.0


@dataclass(frozen=True, slots=True)
class Wish:
    """One drill: seed, seconds of the replay without outages, kills of each kind, vehicles, and senders of theirs."""

    seed: int = 1
    seconds: float = 40.0
    kills: int = 2
    vehicles: int = 24
    senders: int = 3


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill that is planned: so long after the one before; at_once: whatever its victim does."""

    after_s: float
    kind: str
    at_once: bool

    def is_due(self, waited_s: float, is_at_work: bool) -> bool:
        """Whether it is time, so long after the one before."""
        return waited_s >= self.after_s and (is_at_work or self.at_once or waited_s >= self.after_s + WORK_S)


def plan_of(wish: Wish) -> list[Kill]:
    """Every kind so often, in any order; the first of each meets its victim at work."""
    rng = np.random.default_rng(wish.seed + 1000)
    kinds = rng.permutation(np.repeat(KINDS, wish.kills)).tolist()
    return [
        Kill(float(rng.exponential(MEAN_S)), kind, kind in kinds[:i] and rng.random() < AT_ONCE)
        for i, kind in enumerate(kinds)
    ]


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
            outcome.problems += deployment.last_words()
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
    rng, plan = np.random.default_rng(wish.seed + 2000), plan_of(wish)
    deployment.wait_for_web()
    threads = [threading.Thread(target=one.run) for one in senders]
    for thread in threads:
        thread.start()
    last_s = time.monotonic()
    try:
        while plan:
            waited_s, kind = time.monotonic() - last_s, plan[0].kind
            is_at_work = waited_s >= plan[0].after_s and deployment.is_at_work(kind, senders)
            is_due = plan[0].is_due(waited_s, is_at_work) or all(one.is_done for one in senders)
            if is_due and deployment.kill(kind, rng):
                outcome.kills[kind] += 1
                outcome.at_work[kind] += is_at_work
                last_s = time.monotonic()
                plan.pop(0)
            deployment.revive()
            time.sleep(0.01)
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
        if deployment.is_up and all(one.is_done for one in senders):
            try:
                state = read_mark_and_news(deployment.context.database)
            except (YukiError, psycopg.Error):
                continue
            if state[0] == state[1] > 0 and state[2] == 0:
                return
        time.sleep(0.2)
    left = sum(len(one.posts) - one.n_done for one in senders)
    outcome.problems.append(f"{left} posts are not taken; mark, last batch and touches are {state}")


def main() -> None:
    """Run drills, one a seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--vehicles", type=int, default=60)
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

"""The requests of a storm, with the database stopped in the middle: does the map go on, and does nobody read a lie?

    make drill-requests        (or python -m benchmarks.drill_requests [--share 0.02] [--seconds 80] [--outage 30])

3.5 million requests came in one day to a map of another prefecture; a share of them comes here within --seconds, in
the mix of the recorded session of the map (benchmarks/session_serve.json), every eighth road tile with its states
inside as QGIS asks for them. Meanwhile states change every two seconds, clearings run out all the time, and in the
middle the private PostgreSQL is stopped for --outage seconds and started again. That is done twice: against our server,
and through nginx with the shipped configuration. What has to hold stands in benchmarks/drill_requests_check.py:
immutable tiles never change, states are at most two seconds old, nothing is cleared beyond its time, what is told
without the database is marked as stale, what is not in memory is refused within a second with 503 and Retry-After, and
nobody has to start anything by hand. Ends with 1 where something does not. The whole of it: --share 1 --seconds 3600,
two hours.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import uvloop

from benchmarks.bench_serve import fetched, install, world
from benchmarks.drill_requests_check import Judge, Published
from benchmarks.drill_requests_client import Crowd
from benchmarks.serve_mix import Session
from benchmarks.serve_servers import nginx, ours
from geo.db import Database, Role
from geo.errors import YukiError
from layers.publish_live import Changes, publish_changes
from yukimichi.cluster import Cluster

DAY, N_LINES, N_READERS = 3_500_000, 20_000, 48
#: Through nginx an answer about states may be so much older.
PROXY_S = 2.0
#: Edges that are cleared in one publication, and those that run out during the drill.
N_CLEARED, N_ENDING = 20, 2_000
CLEAR = (
    "UPDATE ops.edge_status SET state = 'cleared', reason = 'none', cleared_at = %(at)s, valid_until = %(until)s, "
    "observed_at = %(at)s, covered_fraction = 1, treatment = 'fresh_snow_plowing', work_basis = 'sensed', "
    "confidence = 0.97 WHERE edge_id = ANY(%(edge_ids)s) AND superseded_at IS NULL"
)
ENDING = (
    "UPDATE ops.edge_status SET valid_until = now() + (edge_id * 7 %% 1021) / 1021.0 * %(seconds)s * interval '1 s' "
    "WHERE edge_id = ANY(%(edge_ids)s) AND superseded_at IS NULL"
)
OF_STATE = (
    "SELECT edge_id FROM ops.edge_status JOIN pub.roads USING (edge_id) WHERE superseded_at IS NULL "
    "AND state = %(state)s AND event_id = (SELECT max(event_id) FROM ops.event) ORDER BY hashint8(edge_id) "
    "LIMIT %(most)s"
)


class Publisher(threading.Thread):
    """Clears some edges every two seconds and publishes that, while the database is there."""

    def __init__(self, database: Database, published: Published) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.published = published
        self.stop = threading.Event()
        with database.connect(Role.OWNER) as connection:
            rows = connection.execute(OF_STATE, {"state": "uncleared", "most": 20_000}).fetchall()
        self._left = [row[0] for row in rows]

    def run(self) -> None:
        """Publish until stopped."""
        while not self.stop.wait(2.0):
            edge_ids, self._left = self._left[:N_CLEARED], self._left[N_CLEARED:]
            with contextlib.suppress(psycopg.Error, YukiError):  # the database is away: these edges stay uncleared
                self._publish(edge_ids)

    def _publish(self, edge_ids: list[int]) -> None:
        now = datetime.now(UTC)
        params = {"edge_ids": edge_ids, "at": now, "until": now + timedelta(hours=24)}
        with self.database.connect(Role.OWNER) as connection:
            connection.execute(CLEAR, params)
        with self.database.connect(Role.PUBLISH) as connection:
            version = publish_changes(connection, Changes(edge_ids=edge_ids), now)
        self.published.add(version, time.time(), edge_ids, int(now.timestamp()))


def prepare(database: Database, seconds: float) -> list[int]:
    """Clearings that run out all along the drill, published; the ids of some edges."""
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute(OF_STATE, {"state": "cleared", "most": N_ENDING}).fetchall()
        edge_ids = [row[0] for row in rows]
        connection.execute(ENDING, {"edge_ids": edge_ids, "seconds": seconds})
    with database.connect(Role.PUBLISH) as connection:
        publish_changes(connection, Changes(edge_ids=edge_ids), datetime.now(UTC))
    return edge_ids


class Outage(threading.Thread):
    """Stops the cluster at a moment and starts it again so many seconds later."""

    def __init__(self, cluster: Cluster, judge: Judge, at: float, seconds: float) -> None:
        super().__init__(daemon=True)
        self.cluster, self.judge, self.at, self.seconds = cluster, judge, at, seconds

    def run(self) -> None:
        """Wait, stop, wait, start."""
        time.sleep(max(0.0, self.at - time.time()))
        self.judge.away_at = time.time()
        self.cluster.stop()
        print(f"  the database is away ({time.time() - self.judge.away_at:.1f} s to stop)", flush=True)
        time.sleep(max(0.0, self.judge.away_at + self.seconds - time.time()))
        self.cluster.start()
        self.judge.back_at = time.time()
        print("  the database is back", flush=True)


def drill(base: str, cluster: Cluster, wish: argparse.Namespace, slack_s: float) -> list[str]:
    """One drill against an address; what must not be."""
    database, published = cluster.database(), Published()
    judge = Judge(published, slack_s)
    config = json.loads(fetched(base + "/config.json"))
    names = {name: config[name] for name in ("roads_version", "reference_version", "network_version")}
    edge_ids = prepare(database, wish.seconds)
    publisher, began = Publisher(database, published), time.time()
    first = int(json.loads(fetched(base + "/status/snapshot?f=json"))["status_version"])
    outage = Outage(cluster, judge, began + (wish.seconds - wish.outage) / 2, wish.outage)
    crowd = Crowd(
        int(base.rpartition(":")[2]), N_READERS, DAY * wish.share / wish.seconds, began + wish.seconds, names,
        edge_ids, lambda: published.version_at(time.time() - 3) or first,
    )  # fmt: skip
    publisher.start()
    outage.start()
    uvloop.run(crowd.run(Session.read(), judge.take))
    outage.join()
    publisher.stop.set()
    publisher.join()
    n = sum(sum(counts.values()) for counts in judge.statuses.values())
    print(f"  {n:,} answers in {time.time() - began:.0f} s, {len(published.versions)} publications")
    judge.tell()
    return judge.verdict()


def main() -> None:
    """Drill without and with nginx; end with 1 where something must not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.02, help="of 3.5 million requests")
    parser.add_argument("--seconds", type=float, default=80.0, help="of one drill")
    parser.add_argument("--outage", type=float, default=30.0)
    parser.add_argument("--lines", type=int, default=N_LINES)
    parser.add_argument("--through", choices=("both", "server", "nginx"), default="both")
    parser.add_argument("--home", type=Path, help="a folder that keeps the cluster for another drill")
    wish = parser.parse_args()
    install("nginx", "nginx-light")
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        cluster, _ = stack.enter_context(world(wish.home, wish.lines))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yuki-drill-")))
        own = stack.enter_context(ours(folder, cluster.database(), "kept"))
        proxy = stack.enter_context(nginx(folder, own.base.removeprefix("http://")))
        for name, base, slack_s in (("server", own.base, 0.0), ("nginx", proxy.base, PROXY_S)):
            if wish.through in ("both", name):
                print(f"through {name}", flush=True)
                problems += [f"through {name}: {one}" for one in drill(base, cluster, wish, slack_s)]
        print(f"  the server holds {own.pss_mb():.0f} MB PSS")
    for problem in problems:
        print(problem)
    print("nothing was wrong" if not problems else f"{len(problems)} things were wrong")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

"""Readers of the map beside a live stream: how long tiles take, and how old what they show is.

A process of its own: reads a JSON plan on standard input, writes a JSON report on standard output. A crowd goes through
the recorded session of the map; besides, one reader asks for the snapshot again and again, and one for tiles with
states in turn, and both note when they see what for the first time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import uvloop

from benchmarks.drill_requests_check import rows_of
from benchmarks.drill_requests_client import Answer, Connection, Crowd
from benchmarks.serve_mix import Session

#: The snapshot and tiles with states are looked at so often, seconds.
LOOK_S = 0.2
#: Zooms of the tiles that are looked at.
ZOOMS = (11, 12, 13)


@dataclass
class Report:
    """Times of tiles in seconds, answers by status; when each version and each state was seen first (epoch seconds)."""

    tiles: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    versions: dict[int, float] = field(default_factory=dict)
    states: dict[tuple[int, int], float] = field(default_factory=dict)

    def take(self, answer: Answer) -> None:
        """Note an answer to the crowd."""
        self.statuses[answer.status] += 1
        if "/tiles/" in answer.path and answer.status in (200, 204, 304):
            self.tiles.append(answer.seconds)

    def text(self) -> str:
        """The report as JSON."""
        states = [[edge, observed_s, at] for (edge, observed_s), at in self.states.items()]
        return json.dumps({"tiles": self.tiles, "statuses": self.statuses, "versions": list(self.versions.items()),
                           "states": states})  # fmt: skip


async def _snapshots(report: Report, port: int, until: float) -> None:
    connection = Connection(port)
    while time.time() < until:
        answer = await connection.ask("/status/snapshot?f=json", None)
        if answer.status == 200:
            report.versions.setdefault(int(json.loads(answer.body)["status_version"]), answer.at)
        await asyncio.sleep(LOOK_S)
    connection.close()


async def _tiles(report: Report, port: int, until: float, paths: list[str]) -> None:
    """Each tile in its turn, by its tag; states that a tile showed when it was seen first are not news."""
    connection, tags, at = Connection(port), dict[str, str](), 0
    while time.time() < until:
        path = paths[at % len(paths)]
        answer = await connection.ask(path, tags.get(path))
        report.statuses[answer.status] += 1
        if answer.status == 200:
            for edge, row in rows_of(answer.body):
                if "observed_at" in row:
                    report.states.setdefault((edge, int(row["observed_at"])), answer.at if path in tags else 0.0)
            tags[path] = answer.headers["etag"]
        at += 1
        await asyncio.sleep(LOOK_S / len(paths))
    connection.close()


async def _run(plan: dict[str, Any]) -> Report:
    report, session, port = Report(), Session.read(), int(plan["port"])
    await asyncio.sleep(max(0.0, plan["t0"] - time.time()))
    until = max(plan["t0"], time.time()) + plan["seconds"]  # the server may have been slow to start
    crowd = Crowd(
        port, plan["readers"], plan["per_s"], until, plan["names"], plan["edge_ids"],
        lambda: max(report.versions, default=0),
    )  # fmt: skip
    paths = [f"/ogc/collections/road_status/tiles/WebMercatorQuad/{z}/{y}/{x}" for z, x, y in plan["tiles"]]
    await asyncio.gather(
        crowd.run(session, report.take), _snapshots(report, port, until), _tiles(report, port, until, paths)
    )
    return report


def looked_at(session: Session, n: int = 8) -> list[tuple[int, int, int]]:
    """The tiles of the session that are looked at for news: the most asked for."""
    found = Counter(one for one in session.tiles() if one[0] in ZOOMS)
    return [address for address, _ in found.most_common(n)]


def main() -> None:
    """Read until the plan's time is over."""
    print(uvloop.run(_run(json.load(sys.stdin))).text())


if __name__ == "__main__":
    main()

"""A late upload in the middle of a live stream: many old positions of vehicles that were not heard before."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field

import numpy as np

from benchmarks.fleet import Fleet
from geo.db import Database, Role
from geo.network import Network

#: A logger writes a position every ten seconds; a day's file has some thousands.
EVERY_S, FIXES_A_VEHICLE, BATCH = 10, 2_000, 10_000


@dataclass
class Burst:
    """The posts of the upload, and what was measured of it."""

    posts: list[bytes]
    n: int
    names: str
    key: str
    port: int
    seconds: dict[str, float] = field(default_factory=dict)

    @staticmethod
    def of(network: Network, n: int, run: int, key: str, port: int) -> Burst:
        """n fixes that end an hour ago."""
        n_vehicles = -(-n // FIXES_A_VEHICLE)
        fleet = Fleet.drive(network, n_vehicles, FIXES_A_VEHICLE * EVERY_S, seed=run + 1)
        step = slice(None, None, EVERY_S)
        began = run - 3600 - FIXES_A_VEHICLE * EVERY_S
        rows = [
            {"vehicle": f"{run}-late-{v}", "at": began + k * EVERY_S, "lon": lon, "lat": lat, "work": True}
            for v in range(n_vehicles)
            for k, (lon, lat) in enumerate(
                zip(fleet.lon[v, step].round(7).tolist(), fleet.lat[v, step].round(7).tolist(), strict=True)
            )
        ][:n]
        posts = [json.dumps({"fixes": rows[i : i + BATCH]}).encode() for i in range(0, n, BATCH)]
        return Burst(posts, n, f"{run}-late-%", key, port)

    def tell(self) -> None:
        """Print what was measured."""
        stored_s, facts_s = self.seconds["stored"], self.seconds["facts"]
        print(f"burst of {self.n} late fixes: stored in {stored_s:.1f} s, {self.n / stored_s:,.0f} fixes/s; "
              f"their facts complete {facts_s:.1f} s after the first post")  # fmt: skip


def send_burst(burst: Burst, at: float, database: Database) -> None:
    """Post everything at a moment, one post after the other, then wait until its facts are there and final."""
    time.sleep(max(0.0, at - time.time()))
    began = time.time()
    connection = http.client.HTTPConnection("127.0.0.1", burst.port, timeout=120)
    headers = {"Authorization": f"Bearer {burst.key}", "Content-Type": "application/json"}
    for body in burst.posts:
        while True:
            connection.request("POST", "/ingest/fixes", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
    burst.seconds["stored"] = time.time() - began
    wanted = int(np.ceil(burst.n / FIXES_A_VEHICLE))
    while _n_final(database, burst.names) < wanted and time.time() < began + 600:
        time.sleep(0.5)
    burst.seconds["facts"] = time.time() - began


def _n_final(database: Database, names: str) -> int:
    """Vehicles of the burst whose newest fix is within a final trace."""
    with database.connect(Role.ENGINE) as connection:
        row = connection.execute(
            "SELECT count(*) FROM raw.vehicle AS v WHERE v.external_id LIKE %s AND EXISTS ("
            "SELECT FROM ops.trace AS t WHERE t.vehicle_id = v.vehicle_id AND t.superseded_at IS NULL "
            "AND NOT t.is_provisional HAVING sum(t.n_fixes + t.n_dropped) >= ("
            "SELECT count(*) FROM raw.fix AS f WHERE f.vehicle_id = v.vehicle_id))",
            (names,),
        ).fetchone()
    return int(row[0]) if row else 0

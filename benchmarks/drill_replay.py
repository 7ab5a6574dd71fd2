"""What the crash drill sends: ploughs on a small town, in posts that come late, twice, mixed up and contradicted."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fleet import Fleet
from geo.fix import Fixes
from geo.network import Network
from ingest.fix_batch import FixBatch

type Fix = dict[str, Any]

#: South-west corner of the town, degrees; its blocks, metres; degrees of a metre there.
LON, LAT, BLOCK_M, N_BLOCKS = 136.65, 36.56, 220.0, 9
M_LON, M_LAT = 1 / 89_500, 1 / 110_950
#: A drive lasts so long, with a position every so many seconds: the live one ends now, earlier ones began hours ago.
DRIVE_S, EVERY_S = 600, 3
EARLIER_S = (3 * 3600, 2 * 3600)
#: Fixes of a vehicle in one post, live and late.
PIECE, LATE_PIECE = 4, 45
#: Shares of pieces that come late and of posts that come twice or mixed up; of fixes in a wrong place or contradicted.
LATE, TWICE, MIXED, WILD, CONTRADICTED = 0.1, 0.15, 0.2, 0.003, 0.01
#: Longest wait for one answer; longer than the service promises to take.
ANSWER_S = 20.0


def write_roads(file: Path) -> None:
    """A grid of streets as GeoJSON, a feature a block side."""
    at = [[LON + i * BLOCK_M * M_LON, LAT + j * BLOCK_M * M_LAT] for j in range(N_BLOCKS) for i in range(N_BLOCKS)]
    pairs = [(k, k + 1) for k in range(len(at)) if (k + 1) % N_BLOCKS] + [
        (k, k + N_BLOCKS) for k in range(len(at) - N_BLOCKS)
    ]
    features = [
        {"type": "Feature", "properties": {"id": f"{a}-{b}"},
         "geometry": {"type": "LineString", "coordinates": [at[a], at[b]]}}
        for a, b in pairs
    ]  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Post:
    """The fixes of one request, and when it is sent, as a share of a replay without outages."""

    due: float
    fixes: list[Fix]


@dataclass(frozen=True, slots=True)
class Replay:
    """The posts of each sender, in its order."""

    senders: list[list[Post]]

    @property
    def fixes(self) -> list[Fix]:
        """Everything that is sent, repeats too."""
        return [fix for posts in self.senders for post in posts for fix in post.fixes]

    def ordered(self) -> FixBatch:
        """All of it as one upload, by vehicle and time."""
        rows = sorted(self.fixes, key=lambda fix: (fix["vehicle"], fix["at"]))
        names = sorted({fix["vehicle"] for fix in rows})
        columns = {name: [fix[name] for fix in rows] for name in ("lon", "lat", "speed_mps")}
        work = [-1 if fix["work"] is None else int(fix["work"]) for fix in rows]
        number = {name: i for i, name in enumerate(names)}
        vehicle, at_us = [number[fix["vehicle"]] for fix in rows], [1000 * fix["at"] for fix in rows]
        return FixBatch(tuple(names), Fixes.from_arrays(vehicle, at_us, work=work, **columns))

    @staticmethod
    def make(network: Network, n_vehicles: int, n_senders: int, now_s: int, seed: int) -> Replay:
        """Every vehicle drives up to now; every third also drove earlier, which it tells only now, in any order."""
        rng = np.random.default_rng(seed)
        earlier = range(0, n_vehicles, 3)
        live = _drives(network, range(n_vehicles), now_s - DRIVE_S, rng)
        senders = [_live_posts({v: live[v] for v in range(i, n_vehicles, n_senders)}, rng) for i in range(n_senders)]
        late = [_drives(network, earlier, now_s - began_s, rng) for began_s in EARLIER_S]
        pieces = [piece for drives in late for drive in drives.values() for piece in _pieces(drive, LATE_PIECE)]
        order = rng.permutation(len(pieces)).tolist()
        senders.append([Post((k + 1) / (len(order) + 1), pieces[i]) for k, i in enumerate(order)])
        return Replay([_disturbed(posts, rng) for posts in senders])


def _drives(network: Network, vehicles: Sequence[int], began_s: int, rng: np.random.Generator) -> dict[int, list[Fix]]:
    """A drive of each vehicle; its blade goes up and down, some places are wrong."""
    fleet = Fleet.drive(network, len(vehicles), DRIVE_S, int(rng.integers(2**31)))
    found = {}
    for i, vehicle in enumerate(vehicles):
        work, rows = True, []
        for k in range(int(rng.integers(EVERY_S)), DRIVE_S, EVERY_S):
            work = not work if rng.random() < 0.02 else work
            off = 0.03 if rng.random() < WILD else 0.0
            rows.append({
                "vehicle": f"除雪 {vehicle}", "at": 1000 * (began_s + k), "work": work if rng.random() < 0.97 else None,
                "lon": round(float(fleet.lon[i, k]) + off, 7), "lat": round(float(fleet.lat[i, k]), 7),
                "speed_mps": round(float(fleet.speed_mps[i]), 2),
            })  # fmt: skip
        found[vehicle] = rows
    return found


def _pieces(drive: list[Fix], n: int) -> list[list[Fix]]:
    return [drive[i : i + n] for i in range(0, len(drive), n)]


def _live_posts(drives: dict[int, list[Fix]], rng: np.random.Generator) -> list[Post]:
    """A post for each stretch of time, with the fixes of all vehicles of the sender; some pieces come later."""
    n = -(-DRIVE_S // (EVERY_S * PIECE))
    fixes: list[list[Fix]] = [[] for _ in range(n)]
    for drive in drives.values():
        for k, piece in enumerate(_pieces(drive, PIECE)):
            fixes[min(k + int(rng.integers(1, 20)), n - 1) if rng.random() < LATE else k] += piece
    return [Post(k / n, rows) for k, rows in enumerate(fixes) if rows]


def _disturbed(posts: list[Post], rng: np.random.Generator) -> list[Post]:
    """The posts with some twice, some mixed up, and some fixes said again with another content."""
    found = []
    for post in posts:
        rows = post.fixes
        if rng.random() < MIXED:
            rows = [rows[i] for i in rng.permutation(len(rows))]
        found.append(Post(post.due, rows))
        other = [{**fix, "work": not fix["work"]} for fix in rows if rng.random() < CONTRADICTED]
        if rng.random() < TWICE:
            found.append(Post(min(post.due + 0.05, 1.0), rows + other))
        elif other:
            found.append(Post(post.due, other))
    return sorted(found, key=lambda post: post.due)


@dataclass
class Sender:
    """Posts one after the other, each until it is answered 200; so many seconds in all, without any outage.

    refused   how often it was not, by status or kind of error
    accepted, repeated  fixes as the answers count them; wrong  answers that do not add up
    last_at   seconds of the steady clock at the last 200
    """

    port: int
    key: str
    posts: list[Post]
    seconds: float
    refused: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    repeated: int = 0
    n_done: int = 0
    last_at: float = float("-inf")
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_done(self) -> bool:
        """Whether everything was taken."""
        return self.n_done == len(self.posts)

    def run(self) -> None:
        """Send everything, or until `stop`."""
        before = 0.0
        for post in self.posts:
            if self.stop.wait((post.due - before) * self.seconds):
                return
            before = post.due
            body = json.dumps({"fixes": post.fixes}, ensure_ascii=False).encode()
            while not self._is_taken(body, len(post.fixes)):
                if self.stop.wait(0.2):
                    return
            self.n_done += 1

    def _is_taken(self, body: bytes, n: int) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/ingest/fixes", body, headers)
            answer = connection.getresponse()
            status, text = str(answer.status), answer.read()
        except (OSError, http.client.HTTPException) as error:
            status, text = type(error).__name__, b""
        finally:
            connection.close()
        if status != "200":
            self.refused[status] = self.refused.get(status, 0) + 1
            return False
        said = json.loads(text)
        self.accepted += said["accepted"]
        self.repeated += said["repeated"]
        self.last_at = time.monotonic()
        if said["accepted"] + said["repeated"] != n:
            self.wrong.append(text.decode())
        return True

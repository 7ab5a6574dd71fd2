"""The sender of the load benchmark, a process of its own: vendors that post a batch a second, and single posts.

Reads a JSON plan on standard input and writes a JSON report on standard output.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any


class Poster:
    """One connection that stays open."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._open()
        self.times: list[tuple[int, float, float]] = []
        self.refused: dict[str, int] = {}
        self.accepted = self.repeated = self.rejected = 0

    def _open(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    def post(self, second: int, body: bytes) -> None:
        """Post until it is taken; the time counts from the first attempt."""
        began = time.time()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        while True:
            try:
                self._connection.request("POST", "/ingest/fixes", body, headers)
                answer = self._connection.getresponse()
                status, text = answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                status, text = type(error).__name__, b""
                self._connection.close()
                self._open()
            if status == 200:
                break
            self.refused[str(status)] = self.refused.get(str(status), 0) + 1
            time.sleep(0.5)
        said = json.loads(text)
        self.accepted += said["accepted"]
        self.repeated += said["repeated"]
        self.rejected += len(said["rejected"])
        self.times.append((second, began, time.time()))


def bodies(vendor: dict[str, Any], t0: int) -> list[bytes]:
    """The batch of each second; `at` is the whole second at which it is sent."""
    found = []
    for k in range(len(vendor["lon"][0])):
        fixes = [
            {"vehicle": name, "at": t0 + k, "lon": lon[k], "lat": lat[k], "speed_mps": speed, "work": True}
            for name, lon, lat, speed in zip(
                vendor["names"], vendor["lon"], vendor["lat"], vendor["speed_mps"], strict=True
            )
        ]
        found.append(json.dumps({"fixes": fixes}).encode())
    return found


def run_vendor(poster: Poster, batches: list[bytes], t0: int, offset_s: float) -> None:
    """A batch a second."""
    for k, body in enumerate(batches):
        time.sleep(max(0.0, t0 + k + offset_s - time.time()))
        poster.post(k, body)


def main() -> None:
    """Send what the plan says, from t0 on."""
    plan = json.load(sys.stdin)
    t0, threads, report = int(plan["t0"]), [], {}
    posters: dict[str, Poster] = {}
    for i, vendor in enumerate(plan["vendors"]):
        poster = posters[vendor["source"]] = Poster(plan["port"], vendor["key"])
        offset_s = i / len(plan["vendors"])
        args = (poster, bodies(vendor, t0), t0, offset_s)
        threads.append(threading.Thread(target=run_vendor, args=args))
    singles = plan["singles"]
    for i in range(singles["n_connections"]):
        part = slice(i, None, singles["n_connections"])
        poster = posters[f"single {i}"] = Poster(plan["port"], singles["key"])
        threads.append(threading.Thread(target=run_singles, args=(poster, singles, part, t0)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, poster in posters.items():
        report[name] = {"times": poster.times, "refused": poster.refused, "accepted": poster.accepted,
                        "repeated": poster.repeated, "rejected": poster.rejected}  # fmt: skip
    json.dump(report, sys.stdout)


def run_singles(poster: Poster, singles: dict[str, Any], part: slice, t0: int) -> None:
    """Each vehicle of the part posts its own fix once a second, spread over the second."""
    names, lons, lats = singles["names"][part], singles["lon"][part], singles["lat"][part]
    for k in range(len(lons[0]) if lons else 0):
        for j, (name, lon, lat) in enumerate(zip(names, lons, lats, strict=True)):
            time.sleep(max(0.0, t0 + k + j / len(names) - time.time()))
            fix = {"vehicle": name, "at": t0 + k, "lon": lon[k], "lat": lat[k], "work": True}
            poster.post(k, json.dumps({"fixes": [fix]}).encode())


if __name__ == "__main__":
    main()

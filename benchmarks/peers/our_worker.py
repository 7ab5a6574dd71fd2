"""Our matcher as a worker like those of the peers, so that all are asked, timed and weighed alike."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.drives import replicated, traces_of
from benchmarks.peers.worker import Answer, memory, serve, timed
from geo.fix import Fixes
from geo.matching.matcher import MATCHER_VERSION, match
from geo.settings import SourceSettings
from yukimichi.match_files import MatchFilesWish, RoadsRead, load_roads

#: Fixes that are matched in one call while the time is taken.
BATCH = 20_000


class Matcher:
    """One network at a time."""

    def __init__(self) -> None:
        self.roads: RoadsRead | None = None
        self.path = ""

    def prepare(self, roads: str) -> Answer:
        """What it costs to read a roads file and to get ready. The very first reading compiles and is not counted."""
        if self.roads is None:
            _load(roads)
        wall, used = time.perf_counter(), time.process_time()
        self.roads, self.path = _load(roads), roads
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - used}
        return took | {"disk_mb": 0.0} | memory()

    def open(self, roads: str) -> Answer:
        if self.path != roads:
            self.roads, self.path = _load(roads), roads
        return {"version": MATCHER_VERSION}

    def match(self, lon: list[float], lat: list[float], at_s: list[float], accuracy_m: float | None) -> Answer:
        """Directed edges that are driven, in order."""
        assert self.roads is not None
        traces = traces_of(_fixes(lon, lat, at_s, accuracy_m), self.roads.network)
        found = match(self.roads.network, self.roads.index, traces)
        return {"edges": found.traversals.edge.tolist()}

    def cpu(
        self, least_s: float, lon: list[float], lat: list[float], at_s: list[float], accuracy_m: float | None
    ) -> Answer:
        """CPU of matching the fixes n times, many vehicles at once: from degrees on, and of the matching alone."""
        assert self.roads is not None
        network, index = self.roads.network, self.roads.index
        one = _fixes(lon, lat, at_s, accuracy_m)
        copies = max(1, round(BATCH / len(one)))
        many = replicated(one, copies)
        matching = []

        def work() -> None:
            traces = traces_of(many, network)
            begun = time.process_time()
            match(network, index, traces)
            matching.append(time.process_time() - begun)

        took = timed(work, least_s)
        return took | {"n": took["n"] * copies, "match_cpu_s": sum(matching)}


def _load(roads: str) -> RoadsRead:
    nowhere = Path(tempfile.gettempdir()) / "none.csv"
    return load_roads(MatchFilesWish(Path(roads), nowhere, nowhere), SourceSettings())


def _fixes(lon: list[float], lat: list[float], at_s: list[float], accuracy_m: float | None) -> Fixes:
    n = len(lon)
    at_us = np.rint(np.array(at_s) * 1e6).astype(np.int64)
    claimed = np.full(n, np.nan if accuracy_m is None else accuracy_m)
    return Fixes.from_arrays(np.zeros(n, np.int64), at_us, lon, lat, accuracy_m=claimed)


if __name__ == "__main__":
    matcher = Matcher()
    serve(
        {
            "prepare": matcher.prepare,
            "open": matcher.open,
            "match": matcher.match,
            "cpu": matcher.cpu,
            "memory": memory,
        }
    )

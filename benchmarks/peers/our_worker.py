"""Our matcher as a worker like those of the peers, so that all are asked, timed and weighed alike."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.drives import replicated, traces_of
from benchmarks.peers.worker import Answer, memory, serve, timed
from geo.fix import Fixes
from geo.matching.matcher import MATCHER_VERSION, match
from geo.settings import SourceSettings
from yukimichi.match_files import MatchFilesWish, RoadsRead, load_roads


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
        self, copies: int, lon: list[float], lat: list[float], at_s: list[float], accuracy_m: float | None
    ) -> Answer:
        """What so many vehicles with these fixes cost: in all, from degrees on, and the matching alone."""
        assert self.roads is not None
        network, index = self.roads.network, self.roads.index
        fixes = replicated(_fixes(lon, lat, at_s, accuracy_m), copies)
        cleaning = timed(partial(traces_of, fixes, network), 1)
        traces = traces_of(fixes, network)
        matching = timed(partial(match, network, index, traces), 1)
        return {name: cleaning[name] + matching[name] for name in matching} | {"match_cpu_s": matching["cpu_s"]}


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

"""How true and how fast the matcher is: real drives with known routes, thinned to one fix in 1, 10, 30 and 60 s.

    YUKI_DATA=... python benchmarks/bench_matching.py [--no-speed]

Prints route mismatch fractions (Newson & Krumm 2009: missed plus added length over true length, by the longest common
subsequence of directed edges) and fixes a second of one thread, CPU time, of Seattle's fixes replicated into two
seconds of work, median of five; the speed-up of two threads; the time from arrays to index; a line with the
machine. Figures of one run are in docs/matching.md.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.fix import Fixes, concat
from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.result import Matched
from geo.network import Network
from geo.settings import SourceSettings
from geo.trace import Traces, clean_and_split
from ingest.fixes import read_fixes_file
from yukimichi.match_files import MatchFilesWish, RoadsRead, load_roads, thinned

EVERY_S = (1.0, 10.0, 30.0, 60.0)
WORK_S = 2.0
type Ints = NDArray[np.int64]


def case(folder: Path) -> tuple[RoadsRead, Fixes, Ints]:
    """Roads, fixes and the true directed edges of a case."""
    wish = MatchFilesWish(folder / "roads.parquet", folder / "fixes.csv", Path(tempfile.gettempdir()) / "none.csv")
    roads = load_roads(wish, SourceSettings())
    fixes = read_fixes_file(wish.fixes, SourceSettings()).fixes
    truth = pd.read_csv(folder / "truth.csv")
    topology = roads.topology
    piece = dict(zip(topology.road.tolist(), range(topology.n_pieces), strict=True))
    # a road that is drawn twice is one piece under the other id
    piece |= {r: piece[k] for r, k in zip(topology.dropped.road, topology.dropped.kept_road, strict=True) if k >= 0}
    piece = {int(topology.roads.external_id[r]): p for r, p in piece.items()}
    # and a road shorter than the snap tolerance is none
    truth = truth[truth["road_id"].isin(piece)]
    true = np.array([2 * piece[r] for r in truth["road_id"]]) + truth["reversed"].to_numpy(np.int64)
    return roads, fixes, true


def traces_of(fixes: Fixes, network: Network, every_s: float) -> Traces:
    few = thinned(fixes, every_s)
    return clean_and_split(few, to_plane(few.lon, few.lat, network.crs_epsg))


def without_repeats(edge: Ints) -> Ints:
    return edge[np.r_[True, edge[1:] != edge[:-1]]] if len(edge) else edge


def mismatch(network: Network, matched: Matched, true: Ints) -> tuple[float, float]:
    """Missed plus added metres, and metres of the true route."""
    found, true = without_repeats(matched.traversals.edge.astype(np.int64)), without_repeats(true)
    length = np.repeat(network.length_m, 2)
    best = np.zeros(len(found) + 1)
    for edge in true:
        gain = np.where(found == edge, best[:-1] + length[edge], 0.0)
        best = np.r_[0.0, np.maximum.accumulate(np.maximum(best[1:], gain))]
    total = float(length[true].sum())
    return total + float(length[found].sum()) - 2 * float(best[-1]), total


def accuracy(folders: list[Path]) -> None:
    print("| drive | 1 s | 10 s | 30 s | 60 s |\n|---|---|---|---|---|")
    sums = np.zeros((len(EVERY_S), 2))
    for folder in folders:
        roads, fixes, true = case(folder)
        cells = []
        for i, every_s in enumerate(EVERY_S):
            traces = traces_of(fixes, roads.network, every_s)
            wrong, total = mismatch(roads.network, match(roads.network, roads.index, traces), true)
            cells.append(f"{100 * wrong / total:.2f}")
            if folder.name != "seattle":
                sums[i] += wrong, total
        print(f"| {folder.name} | {' | '.join(cells)} |", flush=True)
    if sums[0, 1] > 0:
        print(f"| **all but Seattle, together** | {' | '.join(f'{100 * w / t:.2f}' for w, t in sums)} |")


def replicated(fixes: Fixes, n: int) -> Fixes:
    """The same drive by n vehicles."""
    return concat(
        [
            Fixes(**{name: getattr(fixes, name) for name in Fixes.__slots__} | {"vehicle": fixes.vehicle + i})
            for i in range(n)
        ]
    )


def speed(folder: Path) -> None:
    roads, fixes, _ = case(folder)
    network = roads.network
    begun = time.perf_counter()
    build_index(network)
    print(f"\n{network.n_edges} edges from arrays to index: {1000 * (time.perf_counter() - begun):.0f} ms")
    print("| fixes | one thread, fixes a second of CPU | two threads, speed-up |\n|---|---|---|")
    for every_s in EVERY_S:
        one = thinned(fixes, every_s)
        begun = time.process_time()
        match(network, roads.index, traces_of(one, network, 0.0))
        n = max(20, round(WORK_S / max(time.process_time() - begun, 1e-4)))
        traces = traces_of(replicated(one, n), network, 0.0)
        cpu, wall = [], []
        for _ in range(5):
            used, begun = time.process_time(), time.perf_counter()
            match(network, roads.index, traces)
            cpu.append(time.process_time() - used)
            wall.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        match(network, roads.index, traces, n_threads=2)
        both = time.perf_counter() - begun
        rate = len(traces.fixes) / statistics.median(cpu)
        print(f"| {every_s:.0f} s | {rate / 1000:,.0f}k | {statistics.median(wall) / both:.2f} |", flush=True)


def main() -> None:
    data = Path(os.environ["YUKI_DATA"]) / "matching"
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC).date()}, "
          f"load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    accuracy(sorted(data.glob("*/"), key=lambda folder: (folder.name != "seattle", folder.name)))
    if "--no-speed" not in sys.argv:
        speed(data / "seattle")


if __name__ == "__main__":
    main()

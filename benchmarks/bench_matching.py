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
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.drives import EVERY_S, folders_of, matched_edges, mismatch, read_drive, replicated, traces_of
from geo.matching.candidates import build_index
from geo.matching.matcher import match
from yukimichi.match_files import thinned

WORK_S = 2.0


def accuracy(folders: list[Path]) -> None:
    print("| drive | 1 s | 10 s | 30 s | 60 s |\n|---|---|---|---|---|")
    sums = np.zeros((len(EVERY_S), 2))
    for folder in folders:
        drive = read_drive(folder)
        cells = []
        for i, every_s in enumerate(EVERY_S):
            found = matched_edges(drive, traces_of(thinned(drive.fixes, every_s), drive.network))
            wrong, total = mismatch(drive.length_m, found, drive.true)
            cells.append(f"{100 * wrong / total:.2f}")
            if folder.name != "seattle":
                sums[i] += wrong, total
        print(f"| {folder.name} | {' | '.join(cells)} |", flush=True)
    if sums[0, 1] > 0:
        print(f"| **all but Seattle, together** | {' | '.join(f'{100 * w / t:.2f}' for w, t in sums)} |")


def speed(folder: Path) -> None:
    drive = read_drive(folder)
    network, index = drive.network, drive.roads.index
    begun = time.perf_counter()
    build_index(network)
    print(f"\n{network.n_edges} edges from arrays to index: {1000 * (time.perf_counter() - begun):.0f} ms")
    print("| fixes | one thread, fixes a second of CPU | two threads, speed-up |\n|---|---|---|")
    for every_s in EVERY_S:
        one = thinned(drive.fixes, every_s)
        begun = time.process_time()
        match(network, index, traces_of(one, network))
        n = max(20, round(WORK_S / max(time.process_time() - begun, 1e-4)))
        traces = traces_of(replicated(one, n), network)
        cpu, wall = [], []
        for _ in range(5):
            used, begun = time.process_time(), time.perf_counter()
            match(network, index, traces)
            cpu.append(time.process_time() - used)
            wall.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        match(network, index, traces, n_threads=2)
        both = time.perf_counter() - begun
        rate = len(traces.fixes) / statistics.median(cpu)
        print(f"| {every_s:.0f} s | {rate / 1000:,.0f}k | {statistics.median(wall) / both:.2f} |", flush=True)


def main() -> None:
    data = Path(os.environ["YUKI_DATA"]) / "matching"
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC).date()}, "
          f"load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    accuracy(folders_of(data))
    if "--no-speed" not in sys.argv:
        speed(data / "seattle")


if __name__ == "__main__":
    main()

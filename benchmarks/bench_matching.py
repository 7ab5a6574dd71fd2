"""How true and how fast the matcher is: real drives with known routes, thinned to one fix in 1, 10, 30 and 60 s.

    YUKI_DATA=... python -m benchmarks.bench_matching [--no-speed | --constants]

Prints route mismatch fractions (Newson & Krumm 2009: missed plus added length over true length, by the longest common
subsequence of directed edges) and fixes a second of one thread, CPU time, of Seattle's fixes replicated into two
seconds of work, median of five; the speed-up of two threads; the time from arrays to index; time and memory of
networks of 100,000 and 200,000 roads; a line with the machine. --constants prints what the
neighbours of each constant do to the mismatch instead. Figures of one run are in docs/matching.md.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.drives import EVERY_S, Drive, folders_of, matched_edges, mismatch, read_drive, replicated, traces_of
from geo.matching.arrays import new_scratch
from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.roads import road_table
from geo.topology import build_pieces, to_network
from yukimichi.match_files import thinned

WORK_S = 2.0


#: Neighbours of the constants: what docs/matching.md says of how they were chosen.
NEIGHBOURS: dict[str, dict[str, float]] = {
    "as it is": {},
    "σ 6 m": {"sigma_m": 6.0},
    "σ 10 m": {"sigma_m": 10.0},
    "β 5 m": {"beta_m": 5.0},
    "β 10 m": {"beta_m": 10.0},
    "β + 3 %": {"beta_fraction": 0.03},
    "β + 5 %": {"beta_fraction": 0.05},
    "turns free": {"turn_m": 0.0},
    "turns 40 m": {"turn_m": 40.0},
    "turning back 150 and 120 m": {"uturn_edge_m": 150.0, "uturn_node_m": 120.0},
    "too slow roads as dear as others": {"hurry": 0.0},
    "too slow roads dearer: 1 instead of 0.3": {"hurry": 1.0},
    "fixes 15 m apart": {"min_move_m": 15.0},
    "fixes 35 m apart": {"min_move_m": 35.0},
    "beam 12 nats": {"beam_nats": 12.0},
    "beam 20 nats": {"beam_nats": 20.0},
    "ways that meet apart by 4 nats are given up": {"merge_nats": 4.0},
    "leaving out a fix: 9 nats": {"skip_nats": 9.0},
    "leaving out a fix: 16 nats": {"skip_nats": 16.0},
    "a break for 120 nats": {"break_nats": 120.0},
    "a break for 400 nats": {"break_nats": 400.0},
    "touches of 2 m and more count": {"touch_m": 2.0},
}


def score(drive: Drive, every_s: float, settings: MatchSettings | None = None) -> tuple[float, float, float]:
    """Metres wrong and metres driven of a thinned drive, and of the wrong ones those after the last edge found."""
    found = matched_edges(drive, traces_of(thinned(drive.fixes, every_s), drive.network), settings)
    seen = np.flatnonzero(np.isin(drive.true, found))
    unseen = drive.true[int(seen[-1]) + 1 if len(seen) else 0 :]
    return *mismatch(drive.length_m, found, drive.true), float(drive.length_m[unseen].sum())


def constants(folders: list[Path]) -> None:
    drives = [read_drive(folder) for folder in folders]
    print("| change | Seattle, 1 · 10 · 30 · 60 s | the others together |\n|---|---|---|")
    for name, change in NEIGHBOURS.items():
        settings, cells = replace(MatchSettings(), **change), []
        for is_seattle in (True, False):
            some = [d for d, folder in zip(drives, folders, strict=True) if (folder.name == "seattle") == is_seattle]
            sums = [np.sum([score(drive, every_s, settings) for drive in some], axis=0) for every_s in EVERY_S]
            cells.append(" · ".join(f"{100 * wrong / total:.2f}" for wrong, total, _ in sums))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def accuracy(folders: list[Path]) -> None:
    print("| drive | 1 s | 10 s | 30 s | 60 s |\n|---|---|---|---|---|")
    sums = np.zeros((len(EVERY_S), 3))
    for folder in folders:
        drive = read_drive(folder)
        cells = []
        for i, every_s in enumerate(EVERY_S):
            wrong, total, unseen = score(drive, every_s)
            cells.append(f"{100 * wrong / total:.2f}")
            if folder.name != "seattle":
                sums[i] += wrong, total, unseen
        print(f"| {folder.name} | {' | '.join(cells)} |", flush=True)
    if sums[0, 1] > 0:
        print(f"| **all but Seattle, together** | {' | '.join(f'{100 * w / t:.2f}' for w, t, _ in sums)} |")
        print(f"| *of it after the last edge found* | {' | '.join(f'{100 * u / t:.2f}' for _, t, u in sums)} |")


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
        cpu, gain = [], []
        for _ in range(5):
            used, begun = time.process_time(), time.perf_counter()
            match(network, index, traces)
            cpu.append(time.process_time() - used)
            alone = time.perf_counter() - begun
            begun = time.perf_counter()
            match(network, index, traces, n_threads=2)
            gain.append(alone / (time.perf_counter() - begun))
        rate = len(traces.fixes) / statistics.median(cpu)
        print(f"| {every_s:.0f} s | {rate / 1000:,.0f}k | {statistics.median(gain):.2f} |", flush=True)


def grid(n_roads: int) -> NDArray[np.object_]:
    """LineStrings of a town of crooked blocks of 100 m: what a large network costs without a large data set."""
    k = int((n_roads / 2) ** 0.5) + 1
    rng = np.random.default_rng(0)
    xy = np.stack(np.meshgrid(np.arange(k) * 100.0, np.arange(k) * 100.0), -1) + rng.normal(0, 10, (k, k, 2))
    a = np.concatenate([xy[:, :-1].reshape(-1, 2), xy[:-1].reshape(-1, 2)])
    b = np.concatenate([xy[:, 1:].reshape(-1, 2), xy[1:].reshape(-1, 2)])
    thirds = [a + share * (b - a) + rng.normal(0, 3, a.shape) for share in (1 / 3, 2 / 3)]
    lines: NDArray[np.object_] = shapely.linestrings(np.stack([a, *thirds, b], 1))[:n_roads]
    return lines


def megabytes(arrays: object) -> float:
    """Of the arrays in a named tuple or a dataclass."""
    names = getattr(arrays, "_fields", None) or list(getattr(arrays, "__dataclass_fields__", ()))
    return sum(getattr(getattr(arrays, name), "nbytes", 0) for name in names) / 1e6


def large() -> None:
    print("\n| roads | edges | roads to network, s | arrays to index, s | MB network, index, scratch of a thread |")
    print("|---|---|---|---|---|")
    for n_roads in (100_000, 200_000):
        lines = grid(n_roads)
        begun = time.perf_counter()
        network = to_network(build_pieces(road_table(lines), "endpoints", 0.5), 6675)
        built = time.perf_counter()
        index = build_index(network)
        ready = time.perf_counter()
        sizes = [network, index.roads, new_scratch(network.n_edges, index.n_turns)]
        print(
            f"| {n_roads:,} | {network.n_edges:,} | {built - begun:.2f} | {ready - built:.2f} | "
            f"{' + '.join(f'{megabytes(part):.0f}' for part in sizes)} |"
        )


def main() -> None:
    data = Path(os.environ["YUKI_DATA"]) / "matching"
    if "--constants" in sys.argv:
        constants(folders_of(data))
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC).date()}, "
          f"load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    accuracy(folders_of(data))
    if "--no-speed" not in sys.argv:
        speed(data / "seattle")
        large()


if __name__ == "__main__":
    main()

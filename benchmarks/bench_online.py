"""How right and how fast online matching is: the drives with known routes, one fix in 1 and 10 s, fix by fix.

    YUKI_DATA=... python -m benchmarks.bench_online [--stand] [--storm N_EDGES]

Prints the share of fixes on the right directed edge when 0, 1, 2 and 4 more fixes had come, and when all had; the share
whose first and whose confirmed edge is that of matching the whole trace; how many fixes a confirmed one waited; the CPU
and wall time of a step; the largest state. A fix is right on the edge of the true route that it belongs to, or on the
one before or after it there, since near a node either is. With --stand, a million fixes of a vehicle that stands, too.
With --storm, traces of a storm instead, simulated on a synthetic prefecture in a database of its own.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.drives import SEATTLE, Drive, folders_of, mismatch, read_drive, traces_of
from geo.matching.candidates import GridIndex, build_index
from geo.matching.collect import collect
from geo.matching.matcher import match
from geo.matching.online import OnlineMatcher
from geo.matching.online_replay import replay
from geo.matching.online_result import OnlineFix
from geo.matching.online_trip import OnlineTrip, fixes_of
from geo.matching.result import Matched
from geo.migrate import migrate
from geo.network import Network
from geo.settings import Settings
from geo.store.traces import subset
from geo.trace import Traces
from ingest.fixes import read_fixes_file
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.debian import find_or_install
from yukimichi.demo_load import SOURCE, load_demo, synthetic_source
from yukimichi.match_files import thinned
from yukimichi.pipeline import current_network, lay_plans
from yukimichi.storm import Wish, folder_of, make_storm

LAGS = (0, 1, 2, 4)
#: A fix this far from the true route says nothing of the matcher.
NEAR_M = 50.0
#: What a fix further off costs in finding its place on the true route.
FAR_M = 200.0
STANDING_FIXES = 1_000_000
STORM_SEED, STORM_TRACES, STORM_LEAST_FIXES = 11, 200, 20
type Ints = NDArray[np.int64]


@dataclass
class Sums:
    """Fixes counted, and of these right at each lag and as a whole; then what the steps took."""

    n: int = 0
    right: Ints = field(default_factory=lambda: np.zeros(len(LAGS) + 1, np.int64))
    n_fixes: int = 0
    first_is_final: int = 0
    confirmed_is_final: int = 0
    extra_m: float = 0.0
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    n_bytes: int = 0


def true_places(drive: Drive, xy: NDArray[np.float64]) -> tuple[Ints, NDArray[np.bool_]]:
    """Place on the true route of each of (n, 2) fixes, in order, and whether it is near.

    Of all assignments that never go back along the route the one with the least sum of squared distances.
    """
    network, ends, owner = drive.network, [], []
    for i, edge in enumerate(drive.true.tolist()):
        shape = network.shape_xy[network.shape_start[edge >> 1] : network.shape_start[(edge >> 1) + 1]]
        shape = shape[::-1] if edge & 1 else shape
        ends.append(np.hstack([shape[:-1], shape[1:]]))
        owner.append(np.full(len(shape) - 1, i))
    line, of = np.vstack(ends), np.concatenate(owner)
    a, d = line[:, :2], line[:, 2:] - line[:, :2]
    square = np.maximum((d * d).sum(axis=1), 1e-9)
    total, steps, off = np.zeros(len(line)), [], []
    for place in xy:
        t = np.clip(((place - a) * d).sum(axis=1) / square, 0.0, 1.0)
        off_m = np.hypot(*(a + t[:, None] * d - place).T)
        least = np.minimum.accumulate(total)
        steps.append(np.maximum.accumulate(np.where(total == least, np.arange(len(line)), 0)).astype(np.int32))
        off.append(off_m.astype(np.float32))
        total = least + np.minimum(off_m, FAR_M) ** 2
    chosen = np.empty(len(xy), np.int64)
    at = int(np.argmin(total))
    for i in range(len(xy) - 1, -1, -1):
        chosen[i] = at
        at = int(steps[i][at])
    return of[chosen], np.array([off[i][chosen[i]] for i in range(len(xy))]) <= NEAR_M


def add_truth(drive: Drive, traces: Traces, sums: Sums) -> None:
    """Counts the right fixes of a drive at each lag and as a whole."""
    at, is_near = true_places(drive, traces.xy)
    true, last = drive.true, len(drive.true) - 1
    near = np.column_stack([true[at], true[np.maximum(at - 1, 0)], true[np.minimum(at + 1, last)]])
    found = [replay(drive.network, drive.roads.index, traces, lag) for lag in LAGS]
    found.append(match(drive.network, drive.roads.index, traces))
    for i, one in enumerate(found):
        sums.right[i] += int((near == one.fixes.edge[:, None]).any(axis=1)[is_near].sum())
    sums.n += int(is_near.sum())


def add_steps(network: Network, index: GridIndex, traces: Traces, sums: Sums) -> tuple[Matched, Matched]:
    """Steps all fixes of traces and compares with matching them as a whole; what came of both."""
    one, trips, first = OnlineMatcher(index, network.version), [], []
    for t in range(len(traces)):
        trip = OnlineTrip(one.start())
        for fix in fixes_of(traces, t, one.settings):
            wall, cpu = time.perf_counter(), time.thread_time()
            step = trip.step(one, fix)
            sums.cpu_ms.append(1e3 * (time.thread_time() - cpu))
            sums.wall_ms.append(1e3 * (time.perf_counter() - wall))
            first.append(step.place.edge if step.place else -1)
            sums.waited += (trip.n - 1 - step.fixes["number"]).tolist()
        sums.n_bytes = max(sums.n_bytes, len(one.pack(trip.state)))
        trips.append(trip.trip(one))
    online = collect(traces, network.length_m, trips, network.version, "")
    final = match(network, index, traces)
    sums.n_fixes += len(first)
    sums.first_is_final += int((np.array(first) == final.fixes.edge).sum())
    sums.confirmed_is_final += int((online.fixes.edge == final.fixes.edge).sum())
    return online, final


def show(name: str, every_s: float, sums: Sums) -> None:
    share = " | ".join(f"{n / sums.n:.4f}" for n in sums.right)
    print(f"| {name}, {every_s:.0f} s | {share} | {sums.first_is_final / sums.n_fixes:.4f} "
          f"| {sums.confirmed_is_final / sums.n_fixes:.5f} | {sums.extra_m:.0f} "
          f"| {np.mean(sums.waited):.1f}, {np.percentile(sums.waited, 95):.0f} "
          f"| {np.percentile(sums.cpu_ms, 50):.2f}, {np.percentile(sums.cpu_ms, 99):.2f} "
          f"| {np.percentile(sums.wall_ms, 99):.2f} | {sums.n_bytes / 1000:.0f} |", flush=True)  # fmt: skip


def stand(drive: Drive) -> None:
    """A million fixes within a few metres of one place."""
    one, rng = OnlineMatcher(drive.roads.index, drive.network.version), np.random.default_rng(1)
    state, middle, n_bytes, n_given = one.start(), drive.network.shape_xy[0], 0, 0
    off = np.clip(rng.normal(0, 3, (STANDING_FIXES, 2)), -8, 8) + middle
    begun = time.thread_time()
    for i, (x, y) in enumerate(off.tolist()):
        n_given += int(one.step(state, OnlineFix(i * 1_000_000, x, y)).fixes["n"].sum())
        if i % 10_000 == 0:
            n_bytes = max(n_bytes, len(one.pack(state)))
    n_given += int(one.tail(state).fixes["n"].sum())
    each_ms = 1e3 * (time.thread_time() - begun) / STANDING_FIXES
    print(f"\n{STANDING_FIXES} standing fixes: {each_ms:.2f} ms each, {n_bytes / 1000:.0f} kB, {n_given} answered")


def storm(n_edges: int) -> None:
    """Traces of a simulated storm, drawn by lot: what was said at once, and what an open trace says at its end."""
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home / ".yuki", find_or_install(print))
    cluster.start()
    try:
        context = Context(Settings(home=home / ".yuki"), cluster.database())
        migrate(context.database)
        load_demo(context, n_edges=n_edges)
        lay_plans(context.database, context.settings)
        network = current_network(context.database, context.settings)
        end = datetime.now(UTC).replace(microsecond=0)
        make_storm(context, network, SOURCE, Wish(end - timedelta(hours=6), end, STORM_SEED))
        file = folder_of(context.settings) / "fixes.parquet"
        fixes = read_fixes_file(file, synthetic_source(context, SOURCE)).fixes
    finally:
        cluster.stop()
    traces, index = traces_of(fixes, network), build_index(network)
    enough = np.flatnonzero(np.diff(traces.start) > STORM_LEAST_FIXES)
    drawn = np.sort(np.random.default_rng(STORM_SEED).choice(enough, min(STORM_TRACES, len(enough)), replace=False))
    part, sums = subset(traces, drawn), Sums()
    online, final = add_steps(network, index, part, sums)
    km = [float((one.traversals.to_m - one.traversals.from_m).sum()) / 1000 for one in (online, final)]
    print(f"{network.n_edges} edges, {len(part)} of {len(traces)} traces, {sums.n_fixes} fixes, seed {STORM_SEED}")
    print(f"at once as final {sums.first_is_final / sums.n_fixes:.4f}, confirmed and tail as final "
          f"{sums.confirmed_is_final / sums.n_fixes:.5f}, {km[0]:.1f} km, final {km[1]:.1f} km, step CPU ms 99 % "
          f"{np.percentile(sums.cpu_ms, 99):.2f}, {sums.n_bytes / 1000:.0f} kB")  # fmt: skip


def main() -> None:
    if "--storm" in sys.argv:
        storm(int(sys.argv[sys.argv.index("--storm") + 1]))
        return
    folders = folders_of(Path(os.environ["YUKI_DATA"]) / "matching")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC).date()}, "
          f"load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    print("| drives | right at once | 1 later | 2 | 4 | whole | first = whole | confirmed = whole | more mismatch, m "
          "| waited: mean, 95 % | step ms CPU: 50 %, 99 % | wall 99 % | kB |")  # fmt: skip
    print("|---" * 13 + "|")
    drives = [read_drive(folder) for folder in folders]
    for every_s in (1.0, 10.0):
        for name, part in ((SEATTLE, drives[:1]), ("20 of Kubička", drives[1:])):
            sums = Sums()
            for drive in part:
                traces = traces_of(thinned(drive.fixes, every_s), drive.network)
                both = add_steps(drive.network, drive.roads.index, traces, sums)
                wrong = [mismatch(drive.length_m, one.traversals.edge.astype(np.int64), drive.true)[0] for one in both]
                sums.extra_m += wrong[0] - wrong[1]
                add_truth(drive, traces, sums)
            show(name, every_s, sums)
    if "--stand" in sys.argv:
        stand(drives[0])


if __name__ == "__main__":
    main()

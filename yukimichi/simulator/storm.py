"""A storm: all vehicles over a network, their fixes and the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.errors import InputError
from geo.network import Network
from yukimichi.simulator.duties import Duty
from yukimichi.simulator.motion import Motion, join_motions, make_motion
from yukimichi.simulator.reports import Shift, make_fixes
from yukimichi.simulator.tours import Roads, make_tour, prepare_roads
from yukimichi.simulator.truth import make_truth
from yukimichi.simulator.units import Receivers, Unit, draw_unit

type Floats = NDArray[np.float64]
#: Vehicles that stand ready at their depot for most of the storm; some of them never leave.
_LATE_SHARE = 0.13
type Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Storm:
    """ending_at: the last moment that is simulated, zone-aware. hours: how long before the first machines went out.

    share: part of the vehicles that go out. traffic_side: left or right. interval_s: all devices report so often;
    None: as real ones do, mostly every 15 s. receivers: how far positions err.
    """

    ending_at: datetime
    hours: float = 6.0
    share: float = 1.0
    traffic_side: str = "left"
    interval_s: float | None = None
    receivers: Receivers = field(default_factory=Receivers)


@dataclass(frozen=True, slots=True)
class SimRun:
    """Tables of a simulated storm.

    fixes: vehicle, at (UTC), lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, treatment, in order of
    time, with repeats as sent.
    truth: vehicle, seq, edge_id, from_m, to_m (along digitising), entered_at, left_at, worked, treatment, motion
    (drive or reverse), is_sensor_wrong, n_fixes.
    """

    fixes: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True, slots=True)
class SimFiles:
    """Files of a simulated storm."""

    fixes: Path
    truth: Path


def simulate(
    network: Network, duties: Sequence[Duty], storm: Storm, *, seed: int, progress: Progress | None = None
) -> SimRun:
    """Drive all duties through a storm. The same arguments give the same tables."""
    if storm.ending_at.tzinfo is None:
        raise InputError("ending_at has no time zone.", hint="Give it with its offset, such as 08:00+09:00.")
    if not storm.hours > 0 or not 0 < storm.share <= 1:
        raise InputError(
            f"A storm of {storm.hours} hours with a share of {storm.share} cannot be simulated.",
            hint="Give hours above 0 and a share above 0 and up to 1.",
        )
    if not duties:
        raise InputError("No vehicle has a duty.", hint="Ingest routes or sections, and assignments with vehicles.")
    rng = np.random.default_rng(seed)
    chosen = [duty for duty in duties if rng.random() < storm.share] or list(duties[:1])
    shift = _drive_all(network, chosen, storm, seed, progress)
    fixes, sent = make_fixes(network, shift, storm.traffic_side, rng, storm.receivers)
    return SimRun(fixes, make_truth(network, shift, sent))


def _drive_all(network: Network, duties: Sequence[Duty], storm: Storm, seed: int, progress: Progress | None) -> Shift:
    """The motion of all vehicles; each draws from its own seed, so that one more changes none of the others."""
    roads, nodes = prepare_roads(network), cKDTree(network.node_xy)
    out: list[tuple[Duty, Motion, Unit, float]] = []
    for i, duty in enumerate(duties):
        driven = _one(network, roads, nodes, duty, storm, np.random.default_rng([seed, i]))
        if driven is not None:
            out.append((duty, *driven))
        if progress:
            progress(i + 1, len(duties))
    if not out:
        raise InputError("No vehicle can reach its duty.", hint="Check that the planned roads are connected and open.")
    return Shift(
        duties=[duty for duty, _, _, _ in out],
        units=[unit for _, _, unit, _ in out],
        legs=join_motions([motion for _, motion, _, _ in out]),
        leg_vehicle=np.repeat(np.arange(len(out)), [len(motion.kind) for _, motion, _, _ in out]),
        start_s=np.array([start for _, _, _, start in out]),
        length_s=storm.hours * 3_600.0,
        begin=storm.ending_at.astimezone(UTC).replace(microsecond=0) - timedelta(hours=storm.hours),
    )


def _one(
    network: Network, roads: Roads, nodes: cKDTree, duty: Duty, storm: Storm, rng: np.random.Generator
) -> tuple[Motion, Unit, float] | None:
    """One vehicle: its motion, its device, and when it starts, seconds after the storm's begin."""
    length_s = storm.hours * 3_600.0
    start_s = float(rng.beta(1.6, 4.0) * 0.32 * length_s)
    work_mps = float(rng.uniform(2.4, 4.2) if duty.is_local else rng.uniform(5.0, 8.0))
    work_mps *= 1.5 if duty.is_spreader else 1.0
    start_node = _start_node(network, nodes, duty)
    rounds = int(rng.choice(np.array([1, 2, 4, 8]), p=np.array([0.10, 0.20, 0.30, 0.40])))
    is_late = rng.random() < _LATE_SHARE
    wait_s = float(rng.uniform(0.6, 1.05) * (length_s - start_s) if is_late else rng.uniform(180.0, 700.0))
    tour = make_tour(roads, duty.edge, start_node, max(length_s - start_s - wait_s, 0.0), work_mps, rounds)
    if len(tour.edge) == 0:
        return None
    motion = make_motion(network, roads, duty, tour, work_mps, wait_s, rng)
    unit = draw_unit(min(float(motion.t1[-1]), length_s - start_s), rng, storm.interval_s)
    return motion, unit, start_s


def _start_node(network: Network, nodes: cKDTree, duty: Duty) -> int:
    """The node nearest to the depot that an open edge leaves and another reaches."""
    near = np.atleast_1d(nodes.query(np.array(duty.depot_xy), k=min(12, len(network.node_xy)))[1])
    for node in near.tolist():
        leaving = network.out_edge[network.out_start[node] : network.out_start[node + 1]]
        if network.is_open[leaving].any() and network.is_open[leaving ^ 1].any():
            return int(node)
    return int(network.edge_from[duty.edge[0]])


def write_run(run: SimRun, folder: Path) -> SimFiles:
    """Write fixes.parquet and truth.parquet into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    files = SimFiles(folder / "fixes.parquet", folder / "truth.parquet")
    run.fixes.to_parquet(files.fixes, index=False)
    run.truth.to_parquet(files.truth, index=False)
    return files

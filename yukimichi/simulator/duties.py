"""Who ploughs what: plans and assignments turned into one duty for each vehicle with a device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.errors import InputError
from geo.network import Network
from geo.vocabulary import ROAD_CLASSES, RoadClass, Treatment

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Machines that only spread; where a plough is assigned besides, they salt the whole route.
SPREADER_CLASS = "凍結防止剤散布車"
#: Machines that widen a part of the route after the others.
ROTARY_CLASS = "ロータリ除雪車"
GRADER_CLASS = "除雪グレーダ"
#: A planned interval counts as the whole edge from this share on.
_WHOLE_EDGE = 0.5


@dataclass(frozen=True, slots=True)
class Duty:
    """One vehicle's work: the directed edges to treat (positions in the network) and its depot in plane metres."""

    vehicle: str
    edge: Ints
    depot_xy: tuple[float, float]
    treatment: Treatment
    is_local: bool

    @property
    def is_spreader(self) -> bool:
        """Whether it spreads and has no blade."""
        return self.treatment is Treatment.ANTI_ICING


def planned_edges(network: Network, edge_id: Ints, from_m: Floats, to_m: Floats) -> Ints:
    """Open edge positions of plan intervals that hold at least half of their edge; unknown ids are left out."""
    position = network.position_of(edge_id)
    known = position >= 0
    position, span = position[known], (to_m - from_m)[known]
    long_enough = span >= _WHOLE_EDGE * network.length_m[position >> 1]
    chosen: Ints = np.unique(position[long_enough])
    is_open: NDArray[np.bool_] = network.is_open[chosen]
    return chosen[is_open]


def duties_from_plan(
    network: Network, plan_edges: pd.DataFrame, assignments: pd.DataFrame, depot_xy: Floats
) -> list[Duty]:
    """One duty a vehicle.

    plan_edges: route_id, section_id (one of them null or empty), edge_id, from_m, to_m. assignments: route_id,
    section_id, machine_class, vehicle; rows without a vehicle are skipped, since nobody would hear of them. depot_xy
    (k, 2) plane metres; none: each vehicle starts at its first edge. Vehicles of one plan share its edges in
    contiguous parts; spreaders take all of it and rotary ploughs a third.
    """
    key = _plan_key(plan_edges)
    edges_of = {
        str(name): planned_edges(
            network,
            part["edge_id"].to_numpy(np.int64),
            part["from_m"].to_numpy(float),
            part["to_m"].to_numpy(float),
        )
        for name, part in plan_edges.groupby(key, sort=True)
    }
    depots = cKDTree(depot_xy) if len(depot_xy) else None
    duties: list[Duty] = []
    with_key = assignments.assign(key=_plan_key(assignments))
    for name, crew in with_key.groupby("key", sort=True):
        edges = edges_of.get(str(name), np.empty(0, np.int64))
        if len(edges):
            duties += _crew_duties(network, edges, crew, depots, is_local=str(name).startswith("section "))
    return duties


def _plan_key(table: pd.DataFrame) -> NDArray[np.object_]:
    """(n,) `route X` or `section Y`."""
    route = table["route_id"].fillna("").astype(str)
    section = table["section_id"].fillna("").astype(str)
    named: NDArray[np.object_] = np.where(route != "", "route " + route, "section " + section)
    return named


def _crew_duties(
    network: Network, edges: Ints, crew: pd.DataFrame, depots: cKDTree | None, *, is_local: bool
) -> list[Duty]:
    machine = crew["machine_class"].fillna("").astype(str).tolist()
    vehicle = crew["vehicle"].fillna("").astype(str).tolist()
    ploughs = [i for i, kind in enumerate(machine) if kind not in (SPREADER_CLASS, ROTARY_CLASS)]
    if not ploughs:
        ploughs = list(range(len(machine)))
    shares = split_edges(network, edges, len(ploughs))
    duties: list[Duty] = []
    for i, (kind, name) in enumerate(zip(machine, vehicle, strict=True)):
        if i in ploughs:
            part = shares[ploughs.index(i)]
            treatment = Treatment.FRESH_SNOW_PLOWING
            if kind == GRADER_CLASS and len(ploughs) > 1 and i == ploughs[-1]:
                treatment = Treatment.SURFACE_GRADING
        elif kind == SPREADER_CLASS:
            part, treatment = edges, Treatment.ANTI_ICING
        else:
            part, treatment = split_edges(network, edges, 3)[i % 3], Treatment.WIDENING
        if name and len(part):
            duties.append(Duty(name, part, _depot(network, part, depots), treatment, is_local))
    return duties


def split_edges(network: Network, edges: Ints, n: int) -> list[Ints]:
    """Share edges out in n parts that lie together and are about equally long; both directions stay with one part."""
    if n == 1:
        return [edges]
    middle = (network.node_xy[network.edge_from[edges]] + network.node_xy[network.edge_to[edges]]) / 2
    spread = middle - middle.mean(axis=0)
    axis = np.linalg.svd(spread, full_matrices=False)[2][0]
    order = np.lexsort([edges, edges >> 1, spread @ axis])
    total = np.cumsum(network.length_m[edges[order] >> 1])
    part = np.minimum((total - 1e-6) * n // total[-1], n - 1).astype(np.int64)
    first_of_piece = np.unique(edges[order] >> 1, return_index=True, return_inverse=True)
    part = part[first_of_piece[1]][first_of_piece[2]]
    return [edges[order][part == k] for k in range(n)]


def _depot(network: Network, edges: Ints, depots: cKDTree | None) -> tuple[float, float]:
    centre = network.node_xy[network.edge_from[edges]].mean(axis=0)
    if depots is None:
        start = network.node_xy[network.edge_from[edges[0]]]
        return float(start[0]), float(start[1])
    spot = depots.data[int(depots.query(centre)[1])]
    return float(spot[0]), float(spot[1])


def make_duties(network: Network, n_vehicles: int, seed: int, share: float = 0.35) -> list[Duty]:
    """Duties for a network without a plan: main roads first, then streets, shared out among n vehicles.

    share is the part of the open length that is on duty. Raises InputError for an empty network.
    """
    if network.n_edges == 0:
        raise InputError("The network has no edge.", hint="Ingest roads first: yukimichi ingest roads FILE.")
    rng = np.random.default_rng(seed)
    rank = network.road_class + 6 * (network.road_class == ROAD_CLASSES.index(RoadClass.UNKNOWN))
    middle = (network.node_xy[network.edge_from[0::2]] + network.node_xy[network.edge_to[0::2]]) / 2
    core = middle[rng.integers(len(middle))]
    order = np.lexsort([np.hypot(*(middle - core).T), rank])
    pieces = order[np.cumsum(network.length_m[order]) <= share * network.length_m.sum()]
    pieces = pieces if len(pieces) else order[:1]
    groups = _halves(middle[pieces], pieces, network.length_m, n_vehicles)
    duties: list[Duty] = []
    for i, group in enumerate(groups):
        edges = np.sort(np.r_[group * 2, group * 2 + 1])
        edges = edges[network.is_open[edges]]
        if len(edges):
            start = network.node_xy[network.edge_from[edges[0]]]
            depot = (float(start[0] + rng.normal(0, 90)), float(start[1] + rng.normal(0, 90)))
            duties.append(Duty(f"V{i + 1:03d}", edges, depot, Treatment.FRESH_SNOW_PLOWING, is_local=True))
    return duties


def _halves(middle: Floats, pieces: Ints, length_m: Floats, n: int) -> list[Ints]:
    """Pieces in n compact groups of about equal length, by cutting in two across the longer side again and again."""
    if n <= 1 or len(pieces) <= 1:
        return [pieces]
    axis = int(np.argmax(np.ptp(middle, axis=0)))
    order = np.lexsort([pieces, middle[:, axis]])
    total = np.cumsum(length_m[pieces[order]])
    first = max(1, min(len(pieces) - 1, int(np.searchsorted(total, total[-1] * (n // 2) / n))))
    a, b = order[:first], order[first:]
    left = _halves(middle[a], pieces[a], length_m, n // 2)
    return left + _halves(middle[b], pieces[b], length_m, n - n // 2)

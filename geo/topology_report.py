"""What a person has to know of a built topology: sizes, gaps, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.noding import TOUCH_M
from geo.polyline import project, segment_shapes, segments
from geo.roads import MANAGERS
from geo.topology import Topology
from geo.vocabulary import ROAD_CLASSES

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Dead ends up to this far from a line are counted beside the near misses: a greater tolerance might join them.
LOOK_M = 5.0
#: How many near misses and dropped roads the report lists one by one.
LISTED = 50


@dataclass(frozen=True, slots=True)
class NearMisses:
    """Dead ends that nearly meet a line.

    road        (M,) row in RoadTable of the road that ends there
    near_road   (M,) row of the road that it nearly meets
    xy          (M, 2) the dead end, metres
    distance_m  (M,) to the nearest line that the end is not joined to, at most the greater of LOOK_M and tolerance
    """

    road: Ints
    near_road: Ints
    xy: Floats
    distance_m: Floats


@dataclass(frozen=True, slots=True)
class TopologyReport:
    """Figures of a topology; lengths in km. `as_json` is what net.version keeps.

    n_roads            features read
    n_snapped          road ends joined to a node that they missed by a millimetre up to the tolerance
    n_near_misses      dead ends within the tolerance of a line that the policy or the level does not join them to
    n_beyond_snap      dead ends beyond the tolerance, within LOOK_M of a line
    largest_share      part of all km in the largest component
    km_by_class        class → manager → km
    dropped            reason → [pieces or roads, km]
    listed             near misses and dropped roads one by one, LISTED of each at most
    """

    n_roads: int
    n_pieces: int
    n_edges: int
    n_nodes: int
    n_components: int
    n_dead_ends: int
    n_snapped: int
    n_near_misses: int
    n_beyond_snap: int
    n_duplicates: int
    km: float
    largest_share: float
    km_by_class: dict[str, dict[str, float]]
    dropped: dict[str, list[float]]
    listed: dict[str, list[dict[str, Any]]]

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def report(topology: Topology, snap_m: Floats) -> TopologyReport:
    """Figures of a topology whose roads (n,) were joined within snap_m (n,)."""
    length = topology.lines.length_m
    component = components(topology)
    by_component = np.bincount(component[topology.from_node], weights=length)
    misses = near_misses(topology, max(LOOK_M, float(snap_m.max(initial=0.0))))
    within = misses.distance_m <= np.maximum(snap_m[misses.road], TOUCH_M)
    reasons = Counter(topology.dropped.reason.tolist())
    km = float(length.sum()) / 1000
    return TopologyReport(
        n_roads=len(topology.roads),
        n_pieces=topology.n_pieces,
        n_edges=2 * topology.n_pieces,
        n_nodes=topology.n_nodes,
        n_components=int(component.max(initial=-1)) + 1,
        n_dead_ends=int((degree(topology) == 1).sum()),
        n_snapped=topology.n_snapped,
        n_near_misses=int(within.sum()),
        n_beyond_snap=int((~within).sum()),
        n_duplicates=reasons.get("duplicate", 0),
        km=round(km, 3),
        largest_share=round(float(by_component.max(initial=0.0)) / 1000 / km, 4) if km else 0.0,
        km_by_class=_km_by_class(topology, length),
        dropped={r: [n, round(_dropped_km(topology, r), 3)] for r, n in sorted(reasons.items())},
        listed={"near_misses": _list_misses(topology, misses), "dropped": _list_dropped(topology)},
    )


def degree(topology: Topology) -> Ints:
    """(N,) number of piece ends at each node; a loop counts twice."""
    ends = np.concatenate([topology.from_node, topology.to_node])
    count: Ints = np.bincount(ends, minlength=topology.n_nodes).astype(np.int64)
    return count


def components(topology: Topology) -> Ints:
    """(N,) component of each node, directions ignored."""
    n = topology.n_nodes
    if n == 0:
        return np.empty(0, np.int64)
    pairs = (np.ones(topology.n_pieces, np.int8), (topology.from_node, topology.to_node))
    _, label = connected_components(coo_array(pairs, shape=(n, n)), directed=False)
    found: Ints = label.astype(np.int64)
    return found


def near_misses(topology: Topology, look_m: float) -> NearMisses:
    """Dead ends within look_m of a piece that neither is their own nor meets its other end; the nearest for each."""
    lines, n = topology.lines, topology.n_pieces
    alone = degree(topology) == 1
    at_start, at_end = np.nonzero(alone[topology.from_node])[0], np.nonzero(alone[topology.to_node])[0]
    piece = np.concatenate([at_start, at_end])
    xy = lines.xy[np.concatenate([lines.start[at_start], lines.start[at_end + 1] - 1])]
    other_node = np.concatenate([topology.to_node[at_start], topology.from_node[at_end]])
    vertex = segments(lines)
    if not len(piece) or not n:
        none = np.empty(0, np.int64)
        return NearMisses(none, none, np.empty((0, 2)), np.empty(0))
    tree = shapely.STRtree(segment_shapes(lines, vertex))
    end, segment = tree.query(shapely.points(xy), predicate="dwithin", distance=look_m)
    hit = lines.line_of_vertex[vertex[segment]]
    foreign = (hit != piece[end]) & (topology.from_node[hit] != other_node[end])
    foreign &= topology.to_node[hit] != other_node[end]
    end, segment, hit = end[foreign], vertex[segment[foreign]], hit[foreign]
    _, distance = project(lines, xy[end], segment)
    order = np.lexsort((hit, distance, end))
    first = np.ones(len(order), bool)
    first[1:] = np.diff(end[order]) != 0
    best = order[first]
    return NearMisses(topology.road[piece[end[best]]], topology.road[hit[best]], xy[end[best]], distance[best])


def _km_by_class(topology: Topology, length_m: Floats) -> dict[str, dict[str, float]]:
    roads, road = topology.roads, topology.road
    code = roads.road_class[road] * len(MANAGERS) + roads.manager[road]
    km = np.bincount(code, weights=length_m, minlength=len(ROAD_CLASSES) * len(MANAGERS)) / 1000
    table = km.reshape(len(ROAD_CLASSES), len(MANAGERS))
    return {
        c.value: {m.value: round(float(row[k]), 3) for k, m in enumerate(MANAGERS) if row[k] > 0}
        for c, row in zip(ROAD_CLASSES, table, strict=True)
        if row.any()
    }


def _dropped_km(topology: Topology, reason: str) -> float:
    return float(topology.dropped.length_m[topology.dropped.reason == reason].sum()) / 1000


def _list_misses(topology: Topology, misses: NearMisses) -> list[dict[str, Any]]:
    ids = topology.roads.external_id
    order = np.argsort(misses.distance_m, kind="stable")[:LISTED]
    return [
        {
            "external_id": ids[misses.road[k]],
            "near_external_id": ids[misses.near_road[k]],
            "x_m": round(float(misses.xy[k, 0]), 2),
            "y_m": round(float(misses.xy[k, 1]), 2),
            "distance_m": round(float(misses.distance_m[k]), 3),
        }
        for k in order
    ]


def _list_dropped(topology: Topology) -> list[dict[str, Any]]:
    ids, dropped = topology.roads.external_id, topology.dropped
    return [
        {
            "external_id": ids[dropped.road[k]],
            "reason": str(dropped.reason[k]),
            "length_m": round(float(dropped.length_m[k]), 3),
            "kept_external_id": ids[dropped.kept_road[k]] if dropped.kept_road[k] >= 0 else None,
        }
        for k in range(min(len(dropped.road), LISTED))
    ]

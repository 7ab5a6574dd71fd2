"""From what the peers answer to directed roads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.osm_file import Ways

type Ints = NDArray[np.int64]


def from_valhalla(ways: Ways, edges: Iterable[Sequence[int]]) -> Ints:
    """Directed roads, 2 * road_id + 1 against digitising, of (way, node where it is entered, is along) in order.

    The node decides. Where a way ends at the node where it begins, what Valhalla says of the direction does.
    """
    end = {int(road): (node[0], node[-1]) for road, node in zip(ways.road_id, ways.node, strict=True)}
    found = []
    for way, entered, is_along in edges:
        first, last = end[way - 1]
        if entered not in (first, last):
            raise ValueError(f"way {way} is entered at node {entered}, its ends are {first} and {last}")
        found.append(2 * (way - 1) + int(not is_along if first == last else entered == last))
    return np.array(found, np.int64)


def segments_of(ways: Ways) -> dict[tuple[int, int], int]:
    """Directed road by each pair of neighbouring nodes; the first of two roads that share a pair."""
    road: dict[tuple[int, int], int] = {}
    for road_id, node in zip(ways.road_id.tolist(), ways.node, strict=True):
        for a, b in pairwise(node):
            road.setdefault((a, b), 2 * road_id)
            road.setdefault((b, a), 2 * road_id + 1)
    return road


def from_osrm(road: dict[tuple[int, int], int], legs: Iterable[Sequence[int]]) -> Ints:
    """Directed roads of legs of nodes in order; see segments_of. A node that is repeated is no movement."""
    pairs = (pair for leg in legs for pair in pairwise(leg))
    return np.array([road[a, b] for a, b in pairs if a != b], np.int64)

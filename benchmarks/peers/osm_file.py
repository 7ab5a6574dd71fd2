"""Roads as an OpenStreetMap file, the one input that the peers read, and the way back to directed roads.

A way has the id of its road plus one, since no id may be zero. Ways share a node where their end points have the
same coordinates at 1e-7 degrees, the resolution of the format, and nowhere else: that is what the roads say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.osm.mutable import Node, Way

type Ints = NDArray[np.int64]

#: Units of the format in one degree.
PER_DEGREE = 10_000_000
#: Roads of an unknown speed get none, and the peers take theirs for this class.
CLASS_WITHOUT_SPEED = "secondary"
#: From so many metres a second on a road is of the class; by the usual limits of 110, 80, 60 and 45 km/h.
CLASS_BY_SPEED_MPS = ((30.0, "trunk"), (22.0, "primary"), (16.0, "secondary"), (12.0, "tertiary"), (0.0, "residential"))


@dataclass(frozen=True, slots=True)
class Ways:
    """Roads as ways.

    road_id  (n,) int64
    node     for each road its node ids along digitising, at least two
    place    (m, 2) int64, longitude and latitude of node id - 1, in units of the format
    tags     for each road
    """

    road_id: Ints
    node: list[list[int]]
    place: Ints
    tags: list[dict[str, str]]


def ways_of(
    road_id: Ints, line: Sequence[shapely.LineString], oneway: NDArray[np.bool_], speed_mps: NDArray[np.float64] | None
) -> Ways:
    """Ways of n roads with lines in degrees; a road that is shorter than the resolution is left out."""
    xy, owner = shapely.get_coordinates(np.asarray(line, object), return_index=True)
    unit = np.rint(xy * PER_DEGREE).astype(np.int64)
    fresh = np.r_[True, (owner[1:] != owner[:-1]) | (unit[1:] != unit[:-1]).any(axis=1)]
    unit, owner = unit[fresh], owner[fresh]
    start = np.searchsorted(owner, np.arange(len(road_id) + 1))
    first, last = start[:-1], start[1:] - 1
    _, shared = np.unique(unit[np.r_[first, last]], axis=0, return_inverse=True)
    n_shared = int(shared.max()) + 1
    # node ids: shared ends first, then each inner vertex its own
    node = np.zeros(len(unit), np.int64)
    is_end = np.zeros(len(unit), np.bool_)
    is_end[first] = is_end[last] = True
    node[~is_end] = n_shared + 1 + np.arange(int((~is_end).sum()))
    node[first], node[last] = shared[: len(first)] + 1, shared[len(first) :] + 1
    place = np.zeros((int(node.max()), 2), np.int64)
    place[node - 1] = unit
    kept = np.flatnonzero(last > first)
    return Ways(
        np.asarray(road_id, np.int64)[kept],
        [node[start[i] : start[i + 1]].tolist() for i in kept],
        place,
        [_tags(bool(oneway[i]), None if speed_mps is None else float(speed_mps[i])) for i in kept],
    )


def _tags(is_oneway: bool, speed_mps: float | None) -> dict[str, str]:
    tags = {"oneway": "yes" if is_oneway else "no"}
    if speed_mps is None:
        return tags | {"highway": CLASS_WITHOUT_SPEED}
    name = next(name for least, name in CLASS_BY_SPEED_MPS if speed_mps >= least)
    return tags | {"highway": name, "maxspeed": f"{round(speed_mps * 3.6)}"}


def write_ways(ways: Ways, path: Path) -> None:
    """Writes nodes, then ways, each in the order of their ids, as programs that read .osm.pbf expect."""
    with osmium.SimpleWriter(str(path)) as writer:
        for i, (lon, lat) in enumerate((ways.place / PER_DEGREE).tolist()):
            writer.add_node(Node(id=i + 1, location=(lon, lat), version=1))
        for i in np.argsort(ways.road_id, kind="stable").tolist():
            writer.add_way(Way(id=int(ways.road_id[i]) + 1, nodes=ways.node[i], tags=ways.tags[i], version=1))

"""The trunk: national, prefectural and main municipal roads between settlements and out to hamlets."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree

from geo.vocabulary import Manager, RoadClass
from yukimichi.demo.routing_plane import Mesh, find_branches, find_courses
from yukimichi.demo.tables import DemoTables

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: A road that exists already is this much cheaper than a new one, so that routes share it.
_SHARED_COST = 0.8
#: Auto-made prefectural roads join neighbouring settlements up to this distance.
_LONGEST_NEIGHBOUR_M = 17_000.0
#: A branch to a hamlet that needs this much new road is a prefectural road.
_PREFECTURAL_BRANCH_M = 2_300.0
#: Prefectural numbers of such branches, and how many there are at most, so that larger networks get more streets only.
FIRST_BRANCH = 301
_MOST_BRANCHES = 165


@dataclass(frozen=True, slots=True)
class Strand:
    """What all pieces of one stretch have in common. `leg` orders the strands of one route; -1 outside routes."""

    route: str | None
    name: str
    road_class: RoadClass
    manager: Manager
    oneway: int = 0
    lanes: int = 2
    width_m: float = 6.0
    speed_mps: float = 13.9
    leg: int = -1
    start: str = ""
    end: str = ""


@dataclass(slots=True)
class Trunk:
    """Owned mesh edges (position -> strand) and the strands themselves; hamlets are mesh points."""

    mesh: Mesh
    owner: dict[int, int] = field(default_factory=dict)
    strands: list[Strand] = field(default_factory=list)
    hamlets: list[int] = field(default_factory=list)
    lookup: dict[tuple[int, int], int] = field(default_factory=dict)

    def edges(self, course: list[int]) -> list[int]:
        """The mesh edges along a course."""
        return [self.lookup[min(a, b), max(a, b)] for a, b in pairwise(course)]

    def take(self, course: list[int], strand: Strand) -> int:
        """Give the mesh edges of a course that nobody owns to a strand; returns how many."""
        fresh = [e for e in self.edges(course) if e not in self.owner]
        if fresh:
            self.strands.append(strand)
            self.owner.update(dict.fromkeys(fresh, len(self.strands) - 1))
        return len(fresh)

    def cost(self) -> Floats:
        """(M,) cost of each mesh edge now."""
        cost = self.mesh.cost.copy()
        cost[list(self.owner)] *= _SHARED_COST
        return cost

    def points(self) -> Ints:
        """Mesh points on the trunk, ascending."""
        owned = np.fromiter(self.owner, np.int64)
        return np.unique(np.r_[self.mesh.u[owned], self.mesh.v[owned]])


_WIDTHS = {  # road class -> lanes, width_m, speed_mps; usual cross-sections of Japanese rural roads, rounded
    RoadClass.NATIONAL: (2, 7.0, 16.7),
    RoadClass.MAJOR_PREFECTURAL: (2, 6.5, 13.9),
    RoadClass.PREFECTURAL: (2, 6.0, 12.5),
    RoadClass.MUNICIPAL_MAIN: (2, 5.5, 11.1),
    RoadClass.MUNICIPAL: (1, 4.0, 8.3),
    RoadClass.SERVICE: (1, 3.5, 5.6),
}


def make_strand(
    route: str | None,
    name: str,
    road_class: RoadClass,
    manager: Manager,
    leg: int = -1,
    ends: tuple[str, str] = ("", ""),
) -> Strand:
    """A two-way strand with the usual cross-section of its class."""
    lanes, width_m, speed_mps = _WIDTHS[road_class]
    return Strand(route, name, road_class, manager, 0, lanes, width_m, speed_mps, leg, *ends)


def build_trunk(tables: DemoTables, mesh: Mesh, n_hamlets: int, rng: np.random.Generator) -> Trunk:
    """Find courses for national roads, then main prefectural, then the other prefectural ones, then hamlets."""
    trunk = Trunk(mesh, lookup=mesh.edge_lookup())
    corridors = tables.corridors
    for road_class in (RoadClass.NATIONAL, RoadClass.MAJOR_PREFECTURAL):
        _take_corridors(trunk, tables, corridors[corridors["road_class"] == road_class.value])
    _take_neighbours(trunk, tables)
    _take_hamlets(trunk, tables, n_hamlets, rng)
    return trunk


def _take_corridors(trunk: Trunk, tables: DemoTables, corridors: pd.DataFrame) -> None:
    s = tables.settlements
    place = {key: i for i, key in enumerate(s["key"])}
    pairs: list[tuple[int, int]] = []
    strands: list[Strand] = []
    for row in corridors.itertuples():
        via = str(row.via).split()
        for leg, (a, b) in enumerate(pairwise(via)):
            pairs.append((place[a], place[b]))
            ends = (str(s["name"][place[a]]), str(s["name"][place[b]]))
            kind, manager = RoadClass(str(row.road_class)), Manager(str(row.manager))
            strands.append(make_strand(str(row.route), str(row.name), kind, manager, leg, ends))
    for course, strand in zip(find_courses(trunk.mesh, trunk.cost(), pairs), strands, strict=True):
        trunk.take(course, strand)


def _take_neighbours(trunk: Trunk, tables: DemoTables) -> None:
    """Prefectural roads between Gabriel neighbours: pairs whose circle of diameter holds no third settlement."""
    s = tables.settlements
    xy = s[["x_m", "y_m"]].to_numpy(float)
    triangles = Delaunay(xy).simplices
    pairs = np.unique(np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), 1), axis=0)
    middle, radius = (xy[pairs[:, 0]] + xy[pairs[:, 1]]) / 2, np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) / 2
    nearest = np.array([np.hypot(*(xy - m).T).min() for m in middle])
    chosen = pairs[(nearest > radius * 0.8) & (2 * radius < _LONGEST_NEIGHBOUR_M)]
    courses = find_courses(trunk.mesh, trunk.cost(), [(int(a), int(b)) for a, b in chosen])
    number = 101
    for (a, b), course in zip(chosen, courses, strict=True):
        ends = (str(s["name"][a]), str(s["name"][b]))
        route, name = f"県道{number}号", f"{ends[0]}{ends[1]}線"
        number += trunk.take(course, make_strand(route, name, RoadClass.PREFECTURAL, Manager.PREFECTURE, 0, ends)) > 0


def _take_hamlets(trunk: Trunk, tables: DemoTables, n_hamlets: int, rng: np.random.Generator) -> None:
    """Scatter hamlets over low places of the hills and join each to the network.

    Long ways out are prefectural roads, short ones municipal; remote ends are forest roads without a hamlet.
    """
    mesh, s = trunk.mesh, tables.settlements
    weight = np.exp(-mesh.height_m / 45.0) * np.clip(mesh.hills_m / 60.0, 0.05, 1.0) + 4e-3
    weight[: len(s)] = 0.0
    picks = rng.choice(len(mesh.xy), min(n_hamlets, len(mesh.xy) // 2), replace=False, p=weight / weight.sum())
    network = trunk.points()
    known = set(network.tolist())
    courses = find_branches(mesh, trunk.cost(), network, picks.tolist())
    place = cKDTree(s[["x_m", "y_m"]].to_numpy(float))
    number = FIRST_BRANCH
    for end, course in sorted(zip(picks.tolist(), courses, strict=True), key=lambda item: -len(item[1])):
        is_remote = bool(mesh.height_m[end] > 160.0)
        if len(course) > 1:
            near = str(s["name"][int(place.query(mesh.xy[end])[1])])
            fresh_m = sum(mesh.length_m[e] for e in trunk.edges(course) if e not in trunk.owner)
            number += _take_branch(trunk, course, near, fresh_m, is_remote, number)
        if not is_remote and (len(course) > 1 or end in known):
            trunk.hamlets.append(end)


def _take_branch(trunk: Trunk, course: list[int], near: str, fresh_m: float, is_remote: bool, number: int) -> bool:
    """Give a branch its class; returns whether it took a prefectural number."""
    if is_remote:
        trunk.take(course, make_strand(None, f"林道{near}線", RoadClass.SERVICE, Manager.OTHER))
    elif fresh_m > _PREFECTURAL_BRANCH_M and number < FIRST_BRANCH + _MOST_BRANCHES:
        name = f"{near}{'上下東西南北奥中'[number % 8]}{'谷原浦山田坂野'[number % 7]}線"
        kind, manager = RoadClass.PREFECTURAL, Manager.PREFECTURE
        trunk.take(course, make_strand(f"県道{number}号", name, kind, manager, 0, (near, near)))
        return True
    else:
        trunk.take(course, make_strand(None, "", RoadClass.MUNICIPAL_MAIN, Manager.MUNICIPALITY))
    return False

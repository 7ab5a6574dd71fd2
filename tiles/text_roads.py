"""What the roads of an area are called and how much of each is in which state, from the arrays of the summary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.db import read_sql
from geo.vocabulary import ROAD_CLASSES
from tiles.dataset import Dataset
from tiles.service import Service
from tiles.states import STATES, Bools, Ints
from tiles.summary import Summary, read_ground
from tiles.summary_numbers import Ground, Standing, stand

#: The area of roads that lie in no municipality.
OUTSIDE = "none"
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Label:
    """What a road is called. kind: route, name, or unnamed with an empty text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Roads:
    """Labels, greater roads first, and the position of each edge's label, in the order of the index."""

    labels: tuple[Label, ...]
    label: Ints


@dataclass(frozen=True, slots=True)
class RoadLine:
    """A road of an area: km of planned road by state, and km on nobody's plan."""

    label: Label
    km: dict[str, float]
    off_plan_km: float


@dataclass(frozen=True, slots=True)
class Basis:
    """A summary with what it rests on, and what may be told of each edge at its moment."""

    summary: Summary
    ground: Ground
    roads: Roads
    standing: Standing

    @property
    def moment_s(self) -> int:
        """The moment of the summary in seconds since the epoch."""
        return int(self.summary.moment.timestamp())


async def read_roads(service: Service, dataset: Dataset) -> Roads:
    """The labels of the present roads; read once for each version."""

    async def make() -> Roads:
        params = {"classes": [road_class.value for road_class in ROAD_CLASSES]}
        async with service.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(read_sql("tiles", "text_labels"), params)
            row = await cursor.fetchone()
        labels, edges = row or (None, None)
        found = tuple(Label(kind, text) for kind, text, _ in labels or ())
        return Roads(found, np.frombuffer(edges or b"", ">i4").astype(np.int64))

    found: Roads = await service.labels.get(dataset.roads_version, make)
    return found


async def basis_of(service: Service, summary: Summary) -> Basis:
    """What text pages are made of. Raises what reading raises."""
    ground = await read_ground(service, summary.dataset)
    roads = await read_roads(service, summary.dataset)
    return Basis(summary, ground, roads, stand(summary.told, int(summary.moment.timestamp())))


def mask_of(basis: Basis, area_id: str) -> Bools | None:
    """(E,) which edges lie in an area; None: there is no such area."""
    if area_id == OUTSIDE:
        outside: Bools = basis.ground.area == -1
        return outside if outside.any() else None
    for position, area in enumerate(basis.ground.areas):
        if area.area_id == area_id:
            found: Bools = basis.ground.area == position
            return found
    return None


def roads_of(basis: Basis, mask: Bools) -> list[RoadLine]:
    """The roads of an area, greater ones first."""
    at = np.flatnonzero(mask)
    label, km, planned = basis.roads.label[at], basis.ground.km[at], basis.ground.is_planned[at]
    n = len(basis.roads.labels)
    sums = np.bincount(label * len(STATES) + basis.standing.state[at], km * planned, n * len(STATES))
    by_state = sums.reshape(n, len(STATES))
    off_plan = np.bincount(label, km * ~planned, n)
    return [
        RoadLine(
            basis.roads.labels[position],
            {name: float(by_state[position, code]) for code, name in enumerate(STATES)},
            float(off_plan[position]),
        )
        for position in np.unique(label).tolist()
    ]


def pieces_of(basis: Basis, mask: Bools, label: Label) -> Ints:
    """Ids of the pieces of a road in an area, in the order of the index, which follows plans; empty: no such road."""
    if label not in basis.roads.labels:
        return np.empty(0, np.int64)
    number = basis.roads.labels.index(label)
    edges = basis.summary.present.index.edge_id[mask & (basis.roads.label == number)]
    pieces, first = np.unique(edges >> 1, return_index=True)
    found: Ints = pieces[np.argsort(first)]
    return found

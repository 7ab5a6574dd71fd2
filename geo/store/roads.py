"""Reads the road sets of today out of raw, as arrays in a plane CRS."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.db import Row, read_sql
from geo.roads import MANAGERS, RoadTable, road_table
from geo.vocabulary import ROAD_CLASSES

type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]

#: Rises when the same roads and settings give another topology.
BUILDER_VERSION = 1


@dataclass(frozen=True, slots=True)
class RoadFile:
    """A file of roads that is part of the network."""

    source_id: int
    file_id: int
    join_policy: str
    snap_m: float
    sha256: bytes
    settings_sha256: bytes
    is_synthetic: bool


def read_road_files(connection: psycopg.Connection[Row]) -> list[RoadFile]:
    """The files whose union is the network, in the order in which `read_roads` gives their roads."""
    return [RoadFile(*row) for row in connection.execute(read_sql("geo", "queries/read_road_sets")).fetchall()]


def content_sha256(files: list[RoadFile], crs_epsg: int) -> bytes:
    """Of everything that decides the network: files, their settings, policies, plane CRS and builder."""
    content = hashlib.sha256(f"{BUILDER_VERSION} {crs_epsg}".encode())
    for file in files:
        content.update(f"{file.source_id} {file.join_policy} {file.snap_m!r} ".encode())
        content.update(file.sha256 + file.settings_sha256)
    return content.digest()


def read_bounds(connection: psycopg.Connection[Row], files: list[RoadFile]) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees of all the roads; None where the files have none."""
    params = {"file_ids": [file.file_id for file in files]}
    row = connection.execute(read_sql("geo", "queries/read_bounds"), params).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1], row[2], row[3])


def read_roads(
    connection: psycopg.Connection[Row], files: list[RoadFile], crs_epsg: int
) -> tuple[RoadTable, Bools, Floats]:
    """All roads (n,), which of them are unsplit (n,), and their snap tolerances (n,) in metres."""
    params = {"file_ids": [file.file_id for file in files]}
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(read_sql("geo", "queries/read_roads"), params).fetchall()
    column: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 13
    source = np.array(column[0], np.int64)
    policy = {file.source_id: file.join_policy == "crossings" for file in files}
    snap = {file.source_id: file.snap_m for file in files}
    roads = road_table(
        plane_shapes(shapely.from_wkb(np.array(column[12], object)), crs_epsg),
        external_id=np.array(column[1], object),
        source_id=source,
        name=_objects(column[2]),
        route=_objects(column[3]),
        manager=[_MANAGER_CODE[value] for value in column[4]],
        road_class=[_CLASS_CODE[value] for value in column[5]],
        oneway=column[6],
        level=column[7],
        lanes=[-1 if value is None else value for value in column[8]],
        width_m=_numbers(column[9]),
        speed_mps=_numbers(column[10]),
        is_closed=column[11],
    )
    return roads, np.array([policy[s] for s in column[0]], bool), np.array([snap[s] for s in column[0]], float)


_MANAGER_CODE = {manager.value: code for code, manager in enumerate(MANAGERS)}
_CLASS_CODE = {road_class.value: code for code, road_class in enumerate(ROAD_CLASSES)}


def plane_shapes(shapes: NDArray[Any], crs_epsg: int) -> NDArray[Any]:
    """(n,) geometries in degrees, in metres of a plane CRS."""
    moved: NDArray[Any] = shapely.transform(shapes, lambda xy: to_plane(xy[:, 0], xy[:, 1], crs_epsg))
    return moved


def _objects(values: Any) -> NDArray[Any]:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _numbers(values: Any) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)

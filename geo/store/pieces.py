"""Pieces and lineage in and out of net: rows on one side, arrays on the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_lonlat
from geo.db import Row, read_sql
from geo.lineage import VersionChange
from geo.network import Network, PieceArrays, build_network
from geo.polyline import from_shapes, to_shapes
from geo.roads import MANAGERS
from geo.store.roads import plane_shapes
from geo.topology import Topology
from geo.vocabulary import ROAD_CLASSES, RoadClass

type Ints = NDArray[np.int64]


def read_network(connection: psycopg.Connection[Row], version: int, crs_epsg: int) -> Network:
    """A network version built from the rows of net.piece alone."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(read_sql("geo", "queries/read_pieces"), {"network_version": version}).fetchall()
    column: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 10
    lines = from_shapes(plane_shapes(shapely.from_wkb(np.array(column[9], object)), crs_epsg))
    pieces = PieceArrays(
        piece_id=np.array(column[0], np.int64),
        from_node=np.array(column[1], np.int64),
        to_node=np.array(column[2], np.int64),
        length_m=np.array(column[3], np.float64),
        oneway=np.array(column[4], np.int64),
        is_closed=np.array(column[5], np.bool_),
        speed_mps=np.array(column[6], np.float64),
        level=np.array(column[7], np.int64),
        road_class=np.array([ROAD_CLASSES.index(RoadClass(value)) for value in column[8]], np.int64),
        shape_start=lines.start,
        shape_xy=lines.xy,
    )
    return build_network(pieces, version, crs_epsg)


def take_ids(connection: psycopg.Connection[Row], query: str, n: int) -> Ints:
    """(n,) fresh ids of a sequence; `query` is take_piece_ids or take_node_ids."""
    rows = connection.execute(read_sql("geo", f"queries/{query}"), {"n": n}).fetchall()
    return np.array([row[0] for row in rows], np.int64)


def copy_pieces(
    connection: psycopg.Connection[Row],
    topology: Topology,
    crs_epsg: int,
    version: int,
    piece_id: Ints,
    node_id: Ints,
    content_key: NDArray[Any],
    added: Ints,
) -> None:
    """Write the pieces at positions `added` of a topology whose pieces and nodes have these ids."""
    rows = _piece_rows(topology, crs_epsg, version, piece_id, node_id, content_key, added)
    with connection.cursor() as cursor, cursor.copy(read_sql("geo", "queries/copy_pieces")) as copy:
        for row in rows:
            copy.write_row(row)


def _piece_rows(
    topology: Topology,
    crs_epsg: int,
    version: int,
    piece_id: Ints,
    node_id: Ints,
    content_key: NDArray[Any],
    added: Ints,
) -> Iterator[tuple[Any, ...]]:
    roads, road = topology.roads, topology.road[added]
    drawn = shapely.transform(to_shapes(topology.lines)[added], lambda xy: to_lonlat(xy, crs_epsg))
    shapes = shapely.to_wkb(shapely.set_srid(drawn, 4326), hex=True, include_srid=True)
    width, lanes = roads.width_m[road].tolist(), roads.lanes[road].tolist()
    return zip(
        piece_id[added].tolist(),
        [version] * len(added),
        node_id[topology.from_node[added]].tolist(),
        node_id[topology.to_node[added]].tolist(),
        roads.source_id[road].tolist(),
        roads.external_id[road].tolist(),
        topology.from_m[added].tolist(),
        topology.to_m[added].tolist(),
        roads.name[road].tolist(),
        roads.route[road].tolist(),
        [MANAGERS[code].value for code in roads.manager[road]],
        [ROAD_CLASSES[code].value for code in roads.road_class[road]],
        roads.oneway[road].tolist(),
        roads.level[road].tolist(),
        [None if value < 0 else value for value in lanes],
        [None if value != value else value for value in width],
        roads.free_speed_mps[road].tolist(),
        roads.is_closed[road].tolist(),
        topology.lines.length_m[added].tolist(),
        content_key[added].tolist(),
        shapes.tolist(),
        strict=True,
    )


def copy_lineage(
    connection: psycopg.Connection[Row], change: VersionChange, version: int, old_id: Ints, new_id: Ints
) -> None:
    """Write the lineage of both directions of the gone pieces; ids by position in the old and in the new version."""
    runs = change.lineage
    with connection.cursor() as cursor, cursor.copy(read_sql("geo", "queries/copy_lineage")) as copy:
        for k in range(len(runs.old)):
            for side in (0, 1):
                before = (version, 2 * int(old_id[runs.old[k]]) + side, float(runs.from_m[k]), float(runs.to_m[k]))
                if runs.new[k] < 0:
                    copy.write_row((*before, None, None, None))
                else:
                    edge = 2 * int(new_id[runs.new[k]]) + (side ^ int(runs.is_flipped[k]))
                    copy.write_row((*before, edge, float(runs.new_from_m[k]), float(runs.new_to_m[k])))

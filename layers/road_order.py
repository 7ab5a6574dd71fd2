"""Publish the order in which compact answers tell the edges (geo.road_order), whenever roads or plans changed."""

from __future__ import annotations

import numpy as np
import psycopg

from geo.db import Row, read_sql
from geo.road_order import OrderInput, order_edges
from geo.store.bulk import fixed, read_columns, write_columns

_COLUMNS = {
    "edge_id": "int8", "plan": "int8", "name": "int8", "x0": "float8", "y0": "float8", "x1": "float8", "y1": "float8",
}  # fmt: skip
#: Ends of shapes that agree to so many decimals of a degree (1 cm) are one node.
_DECIMALS = 7


def publish_order(connection: psycopg.Connection[Row], *, has_new_roads: bool) -> int:
    """Write pub.road_order anew where the roads are new or have none yet, as yuki_publish; edges written."""
    if not has_new_roads:
        row = connection.execute(read_sql("layers", "road_order_is_there")).fetchone()
        if row == (True,):
            return 0
    connection.execute(read_sql("layers", "road_order_gone"))
    edges = read_order_input(connection)
    at = order_edges(edges)
    columns = {
        "edge_id": fixed("int8", edges.edge_id[at]),
        "position": fixed("int4", np.arange(len(at), dtype=np.int32)),
    }
    return write_columns(connection, read_sql("layers", "road_order_write"), columns)


def read_order_input(connection: psycopg.Connection[Row]) -> OrderInput:
    """What the order rests on, from pub.roads."""
    rows = read_columns(connection, read_sql("layers", "road_order_read"), {}, _COLUMNS)
    edge_id = rows["edge_id"].astype(np.int64)
    ends = np.round(np.stack([rows["x0"] + 1j * rows["y0"], rows["x1"] + 1j * rows["y1"]]), _DECIMALS)
    node = np.unique(ends, return_inverse=True)[1].reshape(2, -1).astype(np.int64)
    is_reversed = (edge_id & 1).astype(bool)
    across = ends[1] - ends[0]
    squeezed = across.real * np.cos(np.radians(ends[0].imag)) + 1j * across.imag
    heading = np.angle(squeezed) + np.where(is_reversed, np.pi, 0.0)
    tail, head = np.where(is_reversed, node[1], node[0]), np.where(is_reversed, node[0], node[1])
    return OrderInput(edge_id, tail, head, heading, rows["plan"], rows["name"])

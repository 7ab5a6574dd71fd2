"""What orders of road managers say of the edges of a network version at a moment, read from ops."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import psycopg

from geo.db import Row, read_sql
from geo.network import Network
from geo.orders import RESTRICTIONS, HeldStretches, Orders, orders_on
from geo.store.bulk import read_columns
from geo.store.carry import laid_on
from geo.store.events import known_text
from geo.vocabulary import State

_HELD = {
    "edge_id": "int8", "from_m": "float8", "to_m": "float8", "entry": "int8", "restriction": "int2", "state": "int2",
    "begins_us": "timestamptz",
}  # fmt: skip


def read_orders(
    connection: psycopg.Connection[Row], network: Network, as_of: datetime, known_at: datetime | None = None
) -> Orders:
    """What holds on each edge at a moment, by all that is known now, or as it was known at known_at.

    Stretches of edges that this network has no more are carried over along the lineage.
    """
    words = {"restrictions": [str(word) for word in RESTRICTIONS], "states": [str(word) for word in State]}
    params: dict[str, Any] = {"as_of": as_of, "known_at": known_text(known_at), **words}
    rows = read_columns(connection, read_sql("geo", "queries/copy_orders"), params, _HELD)
    rows, position, _ = laid_on(connection, network, rows)
    held = HeldStretches(
        edge=position, from_m=rows["from_m"], to_m=rows["to_m"], entry=rows["entry"],
        restriction=rows["restriction"].astype(np.int8), state=rows["state"].astype(np.int8),
        begins_us=rows["begins_us"],
    )  # fmt: skip
    return orders_on(held, np.repeat(network.length_m, 2))

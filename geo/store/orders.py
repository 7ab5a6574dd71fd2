"""What orders of road managers say of the edges of a network version at a moment, read from ops."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.linear import TOUCH_M
from geo.network import Network
from geo.orders import RESTRICTIONS, HeldStretches, Orders, orders_on
from geo.store.bulk import read_columns
from geo.store.events import known_text
from geo.vocabulary import State

type Columns = dict[str, NDArray[Any]]
type Ints = NDArray[np.int64]

_HELD = {
    "edge_id": "int8", "from_m": "float8", "to_m": "float8", "entry": "int8", "restriction": "int2", "state": "int2",
    "begins_us": "timestamptz",
}  # fmt: skip
_LINEAGE = {
    "from_edge": "int8", "from_from": "float8", "from_to": "float8", "to_edge": "int8", "to_from": "float8",
    "to_to": "float8", "version": "int4",
}  # fmt: skip
#: More generations of edges than this are a fault in the lineage.
GENERATIONS_MAX = 1000


def read_orders(
    connection: psycopg.Connection[Row], network: Network, as_of: datetime, known_at: datetime | None = None
) -> Orders:
    """What holds on each edge at a moment, by all that is known now, or as it was known at known_at.

    Stretches of edges that this network has no more are carried over along the lineage.
    """
    words = {"restrictions": [str(word) for word in RESTRICTIONS], "states": [str(word) for word in State]}
    params: dict[str, Any] = {"as_of": as_of, "known_at": known_text(known_at), **words}
    rows = read_columns(connection, read_sql("geo", "queries/copy_orders"), params, _HELD)
    rows = carried(connection, network, rows)
    held = HeldStretches(
        edge=network.position_of(rows["edge_id"]), from_m=rows["from_m"], to_m=rows["to_m"], entry=rows["entry"],
        restriction=rows["restriction"].astype(np.int8), state=rows["state"].astype(np.int8),
        begins_us=rows["begins_us"],
    )  # fmt: skip
    return orders_on(held, np.repeat(network.length_m, 2))


def carried(connection: psycopg.Connection[Row], network: Network, rows: Columns) -> Columns:
    """Rows with edge_id, from_m and to_m, those on edges that the network has no more laid on their heirs.

    What no lineage leads on is dropped. A row may become several.
    """
    for _ in range(GENERATIONS_MAX):
        lost = network.position_of(rows["edge_id"]) < 0
        if not lost.any():
            break
        ids = {"edge_ids": np.unique(rows["edge_id"][lost]).tolist()}
        heirs = read_columns(connection, read_sql("geo", "queries/copy_lineage_of"), ids, _LINEAGE)
        moved = _on_heirs({name: values[lost] for name, values in rows.items()}, heirs)
        rows = {name: np.concatenate([values[~lost], moved[name]]) for name, values in rows.items()}
    return rows


def _on_heirs(rows: Columns, heirs: Columns) -> Columns:
    """(R,) rows laid on the edges that took the place of theirs, metre by metre."""
    pair = [(r, h) for r, edge in enumerate(rows["edge_id"]) for h in np.flatnonzero(heirs["from_edge"] == edge)]
    row, heir = np.array(pair, np.int64).reshape(-1, 2).T
    start = np.maximum(rows["from_m"][row], heirs["from_from"][heir])
    end = np.minimum(rows["to_m"][row], heirs["from_to"][heir])
    some = end - start > TOUCH_M
    row, heir, start, end = row[some], heir[some], start[some], end[some]
    scale = (heirs["to_to"][heir] - heirs["to_from"][heir]) / (heirs["from_to"][heir] - heirs["from_from"][heir])
    a = heirs["to_from"][heir] + (start - heirs["from_from"][heir]) * scale
    b = heirs["to_from"][heir] + (end - heirs["from_from"][heir]) * scale
    moved = {name: values[row] for name, values in rows.items()}
    moved["edge_id"], moved["from_m"], moved["to_m"] = heirs["to_edge"][heir], np.minimum(a, b), np.maximum(a, b)
    return moved

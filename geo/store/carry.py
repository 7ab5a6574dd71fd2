"""Stretches of edges that a network version has no more, carried over to the edges that took their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.linear import TOUCH_M
from geo.network import Network
from geo.store.bulk import read_columns

type Columns = dict[str, NDArray[Any]]
type Ints = NDArray[np.int64]

#: An edge may have been replaced again and again; more generations than this are a fault in the lineage.
GENERATIONS_MAX = 1000
_LINEAGE = {
    "from_edge": "int8", "from_from": "float8", "from_to": "float8", "to_edge": "int8", "to_from": "float8",
    "to_to": "float8", "version": "int4",
}  # fmt: skip


def laid_on(
    connection: psycopg.Connection[Row], network: Network, rows: Columns
) -> tuple[Columns, Ints, NDArray[np.bool_]]:
    """Rows with edge_id, from_m and to_m on edges of any version as they lie on this network, their positions, and
    which were carried over.

    What lies on an edge that the network has no more is laid on its heirs along the lineage, stretch by stretch: a row
    may become several, and what no lineage leads on is dropped.
    """
    position = network.position_of(rows["edge_id"])
    n_own = int(np.count_nonzero(position >= 0))
    for _ in range(GENERATIONS_MAX):
        lost = position < 0
        if not lost.any():
            break
        moved = _carry(connection, {name: values[lost] for name, values in rows.items()})
        rows = {name: np.concatenate([values[~lost], moved[name]]) for name, values in rows.items()}
        position = network.position_of(rows["edge_id"])
    return rows, position, np.arange(len(position)) >= n_own


def _carry(connection: psycopg.Connection[Row], rows: Columns) -> Columns:
    """Rows on edges that are gone, one generation on; what no lineage leads on is dropped."""
    ids = {"edge_ids": np.unique(rows["edge_id"]).tolist()}
    heirs = read_columns(connection, read_sql("geo", "queries/copy_lineage_of"), ids, _LINEAGE)
    order = np.argsort(heirs["from_edge"], kind="stable")
    heirs = {name: values[order] for name, values in heirs.items()}
    low = np.searchsorted(heirs["from_edge"], rows["edge_id"], side="left")
    high = np.searchsorted(heirs["from_edge"], rows["edge_id"], side="right")
    n = high - low
    row = np.repeat(np.arange(len(n)), n)
    heir = np.repeat(low - np.concatenate([[0], np.cumsum(n)[:-1]]), n) + np.arange(len(row)) if len(row) else row
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

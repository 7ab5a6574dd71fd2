"""The states of now as arrays: read once whole, carried on by what changed, shared by all forms of the snapshot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from geo.db import read_sql
from geo.errors import DatabaseProblem
from geo.store.bulk import body_of, parse_columns
from tiles.dataset import Dataset, read_dataset
from tiles.service import Connection, Service
from tiles.states import REASONS, STATES, Index, Records

RECORD_KINDS = {
    "state": "int2", "reason": "int2", "cleared": "int8", "valid": "int8", "observed": "int8", "covered": "int2",
}  # fmt: skip
CODES: dict[str, Any] = {"states": STATES, "reasons": REASONS}


@dataclass(frozen=True, slots=True)
class Present:
    """The states of a dataset, exact to the second, in the order of its index; read at a time of the clock."""

    dataset: Dataset
    index: Index
    records: Records
    read_at: datetime


async def read_arrays(
    connection: Connection, sql: LiteralString, params: dict[str, Any], columns: dict[str, str]
) -> dict[str, NDArray[Any]]:
    """The result of a binary COPY as arrays; see geo.store.bulk.read_columns."""
    async with connection.cursor() as cursor, cursor.copy(sql, params) as copy:
        data = b"".join([bytes(block) async for block in copy])
    return await asyncio.to_thread(parse_columns, body_of(data), columns)


async def read_index(connection: Connection, dataset: Dataset, known: Index | None = None) -> Index:
    """The index of the present roads. Raises DatabaseProblem where they were published without an order."""
    if known is not None and known.roads_version == dataset.roads_version:
        return known
    found = await read_arrays(connection, read_sql("tiles", "road_order"), {}, {"edge_id": "int8"})
    if len(found["edge_id"]) != dataset.n_edges:
        raise DatabaseProblem(
            "The roads were published without the order of their edges.", hint="Run `yukimichi publish` once."
        )
    return Index.of(dataset.roads_version, found["edge_id"])


def records_from(rows: dict[str, NDArray[Any]]) -> Records:
    """Records from columns that were read."""
    return Records(**{name: rows[name] for name in RECORD_KINDS})


async def read_present(service: Service, known: Present | None) -> Present:
    """The states of the present publication, from those that are known where they are of the same basis."""
    read_at = service.clock()
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dataset = await read_dataset(connection, service.dataset) or service.dataset
        is_carried = known is not None and known.dataset.basis == dataset.basis
        is_carried = is_carried and known is not None and known.dataset.status_version <= dataset.status_version
        index = await read_index(connection, dataset, known.index if known else None)
        since = known.dataset.status_version if known and is_carried else 0
        kinds = {"position": "int4"} | RECORD_KINDS
        rows = await read_arrays(connection, read_sql("tiles", "states"), {"since": since} | CODES, kinds)
    at, news = rows["position"].astype(np.int64), records_from(rows)
    if known is not None and is_carried:
        records = known.records.put(at, news) if len(at) else known.records
    else:
        records = Records.unknown(len(index.edge_id), dataset.default_reason.value).put(at, news)
    return Present(dataset, index, records, read_at)

"""The states of now as arrays: read once whole, carried on by what changed, shared by all forms of the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from geo.db import read_sql
from geo.errors import DatabaseProblem
from tiles.dataset import Dataset, read_dataset
from tiles.service import Connection, Service
from tiles.states import NO_MOMENT, REASONS, STATES, Index, Records

#: How a statement tells a record: big-endian, one value after another; moments in microseconds since 2000.
RECORD = [("state", ">i2"), ("reason", ">i2"), ("cleared", ">i8"), ("valid", ">i8"), ("observed", ">i8"),
          ("covered", ">i2")]  # fmt: skip
MOMENTS = ("cleared", "valid", "observed")
#: Seconds from 1970-01-01 to 2000-01-01, the epoch of PostgreSQL, and what it tells for -infinity.
EPOCH_2000_S, NEVER = 946_684_800, int(np.iinfo(np.int64).min)
CODES: dict[str, Any] = {"states": STATES, "reasons": REASONS}


@dataclass(frozen=True, slots=True)
class Present:
    """The states of a dataset, exact to the second, in the order of its index; read at a time of the clock."""

    dataset: Dataset
    index: Index
    records: Records
    read_at: datetime


async def read_rows(
    connection: Connection, sql: LiteralString, params: dict[str, Any], fields: list[tuple[str, str]]
) -> NDArray[Any]:
    """The rows of a statement that gives them as one value, one after another in binary."""
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(sql, params)
        row = await cursor.fetchone()
    return np.frombuffer(b"" if row is None or row[0] is None else row[0], np.dtype(fields))


def seconds(at_us: NDArray[Any], *, up: bool = False) -> NDArray[np.int64]:
    """Whole seconds since 1970, rounded down or up, from microseconds since 2000; NO_MOMENT for none."""
    whole = -(-at_us.astype(np.int64) // 1_000_000) if up else at_us.astype(np.int64) // 1_000_000
    return np.where(at_us == NEVER, NO_MOMENT, whole + EPOCH_2000_S)


async def read_index(connection: Connection, dataset: Dataset, known: Index | None = None) -> Index:
    """The index of the present roads. Raises DatabaseProblem where they were published without an order."""
    if known is not None and known.roads_version == dataset.roads_version:
        return known
    found = await read_rows(connection, read_sql("tiles", "road_order"), {}, [("edge_id", ">i8")])
    if len(found) != dataset.n_edges:
        raise DatabaseProblem(
            "The roads were published without the order of their edges.", hint="Run `yukimichi publish` once."
        )
    return Index.of(dataset.roads_version, found["edge_id"].astype(np.int64))


def records_from(rows: NDArray[Any]) -> Records:
    """Records from rows that have the fields of RECORD."""
    times = {name: seconds(rows[name]) for name in MOMENTS}
    return Records(
        state=rows["state"].astype(np.int16), reason=rows["reason"].astype(np.int16),
        covered=rows["covered"].astype(np.int16), **times,
    )  # fmt: skip


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
        fields = [("position", ">i4"), *RECORD]
        rows = await read_rows(connection, read_sql("tiles", "states"), {"since": since} | CODES, fields)
    at, news = rows["position"].astype(np.int64), records_from(rows)
    if known is not None and is_carried:
        records = known.records.put(at, news) if len(at) else known.records
    else:
        records = Records.unknown(len(index.edge_id), dataset.default_reason.value).put(at, news)
    return Present(dataset, index, records, read_at)

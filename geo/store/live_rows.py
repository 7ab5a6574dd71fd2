"""Rows of live facts: what is new in raw, and what of the facts has to be ended and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.fix import TREATMENTS, Fixes
from geo.live_trace import LiveTrace
from geo.matching.matcher import MATCHER_VERSION
from geo.network import Network
from geo.store.bulk import read_columns
from geo.store.fixes import Batches, Touched, Vehicle
from geo.store.passes import Written, insert_passes
from geo.timeline import from_us, to_us

type Ints = NDArray[np.int64]
type Records = np.ndarray[tuple[int], np.dtype[np.void]]

_KINDS = {"vehicle": "int4", "at_us": "timestamptz", "lon": "float8", "lat": "float8"}
_KINDS |= dict.fromkeys(("heading_deg", "speed_mps", "accuracy_m"), "float4")
_KINDS |= dict.fromkeys(("blade", "spreader", "work", "treatment"), "int2")
_KINDS |= {"received_us": "timestamptz"}


@dataclass(frozen=True, slots=True)
class NewFixes:
    """Fixes that came in, by vehicle and time, and when each was received: (n,) microseconds since 1970."""

    fixes: Fixes
    received_us: Ints


def read_new_fixes(
    connection: psycopg.Connection[Row], batches: Batches, worker: int = 0, n_workers: int = 1
) -> NewFixes:
    """The fixes of some batches, of the vehicles of one of n workers."""
    params: dict[str, Any] = {"batch_ids": batches.batch_ids, "first_at": batches.first_at, "last_at": batches.last_at}
    params |= {"worker": worker, "n_workers": n_workers, "treatments": [str(word) for word in TREATMENTS]}
    found = read_columns(connection, read_sql("geo", "queries/copy_new_fixes"), params, _KINDS)
    received_us = found.pop("received_us")
    fixes = Fixes.from_arrays(**found)
    order = fixes.order()
    return NewFixes(fixes.select(order), received_us[order])


def read_quiet(
    connection: psycopg.Connection[Row], quiet_at: datetime, worker: int = 0, n_workers: int = 1
) -> list[Touched]:
    """Open traces, by vehicle, whose stored row ends before a moment."""
    params = {"quiet_at": quiet_at, "worker": worker, "n_workers": n_workers}
    return [Touched(*row) for row in connection.execute(read_sql("geo", "queries/read_quiet"), params).fetchall()]


def end_facts(connection: psycopg.Connection[Row], trace_ids: Ints, seqs: Ints) -> Written:
    """Supersede facts by (n,) trace and number. Raises ConflictError where one does not hold any more."""
    if not len(seqs):
        return Written.nothing()
    params = {"trace_ids": trace_ids.tolist(), "seqs": seqs.tolist()}
    rows = connection.execute(read_sql("geo", "queries/supersede_facts"), params).fetchall()
    if len(rows) != len(seqs):
        raise ConflictError(
            f"{len(seqs) - len(rows)} of {len(seqs)} facts of open traces were changed by somebody else.",
            hint="Nothing is lost: these traces are matched again as a whole.",
        )
    found = np.array([row[:2] for row in rows], np.int64)
    earliest_us = to_us(min(row[2] for row in rows))
    return Written(np.zeros(0, np.int64), found[:, 0], np.unique(found[:, 1]), earliest_us)


def write_facts(
    connection: psycopg.Connection[Row],
    facts: Records,
    of: list[LiveTrace],
    vehicles: dict[int, Vehicle],
    network: Network,
) -> Written:
    """Write (n,) FACT of the open traces `of`, one a fact."""
    if not len(facts):
        return Written.nothing()
    rows: dict[str, NDArray[Any]] = {name: facts[name] for name in facts.dtype.names or ()}
    rows["edge_id"] = network.edge_id[facts["edge"]]
    rows["trace_id"] = np.array([one.trace_id for one in of], np.int64)
    rows["vehicle_id"] = np.array([one.vehicle for one in of], np.int64)
    rows["is_provisional"] = np.ones(len(facts), np.bool_)
    rows["synthetic"] = np.array([vehicles[one.vehicle].is_synthetic for one in of], np.bool_)
    versions = {"matcher_version": MATCHER_VERSION, "network_version": network.version}
    pass_ids = insert_passes(connection, rows, versions)
    return Written(pass_ids, np.zeros(0, np.int64), np.unique(rows["edge_id"]), int(rows["ended_us"].min()))


def grow_rows(connection: psycopg.Connection[Row], traces: list[LiveTrace]) -> None:
    """Bring the stored rows of open traces up to date."""
    if not traces:
        return
    params = {
        "trace_ids": [one.trace_id for one in traces],
        "to_ats": [from_us(one.last[0]) for one in traces],
        "n_fixes": [one.n_fixes for one in traces],
    }
    connection.execute(read_sql("geo", "queries/grow_traces"), params)
    for one in traces:
        one.row_us = one.last[0]

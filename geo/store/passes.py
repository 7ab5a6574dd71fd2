"""Rows of ops.pass: of an amended trace only those that changed are superseded and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.fix import TREATMENTS
from geo.matching.result import STATUSES
from geo.network import Network
from geo.passes import Passes
from geo.store.amendments import note
from geo.store.bulk import FOREVER, constant, fixed, moments, read_columns, spans, words, write_columns
from geo.timeline import from_us
from geo.work import BASES, KINDS

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: The vocabularies in the order of the codes, as parameters of the queries.
CODES: dict[str, list[str]] = {
    "kinds": [str(word) for word in KINDS],
    "statuses": [str(word) for word in STATUSES],
    "treatments": [str(word) for word in TREATMENTS],
    "bases": [str(word) for word in BASES],
}
_HELD = {
    "pass_id": "int8", "trace_id": "int8", "seq": "int4", "edge_id": "int8", "from_m": "float8", "to_m": "float8",
    "began_us": "timestamptz", "ended_us": "timestamptz", "kind": "int2", "status": "int2", "treatment": "int2",
    "work_basis": "int2", "confidence": "float4", "first_fix_us": "timestamptz", "last_fix_us": "timestamptz",
    "n_fixes": "int4", "is_provisional": "bool", "is_same": "bool",
}  # fmt: skip
_COMPARED = tuple(name for name in _HELD if name not in ("pass_id", "trace_id", "seq", "is_same"))


@dataclass(frozen=True, slots=True)
class Written:
    """What became of facts: (n,) ids of those written, (m,) of those superseded, the ids of their edges, and the end of
    the earliest of them, FOREVER without any."""

    pass_ids: Ints
    ended_ids: Ints
    edge_ids: Ints
    earliest_us: int

    @staticmethod
    def nothing() -> Written:
        """No fact changed."""
        none = np.zeros(0, np.int64)
        return Written(none, none, none, FOREVER)

    def __add__(self, other: Written) -> Written:
        return Written(
            np.concatenate([self.pass_ids, other.pass_ids]),
            np.concatenate([self.ended_ids, other.ended_ids]),
            np.union1d(self.edge_ids, other.edge_ids),
            min(self.earliest_us, other.earliest_us),
        )


def touch(connection: psycopg.Connection[Row], written: Written, late: timedelta) -> None:
    """Leave word, in the connection's transaction, that the states of the edges have to be worked out again.

    What of it ended longer ago than `late` changed the past: that is noted (geo.store.amendments).
    """
    if len(written.edge_ids):
        note(connection, written.pass_ids, written.ended_ids, from_us(written.earliest_us), late)
        named = {"pass_ids": written.pass_ids.tolist(), "ended_pass_ids": written.ended_ids.tolist()}
        sql = read_sql("geo", "queries/insert_touch")
        connection.execute(sql, named | {"edge_ids": np.unique(written.edge_ids).tolist()})


def write_passes(
    connection: psycopg.Connection[Row],
    passes: Passes,
    network: Network,
    matcher_version: str,
    per_trace: dict[str, NDArray[Any]],
    gone: list[int],
) -> Written:
    """Bring the passes of W matched traces up to date and end those of traces that are gone.

    per_trace  trace_id, vehicle_id, provisional, synthetic: (W,) each
    gone       ids of traces without a successor
    A pass equal to the one with its trace and seq stays.
    """
    new: dict[str, NDArray[Any]] = {name: getattr(passes, name) for name in _COMPARED if hasattr(passes, name)}
    new["trace_id"], new["seq"] = per_trace["trace_id"][passes.trace], passes.seq
    new["edge_id"] = network.edge_id[passes.edge]
    new["is_provisional"] = per_trace["provisional"][passes.trace]
    versions = {"matcher_version": matcher_version, "network_version": network.version}
    params = {"trace_ids": [*per_trace["trace_id"].tolist(), *gone], **CODES, **versions}
    held = read_columns(connection, read_sql("geo", "queries/copy_trace_passes"), params, _HELD)
    stays, is_held = _unchanged(new, held)
    ended = held["pass_id"][~stays]
    if len(ended):
        connection.execute(read_sql("geo", "queries/supersede_passes"), {"pass_ids": ended.tolist()})
    write = ~is_held
    extra = {name: per_trace[name][passes.trace][write] for name in ("vehicle_id", "synthetic")}
    rows = {name: values[write] for name, values in new.items()} | extra
    earliest_us = min(int(ends.min(initial=FOREVER)) for ends in (rows["ended_us"], held["ended_us"][~stays]))
    edge_ids = np.union1d(rows["edge_id"], held["edge_id"][~stays])
    return Written(insert_passes(connection, rows, versions), ended, edge_ids, earliest_us)


def _unchanged(new: dict[str, NDArray[Any]], held: dict[str, NDArray[Any]]) -> tuple[Bools, Bools]:
    """(H,) which held rows equal the new row of their trace and seq, and (Q,) which new rows are held so."""
    stays, is_held = np.zeros(len(held["seq"]), np.bool_), np.zeros(len(new["seq"]), np.bool_)
    if not len(stays) or not len(is_held):
        return stays, is_held
    _, rank = np.unique(np.concatenate([held["trace_id"], new["trace_id"]]), return_inverse=True)
    key = rank * (1 << 32) + np.concatenate([held["seq"], new["seq"]])
    held_key, new_key = key[: len(stays)], key[len(stays) :]
    order = np.argsort(new_key)
    at = order[np.minimum(np.searchsorted(new_key, held_key, sorter=order), len(order) - 1)]
    stays = (new_key[at] == held_key) & held["is_same"].astype(np.bool_)
    for name in _COMPARED:
        stays &= held[name] == new[name][at].astype(held[name].dtype)
    is_held[at[stays]] = True
    return stays, is_held


def insert_passes(connection: psycopg.Connection[Row], rows: dict[str, NDArray[Any]], versions: dict[str, Any]) -> Ints:
    """Write new passes; (n,) their ids.

    rows      columns of (n,) by the names of geo.passes.Passes, with edge ids, trace_id, vehicle_id, is_provisional and
              synthetic
    versions  matcher_version and network_version
    """
    n = len(rows["seq"])
    if n == 0:
        return np.zeros(0, np.int64)
    found = connection.execute(read_sql("geo", "queries/take_pass_ids"), {"n": n}).fetchall()
    pass_ids = np.array([row[0] for row in found], np.int64)
    columns = {
        "pass_id": fixed("int8", pass_ids),
        "trace_id": fixed("int8", rows["trace_id"]),
        "seq": fixed("int4", rows["seq"]),
        "vehicle_id": fixed("int4", rows["vehicle_id"]),
        "edge_id": fixed("int8", rows["edge_id"]),
        "from_m": fixed("float8", rows["from_m"]),
        "to_m": fixed("float8", rows["to_m"]),
        "during": spans(rows["began_us"], rows["ended_us"]),
        "kind": words(rows["kind"], CODES["kinds"]),
        "status": words(rows["status"], CODES["statuses"]),
        "treatment": words(rows["treatment"], CODES["treatments"]),
        "work_basis": words(rows["work_basis"], CODES["bases"]),
        "confidence": fixed("float4", rows["confidence"]),
        "first_fix_at": moments(rows["first_fix_us"]),
        "last_fix_at": moments(rows["last_fix_us"]),
        "n_fixes": fixed("int4", rows["n_fixes"]),
        "matcher_version": constant(versions["matcher_version"], n),
        "network_version": fixed("int4", np.full(n, versions["network_version"])),
        "is_provisional": fixed("bool", rows["is_provisional"]),
        "is_synthetic": fixed("bool", rows["synthetic"]),
    }
    write_columns(connection, read_sql("geo", "queries/copy_passes_in"), columns)
    return pass_ids

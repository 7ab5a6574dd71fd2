"""Rows of ops.coverage and ops.treatment_coverage: only those that changed are superseded and written."""

from __future__ import annotations

from typing import Any, LiteralString

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.coverage import Coverage
from geo.db import Row, read_sql
from geo.fix import TREATMENTS
from geo.linear import Stretches, union
from geo.network import Network
from geo.status_rules import NEVER
from geo.store.events import Event
from geo.timeline import from_us
from geo.treatments import TreatmentCoverage

type Ints = NDArray[np.int64]


def write_coverage(
    connection: psycopg.Connection[Row], network: Network, event: Event, coverage: Coverage, at: Ints | None
) -> int:
    """Bring the coverage rows of edges up to date, in whole centimetres; how many changed.

    at  (E,) positions of the edges that the coverage is of; None: all
    """
    fraction = coverage.fraction.astype(np.float32)
    edge_id = network.edge_id if at is None else network.edge_id[at]
    wanted = {int(edge_id[e]): (text, float(fraction[e])) for e, text in covered_texts(coverage.covered)}
    params: dict[str, Any] = {"event_id": event.event_id, "edge_ids": None if at is None else edge_id.tolist()}
    name: LiteralString = "queries/read_coverage" if at is None else "queries/read_coverage_of"
    rows = connection.execute(read_sql("geo", name), params).fetchall()
    held = {row[0]: row[1] if row[2] == network.version else "" for row in rows}
    ended = [edge for edge, text in held.items() if edge not in wanted or wanted[edge][0] != text]
    new = [edge for edge, (text, _) in wanted.items() if held.get(edge) != text]
    if ended:
        params = {"event_id": event.event_id, "edge_ids": ended}
        connection.execute(read_sql("geo", "queries/supersede_coverage"), params)
    if new:
        with connection.cursor() as cursor, cursor.copy(read_sql("geo", "queries/copy_coverage_in")) as copy:
            for edge in new:
                copy.write_row((event.event_id, edge, *wanted[edge], network.version))
    return len(set(ended) | set(new))


def write_treatments(
    connection: psycopg.Connection[Row], network: Network, event: Event, treated: TreatmentCoverage, at: Ints | None
) -> int:
    """Bring the coverage by treatment of edges up to date; how many rows changed. at as in write_coverage."""
    edge_id = network.edge_id if at is None else network.edge_id[at]
    words = [str(word) for word in TREATMENTS]
    keys = [(int(edge_id[e]), words[t]) for e, t in zip(treated.edge.tolist(), treated.treatment.tolist(), strict=True)]
    reached = [None if us == NEVER else us for us in treated.reached_us.tolist()]
    wanted = {keys[g]: (text, reached[g], g) for g, text in covered_texts(treated.covered)}
    params: dict[str, Any] = {"event_id": event.event_id, "edge_ids": None if at is None else edge_id.tolist()}
    rows = connection.execute(read_sql("geo", "queries/read_treatment_coverage"), params).fetchall()
    held = {(row[0], row[1]): (row[2], row[3]) if row[4] == network.version else None for row in rows}
    ended = [key for key, row in held.items() if key not in wanted or wanted[key][:2] != row]
    new = [key for key, row in wanted.items() if held.get(key) != row[:2]]
    if ended:
        gone = {"edge_ids": [key[0] for key in ended], "treatments": [key[1] for key in ended]}
        params = {"event_id": event.event_id, **gone}
        connection.execute(read_sql("geo", "queries/supersede_treatment_coverage"), params)
    if new:
        sql = read_sql("geo", "queries/copy_treatment_coverage_in")
        with connection.cursor() as cursor, cursor.copy(sql) as copy:
            for key in new:
                text, us, g = wanted[key]
                fraction = float(np.float32(treated.fraction[g]))
                reached_at = None if us is None else from_us(us)
                copy.write_row((event.event_id, *key, text, fraction, reached_at, network.version))
    return len(set(ended) | set(new))


def covered_texts(covered: Stretches) -> list[tuple[int, str]]:
    """(edge position, nummultirange) of each covered edge, as PostgreSQL prints it: "{[0.00,12.50],[20.00,31.00]}".

    In whole centimetres; parts that touch then are one.
    """
    whole = union(Stretches(covered.group, np.round(covered.from_m, 2), np.round(covered.to_m, 2)))
    parts: dict[int, list[str]] = {}
    for group, a, b in zip(whole.group.tolist(), whole.from_m.tolist(), whole.to_m.tolist(), strict=True):
        parts.setdefault(group, []).append(f"[{a:.2f},{b:.2f}]")
    return [(group, "{" + ",".join(texts) + "}") for group, texts in parts.items()]

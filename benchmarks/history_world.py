"""The world of the benchmark of history in a database: roads, plans, machines, fixes, and the facts of a season."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from benchmarks.history_town import STORM_US, Town, storm_passes
from geo.crs import to_lonlat
from geo.db import Database, Role, Row
from geo.matching.matcher import MATCHER_VERSION
from geo.store.bulk import constant, fixed, moments, spans, words, write_columns
from geo.store.passes import CODES
from geo.timeline import to_us
from geo.vocabulary import ROAD_CLASSES

#: Shares of traces that come hours late, and whose facts are amended hours later.
LATE, AMENDED = 0.02, 0.10
HOUR_US = 3_600_000_000
COPY_PASSES = (
    "COPY ops.pass (pass_id, trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, "
    "work_basis, confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional, "
    "is_synthetic, recorded_at, superseded_at) FROM STDIN (FORMAT binary)"
)
#: What is made again once all passes are in.
INDEXES = {
    "pass_edge": "CREATE INDEX pass_edge ON ops.pass (edge_id) WHERE superseded_at IS NULL",
    "pass_now": "CREATE UNIQUE INDEX pass_now ON ops.pass (trace_id, seq) WHERE superseded_at IS NULL",
    "pass_recorded": "CREATE INDEX pass_recorded ON ops.pass USING brin (recorded_at)",
    "pass_superseded": "CREATE INDEX pass_superseded ON ops.pass (superseded_at) WHERE superseded_at IS NOT NULL",
    "pass_during": "CREATE INDEX pass_during ON ops.pass USING gist (during)",
}


def fill(database: Database, town: Town, storms: list[datetime], n_passes: int) -> None:
    """Write the world unless the database has one."""
    with database.connect(Role.OWNER) as connection:
        if connection.execute("SELECT count(*) FROM net.version").fetchone() != (0,):
            return
        _write_roads(connection, town)
        _write_machines(connection, town, storms)
        rows = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'ops' AND tablename = 'pass'")
        extra = {row[0] for row in rows.fetchall()} - set(INDEXES) - {"pass_pkey"}
        assert not extra, f"INDEXES of this file does not name {extra}"
        for name in INDEXES:
            connection.execute(f"DROP INDEX ops.{name}")  # type: ignore[call-overload]
    rng, first_trace, first_pass = np.random.default_rng(1), 1, 1
    begun = time.perf_counter()
    for start in storms:
        rows = _versions(storm_passes(town, n_passes // len(storms), to_us(start), first_trace, rng), rng)
        rows["pass_id"] = np.arange(first_pass, first_pass + len(rows))
        first_trace, first_pass = int(rows["trace_id"].max()) + 1, first_pass + len(rows)
        with database.connect(Role.OWNER) as connection:
            write_columns(connection, COPY_PASSES, _columns(rows))  # type: ignore[arg-type]
    print(f"{first_pass - 1:,} rows of passes written in {time.perf_counter() - begun:.0f} s", flush=True)
    with database.connect(Role.OWNER) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        for name, text in INDEXES.items():
            begun = time.perf_counter()
            connection.execute(text)  # type: ignore[call-overload]
            print(f"index {name}: {time.perf_counter() - begun:.0f} s", flush=True)
        for sequence, value in (("ops.trace_id_seq", first_trace), ("ops.pass_pass_id_seq", first_pass)):
            connection.execute("SELECT setval(%s, %s)", (sequence, value))
    _analyse(database)


def _analyse(database: Database) -> None:
    with psycopg.connect(database.conninfo_of(Role.OWNER), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _write_roads(connection: psycopg.Connection[Row], town: Town) -> None:
    network = town.network
    lonlat = to_lonlat(network.shape_xy, network.crs_epsg).reshape(-1, 4)
    connection.execute(
        "INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic) "
        "VALUES ('', 6675, %s, %s, '', true)", (len(network.node_xy), network.n_edges),
    )  # fmt: skip
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m, "
            "external_to_m, manager, road_class, oneway, level, speed_mps, is_closed, length_m, "
            "content_key, geom) FROM STDIN"
        ) as copy,
    ):
        for p, (x0, y0, x1, y1) in enumerate(lonlat.tolist()):
            ends, kind = network.edge_from[2 * p], str(ROAD_CLASSES[network.road_class[p]])
            line = f"SRID=4326;LINESTRING({x0} {y0},{x1} {y1})"
            copy.write_row((p + 1, 1, int(ends), int(network.edge_to[2 * p]), 1, str(p), 0, network.length_m[p],
                            "prefecture", kind, 0, 0, 10, False, network.length_m[p], b"", line))  # fmt: skip
    for block in range(town.n_blocks):
        connection.execute(
            "INSERT INTO net.plough_route (route_id, name, route_class, manager, planned_m, laid_m, is_synthetic) "
            "VALUES (%s, %s, '1', 'prefecture', 1, 1, true)", (str(block), str(block)),
        )  # fmt: skip
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY net.plan_edge (network_version, route_id, edge_id, from_m, to_m) FROM STDIN") as copy,
    ):
        for p in np.flatnonzero(town.row | (np.arange(len(town.row)) % 5 == 0)).tolist():
            for edge in (2 * p + 2, 2 * p + 3):
                copy.write_row((1, str(town.block[p]), edge, 0, network.length_m[p]))


def _write_machines(connection: psycopg.Connection[Row], town: Town, storms: list[datetime]) -> None:
    """One machine a block with a fix every ten minutes of a storm, and some stretches that no road explains."""
    span = (storms[0] - timedelta(days=1), storms[-1] + timedelta(days=10))
    connection.execute("INSERT INTO raw.source (name, kind, is_synthetic) VALUES ('loggers', 'fixes', true)")
    for block in range(town.n_blocks):
        connection.execute("INSERT INTO raw.vehicle (source_id, external_id) VALUES (1, %s)", (str(block),))
        connection.execute(
            "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic, recorded_at) "
            "VALUES (%s, 'c', %s, %s, tstzrange(%s, %s), true, %s)",
            (str(block), str(block), block + 1, *span, span[0]),
        )
    for start in storms:
        end = start + timedelta(microseconds=STORM_US)
        connection.execute(
            "INSERT INTO ops.event (kind, name, reference_at, closed_at, is_synthetic, recorded_at) "
            "VALUES ('storm', %s, %s, %s, true, %s)", (f"{start.date()}", start, end + timedelta(hours=4), start),
        )  # fmt: skip
        for day in {start.date(), end.date()}:
            connection.execute("SELECT raw.ensure_fix_partition(%s)", (day,))
        connection.execute(
            "INSERT INTO raw.fix (vehicle_id, at, lon, lat, content_key, batch_id, received_at) "
            "SELECT v, at, 136.5, 36.5, 1, 1, at "
            "FROM generate_series(1, %s) AS v, generate_series(%s::timestamptz, %s, '10 minutes') AS at",
            (town.n_blocks, start, end),
        )
        connection.execute(
            "INSERT INTO ops.unmatched (trace_id, vehicle_id, during, n_fixes, reason, recorded_at, geom) "
            "SELECT v, v, tstzrange(%s, %s, '[]'), 5, 'off_road', %s, (SELECT ST_Collect(ST_StartPoint(geom)) "
            "FROM net.piece WHERE piece_id BETWEEN v * 60 AND v * 60 + 4) FROM generate_series(1, %s, 2) AS v",
            (start, start + timedelta(hours=1), start + timedelta(hours=2), town.n_blocks),
        )


def _versions(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The passes with when they were recorded and superseded: some traces late, some amended once, by when recorded."""
    first, trace = int(rows["trace_id"].min()), rows["trace_id"].to_numpy()
    n = int(trace.max()) - first + 1
    is_late, is_amended = rng.random(n) < LATE, rng.random(n) < AMENDED
    last_us = rows.groupby("trace_id")["ended_us"].transform("max").to_numpy()
    recorded = np.where(is_late[trace - first], last_us + 20 * HOUR_US, rows["ended_us"].to_numpy() + 5_000_000)
    now = rows.assign(recorded_us=recorded, superseded_us=np.iinfo(np.int64).min)
    old = now[is_amended[trace - first]].copy()
    amended_us = last_us[old.index] + 30 * HOUR_US
    old["superseded_us"], old["to_m"] = amended_us, np.maximum(old["to_m"] - 1.5, old["from_m"] + 1.0)
    now.loc[old.index, "recorded_us"] = amended_us
    return pd.concat([now, old]).sort_values("recorded_us", kind="stable").reset_index(drop=True)


def _columns(rows: pd.DataFrame) -> dict[str, Any]:
    n, c = len(rows), {name: rows[name].to_numpy() for name in rows}
    return {
        "pass_id": fixed("int8", c["pass_id"]), "trace_id": fixed("int8", c["trace_id"]),
        "seq": fixed("int4", c["seq"]), "vehicle_id": fixed("int4", c["vehicle_id"]),
        "edge_id": fixed("int8", c["edge_id"]),
        "from_m": fixed("float8", c["from_m"]), "to_m": fixed("float8", c["to_m"]),
        "during": spans(c["began_us"], c["ended_us"]), "kind": words(c["kind"], CODES["kinds"]),
        "status": constant("matched", n), "treatment": words(c["treatment"], CODES["treatments"]),
        "work_basis": words(c["work_basis"], CODES["bases"]), "confidence": fixed("float4", c["confidence"]),
        "first_fix_at": moments(c["began_us"]), "last_fix_at": moments(c["ended_us"]),
        "n_fixes": fixed("int4", np.full(n, 5)), "matcher_version": constant(MATCHER_VERSION, n),
        "network_version": fixed("int4", np.full(n, 1)), "is_provisional": fixed("bool", np.zeros(n)),
        "is_synthetic": fixed("bool", np.ones(n)), "recorded_at": moments(c["recorded_us"]),
        "superseded_at": moments(c["superseded_us"]),
    }  # fmt: skip

"""How long it takes to hide everything: a publication stop of all roads, and its lift, as the worker publishes them.

    python benchmarks/bench_stop.py [EDGES]

Makes a cluster of its own with so many edges (70,000), each cleared, with a pass; 600 ploughs. Prints seconds by the
clock and CPU seconds of the database's process.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from geo.db import Database, Role
from geo.migrate import migrate
from layers.publish import publish
from layers.publish_orders import publish_orders
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

WORLD = """
INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic)
VALUES ('\\x01', 6675, 1, {n}, '\\x00', true);
INSERT INTO net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m,
                       external_to_m, manager, road_class, oneway, level, speed_mps, is_closed, length_m, content_key,
                       geom)
SELECT i, 1, i, i + 1, 1, i::text, 0, 100, 'prefecture', 'prefectural', 0, 0, 10, false, 100, '\\x00',
       ST_SetSRID(ST_MakeLine(ST_MakePoint(136 + (i % 300) * 0.001, 36 + (i / 300) * 0.001),
                              ST_MakePoint(136.001 + (i % 300) * 0.001, 36 + (i / 300) * 0.001)), 4326)
FROM generate_series(1, {n} / 2) AS i;
INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                             treatment, work_basis, confidence, source, network_version, is_synthetic)
SELECT 1, 2 * piece_id + side, 'cleared', 'none', now(), now() + interval '6 hours', now(), 1, 'fresh_snow_plowing',
       'sensed', 0.97, 'bench', 1, true FROM net.piece, generate_series(0, 1) AS side;
INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, work_basis,
                      confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional,
                      is_synthetic)
SELECT 1, row_number() OVER (), 1, edge_id, 0, 100, tstzrange(now() - interval '1 hour', now()), 'pass', 'matched',
       'fresh_snow_plowing', 'sensed', 0.97, now(), now(), 3, 'bench', 1, false, true FROM ops.edge_status;
INSERT INTO ops.vehicle_state (vehicle_id, last_fix_at, lon, lat, is_working, shift_started_at, shift_start_lon,
                               shift_start_lat, is_shift_over, is_synthetic, source, vehicle)
SELECT i, now(), 136 + (i % 300) * 0.001, 36 + i * 0.0001, true, now(), 130, 30, false, true, 'bench', i::text
FROM generate_series(1, 600) AS i;
ANALYZE;
"""
STOP = """
INSERT INTO ops.road_order (order_id, entry_id, kind, during, is_everywhere, reason, is_reason_public, author,
                            network_version, is_synthetic)
VALUES (1, 1, 'publication_stop', tstzrange(now(), NULL), true, 'bench', false, 'bench', 1, true)
"""
LIFT = "UPDATE ops.road_order SET superseded_at = now()"


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measured(database: Database, name: str, order: str) -> None:
    """Enter an order and publish it."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(order.encode())
    with database.connect(Role.PUBLISH) as connection:
        pid = connection.info.backend_pid
        began, used = time.perf_counter(), cpu_s(pid)
        n = publish_orders(connection)
        connection.commit()
        print(f"{name}: {n:,} edges, {time.perf_counter() - began:.2f} s, CPU {cpu_s(pid) - used:.2f} s")


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 70_000
    home = Path(tempfile.mkdtemp(prefix="yuki-stop-"))
    home.chmod(0o755)
    cluster = Cluster(home, find_or_install(print), ())
    cluster.start()
    try:
        cluster.create_database("bench")
        database = cluster.database("bench")
        migrate(database)
        with database.connect(Role.OWNER) as connection:
            connection.execute(WORLD.replace("{n}", str(n)).encode())
        publish(database, datetime.now(UTC), b"bench", mask_m=1)
        for _ in range(3):
            measured(database, "stop", STOP)
            measured(database, "lift", LIFT)
    finally:
        cluster.stop()
        shutil.rmtree(cluster.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()

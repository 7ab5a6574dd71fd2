"""A day of three vehicles in the small town of tests/tiles/small_town.sql, as facts; for tests of several rooms.

Local day: 2026-01-18 in Asia/Tokyo, a Sunday, from 15:00 UTC on the 17th. Vehicle 1 works over midnight for 秘密建設
(assigned), 2 for 北陸建設 (register), 3 for nobody; 3 sends a ready line too.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from geo.db import Database, Role
from geo.settings import Settings
from geo.store.reports import ReportRules

TOWN = Path(__file__).parent / "tiles" / "small_town.sql"
DAY = date(2026, 1, 18)
RULES = ReportRules(Settings().reports, "Asia/Tokyo", 3 * 3600.0)

RAW = """
INSERT INTO raw.source (name, kind, settings, is_synthetic) VALUES
  ('vendor', 'files', '{}', true), ('lone', 'live', '{}', false);
INSERT INTO raw.vehicle (source_id, external_id)
SELECT s.source_id, v.name FROM (VALUES (1, 'plough-0001'), (1, 'plough-0002'), (2, '=cmd|calc')) AS v (source_id, name)
JOIN raw.source AS s USING (source_id) ORDER BY v.name = '=cmd|calc', v.name;
INSERT INTO raw.ingest_file (source_id, kind, file_name, sha256, settings_sha256)
VALUES (1, 'vehicles', 'register.csv', '\\x00', '\\x00');
INSERT INTO raw.vehicle_register (file_id, item, vehicle, name, machine_class, contractor)
VALUES (1, 0, 'plough-0001', '1号車', '除雪グレーダ', '台帳建設'),
       (1, 1, 'plough-0002', '2号車', 'ロータリ', '北陸建設');
INSERT INTO raw.vehicle_register_set (source_id, file_id) VALUES (1, 1);
"""
FACTS = """
INSERT INTO ops.trace (trace_id, vehicle_id, during, n_fixes, n_dropped, n_unmatched, n_breaks, content_key,
                       matcher_version, network_version, is_provisional, is_synthetic)
SELECT t.trace_id, t.vehicle_id, tstzrange(t.a::timestamptz, t.b::timestamptz, '[]'), t.n, 0, 0, 0, '', 'm1', 1, false,
       t.vehicle_id < 3
FROM (VALUES (11, 1, '2026-01-17T14:30Z', '2026-01-17T15:40Z', 80),
             (12, 1, '2026-01-17T20:10Z', '2026-01-17T21:00Z', 50),
             (13, 2, '2026-01-18T03:00Z', '2026-01-18T04:00Z', 60),
             (14, 3, '2026-01-18T05:00Z', '2026-01-18T05:30Z', 30),
             (15, 3, '2026-01-18T06:00Z', '2026-01-18T06:00Z', 0)) AS t (trace_id, vehicle_id, a, b, n);
INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, work_basis,
                      confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional,
                      is_synthetic)
SELECT p.trace_id, p.seq, p.vehicle_id, p.edge_id, p.a_m, p.b_m, tstzrange(p.a::timestamptz, p.b::timestamptz, '[]'),
       p.kind, 'matched', p.treatment, p.basis, p.confidence, p.a::timestamptz, p.b::timestamptz, 9, 'm1', 1, false,
       p.vehicle_id < 3
FROM (VALUES
  (11, 0, 1, 4, 0, 3000, '2026-01-17T14:40Z', '2026-01-17T15:20Z', 'pass', 'fresh_snow_plowing', 'sensed', 0.97),
  (11, 1, 1, 6, 0, 200, '2026-01-17T15:20Z', '2026-01-17T15:30Z', 'deadhead', NULL, 'sensed', 0.97),
  (12, 0, 1, 4, 100, 900.5, '2026-01-17T20:10Z', '2026-01-17T20:40Z', 'pass', 'surface_grading', 'sensed', 0.5),
  (12, 1, 1, 5, 100, 900, '2026-01-17T20:40Z', '2026-01-17T21:00Z', 'unknown', NULL, 'unknown', 0.4),
  (13, 0, 2, 6, 10, 110, '2026-01-18T03:00Z', '2026-01-18T03:30Z', 'pass', NULL, 'declared', 0.95),
  (14, 0, 3, 7, 0, 150, '2026-01-18T05:00Z', '2026-01-18T05:30Z', 'pass', 'anti_icing', 'assumed', 0.93),
  (15, 0, 3, 4, 0, 1234.5, '2026-01-18T06:00Z', '2026-01-18T06:00Z', 'pass', 'haulage', 'declared', 0.95)
) AS p (trace_id, seq, vehicle_id, edge_id, a_m, b_m, a, b, kind, treatment, basis, confidence);
"""


def build(database: Database) -> Database:
    """Fill an empty database with the town and its day."""
    with database.connect(Role.OWNER) as connection:
        connection.execute(RAW.encode())
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
        connection.execute("UPDATE ops.pass SET superseded_at = now()")  # those of the town are of another day
        connection.execute(FACTS.encode())
    return database

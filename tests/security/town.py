"""A town full of canaries: every name, number and place that the public must never read is one that is found again.

It is the town of tests/reports_town.py with its working machines, a stop far off and a storm of two nights. What each
canary is stands in CANARIES; OF_CONTRACTOR are those that only a manager and one contractor may read.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from reports_town import RULES, build

from geo.db import Database, Role
from geo.store.report_cache import refresh_reports
from layers.publish import publish

AS_OF = datetime(2026, 1, 18, 22, 0, tzinfo=UTC)
#: Keys by name: scope and of whom.
KEYS: dict[str, tuple[str, str | None]] = {
    "canary-key-manager": ("manager", "石川県"),
    "canary-key-admin": ("admin", None),
    "canary-key-secret": ("contractor", "秘密建設"),
    "canary-key-hokuriku": ("contractor", "北陸建設"),
    "canary-key-public": ("public", None),
}
#: What belongs to one contractor: its name, its machine, the id of its vehicle, its day's pay.
OF_CONTRACTOR: dict[str, tuple[str, ...]] = {
    "canary-key-secret": ("秘密建設", "plough-0001", "除雪グレーダ1号", "1号車", "7654321"),
    "canary-key-hokuriku": ("北陸建設", "plough-0002", "2号車", "8765432"),
}
#: What no public answer may hold, as text.
CANARIES: tuple[str, ...] = (
    *(name for names in OF_CONTRACTOR.values() for name in names),
    "台帳建設", "=cmd|calc", "987654", "plough-000", "canary-author", "canary-reason", "秘密の基地", "canary-depot",
    "canary-payload", "canary-key", *(hashlib.sha256(key.encode()).hexdigest() for key in KEYS),
    # places: the depot, where shifts began, machines near them, at rest, over and silent
    "136.7098", "36.6098", "36.6099", "136.7096", "136.7076", "136.6305", "136.6312", "136.6412",
)  # fmt: skip
TOWN = """
-- the passes of the storm too, and machines that are at work now
UPDATE ops.pass SET superseded_at = NULL WHERE trace_id = 1 AND seq <> 3;
UPDATE ops.pass SET vehicle_id = 987654001 WHERE trace_id = 1;
UPDATE ops.pass SET vehicle_id = 987654000 + vehicle_id WHERE trace_id > 1;
UPDATE ops.trace SET vehicle_id = 987654000 + vehicle_id;
UPDATE ops.assignment SET vehicle_id = 987654000 + vehicle_id;
UPDATE ops.vehicle_state SET vehicle_id = 987654000 + vehicle_id, last_fix_at = '2026-01-18T21:59Z',
  shift_started_at = '2026-01-18T18:00Z';
UPDATE ops.vehicle_state SET lon = 136.641234 WHERE vehicle_id IN (987654004, 987654005, 987654006);
UPDATE ops.vehicle_state SET last_fix_at = '2026-01-18T20:00Z' WHERE vehicle_id = 987654005;
UPDATE ops.vehicle_state SET shift_start_lon = 136.707654, shift_start_lat = 36.6 WHERE vehicle_id = 987654001;
UPDATE ops.vehicle_state SET shift_start_lon = 136.631234 WHERE vehicle_id = 987654003;
-- the depot lies beside the second machine
UPDATE net.depot SET depot_id = 'canary-depot', name = '秘密の基地',
  geom = ST_SetSRID(ST_MakePoint(136.709876, 36.609876), 4326);
UPDATE net.reference SET feature_id = 'canary-depot', name = '秘密の基地',
  geom = ST_SetSRID(ST_MakePoint(136.709876, 36.609876), 4326)
  WHERE layer = 'depots';
UPDATE ops.vehicle_state SET lon = 136.7096, lat = 36.6098 WHERE vehicle_id = 987654002;
-- a road is closed, for a reason that is not public
INSERT INTO ops.road_order (order_id, entry_id, kind, during, restriction, reason, is_reason_public, author, planned_m,
                            laid_m, network_version, is_synthetic)
VALUES (1, 1, 'restriction', tstzrange('2026-01-18T00:00Z', NULL), 'closed', 'canary-reason', false, 'canary-author',
        220, 220, 1, true);
INSERT INTO ops.order_edge (order_id, entry_id, kind, restriction, edge_id, from_m, to_m, during, network_version)
VALUES (1, 1, 'restriction', 'closed', 6, 0, 100, tstzrange('2026-01-18T00:00Z', NULL), 1);
"""
AFTER = """
UPDATE mgr.daily_reports SET amount_yen = 7654321 WHERE contractor = '秘密建設';
UPDATE mgr.daily_reports SET amount_yen = 8765432 WHERE contractor = '北陸建設';
"""


def fill(database: Database) -> None:
    """Fill an empty database with the town, publish it, and give out the keys."""
    build(database)
    refresh_reports(database, RULES, AS_OF)
    with database.connect(Role.OWNER) as connection:
        connection.execute(TOWN.encode())
    publish(database, AS_OF, b"a secret of this test")
    with database.connect(Role.OWNER) as connection:
        connection.execute(AFTER.encode())
    with database.connect(Role.APP) as connection:
        for name, (scope, scope_of) in KEYS.items():
            connection.execute(
                "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES (%s, %s, %s, %s)",
                (name, hashlib.sha256(name.encode()).digest(), scope, scope_of),
            )

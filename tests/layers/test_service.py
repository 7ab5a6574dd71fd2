"""The level of service as published: shares for everybody, sums for managers, nothing of what a stop names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.rows import dict_row

from geo.db import Database, Role, read_sql
from layers.publish import publish
from layers.service import publish_service

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
SECRET = b"a secret of this test"
LEVEL = """
INSERT INTO ops.service_level (kind, name, event_id, as_of, callout_at, target_at, service_state, length_m, achieved_m,
  pending_m, at_risk_m, late_m, missed_m, unknown_m, no_target_m, late_median_min, late_worst_min, is_synthetic)
VALUES ('route', 'R1', 1, '2026-01-14 22:00Z', '2026-01-14 16:00Z', '2026-01-14 22:00Z', 'at_risk', 1000, 400, 100, 200,
        100, 0, 0, 200, 3, 7, true),
       ('section', 'S1', 1, '2026-01-14 22:00Z', NULL, NULL, 'no_target', 500, 0, 0, 0, 0, 0, 0, 500, NULL, NULL, true),
       ('contractor', '北陸建設', 1, '2026-01-14 22:00Z', NULL, NULL, 'at_risk', 1000, 400, 100, 200, 100, 0, 0, 200, 3,
        7, true)
"""


@pytest.fixture
def levelled(town: Database) -> Database:
    """The small town with a level of service, published."""
    with town.connect(Role.ENGINE) as connection:
        connection.execute(LEVEL)
    publish(town, AS_OF, SECRET)
    return town


def items(database: Database, collection: str, role: Role = Role.READER) -> list[dict[str, Any]]:
    with database.connect(role) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("layers", f"collections/{collection}"), {"as_of": AS_OF}).fetchall()


def test_routes_and_sections_carry_shares_of_what_has_a_target(levelled: Database) -> None:
    (route,) = items(levelled, "routes")
    assert (route["service_state"], route["target_at"], route["service_as_of"]) == ("at_risk", AS_OF, AS_OF)
    shares = {name: route[f"{name}_fraction"] for name in ("achieved", "late", "at_risk", "missed")}
    assert shares == pytest.approx({"achieved": 0.5, "late": 0.125, "at_risk": 0.25, "missed": 0})
    (section,) = items(levelled, "work_sections")
    assert (section["service_state"], section["achieved_fraction"]) == ("no_target", None)


def test_contractors_are_for_managers_alone(levelled: Database) -> None:
    (row,) = items(levelled, "service_level", Role.MANAGER)
    assert (row["service_level_id"], row["late_worst_min"], row["unknown_m"]) == ("contractor-北陸建設", 7, 0)
    with levelled.connect(Role.READER) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM pub.service_level").fetchall()}
    assert names == {"R1", "S1"}


def test_a_later_publication_replaces_it_and_an_empty_one_empties_it(levelled: Database) -> None:
    with levelled.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.service_level WHERE kind <> 'section'")
    with levelled.connect(Role.PUBLISH) as connection:
        assert publish_service(connection) == 1
    (route,) = items(levelled, "routes")
    assert (route["service_state"], route["service_as_of"]) == (None, None)
    assert items(levelled, "service_level", Role.MANAGER) == []


def test_a_publication_stop_of_a_part_hides_it_at_once(levelled: Database) -> None:
    with levelled.connect(Role.PUBLISH) as connection:
        connection.execute("INSERT INTO pub.withheld_edge (edge_id) VALUES (5)")
    (route,) = items(levelled, "routes")
    hidden = [
        name for name in route if name.endswith("_fraction") and name not in ("cleared_fraction", "unknown_fraction")
    ]
    assert [route[name] for name in ("service_state", "target_at", "service_as_of", *hidden)] == [None] * 7
    assert items(levelled, "work_sections")[0]["service_state"] == "no_target"

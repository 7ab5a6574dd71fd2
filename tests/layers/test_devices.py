"""Devices for managers and silent ploughs for everybody: what is published of their health, and what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql
from psycopg.rows import dict_row

from geo.db import Database, Role, read_sql
from geo.settings import Settings
from layers.catalogue import collections
from layers.publish import publish
from tests.ingest.http_server import Clock, add_key, bearer, served

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
SECRET = b"a secret of this test"
#: The only plough of the small town that the public sees was heard then.
HEARD = AS_OF - timedelta(minutes=1)


def health(town: Database, vehicle_id: int, **columns: Any) -> None:
    row = {
        "vehicle_id": vehicle_id, "source": "vendor", "vehicle": f"plough-{vehicle_id:04d}", "last_fix_at": HEARD,
        "last_received_at": HEARD, "agreed_cadence_s": None, "cadence_s": 15, "clock_skew_s": 1.5, "overdue_s": 75,
        "reasons": [], "reasons_ja": "", "is_called_out": True, "is_synthetic": True, "memory": b"",
        "memory_version": 1, "recorded_at": AS_OF,
    } | columns  # fmt: skip
    insert = sql.SQL("INSERT INTO ops.device_health ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
    )
    with town.connect(Role.ENGINE) as connection:
        connection.execute(insert, row)


def served_rows(town: Database, source: str, as_of: datetime, role: Role = Role.READER) -> list[dict[str, Any]]:
    """The rows of a collection at a moment, as the service reads them."""
    with town.connect(role) as connection, connection.cursor(row_factory=dict_row) as cursor:
        query = sql.SQL(read_sql("layers", f"collections/{source}"))
        return cursor.execute(query, {"as_of": as_of, "state_ja": "{}", "layer": source}).fetchall()


def test_a_silent_plough_is_said_to_be_for_a_while_and_then_vanishes(town: Database) -> None:
    health(town, 1)
    publish(town, AS_OF, SECRET, heard_min=30)

    def shown(after_s: float) -> list[tuple[int, bool]]:
        rows = served_rows(town, "ploughs", HEARD + timedelta(seconds=after_s))
        return [(row["age_s"], row["is_silent"]) for row in rows]

    assert shown(60) == [(60, False)]
    assert shown(75) == [(75, False)]
    assert shown(75.5) == [(75, True)]
    assert shown(1800) == [(1800, True)]
    assert shown(1800.5) == []
    assert shown(-3) == [(0, False)]  # a clock that is ahead


def test_a_plough_of_unknown_health_is_not_silent_until_it_vanishes(town: Database) -> None:
    publish(town, AS_OF, SECRET, heard_min=30)
    assert [row["is_silent"] for row in served_rows(town, "ploughs", HEARD + timedelta(minutes=30))] == [False]


def test_no_plough_is_silent_later_than_it_vanishes(town: Database) -> None:
    health(town, 1, overdue_s=7200)
    publish(town, AS_OF, SECRET, heard_min=30)
    with town.connect(Role.READER) as connection:
        assert connection.execute("SELECT overdue_at = shown_until FROM pub.ploughs").fetchone() == (True,)


def test_a_silent_plough_near_its_depot_stays_hidden(town: Database) -> None:
    for vehicle_id in (2, 3, 4, 6):
        health(town, vehicle_id, reasons=["overdue"])
    publish(town, AS_OF, SECRET)
    assert len(served_rows(town, "ploughs", AS_OF)) == 1


def test_the_public_learns_nothing_else_of_a_device() -> None:
    public = {column.name for column in collections(())["ploughs"].columns}
    assert public == {
        "plough_id", "observed_at", "age_s", "is_silent", "heading_deg", "treatment", "synthetic",
    }  # fmt: skip


def test_managers_see_health_and_never_heard_devices(town: Database) -> None:
    health(town, 1, agreed_cadence_s=5, reasons=["slow_cadence", "jumping"], reasons_ja="送信間隔、位置が飛ぶ")
    health(town, 9, last_fix_at=None, last_received_at=None, cadence_s=None, clock_skew_s=None, overdue_s=None,
           reasons=["never_heard"], reasons_ja="一度も通信がない", is_called_out=False)  # fmt: skip
    assert publish(town, AS_OF, SECRET).n_devices == 7
    rows = {row["vehicle_id"]: row for row in served_rows(town, "devices", AS_OF, Role.MANAGER)}
    one = rows[1]
    assert (one["contractor"], one["silent_s"], one["agreed_cadence_s"], one["cadence_s"], one["clock_skew_s"]) == (
        "秘密建設", 60, 5, 15, 1.5,
    )  # fmt: skip
    assert (one["reasons"], one["reasons_ja"], one["is_sick"]) == ("slow_cadence,jumping", "送信間隔、位置が飛ぶ", True)
    never = rows[9]
    assert (never["vehicle"], never["last_fix_at"], never["silent_s"], never["geom"]) == (
        "plough-0009",
        None,
        None,
        None,
    )
    # heard, and not judged yet
    assert (rows[5]["reasons"], rows[5]["is_sick"], rows[5]["is_called_out"]) == ("", False, None)


def test_the_newer_word_of_two_is_the_last_fix(town: Database) -> None:
    health(town, 1, last_fix_at=AS_OF)
    health(town, 2, last_fix_at=AS_OF - timedelta(hours=1))
    publish(town, AS_OF, SECRET)
    rows = {row["vehicle_id"]: row["last_fix_at"] for row in served_rows(town, "devices", AS_OF, Role.MANAGER)}
    assert (rows[1], rows[2]) == (AS_OF, HEARD)


@pytest.mark.parametrize("crs", ["", "&crs=http://www.opengis.net/def/crs/EPSG/0/6675"])
def test_a_device_without_a_place_is_served_without_a_shape(town: Database, crs: str) -> None:
    health(town, 9, last_fix_at=None, last_received_at=None, overdue_s=None, reasons=["never_heard"])
    publish(town, AS_OF, SECRET)
    key = add_key(town, "manager", "pref")
    with served(town, Settings(), Clock(AS_OF)) as client:
        address = f"/ogc/collections/devices/items?reasons=never_heard{crs}"
        found = client.get(address, headers=bearer(key)).json()
        assert [(feature["id"], feature["geometry"]) for feature in found["features"]] == [(9, None)]
        assert found["features"][0]["properties"]["is_sick"] is True
        box = client.get("/ogc/collections/devices/items?bbox=136,36,137,37", headers=bearer(key)).json()
        assert 9 not in {feature["id"] for feature in box["features"]}
        page = client.get("/ogc/collections/devices/items?f=html", headers=bearer(key))
        assert page.status_code == 200
        one = client.get("/ogc/collections/devices/items/9?f=html", headers=bearer(key))
        assert one.status_code == 200
        ploughs = client.get("/ogc/collections/ploughs/items").json()
        assert json.dumps(ploughs).count("is_silent") == 1

"""The catalogue, its SQL files and the words of the house are one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from geo.db import Database, Role, read_sql
from geo.vocabulary import ROAD_CLASSES, State
from layers.catalogue import COLLECTIONS, Collection, collections, reference_collection
from layers.generalise import BANDS, MAX_ZOOM, left_out, statement
from layers.ploughs import public_plough_id

#: The collections that DESIGN §3 names and this version serves.
EXPECTED = {
    "roads",
    "road_status",
    "passes",
    "ploughs",
    "routes",
    "work_sections",
    "municipalities",
    "devices",
    "snow",
    "weather_stations",
    "closures",
    "facilities",
    "cameras",
    "priority_network",
    "bus_stops",
    "bus_routes",
    "orders",
    "withheld_status",
    "service_level",
    "daily_reports",
    "disputes",
}
#: What a status answer has at least.
STATUS_FIELDS = [
    "edge_id",
    "name",
    "route",
    "manager",
    "direction",
    "state",
    "state_ja",
    "reason",
    "event_id",
    "cleared_at",
    "valid_until",
    "observed_at",
    "as_of",
    "age_s",
    "covered_fraction",
    "treatment",
    "snow_since_cm",
    "work_basis",
    "confidence",
    "source",
    "network_version",
    "synthetic",
]


def test_ids_are_those_of_the_design() -> None:
    assert {collection.collection_id for collection in COLLECTIONS} == EXPECTED
    assert [c.collection_id for c in COLLECTIONS if not c.is_public] == [
        "orders",
        "withheld_status",
        "daily_reports",
        "service_level",
        "devices",
        "disputes",
    ]


def test_status_has_every_field_of_the_design() -> None:
    status = collections(())["road_status"]
    assert [name for name in STATUS_FIELDS if status.column(name) is None] == []


@pytest.mark.parametrize("collection", [*COLLECTIONS, reference_collection("coast")], ids=lambda c: c.collection_id)
def test_sql_returns_the_columns_of_the_catalogue(database: Database, collection: Collection) -> None:
    params = {"as_of": datetime.now(UTC), "state_ja": json.dumps({s.value: s.ja for s in State}), "layer": "coast"}
    if collection.is_by_contractor:  # without them the SELECT fails, and nothing is shown to anybody
        with database.connect(Role.MANAGER) as connection, pytest.raises(psycopg.ProgrammingError, match="sees_all"):
            connection.execute(sql.SQL(read_sql("layers", f"collections/{collection.source}")), params)
        params |= {"sees_all": False, "contractor": "北陸建設"}
    if collection.is_by_manager:
        with database.connect(Role.MANAGER) as connection, pytest.raises(psycopg.ProgrammingError, match="sees_every"):
            connection.execute(sql.SQL(read_sql("layers", f"collections/{collection.source}")), params)
        params |= {"sees_every_manager": False, "manager_of": "prefecture"}
    query = sql.SQL(read_sql("layers", f"collections/{collection.source}"))
    with database.connect(Role.MANAGER) as connection:
        described = connection.execute(query, params).description
    expected = [column.name for column in collection.columns]
    expected += ["attributes"] * collection.has_attributes + ["geom"]
    assert [column.name for column in described or ()] == expected
    assert collection.id_column == expected[0]
    assert all(collection.column(name) for name in collection.time or ())


def test_every_collection_says_whether_it_is_synthetic() -> None:
    assert all(collection.column("synthetic") for collection in COLLECTIONS)


def test_a_reference_layer_becomes_a_collection_but_never_replaces_one() -> None:
    found = collections(("coast", "municipalities", "hydrants"))
    assert set(found) == EXPECTED | {"coast", "hydrants"}
    assert found["municipalities"].title_ja == "市町"
    assert found["hydrants"].title_en == "Hydrants"


def test_bands_cover_every_zoom_once_and_say_what_they_leave_out() -> None:
    zooms = [zoom for band in BANDS for zoom in range(band.min_zoom, band.max_zoom + 1)]
    assert zooms == list(range(MAX_ZOOM + 1))
    assert left_out(BANDS[-1]) == ()
    assert all(set(band.classes) | set(left_out(band)) == set(ROAD_CLASSES) for band in BANDS)
    assert statement()[0]["left_out"] == [c.value for c in ROAD_CLASSES[2:]]


def test_public_ids_change_with_shift_and_secret() -> None:
    began, later = datetime(2026, 1, 14, 18, tzinfo=UTC), datetime(2026, 1, 15, 2, tzinfo=UTC)
    ids = {
        public_plough_id(b"one", 7, began),
        public_plough_id(b"one", 7, later),
        public_plough_id(b"two", 7, began),
        public_plough_id(b"one", 8, began),
    }
    assert len(ids) == 4
    assert public_plough_id(b"one", 7, began) == public_plough_id(b"one", 7, began)
    with pytest.raises(ValueError, match="empty"):
        public_plough_id(b"", 7, began)

"""Places, cameras, the priority network and buses: net → pub, row by row where something changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.vocabulary import FacilityKind

type Connection = psycopg.Connection[Row]

#: Rises when the same rows look different in tiles.
TILES_VERSION = "1"
#: The words of FacilityKind in English; the Japanese ones stand in the vocabulary.
ENGLISH: dict[FacilityKind, str] = {
    FacilityKind.HOSPITAL: "Hospital",
    FacilityKind.EMERGENCY_HOSPITAL: "Emergency hospital",
    FacilityKind.FIRE_STATION: "Fire station",
    FacilityKind.POLICE_STATION: "Police station",
    FacilityKind.SHELTER: "Designated shelter",
    FacilityKind.EMERGENCY_SITE: "Emergency evacuation site",
    FacilityKind.SCHOOL: "School",
    FacilityKind.CARE_HOME: "Care home",
    FacilityKind.TOWN_HALL: "Town hall",
    FacilityKind.SNOW_DUMP: "Snow dump",
    FacilityKind.OTHER: "Other",
}


@dataclass(frozen=True, slots=True)
class PlacesPublished:
    """Rows that were written or deleted, by table, and whether addresses of tiles are others now."""

    n_facilities: int
    n_cameras: int
    n_priority: int
    n_bus_stops: int
    n_bus_routes: int
    is_new: bool


def publish_places(connection: Connection) -> PlacesPublished:
    """Publish what changed, in the connection's transaction, as yuki_publish. Roads come before, where they are new."""
    words = {
        "ja": json.dumps({word.value: word.ja for word in FacilityKind}, ensure_ascii=False),
        "en": json.dumps({word.value: text for word, text in ENGLISH.items()}),
    }
    n_facilities = _run(connection, "publish_facilities_gone") + _run(connection, "publish_facilities", words)
    n_cameras = _run(connection, "publish_cameras_gone") + _run(connection, "publish_cameras")
    n_priority = _run(connection, "publish_priority_gone") + _run(connection, "publish_priority")
    n_stops = _run(connection, "publish_bus_stops_gone") + _run(connection, "publish_bus_stops")
    n_routes = _run(connection, "publish_bus_routes_gone") + _run(connection, "publish_bus_routes")
    _run(connection, "publish_priority_edges")
    _run(connection, "publish_bus_edges_gone")
    _run(connection, "publish_bus_edges")
    is_new = _run(connection, "publish_places_key", {"version": TILES_VERSION}) > 0
    return PlacesPublished(n_facilities, n_cameras, n_priority, n_stops, n_routes, is_new)


def publish_places_alone(database: Database) -> PlacesPublished:
    """The same in a transaction of its own, whether there are roads or not; one publication at a time."""
    with database.connect(Role.PUBLISH) as connection:
        connection.execute(read_sql("layers", "publish_lock"))
        return publish_places(connection)


def _run(connection: Connection, name: LiteralString, params: dict[str, str] | None = None) -> int:
    return connection.execute(read_sql("layers", name), params).rowcount

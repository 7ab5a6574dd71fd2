"""Fixtures of the store: roads and plans put into raw as ingest would do it, without ingest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geo.db import Database, Role
from geo.timeline import to_us
from ingest.load import announce_batch, take_batch_id

#: Degrees of one metre near Kanazawa, good enough for drawing.
LON0, LAT0 = 136.65, 36.56
M_LAT = 1 / 110_950
M_LON = 1 / 89_500


def lonlat(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude of a place drawn in metres around Kanazawa."""
    return LON0 + x_m * M_LON, LAT0 + y_m * M_LAT


def wkt(points: list[tuple[float, float]]) -> str:
    """A LINESTRING of places drawn in metres."""
    return "LINESTRING(" + ", ".join("{} {}".format(*lonlat(*point)) for point in points) + ")"


def _file(connection: Any, source: str, kind: str, content: str, synthetic: bool) -> tuple[int, int]:
    source_id = connection.execute(
        "INSERT INTO raw.source (name, kind, is_synthetic) VALUES (%s, %s, %s) "
        "ON CONFLICT (name) DO UPDATE SET is_synthetic = EXCLUDED.is_synthetic RETURNING source_id",
        (source, kind, synthetic),
    ).fetchone()[0]
    sha = hashlib.sha256(content.encode()).digest()
    file_id = connection.execute(
        "INSERT INTO raw.ingest_file (source_id, kind, file_name, sha256, settings_sha256, completed_at) "
        "VALUES (%s, %s, 'drawn', %s, %s, now()) RETURNING file_id",
        (source_id, kind, sha, b""),
    ).fetchone()[0]
    return source_id, file_id


type GiveRoads = Callable[..., int]
type GivePlans = Callable[..., int]


@pytest.fixture
def give_roads(database: Database) -> GiveRoads:
    """give_roads({id: points or (points, columns)}, policy="endpoints", snap_m=0.5, source="roads") → file id."""

    def give(
        roads: dict[str, Any],
        policy: str = "endpoints",
        snap_m: float = 0.5,
        source: str = "roads",
        synthetic: bool = False,
        mark: str = "",
    ) -> int:
        with database.connect(Role.INGEST) as connection:
            source_id, file_id = _file(connection, source, "roads", json.dumps(roads) + policy + mark, synthetic)
            for item, (external_id, drawn) in enumerate(roads.items()):
                points, columns = drawn if isinstance(drawn, tuple) else (drawn, {})
                row = {"oneway": 0, "level": 0, "manager": "unknown", "road_class": "municipal", "name": None,
                       "route": None, "is_closed": False, "lanes": None, "width_m": None, **columns}  # fmt: skip
                connection.execute(
                    "INSERT INTO raw.road (file_id, item, external_id, oneway, level, manager, road_class, name, "
                    "route, is_closed, lanes, width_m, geom) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
                    "ST_GeomFromText(%s, 4326))",
                    (file_id, item, external_id, row["oneway"], row["level"], row["manager"], row["road_class"],
                     row["name"], row["route"], row["is_closed"], row["lanes"], row["width_m"], wkt(points)),
                )  # fmt: skip
            connection.execute(
                "INSERT INTO raw.road_set (source_id, file_id, join_policy, snap_m) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (source_id) DO UPDATE SET file_id = EXCLUDED.file_id, snap_m = EXCLUDED.snap_m, "
                "join_policy = EXCLUDED.join_policy",
                (source_id, file_id, policy, snap_m),
            )
        return file_id

    return give


@pytest.fixture
def give_plans(database: Database) -> GivePlans:
    """give_plans(kind, {id: (attributes, WKT or None)}, layer=None, source="plans") → file id."""

    def give(
        kind: str,
        features: dict[str, tuple[dict[str, Any], str | None]],
        layer: str | None = None,
        source: str = "plans",
        synthetic: bool = False,
    ) -> int:
        with database.connect(Role.INGEST) as connection:
            source_id, file_id = _file(connection, source, kind, json.dumps(features) + kind, synthetic)
            for item, (external_id, (attributes, geometry)) in enumerate(features.items()):
                connection.execute(
                    "INSERT INTO raw.plan (file_id, item, kind, layer, external_id, attributes, geom) "
                    "VALUES (%s, %s, %s, %s, %s, %s, ST_GeomFromText(%s, 4326))",
                    (file_id, item, kind, layer or kind, external_id, json.dumps(attributes), geometry),
                )
            connection.execute(
                "INSERT INTO raw.plan_set (source_id, kind, layer, file_id) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (source_id, kind, layer) DO UPDATE SET file_id = EXCLUDED.file_id",
                (source_id, kind, layer or kind, file_id),
            )
        return file_id

    return give


@pytest.fixture
def give_weather(database: Database) -> Callable[..., None]:
    """give_weather([(at, snow depth in cm)]) of one station in the middle of what is drawn."""

    def give(rows: list[tuple[Any, float]]) -> None:
        with database.connect(Role.INGEST) as connection:
            source_id, file_id = _file(connection, "weather", "weather", str(rows), synthetic=False)
            station_id = connection.execute(
                "INSERT INTO raw.weather_station (source_id, external_id, name, lon, lat, has_snow) "
                "VALUES (%s, '1', 'station', %s, %s, true) "
                "ON CONFLICT (source_id, external_id) DO UPDATE SET name = EXCLUDED.name RETURNING station_id",
                (source_id, LON0, LAT0),
            ).fetchone()[0]
            for at, cm in rows:
                connection.execute(
                    "INSERT INTO raw.weather (station_id, at, quantity, span_min, value_cm, is_usable, file_id) "
                    "VALUES (%s, %s, 'snow_depth', 0, %s, true, %s)",
                    (station_id, at, cm, file_id),
                )

    return give


@pytest.fixture
def give_order(database: Database) -> Callable[..., None]:
    """give_order(edge_id, length_m, begins_at, ends_at, restriction=None, state=None): as the orders stage lays it."""

    def give(
        edge_id: int, length_m: float, begins_at: Any, ends_at: Any, restriction: str | None = None,
        state: str | None = None,
    ) -> None:  # fmt: skip
        kind = "restriction" if restriction else "correction"
        with database.connect(Role.ENGINE) as connection:
            connection.execute(
                "INSERT INTO ops.order_edge (order_id, entry_id, kind, restriction, state, edge_id, from_m, to_m, "
                "during, network_version) SELECT n, n, %s, %s, %s, %s, 0, %s, tstzrange(%s, %s), "
                "(SELECT max(network_version) FROM net.version) "
                "FROM (SELECT count(*) + 1 FROM ops.order_edge) AS o (n)",
                (kind, restriction, state, edge_id, length_m, begins_at, ends_at),
            )

    return give


type GiveFixes = Callable[..., None]


@pytest.fixture
def give_fixes(database: Database) -> GiveFixes:
    """give_fixes(vehicle, [(at, x_m, y_m, columns)], work_basis=None, …): fixes as ingest would load them.

    at is zone-aware; columns name those of raw.fix: blade, received_at and others. A fix whose key is there already
    is left alone.
    """

    def give(
        vehicle: str,
        rows: list[tuple[Any, ...]],
        source: str = "gps",
        work_basis: str | None = None,
        synthetic: bool = False,
    ) -> int:
        with database.connect(Role.INGEST) as connection:
            source_id = connection.execute(
                "INSERT INTO raw.source (name, kind, work_basis, is_synthetic) VALUES (%s, 'fixes', %s, %s) "
                "ON CONFLICT (name) DO UPDATE SET work_basis = EXCLUDED.work_basis RETURNING source_id",
                (source, work_basis, synthetic),
            ).fetchone()[0]
            vehicle_id = connection.execute(
                "INSERT INTO raw.vehicle (source_id, external_id) VALUES (%s, %s) "
                "ON CONFLICT (source_id, external_id) DO UPDATE SET external_id = EXCLUDED.external_id "
                "RETURNING vehicle_id",
                (source_id, vehicle),
            ).fetchone()[0]
            for day in {row[0].date() for row in rows}:
                connection.execute("SELECT raw.ensure_fix_partition(%s)", (day,))
            batch_id, n_written = take_batch_id(connection), 0
            for at, x_m, y_m, *rest in rows:
                lon, lat = lonlat(x_m, y_m)
                columns = {"vehicle_id": vehicle_id, "at": at, "lon": lon, "lat": lat, "content_key": 1}
                columns["batch_id"] = batch_id
                columns |= rest[0] if rest else {}
                names = ", ".join(columns)
                marks = ", ".join(f"%({name})s" for name in columns)
                text = f"INSERT INTO raw.fix ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
                n_written += connection.execute(text, columns).rowcount
            if n_written:
                announce_batch(connection, batch_id, "fixes", np.array([to_us(row[0]) for row in rows]))
        return vehicle_id

    return give

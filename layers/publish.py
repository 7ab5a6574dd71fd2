"""Publish: net and ops → pub and mgr, as yuki_publish, in one transaction, so that readers never see half of it.

Roads and their tiles are written anew only when the network or the plans changed; status and passes row by row where
they changed; the small tables (ploughs, routes, sections, devices) as a whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError
from layers.closures import publish_closures
from layers.default_reason import default_reason
from layers.generalise import BANDS, RANKS
from layers.past import keep_past_whole
from layers.places import publish_places
from layers.ploughs import public_plough_id
from layers.publish_reports import publish_reports
from layers.rasters import publish_rasters
from layers.road_card import publish_card_roads, publish_managers
from layers.road_order import publish_order
from layers.service import publish_service
from layers.snow import publish_snow
from layers.withholding import withhold, withhold_ploughs

type Facts = dict[str, Any]

#: Layers that are never public, whoever ingests them.
PRIVATE_LAYERS = ("depots",)
#: Passes older than this are history, which the collection `passes` does not hold.
PASSES_KEPT = timedelta(days=7)
#: A fact carries the time at which its transaction began. One that began this long before the last publication may
#: have been committed after it.
LONGEST_WRITE = timedelta(hours=1)
#: After so many new rows old statistics mislead the planner; with none an items page has been seen to take 5 s.
MANY_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What one publication wrote. Roads, tiles and plans that had not changed are not written again and count 0."""

    network_version: int
    status_version: int
    n_roads: int
    n_tiles: int
    n_status_changed: int
    n_passes: int
    n_passes_dropped: int
    n_ploughs: int
    n_routes: int
    n_sections: int
    n_reference: int
    n_devices: int


def run(connection: psycopg.Connection[Row], name: LiteralString, params: Facts | None = None) -> int:
    """Run a statement of layers/sql; how many rows it wrote."""
    return connection.execute(read_sql("layers", name), params).rowcount


def one_row(connection: psycopg.Connection[Row], name: LiteralString) -> Facts | None:
    """The first row of a query of layers/sql."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("layers", name)).fetchone()


def publish(
    database: Database, as_of: datetime, secret: bytes, *, mask_m: float = 200, heard_min: float = 30,
    shift_gap_min: float = 180,
) -> PublishReport:  # fmt: skip
    """Publish what net and ops hold at `as_of` (zone-aware).

    secret      keeps public plough ids from being turned back
    mask_m      no plough and no pass is shown nearer than this to a depot or to its shift's first and last stop
    heard_min   a machine not heard of for this long is not shown
    shift_gap_min  a longer silence ends a shift

    Raises ConflictError when there is no network, DatabaseProblem when the database does not answer.
    """
    with database.connect(Role.PUBLISH) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        run(connection, "publish_lock")
        run(connection, "publish_mask", {"mask_m": mask_m, "shift_gap_min": shift_gap_min})
        state = one_row(connection, "publish_state")
        if state is None or state["network_version"] is None:
            raise ConflictError("There is no road network to publish.", hint="Run `yukimichi ingest roads` first.")
        old = one_row(connection, "publish_published") or {}
        state["as_of"] = state["as_of"] or as_of
        n_reference = _reference(connection, state, old)
        n_roads, n_tiles = _roads(connection, state, old)
        publish_order(connection, has_new_roads=n_roads > 0)
        publish_card_roads(connection, has_new_roads=n_roads > 0)
        has_lifted = bool(withhold(connection).lifted)
        status_version, n_status = _status(connection, state, old, is_new=n_roads > 0)
        keep_past_whole(connection, state, default_reason(state["event_kind"]).value)
        n_passes, n_dropped = _passes(connection, state, {} if has_lifted else old, as_of)
        n_ploughs = publish_ploughs(connection, as_of, secret, mask_m, heard_min)
        n_routes, n_sections = publish_plans(connection, old, status_version, as_of)
        n_devices = publish_devices(connection, as_of)
        publish_closures(connection)
        publish_service(connection)
        publish_snow(connection)
        publish_reports(connection)
        publish_rasters(connection)
        publish_managers(connection)
        dataset = "publish_dataset" if n_roads else "publish_dataset_again"
        run(connection, dataset, state | {"status_version": status_version})
        publish_places(connection)
        if n_roads + n_passes > MANY_ROWS:
            run(connection, "publish_statistics")
        return PublishReport(
            state["network_version"], status_version, n_roads, n_tiles, n_status, n_passes, n_dropped, n_ploughs,
            n_routes, n_sections, n_reference, n_devices,
        )  # fmt: skip


def _reference(connection: psycopg.Connection[Row], state: Facts, old: Facts) -> int:
    if state["reference_key"] == old.get("reference_key"):
        return 0
    run(connection, "publish_reference_gone")
    return run(connection, "publish_reference", {"private": list(PRIVATE_LAYERS)})


def _roads(connection: psycopg.Connection[Row], state: Facts, old: Facts) -> tuple[int, int]:
    """Rows written to pub.roads and pub.road_tile; reference counts too, since roads carry their municipality."""
    if all(state[key] == old.get(key) for key in ("network_key", "plan_key", "reference_key")):
        return 0, 0
    run(connection, "publish_roads_gone")
    params = {"network_version": state["network_version"], "synthetic": state["is_synthetic"]}
    n_roads = run(connection, "publish_roads", params)
    if n_roads == 0:
        raise ConflictError("The road network has no road open to vehicles.", hint="Ingest roads and run again.")
    run(connection, "publish_kilometre_posts_gone")
    run(connection, "publish_kilometre_posts", {"network_version": state["network_version"]})
    return n_roads, _road_tiles(connection)


def _road_tiles(connection: psycopg.Connection[Row]) -> int:
    *lower, full = BANDS
    zooms = {"min_zoom": full.min_zoom, "max_zoom": full.max_zoom, "ranks": json.dumps(RANKS)}
    n_tiles = run(connection, "publish_road_tile", zooms)
    for band in lower:
        zooms = {"min_zoom": band.min_zoom, "max_zoom": band.max_zoom, "full_zoom": full.min_zoom}
        shown = {"classes": [road_class.value for road_class in band.classes], "tolerance_m": band.tolerance_m}
        n_tiles += run(connection, "publish_road_band", zooms | shown)
    return n_tiles


def _status(connection: psycopg.Connection[Row], state: Facts, old: Facts, *, is_new: bool) -> tuple[int, int]:
    """(status_version, rows changed). The version rises by one when anything that the snapshot holds changed."""
    status_version = int(old.get("status_version", 0)) + 1
    gone = run(connection, "publish_status_gone") if is_new else 0
    params = {"event_id": state["event_id"], "status_version": status_version}
    reason = default_reason(state["event_kind"])
    changed = run(connection, "publish_status", params | {"default_reason": reason.value})
    if gone or changed or is_new or state["event_id"] != old.get("event_id"):
        return status_version, gone + changed
    return status_version - 1, 0


def _passes(connection: psycopg.Connection[Row], state: Facts, old: Facts, as_of: datetime) -> tuple[int, int]:
    """(passes published, passes dropped): those that are new since the last publication, or all for another event."""
    since = max(state["reference_at"], as_of - PASSES_KEPT)
    is_same = bool(old) and state["event_id"] == old["event_id"]
    known_at = (old["published_at"] - LONGEST_WRITE).isoformat() if is_same else "-infinity"
    window = {"since": since, "known_at": known_at}
    n_dropped = run(connection, "publish_passes_gone", window)
    return run(connection, "publish_passes", window), n_dropped


def publish_plans(
    connection: psycopg.Connection[Row], old: Facts, status_version: int, as_of: datetime
) -> tuple[int, int]:
    """(routes, sections) written. Their shares change with states, with plans, and when a clearing runs out."""
    if status_version == old.get("status_version"):
        times = {"published_as_of": old["as_of"], "as_of": as_of}
        if connection.execute(read_sql("layers", "publish_expired"), times).fetchone() != (True,):
            return 0, 0
    run(connection, "publish_plans_gone")
    n_routes = run(connection, "publish_routes", {"as_of": as_of})
    return n_routes, run(connection, "publish_work_sections", {"as_of": as_of})


def publish_devices(connection: psycopg.Connection[Row], as_of: datetime) -> int:
    """Publish the devices to managers; how many."""
    run(connection, "publish_devices_gone")
    return run(connection, "publish_devices", {"as_of": as_of})


def publish_ploughs(
    connection: psycopg.Connection[Row], as_of: datetime, secret: bytes, mask_m: float, heard_min: float
) -> int:
    """Publish the ploughs that the public may see (see publish_ploughs_read.sql); how many."""
    return write_ploughs(connection, read_ploughs(connection, as_of, secret, mask_m, heard_min))


def read_ploughs(
    connection: psycopg.Connection[Row], as_of: datetime, secret: bytes, mask_m: float, heard_min: float
) -> list[Facts]:
    """The rows of the ploughs that the public may see; holds no lock."""
    with connection.cursor(row_factory=dict_row) as cursor:
        params = {"as_of": as_of, "heard_s": heard_min * 60, "mask_m": mask_m}
        seen = cursor.execute(read_sql("layers", "publish_ploughs_read"), params).fetchall()
    for row in seen:
        row["plough_id"] = public_plough_id(secret, row.pop("vehicle_id"), row.pop("shift_started_at"))
    return seen


def write_ploughs(connection: psycopg.Connection[Row], seen: list[Facts]) -> int:
    """Make these the ploughs that are published; how many."""
    run(connection, "publish_ploughs_gone", {"plough_ids": [row["plough_id"] for row in seen]})
    run(connection, "publish_ploughs", {"rows": json.dumps(seen, default=str)})
    return len(seen) - withhold_ploughs(connection)

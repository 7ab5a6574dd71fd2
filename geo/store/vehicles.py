"""The last word of each device in ops.vehicle_state: a cache of raw.fix, replaced in place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.crs import to_plane
from geo.db import Row, read_sql
from geo.fix import TREATMENTS, Fixes
from geo.shifts import DEPOT_M, shift_start
from geo.store.fixes import Vehicle
from geo.timeline import from_us
from geo.trace import FIX_OUTCOMES, FixOutcome, Traces
from geo.work import DEADHEAD, PASS, WorkStates

type Ints = NDArray[np.int64]

#: Fixes whose place and time can be believed.
_TRUE = [FIX_OUTCOMES.index(word) for word in (FixOutcome.KEPT, FixOutcome.PARKED, FixOutcome.DUPLICATE)]


def write_vehicle_states(
    connection: psycopg.Connection[Row],
    given: tuple[Fixes, NDArray[np.float64], WorkStates],
    traces: Traces,
    edge_at: dict[int, int],
    vehicles: dict[int, Vehicle],
    shift_gap_s: float,
    crs_epsg: int,
) -> None:
    """Write the state of every vehicle whose newest fix is among those given.

    given      the fixes of whole windows, their (n, 2) plane coordinates and work states
    traces     of the cleaning of those fixes
    edge_at    edge id of matched fixes, by vehicle: that of its last fix
    """
    fixes, xy, work = given
    good = np.flatnonzero(np.isin(traces.outcome, _TRUE))
    at_depot = _at_depot(connection, xy[good], crs_epsg)
    ids, first = np.unique(fixes.vehicle[good], return_index=True)
    ends = np.append(first[1:], len(good))[: len(ids)]
    known = _known(connection, ids.tolist())
    rows: list[dict[str, Any]] = []
    for vehicle_id, a, b in zip(ids.tolist(), first.tolist(), ends.tolist(), strict=True):
        last, old = int(good[b - 1]), known.get(vehicle_id)
        last_at = from_us(int(fixes.at_us[last]))
        if old and old[1] > last_at:
            continue
        start, is_over = shift_start(fixes.at_us[good[a:b]], at_depot[a:b], shift_gap_s)
        began = _began(fixes, int(good[a + start]), start, old, shift_gap_s)
        rows.append(_row(fixes, work, last, began, vehicles[vehicle_id], edge_at.get(vehicle_id), is_over))
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("geo", "queries/write_vehicle_state"), rows)


def _known(connection: psycopg.Connection[Row], ids: list[int]) -> dict[int, Row]:
    rows = connection.execute(read_sql("geo", "queries/read_vehicle_states"), {"vehicle_ids": ids}).fetchall()
    return {int(row[0]): row for row in rows}


def _at_depot(connection: psycopg.Connection[Row], xy: NDArray[np.float64], crs_epsg: int) -> NDArray[np.bool_]:
    depots = np.array(connection.execute(read_sql("geo", "queries/read_depots")).fetchall(), np.float64).reshape(-1, 2)
    if not len(depots) or not len(xy):
        return np.zeros(len(xy), np.bool_)
    near, _ = cKDTree(to_plane(depots[:, 0], depots[:, 1], crs_epsg)).query(xy, distance_upper_bound=DEPOT_M)
    return np.asarray(np.isfinite(near), np.bool_)


def _began(fixes: Fixes, at: int, start: int, old: Row | None, gap_s: float) -> tuple[datetime, float, float]:
    """When and where the shift began: at the fix found, or earlier where the stored shift reaches into the window."""
    here = (from_us(int(fixes.at_us[at])), float(fixes.lon[at]), float(fixes.lat[at]))
    if start > 0 or old is None:
        return here
    _, last_at, began_at, lon, lat = old
    goes_on = (here[0] - last_at).total_seconds() <= gap_s and began_at < here[0]
    return (began_at, lon, lat) if goes_on else here


def _row(
    fixes: Fixes,
    work: WorkStates,
    at: int,
    began: tuple[datetime, float, float],
    vehicle: Vehicle,
    edge_id: int | None,
    is_over: bool,
) -> dict[str, Any]:
    heading, treatment = float(fixes.heading_deg[at]), int(work.treatment[at])
    return {
        "vehicle_id": vehicle.vehicle_id,
        "last_fix_at": from_us(int(fixes.at_us[at])),
        "lon": float(fixes.lon[at]),
        "lat": float(fixes.lat[at]),
        "heading_deg": None if np.isnan(heading) else heading,
        "is_working": {PASS: True, DEADHEAD: False}.get(int(work.kind[at])),
        "treatment": None if treatment < 0 else str(TREATMENTS[treatment]),
        "shift_started_at": began[0],
        "shift_start_lon": began[1],
        "shift_start_lat": began[2],
        "is_shift_over": is_over,
        "edge_id": edge_id,
        "is_synthetic": vehicle.is_synthetic,
        "source": vehicle.source,
        "vehicle": vehicle.external_id,
    }

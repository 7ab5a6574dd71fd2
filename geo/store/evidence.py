"""What states rest on, read for a moment and as known at another: facts, plans, devices, on one network version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.db import Row, read_sql
from geo.network import Network
from geo.settings import StateSettings
from geo.status import EdgeContext
from geo.store.bulk import read_columns
from geo.store.carry import laid_on
from geo.store.events import Event, known_text
from geo.store.orders import read_orders
from geo.store.passes import CODES
from geo.store.road_needs import RoadNeeds, read_road_needs
from geo.store.snow import read_snow

type Columns = dict[str, NDArray[Any]]
type Ints = NDArray[np.int64]

#: A plan holds an edge when it holds at least half of it; less is noise of plans drawn on another map.
PLAN_SHARE = 0.5
#: As far as the matcher looks for a road around a fix (geo.matching.settings radius_m).
UNMATCHED_NEAR_M = 60.0
#: The same in degrees of longitude at 60 degrees of latitude, where a degree is half as long as at the equator.
UNMATCHED_NEAR_DEG = UNMATCHED_NEAR_M / 55_000
#: Columns of copy_passes.sql and copy_edge_passes.sql.
PASS_COLUMNS = {
    "edge_id": "int8", "from_m": "float8", "to_m": "float8", "began_us": "timestamptz", "ended_us": "timestamptz",
    "kind": "int2", "treatment": "int2", "work_basis": "int2", "confidence": "float4", "source": "int4",
    "synthetic": "bool", "trace": "int8", "seq": "int4",
}  # fmt: skip
_AREAS = {"edge_id": "int8", "area": "int8", "held_m": "float8"}
_MACHINES = {"vehicle": "int4", "area": "int8", "is_healthy": "bool"}
_NEAR = {"vehicle": "int4", "piece_id": "int8"}


def read_facts(
    connection: psycopg.Connection[Row], network: Network, event: Event, as_of: datetime, known_at: datetime | None
) -> tuple[PassFacts, NDArray[np.bool_]]:
    """The facts of an event up to a moment, on the edges of this network, and (Q,) which of them were carried over.

    Facts on edges that this network has no more are carried over along the lineage, stretch by stretch.
    """
    params = {"reference_at": event.reference_at, "as_of": as_of, "known_at": known_text(known_at), **CODES}
    rows = read_columns(connection, read_sql("geo", "queries/copy_passes"), params, PASS_COLUMNS)
    rows, position, is_carried = laid_on(connection, network, rows)
    return facts_from(rows, position), is_carried


def facts_from(rows: Columns, position: Ints) -> PassFacts:
    """The facts of rows of PASS_COLUMNS, at (Q,) edge positions."""
    return PassFacts(
        edge=position, from_m=rows["from_m"], to_m=rows["to_m"], began_us=rows["began_us"], ended_us=rows["ended_us"],
        kind=rows["kind"].astype(np.int8), treatment=rows["treatment"].astype(np.int8),
        work_basis=rows["work_basis"].astype(np.int8), confidence=rows["confidence"].astype(np.float64),
        source=rows["source"].astype(np.int64), synthetic=rows["synthetic"].astype(np.bool_), trace=rows["trace"],
        seq=rows["seq"].astype(np.int64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanHeld:
    """(n,) edge positions that plans hold, and the route or section that does: a hash of its id, as in the queries."""

    edge: Ints
    area: Ints


def read_held(connection: psycopg.Connection[Row], network: Network) -> PlanHeld:
    """The edges of which a route or section holds PLAN_SHARE or more."""
    params = {"network_version": network.version}
    rows = read_columns(connection, read_sql("geo", "queries/copy_held_edges"), params, _AREAS)
    at = network.position_of(rows["edge_id"])
    holds = (at >= 0) & (rows["held_m"] >= PLAN_SHARE * network.length_m[at >> 1])
    return PlanHeld(at[holds], rows["area"][holds])


def read_context(
    connection: psycopg.Connection[Row],
    network: Network,
    settings: StateSettings,
    event: Event,
    as_of: datetime,
    known_at: datetime | None,
    needs: RoadNeeds | None = None,
    held: PlanHeld | None = None,
) -> EdgeContext:
    """What roads, weather, orders, plans, assignments and devices say of each edge at a moment.

    needs  what the roads need (geo.store.road_needs), where it has been read for this network and these settings.
    held   what plans hold, where it has been read for this network and these plans.
    Of several machines on an edge each could have cleared it: all of them need a device, and every device has to be
    heard, before "no pass" can mean "not cleared".
    """
    params: dict[str, Any] = {
        "network_version": network.version,
        "as_of": as_of,
        "known_at": known_text(known_at),
        "silent": timedelta(minutes=settings.status.silent_min),
        "reference_at": event.reference_at,
        "near_m": UNMATCHED_NEAR_M,
        "near_deg": UNMATCHED_NEAR_DEG,
    }
    held = held or read_held(connection, network)
    at, area = held.edge, held.area
    machines = read_columns(connection, read_sql("geo", "queries/copy_machines"), params, _MACHINES)
    near = {name: np.zeros(0, np.int64) for name in _NEAR}
    if not event.is_standing:  # in the standing watch no state asks for it, and it would be looked up since 1970
        near = read_columns(connection, read_sql("geo", "queries/copy_near_unmatched"), params, _NEAR)
    tracked = machines["vehicle"] >= 0
    silent = tracked & (machines["is_healthy"] == 0)
    needs = needs or read_road_needs(connection, network, settings)
    begin = _snow_from(settings, event, as_of, needs)
    return EdgeContext(
        edge_from=network.edge_from.astype(np.int64),
        edge_to=network.edge_to.astype(np.int64),
        length_m=np.repeat(network.length_m, 2),
        valid_us=needs.valid_us,
        on_plan=_flag(network, at),
        has_device=_flag(network, at[np.isin(area, machines["area"][tracked])])
        & ~_flag(network, at[np.isin(area, machines["area"][~tracked])]),
        is_healthy=~_flag(network, at[np.isin(area, machines["area"][silent])]),
        is_unmatched=_flag(network, _left_unmatched(network, at, area, machines, near)),
        passes_needed=needs.passes.passes_needed,
        is_shared=needs.passes.is_shared,
        snow_limit_cm=needs.snow_limit_cm,
        snow_cell=needs.snow_cell,
        snow=read_snow(connection, settings.snow, begin, as_of, known_at, np.unique(needs.snow_cell)),
        orders=read_orders(connection, network, as_of, known_at),
        twins=needs.twins,
    )


def _snow_from(settings: StateSettings, event: Event, as_of: datetime, needs: RoadNeeds) -> datetime:
    """Since when snow matters: the standing watch has no beginning, but no clearing outlasts its hours."""
    if not event.is_standing:
        return event.reference_at
    longest = timedelta(microseconds=int(needs.valid_us.max(initial=0)))
    return as_of - max(longest, timedelta(hours=settings.snow.fine_h))


def _flag(network: Network, at: Ints) -> NDArray[np.bool_]:
    flags = np.zeros(network.n_edges, np.bool_)
    flags[at] = True
    return flags


def _left_unmatched(network: Network, at: Ints, area: Ints, machines: Columns, near: Columns) -> Ints:
    """Edges near which a machine assigned to their route or section left unmatched fixes."""
    order = np.argsort(at >> 1, kind="stable")
    at, area = at[order], area[order]
    piece = network.position_of(near["piece_id"] * 2) >> 1
    low, high = np.searchsorted(at >> 1, piece, side="left"), np.searchsorted(at >> 1, piece, side="right")
    n = high - low
    pair = np.repeat(np.arange(len(n)), n)
    slot = np.repeat(low - np.concatenate([[0], np.cumsum(n)])[:-1], n) + np.arange(len(pair))
    assigned = set(zip(machines["vehicle"].tolist(), machines["area"].tolist(), strict=True))
    works = zip(near["vehicle"][pair].tolist(), area[slot].tolist(), strict=True)
    return at[slot[np.fromiter((one in assigned for one in works), np.bool_, len(pair))]]

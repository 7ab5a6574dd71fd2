"""What laying needs to know of the network in the database, and the laying of lines and named roads on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.network import Network
from geo.plans import LayLine, PlanEdges, gather, lay_features, no_edges, on_roads, open_directions, with_twins
from geo.store.plan_rows import PlanFeature, line_parts

type Floats = NDArray[np.float64]
type Progress = Callable[[int, int], None]

#: A feature of which no more than this is missing fits.
FITS_M = 1.0


@dataclass(frozen=True, slots=True)
class Pieces:
    """Columns of net.piece that plans refer to, in the order of Network.piece_id."""

    manager: NDArray[Any]
    route: list[str]
    on_road: dict[str, list[int]]
    external_from_m: Floats


@dataclass(slots=True)
class Outcome:
    """Gathers what one run lays."""

    counts: dict[str, int]
    planned_m: float
    laid_m: float
    misfits: list[tuple[str, str, float, str]]


def read_pieces(connection: psycopg.Connection[Row], network: Network) -> Pieces:
    newest = connection.execute(read_sql("geo", "queries/newest_version")).fetchone()
    params = {"network_version": network.version}
    rows = connection.execute(read_sql("geo", "queries/read_piece_plans"), params).fetchall()
    piece_id = np.array([row[0] for row in rows], np.int64)
    if newest is None or newest[0] != network.version or not np.array_equal(piece_id, network.piece_id):
        raise ConflictError(
            f"Network version {network.version} is not the newest one of the database.",
            hint="Load the network again and repeat.",
        )
    on_road: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        on_road.setdefault(row[3], []).append(position)
    manager = np.empty(len(rows), object)
    manager[:] = [row[1] for row in rows]
    return Pieces(manager, [row[2] or "" for row in rows], on_road, np.array([row[4] for row in rows], np.float64))


@dataclass(frozen=True, slots=True)
class LaidPlan:
    """Features laid in all open directions, with metres planned and laid, and why something is missing."""

    edges: PlanEdges
    planned_m: Floats
    laid_m: Floats
    why: list[str]


def lay_plan(
    network: Network, pieces: Pieces, features: list[PlanFeature], lay_line: LayLine, progress: Progress
) -> LaidPlan:
    """Lay the lines of features and the stretches of roads that they name."""
    lines = [line_parts(feature, network.crs_epsg) for feature in features]
    laid = lay_features(lines, lay_line, progress)
    named, planned_m, missing_m, why = _named_roads(network, pieces, features)
    closed = ~(network.is_open[laid.edges.edge] | network.is_open[laid.edges.edge ^ 1])
    length = laid.edges.to_m - laid.edges.from_m
    closed_m = np.bincount(laid.edges.feature[closed], weights=length[closed], minlength=len(features))
    for feature in np.nonzero(closed_m > FITS_M)[0]:
        why[feature] += f" {closed_m[feature]:.0f} m lie on roads closed to vehicles."
    for feature in np.nonzero(laid.missing_m > FITS_M)[0]:
        why[feature] += f" {laid.missing_m[feature]:.0f} m are drawn where the network has no road."
    edges = with_twins(network, gather([open_directions(network, laid.edges), named]))
    planned = laid.planned_m + planned_m
    return LaidPlan(edges, planned, np.maximum(planned - laid.missing_m - closed_m - missing_m, 0.0), why)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named_roads(
    network: Network, pieces: Pieces, features: list[PlanFeature]
) -> tuple[PlanEdges, Floats, Floats, list[str]]:
    """Stretches of the roads that features name by id, from-to; planned and missing metres, and why."""
    found: list[tuple[int, int, float, float]] = []
    planned, missing, why = np.zeros(len(features)), np.zeros(len(features)), [""] * len(features)
    for feature, plan in enumerate(features):
        for row in [one for given in plan.rows for one in given.get("roads") or [given]]:
            ids = [str(i) for i in _list(row.get("road_id")) if i is not None]
            limits = [_list(row.get(key)) + [None] * len(ids) for key in ("from_m", "to_m")]
            for road, low, high in zip(ids, *limits, strict=False):
                on = pieces.on_road.get(road, [])
                begin = 0.0 if low is None else float(low)
                end = np.inf if high is None else float(high)
                spans = [_span(network, pieces, p, begin, end) for p in on]
                found += [(feature, p, *span) for p, span in zip(on, spans, strict=True)]
                held = sum(max(b - a, 0.0) for a, b in spans)
                wanted = held if high is None else end - begin
                planned[feature] += wanted
                missing[feature] += max(wanted - held, 0.0)
                if not on:
                    why[feature] += f" The network has no road {road}."
    if not found:
        return no_edges(), planned, missing, why
    feature_of, piece, from_m, to_m = (np.array(column) for column in zip(*found, strict=True))
    return on_roads(network, feature_of, piece, from_m, to_m), planned, missing, why


def _span(network: Network, pieces: Pieces, piece: int, begin: float, end: float) -> tuple[float, float]:
    """Which part of a piece lies between two places of its road."""
    offset = float(pieces.external_from_m[piece])
    return max(begin - offset, 0.0), min(end - offset, float(network.length_m[piece]))

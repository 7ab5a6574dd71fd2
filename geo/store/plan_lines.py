"""Plough routes and work sections: laid and written to net."""

from __future__ import annotations

from datetime import time
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row
from geo.linear import Stretches, measure, union
from geo.network import Network
from geo.plans import LayLine, PlanEdges, gather, in_areas
from geo.store.plan_laying import FITS_M, LaidPlan, Outcome, Pieces, Progress, lay_plan
from geo.store.plan_rows import PlanFeature, any_shape, area_of, copy_rows, multi_line, read_plans
from geo.vocabulary import Manager

type Ints = NDArray[np.int64]


def _copy_edges(
    connection: psycopg.Connection[Row], network: Network, ids: list[str], edges: PlanEdges, *, sections: bool
) -> None:
    edge_id = network.edge_id[edges.edge].tolist()
    rows = zip(edges.feature.tolist(), edge_id, edges.from_m.tolist(), edges.to_m.tolist(), strict=True)
    copy_rows(
        connection,
        "copy_plan_edges",
        (
            (network.version, None if sections else ids[f], ids[f] if sections else None, edge, low, high)
            for f, edge, low, high in rows
        ),
    )


def write_routes(
    connection: psycopg.Connection[Row],
    network: Network,
    pieces: Pieces,
    lay_line: LayLine,
    progress: Progress,
    outcome: Outcome,
) -> None:
    """Plough routes, laid on both directions of their roads."""
    features = read_plans(connection, "routes")
    laid = lay_plan(network, pieces, features, lay_line, progress)
    rows = []
    for k, feature in enumerate(features):
        target = _clock(feature, outcome)
        depth = feature.attributes.get("callout_depth_cm")
        rows.append(
            (
                feature.external_id,
                feature.text("name", feature.external_id),
                feature.text("route_class", ""),
                feature.manager,
                feature.text("office"),
                target,
                None if depth is None else float(depth),
                bool(feature.attributes.get("is_priority_network") or False),
                float(laid.planned_m[k]),
                float(laid.laid_m[k]),
                feature.is_synthetic,
                multi_line(feature.shapes),
            )
        )
    copy_rows(connection, "copy_routes", rows)
    _copy_edges(connection, network, [f.external_id for f in features], laid.edges, sections=False)
    _tell(outcome, "routes", features, laid)


def _clock(feature: PlanFeature, outcome: Outcome) -> time | None:
    text = feature.text("target_time")
    try:
        return None if text is None else time.fromisoformat(text)
    except ValueError:
        outcome.misfits.append(("routes", feature.external_id, 0.0, f"target_time {text!r} is no time of day."))
        return None


def _inside(network: Network, pieces: Pieces, features: list[PlanFeature], areas: list[Any]) -> PlanEdges:
    """Stretches inside the sections that are areas, of roads of the section's own manager."""
    which = np.array([k for k, area in enumerate(areas) if area is not None], np.int64)
    manager = np.array([feature.manager for feature in features], object)
    unknown = Manager.UNKNOWN.value

    def may_hold(area: Ints, piece: Ints) -> NDArray[np.bool_]:
        mine, its = manager[which[area]], pieces.manager[piece]
        held: NDArray[np.bool_] = (mine == its) | (mine == unknown) | (its == unknown)
        return held

    inside = in_areas(network, np.array([areas[k] for k in which], object), may_hold)
    return PlanEdges(which[inside.feature], inside.edge, inside.from_m, inside.to_m)


def _road_length_m(network: Network, edges: PlanEdges, n_features: int) -> NDArray[np.float64]:
    """(F,) metres of road that the stretches of each feature hold, both directions counted once."""
    n_pieces = network.n_edges // 2
    held = union(Stretches(edges.feature * n_pieces + (edges.edge >> 1), edges.from_m, edges.to_m))
    return measure(Stretches(held.group // n_pieces, held.from_m, held.to_m), n_features)


def write_sections(
    connection: psycopg.Connection[Row],
    network: Network,
    pieces: Pieces,
    lay_line: LayLine,
    progress: Progress,
    outcome: Outcome,
) -> None:
    """Work sections: by area the roads of their manager inside, by line laid like routes."""
    features = read_plans(connection, "sections")
    areas = [area_of(feature, network.crs_epsg) for feature in features]
    laid = lay_plan(network, pieces, features, lay_line, progress)
    inside = _inside(network, pieces, features, areas)
    area_m = _road_length_m(network, inside, len(features))
    edges = gather([laid.edges, inside])
    rows = [
        (
            feature.external_id,
            feature.text("name", feature.external_id),
            feature.manager,
            feature.text("contractor"),
            float(laid.planned_m[k]) if areas[k] is None else None,
            float(laid.laid_m[k] + area_m[k]),
            feature.is_synthetic,
            any_shape(feature.shapes),
        )
        for k, feature in enumerate(features)
    ]
    copy_rows(connection, "copy_sections", rows)
    _copy_edges(connection, network, [f.external_id for f in features], edges, sections=True)
    _tell(outcome, "sections", features, LaidPlan(edges, laid.planned_m, laid.laid_m, laid.why))


def _tell(outcome: Outcome, kind: str, features: list[PlanFeature], laid: LaidPlan) -> None:
    """Count the features and keep what does not fit."""
    outcome.counts[kind] = len(features)
    outcome.planned_m += float(laid.planned_m.sum())
    outcome.laid_m += float(laid.laid_m.sum())
    has_edge = np.isin(np.arange(len(features)), laid.edges.feature)
    for k, feature in enumerate(features):
        missing = float(laid.planned_m[k] - laid.laid_m[k])
        why = laid.why[k].strip() or ("" if has_edge[k] else "No part of it lies on the network.")
        if missing > FITS_M or why:
            outcome.misfits.append((kind, feature.external_id, round(missing, 1), why or "Some metres do not fit."))

"""The priority network 雪みちネットワーク路線 laid onto edges: drawn lines, named roads, or names of routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import psycopg

from geo.db import Row
from geo.linear import Stretches, measure, union
from geo.network import Network
from geo.plans import LayLine, PlanEdges, gather, on_roads, piece_lines, plain
from geo.store.order_laying import drawn, select
from geo.store.places import read_features, row_key, stable_id
from geo.store.plan_laying import FITS_M, LaidPlan, Pieces, Progress, lay_plan
from geo.store.plan_rows import PlanFeature, copy_rows, hex_ewkb, multi_line

KIND = "priority_network"
type Misfit = tuple[str, str, float, str]


def write_priority_network(
    connection: psycopg.Connection[Row], network: Network, pieces: Pieces, lay_line: LayLine, progress: Progress
) -> tuple[int, float, float, list[Misfit]]:
    """Lay and write all lines that stand: (lines, metres planned, metres laid, what does not fit)."""
    found = read_features(connection, KIND)
    features = [feature for _, feature in found]
    laid = _with_routes(network, pieces, features, lay_plan(network, pieces, features, lay_line, progress))
    lines = piece_lines(network)
    rows, edges, misfits = [], [], []
    for k, (source, feature) in enumerate(found):
        held = select(laid.edges, laid.edges.feature == k)
        priority_id = stable_id(KIND, source, feature.external_id)
        shape = drawn(network, lines, held)
        geom = multi_line(feature.shapes) if shape is None else hex_ewkb(shape)
        row = [
            priority_id, source, feature.text("name"), _class(feature), feature.text("class_name"),
            feature.text("licence"), feature.text("attribution"), float(laid.planned_m[k]), float(laid.laid_m[k]),
            feature.is_synthetic,
        ]  # fmt: skip
        rows.append((*row, row_key([*row, geom]), geom))
        edge_ids = network.edge_id[held.edge].tolist()
        stretches = zip(edge_ids, held.from_m.tolist(), held.to_m.tolist(), strict=True)
        edges += [(network.version, priority_id, *stretch) for stretch in stretches]
        misfits += _misfit(feature, laid, k, has_edge=len(held) > 0)
    copy_rows(connection, "copy_priority_roads", rows)
    copy_rows(connection, "copy_priority_edges", edges)
    return len(rows), float(laid.planned_m.sum()), float(laid.laid_m.sum()), misfits


def _class(feature: PlanFeature) -> int | None:
    value = feature.attributes.get("network_class")
    return None if value is None else int(value)


def _with_routes(network: Network, pieces: Pieces, features: list[PlanFeature], laid: LaidPlan) -> LaidPlan:
    """What features hold that have no line and name a route instead: every piece of that route."""
    own = np.array([plain(text) for text in pieces.route], object)
    parts, planned_m, laid_m, why = [laid.edges], laid.planned_m.copy(), laid.laid_m.copy(), list(laid.why)
    for k, feature in enumerate(features):
        route = feature.text("route")
        if feature.shapes or feature.attributes.get("roads") or route is None:
            continue
        piece = np.flatnonzero(own == plain(route)).astype(np.int64)
        if not len(piece):
            why[k] += f" The network has no road of route {route!r}."
            continue
        feature_of = np.full(len(piece), k, np.int64)
        edges = on_roads(network, feature_of, piece, np.zeros(len(piece)), network.length_m[piece])
        parts.append(edges)
        planned_m[k] += float(network.length_m[piece].sum())
        laid_m[k] += _road_m(network, edges)
    return replace(laid, edges=gather(parts), planned_m=planned_m, laid_m=laid_m, why=why)


def _road_m(network: Network, edges: PlanEdges) -> float:
    held = union(Stretches(edges.edge >> 1, edges.from_m, edges.to_m))
    return float(measure(held, network.n_edges // 2).sum())


def _misfit(feature: PlanFeature, laid: LaidPlan, k: int, *, has_edge: bool) -> list[Misfit]:
    missing: Any = float(laid.planned_m[k] - laid.laid_m[k])
    why = laid.why[k].strip() or ("" if has_edge else "No part of it lies on the network.")
    if missing <= FITS_M and not why:
        return []
    return [(KIND, feature.external_id, round(missing, 1), why or "Some metres do not fit.")]

"""Kilometre posts, depots and reference layers: written to net."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import psycopg
import shapely

from geo.crs import to_plane
from geo.db import Row
from geo.network import Network
from geo.plans import KMPOST_M, place_kmposts
from geo.store.plan_laying import Outcome, Pieces
from geo.store.plan_rows import PlanFeature, any_shape, copy_rows, hex_ewkb, read_plans


def write_kmposts(connection: psycopg.Connection[Row], network: Network, pieces: Pieces, outcome: Outcome) -> None:
    features = [f for f in read_plans(connection, "kmposts", by_id=False) if f.shapes]
    outcome.counts["kmposts"] = len(features)
    if not features:
        return
    lonlat = shapely.get_coordinates(shapely.point_on_surface(np.array([f.shapes[0] for f in features], object)))
    routes = [feature.text("route", "") or "" for feature in features]
    xy = to_plane(lonlat[:, 0], lonlat[:, 1], network.crs_epsg)
    xy[~np.isfinite(xy).all(axis=1)] = 1e12  # beyond the plane CRS: too far from every road
    edge, offset_m, distance_m = place_kmposts(network, pieces.route, routes, xy)
    rows: dict[tuple[str, float, int], tuple[Any, ...]] = {}
    for k, feature in enumerate(features):
        if feature.text("km") is None:
            outcome.misfits.append(("kmposts", feature.external_id, 0.0, "It says no kilometre."))
        elif edge[k] < 0:
            why = f"The network has no road of route {routes[k]!r}."
            outcome.misfits.append(("kmposts", feature.external_id, 0.0, why))
        elif distance_m[k] > KMPOST_M:
            why = f"{routes[k]} is {distance_m[k]:.0f} m away."
            outcome.misfits.append(("kmposts", feature.external_id, round(float(distance_m[k]), 1), why))
        else:
            km, edge_id = float(feature.attributes["km"]), int(network.edge_id[edge[k]])
            place = (float(offset_m[k]), float(distance_m[k]), hex_ewkb(shapely.points(lonlat[k])))
            rows[(routes[k], km, edge_id)] = (network.version, routes[k], km, edge_id, *place)
    copy_rows(connection, "copy_kmposts", rows.values())


def write_depots(connection: psycopg.Connection[Row], outcome: Outcome) -> None:
    """Depots; of several with one id the last counts."""
    depots = {f.external_id: f for f in read_plans(connection, "depots") if f.shapes}
    outcome.counts["depots"] = copy_rows(
        connection,
        "copy_depots",
        (
            (key, f.text("name", key), f.is_synthetic, hex_ewkb(shapely.point_on_surface(f.shapes[0])))
            for key, f in depots.items()
        ),
    )


def write_references(connection: psycopg.Connection[Row], outcome: Outcome) -> None:
    """Areas and other layers; a second feature of one id in its layer gets the id with a number."""
    for kind in ("areas", "layer"):
        features = [f for f in read_plans(connection, kind, by_id=False) if f.shapes]
        outcome.counts[kind] = len(features)
        copy_rows(connection, "copy_references", _reference_rows(features))


def _reference_rows(features: list[PlanFeature]) -> list[tuple[Any, ...]]:
    times: dict[tuple[str, str], int] = {}
    rows = []
    for feature in features:
        place = (feature.layer, feature.external_id)
        times[place] = times.get(place, 0) + 1
        feature_id = feature.external_id if times[place] == 1 else f"{feature.external_id}.{times[place]}"
        attributes = json.dumps(feature.attributes, ensure_ascii=False)
        shape = any_shape(feature.shapes)
        rows.append((feature.layer, feature_id, feature.text("name"), attributes, feature.is_synthetic, shape))
    return rows

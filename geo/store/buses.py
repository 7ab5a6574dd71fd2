"""Buses laid onto edges: which metres of which edge a route drives, in its own direction, and how often a day.

Lines of the feed's shapes are laid like every drawn line. Where a feed has none, the line is made from its stops: the
shortest way along the roads from stop to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_lonlat, to_plane
from geo.db import Row
from geo.network import Network
from geo.order_places import Ground, Place, nearest_place, way_between
from geo.plans import LayLine, PlanEdges, gather, lay_features, no_edges, piece_lines
from geo.polyline import Polylines, substrings, to_shapes
from geo.store.places import read_features, row_key
from geo.store.plan_laying import FITS_M, Progress
from geo.store.plan_rows import PlanFeature, copy_rows, hex_ewkb, line_parts

type Floats = NDArray[np.float64]
type Misfit = tuple[str, str, float, str]

KINDS = ("bus_feed", "bus_stops", "bus_routes", "bus_patterns")
#: From one stop to the next the way along the roads is at most so many times the straight one, and this much longer.
DETOUR, DETOUR_M = 4.0, 1_000.0


@dataclass(slots=True)
class LaidPatterns:
    """P patterns laid: stretches in the direction of travel, metres planned and missing, lines in degrees."""

    edges: PlanEdges
    planned_m: Floats
    missing_m: Floats
    lines: list[Any]


def write_buses(
    connection: psycopg.Connection[Row], network: Network, lay_line: LayLine, ground: Callable[[], Ground],
    progress: Progress,
) -> tuple[dict[str, int], float, float, list[Misfit]]:  # fmt: skip
    """Lay and write all feeds that stand: (counts, metres planned, metres laid, what does not fit)."""
    feeds = read_features(connection, "bus_feed")
    patterns = read_features(connection, "bus_patterns")
    laid = _lay(network, [feature for _, feature in patterns], lay_line, ground, progress)
    copy_rows(connection, "copy_bus_feeds", [_feed_row(source, feature) for source, feature in feeds])
    stops = [_stop_row(source, feature) for source, feature in read_features(connection, "bus_stops")]
    copy_rows(connection, "copy_bus_stops", stops)
    of_route: dict[str, list[int]] = {}
    for k, (source, feature) in enumerate(patterns):
        of_route.setdefault(f"{source}:{feature.attributes['route_id']}", []).append(k)
    rows, misfits = [], []
    for source, feature in read_features(connection, "bus_routes"):
        held = of_route.get(f"{source}:{feature.external_id}", [])
        row, missing_m = _route_row(source, feature, held, [patterns[k][1] for k in held], laid)
        rows.append(row)
        if missing_m > FITS_M:
            why = f"{missing_m:.0f} m of its lines lie where the network has no road."
            misfits.append(("bus_routes", row[0], round(missing_m, 1), why))
    copy_rows(connection, "copy_bus_routes", rows)
    n_edges = copy_rows(connection, "copy_bus_edges", _edge_rows(network, patterns, of_route, laid))
    counts = {"bus_feeds": len(feeds), "bus_stops": len(stops), "bus_routes": len(rows), "bus_edges": n_edges}
    return counts, float(laid.planned_m.sum()), float((laid.planned_m - laid.missing_m).sum()), misfits


def _lay(
    network: Network, patterns: list[PlanFeature], lay_line: LayLine, ground: Callable[[], Ground], progress: Progress
) -> LaidPatterns:
    """Lay patterns by their shapes, or along the roads between their stops."""
    is_shape = [feature.attributes["shape_source"] == "shapes" for feature in patterns]
    drawn = [line_parts(f, network.crs_epsg) if own else [] for f, own in zip(patterns, is_shape, strict=True)]
    laid = lay_features(drawn, lay_line, progress)
    found = LaidPatterns(laid.edges, laid.planned_m, laid.missing_m, [
        feature.shapes[0] if own else None for feature, own in zip(patterns, is_shape, strict=True)
    ])  # fmt: skip
    parts, lines = [laid.edges], piece_lines(network)
    ways = _Ways(ground, {})
    for k, (feature, own) in enumerate(zip(patterns, is_shape, strict=True)):
        if own:
            continue
        lon, lat = shapely.get_coordinates(feature.shapes[0]).T
        way, missing_m = ways.through(to_plane(lon, lat, network.crs_epsg))
        parts.append(PlanEdges(np.full(len(way), k, np.int64), way.edge, way.from_m, way.to_m))
        found.missing_m[k] = missing_m
        found.planned_m[k] = missing_m + float((way.to_m - way.from_m).sum())
        found.lines[k] = _line(network, lines, way)
    found.edges = gather(parts)
    return found


@dataclass(slots=True)
class _Ways:
    """Ways between stops, each looked for once: many patterns share them."""

    ground: Callable[[], Ground]
    known: dict[tuple[float, ...], PlanEdges | None]

    def through(self, xy: Floats) -> tuple[PlanEdges, float]:
        """The way through (n, 2) stops in metres, and the straight metres between stops that no way joins."""
        places = [nearest_place(self.ground(), float(x), float(y)) for x, y in xy]
        parts, missing_m = [no_edges()], 0.0
        for (a, here), (b, there) in pairwise(zip(places, xy, strict=True)):
            straight_m = float(np.hypot(*(there - here)))
            way = None if a is None or b is None else self._between(a, b, straight_m)
            if way is None:
                missing_m += straight_m
            else:
                parts.append(way)
        return gather(parts), missing_m

    def _between(self, a: Place, b: Place, straight_m: float) -> PlanEdges | None:
        key = (a.piece, a.at_m, b.piece, b.at_m)
        if key not in self.known:
            self.known[key] = way_between(self.ground(), a, b, DETOUR * straight_m + DETOUR_M)
        return self.known[key]


def _line(network: Network, lines: Polylines, way: PlanEdges) -> Any:
    """Stretches as one MultiLineString in degrees, in their order; None for none."""
    keep = way.to_m - way.from_m > 0
    if not keep.any():
        return None
    parts = to_shapes(substrings(lines, way.edge[keep] >> 1, way.from_m[keep], way.to_m[keep]))
    whole = shapely.multilinestrings(list(parts))
    return shapely.transform(whole, lambda xy: to_lonlat(xy, network.crs_epsg))


def _feed_row(source: str, feature: PlanFeature) -> tuple[Any, ...]:
    about = feature.attributes
    told = [feature.text(name) for name in ("publisher", "version", "valid_from", "valid_to", "licence")]
    attribution = feature.text("attribution") or feature.text("agencies")
    return (
        source, *told, attribution, feature.text("agencies"), about["timezone"], int(about["n_trips"]),
        feature.is_synthetic,
    )  # fmt: skip


def _stop_row(source: str, feature: PlanFeature) -> tuple[Any, ...]:
    geom = hex_ewkb(feature.shapes[0])
    departures = [float(n) for n in feature.attributes["departures"]]
    row = [
        f"{source}:{feature.external_id}", source, feature.text("name", feature.external_id), feature.text("name_en"),
        feature.text("routes"), *departures, feature.is_synthetic,
    ]  # fmt: skip
    return (*row, row_key([*row, geom]), geom)


def _route_row(
    source: str, feature: PlanFeature, held: list[int], patterns: list[PlanFeature], laid: LaidPatterns
) -> tuple[tuple[Any, ...], float]:
    """(a row of net.bus_route, metres that are missing)."""
    sources = {str(pattern.attributes["shape_source"]) for pattern in patterns}
    lines = [laid.lines[k] for k in held if laid.lines[k] is not None]
    shape_source = "none" if not lines else sources.pop() if len(sources) == 1 else "mixed"
    parts = shapely.get_parts(np.array(lines, object)) if lines else []
    geom = hex_ewkb(shapely.multilinestrings(list(parts))) if len(parts) else None
    planned_m, missing_m = float(laid.planned_m[held].sum()), float(laid.missing_m[held].sum())
    names = [feature.text(name) for name in ("name_en", "short_name")]
    agencies = [feature.text(name) for name in ("agency", "agency_en")]
    row = [
        f"{source}:{feature.external_id}", source, feature.text("name", feature.external_id), *names,
        int(feature.attributes["route_type"]), *agencies, *(float(n) for n in feature.attributes["trips"]),
        shape_source, planned_m, planned_m - missing_m, feature.is_synthetic,
    ]  # fmt: skip
    return (*row, row_key([*row, geom]), geom), missing_m


def _edge_rows(
    network: Network, patterns: list[tuple[str, PlanFeature]], of_route: dict[str, list[int]], laid: LaidPatterns
) -> list[tuple[Any, ...]]:
    """Rows of net.bus_edge: the stretches of all patterns of a route on an edge as one, with the sum of their trips.

    A pattern that drives an edge twice counts once: its trips are counted, not its rounds.
    """
    route_of = {k: route for route, held in of_route.items() for k in held}
    span: dict[tuple[str, int], list[float]] = {}
    seen: dict[tuple[str, int], set[int]] = {}
    edges = laid.edges
    for k, edge, low, high in zip(
        edges.feature.tolist(), edges.edge.tolist(), edges.from_m.tolist(), edges.to_m.tolist(), strict=True
    ):
        key = (route_of[k], edge)
        known = span.setdefault(key, [low, high])
        known[0], known[1] = min(known[0], low), max(known[1], high)
        seen.setdefault(key, set()).add(k)
    rows = []
    for (route, edge), (low, high) in span.items():
        trips = np.sum([patterns[k][1].attributes["trips"] for k in seen[(route, edge)]], axis=0).tolist()
        rows.append((network.version, route, int(network.edge_id[edge]), low, high, *trips))
    return rows

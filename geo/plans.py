"""Plans laid on edges: routes and lines, areas, and kilometre posts. Pure; geo.store.plans reads and writes them.

A plan is drawn on another map than the network. What fits becomes stretches of edges, what does not is told in metres.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.linear import Stretches, subtract, union
from geo.network import Network
from geo.polyline import Polylines, from_flat, points_at, project, ragged, segment_shapes, segments, take, to_shapes

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Shapes = NDArray[Any]
type Texts = NDArray[Any]
type Progress = Callable[[int, int], None]

#: Middles of the two carriageways of a divided road lie at most this far apart: beyond lies another road. Four lanes,
#: median and shoulders of a type 1 road are under 30 m (道路構造令 第5条 to 第8条); mountain roads part further.
TWIN_M = 40.0
#: Laid carriageways are looked at in steps of this length for their twin.
TWIN_STEP_M = 5.0
#: A kilometre post stands at its road; farther away it is a post of a road that the network does not have.
KMPOST_M = 100.0


class Laid(Protocol):
    """A line laid on edges, as geo.matching.matcher.lay_line gives it."""

    @property
    def edge(self) -> NDArray[np.int32]: ...
    @property
    def from_m(self) -> Floats: ...
    @property
    def to_m(self) -> Floats: ...
    @property
    def missing_m(self) -> float: ...


type LayLine = Callable[[Floats], Laid]


@dataclass(frozen=True, slots=True)
class PlanEdges:
    """S stretches of edges that plan features hold.

    feature       (S,) position of the feature
    edge          (S,) edge position in the network
    from_m, to_m  (S,) metres along digitising
    """

    feature: Ints
    edge: Ints
    from_m: Floats
    to_m: Floats

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, slots=True)
class LaidFeatures:
    """F features laid: their stretches in the direction of drawing, and in metres what was planned and did not fit."""

    edges: PlanEdges
    planned_m: Floats
    missing_m: Floats


def gather(parts: Sequence[PlanEdges]) -> PlanEdges:
    """All stretches of several lists."""
    return PlanEdges(*(np.concatenate([getattr(p, name) for p in parts]) for name in PlanEdges.__slots__))


def no_edges() -> PlanEdges:
    """No stretches."""
    none, zero = np.empty(0, np.int64), np.empty(0)
    return PlanEdges(none, none, zero, zero)


def merged(edges: PlanEdges, n_edges: int) -> PlanEdges:
    """The same stretches, sorted, with those that overlap or touch on one edge of one feature made one."""
    held = union(Stretches(edges.feature * n_edges + edges.edge, edges.from_m, edges.to_m))
    return PlanEdges(held.group // n_edges, held.group % n_edges, held.from_m, held.to_m)


def lay_features(features: Sequence[Sequence[Floats]], lay_line: LayLine, progress: Progress) -> LaidFeatures:
    """Lay F features, each a list of (k, 2) lines in metres."""
    parts, planned, missing = [no_edges()], np.zeros(len(features)), np.zeros(len(features))
    for feature, lines in enumerate(features):
        for line in lines:
            laid = lay_line(line)
            parts.append(
                PlanEdges(
                    np.full(len(laid.edge), feature, np.int64), laid.edge.astype(np.int64), laid.from_m, laid.to_m
                )
            )
            length = float(np.hypot(*np.diff(line, axis=0).T).sum())
            planned[feature] += length
            missing[feature] += min(laid.missing_m, length)
        progress(feature + 1, len(features))
    return LaidFeatures(gather(parts), planned, missing)


def open_directions(network: Network, edges: PlanEdges) -> PlanEdges:
    """Both directions of the stretches, as far as they are open to traffic."""
    both = gather([edges, PlanEdges(edges.feature, edges.edge ^ 1, edges.from_m, edges.to_m)])
    keep = network.is_open[both.edge]
    held = PlanEdges(both.feature[keep], both.edge[keep], both.from_m[keep], both.to_m[keep])
    return merged(held, network.n_edges)


def piece_lines(network: Network) -> Polylines:
    """The pieces of a network as polylines."""
    return from_flat(network.shape_start.astype(np.int64), network.shape_xy)


def _is_carriageway(network: Network) -> Bools:
    """(P,) pieces that are open in one direction only."""
    one: Bools = network.is_open[0::2] != network.is_open[1::2]
    return one


def with_twins(network: Network, edges: PlanEdges) -> PlanEdges:
    """The open stretches, and the other carriageway where a divided road was drawn as one line.

    The other carriageway of a one-way piece is the nearest one-way piece of its class and level within TWIN_M that is
    open the opposite way alongside. Stretches that any feature already holds are not given twice, so that routes
    drawn for each carriageway keep their own.
    """
    lines, single = piece_lines(network), np.nonzero(_is_carriageway(network))[0]
    on_single = np.isin(edges.edge >> 1, single)
    if not on_single.any():
        return edges
    feature, place, heading, piece = _samples(network, lines, edges, on_single)
    some = take(lines, single)
    vertex = segments(some)
    tree = shapely.STRtree(segment_shapes(some, vertex))
    at, segment = tree.query(shapely.points(place), predicate="dwithin", distance=TWIN_M)
    other = single[some.line_of_vertex[vertex[segment]]]
    alike = (network.road_class[other] == network.road_class[piece[at]]) & (other != piece[at])
    alike &= network.level[other] == network.level[piece[at]]
    step = some.xy[vertex[segment] + 1] - some.xy[vertex[segment]]
    step *= np.where(network.is_open[2 * other], 1.0, -1.0)[:, None]
    alike &= np.einsum("ij,ij->i", step, heading[at]) < -0.866 * np.hypot(*step.T)  # 30 degrees
    at, vertex, other = at[alike], vertex[segment[alike]], other[alike]
    measure, distance = project(some, place[at], vertex)
    order = np.lexsort((other, distance, at))
    first = order[np.concatenate([[True], np.diff(at[order]) != 0])[: len(order)]]
    found = _around(network, feature[at[first]], other[first], measure[first])
    taken = Stretches(edges.edge, edges.from_m, edges.to_m)
    return gather([edges, _without(found, union(taken), network.n_edges)])


def _samples(network: Network, lines: Polylines, edges: PlanEdges, which: Bools) -> tuple[Ints, Floats, Floats, Ints]:
    """Feature, place, direction of traffic (unit vector) and piece, every TWIN_STEP_M along the stretches."""
    edge, from_m, to_m = edges.edge[which], edges.from_m[which], edges.to_m[which]
    count = np.maximum(np.ceil((to_m - from_m) / TWIN_STEP_M), 1).astype(np.int64)
    row = np.repeat(np.arange(len(edge)), count)
    measure = from_m[row] + (ragged(count) + 0.5) * ((to_m - from_m) / count)[row]
    piece = edge[row] >> 1
    place = points_at(lines, piece, measure)
    ahead = points_at(lines, piece, np.minimum(measure + 0.5, network.length_m[piece]))
    behind = points_at(lines, piece, np.maximum(measure - 0.5, 0.0))
    step = (ahead - behind) * np.where(edge[row] & 1, -1.0, 1.0)[:, None]
    length = np.hypot(*step.T)
    return edges.feature[which][row], place, step / np.where(length > 0, length, 1.0)[:, None], piece


def _around(network: Network, feature: Ints, piece: Ints, measure_m: Floats) -> PlanEdges:
    """Stretches around places of one-way pieces, in the open direction; neighbours within two steps become one."""
    edge = 2 * piece + network.is_open[2 * piece + 1]
    low = np.maximum(measure_m - TWIN_STEP_M, 0.0)
    high = np.minimum(measure_m + TWIN_STEP_M, network.length_m[piece])
    return merged(PlanEdges(feature, edge, low, high), network.n_edges)


def _without(edges: PlanEdges, taken: Stretches, n_edges: int) -> PlanEdges:
    """What of the stretches is on none of the taken ones (grouped by edge)."""
    if not len(edges):
        return edges
    features = np.unique(edges.feature)
    held = Stretches(edges.feature * n_edges + edges.edge, edges.from_m, edges.to_m)
    group = np.concatenate([feature * n_edges + taken.group for feature in features])
    repeat = len(features)
    free = subtract(held, Stretches(group, np.tile(taken.from_m, repeat), np.tile(taken.to_m, repeat)))
    return PlanEdges(free.group // n_edges, free.group % n_edges, free.from_m, free.to_m)


def in_areas(network: Network, areas: Shapes, may_hold: Callable[[Ints, Ints], Bools]) -> PlanEdges:
    """Stretches of all open edges inside areas (F,), polygons in metres.

    may_hold(area, piece) says for (n,) pairs whether the area takes pieces like this one (its manager's, say).
    """
    shapes = to_shapes(piece_lines(network))
    area, piece = shapely.STRtree(shapes).query(areas, predicate="intersects")
    area, piece = area.astype(np.int64), piece.astype(np.int64)
    order = np.lexsort((piece, area))
    area, piece = area[order], piece[order]
    held = may_hold(area, piece)
    area, piece = area[held], piece[held]
    shapely.prepare(areas)
    whole = shapely.covers(areas[area], shapes[piece])
    full = PlanEdges(area[whole], 2 * piece[whole], np.zeros(int(whole.sum())), network.length_m[piece[whole]])
    cut = shapely.intersection(areas[area[~whole]], shapes[piece[~whole]])
    part, row = shapely.get_parts(cut, return_index=True)
    line = shapely.get_type_id(part) == shapely.GeometryType.LINESTRING
    part, row = part[line], row[line]
    on = shapes[piece[~whole][row]]
    a = shapely.line_locate_point(on, shapely.get_point(part, 0))
    b = shapely.line_locate_point(on, shapely.get_point(part, -1))
    partly = PlanEdges(area[~whole][row], 2 * piece[~whole][row], np.minimum(a, b), np.maximum(a, b))
    return open_directions(network, gather([full, partly]))


def on_roads(network: Network, feature: Ints, piece: Ints, from_m: Floats, to_m: Floats) -> PlanEdges:
    """Stretches (n,) of pieces, clipped to them and in every open direction; empty ones are left out."""
    low, high = np.maximum(from_m, 0.0), np.minimum(to_m, network.length_m[piece])
    keep = high > low
    return open_directions(network, PlanEdges(feature[keep], 2 * piece[keep], low[keep], high[keep]))


def plain(text: str | None) -> str:
    """A road number as it is compared: full-width and half-width alike, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def place_kmposts(
    network: Network, piece_route: Sequence[str], post_route: Sequence[str], post_xy: Floats
) -> tuple[Ints, Floats, Floats]:
    """Edge position (n,), offset and distance in metres of (n,) posts on the nearest piece of their own route.

    -1, NaN and NaN where the network has no such route; the distance is told even beyond KMPOST_M. The edge is the
    piece's forward one, or the backward one where only that is open.
    """
    lines, own = piece_lines(network), np.array([plain(text) for text in piece_route], object)
    edge, offset = np.full(len(post_xy), -1, np.int64), np.full(len(post_xy), np.nan)
    distance, wanted = np.full(len(post_xy), np.nan), np.array([plain(text) for text in post_route], object)
    for route in sorted(set(wanted.tolist()) - {""}):
        pieces, posts = np.nonzero(own == route)[0], np.nonzero(wanted == route)[0]
        if not len(pieces):
            continue
        some = take(lines, pieces)
        shapes, points = to_shapes(some), shapely.points(post_xy[posts])
        _, nearest = shapely.STRtree(shapes).query_nearest(points, all_matches=False)
        piece = pieces[nearest]
        edge[posts] = 2 * piece + (~network.is_open[2 * piece] & network.is_open[2 * piece + 1])
        offset[posts] = shapely.line_locate_point(shapes[nearest], points)
        distance[posts] = shapely.distance(shapes[nearest], points)
    return edge, offset, distance

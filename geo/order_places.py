"""Where an order holds: ways between two places, and whole edges, on one network version. Pure.

Lines as drawn are laid by the matcher like plans (geo.plans); what stands here has no line: two taps on a map, two
kilometre posts, edges by their id.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.linear import TOUCH_M
from geo.network import Network
from geo.plans import PlanEdges, no_edges, piece_lines
from geo.polyline import to_shapes

if TYPE_CHECKING:  # loaded where ways are looked for, which a server never does
    from scipy.sparse import csr_array

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: A tap or a post farther than this from every road means no road.
NEAR_M = 60.0
#: Two taps farther apart than this by road name no stretch; a closure of a whole route is ordered by its route.
WAY_MAX_M = 60_000.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What finding places needs of a network, made once for a version: its open pieces, and the ways over its nodes.

    piece   (n,) positions of the pieces that traffic may use, in the order of tree
    ways    (N, N) metres of the shortest open piece between two nodes
    """

    network: Network
    piece: Ints
    shapes: NDArray[np.object_]
    tree: shapely.STRtree
    ways: csr_array


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a road: position of the piece, metres along its digitising."""

    piece: int
    at_m: float


def ground_of(network: Network) -> Ground:
    """The ground of a network version; about a second for 100,000 pieces."""
    piece = np.flatnonzero(network.is_open[0::2] | network.is_open[1::2]).astype(np.int64)
    shapes = to_shapes(piece_lines(network))[piece]
    a, b = network.edge_from[2 * piece].astype(np.int64), network.edge_to[2 * piece].astype(np.int64)
    return Ground(network, piece, shapes, shapely.STRtree(shapes), _ways(network, piece, a, b))


def _ways(network: Network, piece: Ints, a: Ints, b: Ints) -> csr_array:
    """Of several pieces between two nodes the shortest counts; a loop leads nowhere."""
    from scipy.sparse import csr_array

    low, high, length = np.minimum(a, b), np.maximum(a, b), network.length_m[piece]
    order = np.lexsort((length, high, low))
    order = order[(low != high)[order]]
    low, high, length = low[order], high[order], length[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    low, high, length = low[first], high[first], length[first]
    n = len(network.node_xy)
    both = (np.concatenate([length, length]), (np.concatenate([low, high]), np.concatenate([high, low])))
    return csr_array(both, shape=(n, n))


def nearest_place(ground: Ground, x_m: float, y_m: float) -> Place | None:
    """The place on the nearest open road within NEAR_M of a point in metres; None: there is none."""
    point = shapely.Point(x_m, y_m)
    found = ground.tree.query_nearest(point, max_distance=NEAR_M, all_matches=False)
    if not len(found):
        return None
    shape = ground.shapes[found[0]]
    return Place(int(ground.piece[found[0]]), float(shapely.line_locate_point(shape, point)))


def way_between(ground: Ground, a: Place, b: Place, most_m: float = WAY_MAX_M) -> PlanEdges | None:
    """The shortest way between two places as stretches in its own direction, in its order; None: longer than most_m.

    One-ways do not bind it: a closure holds for whoever comes, and its drawer taps either end first. The feature is 0.
    """
    from scipy.sparse.csgraph import dijkstra

    found: list[tuple[float, list[tuple[int, float, float]]]] = []
    length = ground.network.length_m
    if a.piece == b.piece:
        along = 2 * a.piece + (b.at_m < a.at_m)
        found.append((abs(a.at_m - b.at_m), [(along, min(a.at_m, b.at_m), max(a.at_m, b.at_m))]))
    starts = _ends(ground.network, a)
    costs, before = dijkstra(ground.ways, indices=[node for node, _ in starts], return_predecessors=True, limit=most_m)
    for row, (start, out_m) in enumerate(starts):
        for end, in_m in _ends(ground.network, b):
            whole = out_m + float(costs[row, end]) + in_m
            if whole <= most_m:
                middle = _middle(ground, _nodes(before[row], start, end))
                parts = [_part(ground.network, a, start, leaves=True), *middle]
                found.append((whole, [*parts, _part(ground.network, b, end, leaves=False)]))
    if not found:
        return None
    parts = [part for part in min(found, key=lambda one: one[0])[1] if part[2] - part[1] > TOUCH_M]
    if not parts:
        return no_edges()
    edge = np.array([part[0] for part in parts], np.int64)
    to_m = np.minimum(np.array([part[2] for part in parts]), length[edge >> 1])
    return PlanEdges(np.zeros(len(edge), np.int64), edge, np.array([part[1] for part in parts]), to_m)


def _ends(network: Network, place: Place) -> list[tuple[int, float]]:
    """Both nodes of the piece of a place, with the metres to them."""
    edge = 2 * place.piece
    rest = float(network.length_m[place.piece]) - place.at_m
    return [(int(network.edge_from[edge]), place.at_m), (int(network.edge_to[edge]), max(rest, 0.0))]


def _part(network: Network, place: Place, node: int, *, leaves: bool) -> tuple[int, float, float]:
    """The stretch between a place and a node of its piece, in the direction of the way."""
    edge, length = 2 * place.piece, float(network.length_m[place.piece])
    is_start = node == int(network.edge_from[edge])
    if is_start and node == int(network.edge_to[edge]):  # a loop: the shorter side, as the costs had it
        is_start = place.at_m <= length - place.at_m
    span = (0.0, place.at_m) if is_start else (place.at_m, length)
    return edge + (is_start == leaves), *span


def _nodes(before: NDArray[np.int32], start: int, end: int) -> list[int]:
    """The nodes from start to end by the predecessors of a search."""
    nodes = [end]
    while nodes[-1] != start:
        nodes.append(int(before[nodes[-1]]))
    return nodes[::-1]


def _middle(ground: Ground, nodes: list[int]) -> list[tuple[int, float, float]]:
    """The whole pieces between nodes that follow each other, the shortest of each pair."""
    network, parts = ground.network, []
    for here, there in pairwise(nodes):
        out = network.out_edge[network.out_start[here] : network.out_start[here + 1]].astype(np.int64)
        out = out[(network.edge_to[out] == there) & (network.is_open[out] | network.is_open[out ^ 1])]
        edge = int(out[np.lexsort((out, network.length_m[out >> 1]))[0]])
        parts.append((edge, 0.0, float(network.length_m[edge >> 1])))
    return parts

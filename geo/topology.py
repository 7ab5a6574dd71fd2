"""From road lines to topology: pieces between nodes, with the road that each piece belongs to.

The stages are pure functions on arrays: clean → cut (geo.noding finds where) → nodes → duplicates → report.
Geometry stays as delivered: a line is cut, and never moved onto its node. So the pieces of a road add up to its
length, and their ends may lie up to the snap tolerance from their node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo import noding
from geo.network import Network, PieceArrays, build_network
from geo.noding import TOUCH_M, Meetings
from geo.polyline import Polylines, from_shapes, substrings, take, to_shapes
from geo.roads import RoadTable

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Shapes = NDArray[Any]
type Policy = Literal["endpoints", "crossings"]

#: Two pieces between the same nodes that nowhere lie farther apart are one piece, drawn twice.
DUPLICATE_M = 0.02


@dataclass(frozen=True, slots=True)
class Dropped:
    """Roads or pieces left out, each with its reason.

    road      (D,) row in RoadTable
    length_m  (D,) metres left out
    reason    (D,) zero_length, shorter_than_snap or duplicate
    kept_road (D,) for a duplicate the row of the road that stands for it, else -1
    """

    road: Ints
    length_m: Floats
    reason: NDArray[np.str_]
    kept_road: Ints


@dataclass(frozen=True, slots=True)
class Topology:
    """P pieces between N nodes, in the order of their roads and along them.

    roads               the roads that the pieces belong to
    road                (P,) row in roads
    from_node, to_node  (P,) nodes at the start and the end of digitising
    n_nodes             number of nodes; they are numbered from 0
    from_m, to_m        (P,) where on its road the piece lies, metres along digitising
    lines               geometry of the pieces, in metres
    dropped             what is left out
    n_snapped           road ends that missed their node by more than a millimetre and were joined to it
    """

    roads: RoadTable
    road: Ints
    from_node: Ints
    to_node: Ints
    n_nodes: int
    from_m: Floats
    to_m: Floats
    lines: Polylines
    dropped: Dropped
    n_snapped: int

    @property
    def n_pieces(self) -> int:
        """Number of pieces; directed edges are twice as many."""
        return len(self.road)


def build_pieces(roads: RoadTable, policy: Policy, snap_m: float) -> Topology:
    """Topology of (n,) roads under one joining policy (geo.noding says what each does)."""
    n = len(roads)
    return build_topology(roads, np.full(n, policy == "crossings"), np.full(n, snap_m))


def build_topology(roads: RoadTable, is_unsplit: Bools, snap_m: Floats) -> Topology:
    """Topology of (n,) roads of several sources.

    Roads of all sources meet at their ends; those with is_unsplit (n,) (policy `crossings`) are also noded with
    each other. Two roads meet within the lesser of their tolerances snap_m (n,).
    """
    length = shapely.length(roads.geometry)
    usable = length > TOUCH_M
    good, bad = np.nonzero(usable)[0], np.nonzero(~usable)[0]
    zero = Dropped(bad, np.nan_to_num(length[bad]), _text("zero_length", len(bad)), np.full(len(bad), -1))
    lines, level = from_shapes(roads.geometry[good]), roads.level[good]
    reach = np.maximum(snap_m[good], TOUCH_M)
    found = [noding.joined_ends(lines, reach)]
    cross = np.nonzero(is_unsplit[good])[0]
    if len(cross):
        part = take(lines, cross)
        found += [
            noding.renumbered(noding.crossings(part, level[cross]), cross),
            noding.renumbered(noding.ends_on_lines(part, level[cross], reach[cross]), cross),
        ]
    return _pieces(roads, good, lines, reach, noding.gather(found), zero)


def _text(reason: str, n: int) -> NDArray[np.str_]:
    return np.full(n, reason, "U20")


@dataclass(frozen=True, slots=True)
class _Cuts:
    """G cuts in the order of line and measure: the line, the place on it, and the node there."""

    line: Ints
    measure_m: Floats
    node: Ints


def _cut(lines: Polylines, reach_m: Floats, meetings: Meetings) -> _Cuts:
    """Cuts of all lines. Cuts that follow each other on one line within its reach are one, at an end if it has one."""
    own, k = lines.n_lines, len(meetings)
    each = np.arange(own)
    line = np.concatenate([each, each, meetings.line_a, meetings.line_b])
    measure = np.concatenate([np.zeros(own), lines.length_m, meetings.measure_a_m, meetings.measure_b_m])
    order = np.lexsort((measure, line))
    sorted_line, sorted_m = line[order], measure[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(sorted_line) != 0) | (np.diff(sorted_m) > reach_m[sorted_line[1:]])
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(new) - 1
    first = np.nonzero(new)[0]
    last = np.append(first[1:], len(order))[: len(first)] - 1
    group_line = sorted_line[first]
    length = lines.length_m[group_line]
    inner = _on_vertex(lines, group_line, sorted_m[first])
    at = np.where(sorted_m[first] <= 0, 0.0, np.where(sorted_m[last] >= length, length, inner))
    a, b = group[2 * own : 2 * own + k], group[2 * own + k :]
    graph = coo_array((np.ones(k, np.int8), (a, b)), shape=(len(first), len(first)))
    _, node = connected_components(graph, directed=False)
    return _Cuts(group_line, at, node.astype(np.int64))


def _on_vertex(lines: Polylines, line: Ints, measure_m: Floats) -> Floats:
    """The measures, moved onto the nearest vertex of the line where that is within a millimetre."""
    axis, want = lines.axis_m, lines.axis_base_m[line] + measure_m
    after = np.clip(np.searchsorted(axis, want), 1, len(axis) - 1)
    near = np.where(want - axis[after - 1] <= axis[after] - want, after - 1, after)
    return np.where(np.abs(axis[near] - want) <= TOUCH_M, lines.measure_m[near], measure_m)


def _pieces(
    roads: RoadTable, good: Ints, lines: Polylines, reach_m: Floats, meetings: Meetings, zero: Dropped
) -> Topology:
    """Cut the lines, drop what is nothing or drawn twice, and number the nodes."""
    cuts = _cut(lines, reach_m, meetings)
    begin = np.nonzero(cuts.line[1:] == cuts.line[:-1])[0] if len(cuts.line) else np.empty(0, np.int64)
    line, from_m, to_m = cuts.line[begin], cuts.measure_m[begin], cuts.measure_m[begin + 1]
    shapes = substrings(lines, line, from_m, to_m)
    from_node, to_node = cuts.node[begin], cuts.node[begin + 1]
    gone = np.setdiff1d(np.arange(lines.n_lines), line)
    short = Dropped(good[gone], lines.length_m[gone], _text("shorter_than_snap", len(gone)), np.full(len(gone), -1))
    kept_by = duplicates(roads, good[line], from_node, to_node, shapes)
    twice = kept_by >= 0
    double = Dropped(
        good[line[twice]], shapes.length_m[twice], _text("duplicate", int(twice.sum())), good[line[kept_by[twice]]]
    )
    keep = np.nonzero(~twice)[0]
    shapes = take(shapes, keep)
    node, ends = np.unique(np.concatenate([from_node[keep], to_node[keep]]), return_inverse=True)
    return Topology(
        roads=roads,
        road=good[line[keep]],
        from_node=ends[: len(keep)],
        to_node=ends[len(keep) :],
        n_nodes=len(node),
        from_m=from_m[keep],
        to_m=to_m[keep],
        lines=shapes,
        dropped=_all_dropped([zero, short, double]),
        n_snapped=_count_snapped(lines, meetings),
    )


def _count_snapped(lines: Polylines, meetings: Meetings) -> int:
    """Road ends in meetings whose two places lie apart."""
    apart = meetings.distance_m > TOUCH_M
    line = np.concatenate([meetings.line_a[apart], meetings.line_b[apart]])
    measure = np.concatenate([meetings.measure_a_m[apart], meetings.measure_b_m[apart]])
    is_start, is_end = measure <= 0, measure >= lines.length_m[line]
    return len(np.unique(np.concatenate([2 * line[is_start], 2 * line[is_end] + 1])))


def _all_dropped(parts: list[Dropped]) -> Dropped:
    return Dropped(*(np.concatenate([getattr(p, name) for p in parts]) for name in Dropped.__slots__))


def duplicates(roads: RoadTable, road: Ints, from_node: Ints, to_node: Ints, shapes: Polylines) -> Ints:
    """(P,) for each piece the earlier piece that it repeats, or -1.

    A repeat has the same two nodes, level and open directions, is as long, and lies nowhere farther than DUPLICATE_M
    from the other. Repeats of one piece are one group, and its earliest piece stands for it: which pieces are
    together does not depend on the order of the roads. Two one-way lines drawn on top of each other in opposite
    directions are no repeats: they are a road with two carriageways.
    """
    n = len(road)
    low, high = np.minimum(from_node, to_node), np.maximum(from_node, to_node)
    turn = np.where(from_node == to_node, _turn(shapes), np.where(from_node < to_node, 1, -1))
    way = roads.oneway[road] * turn
    columns = np.stack([low, high, roads.level[road], way, roads.is_closed[road]], axis=1).astype(np.int64)
    a, b = _alike(columns, shapes.length_m)
    drawn = to_shapes(shapes)
    near = shapely.hausdorff_distance(drawn[a], drawn[b]) <= DUPLICATE_M
    a, b = a[near], b[near]
    _, group = connected_components(coo_array((np.ones(len(a), np.int8), (a, b)), shape=(n, n)), directed=False)
    _, first, member = np.unique(group, return_index=True, return_inverse=True)
    kept = first[member]
    return np.where(kept == np.arange(n), -1, kept)


def _alike(columns: Ints, length_m: Floats) -> tuple[Ints, Ints]:
    """All pairs of P pieces with equal rows in columns (P, C) and lengths (P,) within DUPLICATE_M of each other.

    In the order of columns and length the partners of a piece follow it without a gap. So the search compares
    neighbours one apart, two apart and so on, and each round goes on only with those that had a partner.
    """
    order = np.lexsort((length_m, *columns.T[::-1]))
    at, apart = np.arange(len(order)), 0
    found = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    while len(at):
        apart += 1
        at = at[at + apart < len(order)]
        a, b = order[at], order[at + apart]
        alike = (columns[a] == columns[b]).all(axis=1) & (length_m[b] - length_m[a] <= DUPLICATE_M)
        at = at[alike]
        found.append((a[alike], b[alike]))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _turn(shapes: Polylines) -> Ints:
    """(P,) 1 where a loop runs anticlockwise, -1 where clockwise; of no meaning for a piece that is no loop."""
    if not shapes.n_lines:
        return np.empty(0, np.int64)
    x, y = (shapes.xy - np.repeat(shapes.xy[shapes.start[:-1]], np.diff(shapes.start), axis=0)).T
    nxt = np.minimum(np.arange(len(x)) + 1, np.repeat(shapes.start[1:] - 1, np.diff(shapes.start)))
    area = np.add.reduceat(x * y[nxt] - x[nxt] * y, shapes.start[:-1])
    return np.where(area >= 0, 1, -1)


def to_network(topology: Topology, crs_epsg: int, version: int = 0, piece_id: Ints | None = None) -> Network:
    """The network of a topology; piece ids left out are 1, 2, 3 … in the order of the pieces."""
    roads, road = topology.roads, topology.road
    pieces = PieceArrays(
        piece_id=np.arange(1, topology.n_pieces + 1) if piece_id is None else piece_id,
        from_node=topology.from_node,
        to_node=topology.to_node,
        length_m=topology.lines.length_m,
        oneway=roads.oneway[road],
        is_closed=roads.is_closed[road],
        speed_mps=roads.free_speed_mps[road],
        level=roads.level[road],
        road_class=roads.road_class[road],
        shape_start=topology.lines.start,
        shape_xy=topology.lines.xy,
    )
    return build_network(pieces, version, crs_epsg)

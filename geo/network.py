"""The road network as flat arrays: directed edges, successors and a grid over segments.

Every road *piece* (a stretch between two nodes) has two directed edges. Array position `2 * p` runs along the
digitised direction of piece `p`, position `2 * p + 1` against it; the reverse of position `e` is `e ^ 1`.
The same holds for the stable ids: `edge_id = 2 * piece_id + reversed`. An edge against a one-way street is
kept, with `is_open` False, because ploughs do run against one-ways and that has to be reportable.

Offsets are metres along digitising for *both* directions of a piece (DESIGN contract 1). Array positions never
leave the process; ids do.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Network:
    """An immutable network version in its plane CRS (metres). P pieces, E = 2 P edges, N nodes, V vertices.

    version          network_version; 0 for a network that no database knows
    crs_epsg         EPSG code of the plane CRS of node_xy and shape_xy
    node_xy          (N, 2) metres
    piece_id         (P,) stable ids, ascending; edge_id = 2 * piece_id + reversed
    edge_from        (E,) node position at which the edge starts, in its own direction
    edge_to          (E,) node position at which it ends
    length_m         (P,) metres
    is_open          (E,) False where the edge runs against a one-way street or is closed to vehicles
    speed_mps        (P,) free speed
    level            (P,) level of the roadway: 0 ground, > 0 bridge, < 0 tunnel
    road_class       (P,) position in geo.vocabulary.ROAD_CLASSES
    shape_start      (P + 1,) first vertex of each piece in shape_xy
    shape_xy         (V, 2) metres, along digitising
    out_start        (N + 1,) first outgoing edge of each node in out_edge
    out_edge         (E,) edge positions grouped by the node that they leave
    """

    version: int
    crs_epsg: int
    node_xy: Floats
    piece_id: Ints
    edge_from: Ints32
    edge_to: Ints32
    length_m: Floats
    is_open: Bools
    speed_mps: Floats
    level: Ints32
    road_class: Ints32
    shape_start: Ints32
    shape_xy: Floats
    out_start: Ints32
    out_edge: Ints32

    @property
    def n_edges(self) -> int:
        """Number of directed edges, two for every piece."""
        return len(self.edge_from)

    @property
    def edge_id(self) -> Ints:
        """(E,) stable edge ids in array order."""
        ids = np.empty(self.n_edges, np.int64)
        ids[0::2] = self.piece_id * 2
        ids[1::2] = self.piece_id * 2 + 1
        return ids

    def position_of(self, edge_id: Ints) -> Ints:
        """(n,) array positions of (n,) edge ids; -1 for an id that this version does not have."""
        piece = np.searchsorted(self.piece_id, edge_id >> 1)
        inside = np.minimum(piece, len(self.piece_id) - 1)
        found = (piece < len(self.piece_id)) & (self.piece_id[inside] == edge_id >> 1)
        return np.where(found, inside * 2 + (edge_id & 1), -1)


@dataclass(frozen=True, slots=True)
class PieceArrays:
    """What `build_network` needs of P pieces, in any order.

    piece_id            (P,) stable ids, each once
    from_node, to_node  (P,) ids of the nodes at both ends of digitising, of any range
    length_m            (P,) metres
    oneway              (P,) 0 both directions, 1 along digitising only, -1 against it only
    is_closed           (P,) no motor vehicle may enter
    speed_mps           (P,) free speed
    level               (P,) 0 ground, > 0 bridge, < 0 tunnel
    road_class          (P,) position in geo.vocabulary.ROAD_CLASSES
    shape_start         (P + 1,) first vertex of each piece in shape_xy
    shape_xy            (V, 2) metres, along digitising
    """

    piece_id: Ints
    from_node: Ints
    to_node: Ints
    length_m: Floats
    oneway: Ints
    is_closed: Bools
    speed_mps: Floats
    level: Ints
    road_class: Ints
    shape_start: Ints
    shape_xy: Floats


def build_network(pieces: PieceArrays, version: int, crs_epsg: int) -> Network:
    """The network of these pieces; the same for any order of them.

    Nodes are numbered in the order of their ids. The place of a node is, of all piece ends there, the one with the
    least x, then the least y. Raises ValueError when a piece id comes twice.
    """
    order = np.argsort(pieces.piece_id, kind="stable")
    piece_id = pieces.piece_id[order].astype(np.int64)
    if (piece_id[1:] == piece_id[:-1]).any():
        raise ValueError("a piece id comes twice")
    n = len(order)
    counts = np.diff(pieces.shape_start)[order]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    vertex = np.arange(int(start[-1])) + np.repeat(pieces.shape_start[order] - start[:-1], counts)
    xy = np.ascontiguousarray(pieces.shape_xy[vertex], dtype=np.float64)
    ends = np.concatenate([pieces.from_node[order], pieces.to_node[order]])
    node_id, node = np.unique(ends, return_inverse=True)
    tail = np.empty(2 * n, np.int32)
    tail[0::2], tail[1::2] = node[:n], node[n:]
    head = tail.reshape(n, 2)[:, ::-1].ravel().copy()
    is_open = np.empty(2 * n, np.bool_)
    is_open[0::2] = ~pieces.is_closed[order] & (pieces.oneway[order] >= 0)
    is_open[1::2] = ~pieces.is_closed[order] & (pieces.oneway[order] <= 0)
    return Network(
        version=version,
        crs_epsg=crs_epsg,
        node_xy=node_places(len(node_id), node, np.concatenate([xy[start[:-1]], xy[start[1:] - 1]])),
        piece_id=piece_id,
        edge_from=tail,
        edge_to=head,
        length_m=pieces.length_m[order].astype(np.float64),
        is_open=is_open,
        speed_mps=pieces.speed_mps[order].astype(np.float64),
        level=pieces.level[order].astype(np.int32),
        road_class=pieces.road_class[order].astype(np.int32),
        shape_start=start.astype(np.int32),
        shape_xy=xy,
        out_start=np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=len(node_id)))]).astype(np.int32),
        out_edge=np.argsort(tail, kind="stable").astype(np.int32),
    )


def node_places(n_nodes: int, node: NDArray[np.intp], end_xy: Floats) -> Floats:
    """(N, 2) place of each node: of all the ends (n, 2) at nodes (n,) the one with the least x, then the least y."""
    order = np.lexsort((end_xy[:, 1], end_xy[:, 0], node))
    first = np.searchsorted(node[order], np.arange(n_nodes))
    found: Floats = np.ascontiguousarray(end_xy[order[first]])
    return found.reshape(n_nodes, 2)


#: The fields of Network that are arrays, in the order in which they are stored and hashed.
ARRAYS: tuple[str, ...] = tuple(
    field.name for field in dataclasses.fields(Network) if field.name not in ("version", "crs_epsg")
)

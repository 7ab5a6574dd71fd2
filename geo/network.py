"""The road network as flat arrays: directed edges, successors and a grid over segments.

Every road *piece* (a stretch between two nodes) has two directed edges. Array position `2 * p` runs along the
digitised direction of piece `p`, position `2 * p + 1` against it; the reverse of position `e` is `e ^ 1`.
The same holds for the stable ids: `edge_id = 2 * piece_id + reversed`. An edge against a one-way street is
kept, with `is_open` False, because ploughs do run against one-ways and that has to be reportable.

Offsets are metres along digitising for *both* directions of a piece (DESIGN contract 1). Array positions never
leave the process; ids do.
"""

from __future__ import annotations

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

"""What the compiled kernels share: the roads, the constants and the scratch space, as named tuples of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Floats32 = NDArray[np.float32]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Bools = NDArray[np.bool_]


class Roads(NamedTuple):
    """The network as the kernels see it. P pieces, E edges, N nodes, S segments, C grid cells.

    edge_to, out_start, out_edge, length_m, is_open, node_xy   as in Network
    start_dir      (E, 2) unit vector along the first metres of each edge, in its own direction
    segment        (S, 4) ax, ay, bx, by along digitising
    segment_piece  (S,) piece of each segment; segments of a piece follow each other
    segment_from_m (S,) offset along digitising at which the segment starts
    segment_per_m  (S,) metres of offset per metre of geometry (1 unless length_m is not the planar length)
    piece_segment  (P + 1,) first segment of each piece
    cell_start     (C + 1,) first entry of each cell in cell_segment; cells run row by row from the origin
    cell_segment   segments that touch each cell
    """

    edge_to: Ints32
    out_start: Ints32
    out_edge: Ints32
    length_m: Floats
    is_open: Bools
    node_xy: Floats
    start_dir: Floats32
    segment: Floats
    segment_piece: Ints32
    segment_from_m: Floats
    segment_per_m: Floats
    piece_segment: Ints32
    cell_start: Ints32
    cell_segment: Ints32
    origin_x_m: float
    origin_y_m: float
    cell_m: float
    n_columns: int
    n_rows: int


class Constants(NamedTuple):
    """MatchSettings as plain floats for the kernels; see there for what they mean."""

    beta_m: float
    beta_fraction: float
    radius_m: float
    max_radius_m: float
    radius_sigmas: float
    max_roads: int
    beam_nats: float
    skip_nats: float
    skip_more_nats: float
    skip_far_nats: float
    skip_far_s: float
    break_nats: float
    uturn_edge_m: float
    uturn_node_m: float
    against_m: float
    against_fraction: float
    turn_m: float
    max_speed_mps: float
    jitter_sigmas: float
    heading_kappa: float
    heading_floor: float


class Scratch(NamedTuple):
    """Working space of one thread. `label_*` and `target_*` hold for an edge only where its stamp is the current one.

    label_m       (E,) least cost, in metres, of reaching the end of an edge
    label_stamp   (E,) search that wrote it
    label_parent  (E,) edge before it; -1 at the edge on which the search starts, -2 at its reverse
    label_done    (E,) whether its successors have been looked at
    target_first  (E,) first candidate of the next fix on the edge
    target_stamp  (E,) step that wrote it
    heap_key, heap_edge   binary heap; each turn of the network can enter once a search, so it cannot overflow
    counter       (4,) stamp of searches, stamp of steps, size of the heap, unused
    near_*        (MAX_NEAR,) segments near a fix: position, squared distance, share along it
    place_*       (MAX_PLACES,) the places chosen among them: position in near_*, squared distance
    """

    label_m: Floats
    label_stamp: Ints
    label_parent: Ints32
    label_done: Bools
    target_first: Ints32
    target_stamp: Ints
    heap_key: Floats
    heap_edge: Ints32
    counter: Ints
    near_segment: Ints32
    near_m2: Floats
    near_share: Floats
    place_near: Ints32
    place_m2: Floats


#: Segments of one lookup that are looked at; a disc of 60 m in a dense city holds under 200.
MAX_NEAR = 1024
#: Upper bound of MatchSettings.max_roads.
MAX_PLACES = 64


class Candidates(NamedTuple):
    """Up to M candidates of one fix: directed edges, twice each place on a piece.

    edge    (M,) edge position
    pos_m   (M,) metres from the start of the edge, in its own direction
    off_m   (M,) distance from the fix
    dir_x, dir_y  (M,) unit vector of the edge at that place, in its own direction
    nats    (M,) emission cost
    after   (M,) next candidate on the same edge; -1 none
    route_m (M,) cost of the way to it from the state under search, metres; inf not reached
    parent  (M,) edge before its own on that way; -1 same edge ahead, -2 turned on that edge
    """

    edge: Ints32
    pos_m: Floats
    off_m: Floats
    dir_x: Floats
    dir_y: Floats
    nats: Floats
    after: Ints32
    route_m: Floats
    parent: Ints32


def new_scratch(n_edges: int, n_turns: int) -> Scratch:
    """Working space for a network with n_edges edges and n_turns pairs of following edges."""
    return Scratch(
        label_m=np.empty(n_edges),
        label_stamp=np.zeros(n_edges, np.int64),
        label_parent=np.empty(n_edges, np.int32),
        label_done=np.zeros(n_edges, np.bool_),
        target_first=np.empty(n_edges, np.int32),
        target_stamp=np.zeros(n_edges, np.int64),
        heap_key=np.empty(n_turns + 1),
        heap_edge=np.empty(n_turns + 1, np.int32),
        counter=np.zeros(4, np.int64),
        near_segment=np.empty(MAX_NEAR, np.int32),
        near_m2=np.empty(MAX_NEAR),
        near_share=np.empty(MAX_NEAR),
        place_near=np.empty(MAX_PLACES, np.int32),
        place_m2=np.empty(MAX_PLACES),
    )


def new_candidates(size: int) -> Candidates:
    """Room for `size` candidates."""
    return Candidates(
        edge=np.empty(size, np.int32),
        pos_m=np.empty(size),
        off_m=np.empty(size),
        dir_x=np.empty(size),
        dir_y=np.empty(size),
        nats=np.empty(size),
        after=np.empty(size, np.int32),
        route_m=np.empty(size),
        parent=np.empty(size, np.int32),
    )

"""What the compiled kernels share: record layouts of the roads and of the scratch space, and the constants.

Arrays of records, not one array a column: a kernel then reads one cache line where it would read five, and it
takes few arguments, which keeps its compilation short. All whole numbers are 64 bits wide, and counters start as
np.int64(0), so that no kernel is compiled twice for two kinds of integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

type Records = NDArray[Any]
type Ints = NDArray[np.int64]

#: A directed edge: length, place of its end, turns out of it (a range of Roads.turn), segments of its piece (a range
#: of Roads.segment), seconds that a metre takes at free speed (0 untold), whether it is open. One cache line.
EDGE = np.dtype(
    [
        ("length_m", "f8"), ("to_x", "f8"), ("to_y", "f8"), ("turn_first", "i8"), ("turn_end", "i8"),
        ("segment_first", "i8"), ("segment_end", "i8"), ("s_per_m", "f4"), ("is_open", "i1"),
    ],
    align=True,
)  # fmt: skip
#: A turn into `edge`. bend: 0 straight on, 1 all the way round; is_back: onto its own reverse, not at a dead end;
#: is_against: from an edge that is open into one that is not.
TURN = np.dtype([("edge", "i8"), ("bend", "f4"), ("is_back", "i1"), ("is_against", "i1")], align=True)
#: A straight piece of a road along digitising: its ends, the offset at its start, the metres of road that it spans,
#: one over its squared length (0 where it has none). One cache line.
SEGMENT = np.dtype(
    [
        ("ax", "f8"), ("ay", "f8"), ("bx", "f8"), ("by", "f8"), ("from_m", "f8"), ("span_m", "f8"), ("per_m2", "f8"),
        ("piece", "i8"),
    ],
    align=True,
)  # fmt: skip
#: Scratch of an edge, valid only where its stamp is the current one. m: least cost in metres of reaching the end of
#: the edge; parent: the edge before it (-1 where the search starts, -2 at its reverse); is_done: followed;
#: target: first candidate of the next fix on the edge; least_nats: least cost of reaching the end of the edge from
#: any state of the last fix. One cache line.
LABEL = np.dtype(
    [
        ("m", "f8"), ("least_nats", "f8"), ("stamp", "i8"), ("target_stamp", "i8"), ("least_stamp", "i8"),
        ("parent", "i8"), ("target", "i8"), ("is_done", "i1"),
    ],
    align=True,
)  # fmt: skip
HEAP = np.dtype([("key", "f8"), ("edge", "i8")], align=True)
#: A segment near a fix: squared distance, share along the segment.
NEAR = np.dtype([("m2", "f8"), ("share", "f8"), ("segment", "i8")], align=True)
#: A chosen place: squared distance, position among the near segments.
PLACE = np.dtype([("m2", "f8"), ("near", "i8")], align=True)
#: A candidate of one fix. pos_m: metres from the start of the edge, in its own direction; off_m: distance from the
#: fix; dir: unit vector of the edge there; nats: emission; route_m and parent: way to it from the state under
#: search (parent -1 ahead on the same edge, -2 by turning on it); after: next candidate on the same edge;
#: total, back, back_m, back_pace: cheapest way so far, the state that it comes from, its metres and pace; state:
#: what it became.
CANDIDATE = np.dtype(
    [
        ("pos_m", "f8"), ("off_m", "f8"), ("dir_x", "f8"), ("dir_y", "f8"), ("nats", "f8"), ("route_m", "f8"),
        ("total", "f8"), ("back_m", "f8"), ("back_pace", "f8"), ("edge", "i8"), ("after", "i8"), ("parent", "i8"),
        ("back", "i8"), ("state", "i8"),
    ],
    align=True,
)  # fmt: skip
#: A state from which the next fix may be reached, and its cost with the fixes skipped since.
ACTIVE = np.dtype([("nats", "f8"), ("state", "i8")], align=True)
#: A fix of the trace: plane metres, seconds since the first, spread, unit heading ((0, 0) unknown), number of
#: candidates found (-1 not decoded).
FIX = np.dtype(
    [
        ("x", "f8"), ("y", "f8"), ("at_s", "f8"), ("sigma_m", "f8"), ("head_x", "f8"), ("head_y", "f8"),
        ("n_near", "i8"),
    ],
    align=True,
)  # fmt: skip
#: MatchSettings for the kernels, one record.
CONSTANTS = np.dtype(
    [
        ("beta_m", "f8"), ("beta_fraction", "f8"), ("merge_nats", "f8"),
        ("beam_nats", "f8"), ("skip_nats", "f8"), ("skip_more_nats", "f8"), ("skip_far_nats", "f8"),
        ("skip_far_s", "f8"), ("break_nats", "f8"), ("uturn_edge_m", "f8"), ("uturn_node_m", "f8"),
        ("against_m", "f8"), ("against_fraction", "f8"), ("against_start_nats", "f8"), ("turn_m", "f8"),
        ("max_speed_mps", "f8"), ("speeding", "f8"), ("hurry", "f8"), ("jitter_sigmas", "f8"),
        ("heading_kappa", "f8"), ("heading_floor", "f8"),
        ("max_roads", "i8"),
    ],
    align=True,
)  # fmt: skip
#: How far decoding has come. n_states, n_arcs, n_active: used of each; last_fix: the last fix decoded, -1 none;
#: start_nats: price of leaving out all fixes so far.
PROGRESS = np.dtype(
    [("n_states", "i8"), ("n_arcs", "i8"), ("n_active", "i8"), ("last_fix", "i8"), ("start_nats", "f8")], align=True
)
#: An arc from state `tail` to state `head`; nats: its cost with the emission of the head.
ARC = np.dtype([("nats", "f8"), ("tail", "i8"), ("head", "i8")], align=True)
#: What a search is for. (x, y) the next fix, pull 1 where ways are no shorter than straight lines, else 0;
#: straight_m from fix to fix, beta_m the scale of a detour and nats_per_m its inverse; base_nats the cost of the
#: state and least_nats the least emission of a target; best_nats the best total so far, lowered by the search; max_m
#: nobody drives more between the two fixes; pace the least speed that gets from fix to fix in time, m/s; jitter_m so
#: far behind on the same edge is standing still; merge_nats a way this much dearer than another one to the same edge
#: is given up, inf never; limit_m, open_limit_m see transition._set_limits.
AIM = np.dtype(
    [
        ("x", "f8"), ("y", "f8"), ("pull", "f8"), ("straight_m", "f8"), ("beta_m", "f8"), ("nats_per_m", "f8"),
        ("base_nats", "f8"), ("least_nats", "f8"), ("best_nats", "f8"), ("max_m", "f8"), ("jitter_m", "f8"),
        ("merge_nats", "f8"), ("pace", "f8"), ("limit_m", "f8"), ("open_limit_m", "f8"),
    ],
    align=True,
)  # fmt: skip

#: Segments of one lookup that are looked at; a disc of 60 m in a dense city holds under 200.
MAX_NEAR = 1024
#: Upper bound of MatchSettings.max_roads.
MAX_ROADS = 32
#: States open at once: all candidates of a fix and as many carried over it.
MAX_ACTIVE = 4 * MAX_ROADS


class Roads(NamedTuple):
    """The network as the kernels see it: E edges, S segments, C grid cells. Read only, shared between threads.

    edge       (E,) EDGE
    turn       TURN, those out of an edge follow each other
    segment    (S,) SEGMENT; segments of a piece follow each other
    cell_start, cell_segment  (C + 1,) and the segments that touch each cell, row by row from the origin
    """

    edge: Records
    turn: Records
    segment: Records
    cell_start: Ints
    cell_segment: Ints
    origin_x_m: float
    origin_y_m: float
    cell_m: float
    n_columns: int
    n_rows: int


class Scratch(NamedTuple):
    """Working space of one thread.

    label  (E,) LABEL;  heap HEAP, room for every turn of the network, since each can enter once a search
    near, place, found  of the fix under search;  active, spare  states before and after it;  aim  (1,) AIM
    arc    ARC, from a state of the lattice to a candidate of the fix under search
    counter  stamp of searches, stamp of steps, size of the heap
    """

    label: Records
    heap: Records
    near: Records
    place: Records
    found: Records
    active: Records
    spare: Records
    aim: Records
    arc: Records
    counter: Ints


def new_scratch(n_edges: int, n_turns: int) -> Scratch:
    """Working space for a network with n_edges edges and n_turns pairs of following edges."""
    return Scratch(
        label=np.zeros(n_edges, LABEL),
        heap=np.empty(n_turns + 2, HEAP),
        near=np.empty(MAX_NEAR, NEAR),
        place=np.empty(MAX_ROADS, PLACE),
        found=np.empty(2 * MAX_ROADS, CANDIDATE),
        active=np.empty(MAX_ACTIVE, ACTIVE),
        spare=np.empty(MAX_ACTIVE, ACTIVE),
        aim=np.zeros(1, AIM),
        arc=np.empty((MAX_ACTIVE + 1) * 2 * MAX_ROADS, ARC),
        counter=np.zeros(3, np.int64),
    )


def joined(parts: Sequence[Records]) -> Records:
    """Records of one kind, one part after the other; for few records much quicker than numpy.concatenate."""
    if len(parts) == 1:
        return parts[0]
    out: Records = np.empty(sum(map(len, parts)), parts[0].dtype)
    at = 0
    for part in parts:
        out[at : at + len(part)] = part
        at += len(part)
    return out

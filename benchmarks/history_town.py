"""A town for the benchmark of history: streets in a grid, blocks that one machine works each, a season of passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.fix import TREATMENTS
from geo.network import Network, PieceArrays, build_network
from geo.vocabulary import ROAD_CLASSES, RoadClass, Treatment
from geo.work import BASES, KINDS

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

#: Metres between two crossings, and crossings of a block in either direction.
STREET_M, BLOCK = 120.0, 9
#: What is driven in a storm is spread over so long.
STORM_US = 12 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Town:
    """The network; block (P,) of each piece; row (P,) whether the piece runs east, which a plough route then holds."""

    network: Network
    block: Ints
    row: NDArray[np.bool_]

    @property
    def n_blocks(self) -> int:
        """Machines: each works one block."""
        return int(self.block.max()) + 1


def make_town(n_edges: int) -> Town:
    """A grid of about so many edges."""
    side = round(np.sqrt(n_edges / 4))
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    node = y * side + x
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    row = np.arange(len(tail)) < side * (side - 1)
    n = len(tail)
    place = np.column_stack([x.ravel(), y.ravel()]) * STREET_M + np.array([-20_000.0, 40_000.0])
    shape = np.stack([place[tail], place[head]], axis=1).reshape(-1, 2)
    kinds = [ROAD_CLASSES.index(word) for word in (RoadClass.NATIONAL, RoadClass.PREFECTURAL, RoadClass.MUNICIPAL)]
    pieces = PieceArrays(
        piece_id=np.arange(1, n + 1), from_node=tail, to_node=head, length_m=np.full(n, STREET_M),
        oneway=np.zeros(n, np.int64), is_closed=np.zeros(n, np.bool_), speed_mps=np.full(n, 10.0),
        level=np.zeros(n, np.int64), road_class=np.array(kinds)[np.arange(n) % 3],
        shape_start=np.arange(0, 2 * n + 1, 2), shape_xy=shape,
    )  # fmt: skip
    across = -(-side // BLOCK)
    block = (y.ravel()[tail] // BLOCK) * across + x.ravel()[tail] // BLOCK
    return Town(build_network(pieces, 1, 6675), block, row)


def _tour(town: Town, block: int) -> Ints:
    """(n,) edges of a block in the order of work: each street east and back, then one crossing north."""
    pieces = np.flatnonzero(town.block == block)
    start = town.network.node_xy[town.network.edge_from[2 * pieces]]
    order = pieces[np.lexsort((start[:, 0], start[:, 1], ~town.row[pieces]))]
    rows, columns = order[town.row[order]], order[~town.row[order]]
    heights = town.network.node_xy[town.network.edge_from[2 * rows]][:, 1]
    parts: list[Ints] = []
    for k, height in enumerate(np.unique(heights)):
        street = rows[heights == height]
        parts += [2 * street, (2 * street + 1)[::-1], 2 * columns[k : k + 1]]
    return np.concatenate(parts) if parts else 2 * columns[:1]


def storm_passes(town: Town, n: int, begin_us: int, first_trace: int, rng: np.random.Generator) -> pd.DataFrame:
    """About n passes of one storm: each machine drives the tour of its block again and again, in traces of a hundred.

    Columns as those of ops.pass, words as their codes (-1: not named), times in microseconds. A fifth of the traces
    drives with the blade up, a twentieth says nothing of its work; the first and last passes of a trace are parts of an
    edge, one in ten of the others misses a few metres at an end.
    """
    each = -(-n // town.n_blocks)
    tours = [np.resize(_tour(town, block), each) for block in range(town.n_blocks)]
    edge = np.concatenate(tours)
    machine = np.repeat(np.arange(town.n_blocks), each)
    at = np.tile(np.arange(each), town.n_blocks)
    trace, seq = machine * (each // 100 + 1) + at // 100, at % 100
    step = STORM_US / (each + 1)
    began = begin_us + np.round(at * step + rng.uniform(0.0, 0.2 * step, len(at))).astype(np.int64)
    length = town.network.length_m[edge >> 1]
    is_end = (seq == 0) | (seq == 99)
    short = np.where(rng.random(len(at)) < 0.1, rng.uniform(0, 9, len(at)), 0)
    lost = np.where(is_end, rng.uniform(0, 100, len(at)), short)
    low = np.where(rng.random(len(at)) < 0.5, lost, 0.0)
    high = length - (lost - low)
    word = rng.choice(3, trace.max() + 1, p=[0.75, 0.2, 0.05])[trace]
    kind = np.array([KINDS.index(one) for one in ("pass", "deadhead", "unknown")])[word]
    spreads = (rng.random(trace.max() + 1) < 0.15)[trace]
    named = np.where(spreads, TREATMENTS.index(Treatment.ANTI_ICING), TREATMENTS.index(Treatment.FRESH_SNOW_PLOWING))
    return pd.DataFrame(
        {
            "trace_id": first_trace + trace, "seq": seq, "vehicle_id": machine + 1,
            "edge_id": town.network.edge_id[edge], "from_m": low, "to_m": high, "began_us": began,
            "ended_us": began + np.round(0.8 * step).astype(np.int64), "kind": kind,
            "treatment": np.where(word == 0, named, -1),
            "work_basis": np.where(word == 2, BASES.index("unknown"), BASES.index("sensed")),
            "confidence": rng.beta(60.0, 1.0, len(at)).astype(np.float32),
        }
    )  # fmt: skip

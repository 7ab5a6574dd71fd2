"""From one network version to the next: which pieces stay, which are new, and what became of the others."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.network import node_places
from geo.overlay import Runs, overlay
from geo.polyline import Polylines, take
from geo.topology import Topology

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Keys = NDArray[Any]

#: Geometry is compared in whole centimetres.
GRID_M = 0.01


@dataclass(frozen=True, slots=True)
class KnownPieces:
    """P pieces of one version, as far as comparing needs them.

    content_key         (P,) bytes, see content_keys
    from_node, to_node  (P,) node ids of the database, or node numbers of a topology
    level               (P,)
    lines               geometry in metres, in the same plane CRS for both versions
    """

    content_key: Keys
    from_node: Ints
    to_node: Ints
    level: Ints
    lines: Polylines

    def select(self, index: Ints) -> KnownPieces:
        """The pieces at these positions."""
        return KnownPieces(
            self.content_key[index],
            self.from_node[index],
            self.to_node[index],
            self.level[index],
            take(self.lines, index),
        )


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What differs between an old and a new version.

    kept     (P_new,) position of the old piece whose id the new piece keeps, -1 for an added one
    added    (A,) positions of the added new pieces
    gone     (G,) positions of the old pieces that are no more
    lineage  runs of the gone pieces: `old` counts in the old pieces, `new` in the new ones
    """

    kept: Ints
    added: Ints
    gone: Ints
    lineage: Runs

    @property
    def is_same(self) -> bool:
        """Nothing was added and nothing is gone."""
        return not len(self.added) and not len(self.gone)


def content_keys(topology: Topology) -> Keys:
    """(P,) 16 bytes each: of geometry, end nodes and every attribute but the ids that the source may renumber.

    Geometry counts in whole centimetres along digitising; nodes count by their place. external_id and the place on the
    delivered road are left out: a source that numbers its rows again changes no road.
    """
    lines = topology.lines
    grid = np.round(lines.xy / GRID_M).astype(np.int64)
    node = np.concatenate([topology.from_node, topology.to_node])
    end_xy = np.concatenate([lines.xy[lines.start[:-1]], lines.xy[lines.start[1:] - 1]])
    place = np.round(node_places(topology.n_nodes, node, end_xy) / GRID_M).astype(np.int64)
    attributes = _attribute_bytes(topology)
    keys = np.empty(topology.n_pieces, object)
    for p in range(topology.n_pieces):
        content = hashlib.blake2b(grid[lines.start[p] : lines.start[p + 1]].tobytes(), digest_size=16)
        content.update(place[topology.from_node[p]].tobytes())
        content.update(place[topology.to_node[p]].tobytes())
        content.update(attributes[topology.road[p]])
        keys[p] = content.digest()
    return keys


def _attribute_bytes(topology: Topology) -> list[bytes]:
    roads = topology.roads
    speed, width = roads.free_speed_mps.astype(np.float32), roads.width_m.astype(np.float32)
    columns = (
        roads.source_id.tolist(),
        roads.name.tolist(),
        roads.route.tolist(),
        roads.manager.tolist(),
        roads.road_class.tolist(),
        roads.oneway.tolist(),
        roads.level.tolist(),
        roads.lanes.tolist(),
        [None if np.isnan(w) else float(w) for w in width],
        [float(s) for s in speed],
        roads.is_closed.tolist(),
    )
    return [json.dumps(row, ensure_ascii=True).encode() for row in zip(*columns, strict=True)]


def diff_versions(old: KnownPieces, new: KnownPieces) -> VersionChange:
    """Compare two versions. A piece with equal content keeps its id; the others are gone or added, with lineage.

    Deterministic: pieces of equal content pair in their order.
    """
    kept = _consistent(old, new, _pair(old.content_key, new.content_key))
    stays = np.zeros(len(old.content_key), bool)
    stays[kept[kept >= 0]] = True
    added, gone = np.nonzero(kept < 0)[0], np.nonzero(~stays)[0]
    return VersionChange(kept, added, gone, _lineage(old, gone, new, added))


def _pair(old_key: Keys, new_key: Keys) -> Ints:
    waiting: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for position, key in enumerate(old_key):
        waiting[bytes(key)].append(position)
    kept = np.full(len(new_key), -1, np.int64)
    for position, key in enumerate(new_key):
        queue = waiting.get(bytes(key))
        if queue:
            kept[position] = queue.popleft()
    return kept


def _consistent(old: KnownPieces, new: KnownPieces, kept: Ints) -> Ints:
    """Give up pairs until old and new nodes of the kept pieces stand one to one.

    Keys hold the places of the nodes; two nodes at one place (a crossing of bridges above one of roads) may still
    be told apart only by what they join.
    """
    kept = kept.copy()
    while True:
        piece = np.nonzero(kept >= 0)[0]
        was = np.concatenate([old.from_node[kept[piece]], old.to_node[kept[piece]]])
        now = np.concatenate([new.from_node[piece], new.to_node[piece]])
        wrong = _not_first(was, now) | _not_first(now, was)
        if not wrong.any():
            return kept
        kept[np.concatenate([piece, piece])[wrong]] = -1


def _not_first(group: Ints, value: Ints) -> Bools:
    """(n,) True where the value is not the least that its group has."""
    _, number = np.unique(group, return_inverse=True)
    least = np.full(int(number.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, number, value)
    differs: Bools = value != least[number]
    return differs


def assign_nodes(old: KnownPieces, new: KnownPieces, kept: Ints) -> Ints:
    """(N,) ids of the nodes of `new`: those at a kept piece keep their id, -1 for the ones that need a fresh one."""
    n_nodes = int(max(new.from_node.max(initial=-1), new.to_node.max(initial=-1))) + 1
    ids = np.full(n_nodes, -1, np.int64)
    piece = np.nonzero(kept >= 0)[0]
    ids[new.from_node[piece]] = old.from_node[kept[piece]]
    ids[new.to_node[piece]] = old.to_node[kept[piece]]
    return ids


def _lineage(old: KnownPieces, gone: Ints, new: KnownPieces, added: Ints) -> Runs:
    """Runs of the gone pieces: whole to whole where only attributes changed, by overlay for the rest."""
    before, after = old.select(gone), new.select(added)
    twin, flipped = _twins(before, after)
    same, other = np.nonzero(twin >= 0)[0], np.nonzero(twin < 0)[0]
    free = np.setdiff1d(np.arange(len(added)), twin[same])
    rest = overlay(take(before.lines, other), before.level[other], take(after.lines, free), after.level[free])
    length, new_length = before.lines.length_m[same], after.lines.length_m[twin[same]]
    zero = np.zeros(len(same))
    found = np.where(rest.new >= 0, added[free[rest.new]] if len(free) else -1, -1)
    old_position = np.concatenate([gone[same], gone[other[rest.old]]])
    from_m = np.concatenate([zero, rest.from_m])
    order = np.lexsort((from_m, old_position))
    return Runs(
        old_position[order],
        np.concatenate([added[twin[same]], found])[order],
        from_m[order],
        np.concatenate([length, rest.to_m])[order],
        np.concatenate([zero, rest.new_from_m])[order],
        np.concatenate([new_length, rest.new_to_m])[order],
        np.concatenate([flipped[same], rest.is_flipped])[order],
    )


def _twins(before: KnownPieces, after: KnownPieces) -> tuple[Ints, Bools]:
    """For each old piece the new one with the same geometry and level, or -1, and whether it is drawn the other way."""
    index: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for position, (ahead, _) in enumerate(_shape_keys(after)):
        index[ahead].append(position)
    twin = np.full(len(before.level), -1, np.int64)
    flipped = np.zeros(len(before.level), bool)
    for position, (ahead, back) in enumerate(_shape_keys(before)):
        for key, is_back in ((ahead, False), (back, True)):
            if twin[position] < 0 and index.get(key):
                twin[position], flipped[position] = index[key].popleft(), is_back
    return twin, flipped


def _shape_keys(pieces: KnownPieces) -> list[tuple[bytes, bytes]]:
    """Level and geometry in whole centimetres, along digitising and against it."""
    start, grid = pieces.lines.start, np.round(pieces.lines.xy / GRID_M).astype(np.int64)
    keys = []
    for p, level in enumerate(pieces.level):
        shape, mark = grid[start[p] : start[p + 1]], int(level).to_bytes(8, "big", signed=True)
        keys.append((mark + shape.tobytes(), mark + shape[::-1].tobytes()))
    return keys

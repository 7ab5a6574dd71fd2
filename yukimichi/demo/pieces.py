"""From straight segments to road pieces between junctions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from yukimichi.demo.expressways import Builder

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


#: Segments below this length are drawn together to one vertex.
_SHORTEST_M = 4.0


@dataclass(frozen=True, slots=True)
class Pieces:
    """P road pieces: vertex runs chain[start[i]:start[i + 1]] of xy, their strand and level, and end vertices."""

    xy: Floats
    chain: Ints
    start: Ints
    strand: Ints
    level: Ints

    @property
    def head(self) -> Ints:
        """(P,) first vertex of each piece."""
        return self.chain[self.start[:-1]]

    @property
    def tail(self) -> Ints:
        """(P,) last vertex of each piece."""
        return self.chain[self.start[1:] - 1]

    def lines(self) -> NDArray[np.object_]:
        """(P,) shapely LineStrings in the plane, before bending."""
        lengths = np.diff(self.start)
        whose = np.repeat(np.arange(len(lengths)), lengths)
        lines: NDArray[np.object_] = shapely.linestrings(self.xy[self.chain], indices=whose)
        return lines

    def select(self, keep: Bools) -> Pieces:
        """The kept pieces only."""
        lengths = np.diff(self.start)
        start = np.r_[0, np.cumsum(lengths[keep])]
        return Pieces(self.xy, self.chain[np.repeat(keep, lengths)], start, self.strand[keep], self.level[keep])


def join_segments(builder: Builder) -> Pieces:
    """Join segments of one strand and level through vertices that no other segment touches; keep the main component."""
    xy = np.vstack(builder.xy)
    u, v = np.array(builder.u, np.int64), np.array(builder.v, np.int64)
    strand, level = np.array(builder.strand, np.int64), np.array(builder.level, np.int64)
    n = len(xy)
    u, v = _merge_close(xy, u, v)
    label = connected_components(coo_matrix((np.ones(len(u)), (u, v)), (n, n)), directed=False)[1]
    keep = (label[u] == np.argmax(np.bincount(label[u]))) & (u != v)
    u, v, strand, level = u[keep], v[keep], strand[keep], level[keep]
    level = _no_tunnel_at_junctions(u, v, level, n)
    runs, firsts = _walk(u, v, strand * 8 + level + 3, n)
    start = np.r_[0, np.cumsum([len(run) for run in runs])].astype(np.int64)
    first = np.array(firsts)
    return Pieces(xy, np.concatenate([np.array(r, np.int64) for r in runs]), start, strand[first], level[first])


def _merge_close(xy: Floats, u: Ints, v: Ints) -> tuple[Ints, Ints]:
    """Ends of segments, with the two vertices of each very short segment made one."""
    short = np.hypot(*(xy[u] - xy[v]).T) < _SHORTEST_M
    links = coo_matrix((np.ones(int(short.sum())), (u[short], v[short])), (len(xy), len(xy)))
    label = connected_components(links, directed=False)[1]
    first = np.unique(label, return_index=True)[1][label]
    return first[u], first[v]


def without_crossings(pieces: Pieces, lines: NDArray[np.object_], rank: Ints) -> Bools:
    """(P,) False for pieces to leave out, so that none crosses another of its level without a junction.

    Bending leaves a few such crossings where streets meet at a sharp angle. Of two the one of higher rank goes, then
    the shorter one; what hangs on nothing else afterwards goes too. lines (P,) are the bent lines.
    """
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    same = (a < b) & (pieces.level[a] == pieces.level[b])
    a, b = a[same], b[same]
    length_m = shapely.length(lines)
    worse = (rank[a] > rank[b]) | ((rank[a] == rank[b]) & (length_m[a] < length_m[b]))
    keep = np.ones(len(lines), bool)
    keep[np.where(worse, a, b)] = False
    n = len(pieces.xy)
    ends = (pieces.head[keep], pieces.tail[keep])
    label = connected_components(coo_matrix((np.ones(len(ends[0])), ends), (n, n)), directed=False)[1]
    in_main: Bools = label[pieces.head] == np.argmax(np.bincount(label[ends[0]]))
    return keep & in_main


def _no_tunnel_at_junctions(u: Ints, v: Ints, level: Ints, n: int) -> Ints:
    degree = np.bincount(np.r_[u, v], minlength=n)
    meets = (degree[u] > 2) | (degree[v] > 2)
    return np.where((level < 0) & meets, 0, level)


def _walk(u: Ints, v: Ints, key: Ints, n: int) -> tuple[list[list[int]], list[int]]:
    """Vertex runs between break vertices, in the direction of their first segment, and one segment of each."""
    ends = np.r_[u, v]
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(n + 1))
    segment = order % len(u)
    degree = np.diff(first)
    a = segment[np.minimum(first[:-1], len(segment) - 1)]
    b = segment[np.minimum(first[:-1] + 1, len(segment) - 1)]
    through = (degree == 2) & (key[a] == key[b])
    is_through, pair_a, pair_b = through.tolist(), a.tolist(), b.tolist()
    ul, vl = u.tolist(), v.tolist()
    done = np.zeros(len(u), bool).tolist()
    runs: list[list[int]] = []
    firsts: list[int] = []
    for seed in range(len(ul)):
        if done[seed]:
            continue
        done[seed] = True
        run = [ul[seed], vl[seed]]
        for is_head in (False, True):
            here, last = (run[0], seed) if is_head else (run[-1], seed)
            grown: list[int] = []
            while is_through[here]:
                nxt = pair_b[here] if pair_a[here] == last else pair_a[here]
                if done[nxt]:
                    break
                done[nxt] = True
                here = vl[nxt] if ul[nxt] == here else ul[nxt]
                grown.append(here)
                last = nxt
            run = grown[::-1] + run if is_head else run + grown
        runs.append(run)
        firsts.append(seed)
    return runs, firsts


def choose_oneways(pieces: Pieces, given: Ints, wanted: Bools) -> Ints:
    """(P,) one-way codes: the given ones, and 1 for wanted two-way pieces where everybody can still get everywhere."""
    oneway = np.where(wanted & (given == 0), 1, given)
    head, tail = pieces.head, pieces.tail
    n = len(pieces.xy)
    for _ in range(20):
        ahead, back = oneway >= 0, oneway <= 0
        rows, columns = np.r_[head[ahead], tail[back]], np.r_[tail[ahead], head[back]]
        label = connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), (n, n)), connection="strong")[1]
        main = np.argmax(np.bincount(label))
        outside = (label[head] != main) | (label[tail] != main)
        bad = outside & (oneway != 0) & (given == 0)
        if not bad.any():
            return oneway
        oneway = np.where(bad, 0, oneway)
    return np.where(outside, given, oneway)

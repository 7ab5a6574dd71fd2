"""Street blocks: the faces between main roads, cut again and again until they have the size of the place.

The plane graph is kept as half-edges (Muller & Preparata 1978): half-edge h runs from org[h]; its twin is h ^ 1; the
face lies on its left. A cut runs across the longer side of a block, along the direction that most of its boundary has
(the mean of the boundary's angles modulo 90 degrees), so that streets follow the roads around them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Codes of segments that no strand owns.
NONE, STREET, MAIN_STREET = -1, -2, -3

_SNAP_M = 17.0
_SMALLEST_SHARE = 0.18
#: A cut through a block that is this many times larger than wanted becomes a main street.
_MAIN_RATIO = 48.0


class PlaneGraph:
    """A growing plane graph: lists, because cuts come one at a time."""

    def __init__(self, xy: Floats, u: Ints, v: Ints, code: Ints) -> None:
        """xy (n, 2) vertices, u and v (m,) ends of the segments, code (m,) their strand or one of NONE, STREET …"""
        self.x: list[float] = xy[:, 0].tolist()
        self.y: list[float] = xy[:, 1].tolist()
        self.org: list[int] = np.column_stack([u, v]).ravel().tolist()
        self.code: list[int] = code.tolist()
        following = _following(xy, u, v)
        self.nxt: list[int] = following.tolist()
        self.prv: list[int] = np.argsort(following).tolist()
        n = len(following)
        self.face_of: Ints = connected_components(coo_matrix((np.ones(n), (np.arange(n), following)), (n, n)))[1]

    def cycle(self, start: int) -> list[int]:
        """The half-edges around the face on the left of a half-edge."""
        result, h = [start], self.nxt[start]
        while h != start:
            result.append(h)
            h = self.nxt[h]
        return result

    def split_edge(self, h: int, x: float, y: float) -> int:
        """Put a vertex on half-edge h; returns the half-edge that now starts there, on the same side."""
        w, twin, new = len(self.x), h ^ 1, len(self.org)
        self.x.append(x)
        self.y.append(y)
        self.org += [w, self.org[twin]]
        self.code.append(self.code[h >> 1])
        self.nxt += [self.nxt[h] if self.nxt[h] != twin else new + 1, twin]
        self.prv += [h, self.prv[twin] if self.prv[twin] != h else new]
        self.prv[self.nxt[new]], self.nxt[self.prv[new + 1]] = new, new + 1
        self.nxt[h], self.prv[twin] = new, new + 1
        self.org[twin] = w
        return new

    def join(self, a: int, b: int, code: int) -> int:
        """Cut the face of half-edges a and b from the start of a to that of b; returns the new half-edge a to b."""
        new, before_a, before_b = len(self.org), self.prv[a], self.prv[b]
        self.org += [self.org[a], self.org[b]]
        self.code.append(code)
        self.nxt += [b, a]
        self.prv += [before_a, before_b]
        self.nxt[before_a], self.prv[b] = new, new
        self.nxt[before_b], self.prv[a] = new + 1, new + 1
        return new


def _following(xy: Floats, u: Ints, v: Ints) -> Ints:
    """(2 m,) the half-edge after each one around its face: at its end, the next clockwise from its twin."""
    start = np.column_stack([u, v]).ravel()
    end = np.column_stack([v, u]).ravel()
    d = xy[end] - xy[start]
    order = np.lexsort([np.arctan2(d[:, 1], d[:, 0]), start])
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first = np.searchsorted(start[order], start, side="left")
    count = np.bincount(start, minlength=len(xy))[start]
    clockwise = order[first + (rank - first - 1) % count]
    result: Ints = clockwise[np.arange(len(order)) ^ 1]
    return result


def _frame(xs: list[float], ys: list[float]) -> tuple[float, float, float, float]:
    """Direction (cosine, sine) of the longer side of a block, area and the length of that side, metres."""
    n, area, sc, ss = len(xs), 0.0, 0.0, 0.0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        dx, dy = xs[j] - xs[i], ys[j] - ys[i]
        area += xs[i] * ys[j] - xs[j] * ys[i]
        d2 = dx * dx + dy * dy
        if d2 > 1e-9:
            c2, s2 = (dx * dx - dy * dy) / d2, 2 * dx * dy / d2
            length = math.sqrt(d2)
            sc += length * (c2 * c2 - s2 * s2)
            ss += length * 2 * c2 * s2
    angle = math.atan2(ss, sc) / 4
    c, s = math.cos(angle), math.sin(angle)
    along = [c * x + s * y for x, y in zip(xs, ys, strict=True)]
    across = [c * y - s * x for x, y in zip(xs, ys, strict=True)]
    long, wide = max(along) - min(along), max(across) - min(across)
    return (c, s, area / 2, long) if long >= wide else (-s, c, area / 2, wide)


def _opens(xs: list[float], ys: list[float], i: int, x: float, y: float) -> bool:
    """Whether the way from corner i of a block to (x, y) starts inside the block."""
    q = i + 1 if i + 1 < len(xs) else 0
    towards_next = math.atan2(ys[q] - ys[i], xs[q] - xs[i])
    towards_last = math.atan2(ys[i - 1] - ys[i], xs[i - 1] - xs[i])
    towards_end = math.atan2(y - ys[i], x - xs[i])
    opening = (towards_last - towards_next) % (2 * math.pi) or 2 * math.pi
    return 0.05 < (towards_end - towards_next) % (2 * math.pi) < opening - 0.05


class Subdivision:
    """Cuts the largest block, measured by the size that is wanted at its place, until there are enough pieces."""

    def __init__(self, graph: PlaneGraph, target_m2: Callable[[float, float], float], rng: np.random.Generator) -> None:
        self.graph, self.target_m2, self.rng = graph, target_m2, rng
        self.heap: list[tuple[float, int, float]] = []
        self.draws: list[float] = []

    def add(self, h: int) -> None:
        """Queue the face on the left of a half-edge."""
        g = self.graph
        ring = [g.org[e] for e in g.cycle(h)]
        xs, ys = [g.x[v] for v in ring], [g.y[v] for v in ring]
        x, y = sum(xs) / len(xs), sum(ys) / len(ys)
        x0, y0 = xs[0], ys[0]
        area = _frame([v - x0 for v in xs], [v - y0 for v in ys])[2]
        if area > 0:
            heapq.heappush(self.heap, (-area / self.target_m2(x, y), h, area))

    def run(self, n_cuts: int) -> int:
        """Make up to n_cuts cuts; returns how many were made."""
        made = 0
        while made < n_cuts and self.heap:
            ratio, h, area = heapq.heappop(self.heap)
            new = self._cut(h, area, MAIN_STREET if -ratio > _MAIN_RATIO else STREET)
            if new >= 0:
                self.add(new)
                self.add(new + 1)
                made += 1
        return made

    def _draw(self) -> float:
        if not self.draws:
            self.draws = np.clip(self.rng.normal(0.0, 1.0, 4096), -2.2, 2.2).tolist()
        return self.draws.pop()

    def _cut(self, h: int, area: float, code: int) -> int:
        """Cut one block; returns the new half-edge, or -1 if three tries failed."""
        g = self.graph
        ring = g.cycle(h)
        x0, y0 = g.x[g.org[h]], g.y[g.org[h]]
        xs, ys = [g.x[g.org[e]] - x0 for e in ring], [g.y[g.org[e]] - y0 for e in ring]
        c, s, _, _ = _frame(xs, ys)
        for attempt in range(3):
            turn = self._draw() * 0.05
            cc, ss = c - s * turn, s + c * turn
            if attempt == 2:
                cc, ss = -ss, cc
            along = [cc * x + ss * y for x, y in zip(xs, ys, strict=True)]
            low, high = min(along), max(along)
            at = (low + high) / 2 + (high - low) * 0.1 * self._draw()
            crossing = self._widest(along, [cc * y - ss * x for x, y in zip(xs, ys, strict=True)], at)
            if crossing is None:
                continue
            ends = [self._place(xs, ys, along, at, i) for i in crossing]
            if self._is_good(xs, ys, ends, area):
                return g.join(self._vertex(ring, ends[0], x0, y0), self._vertex(ring, ends[1], x0, y0), code)
        return -1

    @staticmethod
    def _widest(along: list[float], across: list[float], at: float) -> tuple[int, int] | None:
        """The two boundary edges between which the cut line runs longest inside the block.

        Along the line, an edge towards larger `along` lets it in and one back lets it out. Both sides of a dead-end
        road lie at the same place: the line goes out at one before it comes in at the other.
        """
        hits: list[tuple[float, bool, int]] = []
        n = len(along)
        for i in range(n):
            j = i + 1 if i + 1 < n else 0
            a, b = along[i] - at, along[j] - at
            if (a > 0) != (b > 0):
                place = across[i] + a / (a - b) * (across[j] - across[i])
                hits.append((round(place, 6), b > 0, i))
        hits.sort()
        spans = [(q[0] - p[0], p[2], q[2]) for p, q in pairwise(hits) if p[1] and not q[1]]
        if not spans:
            return None
        width, i, j = max(spans)
        return (i, j) if width > _SNAP_M else None

    @staticmethod
    def _place(
        xs: list[float], ys: list[float], along: list[float], at: float, i: int
    ) -> tuple[int, float, float, bool]:
        """Where the cut meets boundary edge i: (edge or vertex, x, y, is_vertex); near a vertex it takes the vertex."""
        j = i + 1 if i + 1 < len(xs) else 0
        t = (along[i] - at) / (along[i] - along[j])
        length = math.hypot(xs[j] - xs[i], ys[j] - ys[i])
        if min(t, 1 - t) * length < _SNAP_M:
            k = i if t < 0.5 else j
            return k, xs[k], ys[k], True
        return i, xs[i] + t * (xs[j] - xs[i]), ys[i] + t * (ys[j] - ys[i]), False

    @staticmethod
    def _is_good(xs: list[float], ys: list[float], ends: list[tuple[int, float, float, bool]], area: float) -> bool:
        """Whether the cut leaves two sound blocks and meets nothing on its way."""
        (i, ax, ay, at_i), (j, bx, by, at_j) = ends
        n = len(xs)
        if i == j or (at_i and at_j and (abs(i - j) in (1, n - 1))):
            return False
        if (at_i and not _opens(xs, ys, i, bx, by)) or (at_j and not _opens(xs, ys, j, ax, ay)):
            return False
        k, total, px, py = (i + 1) % n, 0.0, ax, ay
        last = j if not at_j else (j - 1) % n
        while True:  # shoelace over the part from i to j
            total += px * ys[k] - xs[k] * py
            px, py = xs[k], ys[k]
            if k == last:
                break
            k = (k + 1) % n
        total += px * by - bx * py + bx * ay - ax * by
        if not _SMALLEST_SHARE * area < total / 2 < (1 - _SMALLEST_SHARE) * area:
            return False
        dx, dy = bx - ax, by - ay
        side = [dx * (y - ay) - dy * (x - ax) for x, y in zip(xs, ys, strict=True)]
        for k in range(n):
            m = k + 1 if k + 1 < n else 0
            if (
                (side[k] > 1e-6) != (side[m] > 1e-6)
                and k not in (i, j)
                and not (at_i and m == i)
                and not (at_j and m == j)
            ):
                ex, ey = xs[m] - xs[k], ys[m] - ys[k]
                sa = ex * (ay - ys[k]) - ey * (ax - xs[k])
                sb = ex * (by - ys[k]) - ey * (bx - xs[k])
                if sa * sb < 0:
                    return False
        return True

    def _vertex(self, ring: list[int], end: tuple[int, float, float, bool], x0: float, y0: float) -> int:
        """The half-edge of the block that starts where the cut ends; makes the vertex if need be."""
        i, x, y, is_vertex = end
        return ring[i] if is_vertex else self.graph.split_edge(ring[i], x + x0, y + y0)


def faces_to_cut(graph: PlaneGraph, is_inside: Callable[[Floats, Ints], Bools]) -> list[int]:
    """One half-edge of each face that is to be cut.

    is_inside(centres, faces) tells which; centres (k, 2) lie a hand's breadth inside of one boundary edge each.
    """
    org = np.array(graph.org)
    x, y = np.array(graph.x), np.array(graph.y)
    end = org[np.arange(len(org)) ^ 1]
    dx, dy = x[end] - x[org], y[end] - y[org]
    length = np.hypot(dx, dy)
    n_faces = int(graph.face_of.max()) + 1
    area = np.bincount(graph.face_of, x[org] * y[end] - x[end] * y[org], n_faces) / 2
    order = np.lexsort([-length, graph.face_of])
    longest = order[np.searchsorted(graph.face_of[order], np.arange(n_faces))]
    shift = 0.5 / length[longest]
    centre = np.column_stack(
        [
            x[org[longest]] + dx[longest] / 2 - dy[longest] * shift,
            y[org[longest]] + dy[longest] / 2 + dx[longest] * shift,
        ]
    )
    chosen = is_inside(centre, np.arange(n_faces)) & (area > 0)
    return [int(h) for h in longest[chosen]]

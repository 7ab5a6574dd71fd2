"""From straight mesh courses to curved alignments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yukimichi.demo.trunk import Trunk

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_SAMPLES = 8
#: Courses over hills that rise above this share of the hills' height run through a tunnel there.
_TUNNEL_SHARE = 0.62
_TUNNEL_HILLS_M = 140.0


def curve_trunk(trunk: Trunk, n_fixed: int) -> tuple[Floats, Ints, Ints]:
    """Curved segments of the trunk.

    n_fixed: the first mesh points, which stay where they are. Returns segments (n, 4) as x1 y1 x2 y2 in plane
    metres, their strand (n,) and level (n,): -1 in tunnels, 1 on long bridges, else 0.
    """
    edges = np.array(sorted(trunk.owner), np.int64)
    strand = np.array([trunk.owner[e] for e in edges.tolist()], np.int64)
    u, v = trunk.mesh.u[edges], trunk.mesh.v[edges]
    xy = _relaxed(trunk, u, v, n_fixed)
    tangent_u = _tangents(xy, u, v, strand)
    tangent_v = -_tangents(xy, v, u, strand)
    t = np.linspace(0.0, 1.0, _SAMPLES)[None, :, None]
    a, b = xy[u][:, None], xy[v][:, None]
    length = np.hypot(*(xy[v] - xy[u]).T)[:, None, None]
    line = (
        (2 * t**3 - 3 * t**2 + 1) * a
        + (t**3 - 2 * t**2 + t) * tangent_u[:, None] * length
        + (3 * t**2 - 2 * t**3) * b
        + (t**3 - t**2) * tangent_v[:, None] * length
    )  # cubic Hermite
    level = _levels(trunk, edges, strand)
    segments = np.concatenate([line[:, :-1], line[:, 1:]], axis=2).reshape(-1, 4)
    per_edge = _SAMPLES - 1
    levels = np.repeat(level, per_edge).reshape(-1, per_edge)
    levels[:, [0, -1]] = 0  # a structure starts beyond the junction
    return segments, np.repeat(strand, per_edge), levels.ravel()


def _relaxed(trunk: Trunk, u: Ints, v: Ints, n_fixed: int) -> Floats:
    """Mesh points pulled towards their neighbours on the trunk: strongly on plains, weakly in the hills."""
    xy = trunk.mesh.xy.copy()
    degree = np.bincount(np.r_[u, v], minlength=len(xy))
    pull = np.where(degree == 2, 0.55, np.where(degree > 2, 0.25, 0.0))
    pull *= np.clip(1.0 - trunk.mesh.hills_m / 700.0, 0.35, 1.0)
    pull[:n_fixed] = 0.0
    for _ in range(6):
        total = np.zeros_like(xy)
        np.add.at(total, u, xy[v])
        np.add.at(total, v, xy[u])
        mean = total / np.maximum(degree, 1)[:, None]
        xy += (mean - xy) * np.where(degree > 0, pull, 0.0)[:, None]
    return xy


def _tangents(xy: Floats, start: Ints, end: Ints, strand: Ints) -> Floats:
    """(n, 2) unit tangents at `start` of the edges start-end: along the edge that goes on straightest behind it."""
    far = np.r_[end, start]
    hub = np.r_[start, end]
    direction = xy[far] - xy[hub]
    direction /= np.hypot(*direction.T)[:, None]
    order = np.argsort(hub, kind="stable")
    first = np.searchsorted(hub[order], np.arange(len(xy) + 1))
    result = direction[: len(start)].copy()
    both = np.r_[strand, strand]
    for i, node in enumerate(start.tolist()):
        around = order[first[node] : first[node + 1]]
        if len(around) < 2:
            continue
        cosine = direction[around] @ direction[i] - 0.35 * (both[around] == strand[i])
        best = around[np.argmin(cosine)]
        if direction[best] @ direction[i] < -0.25:
            mean = direction[i] - direction[best]
            result[i] = mean / np.hypot(*mean)
    return result


def _levels(trunk: Trunk, edges: Ints, strand: Ints) -> Ints:
    mesh = trunk.mesh
    u, v = mesh.u[edges], mesh.v[edges]
    height = np.maximum(mesh.height_m[u], mesh.height_m[v])
    hills = mesh.hills_m[u]
    routed = np.array([s.route is not None for s in trunk.strands])[strand]
    tunnel = routed & (hills > _TUNNEL_HILLS_M) & (height > _TUNNEL_SHARE * hills)
    level = np.where(mesh.is_wet[edges], 1, np.where(tunnel, -1, 0))
    return level.astype(np.int64)

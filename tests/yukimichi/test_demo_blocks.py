"""Cutting blocks: the half-edges stay a plane graph, whatever is cut."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from yukimichi.demo.blocks import STREET, PlaneGraph, Subdivision, faces_to_cut
from yukimichi.demo.noise import make_warp, roughen, rounded


def ring_graph(corners: np.ndarray, spur: np.ndarray | None = None) -> PlaneGraph:
    """A closed ring of corners, with a dead-end road from its first corner to `spur` if that is given."""
    n = len(corners)
    u, v = np.arange(n), (np.arange(n) + 1) % n
    if spur is not None:
        corners, u, v = np.vstack([corners, spur]), np.r_[u, 0], np.r_[v, n]
    return PlaneGraph(corners, u, v, np.full(len(u), 7))


def lines_of(graph: PlaneGraph) -> np.ndarray:
    xy = np.column_stack([graph.x, graph.y])
    ends = np.array(graph.org).reshape(-1, 2)
    return shapely.linestrings(np.stack([xy[ends[:, 0]], xy[ends[:, 1]]], axis=1))


def check(graph: PlaneGraph, area: float) -> None:
    """Half-edges are consistent, segments meet at ends only, and the faces are those that shapely finds."""
    n = len(graph.org)
    nxt, prv = np.array(graph.nxt), np.array(graph.prv)
    assert np.array_equal(prv[nxt], np.arange(n))
    assert np.array_equal(np.array(graph.org)[nxt], np.array(graph.org)[np.arange(n) ^ 1])
    lines = lines_of(graph)
    a, _ = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert len(a) == 0
    found = shapely.get_parts(
        shapely.polygonize(shapely.get_parts(shapely.node(shapely.multilinestrings(list(lines)))))
    )
    assert shapely.area(found).sum() == pytest.approx(area, rel=1e-6)
    seen, faces = np.zeros(n, bool), 0
    for h in range(n):
        if not seen[h]:
            ring = graph.cycle(h)
            seen[ring] = True
            faces += 1
    vertices = len(set(graph.org))
    assert vertices - n // 2 + faces == 2  # Euler, for a connected plane graph


def subdivide(graph: PlaneGraph, n: int, seed: int, target: float = 900.0) -> int:
    cutter = Subdivision(graph, lambda x, y: target, np.random.default_rng(seed))
    for h in faces_to_cut(graph, lambda xy, faces: np.ones(len(xy), bool)):
        cutter.add(h)
    return cutter.run(n)


def test_a_square_is_cut_into_blocks_of_like_size() -> None:
    corners = np.array([[0, 0], [800, 0], [800, 800], [0, 800]], float)
    graph = ring_graph(corners)
    assert subdivide(graph, 60, 1) == 60
    check(graph, 640_000.0)
    blocks = shapely.get_parts(shapely.polygonize(lines_of(graph)))
    assert len(blocks) == 61
    size = shapely.area(blocks)
    assert size.max() / size.mean() < 3.0
    assert {c for c in graph.code if c != 7} <= {STREET, STREET - 1}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_corners=st.integers(3, 14),
    has_spur=st.booleans(),
    n_cuts=st.integers(1, 40),
)
def test_any_block_stays_sound(seed: int, n_corners: int, has_spur: bool, n_cuts: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, n_corners)) + np.arange(n_corners) * 1e-3
    radius = rng.uniform(200, 600, n_corners)
    corners = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    polygon = shapely.Polygon(corners)
    if not polygon.is_valid or polygon.area < 5_000:
        return
    spur = None
    if has_spur:
        inside = shapely.point_on_surface(polygon)
        line = shapely.LineString([corners[0], (inside.x, inside.y)])
        if polygon.contains(line) and line.length > 30:
            spur = np.array([inside.x, inside.y])
    graph = ring_graph(corners, spur)
    subdivide(graph, n_cuts, seed)
    check(graph, polygon.area)


def test_a_block_too_small_is_left_alone() -> None:
    graph = ring_graph(np.array([[0, 0], [12, 0], [12, 12], [0, 12]], float))
    assert subdivide(graph, 5, 1) == 0
    assert len(graph.org) == 8


def test_a_ragged_line_keeps_its_ends_and_stays_near() -> None:
    xy = np.array([[0, 0], [5_000, 0], [9_000, 4_000]], float)
    line = roughen(xy, np.array([200.0, 0.0]), np.random.default_rng(2))
    assert np.array_equal(line[[0, -1]], xy[[0, -1]])
    assert np.hypot(*np.diff(line, axis=0).T).max() <= 120.0
    off = shapely.distance(shapely.points(line), shapely.LineString(xy))
    assert 20 < off.max() < 900
    straight = line[line[:, 0] > 5_000]
    assert shapely.distance(shapely.points(straight), shapely.LineString(xy)).max() < 1e-6


def test_rounding_keeps_ends() -> None:
    xy = np.array([[0, 0], [10, 0], [10, 10]], float)
    line = rounded(xy)
    assert np.array_equal(line[[0, -1]], xy[[0, -1]])
    assert shapely.LineString(line).distance(shapely.Point(10, 0)) > 1.0


def test_a_warp_folds_nothing_over() -> None:
    warp = make_warp(np.random.default_rng(5), 450.0, 1_400.0)
    grid = np.stack(np.meshgrid(np.arange(0, 4_000, 20.0), np.arange(0, 4_000, 20.0)), -1)
    moved = warp.apply(grid.reshape(-1, 2), 28.0).reshape(grid.shape)
    dx, dy = np.diff(moved, axis=1)[:-1], np.diff(moved, axis=0)[:, :-1]
    assert (dx[..., 0] * dy[..., 1] - dx[..., 1] * dy[..., 0]).min() > 0

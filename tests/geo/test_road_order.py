"""The order along the roads: every edge once, straight on before turning, plans kept together; beside a naive one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geo.road_order import OrderInput, order_edges


def town(rng: np.random.Generator, n_side: int) -> OrderInput:
    """A grid of two-way and one-way streets with plans and names."""
    xy = [(x + rng.uniform(-0.2, 0.2), y + rng.uniform(-0.2, 0.2)) for y in range(n_side) for x in range(n_side)]
    pieces = [(i, i + 1) for i in range(n_side**2 - 1) if (i + 1) % n_side]
    pieces += [(i, i + n_side) for i in range(n_side * (n_side - 1))]
    rows = []
    for piece, (a, b) in enumerate(pieces):
        plan, name = int(rng.integers(-1, 3)), int(rng.integers(-1, 4))
        for side in (0, 1):
            if rng.random() < 0.9:
                tail, head = (a, b) if side == 0 else (b, a)
                heading = math.atan2(xy[head][1] - xy[tail][1], xy[head][0] - xy[tail][0])
                rows.append((2 * piece + side, tail, head, heading, plan, name))
    edge_id, tail, head, heading, plan, name = (np.array(column) for column in zip(*rows, strict=True))
    return OrderInput(edge_id, tail, head, heading, plan, name)


def naive(e: OrderInput) -> list[int]:
    """The same order, the plainest way."""
    n = len(e.edge_id)
    left = set(range(n))

    def rank(last: int, edge: int) -> tuple[int, float, int]:
        turn = (e.heading[edge] - e.heading[last]) % (2 * math.pi)
        kind = 2 if e.edge_id[edge] >> 1 == e.edge_id[last] >> 1 else 0 if e.name[edge] == e.name[last] else 1
        return kind, min(turn, 2 * math.pi - turn), edge

    order = []
    for seed in sorted(range(n), key=lambda i: (e.plan[i] < 0, e.plan[i], i)):
        if seed not in left:
            continue
        left.remove(seed)
        order.append(seed)
        trail = [seed]
        while trail:
            on = [i for i in left if e.tail[i] == e.head[trail[-1]] and e.plan[i] == e.plan[trail[-1]]]
            if not on:
                trail.pop()
                continue
            edge = min(on, key=lambda i: rank(trail[-1], i))
            left.remove(edge)
            order.append(edge)
            trail.append(edge)
    return order


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_order_of_the_naive_walk(seed: int) -> None:
    edges = town(np.random.default_rng(seed), 2 + seed)
    found = order_edges(edges)
    assert found.tolist() == naive(edges)
    assert sorted(found.tolist()) == list(range(len(edges.edge_id)))


def test_of_nothing_there_is_no_order() -> None:
    none = np.zeros(0, np.int64)
    assert len(order_edges(OrderInput(none, none, none, np.zeros(0), none, none))) == 0


def test_straight_on_along_the_name_and_back_on_the_other_side() -> None:
    """A street of three pieces with a side street: out along the street, then back, then the side street."""
    pieces = [(0, 1, 0.0, 7), (1, 2, 0.0, 7), (1, 3, math.pi / 2, -1)]
    rows = [(2 * i + side, *((a, b) if side == 0 else (b, a)), heading + side * math.pi, 1, name)
            for i, (a, b, heading, name) in enumerate(pieces) for side in (0, 1)]  # fmt: skip
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    order = order_edges(OrderInput(*columns))
    assert columns[0][order].tolist() == [0, 2, 3, 1, 4, 5]

"""The visualisation rate: the example of docs/kpi.md by hand, a naive reckoning metre by metre, and canonical bytes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import PassFacts
from geo.kpi import (
    FIGURES,
    NAMES,
    Figure,
    RouteLengths,
    canonical_json,
    figures,
    fixed,
    observed_stretches,
    split_lengths,
    visible,
)
from geo.linear import Stretches, union
from geo.work import DEADHEAD, PASS, UNKNOWN

EDGES, LENGTH = 4, 10
type Item = tuple[int, int, int, int, int, float]


def drawn(items: list[Item]) -> PassFacts:
    """Items of edge, from, to, end, kind, confidence."""
    n = len(items)
    rows = np.array([item[:5] for item in items], np.int64).reshape(-1, 5)
    zero = np.zeros(n, np.int8)
    return PassFacts(
        edge=rows[:, 0], from_m=rows[:, 1:3].min(1) * 1.0, to_m=rows[:, 1:3].max(1) * 1.0, began_us=rows[:, 3] - 1,
        ended_us=rows[:, 3], kind=rows[:, 4].astype(np.int8), treatment=zero, work_basis=zero,
        confidence=np.array([item[5] for item in items], np.float64), source=np.ones(n, np.int64),
        synthetic=np.zeros(n, np.bool_), trace=np.arange(n), seq=np.zeros(n, np.int64),
    )  # fmt: skip


def test_the_example_of_the_docs() -> None:
    """Route A: 10 km planned, 8 laid on both directions; route B: 5 km planned, not laid at all.

    A's device is healthy. It drove 6 of A's 8 km one way and 2 of them back: 8 of 16 directed km, 4 km of road.
    """
    held = union(Stretches(np.array([0, 1]), np.zeros(2), np.full(2, 8.0)))
    lengths = split_lengths(
        np.array([10.0, 5.0]), np.array([8.0, 0.0]), np.array([[16.0, 0.0], [0.0, 0.0]]), np.zeros((2, 2))
    )
    observed = Stretches(np.array([0, 1]), np.zeros(2), np.array([6.0, 2.0]))
    found = visible(lengths, held, 2, np.array([0, 0]), np.array([True, True]), observed)
    by = figures(found, np.zeros((2, 2), np.int64), 1)
    metres = {name: float(by[name][0]) for name in ("planned", *NAMES)}
    assert metres == {"planned": 15.0, "in_network": 8.0, "tracked": 8.0, "observed": 4.0}


ITEM = st.tuples(
    st.integers(0, EDGES - 1), st.integers(0, LENGTH), st.integers(0, LENGTH), st.integers(4, 22),
    st.sampled_from([PASS, DEADHEAD, UNKNOWN]), st.sampled_from([0.8, 0.94, 1.0]),
).filter(lambda item: item[1] != item[2])  # fmt: skip
HOLD = st.tuples(st.integers(0, 2), st.integers(0, EDGES - 1), st.integers(0, LENGTH - 1), st.integers(1, LENGTH))


@given(st.lists(ITEM, max_size=10), st.lists(HOLD.filter(lambda h: h[2] < h[3]), min_size=1, max_size=8))
def test_observed_metres_are_those_of_a_naive_reckoning(
    items: list[Item], holds: list[tuple[int, int, int, int]]
) -> None:
    shared = np.array([True, True, False, False])
    seen = np.zeros((EDGES, LENGTH), np.bool_)
    for edge, a, b, end, kind, confidence in items:
        if kind != UNKNOWN and confidence >= 0.94 and end - 1 >= 5 and end <= 20:
            for one in (edge, edge ^ 1) if shared[edge] else (edge,):
                seen[one, min(a, b) : max(a, b)] = True
    hold = np.zeros((3, EDGES, LENGTH), np.bool_)
    for route, edge, a, b in holds:
        hold[route, edge, a:b] = True
    rows = np.array(holds)
    held = union(Stretches(rows[:, 0] * EDGES + rows[:, 1], rows[:, 2] * 1.0, rows[:, 3] * 1.0))
    held_m = hold.sum(axis=(1, 2))[:, None] * 1.0
    observed = observed_stretches(drawn(items), shared, 0.94, (5, 20))
    lengths = RouteLengths(held_m, held_m, held_m)
    found = visible(lengths, held, EDGES, np.zeros(EDGES, np.int64), np.zeros(len(held), np.bool_), observed)
    assert np.allclose(found.observed_m[:, 0], (hold & seen).sum(axis=(1, 2)))
    assert (found.tracked_m == 0).all()


@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 120)), min_size=1, max_size=4),
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
)
def test_lengths_shared_out_over_towns_add_up(
    lengths: list[tuple[int, int]], held: list[int], drawn_m: list[int]
) -> None:
    n = len(lengths)
    planned, laid = (np.array(column, np.float64) for column in zip(*lengths, strict=True))
    found = split_lengths(planned, laid, np.reshape(held, (4, 3))[:n] * 1.0, np.reshape(drawn_m, (4, 3))[:n] * 1.0)
    assert np.allclose(found.planned_m.sum(axis=1), planned)
    assert np.allclose(found.laid_m.sum(axis=1), np.minimum(laid, planned))
    assert (found.laid_m <= found.planned_m + 1e-9).all()
    assert (found.laid_m >= 0).all()


def test_what_is_not_laid_lies_where_it_is_drawn() -> None:
    """30 of 50 m are laid in the first town; the drawing has 30 there and 20 in the second."""
    found = split_lengths(
        np.array([50.0, 40.0]), np.array([30.0, 0.0]),
        np.array([[60.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[30.0, 20.0, 0.0], [0.0, 0.0, 0.0]]),
    )  # fmt: skip
    assert found.planned_m.tolist() == [[30.0, 20.0, 0.0], [0.0, 0.0, 40.0]]
    assert found.laid_m.tolist() == [[30.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_canonical_bytes_depend_on_content_alone() -> None:
    tree = {"b": [1, Figure(2.25), None, True, {}], "a": {"路線": Figure(-0.01), "x": []}, "c": Figure(7)}
    same = {"c": Figure(7.0), "a": {"x": [], "路線": Figure(-0.01)}, "b": [1, Figure(2.25), None, True, {}]}
    text = canonical_json(tree)
    assert text == canonical_json(same)
    assert text.decode() == (
        '{\n "a": {\n  "x": [],\n  "路線": 0.0\n },\n "b": [\n  1,\n  2.2,\n  null,\n  true,\n  {}\n ],\n "c": 7.0\n}\n'
    )
    assert json.loads(text) == {"a": {"路線": 0.0, "x": []}, "b": [1, 2.2, None, True, {}], "c": 7.0}


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_fixed_numbers_read_back_and_have_no_negative_zero(value: float, digits: int) -> None:
    text = fixed(value, digits)
    assert float(text) == pytest.approx(value, abs=0.5000001 * 10**-digits)
    assert not (float(text) == 0 and text.startswith("-"))
    assert len(text.partition(".")[2]) == digits


def test_every_figure_is_defined_in_both_languages() -> None:
    assert NAMES == ("in_network", "tracked", "observed")
    assert all("計画延長のうち" in ja and "Share of the planned length" in en for _, ja, en in FIGURES)

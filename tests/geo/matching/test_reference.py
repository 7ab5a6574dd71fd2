"""The compiled matcher against its model in plain Python, on random networks and fixes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from asciimap import network_of, one_trace
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_reference import least_nats, places_of
from numpy.typing import NDArray

from geo.matching.arrays import new_scratch
from geo.matching.candidates import build_index, find_candidates
from geo.matching.decode import decode
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.matching.trip import see
from geo.matching.viterbi import best_chain, new_lattice, new_progress, posteriors
from geo.network import Network

#: Nothing is pruned, so that the cheapest explanation itself is compared.
WIDE = MatchSettings(beam_nats=1e6, merge_nats=np.inf, max_roads=32, min_move_m=0.0)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Up to nine nodes on a rough grid of 100 m, some of their neighbours joined, some one-way, some bent."""
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    places = [np.array([100.0 * i, 100.0 * j]) + rng.normal(0, 12, 2) for i in range(3) for j in range(3)]
    pairs = [(a, b) for a in range(9) for b in range(a + 1, 9) if np.hypot(*(places[a] - places[b])) < 160]
    chosen = [pair for pair in pairs if rng.random() < 0.6] or pairs[:1]
    roads = []
    for a, b in chosen:
        bend = (places[a] + places[b]) / 2 + rng.normal(0, 10, 2)
        shape = [places[a], bend, places[b]] if rng.random() < 0.4 else [places[a], places[b]]
        roads.append((str(a), str(b), shape, int(rng.choice([0, 0, 1, -1]))))
    network = network_of(roads)
    # all of one speed, or every road with its own
    return network if seed % 2 else replace(network, speed_mps=rng.uniform(2.0, 25.0, len(network.length_m)))


@st.composite
def drives(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two to five fixes anywhere over the grid, with uneven times."""
    n = draw(st.integers(2, 5))
    coordinate = st.floats(-40, 240, allow_nan=False)
    xy = np.array([[draw(coordinate), draw(coordinate)] for _ in range(n)])
    return xy, np.cumsum(np.array([draw(st.sampled_from([1.0, 4.0, 15.0, 60.0])) for _ in range(n)]))


def decoded_nats(network: Network, xy: NDArray[np.float64], at_s: NDArray[np.float64], chosen: MatchSettings) -> float:
    """Cost of the matcher's own explanation; inf where there is none."""
    trace = one_trace(xy)
    trace = replace(trace, fixes=replace(trace.fixes, at_us=np.rint(at_s * 1e6).astype(np.int64)))
    index = build_index(network)
    work = new_scratch(network.n_edges, index.n_turns)
    seen = see(trace, 0, chosen)
    states, arcs = new_lattice(4, 4)
    used = np.arange(len(xy))
    progress = new_progress()
    decode(index.roads, work, chosen.constants(), seen, used, states, arcs, progress)
    return float(work.active["nats"][0]) if progress["n_active"][0] else np.inf


@settings(max_examples=150, deadline=None)
@given(networks(), drives())
def test_the_cheapest_explanation_is_found(
    network: Network, drive: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    xy, at_s = drive
    expected = least_nats(network, xy, at_s, WIDE)
    assert decoded_nats(network, xy, at_s, WIDE) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(networks(), drives())
def test_the_beam_never_finds_a_cheaper_one(
    network: Network, drive: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    xy, at_s = drive
    narrow = MatchSettings(min_move_m=0.0)
    assert decoded_nats(network, xy, at_s, narrow) >= least_nats(network, xy, at_s, narrow) - 1e-6


@settings(max_examples=60, deadline=None)
@given(networks(), st.floats(-80, 280), st.floats(-80, 280))
def test_candidates_are_the_nearest_places(network: Network, x: float, y: float) -> None:
    index = build_index(network)
    work = new_scratch(network.n_edges, index.n_turns)
    n = find_candidates(index.roads, work, x, y, 60.0, 32)
    found = {(int(c["edge"]), round(float(c["pos_m"]), 6)) for c in work.found[:n]}
    assert {(p.edge, round(p.pos_m, 6)) for p in places_of(network, x, y, WIDE, 60.0)} <= found
    assert (np.diff(work.found["off_m"][:n]) >= 0).all()


@settings(max_examples=60, deadline=None)
@given(networks(), drives())
def test_what_comes_out_is_one_drive(network: Network, drive: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    xy, at_s = drive
    trace = one_trace(xy)
    trace = replace(trace, fixes=replace(trace.fixes, at_us=np.rint(at_s * 1e6).astype(np.int64)))
    matched = match(network, build_index(network), trace)
    rows = matched.traversals
    assert (rows.from_m < rows.to_m).all()
    assert (rows.from_m >= 0).all()
    assert (rows.to_m <= network.length_m[rows.edge // 2] + 1e-9).all()
    assert (rows.entered_us <= rows.left_us).all()
    assert (np.diff(rows.entered_us) >= 0).all()
    assert ((rows.confidence >= 0) & (rows.confidence <= 1)).all()
    assert len(matched.fixes) == len(xy)
    is_on = matched.fixes.edge >= 0
    assert (np.isnan(matched.fixes.offset_m) == ~is_on).all()
    if len(matched.breaks) == 0:
        joined = network.edge_to[rows.edge[:-1]] == network.edge_from[rows.edge[1:]]
        turned = rows.edge[:-1] == rows.edge[1:] ^ 1
        assert (joined | turned | (rows.edge[:-1] == rows.edge[1:])).all()


@settings(max_examples=60, deadline=None)
@given(networks(), drives())
def test_posteriors_are_those_of_all_ways_counted_one_by_one(
    network: Network, drive: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    xy, at_s = drive
    trace = one_trace(xy)
    trace = replace(trace, fixes=replace(trace.fixes, at_us=np.rint(at_s * 1e6).astype(np.int64)))
    index, chosen = build_index(network), MatchSettings(min_move_m=0.0, beam_nats=6.0)
    work, seen = new_scratch(network.n_edges, index.n_turns), see(trace, 0, chosen)
    progress = new_progress()
    states, arcs = decode(
        index.roads, work, chosen.constants(), seen, np.arange(len(xy)), *new_lattice(64, 64), progress
    )
    n, m, n_active = (int(progress[name][0]) for name in ("n_states", "n_arcs", "n_active"))
    if n_active == 0 or m > 60:
        return
    states, arcs, active = states[:n], arcs[:m], work.active[:n_active].copy()
    start = np.where(states["back"] < 0, states["nats"], np.inf)
    end = np.full(n, np.inf)
    end[active["state"]] = active["nats"] - states["nats"][active["state"]]
    state_log, arc_log = posteriors(arcs, m, start, end, 2.0)
    weight, by_state, by_arc = 0.0, np.zeros(n), np.zeros(m)
    ways = [([s], [], start[s]) for s in range(n) if np.isfinite(start[s])]
    while ways:
        passed, used, nats = ways.pop()
        if np.isfinite(end[passed[-1]]):
            share = np.exp(-(nats + end[passed[-1]]) / 2.0)
            weight += share
            by_state[passed] += share
            by_arc[used] += share
        for a in np.flatnonzero(arcs["tail"] == passed[-1]).tolist():
            ways.append(([*passed, int(arcs["head"][a])], [*used, a], nats + arcs["nats"][a]))
    assert np.exp(state_log) == pytest.approx(by_state / weight, abs=1e-9)
    assert np.exp(arc_log) == pytest.approx(by_arc / weight, abs=1e-9)
    assert best_chain(states, int(active["state"][0]))[-1] == active["state"][0]


@settings(max_examples=100, deadline=None)
@given(networks(), drives())
def test_ways_that_meet_cheaper_ones_are_given_up_without_loss(
    network: Network, drive: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    xy, at_s = drive
    whole = decoded_nats(network, xy, at_s, replace(WIDE, merge_nats=np.inf))
    assert decoded_nats(network, xy, at_s, replace(WIDE, merge_nats=8.0)) == pytest.approx(whole, rel=1e-9, abs=1e-9)

"""The facts that can decide: states from them alone are those from all facts, whatever the roads need."""

from __future__ import annotations

import dataclasses

import numpy as np
from edge_context import context
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import PassFacts
from geo.needed import FACT, N_SETS, Asked, Found, Records, mark_needed
from geo.status import Moment, StatusRules, assess_all
from geo.status_rules import EdgeContext
from geo.store.bulk import FOREVER
from geo.store.evidence import facts_from
from geo.store.history_facts import _with_neighbours
from geo.store.history_volumes import Volume

#: Times are few, so that many facts end together; metres are few, so that parts meet.
HOUR, N_EDGES, LENGTH_M = 3_600_000_000, 6, 100.0
RULES = StatusRules(covered_fraction_min=0.95, confidence_min=0.9, clearing_us=HOUR)


def edges_of(passes: list[int], shared: list[bool]) -> EdgeContext:
    """Three streets in a row, both directions of each; what each street needs."""
    found = context(N_EDGES)
    several = np.repeat(np.array(passes, np.int16), 2)
    is_shared = np.repeat(np.array(shared), 2) & (several == 1)
    first = np.array([0, 1, 1, 2, 2, 3])
    return dataclasses.replace(
        found, edge_from=first, edge_to=np.array([1, 0, 2, 1, 3, 2]), length_m=np.full(N_EDGES, LENGTH_M),
        passes_needed=several, is_shared=is_shared,
    )  # fmt: skip


ONE = st.tuples(
    st.integers(0, 5), st.sampled_from([0.0, 0.0, 0.0, 5.0, 50.0]), st.sampled_from([100.0, 100.0, 95.0, 60.0]),
    st.integers(1, 12), st.integers(0, 4), st.sampled_from([0, 0, 0, 1, 2]), st.integers(-1, 7),
    st.sampled_from([0.95, 0.95, 0.5]), st.booleans(), st.integers(0, 3), st.integers(0, 3),
)  # fmt: skip


def records(rows: list[tuple[int, float, float, int, int, int, int, float, bool, int, int]]) -> Records:
    """Facts: edge, from, to, hour of the end, trace, kind, treatment, confidence, synthetic, recorded and superseded so
    many hours later (0: never superseded)."""
    facts = np.zeros(len(rows), FACT)
    for i, (edge, low, high, hour, trace, kind, treatment, confidence, synthetic, known, ended) in enumerate(rows):
        recorded = (hour + known) * HOUR
        facts[i] = (
            edge, low, high, hour * HOUR - 60, hour * HOUR, recorded, recorded + ended * HOUR if ended else FOREVER,
            trace, i + 1, i, 1, confidence, kind, treatment if kind == 0 else -1, 3 if kind == 2 else 0, synthetic,
        )  # fmt: skip
    return facts


def facts_of(rows: Records) -> PassFacts:
    return facts_from({name: rows[name] for name in FACT.names or ()}, rows["edge_id"])


def kept(parts: list[Records], edges: EdgeContext, asked: Asked) -> Records:
    """What is kept of several volumes, looked at in the order given."""
    found, taken = Found.nothing(N_EDGES), [np.zeros(0, FACT)]
    assert found.whole_us.shape == (N_SETS, N_EDGES)
    for part in parts:
        if not len(part):
            continue
        volume = Volume.of(part)
        superseded = volume.facts["superseded_us"]
        groups = (volume.first, volume.edge_id, volume.newest_us, volume.sets)
        needs = (edges.length_m, edges.passes_needed.astype(np.int64))
        keep = mark_needed(volume.facts, superseded, groups, needs, bool(part["synthetic"].any()), asked, found)
        nothing = np.zeros(0, FACT)
        taken.append(volume.facts[_with_neighbours(volume, superseded, keep, nothing, volume.edge_id, edges, asked)])
    return np.concatenate(taken)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(ONE, max_size=40), st.lists(st.integers(1, 3), min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3), st.integers(1, 13), st.integers(1, 18), st.integers(0, 3),
    st.booleans(),
)  # fmt: skip
def test_states_from_the_facts_that_can_decide_are_those_from_all(
    rows: list[tuple[int, float, float, int, int, int, int, float, bool, int, int]],
    passes: list[int],
    shared: list[bool],
    hour: int,
    known: int,
    reference: int,
    newest_first: bool,
) -> None:
    edges = edges_of(passes, shared)
    facts = records(rows)
    asked = Asked(reference * HOUR, hour * HOUR, known * HOUR, RULES.confidence_min)
    moment = Moment(asked.reference_us, asked.as_of_us, is_standing=False)
    is_known = (facts["recorded_us"] <= asked.known_us) & (facts["superseded_us"] > asked.known_us)
    # a trace lies in one volume
    parts = [facts[facts["trace"] < 2], facts[facts["trace"] >= 2]]
    few = kept(parts[::-1] if newest_first else parts, edges, asked)
    assert set(few["pass_id"].tolist()) <= set(facts["pass_id"][is_known].tolist())
    status, coverage, treated = assess_all(facts_of(few), edges, RULES, moment)
    expected, covered, by_treatment = assess_all(facts_of(facts[is_known]), edges, RULES, moment)
    for field in dataclasses.fields(expected):
        np.testing.assert_allclose(
            getattr(status, field.name), getattr(expected, field.name), rtol=0, atol=1e-9, err_msg=field.name
        )
    np.testing.assert_allclose(coverage.fraction, covered.fraction, atol=1e-9)
    np.testing.assert_array_equal(treated.reached_us, by_treatment.reached_us)
    np.testing.assert_allclose(treated.fraction, by_treatment.fraction, atol=1e-9)


def test_most_of_many_drives_over_one_street_are_left_out() -> None:
    rows = [(0, 0.0, 100.0, hour, hour, 0, 0, 0.95, False, 0, 0) for hour in range(1, 200)]
    asked = Asked(0, 500 * HOUR, FOREVER - 1, RULES.confidence_min)
    few = kept([records(rows)], edges_of([1, 1, 1], [False] * 3), asked)
    assert few["ended_us"].tolist() == [199 * HOUR]
    few = kept([records(rows)], edges_of([3, 1, 1], [False] * 3), asked)
    assert sorted(few["ended_us"].tolist()) == [197 * HOUR, 198 * HOUR, 199 * HOUR]

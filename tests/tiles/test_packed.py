"""The packed form comes back whatever is in it, is what a naive encoder says, and never tells a time too late."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.tiles.packed_reader import File, Record, read_index, read_states
from tiles.packed import pack_index, pack_states, steps, varints, zigzag
from tiles.states import (
    CHARS,
    NO_MOMENT,
    OBSERVED_STEP_S,
    POSITION_OF_REASON,
    REASONS,
    STATES,
    STEP_S,
    Index,
    Records,
    json_columns,
    round_times,
)

NOW = 1_768_428_000
MOMENTS = st.one_of(st.none(), st.integers(NOW - 90_000, NOW + 90_000), st.integers(1, 2**33))
ROWS = st.lists(
    st.tuples(st.sampled_from(STATES), st.sampled_from(REASONS), MOMENTS, MOMENTS, MOMENTS, st.integers(0, 100)),
    max_size=60,
)


def records_of(rows: list[Record]) -> Records:
    """Arrays of rows (state, reason, cleared, valid, observed, covered)."""
    state = np.array([STATES.index(row[0]) for row in rows], np.int16)
    reason = np.array([POSITION_OF_REASON[row[1]] for row in rows], np.int16)
    times = [np.array([NO_MOMENT if row[i] is None else row[i] for row in rows], np.int64) for i in (2, 3, 4)]
    return Records(state, reason, *times, np.array([row[5] for row in rows], np.int16))


def rounded(row: Record) -> Record:
    return (row[0], row[1], *round_times(row[2], row[3], row[4]), row[5])  # type: ignore[return-value]


@given(ROWS)
def test_what_was_packed_comes_back(rows: list[Record]) -> None:
    data = pack_states({"status_version": 7, "name": "大雪"}, records_of(rows).rounded())
    head, found = read_states(data)
    assert (head["status_version"], head["name"], head["n_edges"]) == (7, "大雪", len(rows))
    assert found == [(CHARS[row[0]], *rounded(row)[1:]) for row in rows]


@given(ROWS)
def test_no_time_is_told_later_than_it_is(rows: list[Record]) -> None:
    exact, told = records_of(rows), records_of(rows).rounded()
    for name in ("cleared", "valid", "observed"):
        before, after = getattr(exact, name), getattr(told, name)
        assert ((before == NO_MOMENT) == (after == NO_MOMENT)).all()
        assert (after <= before).all()
        assert (before - after < (OBSERVED_STEP_S if name == "observed" else STEP_S)).all()
    seen = (exact.cleared != NO_MOMENT) & (exact.observed >= exact.cleared)
    assert (told.observed >= told.cleared)[seen].all()


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_varints_are_those_of_a_loop(values: list[int]) -> None:
    plain = bytearray()
    for value in values:
        while value > 127:
            plain.append(value & 127 | 128)
            value >>= 7
        plain.append(value)
    assert varints(np.array(values, np.uint64)) == bytes(plain)


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_steps_are_those_of_a_loop(values: list[int]) -> None:
    stay, step, last, n = [], [], 0, 0
    for value in values:
        if value == last:
            n += 1
            continue
        stay.append(n)
        step.append((value - last) * 2 if value > last else (last - value) * 2 - 1)
        last, n = value, 0
    found = steps("x", np.array(values, np.int64))
    assert (found["x_stay"].tolist(), found["x_step"].tolist()) == ([*stay, n], step)


@given(st.lists(st.integers(1, 2**40), unique=True))
def test_the_index_comes_back(edge_ids: list[int]) -> None:
    ids = np.array(edge_ids, np.int64)
    assert read_index(pack_index("3-abc", 3, ids)) == edge_ids
    index = Index.of("3-abc", ids)
    at = {edge: i for i, edge in enumerate(edge_ids)}
    assert index.places.tolist() == [[at.get(2 * p, -1), at.get(2 * p + 1, -1)] for p in index.piece_id.tolist()]


@given(ROWS, st.randoms(use_true_random=False))
def test_the_json_twin_has_the_same_content(rows: list[Record], rng: object) -> None:
    edge_ids = list(range(2, 2 + len(rows)))
    rng.shuffle(edge_ids)  # type: ignore[attr-defined]
    told = records_of(rows).rounded().shown(NOW)
    _, packed = read_states(pack_states({}, told))
    columns = json_columns(Index.of("1-x", np.array(edge_ids, np.int64)), told, "not_on_plan", NOW)
    of_json, piece = {}, 0
    for i, delta in enumerate(columns["piece_id"]):
        piece += delta
        for side, name in enumerate(("forward", "backward")):
            one = columns[name]
            if one["state"][i] != "-":
                times = [
                    None if one[k][i] < 0 else columns["base_at"] + one[k][i]
                    for k in ("cleared_s", "valid_s", "observed_s")
                ]
                of_json[2 * piece + side] = (one["state"][i], REASONS[one["reason"][i]], *times, one["covered"][i])
    default = ("?", "not_on_plan")
    for edge_id, record in zip(edge_ids, packed, strict=True):
        if edge_id in of_json:
            assert of_json[edge_id] == record
        else:
            assert (*record[:2], record[4]) == (*default, None)


def test_neighbours_that_agree_cost_next_to_nothing() -> None:
    row = ("cleared", "none", NOW, NOW + 86_400, NOW, 100)
    data = pack_states({}, records_of([row] * 100_000).rounded())
    assert sum(n_bytes for _, _, n_bytes in File.read(data).head["columns"]) < 60


def test_zigzag() -> None:
    assert zigzag(np.array([0, -1, 1, -2, 2**40], np.int64)).tolist() == [0, 1, 2, 3, 2**41]

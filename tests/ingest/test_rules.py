"""Flags, inputs and task texts become blade, spreader, work and treatment; what nobody knows is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.fix import TREATMENTS
from geo.settings import SourceSettings
from geo.settings_sources import WorkInputs
from ingest.fix_batch import RawBatch, ReadState
from ingest.rules import WorkSays, level_of, read_work

BLADE_1 = {"inputs": {"blade": {"digital": 1}, "spreader": {"digital": 2, "active": "low"}}}
FINNISH = {
    "tasks": [
        {"contains": "aurausviitoitus"},
        {"contains": "auraus", "treatment": "fresh_snow_plowing", "blade": True},
        {"matches": "^(liuos)?suolaus$", "treatment": "anti_icing", "spreader": True},
        {"contains": "siirtoajo", "work": False, "blade": False},
    ]
}


def _batch(columns: dict[str, list[Any]]) -> RawBatch:
    n = len(next(iter(columns.values())))
    arrays = {name: pa.chunked_array([pa.array(values)]) for name, values in columns.items()}
    return RawBatch(arrays, np.arange(n) + 2, np.arange(n), lambda i: {})


def _read(columns: dict[str, list[Any]], wired: Any = (), **settings: Any) -> tuple[list[tuple[Any, ...]], ReadState]:
    """(blade, spreader, work, treatment) of each row: True, False, None and the word."""
    state = ReadState()
    says = read_work(_batch(columns), SourceSettings.model_validate(settings), state, wired)
    return [_plain(says, i) for i in range(len(says.blade))], state


def _plain(says: WorkSays, i: int) -> tuple[Any, ...]:
    flags = [{1: True, 0: False, -1: None}[int(flag[i])] for flag in (says.blade, says.spreader, says.work)]
    code = int(says.treatment[i])
    return (*flags, None if code < 0 else str(TREATMENTS[code]))


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("0", (0, 0, 0)),
        ("1", (1, 0, 0)),
        ("6", (0, 1, 1)),
        ("４", (0, 0, 1)),
        ("0x05", (1, 0, 1)),
        ("0b010", (0, 1, 0)),
        ("1,0,1", (1, 0, 1)),
        ("[true, false, true]", (1, 0, 1)),
        ("ON;OFF;ON", (1, 0, 1)),
        ("on off", (1, 0, None)),
        ("?,1,x", (None, 1, None)),
        ("-1", (None, None, None)),
        ("1.5", (None, None, None)),
        ("", (None, None, None)),
    ],
)
def test_a_text_of_inputs_is_a_mask_or_a_list(text: str, levels: tuple[int | None, ...]) -> None:
    assert tuple(level_of(text, number) for number in (1, 2, 3)) == levels


@given(st.integers(0, 2**32 - 1), st.integers(1, 32))
def test_a_mask_holds_each_input_once(mask: int, number: int) -> None:
    """Against the binary digits of the mask."""
    expected = int(bin(mask)[2:].rjust(32, "0")[-number])
    assert level_of(str(mask), number) == level_of(hex(mask), number) == expected


@given(st.text(max_size=40), st.integers(1, 32))
def test_any_text_is_read_or_unknown(text: str, number: int) -> None:
    assert level_of(text, number) in (0, 1, None)


def test_inputs_tell_blade_and_spreader_apart() -> None:
    rows, state = _read({"inputs": ["0", "1", "2", "3", None, "?"]}, rules=BLADE_1)
    assert rows == [
        (False, True, None, None),
        (True, True, None, None),
        (False, False, None, None),
        (True, False, None, None),
        (None, None, None, None),
        (None, None, None, None),
    ]
    assert state.unmapped.describe() == {"input1": {"?": 1}, "input2": {"?": 1}}


def test_numbers_and_lists_of_other_types_are_read_alike() -> None:
    expected = [(True, True, None, None), (True, False, None, None)]
    assert _read({"inputs": [1, 3]}, rules=BLADE_1)[0] == expected
    assert _read({"inputs": [1.0, 3.0]}, rules=BLADE_1)[0] == expected
    assert _read({"inputs": [[1, 0], [1, 1]]}, rules=BLADE_1)[0] == expected
    assert _read({"inputs": [[True, False], [True, True]]}, rules=BLADE_1)[0] == expected
    assert _read({"input1": ["有", "ON"], "input2": ["無", "ＯＮ"]}, rules=BLADE_1)[0] == expected


def test_a_wired_input_without_a_column_is_unknown_and_said() -> None:
    rows, state = _read({"input1": ["1", "0"]}, rules=BLADE_1)
    assert rows == [(True, None, None, None), (False, None, None, None)]
    assert state.unmapped.describe() == {"input2": {"no column tells of it": 2}}


def test_inputs_mean_nothing_without_a_rule() -> None:
    rows, state = _read({"inputs": ["3"], "input1": ["1"]})
    assert rows == [(None, None, None, None)]
    assert state.unmapped.describe() == {}


def test_a_vehicle_may_have_inputs_of_its_own() -> None:
    other = WorkInputs.model_validate({"work": {"digital": 1, "active": "low"}})
    wired = [(np.array([False, True, True]), other)]
    rows, _ = _read({"inputs": ["1", "1", "0"]}, wired, rules=BLADE_1)
    assert rows == [(True, True, None, None), (None, None, False, None), (None, None, True, None)]


def test_a_column_wins_over_an_input_and_an_input_over_a_text() -> None:
    columns = {"blade": ["up", None, None], "inputs": ["1", "0", None], "task": ["auraus", "auraus", "auraus"]}
    rows, _ = _read(columns, rules={"inputs": {"blade": {"digital": 1}}, **FINNISH})
    assert [row[0] for row in rows] == [False, False, True]
    assert {row[3] for row in rows} == {"fresh_snow_plowing"}


def test_the_first_rule_that_fits_a_text_decides() -> None:
    rows, state = _read({"task": ["Aurausviitoitus ja kinostimet", "AURAUS ja sohjonpoisto"]}, rules=FINNISH)
    assert rows == [(None, None, None, None), (True, None, None, "fresh_snow_plowing")]
    assert state.unmapped.describe() == {}


def test_tasks_done_at_once_add_up() -> None:
    both, salt = ["suolaus", "auraus ja sohjonpoisto"], ["liuossuolaus"]
    rows, _ = _read({"task": [both, salt, [], None, ["siirtoajo", "suolaus"]]}, rules=FINNISH)
    assert rows == [
        (True, True, None, "fresh_snow_plowing"),
        (None, True, None, "anti_icing"),
        (None, None, None, None),
        (None, None, None, None),
        (False, True, False, "anti_icing"),
    ]


def test_no_task_is_idle_where_the_source_says_so() -> None:
    columns: dict[str, list[Any]] = {"task": [[], None, ["suolaus"], ["?"]]}
    rows, _ = _read(columns, rules=FINNISH | {"no_task_is_idle": True})
    assert [row[2] for row in rows] == [False, False, None, None]
    rows, _ = _read({"task": ["", None, "suolaus"]}, rules=FINNISH | {"no_task_is_idle": True})
    assert [row[2] for row in rows] == [False, False, None]
    rows, _ = _read({"treatment": ["", None]}, rules=FINNISH | {"no_task_is_idle": True})
    assert [row[2] for row in rows] == [None, None]


def test_unknown_texts_are_counted_each() -> None:
    _, state = _read({"task": [["harjaus", "suolaus"], ["harjaus"], ["muu"]]}, rules=FINNISH)
    assert state.unmapped.describe() == {"task": {"harjaus": 2, "muu": 1}}


def test_the_treatment_column_is_read_by_rules_where_no_word_is_known() -> None:
    rules = {"tasks": [{"contains": "salt", "treatment": "凍結防止剤散布", "spreader": True}]}
    rows, state = _read({"treatment": ["新雪除雪", "ＳＡＬＴ truck", "?", None]}, rules=rules)
    assert rows == [
        (None, None, None, "fresh_snow_plowing"),
        (None, True, None, "anti_icing"),
        (None, None, None, None),
        (None, None, None, None),
    ]
    assert state.unmapped.describe() == {"treatment": {"?": 1}}


def test_a_batch_reads_like_its_rows_one_by_one() -> None:
    """The naive oracle: every row alone."""
    generator = np.random.default_rng(7)
    words = ["auraus", "suolaus", "aurausviitoitus", "siirtoajo", "?", None]
    columns: dict[str, list[Any]] = {
        "blade": generator.choice(np.array(["up", "down", "x", None], dtype=object), 200).tolist(),
        "inputs": generator.choice(np.array(["0", "1", "2", "3", "1,1", None], dtype=object), 200).tolist(),
        "task": generator.choice(np.array(words, dtype=object), 200).tolist(),
    }
    columns = {name: [None if v is None else str(v) for v in values] for name, values in columns.items()}
    rules = {**BLADE_1, **FINNISH}
    together, counted = _read(columns, rules=rules)
    alone, state = [], ReadState()
    for i in range(200):
        row = {name: pa.chunked_array([pa.array([values[i]], pa.string())]) for name, values in columns.items()}
        raw = RawBatch(row, np.array([1]), np.array([0]), lambda i: {})
        alone.append(_plain(read_work(raw, SourceSettings.model_validate({"rules": rules}), state), 0))
    assert together == alone
    assert counted.unmapped.counts == state.unmapped.counts

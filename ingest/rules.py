"""What a vendor's columns say of work: flags, digital inputs and texts about the task become blade, spreader, work and
treatment. Vectorised over a batch: each different text is read once.

Of several sources of one value the nearest to the machine decides: the column that names it, then the digital input
that is wired to it, then the text about the task. What nobody knows stays unknown and is counted (`unmapped`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.fix import TREATMENTS
from geo.settings import SourceSettings
from geo.settings_sources import InputRule, TaskRule, WorkInputs
from geo.vocabulary import Treatment
from ingest.fix_batch import RawBatch, ReadState
from ingest.mapping import NO, YES, Unmapped, normal, text_of, translate

type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]
#: A wiring of inputs that differs from the source's, and the rows that have it.
type Wired = tuple[Bools, WorkInputs]

TREATMENT_WORDS: Mapping[str, str] = {**{str(t): str(t) for t in Treatment}, **{t.ja: str(t) for t in Treatment}}
_CODE = {str(word): code for code, word in enumerate(TREATMENTS)}
FLAGS = ("blade", "spreader", "work")
#: Between the entries of a list of tasks, while the list is one text. No keyboard has it.
_UNIT = "\x1f"
_BITMASK = re.compile(r"\d{1,20}|0x[0-9a-f]{1,16}|0b[01]{1,64}")
_LIST = re.compile(r"[,;|/\s]+")


@dataclass(frozen=True, slots=True)
class WorkSays:
    """What is known of n rows: (n,) int8 each; -1 unknown. treatment is a position in TREATMENTS."""

    blade: Ints8
    spreader: Ints8
    work: Ints8
    treatment: Ints8

    def over(self, other: WorkSays) -> WorkSays:
        """This where it knows something, the other where it does not."""
        return WorkSays(
            *(
                np.where(mine >= 0, mine, theirs).astype(np.int8)
                for mine, theirs in zip(self._all, other._all, strict=True)
            )
        )

    def select(self, keep: Ints) -> WorkSays:
        """The rows at these positions."""
        return WorkSays(*(column[keep] for column in self._all))

    @property
    def _all(self) -> tuple[Ints8, Ints8, Ints8, Ints8]:
        return self.blade, self.spreader, self.work, self.treatment


def read_work(batch: RawBatch, source: SourceSettings, state: ReadState, wired: Sequence[Wired] = ()) -> WorkSays:
    """What the rows say of work; words, inputs and texts that nobody knows grow in `state.unmapped`.

    wired  rows whose vehicle has inputs of its own, by its register
    """
    flags = {name: _flag(batch, name, source, state) for name in FLAGS}
    has_task = "task" in batch.columns
    named, texts = _treatment(batch, source, state, keep_unknown=bool(source.rules.tasks) and not has_task)
    direct = WorkSays(**flags, treatment=named)
    column = batch.columns["task"] if has_task else texts
    said = direct.over(_inputs(batch, source.rules.inputs, wired, state))
    if column is None:
        return said
    idle = has_task and source.rules.no_task_is_idle
    return said.over(_tasks(column, source.rules.tasks, "task" if has_task else "treatment", state.unmapped, idle=idle))


def _distinct(values: pa.ChunkedArray) -> tuple[Ints, list[str | None], Ints]:
    """Position of each value among the distinct texts (the last stands for null), the texts, and how often each is."""
    text = text_of(values).combine_chunks().dictionary_encode()
    words: list[str | None] = [*text.dictionary.to_pylist(), None]
    code = pc.fill_null(text.indices, len(words) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    return code, words, np.bincount(code, minlength=len(words))


def _translated(
    values: pa.ChunkedArray, name: str, words: Mapping[str, str], codes: Mapping[str, int], unmapped: Unmapped
) -> Ints8:
    """Our code for each value, -1 where it is empty or nobody knows the word (which is counted)."""
    code, found, n = _distinct(values)
    ours = translate(found, name, words, unmapped)
    for word, known, count in zip(found, ours, n.tolist(), strict=True):
        if word is not None and known is None:
            unmapped.add(name, word, count - 1)  # translate has counted it once
    lookup = np.array([-1 if word is None else codes.get(word, -1) for word in ours], np.int8)
    result: Ints8 = lookup[code]
    return result


def _flag(batch: RawBatch, name: str, source: SourceSettings, state: ReadState) -> Ints8:
    if name not in batch.columns:
        return np.full(len(batch), -1, np.int8)
    words = dict.fromkeys(YES, "yes") | dict.fromkeys(NO, "no") | _flag_words(source.values.get(name, {}))
    return _translated(batch.columns[name], name, words, {"yes": 1, "no": 0}, state.unmapped)


def _flag_words(given: Mapping[str, Any]) -> dict[str, str]:
    """The source's words for a flag, on its right side anything that means yes or no."""
    plain = {key: normal(str(word)).casefold() for key, word in given.items()}
    return {key: "yes" if word in YES else "no" if word in NO else word for key, word in plain.items()}


def _treatment(
    batch: RawBatch, source: SourceSettings, state: ReadState, *, keep_unknown: bool
) -> tuple[Ints8, pa.ChunkedArray | None]:
    """Treatments by their words; with keep_unknown also the texts that are none, null elsewhere, and not counted."""
    if "treatment" not in batch.columns:
        return np.full(len(batch), -1, np.int8), None
    values = batch.columns["treatment"]
    words = dict(TREATMENT_WORDS) | dict(source.values.get("treatment", {}))
    if not keep_unknown:
        return _translated(values, "treatment", words, _CODE, state.unmapped), None
    named = _translated(values, "treatment", words, _CODE, Unmapped())
    text = text_of(values)
    return named, pc.if_else(pa.chunked_array([pa.array(named >= 0)]), pa.scalar(None, text.type), text)


# ---- digital inputs


def _inputs(batch: RawBatch, rules: WorkInputs, wired: Sequence[Wired], state: ReadState) -> WorkSays:
    """What the inputs say, by the source's wiring and by that of single vehicles."""
    says = {flag: np.full(len(batch), -1, np.int8) for flag in FLAGS}
    rest = np.ones(len(batch), np.bool_)
    for rows, _ in wired:
        rest &= ~rows
    levels: dict[int, Ints8] = {}
    for rows, wiring in [(rest, rules), *wired]:
        for flag, rule in wiring.wired.items():
            if rule.digital not in levels:
                levels[rule.digital] = _level(batch, rule.digital, state)
            says[flag] = np.where(rows, _active(levels[rule.digital], rule), says[flag]).astype(np.int8)
    return WorkSays(**says, treatment=np.full(len(batch), -1, np.int8))


def _active(level: Ints8, rule: InputRule) -> Ints8:
    return level if rule.active == "high" else np.where(level < 0, level, 1 - level).astype(np.int8)


def _level(batch: RawBatch, number: int, state: ReadState) -> Ints8:
    """(n,) level of an input: 1 high, 0 low, -1 unknown; its own column before the column of all inputs."""
    name = f"input{number}"
    if name in batch.columns:
        words = dict.fromkeys(YES, "yes") | dict.fromkeys(NO, "no")
        return _translated(batch.columns[name], name, words, {"yes": 1, "no": 0}, state.unmapped)
    if "inputs" not in batch.columns:
        state.unmapped.add(name, "no column tells of it", len(batch))
        return np.full(len(batch), -1, np.int8)
    code, texts, n = _distinct(batch.columns["inputs"])
    levels = [None if text is None else level_of(text, number) for text in texts]
    for text, level, count in zip(texts, levels, n.tolist(), strict=True):
        if text is not None and level is None and count:
            state.unmapped.add(name, text, count)
    lookup = np.array([-1 if level is None else level for level in levels], np.int8)
    result: Ints8 = lookup[code]
    return result


def level_of(text: str, number: int) -> int | None:
    """Level of input `number`, from 1, in a text of all inputs; None where the text does not tell.

    A whole number, or one written 0x… or 0b…, is a bit mask whose lowest bit is input 1. Several truth values, as a
    list or with commas, semicolons, bars, strokes or spaces between them, are input 1, 2, 3 …
    """
    plain = normal(text).casefold()
    if _BITMASK.fullmatch(plain):
        return (int(plain, 10 if plain.isdigit() else 0) >> (number - 1)) & 1
    parts = [part.strip("\"'") for part in _LIST.split(plain.strip("[]() "))]
    if len(parts) < number:
        return None
    part = parts[number - 1]
    return 1 if part in YES else 0 if part in NO else None


# ---- texts about the task


def _tasks(
    values: pa.ChunkedArray, rules: Sequence[TaskRule], name: str, unmapped: Unmapped, *, idle: bool
) -> WorkSays:
    """What texts, or lists of texts, say by the first rule that fits each; idle: none at all means no work."""
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        joined = [None if row is None else _UNIT.join(str(one) for one in row) for row in values.to_pylist()]
        values = pa.chunked_array([pa.array(joined, pa.string())])
    code, texts, n = _distinct(values)
    tests = [_test(rule) for rule in rules]
    lookup = np.full((len(texts), 4), -1, np.int8)
    lookup[-1, FLAGS.index("work")] = 0 if idle else -1
    for i, (text, count) in enumerate(zip(texts, n.tolist(), strict=True)):
        if text is not None and count:
            lookup[i] = _task_says([one for one in text.split(_UNIT) if one], rules, tests, name, unmapped, count)
    return WorkSays(*(lookup[code, column] for column in range(4)))


def _test(rule: TaskRule) -> Callable[[str], bool]:
    """Whether a text in NFKC fits the rule."""
    if rule.contains is not None:
        wanted = normal(rule.contains).casefold()
        return lambda text: wanted in text.casefold()
    pattern = re.compile(rule.matches or "", re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


def _task_says(
    tasks: Sequence[str],
    rules: Sequence[TaskRule],
    tests: Sequence[Callable[[str], bool]],
    name: str,
    unmapped: Unmapped,
    count: int,
) -> tuple[int, int, int, int]:
    """Blade, spreader, work and treatment of some tasks done at once: one yes is a yes; the treatment is that of the
    earliest rule that names one."""
    fitting = set()
    for task in tasks:
        plain = normal(task)
        at = next((i for i, fits in enumerate(tests) if fits(plain)), None)
        if at is None:
            unmapped.add(name, task, count)
        else:
            fitting.add(at)
    chosen = [rules[i] for i in sorted(fitting)]
    treatment = next((rule.treatment for rule in chosen if rule.treatment is not None), None)
    flags = [_any([getattr(rule, flag) for rule in chosen]) for flag in FLAGS]
    return flags[0], flags[1], flags[2], -1 if treatment is None else _CODE[treatment]


def _any(said: Sequence[bool | None]) -> int:
    return 1 if True in said else 0 if False in said else -1

"""Which column of a file is which of our fields, and what its values mean.

A mapping comes from flags or from config.yml (`fields`); what they leave out is found by well-known column names, and
the report says so. A column may be written in three more ways:

    "=S-17"            a constant, the same for every row
    "date+time"        two or more columns, joined by one space
    "props.timestamp"  a key inside a column that holds JSON objects
"""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from geo.errors import MappingError

#: Words that mean yes and no in flags of every source, after NFKC and lower case.
YES = frozenset(
    {"1", "1.0", "t", "true", "y", "yes", "on", "down", "working", "有", "作業", "作業中", "下", "使用", "散布"}
)
NO = frozenset({"0", "0.0", "f", "false", "n", "no", "off", "up", "idle", "無", "回送", "待機", "非作業", "上", "停止"})


def normal(text: str) -> str:
    """NFKC, stripped: full-width digits and letters become ASCII, U+3000 a space."""
    return unicodedata.normalize("NFKC", text).strip()


@dataclass(frozen=True, slots=True)
class FieldMap:
    """What was found for each field.

    columns  field to column expression, only fields that have one
    guessed  fields found by a well-known name and not by a setting
    """

    columns: dict[str, str]
    guessed: frozenset[str] = frozenset()

    def describe(self) -> dict[str, str]:
        """For reports: field to column, guesses marked."""
        return {f: c + (" (by its name)" if f in self.guessed else "") for f, c in sorted(self.columns.items())}


@dataclass(slots=True)
class Unmapped:
    """Values that no map knew, counted per field; they become unknown and the report says so."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, field_name: str, value: str, n: int = 1) -> None:
        """Count a value."""
        self.counts.setdefault(field_name, Counter())[value] += n

    def describe(self, most: int = 20) -> dict[str, dict[str, int]]:
        """The most frequent values of each field."""
        return {name: dict(counter.most_common(most)) for name, counter in sorted(self.counts.items())}


def parts_of(expression: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    """The columns, with a key inside each ("" for none), that an expression needs; [] for a constant.

    A name that a column really has wins over the special forms. Raises MappingError naming the nearest column.
    """
    if expression in columns:
        return [(expression, "")]
    if expression.startswith("="):
        return []
    if "+" in expression:
        return [part for piece in expression.split("+") for part in parts_of(piece.strip(), columns)]
    head, dot, key = expression.partition(".")
    if dot and head in columns:
        return [(head, key)]
    near = difflib.get_close_matches(expression, columns, 1, 0.5)
    also = f" Did you mean {near[0]!r}?" if near else ""
    raise MappingError(f"There is no column {expression!r}.{also}", hint=f"Columns: {', '.join(columns) or 'none'}.")


def _as_written(word: str) -> list[str]:
    """A well-known name, and what a shapefile leaves of it: 10 bytes of UTF-8 or CP932."""
    cuts = [word.encode(codec, "ignore")[:10].decode(codec, "ignore") for codec in ("utf-8", "cp932")]
    return list(dict.fromkeys(normal(name).casefold() for name in (word, *cuts)))


def resolve(
    columns: Sequence[str],
    given: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]],
    required: Iterable[str] = (),
    where: str = "",
) -> FieldMap:
    """Map every field of `known_names` to a column: by `given`, else by a well-known name.

    Raises MappingError for a field that we do not know, a column that is not there, or a required field without one.
    """
    for name in given:
        if name not in known_names:
            near = difflib.get_close_matches(name, list(known_names), 1, 0.4)
            hint = f"Did you mean {near[0]!r}?" if near else f"Fields: {', '.join(known_names)}."
            raise MappingError(f"{where}: mapping names an unknown field {name!r}.", hint=hint)
    found: dict[str, str] = {}
    for name, expression in given.items():
        try:
            parts_of(expression, columns)
        except MappingError as error:
            raise MappingError(f"{where}: field {name!r}: {error.message}", hint=error.hint) from error
        found[name] = expression
    by_normal = {normal(column).casefold(): column for column in reversed(columns)}
    guessed = set()
    for name, known in known_names.items():
        if name in found:
            continue
        words = [written for word in known for written in _as_written(word)]
        column = next((by_normal[word] for word in words if word in by_normal), None)
        if column is not None:
            found[name] = column
            guessed.add(name)
    missing = [name for name in required if name not in found]
    if missing:
        raise MappingError(
            f"{where}: no column for {', '.join(missing)}. Columns: {', '.join(columns) or 'none'}.",
            hint=f"Map it, for example --map {missing[0]}=COLUMN, or with `fields` of the source in config.yml.",
        )
    return FieldMap(found, frozenset(guessed))


def take(table: pa.Table, expression: str) -> pa.ChunkedArray:
    """The values of a column expression, n of them."""
    if expression.startswith("=") and expression not in table.column_names:
        return pa.chunked_array([pa.repeat(pa.scalar(expression[1:]), len(table))])
    taken = [_inside(table.column(name), key) for name, key in parts_of(expression, table.column_names)]
    if len(taken) == 1:
        return taken[0]
    return pc.binary_join_element_wise(*[pc.cast(column, pa.string()) for column in taken], " ")


def _inside(column: pa.ChunkedArray, key: str) -> pa.ChunkedArray:
    if not key:
        return column
    return pa.chunked_array([pa.array([_value_at(text, key) for text in column.to_pylist()], pa.string())])


def _value_at(text: object, key: str) -> str | None:
    """The value of a dotted key in a JSON object, as text; None where there is none."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None or isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def text_of(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as stripped text; empty becomes null. Whole numbers in float columns lose their `.0`."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        whole = pc.all(pc.equal(values, pc.round(values))).as_py()
        if whole is not False and pc.max(pc.abs(pc.fill_null(values, 0.0))).as_py() < 2**53:
            values = values.cast(pa.int64(), safe=False)
    if pa.types.is_binary(values.type) or pa.types.is_nested(values.type):
        values = pa.chunked_array([pa.array([None if v is None else str(v) for v in values.to_pylist()], pa.string())])
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def translate(
    values: Iterable[str | None], field_name: str, words: Mapping[str, str], unmapped: Unmapped
) -> list[str | None]:
    """Our word for each value by a map whose keys are compared after NFKC and without case; None where unknown.

    Works on distinct values, so that a column of a million rows costs as little as its vocabulary.
    """
    known = {normal(key).casefold(): word for key, word in words.items()}
    values = list(values)
    result: dict[str | None, str | None] = {None: None}
    for value, n in Counter(values).items():
        if value is None:
            continue
        result[value] = known.get(normal(value).casefold())
        if result[value] is None:
            unmapped.add(field_name, value, n)
    return [result[value] for value in values]

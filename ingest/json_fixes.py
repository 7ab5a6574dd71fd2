"""Fixes as JSON: rows of a request or a message into columns, nothing checked.

A row is an object. Its keys are found as the columns of a file are: by `fields` of the source, else by well-known
names. A key may be missing in some rows or in all of them; what the row then lacks is judged in ingest/quality.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError, MappingError
from geo.settings import SourceSettings
from ingest.fix_batch import KNOWN_NAMES, REQUIRED, RawBatch, ReadState
from ingest.mapping import normal, parts_of, take
from ingest.quarantine import Why
from ingest.road_values import speed_factor

type Rows = list[dict[str, Any]]

#: Members of one object; more is no fix.
MEMBERS_MAX = 200
#: Objects inside objects; more is no fix, and deeper ones reach the limit of Python's stack.
DEPTH_MAX = 16


def parse_json(data: bytes, where: str) -> Any:
    """The value of a JSON text in UTF-8. Raises InputError that says where it breaks."""
    try:
        return json.loads(data)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 at byte {error.start}.", hint="Send JSON in UTF-8.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{where}: no JSON: {error.msg} at {place}.", hint="Send one JSON document.") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, nesting without end
        raise InputError(f"{where}: no JSON that can be read: {error}.", hint="Send plain fixes.") from error


def rows_of(document: Any, member: str, where: str) -> list[Any]:
    """The rows of `{"fixes": [...]}` (or another member), or of a bare list. Raises InputError."""
    rows = document.get(member) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise InputError(
            f"{where}: expected an object with a list {member!r}, or a list.",
            hint=f'Send {{"{member}": [{{…}}, …]}}.',
        )
    return rows


def parse_ndjson(data: bytes, state: ReadState) -> tuple[Rows, list[int], list[int]]:
    """Objects of newline-delimited JSON, their lines from 1 and their numbers from 0.

    A line that is no object goes to quarantine as malformed and keeps its number; empty lines have none.
    """
    rows: Rows = []
    lines: list[int] = []
    items: list[int] = []
    item = 0
    for line, piece in enumerate(data.split(b"\n"), 1):
        if not piece.strip():
            continue
        try:
            row = parse_json(piece, f"line {line}")
        except InputError as error:
            _malformed(state, error.message, {"text": piece.decode("utf-8", "backslashreplace")}, line, item)
        else:
            if _is_row(row, state, line, item):
                rows.append(row)
                lines.append(line)
                items.append(item)
        item += 1
    return rows, lines, items


def keep_objects(rows: Sequence[Any], state: ReadState) -> tuple[Rows, list[int]]:
    """The rows that are objects, and their positions; the others go to quarantine as malformed."""
    items = [i for i, row in enumerate(rows) if _is_row(row, state, None, i)]
    return [rows[i] for i in items], items


def _is_row(row: Any, state: ReadState, line: int | None, item: int) -> bool:
    if not isinstance(row, dict):
        _malformed(state, f"expected an object, got {_kind(row)}", {"value": _cut(row)}, line, item)
    elif len(row) > MEMBERS_MAX:
        _malformed(state, f"more than {MEMBERS_MAX} members", {"members": list(row)[:MEMBERS_MAX]}, line, item)
    elif any(isinstance(value, dict | list) for value in row.values()) and _depth(row) > DEPTH_MAX:
        _malformed(state, f"nested more than {DEPTH_MAX} deep", {"members": list(row)}, line, item)
    else:
        return True
    return False


def _malformed(state: ReadState, detail: str, payload: dict[str, Any], line: int | None, item: int) -> None:
    state.n_read += 1
    state.rejects.add(Why.MALFORMED, detail, payload, line=line, item=item)


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "a truth value", str: "a text", list: "a list"}
    return names.get(type(value), "a number")


def _cut(value: Any) -> Any:
    return str(value)[:1000] if isinstance(value, list | str) else value


def _depth(value: Any) -> int:
    """How deep objects and lists lie in each other, without recursion."""
    depth, level = 0, [value]
    while level and depth <= DEPTH_MAX:
        depth += 1
        containers = [inner for inner in level if isinstance(inner, dict | list)]
        level = [v for inner in containers for v in (inner.values() if isinstance(inner, dict) else inner)]
    return depth


def rows_to_raw(
    rows: Rows,
    source: SourceSettings,
    *,
    items: Sequence[int] | None = None,
    lines: Sequence[int] | None = None,
    is_standard: bool = False,
) -> RawBatch:
    """Columns of the rows, for ingest.quality.check.

    items        (n,) number of each row in its request from 0; None: 0, 1, …
    lines        (n,) its line from 1; None: there are no lines
    is_standard  True where the protocol itself says WGS 84 and UTC, whatever the CRS of the source
    A needed field that no row has is a column of nulls, so that each row is rejected with its reason.
    """
    n = len(rows)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    chosen = _choose(columns, {} if is_standard else source.fields)
    needed = {name for expression in chosen.values() for name, _ in parts_of(expression, columns)}
    arrays = {name: _column([row.get(name) for row in rows]) for name in columns if name in needed}
    table = pa.table(arrays) if arrays else pa.table({"": pa.nulls(n, pa.string())})
    taken = {field: take(table, expression) for field, expression in chosen.items()}
    for field in REQUIRED:
        taken.setdefault(field, pa.chunked_array([pa.nulls(n, pa.string())]))
    factor = speed_factor(chosen.get("speed", ""), source.speed_unit, "speed_unit" in source.model_fields_set)
    item = np.arange(n) if items is None else np.array(items, np.int64)
    line = np.full(n, -1, np.int64) if lines is None else np.array(lines, np.int64)
    return RawBatch(taken, line, item, lambda i: rows[i], factor, is_standard)


def _choose(columns: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Field to column expression: as given where the columns are there, else by a well-known name."""
    chosen: dict[str, str] = {}
    by_normal = {normal(column).casefold(): column for column in reversed(columns)}
    for field, names in KNOWN_NAMES.items():
        if field in given:
            try:
                parts_of(given[field], columns)
            except MappingError:
                continue  # no row of this request has it
            chosen[field] = given[field]
            continue
        column = next((by_normal[word] for name in names if (word := name.casefold()) in by_normal), None)
        if column is not None:
            chosen[field] = column
    return chosen


def _column(values: list[Any]) -> pa.ChunkedArray:
    """An Arrow column; values of several kinds, and objects and lists (as JSON), become text."""
    try:
        column = pa.array(values)
        if not pa.types.is_nested(column.type):
            return pa.chunked_array([column])
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError):
        pass
    return pa.chunked_array([pa.array([_text(value) for value in values], pa.string())])


def _text(value: Any) -> str | None:
    """A value as text: what was a whole number stays one, containers stay JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value).encode("utf-8", "replace").decode()

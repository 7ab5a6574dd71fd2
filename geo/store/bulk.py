"""Whole columns in and out of PostgreSQL: binary COPY against numpy arrays, without a Python object a value.

Binary COPY holds for every row the number of fields, then the length and the bytes of each field, big-endian. Where
all values have a fixed width and none is NULL, rows have a fixed width too and are one numpy array. Rows with NULLs or
words are written in groups of equal layout. Format: PostgreSQL documentation, COPY, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row
from geo.errors import DatabaseProblem

type Array = NDArray[Any]
type Ints = NDArray[np.int64]

#: Microseconds from 1970-01-01 to 2000-01-01, the epoch of PostgreSQL.
EPOCH_2000_US = 946_684_800_000_000
#: What PostgreSQL stores for -infinity, and what the core uses for "no such moment".
NEVER = int(np.iinfo(np.int64).min)
FOREVER = int(np.iinfo(np.int64).max)
SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
#: Range with both ends, both inclusive: RANGE_LB_INC | RANGE_UB_INC of PostgreSQL's rangetypes.h.
BOTH_INCLUSIVE = 0x06

#: Big-endian dtype of each type that COPY may carry here.
TYPES: dict[str, str] = {
    "bool": "i1",
    "int2": ">i2",
    "int4": ">i4",
    "int8": ">i8",
    "float4": ">f4",
    "float8": ">f8",
    "timestamptz": ">i8",
}


def read_columns(
    connection: psycopg.Connection[Row], sql: LiteralString, params: dict[str, Any], columns: dict[str, str]
) -> dict[str, Array]:
    """The result of a `COPY (SELECT …) TO STDOUT (FORMAT binary)` as arrays in native byte order.

    columns  name → type, a key of TYPES, in the order of the SELECT. timestamptz comes as microseconds since 1970,
    -infinity as NEVER. Raises DatabaseProblem where a value is NULL or has another width.
    """
    layout = [("n", ">i2")]
    for name, kind in columns.items():
        layout += [("len " + name, ">i4"), (name, TYPES[kind])]
    dtype, data = np.dtype(layout), _copied(connection, sql, params)
    rows = np.frombuffer(data, dtype) if len(data) % dtype.itemsize == 0 else np.zeros(0, dtype)
    whole = len(rows) * dtype.itemsize == len(data) and bool((rows["n"] == len(columns)).all())
    widths = (rows["len " + name] == np.dtype(TYPES[kind]).itemsize for name, kind in columns.items())
    if not (whole and all(width.all() for width in widths)):
        raise DatabaseProblem(f"A COPY of {list(columns)} holds NULL or another width.", hint="Report this as a fault.")
    found: dict[str, Array] = {}
    for name, kind in columns.items():
        values = rows[name].astype(np.dtype(TYPES[kind]).newbyteorder("="))
        found[name] = _from_epoch_2000(values) if kind == "timestamptz" else values
    return found


def _copied(connection: psycopg.Connection[Row], sql: LiteralString, params: dict[str, Any]) -> bytes:
    with connection.cursor() as cursor, cursor.copy(sql, params) as copy:
        data = b"".join(bytes(block) for block in copy)
    body = memoryview(data)[len(SIGNATURE) : -len(TRAILER)]
    return bytes(body) if len(data) >= len(SIGNATURE) + len(TRAILER) else b""


def _from_epoch_2000(at: Ints) -> Ints:
    finite = (at != NEVER) & (at != FOREVER)
    return np.where(finite, at + np.where(finite, EPOCH_2000_US, 0), at)


def _to_epoch_2000(at_us: Ints) -> Ints:
    finite = (at_us != NEVER) & (at_us != FOREVER)
    return np.where(finite, at_us - np.where(finite, EPOCH_2000_US, 0), at_us)


@dataclass(frozen=True, slots=True)
class Column:
    """A column to write. variant (n,) tells rows of different layout apart; -1 is NULL."""

    kind: str
    values: Array
    variant: Ints
    words: tuple[bytes, ...] = ()

    def fields(self, name: str, variant: int) -> list[tuple[Any, ...]]:
        """The numpy fields of a row of this variant."""
        head: list[tuple[Any, ...]] = [("len " + name, ">i4")]
        if variant < 0:
            return head
        if self.kind == "text":
            return [*head, (name, f"S{max(len(self.words[variant]), 1)}")]
        if self.kind == "bytea":
            return [*head, (name, self.values.dtype)]
        if self.kind == "tstzrange":
            ends = [(name + " l1", ">i4"), (name + " lower", ">i8"), (name + " l2", ">i4"), (name + " upper", ">i8")]
            return [*head, (name, "u1"), *ends]
        return [*head, (name, TYPES[self.kind])]

    def fill(self, rows: Array, name: str, variant: int, at: Ints) -> None:
        """Write the values at positions `at`, all of one variant, into the rows."""
        if variant < 0:
            rows["len " + name] = -1
        elif self.kind == "text":
            rows["len " + name], rows[name] = len(self.words[variant]), self.words[variant]
        elif self.kind == "bytea":
            rows["len " + name], rows[name] = self.values.dtype.itemsize, self.values[at]
        elif self.kind == "tstzrange":
            rows["len " + name], rows[name], rows[name + " l1"], rows[name + " l2"] = 25, BOTH_INCLUSIVE, 8, 8
            rows[name + " lower"] = _to_epoch_2000(self.values[at, 0])
            rows[name + " upper"] = _to_epoch_2000(self.values[at, 1])
        else:
            values = self.values[at]
            rows[name] = _to_epoch_2000(values) if self.kind == "timestamptz" else values
            rows["len " + name] = rows[name].dtype.itemsize


def fixed(kind: str, values: Array) -> Column:
    """A column of a fixed width without NULL."""
    return Column(kind, values, np.zeros(len(values), np.int64))


def moments(at_us: Ints) -> Column:
    """timestamptz from microseconds since 1970; NEVER becomes NULL."""
    return Column("timestamptz", at_us, np.where(at_us == NEVER, -1, 0))


def spans(from_us: Ints, to_us: Ints) -> Column:
    """tstzrange with both ends inclusive."""
    return Column("tstzrange", np.column_stack([from_us, to_us]), np.zeros(len(from_us), np.int64))


def words(code: Array, vocabulary: Sequence[str]) -> Column:
    """text: vocabulary[code]; NULL for -1. No word may be empty."""
    return Column("text", code, code.astype(np.int64), tuple(str(word).encode() for word in vocabulary))


def constant(word: str, n: int) -> Column:
    """text: the same word in n rows."""
    return words(np.zeros(n, np.int64), (word,))


def digests(values: Array) -> Column:
    """bytea of one width for all rows, from an (n,) array of dtype V<width>."""
    return Column("bytea", values, np.zeros(len(values), np.int64))


def write_columns(connection: psycopg.Connection[Row], sql: LiteralString, columns: dict[str, Column]) -> int:
    """Send columns to a `COPY … FROM STDIN (FORMAT binary)` that names them in this order; the number of rows."""
    n_rows = len(next(iter(columns.values())).values)
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        copy.write(SIGNATURE)
        for block in _blocks(columns):
            copy.write(block)
        copy.write(TRAILER)
    return n_rows


def _blocks(columns: dict[str, Column]) -> Iterator[bytes]:
    """Rows grouped by layout, encoded."""
    layouts = [column.variant for column in columns.values()]
    _, first, group = np.unique(_layout_codes(layouts), return_index=True, return_inverse=True)
    kinds = np.column_stack([variant[first] for variant in layouts])
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=len(kinds)))
    for variants, at in zip(kinds, np.split(order, ends[:-1]), strict=True) if len(order) else ():
        fields: list[tuple[Any, ...]] = [("n", ">i2")]
        for (name, column), variant in zip(columns.items(), variants, strict=True):
            fields += column.fields(name, int(variant))
        rows = np.zeros(len(at), np.dtype(fields))
        rows["n"] = len(columns)
        for (name, column), variant in zip(columns.items(), variants, strict=True):
            column.fill(rows, name, int(variant), at)
        yield rows.tobytes()


def _layout_codes(layouts: list[Ints]) -> Ints:
    """(n,) one number for each combination of variants: sorting numbers is 50 times as fast as sorting rows."""
    code = np.zeros(len(layouts[0]), np.int64)
    for variant in layouts:
        radix = int(variant.max(initial=-1)) + 2
        if int(code.max(initial=0)) * radix >= 2**62:
            code = np.unique(code, return_inverse=True)[1]
        code = code * radix + variant + 1
    return code

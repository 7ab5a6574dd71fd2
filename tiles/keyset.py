"""Pages that follow each other by the values of the last row, and not by counting rows over again.

A cursor holds, for each key of the order and the id, the value of the page's last feature as the database writes it.
The next page is what comes after it, so it costs the same at any depth. Absent values come last in either direction.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from psycopg import sql

from geo.errors import InputError
from layers.catalogue import Collection
from tiles.parameters import BIGINT_MAX, TEXT_MAX, Order

#: Longest cursor in characters.
CURSOR_MAX = 8_000


def _whole(text: str) -> None:
    if abs(int(text)) > BIGINT_MAX:
        raise ValueError(text)


def _truth(text: str) -> None:
    if text not in ("true", "false"):
        raise ValueError(text)


def _plain(text: str) -> None:
    if len(text) > TEXT_MAX * 4 or "\0" in text:
        raise ValueError(text)
    text.encode()


#: Raise ValueError for a text that the database would not have written for a column of that kind.
READERS: dict[str, Callable[[str], object]] = {
    "integer": _whole, "number": float, "boolean": _truth, "text": _plain, "moment": datetime.fromisoformat,
    "time": time.fromisoformat,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after the feature with these values of the keys; the last one is its id."""

    values: tuple[str | None, ...]


def whole_order(order: tuple[Order, ...], collection: Collection) -> tuple[Order, ...]:
    """The order asked for up to the id, which comes last, so that no two features are alike."""
    found: list[Order] = []
    for key in order:
        if key.column not in (other.column for other in found):
            found.append(key)
        if key.column == collection.id_column:
            return tuple(found)
    return (*found, Order(collection.id_column, is_descending=False))


def _signature(order: tuple[Order, ...]) -> str:
    return ",".join(f"{'-' if key.is_descending else ''}{key.column}" for key in order)


def write_cursor(order: tuple[Order, ...], values: list[str | None]) -> str:
    """The opaque text of a cursor. order: as whole_order gives it."""
    text = json.dumps([_signature(order), values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, order: tuple[Order, ...], collection: Collection) -> Cursor:
    """The cursor of a request. Raises InputError for one that no page of this order has given."""
    refused = InputError("Parameter cursor: it is of no page of this order.", hint="Follow the next link as it stands.")
    try:
        if len(text) > CURSOR_MAX or not text.isascii():
            raise refused
        signature, values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        is_list = isinstance(values, list) and len(values) == len(order)
        if signature != _signature(order) or not is_list or values[-1] is None:
            raise refused
        for key, value in zip(order, values, strict=True):
            column = collection.column(key.column)
            if column is None or not isinstance(value, str | None):
                raise refused
            if value is not None:
                READERS[column.kind](value)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise refused from error
    return Cursor(tuple(values))


def order_sql(order: tuple[Order, ...], collection: Collection) -> sql.Composable:
    """ORDER BY of an order with its id."""
    keys = []
    for key in order:
        direction = " DESC" if key.is_descending else ""
        nulls = "" if key.column == collection.id_column else " NULLS LAST"
        keys.append(sql.SQL("{}{}").format(sql.Identifier(key.column), sql.SQL(f"{direction}{nulls}")))
    return sql.SQL(", ").join(keys)


def last_sql(order: tuple[Order, ...]) -> sql.Composable:
    """The values of a row's keys as the database writes them, an array of texts."""
    keys = [sql.SQL("{}::text").format(sql.Identifier("page", key.column)) for key in order]
    return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(keys))


def after_sql(order: tuple[Order, ...], are_null: tuple[bool, ...]) -> sql.Composable:
    """The condition on rows `s` that come after a cursor whose values are bound as after0, after1 …

    A value is sent without a type and takes that of its column, so a real or a moment is compared as it was written.
    """
    ways: list[sql.Composable] = []
    same: list[sql.Composable] = []
    for i, (key, is_null) in enumerate(zip(order, are_null, strict=True)):
        column, value = sql.Identifier("s", key.column), sql.Placeholder(f"after{i}")
        if is_null:  # nothing comes after what is absent, but rows that are absent here too go on
            same.append(sql.SQL("{} IS NULL").format(column))
            continue
        beyond = sql.SQL("{} < {}" if key.is_descending else "{} > {}").format(column, value)
        if i + 1 < len(order):
            beyond = sql.SQL("({} OR {} IS NULL)").format(beyond, column)
        ways.append(sql.SQL("({})").format(sql.SQL(" AND ").join([*same, beyond])))
        same.append(sql.SQL("{} = {}").format(column, value))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(ways))

"""CQL2 evaluated naively: over rows of Python values, with true, false and None, as OGC 21-065r2 says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from shapely.geometry import box, shape

BEGIN, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1, microseconds=-1)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _span(value: Any) -> tuple[Any, Any]:
    """First and last moment of a value of time."""
    return value if isinstance(value, tuple) else (value, value)


def _day(text: str) -> tuple[datetime, datetime]:
    first = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return first, first + DAY


def _end(node: Any, row: Mapping[str, Any], is_last: bool) -> Any:
    if node == "..":
        return (BEGIN, END)[is_last]
    if isinstance(node, str):
        return _day(node)[is_last] if len(node) == 10 else _moment(node)
    found = value(node, row)
    if found is None and is_last and node == {"property": "until"}:  # goes on, as for the parameter datetime
        return END
    return found


def _like(text: str, pattern: str) -> bool:
    """Character by character: % any, _ one, a backslash takes the next one as it is."""
    expression, i = "", 0
    while i < len(pattern):
        if pattern[i] == "\\":
            i += 1
            expression += re.escape(pattern[i])
        else:
            expression += {"%": ".*", "_": "."}.get(pattern[i], re.escape(pattern[i]))
        i += 1
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _compare(op: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    if isinstance(left, tuple) or isinstance(right, tuple):
        (a, b), (c, d) = _span(left), _span(right)
        meets = a <= d and b >= c
        return {"<": b < c, ">": a > d, "=": meets, "<>": not meets, "<=": not a > d, ">=": not b < c}[op]
    if isinstance(left, time) and isinstance(right, str):
        right = time.fromisoformat(right)
    order = (left > right) - (left < right)
    return {"=": order == 0, "<>": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[op]


def _arithmetic(op: str, left: Decimal | None, right: Decimal | None) -> Decimal | None:
    if left is None or right is None or (op in ("/", "%", "div") and right == 0):
        return None
    whole = int(left / right) if op in ("%", "div") else 0  # towards zero
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "%": lambda: left - whole * right,
        "div": lambda: Decimal(whole),
        "^": lambda: left**right if right else Decimal(1),
    }[op]()


def _allen(op: str, left: Any, right: Any) -> bool | None:
    (a, b), (c, d) = _span(left), _span(right)
    if None in (a, b, c, d):
        return None
    return {
        "t_after": a > d, "t_before": b < c, "t_disjoint": b < c or a > d, "t_equals": a == c and b == d,
        "t_intersects": not (b < c or a > d), "t_contains": a < c and d < b, "t_during": c < a and b < d,
        "t_finishedBy": a < c and b == d, "t_finishes": c < a and b == d, "t_meets": b == c, "t_metBy": a == d,
        "t_overlappedBy": c < a < d < b, "t_overlaps": a < c < b < d, "t_startedBy": a == c and d < b,
        "t_starts": a == c and b < d,
    }[op]  # fmt: skip


def value(node: Any, row: Mapping[str, Any]) -> Any:
    """The value of a part for a row; None: unknown."""
    if isinstance(node, bool | str):
        return node
    if isinstance(node, int | float):
        return Decimal(str(node))
    if "property" in node:
        return row[node["property"]]
    if "date" in node:
        return _day(node["date"])
    if "timestamp" in node:
        return _moment(node["timestamp"])
    if "interval" in node:
        return _end(node["interval"][0], row, False), _end(node["interval"][1], row, True)
    if "bbox" in node:
        return box(*node["bbox"])
    return shape(node) if "type" in node else _operation(node["op"], node["args"], row)


def _operation(op: str, args: list[Any], row: Mapping[str, Any]) -> Any:
    if op in ("and", "or"):
        parts = [value(arg, row) for arg in args]
        decided = op == "or"
        return decided if decided in parts else None if None in parts else not decided
    if op == "in":
        one = value(args[0], row)
        parts = [_compare("=", one, value(item, row)) for item in args[1]]
        return True if True in parts else None if None in parts else False
    found = [value(arg, row) for arg in args]
    if op == "isNull":
        return found[0] is None
    if op.startswith("t_"):
        return _allen(op, *found)
    if None in found:
        return None
    if op == "not":
        return not found[0]
    if op == "casei":
        return found[0].casefold()
    if op == "like":
        return _like(*found)
    if op == "between":
        return found[1] <= found[0] <= found[2]
    if op.startswith("s_"):
        return bool(getattr(found[0], op[2:])(found[1]))
    return _compare(op, *found) if op in ("=", "<>", "<", ">", "<=", ">=") else _arithmetic(op, *found)

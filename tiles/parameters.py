"""Reading query parameters: every value is checked, an unknown name is refused, each message names the parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from starlette.datastructures import QueryParams

from geo.errors import InputError, MappingError
from layers.columns import Column

type Value = str | int | float | bool | datetime | time
type Interval = tuple[datetime | None, datetime | None]
type Box = tuple[float, float, float, float]

LANGUAGES = ("ja", "en")
#: Largest bigint, so that a number that no column can hold is refused here and not by the database.
BIGINT_MAX = 2**63 - 1
#: Longest text value of a filter.
TEXT_MAX = 1_000


def refuse_unknown(params: QueryParams, known: Iterable[str], more: Iterable[str] = ()) -> None:
    """Raise InputError for a name that the address does not know (`known` and `more`), or that comes twice."""
    if not params:
        return
    allowed = {*known, *more}
    for name in params:
        if name not in allowed:
            raise InputError(f"Parameter {name}: unknown.", hint=f"Known here: {', '.join(sorted(allowed))}.")
        if len(params.getlist(name)) > 1:
            raise InputError(f"Parameter {name}: given more than once.", hint="Give it once.")


def one_of(params: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    """A value of a closed list."""
    value = params.get(name, default)
    if value not in allowed:
        raise InputError(f"Parameter {name}: {value!r} is none of {', '.join(allowed)}.")
    return value


def whole(params: Mapping[str, str], name: str, default: int, least: int) -> int:
    """A whole number not below `least`."""
    text = params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < least:
        raise InputError(f"Parameter {name}: {text!r} is no whole number from {least} up.")
    return int(text)


def numbers(name: str, text: str) -> list[float]:
    """Finite numbers with commas between."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(f"Parameter {name}: {text!r} are not numbers with commas between.") from error
    if not all(math.isfinite(value) for value in found):
        raise InputError(f"Parameter {name}: {text!r} has a value that is not finite.")
    return found


def bbox(text: str) -> Box:
    """The four numbers of a box; of six the heights are left out. Order is not checked here: it is the CRS's."""
    found = numbers("bbox", text)
    if len(found) == 6:
        found = [found[0], found[1], found[3], found[4]]
    if len(found) != 4:
        raise InputError(f"Parameter bbox: {len(found)} numbers, but a box has four, or six with heights.")
    return found[0], found[1], found[2], found[3]


def _moment(text: str, *, is_end: bool) -> datetime:
    """RFC 3339 moment, or a date as its first or last moment in UTC."""
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1, microseconds=-1) if is_end else day
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"Parameter datetime: {text!r} is no RFC 3339 time.", hint="E.g. 2026-01-15T06:10:00Z."
        ) from error
    if moment.tzinfo is None:
        raise InputError(f"Parameter datetime: {text!r} has no offset.", hint="Add Z or +09:00.")
    return moment.astimezone(UTC)


def interval(text: str) -> Interval:
    """A moment, or begin/end where either may be open (.. or empty)."""
    parts = text.split("/")
    if len(parts) > 2:
        raise InputError(f"Parameter datetime: {text!r} has more than one slash.")
    if len(parts) == 1:
        return _moment(parts[0], is_end=False), _moment(parts[0], is_end=True)
    begin = None if parts[0] in ("", "..") else _moment(parts[0], is_end=False)
    end = None if parts[1] in ("", "..") else _moment(parts[1], is_end=True)
    if begin is not None and end is not None and end < begin:
        raise InputError(f"Parameter datetime: {text!r} ends before it begins.")
    return begin, end


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > BIGINT_MAX:
        raise ValueError(text)
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _aware(text: str) -> datetime:
    return _moment(text, is_end=False)


def _text(text: str) -> str:
    if len(text) > TEXT_MAX or "\0" in text:
        raise ValueError(text[:20])
    return text


#: How a filter's text becomes a value of a column's kind.
READERS: dict[str, Callable[[str], Value]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "moment": _aware,
    "time": time.fromisoformat,
}


def value_of(column: Column, text: str) -> Value:
    """The value of a property filter. Raises InputError where the column cannot hold it."""
    try:
        value = READERS[column.kind](text)
    except ValueError as error:
        raise InputError(f"Parameter {column.name}: {text[:50]!r} is no {column.kind}.") from error
    if column.values and value not in column.values:
        raise InputError(f"Parameter {column.name}: {text[:50]!r} is none of {', '.join(column.values)}.")
    return value


@dataclass(frozen=True, slots=True)
class Order:
    """One key of sortby."""

    column: str
    is_descending: bool


def sort_keys(text: str, columns: Iterable[str]) -> tuple[Order, ...]:
    """Keys of sortby: +name or name ascending, -name descending."""
    known = set(columns)
    keys = []
    for part in text.split(","):
        name = part.strip().lstrip("+-")
        if name not in known:
            raise MappingError(f"Parameter sortby: no property {name!r}.", hint=f"Use {', '.join(sorted(known))}.")
        keys.append(Order(name, part.strip().startswith("-")))
    return tuple(keys)

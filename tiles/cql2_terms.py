"""The parts of a filter with their types: properties, literals, and the SQL that stands for each.

Values are bound, names come from the catalogue; no character of a request becomes part of the SQL.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from psycopg import sql
from psycopg.sql import Composable

from layers.catalogue import Collection
from tiles.axes import Crs
from tiles.cql2_geometry import read_geometry
from tiles.cql2_text import DEPTH_MAX, Node, refused
from tiles.parameters import BIGINT_MAX, TEXT_MAX

type TermKind = Literal["text", "number", "boolean", "moment", "date", "time", "interval", "geometry", "predicate"]

#: Names of the one spatial queryable of every collection.
GEOMETRY_NAMES = ("geometry", "geom")
#: Most parts of a filter.
TERMS_MAX = 1_000
FOREVER = {"..": ("-infinity", "infinity")}
#: RFC 3339, with seconds and an offset (BNF: utcTime; other offsets than Z are taken too).
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a filter.

    sql         its value; of a date or an interval its first moment
    words       how a message names it
    end         of a date or an interval its last moment
    may_be_null whether a row may have no value here
    is_whole    of a number: it is a bigint; else it is numeric
    literal     a text, number or boolean as it was written
    """

    kind: TermKind
    sql: Composable
    words: str
    end: Composable | None = None
    may_be_null: bool = False
    is_whole: bool = False
    literal: str | int | Decimal | bool | None = None

    @property
    def told(self) -> str:
        """How a message names it, with its type."""
        return f"{self.words} ({self.kind})"


class Terms:
    """Makes terms of a collection and keeps the values that they bind, under names that begin with q."""

    def __init__(self, collection: Collection, crs: Crs) -> None:
        self.collection = collection
        self.crs = crs
        self.values: dict[str, Any] = {}
        self.n_terms = 0

    def bind(self, value: Any, kind: str = "") -> sql.Composable:
        """A placeholder for a value, cast to an SQL type."""
        name = f"q{len(self.values)}"
        self.values[name] = value
        placeholder = sql.Placeholder(name)
        return sql.SQL("{}::{}").format(placeholder, sql.SQL(kind)) if kind else placeholder

    def count(self, depth: int) -> None:
        """Raise InputError for a filter of too many parts, or nested too deep."""
        self.n_terms += 1
        if self.n_terms > TERMS_MAX:
            raise refused(f"it has more than {TERMS_MAX} parts.")
        if depth > DEPTH_MAX:
            raise refused(f"it is nested deeper than {DEPTH_MAX}.")

    def simple(self, node: Node) -> Term:
        """A property or a literal."""
        if isinstance(node, bool):
            return Term("boolean", self.bind(node, "boolean"), str(node).upper(), literal=node)
        if isinstance(node, str):
            return self.text(node)
        if isinstance(node, int | float):
            return self.number(node)
        if not isinstance(node, dict):
            raise refused(f"{str(node)[:40]!r} is no value here.")
        for key, make in (
            ("property", self.named), ("date", self.date), ("timestamp", self.moment), ("interval", self.interval),
        ):  # fmt: skip
            if key in node:
                return make(node[key])
        if "bbox" in node or "type" in node:
            return self.geometry(node)
        raise refused(f"{str(node)[:60]!r} is not known.")

    def text(self, value: str) -> Term:
        """A text literal."""
        if len(value) > TEXT_MAX or "\0" in value or _has_surrogate(value):
            raise refused(f"the text {value[:20]!r}… cannot be looked for.")
        return Term("text", self.bind(value, "text"), repr(value[:40]), literal=value)

    def number(self, value: float) -> Term:
        """A number literal: whole ones as bigint, others as numeric, so that 0.97 finds a real 0.97."""
        if isinstance(value, float) and not math.isfinite(value):
            raise refused(f"the number {value} is not finite.")
        if isinstance(value, int) and len(str(abs(value))) > 400:
            raise refused("a number has more than 400 digits.")
        exact = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
        if exact == exact.to_integral_value() and abs(exact) <= BIGINT_MAX:
            return Term("number", self.bind(int(exact), "bigint"), str(value), is_whole=True, literal=int(exact))
        return Term("number", self.bind(exact, "numeric"), str(value)[:40], literal=exact)

    def named(self, name: Node) -> Term:
        """A property. Raises InputError for one that is no queryable."""
        if not isinstance(name, str):
            raise refused(f"{str(name)[:40]!r} is no name of a property.")
        if name in GEOMETRY_NAMES:
            return Term("geometry", sql.Identifier("s", "geom"), name, may_be_null=True)
        column = self.collection.column(name)
        if column is None:
            known = ", ".join([*(c.name for c in self.collection.columns), GEOMETRY_NAMES[0]])
            raise refused(f"no property {name[:80]!r}.", hint=f"Use {known}.")
        value: sql.Composable = sql.Identifier("s", name)
        if column.kind == "integer":
            value = sql.SQL("{}::bigint").format(value)
            return Term("number", value, name, may_be_null=True, is_whole=True)
        if column.kind == "number":
            return Term("number", sql.SQL("{}::numeric").format(value), name, may_be_null=True)
        return Term(column.kind, value, name, may_be_null=True)

    def moment(self, text: Node) -> Term:
        """A timestamp literal."""
        return Term("moment", self.bind(moment_of(text), "timestamptz"), f"TIMESTAMP({text!r})")

    def date(self, text: Node) -> Term:
        """A date literal: its first and last moment in UTC."""
        first, last = day_of(text)
        begin, end = self.bind(first, "timestamptz"), self.bind(last, "timestamptz")
        return Term("date", begin, f"DATE({text!r})", end=end)

    def interval(self, ends: Node) -> Term:
        """An interval, closed at both ends; '..' is open."""
        if not isinstance(ends, list) or len(ends) != 2:
            raise refused("an interval has two ends.")
        begin, end = self._end(ends[0], is_last=False), self._end(ends[1], is_last=True)
        spans = [_span(end) for end in ends if isinstance(end, str) and end not in FOREVER]
        if len(spans) == 2 and spans[0][0] > spans[1][1]:
            raise refused(f"the interval from {ends[0]!r} to {ends[1]!r} ends before it begins.")
        words = f"INTERVAL({begin.words}, {end.words})"
        is_open = begin.may_be_null or end.may_be_null
        return Term("interval", begin.sql, words, end=end.sql, may_be_null=is_open)

    def _end(self, node: Node, *, is_last: bool) -> Term:
        if isinstance(node, str) and node in FOREVER:
            forever = sql.SQL("{}::timestamptz").format(sql.Literal(FOREVER[node][is_last]))
            return Term("moment", forever, "'..'")
        if isinstance(node, str):
            return Term("moment", self.bind(_span(node)[is_last], "timestamptz"), repr(node))
        term = self.simple(node) if isinstance(node, dict) else None
        if term is None or term.kind not in ("moment", "date"):
            raise refused(f"an interval ends at a time, '..' or a property of time, not {str(node)[:60]}.")
        if term.kind == "date" and is_last and term.end is not None:
            return replace(term, sql=term.end)
        times = self.collection.time
        if is_last and times is not None and times[0] != times[1] and term.words == times[1]:
            # what has no end yet goes on, as for the parameter datetime
            return replace(term, sql=sql.SQL("coalesce({}, 'infinity')").format(term.sql), may_be_null=False)
        return term

    def geometry(self, node: dict[str, Any]) -> Term:
        """A geometry literal, in EPSG:4326 with x = east."""
        found = read_geometry(node, self.crs)
        srid = sql.Literal(self.crs.srid)
        value: sql.Composable = sql.SQL("ST_GeomFromWKB({}, {})").format(self.bind(found.wkb, "bytea"), srid)
        if self.crs.srid != 4326:
            value = sql.SQL("ST_Transform({}, 4326)").format(value)
        return Term("geometry", value, found.geom_type)


def _has_surrogate(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


def moment_of(text: Node) -> datetime:
    """A moment after RFC 3339, in UTC."""
    try:
        if not isinstance(text, str) or not MOMENT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refused(f"{str(text)[:40]!r} is no timestamp.", "E.g. TIMESTAMP('2026-01-15T06:10:00Z').") from error


def day_of(text: Node) -> tuple[datetime, datetime]:
    """First and last moment of a day of UTC, as the parameter datetime has it."""
    try:
        if not isinstance(text, str) or not DAY.fullmatch(text):
            raise ValueError(text)
        first = datetime.combine(date.fromisoformat(text), time(), UTC)
        return first, first + timedelta(days=1, microseconds=-1)
    except (ValueError, OverflowError) as error:
        raise refused(f"{str(text)[:40]!r} is no date.", "E.g. DATE('2026-01-15').") from error


def _span(text: str) -> tuple[datetime, datetime]:
    if len(text) == 10:
        return day_of(text)
    moment = moment_of(text)
    return moment, moment

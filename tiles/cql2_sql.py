"""A filter in CQL2 (OGC 21-065r2) compiled to a condition in SQL, with every value bound and every type checked.

What is done: Basic CQL2, advanced comparison operators, case-insensitive comparison, basic spatial functions and all
geometries, spatial functions, temporal functions, property-property comparisons, arithmetic. Logic has three values, as
the standard and SQL have it: what compares with nothing is unknown, and an unknown row is not answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any

from psycopg import sql
from psycopg.sql import Composable

from layers.catalogue import Collection
from tiles.axes import Crs
from tiles.cql2_functions import SPATIAL, TEMPORAL, spatial, temporal
from tiles.cql2_terms import Term, Terms
from tiles.cql2_text import FILTER_MAX, Node, read_text, refused

LANGUAGES = ("cql2-text", "cql2-json")
#: Conformance classes that hold here.
CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
    for name in (
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
        "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
        "property-property", "arithmetic",
    )
)  # fmt: skip
COMPARISONS = {"=": "=", "<>": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
ORDERED = ("number", "text", "moment", "time")
LOGIC = {"and": sql.SQL(" AND "), "or": sql.SQL(" OR ")}
#: A row that would divide by zero has no value there.
ARITHMETIC = {
    "+": "({0} + {1})", "-": "({0} - {1})", "*": "({0} * {1})", "/": "({0} / nullif({1}, 0))",
    "%": "mod({0}, nullif({1}, 0))", "div": "div({0}, nullif({1}, 0))", "^": "power({0}::float8, {1}::float8)::numeric",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled filter: its condition on the row `s`, the values that it binds, and what was asked (language, CRS,
    text)."""

    sql: Composable
    values: dict[str, Any]
    asked: tuple[str, str, str]


def read_filter(text: str, language: str, collection: Collection, crs: Crs) -> Condition:
    """Compile a filter in one of LANGUAGES. Raises InputError naming the parameter and the place."""
    if len(text) > FILTER_MAX:
        raise refused(f"it has {len(text)} characters, more than {FILTER_MAX}.")
    node = read_text(text) if language == "cql2-text" else _read_json(text)
    compiler = _Compiler(collection, crs)
    return Condition(compiler.condition(node, 0).sql, compiler.terms.values, (language, crs.uri, text))


def _read_json(text: str) -> Node:
    def constant(name: str) -> Any:
        raise ValueError(f"{name} is no number of JSON")

    try:
        return json.loads(text, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise refused(f"it is no JSON: {str(error)[:200]}.") from error


class _Compiler:
    """Goes through the tree once; `depth` counts what lies around a node."""

    def __init__(self, collection: Collection, crs: Crs) -> None:
        self.terms = Terms(collection, crs)

    def condition(self, node: Node, depth: int) -> Term:
        """A part that is true, false or unknown for a row."""
        term = self.term(node, depth)
        if term.kind == "predicate" or (term.kind == "boolean" and term.literal is not None):
            return term
        hint = f"Write {term.words} = TRUE." if term.kind == "boolean" else "Compare it with something."
        raise refused(f"{term.told} is no condition.", hint)

    def term(self, node: Node, depth: int) -> Term:
        """Any part."""
        self.terms.count(depth)
        if not isinstance(node, dict) or "op" not in node:
            return self.terms.simple(node)
        name, args = node["op"], node.get("args")
        if not isinstance(name, str) or not isinstance(args, list):
            raise refused(f"{str(node)[:60]!r} has no op with args.")
        make = self._maker(name)
        if make is None:
            raise refused(f"the function {name[:40]!r} is not served.", "docs/api.md lists those that are.")
        return make(name, args, depth + 1)

    def _maker(self, name: str) -> Callable[[str, list[Node], int], Term] | None:
        for names, make in (
            (COMPARISONS, self._comparison), (LOGIC, self._logic), (ARITHMETIC, self._arithmetic),
            (SPATIAL, self._spatial), (TEMPORAL, self._temporal),
        ):  # fmt: skip
            if name in names:
                return make
        return {
            "not": self._not, "like": self._like, "between": self._between, "in": self._in, "isNull": self._is_null,
            "casei": self._casei,
        }.get(name)  # fmt: skip

    def _args(self, name: str, args: list[Node], n: int, depth: int) -> list[Term]:
        if len(args) != n:
            raise refused(f"{name} takes {n} arguments, not {len(args)}.")
        return [self.term(arg, depth) for arg in args]

    def _logic(self, name: str, args: list[Node], depth: int) -> Term:
        if len(args) < 2:
            raise refused(f"{name} takes two conditions or more, not {len(args)}.")
        parts = [self.condition(arg, depth).sql for arg in args]
        return _predicate(sql.SQL("({})").format(LOGIC[name].join(parts)))

    def _not(self, name: str, args: list[Node], depth: int) -> Term:
        if len(args) != 1:
            raise refused(f"{name} takes one condition, not {len(args)}.")
        return _predicate(sql.SQL("(NOT {})").format(self.condition(args[0], depth).sql))

    def _comparison(self, name: str, args: list[Node], depth: int) -> Term:
        left, right = self._args(name, args, 2, depth)
        return compare(self.terms, name, left, right)

    def _between(self, name: str, args: list[Node], depth: int) -> Term:
        value, low, high = self._args(name, args, 3, depth)
        parts = [compare(self.terms, ">=", value, low).sql, compare(self.terms, "<=", value, high).sql]
        if value.kind not in ORDERED:
            raise refused(f"{value.told} does not lie between others.")
        return _predicate(strict(sql.SQL("({} AND {})").format(*parts), low, high))

    def _in(self, name: str, args: list[Node], depth: int) -> Term:
        if len(args) != 2 or not isinstance(args[1], list) or not args[1]:
            raise refused("in takes a value and a list of one value or more.")
        value = self.term(args[0], depth)
        parts = [compare(self.terms, "=", value, self.term(item, depth)).sql for item in args[1]]
        return _predicate(sql.SQL("({})").format(sql.SQL(" OR ").join(parts)))

    def _is_null(self, name: str, args: list[Node], depth: int) -> Term:
        (value,) = self._args(name, args, 1, depth)
        ends = [value.sql] if value.end is None else [value.sql, value.end]
        tests = [sql.SQL("({}) IS NULL").format(end) for end in ends]
        return _predicate(sql.SQL("({})").format(sql.SQL(" OR ").join(tests)))

    def _like(self, name: str, args: list[Node], depth: int) -> Term:
        value, pattern = self._args(name, args, 2, depth)
        if value.kind != "text" or pattern.kind != "text":
            raise refused(f"LIKE compares texts, not {value.told} with {pattern.told}.")
        if not isinstance(pattern.literal, str):
            raise refused(f"the pattern of LIKE is a text, not {pattern.words}.")
        n_backslashes = len(pattern.literal) - len(pattern.literal.rstrip("\\"))
        if n_backslashes % 2:
            raise refused(f"the pattern {pattern.words} ends in a backslash that escapes nothing.")
        return _predicate(sql.SQL("({} LIKE {})").format(value.sql, pattern.sql))

    def _casei(self, name: str, args: list[Node], depth: int) -> Term:
        """Full case folding of Unicode, by the database for what it holds and by Python for what was sent."""
        (value,) = self._args(name, args, 1, depth)
        if value.kind != "text":
            raise refused(f"CASEI takes a text, not {value.told}.")
        if isinstance(value.literal, str):
            return self.terms.text(value.literal.casefold())
        folded = sql.SQL("pub.casefold({})").format(value.sql)
        return Term("text", folded, f"CASEI({value.words})", may_be_null=value.may_be_null)

    def _arithmetic(self, name: str, args: list[Node], depth: int) -> Term:
        left, right = self._args(name, args, 2, depth)
        for term in (left, right):
            if term.kind != "number":
                raise refused(f"{name} takes numbers, not {term.told}.")
        pattern = sql.SQL(ARITHMETIC[name])
        value = pattern.format(_numeric(left), _numeric(right))
        return Term("number", value, f"{left.words} {name} {right.words}"[:80], may_be_null=True)

    def _spatial(self, name: str, args: list[Node], depth: int) -> Term:
        return _predicate(spatial(name, *self._args(name, args, 2, depth)))

    def _temporal(self, name: str, args: list[Node], depth: int) -> Term:
        return _predicate(temporal(name, *self._args(name, args, 2, depth)))


def _predicate(condition: sql.Composable) -> Term:
    return Term("predicate", condition, "a condition", may_be_null=True)


def _numeric(term: Term) -> sql.Composable:
    return sql.SQL("{}::numeric").format(term.sql) if term.is_whole else term.sql


def strict(condition: sql.Composable, *terms: Term) -> sql.Composable:
    """The condition, unknown where one of the terms has no value, though SQL could tell without it."""
    ends = [end for term in terms if term.may_be_null for end in (term.sql, term.end) if end is not None]
    if not ends:
        return condition
    known = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(end) for end in ends)
    return sql.SQL("(CASE WHEN {} THEN {} END)").format(known, condition)


def compare(terms: Terms, name: str, left: Term, right: Term) -> Term:
    """A comparison of two values of one type. Raises InputError for two that cannot be compared."""
    left, right = _as_time(terms, left, right), _as_time(terms, right, left)
    sign = sql.SQL(COMPARISONS[name])
    kinds = {left.kind, right.kind}
    if kinds <= {"moment", "date"} and "date" in kinds:
        return _predicate(_by_day(name, left, right))
    is_ordered = left.kind in (*ORDERED, "boolean")
    if len(kinds) > 1 or not is_ordered:
        hint = "Write TIMESTAMP('2026-01-15T06:10:00Z')." if kinds == {"moment", "text"} else ""
        raise refused(f"{left.told} cannot be compared by {name} with {right.told}.", hint)
    values = [left.sql, right.sql]
    if left.kind == "number" and not (left.is_whole and right.is_whole):
        values = [_numeric(left), _numeric(right)]
    elif left.kind == "text" and name not in ("=", "<>"):
        values = [sql.SQL('{} COLLATE "C"').format(value) for value in values]  # by code point, wherever it runs
    return _predicate(sql.SQL("({} {} {})").format(values[0], sign, values[1]))


def _as_time(terms: Terms, term: Term, other: Term) -> Term:
    """A text literal beside a clock time as a clock time; CQL2 has no literal for these."""
    if term.kind != "text" or other.kind != "time" or not isinstance(term.literal, str):
        return term
    try:
        value = time.fromisoformat(term.literal)
    except ValueError as error:
        raise refused(f"{term.words} is no clock time.", "E.g. '07:00'.") from error
    if value.tzinfo is not None:
        raise refused(f"{term.words} has an offset; these are local times.")
    return Term("time", terms.bind(value, "time"), term.words)


def _by_day(name: str, left: Term, right: Term) -> sql.Composable:
    """A comparison with a date: the day as a whole lies before, holds, or lies after the moment."""
    first, last = (left.sql, left.end or left.sql), (right.sql, right.end or right.sql)
    before = sql.SQL("({} < {})").format(first[1], last[0])
    after = sql.SQL("({} > {})").format(first[0], last[1])
    meets = sql.SQL("({} <= {} AND {} >= {})").format(first[0], last[1], first[1], last[0])
    found = {
        "<": before, ">": after, "=": meets, "<>": sql.SQL("(NOT {})").format(meets),
        "<=": sql.SQL("(NOT {})").format(after), ">=": sql.SQL("(NOT {})").format(before),
    }  # fmt: skip
    return found[name]

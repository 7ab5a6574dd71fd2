"""CQL2 text (OGC 21-065r2 §8.2 and its BNF) read into the tree that CQL2 JSON has.

The tree is made of what JSON has: {"op": …, "args": […]}, {"property": …}, {"date": …}, {"timestamp": …},
{"interval": …}, GeoJSON geometries, {"bbox": …}, texts, numbers and booleans. What its parts mean and whether they fit
is asked later (tiles/cql2_sql.py). The package cql2 reads the same language and is the oracle of the tests; it cannot
be asked here: its parser takes time that doubles with each bracket that stays open, ends the process on deep nesting,
and reads whole numbers as floats.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from geo.errors import InputError

type Node = Any

#: Longest filter in characters, deepest nesting (a level takes up to 14 of the 1,000 calls that Python allows).
FILTER_MAX = 16_000
DEPTH_MAX = 30
#: Whole numbers of more digits are read as floats; no column holds one.
DIGITS_MAX = 30
TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<text>'(?:[^'\\]|''|\\[\s\S])*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<name>(?:[^\W\d]|:)[\w.:]*)
    |(?P<sign><>|<=|>=|[=<>+\-*/%^(),])""",
    re.VERBOSE,
)
ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "'": "'", "\\": "\\"}
KEYWORDS = frozenset({"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"})
COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
#: How deep the positions of a geometry lie in brackets beneath its own.
GEOMETRIES = {
    "POINT": ("Point", 0), "LINESTRING": ("LineString", 1), "POLYGON": ("Polygon", 2), "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2), "MULTIPOLYGON": ("MultiPolygon", 3),
}  # fmt: skip
#: Functions of the standard, whose names may be written in any case.
FUNCTIONS = re.compile(r"(?:s|t|a)_[a-z]+|casei|accenti", re.IGNORECASE)


def refused(message: str, hint: str = "") -> InputError:
    """The error for a filter that cannot be used."""
    return InputError(f"Parameter filter: {message}", hint=hint)


def _unescaped(text: str) -> str:
    """A text literal without its quotes; a backslash before any other character stays, since LIKE needs it."""

    def one(found: re.Match[str]) -> str:
        part = found.group()
        return "'" if part == "''" else ESCAPES.get(part[1], part)

    return re.sub(r"''|\\[\s\S]", one, text[1:-1])


def number_of(text: str) -> int | float:
    """A whole number exactly, any other as a float."""
    return int(text) if text.isdigit() and len(text) <= DIGITS_MAX else float(text)


class _Reader:
    """Recursive descent over the tokens: one step forward for each, never back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise refused(f"character {at + 1} cannot be read: {text[at : at + 20]!r}.")
            if found.lastgroup != "blank":
                self.tokens.append((str(found.lastgroup), found.group(), at))
            at = found.end()
        self.at = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """Kind and text of a token; a keyword is of kind word, in capitals; ("end", "") past the last one."""
        if self.at + ahead >= len(self.tokens):
            return "end", ""
        kind, text, _ = self.tokens[self.at + ahead]
        return ("word", text.upper()) if kind == "name" and text.upper() in KEYWORDS else (kind, text)

    def take(self, *wanted: str) -> str:
        """The token at hand if it is one of these signs or keywords, else an empty text."""
        kind, text = self.peek()
        if kind in ("sign", "word") and text in wanted:
            self.at += 1
            return text
        return ""

    def need(self, wanted: str) -> None:
        """Step over a sign or keyword that has to stand here."""
        if not self.take(wanted):
            raise self.unexpected(f"{wanted} is missing")

    def unexpected(self, what: str) -> InputError:
        """The error for the token at hand."""
        if self.at >= len(self.tokens):
            return refused(f"it ends too early: {what}.")
        _, text, at = self.tokens[self.at]
        return refused(f"{what} at character {at + 1}, before {text[:30]!r}.")

    def expression(self) -> Node:
        """booleanExpression of the BNF, or an operand alone; whether it fits is asked when it is compiled."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise refused(f"it is nested deeper than {DEPTH_MAX}.")
        node = self.joined("OR", lambda: self.joined("AND", self.negated))
        self.depth -= 1
        return node

    def joined(self, word: str, part: Callable[[], Node]) -> Node:
        """Parts with AND or OR between them, as one node of many arguments."""
        args = [part()]
        while self.take(word):
            args.append(part())
        return args[0] if len(args) == 1 else {"op": word.lower(), "args": args}

    def negated(self) -> Node:
        """NOT before a predicate."""
        n_nots = 0
        while self.take("NOT"):
            n_nots += 1
        node = self.predicate()
        if n_nots > DEPTH_MAX:
            raise refused(f"it is nested deeper than {DEPTH_MAX}.")
        for _ in range(n_nots):
            node = {"op": "not", "args": [node]}
        return node

    def predicate(self) -> Node:
        """A comparison, LIKE, BETWEEN, IN, IS NULL, or an operand alone."""
        left = self.sum()
        sign = self.take(*COMPARISONS)
        if sign:
            return {"op": sign, "args": [left, self.sum()]}
        if self.take("IS"):
            is_not = bool(self.take("NOT"))
            self.need("NULL")
            return _maybe_not(is_not, {"op": "isNull", "args": [left]})
        is_not = self.peek() == ("word", "NOT") and bool(self.take("NOT"))
        if self.take("LIKE"):
            return _maybe_not(is_not, {"op": "like", "args": [left, self.sum()]})
        if self.take("BETWEEN"):
            low = self.sum()
            self.need("AND")
            return _maybe_not(is_not, {"op": "between", "args": [left, low, self.sum()]})
        if self.take("IN"):
            return _maybe_not(is_not, {"op": "in", "args": [left, self.listed(self.expression)]})
        if is_not:
            raise self.unexpected("LIKE, BETWEEN or IN is missing after NOT")
        return left

    def listed(self, part: Callable[[], Node]) -> list[Node]:
        """Parts in brackets with commas between them, one at least."""
        self.need("(")
        found = [part()]
        while self.take(","):
            found.append(part())
        self.need(")")
        return found

    def chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        """Operators of one rank, from the left."""
        node, n = part(), 0
        while sign := self.take(*signs):
            node, n = {"op": sign.lower(), "args": [node, part()]}, n + 1
            if n > DEPTH_MAX:
                raise refused(f"it is nested deeper than {DEPTH_MAX}.")
        return node

    def sum(self) -> Node:
        """arithmeticExpression of the BNF."""
        return self.chain(("+", "-"), lambda: self.chain(("*", "/", "%", "DIV"), self.power))

    def power(self) -> Node:
        """powerTerm of the BNF."""
        return self.chain(("^",), self.signed)

    def signed(self) -> Node:
        """An operand with its signs."""
        factor = 1
        while sign := self.take("+", "-"):
            factor = -factor if sign == "-" else factor
        kind, _ = self.peek()
        node = self.operand()
        if factor > 0:
            return node
        return -node if kind == "number" else {"op": "*", "args": [-1, node]}

    def operand(self) -> Node:
        """A literal, a property, a function, or an expression in brackets."""
        kind, text = self.peek()
        if self.take("("):
            node = self.expression()
            self.need(")")
            return node
        if kind == "word" and text in ("TRUE", "FALSE"):
            self.at += 1
            return text == "TRUE"
        if kind not in ("number", "text", "quoted", "name"):
            raise self.unexpected("a value or a property is missing")
        self.at += 1
        if kind == "number":
            return number_of(text)
        if kind == "text":
            return _unescaped(text)
        if kind == "quoted":
            return {"property": text[1:-1].replace('""', '"')}
        return self.named(text)

    def named(self, name: str) -> Node:
        """What begins with a name: a geometry, a time, a function, or a property."""
        upper = name.upper()
        is_call = self.peek() == ("sign", "(")
        if upper in GEOMETRIES or upper == "GEOMETRYCOLLECTION":
            has_z = self.peek()[1].upper() == "Z" and self.peek(1) == ("sign", "(")
            self.at += has_z
            if is_call or has_z:
                return self.geometry(upper)
        if not is_call:
            return {"property": name}
        if upper == "BBOX":
            return {"bbox": self.listed(self.coordinate)}
        if upper in ("DATE", "TIMESTAMP"):
            return {upper.lower(): self.listed(self.sum)[0]}
        if upper == "INTERVAL":
            return {"interval": self.listed(self.sum)}
        if FUNCTIONS.fullmatch(name):  # CQL2 JSON has t_metBy and the like
            name = re.sub("by$", "By", name.lower())
        return {"op": name, "args": self.listed(self.expression)}

    def geometry(self, upper: str) -> Node:
        """A geometry in brackets as GeoJSON."""
        if upper == "GEOMETRYCOLLECTION":
            return {"type": "GeometryCollection", "geometries": self.listed(self.member)}
        kind, levels = GEOMETRIES[upper]
        if kind == "Point":
            found = self.listed(self.position)
            if len(found) != 1:
                raise self.unexpected("a point has one position, which ends")
            return {"type": kind, "coordinates": found[0]}
        return {"type": kind, "coordinates": self.positions(levels, may_be_bracketed=kind == "MultiPoint")}

    def member(self) -> Node:
        """A geometry of a collection."""
        kind, text = self.peek()
        if kind != "name" or text.upper() not in GEOMETRIES:
            raise self.unexpected("a geometry is missing")
        self.at += 1
        self.at += self.peek()[1].upper() == "Z"
        return self.geometry(text.upper())

    def positions(self, levels: int, *, may_be_bracketed: bool) -> list[Any]:
        """Positions in so many brackets; those of a MULTIPOINT may each have brackets of their own."""
        if levels > 1:
            return self.listed(lambda: self.positions(levels - 1, may_be_bracketed=False))
        if may_be_bracketed and self.peek(1) == ("sign", "("):
            return self.listed(lambda: self.listed(self.position)[0])
        return self.listed(self.position)

    def position(self) -> list[float]:
        """Numbers with blanks between them."""
        found = [self.coordinate()]
        while self.peek()[0] == "number" or self.peek()[1] in ("+", "-"):
            found.append(self.coordinate())
        return found

    def coordinate(self) -> float:
        """A number with its sign."""
        sign = -1 if self.take("-") else 1
        if sign > 0:
            self.take("+")
        kind, text = self.peek()
        if kind != "number":
            raise self.unexpected("a number is missing")
        self.at += 1
        return sign * number_of(text)


def _maybe_not(is_not: bool, node: Node) -> Node:
    return {"op": "not", "args": [node]} if is_not else node


def read_text(text: str) -> Node:
    """The tree of a filter in CQL2 text. Raises InputError that says where it cannot be read."""
    if len(text) > FILTER_MAX:
        raise refused(f"it has {len(text)} characters, more than {FILTER_MAX}.")
    reader = _Reader(text)
    node = reader.expression()
    if reader.at < len(reader.tokens):
        raise reader.unexpected("the filter goes on")
    return node

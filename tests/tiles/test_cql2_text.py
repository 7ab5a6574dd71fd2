"""CQL2 text is read as the package cql2 reads it, where that reads it as the standard has it; and in linear time."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import cql2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from tests.tiles.test_cql2 import FILTER
from tiles.cql2_text import read_text

WORDS = {
    "Point": "POINT", "LineString": "LINESTRING", "Polygon": "POLYGON", "MultiPoint": "MULTIPOINT",
}  # fmt: skip


def _positions(node: Any) -> str:
    if isinstance(node[0], int | float):
        return " ".join(str(number) for number in node)
    return "(" + ", ".join(_positions(part) for part in node) + ")"


def written(node: Any) -> str:
    """A tree as CQL2 text, with every operation in brackets."""
    if isinstance(node, bool):
        return str(node).upper()
    if isinstance(node, str):
        return "'" + node.replace("'", "''") + "'"
    if isinstance(node, int | float):
        return format(node, "f").rstrip("0").rstrip(".") if isinstance(node, float) else str(node)
    if "property" in node:
        return str(node["property"])
    for name in ("date", "timestamp"):
        if name in node:
            return f"{name.upper()}('{node[name]}')"
    if "interval" in node or "bbox" in node:
        name, parts = next(iter(node.items()))
        return f"{name.upper()}({', '.join(written(part) for part in parts)})"
    if "type" in node:
        position = node["coordinates"]
        inside = f"({_positions(position)})" if node["type"] == "Point" else _positions(position)
        return WORDS[node["type"]] + inside
    return _operation(node["op"], [arg if isinstance(arg, list) else written(arg) for arg in node["args"]])


def _operation(op: str, args: list[Any]) -> str:
    if op == "not":
        return f"NOT ({args[0]})"
    if op == "isNull":
        return f"({args[0]}) IS NULL"
    if op == "between":
        return f"({args[0]}) BETWEEN ({args[1]}) AND ({args[2]})"
    if op == "in":
        return f"({args[0]}) IN ({', '.join(written(item) for item in args[1])})"
    if op[:2] in ("s_", "t_") or op == "casei":
        return f"{op.upper()}({', '.join(args)})"
    if op in ("and", "or"):
        return f" {op.upper()} ".join(f"({arg})" for arg in args)
    return f"({args[0]}) {op.upper()} {args[1]}" if op == "like" else f"({args[0]}) {op} ({args[1]})"


def flat(node: Any) -> Any:
    """AND within AND as one, as the package has it, OR likewise; moments in UTC."""
    if node == "2026-01-15T03:00:00+09:00":
        return "2026-01-14T18:00:00Z"
    if isinstance(node, list):
        return [flat(part) for part in node]
    if not isinstance(node, dict):
        return node
    node = {key: flat(part) for key, part in node.items()}
    if node.get("op") in ("and", "or"):
        args: list[Any] = []
        for arg in node["args"]:
            args += arg["args"] if isinstance(arg, dict) and arg.get("op") == node["op"] else [arg]
        node["args"] = args
    return node


def has_backslash(node: Any) -> bool:
    return "\\" in json.dumps(node, ensure_ascii=False).replace("\\n", "").replace('\\"', "")


@settings(max_examples=300)
@given(node=FILTER.filter(lambda node: not has_backslash(node)))
def test_trees_are_read_as_the_package_reads_them(node: Any) -> None:
    text = written(node)
    assert flat(read_text(text)) == flat(json.loads(json.dumps(cql2.parse_text(text).to_json()))) == flat(node)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1 and b = 2 or not c = 3 and d = 4", "a + b * c - d / e = 2 ^ 3", "a - 1 - 2 = 3", "a/b/c=1", "a=- 5.5",
        "-a > 1", "a = -(-b)", "a NOT LIKE 'x%'", "a not between 1 and 2 and b=1", "a NOT IN (1, b, 'x')",
        "a is not null", "a<=1 AND b>=2 OR c<>3", "名称 = '雪'", '"a b" = 1', '"and" = 1', "a.b = 1", "a:b = 1",
        "casei(a) in (CaseI('X'), 'y')", "s_InterSects(geom, point z (1 2 3))", "a = 1.", "a = 1E-5",
        "div = 1 or a div 2 = 1",
        "S_WITHIN(geom, MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5),(5 5,6 5,6 6,5 5))))",
        "S_WITHIN(geom, MULTIPOINT(1 2, 3 4))", "S_WITHIN(geom, MULTILINESTRING((1 2, 3 4), (-1 -2, 3 4)))",
        "S_WITHIN(geom, GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1)))", "point = 1 and date = 2",
        "f(a, 1, 'x', g(b)) = 1", "t_during(interval(a, '..'), interval('2026-01-14', b))", "\n a\t=\r\n 1 ",
    ],
)  # fmt: skip
def test_forms_are_read_as_the_package_reads_them(text: str) -> None:
    if text.startswith("div"):
        with pytest.raises(InputError, match="character 1"):  # DIV is an operator; as a property it stands in quotes
            read_text(text)
        return
    assert flat(read_text(text)) == flat(json.loads(json.dumps(cql2.parse_text(text).to_json())))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 'it\\'s'", "it's"),
        ("a = '\\a\\b\\t\\n\\v\\f\\r'", "\a\b\t\n\v\f\r"),
        ("a = 'x\\%\\_\\q'", "x\\%\\_\\q"),
        ("a = '\\\\'", "\\"),
        ("a = 9007199254740993", 9007199254740993),
        ("a = .5", 0.5),
        (
            "a = GEOMETRYCOLLECTION(POINT Z (1 2 3))",
            {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2, 3]}]},
        ),
    ],
)
def test_what_the_package_reads_otherwise_than_the_standard(text: str, tree: Any) -> None:
    assert read_text(text) == {"op": "=", "args": [{"property": "a"}, tree]}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "it ends too early"), ("a =", "it ends too early"), ("a = 1 b", "at character 7"),
        ("a == 1", "character 4"),
        ("a = 'x", "character 5"), ("a = 1; DROP TABLE x", "character 6"), ("(a = 1", "it ends too early"),
        ("a = b = c", "character 7"), ("a NOT 1", "character 7"), ("a = 1 /* x */", "character 8"),
        ("a IN ()", "character 7"),
        ("POINT(1 2, 3 4)", "one position"), ("POINT EMPTY", "character 7"), ("BBOX(1, x)", "character 9"),
        ("S_WITHIN(geom, GEOMETRYCOLLECTION(x))", "a geometry is missing"), ("a != 1", "character 3"),
        ("and = 1", "character 1"),
    ],
)  # fmt: skip
def test_the_place_of_a_mistake_is_named(text: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(text)
    assert place in str(caught.value)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ["(", ")", "a", "=", "1", "'x'", "AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", ",", "-", "+", "POINT",
             "DATE", "INTERVAL", "CASEI", "LIKE", '"b"', "S_WITHIN", "Z", "TRUE", "MULTIPOINT", "\\", "*", "<>", "."]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_any_heap_of_tokens_is_read_or_refused(tokens: list[str]) -> None:
    with contextlib.suppress(InputError):  # and nothing else
        read_text(" ".join(tokens))


def test_numbers_keep_their_value() -> None:
    for text, number in (("a = 1e5", 1e5), ("a = 0.1", 0.1), ("a = -3", -3), ("a = 1e400", math.inf)):
        assert read_text(text)["args"][1] == number


def test_reading_takes_no_more_steps_than_there_are_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiles import cql2_text

    steps = 0
    peek = cql2_text._Reader.peek

    def counted(self: Any, ahead: int = 0) -> tuple[str, str]:
        nonlocal steps
        steps += 1
        return peek(self, ahead)

    monkeypatch.setattr(cql2_text._Reader, "peek", counted)
    for unit in (
        "(",
        "NOT (",
        "f(",
        "(a OR ",
        "a IN (",
        "POLYGON((",
        "POLYGON(((",
        "a = -(",
        "BBOX(",
        "- ",
        "a + ",
        "1 ",
    ):
        text = unit * (cql2_text.FILTER_MAX // len(unit) - 1)
        steps = 0
        with pytest.raises(InputError):
            read_text(text)
        assert steps < 60 * len(text)

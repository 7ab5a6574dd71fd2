"""CQL2 compiled to SQL finds the rows that a naive evaluator finds, refuses what does not fit, binds every value."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from shapely import wkt

from geo.db import Role
from geo.errors import InputError
from layers.catalogue import COLLECTIONS, Collection
from layers.columns import Column
from tests.tiles.cql2_oracle import value
from tiles.axes import SUPPORTED, Crs
from tiles.cql2_sql import read_filter
from yukimichi.cluster import Cluster

CRS84 = next(iter(SUPPORTED.values()))
THINGS = Collection(
    "things", "物", "Things", "", "", "things", "id",
    (
        Column("id", "integer", "", ""), Column("name", "text", "", ""), Column("other", "text", "", ""),
        Column("size", "number", "", ""), Column("weight", "number", "", ""), Column("flag", "boolean", "", ""),
        Column("at", "moment", "", ""), Column("since", "moment", "", ""), Column("until", "moment", "", ""),
        Column("clock", "time", "", ""),
    ),
    "Geometry", time=("since", "until"),
)  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


#: name, other, size, weight, flag, at, since, until, clock, geom
ROWS: list[tuple[Any, ...]] = [
    ("本町通り", "Straße", 0.97, 2, True, utc("2026-01-14T00:00:00"), utc("2026-01-14T18:00:00"),
     utc("2026-01-15T06:00:00"), time(7), "POINT(1 1)"),
    ("国道8号", "STRASSE", 0, -3, False, utc("2026-01-14T23:59:59.999999"), utc("2026-01-14T00:00:00"), None, time(0),
     "LINESTRING(0 0, 2 2)"),
    (None, None, None, None, None, None, None, None, None, None),
    ("100%", "a_b", -1.5, 0, True, utc("2026-01-15T00:00:00"), utc("2026-01-15T06:00:00"), utc("2026-01-15T06:00:00"),
     time(23, 59, 59), "POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))"),
    ("c:\\temp", "O'Neil", 12.25, 7, None, utc("2026-01-13T12:00:00"), None, utc("2026-01-16T00:00:00"), None,
     "POLYGON((2 0, 4 0, 4 2, 2 2, 2 0))"),
    ("", "ΌΣΟΣ", 3, 3, False, utc("2026-01-14T18:00:00"), utc("2026-01-14T18:00:00"), utc("2026-01-14T20:00:00"),
     time(7, 30), "LINESTRING(0 2, 2 0)"),
    ("a\nb", "όσος", 1e6, 1, True, None, utc("2026-01-13T00:00:00"), utc("2026-01-14T18:00:00"), time(12),
     "POINT(3 1)"),
]  # fmt: skip
NAMES = tuple(column.name for column in THINGS.columns)


def _row(i: int, given: tuple[Any, ...]) -> dict[str, Any]:
    numbers = [None if v is None else Decimal(str(v)) for v in given[2:4]]
    shape = None if given[9] is None else wkt.loads(given[9])
    row = dict(zip(NAMES, (Decimal(i), *given[:2], *numbers, *given[4:9]), strict=True))
    return row | {"geometry": shape, "geom": shape}


TABLE = [_row(i, given) for i, given in enumerate(ROWS)]


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A database with the rows in a table of the session."""
    cluster.create_database("test_cql2", "template_yuki")
    with cluster.database("test_cql2").connect(Role.OWNER) as connection:
        connection.execute(
            "CREATE TEMP TABLE thing (id int, name text, other text, size real, weight int2, flag bool, "
            "at timestamptz, since timestamptz, until timestamptz, clock time, geom geometry(Geometry, 4326))"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO thing VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, ST_GeomFromText(%s, 4326))",
                [(i, *given) for i, given in enumerate(ROWS)],
            )
        yield connection
    cluster.drop_database("test_cql2")


def found_by_sql(connection: psycopg.Connection[Any], text: str, language: str, crs: Crs = CRS84) -> list[int]:
    condition = read_filter(text, language, THINGS, crs)
    statement = sql.SQL("SELECT id FROM thing AS s WHERE {} ORDER BY id").format(condition.sql)
    with connection.transaction():
        return [row[0] for row in connection.execute(statement, condition.values)]


def found_by_oracle(node: Any) -> list[int]:
    return [i for i, row in enumerate(TABLE) if value(node, row) is True]


# ---- trees that fit

NUMBERS = st.one_of(
    st.sampled_from([0, 1, -3, 3, 7, 0.97, -1.5, 12.25, 1_000_000]), st.integers(-20, 20),
    st.integers(-40, 40).map(lambda n: n / 4),
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from([v for row in ROWS for v in row[:2] if v is not None]),
    st.text("aбΣßıİ'\\%_\" 本;-\n", max_size=4),
)
PATTERNS = st.lists(st.sampled_from(["%", "_", "\\%", "\\_", "\\\\", "a", "本", "号", "'", "ß", "S", ""])).map("".join)
MOMENTS = [
    "2026-01-14T00:00:00Z", "2026-01-14T18:00:00Z", "2026-01-15T06:00:00Z", "2026-01-14T23:59:59.999999Z",
    "2026-01-15T03:00:00+09:00",
]  # fmt: skip
DAYS = ["2026-01-13", "2026-01-14", "2026-01-15"]


def prop(*names: str) -> st.SearchStrategy[Any]:
    return st.sampled_from(names).map(lambda name: {"property": name})


def op(names: str | list[str], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    chosen = st.sampled_from(names if isinstance(names, list) else [names])
    return st.tuples(chosen, st.tuples(*parts)).map(lambda pair: {"op": pair[0], "args": list(pair[1])})


COMPARE = ["=", "<>", "<", ">", "<=", ">="]
NUMBER = st.recursive(
    NUMBERS | prop("id", "size", "weight"),
    lambda part: st.one_of(
        op(["+", "-", "*", "%", "div"], part, part),
        op("/", part, st.sampled_from([2, 4, -5, 0])),
        op("^", prop("weight", "id"), st.sampled_from([0, 1, 2])),
    ),
    max_leaves=4,
)
TEXT = st.one_of(TEXTS, prop("name", "other"), op("casei", TEXTS | prop("name", "other")))
MOMENT = prop("at", "since", "until") | st.sampled_from(MOMENTS).map(lambda text: {"timestamp": text})
DATE = st.sampled_from(DAYS).map(lambda text: {"date": text})
ENDS = st.sampled_from(DAYS + MOMENTS) | prop("since", "until", "at")


def _ordered(ends: tuple[Any, Any]) -> bool:
    written = [end for end in ends if isinstance(end, str) and end != ".."]
    spans = [value({"interval": [end, end]}, {}) for end in written]
    return len(spans) < 2 or spans[0][0] <= spans[1][1]


INTERVAL = (
    st.tuples(ENDS | st.just(".."), ENDS | st.just("..")).filter(_ordered).map(lambda ends: {"interval": list(ends)})
)
POSITIONS = st.tuples(st.integers(-1, 4), st.integers(-1, 3)).map(list)
SHAPES = st.one_of(
    POSITIONS.map(lambda p: {"type": "Point", "coordinates": p}),
    st.tuples(POSITIONS, POSITIONS).filter(lambda p: p[0] != p[1])
    .map(lambda p: {"type": "LineString", "coordinates": list(p)}),
    st.tuples(POSITIONS, st.integers(1, 3), st.integers(1, 3))
    .map(lambda b: {"bbox": [*b[0], b[0][0] + b[1], b[0][1] + b[2]]}),
    POSITIONS.map(lambda p: {"type": "Polygon", "coordinates": [[p, [p[0] + 2, p[1]], [p[0], p[1] + 2], p]]}),
    st.lists(POSITIONS, min_size=1, max_size=3, unique_by=tuple)
    .map(lambda ps: {"type": "MultiPoint", "coordinates": ps}),
)  # fmt: skip
GEOMETRY = SHAPES | prop("geometry", "geom")
RELATIONS = ["intersects", "disjoint", "equals", "touches", "within", "overlaps", "crosses", "contains"]
ALLEN = [
    "contains",
    "during",
    "finishedBy",
    "finishes",
    "meets",
    "metBy",
    "overlappedBy",
    "overlaps",
    "startedBy",
    "starts",
]
CLOCK = st.sampled_from(["07:00", "00:00:00", "23:59:59", "12:30"])
PREDICATE = st.one_of(
    op(COMPARE, NUMBER, NUMBER),
    op(COMPARE, TEXT, TEXT),
    op(COMPARE, MOMENT | DATE, MOMENT | DATE),
    op(COMPARE, prop("clock"), CLOCK),
    op(["=", "<>"], prop("flag"), st.booleans() | prop("flag")),
    op("like", TEXT, PATTERNS | op("casei", PATTERNS)),
    op("between", NUMBER, NUMBER, NUMBER),
    op("in", NUMBER, st.lists(NUMBERS | prop("weight"), min_size=1, max_size=3)),
    op("in", TEXT, st.lists(TEXT, min_size=1, max_size=3)),
    op("isNull", prop(*NAMES, "geometry")),
    op([f"s_{name}" for name in RELATIONS], GEOMETRY, GEOMETRY),
    op(["t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"], MOMENT | DATE | INTERVAL,
       MOMENT | DATE | INTERVAL),
    op([f"t_{name}" for name in ALLEN], INTERVAL, INTERVAL),
)  # fmt: skip
FILTER = st.recursive(
    PREDICATE | st.booleans(),
    lambda part: st.one_of(
        op("not", part),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(part, min_size=2, max_size=3)).map(
            lambda pair: {"op": pair[0], "args": pair[1]}
        ),
        op("isNull", part.filter(lambda node: not isinstance(node, bool))),
    ),
    max_leaves=6,
)


@settings(max_examples=600)
@given(node=FILTER)
def test_sql_finds_what_the_naive_evaluator_finds(connection: psycopg.Connection[Any], node: Any) -> None:
    assert found_by_sql(connection, json.dumps(node), "cql2-json") == found_by_oracle(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size = 0.97", [0]),
        ("size IS NULL", [2]),
        ("NOT size = 0.97", [1, 3, 4, 5, 6]),  # what is unknown stays unknown
        ("name LIKE '%通り' OR name LIKE '国道%'", [0, 1]),
        ("name LIKE '100\\%'", [3]),
        ("other LIKE 'a\\_b'", [3]),
        ("other = 'O''Neil' AND other = 'O\\'Neil'", [4]),
        ("name = 'a\\nb'", [6]),
        ("CASEI(other) = CASEI('strasse')", [0, 1]),
        ("CASEI(other) LIKE CASEI('ΌΣ%')", [5, 6]),
        ("weight / 0 = 1 OR weight / 0 IS NULL", [0, 1, 2, 3, 4, 5, 6]),
        ("at = DATE('2026-01-14')", [0, 1, 5]),
        ("at > DATE('2026-01-14')", [3]),
        ("T_INTERSECTS(INTERVAL(since, until), INTERVAL('2026-01-15T05:00:00Z', '..'))", [0, 1, 3]),
        ("S_INTERSECTS(geometry, BBOX(2.5, 0.5, 5, 5))", [4, 6]),
        ("S_WITHIN(geom, POLYGON((0 0, 2 0, 2 2, 0 2, 0 0)))", [0, 1, 3, 5]),
        ("clock >= '07:30'", [3, 5, 6]),
        ("size BETWEEN -1.5 AND 1 AND flag = TRUE", [0, 3]),
        ("weight * 2 + 1 = 5 AND TRUE", [0]),
    ],
)
def test_text_means_what_it_says(connection: psycopg.Connection[Any], text: str, expected: list[int]) -> None:
    assert found_by_sql(connection, text, "cql2-text") == expected


def test_every_crs_has_its_own_axis_order(connection: psycopg.Connection[Any]) -> None:
    from pyproj import Transformer

    for uri, crs in SUPPORTED.items():
        transformer = Transformer.from_crs("OGC:CRS84", "OGC:CRS84" if crs is CRS84 else f"EPSG:{crs.srid}")
        if crs.srid == 6675:  # not defined where the rows lie, off Africa
            continue
        (a, b), (c, d) = transformer.transform(2.5, 0.5), transformer.transform(5, 5)
        assert found_by_sql(connection, f"S_INTERSECTS(geom, BBOX({a}, {b}, {c}, {d}))", "cql2-text", crs) == [4, 6], (
            uri
        )


def test_case_is_folded_as_python_folds_it(connection: psycopg.Connection[Any]) -> None:
    known = [chr(n) for n in range(1, 0x1F000) if not 0xD800 <= n <= 0xDFFF]
    texts = ["".join(known[i : i + 500]) for i in range(0, len(known), 500)]
    folded = connection.execute(
        "SELECT array_agg(pub.casefold(given) ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS t (given, n)",
        (texts,),
    ).fetchone()
    assert folded is not None
    assert folded[0] == [text.casefold() for text in texts]
    assert all(chr(n).casefold() == chr(n) for n in range(0x1F000, sys.maxunicode + 1)), (
        "foldings beyond what is tested"
    )
    assert connection.execute("SELECT pub.casefold(NULL), pub.casefold('')").fetchone() == (None, "")


REFUSED = [
    ("name = 1", "name (text) cannot be compared by = with 1 (number)"),
    ("size > '5'", "size (number) cannot be compared by > with '5' (text)"),
    ("at > '2026-01-14T00:00:00Z'", "TIMESTAMP('2026-01-15T06:10:00Z')"),
    ("flag < 1", "cannot be compared by <"),
    ("flag", "Write flag = TRUE."),
    ("name", "is no condition"),
    ("secret = 1", "no property 'secret'"),
    ('"name"" OR 1=1" = 1', "no property"),
    ("geometry = 1", "cannot be compared"),
    ("name LIKE 1", "LIKE compares texts"),
    ("name LIKE other", "the pattern of LIKE is a text"),
    ("name LIKE 'a\\\\'", "ends in a backslash"),
    ("CASEI(size) = 'a'", "CASEI takes a text"),
    ("ACCENTI(name) = 'a'", "'accenti' is not served"),
    ("pg_sleep(10) = 1", "'pg_sleep' is not served"),
    ("A_CONTAINS(name, 'a')", "'a_contains' is not served"),
    ("size + name > 1", "+ takes numbers"),
    ("name BETWEEN 1 AND 2", "cannot be compared"),
    ("flag BETWEEN TRUE AND FALSE", "does not lie between others"),
    ("name IN ('a', 1)", "cannot be compared"),
    ("clock = 'seven'", "is no clock time"),
    ("clock = '07:00+09:00'", "has an offset"),
    ("at = TIMESTAMP('2026-01-14')", "is no timestamp"),
    ("at = TIMESTAMP('2026-13-14T00:00:00Z')", "is no timestamp"),
    ("at = TIMESTAMP('0001-01-01T00:00:00+09:00')", "is no timestamp"),
    ("at = DATE('2026-02-30')", "is no date"),
    ("T_DURING(at, INTERVAL('..', '..'))", "T_DURING takes intervals"),
    ("T_AFTER(name, at)", "takes times"),
    ("T_AFTER(at, INTERVAL('2026-01-15', '2026-01-14'))", "ends before it begins"),
    ("T_AFTER(at, INTERVAL('2026-01-15', name))", "an interval ends at a time"),
    ("S_INTERSECTS(name, geom)", "takes geometries"),
    ("S_INTERSECTS(geom, POINT(200 100))", "lies outside"),
    ("S_INTERSECTS(geom, POINT(1 1e400))", "a coordinate is no number"),
    ("S_INTERSECTS(geom, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "is not valid"),
    ("S_INTERSECTS(geom, POLYGON((0 0, 1 1, 1 0, 0 1)))", "does not end where it begins"),
    ("S_INTERSECTS(geom, POLYGON((0 0, 1 1, 0 0)))", "4 are needed"),
    ("S_INTERSECTS(geom, LINESTRING(0 0))", "2 are needed"),
    ("S_INTERSECTS(geom, BBOX(0, 5, 1, 4))", "ends before it begins"),
    ("S_INTERSECTS(geom, BBOX(0, 5, 1))", "a bbox has four numbers"),
    ("S_TOUCHES(geom, GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1)))", "not defined for a GEOMETRYCOLLECTION"),
    ("S_INTERSECTS(geom)", "takes 2 arguments"),
    ("size = 1e999", "is not finite"),
    ("size = 1" + "0" * 500, "is not finite"),
    ("name = '" + "x" * 2000 + "'", "cannot be looked for"),
    ("name = 'a\0b'", "cannot be looked for"),
    (" OR ".join(["id = 1"] * 600), "more than 1000 parts"),
    ("+".join(["id"] * 100) + " = 1", "nested deeper"),
    ("NOT " * 100 + "id = 1", "nested deeper"),
    ("(" * 100 + "id = 1" + ")" * 100, "nested deeper"),
    ("(" * 5000, "nested deeper"),
    ("id = 1" + " " * 20_000, "more than 16000"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_does_not_fit_is_refused_and_named(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_filter(text, "cql2-text", THINGS, CRS84)
    assert str(caught.value).startswith("Parameter filter: ")
    assert words in str(caught.value)


BAD_JSON: list[Any] = [
    "", "{", "[]", "null", "1", "NaN", '"a"', '{"op": "="}', '{"op": "=", "args": {}}', '{"op": 1, "args": []}',
    '{"op": "and", "args": [true]}', '{"op": "not", "args": []}', '{"op": "=", "args": [1]}',
    '{"op": "in", "args": [1, 2]}', '{"op": "in", "args": [1, []]}', '{"op": "=", "args": [null, 1]}',
    '{"op": "=", "args": [{"property": ["id"]}, 1]}', '{"op": "=", "args": [{"property": "id"}, {"x": 1}]}',
    '{"op": "=", "args": [{"property": "name"}, "\\ud800"]}', '{"op": "=", "args": [{"property": "id"}, NaN]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": ["1", "2"]}]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [true, 2]}]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [[1, 2]]}]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Polygon", "coordinates": []}]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Circle", "coordinates": [1, 2]}]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "GeometryCollection", "geometries": [1]}]}',
    '{"op": "s_intersects", "args": [{"property": "geom"}, {"bbox": "0,0,1,1"}]}',
    '{"op": "t_after", "args": [{"property": "at"}, {"interval": ["..", 5]}]}',
    '{"op": "t_after", "args": [{"property": "at"}, {"timestamp": 5}]}',
    '{"op": "like", "args": [{"property": "name"}, {"property": "other"}]}',
    "[" * 15_000, '{"op": "not", "args": [' * 600, '{"op": "=", "args": [{"property": "id"}, ' + "9" * 6000 + "]}",
    '{"op": "=", "args": [{"property": "id"}, ' + "9" * 1000 + "]}",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_JSON, ids=range(len(BAD_JSON)))
def test_bad_json_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="Parameter filter: "):
        read_filter(text, "cql2-json", THINGS, CRS84)


def test_no_character_of_a_value_becomes_sql(connection: psycopg.Connection[Any]) -> None:
    for attempt in (
        "x' OR '1'='1", "'; DROP TABLE thing; --",
        "%(q0)s", "%s %%", "{0}", '"', "\\'; --", "$1", "E'\\x27'", "/*", "--",
        "\\", "x\\' OR TRUE --", "'||(SELECT 1)||'", "\u2019 OR 1=1", "ʼ; --",
    ):  # fmt: skip
        node = {"op": "=", "args": [{"property": "name"}, attempt]}
        condition = read_filter(json.dumps(node), "cql2-json", THINGS, CRS84)
        assert condition.sql.as_string(None) == '("s"."name" = %(q0)s::text)'
        assert condition.values == {"q0": attempt}
        assert found_by_sql(connection, json.dumps(node), "cql2-json") == []
        written = attempt.replace("\\", "\\\\").replace("'", "''")
        assert read_filter(f"name = '{written}'", "cql2-text", THINGS, CRS84).values == {"q0": attempt}


def test_every_collection_can_be_filtered_by_each_of_its_columns() -> None:
    examples = {
        "text": "'x'", "integer": "1", "number": "1.5", "boolean": "TRUE",
        "moment": "TIMESTAMP('2026-01-14T00:00:00Z')",
        "time": "'07:00'",
    }  # fmt: skip
    for collection in COLLECTIONS:
        for column in collection.columns:
            read_filter(f"{column.name} = {examples[column.kind]}", "cql2-text", collection, CRS84)

"""Abstract tests of CQL2 (21-065r2, annex A): comparisons, patterns, letters, arithmetic, text and JSON.

The data set of the standard is not shipped here: where a test asks for it, the small town stands in, and what has to be
found is worked out feature by feature.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from conformance.asking import SCHEMA, Api, Document
from conformance.filters import LANGUAGES, combinations_hold, features, found, holds, of_kind, queryables
from conformance.standard import CQL2, abstract_test

SOURCES = ("roads", "passes", "weather_stations")
SIMPLE = ("text", "number", "integer", "boolean", "moment", "date")
#: The value that the standard compares each kind with.
VALUES = {"text": "'foo'", "boolean": "true", "number": "3.14", "integer": "1",
          "moment": "TIMESTAMP('2022-04-14T14:48:46Z')", "date": "DATE('2022-04-14')"}  # fmt: skip
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
BASIC, ADVANCED = CQL2 + "basic-cql2", CQL2 + "advanced-comparison-operators"
LETTERS, PROPERTIES, ARITHMETIC = CQL2 + "case-insensitive-comparison", CQL2 + "property-property", CQL2 + "arithmetic"
TEXT, JSON = CQL2 + "cql2-text", CQL2 + "cql2-json"
both = pytest.mark.parametrize("language", LANGUAGES)


def value_of(feature: Document, name: str) -> Any:
    """A property as what it means: moments as moments."""
    value = feature["properties"][name]
    is_moment = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value)
    return datetime.fromisoformat(value) if is_moment else value


def met(name: str, test: Callable[[Any], bool]) -> Callable[[Document], bool]:
    """The oracle of a predicate about one property: what has no value meets none."""
    return lambda feature: value_of(feature, name) is not None and test(value_of(feature, name))


@abstract_test(BASIC, "/conf/basic-cql2/basic-test")
def test_each_collection_says_what_it_can_be_filtered_by(api: Api) -> None:
    for collection in api.collections:
        kinds = queryables(api, collection["id"])
        assert set(kinds.values()) & set(SIMPLE), collection["id"]
        assert api.ask(f"/collections/{collection['id']}/queryables", SCHEMA).status_code == 200


@both
@abstract_test(BASIC, "/conf/basic-cql2/comparison")
def test_comparisons_with_a_value(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, *SIMPLE):
            value = VALUES[queryables(api, source)[name]]
            sets = {op: found(api, source, f"{name} {op} {value}", language) for op in OPERATORS}
            assert not sets["="] & sets["<>"], name
            assert not sets[">"] & sets["<="], name
            assert not sets["<"] & sets[">="], name


@both
@abstract_test(BASIC, "/conf/basic-cql2/is-null")
def test_what_has_no_value_and_what_has_one(api: Api, language: str) -> None:
    for source in SOURCES:
        every = {f["id"] for f in features(api, source)}
        for name in of_kind(api, source, *SIMPLE):
            holds(api, source, f"{name} IS NULL", language, lambda f, name=name: f["properties"][name] is None)
            some = found(api, source, f"{name} is not null", language)
            assert some == every - found(api, source, f"{name} IS NULL", language)
        for name in of_kind(api, source, "geometry"):
            holds(api, source, f"{name} IS NULL", language, lambda f: f["geometry"] is None)
            holds(api, source, f"{name} is not null", language, lambda f: f["geometry"] is not None)


@both
@abstract_test(BASIC, "/conf/basic-cql2/boolean")
def test_true_finds_all_and_false_nothing(api: Api, language: str) -> None:
    for source in SOURCES:
        assert found(api, source, "true", language) == {f["id"] for f in features(api, source)}
        assert found(api, source, "false", language) == set()


#: Collection, property, and a value that some feature of the town has, as CQL2 and as Python.
KNOWN: list[tuple[str, str, str, Any]] = [
    ("roads", "name", "'本町通り'", "本町通り"), ("roads", "edge_id", "5", 5), ("roads", "is_oneway", "true", True),
    ("roads", "length_m", "1000.5", 1000.5),
    ("passes", "started_at", "TIMESTAMP('2026-01-14T20:50:00Z')", datetime.fromisoformat("2026-01-14T20:50:00Z")),
]  # fmt: skip


@both
@abstract_test(BASIC, "/conf/basic-cql2/test-data")
def test_comparisons_find_what_they_say(api: Api, language: str) -> None:
    # letters are ordered by code point, as Python orders them
    for source, name, written, value in KNOWN:
        for op, compare in OPERATORS.items():
            text = f"{name} {op} {written}"
            holds(api, source, text, language, met(name, lambda v, c=compare, x=value: c(v, x)))


@both
@abstract_test(BASIC, "/conf/basic-cql2/logical")
def test_and_or_not(api: Api, language: str) -> None:
    combinations_hold(
        api,
        "roads",
        ["name = '本町通り'", "edge_id > 5", "is_oneway = true", "name IS NULL", "length_m < 500"],
        language,
    )


@both
@abstract_test(ADVANCED, "/conf/advanced-comparison-operators/like")
def test_patterns(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, "text"):
            patterns = ("%", "_%", "", "%%", r"\%\_")
            sets = {pattern: found(api, source, f"{name} LIKE '{pattern}'", language) for pattern in patterns}
            assert not sets["_%"] & sets[""]
            assert sets["%"] == sets["%%"]


@both
@abstract_test(ADVANCED, "/conf/advanced-comparison-operators/between")
def test_between_two_numbers(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, "number", "integer"):
            holds(api, source, f"{name} BETWEEN 0 AND 100", language, met(name, lambda v: 0 <= v <= 100))
            assert found(api, source, f"{name} between 100.0 and 1.0", language) == set()


@both
@abstract_test(ADVANCED, "/conf/advanced-comparison-operators/in")
def test_one_of_a_list(api: Api, language: str) -> None:
    lists = {"integer": "(1, 2, 3)", "number": "(1, 2, 3)", "text": "('foo', 'bar')", "boolean": "(true)",
             "moment": "(TIMESTAMP('2022-04-14T14:52:56Z'), TIMESTAMP('2022-04-14T15:52:56Z'))"}  # fmt: skip
    for source in SOURCES:
        for name, kind in queryables(api, source).items():
            if kind in lists:
                some = found(api, source, f"{name} in {lists[kind]}", language)
                assert not some & found(api, source, f"{name} not in {lists[kind]}", language)


@both
@abstract_test(ADVANCED, "/conf/advanced-comparison-operators/test-data")
def test_patterns_ranges_and_lists_find_what_they_say(api: Api, language: str) -> None:
    at = "TIMESTAMP('2026-01-14T20:50:00Z')"
    moment = datetime.fromisoformat("2026-01-14T20:50:00Z")
    known: list[tuple[str, str, str, Callable[[Any], bool]]] = [
        ("roads", "name", "{} LIKE '本_通%'", lambda v: re.fullmatch("本.通.*", v) is not None),
        ("roads", "name", "{} NOT LIKE '本_通%'", lambda v: re.fullmatch("本.通.*", v) is None),
        ("roads", "edge_id", "{} between 4 and 6", lambda v: 4 <= v <= 6),
        ("roads", "edge_id", "{} not between 4 and 6", lambda v: not 4 <= v <= 6),
        ("roads", "manager", "{} IN ('nation','none','prefecture')", lambda v: v in ("nation", "none", "prefecture")),
        ("roads", "manager", "{} NOT IN ('nation','none')", lambda v: v not in ("nation", "none")),
        ("roads", "edge_id", "{} in (4,7,1000)", lambda v: v in (4, 7)),
        ("roads", "edge_id", "{} not in (4,7,1000)", lambda v: v not in (4, 7)),
        ("roads", "is_oneway", "{} in (true)", lambda v: v is True),
        ("roads", "is_oneway", "{} not in (false)", lambda v: v is not False),
        ("passes", "started_at", f"{{}} in ({at})", lambda v: v == moment),
        ("passes", "started_at", f"{{}} not in ({at})", lambda v: v != moment),
    ]  # fmt: skip
    for source, name, text, test in known:
        holds(api, source, text.format(name), language, met(name, test))


@both
@abstract_test(ADVANCED, "/conf/advanced-comparison-operators/logical")
def test_and_or_not_of_patterns_ranges_and_lists(api: Api, language: str) -> None:
    predicates = [
        "name LIKE '%道%'",
        "edge_id BETWEEN 4 AND 6",
        "manager IN ('nation')",
        "edge_id not in (2)",
        "route IS NULL",
    ]
    combinations_hold(api, "roads", predicates, language)


@both
@abstract_test(LETTERS, "/conf/case-insensitive-comparison/casei")
def test_letters_of_any_case(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, "text"):
            same = found(api, source, f"CASEI({name}) = casei('foo')", language)
            assert not same & found(api, source, f"CASEI({name}) <> casei('FOO')", language)


@both
@abstract_test(LETTERS, "/conf/case-insensitive-comparison/casei-like")
def test_patterns_of_any_case(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, "text"):
            small = found(api, source, f"CASEI({name}) LIKE casei('foo%')", language)
            assert small == found(api, source, f"CASEI({name}) LIKE casei('FOO%')", language)


@both
@abstract_test(LETTERS, "/conf/case-insensitive-comparison/test-data")
def test_letters_of_any_case_find_what_they_say(api: Api, language: str) -> None:
    for written in ("NATION", "nation", "Nation"):
        same = met("manager", lambda v: v.casefold() == "nation")
        holds(api, "roads", f"CASEI(manager)=casei('{written}')", language, same)
        holds(api, "roads", f"CASEI(manager) IN (casei('{written}'), casei('x'))", language, same)
    for written in ("e8", "E8"):
        holds(api, "roads", f"CASEI(route)=casei('{written}')", language, met("route", lambda v: v == "E8"))
        holds(api, "roads", f"CASEI(route) LIKE casei('{written[0]}_')", language, met("route", lambda v: v == "E8"))


@both
@abstract_test(LETTERS, "/conf/case-insensitive-comparison/logical")
def test_and_or_not_of_letters(api: Api, language: str) -> None:
    predicates = [
        "CASEI(manager) = casei('NATION')",
        "CASEI(name) LIKE casei('%通り')",
        "CASEI(route) <> casei('e8')",
        "edge_id > 4",
    ]
    combinations_hold(api, "roads", predicates, language)


@both
@abstract_test(PROPERTIES, "/conf/property-property/comparison-value-property")
def test_a_value_before_a_property(api: Api, language: str) -> None:
    turned = {"=": "=", "<>": "<>", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
    for source in SOURCES:
        for name in of_kind(api, source, *SIMPLE):
            value = VALUES[queryables(api, source)[name]]
            sets = {op: found(api, source, f"{value} {op} {name}", language) for op in OPERATORS}
            assert not sets["="] & sets["<>"]
            assert not sets[">"] & sets["<="]
            assert not sets["<"] & sets[">="]
            assert sets["<"] == found(api, source, f"{name} {turned['<']} {value}", language)


@both
@abstract_test(PROPERTIES, "/conf/property-property/comparison-property-property")
def test_a_property_beside_itself(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, *SIMPLE):
            sets = {op: found(api, source, f"{name} {op} {name}", language) for op in OPERATORS}
            assert not sets["<>"] | sets["<"] | sets[">"], name
            assert sets["="] == sets[">="] == sets["<="] == found(api, source, f"{name} is not null", language), name


@both
@abstract_test(PROPERTIES, "/conf/property-property/comparison-value-value")
def test_a_value_beside_itself(api: Api, language: str) -> None:
    every = {f["id"] for f in features(api, "roads")}
    for value in VALUES.values():
        for op, compare in OPERATORS.items():
            assert found(api, "roads", f"{value} {op} {value}", language) == (every if compare(1, 1) else set())


@both
@abstract_test(PROPERTIES, "/conf/property-property/test-data")
def test_properties_beside_each_other_find_what_they_say(api: Api, language: str) -> None:
    def pair(a: str, b: str, test: Callable[[Any, Any], bool]) -> Callable[[Document], bool]:
        return lambda f: None not in (value_of(f, a), value_of(f, b)) and test(value_of(f, a), value_of(f, b))

    for op, compare in OPERATORS.items():
        holds(api, "passes", f"started_at {op} ended_at", language, pair("started_at", "ended_at", compare))
        holds(api, "passes", f"from_m {op} to_m", language, pair("from_m", "to_m", compare))
        holds(api, "roads", f"5 {op} edge_id", language, met("edge_id", lambda v, c=compare: c(5, v)))
    every = {f["id"] for f in features(api, "roads")}
    assert found(api, "roads", "'København' LIKE 'K_benhavn'", language) == every
    assert found(api, "roads", "'København' NOT LIKE 'K_benhavn'", language) == set()
    between = lambda f: f["properties"]["from_m"] <= f["properties"]["edge_id"] <= f["properties"]["to_m"]  # noqa: E731
    holds(api, "passes", "edge_id between from_m and to_m", language, between)
    holds(api, "passes", "edge_id not between from_m and to_m", language, lambda f: not between(f))


@both
@abstract_test(PROPERTIES, "/conf/property-property/logical")
def test_and_or_not_of_properties(api: Api, language: str) -> None:
    predicates = [
        "started_at < ended_at",
        "from_m >= to_m",
        "0.5 < confidence",
        "edge_id between from_m and to_m",
        "kind = work_basis",
    ]
    combinations_hold(api, "passes", predicates, language)


@both
@abstract_test(ARITHMETIC, "/conf/arithmetic/arithmetic")
def test_arithmetic_is_evaluated(api: Api, language: str) -> None:
    for source in SOURCES:
        for name in of_kind(api, source, "number", "integer"):
            for op in ("+", "-", "*", "/", "%", "div", "^"):
                assert found(api, source, f"{name} {op} 2 = {name} {op} 2", language) <= found(
                    api, source, f"{name} is not null", language
                )
            equal = found(api, source, f"{name} + 1 - 1 = {name}", language)
            assert equal == found(api, source, f"{name} is not null", language)


@both
@abstract_test(ARITHMETIC, "/conf/arithmetic/test-data")
def test_arithmetic_finds_what_it_says(api: Api, language: str) -> None:
    known: list[tuple[str, Callable[[int], bool]]] = [
        ("edge_id = 2 + 3", lambda v: v == 5), ("edge_id * 2 > 10 - 1", lambda v: v * 2 > 9),
        ("edge_id % 2 = 1", lambda v: v % 2 == 1), ("edge_id div 2 = 3", lambda v: v // 2 == 3),
        ("edge_id ^ 2 = 16", lambda v: v**2 == 16), ("edge_id / 4 = 1", lambda v: v / 4 == 1),
        ("(edge_id + 1) * 2 = 12", lambda v: (v + 1) * 2 == 12), ("edge_id + 1 * 2 = 12", lambda v: v + 2 == 12),
        ("-edge_id < -6", lambda v: -v < -6), ("edge_id between 2 * 2 and 2 + 4", lambda v: 4 <= v <= 6),
        ("edge_id / (edge_id - 5) > 1", lambda v: v != 5 and v / (v - 5) > 1),
    ]  # fmt: skip
    for text, test in known:
        holds(api, "roads", text, language, met("edge_id", test))


@both
@abstract_test(ARITHMETIC, "/conf/arithmetic/logical")
def test_and_or_not_of_arithmetic(api: Api, language: str) -> None:
    predicates = ["edge_id % 2 = 1", "length_m / 2 > 500", "edge_id between 2 * 2 and 3 + 3", "edge_id ^ 2 < 30"]
    combinations_hold(api, "roads", [*predicates, "name IS NULL"], language)


#: A filter of each conformance class, and how many passes of the town it finds.
OF_EACH_CLASS = {
    "basic-cql2": ("kind = 'pass' AND NOT edge_id > 4", 1),
    "advanced-comparison-operators": ("kind LIKE 'p_s%' OR edge_id IN (7)", 2),
    "case-insensitive-comparison": ("CASEI(kind) = CASEI('PASS')", 1),
    "basic-spatial-functions": ("S_INTERSECTS(geometry,POINT(136.66 36.562))", 1),
    "basic-spatial-functions-plus": ("S_INTERSECTS(geometry,LINESTRING(136.66 36.56, 136.66 36.57))", 1),
    "spatial-functions": ("S_WITHIN(geometry,BBOX(136.6,36.5,136.7,36.6))", 2),
    "temporal-functions": ("T_AFTER(started_at,TIMESTAMP('2026-01-14T20:00:00Z'))", 1),
    "property-property": ("from_m < to_m", 2),
    "arithmetic": ("edge_id * 2 = 8", 1),
}


def assert_every_class(api: Api, language: str) -> None:
    """Each class of CQL2 that is claimed is there in a language, and no other is tested."""
    claimed = {uri.removeprefix(CQL2) for uri in api.kept("/conformance")["conformsTo"] if uri.startswith(CQL2)}
    assert claimed - {"cql2-text", "cql2-json"} == set(OF_EACH_CLASS)
    for text, n in OF_EACH_CLASS.values():
        assert len(found(api, "passes", text, language)) == n, text


@abstract_test(TEXT, "/conf/cql2-text/validate")
def test_every_class_is_there_in_text(api: Api) -> None:
    assert_every_class(api, "cql2-text")


@abstract_test(TEXT, "/conf/cql2-text/escaping")
def test_quotation_marks_and_control_characters_inside_texts(api: Api) -> None:
    written = {"'l''eau d''\"hiver\"'": "l'eau d'\"hiver\"", r"'l\'eau d\'" + "\"hiver\"'": "l'eau d'\"hiver\"",
               r"'a\\b%_\tc'": "a\\b%_\tc", "'a\\\\b%_\tc'": "a\\b%_\tc"}  # fmt: skip
    for text, name in written.items():
        holds(api, "settlements", f"name = {text}", "cql2-text", met("name", lambda v, name=name: v == name))
        assert len(found(api, "settlements", f"name = {text}")) == 1, text
    assert found(api, "settlements", r"name LIKE 'a\\\\b\%\_\tc'") == found(api, "settlements", r"name = 'a\\b%_\tc'")


@abstract_test(JSON, "/conf/cql2-json/validate")
def test_every_class_is_there_in_json(api: Api) -> None:
    assert_every_class(api, "cql2-json")

"""Abstract tests of CQL2 (21-065r2, annex A): spatial and temporal functions, in text and in JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from conformance.asking import Api, Document
from conformance.filters import LANGUAGES, combinations_hold, features, found, holds, of_kind, refused
from conformance.standard import CQL2, abstract_test
from shapely import from_wkt
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

BASIC, PLUS = CQL2 + "basic-spatial-functions", CQL2 + "basic-spatial-functions-plus"
SPATIAL, TEMPORAL = CQL2 + "spatial-functions", CQL2 + "temporal-functions"
both = pytest.mark.parametrize("language", LANGUAGES)

#: A collection of each kind of geometry.
SOURCES = ("roads", "settlements", "municipalities", "routes")
WORLD, WORLD_AS_POLYGON = "BBOX(-180,-90,180,90)", "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))"
LINE, POINT, NOWHERE = "LINESTRING(7 50, 10 51)", "POINT(7.02 49.92)", "POINT(90 180)"
#: Literals among the roads of the town, as CQL2 writes them and as shapes.
LITERALS = {
    "BBOX(136.64,36.55,136.655,36.5621)": box(136.64, 36.55, 136.655, 36.5621),
    **{wkt: from_wkt(wkt) for wkt in (
        "POINT(136.65 36.561)", "POINT(136.65 36.56)", "LINESTRING(136.65 36.561, 136.651 36.563)",
        "LINESTRING(136.651 36.561, 136.65 36.563)", "LINESTRING(136.6 36.56, 136.7 36.561)",
        "POLYGON((136.64 36.55, 136.66 36.55, 136.66 36.57, 136.64 36.57, 136.64 36.55))",
        "POLYGON((136.61 36.55, 136.9 36.55, 136.9 36.7, 136.61 36.7, 136.61 36.55), "
        "(136.645 36.555, 136.655 36.555, 136.655 36.565, 136.645 36.555))",
        "POLYGON((136.5 36.5, 136.9 36.5, 136.9 36.7, 136.5 36.7, 136.5 36.5))",
        "MULTIPOINT(136.65 36.561, 136.62 36.56)", "MULTILINESTRING((136.62 36.56, 136.66 36.562))",
        "MULTIPOLYGON(((136.6 36.5, 136.61 36.5, 136.61 36.6, 136.6 36.6, 136.6 36.5)), "
        "((136.65 36.55, 136.66 36.55, 136.66 36.6, 136.65 36.55)))",
    )},
}  # fmt: skip


def geometry_of(api: Api, source: str) -> str:
    """Name of the spatial queryable, which may go by another name too."""
    return of_kind(api, source, "geometry")[0]


def related(relation: str, other: BaseGeometry) -> Callable[[Document], bool]:
    """The oracle of a spatial relation: Shapely's, feature by feature."""
    return lambda f: f["geometry"] is not None and bool(getattr(shape(f["geometry"]), relation)(other))


@both
@abstract_test(BASIC, "/conf/basic-spatial-functions/s_intersects")
def test_boxes_and_points(api: Api, language: str) -> None:
    for source in SOURCES:
        name = geometry_of(api, source)
        holds(api, source, f"S_INTERSECTS({name},{WORLD})", language, lambda f: f["geometry"] is not None)
        assert found(api, source, f"S_INTERSECTS({name},{POINT})", language) == set()
        refused(api, source, f"S_INTERSECTS({name},{NOWHERE})", language)
        halves = f"S_INTERSECTS({name},BBOX(-180,-90,-90,90)) AND S_INTERSECTS({name},BBOX(90,-90,180,90))"
        assert found(api, source, halves, language) == set()


@both
@abstract_test(BASIC, "/conf/basic-spatial-functions/test-data")
def test_boxes_and_points_find_what_they_meet(api: Api, language: str) -> None:
    for source, (written, literal) in product(SOURCES, list(LITERALS.items())[:3]):
        text = f"S_INTERSECTS({geometry_of(api, source)},{written})"
        holds(api, source, text, language, related("intersects", literal))
    across = f"S_INTERSECTS({geometry_of(api, 'roads')},BBOX(150,-90,-150,90))"
    assert found(api, "roads", across, language) == set()
    around = f"S_INTERSECTS({geometry_of(api, 'roads')},BBOX(136.6,-90,-150,90))"
    holds(api, "roads", around, language, related("intersects", box(136.6, -90, 180, 90)))


@both
@abstract_test(BASIC, "/conf/basic-spatial-functions/logical")
def test_and_or_not_of_boxes_and_points(api: Api, language: str) -> None:
    name = geometry_of(api, "roads")
    predicates = [f"S_INTERSECTS({name},{written})" for written in list(LITERALS)[:3]] + ["edge_id > 4", "name IS NULL"]
    combinations_hold(api, "roads", predicates, language)


@both
@abstract_test(PLUS, "/conf/basic-spatial-functions-plus/s_intersects")
def test_every_kind_of_literal(api: Api, language: str) -> None:
    hole = "(-120 -50, -100 -50, -100 -40, -120 -40, -120 -50)"
    west = f"((-180 -90, -90 -90, -90 90, -180 90, -180 -90), {hole})"
    square = "((0 0, 10 0, 10 10, 0 10, 0 0))"
    for source in SOURCES:
        name = geometry_of(api, source)
        refused(api, source, f"S_INTERSECTS({name},MULTIPOINT(7.02 49.92, 90 180))", language)
        for literal in ("LINESTRING(-180 -45, 0 -45)", "MULTILINESTRING((-180 -45, 0 -45), (0 45, 180 45))",
                        f"POLYGON{west}", f"MULTIPOLYGON({west},{square})",
                        f"GEOMETRYCOLLECTION({POINT}, POLYGON{square})"):  # fmt: skip
            assert found(api, source, f"S_INTERSECTS({name},{literal})", language) == set(), literal


@both
@abstract_test(PLUS, "/conf/basic-spatial-functions-plus/test-data")
def test_every_kind_of_literal_finds_what_it_meets(api: Api, language: str) -> None:
    for source, (written, literal) in product(SOURCES, LITERALS.items()):
        text = f"S_INTERSECTS({geometry_of(api, source)},{written})"
        holds(api, source, text, language, related("intersects", literal))
    parts = "GEOMETRYCOLLECTION(POINT(136.65 36.561), LINESTRING(136.60 36.55, 136.61 36.55))"
    for source in SOURCES:
        text = f"S_INTERSECTS({geometry_of(api, source)},{parts})"
        holds(api, source, text, language, related("intersects", from_wkt(parts)))


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_intersects")
def test_a_box_is_the_polygon_of_its_corners(api: Api, language: str) -> None:
    for source in SOURCES:
        name = geometry_of(api, source)
        assert found(api, source, f"S_INTERSECTS({name},{WORLD})", language) == found(
            api, source, f"S_INTERSECTS({name},{WORLD_AS_POLYGON})", language
        )
        for literal in (LINE, POINT):
            assert found(api, source, f"S_INTERSECTS({name},{literal})", language) == set()
        refused(api, source, f"S_INTERSECTS({name},{NOWHERE})", language)


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_disjoint")
def test_what_meets_nothing_of_it(api: Api, language: str) -> None:
    for source in SOURCES:
        name = geometry_of(api, source)
        for literal in (WORLD, WORLD_AS_POLYGON):
            assert found(api, source, f"S_DISJOINT({name},{literal})", language) == set()
        for literal in (LINE, POINT):
            apart = found(api, source, f"S_DISJOINT({name},{literal})", language)
            assert not apart & found(api, source, f"S_INTERSECTS({name},{literal})", language)
        refused(api, source, f"S_DISJOINT({name},{NOWHERE})", language)


def is_evaluated(api: Api, language: str, function: str, literals: tuple[str, ...]) -> list[list[set[Any]]]:
    """What a function finds in each collection by each literal."""
    return [
        [found(api, source, f"{function}({geometry_of(api, source)},{literal})", language) for literal in literals]
        for source in SOURCES
    ]


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_equals")
def test_the_same_places(api: Api, language: str) -> None:
    for polygon, line, _ in is_evaluated(api, language, "S_EQUALS", (WORLD_AS_POLYGON, LINE, POINT)):
        assert polygon == line == set()


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_touches")
def test_what_touches(api: Api, language: str) -> None:
    for found_ in is_evaluated(api, language, "S_TOUCHES", (WORLD, WORLD_AS_POLYGON, LINE)):
        assert found_ == [set()] * 3


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_crosses")
def test_what_crosses(api: Api, language: str) -> None:
    for source in ("roads", "settlements", "routes"):
        for literal in (WORLD, WORLD_AS_POLYGON, LINE):
            assert found(api, source, f"S_CROSSES({geometry_of(api, source)},{literal})", language) == set()


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_within")
def test_what_lies_inside(api: Api, language: str) -> None:
    literals = (WORLD, WORLD_AS_POLYGON, LINE, "MULTIPOINT(7 50,10 51)")
    for source, (world, polygon, *_) in zip(SOURCES, is_evaluated(api, language, "S_WITHIN", literals), strict=True):
        assert world == polygon == {f["id"] for f in features(api, source) if f["geometry"] is not None}


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_contains")
def test_what_holds_it(api: Api, language: str) -> None:
    literals = (WORLD, WORLD_AS_POLYGON, LINE, "MULTIPOINT(7 50,10 51)")
    within = is_evaluated(api, language, "S_WITHIN", literals)
    for inside, holding in zip(within, is_evaluated(api, language, "S_CONTAINS", literals), strict=True):
        assert holding[0] == holding[1]
        assert all(not a & b for a, b in zip(inside, holding, strict=True))


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/s_overlaps")
def test_what_overlaps(api: Api, language: str) -> None:
    literals = {
        "settlements": "MULTIPOINT(7 50,10 51)",
        "roads": LINE,
        "routes": LINE,
        "municipalities": WORLD_AS_POLYGON,
    }
    for source, literal in literals.items():
        assert found(api, source, f"S_OVERLAPS({geometry_of(api, source)},{literal})", language) == set()


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/test-data")
def test_spatial_functions_find_what_they_say(api: Api, language: str) -> None:
    relations = ("intersects", "disjoint", "equals", "touches", "crosses", "within", "contains", "overlaps")
    n_found = 0
    for relation, source, (written, literal) in product(relations, SOURCES, LITERALS.items()):
        text = f"S_{relation.upper()}({geometry_of(api, source)},{written})"
        holds(api, source, text, language, related(relation, literal))
        n_found += any(related(relation, literal)(feature) for feature in features(api, source))
    assert n_found > 60


@both
@abstract_test(SPATIAL, "/conf/spatial-functions/logical")
def test_and_or_not_of_spatial_functions(api: Api, language: str) -> None:
    name = geometry_of(api, "roads")
    literals = list(LITERALS)
    predicates = [f"S_WITHIN({name},{literals[6]})", f"S_TOUCHES({name},{literals[1]})",
                  f"S_CROSSES({name},{literals[0]})", f"S_DISJOINT({name},{literals[4]})", "edge_id > 4"]  # fmt: skip
    combinations_hold(api, "roads", predicates, language)


YEAR = ("2021-01-01T00:00:00Z", "2021-12-31T23:59:59Z")
#: begin and end of the first, begin and end of the second: OWL-Time and 21-065r2 §7.6.
RELATIONS: dict[str, Callable[[Any, Any, Any, Any], bool]] = {
    "T_AFTER": lambda a, b, c, d: a > d, "T_BEFORE": lambda a, b, c, d: b < c,
    "T_DISJOINT": lambda a, b, c, d: a > d or b < c, "T_EQUALS": lambda a, b, c, d: a == c and b == d,
    "T_INTERSECTS": lambda a, b, c, d: a <= d and b >= c, "T_CONTAINS": lambda a, b, c, d: a < c and b > d,
    "T_DURING": lambda a, b, c, d: a > c and b < d, "T_FINISHEDBY": lambda a, b, c, d: a < c and b == d,
    "T_FINISHES": lambda a, b, c, d: a > c and b == d, "T_MEETS": lambda a, b, c, d: b == c,
    "T_METBY": lambda a, b, c, d: a == d, "T_OVERLAPPEDBY": lambda a, b, c, d: c < a < d < b,
    "T_OVERLAPS": lambda a, b, c, d: a < c < b < d, "T_STARTEDBY": lambda a, b, c, d: a == c and b > d,
    "T_STARTS": lambda a, b, c, d: a == c and b < d,
}  # fmt: skip
OF_MOMENTS = list(RELATIONS)[:5]


@both
@abstract_test(TEMPORAL, "/conf/temporal-functions/temporal-functions-1")
def test_moments_beside_moments_and_intervals(api: Api, language: str) -> None:
    for source in ("passes", "weather_stations"):
        for name, relation in product(of_kind(api, source, "moment"), OF_MOMENTS):
            for literal, (c, d) in {
                "TIMESTAMP('2022-04-24T07:59:57Z')": ("2022-04-24T07:59:57Z",) * 2,
                f"INTERVAL('{YEAR[0]}','{YEAR[1]}')": YEAR,
            }.items():  # fmt: skip
                begin, end = datetime.fromisoformat(c), datetime.fromisoformat(d)

                def is_met(
                    f: Document, name: str = name, relation: str = relation, c: Any = begin, d: Any = end
                ) -> bool:
                    told = f["properties"][name]
                    moment = datetime.fromisoformat(told) if told is not None else None
                    return moment is not None and RELATIONS[relation](moment, moment, c, d)

                holds(api, source, f"{relation}({name},{literal})", language, is_met)


def spans(begin: str | None, end: str | None) -> tuple[datetime, datetime]:
    """An interval; open ends as the first and the last moment of the calendar."""
    low, high = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    return datetime.fromisoformat(begin or low), datetime.fromisoformat(end or high)


def span_met(relation: str, c: datetime, d: datetime) -> Callable[[Document], bool]:
    """The oracle of a relation between a pass and an interval."""
    return lambda f: RELATIONS[relation](
        datetime.fromisoformat(f["properties"]["started_at"]), datetime.fromisoformat(f["properties"]["ended_at"]), c, d
    )


@both
@abstract_test(TEMPORAL, "/conf/temporal-functions/temporal-functions-2")
def test_intervals_of_two_properties(api: Api, language: str) -> None:
    names = of_kind(api, "passes", "moment")
    assert names == ["started_at", "ended_at"]
    for relation in RELATIONS:
        text = f"{relation}(INTERVAL(started_at,ended_at),INTERVAL('{YEAR[0]}','{YEAR[1]}'))"
        holds(api, "passes", text, language, span_met(relation, *spans(*YEAR)))


@both
@abstract_test(TEMPORAL, "/conf/temporal-functions/test-data")
def test_temporal_functions_find_what_they_say(api: Api, language: str) -> None:
    moments = [
        None,
        *(f"2026-01-14T{at}:00Z" for at in ("18:10", "18:20", "18:25", "18:30", "20:50", "20:55", "21:00")),
    ]
    n_found = 0
    for relation, (begin, end) in product(RELATIONS, [(b, e) for b in moments for e in moments]):
        low, high = spans(begin, end)
        if low >= high or (begin is None and end is None):
            continue
        text = f"{relation}(INTERVAL(started_at,ended_at),INTERVAL('{begin or '..'}','{end or '..'}'))"
        is_met = span_met(relation, low, high)
        if relation in ("T_AFTER", "T_INTERSECTS") or any(is_met(f) for f in features(api, "passes")):
            holds(api, "passes", text, language, is_met)
            n_found += 1
    assert n_found > 60


@both
@abstract_test(TEMPORAL, "/conf/temporal-functions/logical")
def test_and_or_not_of_temporal_functions(api: Api, language: str) -> None:
    evening = "INTERVAL('2026-01-14T18:00:00Z','2026-01-14T19:00:00Z')"
    predicates = [f"T_DURING(INTERVAL(started_at,ended_at),{evening})",
                  "T_AFTER(started_at,TIMESTAMP('2026-01-14T20:00:00Z'))", f"T_INTERSECTS(ended_at,{evening})",
                  "kind = 'pass'", "treatment IS NULL"]  # fmt: skip
    combinations_hold(api, "passes", predicates, language)

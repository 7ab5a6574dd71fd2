"""From hits to results: what each is called, where it is, and in which order they come.

The score begins with how well the name fits (100 the whole name, 80 its begin, 60 a part of it; 40 an address that ends
before the question does), plus a bonus of the kind, less a point a letter beyond the question (12 at most), less three
points for each doubling of the kilometres away (15 at most) where the question says where it is asked from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from geo.place_names import RouteRef, key_of, parse_route, route_text
from tiles.search_addresses import AddressHit
from tiles.search_names import KINDS, Hit, Names, Point, distance_m
from tiles.search_read import Post
from tiles.search_words import KIND_NAMES, word

BONUS = {"municipality": 6, "route": 6, "kilometre_post": 6, "settlement": 5, "address": 4, "facility": 3, "place": 3,
         "road": 2, "plough_route": 1, "work_section": 1, "bus_stop": 0, "location": 0}  # fmt: skip
EXACT, PREFIX, PARTIAL = 100, 80, 40
MORE_MOST, NEAR_MOST = 12, 15.0
#: An address and a place of the same name nearer than this are one, metres.
SAME_M = 3_000.0
LABEL_MOST = 60
#: So many named things get their place on a road before the best are chosen.
PLACED = 60


@dataclass(frozen=True, slots=True)
class Result:
    """One result. Degrees; bbox None: a point; piece_id None: no road is near, or it is an area."""

    kind: str
    kind_name: str
    label: str
    detail: str
    lon: float
    lat: float
    bbox: tuple[float, float, float, float] | None
    piece_id: int | None
    score: float

    def document(self) -> dict[str, Any]:
        """The result as it is told."""
        return asdict(self)


def _scored(kind: str, quality: float, n_more: int, point: Point, near: Point | None) -> float:
    score = quality + BONUS[kind] - min(n_more, MORE_MOST)
    if near is not None:
        score -= min(3 * math.log2(1 + distance_m(point, near) / 1000), NEAR_MOST)
    return round(score, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is looked up. area: row of a municipality that it begins with; rest: what follows, as a key."""

    text: str
    key: str
    lang: str
    near: Point | None
    route: RouteRef | None
    area: int | None = None
    rest: str = ""

    @staticmethod
    def of(text: str, lang: str, near: Point | None, names: Names) -> Asked:
        """What a question asks for."""
        key = key_of(text)
        split = names.split_area(key)
        area, rest = split if split is not None else (None, "")
        return Asked(text, key, lang, near, parse_route(text), area, rest)


def named(asked: Asked, names: Names) -> dict[int, Result]:
    """Results among the published names, by row: of many hits those that may be among the best."""
    hits: dict[int, Hit] = {}
    for hit in _hits(asked.route, asked.key, names):
        hits.setdefault(hit.row, hit)
    here = None
    if asked.area is not None:
        here = tuple(names.point[asked.area].tolist())
        for hit in _hits(parse_route(asked.rest), asked.rest, names):
            if _lies_in(names, hit.row, asked.area):
                hits.setdefault(hit.row, hit)
    inside = asked.near or here

    def guess(hit: Hit) -> float:
        kind = KINDS[names.kind[hit.row]]
        return -_scored(kind, hit.quality, hit.n_more, tuple(names.point[hit.row].tolist()), inside)

    return {hit.row: _of_name(names, hit, asked, inside) for hit in sorted(hits.values(), key=guess)[:PLACED]}


def _hits(route: RouteRef | None, key: str, names: Names) -> list[Hit]:
    return [*(names.routes(route) if route is not None and route.km is None else ()), *names.match(key)]


def _lies_in(names: Names, row: int, area: int) -> bool:
    if names.name[area] in names.areas[row]:
        return True
    if KINDS[names.kind[row]] != "route":
        return False
    a, b = names.box[row], names.box[area]
    return bool(a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3])


def _of_name(names: Names, hit: Hit, asked: Asked, near: Point | None) -> Result:
    row, kind = hit.row, KINDS[names.kind[hit.row]]
    lon, lat, piece_id = names.place_on(row, near)
    words = names.words.get(row)
    kind_name = word(KIND_NAMES, kind, asked.lang) if words is None else words[asked.lang == "en"] or words[0]
    west, south, east, north = (round(float(value), 5) for value in names.box[row])
    return Result(
        kind, kind_name, _cut(_label(names, row, asked.lang)), _cut(_detail(names, row, asked.lang)), round(lon, 5),
        round(lat, 5), None if (west, south) == (east, north) else (west, south, east, north), piece_id,
        _scored(kind, hit.quality, hit.n_more, (lon, lat), asked.near),
    )  # fmt: skip


def _label(names: Names, row: int, lang: str) -> str:
    name, road = names.name[row], names.road_name.get(row)
    route = names.route.get(row) if KINDS[names.kind[row]] == "route" else None
    if lang == "en":
        name = names.name_en.get(row, name)
        if route is not None and route.kind is not None:
            name = route_text(route.kind, route.number, lang)
    if road is None:
        return name
    return road if lang == "ja" and name in road else f"{name} {road}"


def _detail(names: Names, row: int, lang: str) -> str:
    areas = [names.area_en.get(area, area) if lang == "en" else area for area in names.areas[row]]
    return (", " if lang == "en" else "・").join(areas)


def addresses(asked: Asked, hits: Iterable[AddressHit], names: Names, known: Iterable[int]) -> Iterator[Result]:
    """Results among addresses, without those that are a place of the same name that was found already: known rows."""
    rows = [row for row in known if KINDS[names.kind[row]] in ("settlement", "municipality")]
    for hit in hits:
        if any(_is_same(hit, names, row) for row in rows):
            continue
        quality = PARTIAL if not hit.is_whole else EXACT if hit.n_more == 0 else PREFIX
        label, detail = (hit.name, hit.area) if hit.name else (hit.area, "")
        yield Result(
            "address", word(KIND_NAMES, "address", asked.lang), _cut(label), _cut(detail), round(hit.lon, 5),
            round(hit.lat, 5), None, None, _scored("address", quality, hit.n_more, (hit.lon, hit.lat), asked.near),
        )  # fmt: skip


def _is_same(hit: AddressHit, names: Names, row: int) -> bool:
    if not hit.name:
        return hit.area.endswith(names.name[row])
    lon, lat = names.point[row].tolist()
    return key_of(hit.name) == key_of(names.name[row]) and distance_m((hit.lon, hit.lat), (lon, lat)) < SAME_M


def posts(asked: Asked, found: Iterable[Post]) -> Iterator[Result]:
    """Results for kilometres of routes."""
    for post in found:
        route = parse_route(post.route)
        text = post.route
        if asked.lang == "en" and route is not None and route.kind is not None:
            text = route_text(route.kind, route.number, "en")
        point = (post.lon, post.lat)
        yield Result(
            "kilometre_post", word(KIND_NAMES, "kilometre_post", asked.lang), f"{text} {post.km:g} km", "",
            round(post.lon, 5), round(post.lat, 5), None, post.piece_id,
            _scored("kilometre_post", EXACT, 0, point, asked.near),
        )  # fmt: skip


def best(results: Iterable[Result], limit: int) -> list[Result]:
    """The best results, each label once in its area; of equal scores the kinds in the order of BONUS, then by name."""
    order = list(BONUS)
    found: dict[tuple[str, str, str], Result] = {}
    for result in sorted(results, key=lambda r: (-r.score, order.index(r.kind), r.label, r.detail, r.lon, r.lat)):
        found.setdefault((result.kind, result.label, result.detail), result)
        if len(found) == limit:
            break
    return list(found.values())


def with_pieces(results: list[Result], pieces: dict[int, int]) -> list[Result]:
    """The results with the pieces that were found near them, by position."""
    return [replace(r, piece_id=pieces[n]) if n in pieces else r for n, r in enumerate(results)]


def _cut(text: str) -> str:
    return text if len(text) <= LABEL_MOST else text[: LABEL_MOST - 1] + "…"

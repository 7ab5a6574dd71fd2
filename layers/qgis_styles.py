"""How QGIS draws each collection: rules, labels, from which scale on, and whether it is shown at first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from geo.vocabulary import FacilityKind, Restriction
from layers.catalogue import Collection
from layers.places import ENGLISH
from layers.qgis_labels import Label
from layers.qgis_roads import Side, feature_states, plain_roads, tile_states
from layers.qgis_symbols import FILL, LINE, MARKER, Rule, area, marker, stroke
from layers.styles import (
    FACILITY_SIGNS,
    PALETTE,
    PASS_KINDS,
    PRIORITY_KINDS,
    SERVICE_KINDS,
    SNOW_CLASSES,
    Kind,
)

#: Kind of the symbols for a kind of shapes.
KINDS = {
    "Point": MARKER, "LineString": LINE, "MultiLineString": LINE, "Polygon": FILL, "MultiPolygon": FILL,
}  # fmt: skip
#: Restrictions that let nobody pass.
SHUT = (Restriction.CLOSED.value, Restriction.WINTER_CLOSED.value)


@dataclass(frozen=True, slots=True)
class Look:
    """How a layer is drawn. scale_max: denominator beyond which it is not asked for, 0: always; tip: a shown name."""

    rules: tuple[Rule, ...]
    labels: tuple[Label, ...] = ()
    scale_max: int = 0
    is_shown: bool = True
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """lang: ja or en; side: on which traffic drives."""

    lang: str = "ja"
    side: Side = "left"

    def say(self, ja: str, en: str) -> str:
        """The words in the language that is wished for."""
        return ja if self.lang == "ja" else en


def _one_of(column: str, values: tuple[str | None, ...]) -> str:
    words = ", ".join(f"'{value}'" for value in values if value is not None)
    parts = [f'"{column}" IN ({words})'] if words else []
    if None in values:
        parts.append(f'"{column}" IS NULL')
    return " OR ".join(parts)


def _kinds(column: str, kinds: tuple[Kind, ...], width_mm: float, wish: Wish) -> tuple[Rule, ...]:
    return tuple(
        Rule(wish.say(kind.ja, kind.en), _one_of(column, kind.values), LINE,
             (stroke("#ffffff", width_mm + 0.5), stroke(kind.colour, width_mm, dash=kind.dash)))
        for kind in kinds
    )  # fmt: skip


def _roads(wish: Wish) -> Look:
    label = Label('coalesce("route", "name", \'\')', LINE, scale_max=50_000)
    return Look(plain_roads("road_class", wish.lang), (label,), scale_max=25_000, is_shown=False, tip='"name"')


def _road_status(wish: Wish) -> Look:
    rules = feature_states("road_class", wish.side, wish.lang, '"other_side" IS NULL')
    return Look(rules, scale_max=25_000, is_shown=False, tip='coalesce("route", "name", \'\') || \' \' || "state_ja"')


def _withheld(wish: Wish) -> Look:
    return Look(feature_states("road_class", wish.side, wish.lang), tip='coalesce("route", "name", \'\')')


def _ploughs(wish: Wish) -> Look:
    beacon, dark = PALETTE["plough_beacon"], PALETTE["plough"]
    heading = {"angle": 'coalesce("heading_deg", 0)'}
    silent = marker("circle", "#ffffff", 4.0, edge=dark, edge_mm=0.6, alpha=120)
    halo = marker("circle", beacon, 5.2, edge=dark, edge_mm=0.4)
    still = marker("circle", dark, 2.2, edge=dark)
    moving = marker("triangle", dark, 3.0, edge=dark, computed=heading)
    rules = (
        Rule(wish.say("通信が途絶えた除雪車", "plough gone silent"), '"is_silent"', MARKER, (silent,)),
        Rule(wish.say("作業中の除雪車（向き不明）", "plough at work, heading unknown"),
             'NOT "is_silent" AND "heading_deg" IS NULL', MARKER, (halo, still)),
        Rule(wish.say("作業中の除雪車", "plough at work"), 'NOT "is_silent" AND "heading_deg" IS NOT NULL', MARKER,
             (halo, moving)),
    )  # fmt: skip
    return Look(rules, tip='"treatment"')


def _closures(wish: Wish) -> Look:
    white, shut, limit = PALETTE["closure_bar"], PALETTE["closure_shut"], PALETTE["closure_limit"]
    bars = (stroke(shut, 1.9), stroke(white, 1.2, dash=(0.9, 0.9)))
    dots = (stroke(white, 2.0), stroke(limit, 1.5, dash=(0.8, 0.6)))
    is_shut = _one_of("restriction", SHUT)
    rules = (
        Rule(wish.say("これからの規制・終わった規制", "restriction to come, or over"), 'NOT "is_active"', LINE,
             (stroke("#7d7d7d", 0.5, dash=(1.0, 2.0)),), scale_max=50_000),
        Rule(wish.say("通行の規制", "restricted"), f'"is_active" AND NOT ({is_shut})', LINE, dots),
        Rule(wish.say("通行止め", "closed to traffic"), f'"is_active" AND ({is_shut})', LINE, bars),
    )  # fmt: skip
    words = wish.say('"restriction_ja"', '"restriction_en"')
    label = Label(f"CASE WHEN \"is_active\" THEN {words} ELSE '' END", LINE, scale_max=100_000)
    return Look(rules, (label,), tip=words)


def _routes(wish: Wish) -> Look:
    return Look(_kinds("service_state", SERVICE_KINDS, 1.4, wish), (Label('"name"', LINE, scale_max=100_000),),
                is_shown=False, tip='"name"')  # fmt: skip


def _work_sections(wish: Wish) -> Look:
    """Sections are areas or lines; each is drawn as what it is."""
    outline, fill = stroke("#7a4fa3", 0.7, dash=(4.0, 2.0)), area("#7a4fa3", alpha=18, edge="#7a4fa3", edge_mm=0.5,
                                                                    edge_style="dash")  # fmt: skip
    rules = (
        Rule(wish.say("工区（線）", "section, a line"), _is(LINE), LINE, (outline,)),
        Rule(wish.say("工区", "section"), _is(FILL), FILL, (fill,)),
    )
    return Look(rules, (Label('"name"', FILL, 9, 150_000),), is_shown=False, tip='"name"')


def _passes(wish: Wish) -> Look:
    return Look(_kinds("kind", PASS_KINDS, 0.5, wish), scale_max=50_000, is_shown=False, tip='"started_at"')


def _snow(wish: Wish) -> Look:
    total = 'to_real("total_cm")'
    missing = area("#5c5c63", style="b_diagonal", edge="#a9a194", edge_mm=0.15)
    rules = [Rule(wish.say("欠測", "missing"), '"total_cm" IS NULL', FILL, (missing,))]
    bounds = [low for low, _ in SNOW_CLASSES[1:]]
    for (low, colour), high in zip(SNOW_CLASSES, [*bounds, None], strict=True):
        upper = "" if high is None else f" AND {total} < {high:g}"
        words = f"{low:g}–{high:g} cm" if high is not None else f"{low:g} cm –"
        rules.append(
            Rule(words, f'"total_cm" IS NOT NULL AND {total} >= {low:g}{upper}', FILL,
                 (area(colour, alpha=170, edge="#a9a194", edge_mm=0.15),))
        )  # fmt: skip
    partial = area("#37404a", style="dense6", edge="#37404a", edge_mm=0.2, edge_style="dash")
    rules.append(
        Rule(wish.say("下限値（一部欠測）", "lower bound, partly missing"), "\"basis\" = 'partial'", FILL, (partial,))
    )
    depth = Label(
        "CASE WHEN \"total_cm\" IS NULL THEN '' ELSE round(to_real(\"total_cm\"), 1) || ' cm' END", FILL, 7, 60_000
    )
    return Look(tuple(rules), (depth,), is_shown=False, tip='"mesh_code"')


def _weather_stations(wish: Wish) -> Look:
    rules = (
        Rule(wish.say("積雪の観測なし", "no depth"), '"depth_cm" IS NULL', MARKER,
             (marker("diamond", "#ffffff", 3.2, edge="#37404a", edge_mm=0.4),)),
        Rule(wish.say("気象観測所", "weather station"), '"depth_cm" IS NOT NULL', MARKER,
             (marker("diamond", "#2a78b8", 3.2),)),
    )  # fmt: skip
    depth = "coalesce(' ' || round(to_real(\"depth_cm\")) || ' cm', '')"
    return Look(rules, (Label(f'"name" || {depth}', MARKER, 8, 400_000),), tip='"name"')


def _devices(wish: Wish) -> Look:
    rules = (
        Rule(wish.say("端末", "device"), 'NOT "is_sick"', MARKER, (marker("circle", "#1763b5", 2.6),)),
        Rule(wish.say("不調の端末", "device to look at"), '"is_sick"', MARKER,
             (marker("triangle", "#d8350c", 3.6, edge="#1d1d1d"),)),
    )  # fmt: skip
    return Look(rules, (Label('"vehicle"', MARKER, 7, 50_000),), tip=wish.say('"reasons_ja"', '"reasons"'))


def _orders(wish: Wish) -> Look:
    kinds = (
        Kind("公表停止", "publication stop", ("publication_stop",), "#1d1d1d", (2.0, 1.0)),
        Kind("状態の訂正", "correction of a state", ("correction",), "#7a4fa3", (4.0, 1.0)),
        Kind("規制", "restriction", ("restriction",), PALETTE["closure_shut"]),
    )
    return Look(_kinds("kind", kinds, 1.0, wish), tip='"reason"')


def _daily_reports(wish: Wish) -> Look:
    rule = Rule(wish.say("作業日報", "daily report"), "", LINE, (stroke("#1763b5", 0.6),))
    return Look((rule,), is_shown=False, tip='"machine" || \' \' || "day"')


def _facilities(wish: Wish) -> Look:
    rules = tuple(
        Rule(" / ".join(wish.say(FacilityKind(kind).ja, ENGLISH[FacilityKind(kind)]) for kind in kinds),
             _one_of("kind", kinds), MARKER, (marker(shape, colour, 3.0, edge="#ffffff"),))
        for kinds, shape, colour in FACILITY_SIGNS
    )  # fmt: skip
    name = wish.say('"name"', 'coalesce("name_en", "name")')
    return Look(rules, (Label(name, MARKER, 7, 50_000),), scale_max=400_000, tip=name)


def _cameras(wish: Wish) -> Look:
    rules = (
        Rule(wish.say("道路カメラ（更新遅れ）", "camera, late"), '"is_late"', MARKER,
             (marker("square", "#ffffff", 3.2, edge="#37404a", edge_mm=0.5),)),
        Rule(wish.say("道路カメラ", "camera"), 'NOT "is_late"', MARKER, (marker("square", "#37404a", 3.2),)),
    )  # fmt: skip
    return Look(rules, (Label('"name"', MARKER, 7, 100_000),), tip='"name"')


def _priority_network(wish: Wish) -> Look:
    return Look(_kinds("network_class", PRIORITY_KINDS, 1.2, wish), (Label('"name"', LINE, scale_max=100_000),),
                is_shown=False, tip='"name"')  # fmt: skip


def _bus_stops(wish: Wish) -> Look:
    rule = Rule(wish.say("停留所", "bus stop"), "", MARKER, (marker("circle", "#8a5a00", 1.8),))
    return Look((rule,), (Label('"name"', MARKER, 7, 25_000),), scale_max=100_000, is_shown=False, tip='"name"')


def _bus_routes(wish: Wish) -> Look:
    rules = (
        Rule(wish.say("バス系統（停留所から作成）", "bus route, made from stops"), "\"shape_source\" <> 'shapes'", LINE,
             (stroke("#8a5a00", 0.7, dash=(3.0, 2.0)),)),
        Rule(wish.say("バス系統", "bus route"), "\"shape_source\" = 'shapes'", LINE, (stroke("#8a5a00", 0.7),)),
    )  # fmt: skip
    return Look(rules, (Label('"name"', LINE, scale_max=50_000),), is_shown=False, tip='"name"')


_LOOKS = {
    "roads": _roads, "road_status": _road_status, "passes": _passes, "ploughs": _ploughs, "routes": _routes,
    "work_sections": _work_sections, "snow": _snow, "weather_stations": _weather_stations, "closures": _closures,
    "orders": _orders, "withheld_status": _withheld, "daily_reports": _daily_reports, "devices": _devices,
    "facilities": _facilities, "cameras": _cameras, "priority_network": _priority_network, "bus_stops": _bus_stops,
    "bus_routes": _bus_routes,
}  # fmt: skip


def look_of(collection: Collection, wish: Wish, geometry: str) -> Look:
    """How the features of a collection are drawn; one that has no look of its own gets a plain one for its geometry."""
    if collection.collection_id in _LOOKS:
        return _LOOKS[collection.collection_id](wish)
    kind = KINDS.get(geometry)
    if kind is None:
        return Look((), is_shown=False)
    name = Label(_name(wish), kind, 10 if kind == FILL else 8, 0 if kind == FILL else 60_000)
    return Look((_plain(wish.say(collection.title_ja, collection.title_en), kind),), (name,), tip='"name"')


def _name(wish: Wish) -> str:
    english = "coalesce(attribute('name_en'), \"name\", '')"
    return "coalesce(\"name\", '')" if wish.lang == "ja" else english


def _plain(words: str, kind: str) -> Rule:
    layers = {
        FILL: area("#ffffff", style="no", edge=PALETTE["border"], edge_mm=0.4),
        LINE: stroke(PALETTE["coast"], 0.5),
        MARKER: marker("square", "#4a4f57", 2.2),
    }
    return Rule(words, "", kind, (layers[kind],))


def tile_look_of(collection: Collection, wish: Wish) -> Look:
    """How the vector tiles of a collection are drawn."""
    layer = collection.collection_id
    if layer == "road_status":
        return Look(tile_states(wish.side, wish.lang))
    if layer == "roads":
        main = "\"class\" IN ('expressway', 'national', 'major_prefectural', 'prefectural')"
        words = "coalesce(nullif(\"route\", ''), \"name\", '')"
        near, far = Label(words, LINE, 7, 12_000, f"NOT ({main})"), Label(words, LINE, 8, 100_000, main)
        return Look(plain_roads("class", wish.lang), (far, near))
    words = wish.say(collection.title_ja, collection.title_en)
    # QGIS draws the outlines and the middles of areas by the styles of lines and points too
    rules = tuple(replace(_plain(words, kind), expression=_is(kind)) for kind in (FILL, LINE, MARKER))
    name = Label("coalesce(\"name\", '')", MARKER, 8, 60_000, _is(MARKER))
    return Look(rules, (name,))


def _is(kind: str) -> str:
    names = {FILL: "Polygon", LINE: "Line", MARKER: "Point"}
    return f"geometry_type($geometry) = '{names[kind]}'"

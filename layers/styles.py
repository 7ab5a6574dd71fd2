"""How layers look wherever we draw them for others: colours, patterns, widths, and the words of a legend.

Colours and patterns are those of the resident map (web/js/map/palette.js, light): blue for cleared and vermilion for
uncleared, which every common colour blindness tells apart; the others differ in lightness. Each class but the youngest
clearings carries a pattern of its own as well, so that a grey print and a colour-blind eye read the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from geo.vocabulary import ROAD_CLASSES

#: Colours as #rrggbb.
PALETTE = {
    "sea": "#cddde8", "land": "#f5f3ee", "border": "#a9a194", "coast": "#8fa6b5",
    "label": "#37404a", "label_halo": "#ffffff", "road_label": "#4a4f57",
    "plain_edge": "#c3beb4", "plain_fill": "#ffffff", "followed_edge": "#39434e", "unknown_edge": "#8b8f95",
    "plough": "#1d1d1d", "plough_beacon": "#ffb000",
    "closure_shut": "#8a0030", "closure_bar": "#ffffff", "closure_limit": "#ff9d00",
}  # fmt: skip
#: A machine that was heard of longer ago than this is no longer said to be at work (status.clearing_min), seconds.
CLEARING_MAX_S = 3_600


@dataclass(frozen=True, slots=True)
class Pattern:
    """Drawn over the colour of a class. dash: stroke and gap in line widths, None: unbroken; share of the width."""

    colour: str
    dash: tuple[float, float] | None
    share: float


@dataclass(frozen=True, slots=True)
class StateClass:
    """One entry of the legend of states. below_s: upper bound of the age of a clearing in seconds, None: no age."""

    key: str
    ja: str
    en: str
    colour: str
    edge: str
    pattern: Pattern | None = None
    below_s: int | None = None


_AGED = Pattern("#ffffff", None, 0.34)
_FOLLOWED, _UNKNOWN = PALETTE["followed_edge"], PALETTE["unknown_edge"]

#: In drawing order, the worst above: where one line stands for two directions, it is never better than the worse one.
STATE_CLASSES: tuple[StateClass, ...] = (
    StateClass("under_1h", "除雪完了 1時間未満", "cleared, under 1 h", "#06337a", _FOLLOWED, below_s=3_600),
    StateClass("under_3h", "除雪完了 1～3時間", "cleared, 1–3 h", "#1763b5", _FOLLOWED, below_s=3 * 3_600),
    StateClass("under_6h", "除雪完了 3～6時間", "cleared, 3–6 h", "#3d96db", _FOLLOWED, below_s=6 * 3_600),
    StateClass("under_12h", "除雪完了 6～12時間", "cleared, 6–12 h", "#5cabe3", _FOLLOWED, _AGED, 12 * 3_600),
    StateClass("under_24h", "除雪完了 12～24時間", "cleared, 12–24 h", "#a8d3f0", _FOLLOWED, _AGED, 24 * 3_600),
    StateClass("clearing", "除雪中", "clearing", "#ffd21f", _FOLLOWED, Pattern("#1d1d1d", (1.4, 1.4), 1.0)),
    StateClass("off_plan", "除雪計画の対象外", "on nobody's plan", PALETTE["plain_fill"], PALETTE["plain_edge"]),
    StateClass("unknown", "不明", "unknown", "#e4e1dc", _UNKNOWN, Pattern("#5c5c63", (1.0, 2.2), 0.5)),
    StateClass("uncleared", "未除雪", "uncleared", "#d8350c", _FOLLOWED, Pattern("#ffffff", (0.5, 1.3), 0.8)),
)  # fmt: skip

#: Width of a line at a scale of 1:144,000 (zoom 11 of the resident map) in millimetres, by road class from the most
#: important one on: as in web/js/map/roads_style.js at 96 pixels an inch, small streets wider, which a printer holds.
WIDTHS_MM: dict[str, float] = {
    road_class.value: width
    for road_class, width in zip(ROAD_CLASSES, (0.95, 0.95, 0.79, 0.69, 0.6, 0.45, 0.35, 0.35), strict=True)
}
#: Dark edge on each side of a line, millimetres.
EDGE_MM = 0.15
#: From this scale on (denominator) each direction has a line on its own side of the road.
SPLIT_SCALE = 36_000


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of another legend: rows whose column has one of `values`. None among them stands for null."""

    ja: str
    en: str
    values: tuple[str | None, ...]
    colour: str
    dash: tuple[float, float] | None = None


#: What a machine did on a stretch.
PASS_KINDS = (
    Kind("回送", "without work", ("deadhead",), "#7d7d7d", (3.0, 2.0)),
    Kind("作業不明", "work unknown", ("unknown",), "#5c5c63", (1.0, 2.2)),
    Kind("作業走行", "with work", ("pass",), "#1763b5"),
)
#: 除雪水準: where a route or section stands against its target; null: no storm is open, or a part is withheld.
SERVICE_KINDS = (
    Kind("評価なし", "not assessed", (None, "no_target"), "#a9a194", (1.0, 1.0)),
    Kind("不明", "unknown", ("unknown",), "#8b8f95", (1.0, 2.2)),
    Kind("期限前", "pending", ("pending",), "#5cabe3", (4.0, 1.5)),
    Kind("達成", "achieved", ("achieved",), "#06337a"),
    Kind("遅れて達成", "late", ("late",), "#3d96db", (2.0, 2.0)),
    Kind("遅れのおそれ", "at risk", ("at_risk",), "#ffb000", (5.0, 1.0)),
    Kind("期限超過", "missed", ("missed",), "#d8350c"),
)
#: 施設: the sign of each kind of place: kinds, shape of the sign, colour. Shapes differ where colours are near.
FACILITY_SIGNS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("emergency_hospital",), "cross_fill", "#b3001b"),
    (("hospital",), "cross_fill", "#d8350c"),
    (("fire_station",), "pentagon", "#8a0030"),
    (("police_station",), "pentagon", "#06337a"),
    (("shelter",), "square", "#1b7a43"),
    (("emergency_site",), "diamond", "#1b7a43"),
    (("school",), "square", "#8a5a00"),
    (("care_home",), "circle", "#7a4fa3"),
    (("town_hall",), "star", "#37404a"),
    (("snow_dump",), "triangle", "#1763b5"),
    (("other",), "circle", "#4a4f57"),
)
#: Classes of the priority network: class, words, colour, dash; null: not told.
PRIORITY_KINDS = (
    Kind("区分なし・その他", "not told, other", (None, "4", "5", "6", "7", "8", "9"), "#7d7d7d", (1.0, 1.0)),
    Kind("第3次", "third class", ("3",), "#5cabe3", (2.0, 1.5)),
    Kind("第2次", "second class", ("2",), "#1763b5", (5.0, 1.0)),
    Kind("第1次", "first class", ("1",), "#06337a"),
)
#: Snow since the event began in centimetres: lower bound of each class, and its colour.
SNOW_CLASSES = (
    (0.0, "#f7fbff"),
    (1.0, "#d6e6f4"),
    (5.0, "#abd0e6"),
    (10.0, "#6aaed6"),
    (20.0, "#3787c0"),
    (40.0, "#105ba4"),
)


def state_class_expression(age_s: str, left_s: str, heard_s: str) -> str:
    """The key of the class that a feature is shown in, as an expression of QGIS (SQL-like) over `state` and `reason`.

    age_s    expression: seconds since the clearing, NULL: none
    left_s   expression: seconds until valid_until, NULL: no end by time
    heard_s  expression: seconds since the last evidence, NULL: none

    Whatever is not known to be good is unknown: a clearing without a time, one that has run out, one older than the
    oldest class, a machine at work that was heard of too long ago, a state that is none of ours.
    """
    ages = " ".join(
        f"WHEN ({age_s}) < {found.below_s} THEN '{found.key}'" for found in STATE_CLASSES if found.below_s is not None
    )
    holds = f"coalesce(({left_s}) > 0, true)"
    return (
        f"CASE WHEN \"state\" = 'cleared' AND {holds} THEN CASE {ages} ELSE 'unknown' END "
        f"WHEN \"state\" = 'clearing' AND {holds} AND ({heard_s}) < {CLEARING_MAX_S} THEN 'clearing' "
        "WHEN \"state\" = 'uncleared' THEN 'uncleared' "
        "WHEN \"state\" = 'unknown' AND \"reason\" = 'not_on_plan' THEN 'off_plan' ELSE 'unknown' END"
    )

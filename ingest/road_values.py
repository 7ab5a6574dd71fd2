"""What the attributes of a road mean: well-known column names, and our words for a source's values.

Every function maps a column to a column; a value that nobody knows becomes unknown and is counted for the report.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from geo.vocabulary import Manager, RoadClass
from ingest.mapping import NO, YES, Unmapped, normal, translate

#: Our field to the names under which files carry it, compared after NFKC and without case; the first hit counts.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "id": (
        "road_id",
        "external_id",
        "osm_id",
        "link_id",
        "linkid",
        "路線区間番号",
        "リンクID",
        "id",
        "fid",
        "objectid",
    ),
    "name": ("name", "road_name", "名称", "道路名", "通称", "N10_004"),
    "route": ("route", "路線", "路線名", "路線番号", "ref", "N10_004"),
    "manager": ("manager", "管理者", "道路管理者", "管理者区分"),
    "class": ("road_class", "class", "道路種別", "種別", "道路種別コード", "N10_003"),
    "oneway": ("oneway", "one_way", "一方通行"),
    "level": ("level", "layer_level", "高さレベル", "階層"),
    "lanes": ("lanes", "車線数"),
    "width": ("width_m", "width", "幅員"),
    "speed": ("speed_mps", "speed_kmh", "maxspeed", "speed", "速度", "制限速度", "規制速度"),
    "closed": ("is_closed", "closed", "通行止"),
}

#: Managers in Japanese and in our own words.
MANAGERS = {
    **{str(word): str(word) for word in Manager},
    **{word.ja: str(word) for word in Manager if word.ja},
    "国土交通省": "nation", "直轄": "nation", "国管理": "nation",
    "都道府県": "prefecture", "石川県": "prefecture", "県管理": "prefecture",
    "市町村": "municipality", "市": "municipality", "町": "municipality", "村": "municipality",
    "市道": "municipality", "町道": "municipality",
    "高速道路会社": "other", "道路公社": "other", "民間": "other", "NEXCO": "other",
}  # fmt: skip

#: Road classes in Japanese and in our own words.
CLASSES = {
    **{str(word): str(word) for word in RoadClass},
    **{word.ja: str(word) for word in RoadClass},
    "高速道路": "expressway", "自動車専用道路": "expressway", "都市高速道路": "expressway",
    "国道": "national", "主要地方道(県道)": "major_prefectural", "県道": "prefectural", "都道府県道": "prefectural",
    "一般都道府県道": "prefectural", "市道": "municipal", "町道": "municipal", "村道": "municipal",
    "市町村道": "municipal", "農道": "service", "林道": "service", "私道": "service",
}  # fmt: skip

#: 道路種別コード of 国土数値情報 N10 (緊急輸送道路), column N10_003. Who manages a national road it does not tell.
N10_CLASSES = {
    "1": "expressway", "2": "expressway", "3": "national", "4": "major_prefectural", "5": "major_prefectural",
    "6": "prefectural", "7": "municipal_main", "8": "service",
}  # fmt: skip
N10_MANAGERS = {"4": "prefecture", "6": "prefecture", "7": "municipality"}

#: Factors to metres per second.
TO_MPS = {"m/s": 1.0, "km/h": 1 / 3.6, "kn": 1852 / 3600, "mph": 0.44704}

_NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(?:m|km/h|km|kmh|車線)?\s*$", re.IGNORECASE)
_AGAINST = frozenset({"-1", "-1.0", "reverse", "backward", "逆", "逆方向"})
_ALONG = YES | {"forward", "順", "順方向", "一方通行"}
_BOTH = NO | {"both", "双方向", "対面通行", "なし", "-"}


def managers(values: Sequence[str | None], words: Mapping[str, str], unmapped: Unmapped) -> list[str]:
    """Our word for each manager, `unknown` where nobody knows."""
    return [word or "unknown" for word in translate(values, "manager", MANAGERS | dict(words), unmapped)]


def classes(values: Sequence[str | None], column: str, words: Mapping[str, str], unmapped: Unmapped) -> list[str]:
    """Our word for each class; the codes of N10 are known by the name of their column."""
    known = CLASSES | (N10_CLASSES if normal(column).upper() == "N10_003" else {}) | dict(words)
    return [word or "unknown" for word in translate(values, "class", known, unmapped)]


def oneways(values: Sequence[str | None], words: Mapping[str, str], unmapped: Unmapped) -> list[int]:
    """1 along digitising only, -1 against it only, 0 both. An unknown value counts as both, and is reported."""
    known = {**dict.fromkeys(_BOTH, "0"), **dict.fromkeys(_ALONG, "1"), **dict.fromkeys(_AGAINST, "-1"), **words}
    return [int(word or 0) for word in translate(values, "oneway", known, unmapped)]


def flags(values: Sequence[str | None], name: str, words: Mapping[str, str], unmapped: Unmapped) -> list[bool]:
    """True for yes; no, empty and unknown are False."""
    known = {**dict.fromkeys(YES, "1"), **dict.fromkeys(NO, "0"), **words}
    return [word == "1" for word in translate(values, name, known, unmapped)]


def numbers(
    values: Sequence[str | None], name: str, low: float, high: float, unmapped: Unmapped, factor: float = 1.0
) -> list[float | None]:
    """Numbers times a factor; None for empty, for what is no number, and for what is beyond low and high.

    The last two are counted as unmapped. Units m, km/h and 車線 behind the number are let pass.
    """
    result: dict[str | None, float | None] = {None: None}
    for value, n in Counter(values).items():
        if value is None:
            continue
        found = _NUMBER.match(normal(value))
        number = float(found[1]) * factor if found else None
        result[value] = number if number is not None and low <= number <= high else None
        if result[value] is None:
            unmapped.add(name, value, n)
    return [result[value] for value in values]


def speed_factor(column: str, unit: str, is_given: bool) -> float:
    """Factor to m/s: by the unit of the source if it is given, else by the column's name, else by the default unit."""
    name = normal(column).casefold()
    if not is_given:
        if name.endswith(("mps", "m/s", "(m/s)", "m_s")):
            return TO_MPS["m/s"]
        if name.endswith(("kmh", "kph", "km/h", "(km/h)", "km_h")) or name in ("maxspeed", "制限速度", "規制速度"):
            return TO_MPS["km/h"]
        if name.endswith(("knots", "knot", "_kn", "(kn)")):
            return TO_MPS["kn"]
        if name.endswith(("mph", "(mph)")):
            return TO_MPS["mph"]
    return TO_MPS[unit]

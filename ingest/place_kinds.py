"""Values of places, cameras and the priority network: what words, links, intervals and classes mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from geo.vocabulary import FacilityKind
from ingest.mapping import normal
from ingest.plan_values import Unreadable, Words

#: Other words for kinds of places, after NFKC.
FACILITY_WORDS: Mapping[str, FacilityKind] = {
    **{word.value: word for word in FacilityKind},
    **{word.ja: word for word in FacilityKind},
    "救急指定病院": FacilityKind.EMERGENCY_HOSPITAL, "救急告示病院": FacilityKind.EMERGENCY_HOSPITAL,
    "災害拠点病院": FacilityKind.EMERGENCY_HOSPITAL, "総合病院": FacilityKind.HOSPITAL,
    "消防本部": FacilityKind.FIRE_STATION, "消防分署": FacilityKind.FIRE_STATION,
    "消防出張所": FacilityKind.FIRE_STATION,
    "避難所": FacilityKind.SHELTER, "避難場所": FacilityKind.EMERGENCY_SITE,
    "緊急避難場所": FacilityKind.EMERGENCY_SITE, "小学校": FacilityKind.SCHOOL, "中学校": FacilityKind.SCHOOL,
    "高等学校": FacilityKind.SCHOOL, "特別支援学校": FacilityKind.SCHOOL, "老人ホーム": FacilityKind.CARE_HOME,
    "介護老人福祉施設": FacilityKind.CARE_HOME, "介護老人保健施設": FacilityKind.CARE_HOME,
    "市役所": FacilityKind.TOWN_HALL, "町役場": FacilityKind.TOWN_HALL, "村役場": FacilityKind.TOWN_HALL,
    "雪堆積場": FacilityKind.SNOW_DUMP, "排雪場": FacilityKind.SNOW_DUMP, "排雪場所": FacilityKind.SNOW_DUMP,
}  # fmt: skip
#: Seconds of a unit.
UNITS = {"": 1, "s": 1, "sec": 1, "秒": 1, "min": 60, "分": 60, "h": 3600, "時間": 3600}
#: A camera that is asked more often than this, or more seldom, is a mistake of the register, seconds.
INTERVALS_S = (10, 86_400)
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4}
_MAX_LINK = 2_000


def as_facility_kind(value: str, words: Words, zone: str | None) -> str:
    """A word of geo.vocabulary.FacilityKind."""
    word = normal(words.get(value, value))
    if word not in FACILITY_WORDS:
        raise Unreadable(f"{value!r} is no kind of place we know; say it with --value kind:{value}=other")
    return FACILITY_WORDS[word].value


def as_count(value: str, words: Words, zone: str | None) -> int:
    """A whole number, with commas and 人 or without."""
    found = re.fullmatch(r"(\d{1,9})\s*(?:人|名)?", value.replace(",", ""))
    if not found:
        raise Unreadable(f"{value!r} is no number of people")
    return int(found[1])


def as_link(value: str, words: Words, zone: str | None) -> str:
    """The address of a picture: http, https or file."""
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme == "file" or bool(parts.hostname)
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError as error:
        raise Unreadable(f"{value[:100]!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https", "file") or not is_whole or len(value) > _MAX_LINK:
        raise Unreadable(f"{value[:100]!r} is no address of a picture (http, https)")
    return value


def as_interval_s(value: str, words: Words, zone: str | None) -> int:
    """Seconds, also written 5分, 300秒, 5 min."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*|秒|分|時間)(?:ごと|毎|間隔)?", value.casefold())
    if not found or found[2] not in UNITS:
        raise Unreadable(f"{value!r} is no interval")
    seconds = round(float(found[1]) * UNITS[found[2]])
    if not INTERVALS_S[0] <= seconds <= INTERVALS_S[1]:
        raise Unreadable(f"an interval of {seconds} s is not between {INTERVALS_S[0]} s and a day")
    return seconds


def as_network_class(value: str, words: Words, zone: str | None) -> int:
    """1 for the first class: 1, 第1次, 一次, 第一次緊急輸送道路, 1st."""
    found = re.search(r"(?<!\d)([1-9])(?!\d)|([一二三四])(?=次|種|級)", words.get(value, value))
    if not found:
        raise Unreadable(f"{value!r} names no class")
    return int(found[1]) if found[1] else _NUMERALS[found[2]]

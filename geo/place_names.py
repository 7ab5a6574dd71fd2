"""Names of places and roads as people write them: one key for all spellings, and what a route's name says.

Everything here is pure: text in, text or values out. Two names are the same place name if their keys are the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

#: Older and variant characters of place names, and the one that stands for them: characters of the table of jōyō kanji
#: (Cabinet notice of 2010) with the older form that the notice gives beside each, and three variants in daily use.
VARIANTS = str.maketrans(
    "澤濱廣邊邉齋齊嶋瀧國櫻髙﨑龍條區縣號圓壽澁靜榮藏驛淺瓣惠寶豐彌鹽學假鐵聯與兒舊鄕",
    "沢浜広辺辺斎斉島滝国桜高崎竜条区県号円寿渋静栄蔵駅浅弁恵宝豊弥塩学仮鉄連与児旧郷",
)
#: Small kana and letters that are written for one another in place names: 霞ヶ関 and 霞が関, 一之宮 and 一の宮.
_KANA = str.maketrans({"ヶ": "ケ", "ヵ": "ケ", "箇": "ケ", "ガ": "ケ", "カ": "ケ", "之": "ノ", "乃": "ノ"})
_BETWEEN = re.compile(r"(?<=[一-鿿々])[ヶヵガカケ箇](?=[一-鿿々])|(?<=[一-鿿々])[之乃ノ](?=[一-鿿々])")
_DROPPED = re.compile(r"[\s・,，、。.'’`´\"()（）\[\]「」〒/]+")
_DASHES = re.compile(r"[‐‑‒–—―−－-]")
_AZA = re.compile(r"大字|小字|(?<=[市区町村])字|^字")
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十百千]+(?=丁目|番地|番|号|条|線)")
_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def kanji_number(text: str) -> int:
    """The value of a number in kanji: 二十三 is 23, 一〇 is 10, 百 is 100. The text holds nothing else."""
    if not any(character in _UNITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total, digit = 0, None
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        else:
            total += (1 if digit is None else digit) * _UNITS[character]
            digit = None
    return total + (digit or 0)


def plain(text: str) -> str:
    """NFKC without case and without marks on Latin letters: Ｒ８ is r8, Tōyama is toyama. Kana keep their marks."""
    out = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        parts = unicodedata.normalize("NFD", character)
        out.append(parts[0] if len(parts) > 1 and parts[0].isascii() else character)
    return "".join(out)


def _to_katakana(text: str) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


@lru_cache(maxsize=4096)
def key_of(text: str) -> str:
    """The key of a name: what all its spellings have in common; "" where nothing is left.

    Width, case, spaces, points and dashes do not count, nor do 大字 and 字; hiragana are katakana, older characters are
    newer ones, 丁目 is counted in figures, and between kanji ヶ, ケ, が and カ are one, as are 之 and の.

        >>> key_of("金沢市　大字 広坂１丁目") == key_of("金沢市廣坂一丁目")
        True
    """
    out = _DASHES.sub("", _DROPPED.sub("", plain(text))).translate(VARIANTS)
    out = _to_katakana(out)
    out = _BETWEEN.sub(lambda found: found.group().translate(_KANA), out)
    out = _KANJI_NUMBER.sub(lambda found: str(kanji_number(found.group())), out)
    return _AZA.sub("", out)


class RouteKind(StrEnum):
    """Which numbering a route's number belongs to."""

    EXPRESSWAY = "expressway"
    NATIONAL = "national"
    PREFECTURAL = "prefectural"
    MUNICIPAL = "municipal"


class Bound(StrEnum):
    """The direction of a road as signs name it: 上り leads to the begin of its numbering, 下り away from it."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class RouteRef:
    """What a text says of a route.

    kind    None: the text gives the number alone
    km      kilometre post, km along the route; None: not named
    rest    what follows the number and is neither direction nor kilometre, as a key: バイパス
    """

    kind: RouteKind | None
    number: int
    bound: Bound | None = None
    km: float | None = None
    rest: str = ""


_NUMBER = r"(?P<number>\d{1,4})(?![\d.])"
_HEADS: tuple[tuple[RouteKind | None, str], ...] = (
    (RouteKind.NATIONAL, rf"(?:一般)?国道{_NUMBER}号?線?"),
    (
        RouteKind.PREFECTURAL,
        rf"(?:[^\d]{{1,3}}県道|[^\d]{{1,3}}府道|主要地方道|一般県道|県道|府道|都道|道道){_NUMBER}号?線?",
    ),
    (RouteKind.MUNICIPAL, rf"(?:市道|町道|村道){_NUMBER}号線?"),
    (RouteKind.PREFECTURAL, rf"pref(?:ectural|\.)?(?:route|road|rd\.?|highway)?{_NUMBER}"),
    (RouteKind.NATIONAL, rf"(?:national|nat\.?)?(?:route|road|rt\.?|highway|hwy\.?)(?:no\.?)?{_NUMBER}"),
    (RouteKind.NATIONAL, rf"r{_NUMBER}"),
    (RouteKind.EXPRESSWAY, rf"e{_NUMBER}"),
    (None, rf"{_NUMBER}号線?"),
    (None, rf"(?:no\.?)?{_NUMBER}"),
)
_ROUTE = [(kind, re.compile(rf"{head}(?P<tail>.*)")) for kind, head in _HEADS]
_KM = re.compile(
    r"(?:kp|キロポスト|距離標)(?P<after>\d{1,4}(?:\.\d{1,3})?)(?![\d.])"
    r"|(?P<whole>\d{1,4})k(?P<metres>\d{3})(?!\d)"
    r"|(?P<before>\d{1,4}(?:\.\d{1,3})?)(?:kp|km|k|キロポスト|キロ地点|キロ)(?!\d)"
)
_BOUNDS = (
    (Bound.UP, re.compile(r"上り(?:線|方面|車線)?|up(?:bound)?(?:line)?|inbound")),
    (Bound.DOWN, re.compile(r"下り(?:線|方面|車線)?|down(?:bound)?(?:line)?|outbound")),
)


def parse_route(text: str) -> RouteRef | None:
    """What a text says of a route; None where it does not begin with the name or the number of one.

    Knows 国道8号, 国道八号線, 国道８号, 県道22号, 石川県道22号, 市道3号線, R8, Route 8, Prefectural road 22, E8, 8号
    and a number alone, each with 上り or 下り and a post in km behind: 国道8号 下り 12.3 km, R8 KP12.3, 8号 12k300.
    """
    compact = re.sub(r"[\s・,、]+", "", _DASHES.sub("", plain(text))).translate(VARIANTS)
    compact = _KANJI_NUMBER.sub(lambda found: str(kanji_number(found.group())), compact)
    for kind, pattern in _ROUTE:
        found = pattern.fullmatch(compact)
        if found is not None:
            return _with_tail(kind, int(found["number"]), found["tail"])
    return None


def _with_tail(kind: RouteKind | None, number: int, tail: str) -> RouteRef | None:
    bound, km = None, None
    for name, pattern in _BOUNDS:
        if pattern.search(tail):
            bound, tail = name, pattern.sub("", tail, count=1)
            break
    found = _KM.search(tail)
    if found is not None:
        km, tail = _kilometres(found), tail[: found.start()] + tail[found.end() :]
    rest = key_of(tail)
    if kind is None and rest:
        return None  # a number at the head of another name: 8番館
    return RouteRef(kind, number, bound, km, rest)


def _kilometres(found: re.Match[str]) -> float:
    if found["whole"] is not None:
        return int(found["whole"]) + int(found["metres"]) / 1000
    return float(found["after"] or found["before"])


#: How a route is written by its numbering, Japanese and English.
_ROUTE_TEXT = {
    RouteKind.EXPRESSWAY: ("E{}", "Expressway E{}"),
    RouteKind.NATIONAL: ("国道{}号", "National Route {}"),
    RouteKind.PREFECTURAL: ("県道{}号", "Prefectural Road {}"),
    RouteKind.MUNICIPAL: ("市道{}号線", "Municipal Road {}"),
}


def route_text(kind: RouteKind, number: int, lang: str) -> str:
    """The name of a route in `ja` or `en`."""
    return _ROUTE_TEXT[kind][lang == "en"].format(number)


#: Endings of municipalities, and what English texts put in their place.
_ENDINGS = {
    "市": ("shi", "city"),
    "町": ("machi", "cho", "town"),
    "村": ("mura", "son", "village"),
    "区": ("ku", "ward"),
}


def keys_of_place(name: str, name_en: str | None, *, is_municipality: bool) -> list[str]:
    """All keys under which a place is found: its name, its English name, a municipality without and with its ending."""
    keys = [key_of(name)]
    endings = _ENDINGS.get(name[-1:], ()) if is_municipality else ()
    if endings and len(name) > 2:
        keys.append(key_of(name[:-1]))
    if name_en:
        english = key_of(name_en)
        keys.append(english)
        keys += [english + ending for ending in endings]
    return list(dict.fromkeys(key for key in keys if key))

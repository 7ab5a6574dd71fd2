"""Degrees as people write them: with minutes and seconds, signs of the compass, Japanese words."""

from __future__ import annotations

import re
import unicodedata

#: 36°33'40.5"N, 北緯36度33分40.5秒, 36 33 40.5, W 5° 30'
_DMS = re.compile(
    r"(?P<head>[NSEW]|北緯|南緯|東経|西経)?\s*(?P<sign>-)?(?P<d>\d{1,3})\s*(?:°|º|度|\s)\s*"
    r"(?:(?P<m>\d{1,2}(?:\.\d+)?)\s*(?:'|′|’|分|\s|$)\s*)?(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|''|″|′′|”|秒|$)\s*)?"
    r"(?P<tail>[NSEW])?",
    re.IGNORECASE,
)
_NEGATIVE = frozenset({"S", "W", "南緯", "西経"})


def degrees_of(text: str) -> float:
    """Decimal degrees of a text such as 36.56, 36°33'40.5\", 北緯36度33分40.5秒; NaN where it is none.

    >>> round(degrees_of("136度39分0秒"), 4)
    136.65
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        return float(plain)
    except ValueError:
        found = _DMS.fullmatch(plain)
    if found is None:
        return float("nan")
    minutes, seconds = float(found["m"] or 0), float(found["s"] or 0)
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    value = int(found["d"]) + minutes / 60 + seconds / 3600
    is_negative = found["sign"] or {(found["head"] or "").upper(), (found["tail"] or "").upper()} & _NEGATIVE
    return -value if is_negative else value

"""How values of plan files are read: times, clocks, numbers, words of our lists."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from geo.timeline import from_us
from geo.vocabulary import Treatment
from ingest.mapping import NO, YES, normal
from ingest.road_values import MANAGERS
from ingest.times import Fault, parse_times

type Words = Mapping[str, str]


class Unreadable(ValueError):
    """A value that cannot be read; says why."""


def as_text(value: str, words: Words, zone: str | None) -> str:
    """The value as it stands, or its word in the source's map."""
    return words.get(value, value)


def as_manager(value: str, words: Words, zone: str | None) -> str:
    """A word of geo.vocabulary.Manager."""
    found = (MANAGERS | dict(words)).get(value)
    if found is None:
        raise Unreadable(f"{value!r} is no manager we know")
    return found


def as_treatment(value: str, words: Words, zone: str | None) -> str:
    """A word of geo.vocabulary.Treatment."""
    known = {**{str(t): str(t) for t in Treatment}, **{t.ja: str(t) for t in Treatment}, **words}
    if value not in known:
        raise Unreadable(f"{value!r} is no treatment we know")
    return known[value]


def as_clock(value: str, words: Words, zone: str | None) -> str:
    """HH:MM of the local clock."""
    found = re.fullmatch(r"(\d{1,2})[:時](\d{2})?(?::\d{2})?分?", value)
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise Unreadable(f"{value!r} is no time of day")
    return f"{int(found[1]):02d}:{int(found[2] or 0):02d}"


def as_moment(value: str, words: Words, zone: str | None) -> str:
    """ISO 8601 in UTC."""
    at_us, fault = parse_times(pa.chunked_array([[value]]), zone)
    if fault[0] != Fault.NONE:
        raise Unreadable(f"{value!r} cannot be read as a time ({Fault(int(fault[0])).name.lower()})")
    return from_us(int(at_us[0])).isoformat()


def as_number(value: str, words: Words, zone: str | None) -> float:
    """A number not below zero, with a unit behind it or without."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:cm|km|m|センチ|㎝)?", value)
    if not found:
        raise Unreadable(f"{value!r} is no number")
    return float(found[1])


def as_km(value: str, words: Words, zone: str | None) -> float:
    """Kilometres, also written 12k300 or 12+300."""
    found = re.fullmatch(r"(\d+)\s*[kK+]\s*(\d{1,3}(?:\.\d+)?)", value)
    return int(found[1]) + float(found[2]) / 1000 if found else as_number(value, words, zone)


def as_flag(value: str, words: Words, zone: str | None) -> bool:
    """True or False."""
    word = normal(words.get(value, value)).casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Unreadable(f"{value!r} is neither yes nor no")

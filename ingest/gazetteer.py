"""Addresses from CSV files: the columns of the national 位置参照情報, or plain ones, as levels of an address each.

The levels are those of jageocoder: 1 prefecture, 2 county, 3 city, 4 ward, 5 大字・町, 6 丁目・小字, 7 街区・地番,
8 住居番号.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geo.errors import InputError
from ingest import encoding as enc
from ingest.files import refuse_empty, require
from ingest.mapping import FieldMap, normal, parts_of, resolve
from ingest.quarantine import Rejects, Why

#: Columns of 街区レベル and 大字・町丁目レベル位置参照情報 (Ministry of Land, Infrastructure, Transport and
#: Tourism), and names that plain tables have.
NAMES: Mapping[str, Sequence[str]] = {
    "pref": ("都道府県名", "都道府県", "県", "pref", "prefecture"),
    "city": ("市区町村名", "市区町村", "市町村名", "市町村", "市町", "city", "municipality"),
    "oaza": (
        "大字・丁目名", "大字_丁目名", "大字町丁目名", "大字・町丁目名", "大字町丁目", "町丁目名", "町丁目",
        "大字・町名", "大字", "町名", "oaza", "town", "machiaza",
    ),
    "chome": ("丁目", "丁目名", "chome"),
    "koaza": ("小字・通称名", "小字_通称名", "小字", "小字名", "通称名", "koaza", "aza"),
    "block": ("街区符号・地番", "街区符号_地番", "街区符号", "街区", "地番", "番地", "banchi", "block"),
    "number": ("住居番号", "号", "go", "number"),
    "lon": ("経度", "lon", "lng", "longitude", "x"),
    "lat": ("緯度", "lat", "latitude", "y"),
    "has_blocks": ("住居表示フラグ", "has_blocks"),
    "is_main": ("代表フラグ", "is_main"),
    "synthetic": ("synthetic",),
}  # fmt: skip
REQUIRED = ("pref", "city", "lon", "lat")
#: Japan from 与那国島 to 南鳥島 and from 沖ノ鳥島 to 択捉島, degrees (the ends of Japan as the Geospatial Information
#: Authority gives them).
WEST, EAST, SOUTH, NORTH = 122.9, 154.0, 20.4, 45.6
#: Stands in the files where a municipality has no 大字; the name of such a node in a dictionary.
NO_OAZA, NONAME = frozenset({"", "(大字なし)", "大字なし", "-", "0"}), "."
_CHOME = re.compile(r"(?P<oaza>.*[^〇一二三四五六七八九十百\d])(?P<chome>[〇一二三四五六七八九十百]+|\d+)丁目")
_COUNTY = re.compile(r"(?P<county>.{1,4}?郡)(?P<town>.+[町村])")
_WARD = re.compile(r"(?P<city>.+?市)(?P<ward>.+区)")
_PLAIN_NUMBER = re.compile(r"\d+")
_KANJI = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Address:
    """One address with its place: elements (level, name) from the prefecture down, degrees of WGS 84."""

    elements: tuple[tuple[int, str], ...]
    lon: float
    lat: float


@dataclass(slots=True)
class Gazetteer:
    """What files hold: addresses in their order, what was left out and why, whether all of it is made up.

    n_minor  rows that are further points of an address that has a main one (代表フラグ 0)
    """

    addresses: list[Address] = field(default_factory=list)
    rejects: Rejects = field(default_factory=Rejects)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    n_rows: int = 0
    n_minor: int = 0
    n_synthetic: int = 0

    @property
    def is_synthetic(self) -> bool:
        """Whether any row says that it was made up."""
        return self.n_synthetic > 0


def read_gazetteer(files: Sequence[Path], given: Mapping[str, str] | None = None, encoding: str | None = None,
                   progress: Callable[[int, int], None] | None = None) -> Gazetteer:  # fmt: skip
    """Read address files; `given` maps fields of NAMES to columns, encoding is found where None.

    Raises InputError for a file without rows, or one whose rows are all left out; MappingError for a missing column.
    """
    found = Gazetteer()
    for n, path in enumerate(files):
        before = len(found.addresses)
        _read_file(path, given or {}, encoding, found)
        if len(found.addresses) == before:
            reasons = ", ".join(f"{n} {why}" for why, n in found.rejects.by_reason().items()) or "no rows"
            raise InputError(f"{path}: no address in it ({reasons}).", hint="Look at its columns; --map names them.")
        if progress is not None:
            progress(n + 1, len(files))
    return found


def _read_file(path: Path, given: Mapping[str, str], encoding: str | None, found: Gazetteer) -> None:
    refuse_empty(require(path))
    text, codec = enc.decode(path.read_bytes(), encoding, str(path))
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=head.count))
    columns = [normal(cell) for cell in next(reader, [])]
    fields = resolve(columns, given, NAMES, REQUIRED, str(path))
    found.columns[path.name], found.encodings[path.name] = fields.describe(), str(codec)
    take = _taker(fields, columns)
    for row in reader:
        if not row:
            continue
        found.n_rows += 1
        if len(row) != len(columns):
            detail = f"{len(row)} cells where the header has {len(columns)}"
            found.rejects.add(Why.MALFORMED, detail, {"file": path.name}, line=reader.line_num)
            continue
        cells = take([normal(cell) for cell in row])
        if cells.get("is_main") == "0":
            found.n_minor += 1
            continue
        address = _address(cells, path.name, reader.line_num, found.rejects)
        if address is not None:
            found.addresses.append(address)
            found.n_synthetic += cells.get("synthetic", "").casefold() in ("true", "1")


def _taker(fields: FieldMap, columns: Sequence[str]) -> Callable[[Sequence[str]], dict[str, str]]:
    """What gives the cells of a row by field."""
    parts: dict[str, list[int] | str] = {}
    for name, expression in fields.columns.items():
        is_constant = expression.startswith("=") and expression not in columns
        parts[name] = expression[1:] if is_constant else [columns.index(c) for c, _ in parts_of(expression, columns)]

    def take(row: Sequence[str]) -> dict[str, str]:
        return {n: at if isinstance(at, str) else "".join(row[i] for i in at) for n, at in parts.items()}

    return take


def _address(cells: Mapping[str, str], file: str, line: int, rejects: Rejects) -> Address | None:
    where = {"file": file, "cells": dict(cells)}
    try:
        lon, lat = float(cells["lon"]), float(cells["lat"])
    except ValueError:
        rejects.add(Why.NOT_A_NUMBER, f"{cells['lon']!r}, {cells['lat']!r}", where, line=line)
        return None
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        is_swapped = WEST <= lat <= EAST and SOUTH <= lon <= NORTH
        why = Why.SWAPPED_COORDINATES if is_swapped else Why.OUTSIDE_AREA
        rejects.add(why, f"{lon}, {lat} lies outside Japan", where, line=line)
        return None
    if not cells["pref"] or not cells["city"]:
        rejects.add(Why.MISSING_FIELD, "pref or city is empty", where, line=line)
        return None
    return Address(tuple(elements_of(cells)), lon, lat)


def elements_of(cells: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """The elements (level, name) of an address from its cells by field, from the prefecture down."""
    yield 1, cells["pref"]
    yield from _city(cells["city"])
    oaza, chome, koaza = (cells.get(name, "") for name in ("oaza", "chome", "koaza"))
    block, number = cells.get("block", ""), cells.get("number", "")
    oaza = "" if oaza in NO_OAZA else re.sub(r"^(?:大字|字)(?=.)", "", oaza)
    split = _CHOME.fullmatch(oaza)
    if split is not None and not chome:
        oaza, chome = split["oaza"], split["chome"]
    if not oaza and not chome and not koaza and not block:
        return
    yield 5, oaza or NONAME
    if chome:
        yield 6, chome_text(chome.removesuffix("丁目"))
    if koaza and koaza not in NO_OAZA:
        yield 6, koaza
    if block:
        ending = "番" if cells.get("has_blocks") == "1" else "番地"
        yield 7, block + ending if _PLAIN_NUMBER.fullmatch(block) else block
        if number:
            yield 8, number + "号" if _PLAIN_NUMBER.fullmatch(number) else number


def _city(name: str) -> Iterator[tuple[int, str]]:
    """河北郡津幡町 is a county and a town, 札幌市中央区 a city and a ward; 大和郡山市 is one city."""
    if (found := _COUNTY.fullmatch(name)) is not None:
        yield 2, found["county"]
        yield 3, found["town"]
    elif (found := _WARD.fullmatch(name)) is not None:
        yield 3, found["city"]
        yield 4, found["ward"]
    else:
        yield 3, name


def chome_text(number: str) -> str:
    """三丁目 from 三 or 3, as addresses are written; a number of more than two figures stays as it is."""
    if not number.isdigit() or not number.isascii() or len(number) > 2:
        return f"{number}丁目"
    tens, ones = divmod(int(number), 10)
    head = "" if tens == 0 else "十" if tens == 1 else _KANJI[tens] + "十"
    return f"{head}{_KANJI[ones] if ones else ''}丁目"

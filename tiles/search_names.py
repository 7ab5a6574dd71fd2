"""Names with their places in memory: found by key at the speed of one search through a string.

All keys stand in one text with an end of line between. A question is looked up in it three times: as a whole key, as
the begin of one, anywhere. Columns, not objects, since a prefecture has tens of thousands of named streets.
"""

from __future__ import annotations

import io
import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from geo.place_names import RouteKind, RouteRef, key_of, keys_of_place, parse_route
from geo.vocabulary import RoadClass

type Point = tuple[float, float]
type Box = tuple[float, float, float, float]

KINDS = (
    "municipality", "settlement", "facility", "place", "route", "road", "plough_route", "work_section", "bus_stop",
)  # fmt: skip
PIECE = np.dtype([("piece_id", ">i8"), ("lon", ">f8"), ("lat", ">f8")])
#: Metres of a degree of latitude: the mean radius of WGS 84 (6,371,008.8 m) times pi / 180.
DEGREE_M = 111_195.0
#: So many hits of each quality are looked at; they stand in the order of their importance.
LOOKED_AT = 400


class Quality(IntEnum):
    """How well a key fits, and the score that a hit begins with."""

    EXACT = 100
    PREFIX = 80
    CONTAINED = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One named thing as it is read. areas: municipalities, the main one first; pieces: bytes of PIECE, for roads."""

    kind: str
    name: str
    name_en: str | None
    words: tuple[str, str] | None
    areas: tuple[str, ...]
    point: Point
    box: Box
    route: RouteRef | None = None
    road_name: str | None = None
    pieces: bytes = b""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found. n_more: letters of its key beyond the question."""

    row: int
    quality: Quality
    n_more: int


@dataclass(slots=True)
class Names:
    """n named things. point (n, 2) and box (n, 4) in degrees; span (n, 2) positions in pieces, empty where no road is.

    area_en    English names of municipalities
    area_keys  keys of municipalities with their rows, the longest first
    text       all keys, each with an end of line before and behind; starts and owner: where each begins, and its row
    """

    kind: array[int] = field(default_factory=lambda: array("b"))
    name: list[str] = field(default_factory=list)
    name_en: dict[int, str] = field(default_factory=dict)
    words: dict[int, tuple[str, str]] = field(default_factory=dict)
    areas: list[tuple[str, ...]] = field(default_factory=list)
    road_name: dict[int, str] = field(default_factory=dict)
    route: dict[int, RouteRef] = field(default_factory=dict)
    by_number: dict[int, list[int]] = field(default_factory=dict)
    area_keys: list[tuple[str, int]] = field(default_factory=list)
    area_en: dict[str, str] = field(default_factory=dict)
    point: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    box: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    span: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    pieces: NDArray[np.void] = field(default_factory=lambda: np.empty(0, PIECE))
    text: str = "\n"
    starts: array[int] = field(default_factory=lambda: array("l"))
    owner: array[int] = field(default_factory=lambda: array("l"))

    def __len__(self) -> int:
        return len(self.name)

    @staticmethod
    def of(rows: Iterable[Row]) -> Names:
        """The names of rows, which come in the order of their importance."""
        builder = Builder()
        builder.add(rows)
        return builder.names()

    def match(self, question: str) -> list[Hit]:
        """The rows of which a key fits the key of a question, each once, the best fits first."""
        if not question or "\n" in question:
            return []
        found: dict[int, Hit] = {}
        searches = ((Quality.EXACT, f"\n{question}\n", 1), (Quality.PREFIX, f"\n{question}", 1),
                    (Quality.CONTAINED, question, 0))  # fmt: skip
        for quality, text, before in searches:
            for at in self._positions(text):
                key = bisect_right(self.starts, at + before) - 1
                row = self.owner[key]
                if row not in found:
                    end = self.text.index("\n", at + before)
                    found[row] = Hit(row, quality, end - self.starts[key] - len(question))
        return list(found.values())

    def _positions(self, text: str) -> Iterator[int]:
        at, n = self.text.find(text), 0
        while at >= 0 and n < LOOKED_AT:
            yield at
            at, n = self.text.find(text, at + 1), n + 1

    def routes(self, asked: RouteRef) -> list[Hit]:
        """The rows of a route: those of its number, and of its numbering where that was said."""
        rows = (row for row in self.by_number.get(asked.number, ()) if _is_of(self.route[row], asked))
        return [Hit(row, Quality.EXACT, 0 if row not in self.road_name else 1) for row in rows]

    def place_on(self, row: int, near: Point | None) -> tuple[float, float, int | None]:
        """Longitude, latitude and piece of a row: of a road the piece nearest to a point, or to the middle of them."""
        begin, end = self.span[row]
        lon, lat = self.point[row]
        if begin == end:
            return float(lon), float(lat), None
        pieces = self.pieces[begin:end]
        if near is None:
            near = float(pieces["lon"].mean()), float(pieces["lat"].mean())
        x = (pieces["lon"] - near[0]) * math.cos(math.radians(near[1]))
        best = pieces[int(np.argmin(x**2 + (pieces["lat"] - near[1]) ** 2))]
        return float(best["lon"]), float(best["lat"]), int(best["piece_id"])

    def split_area(self, question: str) -> tuple[int, str] | None:
        """(row of a municipality, rest of the question) where a question begins with a municipality's name."""
        for key, row in self.area_keys:
            rest = question.removeprefix(key)
            if rest and rest != question:
                return row, rest
        return None


class Builder:
    """Takes rows in portions, so that no more than one of them lies in memory beside the columns."""

    def __init__(self) -> None:
        self._names = Names()
        self._text = io.StringIO()
        self._position = self._text.write("\n")
        self._point, self._box, self._span = array("d"), array("d"), array("q")
        self._pieces = bytearray()
        self._areas: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows, which come in the order of their importance."""
        out = self._names
        for n, row in enumerate(rows, len(out)):
            self._head(n, row)
            for key in _keys(row):
                out.starts.append(self._position)
                out.owner.append(n)
                self._position += self._text.write(f"{key}\n")
                if row.kind == "municipality":
                    out.area_keys.append((key, n))
            self._point.extend(row.point)
            self._box.extend(row.box)
            begin = len(self._pieces) // PIECE.itemsize
            self._pieces += row.pieces
            self._span.extend((begin, len(self._pieces) // PIECE.itemsize))

    def _head(self, n: int, row: Row) -> None:
        out = self._names
        out.kind.append(KINDS.index(row.kind))
        out.name.append(row.name)
        out.areas.append(self._areas.setdefault(row.areas, row.areas))
        if row.name_en:
            out.name_en[n] = row.name_en
            if row.kind == "municipality":
                out.area_en[row.name] = row.name_en
        if row.words is not None:
            out.words[n] = row.words
        if row.road_name:
            out.road_name[n] = row.road_name
        if row.route is not None:
            out.route[n] = row.route
            out.by_number.setdefault(row.route.number, []).append(n)

    def names(self) -> Names:
        """What was taken."""
        out = self._names
        out.area_keys.sort(key=lambda pair: -len(pair[0]))
        out.text = self._text.getvalue()
        out.point = np.frombuffer(self._point, np.float64).reshape(-1, 2)
        out.box = np.frombuffer(self._box, np.float64).reshape(-1, 4)
        out.span = np.frombuffer(self._span, np.int64).reshape(-1, 2)
        out.pieces = np.frombuffer(bytes(self._pieces), PIECE)
        return out


def _is_of(found: RouteRef, asked: RouteRef) -> bool:
    return asked.kind in (None, found.kind) and found.rest.startswith(asked.rest)


def _keys(row: Row) -> list[str]:
    keys = keys_of_place(row.name, row.name_en, is_municipality=row.kind == "municipality")
    if row.kind == "route" and row.road_name:
        keys += [key_of(row.road_name), key_of(row.name + row.road_name)]
    return list(dict.fromkeys(keys))


#: The numbering that a road's class says of a route that is a number alone.
_KIND_OF_CLASS = {
    RoadClass.EXPRESSWAY: RouteKind.EXPRESSWAY, RoadClass.NATIONAL: RouteKind.NATIONAL,
    RoadClass.MAJOR_PREFECTURAL: RouteKind.PREFECTURAL, RoadClass.PREFECTURAL: RouteKind.PREFECTURAL,
}  # fmt: skip


def route_of(route: str | None, name: str | None, road_class: str) -> RouteRef | None:
    """The route of a road by its columns: route, else its name; a number alone is of the numbering of its class."""
    for text in (route, name):
        found = parse_route(text) if text else None
        if found is not None and found.km is None:
            kind = found.kind or _KIND_OF_CLASS.get(RoadClass(road_class))
            return None if kind is None else RouteRef(kind, found.number, None, None, found.rest)
    return None


def distance_m(a: Sequence[float], b: Sequence[float]) -> float:
    """Metres between two points (longitude, latitude) on a sphere flattened at their latitude; good over short ways."""
    east = (a[0] - b[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return DEGREE_M * math.hypot(east, a[1] - b[1])

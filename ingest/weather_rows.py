"""What a weather file says: observations by station, read by one of several readers and judged here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from ingest.mapping import normal
from ingest.quarantine import Rejects, Why

type Quantity = Literal["snow_depth", "snowfall"]

#: Deeper snow than this is an error of the station. The deepest that AMeDAS has measured is 566 cm (Sukayu 酸ヶ湯,
#: 2013-02-26, Japan Meteorological Agency).
DEPTH_MAX_CM = 800.0
#: More than this in one observation is an error, whatever its span.
FALL_MAX_CM = 300.0


@dataclass(frozen=True, slots=True)
class WeatherRow:
    """An observation. span_min 0: a depth; else what fell in so many minutes before `at`.

    value_cm    None: the source says that it has none;  quality  its own code, None without one
    is_usable   there is a value and its quality allows its use
    """

    station: str
    at: datetime
    span_min: int
    value_cm: float | None
    quality: int | None
    is_usable: bool
    line: int | None = None
    item: int | None = None

    @property
    def quantity(self) -> Quantity:
        """The word of raw.weather."""
        return "snowfall" if self.span_min else "snow_depth"


@dataclass(slots=True)
class WeatherFile:
    """What was read. n_elsewhere counts values of stations that the source's table does not have, left out."""

    rows: list[WeatherRow] = field(default_factory=list)
    rejects: Rejects = field(default_factory=Rejects)
    n_elsewhere: int = 0
    encoding: str = ""
    mapping: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """The stations of a source: id by its number, number by its name, and which do not measure snow."""

    ids: Mapping[str, int]
    names: Mapping[str, str]
    snowless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """Moments that are taken: after `earliest`, and not later than `latest`."""

    earliest: datetime
    latest: datetime


def number(text: Any) -> float | None:
    """The number of a cell; None for an empty one. Raises ValueError for what is no finite number."""
    if text is None or (isinstance(text, str) and not normal(text)):
        return None
    value = float(normal(text) if isinstance(text, str) else text)
    if isinstance(text, bool) or not math.isfinite(value):
        raise ValueError(f"{text!r} is no number")
    return value


def judge(row: WeatherRow, span: Span) -> tuple[Why, str] | None:
    """Why an observation cannot be taken; None where it can."""
    if row.at > span.latest:
        return Why.FUTURE_TIME, f"{row.at.isoformat()} lies ahead"
    if row.at < span.earliest:
        return Why.TOO_OLD, f"{row.at.isoformat()} is before {span.earliest.isoformat()}"
    most = FALL_MAX_CM if row.span_min else DEPTH_MAX_CM
    if row.value_cm is not None and not 0 <= row.value_cm <= most:
        return Why.OUT_OF_RANGE, f"{row.quantity} {row.value_cm:g} cm is not between 0 and {most:g}"
    return None


def sift(read: WeatherFile, known: Known, span: Span, *, is_national: bool) -> WeatherFile:
    """The rows of known stations that can be taken; the others go to its rejects.

    is_national  True: the file names stations of the whole country; those that the source's table does not have are
                 counted and left out. False: each of them is a mistake and goes to quarantine.
    What a station that does not measure snow says without a usable value is left out too.
    """
    rows: list[WeatherRow] = []
    for row in read.rows:
        payload = {"station": row.station, "at": row.at.isoformat(), row.quantity: row.value_cm, "quality": row.quality}
        if row.station not in known.ids:
            if is_national:
                read.n_elsewhere += 1
            else:
                detail = f"station {row.station!r} is not in the table of the source"
                read.rejects.add(Why.UNKNOWN_STATION, detail, payload, line=row.line, item=row.item)
        elif (why := judge(row, span)) is not None:
            read.rejects.add(*why, payload, line=row.line, item=row.item)
        elif row.is_usable or row.station not in known.snowless:
            rows.append(row)
    read.rows = rows
    return read


def latest_words(rows: Iterable[WeatherRow]) -> Sequence[WeatherRow]:
    """One row for each station, quantity, span and moment: the last one said."""
    return list({(row.station, row.span_min, row.at): row for row in rows}.values())


def in_day(year: int, month: int, day: int, hour: int, minute: int, zone: Any) -> datetime:
    """A moment by its parts on the clock of a zone; hour 24 is the end of the day. Raises ValueError."""
    if not 0 <= hour <= 24:
        raise ValueError(f"hour {hour}")
    return datetime(year, month, day, 0, minute, tzinfo=zone) + timedelta(hours=hour)

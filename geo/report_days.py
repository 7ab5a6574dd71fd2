"""Local days and their hour bands as spans of absolute time: 23 or 25 hours where a clock is set, no minute twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.timeline import from_us, to_us

type Ints = NDArray[np.int64]


def local_moment(day: date, minute: int, zone: str) -> int:
    """Microseconds since the epoch at which the clock of a zone first shows that minute of a day, or passes over it.

    A minute that a clock skips is the moment of the change; of one that it shows twice the first counts.
    """
    wall = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(zone))
    moment = wall.astimezone(UTC)
    if moment.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return to_us(moment)
    low, high = to_us(wall.replace(fold=1).astimezone(UTC)), to_us(moment)
    before = from_us(low).astimezone(wall.tzinfo).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if from_us(middle).astimezone(wall.tzinfo).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def day_span(day: date, zone: str) -> tuple[int, int]:
    """First microsecond of a local day, and that of the next one."""
    return local_moment(day, 0, zone), local_moment(day + timedelta(days=1), 0, zone)


def local_day(at_us: int, zone: str) -> date:
    """The local day of a moment."""
    return from_us(at_us).astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True, slots=True)
class Borders:
    """Where local days and bands begin.

    at_us  (B,) ascending, the last one closes the last day
    day    (B,) ordinal of the local day that begins or goes on there
    band   (B,) position of the band that begins or goes on there
    """

    at_us: Ints
    day: Ints
    band: Ints


def borders_of(first: date, last: date, starts_min: tuple[int, ...], zone: str) -> Borders:
    """The borders of all days from first to last, both inclusive. The band of the last start goes on over midnight."""
    rows: dict[int, tuple[int, int]] = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        starts = list(enumerate(starts_min))
        if starts_min[0] > 0:
            starts.insert(0, (len(starts_min) - 1, 0))
        for band, minute in starts:
            rows[local_moment(day, minute, zone)] = (day.toordinal(), band)
    rows[day_span(last, zone)[1]] = (last.toordinal() + 1, len(starts_min) - 1 if starts_min[0] else 0)
    ordered = sorted((at, *rest) for at, rest in rows.items())
    at, day_of, band_of = (np.array(column, np.int64) for column in zip(*ordered, strict=True))
    return Borders(at, day_of, band_of)

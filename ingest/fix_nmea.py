"""Fixes from NMEA 0183 logs: RMC for position, time, speed and course, GGA of the same time for the accuracy.

A sentence is `$ttSSS,…*hh`, hh the exclusive or of the bytes between $ and * (NMEA 0183, as described in the manuals
of u-blox and SiRF). RMC carries the date; a GGA without an RMC of its time takes the date of the last RMC, one day on
where its clock has passed midnight since. Times are UTC and positions WGS 84 by the standard.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.settings import SourceSettings
from geo.timeline import to_us
from ingest.fix_batch import BATCH_ROWS, RawBatch, ReadState
from ingest.quarantine import Why

SUFFIXES = (".nmea", ".nma", ".gps", ".ubx.txt")
#: Accuracy claimed per unit of horizontal dilution, metres: user equivalent range error of single-frequency GPS of a
#: few metres (Kaplan & Hegarty, Understanding GPS/GNSS, 3rd ed., table 10.4 gives 4 to 7).
METRES_PER_HDOP = 5.0
KNOT_MPS = 1852 / 3600
_FIELDS = ("vehicle", "at", "lon", "lat", "heading", "speed", "accuracy")


def checksum(body: str) -> int:
    """Exclusive or of the bytes of a sentence between $ and *."""
    return functools.reduce(operator.xor, body.encode("latin-1"), 0)


def degrees(text: str, side: str) -> float:
    """Degrees of ddmm.mmmm or dddmm.mmmm and its hemisphere. Raises ValueError."""
    point = text.index(".") if "." in text else len(text)
    whole, minutes = float(text[: point - 2] or "0"), float(text[point - 2 :])
    if not 0 <= minutes < 60 or side not in ("N", "S", "E", "W"):
        raise ValueError(f"{text} {side}")
    return (whole + minutes / 60) * (-1 if side in ("S", "W") else 1)


def clock(text: str) -> timedelta:
    """Time of day of hhmmss.sss. Raises ValueError."""
    hours, minutes, seconds = int(text[:2]), int(text[2:4]), float(text[4:])
    if not (hours < 24 and minutes < 60 and 0 <= seconds < 61):
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes, microseconds=round(seconds * 1e6))


def date(text: str) -> datetime:
    """Midnight UTC of ddmmyy; years from 80 on are of the last century. Raises ValueError."""
    year = int(text[4:6])
    return datetime(year + (1900 if year >= 80 else 2000), int(text[2:4]), int(text[:2]), tzinfo=UTC)


@dataclass(slots=True)
class _Log:
    """The state of one log: the last RMC's date and clock, and the fixes so far."""

    path: Path
    vehicle: str
    state: ReadState
    day: datetime | None = None
    last: timedelta = timedelta(0)
    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    undated: list[tuple[int, str, list[str]]] = field(default_factory=list)
    n_done: int = 0

    def reject(self, line: int, text: str, reason: Why, detail: str) -> None:
        self.state.n_read += 1
        self.state.rejects.add(reason, detail, {"file": self.path.name, "text": text}, line=line)

    def sentence(self, line: int, text: str) -> None:
        """One line of the log; sentences of other kinds are no fixes and pass by."""
        start = text.find("$")
        body, star, given = text[start + 1 :].partition("*")
        kind = body.split(",", 1)[0][2:5]
        if start < 0 or kind not in ("RMC", "GGA"):
            if start < 0 and text.strip():
                self.reject(line, text, Why.MALFORMED, "no NMEA sentence")
            return
        try:
            stated = int(given[:2], 16) if star else None
        except ValueError:
            stated = -1
        if stated is None or stated != checksum(body):
            self.reject(
                line, text, Why.BAD_CHECKSUM, f"the checksum is {given[:2] or 'missing'}, not {checksum(body):02X}"
            )
            return
        try:
            (self._rmc if kind == "RMC" else self._gga)(line, text, body.split(","))
        except (ValueError, IndexError):
            self.reject(line, text, Why.MALFORMED, f"a field of {kind} cannot be read")

    def _rmc(self, line: int, text: str, f: list[str]) -> None:
        if f[2] != "A" or not f[3] or not f[5]:
            self.reject(line, text, Why.NO_POSITION, "the receiver had no valid fix (status V)")
            return
        at, day = clock(f[1]), date(f[9])
        row: dict[str, Any] = {"lat": degrees(f[3], f[4]), "lon": degrees(f[5], f[6]), "at": to_us(day + at)}
        row["speed"] = float(f[7]) * KNOT_MPS if f[7] else None
        row["heading"] = float(f[8]) if f[8] else None
        first = self.day is None
        self.day, self.last = day, at
        if first:
            waiting, self.undated = self.undated, []
            for earlier in waiting:
                self._gga_dated(*earlier, day if clock(earlier[2][1]) <= at else day - timedelta(days=1))
        self._put(line, text, row)

    def _gga(self, line: int, text: str, f: list[str]) -> None:
        clock(f[1])
        if f[6] in ("", "0") or not f[2] or not f[4]:
            self.reject(line, text, Why.NO_POSITION, "the receiver had no valid fix (quality 0)")
        elif self.day is None:
            self.undated.append((line, text, f))
        else:
            at = clock(f[1])
            if self.last - at > timedelta(hours=12):
                self.day += timedelta(days=1)
            self.last = at
            self._gga_dated(line, text, f, self.day)

    def _gga_dated(self, line: int, text: str, f: list[str], day: datetime) -> None:
        at_us = to_us(day + clock(f[1]))
        row: dict[str, Any] = {"lat": degrees(f[2], f[3]), "lon": degrees(f[4], f[5]), "at": at_us}
        row["accuracy"] = float(f[8]) * METRES_PER_HDOP if f[8] else None
        self._put(line, text, row)

    def _put(self, line: int, text: str, row: dict[str, Any]) -> None:
        """Add a fix; RMC and GGA of one moment are one fix."""
        if self.rows and self.rows[-1]["at"] == row["at"]:
            known = {key: value for key, value in row.items() if value is not None}
            self.rows[-1] |= {k: v for k, v in known.items() if self.rows[-1].get(k) is None}
            return
        self.rows.append(row | {"vehicle": self.vehicle})
        self.lines.append(line)
        self.texts.append(text)

    def batch(self) -> RawBatch:
        """The fixes so far, handed on."""
        kinds = {"vehicle": pa.string(), "at": pa.timestamp("us", "UTC")}
        columns = {
            name: pa.chunked_array([pa.array([row.get(name) for row in self.rows], kinds.get(name, pa.float64()))])
            for name in _FIELDS
        }
        texts, n = self.texts, len(self.rows)
        item, line = np.arange(n) + self.n_done, np.array(self.lines, np.int64)
        self.rows, self.lines, self.texts, self.n_done = [], [], [], self.n_done + n

        def payload(i: int) -> dict[str, Any]:
            return {"file": self.path.name, "text": texts[i]}

        return RawBatch(columns, line, item, payload, is_standard=True)


def is_nmea(path: Path) -> bool:
    """Whether a file holds NMEA sentences, by its name or its first bytes."""
    if path.name.lower().endswith(SUFFIXES):
        return True
    if path.suffix.lower() not in (".txt", ".log", ".dat"):
        return False
    with path.open("rb") as stream:
        return stream.read(1) == b"$"


def read_nmea(
    path: Path, source: SourceSettings, state: ReadState, progress: Callable[[int], None]
) -> Iterator[RawBatch]:
    """Batches of a log. The vehicle is the source's constant (`vehicle: "=S-17"`), else the file's name.

    Rows are fixes and rejected sentences: RMC and GGA of one moment count as one. Raises InputError for a file without
    any RMC or GGA.
    """
    constant = source.fields.get("vehicle", "")
    log = _Log(path, constant[1:] if constant.startswith("=") else path.stem, state)
    state.mapping = {"vehicle": constant or "name of the file", "*": "NMEA 0183 RMC and GGA"}
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            log.sentence(number, raw.decode("latin-1").rstrip("\r\n"))
            progress(len(raw))
            if len(log.rows) > BATCH_ROWS:
                yield log.batch()
    for line, text, _ in log.undated:
        log.reject(line, text, Why.UNPARSABLE_TIME, "no RMC gives the date of this GGA")
    if log.rows:
        yield log.batch()
    elif not log.n_done and not len(state.rejects):
        raise InputError(f"{path}: has no RMC or GGA sentence.", hint="Is it an NMEA 0183 log?")

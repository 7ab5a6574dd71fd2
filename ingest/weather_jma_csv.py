"""Snow depth as CSV of the Japan Meteorological Agency, CP932: the latest values, and downloads of the past.

Latest values (最新の気象データ, snc00_rct.csv): one row a station, with its number, the parts of the time, the depth
and the code of its quality. Past values by hour (過去の気象データ・ダウンロード): one column group a station, by name
alone, 積雪(cm) and 降雪(cm), each with a column of quality. Codes: 8 normal 正常値, 5 nearly so 準正常値; others are
not used: 4 too little data, 3 and 2 doubtful, 1 none, 0 not observed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from geo.errors import InputError
from ingest import encoding as enc
from ingest.mapping import normal
from ingest.quarantine import Why
from ingest.weather_rows import Known, WeatherFile, WeatherRow, in_day, number

USABLE = frozenset({5, 8})
#: Beginnings of the first cell, after NFKC.
LATEST, PAST = "観測所番号", "ダウンロードした時刻"
_TIME = tuple(f"現在時刻({part})" for part in "年月日時分")
_DEPTH, _DEPTH_QUALITY = "現在の積雪の深さ(cm)", "現在の積雪の深さの品質情報"
#: Item of a past download to the minutes in which it fell.
_ITEMS = {"積雪(cm)": 0, "降雪(cm)": 60}


def read_jma_csv(path: Path, given: str | None, zone: str, known: Known) -> WeatherFile:
    """Read either file. Raises InputError for what is neither, for a wrong encoding, for stations that nobody knows."""
    text, encoding = enc.decode(path.read_bytes(), given, str(path))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    head = normal(rows[0][0]) if rows and rows[0] else ""
    read = WeatherFile(encoding=str(encoding))
    if head.startswith(LATEST):
        _latest(read, rows, zone, path)
    elif head.startswith(PAST):
        _past(read, rows, zone, path, known)
    else:
        raise InputError(f"{path}: neither the latest values nor a download of past ones.", hint="See docs/snow.md.")
    return read


def _latest(read: WeatherFile, rows: Sequence[Sequence[str]], zone: str, path: Path) -> None:
    names = [normal(cell) for cell in rows[0]]
    wanted = (LATEST, *_TIME, _DEPTH, _DEPTH_QUALITY)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}.", hint="Take in the file of snow depth, snc00_rct.")
    at = [names.index(name) for name in wanted]
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        payload: dict[str, object] = {"file": path.name, "cells": list(row)}
        if len(row) != len(names):
            detail = f"{len(row)} cells where the header has {len(names)}"
            read.rejects.add(Why.MALFORMED, detail, payload, line=line)
            continue
        station, year, month, day, hour, minute, depth, quality = (normal(row[i]) for i in at)
        try:
            moment = in_day(int(year), int(month), int(day), int(hour), int(minute), ZoneInfo(zone))
        except ValueError:
            read.rejects.add(Why.UNPARSABLE_TIME, "the time cannot be read", payload, line=line)
            continue
        _add(read, station, moment, 0, depth, quality, payload, line)


def _add(
    read: WeatherFile, station: str, at: datetime, span_min: int, value: str, quality: str, payload: dict[str, object],
    line: int,
) -> None:  # fmt: skip
    try:
        found, code = number(value), None if not quality else int(quality)
    except ValueError:
        read.rejects.add(Why.NOT_A_NUMBER, f"{value!r} with quality {quality!r}", payload, line=line)
        return
    is_usable = found is not None and code in USABLE
    read.rows.append(WeatherRow(station, at, span_min, found, code, is_usable, line=line))


@dataclass(frozen=True, slots=True)
class _Group:
    """Where a value and the code of its quality stand."""

    station: str
    span_min: int
    value: int
    quality: int


def _past(read: WeatherFile, rows: Sequence[Sequence[str]], zone: str, path: Path, known: Known) -> None:
    cells = [[normal(cell) for cell in row] for row in rows]
    top = next((i for i, row in enumerate(cells) if row and row[0] == "年月日時"), None)
    if not top:
        raise InputError(
            f"{path}: no column 年月日時: it holds no values by hour, or its date stands in several columns.",
            hint="Download values by hour 時別値, the date in one column.",
        )
    body = next((i for i in range(top + 1, len(cells)) if cells[i] and cells[i][0]), len(cells))
    groups = list(_groups(cells[top - 1], cells[top], cells[top + 1 : body], path, known))
    for line, row in enumerate(cells[body:], body + 1):
        if not any(row):
            continue
        payload: dict[str, object] = {"file": path.name, "cells": list(row)}
        moment = _hour(row[0], zone)
        if moment is None:
            read.rejects.add(Why.UNPARSABLE_TIME, f"{row[0]!r} cannot be read as a time", payload, line=line)
            continue
        if len(row) != len(cells[top]):
            detail = f"{len(row)} cells where the header has {len(cells[top])}"
            read.rejects.add(Why.MALFORMED, detail, payload, line=line)
            continue
        for group in groups:
            _add(read, group.station, moment, group.span_min, row[group.value], row[group.quality], payload, line)


def _groups(
    places: Sequence[str], items: Sequence[str], labels: Sequence[Sequence[str]], path: Path, known: Known
) -> Iterator[_Group]:
    """The columns of snow: the value is the column of its group without a label, its quality the one labelled so."""
    columns: dict[tuple[str, str], list[int]] = {}
    for i, (place, item) in enumerate(zip(places, items, strict=False)):
        if item in _ITEMS:
            columns.setdefault((place, item), []).append(i)
    if not columns:
        raise InputError(f"{path}: no column 積雪(cm) or 降雪(cm).", hint="Choose these items for the download.")
    unknown = sorted({place for place, _ in columns if place not in known.names})
    if unknown:
        raise InputError(
            f"{path}: the source's table has no one station named {', '.join(unknown)}.",
            hint="Take the station table in first: yukimichi ingest stations FILE --source NAME.",
        )
    for (place, item), at in columns.items():
        label = {i: next((row[i] for row in labels if i < len(row) and row[i]), "") for i in at}
        value = [i for i in at if not label[i]]
        quality = [i for i in at if label[i] == "品質情報"]
        if len(value) != 1 or len(quality) != 1:
            raise InputError(f"{path}: {place} {item} has no quality.", hint="Download it with 品質情報 shown.")
        yield _Group(known.names[place], _ITEMS[item], value[0], quality[0])


def _hour(text: str, zone: str) -> datetime | None:
    """2024/1/1 1:00:00 on the clock of the zone; None for what is no time."""
    day, _, clock = text.partition(" ")
    try:
        year, month, date = (int(part) for part in day.split("/"))
        hour, minute = (int(part) for part in clock.split(":")[:2])
        return in_day(year, month, date, hour, minute, ZoneInfo(zone))
    except ValueError:
        return None

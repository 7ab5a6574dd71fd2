"""AMeDAS observations as JSON, the two shapes of the map of the Japan Meteorological Agency (アメダス).

Map file: one moment, every station: {"56227": {"snow": [12, 0], "snow1h": [1, 0], …}, …}; the moment stands in the
name of the file, 20260118061000.json, on the clock of Japan. Point file: one station, three hours:
{"20260118060000": {"prefNumber": 56, "observationNumber": 227, "snow": [12, 0], …}, …}. A value comes with a code of
its quality; 0 alone is normal. The agency promises none of this; docs/snow.md says where the shapes were read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from geo.errors import InputError
from ingest.quarantine import Why
from ingest.weather_rows import WeatherFile, WeatherRow, number

#: Their name of a value to the minutes in which it fell; 0: a depth. Longer sums (snow6h …) say nothing new.
ELEMENTS: Mapping[str, int] = {"snow": 0, "snow1h": 60}
NORMAL = 0
_MOMENT = re.compile(r"(?<!\d)20\d{12}(?!\d)")
_STATION = re.compile(r"\d{5}")


def read_amedas(path: Path, zone: str, at: datetime | None, station: str | None) -> WeatherFile:
    """Read either shape.

    zone     on whose clock their times stand
    at       the moment of a map file; None: from its name
    station  of a point file that does not say it; None: from its rows, else from the name of its folder
    Raises InputError for what is neither shape.
    """
    try:
        tree = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: not readable as JSON: {error}.", hint="Fetch it again.") from error
    if not isinstance(tree, dict) or not tree:
        raise InputError(f"{path}: expected an object of stations or of times.", hint="See docs/snow.md.")
    read = WeatherFile(encoding="utf-8")
    if all(_MOMENT.fullmatch(str(key)) for key in tree):
        name = station or _station_of(tree, path)
        for item, (key, values) in enumerate(tree.items()):
            _take(read, name, _moment(str(key), zone), values, item)
        return read
    moment = at or _moment_of(path, zone)
    for item, (key, values) in enumerate(tree.items()):
        _take(read, str(key), moment, values, item)
    return read


def _take(read: WeatherFile, station: str, at: datetime, values: Any, item: int) -> None:
    if not isinstance(values, dict):
        read.rejects.add(Why.MALFORMED, "expected an object of values", {"station": station, "is": values}, item=item)
        return
    for name, span_min in ELEMENTS.items():
        if name not in values:
            continue
        try:
            value, quality = values[name]
            value, quality = number(value), int(quality)
        except (TypeError, ValueError):
            detail = f"{name} is no pair of a value and its quality"
            read.rejects.add(Why.MALFORMED, detail, {"station": station, name: values[name]}, item=item)
            continue
        is_usable = value is not None and quality == NORMAL
        read.rows.append(WeatherRow(station, at, span_min, value, quality, is_usable, item=item))


def _moment(digits: str, zone: str) -> datetime:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise InputError(f"{digits!r} is no time.", hint="Expected is YYYYMMDDhhmmss.") from error


def _moment_of(path: Path, zone: str) -> datetime:
    found = _MOMENT.search(path.name)
    if found is None:
        raise InputError(f"{path}: its name does not say of which moment it is.", hint="Say it with --at.")
    return _moment(found.group(), zone)


def _station_of(tree: Mapping[str, Any], path: Path) -> str:
    for values in tree.values():
        if isinstance(values, dict) and {"prefNumber", "observationNumber"} <= values.keys():
            try:
                return f"{int(values['prefNumber']):02d}{int(values['observationNumber']):03d}"
            except (TypeError, ValueError):
                break
    if _STATION.fullmatch(path.parent.name):
        return path.parent.name
    raise InputError(f"{path}: it does not say of which station it is.", hint="Say it with --station.")

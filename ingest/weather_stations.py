"""Tables of weather stations: the agency's amedastable.json, GeoJSON, CSV. Taking one in again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest import quarantine
from ingest.files import digest, digest_of_settings, require
from ingest.mapping import normal, resolve, take, text_of
from ingest.quarantine import Rejects, Why
from ingest.registry import Counts, IngestFile, complete, opened_file, register_source
from ingest.tabular import is_csv, read_csv
from ingest.weather_rows import number

#: Raise it when the same file would be read into other rows.
READER_VERSION = 1
#: Our field to the names under which tables carry it.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "station": ("station", "station_id", "id", "観測所番号", "地点番号", "番号"),
    "name": ("name", "kjName", "観測所名", "観測所", "地点名", "名称"),
    "elevation_m": ("elevation_m", "alt_m", "alt", "標高", "海面上の高さ"),
    "has_snow": ("has_snow", "snow", "積雪"),
    "elems": ("elems",),
}
#: Of the eight signs of `elems`: temperature, precipitation, direction and speed of wind, sunshine, snow, humidity,
#: pressure; 1: it is measured there.
SNOW_SIGN = 5
_YES, _NO = frozenset({"true", "1", "yes", "有", "○"}), frozenset({"false", "0", "no", "無", "-", ""})


@dataclass(frozen=True, slots=True)
class StationsReport:
    """What became of a table. n_snow: stations that measure snow; n_changed: those that are new or say otherwise."""

    source: str
    file_id: int
    is_repeat: bool
    counts: Counts
    n_snow: int
    n_changed: int
    quarantined: dict[str, int]


@dataclass(frozen=True, slots=True)
class Station:
    """A weather station; elevation_m and has_snow None: not told."""

    external_id: str
    name: str
    lon: float
    lat: float
    elevation_m: float | None
    has_snow: bool | None


@dataclass(slots=True)
class StationTable:
    """What was read of a file."""

    rows: list[Station] = field(default_factory=list)
    rejects: Rejects = field(default_factory=Rejects)


def ingest_stations(
    database: Database, path: Path, source_name: str, source: SourceSettings, mapping: Mapping[str, str] | None = None
) -> StationsReport:
    """Take in one table in one transaction; stations that it does not name stay as they are.

    mapping  our fields to the columns of a CSV
    Raises InputError (nothing is kept then), MappingError, ConflictError, DatabaseProblem.
    """
    chosen = source.model_dump(mode="json", include={"encoding"}) | {"map": dict(mapping or {})}
    settings = digest_of_settings(chosen | {"reader": READER_VERSION})
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        with opened_file(connection, source_id, "stations", path.name, digest(require(path)), settings) as delivery:
            if delivery.counts is None:
                report, counts = _load(connection, delivery, path, source, mapping or {})
                complete(connection, delivery, counts, report)
            else:
                report, counts = delivery.report, delivery.counts
    return StationsReport(
        source=source_name, file_id=delivery.file_id, is_repeat=delivery.is_complete, counts=counts, **report
    )


def _load(
    connection: psycopg.Connection[Row],
    delivery: IngestFile,
    path: Path,
    source: SourceSettings,
    mapping: Mapping[str, str],
) -> tuple[dict[str, Any], Counts]:
    table = read_stations(path, source.encoding, mapping)
    if not table.rows:
        reasons = table.rejects.by_reason()
        raise InputError(
            f"{path}: not one usable station; reasons: {reasons}.", hint="See docs/snow.md for the shapes."
        )
    rows = [{name: getattr(row, name) for name in Station.__slots__} for row in table.rows]
    columns = {name: [row[name] for row in rows] for name in Station.__slots__}
    changed = connection.execute(
        read_sql("ingest", "upsert_stations"), {"source_id": delivery.source_id, **columns}
    ).rowcount
    quarantine.store(connection, delivery.file_id, delivery.source_id, "stations", table.rejects.rows)
    n = len(table.rows)
    counts = Counts(n + len(table.rejects), changed, n - changed, len(table.rejects))
    report = {
        "n_snow": sum(row.has_snow is not False for row in table.rows), "n_changed": changed,
        "quarantined": table.rejects.by_reason(),
    }  # fmt: skip
    return report, counts


def read_stations(path: Path, encoding: str | None, mapping: Mapping[str, str]) -> StationTable:
    """Read a table without any database. Raises InputError, MappingError for the file as a whole."""
    table, seen = StationTable(), set[str]()
    rows = _from_csv(path, encoding, mapping, table.rejects) if is_csv(path) else _from_json(path)
    for item, values in enumerate(rows):
        try:
            station = _station(values)
        except (ValueError, TypeError) as error:
            table.rejects.add(Why.MALFORMED, str(error), dict(values), item=item)
            continue
        if station.external_id in seen:
            table.rejects.add(
                Why.DUPLICATE_ID, f"station {station.external_id} stands there twice", dict(values), item=item
            )
            continue
        seen.add(station.external_id)
        table.rows.append(station)
    return table


def _from_csv(
    path: Path, encoding: str | None, mapping: Mapping[str, str], rejects: Rejects
) -> Iterator[Mapping[str, Any]]:
    table = read_csv(path, encoding, {}, rejects)
    columns = table.vector.columns
    found = resolve(columns.column_names, mapping, KNOWN_NAMES, ["station", "name"], str(path)).columns
    cells = {name: text_of(take(columns, column)).to_pylist() for name, column in found.items()}
    for i, shape in enumerate(table.vector.geometry):
        place = {} if shape is None else {"lon": shape.x, "lat": shape.y}
        yield {name: values[i] for name, values in cells.items()} | place


def _from_json(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        tree = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(
            f"{path}: not readable as JSON: {error}.", hint="Use CSV, GeoJSON or amedastable.json."
        ) from error
    if isinstance(tree, dict) and tree.get("type") == "FeatureCollection":
        for feature in tree.get("features", []):
            yield _of_feature(feature)
    elif isinstance(tree, dict) and all(isinstance(row, dict) for row in tree.values()):
        for key, row in tree.items():
            yield _by_our_names(row) | {
                "station": str(key),
                "lon": _degrees(row.get("lon")),
                "lat": _degrees(row.get("lat")),
            }
    else:
        raise InputError(f"{path}: no table of stations.", hint="Use CSV, GeoJSON or amedastable.json.")


def _by_our_names(row: Mapping[str, Any]) -> dict[str, Any]:
    by_normal = {normal(str(key)).casefold(): value for key, value in row.items()}
    words = {name: [word.casefold() for word in known] for name, known in KNOWN_NAMES.items()}
    found = {
        name: next((by_normal[word] for word in known if word in by_normal), None) for name, known in words.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _of_feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    row = _by_our_names(feature.get("properties") or {})
    shape = feature.get("geometry") or {}
    if "station" not in row and feature.get("id") is not None:
        row["station"] = str(feature["id"])
    if shape.get("type") == "Point":
        row["lon"], row["lat"] = shape["coordinates"][:2]
    return row


def _degrees(pair: Any) -> Any:
    """[degrees, minutes] as degrees; anything else as it is."""
    return pair[0] + pair[1] / 60 if isinstance(pair, list) and len(pair) == 2 else pair


def _station(values: Mapping[str, Any]) -> Station:
    """A row, read. Raises ValueError for what no station can be."""
    external_id, name = normal(str(values.get("station") or "")), normal(str(values.get("name") or ""))
    lon, lat = number(values.get("lon")), number(values.get("lat"))
    if not external_id or not name:
        raise ValueError("the station has no number or no name")
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"{values.get('lon')!r}, {values.get('lat')!r} is no place on earth")
    return Station(external_id, name, lon, lat, number(values.get("elevation_m")), _has_snow(values))


def _has_snow(values: Mapping[str, Any]) -> bool | None:
    said, elems = values.get("has_snow"), str(values.get("elems") or "")
    if said is None:
        return elems[SNOW_SIGN] == "1" if len(elems) > SNOW_SIGN else None
    word = normal(str(said)).casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"has_snow {said!r} is neither yes nor no")

"""Weather from a file into raw.weather and raw.weather_grid: repeats change nothing, another word ends the older."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest import quarantine
from ingest.files import digest, digest_of_settings, refuse_empty, require
from ingest.mapping import normal
from ingest.quarantine import Rejects, Why
from ingest.registry import Counts, IngestFile, complete, opened_file, register_source
from ingest.weather_amedas import read_amedas
from ingest.weather_csv import KNOWN_NAMES, read_weather_csv
from ingest.weather_jma_csv import LATEST, PAST, read_jma_csv
from ingest.weather_rows import Known, Span, WeatherFile, latest_words, sift

type Format = Literal["amedas", "jma_csv", "csv", "raster"]

FORMATS: tuple[Format, ...] = ("amedas", "jma_csv", "csv", "raster")
#: Raise it when the same file would be read into other rows: then no earlier delivery counts as a repeat.
READER_VERSION = 1
#: First bytes of TIFF and BigTIFF, little and big endian.
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, slots=True)
class Hints:
    """What a file does not say itself: its format, the moment of a map or a raster, the station of a point file, the
    unit of a raster, and the columns of a CSV.
    """

    format: Format | None = None
    at: datetime | None = None
    station: str | None = None
    unit: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WeatherReport:
    """What became of a file. n_elsewhere: values of stations that the source's table does not have, left out."""

    source: str
    file_id: int
    format: Format
    is_repeat: bool
    counts: Counts
    n_elsewhere: int
    n_unusable: int
    first_at: str | None
    last_at: str | None
    encoding: str
    mapping: dict[str, str]
    quarantined: dict[str, int]


def format_of(path: Path) -> Format:
    """The format of a file, by its content. Raises InputError for an empty one."""
    refuse_empty(require(path))
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(_TIFF):
        return "raster"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "amedas"
    for codec in ("utf-8-sig", "cp932"):
        if normal(head.decode(codec, "ignore")).lstrip('"').startswith((LATEST, PAST)):
            return "jma_csv"
    return "csv"


def ingest_weather(
    database: Database, path: Path, source_name: str, source: SourceSettings, zone: str, now: datetime, hints: Hints
) -> WeatherReport:
    """Take in one file in one transaction.

    zone  on whose clock times without an offset stand;  now  the present moment
    Raises InputError (nothing is kept then), MappingError, ConflictError, DatabaseProblem.
    """
    kind = hints.format or format_of(path)
    chosen = source.model_dump(mode="json", include={"encoding", "fields", "time_format", "earliest_at"})
    told = {"zone": zone, "format": kind, "at": hints.at, "station": hints.station, "unit": hints.unit}
    settings = digest_of_settings(chosen | told | {"map": dict(hints.mapping), "reader": READER_VERSION})
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        with opened_file(connection, source_id, "weather", path.name, digest(path), settings) as delivery:
            if delivery.counts is None:
                work = _Work(connection, delivery, path, source, zone, now, hints)
                report, counts = work.raster() if kind == "raster" else work.stations(kind)
                complete(connection, delivery, counts, report)
            else:
                report, counts = delivery.report, delivery.counts
    return WeatherReport(
        source=source_name, file_id=delivery.file_id, format=kind, is_repeat=delivery.is_complete, counts=counts,
        **report,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Work:
    """One file on its way in."""

    connection: psycopg.Connection[Row]
    delivery: IngestFile
    path: Path
    source: SourceSettings
    zone: str
    now: datetime
    hints: Hints

    def stations(self, kind: Format) -> tuple[dict[str, Any], Counts]:
        """Observations of stations."""
        known = _known(self.connection, self.delivery.source_id)
        if not known.ids:
            raise InputError(
                "The source has no weather stations.",
                hint="Take their table in first: yukimichi ingest stations FILE --source NAME.",
            )
        span = Span(self.source.earliest_at, self.now + timedelta(seconds=self.source.max_future_s))
        read = sift(self._read(kind, known), known, span, is_national=kind in ("amedas", "jma_csv"))
        if not read.rows and (len(read.rejects) or not read.n_elsewhere):
            reasons = read.rejects.by_reason()
            raise InputError(f"{self.path}: not one usable value; reasons: {reasons}.", hint="See docs/snow.md.")
        written = self._write(read, known)
        n, rejected = len(read.rows), len(read.rejects)
        self._quarantine(read.rejects)
        n_unusable = sum(not row.is_usable for row in read.rows)
        report = _report(read, n_unusable, *written[1:])
        return report, Counts(n + rejected, written[0], n - written[0], rejected)

    def _read(self, kind: Format, known: Known) -> WeatherFile:
        if kind == "amedas":
            return read_amedas(self.path, self.zone, self.hints.at, self.hints.station)
        if kind == "jma_csv":
            return read_jma_csv(self.path, self.source.encoding, self.zone, known)
        fields = {name: column for name, column in self.source.fields.items() if name in KNOWN_NAMES}
        fields |= self.hints.mapping
        return read_weather_csv(self.path, self.source.encoding, fields, self.zone, self.source.time_format)

    def _write(self, read: WeatherFile, known: Known) -> tuple[int, datetime | None, datetime | None]:
        recorded_at = self._begin()
        self.connection.execute(read_sql("ingest", "create_weather_stage"))
        with self.connection.cursor() as cursor, cursor.copy(read_sql("ingest", "copy_weather_stage")) as copy:
            for row in latest_words(read.rows):
                key = (known.ids[row.station], row.at, row.quantity, row.span_min)
                copy.write_row((*key, row.value_cm, row.quality, row.is_usable))
        self.connection.execute(read_sql("ingest", "end_weather"), {"recorded_at": recorded_at})
        params = {"file_id": self.delivery.file_id, "recorded_at": recorded_at}
        found = self.connection.execute(read_sql("ingest", "merge_weather_stage"), params).fetchone()
        assert found is not None
        self._announce(found[0], found[1], found[2], recorded_at)
        return int(found[0]), found[1], found[2]

    def raster(self) -> tuple[dict[str, Any], Counts]:
        """Depths of cells."""
        # GDAL takes a moment to load, and few files are rasters
        from ingest.weather_raster import read_raster, usable

        row = self.connection.execute(read_sql("ingest", "road_extent")).fetchone()
        area = None if row is None or row[0] is None else (row[0], row[1], row[2], row[3])
        raster = read_raster(self.path, self.zone, self.hints.at, self.hints.unit, area)
        if not self.source.earliest_at <= raster.at <= self.now + timedelta(seconds=self.source.max_future_s):
            raise InputError(f"{self.path}: its moment {raster.at.isoformat()} cannot be.", hint="Say it with --at.")
        good, bad = usable(raster)
        rejects = Rejects()
        for cell, depth in zip(raster.cell[bad].tolist(), raster.depth_cm[bad].tolist(), strict=True):
            rejects.add(Why.OUT_OF_RANGE, f"a depth of {depth:g} cm", {"cell": cell, "depth_cm": depth}, item=cell)
        if not good.any():
            raise InputError(f"{self.path}: not one cell has a depth.", hint="Compare its place and its nodata value.")
        recorded_at = self._begin()
        params = {
            "source_id": self.delivery.source_id, "at": raster.at, "cells": raster.cell[good].tolist(),
            "depths_cm": raster.depth_cm[good].tolist(), "file_id": self.delivery.file_id, "recorded_at": recorded_at,
        }  # fmt: skip
        self.connection.execute(read_sql("ingest", "end_weather_grid"), params)
        found = self.connection.execute(read_sql("ingest", "merge_weather_grid"), params).fetchone()
        assert found is not None
        self._announce(found[0], raster.at, raster.at, recorded_at)
        self._quarantine(rejects)
        n = int(good.sum())
        report = _report(WeatherFile(rejects=rejects), 0, raster.at, raster.at)
        return report, Counts(n + len(rejects), int(found[0]), n - int(found[0]), len(rejects))

    def _begin(self) -> datetime:
        row = self.connection.execute(read_sql("ingest", "begin_weather")).fetchone()
        assert row is not None
        recorded_at: datetime = row[0]
        return recorded_at

    def _announce(self, n: int, first_at: datetime | None, last_at: datetime | None, recorded_at: datetime) -> None:
        if n and first_at is not None:
            batch = {"n": n, "first_at": first_at, "last_at": last_at, "recorded_at": recorded_at}
            named = batch | {"source_id": self.delivery.source_id}
            self.connection.execute(read_sql("ingest", "announce_weather"), named)

    def _quarantine(self, rejects: Rejects) -> None:
        quarantine.store(self.connection, self.delivery.file_id, self.delivery.source_id, "weather", rejects.rows)


def _known(connection: psycopg.Connection[Row], source_id: int) -> Known:
    rows = connection.execute(read_sql("ingest", "read_stations"), {"source_id": source_id}).fetchall()
    names = [normal(row[2]) for row in rows]
    return Known(
        {row[1]: row[0] for row in rows},
        {name: row[1] for name, row in zip(names, rows, strict=True) if names.count(name) == 1},
        frozenset(row[1] for row in rows if row[3] is False),
    )


def _report(read: WeatherFile, n_unusable: int, first_at: datetime | None, last_at: datetime | None) -> dict[str, Any]:
    named = {"first_at": first_at, "last_at": last_at}
    return {
        "n_elsewhere": read.n_elsewhere, "n_unusable": n_unusable, "encoding": read.encoding, "mapping": read.mapping,
        "quarantined": read.rejects.by_reason(),
    } | {name: None if at is None else at.isoformat() for name, at in named.items()}  # fmt: skip

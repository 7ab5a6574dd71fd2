"""The tables of a transit feed (GTFS, GTFS-JP) as text, row by row with their lines, from a zip file or a folder.

gtfs-kit gives up on a whole feed for one bad cell; here a bad row goes to quarantine and the others go on.
Reference: https://gtfs.org/documentation/schedule/reference/ and 標準的なバス情報フォーマット第3版.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from geo.errors import InputError, TooLargeError
from ingest import encoding as enc
from ingest.files import require
from ingest.quarantine import Rejects, Why

#: Tables that are read, with the columns that each has to have.
TABLES: dict[str, tuple[str, ...]] = {
    "agency": ("agency_name", "agency_timezone"),
    "stops": ("stop_id", "stop_lat", "stop_lon"),
    "routes": ("route_id", "route_type"),
    "trips": ("route_id", "service_id", "trip_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence"),
    "calendar": ("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                 "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "shapes": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
    "feed_info": (),
    "translations": (),
}  # fmt: skip
REQUIRED = ("agency", "stops", "routes", "trips", "stop_times")
#: Unpacked text of all tables together; a zip file that holds more is no feed of a prefecture.
MOST_BYTES = 1_000_000_000
#: The column that holds the line on which a row begins, from 1.
LINE = "#line"

type Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Feed:
    """Tables of text (None: empty), each with LINE; `encoding` as it was found in stops.txt."""

    where: str
    encoding: str
    tables: Tables

    def get(self, name: str) -> pd.DataFrame:
        """A table; one without rows where the feed has none. All of its usual columns are there."""
        found = self.tables.get(name)
        return found if found is not None else pd.DataFrame(columns=[*TABLES[name], LINE])

    def column(self, name: str, column: str) -> pd.Series[str]:
        """A column that may be missing; None in every row then."""
        table = self.get(name)
        return table[column] if column in table.columns else pd.Series(None, index=table.index, dtype=object)


def read_feed(path: Path, encoding: str | None, rejects: Rejects) -> Feed:
    """Read the tables. Rows of another width than their header go to `rejects`.

    Raises MissingInputError, InputError for a feed without a table or a column that it has to have, TooLargeError.
    """
    tables: Tables = {}
    found = ""
    for name, data in _members(require(path)):
        text, how = enc.decode(data, encoding, f"{path}: {name}.txt")
        if name == "stops":
            found = str(how)
        table = _table(path, name, text, rejects)
        if table is not None:
            tables[name] = table
    missing = [f"{name}.txt" for name in REQUIRED if name not in tables]
    if "calendar" not in tables and "calendar_dates" not in tables:
        missing.append("calendar.txt or calendar_dates.txt")
    if missing:
        raise InputError(
            f"{path}: {', '.join(missing)} missing or without rows.", hint="Is it a GTFS feed? Download it again."
        )
    return Feed(str(path), found, tables)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each table, in the zip file or folder itself or in one folder of it."""
    if path.is_dir():
        files = {file.stem: file for file in sorted(path.glob("*.txt"))}
        yield from ((name, files[name].read_bytes()) for name in TABLES if name in files)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members: dict[str, zipfile.ZipInfo] = {}
            for member in archive.infolist():
                inside = PurePosixPath(member.filename)
                if inside.suffix == ".txt" and inside.stem in TABLES and len(inside.parts) <= 2:
                    members.setdefault(inside.stem, member)
            if sum(member.file_size for member in members.values()) > MOST_BYTES:
                raise TooLargeError(f"{path}: its tables hold more than {MOST_BYTES // 10**6} MB.", hint="Split it.")
            for name, member in members.items():
                yield name, archive.read(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: not a readable zip file: {error}.", hint="Copy or download it again.") from error


def _table(path: Path, name: str, text: str, rejects: Rejects) -> pd.DataFrame | None:
    """The rows of a table; None where it has none. Raises InputError for a column that is missing."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header: list[str] | None = None
    rows: list[list[object]] = []
    begin = 1
    try:
        for row in reader:
            line, begin = begin, reader.line_num + 1
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if header is None:
                header = [cell.lower() for cell in cells]
            elif len(cells) == len(header):
                rows.append([*(cell or None for cell in cells), line])
            else:
                detail = f"{len(cells)} cells where the header has {len(header)}"
                rejects.add(Why.MALFORMED, detail, {"file": f"{name}.txt", "cells": row}, line=line)
    except csv.Error as error:
        raise InputError(
            f"{path}: {name}.txt, line {reader.line_num}: {error}.", hint="Export the feed again."
        ) from error
    if header is None or not rows:
        return None
    missing = [column for column in TABLES[name] if column not in header]
    if missing or len(set(header)) < len(header):
        what = f"no column {', '.join(missing)}" if missing else "a column twice"
        raise InputError(f"{path}: {name}.txt has {what}.", hint="Export the feed again.")
    return pd.DataFrame(rows, columns=[*header, LINE], dtype=object)

"""Registers of vehicles from CSV into raw.vehicle_register: one call is one delivery, which stands for its source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.types.json import Jsonb

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from geo.settings_sources import WorkInputs
from geo.timeline import from_us
from ingest import quarantine
from ingest.files import digest, digest_of_settings, require
from ingest.fix_batch import KNOWN_NAMES as FIX_NAMES
from ingest.mapping import normal, resolve, take, text_of
from ingest.quarantine import Rejects, Why
from ingest.registry import Counts, IngestFile, complete, opened_file, register_source
from ingest.tabular import CsvTable, read_csv
from ingest.times import Fault, parse_times

#: Raise it when the same file would be read into other rows: then no earlier delivery counts as a repeat.
READER_VERSION = 1

#: Our field to the names under which registers carry it.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "vehicle": FIX_NAMES["vehicle"],
    "name": ("name", "vehicle_name", "名称", "車両名", "機械名", "機械名称"),
    "machine_class": ("machine_class", "class", "machine", "機種", "機械区分", "機械種別", "規格"),
    "contractor": ("contractor", "company", "業者", "業者名", "受託者", "会社名", "施工業者"),
    "manager": ("manager", "管理者", "発注者", "道路管理者"),
    "blade_input": ("blade_input", "ブレード入力", "排土板入力"),
    "spreader_input": ("spreader_input", "散布入力", "散布装置入力"),
    "work_input": ("work_input", "作業入力"),
    "valid_from": ("valid_from", "from", "開始日", "使用開始日", "登録日"),
    "valid_to": ("valid_to", "to", "終了日", "使用終了日", "廃止日"),
}
_PLAIN = ("name", "machine_class", "contractor", "manager")
_INPUT = re.compile(r"(\d{1,2})\s*[:\s]?\s*(high|low)?")
_DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|\d{8}")


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """What became of a register.

    is_changed  whether another file stood for the source before
    counts      rows of the file; n_vehicles different vehicles among the accepted ones
    """

    source: str
    file_id: int
    is_repeat: bool
    is_changed: bool
    counts: Counts
    n_vehicles: int
    encoding: str
    mapping: dict[str, str]
    quarantined: dict[str, int]


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A vehicle of a register; times from inclusive, to exclusive, None without that end."""

    item: int
    vehicle: str
    name: str | None
    machine_class: str | None
    contractor: str | None
    manager: str | None
    inputs: WorkInputs | None
    valid_from: datetime | None
    valid_to: datetime | None


class _Refused(Exception):
    """A row that cannot be used; stays inside this module."""

    def __init__(self, reason: Why, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(slots=True)
class RegisterFile:
    """What was read of a file."""

    rows: list[RegisterRow] = field(default_factory=list)
    rejects: Rejects = field(default_factory=Rejects)
    n_read: int = 0
    encoding: str = ""
    mapping: dict[str, str] = field(default_factory=dict)


def ingest_vehicles(
    database: Database,
    path: Path,
    source_name: str,
    source: SourceSettings,
    zone: str,
    mapping: Mapping[str, str] | None = None,
) -> RegisterReport:
    """Take in one register in one transaction; from its commit on it stands for the source.

    zone     on whose clock days begin and end
    mapping  our fields to columns, those that no well-known name finds
    The same file again writes no rows and makes it stand again. Raises InputError (nothing is kept then), MappingError,
    ConflictError, DatabaseProblem.
    """
    chosen = source.model_dump(mode="json", include={"encoding"}) | {"zone": zone, "map": dict(mapping or {})}
    settings = digest_of_settings(chosen | {"reader": READER_VERSION})
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        with opened_file(connection, source_id, "vehicles", path.name, digest(require(path)), settings) as delivery:
            if delivery.counts is None:
                report, counts = _load(connection, delivery, path, source, zone, mapping or {})
                complete(connection, delivery, counts, report)
            else:
                report, counts = delivery.report, delivery.counts
            changed = connection.execute(
                read_sql("ingest", "set_register"), {"source_id": source_id, "file_id": delivery.file_id}
            ).fetchone()
    return RegisterReport(
        source=source_name, file_id=delivery.file_id, is_repeat=delivery.is_complete, is_changed=changed is not None,
        counts=counts, **report,
    )  # fmt: skip


def _load(
    connection: psycopg.Connection[Row],
    delivery: IngestFile,
    path: Path,
    source: SourceSettings,
    zone: str,
    mapping: Mapping[str, str],
) -> tuple[dict[str, Any], Counts]:
    """Read and write the file; the report as it is kept, and the counts."""
    read = read_register(path, source, zone, mapping)
    if not read.rows:
        raise InputError(
            f"{path}: not one usable row; reasons: {read.rejects.by_reason()}.",
            hint="Compare its columns with those of a register in docs/sources.md.",
        )
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("ingest", "insert_register"), [_named(row, delivery.file_id) for row in read.rows])
    # a registered vehicle that was never heard is one that somebody has to look at
    names = {"source_id": delivery.source_id, "names": sorted({row.vehicle for row in read.rows})}
    connection.execute(read_sql("ingest", "add_vehicles"), names)
    quarantine.store(connection, delivery.file_id, delivery.source_id, "vehicles", read.rejects.rows)
    counts = Counts(read.n_read, len(read.rows), 0, len(read.rejects))
    report = {
        "n_vehicles": len({row.vehicle for row in read.rows}),
        "encoding": read.encoding,
        "mapping": read.mapping,
        "quarantined": read.rejects.by_reason(),
    }
    return report, counts


def _named(row: RegisterRow, file_id: int) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in RegisterRow.__slots__}
    wired = None if row.inputs is None else Jsonb(row.inputs.model_dump(mode="json", exclude_none=True))
    return values | {"file_id": file_id, "inputs": wired}


def read_register(path: Path, source: SourceSettings, zone: str, mapping: Mapping[str, str]) -> RegisterFile:
    """Read a register without any database. Raises InputError, MappingError for the file as a whole."""
    read = RegisterFile()
    table = read_csv(path, source.encoding, {}, read.rejects)
    columns = table.vector.columns
    given = dict(mapping)
    theirs = source.fields.get("vehicle")
    if theirs in columns.column_names:
        given.setdefault("vehicle", str(theirs))
    fields = resolve(columns.column_names, given, KNOWN_NAMES, ["vehicle"], str(path))
    read.n_read = len(columns) + len(read.rejects)
    read.encoding, read.mapping = str(table.vector.encoding), fields.describe()
    texts = {name: text_of(take(columns, column)).to_pylist() for name, column in fields.columns.items()}
    begins = _moments(texts.get("valid_from"), zone, path, is_end=False)
    ends = _moments(texts.get("valid_to"), zone, path, is_end=True)
    known: dict[str, list[RegisterRow]] = {}
    for i in range(len(columns)):
        row = {name: normal(value) or None if (value := values[i]) else None for name, values in texts.items()}
        try:
            made = _row(i, row, begins.get(i), ends.get(i))
            _refuse_overlap(made, known.setdefault(made.vehicle, []), table)
            known[made.vehicle].append(made)
            read.rows.append(made)
        except _Refused as error:
            payload = {"file": path.name, "cells": columns.slice(i, 1).to_pylist()[0]}
            read.rejects.add(error.reason, str(error), payload, line=table.line[i], item=i)
    return read


def _moments(texts: list[str | None] | None, zone: str, path: Path, *, is_end: bool) -> dict[int, datetime | Fault]:
    """The moments of a column by row, or what is wrong with them; empty cells have none.

    A date without a time of day means the whole day: it begins with it, or ends after it.
    """
    said = {i: normal(text) for i, text in enumerate(texts or []) if text is not None and normal(text)}
    dates = {i for i, text in said.items() if _DATE.fullmatch(text)}
    whole = [f"{_dashed(text)} 00:00" if i in dates else text for i, text in said.items()]
    at_us, fault = parse_times(pa.chunked_array([pa.array(whole, pa.string())]), zone, None, str(path))
    found: dict[int, datetime | Fault] = {}
    for i, us, wrong in zip(said, at_us.tolist(), fault.tolist(), strict=True):
        if wrong != Fault.NONE:
            found[i] = Fault(wrong)
        else:
            found[i] = from_us(us) + timedelta(days=1 if is_end and i in dates else 0)
    return found


def _dashed(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if date.isdigit() else date


def _row(
    item: int, row: Mapping[str, str | None], begins: datetime | Fault | None, ends: datetime | Fault | None
) -> RegisterRow:
    """A row, read. Raises _Refused."""
    vehicle = row.get("vehicle")
    if vehicle is None:
        raise _Refused(Why.MISSING_VEHICLE, "the vehicle is empty")
    for name, moment in (("valid_from", begins), ("valid_to", ends)):
        if isinstance(moment, Fault):
            why = Why.AMBIGUOUS_TIME if moment is Fault.AMBIGUOUS else Why.UNPARSABLE_TIME
            raise _Refused(why, f"{name}: {row.get(name)!r} cannot be read as a time")
    assert not isinstance(begins, Fault)
    assert not isinstance(ends, Fault)
    if begins is not None and ends is not None and begins >= ends:
        raise _Refused(Why.EMPTY_PERIOD, f"valid_to {row.get('valid_to')} is not after {row.get('valid_from')}")
    plain = {name: row.get(name) for name in _PLAIN}
    return RegisterRow(item, vehicle, **plain, inputs=_inputs(row), valid_from=begins, valid_to=ends)


def _inputs(row: Mapping[str, str | None]) -> WorkInputs | None:
    """The inputs of this vehicle alone; None where its row names none."""
    wired: dict[str, Any] = {}
    for flag in WorkInputs.model_fields:
        text = row.get(f"{flag}_input")
        if text is None:
            continue
        found = _INPUT.fullmatch(text.casefold())
        if found is None or not 1 <= int(found[1]) <= 32:
            raise _Refused(Why.MALFORMED, f"{flag}_input {text!r} is no input: write 2, or 2 low")
        wired[flag] = {"digital": int(found[1]), "active": found[2] or "high"}
    return WorkInputs.model_validate(wired) if wired else None


def _refuse_overlap(row: RegisterRow, before: Sequence[RegisterRow], table: CsvTable) -> None:
    """Against the rows of its vehicle before it: their spans may not overlap. Raises _Refused."""
    for other in before:
        is_after = other.valid_to is not None and row.valid_from is not None and other.valid_to <= row.valid_from
        is_before = row.valid_to is not None and other.valid_from is not None and row.valid_to <= other.valid_from
        if not is_after and not is_before:
            line = table.line[other.item]
            raise _Refused(Why.DUPLICATE_ID, f"vehicle {row.vehicle!r} stands in line {line} already for that time")

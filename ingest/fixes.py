"""Files of positions into raw: CSV, Parquet, GPX, NMEA and Harja's messages, which hold ready lines besides.

Every row is a fix or a line, a repeat or a quarantine row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from geo.db import Database, Role, Row
from geo.errors import InputError
from geo.fix import Fixes, concat
from geo.settings import SourceSettings
from geo.timeline import from_us
from geo.timeline import now as clock
from ingest import quarantine
from ingest.files import digest, digest_of_settings, refuse_empty, require
from ingest.fix_batch import FixBatch, RawBatch, ReadState
from ingest.fix_csv import is_fix_csv, read_fix_csv
from ingest.fix_gpx import read_gpx
from ingest.fix_nmea import is_nmea, read_nmea
from ingest.fix_parquet import is_fix_parquet, read_fix_parquet
from ingest.harja import as_harja, is_harja, read_harja
from ingest.lines import LineBatch, RawLines, check_lines, load_lines
from ingest.load import Loaded, load_fixes
from ingest.quality import check
from ingest.quarantine import Reject
from ingest.register import Register, register_of
from ingest.registry import Counts, IngestFile, complete, opened_file, register_source

type Progress = Callable[[int, int], None]
type Reader = Callable[[Path, SourceSettings, ReadState, Callable[[int], None]], Iterator[RawBatch | RawLines]]

#: Raise it when the same file would be read into other rows: then no earlier delivery counts as a repeat.
READER_VERSION = 1


@dataclass(frozen=True, slots=True)
class FixFile:
    """What became of one file.

    counts       n_read = n_accepted + n_repeated + n_quarantined
    n_conflicts  of the repeated: another content of the same vehicle and time stayed
    unmapped     values of flags and treatments that no map knows; they are unknown now
    blanked      optional numbers that could not be used, by field; they are unknown now
    n_lines      of the accepted and the repeated: ready lines, the others are fixes
    """

    file: str
    file_id: int
    is_repeat: bool
    counts: Counts
    n_conflicts: int
    n_vehicles: int
    first_at: str | None
    last_at: str | None
    encoding: str
    mapping: dict[str, str]
    quarantined: dict[str, int]
    unmapped: dict[str, dict[str, int]]
    blanked: dict[str, int]
    n_lines: int = 0


@dataclass(frozen=True, slots=True)
class FixesReport:
    """What became of all files of a call."""

    source: str
    files: tuple[FixFile, ...]

    @property
    def counts(self) -> Counts:
        """The sums."""
        each = [file.counts for file in self.files]
        return Counts(
            sum(c.n_read for c in each), sum(c.n_accepted for c in each), sum(c.n_repeated for c in each),
            sum(c.n_quarantined for c in each),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FixesFile:
    """A file read without any database. `fixes.vehicle` is a position in `names`; `lines` are its ready lines."""

    names: tuple[str, ...]
    fixes: Fixes
    state: ReadState
    lines: tuple[LineBatch, ...] = ()

    @property
    def rejects(self) -> list[Reject]:
        """The rows that are no fixes."""
        return self.state.rejects.rows


def _reader(path: Path) -> Reader:
    """The adapter for a file, by its name and for NMEA by its first byte. Raises InputError."""
    if path.suffix.lower() == ".gpx":
        return read_gpx
    if is_fix_parquet(path):
        return read_fix_parquet
    if is_nmea(path):
        return read_nmea
    if is_fix_csv(path):
        return read_fix_csv
    if is_harja(path):
        return read_harja
    raise InputError(
        f"{path}: {path.suffix or 'no suffix'!r} is no format of fixes.",
        hint="Known: .csv .tsv .txt (also .gz), .parquet, .gpx, .nmea, .json (Harja's messages).",
    )


def batches(
    path: Path,
    source: SourceSettings,
    now: datetime,
    state: ReadState,
    progress: Callable[[int], None],
    register: Register | None = None,
) -> Iterator[FixBatch | LineBatch]:
    """Checked batches of a file; rejected rows grow in `state`. Raises InputError, MappingError, ConfigError."""
    refuse_empty(require(path))
    reader = _reader(path)
    as_read = as_harja(source) if reader is read_harja else source
    for raw in reader(path, source, state, progress):
        if isinstance(raw, RawLines):
            yield check_lines(raw, as_read, now, state, str(path), register)
        else:
            yield check(raw, as_read, now, state, str(path), register)


def read_fixes_file(path: Path, source: SourceSettings, *, now: datetime | None = None) -> FixesFile:
    """All fixes of a file, sorted by vehicle and time, without any database; exact repeats are still in.

    Registers are in the database: here every vehicle is taken.
    """
    state = ReadState()
    names: dict[str, int] = {}
    parts, lines = [], []
    everyone = source.model_copy(update={"vehicles": "open"})
    for batch in batches(path, everyone, now or clock(), state, lambda n: None):
        if isinstance(batch, LineBatch):
            lines.append(batch)
            continue
        lookup = np.array([names.setdefault(name, len(names)) for name in batch.names], np.int64)
        columns = {name: getattr(batch.fixes, name) for name in Fixes.__slots__}
        parts.append(Fixes(**columns | {"vehicle": lookup[batch.fixes.vehicle]}))
    return FixesFile(tuple(names), concat(parts).sorted(), state, tuple(lines))


def ingest_fixes(
    database: Database,
    paths: Sequence[Path],
    source_name: str,
    source: SourceSettings,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> FixesReport:
    """Take in files of fixes, one after the other, in batches of some 200,000 rows that commit by themselves.

    A file that was taken in before is not read again. One that was killed half way is read again from its start: what
    it had written by then counts as repeated. Raises InputError for a file that cannot be read as a whole (those
    before it stay), ConflictError while another process takes in the same file, DatabaseProblem.
    """
    if not paths:
        raise InputError("No file of fixes was named.", hint="Name at least one file.")
    total = sum(require(path).stat().st_size for path in paths)
    steps = _Steps(progress, total)
    files = []
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        register = register_of(connection, source_id, source_name, source)
        connection.commit()
        chosen = _meaning(source, register)
        for path in paths:
            steps.begin(path.stat().st_size)
            # formats without a vehicle take it from the file's name
            settings = digest_of_settings(chosen | {"reader": READER_VERSION, "stem": _named(path)})
            with opened_file(connection, source_id, "fixes", path.name, digest(path), settings) as delivery:
                if delivery.counts is None:
                    files.append(_load(connection, delivery, path, source, register, now or clock(), steps))
                else:
                    files.append(_repeated(path, delivery, delivery.counts))
                steps.add(path.stat().st_size)
    return FixesReport(source_name, tuple(files))


def _meaning(source: SourceSettings, register: Register | None) -> dict[str, Any]:
    """The settings, and the register, that change what the same bytes mean.

    Rules and register enter where there are any, so that a delivery from before them counts as a repeat.
    """
    names = {"timezone", "crs", "encoding", "fields", "values", "speed_unit", "area", "time_format", "earliest_at"}
    chosen = source.model_dump(mode="json", include=names)
    chosen["speed_unit_given"] = "speed_unit" in source.model_fields_set
    chosen |= source.model_dump(mode="json", include={"rules", "vehicles"}, exclude_defaults=True)
    return chosen | ({"register": register.sha256.hex()} if register is not None else {})


def _named(path: Path) -> str:
    has_names = is_fix_parquet(path) or is_harja(path) or (is_fix_csv(path) and not is_nmea(path))
    return "" if has_names else path.stem


@dataclass(slots=True)
class _Steps:
    """Progress in bytes of files; packed files report more than they are, so each is capped at its size."""

    progress: Progress | None
    total: int
    before: int = 0
    size: int = 0
    done: int = 0

    def begin(self, size: int) -> None:
        """Another file of so many bytes."""
        self.before, self.size, self.done = self.before + self.size, size, 0

    def add(self, n_bytes: int) -> None:
        """So many bytes more of this file were read."""
        self.done += n_bytes
        if self.progress is not None:
            self.progress(self.before + min(self.done, self.size), self.total)


def _load(
    connection: psycopg.Connection[Row],
    delivery: IngestFile,
    path: Path,
    source: SourceSettings,
    register: Register | None,
    now: datetime,
    steps: _Steps,
) -> FixFile:
    """Read, check and load one file; its quarantine rows and its completion are one transaction at the end."""
    state, loaded = ReadState(), Loaded()
    vehicles: set[str] = set()
    first, last, n_lines = [], [], 0
    for batch in _ahead(batches(path, source, now, state, steps.add, register)):
        if isinstance(batch, LineBatch):
            loaded += load_lines(connection, batch, delivery.source_id, delivery.file_id)
            at_us, n_lines = batch.at_us, n_lines + len(batch)
        else:
            loaded += load_fixes(connection, batch, delivery.source_id, delivery.file_id)
            at_us = batch.fixes.at_us
        vehicles.update(batch.names)
        if len(batch):
            first.append(int(at_us.min()))
            last.append(int(at_us.max()))
    quarantine.store(connection, delivery.file_id, delivery.source_id, "fixes", state.rejects.rows)
    counts = Counts(state.n_read, loaded.n_accepted, loaded.n_repeated, len(state.rejects))
    report: dict[str, Any] = {
        "n_conflicts": loaded.n_conflicts,
        "n_vehicles": len(vehicles),
        "first_at": from_us(min(first)).isoformat() if first else None,
        "last_at": from_us(max(last)).isoformat() if last else None,
        "encoding": state.encoding,
        "mapping": state.mapping,
        "quarantined": state.rejects.by_reason(),
        "unmapped": state.unmapped.describe(),
        "blanked": dict(state.blanked),
        "n_lines": n_lines,
    }
    complete(connection, delivery, counts, report)
    return FixFile(file=path.name, file_id=delivery.file_id, is_repeat=False, counts=counts, **report)


def _ahead(source: Iterator[FixBatch | LineBatch]) -> Iterator[FixBatch | LineBatch]:
    """The same batches, the next one read in another thread while the database takes in this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, source, None)
            yield batch


def _repeated(path: Path, delivery: IngestFile, counts: Counts) -> FixFile:
    """The report of a file that was taken in before: all its fixes are repeats now."""
    again = Counts(counts.n_read, 0, counts.n_accepted + counts.n_repeated, counts.n_quarantined)
    return FixFile(file=path.name, file_id=delivery.file_id, is_repeat=True, counts=again, **delivery.report)

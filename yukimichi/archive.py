"""Days of raw.fix into the archive and back.

A day leaves the database in this order: its fixes, merged with what the archive has of it, are written to new files;
those are read back and compared; the manifest names them; and in one transaction the day is marked as archived, its
partition is compared once more with what was read, detached and dropped. Interrupted anywhere, the day is whole in the
database, in the archive, or in both, and the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, DatabaseProblem, InputError
from geo.fix import TREATMENTS
from geo.store.bulk import Column, fixed, moments, read_columns, words, write_columns
from ingest.load import ensure_partitions, vehicle_ids
from yukimichi.archive_files import (
    GROUP_ROWS,
    SCHEMA,
    ArchiveFile,
    Manifest,
    merge,
    read_file,
    read_manifest,
    write_file,
    write_manifest,
)

#: Tries to drop a partition, and the pause between two, before others are left alone: running work goes first.
DROP_TRIES = 15
DROP_PAUSE_S = 2.0
#: Late fixes may come while a day is written; so often it is begun again before that is said.
DAY_TRIES = 5

_MEASURES = ("heading_deg", "speed_mps", "accuracy_m")
_FLAGS = ("blade", "spreader", "work")
_COPIED = {
    "vehicle_id": "int4", "at": "timestamptz", "lon": "float8", "lat": "float8", **dict.fromkeys(_MEASURES, "float4"),
    **dict.fromkeys((*_FLAGS, "treatment"), "int2"), "received_at": "timestamptz", "file_id": "int8",
    "content_key": "int8", "batch_id": "int8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle with fixes on the day in hand; vehicle_id None: only the archive has fixes of it."""

    name: str
    vehicle_id: int | None
    n_fixes: int


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """What became of a day.

    n_moved   fixes that left the database; n_fixes, n_bytes: in the archive now
    is_new    False where the archive had all of them already
    """

    day: date
    n_moved: int
    n_fixes: int
    n_bytes: int
    is_new: bool


def archive_day(database: Database, home: Path, day: date) -> ArchivedDay:
    """Move a UTC day of raw.fix into the archive, as yuki_ingest; safe to run again after any interruption.

    Raises ConflictError where others keep raw.fix busy or go on writing fixes of that day, DatabaseProblem where
    raw.fix has columns that the archive does not know. What was archived then is kept, and the day in the database too.
    """
    for _ in range(DAY_TRIES):
        before = read_manifest(home, day)
        with database.connect(Role.INGEST) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            _require_known_columns(connection)
            n, content = _content(connection, day)
            manifest = _write_day(connection, home, day, before or Manifest(day))
        write_manifest(home, manifest)
        if _drop(database, manifest, n, content):
            n_bytes = sum(one.n_bytes for one in manifest.files)
            return ArchivedDay(day, n, manifest.n_fixes, n_bytes, before is None or before.files != manifest.files)
    raise ConflictError(
        f"Fixes of {day} came in {DAY_TRIES} times while that day was archived.",
        hint="Nothing is lost: it stays in the database. Run `yukimichi retention` again when the sender is done.",
    )


def _require_known_columns(connection: psycopg.Connection[Row]) -> None:
    found = {str(row[0]) for row in connection.execute(read_sql("yukimichi", "fix_columns")).fetchall()}
    known = set(SCHEMA.names) - {"source", "vehicle"}
    if found != known:
        raise DatabaseProblem(
            f"raw.fix and the archive differ in {sorted(found ^ known)}.",
            hint="Nothing was archived. Teach yukimichi/archive_files.py those columns and raise its SCHEMA_VERSION.",
        )


def _content(connection: psycopg.Connection[Row], day: date) -> tuple[int, int]:
    row = connection.execute(read_sql("yukimichi", "fix_content"), {"day": day}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _write_day(connection: psycopg.Connection[Row], home: Path, day: date, before: Manifest) -> Manifest:
    """New files for the sources that have fixes of the day in raw.fix; the files of the others stay."""
    of_source: dict[str, dict[str, Vehicle]] = {}
    for source, name, vehicle_id, n in connection.execute(read_sql("yukimichi", "count_day"), {"day": day}).fetchall():
        of_source.setdefault(source, {})[name] = Vehicle(name, vehicle_id, n)
    files = {one.source: one for one in before.files}
    for source, vehicles in sorted(of_source.items()):
        held = files.get(source)
        for name, n in held.vehicles.items() if held else ():
            fresh = vehicles.get(name, Vehicle(name, None, 0))
            vehicles[name] = Vehicle(name, fresh.vehicle_id, fresh.n_fixes + n)
        made = write_file(home, day, source, _groups(connection, home, day, source, held, vehicles))
        if made is not None and (held is None or held.content != made.content):
            files[source] = made
    return Manifest(day, tuple(files[source] for source in sorted(files)), before.expired)


def _groups(
    connection: psycopg.Connection[Row],
    home: Path,
    day: date,
    source: str,
    held: ArchiveFile | None,
    vehicles: dict[str, Vehicle],
) -> Iterator[pa.Table]:
    """The merged rows of a source, some vehicles at a time, by vehicle and time."""
    for part in _parts([vehicles[name] for name in sorted(vehicles)]):
        names = {one.name for one in part}
        old = list(read_file(home, day, held, names)) if held and names & held.vehicles.keys() else []
        new = _read_rows(connection, day, source, part)
        yield merge(pa.concat_tables(old), new) if old else merge(new.slice(0, 0), new)


def _parts(vehicles: list[Vehicle]) -> Iterator[list[Vehicle]]:
    """Vehicles in parts of about GROUP_ROWS fixes."""
    part: list[Vehicle] = []
    for one in vehicles:
        if part and sum(other.n_fixes for other in part) + one.n_fixes > GROUP_ROWS:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _read_rows(connection: psycopg.Connection[Row], day: date, source: str, vehicles: list[Vehicle]) -> pa.Table:
    """The fixes of vehicles of a source on a day as raw.fix has them, in the columns of SCHEMA."""
    names = {one.vehicle_id: one.name for one in vehicles if one.vehicle_id is not None}
    params = {"day": day, "vehicle_ids": list(names), "treatments": [str(word) for word in TREATMENTS]}
    found = read_columns(connection, read_sql("yukimichi", "copy_day_out"), params, _COPIED)
    ids, inverse = np.unique(found["vehicle_id"], return_inverse=True)
    columns = {"source": pa.repeat(pa.scalar(source, pa.string()), len(inverse))}
    columns["vehicle"] = pa.array([names[int(one)] for one in ids], pa.string()).take(pa.array(inverse))
    for name, values in found.items():
        unknown = np.isnan(values) if name in _MEASURES else values < 0
        is_open = name in (*_MEASURES, *_FLAGS, "treatment", "file_id")
        kind = SCHEMA.field(name).type
        if name == "treatment":
            columns[name] = pa.array([str(word) for word in TREATMENTS]).take(pa.array(values, mask=unknown))
        elif name in _FLAGS:
            columns[name] = pa.array(values > 0, kind, mask=unknown)
        else:
            columns[name] = pa.array(values, mask=unknown if is_open else None).cast(kind)
    return pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA)


def _drop(database: Database, manifest: Manifest, n: int, content: int) -> bool:
    """Mark the day as archived and drop its partition, at once; False where it holds other fixes by now."""
    mark = {"day": manifest.day, "n_fixes": manifest.n_fixes, "has_expired": bool(manifest.expired)}
    for _ in range(DROP_TRIES):
        try:
            with database.connect(Role.INGEST) as connection:
                connection.execute(read_sql("yukimichi", "mark_archived"), mark)
                params = {"day": manifest.day, "n": n, "content": content}
                done = connection.execute(read_sql("yukimichi", "drop_fix_day"), params).fetchone() == (True,)
                if not done:
                    connection.rollback()
                return done
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(DROP_PAUSE_S)
    raise ConflictError(
        f"raw.fix was busy for {DROP_TRIES * DROP_PAUSE_S:.0f} s; {manifest.day} is archived and still in it too.",
        hint="Run `yukimichi retention` again; it goes on from there.",
    )


def restore_day(database: Database, home: Path, day: date) -> int:
    """Bring a day back from the archive into raw.fix beside what is there, as yuki_ingest; how many rows were written.

    Idempotent. The day is not marked as restored: that is for the caller, when all that it needs is there. Raises
    InputError where a file is missing or damaged; then nothing of its source was written.
    """
    manifest, n_written = read_manifest(home, day) or Manifest(day), 0
    for entry in manifest.files:
        with database.connect(Role.INGEST) as connection:
            row = connection.execute(read_sql("yukimichi", "find_source"), {"name": entry.source}).fetchone()
            if row is None:
                raise ConflictError(
                    f"The archive of {day} has fixes of the source {entry.source!r}, which this database never had.",
                    hint="Restore the database that the archive belongs to.",
                )
            ids = dict(zip(entry.vehicles, vehicle_ids(connection, row[0], list(entry.vehicles)), strict=True))
            at_us = np.array([np.datetime64(day, "us").astype(np.int64)])
            ensure_partitions(connection, at_us)
            connection.commit()
            connection.execute(read_sql("yukimichi", "create_restore_stage"))
            for rows in read_file(home, day, entry):
                write_columns(connection, read_sql("yukimichi", "copy_restore_stage"), _columns(rows, ids))
            n_written += connection.execute(read_sql("yukimichi", "merge_restore_stage")).rowcount
    return n_written


def _columns(rows: pa.Table, ids: dict[str, np.int64]) -> dict[str, Column]:
    """Rows of the archive in the order of copy_restore_stage.sql."""
    rows = rows.combine_chunks()
    names = rows["vehicle"].combine_chunks().dictionary_encode()
    vehicle = np.array([ids[name] for name in names.dictionary.to_pylist()], np.int64)[names.indices.to_numpy()]
    columns = {"vehicle_id": fixed("int4", vehicle), "at": moments(_numbers(rows, "at"))}
    columns |= {name: fixed("float8", _numbers(rows, name)) for name in ("lon", "lat")}
    columns |= {name: _open("float4", rows, name) for name in _MEASURES}
    columns |= {name: _open("bool", rows, name) for name in _FLAGS}
    columns["treatment"] = words(_treatments(rows["treatment"].combine_chunks()), TREATMENTS)
    columns |= {"received_at": moments(_numbers(rows, "received_at")), "file_id": _open("int8", rows, "file_id")}
    return columns | {name: fixed("int8", _numbers(rows, name)) for name in ("content_key", "batch_id")}


def _treatments(column: pa.StringArray) -> NDArray[np.int64]:
    code = pc.index_in(column, pa.array([str(word) for word in TREATMENTS]))
    if code.null_count > column.null_count:
        raise InputError("The archive holds a treatment that is not in the vocabulary.", hint="Nothing was changed.")
    return np.asarray(pc.fill_null(code, -1).to_numpy(), np.int64)


def _numbers(rows: pa.Table, name: str) -> NDArray[Any]:
    column = rows[name].combine_chunks()
    column = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return np.asarray(pc.fill_null(column, pa.scalar(0).cast(column.type)).to_numpy(zero_copy_only=False))


def _open(kind: str, rows: pa.Table, name: str) -> Column:
    """A column whose null is NULL."""
    null = rows[name].combine_chunks().is_null().to_numpy(zero_copy_only=False)
    return Column(kind, _numbers(rows, name), np.where(null, -1, 0))

"""Checked fixes into raw.fix. A fix is (source, vehicle, at): repeats change nothing, and of two contents of one key
the one whose content_key is greater stays, whichever came first.

Live ingestion and files use the same `load_fixes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.pq import TransactionStatus

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.fix import TREATMENTS, Fixes
from geo.store.bulk import Column, fixed, moments, words, write_columns
from geo.timeline import from_us
from ingest.fix_batch import FixBatch

type Ints = NDArray[np.int64]
type Unsigned = NDArray[np.uint64]

DAY_US = 86_400_000_000


def _word_numbers(word: str) -> list[int]:
    """The first 32 bytes of a word as four numbers."""
    data = word.encode().ljust(32, b"\0")[:32]
    return [int.from_bytes(data[i : i + 8], "little") for i in range(0, 32, 8)]


#: (treatments, 4) Treatments enter the hash by their own words, so that a longer vocabulary changes no old key.
_TREATMENT_NUMBERS = np.array([_word_numbers(str(word)) for word in TREATMENTS], np.uint64)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the fixes of a batch: n_accepted + n_repeated is their number.

    n_accepted   rows written, new ones and those that took the place of another content
    n_repeated   rows that changed nothing: already there, or lost to another content of the same key
    n_replaced   of the accepted: took another content's place
    n_conflicts  of the repeated: had another content than the row that stays
    """

    n_accepted: int = 0
    n_repeated: int = 0
    n_replaced: int = 0
    n_conflicts: int = 0

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            self.n_accepted + other.n_accepted,
            self.n_repeated + other.n_repeated,
            self.n_replaced + other.n_replaced,
            self.n_conflicts + other.n_conflicts,
        )


def _mix(h: Unsigned) -> Unsigned:
    """The finaliser of splitmix64 (Steele, Lea & Flood, OOPSLA 2014), which spreads every bit over all 64."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


def content_keys(fixes: Fixes) -> Ints:
    """(n,) stable hashes of what a fix says beside its key, as the database stores it.

    Heading, speed and accuracy enter in single precision; NaN and -1 are unknown and always hash alike. The same
    content has the same key on every machine and in every release.
    """
    h = np.full(len(fixes), 0x9E3779B97F4A7C15, np.uint64)
    for exact in (fixes.lon, fixes.lat):
        h = _mix(h ^ (exact + 0.0).view(np.uint64))  # + 0.0 makes -0.0 the same as 0.0
    for measure in (fixes.heading_deg, fixes.speed_mps, fixes.accuracy_m):
        bits = (measure + 0.0).astype(np.float32).view(np.uint32).astype(np.uint64)
        h = _mix(h ^ np.where(np.isnan(measure), np.uint64(0xFFFFFFFFFF), bits))
    flags = sum((flag.astype(np.int64) + 1) * 4**i for i, flag in enumerate((fixes.blade, fixes.spreader, fixes.work)))
    h = _mix(h ^ np.asarray(flags).astype(np.uint64))
    known = fixes.treatment >= 0
    for i in range(4):
        word = _TREATMENT_NUMBERS[np.where(known, fixes.treatment, 0), i]
        h = _mix(h ^ np.where(known, word, np.uint64(0)))
    return h.view(np.int64)


def _unique(vehicle: Ints, at_us: Ints, key: Ints) -> tuple[Ints, int]:
    """Positions of the fixes that stay, by vehicle and time, and how many others differ from the one that stays."""
    order = np.lexsort((at_us, vehicle)) if not _is_sorted(vehicle, at_us) else np.arange(len(at_us))
    v, t = vehicle[order], at_us[order]
    same = (v[1:] == v[:-1]) & (t[1:] == t[:-1])
    if not same.any():
        return order, 0
    group = np.concatenate([[0], np.cumsum(~same)])
    best = np.full(group[-1] + 1, np.iinfo(np.int64).min)
    np.maximum.at(best, group, key[order])
    wins = key[order] == best[group]
    n_conflicts = int(np.sum(~wins))
    first = np.unique(group[wins], return_index=True)[1]
    return order[np.flatnonzero(wins)[first]], n_conflicts


def _is_sorted(vehicle: Ints, at_us: Ints) -> bool:
    later = (vehicle[1:] == vehicle[:-1]) & (at_us[1:] >= at_us[:-1])
    return bool(np.all((vehicle[1:] > vehicle[:-1]) | later))


def vehicle_ids(connection: psycopg.Connection[Row], source_id: int, names: Sequence[str]) -> Ints:
    """(n,) ids of the source's vehicles; new ones get a row in the connection's transaction."""
    named = {"source_id": source_id, "names": list(names)}
    found: dict[str, int] = dict(connection.execute(read_sql("ingest", "find_vehicles"), named).fetchall())
    missing = [name for name in names if name not in found]
    if missing:
        connection.execute(read_sql("ingest", "add_vehicles"), named | {"names": missing})
        found = dict(connection.execute(read_sql("ingest", "find_vehicles"), named).fetchall())
    return np.array([found[name] for name in names], np.int64)


def ensure_partitions(connection: psycopg.Connection[Row], at_us: Ints) -> None:
    """Make the days that raw.fix lacks, in a transaction of their own.

    Making one locks raw.fix for a moment; inside a longer transaction it would stop every reader.
    """
    days = [date(1970, 1, 1).fromordinal(719_163 + day) for day in np.unique(at_us // DAY_US).tolist()]
    with connection.transaction():
        connection.execute(read_sql("ingest", "ensure_partitions"), {"days": days})


def load_fixes(
    connection: psycopg.Connection[Row], batch: FixBatch, source_id: int, file_id: int | None = None
) -> Loaded:
    """Write a batch and commit. Idempotent, and independent of the order in which batches come.

    connection  without an open transaction, as yuki_ingest
    file_id     the file it comes from; None for live fixes
    Where no fix of a vehicle lies in the time span of its new ones, rows go straight into raw.fix by COPY; the others
    go through a temporary table. One transaction at a time writes for a source. Raises ConflictError inside an open
    transaction.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ConflictError("load_fixes needs a connection without an open transaction.", hint="Commit before it.")
    if not len(batch):
        return Loaded()
    ensure_partitions(connection, batch.fixes.at_us)
    with connection.transaction():
        connection.execute(read_sql("ingest", "lock_source_fixes"), {"source_id": source_id})
        batch_id = take_batch_id(connection)
        ids = vehicle_ids(connection, source_id, batch.names)
        vehicle, key = ids[batch.fixes.vehicle], content_keys(batch.fixes)
        kept, n_conflicts = _unique(vehicle, batch.fixes.at_us, key)
        fixes, vehicle, key = batch.fixes.select(kept), vehicle[kept], key[kept]
        n_repeated = len(batch) - len(kept)
        is_known = np.isin(vehicle, overlapping(connection, vehicle, fixes.at_us))
        loaded = Loaded(0, n_repeated, 0, n_conflicts)
        if not is_known.all():
            columns = fix_columns(fixes.select(~is_known), vehicle[~is_known], key[~is_known], file_id, batch_id)
            loaded += Loaded(n_accepted=write_columns(connection, read_sql("ingest", "copy_fix"), columns))
        if is_known.any():
            columns = fix_columns(fixes.select(is_known), vehicle[is_known], key[is_known], file_id, batch_id)
            loaded += _merge(connection, columns)
        if loaded.n_accepted:
            announce_batch(connection, batch_id, "fixes", fixes.at_us)
    return loaded


def take_batch_id(connection: psycopg.Connection[Row]) -> int:
    """The id of a new batch, for the rows that the connection's transaction writes."""
    row = connection.execute(read_sql("ingest", "take_batch_id")).fetchone()
    assert row is not None
    return int(row[0])


def announce_batch(
    connection: psycopg.Connection[Row], batch_id: int, kind: Literal["fixes", "lines"], at_us: Ints
) -> None:
    """Say that the connection's transaction wrote a batch; its last statement, since others wait for the commit.

    at_us  (n,) the times of its rows
    """
    span = {"first_at": from_us(int(at_us.min())), "last_at": from_us(int(at_us.max()))}
    named = {"batch_id": batch_id, "kind": kind, "n": len(at_us)} | span
    connection.execute(read_sql("ingest", "announce_batch"), named)


def overlapping(connection: psycopg.Connection[Row], vehicle: Ints, at_us: Ints) -> Ints:
    """(k,) ids of the vehicles that have a fix within the time span of their new ones. Input by vehicle and time."""
    first = np.flatnonzero(np.concatenate([[True], vehicle[1:] != vehicle[:-1]]))
    last = np.concatenate([first[1:], [len(vehicle)]]) - 1
    named = {
        "vehicle_ids": vehicle[first].tolist(),
        "from_ats": [from_us(value) for value in at_us[first].tolist()],
        "to_ats": [from_us(value) for value in at_us[last].tolist()],
    }
    found = connection.execute(read_sql("ingest", "find_overlaps"), named).fetchall()
    return np.array([row[0] for row in found], np.int64)


def _merge(connection: psycopg.Connection[Row], columns: dict[str, Column]) -> Loaded:
    """Write rows of which some may be there already."""
    connection.execute(read_sql("ingest", "create_fix_stage"))
    n = write_columns(connection, read_sql("ingest", "copy_fix_stage"), columns)
    row = connection.execute(read_sql("ingest", "merge_fix_stage")).fetchone()
    assert row is not None
    n_written, n_replaced, n_lost = (int(value) for value in row)
    return Loaded(n_written, n - n_written, n_replaced, n_lost)


def _measure(values: NDArray[np.float64]) -> Column:
    return Column("float4", values, np.where(np.isnan(values), -1, 0))


def _flag(values: NDArray[np.int8]) -> Column:
    return Column("bool", values, np.where(values < 0, -1, 0))


def fix_columns(fixes: Fixes, vehicle: Ints, key: Ints, file_id: int | None, batch_id: int) -> dict[str, Column]:
    """Columns in the order of copy_fix.sql and copy_fix_stage.sql."""
    n = len(fixes)
    file = np.full(n, file_id or 0, np.int64)
    return {
        "vehicle_id": fixed("int4", vehicle),
        "at": moments(fixes.at_us),
        "lon": fixed("float8", fixes.lon),
        "lat": fixed("float8", fixes.lat),
        "heading_deg": _measure(fixes.heading_deg),
        "speed_mps": _measure(fixes.speed_mps),
        "accuracy_m": _measure(fixes.accuracy_m),
        "blade": _flag(fixes.blade),
        "spreader": _flag(fixes.spreader),
        "work": _flag(fixes.work),
        "treatment": words(fixes.treatment, TREATMENTS),
        "file_id": Column("int8", file, np.full(n, -1 if file_id is None else 0)),
        "content_key": fixed("int8", key),
        "batch_id": fixed("int8", np.full(n, batch_id, np.int64)),
    }

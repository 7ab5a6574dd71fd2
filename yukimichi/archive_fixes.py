"""Fixes of past days wherever they are: in raw.fix, or in the archive's files. Reads, and moves nothing.

Late fixes of an archived day wait in raw.fix until retention works them in; they are no facts yet and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.fix import TREATMENTS, Fixes
from geo.store.fixes import Windows, read_fixes
from yukimichi.archive_files import Manifest, read_file, read_manifest

type Ints = NDArray[np.int64]
type Connection = psycopg.Connection[Row]

ONE_DAY = timedelta(days=1)
_DAY_US = 86_400_000_000
_MEASURES = ("heading_deg", "speed_mps", "accuracy_m")
_FLAGS = ("blade", "spreader", "work")


def midnight(day: date) -> datetime:
    """The begin of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def manifests(connection: Connection, home: Path, days: Sequence[date]) -> list[Manifest]:
    """The manifests of those days that raw.fix does not have as a whole. Raises ConflictError where one is missing."""
    rows = connection.execute(read_sql("geo", "queries/read_archive_days"), {"days": list(days)}).fetchall()
    found = []
    for (day,) in rows:
        manifest = read_manifest(home, day)
        if manifest is None:
            raise ConflictError(
                f"The database lacks the fixes of {day}, and the archive has no manifest of it.",
                hint="Restore the archive from a backup.",
            )
        found.append(manifest)
    return found


def fix_counts(connection: Connection, home: Path, days: Sequence[date]) -> dict[int, int]:
    """Fixes of each vehicle on consecutive UTC days, by vehicle id, ascending."""
    count: dict[int, int] = {}
    params = {"from_at": midnight(days[0]), "to_at": midnight(days[-1] + ONE_DAY)}
    for vehicle_id, n in connection.execute(read_sql("geo", "queries/read_fix_counts"), params).fetchall():
        count[vehicle_id] = count.get(vehicle_id, 0) + n
    ids = _vehicle_ids(connection)
    for manifest in manifests(connection, home, days):
        for file in manifest.files:
            for name, n in file.vehicles.items():
                vehicle_id = ids[file.source, name]
                count[vehicle_id] = count.get(vehicle_id, 0) + n
    return dict(sorted(count.items()))


def fixes_of(connection: Connection, home: Path, days: Sequence[date], vehicle_ids: Sequence[int]) -> Fixes:
    """The fixes of vehicles on consecutive UTC days, by vehicle and time."""
    archived = manifests(connection, home, days)
    from_us, to_us = (round(midnight(day).timestamp()) * 1_000_000 for day in (days[0], days[-1] + ONE_DAY))
    n = len(vehicle_ids)
    windows = Windows(np.array(vehicle_ids, np.int64), np.full(n, from_us), np.full(n, to_us - 1))
    held = read_fixes(connection, windows)
    gone = [round(midnight(manifest.day).timestamp()) * 1_000_000 // _DAY_US for manifest in archived]
    parts = [held.select(~np.isin(held.at_us // _DAY_US, gone))]
    names = {
        vehicle_id: name for name, vehicle_id in _vehicle_ids(connection).items() if vehicle_id in set(vehicle_ids)
    }
    ids = {name: vehicle_id for vehicle_id, name in names.items()}
    for manifest in archived:
        parts += _archived(home, manifest, ids)
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Fixes.__slots__}
    return Fixes(**whole).sorted()


def _vehicle_ids(connection: Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute(read_sql("geo", "queries/read_vehicles")).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


def _archived(home: Path, manifest: Manifest, ids: dict[tuple[str, str], int]) -> Iterator[Fixes]:
    """The fixes of some vehicles, by source and name, on an archived day."""
    for file in manifest.files:
        wanted = {name for source, name in ids if source == file.source} & file.vehicles.keys()
        if wanted:
            for table in read_file(home, manifest.day, file, wanted):
                yield _fixes(table, ids)


def _fixes(table: pa.Table, ids: dict[tuple[str, str], int]) -> Fixes:
    """The rows of an archive file as the core has them: NaN and -1 for what is not known."""
    names = zip(table["source"].to_pylist(), table["vehicle"].to_pylist(), strict=True)
    columns: dict[str, Any] = {name: pc.fill_null(table[name], np.nan).to_numpy() for name in _MEASURES}
    columns |= {name: pc.fill_null(pc.cast(table[name], pa.int8()), -1).to_numpy() for name in _FLAGS}
    code = {str(word): i for i, word in enumerate(TREATMENTS)}
    treatment = [code.get(word, -1) for word in table["treatment"].to_pylist()]
    return Fixes.from_arrays(
        [ids[name] for name in names], pc.cast(table["at"], pa.int64()).to_numpy(), table["lon"].to_numpy(),
        table["lat"].to_numpy(), **columns, treatment=treatment,
    )  # fmt: skip

"""Files of the archive: one Parquet file a source and UTC day, and a manifest a day that names those that count.

    home/archive/fixes/date=2026-01-18/manifest.json
    home/archive/fixes/date=2026-01-18/source=3-5f2a….parquet

A file is written under a name that no manifest has, forced to disk, read back and compared; the manifest is replaced at
last, in one step. So whoever reads the manifest finds whole files, and what a killed run leaves behind is deleted by
the next one. Files hold positions of vehicles: nobody but their owner may read them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geo.errors import EnvironmentProblem, InputError

#: Rises when the columns below or their meaning change.
SCHEMA_VERSION = 1
#: All columns of raw.fix, and before them what a fix is keyed by outside of one database.
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("vehicle", pa.string()),
        ("vehicle_id", pa.int32()),
        ("at", pa.timestamp("us", "UTC")),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("heading_deg", pa.float32()),
        ("speed_mps", pa.float32()),
        ("accuracy_m", pa.float32()),
        ("blade", pa.bool_()),
        ("spreader", pa.bool_()),
        ("work", pa.bool_()),
        ("treatment", pa.string()),
        ("received_at", pa.timestamp("us", "UTC")),
        ("file_id", pa.int64()),
        ("content_key", pa.int64()),
        ("batch_id", pa.int64()),
    ],
    metadata={"yukimichi.archive": str(SCHEMA_VERSION)},
)
#: What says only when the stages saw a row, and so changes with each recomputation.
TRANSIENT = "batch_id"
#: Rows of a row group, and those that are held in memory at once: 200 to 300 MB at the most.
GROUP_ROWS = 200_000
_TEXT = ("source", "vehicle", "treatment")
_ENCODING = {"at": "DELTA_BINARY_PACKED", "received_at": "DELTA_BINARY_PACKED"}
_ENCODING |= dict.fromkeys(("lon", "lat", "heading_deg", "speed_mps", "accuracy_m"), "BYTE_STREAM_SPLIT")
_DICTIONARY = [*_TEXT, "vehicle_id", "file_id", "batch_id"]


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """The fixes of a source on a day.

    sha256   of the file; content: of its rows without batch_id, whatever the encoding
    vehicles fixes of each vehicle, by the name that its source gives it
    """

    source: str
    file: str
    n_fixes: int
    n_bytes: int
    sha256: str
    content: str
    vehicles: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the archive holds of a day. expired: what was deleted of it, a row a source."""

    day: date
    files: tuple[ArchiveFile, ...] = ()
    expired: tuple[dict[str, Any], ...] = field(default=())

    @property
    def n_fixes(self) -> int:
        """Fixes of all sources."""
        return sum(one.n_fixes for one in self.files)

    def file_of(self, source: str) -> ArchiveFile | None:
        """The file of a source; None: it has no fixes of this day."""
        return next((one for one in self.files if one.source == source), None)


class ContentHash:
    """SHA-256 over each column of rows that come in pieces; where the pieces end does not matter."""

    def __init__(self) -> None:
        names = [name for name in SCHEMA.names if name != TRANSIENT]
        self._known = {name: hashlib.sha256() for name in names}
        self._values = {name: hashlib.sha256() for name in names}
        self.n_rows = 0

    def add(self, rows: pa.Table) -> None:
        """Take the next rows, in the columns of SCHEMA."""
        self.n_rows += len(rows)
        for name, part in self._values.items():
            column = rows[name].combine_chunks()
            self._known[name].update(
                np.ascontiguousarray(column.is_valid().to_numpy(zero_copy_only=False)).view(np.uint8)
            )
            if name in _TEXT:
                part.update(_text_bytes(column))
            else:
                filled = pc.fill_null(column, pa.scalar(0, pa.int64()).cast(column.type))
                part.update(np.ascontiguousarray(filled.to_numpy(zero_copy_only=False)).view(np.uint8))

    def hexdigest(self) -> str:
        """The hash of all columns together."""
        parts = (*self._known.values(), *self._values.values())
        return hashlib.sha256("".join(part.hexdigest() for part in parts).encode()).hexdigest()


def _text_bytes(column: pa.StringArray) -> bytes:
    """Each word of a column with an end mark, one after the other; what is null is told apart elsewhere."""
    words = pc.binary_join_element_wise(pc.fill_null(column, ""), "", "\0").cast(pa.large_string())
    return b"" if not len(words) else bytes(words.buffers()[2] or b"")


def fixes_folder(home: Path) -> Path:
    """Where the archive of fixes lies."""
    return home / "archive" / "fixes"


def day_folder(home: Path, day: date) -> Path:
    """Where the files of a UTC day lie."""
    return fixes_folder(home) / f"date={day.isoformat()}"


def archived_days(home: Path) -> list[date]:
    """The days that have a manifest, ascending."""
    found = fixes_folder(home).glob("date=*/manifest.json")
    return sorted(date.fromisoformat(file.parent.name.removeprefix("date=")) for file in found)


def read_manifest(home: Path, day: date) -> Manifest | None:
    """The manifest of a day; None where there is none. Raises InputError for one that cannot be read."""
    file = day_folder(home, day) / "manifest.json"
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["schema"] != SCHEMA_VERSION:
            raise InputError(
                f"{file} is of schema {told['schema']}.", hint="Use the release that wrote it, or a newer."
            )
        files = tuple(ArchiveFile(**one) for one in told["files"])
        return Manifest(date.fromisoformat(told["day"]), files, tuple(told["expired"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file} is damaged: {error}.", hint="Restore it from a backup.") from error


def write_manifest(home: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the former one, in one step, and delete files that it does not name."""
    folder = day_folder(home, manifest.day)
    told = {
        "schema": SCHEMA_VERSION,
        "day": manifest.day.isoformat(),
        "n_fixes": manifest.n_fixes,
        "files": [asdict(one) for one in manifest.files],
        "expired": list(manifest.expired),
    }
    made = folder / ".manifest.tmp"
    with _open_private(made) as file:
        file.write(json.dumps(told, ensure_ascii=False, indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    made.replace(folder / "manifest.json")
    sync_folder(folder)
    named = {one.file for one in manifest.files} | {"manifest.json"}
    for other in folder.iterdir():
        if other.name not in named:
            other.unlink()


def write_file(home: Path, day: date, source: str, groups: Iterable[pa.Table]) -> ArchiveFile | None:
    """Write the fixes of a source on a day and compare what lies on the disk then; None without any row.

    groups  tables of SCHEMA, by vehicle and time across all of them
    The file counts only once a manifest names it. Raises EnvironmentProblem where it reads back differently.
    """
    folder = day_folder(home, day)
    make_private(folder)
    made, given, vehicles = folder / f".{os.getpid()}.tmp", ContentHash(), dict[str, int]()
    with _open_private(made) as file:
        options = {"compression": "zstd", "use_dictionary": _DICTIONARY, "column_encoding": _ENCODING}
        with pq.ParquetWriter(file, SCHEMA, **options) as writer:
            for rows in groups:
                given.add(rows)
                writer.write_table(rows, row_group_size=GROUP_ROWS)
                for one in pc.value_counts(rows["vehicle"]).to_pylist():
                    vehicles[one["values"]] = vehicles.get(one["values"], 0) + one["counts"]
        file.flush()
        os.fsync(file.fileno())
    if not given.n_rows:
        made.unlink()
        return None
    verify(made, given)
    digest, content = file_sha256(made), given.hexdigest()
    name = f"source={hashlib.sha256(source.encode()).hexdigest()[:8]}-{content[:16]}-{digest[:8]}.parquet"
    made.replace(folder / name)
    sync_folder(folder)
    return ArchiveFile(source, name, given.n_rows, (folder / name).stat().st_size, digest, content, vehicles)


def verify(file: Path, given: ContentHash) -> None:
    """Compare a file with what was written into it. Raises EnvironmentProblem where they differ."""
    found = ContentHash()
    for rows in _row_groups(file, None):
        found.add(rows)
    if (found.n_rows, found.hexdigest()) != (given.n_rows, given.hexdigest()):
        raise EnvironmentProblem(
            f"{file} reads back {found.n_rows} fixes, not the {given.n_rows} that were written, or others.",
            hint="Nothing was taken out of the database. Check the disk, and run `yukimichi retention` again.",
        )


def read_file(home: Path, day: date, entry: ArchiveFile, vehicles: set[str] | None = None) -> Iterator[pa.Table]:
    """The rows of a file, a row group at a time; of some vehicles only, or of all for None.

    Raises InputError where the file is missing or is not the one that the manifest names.
    """
    file = day_folder(home, day) / entry.file
    if not file.exists() or file_sha256(file) != entry.sha256:
        raise InputError(f"{file} is missing or damaged.", hint="Restore it from a backup; nothing was changed.")
    yield from _row_groups(file, vehicles)


def _row_groups(file: Path, vehicles: set[str] | None) -> Iterator[pa.Table]:
    with pq.ParquetFile(file) as parquet:
        for i in range(parquet.num_row_groups):
            rows = parquet.read_row_group(i).cast(SCHEMA)
            if vehicles is not None:
                rows = rows.filter(pc.is_in(rows["vehicle"], pa.array(sorted(vehicles), pa.string())))
            if len(rows):
                yield rows


def merge(archived: pa.Table, fresh: pa.Table) -> pa.Table:
    """Rows of both, by vehicle and time; of two for one (source, vehicle, at) the one with the greater content_key.

    Of two with the same content the archived one stays, so that what did not change keeps its file.
    """
    both = pa.concat_tables([archived, fresh]).combine_chunks()
    vehicle = np.unique(both["vehicle"].to_numpy(), return_inverse=True)[1]
    at = both["at"].cast(pa.int64()).to_numpy()
    key = both["content_key"].to_numpy()
    is_fresh = np.arange(len(both)) >= len(archived)
    # ~key turns the order of signed numbers round without overflow
    order = np.lexsort((is_fresh, ~key, at, vehicle))
    v, t = vehicle[order], at[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (v[1:] != v[:-1]) | (t[1:] != t[:-1])
    return both.take(pa.array(order[first]))


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def file_sha256(file: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _open_private(file: Path) -> BinaryIO:
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")  # noqa: PTH123

"""raw.source and raw.ingest_file: who delivers, and which delivery was taken in already."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a file: n_read = n_accepted + n_repeated + n_quarantined."""

    n_read: int
    n_accepted: int
    n_repeated: int
    n_quarantined: int


@dataclass(frozen=True, slots=True)
class IngestFile:
    """A delivery. `report` and `counts` are those of the time it was taken in, None until then."""

    file_id: int
    source_id: int
    kind: str
    counts: Counts | None
    report: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        """Whether it was taken in whole before."""
        return self.counts is not None


def register_source(connection: psycopg.Connection[Row], name: str, kind: str, settings: SourceSettings) -> int:
    """The source's id; its row is made or brought up to date in the connection's transaction."""
    row = connection.execute(
        read_sql("ingest", "upsert_source"),
        {
            "name": name,
            "kind": kind,
            "settings": Jsonb(settings.model_dump(mode="json", exclude_defaults=True)),
            "work_basis": settings.work_basis,
            "is_synthetic": settings.synthetic,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


@contextlib.contextmanager
def opened_file(
    connection: psycopg.Connection[Row], source_id: int, kind: str, file_name: str, sha256: bytes, settings: bytes
) -> Iterator[IngestFile]:
    """The delivery's row, committed, and locked for this session until the block ends.

    An unfinished attempt is taken up again: what it left in quarantine is deleted first. Raises ConflictError while
    another process takes in the same file.
    """
    find = {"source_id": source_id, "kind": kind, "file_name": file_name, "sha256": sha256, "settings_sha256": settings}
    key = {"file_id": _find(connection, find)[0]}
    locked = connection.execute(read_sql("ingest", "lock_file"), key).fetchone()
    if locked != (True,):
        raise ConflictError(f"{file_name} is being taken in by another process.", hint="Wait until that has ended.")
    try:
        # under the lock its row says for sure whether somebody else has just finished it
        row = _find(connection, find)
        counts = Counts(*row[2:6]) if row[1] is not None else None
        if counts is None:
            connection.execute(read_sql("ingest", "clear_file"), key)
        connection.commit()
        yield IngestFile(int(row[0]), source_id, kind, counts, dict(row[6]))
        connection.commit()
    finally:
        with contextlib.suppress(psycopg.OperationalError):
            connection.rollback()
            connection.execute(read_sql("ingest", "unlock_file"), key)
            connection.commit()


def _find(connection: psycopg.Connection[Row], find: Mapping[str, Any]) -> Row:
    """The row of open_file.sql, committed."""
    row = None
    while row is None:  # none: another session made it after this statement had begun
        row = connection.execute(read_sql("ingest", "open_file"), find).fetchone()
        connection.commit()
    return row


def complete(connection: psycopg.Connection[Row], file: IngestFile, counts: Counts, report: Mapping[str, Any]) -> None:
    """Mark the delivery as taken in whole, in the connection's transaction."""
    named = {"file_id": file.file_id, "report": Jsonb(dict(report))}
    connection.execute(read_sql("ingest", "complete_file"), named | asdict(counts))

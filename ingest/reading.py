"""Bodies of requests as checked fixes: JSON, NDJSON and CSV, with what a sender should be warned of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from starlette.exceptions import HTTPException

from geo.errors import InputError, TooLargeError
from geo.fix import concat
from geo.settings import SourceSettings
from ingest.clocks import clock_warning, name_zone_errors
from ingest.fix_batch import FixBatch, RawBatch, ReadState
from ingest.fix_csv import read_csv_bytes
from ingest.json_fixes import keep_objects, parse_json, parse_ndjson, rows_of, rows_to_raw
from ingest.quality import check
from ingest.quarantine import Reject
from ingest.register import Register

#: How a body is named in messages.
WHERE = "The body"


@dataclass(frozen=True, slots=True)
class Read:
    """What a body said: fixes, rows that are none, and what looks wrong with fixes that are stored all the same."""

    batch: FixBatch
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """Good and bad ones."""
        return len(self.batch) + len(self.rejects)


def _json(data: bytes, source: SourceSettings, state: ReadState) -> list[RawBatch]:
    rows, items = keep_objects(rows_of(parse_json(data, WHERE), "fixes", WHERE), state)
    return [rows_to_raw(rows, source, items=items)]


def _ndjson(data: bytes, source: SourceSettings, state: ReadState) -> list[RawBatch]:
    rows, lines, items = parse_ndjson(data, state)
    return [rows_to_raw(rows, source, items=items, lines=lines)]


def _csv(data: bytes, source: SourceSettings, state: ReadState) -> list[RawBatch]:
    return list(read_csv_bytes(data, "body", source, state))


READERS = {
    "application/json": _json,
    "application/x-ndjson": _ndjson,
    "application/ndjson": _ndjson,
    "text/csv": _csv,
}


def read_rows(data: bytes, kind: str, source: SourceSettings, max_fixes: int, state: ReadState) -> list[RawBatch]:
    """The rows of a body, nothing checked; lines that are no rows go to `state`.

    Raises InputError for a body that cannot be read as a whole, MappingError for a CSV without a needed column,
    TooLargeError for too many rows, HTTPException 415 for a media type that is not read.
    """
    reader = READERS.get(kind)
    if reader is None:
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send {', '.join(READERS)}.")
    if not data.strip():
        raise InputError("The body is empty.", hint='Send {"fixes": [{…}, …]}.')
    batches = reader(data, source, state)
    n = sum(len(batch) for batch in batches) + len(state.rejects)
    if n > max_fixes:
        raise TooLargeError(f"The body has {n} fixes; {max_fixes} are taken at once.", hint="Send several requests.")
    return batches


def read_fixes(
    data: bytes, kind: str, source: SourceSettings, max_fixes: int, now: datetime, register: Register | None
) -> Read:
    """The checked fixes of a body. Raises as read_rows, and as ingest.quality.check."""
    state = ReadState()
    return checked(read_rows(data, kind, source, max_fixes, state), source, now, register, state)


def checked(
    batches: Sequence[RawBatch], source: SourceSettings, now: datetime, register: Register | None, state: ReadState
) -> Read:
    """Raw rows, judged. Raises as ingest.quality.check."""
    parts = []
    for raw in batches:
        n_before = len(state.rejects)
        parts.append(check(raw, source, now, state, WHERE, register))
        if len(state.rejects) > n_before:
            state.rejects.rows[n_before:] = name_zone_errors(state.rejects.rows[n_before:], raw, source, now)
    batch = merge(parts)
    warning = clock_warning(batch.fixes.at_us, now)
    rejects = sorted(state.rejects.rows, key=lambda reject: (reject.line or 0, reject.item or 0))
    return Read(batch, rejects, [] if warning is None else [warning])


def merge(batches: Sequence[FixBatch]) -> FixBatch:
    """One batch of several."""
    if len(batches) == 1:
        return batches[0]
    position: dict[str, int] = {}
    parts = []
    for batch in batches:
        lookup = np.array([position.setdefault(name, len(position)) for name in batch.names], np.int64)
        parts.append(replace(batch.fixes, vehicle=lookup[batch.fixes.vehicle]))
    return FixBatch(tuple(position), concat(parts))

"""保留: what was rejected, why, and from where, kept whole in raw.quarantine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import psycopg

from geo.db import Row, read_sql


class Why(StrEnum):
    """Reason codes. docs/ingest.md lists them with what to do."""

    # any row
    MALFORMED = "malformed"
    UNKNOWN_SOURCE = "unknown_source"
    DUPLICATE_ID = "duplicate_id"
    MISSING_ID = "missing_id"
    # features
    NO_GEOMETRY = "no_geometry"
    BAD_GEOMETRY = "bad_geometry"
    WRONG_GEOMETRY = "wrong_geometry"
    NOT_FINITE = "not_finite"
    ZERO_LENGTH = "zero_length"
    OUTSIDE_CRS_AREA = "outside_crs_area"
    MISSING_NODE = "missing_node"
    # plans
    MISSING_FIELD = "missing_field"
    EMPTY_PERIOD = "empty_period"
    # fixes
    UNPARSABLE_TIME = "unparsable_time"
    AMBIGUOUS_TIME = "ambiguous_time"
    FUTURE_TIME = "future_time"
    TOO_OLD = "too_old"
    MISSING_VEHICLE = "missing_vehicle"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    OTHER_SOURCE = "other_source"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    ZERO_POSITION = "zero_position"
    SWAPPED_COORDINATES = "swapped_coordinates"
    OUTSIDE_AREA = "outside_area"
    BAD_CHECKSUM = "bad_checksum"
    NO_POSITION = "no_position"
    # feeds of timetables
    UNKNOWN_REFERENCE = "unknown_reference"
    # weather
    UNKNOWN_STATION = "unknown_station"


@dataclass(frozen=True, slots=True)
class Reject:
    """One rejected row or feature. line counts from 1 as an editor shows it; item counts from 0."""

    reason: Why
    detail: str
    payload: dict[str, Any]
    line: int | None = None
    item: int | None = None


@dataclass(slots=True)
class Rejects:
    """The rejected part of a file; grows while it is read."""

    rows: list[Reject] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(
        self, reason: Why, detail: str, payload: dict[str, Any], *, line: int | None = None, item: int | None = None
    ) -> None:
        """Keep one."""
        self.rows.append(Reject(reason, detail, payload, line, item))

    def by_reason(self) -> dict[str, int]:
        """How many of each reason, the most frequent first."""
        return {str(reason): n for reason, n in Counter(row.reason for row in self.rows).most_common()}


def plain(value: Any) -> Any:
    """The value as JSON that jsonb takes: it knows no NaN, no infinity, no NUL and no half of a surrogate pair."""
    if isinstance(value, dict):
        return {_text(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return _text(text)


def _text(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def store(
    connection: psycopg.Connection[Row], file_id: int | None, source_id: int, kind: str, rejects: Iterable[Reject]
) -> int:
    """Write rejects by COPY in the connection's transaction; how many."""
    n = 0
    with connection.cursor() as cursor, cursor.copy(read_sql("ingest", "copy_quarantine")) as copy:
        for row in rejects:
            detail = row.detail.replace("\0", "\ufffd")
            payload = json.dumps(plain(row.payload), ensure_ascii=False)
            copy.write_row((file_id, source_id, kind, row.line, row.item, str(row.reason), detail, payload))
            n += 1
    return n

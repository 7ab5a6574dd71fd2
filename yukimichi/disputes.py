"""Disputes for who runs the service: list, decide, export, and what retention forgets.

Reading is written into the audit log, as a key's reading is.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from geo.db import Database, Role, read_sql
from geo.errors import NotFoundError
from geo.settings_disputes import DisputeSettings
from yukimichi.keys import actor
from yukimichi.reports.csv_file import safe_text

if TYPE_CHECKING:  # the worker, which forgets them, needs no server
    from tiles.disputes_queue import Verdict

#: Rows of an export.
EXPORT_MAX = 1_000_000
#: Hours of accuracy are kept so much longer than the page shows, days.
HOURS_KEPT = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What retention deleted."""

    n_photos: int
    n_disputes: int
    n_hours: int


def read_disputes(
    database: Database, *, since: datetime | None = None, waiting_only: bool = False, most: int = EXPORT_MAX
) -> list[dict[str, Any]]:
    """Disputes, the newest first, as mgr.disputes has them; the reading is in the audit log before they are read."""
    detail = {"collection": "disputes", "since": None if since is None else since.isoformat(), "most": most}
    with database.connect(Role.APP) as connection:
        params = {"key_id": None, "action": "read", "actor": actor(), "detail": Jsonb(detail)}
        connection.execute(read_sql("yukimichi", "write_audit"), params)
    with database.connect(Role.MANAGER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        asked = {"since": since, "waiting_only": waiting_only, "most": most}
        return cursor.execute(read_sql("tiles", "disputes_list"), asked).fetchall()


def decide(database: Database, dispute_id: int, verdict: Verdict, now: datetime) -> int:
    """Decide a dispute as the user of this machine; the id of the decision. Raises NotFoundError."""
    params = {
        "dispute_id": dispute_id, "decision": verdict.decision.value, "reason": verdict.reason, "decided_at": now,
        "key_id": None, "decided_by": actor(), "actor": actor(),
    }  # fmt: skip
    with database.connect(Role.APP) as connection:
        row = connection.execute(read_sql("tiles", "dispute_decide"), params).fetchone()
    if row is None:
        raise NotFoundError(f"No dispute {dispute_id}.", hint="See: yukimichi disputes list")
    return int(row[0])


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Disputes as CSV, UTF-8 with a byte order mark; no cell becomes a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    names = list(rows[0]) if rows else ["dispute_id"]
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return safe_text(value) if isinstance(value, str) else str(value)


def as_json(rows: list[dict[str, Any]]) -> bytes:
    """Disputes as a JSON array."""
    return json.dumps(rows, ensure_ascii=False, indent=2, default=lambda at: at.isoformat()).encode()


def forget(database: Database, settings: DisputeSettings, now: datetime) -> Forgotten:
    """Delete disputes and photos whose days are over, and what is left of senders."""
    params = {
        "photos_before": now - timedelta(days=settings.photo_days),
        "disputes_before": now - timedelta(days=settings.days), "hours_before": now - HOURS_KEPT,
    }  # fmt: skip
    with database.connect(Role.APP) as connection:
        row = connection.execute(read_sql("tiles", "disputes_forget"), params).fetchone()
        senders = {"day": now.date(), "full_s": settings.full_s}
        connection.execute(read_sql("tiles", "dispute_forget_senders"), senders)
    assert row is not None
    return Forgotten(*(int(n) for n in row))

"""Corrections of work by hand, each with its line in the audit log before it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from geo.db import Database, Role, read_sql
from geo.store.report_issues import correct, end_correction, find_vehicle
from geo.vocabulary import PassKind, Treatment
from yukimichi.keys import actor


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says that a vehicle did, from inclusive, to exclusive. treatment None: not named."""

    vehicle: str
    from_at: datetime
    to_at: datetime
    kind: PassKind
    treatment: Treatment | None
    author: str
    reason: str


def audit(database: Database, action: str, detail: dict[str, Any]) -> None:
    """A line of the audit log under the user of this machine."""
    with database.connect(Role.APP) as connection:
        named = {"key_id": None, "action": action, "actor": actor(), "detail": Jsonb(detail)}
        connection.execute(read_sql("yukimichi", "write_audit"), named)


def write_correction(database: Database, said: Said) -> int:
    """Write it, append-only; its id. Raises InputError, NotFoundError, ConflictError."""
    with database.connect(Role.ENGINE) as connection:
        vehicle_id, name = find_vehicle(connection, said.vehicle)
        correction_id = correct(
            connection, vehicle_id, (said.from_at, said.to_at), said.kind, said.treatment, said.author, said.reason
        )
        audit(database, "work_correct", {
            "correction_id": correction_id, "vehicle": name, "from_at": said.from_at.isoformat(),
            "to_at": said.to_at.isoformat(), "kind": str(said.kind), "author": said.author, "reason": said.reason,
            "treatment": None if said.treatment is None else str(said.treatment),
        })  # fmt: skip
    return correction_id


def withdraw(database: Database, correction_id: int, author: str, reason: str) -> int:
    """End a correction by a new row; the id of that. Raises NotFoundError where none of that id holds."""
    with database.connect(Role.ENGINE) as connection:
        row = end_correction(connection, correction_id, author, reason)
        detail = {"correction_id": correction_id, "ended_by": row, "author": author, "reason": reason}
        audit(database, "work_correct_end", detail)
    return row

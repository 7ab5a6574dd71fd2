"""Issues 発行 of daily reports, corrections of work by hand, and whom they are of; written as yuki_engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.report_sheet import Document
from geo.store.events import known_text
from geo.vocabulary import PassKind, Treatment

#: Figures of a report that an issue keeps, to tell what changed.
KEPT = ("contractor", "machine", "started_at", "ended_at", "totals", "pay_totals")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is of; None: not narrowed."""

    day: date
    contractor: str | None = None
    vehicle: str | None = None
    event_id: int | None = None

    def params(self) -> dict[str, Any]:
        """As parameters of the queries."""
        return {"day": self.day, "contractor": self.contractor, "vehicle": self.vehicle, "event_id": self.event_id}


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue. issue_no 0: never handed out. changes: what differs from the issue before, field by field."""

    issue_no: int
    sha256: str
    is_new: bool
    recorded_at: datetime | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)


def key_of(documents: Sequence[Document]) -> bytes:
    """SHA-256 of the figures: all of a report but its evidence, which is not what is paid by."""
    plain = [{key: value for key, value in one.items() if key != "evidence"} for one in documents]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).digest()


def figures_of(documents: Sequence[Document]) -> dict[str, Any]:
    """What an issue keeps, by report."""
    return {
        one["report_id"]: {key: one[key] for key in KEPT} | {
            "vehicle": one["vehicle"], "corrections": [row["correction_id"] for row in one["corrections"]],
        }
        for one in documents
    }  # fmt: skip


def changes_between(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Each figure that differs: report, vehicle, field, before, after; None: there was or is no such report."""
    found = []
    for report in sorted(old.keys() | new.keys()):
        before, after = _flat(old.get(report, {})), _flat(new.get(report, {}))
        vehicle = after.get("vehicle") or before.get("vehicle")
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                found.append({"report_id": report, "vehicle": vehicle, "field": name, "before": before.get(name),
                              "after": after.get(name)})  # fmt: skip
    return found


def _flat(figures: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def issue_of(
    connection: psycopg.Connection[Row], scope: Scope, documents: Sequence[Document], known_at: datetime | None
) -> Issue:
    """The issue that these figures are, without writing one: issue_no 0 where they were never handed out."""
    last = _last(connection, scope, known_at)
    key = key_of(documents)
    if last is None or bytes(last[1]) != key:
        changes = changes_between(last[2], figures_of(documents)) if last else []
        return Issue(0, key.hex(), True, None, changes)
    return Issue(last[0], key.hex(), False, last[3])


def hand_out(connection: psycopg.Connection[Row], scope: Scope, documents: Sequence[Document], author: str) -> Issue:
    """The issue of these figures: the last one if nothing differs, else a new one with what changed."""
    connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": "report_issue"})
    found = issue_of(connection, scope, documents, None)
    if not found.is_new:
        return found
    last = _last(connection, scope, None)
    number = last[0] + 1 if last else 1
    row = connection.execute(
        read_sql("geo", "queries/insert_issue"),
        scope.params() | {"issue_no": number, "sha256": bytes.fromhex(found.sha256), "author": author,
                          "figures": Jsonb(figures_of(documents))},
    ).fetchone()  # fmt: skip
    assert row is not None
    changes = found.changes
    if last and not changes:
        changes = [{"report_id": None, "vehicle": None, "field": "lines", "before": None, "after": None}]
    return Issue(number, found.sha256, True, row[0], changes)


def _last(connection: psycopg.Connection[Row], scope: Scope, known_at: datetime | None) -> Row | None:
    params = scope.params() | {"known_at": known_text(known_at)}
    return connection.execute(read_sql("geo", "queries/last_issue"), params).fetchone()


def find_vehicle(connection: psycopg.Connection[Row], text: str) -> tuple[int, str]:
    """Id and full name of a vehicle, given as VEHICLE or as SOURCE/VEHICLE.

    Raises NotFoundError, and ConflictError where several sources have one of that name.
    """
    source, slash, name = text.partition("/")
    asked = {"vehicle": text, "source": None}
    rows = connection.execute(read_sql("geo", "queries/find_report_vehicle"), asked).fetchall()
    if not rows and slash:
        asked = {"vehicle": name, "source": source}
        rows = connection.execute(read_sql("geo", "queries/find_report_vehicle"), asked).fetchall()
    if not rows:
        raise NotFoundError(f"No vehicle is named {text!r}.", hint="`yukimichi status` lists devices by their names.")
    if len(rows) > 1:
        sources = ", ".join(f"{row[1]}/{row[2]}" for row in rows)
        raise ConflictError(f"Several sources have a vehicle {text!r}.", hint=f"Name one of them: {sources}.")
    return int(rows[0][0]), f"{rows[0][1]}/{rows[0][2]}"


def correct(
    connection: psycopg.Connection[Row], vehicle_id: int, span: tuple[datetime, datetime], kind: PassKind,
    treatment: Treatment | None, author: str, reason: str,
) -> int:  # fmt: skip
    """Write a correction: from span[0] up to, not including, span[1]; its id. Facts stay as they are.

    Raises InputError for a span without length, no author or reason, and a treatment without work.
    """
    if span[0] >= span[1]:
        raise InputError(f"{span[0].isoformat()} is not before {span[1].isoformat()}.", hint="Give --from before --to.")
    if not author.strip() or not reason.strip():
        raise InputError("A correction needs an author and a reason.", hint="Give --author and --reason.")
    if kind not in (PassKind.PASS, PassKind.DEADHEAD) or (kind is PassKind.DEADHEAD and treatment is not None):
        raise InputError("A correction says pass, with or without a treatment, or deadhead.", hint="Change --kind.")
    work = {"kind": str(kind), "treatment": None if treatment is None else str(treatment)}
    said = {"author": author.strip(), "reason": reason.strip()}
    named = {"vehicle_id": vehicle_id, "from_at": span[0], "to_at": span[1]} | work | said
    row = connection.execute(read_sql("geo", "queries/insert_correction"), named).fetchone()
    assert row is not None
    return int(row[0])


def end_correction(connection: psycopg.Connection[Row], correction_id: int, author: str, reason: str) -> int:
    """End a correction by a new row; the id of that. Raises NotFoundError where none of that id holds."""
    if not author.strip() or not reason.strip():
        raise InputError("Ending a correction needs an author and a reason.", hint="Give --author and --reason.")
    named = {"correction_id": correction_id, "author": author.strip(), "reason": reason.strip()}
    row = connection.execute(read_sql("geo", "queries/end_correction"), named).fetchone()
    if row is None:
        raise NotFoundError(
            f"No correction {correction_id} holds.", hint="Daily reports show the ids of those that do."
        )
    return int(row[0])

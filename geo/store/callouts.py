"""出動指令: imported callouts become events, each once; the last word on one corrects it by a new row."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings_events import EventSettings
from geo.store.events import EventRow, find_event, insert_event
from geo.vocabulary import EventKind, Manager


@dataclass(slots=True)
class CalloutsReport:
    """What became of the callouts delivered: events opened, corrected, kept; and what could not be taken."""

    n_opened: int = 0
    n_amended: int = 0
    n_kept: int = 0
    misfits: list[str] = dataclasses.field(default_factory=list)


def refresh_callouts(database: Database, settings: EventSettings) -> CalloutsReport:
    """Bring the events of kind callout in line with what was imported, as yuki_engine.

    An event that was corrected by hand stays so until another delivery says something new of it.
    """
    report = CalloutsReport()
    with database.connect(Role.ENGINE) as connection:
        rows = connection.execute(read_sql("geo", "queries/read_callouts")).fetchall()
        last = {_key(source, said): (said, is_synthetic) for source, said, is_synthetic in rows}
        held = connection.execute(read_sql("geo", "queries/read_imported_callouts")).fetchall()
        known = {row[0]: (row[1], row[2]) for row in held}
        for key, (said, is_synthetic) in last.items():
            try:
                _settle(connection, _event(key, said, settings, is_synthetic), known.get(key), report)
            except InputError as error:
                report.misfits.append(f"{key}: {error.message}")
    return report


def _settle(
    connection: psycopg.Connection[Row], row: EventRow, known: tuple[int, str] | None, report: CalloutsReport
) -> None:
    row.check()
    if known is None:
        insert_event(connection, row)
        report.n_opened += 1
    elif known[1] == row.callout_digest:
        report.n_kept += 1
    else:
        event_id, _ = find_event(connection, known[0])
        connection.execute(read_sql("geo", "queries/supersede_event"), {"event_id": event_id})
        insert_event(connection, dataclasses.replace(row, amends_event_id=event_id))
        report.n_amended += 1


def _key(source: str, said: dict[str, Any]) -> str:
    """What tells callouts apart: the id within the source, else when and whom it called out."""
    own = said.get("callout_id") or " ".join(str(said.get(n) or "") for n in ("called_at", *_AREAS))
    return f"{source} {own}"


#: Fields of a callout that name an area, the narrowest first, and the kinds of area that they name.
_AREAS = {"section_id": "section", "office": "office", "manager": "manager"}


def _event(key: str, said: dict[str, Any], settings: EventSettings, is_synthetic: bool) -> EventRow:
    """The event of a callout as delivered."""
    begin = datetime.fromisoformat(said["called_at"])
    ended = said.get("ended_at")
    end = datetime.fromisoformat(ended) if ended else begin + timedelta(hours=settings.callout_hours)
    kind, area = next(((kind, str(said[f])) for f, kind in _AREAS.items() if said.get(f)), (None, None))
    shown = Manager(area).ja if kind == "manager" and area in set(Manager) else area
    return EventRow(
        kind=EventKind.CALLOUT,
        name=said.get("name") or ("出動" if shown is None else f"出動 {shown}"),
        reference_at=begin,
        closed_at=end,
        area_kind=kind,
        area=area,
        depth_cm=said.get("depth_cm"),
        is_synthetic=is_synthetic,
        callout_key=key,
        callout_digest=hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest(),
    )

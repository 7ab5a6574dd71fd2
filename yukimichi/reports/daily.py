"""A daily report as one document: the reports of a day, their sums, their issue, and what the words mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import psycopg

from geo.db import Role, Row, read_sql
from geo.errors import NotFoundError
from geo.report_sheet import Document
from geo.store.report_issues import Scope, find_vehicle, hand_out, issue_of
from geo.store.reports import Ask, Report, read_reports, within
from yukimichi.context import Context
from yukimichi.pipeline import report_rules
from yukimichi.reports.envelope import envelope


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: a local day, narrowed to a contractor, a vehicle or an event; as known at (None: now)."""

    day: date
    contractor: str | None = None
    vehicle: str | None = None
    event_id: int | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The document, and what the map of it is drawn from."""

    document: Document
    reports: list[Report]


def make(context: Context, wish: Wish, at: datetime, author: str | None = None) -> Made:
    """The report of a day. author: who hands it out, which makes it an issue; None: nothing is written.

    What was known in the past is only looked at, and never handed out as an issue.
    Raises NotFoundError for an event or a vehicle that is not there.
    """
    rules = report_rules(context.settings)
    with context.database.connect(Role.ENGINE) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        ask = Ask(wish.day, wish.day, wish.known_at)
        scope = Scope(wish.day, wish.contractor, None, wish.event_id)
        if wish.vehicle is not None:
            vehicle_id, name = find_vehicle(connection, wish.vehicle)
            ask, scope = replace(ask, vehicle_ids=(vehicle_id,)), replace(scope, vehicle=name)
        event = None if wish.event_id is None else _event(connection, wish.event_id)
        if event is not None:
            ask = within(ask, event["reference_at"], event["closed_at"])
        found = read_reports(connection, rules, ask)
        if wish.contractor is not None:
            found = [one for one in found if one.document["contractor"] == wish.contractor]
        documents = [one.document for one in found]
    with context.database.connect(Role.ENGINE) as connection:
        if author is None or wish.known_at is not None:
            issue = issue_of(connection, scope, documents, wish.known_at)
        else:
            issue = hand_out(connection, scope, documents, author)
    head = {"day": wish.day, "contractor": wish.contractor, "vehicle": scope.vehicle, "event": event}
    return Made(envelope(context.settings, head, documents, at, wish.known_at, issue), found)


def _event(connection: psycopg.Connection[Row], event_id: int) -> dict[str, Any]:
    row = connection.execute(read_sql("geo", "queries/read_event_span"), {"event_id": event_id}).fetchone()
    if row is None:
        raise NotFoundError(f"No event has the id {event_id}.", hint="See `yukimichi event list`.")
    return {"event_id": event_id, "kind": row[0], "name": row[1], "reference_at": row[2], "closed_at": row[3]}

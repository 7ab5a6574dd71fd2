"""Storms, callouts and the standing watch: what every state is relative to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.vocabulary import EventKind


@dataclass(frozen=True, slots=True)
class Event:
    """An event; passes that began before reference_at do not count for it."""

    event_id: int
    kind: EventKind
    name: str
    reference_at: datetime

    @property
    def is_standing(self) -> bool:
        """Whether it is the standing watch, in which nobody was told to clear."""
        return self.kind is EventKind.STANDING


def open_event(
    database: Database, kind: EventKind, name: str, reference_at: datetime, *, is_synthetic: bool = False
) -> Event:
    """Open a storm or a callout. Where several are open, the one that began last holds.

    Raises InputError for the standing watch, which is always there, and for a time without a zone.
    """
    if kind is EventKind.STANDING:
        raise InputError("The standing watch cannot be opened.", hint="It holds while no storm or callout is open.")
    if reference_at.tzinfo is None:
        raise InputError(f"{reference_at.isoformat()} has no time zone.", hint="Give the time with its offset.")
    params = {"kind": str(kind), "name": name, "reference_at": reference_at, "is_synthetic": is_synthetic}
    with database.connect(Role.ENGINE) as connection:
        row = connection.execute(read_sql("geo", "queries/open_event"), params).fetchone()
    assert row is not None
    return Event(row[0], kind, name, reference_at)


def close_event(database: Database, event_id: int, closed_at: datetime) -> None:
    """Close an open event at a moment after its reference time.

    Raises NotFoundError for an unknown id, ConflictError for one that is closed, standing, or began later.
    """
    with database.connect(Role.ENGINE) as connection:
        params = {"event_id": event_id, "closed_at": closed_at}
        if connection.execute(read_sql("geo", "queries/close_event"), params).fetchone():
            return
        row = connection.execute(read_sql("geo", "queries/read_event"), {"event_id": event_id}).fetchone()
    if row is None:
        raise NotFoundError(f"No event has the id {event_id}.", hint="See the list of events for the ids there are.")
    _, kind, name, reference_at, ended_at = row
    if kind == EventKind.STANDING:
        raise ConflictError(f"Event {event_id} is the standing watch.", hint="It never closes; close a storm instead.")
    if ended_at is not None:
        raise ConflictError(f"Event {event_id} ({name}) is closed since {ended_at.isoformat()}.", hint="Nothing to do.")
    raise ConflictError(
        f"Event {event_id} ({name}) begins at {reference_at.isoformat()}, not before {closed_at.isoformat()}.",
        hint="Close it at a later time.",
    )


def current_event(connection: psycopg.Connection[Row], as_of: datetime, known_at: datetime | None = None) -> Event:
    """The event that holds at a moment: the newest open storm or callout, else the standing watch.

    known_at: as it was known then; None: as known now. Raises NotFoundError for a moment before 1970.
    """
    params = {"as_of": as_of, "known_at": known_text(known_at)}
    row = connection.execute(read_sql("geo", "queries/current_event"), params).fetchone()
    if row is None:
        raise NotFoundError(f"No event holds at {as_of.isoformat()}.", hint="Ask for a time after 1970.")
    return Event(row[0], EventKind(row[1]), row[2], row[3])


def known_text(known_at: datetime | None) -> str:
    """The parameter known_at of the queries: the moment, or infinity for all that is known now."""
    return "infinity" if known_at is None else known_at.isoformat()

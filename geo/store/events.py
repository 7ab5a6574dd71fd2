"""Storms, callouts and the standing watch: what every state is relative to. An event is corrected by a new row."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.vocabulary import EventKind

#: Kinds of areas that a callout may name.
AREA_KINDS = ("manager", "office", "section")


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


@dataclass(frozen=True, slots=True)
class EventRow:
    """All that a row says of an event.

    closed_at        None: open
    area_kind, area  whom a callout called out: one of AREA_KINDS and its name; None: everybody
    depth_cm         snow depth that a callout names
    amends_event_id  the row that this one corrects
    callout_key, callout_digest  of an imported callout (geo.store.callouts)
    """

    kind: EventKind
    name: str
    reference_at: datetime
    closed_at: datetime | None = None
    area_kind: str | None = None
    area: str | None = None
    depth_cm: float | None = None
    is_synthetic: bool = False
    amends_event_id: int | None = None
    callout_key: str | None = None
    callout_digest: str | None = None

    def check(self) -> None:
        """Raise InputError for what no event can be."""
        if self.kind is EventKind.STANDING:
            raise InputError("The standing watch cannot be opened.", hint="It holds while no storm or callout is open.")
        for at in (self.reference_at, self.closed_at):
            if at is not None and at.tzinfo is None:
                raise InputError(f"{at.isoformat()} has no time zone.", hint="Give the time with its offset.")
        if self.closed_at is not None and self.closed_at <= self.reference_at:
            raise InputError(
                f"{self.name} cannot end at {self.closed_at.isoformat()}, begun at {self.reference_at.isoformat()}.",
                hint="Give an end after the begin.",
            )
        if (self.area_kind is None) != (self.area is None) or self.area_kind not in (None, *AREA_KINDS):
            raise InputError(f"{self.area_kind} {self.area} is no area.", hint=f"Name one of {', '.join(AREA_KINDS)}.")


def open_event(
    database: Database,
    kind: EventKind,
    name: str,
    reference_at: datetime,
    *,
    is_synthetic: bool = False,
    area: tuple[str, str] | None = None,
) -> Event:
    """Open a storm or a callout. Where several are open, the one that began last holds; those for one area come last.

    area  kind and name of whom it called out; None: everybody
    Raises InputError for the standing watch, which is always there, and for a time without a zone.
    """
    area_kind, area_name = area or (None, None)
    row = EventRow(kind, name, reference_at, None, area_kind, area_name, is_synthetic=is_synthetic)
    with database.connect(Role.ENGINE) as connection:
        return insert_event(connection, row)


def insert_event(connection: psycopg.Connection[Row], row: EventRow) -> Event:
    """Write a row of an event. Raises InputError for what no event can be."""
    row.check()
    params: dict[str, Any] = dataclasses.asdict(row) | {"kind": str(row.kind)}
    found = connection.execute(read_sql("geo", "queries/open_event"), params).fetchone()
    assert found is not None
    return Event(found[0], row.kind, row.name, row.reference_at)


def amend_event(database: Database, event_id: int, **changes: Any) -> Event:
    """Correct an event by a new row, which says of everything else what the former one said; nothing is overwritten.

    changes  name, reference_at, closed_at (None: open again), area_kind and area, depth_cm
    Raises NotFoundError for an unknown id, ConflictError for the standing watch or where nothing changes, InputError
    for what no event can be.
    """
    with database.connect(Role.ENGINE) as connection:
        found_id, old = find_event(connection, event_id)
        if old.kind is EventKind.STANDING:
            raise ConflictError(f"Event {event_id} is the standing watch.", hint="It is always there as it is.")
        new = dataclasses.replace(old, **changes, amends_event_id=found_id)
        if dataclasses.replace(new, amends_event_id=old.amends_event_id) == old:
            raise ConflictError(f"Event {found_id} ({old.name}) says that already.", hint="Nothing to do.")
        new.check()
        connection.execute(read_sql("geo", "queries/supersede_event"), {"event_id": found_id})
        return insert_event(connection, new)


def find_event(connection: psycopg.Connection[Row], event_id: int) -> tuple[int, EventRow]:
    """The row of an event that stands, and its id, by the id of any of its rows. Raises NotFoundError."""
    row = connection.execute(read_sql("geo", "queries/read_event"), {"event_id": event_id}).fetchone()
    if row is None:
        raise NotFoundError(f"No event has the id {event_id}.", hint="See the list of events for the ids there are.")
    return row[0], EventRow(EventKind(row[1]), *row[2:])


def close_event(database: Database, event_id: int, closed_at: datetime) -> None:
    """Close an open event at a moment after its reference time.

    Raises NotFoundError for an unknown id, ConflictError for one that is closed, standing, or began later.
    """
    with database.connect(Role.ENGINE) as connection:
        found_id, event = find_event(connection, event_id)
        params = {"event_id": found_id, "closed_at": closed_at}
        if connection.execute(read_sql("geo", "queries/close_event"), params).fetchone():
            return
    named = f"Event {found_id} ({event.name})"
    if event.kind is EventKind.STANDING:
        raise ConflictError(f"Event {event_id} is the standing watch.", hint="It never closes; close a storm instead.")
    if event.closed_at is not None:
        raise ConflictError(
            f"{named} is closed since {event.closed_at.isoformat()}.",
            hint=f"If that is wrong: yukimichi event amend {found_id} --end TIME.",
        )
    raise ConflictError(
        f"{named} begins at {event.reference_at.isoformat()}, not before {closed_at.isoformat()}.",
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

"""Publish the past of an event as the facts tell it, in place of what was published then; as yuki_publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg.rows import class_row

from geo.db import Row, read_sql
from geo.orders import RESTRICTIONS
from geo.status import NO_SOURCE, REASONS, STATES
from geo.store.bulk import Column, fixed, moments, words, write_columns
from geo.store.passes import CODES
from geo.store.status import MANAGER
from geo.timeline import to_us
from layers.past_spans import Spans

type Connection = psycopg.Connection[Row]
type Ints = np.ndarray[Any, np.dtype[np.int64]]

#: An event that another one follows within this time is told up to there: nothing lies between.
JOINED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PastEvent:
    """A row of past_event.sql."""

    event_id: int
    kind: str
    name: str
    reference_at: datetime
    closed_at: datetime | None
    is_synthetic: bool
    is_published: bool
    as_of: datetime | None
    network_version: int | None
    next_from: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it is closed and others are published by now."""
        return self.closed_at is not None and not self.is_published

    def end(self, now: datetime) -> datetime:
        """The moment up to which its past can be told: its end, or that of what is published of it."""
        if self.closed_at is None or self.is_published:
            published = self.as_of if self.is_published and self.as_of is not None else now
            return min(published, self.closed_at or published)
        if self.next_from is not None and self.next_from <= self.closed_at + JOINED:
            return self.next_from
        return self.closed_at


@dataclass(frozen=True, slots=True)
class Told:
    """A stretch of time in which the event held, with the states of its edges, by position in edge_id."""

    from_at: datetime
    to_at: datetime
    spans: Spans


@dataclass(frozen=True, slots=True)
class Basis:
    """What told states rest on. sources: names by the numbers of EdgeStatus.source."""

    known_at: datetime
    step_s: int
    network_version: int
    synthetic: bool
    edge_id: Ints
    sources: Mapping[int, str]


def read_past_event(connection: Connection, event_id: int) -> PastEvent | None:
    """What is needed to work out the past of an event; None: no event that stands has that id."""
    with connection.cursor(row_factory=class_row(PastEvent)) as cursor:
        return cursor.execute(read_sql("layers", "past_event"), {"event_id": event_id}).fetchone()


def read_turns(connection: Connection, from_at: datetime, to_at: datetime) -> list[datetime]:
    """Moments between at which orders of road managers begin or end."""
    rows = connection.execute(read_sql("layers", "past_turns"), {"from_at": from_at, "to_at": to_at}).fetchall()
    return [row[0] for row in rows]


def read_due(
    connection: Connection, network_version: int, before: datetime, *, every: bool
) -> list[tuple[int, datetime]]:
    """(event, from when on) of what is to be worked out, the oldest first; every: events that never were live too."""
    params = {"network_version": network_version, "before": before, "every": every}
    return [(int(row[0]), row[1]) for row in connection.execute(read_sql("layers", "past_due"), params).fetchall()]


def forget_past(connection: Connection, before: datetime) -> tuple[int, int]:
    """Take back what ended before a moment, and events that were corrected; (spans of events, spans of states)."""
    row = connection.execute(read_sql("layers", "past_forgotten"), {"before": before}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def write_past(
    connection: Connection, event: PastEvent, from_at: datetime, to_at: datetime, told: list[Told], basis: Basis
) -> int:
    """Replace what is told of an event from one moment to another, in the connection's transaction; spans written.

    Of an event that is over everything after from_at is replaced.
    """
    connection.execute(read_sql("layers", "publish_lock"))
    taken = {"event_id": event.event_id, "from_at": from_at, "to_at": "infinity" if event.is_over else to_at}
    connection.execute(read_sql("layers", "past_taken"), taken)
    connection.execute(read_sql("layers", "past_reopened"), {"event_id": event.event_id})
    connection.execute(read_sql("layers", "past_span_taken"), taken)
    n = 0
    for part in told:
        n += write_columns(connection, read_sql("layers", "past_write"), _columns(part.spans, event.event_id, basis))
        params = {
            "event_id": event.event_id, "from_at": part.from_at, "to_at": part.to_at, "event_kind": event.kind,
            "event_name": event.name, "reference_at": event.reference_at, "network_version": basis.network_version,
            "known_at": basis.known_at, "step_s": basis.step_s, "is_closed": event.is_over,
            "synthetic": basis.synthetic or event.is_synthetic,
        }  # fmt: skip
        connection.execute(read_sql("layers", "past_span_write"), params)
    return n


def _columns(spans: Spans, event_id: int, basis: Basis) -> dict[str, Column]:
    s = spans.state
    ids, source = np.unique(s["source"], return_inverse=True)
    names = [basis.sources[int(one)] if one >= 0 else MANAGER for one in ids]
    return {
        "event_id": fixed("int8", np.full(len(spans), event_id)),
        "edge_id": fixed("int8", basis.edge_id[spans.place]),
        "from_at": moments(spans.from_us),
        "to_at": moments(spans.to_us),
        "state": words(s["state"], STATES),
        "reason": words(s["reason"], REASONS),
        "cleared_at": moments(s["cleared_us"]),
        "valid_until": moments(s["valid_until_us"]),
        "observed_at": moments(s["observed_us"]),
        "covered_fraction": fixed("float4", s["covered_fraction"]),
        "passed_fraction": fixed("float4", s["passed_fraction"]),
        "treatment": words(s["treatment"], CODES["treatments"]),
        "spread_at": moments(s["spread_us"]),
        "sidewalk_at": moments(s["sidewalk_us"]),
        "restriction": words(s["restriction"], RESTRICTIONS),
        "is_corrected": fixed("bool", s["is_corrected"]),
        "work_basis": words(s["work_basis"], CODES["bases"]),
        "confidence": fixed("float4", s["confidence"]),
        "source": words(np.where(s["source"] == NO_SOURCE, -1, source), names),
        "synthetic": fixed("bool", s["synthetic"]),
    }


def grid(from_at: datetime, to_at: datetime, step: timedelta, turns: list[datetime]) -> list[datetime]:
    """The moments to look at: the first one, each whole step of the clock after it, and the turns; ascending."""
    step_us, moments_us = round(step.total_seconds() * 1e6), {to_us(from_at)}
    first = -(-to_us(from_at) // step_us) * step_us
    moments_us |= set(range(first, to_us(to_at), step_us)) | {to_us(at) for at in turns}
    return [from_at + timedelta(microseconds=at - to_us(from_at)) for at in sorted(moments_us)]

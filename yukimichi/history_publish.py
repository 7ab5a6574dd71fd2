"""Work out the past of an event from the facts, moment by moment, and publish it (docs/history.md)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from geo.db import Database, Role, read_sql
from geo.errors import ConflictError, NotFoundError, YukiError
from geo.network import Network
from geo.settings import Settings
from geo.store.history import status_at
from geo.timeline import in_zone, now, to_us
from geo.vocabulary import EventKind
from layers.default_reason import default_reason
from layers.past_spans import SpanBuilder, states_of
from layers.publish_past import (
    Basis,
    PastEvent,
    Told,
    forget_past,
    grid,
    read_due,
    read_past_event,
    read_turns,
    write_past,
)

LOG = logging.getLogger(__name__)
type Step = Callable[[int, int], None]

#: The end of the thread is waited for, seconds.
END_S = 10.0


@dataclass(frozen=True, slots=True)
class PastReport:
    """What was worked out of an event: moments looked at, spans of states written, from when to when."""

    event_id: int
    from_at: datetime
    to_at: datetime
    n_moments: int
    n_spans: int

    def row(self, zone: str) -> dict[str, Any]:
        """For people, with times on the clock of a zone."""
        times = {"from_at": in_zone(self.from_at, zone).isoformat(), "to_at": in_zone(self.to_at, zone).isoformat()}
        return {"event_id": self.event_id} | times | {"n_moments": self.n_moments, "n_spans": self.n_spans}


def due_events(
    database: Database, network: Network, settings: Settings, *, every: bool
) -> list[tuple[int, datetime | None]]:
    """(event, from when on) of what is to be worked out now; what is over and is not kept any more is taken back.

    every  events that were never published too
    """
    before = now() - timedelta(days=settings.past.days)
    with database.connect(Role.PUBLISH) as connection:
        forget_past(connection, before)
        return [*read_due(connection, network.version, before, every=every)]


def publish_event(
    database: Database, network: Network, settings: Settings, event_id: int,
    from_at: datetime | None = None, step: Step = lambda done, total: None,
) -> PastReport:  # fmt: skip
    """Publish the past of an event as known now, from its begin or from a later moment on.

    Raises NotFoundError for an id that no event has or that nothing was published for, ConflictError for the standing
    watch, for an event that has not begun, and where the network of now is not the published one.
    """
    known_at = now()
    with database.connect(Role.PUBLISH) as connection:
        event = read_past_event(connection, event_id)
        if event is None:
            raise NotFoundError(f"No event has the id {event_id}.", hint="`yukimichi event list` names them.")
        begin, end = _bounds(event, network, from_at, known_at)
        moments = grid(begin, end, timedelta(minutes=settings.past.step_min), read_turns(connection, begin, end))
        row = connection.execute(read_sql("layers", "past_network"), {"network_version": network.version}).fetchone()
    with database.connect(Role.ENGINE) as connection:
        sources = dict(connection.execute(read_sql("geo", "queries/read_sources")).fetchall())
    synthetic = bool(row and row[0])
    told = _look(database, network, settings, event, moments, end, synthetic, step)
    edge_id = network.edge_id[np.flatnonzero(network.is_open)]
    basis = Basis(known_at, round(settings.past.step_min * 60), network.version, synthetic, edge_id, sources)
    with database.connect(Role.PUBLISH) as connection:
        n_spans = write_past(connection, event, begin, end, told, basis)
    return PastReport(event.event_id, begin, end, len(moments), n_spans)


def _bounds(
    event: PastEvent, network: Network, from_at: datetime | None, known_at: datetime
) -> tuple[datetime, datetime]:
    """From when to when the past of an event is to be told."""
    if event.kind == EventKind.STANDING:
        raise ConflictError(
            f"Event {event.event_id} is the standing watch.", hint="Its past is what was published; name a storm."
        )
    if event.network_version != network.version:
        raise ConflictError("The network of now is not published yet.", hint="Run `yukimichi publish` first.")
    end, begin = event.end(known_at), max(from_at or event.reference_at, event.reference_at)
    if begin >= end:
        raise ConflictError(f"Event {event.event_id} ({event.name}) has no past yet.", hint="Try again later.")
    return begin, end


def _look(
    database: Database, network: Network, settings: Settings, event: PastEvent, moments: list[datetime],
    end: datetime, synthetic: bool, step: Step,
) -> list[Told]:  # fmt: skip
    """The states at all moments, as stretches of time in which the event held."""
    is_open = np.flatnonzero(network.is_open)
    reason = default_reason(event.kind).value
    told: list[Told] = []
    builder, since = SpanBuilder(reason), None
    for i, at in enumerate(moments):
        step(i, len(moments))
        with database.connect(Role.ENGINE) as connection:
            found = status_at(connection, network, settings, at)
        holds = found.event.event_id == event.event_id
        if holds:
            since = since or at
            builder.take(to_us(at), states_of(found.status, is_open, synthetic=synthetic))
        elif since is not None:
            told.append(Told(since, at, builder.finish(to_us(at))))
            builder, since = SpanBuilder(reason), None
    if since is not None:
        told.append(Told(since, end, builder.finish(to_us(end))))
    step(len(moments), len(moments))
    return told


class PastKeeper:
    """A thread that works out the past by itself: when an event has closed, and when data came in late.

    network  gives the network that the worker has in hand; None: it has none yet
    """

    def __init__(self, database: Database, settings: Settings, network: Callable[[], Network | None]) -> None:
        self._database, self._settings, self._network = database, settings, network
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="yukimichi past", daemon=True)
        self.n_published = 0

    @property
    def is_started(self) -> bool:
        """Whether `start` was called."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Begin; the first look is one interval later."""
        self._thread.start()

    def stop(self) -> None:
        """End after the event that is under way, or with the process."""
        self._stopping.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        while not self._stopping.wait(self._settings.past.look_s):
            try:
                self.look()
            except (YukiError, psycopg.Error) as error:
                LOG.warning(
                    "The past is not up to date, the next try is in %.0f s: %s", self._settings.past.look_s, error
                )

    def look(self) -> list[PastReport]:
        """Work out and publish what is due now."""
        network = self._network()
        if network is None:
            return []
        due = due_events(self._database, network, self._settings, every=False)
        done = []
        for event_id, from_at in due:
            if self._stopping.is_set():
                break
            done.append(publish_event(self._database, network, self._settings, event_id, from_at, self._pause))
            self.n_published += 1
        return done

    def _pause(self, done: int, total: int) -> None:
        """Between two moments the live rounds come first."""
        self._stopping.wait(0.05)

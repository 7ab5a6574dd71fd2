"""Status of a whole network at any past moment, as known at any moment, in a second for a season of facts.

The answer is that of geo.store.status.read_status, which reads all facts of the event; here only those are read that
can decide (geo.store.history_facts). docs/history.md says how.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import psycopg

from geo.db import Row, read_sql
from geo.needed import Asked
from geo.network import Network
from geo.settings import Settings
from geo.status import Moment, assess
from geo.store.events import Event, current_event, known_text
from geo.store.evidence import read_context
from geo.store.history_facts import History, known_us
from geo.store.status import StatusAt, status_rules
from geo.timeline import to_us


@lru_cache(maxsize=4)
def _history_in(folder: Path) -> History:
    return History(folder)


def open_history(settings: Settings) -> History:
    """The history of a deployment; the same one for the whole process, so that what one question loaded is kept."""
    return _history_in(settings.home / "history")


def status_at(
    connection: psycopg.Connection[Row],
    network: Network,
    settings: Settings,
    as_of: datetime,
    known_at: datetime | None = None,
    history: History | None = None,
) -> StatusAt:
    """The state of every edge at any moment, from facts as known now or as known at known_at, as yuki_engine.

    `amended_at` of the answer is when its past was amended last, as known at known_at. Writes nothing to the database;
    keeps volumes of facts in `home`. Raises NotFoundError for a moment before 1970.
    """
    history = history or open_history(settings)
    event = current_event(connection, as_of, known_at)
    moment = Moment(to_us(event.reference_at), to_us(as_of), event.is_standing)
    rules = status_rules(settings.status)
    roads = history.roads(connection, network, settings.states)
    edges = read_context(connection, network, settings.states, event, as_of, known_at, roads.needs, roads.held)
    asked = Asked(moment.reference_us, moment.as_of_us, known_us(known_at), rules.confidence_min)
    facts, _ = history.facts(connection, network, edges, asked)
    status, coverage = assess(facts, edges, rules, moment)
    amended_at = last_amendment(connection, event, as_of, known_at)
    return dataclasses.replace(StatusAt(event, moment, status, coverage), amended_at=amended_at)


def last_amendment(
    connection: psycopg.Connection[Row], event: Event, as_of: datetime, known_at: datetime | None = None
) -> datetime | None:
    """When facts between the begin of an event and a moment were amended last, as known; None: never."""
    params = {"reference_at": event.reference_at, "as_of": as_of, "known_at": known_text(known_at)}
    row = connection.execute(read_sql("geo", "queries/last_amendment"), params).fetchone()
    return None if row is None else row[0]

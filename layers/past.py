"""What is published becomes the past: every publication ends and begins spans in pub.status_past, in its transaction.

A span is a stretch of time in which an edge was published in one state of an event. layers.publish_past replaces the
spans of an event by those that the facts tell, as known later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from geo.db import Row, read_sql

type Connection = psycopg.Connection[Row]

#: Spans begun at once that make the statistics of the table worth a tenth of a second.
MANY_SPANS = 500


def keep_past(connection: Connection, event_id: int, default_reason: str, as_of: datetime, since: int) -> int:
    """Keep what has just been written to pub.edge_status, as of a moment, as yuki_publish; spans begun.

    since  rows of that status version or of later ones were written; 0: all are looked at
    Spans that begin at or after as_of and say something else are taken back: a moment that is told again is told anew.
    """
    params = {"event_id": event_id, "default_reason": default_reason, "as_of": as_of, "since": since}
    connection.execute(read_sql("layers", "past_gone"), params)
    connection.execute(read_sql("layers", "past_ended"), params)
    n_begun = connection.execute(read_sql("layers", "past_begun"), params).rowcount
    if n_begun >= MANY_SPANS:
        connection.execute(read_sql("layers", "past_statistics"))
    return n_begun


def keep_past_whole(connection: Connection, state: dict[str, Any], default_reason: str) -> int:
    """The same of all edges, and of the event that is published, where it may be another one; spans begun.

    state  event_id, event_kind, event_name, reference_at, network_version, is_synthetic, as_of
    """
    named = ("event_id", "event_kind", "event_name", "reference_at", "network_version", "as_of")
    params = {name: state[name] for name in named} | {"synthetic": state["is_synthetic"]}
    connection.execute(read_sql("layers", "past_left"), params)
    connection.execute(read_sql("layers", "past_span"), params)
    return keep_past(connection, state["event_id"], default_reason, state["as_of"], 0)

"""Publish what an order changed at once: stops, closures, and the states that a stop hides or gives back."""

from __future__ import annotations

import psycopg

from geo.db import Row, read_sql
from geo.errors import ConflictError
from geo.vocabulary import EventKind
from layers.closures import publish_closures
from layers.default_reason import default_reason
from layers.past import keep_past
from layers.publish import PASSES_KEPT, Facts, one_row, publish_plans, run
from layers.withholding import withhold, withhold_status

type Connection = psycopg.Connection[Row]


def publish_orders(connection: Connection) -> int:
    """Publish orders in the connection's transaction, as yuki_publish; edges that a stop hid or gave back.

    Raises ConflictError where nothing was ever published: `publish` has to come first.
    """
    run(connection, "publish_lock")
    held = one_row(connection, "publish_held")
    if held is None:
        raise ConflictError("Nothing is published yet.", hint="Run `yukimichi publish` once.")
    found = withhold(connection)
    publish_closures(connection)
    version = int(held["status_version"]) + found.is_news
    if found.n_stopped:
        withhold_status(connection, version)
    if found.lifted:
        _give_back(connection, held, found.lifted, version)
    if found.is_news:
        reason = default_reason(EventKind(held["event_kind"])).value
        keep_past(connection, held["event_id"], reason, held["as_of"], version)
        publish_plans(connection, {"status_version": -1}, version, held["as_of"])
    run(connection, "publish_moment", {"as_of": held["as_of"], "status_version": version})
    return found.n_stopped + len(found.lifted)


def _give_back(connection: Connection, held: Facts, edge_ids: list[int], version: int) -> None:
    """States and passes of edges that are withheld no more."""
    reason = default_reason(EventKind(held["event_kind"])).value
    params = {"edge_ids": edge_ids, "event_id": held["event_id"], "default_reason": reason}
    run(connection, "publish_status_of", params | {"status_version": version})
    since = max(held["reference_at"], held["as_of"] - PASSES_KEPT)
    rows = connection.execute(read_sql("layers", "publish_passes_back"), {"since": since}).fetchall()
    pass_ids = [row[0] for row in rows]
    run(connection, "publish_passes_of", {"pass_ids": pass_ids, "touched_ids": pass_ids, "since": since})

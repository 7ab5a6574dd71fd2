"""履歴の再計算: what changed of a past that had been told already, one row a transaction and cause.

`note` is called where facts are written (geo.store.passes.touch), in the same transaction, so that there is no way to
change the past without saying so. Facts that end less than `events.late_min` ago are the present and are not noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.settings_events import EventSettings
from geo.vocabulary import AmendmentCause

type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Amendment:
    """Facts between two moments changed: how many, on how many edges, of which events, and why."""

    amendment_id: int
    cause: AmendmentCause
    event_ids: tuple[int, ...]
    from_at: datetime
    to_at: datetime
    n_edges: int
    n_passes_written: int
    n_passes_superseded: int
    recorded_at: datetime


def late_of(settings: EventSettings) -> timedelta:
    """From how long ago on the past was told already."""
    return timedelta(minutes=settings.late_min)


def note(
    connection: psycopg.Connection[Row], pass_ids: Ints, ended_ids: Ints, earliest: datetime, late: timedelta
) -> None:
    """Note what facts written and superseded changed of the past, in the connection's transaction.

    earliest  the first end of them all; it spares looking at facts of the present
    """
    if not len(pass_ids) and not len(ended_ids):
        return
    params = {"pass_ids": pass_ids.tolist(), "ended_pass_ids": ended_ids.tolist(), "earliest": earliest, "late": late}
    connection.execute(read_sql("geo", "queries/insert_amendment"), params)


def read_amendments(
    connection: psycopg.Connection[Row], since: datetime | None = None, most: int = 1000
) -> list[Amendment]:
    """What changed of the past since a moment, the newest first."""
    params = {"since": "-infinity" if since is None else since.isoformat(), "most": most}
    rows = connection.execute(read_sql("geo", "queries/read_amendments"), params).fetchall()
    return [Amendment(row[0], AmendmentCause(row[1]), tuple(row[2]), *row[3:]) for row in rows]

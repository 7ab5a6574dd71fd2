"""Positions of other vehicles, for route status: cars, buses, lorries that share where they are.

Nobody needs to know who they are. The id that was given is replaced by a keyed hash before anything is stored; the
key changes every day (UTC) and is deleted when the day is over, so that no hash can be traced back and no vehicle
followed from one day into the next. Positions are deleted within 24 hours.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Database, Role, Row, read_sql
from geo.settings import SourceSettings
from geo.timeline import from_us_many
from ingest.fix_batch import FixBatch
from ingest.live_write import Receipt

#: Purged every hour, so nothing is kept longer than 24 hours.
KEEP = timedelta(hours=23)
#: Bytes of a hash: 128 bits, so that no two probes of a day meet by chance.
PROBE_BYTES = 16


def settings_of(source: SourceSettings) -> SourceSettings:
    """How rows of probes are read: `probe` is the vehicle, and no register lists it."""
    return source.model_copy(update={"fields": {"vehicle": "probe"}, "vehicles": "open"})


def hashed(names: tuple[str, ...], source_id: int, secret: bytes) -> list[bytes]:
    """A pseudonym for each id, for one day and within one source."""
    prefix = f"{source_id}\0".encode()
    return [hmac.digest(secret, prefix + name.encode(), hashlib.sha256)[:PROBE_BYTES] for name in names]


def secret_of(connection: psycopg.Connection[Row], day: date) -> bytes:
    """The secret of a day of UTC, made by whoever needs it first; in the connection's transaction."""
    named = {"day": day, "secret": secrets.token_bytes(32)}
    connection.execute(read_sql("ingest", "make_probe_secret"), named)
    row = connection.execute(read_sql("ingest", "read_probe_secret"), {"day": day}).fetchone()
    assert row is not None
    return bytes(row[0])


def write_probes(database: Database, source_id: int, batch: FixBatch, now: datetime) -> Receipt:
    """Store positions under pseudonyms of today and commit. Raises DatabaseProblem, psycopg.Error."""
    if not len(batch):
        return Receipt()
    with database.connect(Role.INGEST) as connection:
        secret = secret_of(connection, now.astimezone(UTC).date())
        probes = hashed(batch.names, source_id, secret)
        fixes = batch.fixes
        named: dict[str, Any] = {
            "source_id": source_id,
            "now": now,
            "probes": [probes[i] for i in fixes.vehicle.tolist()],
            "ats": from_us_many(fixes.at_us),
            "lons": fixes.lon.tolist(),
            "lats": fixes.lat.tolist(),
            "headings_deg": _nullable(fixes.heading_deg),
            "speeds_mps": _nullable(fixes.speed_mps),
        }
        n = len(connection.execute(read_sql("ingest", "insert_probes"), named).fetchall())
    return Receipt(n, len(batch) - n)


def _nullable(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def purge_probes(database: Database, now: datetime) -> int:
    """Delete positions older than KEEP and the secrets of days that are over; how many positions."""
    with database.connect(Role.INGEST) as connection:
        return purge_within(connection, now)


def purge_within(connection: psycopg.Connection[Row], now: datetime) -> int:
    """The same by a connection of yuki_ingest, in one transaction of its own."""
    with connection.transaction():
        gone = connection.execute(read_sql("ingest", "purge_probes"), {"before": now - KEEP}).rowcount
        connection.execute(read_sql("ingest", "purge_probe_secrets"), {"today": now.astimezone(UTC).date()})
    return gone

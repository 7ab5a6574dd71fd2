"""生存通知: what a worker says of itself in ops.worker_beat, for readiness, metrics and `yukimichi status`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg

from geo.db import Row, read_sql


@dataclass(slots=True)
class Beat:
    """One worker's own account. It keeps one of these and counts in it.

    worker      its name, the same after a restart; n_rounds, n_fixes, n_failures count since started_at
    round_s     seconds that the last round took, from its begin to its publication
    """

    worker: str
    started_at: datetime
    n_rounds: int = 0
    n_fixes: int = 0
    n_failures: int = 0
    round_s: float = 0.0


def beat(connection: psycopg.Connection[Row], account: Beat, now: datetime) -> None:
    """Write the account into its row, as yuki_engine, in the connection's transaction. Every few seconds is enough."""
    connection.execute(read_sql("geo", "queries/write_worker_beat"), asdict(account) | {"beat_at": now})

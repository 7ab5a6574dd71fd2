"""公表停止: what a publication stop keeps from the public, of an area, of a manager's roads, or of all.

pub.withheld_edge names the edges that are withheld now. Whatever publishes states, passes or ploughs leaves them out
(publish_status*.sql, publish_passes*.sql, withhold_ploughs.sql), so a stop survives every later publication and every
restart; managers read mgr.withheld_status meanwhile. Stops hold by the clock of the database.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from geo.db import Row, read_sql

type Connection = psycopg.Connection[Row]


@dataclass(frozen=True, slots=True)
class Withheld:
    """What changed: how many edges are newly withheld, and the ids of those that are so no more."""

    n_stopped: int
    lifted: list[int]

    @property
    def is_news(self) -> bool:
        """Whether anything changed."""
        return self.n_stopped > 0 or bool(self.lifted)


def withhold(connection: Connection) -> Withheld:
    """Take from the public what stops withhold now; as yuki_publish.

    Passes and ploughs are gone when this returns. States are still to be published, and after a lift the passes too.
    """
    row = connection.execute(read_sql("layers", "withhold_edges")).fetchone()
    assert row is not None
    found = Withheld(int(row[0]), list(row[1]))
    if found.is_news:
        connection.execute(read_sql("layers", "withheld_version"))
    if found.n_stopped:
        connection.execute(read_sql("layers", "withhold_passes"))
        withhold_ploughs(connection)
    return found


def withhold_status(connection: Connection, status_version: int) -> None:
    """Publish that nothing is told of the edges that are withheld now."""
    connection.execute(read_sql("layers", "withhold_status_gone"))
    connection.execute(read_sql("layers", "withhold_status"), {"status_version": status_version})


def withhold_ploughs(connection: Connection) -> int:
    """Take back ploughs that the public may not see; to be called after every publication of ploughs. How many."""
    return connection.execute(read_sql("layers", "withhold_ploughs")).rowcount

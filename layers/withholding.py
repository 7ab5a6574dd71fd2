"""公表停止: what a publication stop keeps from the public, of an area, of a manager's roads, or of all.

pub.withheld_edge names the edges that are withheld now. Whatever publishes states, passes or ploughs leaves them out
(publish_status*.sql, publish_passes*.sql, withhold_ploughs.sql), so a stop survives every later publication and every
restart; managers read mgr.withheld_status meanwhile. Stops hold by the clock of the database.
"""

from __future__ import annotations

import psycopg

from geo.db import Row, read_sql

type Connection = psycopg.Connection[Row]


def withhold(connection: Connection) -> tuple[list[int], bool]:
    """Take from the public what stops withhold now: (edges that changed, whether some were lifted). As yuki_publish.

    Passes and ploughs are gone when this returns. The states of the edges are still to be published, and after a lift
    the passes too.
    """
    rows = connection.execute(read_sql("layers", "withhold_edges")).fetchall()
    if not rows:
        return [], False
    connection.execute(read_sql("layers", "withheld_version"))
    if any(row[1] for row in rows):
        connection.execute(read_sql("layers", "withhold_passes"))
        withhold_ploughs(connection)
    return [row[0] for row in rows], any(not row[1] for row in rows)


def withhold_ploughs(connection: Connection) -> int:
    """Take back ploughs that the public may not see; to be called after every publication of ploughs. How many."""
    return connection.execute(read_sql("layers", "withhold_ploughs")).rowcount

"""Rasters: net → pub. Their pixels stay in the files; rows say which file stands for which raster."""

from __future__ import annotations

import psycopg

from geo.db import Database, Role, Row, read_sql


def publish_rasters(connection: psycopg.Connection[Row]) -> int:
    """Publish the rasters that stand, in the connection's transaction, as yuki_publish; how many changed."""
    n_gone = connection.execute(read_sql("layers", "publish_rasters_gone")).rowcount
    return max(n_gone, connection.execute(read_sql("layers", "publish_rasters")).rowcount)


def publish_rasters_alone(database: Database) -> int:
    """The same in a transaction of its own, whether there are roads or not; one publication at a time."""
    with database.connect(Role.PUBLISH) as connection:
        connection.execute(read_sql("layers", "publish_lock"))
        return publish_rasters(connection)

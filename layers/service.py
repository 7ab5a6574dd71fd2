"""Publish the level of service: routes and sections for everybody, contractors, managers and offices for managers."""

from __future__ import annotations

import psycopg

from geo.db import Row, read_sql


def publish_service(connection: psycopg.Connection[Row]) -> int:
    """Publish what ops.service_level holds, in the connection's transaction, as yuki_publish; how many rows.

    What a publication stop names is left out when it is read: collections/routes.sql, collections/work_sections.sql.
    """
    connection.execute(read_sql("layers", "publish_service_gone"))
    n = connection.execute(read_sql("layers", "publish_service")).rowcount
    return n + connection.execute(read_sql("layers", "publish_service_sums")).rowcount

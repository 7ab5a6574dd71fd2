"""Daily reports: ops → mgr, for managers and for each contractor its own; row by row where they changed."""

from __future__ import annotations

import psycopg

from geo.db import Row, read_sql


def publish_reports(connection: psycopg.Connection[Row]) -> int:
    """Publish the daily reports that are kept, in the connection's transaction, as yuki_publish; rows written."""
    connection.execute(read_sql("layers", "publish_daily_reports_gone"))
    return connection.execute(read_sql("layers", "publish_daily_reports")).rowcount

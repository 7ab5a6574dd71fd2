"""連絡先: contacts of managers, raw → net."""

from __future__ import annotations

import psycopg

from geo.db import Row, read_sql


def refresh_managers(connection: psycopg.Connection[Row]) -> int:
    """Bring net.manager_contact in line with raw.manager_contact; how many rows changed. Safe to repeat."""
    n_gone = connection.execute(read_sql("geo", "queries/delete_managers_gone")).rowcount
    return max(n_gone, connection.execute(read_sql("geo", "queries/insert_managers")).rowcount)

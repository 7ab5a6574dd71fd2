"""The rasters that stand, from raw to net, as yuki_engine: what lies in files, and what they are."""

from __future__ import annotations

import psycopg

from geo.db import Row, read_sql


def refresh_rasters(connection: psycopg.Connection[Row]) -> int:
    """Bring net.raster in line with raw.raster; how many rasters changed. Safe to repeat."""
    n_gone = connection.execute(read_sql("geo", "queries/delete_rasters_gone")).rowcount
    return max(n_gone, connection.execute(read_sql("geo", "queries/insert_rasters")).rowcount)

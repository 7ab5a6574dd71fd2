"""Publish the snow of cells and the last words of weather stations."""

from __future__ import annotations

from typing import LiteralString

import psycopg

from geo.db import Row, read_sql


def publish_snow(connection: psycopg.Connection[Row]) -> tuple[int, int]:
    """Publish what the engine keeps of snow, in the connection's transaction, as yuki_publish.

    Returns how many cells and stations changed.
    """
    names: tuple[LiteralString, ...] = ("publish_snow_cells_gone", "publish_snow_cells", "publish_weather_stations")
    n_gone, n_cells, n_stations = (connection.execute(read_sql("layers", name)).rowcount for name in names)
    return n_gone + n_cells, n_stations

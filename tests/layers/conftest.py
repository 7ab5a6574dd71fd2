"""A small town in net and ops, written by the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.db import Database, Role

TOWN = Path(__file__).parents[1] / "tiles" / "small_town.sql"


@pytest.fixture
def town(database: Database) -> Database:
    """The database with the small town of tests/tiles/small_town.sql, not yet published."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    return database

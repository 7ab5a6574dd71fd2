"""Statistics for the query planner, after much was written at once."""

from __future__ import annotations

from geo.db import Database, Role, read_sql

#: After so many new rows old statistics mislead the planner: publishing 80,000 passes of a first storm has been seen to
#: take three minutes without them and two seconds with them.
MANY_ROWS = 10_000


def refresh_statistics(database: Database, n_written: int) -> bool:
    """Analyse net and ops if so many rows were written that it matters, as yuki_engine; whether it was done."""
    if n_written < MANY_ROWS:
        return False
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("geo", "queries/refresh_statistics"))
    return True

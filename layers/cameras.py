"""The pictures of cameras in pub: what each try to fetch one gave."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg

from geo.db import Row, read_sql
from geo.vocabulary import CameraProblem

type Connection = psycopg.Connection[Row]


@dataclass(frozen=True, slots=True)
class Try:
    """What is known of the last try of a camera. next_at None: it was never tried."""

    next_at: datetime | None
    n_failures: int
    link_key: str | None
    source_etag: str | None
    source_modified: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try gave. image None: no other picture than before; fetched_at None: its server said nothing of it."""

    camera_id: str
    link_key: str
    tried_at: datetime
    next_at: datetime
    n_failures: int
    problem: CameraProblem
    image: bytes | None = None
    width: int | None = None
    height: int | None = None
    etag: str | None = None
    image_at: datetime | None = None
    fetched_at: datetime | None = None
    source_etag: str | None = None
    source_modified: str | None = None


def read_tries(connection: Connection) -> dict[str, Try]:
    """The last try of each published camera, by camera_id; as yuki_publish."""
    rows = connection.execute(read_sql("layers", "read_camera_tries")).fetchall()
    return {str(row[0]): Try(row[1], row[2] or 0, row[3], row[4], row[5]) for row in rows}


def keep_outcome(connection: Connection, outcome: Outcome) -> None:
    """Keep what a try gave, in the connection's transaction; as yuki_publish."""
    connection.execute(read_sql("layers", "write_camera_image"), asdict(outcome) | {"problem": outcome.problem.value})


def drop_old(connection: Connection, before: datetime) -> int:
    """Delete the pictures that were not renewed since a moment; how many."""
    return connection.execute(read_sql("layers", "drop_old_images"), {"before": before}).rowcount

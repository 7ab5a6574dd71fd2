"""The worker: looks for new fixes every few seconds and brings facts, states and the published tables up to date."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from types import FrameType

from geo.db import Database, Role, read_sql
from geo.errors import YukiError
from geo.timeline import now
from yukimichi.context import Context, opened, secret
from yukimichi.pipeline import World, refresh
from yukimichi.progress import say

#: States also change with the clock alone (silent, expired, clearing no more): refreshed at least this often.
CLOCK_S = 30.0


def newest_batch(database: Database) -> int:
    """The position of the last batch that was written."""
    with database.connect(Role.ENGINE) as connection:
        row = connection.execute(read_sql("yukimichi", "newest_batch")).fetchone()
        return int(row[0]) if row else 0


def run(config: Path | None, every_s: float) -> None:
    """Until SIGTERM or Ctrl-C. A failed round is said and tried again; facts are written whole or not at all."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with opened(config) as context:
        loop(context, every_s, stopping)


def loop(context: Context, every_s: float, stopping: threading.Event) -> None:
    """One round after another until `stopping` is set."""
    world, seen, done_at = World(), -1, float("-inf")
    while not stopping.is_set():
        try:
            newest = newest_batch(context.database)
            if newest > seen or time.monotonic() - done_at >= CLOCK_S:
                refresh(context.database, context.settings, secret(context.settings), now(), world, quiet=True)
                seen, done_at = newest, time.monotonic()
        except YukiError as error:
            say(f"worker: {error}")
        stopping.wait(every_s)

"""Play a simulated storm: its fixes go into raw as their time comes, faster while there is a backlog."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pandas as pd

from geo.db import Role
from geo.errors import ConflictError
from geo.fix import Fixes
from geo.settings import Settings, SourceSettings
from geo.timeline import now
from ingest.fix_batch import FixBatch
from ingest.load import Loaded, load_fixes
from ingest.registry import register_source
from yukimichi.context import Context
from yukimichi.progress import say
from yukimichi.storm import folder_of, read_fixes, require_state, sent, write_state

#: Seconds between two batches.
BATCH_S = 1.0


def batch_of(table: pd.DataFrame) -> FixBatch:
    """Simulated fixes as a checked batch."""
    code, names = pd.factorize(table["vehicle"])
    return FixBatch(tuple(map(str, names)), Fixes.from_frame(table.assign(vehicle=code)))


@contextmanager
def _only_player(settings: Settings) -> Iterator[None]:
    """One player at a time: two would write the state over each other."""
    with (folder_of(settings) / "player.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                "Another process plays this storm already, perhaps a running `yukimichi up`.",
                hint="Stop it, or set the speed there: `yukimichi up --live 60`.",
            ) from error
        yield


def send_until(context: Context, source: SourceSettings, until: datetime) -> Loaded:
    """Send at once all fixes up to a moment that have not been sent; safe to repeat."""
    state = require_state(context.settings)
    table = read_fixes(context.settings)
    part = table[(table["at"] >= state.sent_until) & (table["at"] < until)]
    loaded = _send(context, state.source, source, part)
    write_state(context.settings, sent(state, until))
    return loaded


def _send(context: Context, name: str, source: SourceSettings, part: pd.DataFrame) -> Loaded:
    with context.database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, name, "simulator", source)
        connection.commit()
        return load_fixes(connection, batch_of(part), source_id) if len(part) else Loaded()


def play(
    context: Context,
    source: SourceSettings,
    speed: float,
    *,
    clock: Callable[[], datetime] = now,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send the rest of the storm: `speed` simulated seconds a second while behind the clock, then at the clock's pace.

    Times stay true, so no fix is sent before its time. Returns at the storm's end. Raises ConflictError while another
    process plays.
    """
    with _only_player(context.settings):
        state = require_state(context.settings)
        table = read_fixes(context.settings)
        reached, ends_at = state.sent_until, datetime.fromisoformat(state.ends_at)
        say(f"Storm 合成降雪: sending from {reached.isoformat(timespec='seconds')} at up to {speed:g}x")
        before = clock()
        while reached < ends_at:
            sleep(BATCH_S)
            present = clock()
            until = min(max(reached, min(present, reached + (present - before) * speed)), ends_at)
            before = present
            _send(context, state.source, source, table[(table["at"] >= reached) & (table["at"] < until)])
            reached = until
            state = sent(state, until)
            write_state(context.settings, state)
        _send(context, state.source, source, table[table["at"] >= ends_at - timedelta(seconds=1)])
        say("The storm is over. `yukimichi simulate` makes a new one.")

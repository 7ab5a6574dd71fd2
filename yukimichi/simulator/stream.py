"""Replay of simulated fixes at a multiple of their pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pandas as pd

from geo.errors import InputError


def stream(
    fixes: pd.DataFrame,
    speed: float,
    *,
    batch_s: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[pd.DataFrame]:
    """Yield the fixes in order of time, `speed` simulated seconds a second, in batches of batch_s seconds of waiting.

    Times stay as they are; to replay them as of now, shift `at` before. A batch may be late, never early, and none is
    left out. clock and sleep are for tests. Raises InputError for a speed that is not positive.
    """
    if not speed > 0:
        raise InputError(f"The speed is {speed}.", hint="Give a number above 0, such as 20.")
    ordered = fixes.sort_values("at", kind="stable")
    if ordered.empty:
        return
    at_s = (ordered["at"] - ordered["at"].iloc[0]).dt.total_seconds().to_numpy()
    started, done = clock(), 0
    while done < len(ordered):
        reached = int(at_s.searchsorted((clock() - started) * speed, side="right"))
        if reached > done:
            yield ordered.iloc[done:reached]
            done = reached
        if done < len(ordered):
            due_s = at_s[done] / speed - (clock() - started)
            sleep(max(due_s, batch_s))

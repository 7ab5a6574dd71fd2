"""How to wait for a server that is away or busy: longer after each failure, and never in step with others."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

#: The wait after the first failure, seconds; it doubles with each further one.
FIRST_WAIT_S = 1.0
#: No wait is longer, whatever a server asks for.
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How to wait: `sleep` seconds, and a share between 0 and 1 by `chance`."""

    sleep: Callable[[float], object] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, attempt: int, asked_s: float | None = None) -> None:
        """Wait after the failure of an attempt, counted from 1; `asked_s` is what the server asked for."""
        longest = min(FIRST_WAIT_S * 2.0 ** min(attempt - 1, 30), LONGEST_WAIT_S)
        drawn = longest * (0.5 + self.chance() / 2)
        self.sleep(drawn if asked_s is None else min(max(asked_s, drawn), LONGEST_WAIT_S))

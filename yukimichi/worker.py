"""The worker: takes what comes in, as it comes in, to facts, states and the published tables."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import psycopg

from geo.db import unreachable
from geo.errors import YukiError
from yukimichi.camera_keeper import CameraKeeper
from yukimichi.context import Context, opened, secret
from yukimichi.history_publish import PastKeeper
from yukimichi.live import Connections, Live, connections
from yukimichi.ploughs import Ploughs
from yukimichi.progress import say
from yukimichi.service_keeper import ServiceKeeper

LOG = logging.getLogger(__name__)
type Beside = Ploughs | ServiceKeeper | PastKeeper | CameraKeeper

#: A round begins at most so often, seconds: what comes in meanwhile shares its fixed costs.
ROUND_S = 0.2
#: Without any news a round begins so often, seconds: fixes that wait for more, and the clock.
IDLE_S = 1.0
#: A round that takes so long is logged, with its parts.
SLOW_S = 1.0
#: After a failed round the next one waits, seconds: the first time, and at most.
RETRY_S, RETRY_MAX_S = 0.5, 10.0
#: A worker that went on for so long without a failure is well again.
WELL_S = 30.0


def run(config: Path | None, worker: int = 0, n_workers: int = 1) -> None:
    """Until SIGTERM or Ctrl-C. A failed round is said and tried again; facts are written whole or not at all."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with opened(config) as context:
        loop(context, stopping, worker, n_workers)


def loop(context: Context, stopping: threading.Event, worker: int = 0, n_workers: int = 1) -> None:
    """One round after another until `stopping` is set."""
    live = Live(context.database, context.settings, secret(context.settings), worker, n_workers)
    beside: list[Beside] = []
    if live.is_keeper:
        beside.append(Ploughs(context.database, live.masks))
        beside.append(ServiceKeeper(context.database, context.settings, lambda: live.world.network))
        beside.append(CameraKeeper(context.database, context.settings))
        beside.append(PastKeeper(context.database, context.settings, lambda: live.world.network))
    try:
        _keep_going(context, live, beside, stopping)
    finally:
        for one in beside:
            if one.is_started:
                one.stop()


def _keep_going(context: Context, live: Live, beside: Sequence[Beside], stopping: threading.Event) -> None:
    wait_s = RETRY_S
    while not stopping.is_set():
        began = time.monotonic()
        try:
            with connections(context.database, live.worker) as held:
                _rounds(live, held, beside, stopping)
        except (YukiError, psycopg.Error) as error:
            live.failed()
            wait_s = RETRY_S if time.monotonic() - began > WELL_S else min(2 * wait_s, RETRY_MAX_S)
            say(f"worker: {error if isinstance(error, YukiError) else unreachable(error)}")
            stopping.wait(wait_s)


def _rounds(live: Live, held: Connections, beside: Sequence[Beside], stopping: threading.Event) -> None:
    while not stopping.is_set():
        began = time.monotonic()
        done = live.round(held)
        for one in beside:
            if not one.is_started:
                one.start()
        took_s = time.monotonic() - began
        if took_s >= SLOW_S and "start" not in done.seconds:
            parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in done.seconds.items())
            LOG.warning("A round took %.1f s for %d fixes: %s", took_s, done.n_fixes, parts)
        if done.n_waiting and done.n_traces:
            continue
        held.wait(IDLE_S)
        stopping.wait(max(ROUND_S - (time.monotonic() - began), 0.0))

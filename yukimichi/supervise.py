"""Keeps the processes of `yukimichi up` going: what dies is started again, the private cluster too.

Everything that comes in is in the database before it is acknowledged, and each process goes on from there, so starting
it again is all that has to be done.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from geo.errors import YukiError
from yukimichi.context import SUPERVISED
from yukimichi.progress import say

#: Seconds between two looks, and how long a process that died is left alone, the first time and at most.
LOOK_S, REST_S, REST_MAX_S = 1.0, 1.0, 30.0
#: One that ran so long is well again.
WELL_S = 60.0
#: Chores (the cluster, the daily retention) are looked at so often, seconds.
CHORES_S = 5.0


@dataclass(slots=True)
class _Kept:
    """A command of ours, its process, since when it runs, and when it may be started again."""

    command: Sequence[str]
    process: subprocess.Popen[bytes]
    since: float
    rest_s: float = REST_S
    again_at: float | None = None
    is_done: bool = False


class Supervisor:
    """Commands of ours as processes. One that ends with 0 is done; one that ends otherwise is started again."""

    def __init__(self, config: Path | None, commands: Sequence[Sequence[str]], chores: Sequence[Callable[[], object]]):
        self._options = ["--config", str(config)] if config else []
        self._chores = chores
        self._kept = [_Kept(command, self._start(command), time.monotonic()) for command in commands]
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=loop, daemon=True) for loop in (self._watch, self._do_chores)]
        for thread in self._threads:
            thread.start()

    @property
    def pids(self) -> dict[str, int]:
        """The process of each command, by its words."""
        return {" ".join(one.command): one.process.pid for one in self._kept}

    def stop(self) -> None:
        """End all processes, in order; those that do not end within ten seconds are killed."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(CHORES_S + 10)
        for one in self._kept:
            one.process.terminate()
        for one in self._kept:
            try:
                one.process.wait(10)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        # a session of its own: Ctrl-C reaches this process, which then ends the others in order
        words = [sys.executable, "-m", "yukimichi", *command, *self._options]
        return subprocess.Popen(words, start_new_session=True, env=os.environ | {SUPERVISED: "1"})

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_S):
            for one in self._kept:
                self._look(one, time.monotonic())

    def _look(self, one: _Kept, at: float) -> None:
        code = one.process.poll()
        if one.is_done or code is None:
            return
        if code == 0:
            one.is_done = True
        elif one.again_at is None:
            one.rest_s = REST_S if at - one.since >= WELL_S else min(2 * one.rest_s, REST_MAX_S)
            one.again_at = at + one.rest_s
            say(f"`yukimichi {' '.join(one.command)}` ended with {code}; started again in {one.rest_s:.0f} s")
        elif at >= one.again_at:
            try:
                one.process, one.since, one.again_at = self._start(one.command), at, None
            except OSError as error:  # no memory for another process at this moment
                say(f"`yukimichi {' '.join(one.command)}` could not be started: {error}")
                one.again_at = at + one.rest_s

    def _do_chores(self) -> None:
        while not self._stopping.wait(CHORES_S):
            for chore in self._chores:
                try:
                    chore()
                except (YukiError, psycopg.Error, OSError) as error:  # the next look tries again
                    say(str(error))


@contextmanager
def supervised(
    config: Path | None, commands: Sequence[Sequence[str]], chores: Sequence[Callable[[], object]] = ()
) -> Iterator[Supervisor]:
    """The commands as processes, for the length of the block; chores are done every few seconds."""
    keeper = Supervisor(config, commands, chores)
    try:
        yield keeper
    finally:
        keeper.stop()

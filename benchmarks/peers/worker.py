"""The side of a peer: a process of its own Python that answers questions on standard input, one JSON a line.

Nothing here needs more than the standard library, since the environment of the peers holds nothing else.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

type Answer = dict[str, Any]


def serve(handlers: dict[str, Callable[..., Answer]]) -> None:
    """Answers until the input ends; an error is an answer as well: {"error": what was wrong}."""
    # a library that prints must not break the answers
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = handlers[question.pop("do")](**question)
        except Exception as error:  # told to the other side, which stops the run
            answer = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()


def run(commands: list[list[str]], folder: Path) -> Answer:
    """Runs programs one after the other and says what they cost. Raises RuntimeError with their last words."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} gave {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_rss_mb": after.ru_maxrss / 1024,
        "disk_mb": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20,
    }


def memory() -> Answer:
    """Peak resident memory of this process; getrusage would count the process that started it as well."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return {"peak_rss_mb": next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024}


def timed(work: Callable[[], object], least_s: float) -> Answer:
    """CPU and wall seconds of doing the work as often as takes least_s of CPU, once at least, and how often that is."""
    wall, used, n = time.perf_counter(), time.process_time(), 0
    while n == 0 or time.process_time() - used < least_s:
        work()
        n += 1
    return {"cpu_s": time.process_time() - used, "wall_s": time.perf_counter() - wall, "n": n}

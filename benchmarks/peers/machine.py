"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, cores, memory, load when the run began, date, and versions of what our matcher runs on."""

    processor: str
    n_cores: int
    memory_gib: float
    load: float
    on: date
    versions: dict[str, str]


def machine_now() -> Machine:
    """This machine, now."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.machine(),
        n_cores=os.cpu_count() or 1,
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        load=os.getloadavg()[0],
        on=datetime.now(UTC).date(),
        versions={"Python": platform.python_version(), "numba": version("numba"), "numpy": version("numpy")},
    )

"""CPU and memory of processes while a benchmark runs, from /proc."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from yukimichi.cluster import Cluster

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 5.0


@dataclass
class Usage:
    """Samples of each group of processes: time, CPU seconds so far, resident MB."""

    pids: dict[str, list[int]]
    samples: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def tell(self) -> None:
        """CPU in cores, and memory after the first and in the last tenth of the run."""
        for name, rows in self.samples.items():
            (t0, c0, _), (t1, c1, _) = rows[0], rows[-1]
            tenth = max(len(rows) // 10, 1)
            early, late = rows[min(2 * tenth, len(rows) - 1)][2], rows[-1][2]
            peak = max(row[2] for row in rows)
            cores = (c1 - c0) / max(t1 - t0, 1e-9)
            print(
                f"{name:10} {cores:5.2f} cores   memory {early:7.0f} MB early, {late:7.0f} MB late, {peak:7.0f} MB peak"
            )


def sample_all(usage: Usage, cluster: Cluster, stop: threading.Event) -> None:
    """Sample until stopped; the database is all processes of the cluster, shared memory counted once."""
    while not stop.wait(EVERY_S):
        groups = usage.pids | {"database": _cluster_pids(cluster)}
        for name, pids in groups.items():
            found = [one for one in map(_of, pids) if one]
            if found:
                cpu = sum(one[0] for one in found)
                usage.samples.setdefault(name, []).append((time.time(), cpu, sum(one[1] for one in found)))


def _cluster_pids(cluster: Cluster) -> list[int]:
    main = int((cluster.data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [main, *map(int, children)]


def _of(pid: int) -> tuple[float, float] | None:
    """CPU seconds, with those of ended children, and resident megabytes that are not shared."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    own = sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(("RssAnon", "RssFile")))
    return sum(map(int, fields[11:15])) / TICKS, own / 1024

"""The readers of the map beside a live stream: started, and told of (see benchmarks.load_readers)."""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.load_readers import looked_at
from benchmarks.serve_mix import Session
from geo.db import Role
from yukimichi.context import Context


def start_readers(context: Context, port: int, wish: argparse.Namespace, t0: int) -> subprocess.Popen[bytes]:
    """Readers of the map as a process of their own."""
    with context.database.connect(Role.READER) as connection:
        dataset = connection.execute("SELECT network_version FROM pub.dataset").fetchone()
        edges = connection.execute("SELECT edge_id FROM pub.roads ORDER BY edge_id LIMIT 5000").fetchall()
    with wait_for(f"http://127.0.0.1:{port}/config.json") as answer:
        config = json.load(answer)
    names = {"roads_version": config["roads_version"], "reference_version": config["reference_version"]}
    plan = {
        "port": port, "t0": t0, "seconds": wish.seconds, "readers": wish.readers, "per_s": wish.asked,
        "names": names | {"network_version": dataset and dataset[0]}, "edge_ids": [row[0] for row in edges],
        "tiles": looked_at(Session.read()),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load_readers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan).encode())
    process.stdin.close()
    process.stdin = None
    return process


def wait_for(address: str) -> Any:
    """The answer of an address as soon as there is one."""
    for _ in range(300):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(address, timeout=30)
        time.sleep(0.2)
    raise TimeoutError(address)


def tell_readers(report: dict[str, Any], seen: Any, line: Callable[[str, Any], None]) -> None:
    """What readers of the map met: times of tiles, and how late they saw what was published."""
    print("answers to readers", {int(status): n for status, n in sorted(report["statuses"].items())})
    if report["tiles"]:
        line("tile to a reader", np.array(report["tiles"]))
    versions = [at - seen.versions[version] for version, at in report["versions"] if version in seen.versions]
    known = [(edge, s, at) for edge, s, at in report["states"] if (edge, s) in seen.states and at]
    states = [(at - seen.states[edge, s], at - s) for edge, s, at in known]
    if versions:
        line("published to snapshot", np.array(versions))
    if states:
        line("published to status tile", np.array([one[0] for one in states]))
        line("position's time to status tile", np.array([one[1] for one in states]))

"""Our matcher beside Valhalla and OSRM: the same drives, the same fixes, one run; writes docs/matching-peers.md.

    YUKI_DATA=... make bench-match

The peers live in an environment of their own, made from requirements-peers.lock; nothing but this benchmark needs
them. What is measured, and why, stands in the page.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peers.contenders import started
from benchmarks.peers.machine import machine_now
from benchmarks.peers.measure import run
from benchmarks.peers.page import as_json, page


def main() -> None:
    wish = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wish.add_argument("--peers", type=Path, required=True, help="the Python that has pyvalhalla and osrm-bindings")
    wish.add_argument("--write", type=Path, help="the page to write; without it the page is printed")
    wish.add_argument("--json", type=Path, help="a file for the figures themselves")
    given = wish.parse_args()
    if "YUKI_DATA" not in os.environ:
        sys.exit("Set YUKI_DATA to the folder of real data; the drives are in its folder `matching`.")
    begun, machine = time.perf_counter(), machine_now()
    with (
        tempfile.TemporaryDirectory(prefix="bench-match-") as scratch,
        started(Path(sys.executable), given.peers) as contenders,
    ):
        results = run(contenders, Path(os.environ["YUKI_DATA"]) / "matching", Path(scratch), say)
    text = page(results, machine, (time.perf_counter() - begun) / 60)
    if given.json:
        given.json.write_text(json.dumps(as_json(results), indent=1) + "\n", encoding="utf-8")
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    else:
        print(text)


def say(line: str) -> None:
    """Progress goes beside the page."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

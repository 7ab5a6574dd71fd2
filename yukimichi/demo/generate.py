"""From a seed to the files of the synthetic prefecture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from geo.errors import InputError
from yukimichi.demo.files import DemoFiles, write_files
from yukimichi.demo.land import municipal_outlines
from yukimichi.demo.network import build_network
from yukimichi.demo.places import make_places
from yukimichi.demo.plans import make_plans
from yukimichi.demo.tables import load_tables

#: The storm day of the committed examples; the front door passes today's date for a live demo.
STORM_DAY = date(2026, 1, 20)
#: Chance of places beside that of roads and plans, so that these stay what they are whatever places there are.
PLACES = 8


def generate_demo(
    out_dir: Path,
    *,
    n_edges: int = 70_000,
    seed: int = 20260101,
    storm_day: date = STORM_DAY,
    progress: Callable[[int, int], None] | None = None,
) -> DemoFiles:
    """Write the synthetic prefecture into out_dir.

    n_edges: directed edges wanted, two a road piece, met to about one per cent (10,000 to 1,000,000).
    storm_day: local date of the planned passes in plans.csv. progress(done, total) is called between the steps.
    The same arguments give the same tables, byte for byte.
    """
    if not 10_000 <= n_edges <= 1_000_000:
        raise InputError(f"n_edges is {n_edges}.", hint="Ask for 10,000 to 1,000,000 directed edges.")
    report = progress or (lambda done, total: None)
    rng = np.random.default_rng(seed)
    report(0, 3)
    network = build_network(load_tables(), n_edges, rng)
    tables = network.tables
    report(1, 3)
    outlines = municipal_outlines(tables, network.land, rng)
    plans = make_plans(tables, network, outlines, storm_day, rng)
    report(2, 3)
    places = make_places(tables, network, np.random.default_rng([seed, PLACES]))
    files = write_files(out_dir, tables, network, outlines, plans, places, seed)
    report(3, 3)
    return files

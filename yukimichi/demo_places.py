"""The demo's places by the ordinary path: its files through the same functions that a road manager's files take."""

from __future__ import annotations

import csv
import time
from datetime import datetime
from pathlib import Path

from geo.timeline import now
from ingest.gtfs import ingest_gtfs
from ingest.places import ingest_places, ingest_register
from yukimichi.context import Context
from yukimichi.demo import DemoFiles
from yukimichi.demo.camera_images import write_images
from yukimichi.demo.places import INTERVAL_S
from yukimichi.demo_load import SOURCE, synthetic_source


def load_demo_places(context: Context, files: DemoFiles, at: datetime) -> None:
    """Take in the demo's places, cameras, priority network and transit feed, and draw the first pictures."""
    source, margin_deg = synthetic_source(context, SOURCE), context.settings.places.area_margin_deg
    ingest_places(context.database, files.places, None, SOURCE, source, margin_deg=margin_deg)
    ingest_register(context.database, "cameras", files.cameras, SOURCE, source, margin_deg=margin_deg)
    ingest_register(context.database, "priority_network", files.priority, SOURCE, source)
    ingest_gtfs(context.database, files.gtfs, SOURCE, source, at, licence="CC0 1.0", margin_deg=margin_deg)
    draw_cameras(files.cameras, at)


def draw_cameras(register: Path, at: datetime) -> int:
    """Draw the pictures of a made-up register, beside it in the folder `cameras`; how many."""
    with register.open(encoding="utf-8", newline="") as stream:
        ids = [row["camera_id"] for row in csv.DictReader(stream)]
    return write_images(register.parent / "cameras", ids, at)


class DemoCameras:
    """The chore of `up`: draws new pictures of the demo's cameras by their interval, as cameras would send them."""

    def __init__(self, context: Context) -> None:
        self._register = context.settings.home / "demo" / "cameras.csv"
        self._next_s = float("-inf")

    def __call__(self) -> None:
        """Look whether an interval has passed; seldom more than a look at the clock."""
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + INTERVAL_S
        if self._register.is_file():
            draw_cameras(self._register, now())

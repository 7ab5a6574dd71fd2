"""From the post of a position to the picture: `python -m benchmarks.bench_live_page [--runs 20]`.

A private PostGIS, the real server and worker, and Debian's Chromium that looks at twenty short streets. In each
run one plough's drive along a street of its own is posted to /ingest/fixes, and the picture is looked at until that
street has another colour: first the server's stream tells it, then the map paints it. Prints the median, the slowest,
and each run. The machine is shared by all of it.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import io
import json
import math
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvicorn
from PIL import Image

from benchmarks.serve_record import _driver as driver
from geo.db import Database
from geo.migrate import migrate
from geo.settings import ServerSettings, Settings
from geo.store.events import open_event
from geo.vocabulary import EventKind
from ingest.roads import ingest_roads
from yukimichi import worker
from yukimichi.cluster import Cluster
from yukimichi.context import Context, secret
from yukimichi.debian import find_or_install
from yukimichi.keys import add_source
from yukimichi.pipeline import World, refresh
from yukimichi.server import create_app, listen

#: Streets in two columns; middle of them, degrees; their length and distances, metres; degrees of a metre there.
LON, LAT, N_ROWS, N_COLUMNS = 136.65, 36.56, 10, 2
LENGTH_M, ROW_M, COLUMN_M = 500.0, 100.0, 700.0
M_LON, M_LAT = 1 / 89_500, 1 / 110_950
ZOOM, WIDTH, HEIGHT = 15.0, 1400, 900
#: A drive: speed, positions a second apart.
SPEED_MPS, N_FIXES = 8.0, 50
#: The longest that a run may take.
PATIENCE_S = 30.0
SOURCE = "ploughs"


def place_of(street: int, along_m: float) -> tuple[float, float]:
    """Longitude and latitude on a street, so many metres from its western end."""
    row, column = divmod(street, N_COLUMNS)
    x_m = (column - (N_COLUMNS - 1) / 2) * COLUMN_M - LENGTH_M / 2 + along_m
    return LON + x_m * M_LON, LAT - (row - (N_ROWS - 1) / 2) * ROW_M * M_LAT


def write_streets(file: Path) -> None:
    """The streets as GeoJSON, each of two pieces."""
    features = [
        {"type": "Feature", "properties": {"id": f"{street}-{half}", "name": f"試験通り{street}"},
         "geometry": {"type": "LineString", "coordinates": [
             place_of(street, half * LENGTH_M / 2), place_of(street, (half + 1) * LENGTH_M / 2)]}}
        for street in range(N_ROWS * N_COLUMNS) for half in (0, 1)
    ]  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def furnish(context: Context, folder: Path) -> str:
    """Streets, a storm and a source, published. Returns the source's key."""
    write_streets(folder / "streets.geojson")
    ingest_roads(context.database, [folder / "streets.geojson"], "streets", context.settings.source("streets"))
    now = datetime.now(UTC)
    open_event(context.database, EventKind.STORM, "試験の雪", now - timedelta(hours=2))
    key = add_source(context.database, context.settings, SOURCE, has_probes=False).key
    refresh(context.database, context.settings, secret(context.settings), now, World(), quiet=True)
    return key


@contextlib.contextmanager
def running(context: Context) -> Iterator[str]:
    """Server and worker in threads for the length of the block; the server's address."""
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    app = create_app(context.settings, context.database)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2))
    stopping = threading.Event()
    threads = [
        threading.Thread(target=server.run, kwargs={"sockets": [listener]}),
        threading.Thread(target=worker.loop, args=(context, stopping)),
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while not server.started and threads[0].is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stopping.set()
        if app.state.service.stream is not None:
            app.state.service.stream.is_closed = True
        server.should_exit = True
        for thread in threads:
            thread.join(60)
        listener.close()


def drive(street: int) -> list[dict[str, Any]]:
    """Positions along a street with the blade down, the last of them now."""
    now_s = time.time()
    rows = []
    for k in range(N_FIXES):
        lon, lat = place_of(street, 20.0 + SPEED_MPS * k)
        rows.append({
            "vehicle": f"plough {street}", "at": round(1000 * (now_s - (N_FIXES - 1 - k))), "lon": round(lon, 7),
            "lat": round(lat, 7), "speed_mps": SPEED_MPS, "work": True,
        })  # fmt: skip
    return rows


def post(base: str, key: str, fixes: list[dict[str, Any]]) -> None:
    """Post positions; raises AssertionError where they are not taken."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=20)
    sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/ingest/fixes", json.dumps({"fixes": fixes}), sent)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
    finally:
        connection.close()


def open_map(page: Any, base: str) -> None:
    """Opens the page over all streets, and waits until it hears of changes by the stream."""
    page.open(f"{base}?lang=ja#map={ZOOM:g}/{LAT}/{LON}", width=WIDTH, height=HEIGHT)
    page.wait("document.body.classList.contains('is-ready') && document.body.dataset.statusVersion")
    page.evaluate("document.getElementById('legend').hidden = true")
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'")


def look(page: Any, street: int) -> Any:
    """The pixels of the western half of a street, (rows, columns, 3)."""
    left, top, width, height = page.evaluate(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.getElementById('map').getBoundingClientRect())"
    )
    lon, lat = place_of(street, LENGTH_M / 4)
    world = 512 * 2**ZOOM
    mercator = [math.asinh(math.tan(math.radians(one))) / (2 * math.pi) for one in (LAT, lat)]
    x, y = left + width / 2 + (lon - LON) / 360 * world, top + height / 2 + (mercator[0] - mercator[1]) * world
    clip = {"x": x - 20, "y": y - 7, "width": 40, "height": 14, "scale": 1}
    data = page.call("Page.captureScreenshot", format="png", clip=clip)["data"]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)


def time_to_picture(page: Any, base: str, key: str, street: int) -> float:
    """Seconds from the begin of a post to a picture in which its street has another colour."""
    before = look(page, street)
    fixes = drive(street)
    began = time.monotonic()
    post(base, key, fixes)
    while time.monotonic() - began < PATIENCE_S:
        now = look(page, street)
        if (np.abs(now - before).sum(axis=2) > 60).mean() > 0.2:
            return time.monotonic() - began
    raise AssertionError(f"street {street} never changed its colour")


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A Chromium with one page."""
    with tempfile.TemporaryDirectory(prefix="yuki-chromium-") as profile:
        page = driver().Chromium("chromium", Path(profile))
        try:
            page.start()
            yield page
        finally:
            page.close()


@contextlib.contextmanager
def private_database(folder: Path) -> Iterator[Database]:
    """A migrated database of a cluster in a folder."""
    cluster = Cluster(folder / "home", find_or_install(print))
    cluster.start()
    try:
        migrate(cluster.database())
        yield cluster.database()
    finally:
        cluster.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, choices=range(1, N_ROWS * N_COLUMNS + 1), metavar="N")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yuki-live-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with private_database(folder) as database:
            context = Context(Settings(home=folder / "home"), database)
            key = furnish(context, folder)
            with running(context) as base, browser() as page:
                open_map(page, base)
                time.sleep(3)  # the first rounds of a worker read everything
                took = [time_to_picture(page, base, key, street) for street in range(wish.runs)]
    print(f"{platform.processor() or platform.machine()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {len(took)} runs")
    print("post to picture, s:", " ".join(f"{one:.2f}" for one in took))
    print(f"median {statistics.median(took):.2f} s, slowest {max(took):.2f} s, quickest {min(took):.2f} s")


if __name__ == "__main__":
    main()

"""The slider over 60,000 edges: `python -m benchmarks.bench_replay_page [--seconds 10]`.

A made-up town of 30,012 pieces of road and a storm of 24 hours over it: every edge is uncleared, and three ploughings
pass over each road, edge after edge as ploughs drive, each of them seen at work and then cleared. The stand-in of the
page's tests serves it, Debian's Chromium plays it at the highest speed. Prints bytes, how long the worker takes to
unpack them, frames a second of the page while it plays (and while it stands, for comparison), and what a frame costs
by itself. Frames are drawn by software where the machine has no graphics.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import threading
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import numpy as np

from benchmarks.bench_live_page import browser
from tiles.packed import pack_index
from tiles.replay import Changes, pack_replay
from tiles.states import NO_MOMENT, POSITION_OF_REASON, STATES, STEP_S, Records

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "web"))
import fake_service
import mvt

#: Nodes along each side of the town, and how far apart, degrees; the middle is the stand-in's.
N_NODES, STEP_LON, STEP_LAT = 123, 0.00168, 0.00135
HOURS, VALID_H, AT_WORK_S, N_PLOUGHINGS = 24, 6, 900, 3
VIEWS = {"the town, one line a road": 12.6, "a quarter, both sides": 14.0, "streets": 15.5}

PLAY = """new Promise((done) => {
  const at = () => document.body.dataset.pastAt;
  let frames = 0; let shown = 0; let last = at();
  const began = performance.now();
  const tick = () => {
    frames += 1;
    if (at() !== last) { shown += 1; last = at(); }
    if (performance.now() - began < MS) requestAnimationFrame(tick);
    else done({ fps: 1000 * frames / (performance.now() - began), shown: 1000 * shown / (performance.now() - began) });
  };
  requestAnimationFrame(tick);
})"""
UNPACK = """(async () => {
  const { loadTime } = await import('/js/time/loader.js');
  const { Track } = await import('/js/time/track.js');
  const began = performance.now();
  const loaded = await loadTime('status/history/1?f=packed');
  const took = performance.now() - began;
  const track = new Track(loaded);
  const [from, to] = [loaded.head.base_at, loaded.head.base_at + 86400];
  const time = (work) => { const start = performance.now(); work(); return performance.now() - start; };
  const whole = time(() => track.seek(to));
  const back = time(() => track.seek(from + 43200));
  let steps = 0;
  const run = time(() => { for (let at = from + 43200; at < from + 46800; at += 60) { track.seek(at); steps += 1; } });
  const codes = time(() => track.pieceId.forEach((_, i) => track.codeOfPiece(i, from + 46800)));
  return { bytes: loaded.nBytes, took, unpacked: loaded.tookMs, whole, back, step: run / steps, codes };
})()"""


def edges() -> tuple[np.ndarray, np.ndarray]:
    """(positions of the ends of pieces (P, 4): x, y, x, y in nodes, ids of edges): rows first, then columns."""
    at = np.arange(N_NODES)
    x, y = np.meshgrid(at[:-1], at)
    rows = np.column_stack([x.ravel(), y.ravel(), x.ravel() + 1, y.ravel()])
    pieces = np.vstack([rows, rows[:, [1, 0, 3, 2]]])
    return pieces, np.repeat(2 * (np.arange(len(pieces)) + 1), 2) + np.tile([0, 1], len(pieces))


def a_storm(n_pieces: int, begin: int) -> Changes:
    """The changes of the storm: a road is a run of pieces, ploughed from end to end at 8 m/s, both directions."""
    rng = np.random.default_rng(20260115)
    n_roads = 2 * N_NODES
    piece, road = np.arange(n_pieces), np.arange(n_pieces) // (N_NODES - 1)
    along_s = (piece % (N_NODES - 1)) * 19
    times, kinds = [np.full(n_pieces, begin)], [2]
    for k in range(N_PLOUGHINGS):
        start = rng.integers(k * 7 * 3600, (k + 1) * 7 * 3600, n_roads)[road] + along_s + begin
        times += [start // 30 * 30, (start + AT_WORK_S) // 30 * 30]
        kinds += [1, 0]
    at_s = np.concatenate([np.repeat(one, 2) for one in times])
    place = np.tile(np.arange(2 * n_pieces), len(times))
    state = np.repeat(np.array(kinds, np.int16), 2 * n_pieces)
    order = np.lexsort((place, at_s))
    at_s, place, state = at_s[order], place[order], state[order]
    since = at_s // STEP_S * STEP_S
    cleared = np.where(state == STATES.index("cleared"), since, NO_MOMENT)
    valid = np.where(cleared == NO_MOMENT, NO_MOMENT, cleared + VALID_H * 3600)
    reason = np.full(len(at_s), POSITION_OF_REASON["none"], np.int16)
    covered = np.where(cleared == NO_MOMENT, 0, 100).astype(np.int16)
    return Changes(at_s, place, Records(state, reason, cleared, valid, since, covered))


class Town:
    """What the server tells of the town."""

    def __init__(self) -> None:
        self.world = fake_service.World()
        self.begin = int(self.world.started_at - HOURS * 3600) // STEP_S * STEP_S
        self.pieces, self.edge_id = edges()
        span = {"from_at": fake_service.iso(self.begin), "to_at": fake_service.iso(self.begin + HOURS * 3600)}
        known = {"known_at": None, "step_s": None, "is_settled": False}
        self.head = {key: value for key, value in self.world.head().items() if key != "status_version"}
        self.head |= {**span, "past": span | known, "as_of": span["to_at"]}
        self.changes = a_storm(len(self.pieces), self.begin)
        self.replay = pack_replay(self.head, len(self.edge_id), self.changes, self.begin)
        middle = (N_NODES - 1) / 2
        self.lon = fake_service.LON + (self.pieces[:, [0, 2]] - middle) * STEP_LON
        self.lat = fake_service.LAT + (self.pieces[:, [1, 3]] - middle) * STEP_LAT
        self._tiles: dict[tuple[int, int, int], bytes] = {}

    def tile(self, z: int, x: int, y: int) -> bytes:
        """The roads of a tile."""
        if (z, x, y) not in self._tiles:
            n = 2**z
            west, east = (x - 0.05) / n * 360 - 180, (x + 1.05) / n * 360 - 180
            north, south = (np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / n)))) for row in (y - 0.05, y + 1.05))
            near = (self.lon.max(1) > west) & (self.lon.min(1) < east)
            near &= (self.lat.max(1) > south) & (self.lat.min(1) < north)
            rows = [
                (int(i) + 1, mvt.LINE, list(zip(self.lon[i].tolist(), self.lat[i].tolist(), strict=True)),
                 {"class": "municipal_main", "oneway": 0, "level": 0, "name": "", "on_plan": True})
                for i in np.flatnonzero(near)
            ]  # fmt: skip
            self._tiles[z, x, y] = mvt.layer("roads", rows, z, x, y) if rows else b""
        return self._tiles[z, x, y]


def serve(town: Town) -> ThreadingHTTPServer:
    """The stand-in with the town's roads and past."""

    class Handler(fake_service.Handler):
        world = town.world

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].strip("/")
            parts = path.split("/")
            kind = "application/vnd.yukimichi.states"
            if path == "status/history":
                self.json({"events": [town.head]})
            elif path == "status/history/1":
                self.answer(200, kind, town.replay)
            elif path.startswith("status/index/"):
                self.answer(200, kind, pack_index("3-abc", 3, town.edge_id))
            elif path == "status/snapshot":
                self.answer(503)  # the past alone is looked at
            elif parts[:2] == ["tiles", "roads"]:
                body = town.tile(int(parts[3]), int(parts[4]), int(parts[5].removesuffix(".mvt")))
                self.answer(200 if body else 204, "application/vnd.mapbox-vector-tile" if body else "", body)
            else:
                super().do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def watch(page: Any, url: str, zoom: float, seconds: float) -> dict[str, Any]:
    """Frames a second while the page stands and while it plays."""
    page.open(f"{url}?lang=ja#map={zoom}/{fake_service.LAT}/{fake_service.LON}", width=1280, height=800)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "no-preference"}])
    page.wait("document.body.classList.contains('is-ready') && document.getElementById('time-open') !== null", 120)
    page.evaluate("document.getElementById('legend').hidden = true; document.getElementById('time-open').click()")
    page.wait("document.getElementById('time-choice').options.length > 1")
    page.evaluate("document.getElementById('time-speed').click()")  # an hour a second
    slider = "document.getElementById('time-range')"
    page.evaluate(f"{slider}.value = {slider}.min; {slider}.dispatchEvent(new Event('input'))")
    page.wait("document.body.dataset.pastAt", 60)
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'", 60)
    standing = page.evaluate(PLAY.replace("MS", "3000"))
    page.evaluate("document.getElementById('time-play').click()")
    playing = page.evaluate(PLAY.replace("MS", str(int(1000 * seconds))))
    page.evaluate("document.getElementById('time-play').click()")
    return {"standing": standing["fps"], "playing": playing["fps"], "shown": playing["shown"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    wish = parser.parse_args()
    town = Town()
    server = serve(town)
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    packed = len(brotli.compress(town.replay, quality=9))
    print(f"{platform.machine()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f}")
    print(f"{len(town.edge_id):,} edges, {len(town.changes.at_s):,} changes in {HOURS} h: {len(town.replay):,} bytes, "
          f"{packed:,} in brotli; index {len(pack_index('3-abc', 3, town.edge_id)):,}")  # fmt: skip
    try:
        with browser() as page:
            page.open(f"{url}?lang=ja", width=1280, height=800)
            told = page.evaluate(UNPACK)
            print(", ".join(f"{name} {value:,.2f}" for name, value in told.items()), "(ms)")
            for name, zoom in VIEWS.items():
                seen = watch(page, url, zoom, wish.seconds)
                told_fps = f"{seen['standing']:.0f} standing, {seen['playing']:.0f} playing"
                print(f"zoom {zoom}, {name}: frames a second {told_fps}; moments shown a second {seen['shown']:.0f}")
    finally:
        server.shutdown()


if __name__ == "__main__":
    main()

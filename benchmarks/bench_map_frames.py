"""Frames of the map while states are painted: `python -m benchmarks.bench_map_frames [--pieces 60000] [--slowed 1]`.

Debian's Chromium, which draws by software here, on the stand-in of the page tests: a map of its own with that many
roads in sight in the style of the page, and the page's painter. Three snapshots are carried onto them, each of which
changes every road. Prints how long each took and the times between frames meanwhile; a frame of 60 Hz has 16.7 ms.
Without painting the same is printed for a map that is only drawn, which is what this machine's software drawing costs.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.serve_record import _driver as driver

STAND_IN = Path(__file__).resolve().parents[1] / "tests" / "web" / "fake_service.py"
WIDTH, HEIGHT = 390, 844

SCRIPT = """
  Promise.all([import('/js/map/roads.js'), import('/js/map/roads_style.js'), import('/js/map/palette.js'),
               import('/js/status/snapshot.js')])
    .then(async ([{ RoadPainter }, { roadLayers }, { palette }, { readSnapshot }]) => {
      const n = PIECES;
      const side = Math.ceil(Math.sqrt(n));
      const features = Array.from({ length: n }, (_, i) => {
        const x = 136.5 + 0.12 * (i % side) / side;
        const y = 36.5 + 0.2 * Math.floor(i / side) / side;
        return { type: 'Feature', id: i + 1, properties: { class: 'national', oneway: 0, level: 0, on_plan: true },
          geometry: { type: 'LineString', coordinates: [[x, y], [x + 0.0004, y + 0.0002]] } };
      });
      const layers = roadLayers(palette(false), 'left').map(({ 'source-layer': _, ...layer }) => layer);
      const host = document.createElement('div');
      Object.assign(host.style, { position: 'fixed', inset: '0', zIndex: 99 });
      document.body.append(host);
      const map = new maplibregl.Map({ container: host, interactive: false, attributionControl: false, fadeDuration: 0,
        bounds: [136.5, 36.5, 136.62, 36.7], maxZoom: 12.9, style: { version: 8, layers,
          sources: { roads: { type: 'geojson', data: { type: 'FeatureCollection', features } } } } });
      await new Promise((done) => map.once('idle', done));
      const onSource = { on: map.on.bind(map), getBounds: () => map.getBounds(), getZoom: () => map.getZoom(),
        triggerRepaint: () => map.triggerRepaint(),
        setFeatureState: ({ id }, state) => map.setFeatureState({ source: 'roads', id }, state),
        removeFeatureState: ({ id }) => map.removeFeatureState({ source: 'roads', id }) };
      const fill = (value) => Array(n).fill(value);
      const told = (char, version) => {
        const own = { state: char.repeat(n), reason: fill(0), cleared_s: fill(0), valid_s: fill(90000),
          observed_s: fill(0), covered: fill(100) };
        return readSnapshot({ network_version: 1, roads_version: 'a', status_version: version, event: { event_id: 1 },
          synthetic: true, default_reason: 'no_device', base_at: 1000000, reasons: ['none'], n, piece_id: fill(1),
          forward: own, backward: own });
      };
      const painter = new RoadPainter(onSource);
      painter.see(features.map(({ id }) => id), '12/0/0');
      const frames = async (goesOn) => {
        const between = [];
        let last = performance.now();
        const begin = last;
        while (goesOn(performance.now() - begin)) {
          await new Promise(requestAnimationFrame);
          between.push(performance.now() - last);
          last = performance.now();
        }
        return [last - begin, between];
      };
      const out = { idle: [], paint: [], scripts: [] };
      out.idle = await frames((ms) => { map.triggerRepaint(); return ms < 3000; });
      for (const [char, version] of [['u', 1], ['c', 2], ['u', 3]]) {
        const snapshot = told(char, version);
        const begin = performance.now();
        painter.paint(snapshot, 1000100);
        out.scripts.push(performance.now() - begin);
        out.paint.push(await frames(() => painter.isPainting));
      }
      return out;
    })
"""


def _say(name: str, span_ms: float, between_ms: list[float]) -> None:
    ordered = sorted(between_ms)
    at = {share: ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.95)}
    print(
        f"{name}: {span_ms:.0f} ms, {len(ordered)} frames; between two frames {at[0.5]:.0f} ms in the middle, "
        f"{at[0.95]:.0f} ms at 95 %, {ordered[-1]:.0f} ms at most"
    )


def main() -> None:
    """Paint three snapshots and print the frames."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=60_000)
    parser.add_argument("--slowed", type=float, default=1.0, help="processor slowed so many times")
    given = parser.parse_args()
    program = shutil.which("chromium") or sys.exit("No chromium here: apt-get install chromium fonts-noto-cjk.")
    with (
        tempfile.TemporaryDirectory() as profile,
        subprocess.Popen([sys.executable, str(STAND_IN)], stdout=subprocess.PIPE, text=True) as service,
    ):
        assert service.stdout is not None
        page: Any = driver().Chromium(program, Path(profile))
        try:
            page.start()
            page.open(service.stdout.readline().split()[-1], width=WIDTH, height=HEIGHT, is_phone=True)
            page.wait("document.body.classList.contains('is-ready')", timeout_s=180)
            page.call("Emulation.setCPUThrottlingRate", rate=given.slowed)
            answer = page.call(
                "Runtime.evaluate", expression=SCRIPT.replace("PIECES", str(given.pieces)), returnByValue=True,
                awaitPromise=True, timeout_s=900,
            )  # fmt: skip
            assert "exceptionDetails" not in answer, answer["exceptionDetails"]
            found = answer["result"]["value"]
        finally:
            page.close()
            service.terminate()
    _say("drawn without painting", *found["idle"])
    for script_ms, (span_ms, between_ms) in zip(found["scripts"], found["paint"], strict=True):
        print(f"working out and first chunk: {script_ms:.0f} ms")
        _say("painting", span_ms, between_ms)


if __name__ == "__main__":
    main()

"""Record what a reader of the map asks for: `python -m benchmarks.serve_record http://127.0.0.1:8148`.

Debian's Chromium opens the map of a running service (the demo's prefecture) in a window of 1280 × 800 and does what a
resident does in a storm: looks at the whole, goes into Kanazawa by steps of the wheel, drags about, opens roads' cards,
lets the page lie open for half a minute while it asks for what changed, then looks at Komatsu, Nanao and Wajima, and
goes back out. Each request that the page makes goes into session_serve.json with its milliseconds since the start.
Versions and ids in addresses are written as {roads_version} and so on, so that the session can be asked of any service
of the same area; what is asked only of the page itself (its scripts) stays, since a storm's readers load them too.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: The driver of the browser that the tests of the map use; `tests` is no package that could be imported from here.
DRIVER = Path(__file__).parents[1] / "tests" / "web" / "conftest.py"
TARGET = Path(__file__).parent / "session_serve.json"
WIDTH, HEIGHT = 1280, 800
#: Where the reader looks: zoom, latitude, longitude.
PLACES = ((12.5, 36.40, 136.45), (12.0, 37.05, 136.96), (13.0, 37.39, 136.90))


def _driver() -> Any:
    spec = importlib.util.spec_from_file_location("driver", DRIVER)
    assert spec is not None
    assert spec.loader is not None
    driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    return driver


def _wheel(page: Any, steps: int, delta: float) -> None:
    for _ in range(steps):
        page.call("Input.dispatchMouseEvent", type="mouseWheel", x=WIDTH / 2, y=HEIGHT / 2, deltaX=0, deltaY=delta)
        _look(page, 0.7)


def _drag(page: Any, dx: float, dy: float) -> None:
    x, y = WIDTH / 2, HEIGHT / 2
    page.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
    for k in range(1, 11):
        page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + dx * k / 10, y=y + dy * k / 10, button="left",
                  buttons=1)  # fmt: skip
    page.call("Input.dispatchMouseEvent", type="mouseReleased", x=x + dx, y=y + dy, button="left", clickCount=1)
    _look(page, 1.5)


def _look(page: Any, seconds: float) -> None:
    """Look at the map for a while; events go on coming in."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.evaluate("0")
        time.sleep(0.1)


def session(page: Any, base: str) -> list[dict[str, Any]]:
    """Requests of one reader, in order."""
    page.open(base + "/", width=WIDTH, height=HEIGHT)
    _look(page, 6)
    page.evaluate("location.hash = '#map=11/36.56/136.65'")
    _look(page, 4)
    _wheel(page, 6, -240)
    for dx, dy in ((-300, 0), (0, -250), (250, 150), (-200, 200)):
        _drag(page, dx, dy)
    for x, y in ((640, 400), (600, 380), (700, 420), (660, 340)):
        page.tap(x, y)
        _look(page, 1)
    _look(page, 30)
    for zoom, lat, lon in PLACES:
        page.evaluate(f"location.hash = '#map={zoom}/{lat}/{lon}'")
        _look(page, 4)
        _wheel(page, 4, -200)
        _drag(page, -300, 100)
    _wheel(page, 14, 300)
    _look(page, 10)
    sent = [event["params"] for event in page.events if event.get("method") == "Network.requestWillBeSent"]
    first = sent[0]["timestamp"]
    return [
        {"at_ms": round((one["timestamp"] - first) * 1000), "method": one["request"]["method"],
         "url": one["request"]["url"]} for one in sent if one["request"]["url"].startswith(base)
    ]  # fmt: skip


def templated(url: str, config: dict[str, Any]) -> str:
    """Path and query with versions and ids of this service written as names."""
    parts = urlsplit(url)
    text = parts.path + (f"?{parts.query}" if parts.query else "")
    for name in ("roads_version", "reference_version"):
        text = text.replace(str(config[name]), f"{{{name}}}")
    text = re.sub(r"since=\d+", "since={status_version}", text)
    text = re.sub(r"network_version=\d+", "network_version={network_version}", text)
    text = re.sub(r"(/edges/)\d+", r"\g<1>{edge_id}", text)
    return re.sub(r"(/items/)\d+", r"\g<1>{edge_id}", text)


def main() -> None:
    """Record a session and write it."""
    base = sys.argv[1].rstrip("/")
    with urllib.request.urlopen(f"{base}/config.json") as answer:
        config = json.load(answer)
    with tempfile.TemporaryDirectory() as folder:
        page = _driver().Chromium("/usr/bin/chromium", Path(folder))
        try:
            page.start()
            found = session(page, base)
        finally:
            page.close()
    rows = [[one["at_ms"], templated(one["url"], config)] for one in found if one["method"] == "GET"]
    head = {"recorded": f"{datetime.now(UTC):%Y-%m-%d}", "how": "python -m benchmarks.serve_record (see its head)"}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = json.dumps(head, ensure_ascii=False)[:-1] + f', "requests": [\n{lines}\n]}}\n'
    TARGET.write_text(text, encoding="utf-8")
    print(f"{len(rows)} requests in {rows[-1][0] / 1000:.0f} s, {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()

"""How soon the first view is of use on a weak line: `python -m benchmarks.bench_firstview [URL] [--runs 3]`.

Debian's Chromium over its DevTools pipe opens the page of a running service (by default http://127.0.0.1:8000/) with
an empty cache, on a line of 400 kbit/s with a round trip of 300 ms, its processor slowed four times. The page is
usable once the state of the area stands in words, overview and legend are drawn, and the search box answers what is
typed. Prints the bytes of all answers until then (headers too), their number, the seconds; then the same until the
map stands with its first tiles. The line is Chromium's simulation: each request waits for the round trip, and all
share the rate; a connection costs nothing.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.serve_record import _driver as driver

BITS_PER_S, ROUND_TRIP_MS, CPU_SLOWED = 400_000, 300, 4
#: A phone, CSS pixels.
WIDTH, HEIGHT = 390, 844
#: What has to hold for the page to be of use, and for the map to stand.
USABLE = """
document.body && document.body.classList.contains('is-useful')
  && /%/.test(document.getElementById('area-words').textContent)
  && document.querySelectorAll('#overview-drawing svg g path').length > 0
  && document.querySelectorAll('#overview-legend li').length > 3
  && document.getElementById('search-box') !== null
"""
STANDS = "document.body && document.body.classList.contains('is-ready') && document.body.dataset.statusVersion"
WATCH = """
(() => {
  window.firstView = {};
  const look = () => {
    if (!window.firstView.usable && (USABLE)) window.firstView.usable = performance.now() / 1000;
    if (!window.firstView.stands && (STANDS)) window.firstView.stands = performance.now() / 1000;
    if (!window.firstView.stands) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()
"""
#: Types into the search box as a key would, and waits for the event that the page hears.
TYPE = """
new Promise((done) => {
  const box = document.getElementById('search-box');
  const began = performance.now();
  box.addEventListener('input', () => requestAnimationFrame(() => done((performance.now() - began) / 1000)));
  box.focus();
  document.execCommand('insertText', false, 'a');
})
"""


@dataclass(frozen=True, slots=True)
class View:
    """Bytes and number of answers asked for until the page was usable, and until the map stood; seconds."""

    first_bytes: int
    n_first: int
    usable_s: float
    answers_s: float
    all_bytes: int
    n_all: int
    stands_s: float


def look(page: Any, url: str, patience_s: float) -> View:
    """Open the page once with an empty cache."""
    page.call("Network.clearBrowserCache")
    page.call("Network.setCacheDisabled", cacheDisabled=True)
    page.call("Network.setBypassServiceWorker", bypass=True)
    page.call("Page.navigate", url="about:blank")
    page.events.clear()
    rate = BITS_PER_S / 8
    line = {"offline": False, "latency": ROUND_TRIP_MS, "downloadThroughput": rate, "uploadThroughput": rate}
    page.call("Network.emulateNetworkConditions", **line)
    page.call("Emulation.setCPUThrottlingRate", rate=CPU_SLOWED)
    page.call("Page.navigate", url=url, timeout_s=patience_s)
    usable_s = _wait(page, "usable", patience_s)
    answers_s = page.evaluate(TYPE)
    stands_s = _wait(page, "stands", patience_s)
    time.sleep(2)  # what is under way still counts
    page.evaluate("0")
    asked, took = _traffic(page)
    begin = min(asked.values())
    first = [request for request, at in asked.items() if at - begin <= usable_s]
    return View(
        sum(took.get(request, 0) for request in first), len(first), usable_s, answers_s,
        sum(took.values()), len(asked), stands_s,
    )  # fmt: skip


def _wait(page: Any, name: str, patience_s: float) -> float:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = page.evaluate(f"window.firstView && window.firstView.{name}")
        if found:
            return float(found)
        time.sleep(0.25)
    sys.exit(f"{name}: not within {patience_s:.0f} s")


def _traffic(page: Any) -> tuple[dict[str, float], dict[str, int]]:
    """(when each request was sent, in seconds of the browser's clock; bytes of its answer, headers too)."""
    asked: dict[str, float] = {}
    took: dict[str, int] = {}
    for event in page.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and params["request"]["url"].startswith("http"):
            asked.setdefault(params["requestId"], params["timestamp"])
        if method == "Network.loadingFinished" and params["requestId"] in asked:
            took[params["requestId"]] = int(params["encodedDataLength"])
        if method == "Network.dataReceived" and params["requestId"] in asked and params["requestId"] not in took:
            took.setdefault(params["requestId"], 0)
    return asked, took


def main() -> None:
    """Look some times and print each view and the middle one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000/")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--patience", type=float, default=120)
    given = parser.parse_args()
    program = shutil.which("chromium") or sys.exit("No chromium here: apt-get install chromium fonts-noto-cjk.")
    views = []
    with tempfile.TemporaryDirectory() as profile:
        page = driver().Chromium(program, Path(profile))
        try:
            page.start()
            watch = WATCH.replace("USABLE", USABLE).replace("STANDS", STANDS)
            page.call("Page.addScriptToEvaluateOnNewDocument", source=watch)
            page.call(
                "Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, mobile=True, deviceScaleFactor=2
            )
            for _ in range(given.runs):
                views.append(look(page, given.url, given.patience))
                print_view(views[-1])
        finally:
            page.close()
    middle = statistics.median_low([view.usable_s for view in views])
    print("middle of the runs:")
    print_view(next(view for view in views if view.usable_s == middle))


def print_view(view: View) -> None:
    """One line for the first view, one for the map."""
    print(
        f"first view: {view.first_bytes / 1000:.1f} kB in {view.n_first} answers, usable after {view.usable_s:.2f} s, "
        f"a key is answered in {view.answers_s * 1000:.0f} ms"
    )
    print(f"map: {view.all_bytes / 1000:.1f} kB in {view.n_all} answers in all, stands after {view.stands_s:.2f} s")


if __name__ == "__main__":
    main()

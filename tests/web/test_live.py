"""Live: from the post of a position to the picture with the real service, and what the page does where streams fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.bench_live_page import furnish, open_map, running, time_to_picture
from geo.db import Database
from geo.settings import Settings
from tests.web.test_page import asked
from yukimichi.context import Context

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

VIEW = "?lang=ja#map=15/36.56/136.62"
SOON_S = 3.0
#: The page's own way of asking is watched here, since the browser tells no driver of the events of a stream.
WATCH = """
(() => {
  const real = window.EventSource;
  window.streams = [];
  window.EventSource = class extends real {
    constructor(url) {
      super(url);
      const seen = { url, kinds: [], nBreaks: 0, isClosed: false };
      window.streams.push(seen);
      for (const kind of ['present', 'changes', 'reload']) this.addEventListener(kind, () => seen.kinds.push(kind));
      this.addEventListener('error', () => { seen.nBreaks += 1; });
      this.seen = seen;
    }
    close() { super.close(); this.seen.isClosed = true; }
  };
})()
"""


@pytest.fixture
def watched(chromium: Any) -> Any:
    added = chromium.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    yield chromium
    chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])


def version(page: Any) -> int:
    return int(page.evaluate("document.body.dataset.statusVersion"))


def test_a_posted_position_is_a_change_in_the_picture_within_three_seconds(
    chromium: Any, database: Database, tmp_path: Path
) -> None:
    """The real server, the real worker, the real page. The quickest of five: the machine may be busy meanwhile."""
    context = Context(Settings(home=tmp_path), database)
    key = furnish(context, tmp_path)
    with running(context) as base:
        open_map(chromium, base)
        took = []
        for street in (0, 3, 8, 13, 19):
            took.append(time_to_picture(chromium, base, key, street))
            if took[-1] <= SOON_S:
                break
        by_stream = len(asked(chromium, "/status/stream"))
        snapshots = len(asked(chromium, "/status/snapshot"))
        chromium.call("Page.navigate", url="about:blank")
    assert min(took) <= SOON_S, took
    assert (by_stream, snapshots) == (1, 1), "it came by the stream"


def test_a_stream_that_breaks_goes_on_with_the_last_id_and_nothing_is_taken_twice(
    open_page: Open, service: Any, watched: Any
) -> None:
    page = open_page(VIEW)
    page.wait("window.streams[0]?.kinds.includes('present')")
    service.control(states={14: "cc"})
    page.wait("document.body.dataset.statusVersion === '2'", timeout_s=8)
    service.control(has_stream=False)
    page.wait("window.streams[0].nBreaks > 0")
    service.control(has_stream=True, states={15: "uu"})
    page.wait("document.body.dataset.statusVersion === '4'", timeout_s=15)
    service.control(states={16: "gg"})
    page.wait("document.body.dataset.statusVersion === '5'", timeout_s=15)
    page.evaluate("0")
    ids = [
        event["params"]["headers"].get("Last-Event-ID")
        for event in page.events
        if event.get("method") == "Network.requestWillBeSentExtraInfo"
    ]
    assert any(one and one.startswith("fake-") for one in ids), "the browser came again with the last id"
    assert page.evaluate("window.streams.length") == 1
    assert len(asked(page, "/status/snapshot")) == 1


def test_a_proxy_that_holds_events_back_is_noticed_and_asked_around(
    open_page: Open, service: Any, watched: Any
) -> None:
    service.control(holds_back=True)
    page = open_page(VIEW)
    service.control(states={14: "cc"})
    page.wait("document.body.dataset.statusVersion === '3'", timeout_s=10)
    assert len(asked(page, "/status/changes")) >= 1
    assert page.evaluate("window.streams[0].kinds") == [], "it is open and says nothing"


def test_a_stream_that_falls_silent_is_opened_anew(open_page: Open, service: Any, watched: Any) -> None:
    page = open_page(VIEW)
    page.wait("window.streams[0]?.kinds.includes('present')")
    service.control(holds_back=True, states={14: "cc"})
    page.evaluate("window.dispatchEvent(new Event('online'))")  # asks at once; else it asks twice a minute
    page.wait("document.body.dataset.statusVersion === '2'", timeout_s=8)
    page.wait("window.streams[0].isClosed", timeout_s=12)
    service.control(holds_back=False)
    page.wait("window.streams.length > 1 && window.streams.at(-1).kinds.length > 0", timeout_s=25)


def test_a_hidden_page_listens_no_more_and_catches_up_when_it_is_seen(
    open_page: Open, service: Any, watched: Any
) -> None:
    page = open_page(VIEW)
    page.wait("window.streams[0]?.kinds.includes('present')")
    hide = """(() => {
      const real = window.setTimeout;
      window.setTimeout = (fn, ms, ...rest) => real(fn, ms === 30000 ? 50 : ms, ...rest);
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => HIDDEN });
      document.dispatchEvent(new Event('visibilitychange'));
      window.setTimeout = real;
    })()"""
    page.evaluate(hide.replace("HIDDEN", "true"))
    page.wait("window.streams[0].isClosed")
    service.control(states={14: "cc"})
    page.evaluate("new Promise((done) => setTimeout(done, 2500))")
    assert version(page) == 1
    page.evaluate(hide.replace("HIDDEN", "false"))
    page.wait("document.body.dataset.statusVersion === '2'", timeout_s=8)
    page.wait("window.streams.length === 2 && window.streams[1].kinds.length > 0", timeout_s=8)


def test_where_data_is_to_be_saved_it_asks_twice_a_minute_and_opens_no_stream(
    open_page: Open, service: Any, chromium: Any
) -> None:
    saver = "Object.defineProperty(navigator, 'connection', { value: { saveData: true, effectiveType: '4g' } })"
    added = chromium.call("Page.addScriptToEvaluateOnNewDocument", source=saver + ";" + WATCH)
    try:
        chromium.open(service.url + VIEW, width=1280, height=800)
        chromium.wait("!document.getElementById('open-map').hidden")
        assert not any(urlsplit(url).path.startswith("/vendor/maplibre") for url in chromium.requests())
        chromium.evaluate("document.getElementById('open-map').click()")
        chromium.wait("document.body.classList.contains('is-ready') && document.body.dataset.statusVersion")
        wait = json.loads(chromium.evaluate("import('/js/status/pace.js').then(({ waitMs }) => String(waitMs()))"))
        assert wait == 30000
        assert chromium.evaluate("window.streams") == []
    finally:
        chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

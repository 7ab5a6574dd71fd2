"""Without a connection: the page opens with what was known last, says so, and lets no clearing outlive its time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.web.test_page import (
    UNDER_1H,
    UNDER_3H,
    UNDER_6H,
    UNKNOWN,
    UNKNOWN_DOTS,
    band,
    count,
    settle,
)
from yukimichi.icons import ICONS, draw_icon

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

WEB = Path(__file__).resolve().parents[2] / "web"
ZOOM = 14.4  # all roads of the stand-in lie in the map between its panels
VIEW = "?lang=ja#map=14.4/36.56/136.62"
INSTALLED = "navigator.serviceWorker.getRegistration().then((r) => r?.active?.state === 'activated' && !r.installing)"
KEPT = "caches.open('yuki-states').then((cache) => cache.keys()).then((keys) => keys.length === 1)"
TILES = "caches.open('yuki-tiles').then((cache) => cache.keys()).then((keys) => keys.map(({ url }) => url))"


@pytest.fixture
def installed_page(open_page: Open) -> Iterator[Any]:
    """The page with its service worker, opened a second time, so that all has gone through the worker once."""
    page = open_page(VIEW)
    page.wait(INSTALLED)
    page = open_page(VIEW)
    page.wait(f"navigator.serviceWorker.controller && {KEPT}")
    settle(page)
    yield page
    page.evaluate("""(async () => {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
      for (const name of await caches.keys()) await caches.delete(name);
      localStorage.clear();
    })()""")


def shows(page: Any, piece: int, *colours: tuple[int, int, int]) -> int:
    return sum(count(page, colour, band(page, piece, ZOOM)) for colour in colours)


def test_it_opens_without_a_connection_with_what_was_known_and_says_so(
    installed_page: Any, open_page: Open, service: Any
) -> None:
    service.control(is_gone=True)
    page = open_page(f"{VIEW}&road=11")
    page.wait("document.getElementById('offline').innerText.includes('現在・通信なし')")
    settle(page)
    time = page.evaluate("document.getElementById('offline').innerText").partition(" ")[0]
    assert len(time) == 5, "the time of day of what is shown"
    assert page.evaluate("document.getElementById('as-of').innerText").startswith(time)
    assert page.evaluate("document.body.classList.contains('is-offline')")
    assert shows(page, 11, UNDER_1H) > 40
    assert shows(page, 16, UNDER_6H) > 40
    page.wait("document.querySelector('#card [data-state]')?.dataset.state === 'cleared'")
    service.control(is_gone=False)
    page.wait("document.getElementById('offline').hidden", timeout_s=60)


def test_opened_without_a_connection_later_every_clearing_whose_time_is_up_is_unknown(
    installed_page: Any, open_page: Open, chromium: Any, service: Any
) -> None:
    """On the map, on the card, in the words on the area and in the drawing that stands before the map."""
    service.control(is_gone=True)
    moved = chromium.call("Page.addScriptToEvaluateOnNewDocument", source="window.shiftMs = 70 * 60 * 1000")
    try:
        page = open_page(f"{VIEW}&road=16")
        page.wait("document.querySelector('#card [data-state]')?.dataset.state === 'unknown'")
        settle(page)
        assert shows(page, 16, UNDER_1H, UNDER_3H, UNDER_6H) == 0
        assert shows(page, 16, UNKNOWN, UNKNOWN_DOTS) > 20
        assert shows(page, 11, UNDER_3H) > 40, "half an hour old when it was kept, and valid for a day"
        assert "通信なし" in page.evaluate("document.getElementById('offline').innerText")
    finally:
        chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=moved["identifier"])
    moved = chromium.call("Page.addScriptToEvaluateOnNewDocument", source="window.shiftMs = 25 * 3600 * 1000")
    try:
        page = open_page(VIEW)
        settle(page)
        for piece in (11, 12, 16, 17, 18):
            assert shows(page, piece, UNDER_1H, UNDER_3H, UNDER_6H) == 0, piece
        page.wait("/完了 0 ?%/.test(document.getElementById('area-words').innerText)")
        drawn = "[...document.querySelectorAll('#overview-drawing g[data-char=c]')].map((g) => g.getAttribute('class'))"
        assert set(page.evaluate(drawn)) <= {"line code-8"}
    finally:
        chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=moved["identifier"])


def test_a_clock_that_was_set_back_makes_nothing_younger(
    installed_page: Any, open_page: Open, chromium: Any, service: Any
) -> None:
    service.control(is_gone=True)
    moved = chromium.call("Page.addScriptToEvaluateOnNewDocument", source="window.shiftMs = -5 * 3600 * 1000")
    try:
        page = open_page(VIEW)
        settle(page)
        for piece in (11, 16):
            assert shows(page, piece, UNDER_1H, UNDER_3H, UNDER_6H) == 0, piece
    finally:
        chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=moved["identifier"])


def test_what_is_kept_is_what_was_held_last_not_what_was_fetched_first(
    installed_page: Any, open_page: Open, service: Any
) -> None:
    service.control(states={14: "cc"})
    installed_page.wait("document.body.dataset.statusVersion === '2'")
    installed_page.evaluate("""(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));
    })()""")
    installed_page.wait(
        "import('/js/status/kept.js').then((kept) => kept.readKept()).then((kept) => kept.snapshot.statusVersion === 2)"
    )
    service.control(is_gone=True)
    page = open_page(VIEW)
    settle(page)
    assert shows(page, 14, UNDER_1H) > 40


def test_a_new_version_of_the_page_replaces_the_old_one_whole(
    installed_page: Any, open_page: Open, service: Any
) -> None:
    page = installed_page
    shell = "getComputedStyle(document.documentElement).getPropertyValue('--shell')"
    body = "document.body.dataset.shell ?? ''"
    service.control(shell="2")
    page = open_page(VIEW)  # the server has another version: the page that is kept goes with the files that are kept
    assert (page.evaluate(shell), page.evaluate(body)) == ("", "")
    page.wait("document.getElementById('update') && !document.getElementById('update').hidden")
    assert "新しい版" in page.evaluate("document.getElementById('update').innerText")
    page.evaluate("window.isOld = true; document.getElementById('update-now').click()")
    page.wait("window.isOld === undefined && document.body?.classList.contains('is-ready')")
    assert (json.loads(page.evaluate(shell)), page.evaluate(body)) == ("2", "2")
    names = page.evaluate("caches.keys()")
    assert len([name for name in names if name.startswith("yuki-shell-")]) == 1
    service.control(is_gone=True)
    page = open_page(VIEW)
    assert (json.loads(page.evaluate(shell)), page.evaluate(body)) == ("2", "2")


def test_tiles_that_are_kept_are_bounded_and_leave_with_their_version(
    open_page: Open, service: Any, installed_page: Any
) -> None:
    page = installed_page
    own = f"{service.url}tiles/roads/3-abc"
    asked = f"Promise.all([...Array(30).keys()].map((i) => fetch('{own}/14/' + i + '/7.mvt')))"
    page.evaluate(f"{asked}.then(() => null)")
    page.wait(f"{TILES}.then((urls) => urls.filter((url) => url.endsWith('/7.mvt')).length === 30)")
    service.control(kept_tiles=12)  # another script is another worker
    page.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => null)")
    page.wait("!document.getElementById('update').hidden")
    page.evaluate("window.isOld = true; document.getElementById('update-now').click()")
    page.wait("window.isOld === undefined && document.body?.classList.contains('is-ready')")
    page.evaluate(f"fetch('{own}/14/99/8.mvt').then(() => null)")
    page.wait(f"{TILES}.then((urls) => urls.length <= 12)")
    kept = page.evaluate(TILES)
    assert any(url.endswith("/14/99/8.mvt") for url in kept), "the newest stays"
    assert not any(url.endswith("/14/0/7.mvt") for url in kept), "the oldest goes"
    for path in ("basemap/1-a/14/2/2", "roads/4-new/14/1/1"):
        page.evaluate(f"fetch('{service.url}tiles/{path}.mvt').then(() => null)")
    page.wait(f"{TILES}.then((urls) => !urls.some((url) => url.includes('/roads/3-abc/')))")
    kept = page.evaluate(TILES)
    assert any("/roads/4-new/" in url for url in kept)
    assert any("/basemap/1-a/14/2/2" in url for url in kept), "another layer has a version of its own"


def test_it_can_be_installed(open_page: Open, service: Any) -> None:
    page = open_page(VIEW)
    found = page.call("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert (manifest["start_url"], manifest["display"]) == ("./", "standalone")
    assert found["url"] == f"{service.url}manifest.webmanifest"
    page.wait(INSTALLED)
    problems = page.call("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in problems if one["errorId"] != "in-incognito"] == []
    for icon in manifest["icons"]:
        assert (WEB / icon["src"]).is_file()


@pytest.mark.parametrize(("name", "edge_px", "may_be_cut"), ICONS)
def test_icons_are_those_that_the_script_draws(name: str, edge_px: int, may_be_cut: bool) -> None:
    with Image.open(WEB / "icons" / name) as kept:
        difference = ImageChops.difference(kept.convert("RGBA"), draw_icon(edge_px, may_be_cut=may_be_cut))
    assert difference.getbbox() is None

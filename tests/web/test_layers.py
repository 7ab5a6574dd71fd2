"""Optional layers of the map: which are offered, how they are drawn, kept and told, by hand and by keyboard."""

from __future__ import annotations

import importlib.util
import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

ZOOM = 15
CLOSE = "document.getElementById('layers').hidden"
SHOWN = "document.querySelectorAll('.layer input').length > 0"


def helpers(name: str) -> ModuleType:
    """Another file of this folder as a module."""
    spec = importlib.util.spec_from_file_location(f"{name}_of_layers", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages, places, axe = helpers("test_page"), helpers("fake_places"), helpers("axe")


def open_list(page: Any) -> None:
    """Opens the list of layers and waits for what is in it."""
    page.evaluate("document.getElementById('layers-button').click()")
    page.wait(SHOWN)


def tap(page: Any, name: str) -> None:
    lon, lat = places.AT[name]
    page.tap(*pages.on_screen(page, lat, ZOOM, lon=lon))


def asked(service: Any) -> list[str]:
    """Every address that was asked for. The service is asked for it: of what the map's worker fetches the page does not
    hear.
    """
    with urllib.request.urlopen(f"{service.url}asked", timeout=10) as answer:
        found: list[str] = json.load(answer)
        return found


def has_asked(service: Any, part: str) -> bool:
    """Whether an address with this part in it was asked for: a layer that is off asks for nothing."""
    return any(part in address for address in asked(service))


def wait_for(page: Any, service: Any, part: str) -> None:
    """Waits until tiles of a layer were asked for, and drawn."""
    deadline = time.monotonic() + 40
    while not has_asked(service, part):
        assert time.monotonic() < deadline, f"never asked for: {part}"
        page.evaluate("new Promise((done) => setTimeout(done, 100))")
    pages.settle(page)


def drawn(page: Any, service: Any) -> None:
    """Waits until the layers that are on from the first are drawn."""
    wait_for(page, service, "/tiles/facilities/")


def ids(page: Any, *, is_on: bool) -> set[str]:
    found = page.evaluate(
        "[...document.querySelectorAll('.layer input')].map((box) => [box.id.replace('layer-', ''), box.checked])"
    )
    return {name for name, checked in found if checked == is_on}


def test_only_layers_with_something_to_show_are_offered(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    page.evaluate("localStorage.removeItem('yukimichi.layers')")
    open_list(page)
    assert ids(page, is_on=True) == {"closures", "ploughs", "cameras", "hospitals", "shelters"}
    assert ids(page, is_on=False) == {"snow_dumps", "bus_stops", "bus_routes", "priority_network", "snow"}
    groups = page.evaluate("[...document.querySelectorAll('#layers legend')].map((e) => e.textContent)")
    assert groups == ["道路と除雪", "施設", "バス", "雪"]
    # each has a picture and a name, and none of them is a key
    rows = page.evaluate(
        "[...document.querySelectorAll('.layer')].map((row) => "
        "[row.querySelectorAll('.layer-swatch > *').length, row.querySelector('.layer-name').textContent])"
    )
    assert all(pictures >= 1 and "_" not in name for pictures, name in rows)


def test_a_choice_is_drawn_kept_on_the_device_and_in_the_address(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    drawn(page, service)
    open_list(page)
    assert not has_asked(service, "/priority_network/")
    for name in ("priority_network", "shelters"):
        page.evaluate(f"document.getElementById('layer-{name}').click()")
    wait_for(page, service, "/tiles/priority_network/1/")
    assert "layers=-shelters,priority_network" in page.evaluate("location.hash")
    assert "map=15" in page.evaluate("location.hash")
    assert "雪みちネットワーク路線" in page.evaluate("document.querySelector('.legend-overlays').innerText")
    page = open_page("?lang=ja&again=1#map=15/36.56/136.62")  # the device knows
    open_list(page)
    assert "priority_network" in ids(page, is_on=True)
    assert "shelters" in ids(page, is_on=False)
    page = open_page("?lang=ja#map=15/36.56/136.62&layers=snow,no_such_layer")  # a link says more than the device
    wait_for(page, service, "/collections/snow/tiles/")
    open_list(page)
    assert {"snow", "shelters"} <= ids(page, is_on=True)
    assert "priority_network" in ids(page, is_on=False)
    page.evaluate("localStorage.removeItem('yukimichi.layers')")


def test_what_is_off_is_not_asked_for(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    drawn(page, service)
    for name in ("bus_stops", "bus_routes", "priority_network", "snow", "work_sections"):
        assert not has_asked(service, f"/{name}/"), name
    assert has_asked(service, "/tiles/basemap/1-a/14/")
    for name in ("coast", "municipalities", "settlements", "rivers"):  # all of the ground comes in one tile
        assert not has_asked(service, f"/tiles/{name}/"), name


ORDER = """
  Promise.all([import('/js/map/style.js'), import('/js/map/overlays.js'), fetch('/config.json').then((r) => r.json())])
    .then(([{ buildStyle }, { OVERLAYS }, config]) => buildStyle(config, {
      isDark: false, lang: 'ja', data: {}, overlays: OVERLAYS, on: new Set(OVERLAYS.map(({ id }) => id)),
    }).layers.map(({ id }) => id))
"""


def test_a_layer_lies_under_the_states_and_changes_none_of_them(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&layers=snow,priority_network,bus_routes,-cameras")
    wait_for(page, service, "/collections/snow/tiles/")
    drawn(page, service)
    pages.settle(page)
    for piece, colour in [(11, pages.UNDER_1H), (14, pages.UNCLEARED), (15, pages.UNKNOWN)]:
        assert pages.count(page, colour, pages.band(page, piece, ZOOM)) > 40, piece
    order = page.evaluate(ORDER)
    for below in ("snow", "snow-missing", "priority-first", "bus-routes"):
        assert order.index(below) < order.index("roads-f"), below
    assert order.index("facilities") > order.index("roads-b")


def test_a_tap_on_a_hospital_tells_what_it_is_and_the_road_nearby(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62", is_phone=True)
    drawn(page, service)
    tap(page, "hospital")
    page.wait("!document.getElementById('symbol').hidden")
    text = page.evaluate("document.getElementById('symbol').innerText")
    for words in ("試験病院", "病院", "076-000-0000", "合成データ"):
        assert words in text, words
    assert page.evaluate("document.querySelector('#symbol a').getAttribute('href')") == "tel:0760000000"
    assert page.evaluate("document.activeElement.closest('#symbol') !== null")
    page.evaluate("document.getElementById('language').click()")
    page.wait("document.getElementById('symbol').innerText.includes('Test Hospital')")
    page.key("Escape")
    page.wait("document.getElementById('symbol').hidden")


def test_a_camera_shows_its_picture_with_the_time_and_says_when_it_is_late(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    drawn(page, service)
    tap(page, "camera")
    page.wait("document.querySelector('#symbol img')?.naturalWidth === 1")
    text = page.evaluate("document.getElementById('symbol').innerText")
    assert "画像は " in text
    assert "更新が遅れています" not in text
    assert "試験カメラ" in page.evaluate("document.querySelector('#symbol img').alt")
    assert page.evaluate("document.querySelector('#symbol img').src").startswith("blob:")
    page.evaluate("document.querySelector('#symbol .close').click()")
    tap(page, "late_camera")
    page.wait("document.querySelector('#symbol .camera-late') !== null")
    late = page.evaluate("document.querySelector('#symbol .camera-late').textContent")
    assert "1時間" in late
    # the same picture becomes late by itself as the clock goes on
    page.evaluate("document.querySelector('#symbol .close').click()")
    tap(page, "camera")
    page.wait("document.querySelector('#symbol img') !== null")
    page.evaluate("window.shiftMs = 25 * 60 * 1000; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait("document.querySelector('#symbol .camera-late') !== null")
    page.evaluate("document.querySelector('#symbol .close').click()")


def test_places_are_reached_by_keyboard_alone(open_page: Open, service: Any) -> None:
    lon, lat = places.AT["shelter"]
    page = open_page(f"?lang=en#map=16/{lat:.5f}/{lon:.5f}")
    drawn(page, service)
    page.evaluate("document.querySelector('.maplibregl-canvas').focus()")
    page.key("Enter")  # what lies under the ring in the middle
    page.wait("!document.getElementById('symbol').hidden")
    assert "Test School" in page.evaluate("document.getElementById('symbol').innerText")
    assert "announced by the municipality" in page.evaluate("document.getElementById('symbol').innerText")
    page.key("Escape")
    open_list(page)
    page.evaluate("document.querySelector('.sight summary').click()")
    page.wait("document.querySelectorAll('.in-sight button').length > 0")
    listed = page.evaluate("[...document.querySelectorAll('.in-sight button')].map((e) => e.textContent)")
    assert any("Test School" in words for words in listed)
    page.evaluate("document.querySelector('.in-sight button').click()")
    page.wait(f"{CLOSE} && !document.getElementById('symbol').hidden")
    page.key("Escape")


def test_a_tap_on_a_plough_tells_its_public_number_alone(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    page.wait("performance.getEntriesByType('resource').some((e) => e.name.includes('collections/ploughs/items'))")
    pages.settle(page)
    page.tap(*pages.on_screen(page, pages.lat_of(13), ZOOM, lon=pages.LON + 0.004))
    page.wait("document.getElementById('symbol').innerText.includes('公開番号')")
    assert "a1" in page.evaluate("document.getElementById('symbol').innerText")


def test_the_list_is_large_enough_for_a_cold_thumb_and_fits_a_narrow_page(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62", is_phone=True)
    open_list(page)
    small = page.evaluate("""[...document.querySelectorAll(
        '#layers button, #layers label, #layers summary, #layers-button')]
      .map((e) => [e.id || e.className || e.textContent, e.getBoundingClientRect()])
      .filter(([, r]) => r.height < 44 || r.width < 44).map(([name]) => name)""")
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.querySelectorAll('.layer input')].every((e) => e.labels.length === 1)")
    page.evaluate("document.querySelector('.sight summary').click()")
    assert axe.violations(page) == []
    assert page.complaints() == []


def test_the_card_of_a_camera_is_accessible_in_the_dark(open_page: Open, service: Any) -> None:
    page = open_page("?lang=en#map=15/36.56/136.62", is_dark=True)
    drawn(page, service)
    tap(page, "late_camera")
    page.wait("document.querySelector('#symbol .camera-late') !== null")
    assert axe.violations(page) == []


def test_words_of_the_layers_stand_in_both_languages(open_page: Open) -> None:
    page = open_page()
    words = page.evaluate("import('/js/text/map_words.js').then((m) => m.default)")
    ja, en = words["ja"], words["en"]
    assert ja.keys() == en.keys()
    marks = {key: {part.partition("}")[0] for part in text.split("{")[1:]} for key, text in ja.items()}
    assert marks == {key: {part.partition("}")[0] for part in text.split("{")[1:]} for key, text in en.items()}
    known = page.evaluate("import('/js/map/overlays.js').then((m) => m.OVERLAYS.map(({ id, kinds }) => [id, kinds]))")
    for name, kinds in known:
        assert {f"overlay_{name}", f"overlay_{name}_about"} <= ja.keys()
        assert {f"kind_{kind}" for kind in kinds or ()} <= ja.keys()


def test_every_kind_of_the_server_has_a_symbol_and_a_layer(open_page: Open) -> None:
    from geo.vocabulary import CameraProblem, FacilityKind, Reason
    from tiles.map_layers import OFFERED

    page = open_page()
    kinds = {kind.value for kind in FacilityKind}
    icons = page.evaluate("import('/js/map/icons.js').then((m) => m.ICONS)")
    assert kinds <= set(icons)
    known = page.evaluate(
        "import('/js/map/overlays.js').then((m) => m.OVERLAYS.map(({ collection, kinds }) => [collection, kinds]))"
    )
    assert {kind for _, own in known for kind in own or ()} == kinds
    assert {collection for collection, _ in known} <= set(OFFERED)
    words = page.evaluate("import('/js/text/map_words.js').then((m) => m.default.ja)")
    assert {f"reason_short_{reason.value}" for reason in Reason} - {"reason_short_none"} <= words.keys()
    problems = {f"camera_problem_{problem.value}" for problem in CameraProblem} - {"camera_problem_none"}
    assert problems <= words.keys()


CHOICES = """
  import('/js/map/overlays.js').then((m) => [
    m.writeChoice({ snow: true, shelters: false, closures: true, bus_stops: false, 'raster-x': true }),
    m.readChoice('snow,-shelters,raster-x'),
    m.readChoice('<script>, ,--x,-,' + 'a'.repeat(99)),
    m.readChoice(null),
    [...m.chosenIds(m.OVERLAYS, { closures: false, snow: true })],
    m.offered([{ collection: 'facilities', kind: 'shelter', n: 0 }, { collection: 'snow', kind: null, n: 3 }],
      [{ id: 'x' }]).map(({ id }) => id),
  ])
"""


def test_a_choice_is_written_as_what_differs_from_the_defaults(open_page: Open) -> None:
    written, read, broken, none, chosen, offered = open_page().evaluate(CHOICES)
    assert written == "-shelters,raster-x,snow"
    assert read == {"snow": True, "shelters": False, "raster-x": True}
    assert broken == {}
    assert none == {}
    assert "closures" not in chosen
    assert {"snow", "ploughs"} <= set(chosen)
    assert offered == ["closures", "ploughs", "snow", "raster-x"]

"""The search box in Debian's Chromium: by keyboard, before the map, my location, favourites, both languages."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.axe import violations

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

LON, LAT = 136.62, 36.56
#: A line on which data is to be saved: the map waits for its button.
THRIFTY = "Object.defineProperty(navigator, 'connection', { value: { saveData: true, effectiveType: '4g' } })"
FORBIDDEN = (
    "Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
)
OPTIONS = "[...document.querySelectorAll('#search-list li')].map((li) => li.querySelector('.label').textContent)"
CODES = {"ArrowDown": 40, "ArrowUp": 38, "Enter": 13, "Escape": 27, "Tab": 9}


@contextlib.contextmanager
def beforehand(page: Any, script: str) -> Iterator[None]:
    """A script that runs before those of each page."""
    made = page.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    yield
    page.call("Page.removeScriptToEvaluateOnNewDocument", identifier=made)


def press(page: Any, key: str) -> None:
    text = {"text": "\r"} if key == "Enter" else {}
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=CODES[key], **text)


def text_of(page: Any, selector: str) -> str:
    return page.evaluate(f"document.querySelector('{selector}')?.textContent ?? ''")


def write(page: Any, text: str) -> None:
    """Types letter by letter, faster than the pause of the box."""
    page.evaluate("document.getElementById('search-box').focus()")
    page.wait("document.getElementById('search-box').getAttribute('role') === 'combobox'")
    page.evaluate("document.getElementById('search-box').select()")
    for letter in text:
        page.call("Input.insertText", text=letter)


def questions(page: Any) -> list[str]:
    urls = [urlsplit(url) for url in page.requests()]
    return [parse_qs(url.query)["q"][0] for url in urls if url.path == "/search"]


def forget(page: Any) -> None:
    page.evaluate("localStorage.clear()")


def light(chromium: Any, service: Any, path: str = "?lang=ja", *, width: int = 390) -> Any:
    """The first view alone: the map waits."""
    with beforehand(chromium, THRIFTY):
        chromium.open(service.url + path, width=width, height=844, is_phone=width < 400)
    chromium.wait("document.body.classList.contains('is-useful')")
    return chromium


def test_a_place_is_found_and_opened_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    write(page, "本町")
    page.wait(f"{OPTIONS}.length === 2")
    assert page.evaluate(OPTIONS) == ["本町", "本町一丁目1番"]
    assert questions(page) == ["本町"]  # one question for two letters
    assert "2件" in text_of(page, "#search-status")
    box = "document.getElementById('search-box')"
    assert page.evaluate(f"{box}.getAttribute('aria-expanded')") == "true"
    press(page, "ArrowDown")
    press(page, "ArrowDown")
    assert page.evaluate(f"{box}.getAttribute('aria-activedescendant')") == "search-option-1"
    assert page.evaluate("document.querySelectorAll('#search-list [aria-selected=true]').length") == 1
    press(page, "ArrowUp")
    assert page.evaluate(f"{box}.getAttribute('aria-activedescendant')") == "search-option-0"
    press(page, "Enter")
    page.wait("!document.getElementById('card').hidden")
    page.wait("document.getElementById('card-body').textContent.includes('県道二')")
    assert page.evaluate(f"{box}.value") == "本町"
    assert "road=12" in page.evaluate("location.hash")
    page.wait("document.querySelectorAll('.place-pin').length === 1")
    centre = page.evaluate("location.hash.match(/map=([\\d.]+)\\/([\\d.]+)\\/([\\d.]+)/).slice(1).map(Number)")
    assert abs(centre[1] - (LAT + 0.0038)) < 1e-3
    assert page.evaluate("document.getElementById('search-list').hidden")
    # only this host was asked, and the page has nothing to complain about
    assert {urlsplit(url).netloc for url in page.requests() if not url.startswith(("data:", "blob:"))} == {
        urlsplit(page.evaluate("location.href")).netloc
    }
    assert page.complaints() == []


def test_escape_closes_the_list_before_anything_else(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=12")
    page.wait("!document.getElementById('card').hidden")
    write(page, "道")
    page.wait(f"{OPTIONS}.length > 3")
    press(page, "Escape")
    assert page.evaluate("document.getElementById('search-list').hidden")
    assert page.evaluate("document.getElementById('search-box').value") == "道"
    press(page, "Escape")
    assert page.evaluate("document.getElementById('search-box').value") == ""
    assert not page.evaluate("document.getElementById('card').hidden")
    press(page, "Escape")
    page.wait("document.getElementById('card').hidden")


def test_a_question_gives_way_to_the_next_and_nothing_is_said_as_such(open_page: Open, service: Any) -> None:
    page = open_page("?lang=en#map=15/36.56/136.62")
    write(page, "ぬりかべ")
    page.wait("document.getElementById('search-status').textContent === 'Nothing was found.'")
    assert page.evaluate("document.getElementById('search-list').hidden")
    write(page, "県道")
    page.wait(f"{OPTIONS}.length === 3")
    service.control(is_broken=True)
    write(page, "市道")
    page.wait("document.getElementById('search-status').textContent.startsWith('No connection')")
    assert page.evaluate(OPTIONS) == []
    service.control(is_broken=False)


def test_before_the_map_the_state_of_the_road_is_told_and_ages(chromium: Any, service: Any) -> None:
    page = light(chromium, service, "?lang=ja&q=本町一丁目")
    page.wait(f"{OPTIONS}.length === 1")  # the address asked
    press_enter = "document.getElementById('search-form').requestSubmit()"
    page.evaluate(press_enter)
    page.wait("document.querySelectorAll('#place li').length === 2")
    told = text_of(page, "#place")
    assert "本町一丁目1番" in told
    assert "最寄りの道路：市道六" in told
    assert told.count("除雪完了") == 2
    assert "不明" not in told
    page.evaluate("window.shiftMs = 2 * 3600 * 1000")  # piece 16 holds for six hours from five hours ago
    page.wait("!document.getElementById('place').textContent.includes('除雪完了')")
    assert text_of(page, "#place").count("不明") == 2
    assert page.evaluate("location.hash").startswith("#map=17/36.55880/136.62400")
    page.evaluate("window.shiftMs = 0; document.getElementById('open-map').click()")
    page.wait("document.body.classList.contains('is-ready')")
    page.wait("document.querySelector('#card-body')?.textContent.includes('市道六')")
    page.wait("document.querySelectorAll('.place-pin').length === 1")
    assert page.evaluate("document.getElementById('place').hidden")


def test_my_location_is_asked_for_and_every_outcome_is_said(chromium: Any, service: Any) -> None:
    page = light(chromium, service)
    forget(page)
    status = "(document.getElementById('search-status')?.textContent ?? '')"
    tell = """navigator.geolocation.getCurrentPosition = (done, fail, options) => { GIVEN; }; 0"""
    outcomes = [
        ("fail({ code: 1 })", "許可されていません"),
        ("fail({ code: 2 })", "現在地が分かりません"),
        ("fail({ code: 3 })", "屋外で"),
        ("done({ coords: { longitude: 139.7, latitude: 35.7, accuracy: 10 } })", "道路はありません"),
        ("done({ coords: { longitude: 136.62, latitude: 36.56, accuracy: 900 } })", "約900 m"),
    ]
    page.evaluate("document.getElementById('search-box').focus()")
    for given, words in outcomes:
        page.evaluate(tell.replace("GIVEN", given))
        page.evaluate("document.getElementById('locate').click()")
        page.wait(f"{status}.includes('{words}')")
    page.evaluate(tell.replace("GIVEN", "done({ coords: { longitude: 136.6212345, latitude: 36.5627, accuracy: 8 } })"))
    page.evaluate("document.getElementById('locate').click()")
    page.wait("document.querySelectorAll('#place li').length === 2")
    assert text_of(page, "#place .place-name").startswith("現在地")
    assert text_of(page, "#search-status") == ""
    near = [parse_qs(urlsplit(url).query)["at"][0] for url in page.requests() if "/search/near" in url]
    assert near[-1] == "136.6212,36.5627"  # no more than the street needs
    assert "136.62123" not in page.evaluate("JSON.stringify(localStorage)")
    with_privacy = page.evaluate("import('/js/text/search_words.js').then((m) => m.default.ja.locate_asking)")
    assert "このサイトだけ" in with_privacy


def test_the_star_of_the_card_keeps_its_road(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=14")
    forget(page)
    star = "document.querySelector('#card .star')"
    page.evaluate("document.getElementById('search-box').focus()")
    page.wait(f"{star} && {star}.offsetParent && {star}.getAttribute('aria-pressed') === 'false'")
    page.evaluate(f"{star}.click()")
    page.wait(f"{star}.getAttribute('aria-pressed') === 'true'")
    (place,) = page.evaluate("JSON.parse(localStorage['yukimichi.places']).places")
    assert (place["name"], place["pieceId"], place["networkVersion"]) == ("県道四", 14, 3)
    assert abs(place["lat"] - (LAT - 0.0012 * -1)) < 0.01
    page.evaluate(f"{star}.click()")
    page.wait(f"{star}.getAttribute('aria-pressed') === 'false'")
    assert page.evaluate("JSON.parse(localStorage['yukimichi.places']).places") == []


def choose(page: Any, text: str) -> None:
    """Looks for a text, opens the first place, and leaves the box empty."""
    write(page, text)
    page.wait(f"{OPTIONS}.length > 0 && {OPTIONS}[0].includes('{text}')")
    press(page, "ArrowDown")
    press(page, "Enter")
    page.wait("!document.getElementById('place').hidden && document.getElementById('search-list').hidden")
    page.evaluate("(() => { const box = document.getElementById('search-box'); box.value = ''; box.blur(); })()")


def test_favourites_are_kept_renamed_moved_and_removed(chromium: Any, service: Any) -> None:
    page = light(chromium, service)
    forget(page)
    page = light(chromium, service)
    for text in ("国道一", "本町一丁目1番"):
        choose(page, text)
        page.evaluate("document.querySelector('#place .star').click()")
        page.wait("document.querySelector('#place .star').getAttribute('aria-pressed') === 'true'")
    page = light(chromium, service)  # another visit
    page.evaluate("document.getElementById('search-box').focus()")
    page.wait(f"{OPTIONS}.length === 2")
    assert page.evaluate(OPTIONS) == ["国道一", "本町一丁目1番"]
    page.evaluate("document.querySelector('.search-foot button').click()")
    page.wait("!document.getElementById('favourites').hidden")
    row = "document.querySelectorAll('.favourites li')"
    page.evaluate(f"{row}[0].querySelector('input').value = '家の前'")
    page.evaluate(f"{row}[0].querySelector('input').dispatchEvent(new Event('change'))")
    page.evaluate(f"{row}[0].querySelectorAll('button')[1].click()")  # down
    names = "[...document.querySelectorAll('.favourites input')].map((input) => input.value)"
    assert page.evaluate(names) == ["本町一丁目1番", "家の前"]
    page.evaluate(f"{row}[0].querySelectorAll('button')[2].click()")  # away
    assert page.evaluate(names) == ["家の前"]
    assert page.evaluate("document.activeElement.value") == "家の前"  # the focus went on to the next row
    page.evaluate("document.querySelector('#favourites .close').click()")
    page.evaluate("document.getElementById('search-box').blur(); document.getElementById('search-box').focus()")
    page.wait(f"JSON.stringify({OPTIONS}) === '[\"家の前\"]'")
    press(page, "ArrowDown")
    press(page, "Enter")
    page.wait("location.hash.includes('road=11')")
    assert [url for url in page.requests() if "%E5%AE%B6" in url] == []  # its name is told to nobody
    forget(page)


def test_recent_searches_are_kept_only_where_that_was_wished_for(chromium: Any, service: Any) -> None:
    page = light(chromium, service, "?lang=en")
    forget(page)
    page = light(chromium, service, "?lang=en")
    choose(page, "本町一丁目1番")
    assert "本町一" not in page.evaluate("localStorage['yukimichi.places'] ?? ''")
    keep = "import('/js/ui/favourites.js').then((m) => { new m.Favourites().keepsRecent = WISH; })"
    page.evaluate(keep.replace("WISH", "true"))
    page = light(chromium, service, "?lang=en")
    choose(page, "本町一丁目1番")
    page.evaluate("document.getElementById('search-box').focus()")
    page.wait(f"JSON.stringify({OPTIONS}) === '[\"本町一丁目1番\"]'")
    assert text_of(page, "#search-list .kind") == "Recent"
    page.evaluate(keep.replace("WISH", "false"))
    assert "本町一" not in page.evaluate("localStorage['yukimichi.places']")
    forget(page)


def test_where_storage_is_forbidden_favourites_last_as_long_as_the_page_and_it_says_so(
    chromium: Any, service: Any
) -> None:
    with beforehand(chromium, FORBIDDEN):
        page = light(chromium, service, "?lang=ja&q=遠い町")
        page.wait(f"{OPTIONS}.length === 1")
        page.evaluate("document.getElementById('search-form').requestSubmit()")
        page.wait("!document.getElementById('place').hidden")
        page.evaluate("document.querySelector('#place .star').click()")
        page.wait("document.querySelector('#place .star').getAttribute('aria-pressed') === 'true'")
        page.wait("document.getElementById('live').textContent.includes('閉じると消えます')")
        page.evaluate("document.getElementById('search-box').value = ''; document.getElementById('search-box').blur()")
        page.evaluate("document.getElementById('search-box').focus()")
        page.wait(f"JSON.stringify({OPTIONS}) === '[\"遠い町\"]'")
        assert "閉じると消えます" in text_of(page, ".search-foot")
        assert [text for text in page.complaints() if "Uncaught" in text] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_everything_is_large_enough_and_fits(chromium: Any, service: Any, width: int) -> None:
    page = light(chromium, service, "?lang=en&q=本町", width=width)
    page.wait(f"{OPTIONS}.length === 2")
    steps = [
        ("0", "true"),
        ("document.querySelector('#search-list li').click()", "!document.getElementById('place').hidden"),
        (
            "document.querySelector('#place .star').click()",
            "document.querySelector('#place .star').getAttribute('aria-pressed') === 'true'",
        ),
        (
            "(() => { const box = document.getElementById('search-box'); box.value = ''; box.blur(); box.focus(); })()",
            "!document.querySelector('.search-foot').hidden",
        ),
        ("document.querySelector('.search-foot button').click()", "!document.getElementById('favourites').hidden"),
    ]
    for act, then in steps:
        page.evaluate(act)
        page.wait(then)
        if width == 320 and act != "0":
            assert violations(page) == [], act
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        small = page.evaluate(
            "[...document.querySelectorAll('#slot-search button, #search-box, #search-list li, #favourites button,"
            " #favourites input[type=text], #favourites label')].filter((e) => e.offsetParent)"
            ".map((e) => [e.id || e.className || e.textContent, e.getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 44 || box.height < 44 || box.right > innerWidth + 1 || box.left < -1)"
            ".map(([name, box]) => [name, box.width, box.height, box.right])"
        )
        assert small == [], act
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    forget(page)


def test_the_words_of_the_search_are_the_same_keys_in_both_languages(open_page: Open) -> None:
    page = open_page()
    words = page.evaluate("import('/js/text/search_words.js').then((m) => m.default)")
    assert words["ja"].keys() == words["en"].keys()
    named = [{key: sorted(part.partition("}")[0] for part in text.split("{")[1:]) for key, text in words[lang].items()}
             for lang in ("ja", "en")]  # fmt: skip
    assert named[0] == named[1]

"""The managers' form on a phone: key, two taps, check, send, list, end; both languages; what it asks for and keeps."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser

KEY = "a manager's key"
LON, LAT = 136.62, 36.56

type Open = Callable[..., Any]


def sent(service: Any) -> list[dict[str, Any]]:
    """What the form has sent so far."""
    request = urllib.request.Request(f"{service.url}sent", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


@pytest.fixture
def form(chromium: Any, service: Any) -> Callable[..., Any]:
    """Opens the form on a phone, with the key unless told otherwise."""

    def opened(lang: str = "ja", *, has_key: bool = True, is_dark: bool = False, width: int = 390) -> Any:
        url = f"{service.url}manage/?lang={lang}#map=15/{LAT}/{LON}"
        chromium.open(url, width=width, height=844, is_phone=width < 500, is_dark=is_dark)
        chromium.evaluate("sessionStorage.clear()")
        chromium.call("Page.reload")
        after_reload(chromium, "document.readyState === 'complete' && document.body?.dataset.kind !== undefined")
        if has_key:
            enter_key(chromium, KEY)
            chromium.wait("document.body.classList.contains('is-ready')")
            chromium.wait("document.getElementById('plan').options.length >= 0")
        return chromium

    return opened


def after_reload(page: Any, expression: str) -> None:
    """Wait for something on a page that is being loaded anew; the old one may go away under the question."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError):
            if page.evaluate(expression):
                return
        time.sleep(0.1)
    raise AssertionError(f"never true: {expression}")


def enter_key(page: Any, key: str) -> None:
    page.evaluate(f"document.getElementById('key').value = {json.dumps(key)}")
    page.evaluate("document.getElementById('key-form').requestSubmit()")


def tap_map(page: Any, dx: float, dy: float) -> None:
    """Tap the map so many pixels from its middle."""
    page.evaluate("window.scrollTo(0, 0)")
    left, top, width, height = page.evaluate(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.getElementById('map').getBoundingClientRect())"
    )
    page.tap(left + width / 2 + dx, top + height / 2 + dy)


def put(page: Any, name: str, value: str) -> None:
    page.evaluate(
        f"(() => {{ const e = document.getElementById('{name}'); e.value = {json.dumps(value)};"
        " e.dispatchEvent(new Event('change')); })()"
    )


def choose_kind(page: Any, kind: str) -> None:
    page.evaluate(f"document.querySelector('input[value={kind}]').click()")


def press(page: Any, name: str) -> None:
    page.evaluate(f"document.getElementById('{name}').click()")


def check_and_send(page: Any) -> str:
    """Press the two buttons; what was asked in between."""
    page.evaluate("document.getElementById('form').requestSubmit()")
    page.wait("!document.getElementById('confirm').hidden")
    asked: str = page.evaluate("document.getElementById('confirm-body').innerText")
    press(page, "send")
    return asked


def two_taps(page: Any) -> None:
    tap_map(page, -60, 0)
    page.wait("document.querySelectorAll('.mark').length === 1")
    tap_map(page, 60, 0)
    page.wait("document.querySelectorAll('.mark').length === 2")


def test_a_road_is_closed_by_two_taps_and_ended_again(form: Any, service: Any) -> None:
    page = form()
    two_taps(page)
    assert "区間を選びました" in page.evaluate("document.getElementById('map-hint').textContent")
    put(page, "reason", "なだれのおそれ")
    page.evaluate("document.querySelector('[data-hours=\"3\"]').click()")
    asked = check_and_send(page)
    assert "通行止め" in asked
    assert "なだれのおそれ" in asked
    page.wait("document.getElementById('done').textContent.includes('812 m')")
    (order,) = sent(service)
    assert (order["kind"], order["restriction"], order["is_reason_public"]) == ("restriction", "closed", True)
    assert "begins_at" not in order
    assert len(order["ends_at"]) == len("2026-02-01T12:00")
    (west, south), (east, north) = order["between"]
    assert east - west == pytest.approx(120 / 512 / 2**15 * 360, rel=0.05)
    assert south == pytest.approx(LAT, abs=0.002)
    assert north == pytest.approx(south, abs=1e-4)
    page.wait("document.querySelectorAll('#orders li').length === 1")
    assert "通行止め" in page.evaluate("document.getElementById('orders').innerText")
    page.evaluate("document.querySelector('.end-now').click()")
    page.evaluate("document.querySelector('.end .main').click()")  # without a reason nothing is sent
    assert len(sent(service)) == 1
    put(page, "end-1", "規制解除")
    page.evaluate("document.querySelector('.end .main').click()")
    page.wait("document.querySelectorAll('#orders li').length === 0")
    assert sent(service)[1]["reason"] == "規制解除"
    assert not page.evaluate("document.getElementById('no-orders').hidden")


def test_a_state_is_corrected_on_a_route_until_a_time(form: Any, service: Any) -> None:
    page = form("en")
    choose_kind(page, "correction")
    put(page, "way", "route_id")
    page.wait("document.getElementById('plan').value === 'R1'")
    put(page, "state", "uncleared")
    put(page, "begins", "2026-02-01T06:00")
    put(page, "ends", "2026-02-01T09:00")
    put(page, "reason", "20 cm on the road")
    asked = check_and_send(page)
    for words in ("Correct a state", "Not cleared", "国道一号線", "2026-02-01 06:00", "2026-02-01 09:00"):
        assert words in asked, words
    page.wait("document.getElementById('done').textContent.includes('Number 1')")
    (order,) = sent(service)
    assert order["route_id"] == "R1"
    assert (order["state"], order["begins_at"], order["ends_at"]) == (
        "uncleared", "2026-02-01T06:00", "2026-02-01T09:00"
    )  # fmt: skip
    assert "restriction" not in order
    assert "is_reason_public" not in order


def test_publication_is_stopped_in_an_area_and_for_all_own_roads(form: Any, service: Any) -> None:
    page = form()
    choose_kind(page, "publication_stop")
    assert page.evaluate("document.getElementById('way').value") == "area"
    for dx, dy in ((-50, -50), (50, -50), (0, 60)):
        tap_map(page, dx, dy)
    page.wait("document.querySelectorAll('.mark').length === 3")
    put(page, "reason", "点検")
    check_and_send(page)
    page.wait("document.querySelectorAll('#orders li').length === 1")
    put(page, "way", "manager")
    put(page, "reason", "点検")
    check_and_send(page)
    page.wait("document.querySelectorAll('#orders li').length === 2")
    area, own = sent(service)
    ring = area["geometry"]["coordinates"][0]
    assert len(ring) == 4
    assert ring[0] == ring[3]
    assert own["manager"] == "prefecture"
    ways = page.evaluate("[...document.getElementById('way').options].map((o) => o.value)")
    assert "everywhere" not in ways, "only an administrator stops everything"


def test_what_is_missing_is_said_and_nothing_is_sent(form: Any, service: Any) -> None:
    page = form()
    problem = "document.getElementById('form-problem').textContent"
    submit = "document.getElementById('form').requestSubmit()"
    page.evaluate(submit)
    assert "場所" in page.evaluate(problem)
    two_taps(page)
    page.evaluate(submit)
    assert "理由" in page.evaluate(problem)
    put(page, "reason", "x")
    put(page, "begins", "2026-02-01T06:00")
    put(page, "ends", "2026-02-01T05:00")
    page.evaluate(submit)
    assert "終了は開始より後" in page.evaluate(problem)
    assert page.evaluate("document.getElementById('confirm').hidden")
    assert sent(service) == []


def test_a_refusal_is_said_in_the_services_words_and_what_was_filled_in_stays(form: Any, service: Any) -> None:
    page = form()
    service.control(refuses="These are roads of nation, not of prefecture.")
    two_taps(page)
    put(page, "reason", "雪崩")
    check_and_send(page)
    page.wait("document.getElementById('form-problem').textContent.includes('roads of nation')")
    assert page.evaluate("document.getElementById('reason').value") == "雪崩"
    assert page.evaluate("document.querySelectorAll('.mark').length") == 2


def test_a_press_that_got_no_answer_is_one_order_when_pressed_again(form: Any, service: Any) -> None:
    page = form()
    two_taps(page)
    put(page, "reason", "雪崩")
    service.control(is_broken=True)
    check_and_send(page)
    page.wait("document.getElementById('done').textContent.includes('送れませんでした')")
    service.control(is_broken=False)
    press(page, "send")
    page.wait("document.querySelectorAll('#orders li').length === 1")
    press(page, "send")
    assert len({one["client_id"] for one in sent(service)}) == 1


def test_a_wrong_key_is_refused_and_forgotten(form: Any) -> None:
    page = form(has_key=False)
    enter_key(page, "wrong")
    page.wait("!document.getElementById('problem').hidden")
    assert "受け付けられません" in page.evaluate("document.getElementById('problem').textContent")
    assert page.evaluate("sessionStorage.length") == 0
    assert page.evaluate("document.getElementById('work').hidden")


def test_the_key_lies_in_the_session_alone_and_goes_on_leaving(form: Any) -> None:
    page = form()
    assert page.evaluate("JSON.stringify(localStorage)").find(KEY) < 0
    assert page.evaluate("document.cookie") == ""
    assert KEY not in page.evaluate("location.href + document.documentElement.outerHTML")
    assert page.evaluate("Object.values(sessionStorage)") == [KEY]
    page.call("Page.reload")
    after_reload(page, "document.body?.classList.contains('is-ready')")
    press(page, "leave")
    after_reload(page, "document.body?.dataset.kind !== undefined && !document.getElementById('key-form').hidden")
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize(("lang", "is_dark"), [("ja", False), ("en", True)])
def test_targets_are_large_nothing_overflows_and_nothing_leaves_the_host(
    form: Any, service: Any, lang: str, is_dark: bool
) -> None:
    page = form(lang, is_dark=is_dark)
    two_taps(page)
    small = page.evaluate("""[...document.querySelectorAll('button, select, textarea, input')]
      .filter((e) => !['radio', 'checkbox'].includes(e.type))
      .map((e) => [e.id || e.className || e.textContent, e.getBoundingClientRect()])
      .filter(([, r]) => r.width > 0 && (r.width < 44 || r.height < 44)).map(([name]) => name)""")
    assert small == []
    choices = page.evaluate(
        "[...document.querySelectorAll('.choices label, .check')].map((e) => e.getBoundingClientRect().height)"
        ".filter((height) => height > 0)"
    )
    assert min(choices) >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    own = urlsplit(service.url).netloc
    foreign = [u for u in page.requests() if urlsplit(u).scheme.startswith("http") and urlsplit(u).netloc != own]
    assert foreign == []
    assert page.complaints() == []


def test_the_words_are_there_in_both_languages(form: Any) -> None:
    page = form(has_key=False)
    words = page.evaluate("import('/manage/js/words.js').then((m) => m.WORDS)")
    assert words["ja"].keys() == words["en"].keys()
    used = page.evaluate("[...document.querySelectorAll('[data-m]')].map((e) => e.dataset.m)")
    assert set(used) <= words["ja"].keys()
    blanks = {key: sorted(set(text.split("{")[1:])) for key, text in words["ja"].items() if "{" in text}
    assert blanks
    press(page, "language")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "Road manager" in page.evaluate("document.title")
    press(page, "language")

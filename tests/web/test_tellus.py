"""Saying that a road is shown wrongly, on a phone: what is sent, what stays on the device, both languages, by keyboard;
and the managers' queue of what was sent.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely

from tests.tiles.disputes_town import photo
from tests.web.axe import violations
from tiles.accuracy_figures import figures
from tiles.accuracy_pages import accuracy_html
from tiles.disputes_pages import form_html, own_html, problem_html, whole_page
from tiles.pages import STYLE

pytestmark = pytest.mark.browser

KEY = "a manager's key"
ROOT = Path(__file__).resolve().parents[2]
WHERE = "#map=15/36.56/136.62&road=12"
DIALOG = "document.getElementById('tellus')"

type Open = Callable[..., Any]


def reports(service: Any) -> list[dict[str, Any]]:
    """What the stand-in has taken, the newest first."""
    head = {"Authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(f"{service.url}ogc/collections/disputes/items?f=json", headers=head)
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["features"]
    return [feature["properties"] for feature in found]


def opened(open_page: Open, lang: str = "ja", *, is_dark: bool = False) -> Any:
    """The dialog of 県道二 on a phone, with nothing kept on the device."""
    page = open_page(f"?lang={lang}{WHERE}", is_phone=True, is_dark=is_dark)
    page.wait("document.querySelector('#tellus-open') !== null")
    page.evaluate(
        "new Promise((done) => { indexedDB.deleteDatabase('yukimichi-disputes').onsuccess = done; }).then(() => 0)"
    )
    page.wait("!document.getElementById('card').hidden")
    again(page)
    return page


def again(page: Any) -> None:
    """The dialog with an empty form."""
    if page.evaluate(f"{DIALOG}.open"):
        page.evaluate(f"{DIALOG}.close()")
    press(page, "#tellus-open")
    page.wait(f"{DIALOG}.open && document.querySelector('.tellus-road').textContent === '県道二'")


def press(page: Any, selector: str) -> None:
    page.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def choose(page: Any, name: str, value: str) -> None:
    press(page, f"#tellus-form input[name={name}][value='{value}']")


def shown(page: Any, selector: str) -> str:
    """Text of what is to be seen."""
    return page.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")


def pick_photo(page: Any, width: int, height: int) -> None:
    """Put a picture of that size into the field, as a phone would."""
    page.evaluate(
        f"new Promise((done) => {{ const c = document.createElement('canvas'); c.width = {width}; c.height = {height};"
        " c.getContext('2d').fillRect(0, 0, 9, 9); c.toBlob((blob) => { const t = new DataTransfer();"
        " t.items.add(new File([blob], 'IMG_36.56_136.65.png', {type: 'image/png'}));"
        " const f = document.getElementById('tellus-photo'); f.files = t.files; f.dispatchEvent(new Event('change'));"
        " done(0); }, 'image/png'); })"
    )
    page.wait("document.getElementById('tellus-photo-said').textContent")


def send_by_hand(service: Any) -> None:
    """A report of road 12 with a photo, as a form sends it."""
    fields = {
        "edge_id": "24", "state_seen": "uncleared", "minutes_ago": "5", "comment": "<img src=x onerror=alert(1)>",
    }  # fmt: skip
    files = {"photo": ("a.jpg", photo(size=(300, 200)), "image/jpeg")}
    assert httpx.post(f"{service.url}disputes", data=fields, files=files).status_code == 201


def test_what_is_seen_is_sent_once_or_stays_on_the_device(open_page: Open, service: Any) -> None:
    page = opened(open_page)
    told = shown(page, ".tellus-shown")
    assert [words for words in ("東向き", "除雪完了", "西向き", "不明") if words not in told] == []
    press(page, "#tellus-form [type=submit]")
    page.wait("!document.getElementById('tellus-problem').hidden")
    assert shown(page, "#tellus-problem") == "見た様子を選んでください。"
    assert reports(service) == []
    choose(page, "direction", "forward")
    choose(page, "state_seen", "uncleared")
    choose(page, "minutes_ago", "10")
    pick_photo(page, 2400, 1200)
    assert "1600×800" in shown(page, "#tellus-photo-said")
    page.evaluate("document.getElementById('tellus-comment').value = '<b>20 cm</b>'")
    press(page, "#tellus-form [type=submit]")
    page.wait("!document.getElementById('tellus-after').hidden")
    assert "12345678" in shown(page, "#tellus-after")
    assert page.evaluate("document.querySelector('#tellus-after a').href").startswith(f"{service.url}disputes/")
    (taken,) = reports(service)
    expected = {
        "edge_id": 24, "direction": "forward", "state_seen": "uncleared", "comment": "<b>20 cm</b>", "has_photo": True,
    }  # fmt: skip
    assert {name: taken[name] for name in expected} == expected
    assert not [one for one in page.requests() if not one.startswith((service.url, "blob:", "data:", "about:"))]
    assert page.complaints() == []

    # too many were sent: it is told when, kept, and sent by the same button as the same report
    again(page)
    choose(page, "state_seen", "other")
    service.control(disputes_wait_s=600)
    press(page, "#tellus-form [type=submit]")
    page.wait("!document.getElementById('tellus-problem').hidden")
    assert "10分ほど後" in shown(page, "#tellus-problem")
    page.wait("!document.getElementById('tellus-unsent').hidden")
    service.control(disputes_wait_s=0)
    press(page, "#tellus-form [type=submit]")
    page.wait("!document.getElementById('tellus-after').hidden")
    page.wait("document.getElementById('tellus-unsent').hidden")
    assert [one["state_seen"] for one in reports(service)] == ["other", "uncleared"]

    # the service is away: it is kept over a new start of the page, and nothing is sent by itself
    again(page)
    choose(page, "state_seen", "impassable")
    service.control(is_broken=True)
    press(page, "#tellus-form [type=submit]")
    page.wait("!document.getElementById('tellus-problem').hidden")
    assert "この端末に保存しました" in shown(page, "#tellus-problem")
    service.control(is_broken=False)
    page = open_page(f"?lang=en{WHERE}", is_phone=True)
    page.wait("document.getElementById('tellus-unsent')?.hidden === false")
    assert shown(page, "#tellus-unsent") == "Unsent reports (1)"
    assert len(reports(service)) == 2
    press(page, "#tellus-unsent")
    page.wait("!document.getElementById('tellus-list').hidden")
    assert "Nobody gets through" in shown(page, "#tellus-list")
    assert violations(page) == []
    press(page, "#tellus-list .tellus-main")
    page.wait("!document.getElementById('tellus-after').hidden")
    page.wait("document.getElementById('tellus-unsent').hidden")
    assert [one["state_seen"] for one in reports(service)] == ["impassable", "other", "uncleared"]


def test_the_dialog_by_keyboard_in_two_languages_for_everybody(open_page: Open) -> None:
    page = opened(open_page, is_dark=True)
    assert page.evaluate("document.activeElement.id") == "tellus-title"
    assert violations(page) == []
    small = page.evaluate(
        "[...document.querySelectorAll('#tellus button, #tellus .tellus-choice, #tellus a, #tellus input[type=file]')]"
        ".filter((e) => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44)).map((e) => e.outerHTML)"
    )
    assert small == []
    for _ in range(3):
        page.key("Tab")
    assert page.evaluate(f"{DIALOG}.contains(document.activeElement)")
    page.evaluate("document.getElementById('language').click()")
    page.wait("document.documentElement.lang === 'en'")
    assert shown(page, "#tellus-title") == "This road is shown wrongly"
    assert "It is not cleared" in shown(page, "#tellus-form")
    page.key("Escape")
    page.wait(f"!{DIALOG}.open")
    assert page.evaluate("document.activeElement.id") == "tellus-open"
    assert not page.evaluate("document.getElementById('card').hidden")
    for module in ("/js/ui/tellus_words.js", "/manage/js/disputes_words.js"):
        ja, en = page.evaluate(
            f"import('{module}').then(({{WORDS}}) => [Object.keys(WORDS.ja), Object.keys(WORDS.en)])"
        )
        assert sorted(ja) == sorted(en), module


def plain_page(folder: Path, name: str, title: str, lang: str, body: str) -> str:
    """Address of a page of the server as a file, with the sheets that it names inside."""
    html = bytes(whole_page(title, lang, body, switch="/x", headers={}).body).decode()
    sheet = STYLE + (ROOT / "web" / "css" / "plain.css").read_text()
    file = folder / name
    file.write_text(
        re.sub(r'<link rel="stylesheet"[^>]*>', "", html).replace("</head>", f"<style>{sheet}</style></head>")
    )
    return file.as_uri()


def road(direction: str) -> dict[str, Any]:
    """A row of road_status."""
    told: dict[str, Any] = dict.fromkeys(("route", "treatment", "snow_since_cm", "snow_basis", "restriction"))
    at = datetime(2026, 1, 15, 6, 10, tzinfo=UTC)
    return told | {
        "edge_id": 24 + (direction == "backward"), "direction": direction, "name": "県道二", "state": "cleared",
        "reason": "none", "cleared_at": at, "covered_fraction": 1.0, "passed_fraction": 1.0, "passes_needed": 1,
        "is_corrected": False, "work_basis": "sensed", "confidence": 0.97, "other_side": "cleared", "synthetic": True,
        "ewkb": shapely.to_wkb(shapely.LineString([(136.6, 36.5), (136.7, 36.5)])),
    }  # fmt: skip


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_the_pages_without_a_script_are_for_everybody(chromium: Any, tmp_path: Path, is_dark: bool) -> None:
    rows = [
        {"week": date(2026, 1, 12), "state_seen": "uncleared", "decision": word, "n": 30, "synthetic": True}
        for word in ("accepted", "rejected")
    ]
    told = figures(date(2026, 1, 15), 12, rows, [])
    told |= {"as_of": "2026-01-15T06:10+00:00", "timezone": "Asia/Tokyo"}
    form = form_html([road("forward"), road("backward")], "ja", "Asia/Tokyo", stamp="1.x", client_id="x" * 22, given={})
    known = road("forward") | {
        "dispute_id": 12345678, "received_at": datetime(2026, 1, 15, tzinfo=UTC), "state_seen": "uncleared",
        "seen_at": datetime(2026, 1, 15, tzinfo=UTC), "comment": "x", "shown_state": "cleared", "has_photo": True,
        "decision": "accepted", "decision_reason": "y", "decided_at": datetime(2026, 1, 15, tzinfo=UTC),
    }  # fmt: skip
    pages = {
        "accuracy.html": accuracy_html(told, "ja"), "own.html": own_html(known, "ja", "Asia/Tokyo"),
        "form.html": problem_html("x", "ja") + form,
    }  # fmt: skip
    for name, body in pages.items():
        chromium.open(plain_page(tmp_path, name, name, "ja", body), width=320, height=800, is_dark=is_dark)
        assert violations(chromium) == [], name
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert chromium.evaluate(wide), f"{name} is wider than a phone"


def test_a_manager_works_through_the_queue_by_keyboard(chromium: Any, service: Any) -> None:
    send_by_hand(service)
    page = chromium
    page.open(f"{service.url}manage/disputes.html?lang=ja", width=390, height=844, is_phone=True)
    page.wait("document.body.classList.contains('is-ready')")
    assert violations(page) == []
    page.evaluate(f"document.getElementById('key').value = {json.dumps(KEY)}")
    page.evaluate("document.getElementById('key-form').requestSubmit()")
    page.wait("document.querySelector('#rows button') !== null")
    page.evaluate("document.querySelector('#rows button').focus()")
    page.key("Enter")
    page.wait(
        "document.querySelector('#photo img')?.complete && document.querySelector('#photo img').naturalWidth === 300"
    )
    told = shown(page, "#one-body")
    for words in ("除雪されていない", "除雪完了", "<img src=x onerror=alert(1)>", "県", "地図で見る"):
        assert words in told, words
    assert page.evaluate("document.querySelector('#one-body a').hash") == "#map=16/36.56020/136.62000&road=12"
    assert violations(page) == []
    page.evaluate("document.getElementById('decide').requestSubmit()")
    assert shown(page, "#decide-problem") == "判断を選んでください。"
    page.evaluate("document.querySelector('#decisions input[value=accepted]').click()")
    page.evaluate("document.getElementById('reason').value = '現地で確認した'")
    page.evaluate("document.getElementById('decide').requestSubmit()")
    page.wait("!document.getElementById('correct').hidden")
    assert page.evaluate("document.getElementById('state').value") == "uncleared"
    assert violations(page) == []
    page.evaluate("document.getElementById('correct-form').requestSubmit()")
    page.wait("document.getElementById('one').hidden && !document.getElementById('none').hidden")
    (taken,) = reports(service)
    assert (taken["decision"], taken["decision_reason"]) == ("accepted", "現地で確認した")
    request = urllib.request.Request(f"{service.url}sent", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        (order,) = json.load(answer)
    assert (order["kind"], order["state"], order["direction"]) == ("correction", "uncleared", "drawn")
    assert order["reason"] == "住民からの知らせ 12345678"
    assert page.complaints() == []

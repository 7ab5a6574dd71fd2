"""The card as a resident meets it: state first, then the rest; without a connection, in the past, on a phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.axe import violations

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

CARD = "document.getElementById('card')"
FILLED = f"!{CARD}.hidden && {CARD}.textContent.includes('試験土木事務所')"
#: A card of its own on the same page, so that a test can tell it what other parts tell.
OWN = """(async () => {
  const { createApp } = await import('/js/app.js');
  const { mount } = await import('/js/ui/card.js');
  const app = createApp({ traffic_side: 'left' });
  mount(app);
  const card = document.getElementById('card');
  const isFilled = () => card.textContent.includes('試験土木事務所');
  const states = () => [...document.querySelectorAll('.direction')].map((d) => d.dataset.state).join();
  const until = async (test) => {
    for (let i = 0; i < 400 && !test(); i += 1) await new Promise((f) => setTimeout(f, 50));
  };
  BODY
})()"""


def text_of(page: Any) -> str:
    """What the card says, what is folded too."""
    text: str = page.evaluate(f"{CARD}.textContent")
    return text


def directions(page: Any, script: str) -> list[Any]:
    """A value of the state of each direction."""
    return page.evaluate(f"[...document.querySelectorAll('.direction')].map((d) => {script})")


def facts(page: Any) -> list[str]:
    """What is said of each direction below its state."""
    return page.evaluate("[...document.querySelectorAll('.direction-more .facts')].map((d) => d.textContent)")


def faults_on_card(page: Any) -> list[tuple[str, str]]:
    """What axe finds wrong in the card: (rule, selector)."""
    found = [(one["id"], selector) for one in violations(page) for selector, _ in one["nodes"]]
    is_on_card = "Boolean(document.querySelector(SELECTOR)?.closest('#card'))"
    return [fault for fault in found if page.evaluate(is_on_card.replace("SELECTOR", json.dumps(fault[1])))]


def test_state_comes_first_then_what_people_ask_on_the_smallest_phone_too(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=12", is_phone=True)
    page.wait(FILLED)
    assert directions(page, "d.dataset.state") == ["cleared", "unknown"]
    assert directions(page, "d.querySelector('.state strong').textContent")[0].startswith("除雪完了 · 2時間")
    assert directions(page, "d.querySelector('.state svg') !== null") == [True, True]
    assert directions(page, f"d.getBoundingClientRect().bottom < {CARD}.getBoundingClientRect().bottom") == [True, True]
    whole = text_of(page)
    order = ("東向き", "除雪完了 · 2時間", "理由: ", "除雪後の雪", "目標", "通過の記録（1件）", "管理者")
    places = [whole.index(words) for words in order]
    assert places == sorted(places)
    for words in (
        "片側のみ除雪完了です。", "少なくとも 4 cm", "新雪除雪（センサで確認）", "第2種・", "目標までに完了した",
        "理由: 割り当てられた除雪車からの通信が途絶えています", "一般県道", "試験市", "試験線", "高い（97 %）",
        "チェーン規制",
        "2 回必要。1 回以上は 100 %", "2140 m", "作業走行（新雪除雪）", "くわしい情報は",
    ):  # fmt: skip
        assert words in whole, words
    assert page.evaluate(f"{CARD}.querySelectorAll('details[open]').length") == 0
    call = page.evaluate("(({href, textContent, ariaLabel}) => [href, textContent, ariaLabel])"
                         "(document.querySelector('#card a[href^=\"tel:\"]'))")  # fmt: skip
    assert call == ["tel:0000000001", "0000-00-0001", "試験土木事務所に電話をかける（0000-00-0001）"]
    site = page.evaluate("(({href, rel}) => [href, rel])(document.querySelector('#card a[target]'))")
    assert site == ["https://works.example/", "noopener noreferrer"]

    page.call("Emulation.setDeviceMetricsOverride", width=320, height=640, mobile=True, deviceScaleFactor=2)
    page.evaluate("document.querySelectorAll('#card details').forEach((d) => { d.open = true; })")
    small = page.evaluate("""[...document.querySelectorAll('#card button, #card a, #card summary, #card input')]
      .map((e) => [e.className || e.textContent, e.getBoundingClientRect()])
      .filter(([, r]) => r.width > 0 && (r.width < 44 || r.height < 44)).map(([name]) => name)""")
    assert small == []
    assert page.evaluate(f"{CARD}.scrollWidth <= {CARD}.clientWidth")
    assert page.evaluate("document.getElementById('card-body').scrollWidth <= 320")
    assert page.evaluate("document.documentElement.scrollWidth <= 320")
    assert faults_on_card(page) == []


def test_why_not_yet_and_next_are_told_and_a_link_shares_it_without_a_permission(open_page: Open) -> None:
    page = open_page("?lang=en#map=15/36.56/136.62&road=14&layers=cameras")
    page.wait(f"{CARD}.textContent.includes('Test Works Office')")
    forward, backward = facts(page)
    assert "a plough worked on this route about 100 m before here around" in forward
    assert "it need not come here next" in forward
    assert "a plough worked elsewhere on this route around" in backward
    assert "its target has passed, and it is not done" in forward
    page.evaluate("document.querySelectorAll('#card details').forEach((d) => { d.open = true; })")
    assert faults_on_card(page) == []
    page.evaluate("delete Navigator.prototype.share; Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.evaluate("document.querySelector('.card-share').click()")
    page.wait("!document.querySelector('.card-share-panel').hidden")
    link = page.evaluate("document.querySelector('.card-link').value")
    for part in ("lang=en", "map=15/", "road=14", "layers=cameras"):
        assert part in link, part
    assert page.evaluate("document.activeElement.className") == "card-link"
    assert page.evaluate("document.getElementById('live').textContent") == "Copy this link."
    page = open_page(link[link.index("?") :])
    page.wait("document.getElementById('card-title').textContent === '県道四'")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_card_of_its_own_speaks_of_plans_names_the_past_and_former_roads(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    body = """
      const heard = [];
      app.on('card', ({ pieceId, name, line }) => heard.push([pieceId, name, line?.length ?? 0]));
      const count = (name) => document.querySelectorAll(`#card [data-slot="${name}"]`).length;
      const choose = (pieceId, properties = {}) => {
        app.emit('road', { pieceId, properties });
        return until(isFilled);
      };
      await choose(13, { name: '県道三', class: 'prefectural', oneway: 0 });
      const out = { slots: [count('favourite'), count('tellus')], heard: [...heard] };
      app.emit('road', { pieceId: null });
      out.last = heard.at(-1);
      await choose(21);
      out.noPlan = card.textContent;
      await choose(911);
      out.former = [card.textContent, document.getElementById('card-title').textContent];
      out.headings = [...document.querySelectorAll('.direction .heading')].map((e) => e.textContent);
      app.emit('road', { pieceId: 999 });
      await until(() => card.textContent.includes('今の道路データにありません'));
      out.gone = card.textContent;
      return out;"""
    told = page.evaluate(OWN.replace("BODY", body))
    assert told["slots"] == [1, 1]
    assert told["heard"] == [[13, "県道三", 0], [13, "県道三", 4]]
    assert told["last"][0] is None
    assert told["noPlan"].count("どの除雪計画にも入っていない") >= 2  # the plan, and why not yet
    assert "道路データが更新されました" in told["former"][0]
    assert told["former"][1] == "国道一"
    assert told["headings"] == ["試験町方面", "西向き"]
    assert "今の道路データにありません" in told["gone"]

    body = """
      app.emit('road', { pieceId: 11 });
      await until(isFilled);
      const before = states();
      app.emit('past', { at: '2026-01-14T21:00:00Z' });
      const isStill = isFilled();
      await until(isFilled);
      const then = [states(), document.querySelector('.card-past').textContent, location.hash];
      app.emit('past', null);
      await until(() => states() === before);
      return [before, isStill, ...then, states(), document.querySelector('.card-past').hidden, location.hash];"""
    before, is_still, then, note, address, after, is_hidden, last = page.evaluate(OWN.replace("BODY", body))
    assert (before, is_still, then, after) == ("cleared,cleared", False, "uncleared,uncleared", "cleared,cleared")
    assert note == "過去の時点 1/15 06:00 の表示です。"
    assert address.endswith("at=2026-01-14T21:00:00Z")
    assert is_hidden
    assert "at=" not in last

    words = page.evaluate("import('/js/text/card_words.js').then((m) => m.default)")
    assert set(words["ja"]) == set(words["en"])
    for key in words["ja"]:
        names = [sorted(part.split("}")[0] for part in words[lang][key].split("{")[1:]) for lang in ("ja", "en")]
        assert names[0] == names[1], key


def test_without_a_connection_the_card_opens_from_what_is_held_and_runs_out(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'")
    service.control(is_broken=True)  # nothing of the card's data was loaded yet
    x, y = page.evaluate(
        "(({left, top, width, height}) => [left + width / 2, top + height / 2])"
        "(document.getElementById('map').getBoundingClientRect())"
    )
    deg_px = 512 * 2**15 / 360 * 1.2447  # Mercator stretches by 1 / cos(36.56°)
    page.tap(x + 60, y + (0.0012 - 0.0002) * deg_px)  # the road after the middle one
    page.wait(f"!{CARD}.hidden && {CARD}.textContent.includes('通信が戻ると')")
    assert page.evaluate("document.getElementById('card-title').textContent") == "市道六"
    assert directions(page, "d.dataset.state") == ["cleared", "cleared"]
    page.evaluate("window.shiftMs = 70 * 60 * 1000; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait("document.querySelector('.direction').dataset.state === 'unknown'")
    assert "除雪から時間がたち" in text_of(page)
    assert "記録は「除雪完了」ですが" in text_of(page)


def test_a_change_is_on_the_card_at_once_and_old_words_of_ploughs_go(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=14")
    page.wait(FILLED)
    assert "手前約100 m" in text_of(page)
    page.evaluate("((s) => { s.click(); s.focus(); })(document.querySelector('.visits summary'))")
    service.control(states={14: "cu"})
    page.wait("document.querySelector('.direction').dataset.state === 'cleared'", timeout_s=8)
    page.wait("document.querySelector('.visits summary').textContent.includes('1件')", timeout_s=8)
    assert page.evaluate("document.activeElement.closest('.visits') !== null")  # the reader's place is kept
    assert page.evaluate("document.querySelector('.visits').open")
    assert page.evaluate("document.querySelectorAll('.visits tbody tr').length") == 1
    assert page.evaluate("document.querySelector('.one-side').hidden") is False
    assert "別の区間で" in facts(page)[1]
    service.control(is_broken=True)
    page.evaluate("window.shiftMs = 11 * 60 * 1000; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(f"!{CARD}.textContent.includes('別の区間で')")
    page.wait("document.querySelector('#card-body > .hint').textContent.includes('時点です')")


def test_the_card_grows_by_a_button_and_never_hides_its_road(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.6/136.7&road=14", is_phone=True)
    page.wait(FILLED)
    low = page.evaluate(f"{CARD}.getBoundingClientRect().top")
    page.evaluate("document.querySelector('.card-expand').click()")
    assert page.evaluate("document.querySelector('.card-expand').getAttribute('aria-expanded')") == "true"
    page.wait(f"{CARD}.getBoundingClientRect().top < {low - 80}")
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'")
    page.wait("!location.hash.includes('36.6/136.7')")
    zoom, lat, _ = (float(part) for part in page.evaluate("location.hash.match(/map=([\\d./]+)/)[1]").split("/"))
    top, height, card_top = page.evaluate(
        "(() => { const m = document.getElementById('map').getBoundingClientRect();"
        f" return [m.top, m.height, {CARD}.getBoundingClientRect().top]; }})()"
    )
    y = top + height / 2 - (36.56 + 0.0012 + 0.0002 - lat) * 512 * 2**zoom / 360 * 1.2447
    assert top < y < card_top
    page.evaluate("document.querySelector('.card-expand').click()")
    assert page.evaluate("document.querySelector('.card-expand').textContent") == "広げる"

"""The slider: a moment of the past on map, card and in words, playing, and the way back to now."""

from __future__ import annotations

import base64
import json
import math
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from tests.web.test_page import (
    CLEARING,
    UNCLEARED,
    UNDER_1H,
    UNDER_3H,
    UNDER_6H,
    UNKNOWN,
    UNKNOWN_DOTS,
    asked,
    band,
    count,
    settle,
)
from tiles.packed import pack_index
from tiles.replay import Changes, pack_replay, replay_document
from tiles.states import NO_MOMENT, REASONS, STEP_S, Index, Records

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

HOUR = 3600
ZOOM = 14.4  # all roads of the stand-in lie in the map between its panels
RANGE = "document.getElementById('time-range')"
CALM = {"name": "prefers-reduced-motion", "value": "no-preference"}


def start_of_storm(service: Any) -> float:
    """The first whole step of the storm of the stand-in, which began nine hours before its start."""
    with urllib.request.urlopen(f"{service.url}status/history", timeout=10) as answer:
        first = json.load(answer)["events"][0]
    return math.ceil(datetime.fromisoformat(first["from_at"]).timestamp() / STEP_S) * STEP_S


def open_bar(page: Any) -> None:
    page.wait("document.getElementById('time-open') !== null")
    page.evaluate("document.getElementById('time-open').click()")
    page.wait("document.getElementById('time-choice').options.length > 1")


def go(page: Any, at_s: float) -> None:
    """Moves the slider, as a finger does, and waits until the map shows that moment."""
    page.evaluate(f"{RANGE}.value = {at_s}; {RANGE}.dispatchEvent(new Event('input'))")
    shown = page.evaluate(f"new Date({RANGE}.value * 1000).toISOString().slice(0, 19) + 'Z'")
    page.wait(f"document.body.dataset.pastAt === '{shown}'", timeout_s=15)
    settle(page)


def shows(page: Any, piece: int, *colours: tuple[int, int, int]) -> int:
    return sum(count(page, colour, band(page, piece, ZOOM)) for colour in colours)


def text(page: Any, name: str) -> str:
    return page.evaluate(f"document.getElementById('{name}').innerText")


def test_map_card_and_words_show_a_moment_of_the_past_and_return(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=14.4/36.56/136.62&road=13")
    settle(page)
    began = start_of_storm(service)
    open_bar(page)
    assert not page.evaluate("document.body.classList.contains('is-past')"), "nothing is chosen yet"
    go(page, began + 2 * HOUR)
    assert shows(page, 11, UNDER_3H) > 40  # cleared one hour before
    assert shows(page, 13, CLEARING) > 40
    assert shows(page, 14, UNCLEARED) > 40
    assert shows(page, 12, UNKNOWN, UNKNOWN_DOTS) > 20  # no frame told of it
    assert shows(page, 12, UNDER_1H, UNDER_3H, UNDER_6H) == 0
    assert "過去の表示" in text(page, "past-mark")
    assert "当時公表された" in text(page, "past-mark")
    assert "除雪完了" in text(page, "time-status")
    page.wait("document.querySelector('#card [data-state]')?.dataset.state === 'clearing'")
    assert page.evaluate("getComputedStyle(document.querySelector('.when')).visibility") == "hidden"

    go(page, began + 4.25 * HOUR)  # its time was up at four hours, and no frame says so
    assert shows(page, 11, UNDER_1H, UNDER_3H, UNDER_6H) == 0
    assert shows(page, 11, UNKNOWN, UNKNOWN_DOTS) > 20
    page.wait("document.querySelector('#card [data-state]').dataset.state === 'unknown'")  # seen last too long ago
    go(page, began + 2 * HOUR)  # backwards
    assert shows(page, 11, UNDER_3H) > 40

    service.control(states={14: "cc"})  # the present goes on behind it
    page.wait("performance.now() > 0")
    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    settle(page)
    assert shows(page, 14, UNCLEARED) > 40
    page.evaluate("document.getElementById('time-back').click()")
    page.wait("document.body.dataset.statusVersion === '2' && !document.body.classList.contains('is-past')")
    settle(page)
    assert shows(page, 14, UNDER_1H) > 40
    assert shows(page, 11, UNDER_1H) > 40
    assert page.evaluate("document.getElementById('past-mark').hidden")
    assert page.evaluate("document.activeElement.id") == "time-open"
    assert len(asked(page, "/status/snapshot")) == 1, "the snapshot of now is not fetched again"
    assert page.complaints() == []


def test_the_slider_obeys_the_keyboard_and_says_the_time_in_words(open_page: Open, service: Any) -> None:
    page = open_page("?lang=en#map=14.4/36.56/136.62")
    settle(page)
    open_bar(page)
    assert page.evaluate("document.activeElement.id") == "time-range"
    end = float(page.evaluate(f"{RANGE}.value"))
    for name, code, by_s in (("ArrowLeft", 37, -300), ("PageDown", 34, -3600), ("PageUp", 33, 3600)):
        before = float(page.evaluate(f"{RANGE}.value"))
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)
        page.wait("document.body.dataset.pastAt")
        assert float(page.evaluate(f"{RANGE}.value")) - before == by_s, name
    assert end - float(page.evaluate(f"{RANGE}.value")) == 300
    words = page.evaluate(f"{RANGE}.getAttribute('aria-valuetext')")
    assert ":" in words
    page.wait("document.getElementById('live').textContent.includes('Showing the past')")
    small = page.evaluate("""[...document.querySelectorAll('#time button, #time input, #time select')]
      .filter((e) => { const { width, height } = e.getBoundingClientRect(); return width < 44 || height < 44; })
      .map((e) => e.id)""")
    assert small == []
    keys = page.evaluate("""import('/js/time/words.js')
      .then(({ default: words }) => [words.ja, words.en].map((one) => Object.keys(one)))""")
    assert keys[0] == keys[1], "the same words in both languages"


def test_playing_moves_on_by_steps_where_motion_is_unwelcome_and_runs_elsewhere(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=14.4/36.56/136.62")  # with prefers-reduced-motion: reduce
    settle(page)
    began = start_of_storm(service)
    open_bar(page)
    go(page, began)
    moments = """new Promise((done) => {
      const seen = new Set();
      const began = performance.now();
      const watcher = new MutationObserver(() => seen.add(document.body.dataset.pastAt));
      watcher.observe(document.body, { attributes: true, attributeFilter: ['data-past-at'] });
      document.getElementById('time-play').click();
      setTimeout(() => {
        document.getElementById('time-play').click();
        watcher.disconnect();
        done([[...seen].map((at) => Date.parse(at) / 1000), (performance.now() - began) / 1000]);
      }, 2600);
    })"""
    steps, _ = page.evaluate(moments)
    assert [at - began for at in steps] == [0, 1800, 3600][: len(steps)]
    assert len(steps) >= 2
    assert text(page, "time-play") == "再生"
    page.call("Emulation.setEmulatedMedia", features=[CALM])
    go(page, began)
    many, took_s = page.evaluate(moments)
    assert len(many) > 5, "it runs"
    assert many == sorted(many)
    assert 1800 < many[-1] - began <= 1800 * took_s + 1, "half an hour a second, however long a busy page took"
    stopped = page.evaluate("document.body.dataset.pastAt")
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert page.evaluate("document.body.dataset.pastAt") == stopped


def test_an_older_storm_and_the_hours_between_storms(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=14.4/36.56/136.62")
    settle(page)
    began = start_of_storm(service)
    open_bar(page)
    choice = "document.getElementById('time-choice')"
    assert page.evaluate(f"[...{choice}.options].map((o) => o.value)") == ["day", "1", "7"]
    page.evaluate(f"{choice}.value = '7'; {choice}.dispatchEvent(new Event('change'))")
    page.wait("document.getElementById('past-mark').innerText.includes('後から届いた記録も入れた')")
    settle(page)
    assert shows(page, 11, UNCLEARED) > 40
    go(page, began - 63 * HOUR + 7.5 * HOUR)
    assert shows(page, 11, UNDER_1H) > 40

    page.evaluate(f"{choice}.value = 'day'; {choice}.dispatchEvent(new Event('change'))")
    go(page, began - 2 * HOUR)  # no storm: this moment is asked for by itself, and nothing is known of the roads
    assert "何も分かりません" in text(page, "time-status")
    assert shows(page, 11, UNDER_1H, UNDER_3H, UNDER_6H, UNCLEARED) == 0
    assert shows(page, 11, UNKNOWN, UNKNOWN_DOTS) > 20
    go(page, began - 13 * HOUR)  # before anything was published
    assert "記録はありません" in text(page, "past-mark")
    assert "Nothing is known of it." in text(page, "time-status")
    assert shows(page, 11, UNKNOWN, UNKNOWN_DOTS) > 20


ORACLE = """
(async () => {
  const { readIndex, readReplay } = await import('/js/status/packed.js');
  const { linkBack, piecesOf } = await import('/js/time/decode.js');
  const { Track } = await import('/js/time/track.js');
  const { shown } = await import('/js/status/classify.js');
  const { UNLISTED, pack } = await import('/js/status/snapshot.js');
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
  const { head, frames, changes } = readReplay(bytes('PACKED'));
  const { edgeIds } = readIndex(bytes('INDEX'));
  const index = { nEdges: edgeIds.length, ...piecesOf(edgeIds) };
  const track = new Track({ head, ...frames, ...changes, before: linkBack(changes.edge, edgeIds.length), index });
  const document = DOCUMENT;
  const s = (value) => (value === -1 ? NaN : document.base_at + value);
  const wrong = [];
  let n = 0;
  for (const atS of MOMENTS) {
    track.seek(atS);
    const told = new Map(); // the naive way: everything from the begin
    for (const frame of document.frames) {
      if (document.base_at + frame.at_s > atS) break;
      frame.edge_id.forEach((edge, i) => told.set(edge, {
        char: frame.state[i], reason: document.reasons[frame.reason[i]], clearedS: s(frame.cleared_s[i]),
        validS: s(frame.valid_s[i]), observedS: s(frame.observed_s[i]),
      }));
    }
    const isTold = (facts) => facts && !(facts.char === '?' && facts.reason === head.default_reason
      && Number.isNaN(facts.observedS));
    const none = { char: '?', reason: head.default_reason, clearedS: NaN, validS: NaN, observedS: NaN };
    track.pieceId.forEach((piece, i) => {
      const both = [0, 1].map((side) => edgeIds.includes(2 * piece + side) ? told.get(2 * piece + side) : null);
      const codes = both.map((facts) => shown(facts === null ? { char: '-' } : facts ?? none, atS).code);
      const expected = both.some(isTold) ? pack(...codes) : UNLISTED;
      n += 1;
      if (track.codeOfPiece(i, atS) !== expected) wrong.push([atS, piece, track.codeOfPiece(i, atS), expected]);
    });
  }
  track.seek(document.base_at + 6 * 3600);
  const codes = Array.from(track.pieceId, (_, i) => track.codeOfPiece(i, document.base_at + 6 * 3600));
  return { n, wrong: wrong.slice(0, 5), distinct: new Set(codes).size };
})()
"""


def a_storm(rng: np.random.Generator, n_edges: int, n_changes: int) -> tuple[np.ndarray, Changes, int]:
    """(ids of edges, changes, begin) of a storm of twelve hours that never was."""
    begin = 1_768_400_000 // STEP_S * STEP_S
    edge_id = rng.permutation(rng.choice(2 * n_edges, n_edges, replace=False) + 2)
    at_s = np.sort(begin + rng.integers(0, 12 * 60, n_changes) * 60)
    place = rng.integers(0, n_edges, n_changes)
    order = np.lexsort((place, at_s))
    at_s, place = at_s[order], place[order]
    keep = np.append(True, (np.diff(at_s) != 0) | (np.diff(place) != 0))
    at_s, place = at_s[keep], place[keep]
    n = len(at_s)
    state = rng.integers(0, 4, n).astype(np.int16)
    since = at_s // STEP_S * STEP_S
    cleared = np.where(state == 0, since - rng.integers(0, 30, n) * STEP_S, NO_MOMENT)
    valid = np.where(state == 0, cleared + rng.integers(1, 100, n) * STEP_S, NO_MOMENT)
    observed = np.where(rng.random(n) < 0.8, since, NO_MOMENT)
    reason = rng.integers(0, len(REASONS), n).astype(np.int16)
    covered = rng.integers(0, 101, n).astype(np.int16)
    return edge_id, Changes(at_s, place, Records(state, reason, cleared, valid, observed, covered)), begin


def test_the_cursor_tells_at_any_moment_what_telling_everything_from_the_begin_tells(open_page: Open) -> None:
    """Against a naive reader of the JSON twin, at moments in any order, forwards and backwards."""
    rng = np.random.default_rng(7)
    edge_id, changes, begin = a_storm(rng, 300, 4000)
    head = {"network_version": 3, "roads_version": "3-abc", "synthetic": True, "default_reason": "not_on_plan",
            "event": {"event_id": 1, "kind": "storm", "name": "x", "reference_at": None}, "past": None}  # fmt: skip
    document = replay_document(head, Index.of("3-abc", edge_id), changes, begin)
    moments = (begin + rng.integers(-600, 13 * HOUR, 60)).tolist()
    script = ORACLE.replace("PACKED", base64.b64encode(pack_replay(head, len(edge_id), changes, begin)).decode())
    script = script.replace("INDEX", base64.b64encode(pack_index("3-abc", 3, edge_id)).decode())
    script = script.replace("DOCUMENT", json.dumps(document)).replace("MOMENTS", json.dumps(moments))
    found = open_page().evaluate(script)
    assert found["wrong"] == []
    assert found["n"] > 60 * 200
    assert found["distinct"] > 10, "the storm has something of everything"

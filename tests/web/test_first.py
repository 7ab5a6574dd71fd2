"""The first view as a resident meets it: words, drawing, the way to the map, saving data, frames, print, contrast."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.web.axe import violations
from tiles.summary_words import percents, sentence

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

WEB = Path(__file__).resolve().parents[2] / "web"
SAVE_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true, effectiveType: '4g'}})"
IS_USEFUL = "document.body.classList.contains('is-useful')"
WORDS = "document.getElementById('area-words').textContent"


@pytest.fixture
def open_light(chromium: Any, service: Any) -> Callable[..., Any]:
    """Opens the page as where data is to be saved: the map stays away until it is asked for."""

    def opened(path: str = "?lang=ja", *, width: int = 390, height: int = 844, is_dark: bool = False) -> Any:
        script = chromium.call("Page.addScriptToEvaluateOnNewDocument", source=SAVE_DATA)["identifier"]
        try:
            chromium.open(service.url + path, width=width, height=height, is_phone=width < 800, is_dark=is_dark)
        finally:
            chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
        chromium.wait(f"{IS_USEFUL} && document.querySelector('#overview-drawing g') !== null")
        return chromium

    return opened


def classes(page: Any) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('#overview-drawing g')].map((g) => g.getAttribute('class').split('-')[1]).sort()"
    )
    return found


def test_the_first_view_says_the_state_draws_it_and_leaves_the_map_away_where_data_is_saved(
    open_light: Open, service: Any
) -> None:
    page = open_light()
    assert re.fullmatch(
        r"全域：除雪完了 \d+ %、除雪中 \d+ %、未除雪 \d+ %、不明 \d+ %（\d\d:\d\d 現在）", page.evaluate(WORDS)
    )
    assert set(classes(page)) == {"0", "1", "3", "4", "5", "6", "7", "8"}
    label = page.evaluate("document.querySelector('#overview-drawing svg').getAttribute('aria-label')")
    assert page.evaluate(WORDS) in label
    legend = page.evaluate("document.getElementById('overview-legend').innerText")
    for word in ("完了", "除雪中", "未除雪", "不明", "対象外"):
        assert word in legend
    assert not any("maplibre" in url or "tiles/" in url for url in page.requests())
    assert page.complaints() == []
    page.evaluate("document.getElementById('open-map').click()")
    page.wait("document.body.classList.contains('is-ready')")
    assert page.evaluate("document.getElementById('overview').offsetHeight") == 0


def test_words_and_drawing_age_by_themselves_without_a_connection(open_light: Open, service: Any) -> None:
    page = open_light()
    before, drawn = page.evaluate(WORDS), classes(page)
    assert "3" in drawn  # cleared five hours ago, valid for six
    service.control(is_broken=True)
    page.evaluate("window.shiftMs = 70 * 60 * 1000; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(f"{WORDS} !== {json.dumps(before)}")
    assert "3" not in classes(page)
    cleared = [int(re.findall(r"除雪完了 (\d+) %", words)[0]) for words in (before, page.evaluate(WORDS))]
    unknown = [int(re.findall(r"不明 (\d+) %", words)[0]) for words in (before, page.evaluate(WORDS))]
    assert cleared[1] < cleared[0]
    assert unknown[1] > unknown[0]
    page.evaluate("window.shiftMs = 30 * 3600 * 1000; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(f"{WORDS}.includes('除雪完了 0 %、除雪中 0 %')")
    assert not set(classes(page)) & {"1", "2", "3", "4", "5", "6"}


def test_the_area_is_chosen_once_and_kept_on_the_device(open_light: Open) -> None:
    page = open_light()
    page.evaluate("document.querySelector('#area summary').click()")
    page.evaluate(
        "(() => { const c = document.getElementById('area-choice'); c.value = '17000'; "
        "c.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    assert page.evaluate(WORDS).startswith("試験市：")
    page = open_light("?lang=en")
    assert page.evaluate(WORDS).startswith("Testville: cleared ")
    details = page.evaluate("document.getElementById('area-details').innerText")
    for words in ("Why unknown: ", "on no clearing plan", "about 12 cm"):
        assert words in details or page.evaluate("document.getElementById('area-details').textContent").count(words)
    page.evaluate("localStorage.clear()")


SAME = """
Promise.all([import('/js/first/shares.js'), import('/js/first/area.js'), import('/js/i18n.js')]).then(([s, a, i]) =>
  CASES.map(([summary, area, at]) => [s.percentAt(area, at), a.areaSentence(summary, area, at)]))
"""
AS_OF = datetime(2026, 1, 14, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_page_and_server_make_the_same_words_of_the_same_numbers(open_light: Open, language: str) -> None:
    page = open_light(f"?lang={language}")
    kms = [(62.9, 4.2, 20.4, 12.5), (99.99, 0, 0.01, 0), (1, 1, 1, 0), (0, 0, 0, 0.001), (3, 0, 0, 0), (0, 0, 0, 0)]
    states = ("cleared", "clearing", "uncleared", "unknown")
    summary = {"as_of": "2026-01-14T21:10:00Z"}
    areas = [
        {"id": "17201", "name": "金沢市", "name_en": "Kanazawa", "km": dict(zip(states, km, strict=True)),
         "cleared_ends": [], "clearing_ends": []}
        for km in kms
    ]  # fmt: skip
    cases = [[summary, area, AS_OF.timestamp() + 60] for area in areas]
    found = page.evaluate(SAME.replace("CASES", json.dumps(cases)))
    lang: Any = language
    wanted = [[percents(area["km"]), sentence(area, AS_OF, AS_OF, "Asia/Tokyo", lang)] for area in areas]
    assert found == wanted


@pytest.mark.parametrize("is_dark", [False, True])
def test_axe_finds_nothing_in_the_first_view_and_on_the_map(open_light: Open, is_dark: bool) -> None:
    page = open_light(is_dark=is_dark)
    page.evaluate("document.getElementById('area').open = true")
    assert violations(page) == []
    page.evaluate("document.getElementById('open-map').click()")
    page.wait("document.body.classList.contains('is-ready')")
    page.evaluate("document.getElementById('legend-button').click()")
    assert violations(page) == []


def test_axe_finds_nothing_in_the_frame_and_in_its_dialog(open_page: Open) -> None:
    page = open_page("?lang=en#map=15/36.56/136.62")
    page.evaluate("document.querySelector('[aria-controls=embed-sheet]').click()")
    assert violations(page) == []
    code = page.evaluate("document.getElementById('embed-code').value")
    assert code.startswith('<iframe src="http')
    assert "?lang=en&amp;embed=1#map=15/36.56/136.62" in code
    page.evaluate(
        "(() => { const c = document.getElementById('embed-language'); c.value = 'ja'; "
        "c.dispatchEvent(new Event('change')); })()"
    )
    assert "?lang=ja&amp;embed=1" in page.evaluate("document.getElementById('embed-code').value")
    page.key("Escape")
    assert page.evaluate("document.getElementById('embed-sheet').hidden")
    assert page.evaluate("document.activeElement.getAttribute('aria-controls')") == "embed-sheet"


def test_in_a_frame_there_is_no_header_but_what_has_to_be_said(open_page: Open) -> None:
    page = open_page("?lang=ja&embed=1#map=15/36.56/136.62", is_phone=True)
    assert violations(page) == []
    shown = page.evaluate(
        "['.bar', '#slot-search', '#synthetic', '#area-words', '#embed-legend', '.embed-foot a', '#map']"
        ".map((name) => document.querySelector(name).getBoundingClientRect().height > 0)"
    )
    assert shown == [False, False, True, True, True, True, True]
    page.evaluate("document.querySelector('.embed-foot a').focus()")
    assert page.evaluate("document.querySelector('.embed-foot a').href").endswith("/?lang=ja#map=15/36.56/136.62")
    assert page.evaluate("document.body.scrollHeight <= innerHeight")


def test_on_paper_stand_words_time_picture_and_legend(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.call("Emulation.setEmulatedMedia", media="print")
    try:
        shown = page.evaluate(
            "['#as-of', '#area-words', '#overview-legend', '.print-picture', '#synthetic', '.tools', "
            "'#overview-drawing', '.maplibregl-canvas']"
            ".map((name) => document.querySelector(name).getBoundingClientRect().height > 0)"
        )
        assert shown == [True, True, True, True, True, False, False, False]
        colours = page.evaluate(
            "(() => { const c = document.querySelector('.print-picture'); const seen = new Set(); "
            "const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height); "
            "for (let i = 0; i < data.length; i += 4000) seen.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]); "
            "return seen.size; })()"
        )
        assert colours > 3  # a picture, not an empty sheet
        pages = page.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)["data"]
        assert len(pages) > 10_000
    finally:
        page.call("Emulation.setEmulatedMedia", media="")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelector('.print-picture') === null")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400), (320, 256)])
def test_small_and_enlarged_screens_show_everything_without_sideways_scrolling(
    open_light: Open, width: int, height: int
) -> None:
    page = open_light(width=width, height=height)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate("""[...document.querySelectorAll('button, select, summary, input, a:not(.skip)')]
      .map((e) => [e.id || e.className || e.tagName, e.getBoundingClientRect()])
      .filter(([, r]) => r.width > 0 && (r.width < 44 || r.height < 44)).map(([name]) => name)""")
    assert small == []
    page.evaluate("document.getElementById('open-map').click()")
    page.wait("document.body.classList.contains('is-ready')")
    assert page.evaluate("document.getElementById('map').getBoundingClientRect().height") >= 200
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def tokens(path: str) -> tuple[dict[str, str], dict[str, str]]:
    """Custom properties of a style sheet in light and in dark."""
    css = (WEB / path).read_text(encoding="utf-8")
    light, _, dark = css.partition("@media (prefers-color-scheme: dark)")
    read = [dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", part.split("\n}\n")[0])) for part in (light, dark)]
    return read[0], read[0] | read[1]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    ("css/base.css", "--bar-text", "--bar", 4.5), ("css/base.css", "--text", "--panel", 4.5),
    ("css/base.css", "--soft", "--panel", 4.5), ("css/base.css", "--link", "--panel", 4.5),
    ("css/base.css", "--synthetic-text", "--synthetic", 4.5), ("css/base.css", "--offline-text", "--offline", 4.5),
    ("css/base.css", "--focus", "--panel", 3), ("css/text.css", "--text", "--paper", 4.5),
    ("css/text.css", "--soft", "--paper", 4.5), ("css/text.css", "--link", "--paper", 4.5),
    ("css/text.css", "--line", "--paper", 3), ("css/text.css", "--focus", "--paper", 3),
    ("css/text.css", "--synthetic-text", "--synthetic", 4.5), ("css/first.css", "--label", "--label-halo", 4.5),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "ground", "least"), PAIRS)
def test_text_stands_out_from_its_ground_in_light_and_dark(path: str, text: str, ground: str, least: float) -> None:
    for found in tokens(path):
        assert contrast(found[text], found[ground]) >= least, (found[text], found[ground])


def test_the_overview_has_the_colours_of_the_map(open_light: Open) -> None:
    page = open_light()
    for table, is_dark in zip(tokens("css/first.css"), (False, True), strict=True):
        palette = page.evaluate(f"import('/js/map/palette.js').then((m) => m.palette({json.dumps(is_dark)}))")
        for code in range(1, 9):
            assert table[f"--code-{code}"] == palette["code"][str(code)], code
        for name, colour in palette["pattern"].items():
            if f"--over-{name}" in table:
                assert table[f"--over-{name}"] == colour, name
        assert [table[f"--{name}"] for name in ("sea", "land")] == [palette["sea"], palette["land"]]

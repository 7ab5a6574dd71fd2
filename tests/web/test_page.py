"""The page as a resident meets it: what is painted, said and asked for, on a desktop and on a phone."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

LON, LAT = 136.62, 36.56
PIECES = [11, 12, 13, 14, 15, 16, 17, 18, 21]  # from north to south, as in fake_service.py
UNDER_1H, UNDER_3H, UNDER_6H = (6, 51, 122), (23, 99, 181), (61, 150, 219)
BEACON = (255, 176, 0)
CLEARING, UNCLEARED, UNKNOWN, UNKNOWN_DOTS = (255, 210, 31), (216, 53, 12), (228, 225, 220), (92, 92, 99)

COUNT = """
(async () => {
  const image = new Image();
  image.src = 'data:image/png;base64,PNG';
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const draw = canvas.getContext('2d');
  draw.drawImage(image, 0, 0);
  const { data } = draw.getImageData(X, Y, WIDTH, HEIGHT);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (Math.abs(data[i] - RED) + Math.abs(data[i + 1] - GREEN) + Math.abs(data[i + 2] - BLUE) < 24) n += 1;
  }
  return n;
})()
"""


def lat_of(piece: int) -> float:
    return LAT - 0.0012 * (PIECES.index(piece) - 4) + 0.0002


def on_screen(page: Any, lat: float, zoom: float, *, lon: float = LON) -> tuple[float, float]:
    """Pixels of a position while the map is centred on (LON, LAT)."""
    left, top, width, height = page.evaluate(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.getElementById('map').getBoundingClientRect())"
    )
    world = 512 * 2**zoom
    down = (mercator(LAT) - mercator(lat)) * world
    return left + width / 2 + (lon - LON) / 360 * world, top + height / 2 + down


def mercator(lat: float) -> float:
    return math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)


def count(page: Any, colour: Sequence[int], box: tuple[float, float, float, float]) -> int:
    """How many pixels of the box (x, y, width, height) have about this colour."""
    names = dict(zip(("X", "Y", "WIDTH", "HEIGHT", "RED", "GREEN", "BLUE"), (*map(round, box), *colour), strict=True))
    script = COUNT
    for name, value in names.items():
        script = script.replace(name, str(value))
    return page.evaluate(script.replace("PNG", base64.b64encode(page.screenshot()).decode()))


def band(page: Any, piece: int, zoom: float, half_px: float = 8) -> tuple[float, float, float, float]:
    """A box over the middle of a road, clear of its name and of the panels."""
    x, y = on_screen(page, lat_of(piece), zoom)
    return x + 60, y - half_px, 30, 2 * half_px


def settle(page: Any) -> None:
    """Waits until the map has drawn everything that it has been told, and the picture has reached the screen."""
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_each_state_has_its_colour(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    settle(page)
    for piece, colour in [(11, UNDER_1H), (13, CLEARING), (14, UNCLEARED), (15, UNKNOWN), (16, UNDER_6H)]:
        assert count(page, colour, band(page, piece, 15)) > 40, piece
    x, y = on_screen(page, lat_of(13), 15, lon=LON + 0.004)  # a plough is at work there
    assert count(page, BEACON, (x - 12, y - 12, 24, 24)) > 40
    for piece in (13, 14, 15, 21):  # nothing that was not cleared shows a colour of a clearing
        assert sum(count(page, c, band(page, piece, 15)) for c in (UNDER_1H, UNDER_3H, UNDER_6H)) == 0, piece


def test_one_side_only_is_visible_on_the_left_of_travel(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15.4/36.56/136.62")
    settle(page)
    x, y, width, _ = band(page, 12, 15.4, half_px=0)
    north, south = (x, y - 8, width, 8), (x, y + 1, width, 8)
    # digitised from west to east; only that direction is cleared, so its line is the northern one
    assert count(page, UNDER_3H, north) > 40
    assert count(page, UNDER_3H, south) == 0
    assert count(page, UNKNOWN, south) + count(page, UNKNOWN_DOTS, south) > 40


def test_far_out_one_line_shows_the_worse_direction(open_page: Open) -> None:
    page = open_page("?lang=ja#map=12.6/36.56/136.62")
    settle(page)
    x, y = on_screen(page, lat_of(12), 12.6)
    box = (x + 10, y - 4, 40, 8)
    assert count(page, UNDER_3H, box) == 0
    assert count(page, UNKNOWN, box) + count(page, UNKNOWN_DOTS, box) > 20


def test_cleared_turns_unknown_at_its_time_without_a_connection(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=16")
    settle(page)
    page.wait("document.querySelectorAll('.direction').length === 2")
    assert count(page, UNDER_6H, band(page, 16, 15)) > 40
    service.control(is_broken=True)
    page.wait("!document.getElementById('offline').hidden")
    assert "現在・通信なし" in page.evaluate("document.getElementById('offline').textContent")
    page.evaluate("window.shiftMs = 70 * 60 * 1000; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait("document.querySelector('.direction').dataset.state === 'unknown'")
    settle(page)
    assert count(page, UNDER_6H, band(page, 16, 15)) == 0
    assert count(page, UNKNOWN, band(page, 16, 15)) > 20
    assert "除雪から時間がたち" in page.evaluate("document.getElementById('card').textContent")
    # what is still within its time stays, one class older; work that nobody reports any more is not said
    assert count(page, UNDER_3H, band(page, 11, 15)) > 40
    assert count(page, CLEARING, band(page, 13, 15)) == 0


def test_a_wrong_clock_of_the_phone_does_not_make_a_clearing_younger(open_page: Open, service: Any) -> None:
    service.control(shift_s=2 * 3600)
    page = open_page("?lang=ja#map=15/36.56/136.62")
    settle(page)
    assert count(page, UNDER_1H, band(page, 11, 15)) == 0
    assert count(page, UNDER_3H, band(page, 11, 15)) > 40
    assert count(page, UNKNOWN, band(page, 16, 15)) > 20  # five hours ago, valid for six


def test_a_change_is_seen_without_a_reload(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    settle(page)
    service.control(states={14: "cc"})
    page.wait("document.body.dataset.statusVersion === '2'", timeout_s=8)
    settle(page)
    assert count(page, UNCLEARED, band(page, 14, 15)) == 0
    assert count(page, UNDER_1H, band(page, 14, 15)) > 40


def asked(page: Any, path: str) -> list[str]:
    return [url for url in page.requests() if urlsplit(url).path == path]


def test_changes_come_by_the_stream_and_the_whole_is_fetched_once(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    for version, states in ((2, {14: "cc"}), (3, {15: "uu"})):
        service.control(states=states)
        page.wait(f"document.body.dataset.statusVersion === '{version}'", timeout_s=8)
    assert (len(asked(page, "/status/snapshot")), len(asked(page, "/status/stream"))) == (1, 1)
    assert asked(page, "/status/changes") == []
    service.control(states={14: "uu", 15: "cc"}, has_forgotten=True)  # the stream says that the way is not known
    page.wait("document.body.dataset.statusVersion === '4'", timeout_s=8)
    assert len(asked(page, "/status/snapshot")) == 2
    settle(page)
    assert count(page, UNCLEARED, band(page, 14, 15)) > 40
    assert count(page, UNDER_1H, band(page, 15, 15)) > 40
    assert len(asked(page, "/status/index/3-abc")) == 1


def test_without_a_stream_it_asks_and_fetches_the_whole_when_the_server_knows_no_way(
    open_page: Open, service: Any
) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62")
    service.control(states={14: "cc"}, has_stream=False)  # it breaks, and is refused from then on
    page.wait("document.body.dataset.statusVersion === '2'", timeout_s=8)
    service.control(states={15: "uu"})
    page.wait("document.body.dataset.statusVersion === '3'", timeout_s=8)
    assert len(asked(page, "/status/snapshot")) == 1
    assert any(url.endswith("status/changes?since=2&network_version=3") for url in asked(page, "/status/changes"))
    service.control(states={14: "uu", 15: "cc"}, has_forgotten=True)
    page.wait("document.body.dataset.statusVersion === '4'", timeout_s=8)
    assert len(asked(page, "/status/snapshot")) == 2
    settle(page)
    assert count(page, UNCLEARED, band(page, 14, 15)) > 40
    assert count(page, UNDER_1H, band(page, 15, 15)) > 40


def test_a_tap_opens_the_evidence_of_both_directions(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62", is_phone=True)
    settle(page)
    page.tap(*on_screen(page, lat_of(12), 15, lon=LON + 0.002))
    page.wait(
        "document.querySelector('#card dl') !== null && "
        "document.getElementById('card').textContent.includes('センサで確認')"
    )
    page.evaluate("document.querySelectorAll('#card details').forEach((d) => { d.open = true; })")
    text = page.evaluate("document.getElementById('card').innerText")
    for words in (
        "県道二",
        "東向き",
        "除雪完了 · 2時間",
        "新雪除雪",
        "高い（97 %）",
        "100 %",
        "4 cm",
        "西向き",
        "不明",
        "割り当てられた除雪車からの通信が途絶えています",
        "試験市",
        "一般県道",
        "片側のみ除雪完了です。",
        "少なくとも 4 cm",
        "2 回必要。1 回以上は 100 %",
        "最後の散布",
        "チェーン規制",
    ):
        assert words in text, words
    assert page.evaluate("location.hash").endswith("road=12")
    page.key("Escape")
    assert page.evaluate("document.getElementById('card').hidden")
    assert "road=" not in page.evaluate("location.hash")


def test_a_road_with_both_sides_alike_is_not_called_one_sided(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=11")
    page.wait("document.getElementById('card').textContent.includes('センサで確認')")
    text = page.evaluate("document.getElementById('card').innerText")
    assert "4 cm" in text
    for words in ("片側のみ", "少なくとも", "回必要", "最後の散布", "規制"):
        assert words not in text
    page = open_page("?lang=en#map=15/36.56/136.62&road=13")
    page.wait("document.getElementById('card').textContent.includes('given by the road manager')")


def test_a_one_way_street_has_one_direction(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.56/136.62&road=17")
    page.wait("document.getElementById('card').textContent.includes('一方通行七')")
    assert page.evaluate("document.querySelectorAll('.direction').length") == 1


def test_the_keyboard_reaches_everything(open_page: Open) -> None:
    page = open_page(f"?lang=en#map=16/{lat_of(14):.5f}/136.62", is_phone=True)
    settle(page)
    reached = []
    for _ in range(24):
        page.key("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[:5] == ["skip", "skip", "language", "legend-button", "search-box"]
    assert "maplibregl-canvas" in " ".join(reached)
    page.evaluate("document.querySelector('.maplibregl-canvas').focus()")
    page.key("Enter")
    page.wait("document.getElementById('card').innerText.includes('Not cleared')")
    assert "Not cleared" in page.evaluate("document.getElementById('live').textContent")
    page.evaluate("document.getElementById('legend-button').click()")
    assert page.evaluate("document.activeElement.id") == "legend-close"


def test_targets_are_large_enough_for_a_cold_thumb(open_page: Open) -> None:
    page = open_page("?lang=ja&x=1#road=12", is_phone=True)
    page.evaluate("document.getElementById('legend-button').click()")
    small = page.evaluate("""[...document.querySelectorAll('button, a:not(.skip)')]
      .map((e) => [e.id || e.className, e.getBoundingClientRect()])
      .filter(([, r]) => r.width > 0 && (r.width < 44 || r.height < 44)).map(([name]) => name)""")
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_language_is_chosen_by_the_address_and_remembered(open_page: Open) -> None:
    page = open_page("?lang=ja")
    assert page.evaluate("document.getElementById('legend-body').innerText").startswith("除雪完了")
    page.evaluate("document.getElementById('language').click()")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.getElementById('legend-body').innerText").startswith("Cleared")
    assert "lang=en" in page.evaluate("location.search")
    assert "Legend" in page.evaluate("document.getElementById('legend').innerText")
    page = open_page("")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.evaluate("localStorage.clear()")


def test_synthetic_data_is_said_in_both_languages(open_page: Open) -> None:
    for lang, words in (("ja", "合成データ"), ("en", "Synthetic data")):
        page = open_page(f"?lang={lang}", is_phone=True)
        assert words in page.evaluate("document.getElementById('synthetic').innerText")
        top, bottom = page.evaluate(
            "(({top, bottom}) => [top, bottom])(document.getElementById('synthetic').getBoundingClientRect())"
        )
        assert bottom - top > 20
        assert 0 <= top < 844


@pytest.mark.parametrize("is_dark", [False, True])
def test_nothing_leaves_the_host_and_nothing_is_refused(open_page: Open, service: Any, is_dark: bool) -> None:
    page = open_page("?lang=ja#map=14/36.56/136.62&road=12", is_dark=is_dark)
    settle(page)
    page.wait("document.querySelector('#card dl') !== null")
    own = urlsplit(service.url).netloc
    foreign = [
        url for url in page.requests() if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != own
    ]
    assert foreign == []
    assert len(page.requests()) > 20
    assert page.complaints() == []
    assert page.evaluate("document.querySelectorAll('[style]:not(.maplibregl-map *)').length") == 0


def test_a_server_that_gets_no_news_is_said(open_page: Open, service: Any) -> None:
    service.control(lag_s=20 * 60)
    page = open_page("?lang=ja")
    notice = "document.getElementById('offline')"
    page.wait(f"!{notice}.hidden && {notice}.textContent.includes('更新が止まっています')")
    service.control(lag_s=0)
    page.wait(f"{notice}.hidden", timeout_s=12)


def test_a_shared_link_brings_its_road_into_sight_above_the_card(open_page: Open) -> None:
    page = open_page("?lang=ja#map=15/36.6/136.7&road=14", is_phone=True)
    page.wait("document.getElementById('card').textContent.includes('県道四')")
    page.wait("!location.hash.includes('36.6/136.7')")
    settle(page)
    card_top = page.evaluate("document.getElementById('card').getBoundingClientRect().top")
    scale = 2  # the picture of a phone has two pixels for one
    assert count(page, UNCLEARED, (0, 0, 390 * scale, card_top * scale)) > 400
    assert "road=14" in page.evaluate("location.hash")

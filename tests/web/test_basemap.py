"""The drawn map: ground, names, shields, reasons of unknown roads, and how states are carried onto many roads."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

LAND, SEA = {False: (245, 243, 238), True: (28, 35, 43)}, {False: (205, 221, 232), True: (14, 20, 26)}
LABEL = {False: (55, 64, 74), True: (219, 226, 234)}
REASON = (43, 49, 56)


def helpers(name: str) -> ModuleType:
    """Another file of this folder as a module."""
    spec = importlib.util.spec_from_file_location(f"{name}_of_basemap", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages = helpers("test_page")


@pytest.mark.parametrize("is_dark", [False, True])
def test_land_and_sea_and_the_name_of_the_municipality(open_page: Open, is_dark: bool) -> None:
    page = open_page("?lang=ja#map=9.4/36.56/136.62", is_phone=True, is_dark=is_dark)
    pages.settle(page)

    def n(lon: float, lat: float, colour: tuple[int, int, int], half: int) -> int:
        x, y = pages.on_screen(page, lat, 9.4, lon=lon)  # the picture of a phone has two pixels for one
        found: int = pages.count(page, colour, (2 * (x - half), 2 * (y - half), 4 * half, 4 * half))
        return found

    assert n(136.605, 36.575, LAND[is_dark], 3) > 100  # of 144
    assert n(136.54, 36.51, SEA[is_dark], 3) == 144
    assert n(136.62, 36.56, LABEL[is_dark], 20) > 10


STYLE = """
  Promise.all([import('/js/map/style.js'), fetch('/config.json').then((r) => r.json())])
    .then(([{ buildStyle }, config]) => buildStyle({ ...config, ...MORE }, {
      isDark: false, lang: LANG, data: {}, overlays: [], on: new Set(),
    }))
"""


def style(page: Any, lang: str, more: str = "{}") -> Any:
    return page.evaluate(STYLE.replace("LANG", repr(lang)).replace("MORE", more))


def test_without_areas_of_land_the_ground_is_land_and_nothing_is_asked_for(open_page: Open) -> None:
    page = open_page()
    bare = style(page, "ja", "{ reference_layers: ['emergency_roads'] }")
    assert "basemap" not in bare["sources"]
    assert bare["layers"][0]["paint"]["background-color"] == "#f5f3ee"
    assert [layer["id"] for layer in bare["layers"] if layer.get("source") == "basemap"] == []
    whole = style(page, "ja")
    assert whole["layers"][0]["paint"]["background-color"] == "#cddde8"
    assert "glyphs" not in whole
    assert "sprite" not in whole
    own = page.evaluate("location.origin")
    for source in whole["sources"].values():
        for address in source.get("tiles", ()):
            assert address.removeprefix("yuki-roads://").startswith(own), address


def test_names_are_in_the_language_of_the_page_and_fall_back_to_the_other(open_page: Open) -> None:
    page = open_page()
    fields = {
        lang: {
            layer["layout"]["text-field"][1][1]
            for layer in style(page, lang)["layers"]
            if layer.get("source-layer") in ("settlements", "area_names", "rivers") and layer["type"] == "symbol"
        }
        for lang in ("ja", "en")
    }
    assert fields == {"ja": {"name"}, "en": {"name_en"}}


EVALUATE = """
  import('/js/map/style.js').then(async ({ buildStyle }) => {
    const config = await fetch('/config.json').then((r) => r.json());
    const { layers } = buildStyle(config, { isDark: false, lang: 'ja', data: {}, overlays: [], on: new Set() });
    const field = (id) => layers.find((layer) => layer.id === id).layout['text-field'];
    const host = document.createElement('div');
    Object.assign(host.style, { width: '64px', height: '64px' });
    document.body.append(host);
    const roads = ROADS.map((properties, i) => ({
      type: 'Feature', id: i, properties, geometry: { type: 'Point', coordinates: [i / 100, 0] } }));
    const filter = (id) => ['all', layers.find((layer) => layer.id === id).filter];
    const asked = ['shields-national', 'shields-prefectural', 'road-names', 'street-names'];
    const map = new maplibregl.Map({ container: host, interactive: false, attributionControl: false, zoom: 0,
      style: { version: 8,
        sources: { roads: { type: 'geojson', data: { type: 'FeatureCollection', features: roads } } },
        layers: asked.map((id) => ({ id, type: 'circle', source: 'roads', filter: filter(id) })) } });
    await new Promise((done) => map.once('idle', done));
    const found = asked.map((id) => map.queryRenderedFeatures({ layers: [id] }).map(({ id: at }) => at).sort());
    map.remove();
    host.remove();
    return found;
  })
"""


def test_a_number_stands_on_a_shield_and_a_name_along_the_road(open_page: Open) -> None:
    page = open_page()
    roads = [
        {"class": "national", "route": "国道8号", "name": "国道8号"},
        {"class": "prefectural", "route": "県道22号", "name": "金沢田鶴浜線"},
        {"class": "expressway", "route": "北陸自動車道", "name": "北陸自動車道"},
        {"class": "municipal", "name": "金沢市道12号線"},
        {"class": "major_prefectural", "route": "石川県道１２３号"},
        {"class": "national", "route": "号道", "name": ""},
        {"class": "municipal"},
    ]
    national, prefectural, names, streets = page.evaluate(EVALUATE.replace("ROADS", repr(roads)))
    assert national == [0]
    assert prefectural == [1, 4]
    assert names == [1, 2, 5]  # what a shield says is not said twice
    assert streets == [3]


def test_close_up_an_unknown_road_says_why(open_page: Open, service: Any) -> None:
    page = open_page("?lang=ja#map=16.5/36.5598/136.62")  # near the fifth road, whose reason is no_device
    pages.settle(page)
    near = pages.mercator(36.56) - pages.mercator(36.5598)
    x, y = pages.on_screen(page, pages.lat_of(15), 16.5)
    y -= near * 512 * 2**16.5
    box = (x - 90, y - 16, 180, 32)
    page.wait("performance.now() > 1")
    deadline = 40
    while pages.count(page, REASON, box) < 25 and deadline:
        page.wait("new Promise((done) => setTimeout(() => done(true), 100))")
        deadline -= 1
    assert pages.count(page, REASON, box) >= 25  # ring and cross of the mark
    service.control(states={15: "cc"})
    page.wait("document.body.dataset.statusVersion === '2'", timeout_s=8)
    deadline = 40
    while pages.count(page, REASON, box) > 8 and deadline:
        page.wait("new Promise((done) => setTimeout(() => done(true), 100))")
        deadline -= 1
    assert pages.count(page, REASON, box) <= 8


REASONS = """
  Promise.all([import('/js/map/reasons.js'), import('/js/status/snapshot.js'),
               fetch('/status/snapshot').then((r) => r.json())])
    .then(([{ reasonsOf, markOf }, { readSnapshot }, raw]) => {
      const snapshot = readSnapshot(raw);
      const nowS = Date.parse(raw.as_of) / 1000;
      return [[11, 12, 14, 15, 17].map((id) => reasonsOf(snapshot, id, 0, nowS)),
        reasonsOf(snapshot, 16, 0, nowS + 7200),
        ['expired', 'snowed_over', 'silent', 'no_device', 'withheld', 'unmatched'].map(markOf)];
    })
"""


def test_reasons_follow_the_states_and_the_clock(open_page: Open) -> None:
    now, later, marks = open_page().evaluate(REASONS)
    assert now == [[], ["silent"], [], ["no_device"], []]
    assert later == ["expired"]  # cleared five hours ago, good for six
    assert marks == ["clock", "snow", "silent", "silent", "bar", "question"]


PAINT = """
  Promise.all([import('/js/map/roads.js'), import('/js/status/snapshot.js')])
    .then(async ([{ RoadPainter }, { readSnapshot }]) => {
      const n = 60000;
      const fill = (value) => Array(n).fill(value);
      const side = (char) => ({ state: char.repeat(n), reason: fill(0), cleared_s: fill(0), valid_s: fill(90000),
        observed_s: fill(0), covered: fill(100) });
      const snapshot = (char, version) => readSnapshot({ network_version: 1, roads_version: 'a',
        status_version: version, event: { event_id: 1 },
        synthetic: true, default_reason: 'no_device', base_at: 1000000, reasons: ['none'], n,
        piece_id: fill(1), forward: side(char), backward: side(char) });
      const set = [];
      const frames = [];
      let repaints = 0;
      const map = { on() {}, getZoom: () => 14, setFeatureState: ({ id }) => set.push(id), removeFeatureState() {},
        triggerRepaint: () => { repaints += 1; },
        getBounds: () => ({ getWest: () => 0, getEast: () => 0.01, getNorth: () => 0.01, getSouth: () => 0 }) };
      const painter = new RoadPainter(map);
      const ids = Array.from({ length: n }, (_, i) => i + 1);
      painter.see(ids.slice(0, 30000), '14/0/0');
      painter.see(ids.slice(30000, 31000), '14/8192/8191');
      painter.see(ids.slice(31000), '14/1/0');
      const before = set.length;
      const told = painter.paint(snapshot('u', 1), 1000100);
      frames.push(set.length);
      while (painter.isPainting) { await new Promise(requestAnimationFrame); frames.push(set.length); }
      const isInSight = set.slice(0, 1000).every((id) => id > 30000 && id <= 31000);
      const first = set.length;
      painter.paint(snapshot('c', 2), 1000100); // a second one before the first is through
      await new Promise(requestAnimationFrame);
      painter.paint(snapshot('u', 3), 1000100);
      while (painter.isPainting) await new Promise(requestAnimationFrame);
      const last = new Map();
      return [before, told > 0, new Set(set.slice(0, first)).size, first, isInSight, repaints > 0,
        Math.max(...frames.map((at, i) => at - (frames[i - 1] ?? 0))), painter.paint(snapshot('u', 4), 1000100)];
    })
"""


def test_sixty_thousand_roads_are_painted_in_chunks_and_what_is_in_sight_first(open_page: Open) -> None:
    before, has_told, n_painted, n_set, is_in_sight, has_ended, most, again = open_page().evaluate(PAINT)
    assert before == 0
    assert has_told
    assert (n_painted, n_set) == (60_000, 60_000)  # every road once
    assert is_in_sight
    assert has_ended
    assert most <= 1500
    assert again == 0 or again == 1  # nothing has changed; 1 only says that a long list is still being looked through


def test_the_legend_says_what_unknown_means_and_why(open_page: Open) -> None:
    for lang, words in (
        ("ja", ("分かりません", "通信途絶", "その後の雪", "除雪後の降雪", "片側だけ除雪完了", "0 cm ではありません")),
        (
            "en",
            ("We do not know", "not heard of", "snow since", "Snow since the clearing", "one side only", "not 0 cm"),
        ),
    ):
        page = open_page(f"?lang={lang}")
        page.evaluate("document.querySelector('.legend-reasons').open = true")
        text = page.evaluate("document.getElementById('legend-body').innerText")
        for said in words:
            assert said in text, said
        assert page.evaluate("document.querySelectorAll('.legend-reasons canvas').length") == 9

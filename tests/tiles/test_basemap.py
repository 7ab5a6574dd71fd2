"""The basemap's tile and the list of the map's layers, as the small town has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from layers.publish import publish
from tests.tiles.mvt_reader import Layer, read
from tests.tiles.test_vector import address
from tiles.basemap import DETAILS, detail_of
from tiles.map_layers import KEPT_S

PLACE = (136.65, 36.56)
MIDDLE = {"lon": 136.7, "lat": 36.6}  # of the town's one municipality
#: What else a basemap draws: a river, a hamlet, a settlement whose size nobody tells, a name in Japanese alone.
MORE = """
INSERT INTO net.reference (layer, feature_id, name, attributes, is_synthetic, geom) VALUES
  ('rivers', '1', '手取川', '{"width": 20}', false, ST_GeomFromText('LINESTRING(136.6 36.55, 136.7 36.57)', 4326)),
  ('settlements', '2', '小集落', '{"size": 1}', false, ST_GeomFromText('POINT(136.651 36.561)', 4326)),
  ('settlements', '3', '不詳', '{"size": "many"}', false, ST_GeomFromText('POINT(136.652 36.562)', 4326)),
  ('settlements', '4', '大町', '{"name_en": "", "size": 7}', false, ST_GeomFromText('POINT(136.653 36.563)', 4326)),
  ('settlements', '5', NULL, '{"size": 9}', false, ST_GeomFromText('POINT(136.654 36.564)', 4326))
"""


@pytest.fixture
def ground(town: Database, client: httpx.Client) -> httpx.Client:
    """A client of the town with more on its ground, once its server has noticed."""
    before = client.get("/config.json").json()["basemap_version"]
    with town.connect(Role.ENGINE) as connection:
        connection.execute(MORE)
    publish(town, datetime(2026, 1, 14, 22, tzinfo=UTC), b"x")
    deadline = datetime.now(UTC) + timedelta(seconds=5)
    while client.get("/config.json").json()["basemap_version"] == before:
        assert datetime.now(UTC) < deadline
    return client


def path_of(client: httpx.Client, zoom: int, lon: float = PLACE[0], lat: float = PLACE[1]) -> str:
    z, x, y = address(lon, lat, zoom)
    return f"/tiles/basemap/{client.get('/config.json').json()['basemap_version']}/{z}/{x}/{y}.mvt"


def layers_of(client: httpx.Client, zoom: int, **place: float) -> dict[str, Layer]:
    return {layer.name: layer for layer in read(client.get(path_of(client, zoom, **place)).content)}


def test_one_tile_has_all_that_the_ground_draws_and_no_more(ground: httpx.Client) -> None:
    found = layers_of(ground, 12)
    assert set(found) == {"municipalities", "rivers", "settlements"}  # coast and middle of the area lie elsewhere
    wide = layers_of(ground, 7, **MIDDLE)
    assert list(wide) == ["coast", "municipalities", "rivers", "area_names", "settlements"]
    (river,) = found["rivers"].features
    assert river.properties == {"name": "手取川"}
    named = {feature.properties["name"]: feature.properties for feature in found["settlements"].features}
    assert named == {
        "本町": {"name": "本町", "name_en": "Hommachi", "size": 3.0, "synthetic": True},
        "小集落": {"name": "小集落", "size": 1.0},
        "不詳": {"name": "不詳", "size": 1.0},  # a size that is no number is none
        "大町": {"name": "大町", "size": 7.0},  # an empty English name is none
    }


def test_a_municipality_is_named_once_however_many_tiles_it_spans(ground: httpx.Client) -> None:
    names = []
    for lon in (136.52, 136.6, 136.7, 136.8, 136.88):
        for lat in (36.52, 36.6, 36.68):
            layer = layers_of(ground, 11, lon=lon, lat=lat).get("area_names")
            _, x, y = address(lon, lat, 11)
            names += [(x, y, feature.properties["name"]) for feature in (layer.features if layer else [])]
    assert {name for _, _, name in names} == {"金沢市"}
    assert len({(x, y) for x, y, _ in names}) == 1
    (only,) = layers_of(ground, 8, **MIDDLE)["area_names"].features
    assert only.properties["area_km2"] == pytest.approx(795, rel=0.02)  # 0.4 by 0.2 degrees at 36.6 degrees north
    assert only.properties["name_en"] == "Kanazawa"


def test_low_zooms_have_the_large_settlements_alone_and_rivers_without_names(ground: httpx.Client) -> None:
    all_but_small = {"大町", "本町"}
    shown = {7: {"大町"}, 9: all_but_small, 11: all_but_small | {"小集落", "不詳"}}
    for zoom, names in shown.items():
        found = layers_of(ground, zoom)
        assert {feature.properties["name"] for feature in found["settlements"].features} == names, zoom
        assert ("name" in found["rivers"].features[0].properties) == (zoom > 7)
    assert [detail.from_zoom for detail in DETAILS] == sorted(detail.from_zoom for detail in DETAILS)
    assert [detail_of(zoom).least_size for zoom in (0, 8, 9, 10, 11, 14)] == [4, 4, 2, 2, 0, 0]


def test_it_may_be_kept_for_ever_and_another_version_is_sent_on(ground: httpx.Client) -> None:
    path = path_of(ground, 12)
    first = ground.get(path)
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert first.headers["content-encoding"] == "gzip"
    assert ground.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert ground.get(path).content == first.content
    moved = ground.get(path.replace("/basemap/", "/basemap/old-"))
    assert (moved.status_code, moved.headers["cache-control"]) == (307, "no-store")
    assert moved.headers["location"].endswith(path)
    empty = ground.get(path.rsplit("/", 3)[0] + "/12/0/0.mvt")
    assert (empty.status_code, empty.content) == (204, b"")
    outside = ground.get(path.rsplit("/", 3)[0] + "/15/0/0.mvt")
    assert (outside.status_code, outside.headers["content-type"]) == (404, "application/problem+json")
    assert ground.get(f"{path}?x=1").status_code == 400


def test_it_is_smaller_than_its_layers_apart(ground: httpx.Client) -> None:
    version = ground.get("/config.json").json()["reference_version"]
    z, x, y = address(*PLACE, 9)
    apart = 0
    for layer in ("coast", "municipalities", "rivers", "settlements"):
        with ground.stream("GET", f"/tiles/{layer}/{version}/{z}/{x}/{y}.mvt") as answer:
            apart += sum(map(len, answer.iter_raw()))
    with ground.stream("GET", path_of(ground, 9)) as answer:
        assert sum(map(len, answer.iter_raw())) < apart


def test_layers_that_have_features_are_listed_and_others_are_not_counted(
    client: httpx.Client, town: Database, clock: Any
) -> None:
    answer = client.get("/layers.json")
    assert answer.headers["cache-control"].startswith("public, max-age=10")
    told = {(one["collection"], one["kind"]): one["n"] for one in answer.json()["layers"]}
    assert told["work_sections", None] == 1
    assert "facilities" not in {collection for collection, _ in told}
    assert not {"devices", "orders", "disputes", "withheld_status"} & {collection for collection, _ in told}
    assert client.get("/layers.json", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.get("/layers.json?f=json").status_code == 400
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("DELETE FROM pub.work_sections")
    assert client.get("/layers.json").content == answer.content  # kept for a while
    clock.at += timedelta(seconds=KEPT_S + 1)
    later = {one["collection"]: one["n"] for one in client.get("/layers.json").json()["layers"]}
    assert later.get("work_sections", 0) == 0

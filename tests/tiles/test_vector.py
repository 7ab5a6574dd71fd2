"""Vector tiles of the small town: what they hold, their addresses, caching, edges of the scheme."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from layers.publish import publish
from tests.tiles.mvt_reader import features


def address(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    """The tile that holds a point: the formula of the slippy map."""
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return z, int(x), int(y)


@pytest.fixture
def version(client: httpx.Client) -> str:
    found: str = client.get("/config.json").json()["roads_version"]
    return found


def test_a_tile_holds_every_piece_once_with_what_the_map_needs(client: httpx.Client, version: str) -> None:
    z, x, y = address(136.6505, 36.562, 14)
    response = client.get(f"/tiles/roads/{version}/{z}/{x}/{y}.mvt")
    assert response.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
    layer, found = features(response.content)
    assert layer == "roads"
    assert sorted(found) == [2, 3, 4]
    assert found[2] == {
        "class": "national", "oneway": 0, "level": 0, "route": "国道8号", "manager": "nation", "on_plan": True,
        "synthetic": True,
    }  # fmt: skip
    assert found[4]["oneway"] == -1
    assert (found[3]["on_plan"], found[4]["on_plan"]) == (True, False)  # 3 is held by a work section


def test_low_zooms_leave_out_what_the_metadata_says(client: httpx.Client, version: str) -> None:
    described = client.get("/tiles/roads/tilejson.json").json()
    assert described["tiles"] == [
        f"{client.base_url}/tiles/roads/{version}/{{z}}/{{x}}/{{y}}.mvt".replace("//tiles", "/tiles")
    ]
    assert "municipal" in described["generalisation"][0]["left_out"]
    z, x, y = address(136.65, 36.561, 7)
    assert sorted(features(client.get(f"/tiles/roads/{version}/{z}/{x}/{y}.mvt").content)[1]) == [1, 2]


def test_addresses_outside_are_404_and_empty_tiles_204(client: httpx.Client, version: str) -> None:
    for path in ("15/0/0", "0/1/0", "0/0/1", "3/8/0", "14/0/99999999999999999999"):
        response = client.get(f"/tiles/roads/{version}/{path}.mvt")
        assert response.status_code == 404, path
        assert response.headers["content-type"] == "application/problem+json"
    for path in ("-1/0/0", "0/0/a", "1.5/0/0"):
        assert client.get(f"/tiles/roads/{version}/{path}.mvt").status_code == 404
    assert client.get(f"/tiles/nothing/{version}/0/0/0.mvt").status_code == 404
    assert client.get(f"/tiles/depots/{version}/0/0/0.mvt").status_code == 404
    empty = client.get(f"/tiles/roads/{version}/14/0/0.mvt")
    assert (empty.status_code, empty.content) == (204, b"")


def test_a_tile_is_the_same_bytes_each_time(client: httpx.Client, version: str, service: Any) -> None:
    z, x, y = address(136.6505, 36.562, 14)
    path = f"/tiles/roads/{version}/{z}/{x}/{y}.mvt"
    first = client.get(path)
    service.tiles.clear()
    assert client.get(path).content == first.content
    assert client.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == first.content


def test_another_version_is_sent_on_to_the_present_one(client: httpx.Client, town: Database, version: str) -> None:
    moved = client.get("/tiles/roads/1/0/0/0.mvt")
    assert (moved.status_code, moved.headers["cache-control"]) == (307, "no-store")
    assert moved.headers["location"].endswith(f"/tiles/roads/{version}/0/0/0.mvt")
    with town.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM net.plan_edge")
    publish(town, datetime(2026, 1, 14, 22, tzinfo=UTC), b"x")
    deadline = datetime.now(UTC).timestamp() + 3
    while client.get("/config.json").json()["roads_version"] == version:
        assert datetime.now(UTC).timestamp() < deadline
    z, x, y = address(136.6505, 36.562, 14)
    old = client.get(f"/tiles/roads/{version}/{z}/{x}/{y}.mvt", follow_redirects=True)
    assert features(old.content)[1][2]["on_plan"] is False


@pytest.mark.parametrize("layer", ["municipalities", "settlements", "coast"])
def test_reference_layers_have_tiles_with_their_attributes(client: httpx.Client, layer: str) -> None:
    version = client.get("/config.json").json()["reference_version"]
    z, x, y = address(136.65, 36.561, 9)
    name, found = features(client.get(f"/tiles/{layer}/{version}/{z}/{x}/{y}.mvt").content)
    assert name == layer
    (properties,) = found.values()
    assert properties["synthetic"] is True
    if layer == "settlements":
        assert (properties["name"], properties["name_en"], properties["size"]) == ("本町", "Hommachi", 3)
    assert client.get(f"/tiles/{layer}/{version}/tilejson.json").json()["vector_layers"][0]["id"] == layer


def test_ogc_tiles_put_the_row_before_the_column(client: httpx.Client, version: str) -> None:
    z, x, y = address(136.6505, 36.562, 14)
    same = client.get(f"/ogc/collections/roads/tiles/WebMercatorQuad/{z}/{y}/{x}")
    assert same.content == client.get(f"/tiles/roads/{version}/{z}/{x}/{y}.mvt").content
    assert same.headers["cache-control"] == "public, max-age=60"
    assert client.get(f"/ogc/collections/roads/tiles/Other/{z}/{y}/{x}").status_code == 404
    assert client.get("/ogc/collections/devices/tiles").status_code == 401
    assert client.get("/ogc/collections/service_level/tiles").status_code == 404
    tileset = client.get("/ogc/collections/roads/tiles/WebMercatorQuad").json()
    template = next(link["href"] for link in tileset["links"] if link["rel"] == "item")
    filled = template.replace("{tileMatrix}", str(z)).replace("{tileRow}", str(y)).replace("{tileCol}", str(x))
    assert client.get(filled).status_code == 200
    assert tileset["generalisation"]["roads"][0]["left_out"]


def test_status_tiles_expire_with_the_clock(client: httpx.Client, clock: Any) -> None:
    z, x, y = address(136.6505, 36.562, 14)
    path = f"/ogc/collections/road_status/tiles/WebMercatorQuad/{z}/{y}/{x}"
    response = client.get(path)
    assert response.headers["cache-control"] == "public, max-age=1, stale-while-revalidate=1, stale-if-error=600"
    layer, found = features(response.content)
    assert layer == "road_status"
    assert {edge: told["state"] for edge, told in found.items()} == {
        4: "cleared", 5: "uncleared", 6: "cleared", 7: "unknown", 9: "unknown",
    }  # fmt: skip
    clock.at = datetime(2026, 1, 14, 22, 30, tzinfo=UTC)
    later = features(client.get(path).content)[1]
    assert (later[6]["state"], later[6]["reason"]) == ("unknown", "expired")
    assert later[4]["state"] == "cleared"

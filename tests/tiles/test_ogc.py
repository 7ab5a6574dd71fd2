"""The OGC API over the small town: metadata, items, states that expire, formats, caching, bad input."""

from __future__ import annotations

import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pyproj import Transformer

from geo.db import Database, Role
from layers.publish import publish

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
COLLECTIONS = [
    "roads", "road_status", "passes", "ploughs", "routes", "work_sections", "municipalities", "coast", "settlements",
    "snow", "weather_stations",
]  # fmt: skip
#: No road of the town is closed, and it has no places and no buses: these collections are there, and empty.
EMPTY = ["closures", "facilities", "cameras", "priority_network", "bus_stops", "bus_routes"]


def items(client: httpx.Client, collection: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/ogc/collections/{collection}/items", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ids(client: httpx.Client, collection: str, **params: Any) -> list[Any]:
    return [feature["id"] for feature in items(client, collection, **params)["features"]]


def test_every_link_of_the_landing_page_leads_somewhere(client: httpx.Client) -> None:
    landing = client.get("/ogc/").json()
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= {link["rel"] for link in landing["links"]}
    for link in landing["links"]:
        assert client.get(link["href"]).status_code == 200, link


def test_collections_are_those_of_the_catalogue_and_their_links_work(client: httpx.Client) -> None:
    found = client.get("/ogc/collections").json()["collections"]
    assert sorted(c["id"] for c in found) == sorted([*COLLECTIONS, *EMPTY])
    for collection in found:
        (extent,) = collection["extent"]["spatial"]["bbox"]
        box = ",".join(map(str, extent))
        everything = items(client, collection["id"])["numberMatched"]
        assert items(client, collection["id"], bbox=box)["numberMatched"] == everything, "some lie outside the extent"
        assert f"{EPSG}6675" in collection["crs"]
        for link in collection["links"]:
            assert client.get(link["href"]).status_code == 200, link


def test_no_page_asks_another_host_for_anything(client: httpx.Client) -> None:
    paths = ["/ogc/", "/ogc/collections", "/ogc/conformance", "/ogc/openapi", "/ogc/collections/roads",
             "/ogc/collections/roads/items", "/ogc/collections/roads/items/4", "/ogc/collections/roads/schema",
             "/ogc/TileMatrixSets"]  # fmt: skip
    for path in [*(f"{p}?f=html" for p in paths), "/docs"]:
        response = client.get(path)
        assert response.status_code == 200, path
        assert response.headers["content-type"].startswith("text/html"), path
        assert "<script" not in response.text, path
        assert re.findall(r'(?:src|link rel="stylesheet" href)="([^"]+)"', response.text) == ["/pages.css"], path
        assert "default-src 'none'" in response.headers["content-security-policy"], path


def test_openapi_is_whole_without_the_internet(client: httpx.Client) -> None:
    text = client.get("/ogc/openapi").text
    assert set(re.findall(r'"\$ref": "([^#"]*)#', text)) == {""}
    assert client.get("/ogc/openapi").headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert "/collections/road_status/items" in client.get("/ogc/openapi").json()["paths"]
    assert "/collections/devices/items" not in client.get("/ogc/openapi").json()["paths"]


def test_items_are_geojson_and_say_that_they_are_synthetic(client: httpx.Client) -> None:
    for collection in COLLECTIONS:
        response = client.get(f"/ogc/collections/{collection}/items")
        assert response.headers["content-type"] == "application/geo+json"
        assert response.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
        found = response.json()
        assert found["synthetic"] is True
        assert found["numberMatched"] == found["numberReturned"] == len(found["features"]) > 0
        for feature in found["features"]:
            assert feature["properties"]["synthetic"] is True
            one = client.get(f"/ogc/collections/{collection}/items/{feature['id']}").json()
            assert one["properties"] == feature["properties"]
            assert one["geometry"] == feature["geometry"]


def test_a_status_says_all_that_it_must(client: httpx.Client) -> None:
    status = client.get("/ogc/collections/road_status/items/4").json()
    assert status["id"] == 4
    assert status["properties"] == {
        "edge_id": 4, "name": None, "route": "国道8号", "manager": "nation", "direction": "forward",
        "municipality": "金沢市", "road_class": "national", "length_m": status["properties"]["length_m"],
        "state": "cleared", "state_ja": "除雪完了", "reason": "none", "other_side": "uncleared", "restriction": None,
        "is_corrected": False, "event_id": 2,
        "reference_at": "2026-01-14T18:00:00+00:00", "cleared_at": "2026-01-14T21:00:00+00:00", "cleared_age_s": 3600,
        "valid_until": "2026-01-15T21:00:00+00:00", "observed_at": "2026-01-14T21:30:00+00:00",
        "as_of": "2026-01-14T22:00:00+00:00", "age_s": 1800, "covered_fraction": 1, "passed_fraction": 0,
        "passes_needed": 1, "treatment": "fresh_snow_plowing", "spread_at": None, "sidewalk_at": None,
        "snow_since_cm": None, "snow_basis": "missing",
        "work_basis": "sensed", "confidence": 0.97, "source": "demo", "route_id": "R1",
        "section_id": None, "network_version": 1, "synthetic": True,
    }  # fmt: skip


def test_a_clearing_is_unknown_from_valid_until_on_by_itself(client: httpx.Client, clock: Any) -> None:
    clock.at = datetime(2026, 1, 14, 22, 29, 59, tzinfo=UTC)
    before = client.get("/ogc/collections/road_status/items/6").json()["properties"]
    assert (before["state"], before["reason"]) == ("cleared", "none")
    assert items(client, "work_sections")["features"][0]["properties"]["cleared_fraction"] == 0.5
    clock.at += timedelta(seconds=1)
    after = client.get("/ogc/collections/road_status/items/6").json()["properties"]
    assert (after["state"], after["state_ja"], after["reason"]) == ("unknown", "不明", "expired")
    assert after["cleared_at"] == "2026-01-14T19:00:00+00:00"
    assert 6 not in ids(client, "road_status", state="cleared")
    section = items(client, "work_sections")["features"][0]["properties"]
    assert (section["cleared_fraction"], section["unknown_fraction"]) == (0.0, 1.0)


def test_an_answer_is_never_earlier_than_what_it_rests_on(client: httpx.Client, clock: Any) -> None:
    clock.at = AS_OF - timedelta(hours=5)  # a storm replayed ahead of the clock
    assert client.get("/ogc/collections/road_status/items/4").json()["properties"]["age_s"] == 1800


def test_pages_follow_each_other_without_gap_or_repeat(client: httpx.Client) -> None:
    seen, url = [], "/ogc/collections/roads/items?limit=2"
    while url:
        page = client.get(url).json()
        assert page["numberMatched"] == 6
        seen += [feature["id"] for feature in page["features"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert seen == [2, 4, 5, 6, 7, 9]
    last = client.get("/ogc/collections/roads/items?limit=2&offset=4").json()
    assert [link["href"].split("?")[1] for link in last["links"] if link["rel"] == "prev"] == ["limit=2&offset=2"]
    assert ids(client, "roads", offset=10**6) == []


def test_bbox_keeps_what_meets_it(client: httpx.Client) -> None:
    assert ids(client, "roads", bbox="136.6505,36.5625,136.66,36.57") == [6, 7, 9]
    assert ids(client, "roads", bbox="136.6505,36.5625,0,136.66,36.57,100") == [6, 7, 9]
    assert ids(client, "roads", bbox="0,0,1,1") == []
    # this box meets the box of the expressway, but not its line
    assert ids(client, "roads", bbox="136.64,36.552,136.645,36.555") == []
    assert ids(client, "roads", bbox="136.64,36.5,-170,36.7") == ids(client, "roads")  # over the antimeridian


@pytest.mark.parametrize("code", [4326, 3857, 6668, 6675])
def test_crs_has_its_own_axis_order_in_and_out(client: httpx.Client, code: int) -> None:
    plain = items(client, "settlements")["features"][0]["geometry"]["coordinates"]
    expected = Transformer.from_crs("OGC:CRS84", f"EPSG:{code}").transform(*plain)
    response = client.get("/ogc/collections/settlements/items", params={"crs": f"{EPSG}{code}"})
    assert response.headers["content-crs"] == f"<{EPSG}{code}>"
    found = response.json()["features"][0]["geometry"]["coordinates"]
    assert found == pytest.approx(expected, rel=1e-7)
    first, second = found
    box = f"{first - 1e-3},{second - 1e-3},{first + 1e-3},{second + 1e-3}"
    params = {"bbox": box, "bbox-crs": f"{EPSG}{code}"}
    assert ids(client, "settlements", **params) == ["1"]
    turned = f"{second - 1e-3},{first - 1e-3},{second + 1e-3},{first + 1e-3}"
    answer = client.get("/ogc/collections/settlements/items", params=params | {"bbox": turned})
    assert answer.status_code == 400 or answer.json()["features"] == []


def test_datetime_keeps_what_lies_in_it(client: httpx.Client) -> None:
    assert len(ids(client, "passes", datetime="2026-01-14T20:55:00Z")) == 1
    assert len(ids(client, "passes", datetime="2026-01-14T18:00:00Z/..")) == 2
    assert len(ids(client, "passes", datetime="../2026-01-14T19:00:00Z")) == 1
    assert len(ids(client, "passes", datetime="2026-01-14")) == 2
    assert ids(client, "passes", datetime="2026-01-15T00:00:00+09:00/2026-01-15T02:00:00+09:00") == []
    assert len(ids(client, "roads", datetime="1999-01-01T00:00:00Z")) == 6  # a road has no time of its own


def test_properties_filter_sort_and_choose(client: httpx.Client) -> None:
    assert ids(client, "roads", manager="nation") == [2, 4, 5]
    assert ids(client, "roads", name="本町通り", direction="backward") == [7]
    assert ids(client, "road_status", state="uncleared") == [5]
    assert ids(client, "road_status", confidence="0.97") == [4]
    assert ids(client, "roads", is_oneway="true", sortby="-edge_id") == [9, 2]
    feature = items(client, "roads", properties="name", skipGeometry="true", limit=1)["features"][0]
    assert feature == {
        "type": "Feature", "id": 2, "geometry": None, "properties": {"name": "北陸自動車道", "synthetic": True},
    }  # fmt: skip


def test_a_value_of_a_filter_is_never_part_of_the_sql(client: httpx.Client) -> None:
    assert ids(client, "roads", name="x' OR '1'='1") == []
    assert ids(client, "roads", name="%s %(limit)s {source}") == []


BAD: list[tuple[dict[str, str], str]] = [
    ({"unknown": "1"}, "unknown"),
    ({"limit": "0"}, "limit"),
    ({"limit": "-1"}, "limit"),
    ({"limit": "ten"}, "limit"),
    ({"offset": "-1"}, "offset"),
    ({"offset": "1000001"}, "offset"),
    ({"cursor": "x", "offset": "1"}, "cursor"),
    ({"cursor": "not a cursor"}, "cursor"),
    ({"filter-lang": "cql2-text"}, "filter-lang"),
    ({"filter-crs": EPSG + "4326"}, "filter-crs"),
    ({"filter": "name = 1"}, "filter"),
    ({"filter": "name = '1'", "filter-lang": "sql"}, "filter-lang"),
    ({"bbox": "1,2,3"}, "bbox"),
    ({"bbox": "1,2,3,nan"}, "bbox"),
    ({"bbox": "0,50,1,40"}, "bbox"),
    ({"bbox": "0,0,1e300,1"}, "bbox"),
    ({"bbox": "0,0,1e9,1e9", "bbox-crs": EPSG + "6675"}, "bbox"),
    ({"bbox-crs": EPSG + "4326"}, "bbox-crs"),
    ({"bbox": "0,0,1,1", "bbox-crs": EPSG + "9999"}, "bbox-crs"),
    ({"crs": EPSG + "2451"}, "crs"),
    ({"datetime": "yesterday"}, "datetime"),
    ({"datetime": "2026-01-14T00:00:00"}, "datetime"),
    ({"datetime": "2026-01-15T00:00:00Z/2026-01-14T00:00:00Z"}, "datetime"),
    ({"datetime": "1/2/3"}, "datetime"),
    ({"sortby": "geom"}, "sortby"),
    ({"properties": "password"}, "properties"),
    ({"skipGeometry": "perhaps"}, "skipGeometry"),
    ({"manager": "nobody"}, "manager"),
    ({"edge_id": "9" * 30}, "edge_id"),
    ({"edge_id": "four"}, "edge_id"),
    ({"length_m": "inf"}, "length_m"),
    ({"name": "a\0b"}, "name"),
    ({"f": "xml"}, "f"),
    ({"lang": "de"}, "lang"),
]


def test_bad_input_is_400_and_named(client: httpx.Client) -> None:
    for params, named in BAD:
        response = client.get("/ogc/collections/roads/items", params=params)
        assert response.status_code == 400, (params, response.text)
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"].startswith(f"Parameter {named}:"), params


def test_parameters_twice_are_refused(client: httpx.Client) -> None:
    assert client.get("/ogc/collections/roads/items?limit=1&limit=2").status_code == 400


def test_a_huge_limit_gives_the_maximum(client: httpx.Client) -> None:
    assert len(ids(client, "roads", limit=10**9)) == 6


MISSING = [
    "collections/nothing", "collections/nothing/items", "collections/roads/items/999", "collections/roads/items/x",
    "collections/depots/items", "collections/roads/items/99999999999999999999", "nothing", "TileMatrixSets/Nothing",
]  # fmt: skip


def test_what_is_not_there_is_404(client: httpx.Client) -> None:
    for path in MISSING:
        response = client.get(f"/ogc/{path}")
        assert response.status_code == 404, path
        assert response.headers["content-type"] == "application/problem+json"


def test_other_methods_are_405_and_head_has_no_body(client: httpx.Client) -> None:
    assert client.post("/ogc/collections/roads/items").status_code == 405
    assert client.delete("/ogc/collections/roads/items/4").status_code == 405
    head = client.head("/ogc/collections/roads/items")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/geo+json"


def test_format_by_accept_and_language(client: httpx.Client) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "en-GB,en;q=0.9"}
    page = client.get("/ogc/collections/roads/items", headers=browser)
    assert page.headers["content-type"].startswith("text/html")
    assert "Synthetic data" in page.text
    assert client.get("/ogc/collections/roads", headers=browser | {"accept": "*/*"}).json()["title"] == "Roads"
    assert client.get("/ogc/collections/roads", params={"lang": "ja"}).json()["title"] == "道路"


def test_an_unchanged_collection_answers_304_until_its_state_changes(client: httpx.Client, town: Database) -> None:
    for collection in ("roads", "passes", "coast"):
        etag = client.get(f"/ogc/collections/{collection}/items").headers["etag"]
        path = f"/ogc/collections/{collection}/items"
        again = client.get(path, headers={"if-none-match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path, params={"limit": 1}, headers={"if-none-match": etag}).status_code == 200
    assert "etag" not in client.get("/ogc/collections/road_status/items").headers


def test_other_origins_may_read_and_answers_are_gzipped(client: httpx.Client) -> None:
    response = client.get("/ogc/collections", headers={"origin": "https://example.org", "accept-encoding": "gzip"})
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["x-content-type-options"] == "nosniff"


def _key(town: Database, key: str, scope: str, scope_of: str | None) -> dict[str, str]:
    with town.connect(Role.APP) as connection:
        connection.execute(
            "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES (%s, %s, %s, %s)",
            (key, hashlib.sha256(key.encode()).digest(), scope, scope_of),
        )
    return {"authorization": f"Bearer {key}"}


def test_devices_open_to_a_managers_key_and_each_read_is_logged(client: httpx.Client, town: Database) -> None:
    path = "/ogc/collections/devices/items"
    manager = _key(town, "k-manager", "manager", "石川県")
    contractor = _key(town, "k-contractor", "contractor", "秘密建設")
    assert client.get(path).status_code == 401
    assert client.get(path, headers=contractor).status_code == 403
    assert client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get(path, headers={"authorization": "Basic abc"}).headers["www-authenticate"].startswith("Bearer")
    found = client.get(path, headers=manager)
    assert len(found.json()["features"]) == 6
    assert found.headers["cache-control"] == "private, no-store"
    assert "devices" in [c["id"] for c in client.get("/ogc/collections", headers=manager).json()["collections"]]
    assert "devices" not in [c["id"] for c in client.get("/ogc/collections").json()["collections"]]
    with town.connect(Role.APP) as connection:
        read = "SELECT action, detail ->> 'collection' FROM app.audit WHERE action <> 'refused'"
        log = connection.execute(read).fetchall()
        assert log == [("read", "devices")]
        connection.execute("UPDATE app.api_key SET revoked_at = now() WHERE name = 'k-manager'")
    assert client.get(path, headers=manager).status_code == 401


def test_a_new_publication_is_noticed_within_two_seconds(client: httpx.Client, town: Database) -> None:
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = 4")
    publish(town, AS_OF, b"x")
    deadline = time.monotonic() + 2
    while client.get("/readyz").json()["status_version"] == 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.get("/readyz").json()["status_version"] == 2
    status = client.get("/ogc/collections/road_status/items/4").json()["properties"]
    assert (status["state"], status["reason"]) == ("unknown", "not_on_plan")

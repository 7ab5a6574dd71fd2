"""OWSLib, as QGIS plugins and scripts use it: documents, items by every filter that it knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import shapely
from owslib.ogcapi.features import Features
from shapely.geometry import shape

from tests.clients.compare import same_features
from tests.clients.town import MANAGER_KEY, Town

TRIANGLE = "POLYGON((136.62 36.53, 136.64 36.53, 136.64 36.55, 136.62 36.53))"


@pytest.fixture(scope="module")
def client(town: Town) -> Features:
    """OWSLib's client of the service."""
    return Features(f"{town.address}/ogc/")


def pairs(answer: dict[str, Any]) -> Iterator[tuple[dict[str, Any], shapely.Geometry | None]]:
    """Properties and shape of each feature."""
    for found in answer["features"]:
        yield found["properties"], found["geometry"] and shape(found["geometry"])


def test_it_finds_its_way_from_the_landing_page(client: Features, town: Town) -> None:
    assert sorted(client.feature_collections()) == sorted(town.public)
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    assert client.api()["openapi"].startswith("3.0")


def test_a_collection_is_described_as_in_the_catalogue(client: Features, town: Town) -> None:
    described = client.collection("road_status")
    found = town.collection("road_status")
    assert described["title"] in (found.title_ja, found.title_en)
    ((west, south, east, north),) = described["extent"]["spatial"]["bbox"]
    bounds = shapely.total_bounds([row["geom"] for row in town.rows("road_status")])
    assert (west, south, east, north) == pytest.approx(tuple(bounds), abs=1e-6)


def test_queryables_are_the_columns(client: Features, town: Town) -> None:
    for name in ("road_status", "closures", "settlements"):
        told = client.collection_queryables(name)["properties"]
        assert {column.name for column in town.collection(name).columns} <= set(told), name


def test_items_page_by_page_are_all_of_them(client: Features, town: Town) -> None:
    found: list[Any] = []
    while len(page := list(pairs(client.collection_items("passes", limit=50, offset=len(found))))):
        found += page
    same_features(town.collection("passes"), found, town.rows("passes"))
    assert len(found) > 100


def test_next_links_lead_through_all_of_them(town: Town) -> None:
    """Cursors, not offsets: what is followed is the link alone."""
    address: str | None = f"{town.address}/ogc/collections/passes/items?f=json&limit=50"
    found: list[Any] = []
    while address:
        answer = requests.get(address, timeout=30).json()
        found += pairs(answer)
        address = next((link["href"] for link in answer["links"] if link["rel"] == "next"), None)
    same_features(town.collection("passes"), found, town.rows("passes"))


def test_items_by_box_time_and_value(client: Features, town: Town) -> None:
    answer = client.collection_items("roads", bbox=[136.6001, 36.5401, 136.6299, 36.5499], limit=1_000)
    inside = shapely.box(136.6001, 36.5401, 136.6299, 36.5499)
    rows = [row for row in town.rows("roads") if row["geom"].intersects(inside)]
    same_features(town.collection("roads"), pairs(answer), rows)
    assert answer["numberMatched"] == answer["numberReturned"] == len(rows)
    answer = client.collection_items("passes", datetime_="2026-01-14T21:00:00Z/..", limit=1_000)
    rows = town.rows("passes", "s.ended_at >= '2026-01-14T21:00Z'")
    assert 0 < same_features(town.collection("passes"), pairs(answer), rows) < len(town.rows("passes"))
    answer = client.collection_items("road_status", state="clearing", limit=1_000)
    same_features(town.collection("road_status"), pairs(answer), town.rows("road_status", "s.state = 'clearing'"))


def test_items_by_cql2(client: Features, town: Town) -> None:
    for text, condition in (
        ("state = 'uncleared' AND length_m > 200", "s.state = 'uncleared' AND s.length_m > 200"),
        (
            "name LIKE '1%' AND state IN ('cleared', 'unknown')",
            "s.name LIKE '1%%' AND s.state IN ('cleared', 'unknown')",
        ),
        ("covered_fraction BETWEEN 0.1 AND 0.6", "s.covered_fraction BETWEEN 0.1 AND 0.6"),
        (
            f"S_INTERSECTS(geometry, {TRIANGLE})",
            f"ST_Intersects(s.geom, ST_GeomFromText('{TRIANGLE}', 4326))",
        ),
        ("T_BEFORE(cleared_at, TIMESTAMP('2026-01-14T12:00:00Z'))", "s.cleared_at < '2026-01-14T12:00Z'"),
    ):
        answer = client.collection_items("road_status", filter=text, **{"filter-lang": "cql2-text"}, limit=5_000)
        rows = town.rows("road_status", condition)
        assert 0 < same_features(town.collection("road_status"), pairs(answer), rows) < 3_080, text


def test_items_in_order(client: Features) -> None:
    answer = client.collection_items("roads", sortby=("length_m", "desc"), limit=200)
    lengths = [properties["length_m"] for properties, _ in pairs(answer)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1]


def test_one_item(client: Features, town: Town) -> None:
    answer = client.collection_item("road_status", "362")
    rows = town.rows("road_status", "s.edge_id = 362")
    assert same_features(town.collection("road_status"), pairs({"features": [answer]}), rows) == 1


def test_a_managers_key_opens_what_is_not_public(town: Town) -> None:
    manager = Features(f"{town.address}/ogc/", headers={"Authorization": f"Bearer {MANAGER_KEY}"})
    for name in ("withheld_status", "orders", "devices"):
        answer = manager.collection_items(name, limit=1_000)
        assert same_features(town.collection(name), pairs(answer), town.rows(name)) > 0
        assert requests.get(f"{town.address}/ogc/collections/{name}/items", timeout=30).status_code == 401

"""Items as they are served: pages by cursor and by offset, counts and estimates, filters, formats, headers, schemas."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import shapely
from pyproj import Transformer
from starlette.testclient import TestClient

from geo.db import Database, Role
from geo.settings import Settings
from layers.catalogue import COLLECTIONS
from layers.publish import publish
from tests.tiles.conftest import AS_OF, SECRET, TOWN
from tiles import items_count
from tiles.axes import SUPPORTED
from tiles.items_query import PAGING
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
#: Roads beside those of the town: 60, with names that repeat or are missing, widths as real numbers, and odd ones.
MORE = """
INSERT INTO pub.roads (edge_id, piece_id, is_reversed, name, manager, road_class, is_oneway, level, lanes, width_m,
                       length_m, network_version, synthetic, geom)
SELECT 1000 + i, 500 + i / 2, i % 2 = 1, (ARRAY['本町通り', 'Straße', NULL, 'a_b', 'O''Neil', 'strasse'])[1 + i % 6],
       'municipality', 'municipal', i % 5 = 0, 0, CASE WHEN i % 4 > 0 THEN i % 3 END,
       CASE WHEN i % 3 > 0 THEN 0.97 + (i % 4) * 0.1 END, 10 + i, 1, true,
       ST_SetSRID(ST_MakeLine(ST_MakePoint(136.60 + (i % 8) * 0.01, 36.50 + (i / 8) * 0.01),
                              ST_MakePoint(136.605 + (i % 8) * 0.01, 36.505 + (i / 8) * 0.01)), 4326)
FROM generate_series(0, 59) AS i
"""


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Database]:
    """The small town with more roads, published."""
    cluster.create_database("test_items", "template_yuki")
    database = cluster.database("test_items")
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, SECRET)
    with database.connect(Role.PUBLISH) as connection:
        connection.execute(MORE)
        connection.execute(
            "INSERT INTO pub.edge_status "
            "SELECT (jsonb_populate_record(s, jsonb_build_object('edge_id', r.edge_id))).* "
            "FROM pub.roads AS r, pub.edge_status AS s WHERE r.edge_id >= 1000 AND s.edge_id = 4"
        )
    yield database
    cluster.drop_database("test_items")


@pytest.fixture(scope="module")
def service(town: Database) -> Service:
    return Service(Settings(), town, clock=lambda: AS_OF)


@pytest.fixture(scope="module")
def client(town: Database, service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), town, service), base_url="http://town.test") as client:
        yield client


def items(client: TestClient, collection: str = "roads", **params: Any) -> dict[str, Any]:
    response = client.get(f"/ogc/collections/{collection}/items", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ids(client: TestClient, collection: str = "roads", **params: Any) -> list[Any]:
    return [feature["id"] for feature in items(client, collection, **params)["features"]]


def link(page: dict[str, Any], rel: str) -> str | None:
    return next((found["href"] for found in page["links"] if found["rel"] == rel), None)


def walk(client: TestClient, url: str | None) -> Iterator[dict[str, Any]]:
    while url:
        page: dict[str, Any] = client.get(url).json()
        yield page
        url = link(page, "next")


def key_of(sortby: str) -> Any:
    """The order naively: absent values last in either direction, texts by code point, the id last."""

    def key(feature: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        for name in sortby.split(","):
            value = feature["properties"][name.lstrip("+-")]
            ordered: Any = value
            if name.startswith("-"):
                ordered = (
                    [-ord(c) for c in value] + [1] if isinstance(value, str) else -value if value is not None else 0
                )
            elif isinstance(value, str):
                ordered = [ord(c) for c in value]
            found.append((value is None, 0 if value is None else ordered))
        return [*found, feature["id"]]

    return key


ORDERS = ["edge_id", "-edge_id", "name", "-name", "width_m", "-width_m,name", "lanes,-name", "is_oneway,-lanes,width_m",
          "+name,-name,edge_id,lanes", "municipality"]  # fmt: skip


@pytest.mark.parametrize("sortby", ORDERS)
def test_pages_by_cursor_are_the_whole_in_order(client: TestClient, sortby: str) -> None:
    everything = items(client, limit=1000)["features"]
    expected = [feature["id"] for feature in sorted(everything, key=key_of(sortby))]
    pages = list(walk(client, f"/ogc/collections/roads/items?limit=7&sortby={sortby.replace('+', '%2B')}"))
    assert [feature["id"] for page in pages for feature in page["features"]] == expected
    assert len(pages) == 10
    assert {page["numberMatched"] for page in pages} == {66}
    assert all("offset" not in str(link(page, "next")) for page in pages)


def test_moments_and_shares_can_be_keys_too(client: TestClient) -> None:
    for sortby in ("cleared_at", "-observed_at,confidence", "confidence", "-covered_fraction", "-state,valid_until"):
        expected = ids(client, "road_status", sortby=sortby, limit=1000)
        pages = walk(client, f"/ogc/collections/road_status/items?limit=5&sortby={sortby}")
        assert [feature["id"] for page in pages for feature in page["features"]] == expected


def test_a_cursor_goes_on_where_its_page_ended_whatever_comes_before(client: TestClient, town: Database) -> None:
    first = items(client, limit=10, manager="municipality")
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("UPDATE pub.roads SET edge_id = 1, piece_id = 0 WHERE edge_id = 1059")
    try:
        second = client.get(str(link(first, "next"))).json()
        assert second["features"][0]["id"] > first["features"][-1]["id"]
    finally:
        with town.connect(Role.PUBLISH) as connection:
            connection.execute("UPDATE pub.roads SET edge_id = 1059, piece_id = 529 WHERE edge_id = 1")


def test_who_asks_by_offset_goes_on_by_offset(client: TestClient) -> None:
    pages = list(walk(client, "/ogc/collections/roads/items?limit=20&offset=0&f=json"))
    assert [len(page["features"]) for page in pages] == [20, 20, 20, 6]
    assert all("cursor" not in str(link(page, "next")) for page in pages)
    assert parse_qs(urlsplit(str(link(pages[2], "prev"))).query) == {"limit": ["20"], "f": ["json"], "offset": ["20"]}
    assert link(pages[0], "prev") is None
    cursored = items(client, limit=20)
    assert ids(client, limit=20, offset=20) == [
        f["id"] for f in client.get(str(link(cursored, "next"))).json()["features"]
    ]


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BAD_CURSORS = [
    "", "=", "%%%", "ü", "AAAA", _cursor("[]"), _cursor("{}"), _cursor('["edge_id"]'), _cursor('["edge_id", []]'),
    _cursor('["edge_id", ["x"]]'), _cursor('["edge_id", [null]]'), _cursor('["edge_id", [5]]'),
    _cursor('["edge_id", "5"]'),
    _cursor('["edge_id", ["99999999999999999999"]]'), _cursor('["name,edge_id", ["a", "5"]]'), _cursor("[" * 3000),
    _cursor('["edge_id", ["5; DROP TABLE x"]]'), "A" * 9000, _cursor('["edge_id", ["5", "6"]]'),
]  # fmt: skip


@pytest.mark.parametrize("cursor", BAD_CURSORS, ids=range(len(BAD_CURSORS)))
def test_a_cursor_of_no_page_is_refused(client: TestClient, cursor: str) -> None:
    response = client.get("/ogc/collections/roads/items", params={"cursor": cursor})
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Parameter cursor:")


def test_a_cursor_keeps_to_its_order(client: TestClient) -> None:
    cursor = parse_qs(urlsplit(str(link(items(client, limit=5, sortby="name"), "next"))).query)["cursor"][0]
    assert client.get("/ogc/collections/roads/items", params={"cursor": cursor, "sortby": "name"}).status_code == 200
    assert client.get("/ogc/collections/roads/items", params={"cursor": cursor, "sortby": "-name"}).status_code == 400


def test_the_count_is_exact_to_its_limit_and_then_an_estimate_of_another_name(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items_count, "COUNT_MAX", 30)
    service.counts.clear()
    found = items(client, limit=3, road_class="municipal")
    assert "numberMatched" not in found
    assert found["numberMatchedEstimate"] >= 31
    assert items(client, limit=3, manager="nation")["numberMatched"] == 3  # the page itself tells it
    assert items(client, limit=2, manager="nation")["numberMatched"] == 3
    assert items(client, limit=3, filter="name = 'Straße'")["numberMatched"] == 10
    assert items(client, limit=3)["numberMatched"] == 66  # a collection as a whole is counted further
    assert items(client, limit=3, offset=60, road_class="municipal")["numberMatchedEstimate"] >= 31
    service.counts.clear()


FILTERS: list[tuple[str, str, list[int]]] = [
    ("roads", "name = '本町通り' AND edge_id < 1000", [6, 7]),
    ("roads", "CASEI(name) LIKE CASEI('STRASSE') AND edge_id < 1010", [1001, 1005, 1007]),
    ("roads", "width_m = 0.97 AND edge_id BETWEEN 1000 AND 1010", [1004, 1008]),
    ("roads", "S_INTERSECTS(geometry, POINT(136.65 36.561))", [4, 5, 6, 7]),
    ("road_status", "state = 'cleared' AND cleared_at < TIMESTAMP('2026-01-14T20:00:00Z')", [6]),
    ("road_status", "cleared_age_s / 60 <= 60 AND edge_id < 1000", [4]),
    ("road_status", "T_BEFORE(observed_at, TIMESTAMP('2026-01-14T19:00:00Z')) OR reason = 'silent'", [7]),
]


@pytest.mark.parametrize(("collection", "text", "expected"), FILTERS)
def test_filters_find_what_they_say(client: TestClient, collection: str, text: str, expected: list[int]) -> None:
    assert ids(client, collection, filter=text) == expected
    again = [f["id"] for page in walk(client, f"/ogc/collections/{collection}/items?limit=2&filter={_quoted(text)}")
             for f in page["features"]]  # fmt: skip
    assert again == expected


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text)


def test_a_filter_in_json_and_in_another_crs(client: TestClient) -> None:
    north, east = Transformer.from_crs("OGC:CRS84", "EPSG:6675").transform(136.65, 36.561)
    box = {"bbox": [north - 5, east - 5, north + 5, east + 5]}
    node = {"op": "s_intersects", "args": [{"property": "geom"}, box]}
    params = {"filter": json.dumps(node), "filter-lang": "cql2-json", "filter-crs": EPSG + "6675"}
    assert ids(client, **params) == [4, 5, 6, 7]
    turned = {"bbox": [east - 5, north - 5, east + 5, north + 5]}
    assert ids(client, **params | {"filter": json.dumps(node | {"args": [{"property": "geom"}, turned]})}) == []
    assert ids(client, **params, bbox="0,0,1,1") == []  # together with the others
    assert ids(client, **params, direction="backward") == [5, 7]


def test_a_box_of_the_plane_has_straight_sides_there(client: TestClient) -> None:
    transformer = Transformer.from_crs("OGC:CRS84", "EPSG:6675")
    everything = items(client, limit=1000)["features"]
    for south, west, north, east in ((55_000, -52_000, 63_000, -44_000), (56_500, -51_111, 60_000, -45_555)):
        box = shapely.box(south, west, north, east)
        expected = []
        for feature in everything:
            line = shapely.LineString([transformer.transform(x, y) for x, y in feature["geometry"]["coordinates"]])
            if line.intersects(box):
                expected.append(feature["id"])
        found = ids(client, limit=1000, bbox=f"{south},{west},{north},{east}", **{"bbox-crs": EPSG + "6675"})
        assert found == expected
        assert 0 < len(found) < len(everything)


def test_a_box_tells_to_the_centimetre_what_it_meets(client: TestClient) -> None:
    # the settlement lies at 136.65, 36.56
    for far, expected in ((1e-7, []), (-1e-7, ["1"])):
        assert ids(client, "settlements", bbox=f"{136.65 + far},36.5,136.7,36.6") == expected
        assert ids(client, "settlements", bbox=f"136.6,{36.56 + far},136.7,36.6") == expected
    assert ids(client, "settlements", bbox="136.65,36.56,136.65,36.56") == ["1"]


ATTEMPTS = [
    "1=1", "edge_id = 1; DROP TABLE pub.roads", "edge_id = 1 UNION SELECT 1", "pg_sleep(5) IS NULL",
    "name = '' OR 1=1 --",
    "edge_id IN (SELECT 1)", "\"edge_id\"\"\" = 1", "name LIKE '%' || pg_sleep(5)", "version() = '1'",
    "name = $$x$$", "s.geom IS NULL",
    "name = 'x\\' OR TRUE OR name = '", "name = E'\\x27'", "name COLLATE \"C\" = 'x'", "edge_id::text = '1'",
    "name = :name",
    "CASE WHEN TRUE THEN 1 END = 1", "(" * 60, "NOT " * 90 + "TRUE", "name = %(value0)s", "name = '%s' AND name = '%%'",
    "2 ^ 100000 > 1", "edge_id ^ 1000 > 1", "0 ^ (0 - 1) = 1", "(0 - 8) ^ 0.5 = edge_id",
    "length_m * 1e300 * 1e300 > 1", "edge_id % 0 = 1",
    "S_INTERSECTS(geom, POLYGON((0 0, 360 0, 360 90, 0 90, 0 0)))", "S_TOUCHES(geom, GEOMETRYCOLLECTION(POINT(0 0)))",
    "S_INTERSECTS(geom, BBOX(-180, -90, 180, 90))", "S_WITHIN(geom, POINT(1e308 1e308))",
    "name LIKE '" + "%a" * 400 + "'",
    "CASEI(name) LIKE CASEI('" + "%_" * 400 + "')", " OR ".join(f"edge_id = {i}" for i in range(300)),
    "edge_id IN (" + ",".join(map(str, range(900))) + ")", "name = '\u0000'", "name = '\U0010ffff'", "観測 = 1",
]  # fmt: skip


@pytest.mark.parametrize("text", ATTEMPTS, ids=range(len(ATTEMPTS)))
def test_no_filter_does_anything_but_filter(client: TestClient, text: str) -> None:
    for name in ("roads", "road_status", "orders"):
        response = client.get(f"/ogc/collections/{name}/items", params={"filter": text, "limit": 5})
        assert response.status_code in (200, 400, 401), response.text[:500]
        if response.status_code == 400:
            assert response.json()["detail"].startswith("Parameter filter:")
    assert items(client)["numberMatched"] == 66


def test_the_examples_of_the_docs_are_answered(client: TestClient) -> None:
    block = re.search(r"<!-- filters -->\n```\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    examples = [line.split(None, 1) for line in block.group(1).splitlines() if line.strip()]
    assert len(examples) >= 8
    for collection, text in examples:
        assert items(client, collection, filter=text)["type"] == "FeatureCollection", text


def test_methods_head_options(client: TestClient) -> None:
    path = "/ogc/collections/roads/items"
    for address in (path, f"{path}/4", "/ogc/collections", "/ogc/collections/roads/queryables"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            refused = client.request(method, address)
            assert refused.status_code == 405
            assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
            assert refused.headers["content-type"] == "application/problem+json"
        asked = client.options(address)
        assert (asked.status_code, asked.headers["allow"], asked.content) == (204, "GET, HEAD, OPTIONS", b"")
        head, full = client.head(address), client.get(address)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "etag", "content-crs"):
            assert head.headers.get(name) == full.headers.get(name)
    preflight = client.options(path, headers={"origin": "https://a.example", "access-control-request-method": "GET"})
    assert preflight.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"), ("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0.1, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"), ("*;q=0", None), ("identity", None), ("", None), ("gzip;q=x", None), ("BR", "br"),
    ],
)  # fmt: skip
def test_bodies_are_encoded_as_the_client_likes_it(client: TestClient, accepted: str, encoding: str | None) -> None:
    plain = client.get("/ogc/collections/roads/items", headers={"accept-encoding": "identity"})
    found = client.get("/ogc/collections/roads/items", headers={"accept-encoding": accepted})
    assert found.headers.get("content-encoding") == encoding
    assert "Accept-Encoding" in found.headers["vary"]
    assert found.json() == plain.json()
    if encoding:
        assert int(found.headers["content-length"]) * 4 < int(plain.headers["content-length"])


def test_large_files_are_encoded_in_parts(client: TestClient) -> None:
    listed = [path for path in (Path(__file__).parents[2] / "web").rglob("*.js") if path.stat().st_size > 200_000]
    for path in listed[:1]:
        address = "/" + str(path.relative_to(Path(__file__).parents[2] / "web"))
        found = client.get(address, headers={"accept-encoding": "br"})
        assert found.headers["content-encoding"] == "br"
        assert found.content == path.read_bytes()
    assert listed


def test_headers_of_items_and_features(client: TestClient) -> None:
    for path in ("/ogc/collections/roads/items?limit=2&name=本町通り", "/ogc/collections/roads/items/4"):
        found = client.get(path)
        assert found.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
        header = found.headers["link"]
        for one in found.json()["links"]:
            assert f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' in header
        again = client.get(path, headers={"if-none-match": found.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == found.headers["etag"]
        other = client.get(
            path + ("&" if "?" in path else "?") + "lang=en", headers={"if-none-match": found.headers["etag"]}
        )
        assert other.status_code == 200


def test_schemas_are_json_schema_and_features_follow_them(client: TestClient) -> None:
    for collection in client.get("/ogc/collections").json()["collections"]:
        if collection.get("itemType") != "feature":
            continue
        name = collection["id"]
        relations = {
            found["rel"].rsplit("/", 1)[-1]: found["href"] for found in collection["links"] if "f=json" in found["href"]
        }
        for what in ("schema", "queryables", "sortables"):
            response = client.get(relations[what])
            assert response.headers["content-type"] == "application/schema+json"
            document = response.json()
            assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
            assert document["$id"] == f"http://town.test/ogc/collections/{name}/{what}"
            jsonschema.Draft202012Validator.check_schema(document)
            for key, part in document["properties"].items():
                is_shape = key in ("geometry", "geom")
                assert ("type" in part) != is_shape, (name, key)
                assert not is_shape or part["format"].startswith("geometry-")
                assert re.search(r"[^\x00-\x7f]", part["title"]) or part["title"].isascii()
        schema = client.get(relations["schema"]).json()
        assert schema["properties"]["synthetic"]["title"] == "合成データ"
        assert client.get(relations["schema"] + "&lang=en").json()["properties"]["synthetic"]["title"] == "synthetic"
        validator = jsonschema.Draft202012Validator(schema)
        for feature in items(client, name, limit=50)["features"]:
            validator.validate({k: v for k, v in feature["properties"].items() if v is not None})


def test_nothing_but_queryables_and_sortables_can_be_named(client: TestClient) -> None:
    for collection in COLLECTIONS[:4]:
        name = collection.collection_id
        queryables = client.get(f"/ogc/collections/{name}/queryables").json()
        assert queryables["additionalProperties"] is False
        for key in queryables["properties"]:
            assert items(client, name, filter=f'"{key}" IS NULL', limit=1)["type"] == "FeatureCollection"
        for key in client.get(f"/ogc/collections/{name}/sortables").json()["properties"]:
            assert items(client, name, sortby=f"-{key}", limit=1)["type"] == "FeatureCollection"
        refused = client.get(f"/ogc/collections/{name}/items", params={"filter": "is_reversed IS NULL"})
        assert refused.status_code == 400
        assert "geometry" in refused.json()["hint"]


def test_openapi_names_every_parameter_and_no_other(client: TestClient) -> None:
    document = client.get("/ogc/openapi").json()
    for collection in COLLECTIONS:
        if not collection.is_public:
            continue
        operation = document["paths"][f"/collections/{collection.collection_id}/items"]["get"]
        named = [
            document["components"]["parameters"][p["$ref"].rsplit("/", 1)[-1]] if "$ref" in p else p
            for p in operation["parameters"]
        ]
        assert {p["name"] for p in named} == {*PAGING, *collection.names}
        assert f"/collections/{collection.collection_id}/sortables" in document["paths"]
    for uri in SUPPORTED:
        assert uri in document["components"]["parameters"]["filter-crs"]["schema"]["enum"]
    assert "numberMatchedEstimate" in document["components"]["schemas"]["Features"]["properties"]


def test_conformance_claims_what_is_tested_here_and_no_more(client: TestClient) -> None:
    claimed = client.get("/ogc/conformance").json()["conformsTo"]
    cql2 = {uri.rsplit("/", 1)[-1] for uri in claimed if "/cql2/" in uri}
    assert cql2 == {
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
        "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
        "property-property", "arithmetic",
    }  # fmt: skip
    part3 = {uri.rsplit("/", 1)[-1] for uri in claimed if "ogcapi-features-3" in uri}
    assert part3 == {"queryables", "queryables-query-parameters", "filter", "features-filter"}
    assert len(claimed) == len(set(claimed))


def test_pages_have_a_form_a_pager_and_the_other_language(client: TestClient) -> None:
    text = client.get("/ogc/collections/road_status/items?f=html&limit=5&filter=edge_id>5&state=cleared").text
    assert '<input name="filter" value="edge_id&gt;5"' in text
    assert '<option value="cleared" selected>' in text
    assert "表示 5 / 該当 61" in text
    following = re.search(r'<a href="([^"]+)">次へ</a>', text)
    assert following is not None
    second = client.get(following.group(1).replace("&amp;", "&"))
    assert second.headers["content-type"].startswith("text/html")
    assert ">最初へ</a>" in second.text
    other = re.search(r'<a href="([^"]+)">English</a>', text)
    assert other is not None
    english = client.get(other.group(1).replace("&amp;", "&")).text
    assert "shown 5 / matching 61" in english
    assert "<script" not in text
    assert client.get("/ogc/collections/roads/items?f=html&filter=" + _quoted('name = "<b>"')).status_code == 400


def test_the_form_can_be_sent_as_it_stands(client: TestClient) -> None:
    # a browser sends every field, the empty ones too
    found = client.get(
        "/ogc/collections/roads/items?filter=&bbox=&datetime=&sortby=&limit=&manager=nation&f=html&lang=ja"
    )
    assert found.status_code == 200, found.text


def test_datetime_gives_the_past(client: TestClient) -> None:
    now = items(client, "road_status", datetime="2026-01-14T22:00:00Z", limit=1000)
    assert len(now["features"]) == 66
    past = items(client, "road_status", datetime="2026-01-14T20:00:00Z", limit=1000)
    for feature in past["features"]:
        assert feature["properties"]["as_of"].startswith("2026-01-14T20:00:00")
        assert (
            feature["properties"]["cleared_at"] is None or feature["properties"]["cleared_at"] <= "2026-01-14T20:00:00"
        )
    spans = items(client, "road_status", datetime="2026-01-14T18:00:00Z/2026-01-14T20:00:00Z", limit=1000)
    assert spans["features"] == past["features"]
    assert ids(client, "road_status", datetime="2026-02-01T00:00:00Z/..") == []
    assert datetime(2026, 1, 14, 22, tzinfo=UTC) == AS_OF

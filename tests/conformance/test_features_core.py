"""Abstract tests of OGC API – Features – Part 1, class Core (17-069r4, annex A.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from conformance import schemas
from conformance.asking import GEOJSON, HTML, JSON, OPENAPI, Api, Document, links
from conformance.standard import FEATURES, abstract_test
from shapely.geometry import box, shape

from layers.catalogue import collections as catalogue

CORE = FEATURES + "core"


def times_of(collection_id: str) -> tuple[str, str] | None:
    """Properties that hold begin and end of the features' temporal geometry; None: they have none."""
    return catalogue(("settlements", "coast"))[collection_id].time


def span_of(feature: Document, names: tuple[str, str]) -> tuple[datetime, datetime] | None:
    """Begin and end of a feature; None without a begin. What has no end yet goes on."""
    begin, end = (feature["properties"][name] for name in names)
    if begin is None:
        return None
    return datetime.fromisoformat(begin), datetime.fromisoformat(end or "9999-12-31T00:00:00+00:00")


@abstract_test(CORE, "/conf/core/http")
def test_answers_are_http_1_1(api: Api) -> None:
    for path in ("/", "/conformance", "/collections", "/openapi"):
        assert api.ask(path).http_version == "HTTP/1.1"


@abstract_test(CORE, "/conf/core/crs84")
def test_geometries_are_longitude_latitude_unless_asked_otherwise(api: Api) -> None:
    japan = box(122, 20, 154, 46)
    for collection in api.collections:
        response = api.ask(f"/collections/{collection['id']}/items", GEOJSON, limit=1000)
        assert "crs" not in response.json(), "the member crs of GeoJSON of 2008"
        for feature in response.json()["features"]:
            if feature["geometry"] is not None:
                assert japan.contains(shape(feature["geometry"])), feature["id"]


@abstract_test(CORE, "/conf/core/root-op")
def test_landing_page_is_there(api: Api) -> None:
    assert api.ask("/").status_code == 200


@abstract_test(CORE, "/conf/core/root-success")
def test_landing_page_links_definition_conformance_and_data(api: Api) -> None:
    landing = api.json("/")
    schemas.hold(landing, schemas.LANDING)
    rels = {link["rel"] for link in landing["links"]}
    assert {"service-desc", "service-doc", "conformance", "data"} <= rels
    assert api.ask("/", HTML).headers["content-type"].startswith(HTML)


@abstract_test(CORE, "/conf/core/api-definition-op")
def test_each_link_to_the_definition_leads_to_one(api: Api) -> None:
    landing = api.json("/")
    for link in [*links(landing, "service-desc"), *links(landing, "service-doc")]:
        response = api.ask(link["href"], link["type"])
        assert response.status_code == 200
        assert response.headers["content-type"].replace(" ", "").startswith(link["type"].replace(" ", ""))


@abstract_test(CORE, "/conf/core/api-definition-success")
def test_definition_has_the_form_of_openapi(api: Api) -> None:
    (link,) = links(api.json("/"), "service-desc")
    schemas.hold(api.json(link["href"], OPENAPI), schemas.OPENAPI_30)


@abstract_test(CORE, "/conf/core/conformance-op")
def test_conformance_is_there_and_linked(api: Api) -> None:
    linked = [link["href"] for link in links(api.json("/"), "conformance")]
    assert linked
    for address in [*linked, "/conformance"]:
        assert api.ask(address, JSON).status_code == 200


@abstract_test(CORE, "/conf/core/conformance-success")
def test_conformance_names_the_class_core(api: Api) -> None:
    document = api.json("/conformance")
    schemas.hold(document, schemas.CONFORMANCE)
    assert CORE in document["conformsTo"]


@abstract_test(CORE, "/conf/core/fc-md-op")
def test_collections_are_there_and_linked(api: Api) -> None:
    linked = [link["href"] for link in links(api.json("/"), "data")]
    assert linked
    for address in [*linked, "/collections"]:
        assert api.ask(address, JSON).status_code == 200


@abstract_test(CORE, "/conf/core/fc-md-success")
def test_collections_have_the_form_of_the_standard(api: Api) -> None:
    document = api.json("/collections")
    schemas.hold(document, schemas.COLLECTIONS)
    assert len({c["id"] for c in document["collections"]}) == len(document["collections"])


@abstract_test(CORE, "/conf/core/fc-md-links")
def test_collections_link_themselves_and_each_other_format(api: Api) -> None:
    document = api.json("/collections")
    (own,) = links(document, "self")
    assert own["type"] == JSON
    assert api.json(own["href"])["collections"] == document["collections"]
    assert {link["type"] for link in links(document, "alternate")} == {HTML}
    assert all(link["rel"] and link["type"] for link in document["links"])


@abstract_test(CORE, "/conf/core/fc-md-items")
def test_each_collection_is_described(api: Api) -> None:
    public = {c.collection_id for c in catalogue(("coast", "settlements")).values() if c.is_public}
    assert {c["id"] for c in api.collections} == public
    for collection in api.collections:
        schemas.hold(collection, schemas.COLLECTION)


@abstract_test(CORE, "/conf/core/fc-md-items-links")
def test_each_collection_links_its_items_in_every_format(api: Api) -> None:
    for collection in api.collections:
        found = {link["type"]: link["href"] for link in links(collection, "items")}
        assert {GEOJSON, HTML} <= set(found)
        for media, address in found.items():
            response = api.ask(address, media)
            assert response.status_code == 200
            assert response.headers["content-type"].startswith(media)


@abstract_test(CORE, "/conf/core/fc-md-extent")
def test_extents_hold_all_features(api: Api) -> None:
    for collection in api.collections:
        boxes = [box(*b) for b in collection["extent"]["spatial"]["bbox"]]
        interval = collection["extent"].get("temporal", {}).get("interval", [[None, None]])[0]
        begin, end = (None if moment is None else datetime.fromisoformat(moment) for moment in interval)
        names = times_of(collection["id"])
        for feature in api.items(collection["id"])["features"]:
            if feature["geometry"] is not None:
                # coordinates are written with 7 decimals
                assert any(b.buffer(1e-7).covers(shape(feature["geometry"])) for b in boxes), collection["id"]
            span = span_of(feature, names) if names else None
            if span is not None:
                assert begin is None or begin <= span[0], collection["id"]
                assert end is None or span[1] <= end, collection["id"]


@abstract_test(CORE, "/conf/core/fc-md-extent-multi")
def test_the_first_extent_holds_the_others(api: Api) -> None:
    for collection in api.collections:
        extent = collection["extent"]
        first, *others = [box(*b) for b in extent["spatial"]["bbox"]]
        assert all(first.covers(other) for other in others)
        covered = others or [first]
        for feature in api.items(collection["id"])["features"]:
            if feature["geometry"] is not None:
                assert any(b.buffer(1e-7).covers(shape(feature["geometry"])) for b in covered), collection["id"]
        assert len(extent.get("temporal", {}).get("interval", [[]])) == 1


@abstract_test(CORE, "/conf/core/sfc-md-op")
def test_each_collection_has_an_address(api: Api) -> None:
    for collection in api.collections:
        assert api.ask(f"/collections/{collection['id']}", JSON).status_code == 200


@abstract_test(CORE, "/conf/core/sfc-md-success")
def test_a_collection_says_what_the_list_says_of_it(api: Api) -> None:
    for listed in api.collections:
        alone = api.json(f"/collections/{listed['id']}")
        schemas.hold(alone, schemas.COLLECTION)
        for name in ("id", "title", "description", "extent", "itemType"):
            assert alone.get(name) == listed.get(name), (listed["id"], name)
        assert all(link in alone["links"] for link in listed["links"])


@abstract_test(CORE, "/conf/core/fc-op")
def test_items_are_there(api: Api) -> None:
    for collection in api.collections:
        assert api.ask(f"/collections/{collection['id']}/items", GEOJSON).status_code == 200


def defined(api: Api, name: str) -> list[Document]:
    """What the definition says of a query parameter of each items operation."""
    found = [api.parameters_of(f"/collections/{c['id']}/items") for c in api.collections]
    assert all(name in parameters for parameters in found)
    return [parameters[name] for parameters in found]


def assert_form(parameter: Document) -> None:
    """An optional query parameter of the style form, not exploded."""
    assert parameter["in"] == "query"
    assert parameter.get("required", False) is False
    assert parameter.get("style") == "form", parameter["name"]
    assert parameter.get("explode") is False, parameter["name"]


@abstract_test(CORE, "/conf/core/fc-bbox-definition")
def test_bbox_is_defined_as_four_or_six_numbers(api: Api) -> None:
    for parameter in defined(api, "bbox"):
        assert_form(parameter)
        assert parameter["schema"]["type"] == "array"
        assert parameter["schema"]["items"]["type"] == "number"
        lengths = parameter["schema"].get("oneOf", [parameter["schema"]])
        assert (min(s["minItems"] for s in lengths), max(s["maxItems"] for s in lengths)) == (4, 6)


@abstract_test(CORE, "/conf/core/fc-bbox-response")
def test_bbox_finds_what_meets_it_and_nothing_else(api: Api) -> None:
    boxes = [
        (136.64, 36.55, 136.652, 36.5617),
        (136.6, 36.55, 136.601, 36.551),
        (-1.5, 50, 1.5, 53),
        (179, 30, -179, 40),
    ]
    for collection in api.collections:
        every = api.items(collection["id"])["features"]
        for west, south, east, north in boxes:
            parts = (
                [box(west, south, east, north).envelope]
                if west <= east
                else [box(west, south, 180, north), box(-180, south, east, north)]
            )
            expected = {
                f["id"] for f in every
                if f["geometry"] is None or any(part.intersects(shape(f["geometry"])) for part in parts)
            }  # fmt: skip
            assert api.ids(collection["id"], bbox=f"{west},{south},{east},{north}") == expected, collection["id"]
            heights = f"{west},{south},-100,{east},{north},4000"
            assert api.ids(collection["id"], bbox=heights) == expected, collection["id"]


@abstract_test(CORE, "/conf/core/fc-limit-definition")
def test_limit_is_defined_as_a_whole_number(api: Api) -> None:
    for parameter in defined(api, "limit"):
        assert_form(parameter)
        assert parameter["schema"]["type"] == "integer"


@abstract_test(CORE, "/conf/core/fc-limit-response")
def test_limit_bounds_what_a_page_holds(api: Api) -> None:
    (most,) = {parameter["schema"]["maximum"] for parameter in defined(api, "limit")}
    for collection in api.collections:
        n = len(api.items(collection["id"])["features"])
        for limit in (1, 2, 5):
            assert len(api.items(collection["id"], limit=limit)["features"]) == min(limit, n)
        assert len(api.items(collection["id"], limit=most + 1)["features"]) == n <= most


@abstract_test(CORE, "/conf/core/fc-time-definition")
def test_datetime_is_defined_as_text(api: Api) -> None:
    for parameter in defined(api, "datetime"):
        assert_form(parameter)
        assert parameter["schema"]["type"] == "string"


@abstract_test(CORE, "/conf/core/fc-time-response")
def test_datetime_finds_what_meets_it(api: Api) -> None:
    hour = timedelta(hours=1)
    for collection in api.collections:
        names = times_of(collection["id"])
        every = api.items(collection["id"])["features"]
        if names is None:  # without a time of its own a feature matches every time
            assert api.ids(collection["id"], datetime="2000-01-01T00:00:00Z") == {f["id"] for f in every}
            continue
        spans = {f["id"]: span_of(f, names) for f in every}
        for begin, _ in [span for span in spans.values() if span is not None][:3]:
            moment = begin.isoformat().replace("+00:00", "Z")
            earlier, later = ((begin + d).isoformat().replace("+00:00", "Z") for d in (-hour, hour))
            asked = {
                moment: (begin, begin), f"{earlier}/{later}": (begin - hour, begin + hour),
                f"../{moment}": (None, begin), f"/{moment}": (None, begin),
                f"{moment}/..": (begin, None), f"{moment}/": (begin, None),
            }  # fmt: skip
            for text, (since, until) in asked.items():
                expected = {
                    key for key, span in spans.items()
                    if span is None or ((until is None or span[0] <= until) and (since is None or span[1] >= since))
                }  # fmt: skip
                assert api.ids(collection["id"], datetime=text) == expected, (collection["id"], text)


UNKNOWN = "not_defined_anywhere"


@abstract_test(CORE, "/conf/core/query-param-unknown")
def test_a_parameter_that_is_not_defined_is_400(api: Api) -> None:
    paths = [
        "/",
        "/conformance",
        "/collections",
        "/collections/roads",
        "/collections/roads/items",
        "/collections/roads/items/4",
    ]
    for path in paths:
        response = api.ask(path, **{UNKNOWN: "1"})
        assert response.status_code == 400, path
        assert UNKNOWN in response.json()["detail"], path


@abstract_test(CORE, "/conf/core/query-param-invalid")
@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "many"), ("limit", "0"), ("limit", "-1"), ("bbox", "1,2,3"), ("bbox", "1,2,3,4,5"), ("bbox", "a,b,c,d"),
     ("bbox", "0,0,500,500"), ("datetime", "yesterday"), ("datetime", "2026-01-15T00:00:00Z/2026-01-14T00:00:00Z")],
)  # fmt: skip
def test_an_invalid_value_is_400_and_named(api: Api, name: str, value: str) -> None:
    for collection in api.collections:
        response = api.ask(f"/collections/{collection['id']}/items", **{name: value})
        assert response.status_code == 400, collection["id"]
        schemas.hold(response.json(), schemas.PROBLEM)
        assert response.json()["detail"].startswith(f"Parameter {name}:")


@abstract_test(CORE, "/conf/core/fc-response")
def test_items_have_the_form_of_the_standard(api: Api) -> None:
    for collection in api.collections:
        document = api.items(collection["id"])
        schemas.hold(document, schemas.FEATURES)
        assert api.ask(f"/collections/{collection['id']}/items", HTML).headers["content-type"].startswith(HTML)
    narrow: dict[str, Any] = {"bbox": "136.64,36.55,136.652,36.5617", "datetime": "2026-01-14T20:00:00Z/.."}
    both = api.ids("passes", **narrow)
    assert both == api.ids("passes", bbox=narrow["bbox"]) & api.ids("passes", datetime=narrow["datetime"])


@abstract_test(CORE, "/conf/core/fc-links")
def test_items_link_themselves_the_other_format_and_the_next_page(api: Api) -> None:
    for collection in api.collections:
        document = api.items(collection["id"], limit=1)
        (own,) = links(document, "self")
        assert own["type"] == GEOJSON
        again = api.json(own["href"], GEOJSON)
        assert [f["id"] for f in again["features"]] == [f["id"] for f in document["features"]]
        assert {link["type"] for link in links(document, "alternate")} == {HTML}
        assert all(link["rel"] and link["type"] for link in document["links"])
        seen, page = [f["id"] for f in document["features"]], document
        while following := links(page, "next"):
            page = api.json(urljoin(api.root, following[0]["href"]), GEOJSON)
            seen += [f["id"] for f in page["features"]]
        assert len(seen) == len(set(seen))
        assert set(seen) == api.ids(collection["id"])


@abstract_test(CORE, "/conf/core/fc-timeStamp")
def test_time_stamp_is_the_moment_of_the_answer(api: Api) -> None:
    for collection in api.collections:
        stamp = api.items(collection["id"])["timeStamp"]
        # the clock of the served town stands at its last assessment
        assert datetime.fromisoformat(stamp) == datetime.fromisoformat("2026-01-14T22:00:00Z"), collection["id"]


@abstract_test(CORE, "/conf/core/fc-numberMatched")
def test_number_matched_counts_without_limit(api: Api) -> None:
    for collection in api.collections:
        every = api.items(collection["id"])
        assert every["numberMatched"] == len(every["features"])
        assert api.items(collection["id"], limit=1)["numberMatched"] == len(every["features"])


@abstract_test(CORE, "/conf/core/fc-numberReturned")
def test_number_returned_counts_what_is_there(api: Api) -> None:
    for collection in api.collections:
        for limit in (1, 3, 1000):
            page = api.items(collection["id"], limit=limit)
            assert page["numberReturned"] == len(page["features"])


@abstract_test(CORE, "/conf/core/f-op")
def test_each_feature_has_an_address(api: Api) -> None:
    for collection in api.collections:
        for feature in api.items(collection["id"])["features"]:
            assert api.ask(f"/collections/{collection['id']}/items/{feature['id']}", GEOJSON).status_code == 200


@abstract_test(CORE, "/conf/core/f-success")
def test_a_feature_is_the_one_of_the_list(api: Api) -> None:
    for collection in api.collections:
        for feature in api.items(collection["id"])["features"]:
            alone = api.json(f"/collections/{collection['id']}/items/{feature['id']}", GEOJSON)
            schemas.hold(alone, schemas.FEATURE)
            for name in ("type", "id", "geometry", "properties"):
                assert alone[name] == feature[name]


@abstract_test(CORE, "/conf/core/f-links")
def test_a_feature_links_itself_the_other_format_and_its_collection(api: Api) -> None:
    for collection in api.collections:
        for feature in api.items(collection["id"])["features"][:3]:
            alone = api.json(f"/collections/{collection['id']}/items/{feature['id']}", GEOJSON)
            (own,), (other,), (whole,) = (links(alone, rel) for rel in ("self", "alternate", "collection"))
            assert (own["type"], other["type"], whole["type"]) == (GEOJSON, HTML, JSON)
            assert api.json(own["href"], GEOJSON)["id"] == feature["id"]
            assert api.ask(other["href"]).headers["content-type"].startswith(HTML)
            assert api.json(whole["href"])["id"] == collection["id"]

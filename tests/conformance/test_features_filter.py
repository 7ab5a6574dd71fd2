"""Abstract tests of OGC API – Features – Part 3: Filtering (19-079r2, annex A), with CQL2 text as the language.

The API has no functions of its own, so /conf/filter/get-functions has nothing to test.
"""

from __future__ import annotations

import re

import pytest
from conformance.asking import CRS84, GEOJSON, JSON, OGC_REL, SCHEMA, Api, Document, links
from conformance.places import NEAR_DEG, box_in
from conformance.standard import FILTER, abstract_test
from jsonschema import Draft202012Validator

QUERYABLES = OGC_REL + "queryables"
NOT_A_FILTER = "THIS IS NOT A FILTER"
CLASS_QUERYABLES, CLASS_PARAMETERS = FILTER + "queryables", FILTER + "queryables-query-parameters"
CLASS_FILTER, CLASS_FEATURES = FILTER + "filter", FILTER + "features-filter"


def assert_claimed(api: Api, uri: str) -> None:
    """The conformance document is JSON and names the class."""
    response = api.ask("/conformance", JSON)
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, JSON)
    assert uri in response.json()["conformsTo"]


@pytest.fixture(scope="module")
def queryables(api: Api) -> dict[str, Document]:
    """What each collection can be filtered by."""
    return {c["id"]: api.json(f"/collections/{c['id']}/queryables", SCHEMA) for c in api.collections}


def spatial(document: Document) -> str:
    """Name of the spatial queryable, which may go by another name too."""
    return next(key for key, one in document["properties"].items() if one.get("format", "").startswith("geometry-"))


def plain(document: Document) -> list[str]:
    """Names of the queryables that have a type."""
    return [key for key, one in document["properties"].items() if "type" in one]


def box_of(collection: Document) -> list[float]:
    """The collection's box in CRS84, a fifth of a metre wider, since other CRSs round."""
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    return [west - NEAR_DEG, south - NEAR_DEG, east + NEAR_DEG, north + NEAR_DEG]


def meets(name: str, bounds: list[float]) -> str:
    """The filter that a geometry meets a box."""
    return f"S_INTERSECTS({name},BBOX({','.join(map(str, bounds))}))"


@abstract_test(CLASS_QUERYABLES, "/conf/queryables/get-conformance")
def test_conformance_names_queryables(api: Api) -> None:
    assert_claimed(api, CLASS_QUERYABLES)


@abstract_test(CLASS_QUERYABLES, "/conf/queryables/get-queryables-uris")
def test_the_header_of_items_links_queryables(api: Api) -> None:
    for collection in api.collections:
        response = api.ask(f"/collections/{collection['id']}/items", JSON, method="HEAD")
        assert response.status_code == 200
        linked = re.findall(r'<([^>]*)>;\s*rel="([^"]*)"', response.headers["link"])
        (address,) = (href for href, rel in linked if rel == QUERYABLES)
        assert address.split("?")[0] == f"{api.root}/collections/{collection['id']}/queryables"


@abstract_test(CLASS_QUERYABLES, "/conf/queryables/get-queryables")
def test_queryables_are_a_json_schema_with_types(api: Api) -> None:
    for collection in api.collections:
        own = f"{api.root}/collections/{collection['id']}/queryables"
        response = api.ask(own, SCHEMA)
        assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, SCHEMA)
        document = response.json()
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert document["$id"] == own
        assert document["type"] == "object"
        assert document["properties"]
        for name, one in document["properties"].items():
            assert "type" in one or one["format"].startswith("geometry-"), name
        Draft202012Validator.check_schema(document)
        kinds = {"point", "linestring", "multilinestring", "polygon", "any", "multipolygon", "multipoint"}
        assert document["properties"][spatial(document)]["format"].removeprefix("geometry-") in kinds
        assert document["additionalProperties"] is False


@abstract_test(CLASS_PARAMETERS, "/conf/queryables-query-parameters/get-conformance")
def test_conformance_names_queryables_as_parameters(api: Api) -> None:
    assert_claimed(api, CLASS_PARAMETERS)


#: A value that no column of the type can hold.
WRONG = {"integer": "four", "number": "much", "boolean": "perhaps"}


@abstract_test(CLASS_PARAMETERS, "/conf/queryables-query-parameters/query-param")
def test_queryables_are_parameters(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        items = f"/collections/{collection['id']}/items"
        features = api.items(collection["id"])["features"]
        for name in plain(queryables[collection["id"]]):
            one = queryables[collection["id"]]["properties"][name]
            values = [f["properties"][name] for f in features if f["properties"][name] is not None]
            if values:
                told = str(values[0]).lower() if isinstance(values[0], bool) else values[0]
                expected = {f["id"] for f in features if f["properties"][name] == values[0]}
                assert api.ids(collection["id"], **{name: told}) == expected, (collection["id"], name)
            wrong = "nothing of it" if "enum" in one or "format" in one else WRONG.get(one["type"])
            if wrong is not None:
                assert api.ask(items, **{name: wrong}).status_code == 400, (collection["id"], name)


@abstract_test(CLASS_FILTER, "/conf/filter/get-conformance")
def test_conformance_names_filter(api: Api) -> None:
    assert_claimed(api, CLASS_FILTER)


def assert_filters(api: Api, collection: Document, name: str, **language: str) -> None:
    """A valid filter finds what it says, an invalid one is 400."""
    items = f"/collections/{collection['id']}/items"
    response = api.ask(items, GEOJSON, filter=f"{name} IS NULL", limit=1000, **language)
    assert (response.status_code, response.headers["content-type"]) == (200, GEOJSON), response.text
    every = api.items(collection["id"])["features"]
    found = {feature["id"] for feature in response.json()["features"]}
    assert found == {feature["id"] for feature in every if feature["properties"][name] is None}
    refused = api.ask(items, GEOJSON, filter=NOT_A_FILTER, **language)
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("Parameter filter")


@abstract_test(CLASS_FILTER, "/conf/filter/filter-param")
def test_filters_are_taken_in_a_named_language(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        for name in plain(queryables[collection["id"]])[:4]:
            assert_filters(api, collection, name, filter_lang="cql2-text")


@abstract_test(CLASS_FILTER, "/conf/filter/filter-lang-default")
def test_filters_are_cql2_text_where_no_language_is_named(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        assert_filters(api, collection, plain(queryables[collection["id"]])[0])


@abstract_test(CLASS_FILTER, "/conf/filter/expression-construction")
def test_what_is_no_queryable_is_refused(api: Api) -> None:
    for collection in api.collections:
        response = api.ask(f"/collections/{collection['id']}/items", filter="this_is_not_a_queryable IS NULL")
        assert response.status_code == 400
        assert "this_is_not_a_queryable" in response.json()["detail"]


@abstract_test(CLASS_FILTER, "/conf/filter/filter-crs-wgs84")
def test_coordinates_of_a_filter_are_in_crs84(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        name = spatial(queryables[collection["id"]])
        with_shape = {f["id"] for f in api.items(collection["id"])["features"] if f["geometry"] is not None}
        assert api.ids(collection["id"], filter=meets(name, box_of(collection))) == with_shape, collection["id"]
        far = meets(name, [1e6, 1e6, 2e6, 2e6])
        assert api.ask(f"/collections/{collection['id']}/items", filter=far).status_code == 400


@abstract_test(CLASS_FILTER, "/conf/filter/filter-crs-param")
def test_coordinates_of_a_filter_may_be_in_another_crs(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        name = spatial(queryables[collection["id"]])
        with_shape = {f["id"] for f in api.items(collection["id"])["features"] if f["geometry"] is not None}
        for uri in collection["crs"]:
            asked = meets(name, box_in(uri, box_of(collection)))
            assert api.ids(collection["id"], filter=asked, filter_crs=uri) == with_shape, (collection["id"], uri)
        asked = meets(name, box_of(collection))
        nowhere = "http://www.opengis.net/def/crs/OGC/0/does_not_exist"
        response = api.ask(f"/collections/{collection['id']}/items", filter=asked, filter_crs=nowhere)
        assert response.status_code == 400


@abstract_test(CLASS_FEATURES, "/conf/features-filter/get-conformance")
def test_conformance_names_features_filter(api: Api) -> None:
    assert_claimed(api, CLASS_FEATURES)


@abstract_test(CLASS_FEATURES, "/conf/features-filter/get-collections")
def test_collections_are_listed(api: Api) -> None:
    response = api.ask("/collections", JSON)
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, JSON)
    assert isinstance(response.json()["collections"], list)


@abstract_test(CLASS_FEATURES, "/conf/features-filter/get-collection")
def test_each_collection_links_its_queryables(api: Api) -> None:
    for collection in api.collections:
        response = api.ask(f"/collections/{collection['id']}", JSON)
        assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, JSON)
        found = links(response.json(), QUERYABLES)
        assert {link["href"].split("?")[0] for link in found} == {
            f"{api.root}/collections/{collection['id']}/queryables"
        }


@abstract_test(CLASS_FEATURES, "/conf/features-filter/filter-on-items")
def test_items_of_each_collection_can_be_filtered(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        name = plain(queryables[collection["id"]])[-1]
        for language in ({}, {"filter_lang": "cql2-text"}):
            assert_filters(api, collection, name, **language)


@abstract_test(CLASS_FEATURES, "/conf/features-filter/mixing-expression")
def test_a_filter_and_a_box_have_to_hold_both(api: Api, queryables: dict[str, Document]) -> None:
    for collection in api.collections:
        name, bounds = spatial(queryables[collection["id"]]), box_of(collection)
        asked = meets(name, bounds)
        inside = ",".join(map(str, bounds))
        with_shape = {f["id"] for f in api.items(collection["id"])["features"] if f["geometry"] is not None}
        assert api.ids(collection["id"], filter=asked, bbox=inside) == with_shape
        aside = ",".join(str(at - 20) for at in bounds)
        elsewhere = api.ids(collection["id"], filter=asked, bbox=aside)
        assert elsewhere == set(), collection["id"]
        assert api.ids(collection["id"], filter=asked, bbox=inside, bbox_crs=CRS84) == with_shape

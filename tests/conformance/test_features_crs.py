"""Abstract tests of OGC API – Features – Part 2, class CRS (18-058r1, annex A)."""

from __future__ import annotations

import re

from conformance import schemas
from conformance.asking import CRS84, EPSG, GEOJSON, Api
from conformance.places import NEAR_DEG, box_in, definition, moved, outlined
from conformance.standard import CRS, abstract_test
from shapely.geometry import shape

CLASS = CRS + "crs"


def identifiers(api: Api) -> set[str]:
    """Every CRS identifier of the collections."""
    listed = [*api.collections, *(api.json(f"/collections/{c['id']}") for c in api.collections)]
    return {uri for c in listed for uri in [*c["crs"], c["storageCrs"]]}


@abstract_test(CLASS, "/conf/crs/crs-uri")
def test_identifiers_are_uris_of_ogc(api: Api) -> None:
    found = identifiers(api)
    assert {CRS84, *(f"{EPSG}{code}" for code in (4326, 3857, 6668, 6675))} == found
    for uri in found:
        assert re.fullmatch(r"http://www\.opengis\.net/def/crs/[A-Za-z]+/[0-9.]+/[A-Za-z0-9]+", uri), uri
        definition(uri)  # raises for one that PROJ does not know


@abstract_test(CLASS, "/conf/crs/default-crs")
def test_the_default_is_among_those_of_each_collection(api: Api) -> None:
    for collection in api.collections:
        for found in (collection, api.json(f"/collections/{collection['id']}")):
            assert CRS84 in found["crs"]


@abstract_test(CLASS, "/conf/crs/storageCrs")
def test_the_storage_crs_is_among_those_of_each_collection(api: Api) -> None:
    for collection in api.collections:
        for found in (collection, api.json(f"/collections/{collection['id']}")):
            assert found["storageCrs"] in found["crs"]


@abstract_test(CLASS, "/conf/crs/crs-parameter")
def test_each_listed_crs_is_answered_and_named(api: Api) -> None:
    for collection in api.collections:
        items = f"/collections/{collection['id']}/items"
        first = [f["id"] for f in api.items(collection["id"], limit=1)["features"]]
        for uri in collection["crs"]:
            for path, schema in [(items, schemas.FEATURES), *((f"{items}/{key}", schemas.FEATURE) for key in first)]:
                response = api.ask(path, GEOJSON, crs=uri)
                assert response.status_code == 200, (path, uri)
                assert response.headers["content-crs"] == f"<{uri}>"
                schemas.hold(response.json(), schema)


@abstract_test(CLASS, "/conf/crs/crs-parameter-invalid")
def test_a_crs_that_is_not_listed_is_400(api: Api) -> None:
    for collection in api.collections:
        items = f"/collections/{collection['id']}/items"
        paths = [items, *(f"{items}/{f['id']}" for f in api.items(collection["id"], limit=1)["features"])]
        for path in paths:
            for uri in (f"{EPSG}2451", "EPSG:4326", "http://www.opengis.net/def/crs/OGC/0/Nowhere", ""):
                assert api.ask(path, crs=uri).status_code == 400, (path, uri)


@abstract_test(CLASS, "/conf/crs/crs-parameter-default")
def test_without_crs_the_answer_is_in_crs84_and_says_so(api: Api) -> None:
    for collection in api.collections:
        items = f"/collections/{collection['id']}/items"
        paths = [items, *(f"{items}/{f['id']}" for f in api.items(collection["id"], limit=1)["features"])]
        for path in paths:
            assert api.ask(path, GEOJSON).headers["content-crs"] == f"<{CRS84}>"


@abstract_test(CLASS, "/conf/crs/crs-parameter-transform")
def test_geometries_are_the_same_places_in_each_crs(api: Api) -> None:
    for collection in api.collections:
        plain = {f["id"]: f["geometry"] for f in api.items(collection["id"])["features"]}
        for uri in collection["crs"]:
            turned = {f["id"]: f["geometry"] for f in api.items(collection["id"], crs=uri)["features"]}
            assert set(turned) == set(plain)
            for key, geometry in plain.items():
                if geometry is None:
                    assert turned[key] is None
                    continue
                back = moved(shape(turned[key]), uri, CRS84)
                assert shape(geometry).hausdorff_distance(back) < NEAR_DEG, (collection["id"], uri, key)
            for key in list(plain)[:1]:
                alone = api.json(f"/collections/{collection['id']}/items/{key}", GEOJSON, crs=uri)
                assert alone["geometry"] == turned[key]


@abstract_test(CLASS, "/conf/crs/bbox-crs-parameter")
def test_a_box_is_read_in_its_crs(api: Api) -> None:
    for collection in api.collections:
        plain = {f["id"]: shape(f["geometry"]) for f in api.items(collection["id"])["features"] if f["geometry"]}
        wide = collection["extent"]["spatial"]["bbox"][0]
        west, south, east, north = (
            at + by for at, by in zip(wide, (-NEAR_DEG, -NEAR_DEG, NEAR_DEG, NEAR_DEG), strict=True)
        )
        for bounds in ((west, south, east, north), (west, south, (west + east) / 2, (south + north) / 2)):
            for uri in collection["crs"]:
                asked = box_in(uri, bounds)
                found = api.ids(collection["id"], bbox=",".join(map(str, asked)), bbox_crs=uri) & set(plain)
                outline = moved(outlined(asked), uri, CRS84)
                sure = {key for key, geometry in plain.items() if geometry.intersects(outline.buffer(-NEAR_DEG))}
                near = {key for key, geometry in plain.items() if geometry.intersects(outline.buffer(NEAR_DEG))}
                assert sure <= found <= near, (collection["id"], uri)


@abstract_test(CLASS, "/conf/crs/bbox-crs-parameter-invalid")
def test_a_box_in_a_crs_that_is_not_listed_is_400(api: Api) -> None:
    for collection in api.collections:
        response = api.ask(f"/collections/{collection['id']}/items", bbox="0,0,1,1", bbox_crs=f"{EPSG}2451")
        assert response.status_code == 400
        assert response.json()["detail"].startswith("Parameter bbox-crs:")


@abstract_test(CLASS, "/conf/crs/bbox-crs-parameter-default")
def test_a_box_without_crs_is_in_crs84(api: Api) -> None:
    for collection in api.collections:
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        asked = f"{west},{south},{(west + east) / 2},{(south + north) / 2}"
        assert api.ids(collection["id"], bbox=asked) == api.ids(collection["id"], bbox=asked, bbox_crs=CRS84)

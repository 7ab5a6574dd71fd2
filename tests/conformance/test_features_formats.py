"""Abstract tests of OGC API – Features – Part 1, classes GeoJSON, HTML and OpenAPI 3.0 (17-069r4, annex A)."""

from __future__ import annotations

import re
from typing import Any

from conformance import schemas
from conformance.asking import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Api, Document, Page, links
from conformance.standard import FEATURES, abstract_test

CLASS_GEOJSON, CLASS_HTML, CLASS_OPENAPI = FEATURES + "geojson", FEATURES + "html", FEATURES + "oas30"
#: What an operation answers when JSON is asked for, by how its path ends.
MEDIA = {"items": GEOJSON, "{item_id}": GEOJSON, "schema": SCHEMA, "queryables": SCHEMA, "sortables": SCHEMA}


#: Parameters that say how another one is meant, and are refused without it.
BESIDE_ANOTHER = ("bbox-crs", "filter-crs", "filter-lang")


def feature_paths(api: Api) -> list[str]:
    """Paths of the definition that are of Features: those of tiles and maps have tests of their own."""
    return [path for path in api.openapi["paths"] if not re.search(r"/(tiles|tileMatrixSets|map)", path)]


def filled(api: Api, path: str) -> str:
    """A path of the definition with its variables filled in: the first feature of the collection."""
    if "{item_id}" not in path:
        return path
    collection = path.split("/")[2]
    features = api.items(collection, limit=1)["features"]
    return path.replace("{item_id}", str(features[0]["id"])) if features else ""


def operations(api: Api) -> dict[str, str]:
    """The paths that can be asked: as the definition writes them -> filled in."""
    found = {path: filled(api, path) for path in feature_paths(api)}
    return {path: asked for path, asked in found.items() if asked}


def media_of(path: str) -> str:
    """Media type of a path's JSON."""
    return MEDIA.get(path.rsplit("/", 1)[1], JSON)


@abstract_test(CLASS_GEOJSON, "/conf/geojson/definition")
def test_features_are_geojson_and_the_rest_is_json(api: Api) -> None:
    for path, asked in operations(api).items():
        for accept in (media_of(path), "*/*"):
            response = api.ask(asked, accept)
            assert response.status_code == 200, asked
            assert response.headers["content-type"].split(";")[0] == media_of(path), asked


@abstract_test(CLASS_GEOJSON, "/conf/geojson/content")
def test_geojson_is_what_rfc_7946_says(api: Api) -> None:
    for collection in api.collections:
        page = api.items(collection["id"])
        schemas.hold(page, schemas.FEATURES)
        for feature in page["features"]:
            alone = api.json(f"/collections/{collection['id']}/items/{feature['id']}", GEOJSON)
            schemas.hold(alone, schemas.FEATURE)
            assert alone["id"] == feature["id"]
            for found in (alone, feature):
                assert not {"coordinates", "geometries", "features"} & set(found), "members of other objects (§7.1)"


@abstract_test(CLASS_HTML, "/conf/html/definition")
def test_every_operation_answers_html_where_it_is_asked_for(api: Api) -> None:
    for asked in operations(api).values():
        for response in (api.ask(asked, HTML), api.ask(asked, f="html")):
            assert response.status_code == 200, asked
            assert response.headers["content-type"].split(";")[0] == HTML, asked


def shown(value: Document) -> list[str]:
    """What a page has to show of a document or a part of it: its title and text, else its id."""
    texts = [value[name] for name in ("title", "description") if name in value]
    return texts or [str(value["id"])]


@abstract_test(CLASS_HTML, "/conf/html/content")
def test_pages_are_html_5_and_hold_the_content_and_its_links(api: Api) -> None:
    for asked in ("/", "/collections", "/collections/roads", "/collections/roads/items", "/collections/roads/items/4"):
        document = api.json(asked, f="json", lang="ja")
        page = Page(api.ask(asked, HTML, lang="ja").text)
        assert page.doctype == "doctype html"
        assert page.tags[0] == ("html", {"lang": "ja"})
        assert "title" in [tag for tag, _ in page.tags]
        parts = [*document.get("collections", []), *document.get("features", [])] or [document]
        for text in [text for part in parts for text in shown(part)]:
            assert text in page.text, (asked, text)
        linked = {link["href"].split("?")[0] for link in document["links"]}
        assert linked <= {address.split("?")[0] for address in page.addresses()}, asked


@abstract_test(CLASS_OPENAPI, "/conf/oas30/oas-definition-1")
def test_definition_is_there_as_json_and_as_a_page(api: Api) -> None:
    landing = api.json("/")
    assert OPENAPI in [link["type"] for link in links(landing, "service-desc")]
    for link in links(landing, "service-desc"):
        response = api.ask(link["href"], OPENAPI)
        assert response.headers["content-type"].replace(" ", "") == OPENAPI
    assert HTML in [link["type"] for link in links(landing, "service-doc")]
    for link in links(landing, "service-doc"):
        assert api.ask(link["href"], HTML).headers["content-type"].split(";")[0] == HTML


@abstract_test(CLASS_OPENAPI, "/conf/oas30/oas-definition-2")
def test_definition_is_openapi_3_0_and_whole(api: Api) -> None:
    definition = api.openapi
    schemas.hold(definition, schemas.OPENAPI_30)
    ids = [operation["operationId"] for path in definition["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for part in value.values() for found in references(part)]
        return [found for part in value for found in references(part)] if isinstance(value, list) else []

    for reference in references(definition):
        place: Any = definition
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]  # KeyError: it leads nowhere
    for path, methods in definition["paths"].items():
        declared = {name for name, p in api.parameters_of(path).items() if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), path
        assert all(api.parameters_of(path)[name]["required"] is True for name in declared), path
        assert "get" in methods


@abstract_test(CLASS_OPENAPI, "/conf/oas30/completeness")
def test_definition_describes_every_answer(api: Api) -> None:
    for path, asked in operations(api).items():
        responses = api.openapi["paths"][path]["get"]["responses"]
        for accept in (media_of(path), HTML):
            response = api.ask(asked, accept)
            content = {media.replace(" ", "") for media in responses["200"]["content"]}
            told = response.headers["content-type"].replace(" ", "")
            assert told in content or told.split(";")[0] in content, (path, told)


@abstract_test(CLASS_OPENAPI, "/conf/oas30/exceptions-codes")
def test_definition_describes_every_status(api: Api) -> None:
    for path, asked in operations(api).items():
        described = set(api.openapi["paths"][path]["get"]["responses"])
        seen = {200: api.ask(asked), 400: api.ask(asked, nothing_known="1")}
        etag = seen[200].headers.get("etag")
        if etag is not None:
            again = api.client.get(f"{api.root}{asked}", headers={"if-none-match": etag})
            assert (again.status_code, "304" in described) == (304, True), path
        if "{item_id}" in path:
            seen[404] = api.ask(path.replace("{item_id}", "none-such"))
        for status, response in seen.items():
            assert response.status_code == status, (asked, response.text[:200])
            assert str(status) in described or "4XX" in described, (path, status)
            if status >= 400:
                schemas.hold(response.json(), schemas.PROBLEM)
                assert response.headers["content-type"] == "application/problem+json"


@abstract_test(CLASS_OPENAPI, "/conf/oas30/oas-impl")
def test_what_is_defined_is_there(api: Api) -> None:
    (server,) = api.openapi["servers"]
    assert server["url"] == api.root
    assert {f"/collections/{c['id']}/items" for c in api.collections} <= set(api.openapi["paths"])
    for path, asked in operations(api).items():
        assert api.ask(asked).status_code == 200, path
        for name, parameter in api.parameters_of(path).items():
            if parameter["in"] == "query" and "default" in parameter["schema"] and name not in BESIDE_ANOTHER:
                value = parameter["schema"]["default"]
                told = str(value).lower() if isinstance(value, bool) else value
                assert api.ask(asked, **{name: told}).status_code == 200, (path, name)
            if parameter["in"] == "query" and name in ("f", "lang"):
                for value in parameter["schema"]["enum"]:
                    assert api.ask(asked, **{name: value}).status_code == 200, (path, name, value)


@abstract_test(CLASS_OPENAPI, "/conf/oas30/security")
def test_keys_are_described(api: Api) -> None:
    schemes = api.openapi["components"]["securitySchemes"]
    challenge = api.ask("/collections/devices/items").headers["www-authenticate"].split()[0].lower()
    assert {scheme["scheme"] for scheme in schemes.values() if scheme["type"] == "http"} == {challenge, "basic"}
    for sent in ("Bearer no-such-key", "Basic bm9ib2R5Om5vLXN1Y2gta2V5"):
        response = api.client.get(f"{api.root}/collections/devices/items", headers={"authorization": sent})
        assert (response.status_code, "not known" in response.text) == (401, True), response.text
    for path, methods in api.openapi["paths"].items():
        wanted = methods["get"].get("security", api.openapi.get("security", []))
        assert {} in wanted, f"{path}: what is public needs no key"
        assert {name for requirement in wanted for name in requirement} == set(schemes), path

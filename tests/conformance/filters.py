"""Asking by filter in both languages, and the oracle: what a filter has to find, worked out feature by feature."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import cql2
from conformance.asking import GEOJSON, Api, Document

type Truth = dict[Any, bool | None]

LANGUAGES = ("cql2-text", "cql2-json")


def asked(text: str, language: str) -> dict[str, str]:
    """Parameters of a filter that is written as CQL2 text; into JSON it is brought by the package cql2."""
    if language == "cql2-text":
        return {"filter": text, "filter_lang": language}
    return {"filter": json.dumps(cql2.parse_text(text).to_json(), ensure_ascii=False), "filter_lang": language}


def found(api: Api, collection: str, text: str, language: str = "cql2-text") -> set[Any]:
    """Ids of the features that a filter finds."""
    return api.ids(collection, skipGeometry="true", **asked(text, language))


def refused(api: Api, collection: str, text: str, language: str = "cql2-text") -> None:
    """Assert that a filter is answered 400."""
    response = api.ask(f"/collections/{collection}/items", GEOJSON, **asked(text, language))
    assert response.status_code == 400, (collection, text)


def features(api: Api, collection: str) -> list[Document]:
    """Every feature of a collection, asked for once."""
    listed: list[Document] = api.kept(f"/collections/{collection}/items?limit=1000")["features"]
    return listed


def holds(api: Api, collection: str, text: str, language: str, is_met: Callable[[Document], bool]) -> None:
    """Assert that a filter finds the features for which the oracle says so, and no other."""
    expected = {feature["id"] for feature in features(api, collection) if is_met(feature)}
    assert found(api, collection, text, language) == expected, (collection, text)


def queryables(api: Api, collection: str) -> dict[str, str]:
    """Queryables of a collection: name -> text, number, integer, boolean, moment, date, time or geometry."""
    document = api.kept(f"/collections/{collection}/queryables")
    kinds: dict[str, str] = {}
    for name, one in document["properties"].items():
        form = one.get("format", "")
        if form.startswith("geometry-"):
            kinds[name] = "geometry"
        elif one["type"] == "string":
            kinds[name] = {"date-time": "moment", "date": "date", "time": "time"}.get(form, "text")
        else:
            kinds[name] = one["type"]
    return kinds


def of_kind(api: Api, collection: str, *kinds: str) -> list[str]:
    """Names of the queryables of a kind."""
    return [name for name, kind in queryables(api, collection).items() if kind in kinds]


def truth(api: Api, collection: str, text: str, language: str) -> Truth:
    """Of each feature whether a predicate is true, false or neither, since a value is missing."""
    yes, no = found(api, collection, text, language), found(api, collection, f"NOT ({text})", language)
    assert not yes & no, text
    return {f["id"]: True if f["id"] in yes else False if f["id"] in no else None for f in features(api, collection)}


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _and(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _or(*values: bool | None) -> bool | None:
    return _not(_and(*(_not(value) for value in values)))


def combinations_hold(api: Api, collection: str, predicates: Sequence[str], language: str, n: int = 10) -> None:
    """Assert that combinations with AND, OR and NOT find what Kleene's logic says of their parts."""
    known = {text: truth(api, collection, text, language) for text in predicates}
    draw = random.Random(20260114)
    for _ in range(n):
        a, b, c, d = (draw.choice(list(predicates)) for _ in range(4))
        text = f"((NOT ({a}) AND ({b})) OR (({c}) and NOT ({d})) or not (({a}) AND ({d})))"
        expected = {
            key for key in known[a]
            if _or(_and(_not(known[a][key]), known[b][key]), _and(known[c][key], _not(known[d][key])),
                   _not(_and(known[a][key], known[d][key]))) is True
        }  # fmt: skip
        assert found(api, collection, text, language) == expected, text

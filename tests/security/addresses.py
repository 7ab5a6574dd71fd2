"""Every address that the application answers, from its routes and its catalogue, with its parts filled in.

A route with a part that PARTS does not know fails: whoever adds one says here what is to be asked of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI

from yukimichi.quick import QuickRoutes

#: Parts of paths, and what is asked for each: what is there, and what is not.
PARTS: dict[str, tuple[str, ...]] = {
    "layer": ("roads", "municipalities", "depots"),
    "version": ("1-x",),
    "roads_version": ("1-x",),
    "edge_id": ("4", "6", "987654001"),
    "piece_id": ("2", "3", "987654001"),
    "lang": ("ja", "en"),
    "area_id": ("17201", "none", "nope"),
    "z": ("13",),
    "x": ("7206",),
    "y": ("3205",),
    "row": ("3205",),
    "col": ("7206",),
    "set_id": ("WebMercatorQuad", "WorldCRS84Quad"),
    "order_id": ("1",),
    "camera_id": ("nope",),
    "dispute_id": ("12345678",),
    "token": ("nope", "A" * 43),
    "event": ("2", "987654"),
    "event_id": ("2", "987654"),
    "raster_id": ("nope",),
    "position": ("136.65,36.56",),
    "box": ("136.6,36.5,136.7,36.6",),
    "extension": ("png",),
    "item_id": (),
    "collection_id": (),
}
#: What is asked of items beside nothing, so that every way of asking is tried.
QUERIES = (
    "f=json", "f=html", "f=json&lang=en&limit=10000", "f=json&limit=1&offset=1",
    "f=json&crs=http://www.opengis.net/def/crs/EPSG/0/6675", "f=json&bbox=130,30,140,40",
    "f=json&datetime=2026-01-01T00:00:00Z/..", "f=json&skipGeometry=true",
)  # fmt: skip
#: Further addresses of single routes.
MORE: dict[str, tuple[str, ...]] = {
    "/disputes/new": ("?piece_id=2", "?piece_id=3&lang=en", "?piece_id=987654"),
    "/accuracy": ("", "?lang=en", "?f=json"),
    "/status/snapshot": ("", "?at=2026-01-18T21:00:00Z", "?f=json"),
    "/status/changes": ("?since=0", "?since=1"),
    "/reports/daily": tuple(f"?date=2026-01-18&format={form}" for form in ("csv", "csv-cp932", "xlsx", "json"))
    + ("?date=2026-01-18&table=pay", "?date=2026-01-18&table=lines", "?date=x"),
}
#: They take something in, and tell nothing but what was sent; tests/ingest asks them.
WRITES = re.compile(r"^/ingest/(?!orders$)")


def routes(found: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """(path, methods) of every route, those of included routers too. Raises TypeError for a kind it does not know."""
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes, prefix)
        elif isinstance(route, QuickRoutes):
            yield from routes(own for _, own in vars(route)["_routes"])
        elif getattr(route, "methods", None):
            yield prefix + route.path, frozenset(route.methods)
        elif type(route).__name__ == "Mount":
            yield prefix + route.path + "/", frozenset({"GET"})
        else:
            raise TypeError(f"{route!r} is no kind of route that this test knows")


def filled(path: str, parts: dict[str, tuple[str, ...]] = PARTS) -> list[str]:
    """A path with its parts filled in, in every way of `parts`. Raises KeyError for a part that nobody has named."""
    done = [path]
    for part in re.findall(r"{(\w+)(?::\w+)?}", path):
        named = re.compile(rf"{{{part}(?::\w+)?}}")
        done = [named.sub(value, text) for text in done for value in parts[part]]
    return done


def paths_of(app: FastAPI) -> list[str]:
    """Templates of everything that is asked with GET."""
    return sorted({path for path, methods in routes(app.routes) if "GET" in methods and not WRITES.match(path)})


def addresses(
    app: FastAPI, collections: Iterable[str], ids: dict[str, list[str]], versions: dict[str, tuple[str, ...]]
) -> list[str]:
    """Every address to ask: of each route, of each of its collections, of some of their features; versions: parts."""
    asked: list[str] = []
    parts = PARTS | versions
    for path in paths_of(app):
        if path in MORE:
            asked += [path + query for query in MORE[path]]
            continue
        for name in collections if "{collection_id}" in path else [""]:
            own = path.replace("{collection_id}", name)
            if own.endswith("/items"):
                asked += [f"{own}?{query}" for query in QUERIES]
            elif "{item_id}" in own:
                for item_id in ids.get(name, []):
                    asked += [own.replace("{item_id}", item_id) + query for query in ("", "?f=html")]
            else:
                asked += filled(own, parts)
                asked += [f"{text}?f=html" for text in filled(own) if own.startswith("/ogc") and "/tiles/" not in own]
    # what a mistake answers, in words
    asked += [f"/ogc/collections/{name}/items?nope=1" for name in collections]
    asked += [
        "/ogc/collections/depots/items",
        "/nope",
        "/ogc/collections/nope",
        "/openapi.json?x=1",
        "/tiles/x/1/0/0/0.mvt",
    ]
    return list(dict.fromkeys(asked))

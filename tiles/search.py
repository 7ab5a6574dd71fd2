"""Search: addresses, places, roads, routes and kilometre posts by what people type, and the road that they stand on."""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from typing import Any

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from geo.errors import InputError, YukiError
from tiles.answers import compact
from tiles.caching import ByteCache, Latest, etag_of, is_known, not_modified
from tiles.dataset import Dataset
from tiles.documents import language_of
from tiles.parameters import numbers, refuse_unknown, whole
from tiles.search_addresses import Addresses, Found, Told
from tiles.search_names import Names, Point
from tiles.search_rank import Asked, Result, addresses, best, named, posts, with_pieces
from tiles.search_read import read_names, read_nearest, read_posts
from tiles.search_words import HINTS, KIND_NAMES, word
from tiles.service import Service, service_of

LOG = logging.getLogger(__name__)
router = APIRouter(tags=["search"])

LIMIT_DEFAULT, LIMIT_MAX = 10, 20
TEXT_MAX = 100
#: An answer is no longer than this; the last results are left out for it, and `is_cut` says so.
BYTES_MAX = 5_000
#: So long a cache may keep an answer, seconds.
MAX_AGE_S = 60
_Q = (
    "What is looked for: an address, a place, a road, a route number (国道8号, R8), a kilometre post (国道8号 12.3 km)."
)
_LANG = {"type": "string", "enum": ["ja", "en"]}
SEARCH: dict[str, Any] = {
    "parameters": [
        {"name": "q", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1,
         "maxLength": TEXT_MAX}, "description": _Q},
        {"name": "lang", "in": "query", "required": False, "schema": _LANG, "description": "Language of labels."},
        {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1,
         "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}, "description": "Most results."},
        {"name": "near", "in": "query", "required": False, "schema": {"type": "string"},
         "description": "lon,lat: what is near comes first, and a route is shown there."},
    ]
}  # fmt: skip
NEAR: dict[str, Any] = {
    "parameters": [
        {"name": "at", "in": "query", "required": True, "schema": {"type": "string"}, "description": "lon,lat"},
        {"name": "lang", "in": "query", "required": False, "schema": _LANG, "description": "Language of labels."},
    ]
}  # fmt: skip


class Search:
    """What one server process keeps for searching."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.addresses = Addresses(service.settings.addresses_dir, service.settings.search.patience_s)
        self.answers = ByteCache(service.settings.search.cache_mb * 2**20, each=200)
        self._names: Latest[Names] = Latest()
        self._warmed: tuple[object, ...] | None = None
        self._warming: asyncio.Task[None] | None = None
        service.closers.append(self._close)

    async def warm(self, _: Dataset) -> None:
        """Begin to read the names of a new publication, so that nobody waits for them; called with each."""
        if self._warmed == self.ground() or (self._warming is not None and not self._warming.done()):
            return
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        try:
            ground = self.ground()
            await self.names()
            self._warmed = ground
        except (psycopg.Error, PoolTimeout, YukiError) as error:
            LOG.warning("The names for the search could not be read; the next question tries again: %s", error)

    async def _close(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        await self.addresses.close()

    def ground(self) -> tuple[object, ...]:
        """What the names rest on: roads, plans, reference layers, places."""
        return self.service.dataset.ground

    async def names(self) -> Names:
        """The names of what is published now."""
        return await self._names.get(self.ground(), lambda: read_names(self.service))


def search_of(service: Service) -> Search:
    """The search of a service; made when it is first asked for, and warm with each publication from then on."""
    if service.search is None:
        service.search = Search(service)
        service.listeners.append(service.search.warm)
    found = service.search
    assert isinstance(found, Search)
    return found


async def find(
    service: Service, q: str, lang: str = "ja", limit: int = LIMIT_DEFAULT, near: Point | None = None
) -> dict[str, Any]:
    """Search: {q, lang, n, results, addresses, is_cut, hint, synthetic, network_version}.

    q      what was typed; near: longitude and latitude in degrees, or None
    hint   in words why there is nothing, or what was left out; None: there is nothing to say

    Raises InputError naming q where it is empty, too long or holds control characters, DatabaseProblem.
    """
    text = question_of(q)
    search, dataset = search_of(service), service.dataset
    names = await search.names()
    asked = Asked.of(text, lang, near, names)
    told = await search.addresses.find("".join(text.split()), limit)
    known = named(asked, names)
    results = [*known.values(), *addresses(asked, told.hits, names, known)]
    async with service.connection() as connection:
        if asked.route is not None and asked.route.km is not None:
            routes = [names.name[hit.row] for hit in names.routes(asked.route)]
            results += posts(asked, await read_posts(connection, list(dict.fromkeys(routes)), asked.route.km))
        chosen = best(results, limit)
        lacking = [n for n, r in enumerate(chosen) if r.piece_id is None and r.kind != "municipality"]
        nearest = await read_nearest(connection, [(chosen[n].lon, chosen[n].lat) for n in lacking])
    pieces = {n: one.piece_id for n, one in zip(lacking, nearest, strict=True) if one is not None}
    return document(with_pieces(chosen, pieces), asked, told, {
        "network_version": dataset.network_version, "synthetic": dataset.is_synthetic or told.is_synthetic,
    })  # fmt: skip


def question_of(q: str) -> str:
    """The question in NFKC with single spaces. Raises InputError."""
    text = " ".join(unicodedata.normalize("NFKC", q).split())
    if not text:
        raise InputError("Parameter q: empty.", hint="Give what is looked for, e.g. q=国道8号.")
    if len(text) > TEXT_MAX:
        raise InputError(f"Parameter q: longer than {TEXT_MAX} characters.", hint="Give less of the address.")
    if not text.isprintable():
        raise InputError("Parameter q: holds control characters.", hint="Give plain text.")
    return text


def document(results: list[Result], asked: Asked, told: Found, more: dict[str, Any]) -> dict[str, Any]:
    """The answer, without its last results where it would be longer than BYTES_MAX; more: what stands at its end."""
    hint = None
    if told.told in (Told.TOO_SLOW, Told.FAILED):
        hint = told.told.value
    elif not results:
        has_km = asked.route is not None and asked.route.km is not None
        hint = "no_post" if has_km else "no_dictionary" if told.told is Told.NO_DICTIONARY else "nothing"
    out: dict[str, Any] = {
        "q": asked.text, "lang": asked.lang, "n": len(results), "results": [r.document() for r in results],
        "addresses": told.told.value, "is_cut": False, "hint": None if hint is None else word(HINTS, hint, asked.lang),
    } | more  # fmt: skip
    while len(compact(out)) > BYTES_MAX:
        out["results"].pop()
        out |= {"n": len(out["results"]), "is_cut": True}
    return out


def point_of(name: str, text: str) -> Point:
    """Longitude and latitude of a parameter. Raises InputError naming it."""
    found = numbers(name, text)
    if len(found) != 2 or abs(found[0]) > 180 or abs(found[1]) > 90:
        raise InputError(f"Parameter {name}: {text[:40]!r} is no lon,lat.", hint=f"For example {name}=136.65,36.56.")
    return found[0], found[1]


@router.get("/search", openapi_extra=SEARCH)
async def search(request: Request) -> Response:
    """Addresses, places, roads, routes and kilometre posts by name, the best first; docs/search.md has the fields."""
    params = request.query_params
    refuse_unknown(params, ("q", "lang", "limit", "near"))
    service = service_of(request)
    text, lang = question_of(params.get("q", "")), language_of(request)
    limit = min(whole(params, "limit", LIMIT_DEFAULT, 1), LIMIT_MAX)
    # about 100 m: near enough for an order, and few enough for a cache
    near = tuple(round(v, 3) for v in point_of("near", params["near"])) if "near" in params else None
    found = search_of(service)
    key = (text, lang, limit, near, found.ground(), service.dataset.is_synthetic, found.addresses.stamp())
    body = found.answers.held(key)
    if body is None:
        answer = await find(service, text, lang, limit, None if near is None else (near[0], near[1]))
        body = compact(answer)
        if answer["addresses"] in (Told.OK, Told.NO_DICTIONARY):
            found.answers.put(key, body)
    headers = {
        "ETag": etag_of(body), "Cache-Control": f"public, max-age={MAX_AGE_S}", "Vary": "Accept-Language",
        "Content-Language": lang,
    }  # fmt: skip
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    return Response(body, headers=headers, media_type="application/json")


@router.get("/search/near", openapi_extra=NEAR)
async def near(request: Request) -> Response:
    """The road nearest to a place, as a result of the search; nothing of the question is kept."""
    params = request.query_params
    refuse_unknown(params, ("at", "lang"))
    if "at" not in params:
        raise InputError("Parameter at: missing.", hint="For example at=136.65,36.56.")
    at, lang, service = point_of("at", params["at"]), language_of(request), service_of(request)
    async with service.connection() as connection:
        (found,) = await read_nearest(connection, [at])
    results = []
    if found is not None:
        label = found.name or found.route or word(KIND_NAMES, "road", lang)
        result = Result("location", word(KIND_NAMES, "location", lang), label, found.municipality or "",
                        round(at[0], 5), round(at[1], 5), None, found.piece_id, 100.0)  # fmt: skip
        results = [result.document() | {"distance_m": round(found.distance_m)}]
    answer = {
        "lang": lang, "n": len(results), "results": results,
        "hint": None if results else word(HINTS, "no_road_near", lang),
        "network_version": service.dataset.network_version, "synthetic": service.dataset.is_synthetic,
    }  # fmt: skip
    headers = {"Cache-Control": "no-store", "Content-Language": lang}
    return Response(compact(answer), headers=headers, media_type="application/json")

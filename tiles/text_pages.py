"""`/text/`: what the map shows, as pages of text: municipalities, their roads, stretches of a road, one road piece.

Server-rendered, without any script, from the same numbers as the summary and the same card as the map. A page says
until when it holds; caches may keep it no longer than that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from html import escape
from typing import Annotated
from urllib.parse import quote

import psycopg
from fastapi import APIRouter, Path
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from geo.errors import DatabaseProblem, NotFoundError
from tiles.caching import etag_of, is_known, not_modified
from tiles.documents import language_of
from tiles.parameters import LANGUAGES, refuse_unknown, whole
from tiles.problems import RETRY_AFTER_S
from tiles.service import Service, service_of
from tiles.summary import headers_of, present_summary
from tiles.summary_words import area_name, clock, details, km_text, percents, sentence
from tiles.text_page import CSP, Frame, page, pager, root_of, table
from tiles.text_piece import piece_page
from tiles.text_roads import OUTSIDE, UNNAMED, Basis, Label, RoadLine, basis_of, mask_of, pieces_of, roads_of
from tiles.text_search import search_page
from tiles.text_stretches import stretches_page
from tiles.text_words import Language, word

router = APIRouter(tags=["text"], include_in_schema=False)

#: Rows of a list on one page.
ROWS = 150
STRETCHES = 60
type Make = Callable[[Frame, Basis], Awaitable[str]]
type Lang = Annotated[str, Path(description="ja or en")]


@router.get("/text")
@router.get("/text/")
@router.get("/text/search")
async def choose_language(request: Request) -> Response:
    """Send on to the pages in the client's language."""
    refuse_unknown(request.query_params, ("lang", "q"))
    rest = "search" if request.url.path.endswith("/search") else ""
    query = f"?q={quote(request.query_params['q'])}" if "q" in request.query_params else ""
    address = f"{root_of(request)}/text/{language_of(request)}/{rest}{query}"
    return RedirectResponse(address, 307, headers={"Vary": "Accept-Language", "Cache-Control": "no-cache"})


@router.get("/text/{lang}/")
async def home(request: Request, lang: Lang) -> Response:
    """All municipalities."""

    async def make(frame: Frame, basis: Basis) -> str:
        return _home(frame, basis)

    return await _answer(request, lang, "", (), make)


@router.get("/text/{lang}/search")
async def search(request: Request, lang: Lang) -> Response:
    """A search, as /search has it."""

    async def make(frame: Frame, basis: Basis) -> str:
        return await search_page(service_of(request), frame)

    return await _answer(request, lang, "search", ("q",), make)


@router.get("/text/{lang}/areas/{area_id}")
async def area(request: Request, lang: Lang, area_id: str) -> Response:
    """The roads of a municipality."""

    async def make(frame: Frame, basis: Basis) -> str:
        return _area(frame, basis, area_id, whole(frame.query, "page", 1, 1))

    return await _answer(request, lang, f"areas/{area_id}", ("page",), make)


@router.get("/text/{lang}/areas/{area_id}/road")
async def road(request: Request, lang: Lang, area_id: str) -> Response:
    """The stretches of a road in a municipality."""

    async def make(frame: Frame, basis: Basis) -> str:
        mask = mask_of(basis, area_id)
        kind = next((kind for kind in ("route", "name") if kind in frame.query), UNNAMED)
        label = Label(kind, frame.query.get(kind, ""))
        pieces = pieces_of(basis, mask, label) if mask is not None else ()
        if len(pieces) == 0:
            raise NotFoundError("No such road in this municipality.", hint="Choose one from the list.")
        n, n_pages = whole(frame.query, "page", 1, 1), -(-len(pieces) // STRETCHES)
        shown = pieces[(n - 1) * STRETCHES : n * STRETCHES]
        names = (area_words(basis, area_id, frame.language), label.text or word(frame.language, "unnamed"))
        crumbs = [*_above(frame), (frame.at(f"areas/{quote(area_id)}"), names[0])]
        first = (n - 1) * STRETCHES + 1
        return await stretches_page(
            service_of(request), frame, basis, names, shown, first, crumbs, pager(frame, n, n_pages)
        )

    return await _answer(request, lang, f"areas/{area_id}/road", ("route", "name", "page"), make)


@router.get("/text/{lang}/roads/{piece_id}")
async def piece(request: Request, lang: Lang, piece_id: str) -> Response:
    """One road piece with its evidence."""

    async def make(frame: Frame, basis: Basis) -> str:
        return await piece_page(service_of(request), frame, basis.summary, piece_id, _above(frame))

    return await _answer(request, lang, f"roads/{piece_id}", (), make)


async def _answer(request: Request, lang: str, path: str, known: tuple[str, ...], make: Make) -> Response:
    """A page, or one that says in words why there is none."""
    if lang not in LANGUAGES:
        raise NotFoundError(f"There are no pages in {lang[:20]!r}.", hint=f"There are: {', '.join(LANGUAGES)}.")
    refuse_unknown(request.query_params, known)
    language: Language = "ja" if lang == "ja" else "en"
    query = dict(request.query_params)
    bare = Frame(root_of(request), language, path, query, searched=query.get("q", ""))
    service = service_of(request)
    try:
        summary = await present_summary(service)
        basis = await basis_of(service, summary)
        notes, is_synthetic = _notes(service, basis, language), summary.dataset.is_synthetic
        frame = replace(bare, notes=notes, is_synthetic=is_synthetic, zone=service.settings.timezone)
        html = await make(frame, basis)
    except (psycopg.Error, PoolTimeout, DatabaseProblem):
        headers = {"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
        return _page_of(bare, 503, "away", headers)
    except NotFoundError:
        return _page_of(bare, 404, "not_found", {"Cache-Control": "no-store"})
    headers = headers_of(service, summary, etag_of(html, weak=True)) | {"Content-Security-Policy": CSP}
    headers |= {"Vary": "Accept-Encoding", "Content-Language": language}
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    return HTMLResponse(html, headers=headers)


def _page_of(frame: Frame, status: int, key: str, headers: dict[str, str]) -> Response:
    html = page(frame, word(frame.language, key), _above(frame), f"<p>{frame.say(key + '_more')}</p>")
    sent = headers | {"Content-Security-Policy": CSP, "Content-Language": frame.language}
    return HTMLResponse(html, status, headers=sent)


def _notes(service: Service, basis: Basis, language: Language) -> list[str]:
    """Of when the page is, until when it holds, and whether the database is away."""
    summary, zone = basis.summary, service.settings.timezone
    time = clock(summary.dataset.as_of, summary.moment, zone, language)
    notes = [word(language, "stale" if service.stale_since else "as_of", time=time)]
    if summary.valid_until is None:
        return [*notes, word(language, "holds_open")]
    return [*notes, word(language, "holds", time=clock(summary.valid_until, summary.moment, zone, language))]


def _above(frame: Frame) -> list[tuple[str, str]]:
    return [(frame.at(), word(frame.language, "home"))] if frame.path else []


def area_words(basis: Basis, area_id: str, language: Language) -> str:
    """The name of an area. Raises NotFoundError."""
    if area_id == OUTSIDE:
        return word(language, "outside")
    for one in basis.summary.content["areas"][1:]:
        if one["id"] == area_id:
            return area_name(one, language)
    raise NotFoundError(f"No municipality {area_id[:40]!r}.", hint="Choose one from the list.")


def _home(frame: Frame, basis: Basis) -> str:
    summary, language = basis.summary, frame.language
    whole_area, *areas = summary.content["areas"]
    rows = [
        (
            _link(frame.at(f"areas/{quote(one['id'])}"), area_name(one, language)),
            shares_text(frame, one["km"], one["off_plan_km"]),
            frame.say("km", km=km_text(sum(one["km"].values()))),
        )
        for one in areas
    ]
    if mask_of(basis, OUTSIDE) is not None:
        rows.append((_link(frame.at(f"areas/{OUTSIDE}"), word(language, "outside")), "–", "–"))
    heads = [word(language, key) for key in ("area", "state", "length")]
    said = _said(frame, basis, whole_area)
    body = (
        f"<p>{frame.say('home_intro')}</p>{said}<h2>{frame.say('areas')}</h2>"
        f"{table(word(language, 'areas_caption'), heads, rows)}"
    )
    return page(frame, word(language, "home_heading"), [], body)


def _said(frame: Frame, basis: Basis, told: dict[str, object]) -> str:
    """An area in sentences."""
    summary, language = basis.summary, frame.language
    as_of, moment = summary.dataset.as_of, summary.moment
    first = sentence(told, as_of, moment, frame.zone, language)
    more = "".join(f"<li>{escape(line)}</li>" for line in details(told, as_of, moment, language))
    return f'<p class="state">{escape(first)}</p><ul>{more}</ul>'


def _area(frame: Frame, basis: Basis, area_id: str, n: int) -> str:
    language = frame.language
    name = area_words(basis, area_id, language)
    mask = mask_of(basis, area_id)
    if mask is None:
        raise NotFoundError(f"No road lies in {area_id[:40]!r}.", hint="Choose another from the list.")
    roads = roads_of(basis, mask)
    n_pages = max(-(-len(roads) // ROWS), 1)
    rows = [_road_row(frame, area_id, one) for one in roads[(n - 1) * ROWS : n * ROWS]]
    if not rows:
        raise NotFoundError(f"There are {n_pages} pages.", hint="Choose one of them.")
    told = next((one for one in basis.summary.content["areas"] if one["id"] == area_id), None)
    heads = [word(language, key) for key in ("road", "state", "length")]
    body = (
        f"{_said(frame, basis, told) if told else ''}<h2>{frame.say('roads')}</h2>"
        f"{table(word(language, 'roads_caption', area=name), heads, rows)}{pager(frame, n, n_pages)}"
    )
    return page(frame, name, _above(frame), body)


def _road_row(frame: Frame, area_id: str, line: RoadLine) -> tuple[str, str, str]:
    text = line.label.text or word(frame.language, "unnamed")
    query = {line.label.kind: line.label.text} if line.label.text else {}
    km = sum(line.km.values()) or line.off_plan_km
    return (
        _link(frame.at(f"areas/{quote(area_id)}/road", **query), text),
        shares_text(frame, line.km, line.off_plan_km),
        frame.say("km", km=km_text(km)),
    )


def shares_text(frame: Frame, km: dict[str, float], off_plan_km: float) -> str:
    """Shares by state, and what is on nobody's plan, as HTML."""
    share = percents(km)
    if share is None:
        return frame.say("off_plan")
    more = frame.say("off_plan_more", km=km_text(off_plan_km)) if off_plan_km >= 0.05 else ""
    return frame.say("shares", **share) + more


def _link(address: str, text: str) -> str:
    return f'<a href="{address}">{escape(text)}</a>'

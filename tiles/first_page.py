"""`/`: the residents' page with what its first view shows, so that a weak line needs one answer for it.

web/index.html is the page; at its comments the server puts the words on the area, the overview, the modules to fetch
and what scripts start from. Without a publication it goes out as it is, and its scripts ask until there is one.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import DatabaseProblem
from tiles.answers import pack_for, zulu
from tiles.caching import etag_of, is_known, not_modified, stale_headers
from tiles.documents import language_of
from tiles.forms import takes
from tiles.overview import Drawing, present_drawing
from tiles.parameters import LANGUAGES, refuse_unknown
from tiles.service import Service, service_of
from tiles.service_worker import SHELL_HEADER
from tiles.site import WEB_CSP, config_of
from tiles.summary_words import Language, details, sentence
from tiles.web_files import INDEX, WebFiles, respond_file

router = APIRouter(tags=["service"])

NO_FRAME = "frame-ancestors 'none'"


@dataclass(slots=True)
class FirstPage:
    """The filled page of a drawing in one language, with its packed bodies."""

    drawing: Drawing
    shell_etag: str
    html: str
    etag: str
    bodies: dict[str, bytes] = field(default_factory=dict)


def language_for(request: Request) -> str:
    """ja or en by `lang`, where it names one, else by Accept-Language: a page is never refused for its language."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return "ja" if asked else language_of(request)


def policy_of(request: Request, service: Service) -> str:
    """The content security policy: frames are for /?embed=1 alone, and for the pages that the settings name."""
    sources = service.settings.web.embed_from
    if request.query_params.get("embed") != "1" or not sources:
        return WEB_CSP
    return WEB_CSP.replace(NO_FRAME, f"frame-ancestors {' '.join(sources)}")


@router.get("/", include_in_schema=False)
async def first_page(request: Request) -> Response:
    """The residents' page."""
    service = service_of(request)
    files: WebFiles = service.web_files
    sent = {"Content-Security-Policy": policy_of(request, service)}
    try:
        made = await _page(service, files, language_for(request))
    except (DatabaseProblem, psycopg.Error, PoolTimeout):
        return await respond_file(request, files.read(INDEX), sent)
    headers = sent | {
        "Cache-Control": "no-cache", "ETag": made.etag, "Vary": "Accept-Encoding, Accept-Language",
        SHELL_HEADER: made.shell_etag,
        **stale_headers(service.stale_since),
    }  # fmt: skip
    if is_known(request, made.etag):
        return not_modified(headers)
    encoding = takes(request)
    if encoding not in made.bodies:
        made.bodies[encoding] = await asyncio.to_thread(pack_for, encoding, made.html.encode())
    encoded = {} if encoding == "identity" else {"Content-Encoding": encoding}
    return Response(made.bodies[encoding], headers=headers | encoded, media_type="text/html")


async def _page(service: Service, files: WebFiles, language: str) -> FirstPage:
    drawing = await present_drawing(service)
    shell = await asyncio.to_thread(files.shell_document)
    version = str(shell["version"])

    async def make() -> FirstPage:
        html = await asyncio.to_thread(fill, service, files, drawing, language)
        return FirstPage(drawing, version, html, etag_of(html, weak=True))

    def is_good(last: FirstPage) -> bool:
        return last.drawing is drawing and last.shell_etag == version

    kept: FirstPage = await service.first_pages[language].get(object(), make, is_good)
    return kept


def fill(service: Service, files: WebFiles, drawing: Drawing, language: str) -> str:
    """index.html with the first view in a language."""
    summary, zone = drawing.summary, service.settings.timezone
    now, as_of = summary.moment, summary.dataset.as_of
    whole = summary.content["areas"][0]
    lang: Language = "ja" if language == "ja" else "en"
    words = sentence(whole, as_of, now, zone, lang)
    start = start_of(service, files, drawing, service.clock())
    parts = {
        "preload": "".join(f'<link rel="modulepreload" href="{path}">' for path in files.light_modules()),
        "overview": drawing.svg.replace("<svg ", f'<svg aria-label="{escape(words)}" ', 1),
        "words": escape(words),
        "details": "".join(f"<li>{escape(line)}</li>" for line in details(whole, as_of, now, lang)),
        "start": f'<script type="application/json" id="start">{start}</script>',
    }
    html = files.text(INDEX).replace('<html lang="ja">', f'<html lang="{language}">', 1)
    for name, text in parts.items():
        html = _put(html, name, text)
    return html


def _put(html: str, name: str, text: str) -> str:
    """The page with a text in place of a comment, and of what stands up to the comment that ends it."""
    return re.sub(rf"<!--{name}-->(?:[^<]*<!--/{name}-->)?", lambda _: text, html, count=1)


def start_of(service: Service, files: WebFiles, drawing: Drawing, now: datetime) -> str:
    """What scripts start from, as JSON that may stand in a page."""
    content: dict[str, Any] = {
        "served_at": zulu(drawing.summary.dataset.moment(now)),
        "config": config_of(service),
        "summary": drawing.summary.document(),
        "modules": files.map_modules(),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@router.get("/shell.json", include_in_schema=False)
async def shell(request: Request) -> Response:
    """The files of the page with their tags, for a service worker that keeps them."""
    refuse_unknown(request.query_params, ())
    files: WebFiles = service_of(request).web_files
    document = await asyncio.to_thread(files.shell_document)
    headers = {"Cache-Control": "no-cache", "ETag": f'"{document["version"]}"'}
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    return JSONResponse(document, headers=headers)

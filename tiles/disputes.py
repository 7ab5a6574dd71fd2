"""/disputes: what somebody saw on a road that is not what the service tells; taken from everybody, read by its sender.

A report changes no state. Who sent it is not known: no name is asked for, and no address is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import psycopg
from fastapi import APIRouter, FastAPI, Path
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from geo.errors import AccessError, InputError, NotFoundError, YukiError, http_status
from tiles.disputes_body import Body
from tiles.disputes_claim import TOKEN, digest_of, read_claim
from tiles.disputes_docs import POST, POST_RESPONSES, READ_RESPONSES
from tiles.disputes_pages import PRIVATE, form_html, own_html, problem_html, whole_page
from tiles.disputes_store import Desk, Receipt, read_known, read_roads
from tiles.disputes_words import WORDS
from tiles.documents import base_of, format_of, language_of
from tiles.parameters import BIGINT_MAX, LANGUAGES, refuse_unknown
from tiles.service import Service, service_of

router = APIRouter(tags=["disputes"])

#: Bytes of random that name a form's report.
CLIENT_BYTES = 24


def mount(application: FastAPI, service: Service) -> None:
    """Add the routes, and what the requests of this process share."""
    application.state.disputes = Desk(service)
    application.include_router(router)


def desk_of(request: Request) -> Desk:
    """What takes disputes in the application that a request came to."""
    desk = request.app.state.disputes
    assert isinstance(desk, Desk)
    return desk


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def _address(request: Request, token: str) -> str:
    return f"{base_of(request).removesuffix('/ogc')}/disputes/{token}"


@router.post(
    "/disputes", openapi_extra=POST, responses=POST_RESPONSES, status_code=201, response_class=JSONResponse,
)  # fmt: skip
async def post_dispute(request: Request) -> Response:
    """Say that a road is not as the service tells. Answers with a number, and the address of the decision to come."""
    desk = desk_of(request)
    if format_of(request) == "html":
        return await _from_form(request, desk)
    receipt, _ = await _receive(request, desk, is_form=False)
    link = _address(request, receipt.token)
    content = {
        "number": receipt.dispute_id, "link": link,
        "received_at": receipt.received_at.isoformat(), "has_photo": receipt.has_photo,
        "shown_state": receipt.shown_state, "shown_reason": receipt.shown_reason, "is_repeat": receipt.is_repeat,
    }  # fmt: skip
    headers = {"Cache-Control": "no-store", "Location": link}
    return JSONResponse(content, 200 if receipt.is_repeat else 201, headers=headers)


async def _receive(
    request: Request, desk: Desk, *, is_form: bool, body: Body | None = None
) -> tuple[Receipt, Mapping[str, Any]]:
    """Take what a request says; is_form: only with the mark of a form of ours, which people take a while to fill in."""
    if request.headers.get("sec-fetch-site", "none") == "cross-site":
        raise AccessError("A page of another host sent this.", hint="Use the map page of this service.")
    desk.require_open()
    desk.limit.refuse_known(_host(request))
    found = body or await desk.bodies.read(request)
    claim = read_claim(found.fields, desk.service.moment())
    stamp = found.fields.get("form_stamp")
    if is_form or stamp:
        await desk.limit.check_stamp(str(stamp or ""))
    return await desk.receive(claim, found.photo, _host(request)), found.fields


async def _from_form(request: Request, desk: Desk) -> Response:
    """Answer the form without a script: the sender's page, or the form again with what was wrong."""
    body, lang = None, language_of(request)
    try:
        desk.limit.refuse_known(_host(request))
        body = await desk.bodies.read(request)
        asked = body.fields.get("lang")
        lang = asked if asked in LANGUAGES else lang
        receipt, _ = await _receive(request, desk, is_form=True, body=body)
    except HTTPException as error:
        return await _refused(desk, body, lang, error.status_code, str(error.detail), {})
    except YukiError as error:
        headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
        return await _refused(desk, body, lang, http_status(error), str(error), headers)
    except (psycopg.Error, PoolTimeout):
        return whole_page(
            WORDS[lang]["title"], lang, problem_html(WORDS[lang]["away"], lang), switch="",
            headers=PRIVATE | {"Retry-After": "60"}, status=503,
        )  # fmt: skip
    return RedirectResponse(f"/disputes/{receipt.token}?{urlencode({'lang': lang})}", 303, headers=PRIVATE)


async def _refused(
    desk: Desk, body: Body | None, lang: str, status: int, message: str, headers: Mapping[str, str]
) -> Response:
    """The form again with what was filled in, where its road is known; else the message alone."""
    said, given = problem_html(message, lang), body.fields if body else {}
    piece_id = str(given.get("piece_id", ""))
    if status < 500 and piece_id.isascii() and piece_id.isdigit() and len(piece_id) < 19:
        said += await _form(desk, int(piece_id), lang, given)
    return whole_page(WORDS[lang]["title"], lang, said, switch="", headers=PRIVATE | dict(headers), status=status)


async def _form(desk: Desk, piece_id: int, lang: str, given: Mapping[str, Any]) -> str:
    """The form for a road piece; empty where there is no such road."""
    service = desk.service
    roads = await read_roads(service, [2 * piece_id, 2 * piece_id + 1], service.moment())
    if not roads:
        return ""
    name, stamp = secrets.token_urlsafe(CLIENT_BYTES), await desk.limit.stamp()
    return form_html(roads, lang, service.settings.timezone, stamp=stamp, client_id=name, given=given)


@router.get("/disputes/new", response_class=Response, responses=READ_RESPONSES)
async def new(request: Request, piece_id: str = "") -> Response:
    """The form without a script, for a road piece."""
    refuse_unknown(request.query_params, ["piece_id", "lang"])
    desk, lang = desk_of(request), language_of(request)
    words = WORDS[lang]
    if not piece_id.isascii() or not piece_id.isdigit() or int(piece_id[:30]) > BIGINT_MAX >> 1:
        raise InputError(
            f"Parameter piece_id: {piece_id[:40]!r} is no id of a road piece.", hint="Choose a road first."
        )
    form = f"<p>{words['closed']}</p>"
    if service_of(request).settings.disputes.is_open:
        form = await _form(desk, int(piece_id), lang, {})
        if not form:
            raise NotFoundError(f"No road piece {piece_id}, or traffic may not use it.", hint="Choose the road again.")
    switch = f"/disputes/new?{urlencode({'piece_id': piece_id, 'lang': {'ja': 'en', 'en': 'ja'}[lang]})}"
    return whole_page(words["title"], lang, form, switch=switch, headers=PRIVATE)


@router.get("/disputes/{token}", responses=READ_RESPONSES)
async def own(
    request: Request, token: Annotated[str, Path(description="as the answer to the report gave it")]
) -> Response:
    """What became of a report, for who knows its address."""
    refuse_unknown(request.query_params, ["f", "lang"])
    service, lang = service_of(request), language_of(request)
    known = await read_known(service, digest_of(token)) if TOKEN.fullmatch(token) else None
    if known is None:
        raise NotFoundError("No report has this address, or its days are over.", hint="Look at the whole address.")
    if format_of(request) == "html":
        body = own_html(known, lang, service.settings.timezone)
        switch = f"?{urlencode({'lang': {'ja': 'en', 'en': 'ja'}[lang], 'f': 'html'})}"
        return whole_page(WORDS[lang]["own_title"], lang, body, switch=switch, headers=PRIVATE)
    content = {"number" if name == "dispute_id" else name: value for name, value in known.items()}
    for name in ("received_at", "seen_at", "shown_cleared_at", "decided_at"):
        content[name] = None if known[name] is None else known[name].isoformat()
    return JSONResponse(content, headers=PRIVATE | {"Vary": "Accept"})

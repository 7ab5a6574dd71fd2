"""Problem bodies after RFC 9457, from the house's one table of errors. Bad input never ends in a 5xx."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from geo.db import unreachable
from geo.errors import DatabaseProblem, NoKeyError, YukiError, http_status

LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
#: A client that is told 503 may ask again after this many seconds.
RETRY_AFTER_S = 5
#: A message may quote what was sent; no more than this of it.
TEXT_MAX = 1_000
#: How a key is sent (RFC 6750).
CHALLENGE = 'Bearer realm="yukimichi"'


def problem(
    status: int, detail: str, *, hint: str = "", instance: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """The response for a problem. `hint` is the next step; `instance` the address that was asked for."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": _cut(detail)}
    body |= {key: _cut(value) for key, value in (("hint", hint), ("instance", instance)) if value}
    sent = {"Cache-Control": "no-store"} | dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        sent.setdefault("Retry-After", str(RETRY_AFTER_S))
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, sent, media_type=MEDIA_TYPE)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "…"


async def on_yuki_error(request: Request, error: Exception) -> Response:
    """An error raised on purpose."""
    assert isinstance(error, YukiError)
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, NoKeyError):
        headers["WWW-Authenticate"] = CHALLENGE
    return problem(http_status(error), error.message, hint=error.hint, instance=request.url.path, headers=headers)


async def on_database_error(request: Request, error: Exception) -> Response:
    """The database refuses, does not answer, or takes too long."""
    LOG.warning("%s %s: %s", request.method, request.url.path, error)
    if isinstance(error, psycopg.errors.QueryCanceled):
        slow = DatabaseProblem("The question takes too long to answer.", hint="Ask for less: a bbox, a lower limit.")
        return await on_yuki_error(request, slow)
    if isinstance(error, psycopg.DataError):
        return problem(400, "A value is out of range.", hint=str(error).split("\n")[0], instance=request.url.path)
    if isinstance(error, psycopg.OperationalError):
        return await on_yuki_error(request, unreachable(error))
    if isinstance(error, PoolTimeout):
        return await on_yuki_error(request, unreachable(psycopg.OperationalError("no connection is free")))
    LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "The service made a mistake; it is in its log.", instance=request.url.path)


async def on_http_error(request: Request, error: Exception) -> Response:
    """404 for an address that nothing serves, 405 for a method that it does not have; OPTIONS is told which it has."""
    assert isinstance(error, HTTPException)
    allowed = (error.headers or {}).get("Allow")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and allowed is not None:
        methods = {method.strip() for method in allowed.split(",")}
        methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        error.headers = {**(error.headers or {}), "Allow": ", ".join(sorted(methods))}
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=error.headers)
    return problem(error.status_code, str(error.detail), instance=request.url.path, headers=error.headers)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """A parameter of the wrong kind."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:])
    return problem(400, f"Parameter {name}: {first['msg']}.", instance=request.url.path)


#: What the application installs, exception by exception.
HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    YukiError: on_yuki_error,
    psycopg.Error: on_database_error,
    PoolTimeout: on_database_error,
    HTTPException: on_http_error,
    RequestValidationError: on_invalid_request,
}

"""Who asks: nobody in particular, or the holder of a key of app.api_key. Every read of mgr is written down, and so is
every try that was refused. What is answered to a key enters no shared cache.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import math
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

import psycopg
from psycopg_pool import PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.db import Role, read_sql
from geo.errors import AccessError, NoKeyError
from layers.catalogue import Collection
from tiles.gate import WINDOW_S, Line, Refusal, network_of, place_of, plain
from tiles.problems import problem
from tiles.service import Service

LOG = logging.getLogger(__name__)

#: Scopes that open what is not public.
MANAGER_SCOPES = frozenset({"manager", "admin"})
#: Longer texts are no keys of ours.
KEY_CHARS_MAX = 200
#: While an address is over its limit, keys that hold are believed to be those of so long ago.
KNOWN_S = 0.5
#: Where an answer depends on the key.
BY_KEY = ("/ogc", "/reports")
#: Key of a scope under which the id of the key that asks is told to the gate.
KEY_ID = "yukimichi.key_id"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. key_id None: nobody in particular."""

    key_id: int | None = None
    scope: str = "public"
    scope_of: str | None = None

    @property
    def is_manager(self) -> bool:
        """Whether mgr is open to this caller. All of it: its rows carry no manager that a key could be held to."""
        return self.scope in MANAGER_SCOPES

    @property
    def contractor(self) -> str | None:
        """The contractor whose key it is; None: nobody's."""
        return self.scope_of if self.scope == "contractor" else None

    def may_see(self, collection: Collection) -> bool:
        """Whether a collection is open to this caller, be it only a part of its rows."""
        is_own = collection.is_by_contractor and self.contractor is not None
        return collection.is_public or self.is_manager or is_own

    def role_for(self, collection: Collection) -> Role:
        """The database role that reads a collection for this caller."""
        return Role.READER if collection.is_public and not self.is_manager else Role.MANAGER

    def scope_params(self) -> dict[str, object]:
        """Parameters by which the SELECTs of collections that are somebody's own keep each caller to its rows."""
        return {
            "sees_all": self.is_manager, "contractor": self.contractor, "sees_every_manager": self.scope == "admin",
            "manager_of": self.scope_of if self.scope == "manager" else None,
        }  # fmt: skip


PUBLIC = Caller()


def _key_of(headers: Headers) -> str | None:
    """The key that a request carries, None without one. Raises NoKeyError for a header that is not understood.

    QGIS before 3.24 and many other clients know Basic alone (RFC 7617): the key is the password, of any user.
    """
    given = headers.getlist("authorization")
    if not given:
        return None
    kind, _, sent = given[0].partition(" ")
    key = sent.strip() if kind.lower() == "bearer" else _password(sent) if kind.lower() == "basic" else ""
    if len(given) > 1 or not 0 < len(key) <= KEY_CHARS_MAX:
        raise NoKeyError(
            "The Authorization header is not understood.",
            hint="Send `Authorization: Bearer <key>`, or Basic with the key as the password.",
        )
    return key


def _password(sent: str) -> str:
    """The password of Basic; empty: it is none that can be read."""
    try:
        return base64.b64decode(sent.strip(), validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""


def _digest(key: str) -> bytes:
    """What is stored of a key. Comparing hashes tells no clock anything about keys."""
    return hashlib.sha256(key.encode()).digest()


async def caller_of(request: Request, service: Service) -> Caller:
    """The caller by `Authorization: Bearer <key>`. Raises NoKeyError for a key that is not known, ended or revoked.

    Each request asks anew, so a key ends with the request that comes after.
    """
    key = _key_of(request.headers)
    if key is None:
        return PUBLIC
    async with service.connection(Role.APP) as connection:
        found = await connection.execute(read_sql("tiles", "api_key"), {"key_sha256": _digest(key)})
        row = await found.fetchone()
    if row is None:
        raise NoKeyError("This key is not known, or it was revoked.", hint="Ask the operator for a key.")
    request.scope[KEY_ID] = row[0]
    return Caller(*row)


async def permit(request: Request, service: Service, collection: Collection) -> Caller:
    """The caller, if the collection is open to them. A read of a restricted one goes into the audit log first."""
    caller = await caller_of(request, service)
    if collection.is_public:
        return caller
    if not caller.may_see(collection):
        refused = NoKeyError if caller.key_id is None else AccessError
        readers = "road managers and contractors" if collection.is_by_contractor else "road managers"
        raise refused(
            f"The collection {collection.collection_id} is for {readers}.",
            hint="Send a manager's key as `Authorization: Bearer <key>`.",
        )
    await note_read(request, service, caller, collection.collection_id)
    return caller


async def note_read(request: Request, service: Service, caller: Caller, what: str) -> None:
    """Write into the audit log that a key read something that is not public."""
    host = request.client.host if request.client else ""
    asked = {"path": plain(request.url.path), "query": plain(request.url.query)}
    await _write(service, caller.key_id, "read", {"collection": what, **asked, "network": network_of(host)})


async def _write(service: Service, key_id: int | None, action: str, detail: dict[str, object]) -> None:
    named = {"key_id": key_id, "action": action, "detail": json.dumps(detail, ensure_ascii=False)}
    async with service.connection(Role.APP) as connection:
        await connection.execute(read_sql("tiles", "audit"), named)


class GateMiddleware:
    """Before every door: slows who is wrong about keys, notes what was refused, keeps what keys open out of caches."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service
        self.gate = service.gate
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_timed = False
        service.closers.append(self.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on; put on the answer what caches need to know."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        has_key = "authorization" in headers or b"key=" in scope["query_string"]
        host = scope["client"][0] if scope.get("client") else ""
        wait_s = self.gate.wrong.wait_s(place_of(host)) if has_key else 0.0
        if wait_s > 0 and not await self._holds(scope, headers):
            self._note(scope, host, HTTPStatus.TOO_MANY_REQUESTS)
            await _too_often(scope, wait_s)(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(scope, message, has_key=has_key)
                if message["status"] in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                    self._refused(scope, host, message["status"], has_key=has_key)
            await send(message)

        await self.app(scope, receive, watched)

    def _refused(self, scope: Scope, host: str, status: int, *, has_key: bool) -> None:
        if status == HTTPStatus.UNAUTHORIZED and has_key:
            self.gate.wrong.count(place_of(host))
        # a refused order has a line of its own, with what was asked for
        if not (status == HTTPStatus.FORBIDDEN and scope["path"].startswith("/ingest/orders")):
            self._note(scope, host, status)

    async def _holds(self, scope: Scope, headers: Headers) -> bool:
        """Whether the key of a request holds, by what was read KNOWN_S ago at most; true where nobody can tell."""
        try:
            # trackers that send no headers write positions with `key` in the address; nothing is read so
            key = _key_of(headers) or dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("key")
            if self.gate.clock_s() - self.gate.known_at_s > KNOWN_S:
                self.gate.known_at_s = self.gate.clock_s()
                async with self.service.connection(Role.APP) as connection:
                    rows = await (await connection.execute(read_sql("tiles", "api_keys"))).fetchall()
                self.gate.known = frozenset(bytes(row[0]) for row in rows)
        except NoKeyError:
            return False
        except (psycopg.Error, PoolTimeout):
            return True
        return key is not None and _digest(key) in self.gate.known

    def _note(self, scope: Scope, host: str, status: int) -> None:
        refusal = Refusal(scope.get(KEY_ID), int(status), plain(scope["path"]), network_of(host))
        line = self.gate.refusals.add(refusal)
        if line is not None:
            self._start(line)
        elif not self._is_timed:
            self._is_timed = True
            asyncio.get_running_loop().call_later(WINDOW_S, self._due)

    def _due(self) -> None:
        for line in self.gate.refusals.due():
            self._start(line)
        self._is_timed = not self.gate.refusals.is_empty
        if self._is_timed:
            asyncio.get_running_loop().call_later(WINDOW_S / 4, self._due)

    def _start(self, line: Line) -> None:
        task = asyncio.get_running_loop().create_task(self._tell(line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, line: Line) -> None:
        of = line.refusal
        detail: dict[str, object] = {"path": of.path, "status": of.status, "network": of.network, "n": line.n}
        try:
            await _write(self.service, of.key_id, "refused", detail)
        except (psycopg.Error, PoolTimeout) as error:
            LOG.warning("%d refused requests are not in the audit log: %s", line.n, error)

    async def close(self) -> None:
        """Write what still waits; to be called before the pools close."""
        for line in self.gate.refusals.due(is_end=True):
            self._start(line)
        await asyncio.gather(*self._tasks)


def _mark(scope: Scope, message: Message, *, has_key: bool) -> None:
    """Answers to a key are nobody else's; where a key changes the answer, caches tell those without one apart."""
    headers = MutableHeaders(scope=message)
    if has_key:
        headers["Cache-Control"] = "private, no-store"
    if has_key or scope["path"].startswith(BY_KEY):
        headers.add_vary_header("Authorization")


def _too_often(scope: Scope, wait_s: float) -> ASGIApp:
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong keys came from this address.",
        hint="Send a key that holds, or wait for as long as Retry-After says.", instance=scope["path"],
        headers={"Retry-After": str(math.ceil(wait_s)), "Cache-Control": "private, no-store"},
    )  # fmt: skip

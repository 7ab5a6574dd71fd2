"""The front: what lies in memory is told again without asking the application.

A handler that answers from a cache offers its answer (`offer`). What then goes out, headers and body, is kept under the
address that was asked for, and the next request for it is answered here, before any other middleware, for as long as
the handler's `is_good` says so. So an answer of the front is by construction the one that the application gave. What
is left to the application: requests with a key or a range, addresses that nothing was offered for, and every first
request for an address in an encoding.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiles.caching import names_tag, stale_headers
from tiles.service import Service

type Headers = tuple[tuple[bytes, bytes], ...]
type Tell = Callable[[Scope, str, int, float], None]

#: Key of a scope under which the front lets handlers offer their answers.
OFFER = "yukimichi.offer"
#: Addresses that are kept; about a kilobyte each, beside the bodies, which the caches hold anyway.
ADDRESSES_MAX = 8_192
#: Forms of the answer of one address (encodings, queries, media types); more are left to the application.
FORMS_MAX = 12
#: After so many new answers those are forgotten that hold no longer, so that their bodies go.
SWEEP_EVERY = 256
#: Headers of a request that an answer depends on.
_LOOKED_AT = frozenset({b"accept-encoding", b"accept", b"if-none-match", b"authorization", b"range"})
#: Headers of a full answer that an answer without body does not have, after what the application sends.
_OF_BODY = frozenset({b"content-type", b"content-length", b"content-encoding"})
_STALE = b"cache-status"


@dataclass(slots=True)
class Offer:
    """What a handler says of its answer.

    is_good     whether the answer would be the same if it were asked for again now; None: nothing is offered
    bodies      the bytes that a cache holds, the gzipped ones first; a body that is none of them is unpacked from those
    by_accept   whether the answer depends on Accept
    """

    is_good: Callable[[], bool] | None = None
    bodies: tuple[bytes, ...] = ()
    by_accept: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """One form of an answer; `is_plain`: its body is unpacked from `body`."""

    status: int
    headers: Headers
    etag: str
    body: bytes
    is_plain: bool
    is_good: Callable[[], bool]
    route: str


@dataclass(slots=True)
class _Address:
    """The forms of the answer of one path, by query, Accept-Encoding and, where it matters, Accept."""

    by_accept: bool
    forms: dict[tuple[bytes, bytes, bytes], _Kept] = field(default_factory=dict)


def offer(request: Request, is_good: Callable[[], bool], *bodies: bytes, by_accept: bool = False) -> None:
    """Offer the answer that is about to be returned (200, or 204 with an empty body) to the front, if there is one."""
    made: Offer | None = request.scope.get(OFFER)
    if made is not None:
        made.is_good, made.bodies, made.by_accept = is_good, bodies, by_accept


class FrontMiddleware:
    """Answers from memory; `tell` counts and logs them as those of the application are counted and logged."""

    def __init__(self, app: ASGIApp, service: Service, tell: Tell) -> None:
        self.app = app
        self.service = service
        self.tell = tell
        self._kept: dict[str, _Address] = {}
        self._n_new = 0
        self._heads: dict[Headers, Headers] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._heads.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on and keep what the application offers."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        address = self._kept.get(scope["path"])
        asked = _asked(scope)
        if address is not None:
            form = (scope["query_string"], asked.get(b"accept-encoding", b""), _accept(asked, address.by_accept))
            kept = address.forms.get(form)
            if kept is not None and b"authorization" not in asked and b"range" not in asked:
                if kept.is_good():
                    await self._answer(scope, send, kept, asked.get(b"if-none-match"))
                    return
                del address.forms[form]
        await self._ask(scope, receive, send, asked)

    async def _answer(self, scope: Scope, send: Send, kept: _Kept, known: bytes | None) -> None:
        """The kept answer, 304 where the client holds it, without its body to HEAD."""
        began = time.perf_counter()
        status, headers, body = kept.status, kept.headers, kept.body
        if known is not None and names_tag(known.decode("latin-1"), kept.etag):
            status, body = HTTPStatus.NOT_MODIFIED, b""
            headers = tuple(one for one in headers if one[0] not in _OF_BODY)
        elif scope["method"] == "HEAD":
            body = b""
        elif kept.is_plain:
            body = gzip.decompress(body)
        if self.service.stale_since is not None:
            stale = stale_headers(self.service.stale_since).items()
            headers = (*headers, *((name.lower().encode(), value.encode()) for name, value in stale))
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self.tell(scope, kept.route, int(status), time.perf_counter() - began)

    async def _ask(self, scope: Scope, receive: Receive, send: Send, asked: dict[bytes, bytes]) -> None:
        """Let the application answer; keep the answer if it is offered and whole."""
        offered, start = Offer(), None
        scope[OFFER] = offered

        async def watched(message: Message) -> None:
            nonlocal start
            await send(message)
            if message["type"] == "http.response.start":
                start = message
            elif offered.is_good is not None and start is not None and scope["method"] == "GET":
                is_alone = not message.get("more_body") and not (asked.keys() & {b"authorization", b"range"})
                if is_alone and start["status"] in (200, 204):
                    self._keep(scope, asked, offered, start, message.get("body", b""))
                start = None

        await self.app(scope, receive, watched)

    def _keep(self, scope: Scope, asked: dict[bytes, bytes], offered: Offer, start: Message, body: bytes) -> None:
        headers: Headers = tuple((name.lower(), value) for name, value in start["headers"])
        named = dict(headers)
        if b"etag" not in named or offered.is_good is None or not offered.bodies:
            return
        held = next((one for one in offered.bodies if one is body), None)
        if held is None and b"content-encoding" in named:
            return  # packed by somebody else on the way out: the application does it again
        route = str(getattr(scope.get("route"), "path", "static"))
        shared = tuple(one for one in headers if one[0] not in (b"etag", b"content-length", _STALE))
        own = tuple(one for one in headers if one[0] in (b"etag", b"content-length"))
        kept = _Kept(
            start["status"], (*self._heads.setdefault(shared, shared), *own), named[b"etag"].decode("latin-1"),
            offered.bodies[0] if held is None else held, held is None, offered.is_good, route,
        )  # fmt: skip
        address = self._kept.setdefault(scope["path"], _Address(offered.by_accept))
        if len(address.forms) < FORMS_MAX:
            accept = _accept(asked, address.by_accept)
            address.forms[scope["query_string"], asked.get(b"accept-encoding", b""), accept] = kept
        self._n_new += 1
        if self._n_new % SWEEP_EVERY == 0 or len(self._kept) > ADDRESSES_MAX:
            self._sweep()

    def _sweep(self) -> None:
        """Forget answers that hold no longer, and the oldest addresses where there are too many."""
        for path, address in list(self._kept.items()):
            address.forms = {form: kept for form, kept in address.forms.items() if kept.is_good()}
            if not address.forms:
                del self._kept[path]
        if len(self._kept) > ADDRESSES_MAX:
            for path in list(self._kept)[: ADDRESSES_MAX // 8]:
                del self._kept[path]


def _asked(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request that matter here."""
    return {name: value for name, value in scope["headers"] if name in _LOOKED_AT}


def _accept(asked: dict[bytes, bytes], matters: bool) -> bytes:
    return asked.get(b"accept", b"") if matters else b""

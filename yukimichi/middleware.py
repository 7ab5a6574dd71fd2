"""What every request passes, as plain ASGI: HEAD as GET without a body, and leave for scripts of other origins."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Headers that scripts of other origins may read.
EXPOSED = "Cache-Status, Content-Crs, ETag, Last-Modified, Link, Retry-After"
OPEN_HEADERS = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED.encode()))
_METHODS = b"GET, HEAD, POST, OPTIONS"
#: A browser may remember for so long what it is allowed to send, seconds.
_PREFLIGHT_S = b"86400"


class HeadMiddleware:
    """Answers HEAD as GET without a body, on every route alike but those that take something in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and drop the body of an answer to HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith("/ingest/"):
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, without_body)


class OpenMiddleware:
    """Lets scripts of every origin read every answer (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

    The same headers go on every answer, whoever asks: one that differed by Origin would need `Vary: Origin`, and each
    site that shows our map would have caches keep tiles of its own. No answer depends on cookies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight; else hand on, and add the headers to the start of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            asked = dict(scope["headers"])
            if b"origin" in asked and b"access-control-request-method" in asked:
                await _preflight(send, asked.get(b"access-control-request-headers"))
                return

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *OPEN_HEADERS]
            await send(message)

        await self.app(scope, receive, opened)


async def _preflight(send: Send, wanted: bytes | None) -> None:
    headers = [
        OPEN_HEADERS[0],
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-max-age", _PREFLIGHT_S),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    if wanted is not None:
        headers.append((b"access-control-allow-headers", wanted))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})

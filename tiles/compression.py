"""Bodies in brotli or gzip, whichever the client prefers (RFC 9110 §12.5.3), as plain ASGI.

What is encoded already, what is no text, and streams of events pass as they are.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import brotli
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bodies smaller than this are not worth it.
LEAST_BYTES = 1_000
#: Efforts at which an answer of 50 kB takes about a millisecond.
BROTLI_QUALITY = 4
GZIP_LEVEL = 5
#: zlib's window for a gzip header.
GZIP_WINDOW = 31
#: Media types of text, by their beginning or their end.
TEXTS = ("text/", "application/json", "application/javascript", "application/manifest+json", "image/svg+xml")
SUFFIXES = ("+json", "+xml")
#: An event has to arrive when it happens.
STREAM = "text/event-stream"


class _Encoder(Protocol):
    """Takes a body part by part."""

    def compress(self, data: bytes, /) -> bytes:
        """What is ready after this part."""

    def flush(self) -> bytes:
        """The rest."""


class _Brotli:
    """brotli's compressor with the names of zlib's."""

    def __init__(self) -> None:
        self._inner = brotli.Compressor(quality=BROTLI_QUALITY)

    def compress(self, data: bytes, /) -> bytes:
        """What is ready after this part."""
        return bytes(self._inner.process(data))

    def flush(self) -> bytes:
        """The rest."""
        return bytes(self._inner.finish())


def _encoder(name: str) -> _Encoder:
    return _Brotli() if name == "br" else zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)


def _weight(parameters: str) -> float:
    for part in parameters.split(";"):
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def encoding_of(accepted: str) -> str:
    """br, gzip, or an empty text for neither: the one with more weight; brotli where both have the same."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip()] = _weight(parameters)
    others = weights.get("*", 0.0)
    brotli_weight = weights.get("br", others)
    gzip_weight = weights.get("gzip", weights.get("x-gzip", others))
    if max(brotli_weight, gzip_weight) <= 0:
        return ""
    return "br" if brotli_weight >= gzip_weight else "gzip"


def is_text(media_type: str) -> bool:
    """Whether bodies of a media type are text, which packing makes smaller."""
    bare = media_type.partition(";")[0].strip().lower()
    return bare != STREAM and (bare.startswith(TEXTS) or bare.endswith(SUFFIXES))


class CompressionMiddleware:
    """Compresses the bodies of texts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and compress what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        await self.app(scope, receive, _Compressing(send, encoding_of(accepted.decode("latin-1"))).send)


class _Compressing:
    """One answer on its way. encoding: br, gzip, or an empty text."""

    def __init__(self, send: Send, encoding: str) -> None:
        self._send = send
        self._encoding = encoding
        self._start: Message | None = None
        self._encoder: _Encoder | None = None

    async def send(self, message: Message) -> None:
        """Hold the start back until the body's first part tells whether it is worth it."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            is_plain = "content-encoding" not in headers and message["status"] not in (204, 206, 304)
            if is_plain and is_text(headers.get("content-type", "")):
                if "accept-encoding" not in headers.get("vary", "").lower():
                    headers.add_vary_header("Accept-Encoding")
                message["headers"] = headers.raw
                if self._encoding:
                    self._start = message
                    return
            await self._send(message)
        elif self._start is not None and message["type"] == "http.response.body":
            await self._first(message)
        elif self._encoder is not None and message["type"] == "http.response.body":
            await self._part(message)
        else:
            await self._send(message)

    async def _first(self, message: Message) -> None:
        assert self._start is not None
        start, self._start = self._start, None
        body, is_more = message.get("body", b""), message.get("more_body", False)
        if not is_more and len(body) < LEAST_BYTES:
            await self._send(start)
            await self._send(message)
            return
        headers = MutableHeaders(raw=start["headers"])
        headers["Content-Encoding"] = self._encoding
        self._encoder = _encoder(self._encoding)
        if not is_more:
            body = self._encoder.compress(body) + self._encoder.flush()
            headers["Content-Length"] = str(len(body))
            await self._send({**start, "headers": headers.raw})
            await self._send({**message, "body": body})
            return
        if "content-length" in headers:
            del headers["Content-Length"]
        await self._send({**start, "headers": headers.raw})
        await self._part(message)

    async def _part(self, message: Message) -> None:
        assert self._encoder is not None
        body = self._encoder.compress(message.get("body", b""))
        if not message.get("more_body", False):
            body += self._encoder.flush()
        await self._send({**message, "body": body})

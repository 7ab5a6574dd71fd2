"""Bodies of requests, bounded on every side: bytes as sent, bytes unpacked, seconds, and all bodies together."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from geo.errors import InputError, OverloadedError, TooLargeError

#: A body has come whole within this time, or the request ends with 408.
BODY_S = 30.0
#: Bytes of all bodies that are being read at once; beyond it requests are asked to come again.
HELD_BYTES_MAX = 256 * 2**20
#: Seconds after which the sender may try again.
RETRY_AFTER_S = 2
#: zlib: 16 more than the window means that a gzip header is expected.
GZIP_WBITS = 16 + zlib.MAX_WBITS


class Bodies:
    """Reads bodies, and counts what is held of them in memory."""

    def __init__(self, max_body_bytes: int, max_unpacked_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_unpacked_bytes = max_unpacked_bytes
        self._n_held = 0

    @contextlib.contextmanager
    def _held(self, n_bytes: int) -> Iterator[None]:
        if self._n_held + n_bytes > HELD_BYTES_MAX:
            raise OverloadedError(
                "Too many requests are being read.", hint="Send it again a little later.", retry_after_s=RETRY_AFTER_S
            )
        self._n_held += n_bytes
        try:
            yield
        finally:
            self._n_held -= n_bytes

    async def read(self, request: Request) -> bytes:
        """The body as it was sent.

        Raises TooLargeError beyond the limit, whatever Content-Length says, InputError for one that breaks off,
        OverloadedError where too much is being read, HTTPException 408 for one that takes too long.
        """
        said = request.headers.get("content-length", "")
        if said.isdecimal() and int(said) > self._max_body_bytes:
            raise self._too_large()
        with self._held(int(said) if said.isdecimal() else self._max_body_bytes):
            try:
                async with asyncio.timeout(BODY_S):
                    return await self._read(request)
            except TimeoutError as error:
                raise HTTPException(408, f"The body did not come within {BODY_S:.0f} s.") from error
            except ClientDisconnect as error:
                raise InputError("The body broke off.", hint="Send it again.") from error

    async def _read(self, request: Request) -> bytes:
        parts, n = [], 0
        async for part in request.stream():
            n += len(part)
            if n > self._max_body_bytes:
                raise self._too_large()
            parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> TooLargeError:
        return TooLargeError(
            f"The body has more than {self._max_body_bytes} bytes.", hint="Send it in several requests, or gzip it."
        )

    def unpack(self, body: bytes, encoding: str) -> bytes:
        """The body without its Content-Encoding: gzip, or none.

        Raises TooLargeError as soon as more comes out than is taken, InputError for a broken gzip, HTTPException 415
        for another encoding.
        """
        if encoding in ("", "identity"):
            return body
        if encoding != "gzip":
            raise HTTPException(415, f"Content-Encoding {encoding[:40]!r} is not read; send gzip or none.")
        parts: list[bytes] = []
        room, rest = self._max_unpacked_bytes, body
        try:
            while rest:  # a gzip file may have several members
                unpacker = zlib.decompressobj(GZIP_WBITS)
                parts.append(unpacker.decompress(rest, room + 1))
                room -= len(parts[-1])
                if room < 0 or unpacker.unconsumed_tail:
                    raise TooLargeError(
                        f"The body unpacks to more than {self._max_unpacked_bytes} bytes.",
                        hint="Send it in several requests.",
                    )
                if not unpacker.eof:
                    raise InputError("The gzip body breaks off.", hint="Send it again.")
                rest = unpacker.unused_data
        except zlib.error as error:
            raise InputError(
                f"The body is no gzip: {error}.", hint="Leave Content-Encoding out, or gzip it."
            ) from error
        return b"".join(parts)

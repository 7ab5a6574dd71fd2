"""The body of a dispute: JSON, or a form with a photo, read within bounds of bytes, of seconds and of memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from geo.errors import InputError, OverloadedError, TooLargeError
from tiles.disputes_claim import FIELDS
from tiles.disputes_photo import PHOTO_BYTES_MAX

JSON, FORM = "application/json", "multipart/form-data"
#: Bytes of a body beside its photo.
FIELDS_BYTES_MAX = 32 * 2**10
BODY_BYTES_MAX = PHOTO_BYTES_MAX + FIELDS_BYTES_MAX
#: A weak line takes 160 s for 8 MB; one that brings nothing for STALL_S has gone away.
BODY_S, STALL_S = 240.0, 20.0
#: Bytes of all bodies that one process holds at once; whoever comes then is asked to come again.
HELD_BYTES_MAX = 96 * 2**20
RETRY_AFTER_S = 10


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of a request, and the file of its photo. photo None: none was sent."""

    fields: dict[str, Any]
    photo: bytes | None


class Bodies:
    """Reads the bodies of one server process, and counts what is held of them."""

    def __init__(self) -> None:
        self._n_held = 0

    async def read(self, request: Request) -> Body:
        """The body of a request.

        Raises InputError for one that cannot be read, TooLargeError, OverloadedError, HTTPException 408 for one that
        does not come, 415 for another media type or an encoding.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, FORM):
            raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send {JSON} or {FORM}.")
        if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise HTTPException(415, "Content-Encoding is not read; send the body as it is.")
        most = FIELDS_BYTES_MAX if kind == JSON else BODY_BYTES_MAX
        said = request.headers.get("content-length", "")
        if said.isdecimal() and len(said) < 20 and int(said) > most:
            _too_large(most)
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(BODY_S):
                await self._read(request, most, parts)
            data = b"".join(parts)
            return Body(_object(data), None) if kind == JSON else await _form(request, data)
        except TimeoutError as error:
            raise HTTPException(408, "The body did not come in time.") from error
        except ClientDisconnect as error:
            raise InputError("The body broke off.", hint="Send it again.") from error
        finally:
            self._n_held -= sum(len(part) for part in parts)

    async def _read(self, request: Request, most: int, parts: list[bytes]) -> None:
        n, stream = 0, request.stream()
        while True:
            async with asyncio.timeout(STALL_S):
                part = await anext(stream, None)
            if part is None:
                return
            n += len(part)
            if n > most:
                _too_large(most)
            if self._n_held + len(part) > HELD_BYTES_MAX:
                raise OverloadedError(
                    "Too many photos are coming in.", hint="Send it again a little later, or without the photo.",
                    retry_after_s=RETRY_AFTER_S,
                )  # fmt: skip
            self._n_held += len(part)
            parts.append(part)


def _too_large(most: int) -> NoReturn:
    raise TooLargeError(
        f"The body has more than {most} bytes; a photo (field photo) at most {PHOTO_BYTES_MAX}.",
        hint="Send a smaller photo, or none.",
    )


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError("The body is no JSON.", hint="Send one object with the fields of docs/disputes.md.") from error
    if not isinstance(found, dict):
        raise InputError("The body is no JSON object.", hint="Send one with the fields of docs/disputes.md.")
    if found.get("photo"):
        raise InputError(f"Field photo: JSON takes none; send {FORM} with the file.")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


async def _form(request: Request, data: bytes) -> Body:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield data

    parser = MultiPartParser(
        request.headers, stream(), max_files=1, max_fields=len(FIELDS), max_part_size=FIELDS_BYTES_MAX
    )
    parser.spool_max_size = BODY_BYTES_MAX  # nothing of it is written to a disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        said = getattr(error, "message", "") or "it has no boundary, or breaks off"
        raise InputError(f"The form cannot be read: {said}", hint="Send each field once, and one photo.") from error
    fields: dict[str, Any] = {}
    photo: bytes | None = None
    try:
        for name, value in form.multi_items():
            if name in fields or (name == "photo" and photo is not None):
                raise InputError(f"Field {name[:60]}: given more than once.", hint="Give it once.")
            if not isinstance(value, UploadFile):
                fields[name] = value
            elif name == "photo":
                photo = await value.read()
            else:
                raise InputError(f"Field {name[:60]}: takes no file.", hint="The file goes into the field photo.")
    finally:
        await form.close()
    if fields.pop("photo", "") != "":
        raise InputError("Field photo: expected a file.", hint="Leave it out where there is none.")
    return Body(fields, photo or None)

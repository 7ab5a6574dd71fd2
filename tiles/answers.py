"""What all answers about states share: how they begin, how they are serialised, and how they go out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import brotli
from starlette.requests import Request
from starlette.responses import Response

from tiles.caching import etag_of, is_known, not_modified
from tiles.dataset import Dataset
from tiles.forms import Form, takes
from tiles.front import offer

#: How hard brotli tries (0 to 11) for what is made again with every change, and for what stays.
QUICK, THOROUGH = 5, 9
#: What stands for its content and never changes.
FOREVER = "public, max-age=31536000, immutable"


def head_of(dataset: Dataset) -> dict[str, Any]:
    """What every answer about states of now begins with: versions, event, whether it is made up."""
    return {
        "network_version": dataset.network_version,
        "roads_version": dataset.roads_version,
        "status_version": dataset.status_version,
        "stream_id": stream_id(dataset),
        "event": event_of(dataset.event_id, dataset.event_kind, dataset.event_name, dataset.reference_at),
        "synthetic": dataset.is_synthetic,
        "default_reason": dataset.default_reason.value,
    }


def event_of(event_id: int, kind: str, name: str, reference_at: datetime) -> dict[str, Any]:
    """The event that states are relative to."""
    return {"event_id": event_id, "kind": kind, "name": name, "reference_at": zulu(reference_at)}


def stream_id(dataset: Dataset) -> str:
    """Where an answer stands in the stream of changes: its basis and its version, as an id of Server-Sent Events."""
    return f"{basis_key(dataset)}-{dataset.status_version}"


def basis_key(dataset: Dataset) -> str:
    """The basis of states (Dataset.basis) as ten letters."""
    return etag_of(*dataset.basis)[1:11]


def compact(document: dict[str, Any]) -> bytes:
    """JSON without any space."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def zulu(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def pack_for(encoding: str, plain: bytes, quality: int = QUICK) -> bytes:
    """A body in an encoding (br, gzip, identity); quality: how hard brotli tries."""
    if encoding == "br":
        return bytes(brotli.compress(plain, quality=quality))
    return gzip.compress(plain, 6, mtime=0) if encoding == "gzip" else plain


async def respond(
    request: Request,
    form: Form,
    headers: dict[str, str],
    body_in: Callable[[str], Awaitable[bytes]],
    is_good: Callable[[], bool] | None = None,
) -> Response:
    """304 where the client holds the entity tag of the headers, else the body in the smallest encoding that it takes.

    is_good  whether the same would be answered if it were asked for again; then the front may tell it from memory
    """
    headers = headers | {"Vary": "Accept, Accept-Encoding"}
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    encoding = takes(request)
    body = await body_in(encoding)
    if is_good is not None:
        offer(request, is_good, body, by_accept=True)
    encoded = {} if encoding == "identity" else {"Content-Encoding": encoding}
    return Response(body, headers=headers | encoded, media_type=form.media_type)

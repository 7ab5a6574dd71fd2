"""Answers as a reader sees them: unpacked, decoded, and every text and number of them findable."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

import httpx

MVT = "application/vnd.mapbox-vector-tile"


def text_of(answer: httpx.Response) -> str:
    """Headers and body as one text, with everything that hides a text undone: packing, escapes, tiles, workbooks."""
    body = answer.content
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == MVT:
        shown = " ".join(str(value) for value in tile_values(body))
    elif body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            shown = " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    elif kind == "text/csv" and "shift" in answer.headers["content-type"].lower():
        shown = body.decode("cp932", "replace")
    else:
        shown = body.decode("utf-8", "replace")
    if kind.endswith("json") or kind.endswith("json-seq"):
        shown += json.dumps(json.loads(body), ensure_ascii=False)
    head = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    escaped = re.sub(r"&#x?(\w+);", lambda found: found.group(), shown)
    return f"{head} {unquote(head)} {shown} {unquote(escaped)}"


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of the fields of a protobuf message, after its encoding: varints, and bytes of all else."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(data, at)
        else:
            length = {1: 8, 5: 4}[wire]
        yield number, data[at : at + length]
        at += length


def tile_values(data: bytes) -> Iterator[str | int]:
    """Names of layers, ids of features, names and values of attributes of a vector tile (MVT 2.1, section 4)."""
    for _, layer in fields(data):
        assert isinstance(layer, bytes)
        for number, value in fields(layer):
            if number in (1, 3) and isinstance(value, bytes):
                yield value.decode()
            elif number == 2 and isinstance(value, bytes):
                yield from (one for n, one in fields(value) if n == 1 and isinstance(one, int))
            elif number == 4 and isinstance(value, bytes):
                for n, one in fields(value):
                    yield one.decode() if n == 1 and isinstance(one, bytes) else str(one)

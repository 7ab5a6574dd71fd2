"""Writes small vector tiles by hand, so that the page can be tested without a database.

Follows the Mapbox Vector Tile specification 2.1: protobuf wire format, zigzag deltas, extent 4096. Lines and
points are not clipped: the page's library does that by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

EXTENT = 4096
POINT, LINE, POLYGON = 1, 2, 3

type Position = tuple[float, float]
type Value = str | int | bool
type Feature = tuple[int, int, Sequence[Position], dict[str, Value]]  # id, kind, lon/lat, properties


def tile_position(position: Position, z: int, x: int, y: int) -> tuple[int, int]:
    """Tile coordinates (x to the right, y down) of a longitude and latitude in tile z/x/y."""
    lon, lat = position
    n = 2.0**z
    across = (lon + 180) / 360 * n
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return round((across - x) * EXTENT), round((down - y) * EXTENT)


def touches(positions: Sequence[tuple[int, int]], margin: int = 256) -> bool:
    """Whether the bounding box of tile positions meets the tile and its margin."""
    xs, ys = zip(*positions, strict=True)
    low, high = -margin, EXTENT + margin
    return max(xs) >= low and min(xs) <= high and max(ys) >= low and min(ys) <= high


def layer(name: str, features: Iterable[Feature], z: int, x: int, y: int) -> bytes:
    """One layer of tile z/x/y as the bytes of a whole tile; empty bytes when nothing lies in it."""
    keys: dict[str, int] = {}
    values: dict[bytes, int] = {}
    body = b""
    for feature_id, kind, line, properties in features:
        positions = [tile_position(position, z, x, y) for position in line]
        if not touches(positions):
            continue
        tags = b""
        for key, value in properties.items():
            tags += _varint(keys.setdefault(key, len(keys)))
            tags += _varint(values.setdefault(_value(value), len(values)))
        feature = _int(1, feature_id) + _bytes(2, tags) + _int(3, kind) + _bytes(4, _geometry(kind, positions))
        body += _bytes(2, feature)
    if not body:
        return b""
    head = _int(15, 2) + _bytes(1, name.encode())
    tail = b"".join(_bytes(3, key.encode()) for key in keys) + b"".join(_bytes(4, value) for value in values)
    return _bytes(3, head + body + tail + _int(5, EXTENT))


def _geometry(kind: int, positions: Sequence[tuple[int, int]]) -> bytes:
    ring = kind == POLYGON
    path = positions[:-1] if ring else positions
    out = b""
    cursor_x = cursor_y = 0
    for i, (px, py) in enumerate(path):
        if i == 0:
            out += _varint(1 | 1 << 3)  # MoveTo, once
        elif i == 1:
            out += _varint(2 | (len(path) - 1) << 3)  # LineTo
        out += _varint(_zigzag(px - cursor_x)) + _varint(_zigzag(py - cursor_y))
        cursor_x, cursor_y = px, py
    return out + (_varint(7 | 1 << 3) if ring else b"")


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _value(value: Value) -> bytes:
    if isinstance(value, bool):
        return _int(7, int(value))
    if isinstance(value, int):
        return _int(6, _zigzag(value))
    return _bytes(1, value.encode())

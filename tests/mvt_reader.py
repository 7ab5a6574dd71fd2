"""Reads vector tiles whole, geometries too, by the Mapbox Vector Tile specification 2.1, without the encoder's help."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

type Position = tuple[int, int]

POINT, LINE, POLYGON = 1, 2, 3
MOVE_TO, LINE_TO, CLOSE = 1, 2, 7


@dataclass(frozen=True, slots=True)
class TileFeature:
    """One feature: id, kind of geometry (1 points, 2 lines, 3 polygons), properties, parts in units of the tile."""

    id: int | None
    kind: int
    properties: dict[str, Any]
    parts: list[list[Position]]


@dataclass(frozen=True, slots=True)
class TileLayer:
    """One layer with its grid."""

    name: str
    version: int
    extent: int
    features: list[TileFeature]


class _Bytes:
    """A protobuf message, read from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self) -> int:
        """The next varint."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        found = self.data[self.at : self.at + n_bytes]
        assert len(found) == n_bytes, "the message ends too early"
        self.at += n_bytes
        return found

    def fields(self) -> Iterator[tuple[int, Any]]:
        """(number, value) of each field: an int, or the bytes of what has a length or a fixed width."""
        while self.at < len(self.data):
            number, wire = divmod(self.number(), 8)
            if wire == 0:
                yield number, self.number()
            else:
                yield number, self.take({1: 8, 5: 4}[wire] if wire in (1, 5) else self.number())

    def numbers(self) -> list[int]:
        """All that is left, as varints."""
        found = []
        while self.at < len(self.data):
            found.append(self.number())
        return found


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _value(data: bytes) -> Any:
    ((number, value),) = _Bytes(data).fields()
    readers: dict[int, Any] = {
        1: lambda: value.decode(), 2: lambda: struct.unpack("<f", value)[0], 3: lambda: struct.unpack("<d", value)[0],
        4: lambda: value - (1 << 64) if value >> 63 else value, 5: lambda: value, 6: lambda: _signed(value),
        7: lambda: bool(value),
    }  # fmt: skip
    return readers[number]()


def _parts(commands: list[int]) -> list[list[Position]]:
    parts: list[list[Position]] = []
    x = y = at = 0
    while at < len(commands):
        count, command = divmod(commands[at], 8)
        at += 1
        if command == CLOSE:
            parts[-1].append(parts[-1][0])
            continue
        assert command in (MOVE_TO, LINE_TO), f"no command {command}"
        for _ in range(count):
            x, y = x + _signed(commands[at]), y + _signed(commands[at + 1])
            at += 2
            if command == MOVE_TO:
                parts.append([(x, y)])
            else:
                parts[-1].append((x, y))
    return parts


def _feature(data: bytes, keys: list[str], values: list[Any]) -> TileFeature:
    found = dict(_Bytes(data).fields())
    tags = _Bytes(found.get(2, b"")).numbers()
    properties = {keys[k]: values[v] for k, v in list(pairwise(tags))[::2]}
    assert 4 in found, "a feature without geometry"
    return TileFeature(found.get(1), found.get(3, 0), properties, _parts(_Bytes(found[4]).numbers()))


def read_tile(data: bytes) -> list[TileLayer]:
    """The layers of a tile. Raises AssertionError or IndexError for bytes that are none."""
    layers = []
    for number, content in _Bytes(data).fields():
        assert number == 3, f"field {number} of a tile"
        fields = list(_Bytes(content).fields())
        keys = [value.decode() for at, value in fields if at == 3]
        values = [_value(value) for at, value in fields if at == 4]
        single = {at: value for at, value in fields if at in (1, 5, 15)}
        features = [_feature(value, keys, values) for at, value in fields if at == 2]
        layers.append(TileLayer(single[1].decode(), single[15], single.get(5, 4096), features))
    return layers

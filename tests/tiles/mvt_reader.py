"""Reads vector tiles after the Mapbox vector tile specification 2.1, without the help of what wrote them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data: bytes) -> list[tuple[int, Any]]:
    """(number, value) of one protobuf message: just enough to read a vector tile without the encoder's help."""
    found, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            found.append((key >> 3, value))
        else:
            size, at = ({1: 8, 5: 4}[key & 7], at) if key & 7 in (1, 5) else varint(data, at)
            found.append((key >> 3, data[at : at + size]))
            at += size
    return found


@dataclass
class Feature:
    """One feature: id (None: it has none), kind (1 point, 2 line, 3 polygon), parts in units of the tile."""

    feature_id: int | None
    kind: int
    properties: dict[str, Any]
    parts: list[list[tuple[int, int]]] = field(default_factory=list)


@dataclass
class Layer:
    name: str
    extent: int
    features: list[Feature]


def _plain(value: bytes) -> Any:
    number, content = fields(value)[0]
    if number in (2, 3):
        return struct.unpack("<f" if number == 2 else "<d", content)[0]
    if number == 1:
        return content.decode()
    if number == 7:
        return bool(content)
    return (content >> 1) ^ -(content & 1) if number == 6 else content


def _parts(geometry: bytes) -> list[list[tuple[int, int]]]:
    numbers, at = [], 0
    while at < len(geometry):
        number, at = varint(geometry, at)
        numbers.append(number)
    found: list[list[tuple[int, int]]] = []
    x = y = at = 0
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == 7:
            continue
        for _ in range(count):
            dx, dy = ((n >> 1) ^ -(n & 1) for n in numbers[at : at + 2])
            x, y, at = x + dx, y + dy, at + 2
            if command == 1:
                found.append([])
            found[-1].append((x, y))
    return found


def read(tile: bytes) -> list[Layer]:
    """The layers of a tile, in order."""
    return [_layer(content) for number, content in fields(tile) if number == 3]


def _layer(data: bytes) -> Layer:
    parts = fields(data)
    keys = [value.decode() for number, value in parts if number == 3]
    values = [_plain(value) for number, value in parts if number == 4]
    found = []
    for number, content in parts:
        if number == 2:
            of = dict(fields(content))
            tags, at = [], 0
            while at < len(of.get(2, b"")):
                tag, at = varint(of[2], at)
                tags.append(tag)
            told = {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)}
            found.append(Feature(of.get(1), of[3], told, _parts(of[4])))
    return Layer(dict(parts)[1].decode(), dict(parts).get(5, 4096), found)


def features(tile: bytes) -> tuple[str, dict[int, dict[str, Any]]]:
    """Of a tile with one layer whose features have ids: its name, and id -> properties."""
    (layer,) = read(tile)
    found = {}
    for feature in layer.features:
        assert feature.feature_id is not None
        found[feature.feature_id] = feature.properties
    return layer.name, found

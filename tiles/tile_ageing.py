"""Lets clearings in a status tile run out without the database: what nobody vouches for any more becomes unknown.

A tile is a protobuf message (Mapbox vector tile specification 2.1): its features name positions in the lists of keys
and values of their layer. So a feature is made unknown by other positions for `state` and `reason`; shapes and all else
stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from geo.vocabulary import Reason, State

#: Numbers of fields: of a tile, of a layer, of a feature.
LAYER = 3
FEATURE, KEY, VALUE = 2, 3, 4
TAGS = 2
#: Number of the field of a value that holds a text, and of those that hold whole numbers.
TEXT, INT64, UINT64, SINT64 = 1, 4, 5, 6
HOLDING = (State.CLEARED.value, State.CLEARING.value)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _written(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _fields(data: bytes) -> list[tuple[int, int, bytes, int]]:
    """(number, wire type, bytes or b"", value) of each field of a message, in order."""
    found, at = [], 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            found.append((number, wire, b"", value))
        else:
            size, at = ({1: 8, 5: 4}[wire], at) if wire in (1, 5) else _varint(data, at)
            found.append((number, wire, data[at : at + size], 0))
            at += size
    return found


def _message(fields: list[tuple[int, int, bytes, int]]) -> bytes:
    parts = bytearray()
    for number, wire, content, value in fields:
        parts += _written(number << 3 | wire)
        if wire == 0:
            parts += _written(value)
        else:
            parts += (_written(len(content)) if wire == 2 else b"") + content
    return bytes(parts)


def _plain(value: bytes) -> str | int | None:
    """A value of a layer's list: a text or a whole number; None: of another kind."""
    number, _, content, whole = _fields(value)[0]
    if number == TEXT:
        return content.decode()
    if number == SINT64:
        return (whole >> 1) ^ -(whole & 1)
    return whole if number in (INT64, UINT64) else None


@dataclass(slots=True)
class _Layer:
    """Where the words of a layer stand in its lists."""

    state: int
    reason: int
    valid_until: int
    values: list[str | int | None]
    unknown: int
    expired: int

    def aged(self, tags: bytes, until_s: float) -> tuple[bytes | None, float]:
        """(the tags of a feature that runs out by then or None, its end in epoch seconds or inf)."""
        numbers, at = [], 0
        while at < len(tags):
            number, at = _varint(tags, at)
            numbers.append(number)
        positions = dict(zip(numbers[::2], numbers[1::2], strict=True))
        if self.values[positions[self.state]] not in HOLDING or self.valid_until not in positions:
            return None, inf
        end_s = self.values[positions[self.valid_until]]
        assert isinstance(end_s, int)
        if end_s > until_s:
            return None, end_s
        positions |= {self.state: self.unknown, self.reason: self.expired}
        return b"".join(_written(key) + _written(value) for key, value in positions.items()), inf


def _aged_layer(data: bytes, until_s: float) -> tuple[bytes, float]:
    fields = _fields(data)
    keys = [content.decode() for number, _, content, _ in fields if number == KEY]
    if "valid_until" not in keys:
        return data, inf
    values = [_plain(content) for number, _, content, _ in fields if number == VALUE]
    for word in (State.UNKNOWN.value, Reason.EXPIRED.value):
        if word not in values:
            values.append(word)
            fields.append((VALUE, 2, _message([(TEXT, 2, word.encode(), 0)]), 0))
    layer = _Layer(
        keys.index("state"), keys.index("reason"), keys.index("valid_until"), values,
        values.index(State.UNKNOWN.value), values.index(Reason.EXPIRED.value),
    )  # fmt: skip
    ends_s = inf
    for i, (number, wire, content, _) in enumerate(fields):
        if number == FEATURE:
            parts = _fields(content)
            at = next(k for k, part in enumerate(parts) if part[0] == TAGS)
            tags, end_s = layer.aged(parts[at][2], until_s)
            ends_s = min(ends_s, end_s)
            if tags is not None:
                parts[at] = (TAGS, 2, tags, 0)
                fields[i] = (number, wire, _message(parts), 0)
    return _message(fields), ends_s


def aged(tile: bytes, until_s: float) -> tuple[bytes, float]:
    """A status tile in which every clearing is unknown (expired) that is valid no longer than `until_s`, epoch seconds.

    tile  not packed. Returns it, and the epoch seconds at which the next clearing in it runs out; inf: there is none.
    """
    fields, ends_s = _fields(tile), inf
    for i, (number, wire, content, value) in enumerate(fields):
        if number == LAYER:
            layer, end_s = _aged_layer(content, until_s)
            ends_s = min(ends_s, end_s)
            fields[i] = (number, wire, layer, value)
    return _message(fields), ends_s

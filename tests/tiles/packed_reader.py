"""A reader of the packed forms, written from docs/api.md alone: plain loops, no array library."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: (state, reason, cleared_s, valid_s, observed_s, covered); None: no such moment.
type Record = tuple[str, str, int | None, int | None, int | None, int]


def _varints(data: bytes) -> list[int]:
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value = shift = 0
    assert shift == 0, "a number is cut"
    return found


def _signed(value: int) -> int:
    return -(value >> 1) - 1 if value & 1 else value >> 1


@dataclass
class File:
    """A file taken apart."""

    magic: str
    head: dict[str, Any]
    columns: dict[str, list[int]]

    @staticmethod
    def read(data: bytes) -> File:
        (length,) = struct.unpack("<I", data[4:8])
        head, at = json.loads(data[8 : 8 + length]), 8 + length
        columns = {}
        for name, n_values, n_bytes in head["columns"]:
            columns[name] = _varints(data[at : at + n_bytes])
            assert len(columns[name]) == n_values
            at += n_bytes
        assert at == len(data)
        return File(data[:4].decode(), head, columns)

    def runs(self, name: str) -> list[int]:
        pairs = zip(self.columns[f"{name}_value"], self.columns[f"{name}_run"], strict=True)
        return [value for value, n in pairs for _ in range(n)]

    def flags(self, name: str) -> Iterator[bool]:
        for i, n in enumerate(self.columns[f"{name}_run"]):
            yield from [i % 2 == 1] * n

    def steps(self, name: str) -> Iterator[int]:
        value, changes = 0, [*map(_signed, self.columns[f"{name}_step"]), 0]
        for stay, change in zip(self.columns[f"{name}_stay"], changes, strict=True):
            yield from [value] * stay
            value += change
            yield value


def read_index(data: bytes) -> list[int]:
    """Ids of the edges in their order."""
    file, edge_id, found = File.read(data), 0, []
    for change in file.columns["edge_id"]:
        edge_id += _signed(change)
        found.append(edge_id)
    return found


def records(file: File, bases: list[int]) -> list[Record]:
    """The records; bases: epoch seconds that the times of each count from."""
    head, step = file.head, file.head["step_s"]
    covered, time, later = iter(file.columns["covered"]), file.steps("time"), file.flags("later")
    observed_apart, valid_after, found = file.steps("observed"), file.steps("valid"), []
    for kind, base in zip(file.runs("kind"), bases, strict=True):
        state, reason, bits = head["kinds"][kind]
        share = next(covered) if bits & 16 else 100 if bits & 8 else 0
        main = next(time) if bits & 5 else 0
        cleared = main if bits & 1 else None
        observed = main if bits & 4 else None
        if bits & 5 == 5 and next(later):
            observed = next(observed_apart)
        valid = main + next(valid_after) if bits & 2 else None
        told = [None if at is None else base + at * step for at in (cleared, valid, observed)]
        found.append((state, head["reasons"][reason], *told, share))
    return found  # type: ignore[return-value]


def read_states(data: bytes) -> tuple[dict[str, Any], list[Record]]:
    """The header and the record of each edge in the order of the index."""
    file = File.read(data)
    return file.head, records(file, [file.head["base_at"]] * file.head["n_edges"])


def read_replay(data: bytes) -> Iterator[tuple[int, dict[int, Record]]]:
    """(epoch seconds, records that changed by position in the index) of each frame; the first one is the start."""
    file = File.read(data)
    counts, waits = file.columns["frame_n"], file.columns["frame_wait"]
    at, moments = file.head["base_at"], []
    for wait in waits:
        at += wait
        moments.append(at)
    step = file.head["step_s"]
    bases = [moment // step * step for moment, n in zip(moments, counts, strict=True) for _ in range(n)]
    told = iter(records(file, bases))
    gaps = file.steps("edge")
    for moment, n in zip(moments, counts, strict=True):
        place, frame = -1, {}
        for _ in range(n):
            place += 1 + next(gaps)
            frame[place] = next(told)
        yield moment, frame

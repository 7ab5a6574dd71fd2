"""Addresses that the benchmark and the drill ask for, from the recorded session of the map."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, degrees, pi, sinh
from pathlib import Path

RECORDED = Path(__file__).parent / "session_serve.json"
#: What the page looks like is not asked of the service alone: scripts, styles, pictures.
_TILE = re.compile(r"^/tiles/(?P<layer>[^/]+)/[^/]+/(?P<z>\d+)/(?P<x>\d+)/(?P<y>\d+)\.mvt$")

type Address = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Session:
    """The recorded requests in their order: templates of paths, and milliseconds since the start."""

    at_ms: tuple[int, ...]
    paths: tuple[str, ...]

    @staticmethod
    def read(file: Path = RECORDED) -> Session:
        """The session that is kept beside this file."""
        rows = json.loads(file.read_text(encoding="utf-8"))["requests"]
        return Session(tuple(row[0] for row in rows), tuple(row[1] for row in rows))

    def filled(self, names: dict[str, object]) -> list[str]:
        """The paths with versions and ids of a service put in."""
        found = []
        for path in self.paths:
            for name, value in names.items():
                path = path.replace(f"{{{name}}}", str(value))
            assert "{" not in path, path
            found.append(path)
        return found

    def tiles(self, zoom: int | None = None) -> list[Address]:
        """(z, x, y) of the road tiles of a zoom, or of all, as often as they were asked for."""
        found = [_TILE.match(path) for path in self.paths]
        told = [tuple(int(one[name]) for name in ("z", "x", "y")) for one in found if one]
        return [(z, x, y) for z, x, y in told if zoom in (None, z)]


def box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile of WebMercatorQuad, degrees."""
    north, south = (degrees(atan(sinh(pi * (1 - 2 * row / (1 << z))))) for row in (y, y + 1))
    west, east = (column / (1 << z) * 360 - 180 for column in (x, x + 1))
    return west, south, east, north


def box_text(address: Address) -> str:
    """The box of a tile as a parameter."""
    return ",".join(f"{value:.6f}" for value in box(*address))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def _messages(data: bytes, wanted: int) -> list[bytes]:
    """The messages of a field of a protobuf message."""
    found, at = [], 0
    while at < len(data):
        key, at = _varint(data, at)
        size = 0
        if key & 7 == 0:
            _, at = _varint(data, at)
        else:
            size, at = ({1: 8, 5: 4}[key & 7], at) if key & 7 in (1, 5) else _varint(data, at)
            if key >> 3 == wanted:
                found.append(data[at : at + size])
        at += size
    return found


def n_features(tile: bytes) -> int:
    """Features of a vector tile: field 2 of the layers, which are field 3 of the tile (Mapbox specification 2.1)."""
    return sum(len(_messages(layer, 2)) for layer in _messages(tile, 3))


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / max(len(values), 1)

"""Fixes from GPX 1.0 and 1.1: track points with time, course and speed, also from vendors' extensions.

Topografix's schemas: positions are WGS 84, times UTC (ISO 8601 with Z), speed in metres per second, course in degrees.
The vehicle is what the source maps as a constant (`vehicle: "=S-17"`), else the track's name, else the file's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.settings import SourceSettings
from ingest.fix_batch import BATCH_ROWS, RawBatch, ReadState
from ingest.mapping import normal
from ingest.quarantine import Why

#: Elements inside a track point, without namespace, and our fields.
ELEMENTS = {
    "time": "at",
    "course": "heading",
    "speed": "speed",
    "blade": "blade",
    "spreader": "spreader",
    "work": "work",
}
CHUNK = 1 << 20
FIELDS = ("vehicle", "at", "lon", "lat", "heading", "speed", "blade", "spreader", "work")


@dataclass(slots=True)
class _Track:
    """What the parser has seen and not handed on."""

    fallback: str
    constant: str | None
    parser: Any = None
    rows: list[dict[str, str | None]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    name: str | None = None
    stack: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    is_gpx: bool = False

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2].lower()
        self.is_gpx |= tag == "gpx" and not self.stack
        self.stack.append(tag)
        self.text = []
        if tag == "trk":
            self.name = None
        elif tag == "trkpt":
            vehicle = self.constant or self.name or self.fallback
            self.rows.append({"vehicle": vehicle, "lon": attributes.get("lon"), "lat": attributes.get("lat")})
            self.lines.append(self.parser.CurrentLineNumber)

    def end(self, tag: str) -> None:
        self.stack.pop()
        tag = tag.rpartition(":")[2].lower()
        text = "".join(self.text).strip()
        if tag in ELEMENTS and "trkpt" in self.stack:
            self.rows[-1][ELEMENTS[tag]] = text
        elif tag == "name" and self.stack[-1:] == ["trk"]:
            self.name = normal(text) or None
        self.text = []

    def data(self, text: str) -> None:
        self.text.append(text)

    def refuse_entities(self, *_: Any) -> None:
        raise InputError("The GPX file declares XML entities.", hint="No logger does; do not trust it.")

    def take(self, n: int) -> tuple[list[dict[str, str | None]], list[int]]:
        """The first n points, which are no longer kept here."""
        rows, lines = self.rows[:n], self.lines[:n]
        self.rows, self.lines = self.rows[n:], self.lines[n:]
        return rows, lines


def _parser(track: _Track) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = track.begin, track.end
    parser.CharacterDataHandler, parser.EntityDeclHandler = track.data, track.refuse_entities
    track.parser = parser
    return parser


def read_gpx(
    path: Path, source: SourceSettings, state: ReadState, progress: Callable[[int], None]
) -> Iterator[RawBatch]:
    """Batches of a GPX file. Where it breaks off, the points before that are read and the rest is one malformed row.

    Raises InputError for a file that is no GPX.
    """
    constant = source.fields.get("vehicle", "")
    track = _Track(path.stem, constant[1:] if constant.startswith("=") else None)
    parser = _parser(track)
    done = 0
    broken: expat.ExpatError | None = None
    with path.open("rb") as stream:
        while broken is None:
            data = stream.read(CHUNK)
            try:
                parser.Parse(data, not data)
            except expat.ExpatError as error:
                broken = error
            progress(len(data))
            # the last point may still be open
            ready = len(track.rows) if not data else len(track.rows) - 1
            while ready >= BATCH_ROWS:
                yield _batch(path, track, BATCH_ROWS, done)
                done, ready = done + BATCH_ROWS, ready - BATCH_ROWS
            if not data:
                break
    if not track.is_gpx:
        raise InputError(f"{path}: not readable as GPX: {broken or 'no <gpx> at the top'}.", hint="Export it again.")
    if broken is not None:
        _malformed(path, track, state, broken)
    state.mapping = {"vehicle": constant or "name of the track", "*": "GPX"}
    if track.rows:
        yield _batch(path, track, len(track.rows), done)
    elif done == 0 and not len(state.rejects):
        raise InputError(f"{path}: has no track points.", hint="Waypoints and routes are no fixes; export the track.")


def _malformed(path: Path, track: _Track, state: ReadState, error: expat.ExpatError) -> None:
    """Keep the place where the XML breaks, with the point that was open there."""
    open_point = track.rows.pop() if "trkpt" in track.stack and track.rows else {}
    del track.lines[len(track.rows) :]
    state.n_read += 1
    payload = {"file": path.name, "point": open_point}
    state.rejects.add(Why.MALFORMED, f"the XML breaks here: {error}", payload, line=error.lineno)


def _batch(path: Path, track: _Track, n: int, first: int) -> RawBatch:
    rows, lines = track.take(n)
    columns = {name: pa.chunked_array([pa.array([row.get(name) for row in rows], pa.string())]) for name in FIELDS}

    def payload(i: int) -> dict[str, Any]:
        return {"file": path.name, "point": rows[i]}

    return RawBatch(columns, np.array(lines, np.int64), np.arange(first, first + n), payload, is_standard=True)

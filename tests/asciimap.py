"""Draws roads and fixes as text, so that a test shows what it is about.

    MAP = '''
        A-----B-----C
              |     .
              D.....E
    '''

Letters and digits are nodes. `-`, `|`, `/` and `\\` between two nodes of one row, column or diagonal are roads;
`>`, `<`, `v` and `^` among them make it a one-way in that direction. Each character is `step_m` metres wide and
high; y grows upwards, x to the right, both from `origin`. The name of a road is its two nodes in reading order
(left to right, else top to bottom): "AB" runs from A to B, and "BA" is the edge against it.

Fixes are drawn on a second map of the same size with digits and letters in the order of time, or given as places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.fix import Fixes
from geo.network import Network
from geo.trace import Traces

ORDER = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Direction of a line of road characters: (row step, column step), characters, forward arrow, backward arrow.
WAYS = (
    ((0, 1), "-.", ">", "<"),
    ((1, 0), "|:", "v", "^"),
    ((1, 1), "\\", "", ""),
    ((1, -1), "/", "", ""),
)


def rows_of(drawing: str) -> list[str]:
    """Rows of a drawing without the empty ones around it and without the common indent."""
    rows = drawing.split("\n")
    while rows and not rows[0].strip():
        rows.pop(0)
    while rows and not rows[-1].strip():
        rows.pop()
    indent = min(len(row) - len(row.lstrip()) for row in rows if row.strip())
    return [row[indent:].rstrip() for row in rows]


@dataclass(frozen=True)
class AsciiMap:
    """A drawn network: names of nodes and edges beside the arrays."""

    network: Network
    node_at: dict[str, NDArray[np.float64]]
    edge: dict[str, int]
    step_m: float
    n_rows: int

    def name_of(self, edge: int) -> str:
        """Name of an edge position: start node, then end node."""
        return next(name for name, position in self.edge.items() if position == edge)

    def place(self, text: str) -> NDArray[np.float64]:
        """Place of "A", or of "AB:0.3", three tenths of the way from A to B."""
        if ":" not in text:
            return self.node_at[text]
        ends, share = text.split(":")
        a, b = self.node_at[ends[0]], self.node_at[ends[1]]
        return a + float(share) * (b - a)

    def drive(self, *places: str, every_m: float = 10.0) -> NDArray[np.float64]:
        """(n, 2) places every `every_m` metres along the straight lines between places."""
        stops = np.array([self.place(text) for text in places])
        run = np.r_[0.0, np.cumsum(np.hypot(*np.diff(stops, axis=0).T))]
        at_m = np.r_[np.arange(0.0, run[-1], every_m), run[-1]]
        return np.column_stack([np.interp(at_m, run, stops[:, 0]), np.interp(at_m, run, stops[:, 1])])

    def drawn(self, drawing: str) -> NDArray[np.float64]:
        """(n, 2) places of the characters of ORDER in a second drawing of the same size."""
        found = {
            char: (column * self.step_m, (self.n_rows - 1 - row) * self.step_m)
            for row, line in enumerate(rows_of(drawing))
            for column, char in enumerate(line)
            if char in ORDER
        }
        return np.array([found[char] for char in ORDER if char in found], np.float64)


def draw(drawing: str, step_m: float = 20.0, level: dict[str, int] | None = None) -> AsciiMap:
    """Network of a drawing. `level` gives roads by name a level other than 0 (a bridge or a tunnel)."""
    rows = rows_of(drawing)
    nodes = {
        char: (row, column)
        for row, line in enumerate(rows)
        for column, char in enumerate(line)
        if char.isalnum() and char not in "v"
    }
    roads: list[tuple[str, str, int]] = []
    for a, (row, column) in sorted(nodes.items(), key=lambda item: item[1]):
        for (down, right), chars, ahead, back in WAYS:
            b, used = _follow(rows, row, column, down, right, chars + ahead + back)
            if b and used:
                oneway = 1 if ahead and ahead in used else -1 if back and back in used else 0
                roads.append((a, b, oneway))
    node_at = {
        char: np.array([column * step_m, (len(rows) - 1 - row) * step_m]) for char, (row, column) in nodes.items()
    }
    network = network_of([(a, b, [node_at[a], node_at[b]], oneway) for a, b, oneway in roads], level or {})
    edge = {}
    for p, (a, b, _) in enumerate(roads):
        edge[a + b], edge[b + a] = 2 * p, 2 * p + 1
    return AsciiMap(network, node_at, edge, step_m, len(rows))


def _follow(rows: list[str], row: int, column: int, down: int, right: int, chars: str) -> tuple[str, str]:
    """Node at the far end of the line of road characters that starts here, and the characters."""
    used = ""
    while True:
        row, column = row + down, column + right
        if not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
            return "", ""
        char = rows[row][column]
        if char in chars:
            used += char
        elif char.isalnum():
            return char, used
        else:
            return "", ""


def network_of(
    roads: list[tuple[str, str, list[NDArray[np.float64]], int]], level: dict[str, int] | None = None
) -> Network:
    """Network of (from node, to node, shape, one-way) rows; one-way is 1 along, -1 against, 0 both."""
    names = sorted({name for a, b, _, _ in roads for name in (a, b)})
    place = {name: n for n, name in enumerate(names)}
    n = len(roads)
    edge_from, edge_to = np.empty(2 * n, np.int32), np.empty(2 * n, np.int32)
    is_open = np.ones(2 * n, np.bool_)
    for p, (a, b, _, oneway) in enumerate(roads):
        edge_from[2 * p : 2 * p + 2] = place[a], place[b]
        edge_to[2 * p : 2 * p + 2] = place[b], place[a]
        is_open[2 * p], is_open[2 * p + 1] = oneway >= 0, oneway <= 0
    shapes = [np.array(shape, np.float64) for _, _, shape, _ in roads]
    node_xy = np.zeros((len(names), 2))
    for (a, b, _, _), shape in zip(roads, shapes, strict=True):
        node_xy[place[a]], node_xy[place[b]] = shape[0], shape[-1]
    return Network(
        version=1,
        crs_epsg=6675,
        node_xy=node_xy,
        piece_id=np.arange(1, n + 1, dtype=np.int64),
        edge_from=edge_from,
        edge_to=edge_to,
        length_m=np.array([np.hypot(*np.diff(shape, axis=0).T).sum() for shape in shapes]),
        is_open=is_open,
        speed_mps=np.full(n, 13.9),
        level=np.array([(level or {}).get(a + b, 0) for a, b, _, _ in roads], np.int32),
        road_class=np.zeros(n, np.int32),
        shape_start=np.r_[0, np.cumsum([len(shape) for shape in shapes])].astype(np.int32),
        shape_xy=np.vstack(shapes),
        out_start=np.r_[0, np.cumsum(np.bincount(edge_from, minlength=len(names)))].astype(np.int32),
        out_edge=np.argsort(edge_from, kind="stable").astype(np.int32),
    )


def fixes_at(xy: NDArray[np.float64], every_s: float = 1.0, vehicle: int = 1, **columns: object) -> Fixes:
    """Fixes of one vehicle at (n, 2) places, one every `every_s` seconds; lon and lat are left at 0."""
    n = len(xy)
    at_us = np.rint(np.arange(n) * every_s * 1e6).astype(np.int64)
    return Fixes.from_arrays(np.full(n, vehicle), at_us, np.zeros(n), np.zeros(n), **columns)  # type: ignore[arg-type]


def one_trace(xy: NDArray[np.float64], every_s: float = 1.0, **columns: object) -> Traces:
    """The places as one trace, without cleaning."""
    n = len(xy)
    return Traces(
        fixes=fixes_at(xy, every_s, **columns),
        xy=np.asarray(xy, np.float64),
        kept=np.arange(n),
        start=np.array([0, n]),
        vehicle=np.ones(1, np.int64),
        outcome=np.zeros(n, np.int8),
    )

"""Tiles with the state inside: kept until a change touches them, and never a moment longer than a clearing in them.

Which tiles a change touches is worked out, not guessed: from each new status version on, the roads of the edges that
changed are asked for once, and of the tiles in memory those go that draw one of them, in both tile matrix sets, with
the margin that a tile draws beyond its edge, at the zooms that draw roads of that class. Everything else stays. Another
basis (roads, event, what is withheld) drops all of them.

A tile also ends when the first clearing in it runs out. While the database is away, what runs out is made unknown in
the tile itself (tiles.tile_ageing), so that the map goes on and never says cleared where nobody vouches for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geo.db import read_sql
from layers.generalise import STATUS, first_zoom_of_class
from tiles.matrix_sets import MATRIX_SETS, Floats, Ints, MatrixSet
from tiles.tile_cache import Key, TileCache

if TYPE_CHECKING:
    from tiles.service import Service

type ChangedRow = tuple[float, float, float, float, str]
type Basis = tuple[object, ...]

#: Edges that may have changed since a version; for more, all tiles go.
MOST_EDGES = 50_000


def status_key(basis: Basis, matrix_set: MatrixSet, z: int, x: int, y: int) -> Key:
    """Under what a status tile is kept."""
    return STATUS, matrix_set.set_id, z, x, y, basis


def touched(keys: Sequence[Key], boxes: Floats, first_zooms: Ints) -> list[Key]:
    """Those of the keys of status tiles that draw something within one of the boxes.

    boxes        (N, 4) west, south, east, north in degrees
    first_zooms  (N,) lowest zoom of WebMercatorQuad that draws what is in the box
    """
    found: list[Key] = []
    by_matrix: dict[tuple[str, int], list[Key]] = {}
    for key in keys:
        by_matrix.setdefault((str(key[1]), int(str(key[2]))), []).append(key)
    planar = {set_id: MATRIX_SETS[set_id].planar(boxes) for set_id in {set_id for set_id, _ in by_matrix}}
    for (set_id, z), held in by_matrix.items():
        matrix_set = MATRIX_SETS[set_id]
        drawn = planar[set_id][first_zooms <= matrix_set.detail(z)]
        if len(drawn):
            is_hit = _meets(np.array([key[3:5] for key in held], np.int64), matrix_set.reach_planar(drawn, z))
            found += [key for key, hit in zip(held, is_hit, strict=True) if hit]
    return found


def _meets(cells: Ints, reach: Ints) -> NDArray[np.bool_]:
    """(M,) whether one of (N, 4) rectangles of cells (first column, first row, last column, last row) holds each cell.

    Rectangles are added up over the window that the cells span, by their corners: N + window steps, not N times M.
    """
    low, high = cells.min(axis=0), cells.max(axis=0)
    near = (reach[:, :2] <= high).all(axis=1) & (reach[:, 2:] >= low).all(axis=1)
    first = np.maximum(reach[near, :2], low) - low
    after = np.minimum(reach[near, 2:], high) - low + 1
    corners = np.zeros(tuple(high - low + 2), np.int64)
    for column, row, sign in ((first, first, 1), (after, first, -1), (first, after, -1), (after, after, 1)):
        np.add.at(corners, (column[:, 0], row[:, 1]), sign)
    depth = corners.cumsum(axis=0).cumsum(axis=1)
    inside = cells - low
    return np.asarray(depth[inside[:, 0], inside[:, 1]] > 0)


class Follower:
    """Keeps the status tiles of a cache in step with what is published."""

    def __init__(self, tiles: TileCache) -> None:
        self.tiles = tiles
        self.basis: Basis | None = None
        self.version = -1
        self._lock = asyncio.Lock()

    def is_current(self, basis: Basis, version: int) -> bool:
        """Whether what is kept is in step with a publication."""
        return self.version == version and self.basis == basis

    async def follow(self, service: Service) -> None:
        """Drop what has changed up to the present publication. Raises psycopg.Error where the database is away."""
        if self.is_current(service.dataset.basis, service.dataset.status_version):
            return
        async with self._lock:
            dataset = service.dataset
            if self.is_current(dataset.basis, dataset.status_version):
                return
            held = [key for key in self.tiles if key[0] == STATUS]
            if self.basis != dataset.basis or dataset.status_version < self.version:
                self.tiles.drop(held)
            elif held:
                rows = await self._changed(service)
                # what was begun meanwhile counts too
                held = [key for key in self.tiles if key[0] == STATUS]
                self.tiles.drop(held if rows is None else touched_by(held, rows))
            self.basis, self.version = dataset.basis, dataset.status_version

    async def _changed(self, service: Service) -> list[ChangedRow] | None:
        """Boxes and classes of the roads that changed since the version that is kept; None: too many."""
        async with service.connection() as connection:
            found = await connection.execute(
                read_sql("tiles", "changed_boxes"), {"since": self.version, "most": MOST_EDGES}
            )
            rows: list[ChangedRow] = await found.fetchall()
        return None if rows and rows[0][0] is None else rows


def touched_by(keys: Sequence[Key], rows: Iterable[ChangedRow]) -> list[Key]:
    """Those of the keys of status tiles that the rows of changed_boxes.sql touch."""
    listed = list(rows)
    if not listed or not keys:
        return []
    boxes = np.array([row[:4] for row in listed], np.float64)
    return touched(keys, boxes, np.array([first_zoom_of_class(row[4]) for row in listed], np.int64))

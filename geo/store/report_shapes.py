"""Where the stretches of daily reports lie, as lines in longitude and latitude; read as yuki_engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.store.reports import Report

type Floats = NDArray[np.float64]
#: Kind of driving, and (n, 2) longitude and latitude.
type Shape = tuple[int, Floats]


def read_shapes(connection: psycopg.Connection[Row], reports: Sequence[Report]) -> list[list[Shape]]:
    """The lines of each report, each stretch of road once a kind."""
    pieces = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.edge_id >> 1 for one in reports)]))
    rows = connection.execute(read_sql("geo", "queries/read_piece_shapes"), {"piece_ids": pieces.tolist()}).fetchall()
    coords = shapely.get_coordinates
    known = {int(row[0]): (float(row[1]), coords(shapely.from_wkb(row[2]))) for row in rows}
    return [_lines(one, known) for one in reports]


def _lines(report: Report, known: dict[int, tuple[float, Floats]]) -> list[Shape]:
    """Stretches on one piece that meet are one line."""
    order = np.lexsort((report.from_m, report.kind, report.edge_id >> 1))
    joined: list[list[float]] = []
    for at in order.tolist():
        piece, kind = int(report.edge_id[at]) >> 1, int(report.kind[at])
        low, high = float(report.from_m[at]), float(report.to_m[at])
        if joined and joined[-1][:2] == [piece, kind] and low <= joined[-1][3]:
            joined[-1][3] = max(joined[-1][3], high)
        else:
            joined.append([piece, kind, low, high])
    shapes = []
    for piece_id, kind_of, start_m, end_m in joined:
        if int(piece_id) in known:
            length_m, line = known[int(piece_id)]
            shapes.append((int(kind_of), part_of(line, start_m / length_m, end_m / length_m)))
    return shapes


def part_of(line: Floats, start: float, end: float) -> Floats:
    """The part of an (n, 2) line between two shares of its length."""
    if start <= 0 and end >= 1:
        return line
    step = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(step)]) / max(float(step.sum()), 1e-12)
    ends = [[np.interp(share, along, line[:, 0]), np.interp(share, along, line[:, 1])] for share in (start, end)]
    inside = line[(along > start) & (along < end)]
    return np.vstack([ends[0], inside, ends[1]])

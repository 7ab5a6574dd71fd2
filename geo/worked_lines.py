"""Lays lines that were worked on, as vendors deliver them ready, on directed edges, and says how sure each stretch is.

Such a line is a vendor's joined-up positions: it may leave the roads, and where the positions jump it goes straight on
over everything. So a line is taken apart at its long segments. What lies between them is laid as it is; a long segment
counts only where a road lies under all of it. The limits were chosen on real drives (benchmarks/bench_lines.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.plans import Laid, LayLine

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Raise it when the same line on the same network could give other stretches or another confidence.
LINES_VERSION = 1
#: Neighbouring vertices further apart than this may be a jump: 250 m are 15 s at 60 km/h, the cadence of real units.
LONG_M = 250.0
#: Further apart than this counts as a jump: the longer a straight segment, the less often it lies on what was driven,
#: even with a road under all of it (second table of benchmarks/bench_lines.py).
JUMP_M = 600.0
#: A part of a line counts as lying on roads where they carry at least this share of it; yards and car parks are no
#: edges. Below it the confidence falls in proportion.
LAID_SHARE = 0.9
#: Nobody but the vendor knows the positions behind a ready line, so its confidence ends here: no more than is right of
#: what is laid on real drives with vertices far apart (first table of benchmarks/bench_lines.py).
CONFIDENCE_MAX = 0.95


@dataclass(frozen=True, slots=True)
class Worked:
    """R stretches of one line, in its order.

    edge          (R,) int32, edge position; its direction is the direction of the line
    from_m, to_m  (R,) metres along digitising; from_m < to_m
    confidence    (R,) 0 to CONFIDENCE_MAX: that of the part of the line that it comes from
    length_m      of the line without its jumps
    missing_m     of that, carried by no edge
    n_jumps       jumps between vertices, where nothing was laid
    lost          (k,) positions of vertices of parts that lie on roads for less than LAID_SHARE
    """

    edge: NDArray[np.int32]
    from_m: Floats
    to_m: Floats
    confidence: Floats
    length_m: float
    missing_m: float
    n_jumps: int
    lost: Ints


def lay_worked(line_xy: Floats, lay_line: LayLine) -> Worked:
    """Lay one (n, 2) line, in metres of the plane CRS, n >= 2, neighbours different.

    lay_line  geo.matching.matcher.lay_line of a network
    """
    parts: list[tuple[Laid, float]] = []
    lost: list[Ints] = []
    length_m = missing_m = 0.0
    n_jumps = 0
    for first, last, is_long in parts_of(line_xy):
        piece = line_xy[first : last + 1]
        part_m = length_of(piece)
        laid = lay_line(piece) if part_m <= JUMP_M or not is_long else None
        share = 0.0 if laid is None or part_m == 0 else 1.0 - min(laid.missing_m / part_m, 1.0)
        if laid is None or (is_long and laid.missing_m > 0):
            n_jumps += 1
            continue
        length_m += part_m
        missing_m += part_m * (1.0 - share)
        parts.append((laid, CONFIDENCE_MAX * min(share / LAID_SHARE, 1.0)))
        if share < LAID_SHARE:
            lost.append(np.arange(first, last + 1))
    return Worked(
        edge=np.concatenate([np.zeros(0, np.int32), *(laid.edge for laid, _ in parts)]).astype(np.int32),
        from_m=np.concatenate([np.zeros(0), *(laid.from_m for laid, _ in parts)]),
        to_m=np.concatenate([np.zeros(0), *(laid.to_m for laid, _ in parts)]),
        confidence=np.concatenate([np.zeros(0), *(np.full(len(laid.edge), value) for laid, value in parts)]),
        length_m=length_m,
        missing_m=missing_m,
        n_jumps=n_jumps,
        lost=np.concatenate([np.zeros(0, np.int64), *lost]).astype(np.int64),
    )


def length_of(line_xy: Floats) -> float:
    """Metres along an (n, 2) line."""
    return float(np.hypot(*np.diff(line_xy, axis=0).T).sum())


def parts_of(line_xy: Floats) -> Iterator[tuple[int, int, bool]]:
    """First and last vertex of each part, and whether it is one long segment; single vertices are no part."""
    is_long = np.hypot(*np.diff(line_xy, axis=0).T) > LONG_M
    first = 0
    for segment in np.flatnonzero(is_long).tolist():
        if segment > first:
            yield first, segment, False
        yield segment, segment + 1, True
        first = segment + 1
    if len(line_xy) - 1 > first:
        yield first, len(line_xy) - 1, False

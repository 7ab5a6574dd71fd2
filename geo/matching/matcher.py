"""Matches traces to the directed edges of a network: wires the kernels together, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.matching.arrays import Scratch, new_scratch
from geo.matching.candidates import GridIndex
from geo.matching.collect import collect
from geo.matching.result import Matched
from geo.matching.sampling import LAY_SETTINGS, LAY_STEP_M, line_samples
from geo.matching.settings import MatchSettings
from geo.matching.trip import Trip, match_trip
from geo.network import Network
from geo.trace import Traces

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]

#: Stored with every fact; changes whenever the same fixes could give another result.
MATCHER_VERSION = "7"


@dataclass(frozen=True, slots=True)
class LaidLine:
    """A line laid on edges, in the order of the line.

    edge          (R,) int32, edge position; its direction is the direction of the line
    from_m, to_m  (R,) metres along digitising; from_m < to_m
    missing_m     length of the line that no edge carries
    """

    edge: Ints32
    from_m: Floats
    to_m: Floats
    missing_m: float


def match(
    network: Network,
    index: GridIndex,
    traces: Traces,
    settings: MatchSettings | None = None,
    n_threads: int = 1,
    known: Mapping[int, Trip] | None = None,
) -> Matched:
    """Matches every trace but those whose outcome is known, by position; the result does not depend on n_threads.

    Raises InputError where the index belongs to another network.
    """
    settings = settings or MatchSettings()
    if len(index.roads.edge) != network.n_edges:
        raise InputError("The index belongs to another network.", hint="Call build_index(network) again.")
    rooms = _Rooms(index)

    def run(t: int) -> Trip:
        trip = (known or {}).get(t)
        return trip if trip is not None else match_trip(index, rooms.own(), traces, t, settings)

    if n_threads <= 1:
        trips: Iterator[Trip] = map(run, range(len(traces)))
        return collect(traces, network.length_m, trips, network.version, MATCHER_VERSION)
    with ThreadPoolExecutor(n_threads) as pool:
        return collect(traces, network.length_m, pool.map(run, range(len(traces))), network.version, MATCHER_VERSION)


def lay_line(
    network: Network,
    index: GridIndex,
    line_xy: Floats,
    settings: MatchSettings | None = None,
) -> LaidLine:
    """Lays an (n, 2) line, in metres of the plane CRS of the network, on edges.

    The line is sampled every LAY_STEP_M and matched like a drive without a clock. One-ways do not bind it, because
    a route is often drawn once for both directions; reverse the edges (e ^ 1) for the other one. Where the line has
    no road the path breaks, and the samples there make up missing_m. Raises InputError for fewer than two places.
    """
    line_xy = np.asarray(line_xy, np.float64)
    if line_xy.ndim != 2 or line_xy.shape[1:] != (2,) or len(line_xy) < 2 or not np.isfinite(line_xy).all():
        raise InputError(f"A line needs two places or more, got shape {line_xy.shape}.", hint="Check the geometry.")
    settings = settings or LAY_SETTINGS
    traces, step_m = line_samples(line_xy, LAY_STEP_M)
    matched = match(network, index, traces, settings)
    missing_m = float((matched.fixes.edge < 0).sum() * step_m)
    rows = matched.traversals
    return LaidLine(rows.edge, rows.from_m, rows.to_m, missing_m)


class _Rooms:
    """Scratch space, one set for each thread, made when the thread first asks."""

    def __init__(self, index: GridIndex) -> None:
        self._index, self._held = index, local()

    def own(self) -> Scratch:
        if not hasattr(self._held, "scratch"):
            self._held.scratch = new_scratch(len(self._index.roads.edge), self._index.n_turns)
        scratch: Scratch = self._held.scratch
        return scratch

"""Matches traces to the directed edges of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.matching.candidates import GridIndex
from geo.matching.result import Matched
from geo.matching.settings import MatchSettings
from geo.network import Network
from geo.trace import Traces

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]

#: Stored with every fact; changes whenever the same fixes could give another result.
MATCHER_VERSION = "1"


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
) -> Matched:
    """Matches every trace; the result does not depend on n_threads."""
    raise NotImplementedError


def lay_line(
    network: Network,
    index: GridIndex,
    line_xy: Floats,
    settings: MatchSettings | None = None,
) -> LaidLine:
    """Lays an (n, 2) line, in metres of the plane CRS of the network, on edges."""
    raise NotImplementedError

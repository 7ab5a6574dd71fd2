"""候補: where on the network a fix may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.network import Network

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class GridIndex:
    """A uniform grid over the segments of a network, and what the matcher needs of each segment and edge.

    Built once per network and process by `build_index`; read only and safe to share between threads.
    """

    origin_x_m: float
    origin_y_m: float
    cell_m: float
    n_columns: int
    n_rows: int
    cell_start: Ints32
    cell_segment: Ints32
    segment_piece: Ints32
    segment_offset_m: Floats


def build_index(network: Network) -> GridIndex:
    """The grid index of a network."""
    raise NotImplementedError

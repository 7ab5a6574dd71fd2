"""Real drives with known routes, and how far a matched route is from the known one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.fix import Fixes, concat
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.network import Network
from geo.settings import SourceSettings
from geo.trace import Traces, clean_and_split
from ingest.fixes import read_fixes_file
from yukimichi.match_files import MatchFilesWish, RoadsRead, load_roads

#: One fix in so many seconds.
EVERY_S = (1.0, 10.0, 30.0, 60.0)
#: The drive of Newson and Krumm 2009; the others are of Kubička et al. 2015.
SEATTLE = "seattle"
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Drive:
    """A drive and its roads.

    true   (n,) directed edges really driven, in order: 2 * piece + 1 against digitising
    piece  position of the piece in the network by the road_id of the file
    """

    name: str
    folder: Path
    roads: RoadsRead
    fixes: Fixes
    true: Ints
    piece: dict[int, int]

    @property
    def network(self) -> Network:
        return self.roads.network

    @cached_property
    def length_m(self) -> Floats:
        """(2 n,) metres of each directed edge."""
        return np.repeat(self.network.length_m, 2)


def folders_of(data: Path) -> list[Path]:
    """Folders of all drives, Seattle first."""
    return sorted(data.glob("*/"), key=lambda folder: (folder.name != SEATTLE, folder.name))


def read_drive(folder: Path) -> Drive:
    """Roads, fixes and the true directed edges of a drive."""
    wish = MatchFilesWish(folder / "roads.parquet", folder / "fixes.csv", Path(tempfile.gettempdir()) / "none.csv")
    roads = load_roads(wish, SourceSettings())
    fixes = read_fixes_file(wish.fixes, SourceSettings()).fixes
    truth = pd.read_csv(folder / "truth.csv")
    topology = roads.topology
    piece = dict(zip(topology.road.tolist(), range(topology.n_pieces), strict=True))
    # a road that is drawn twice is one piece under the other id
    piece |= {r: piece[k] for r, k in zip(topology.dropped.road, topology.dropped.kept_road, strict=True) if k >= 0}
    piece = {int(topology.roads.external_id[r]): p for r, p in piece.items()}
    # and a road shorter than the snap tolerance is none
    truth = truth[truth["road_id"].isin(piece)]
    true = np.array([2 * piece[r] for r in truth["road_id"]]) + truth["reversed"].to_numpy(np.int64)
    return Drive(folder.name, folder, roads, fixes, true, piece)


def traces_of(fixes: Fixes, network: Network) -> Traces:
    """Cleaned fixes, split at long gaps."""
    return clean_and_split(fixes, to_plane(fixes.lon, fixes.lat, network.crs_epsg))


def matched_edges(drive: Drive, traces: Traces, settings: MatchSettings | None = None) -> Ints:
    """Directed edges that our matcher finds, in order."""
    return match(drive.network, drive.roads.index, traces, settings).traversals.edge.astype(np.int64)


def replicated(fixes: Fixes, n: int) -> Fixes:
    """The same drive by n vehicles."""
    return concat(
        [
            Fixes(**{name: getattr(fixes, name) for name in Fixes.__slots__} | {"vehicle": fixes.vehicle + i})
            for i in range(n)
        ]
    )


def without_repeats(edge: Ints) -> Ints:
    """The edges, each run of one edge once."""
    return edge[np.r_[True, edge[1:] != edge[:-1]]] if len(edge) else edge


def mismatch(length_m: Floats, found: Ints, true: Ints) -> tuple[float, float]:
    """Missed plus added metres, and metres of the true route; their ratio is the route mismatch fraction.

    Newson and Krumm 2009. found and true are directed edges in order, length_m is by directed edge. What both have is
    the longest common subsequence by length, so order, direction and repeats count.
    """
    found, true = without_repeats(found), without_repeats(true)
    best = np.zeros(len(found) + 1)
    for edge in true:
        gain = np.where(found == edge, best[:-1] + length_m[edge], 0.0)
        best = np.r_[0.0, np.maximum.accumulate(np.maximum(best[1:], gain))]
    total = float(length_m[true].sum())
    return total + float(length_m[found].sum()) - 2 * float(best[-1]), total

"""Whether confidence is the share that is right: matches of drives with known routes, a fit, and its scores.

Right is a traversal whose directed edge belongs to the longest common subsequence of the edges found and the edges
really driven, so order, direction and repeats count. The routes do not say how far into an edge a drive began or
ended, so an edge is right or wrong as a whole. Right is a fix on the true directed edge or on its neighbour along the
true route, since near a node both are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from benchmarks.drives import EVERY_S, Drive, traces_of
from benchmarks.peers.noise import KINDS, Kind, noisy_fixes
from geo.crs import to_plane
from geo.fix import Fixes
from geo.matching.confidence import calibrated
from geo.matching.matcher import match
from geo.matching.result import INFERRED, MATCHED, Matched
from geo.matching.settings import MatchSettings
from geo.trace import Traces
from yukimichi.match_files import thinned

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Posteriors as they come out of the lattice.
UNCALIBRATED = MatchSettings(calibration_offset=0.0, calibration_slope=1.0)
N_BINS = 10
#: Posteriors are clipped here for the fit: log-odds without end would let a few that came out as nothing decide it.
CLIP = 1e-4
#: A fix further from the true route is on no road of it (as the usual scoring of these drives has it), metres.
ON_ROUTE_M = 50.0
#: The distance that one fix can count for when fixes are laid along the route, metres.
FAR_M = 200.0


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise laid on the positions; sigma_m 0 is none."""

    kind: Kind
    sigma_m: float
    seed: int = 1

    @property
    def name(self) -> str:
        return f"{self.kind} {self.sigma_m:.0f} m" if self.sigma_m else "none"


CLEAN = Noise("white", 0.0)
NOISES = (CLEAN, *(Noise(kind, sigma_m) for kind, sigma_m in product(KINDS, (10.0, 20.0))))


@dataclass(frozen=True, slots=True)
class Platt:
    """Constants of geo.matching.confidence.calibrated: log-odds of being right are offset + slope * log-odds."""

    offset: float
    slope: float

    def of(self, posterior: Floats) -> Floats:
        return calibrated(posterior, MatchSettings(calibration_offset=self.offset, calibration_slope=self.slope))


def fit(posterior: Floats, right: Bools) -> Platt:
    """The most likely constants, by maximum likelihood of single items."""
    p = np.clip(posterior, CLIP, 1 - CLIP)
    log_odds, hit = np.log(p / (1 - p)), right.astype(np.float64)

    def nats(constants: Floats) -> tuple[float, Floats]:
        z = constants[0] + constants[1] * log_odds
        miss = 1 / (1 + np.exp(-z)) - hit
        return float(np.mean(np.logaddexp(0.0, z) - hit * z)), np.array([miss.mean(), (miss * log_odds).mean()])

    offset, slope = minimize(nats, np.array([0.0, 1.0]), jac=True).x
    return Platt(float(offset), float(slope))


def bins_of(confidence: Floats) -> Ints:
    """Which of the N_BINS bins of one width each confidence lies in."""
    return np.minimum((confidence * N_BINS).astype(np.int64), N_BINS - 1)


def calibration_error(confidence: Floats, right: Bools, weight: Floats | None = None) -> float:
    """Expected calibration error (Naeini et al. 2015): |confidence - share right| of each bin, weighted by the bin."""
    w = np.ones(len(confidence)) if weight is None else weight
    gap = np.bincount(bins_of(confidence), w * (confidence - right), N_BINS)
    return float(np.abs(gap).sum() / w.sum())


def auroc(confidence: Floats, right: Bools) -> float:
    """Probability that what is right is surer than what is wrong, ties half (Mann-Whitney); NaN without both."""
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if n_right == 0 or n_wrong == 0:
        return float("nan")
    rank = rankdata(confidence)
    return float((rank[right].sum() - n_right * (n_right + 1) / 2) / (n_right * n_wrong))


def in_order(true: Ints, found: Ints, length_m: Floats) -> Bools:
    """(m,) whether each edge found is part of the longest common subsequence by length; length_m by edge."""
    run = np.append(True, found[1:] != found[:-1])[: len(found)]
    heads = found[run]
    true = true[np.append(True, true[1:] != true[:-1])[: len(true)]]
    best = np.zeros((len(true) + 1, len(heads) + 1))
    for i, edge in enumerate(true):
        gain = np.where(heads == edge, best[i, :-1] + length_m[edge], 0.0)
        best[i + 1, 1:] = np.maximum.accumulate(np.maximum(best[i, 1:], gain))
    is_common = np.zeros(len(heads), np.bool_)
    i, j = len(true), len(heads)
    while i > 0 and j > 0:
        if heads[j - 1] == true[i - 1] and best[i, j] == best[i - 1, j - 1] + length_m[true[i - 1]]:
            is_common[j - 1] = True
            i, j = i - 1, j - 1
        elif best[i, j] == best[i - 1, j]:
            i -= 1
        else:
            j -= 1
    return is_common[np.cumsum(run) - 1]


def along_route(drive: Drive) -> tuple[Ints, Floats]:
    """(n,) position in drive.true of each fix of the drive, never going back, and metres beside the route.

    The assignment of the least sum of squared distances, each capped at FAR_M: a dynamic programme over segments.
    """
    network, xy = drive.network, to_plane(drive.fixes.lon, drive.fixes.lat, drive.network.crs_epsg)
    lines = [network.shape_xy[slice(*network.shape_start[e // 2 : e // 2 + 2])][:: -1 if e % 2 else 1]
             for e in drive.true.tolist()]  # fmt: skip
    owner = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])
    segment = shapely.linestrings(np.concatenate([np.stack([line[:-1], line[1:]], 1) for line in lines]))
    places, n = shapely.points(xy), np.arange(len(owner))
    came, cost = np.zeros((len(xy), len(owner)), np.int32), np.zeros(len(owner))
    for i, place in enumerate(places):
        least = np.minimum.accumulate(cost)
        came[i] = np.maximum.accumulate(np.where(cost == least, n, 0))
        cost = least + np.minimum(shapely.distance(segment, place), FAR_M) ** 2
    on = np.zeros(len(xy), np.int64)
    on[-1] = np.argmin(cost)
    for i in range(len(xy) - 1, 0, -1):
        on[i - 1] = came[i, on[i]]
    return owner[on], shapely.distance(segment[on], places)


def matched(drive: Drive, every_s: float, noise: Noise, settings: MatchSettings) -> tuple[Traces, Matched]:
    """The drive with noise, thinned to one fix in every_s seconds, and its match."""
    fixes: Fixes = drive.fixes
    if noise.sigma_m:
        fixes = noisy_fixes(fixes, drive.network.crs_epsg, noise.kind, noise.sigma_m, noise.seed)
    traces = traces_of(thinned(fixes, every_s), drive.network)
    return traces, match(drive.network, drive.roads.index, traces, settings)


def traversal_rows(drive: Drive, result: Matched) -> pd.DataFrame:
    """posterior, right, metres and is_inferred of each traversal."""
    t = result.traversals
    right = in_order(drive.true, t.edge.astype(np.int64), drive.length_m)
    return pd.DataFrame(
        {"posterior": t.confidence, "right": right, "metres": t.to_m - t.from_m, "is_inferred": t.status == INFERRED}
    )


def fix_rows(drive: Drive, traces: Traces, result: Matched, route: tuple[Ints, Floats]) -> pd.DataFrame:
    """posterior and right of each matched fix whose place without noise lies within ON_ROUTE_M of the true route."""
    position, beside_m = route
    of = np.searchsorted(drive.fixes.at_us, traces.fixes.at_us)
    last = len(drive.true) - 1
    near = np.stack([drive.true[np.clip(position[of] + step, 0, last)] for step in (-1, 0, 1)])
    keep = (result.fixes.status == MATCHED) & (beside_m[of] <= ON_ROUTE_M)
    right = (near == result.fixes.edge).any(0)
    return pd.DataFrame({"posterior": result.fixes.confidence[keep], "right": right[keep]})


def measure(
    drives: Sequence[Drive],
    noises: Sequence[Noise] = NOISES,
    every: Sequence[float] = EVERY_S,
    settings: MatchSettings = UNCALIBRATED,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of all traversals and of all fixes, with columns drive, every_s and noise."""
    traversals, fixes = [], []
    for drive in drives:
        if np.any(np.diff(drive.fixes.at_us) <= 0):
            raise ValueError(f"{drive.name}: fixes are not in order of time, or two have one time")
        route = along_route(drive)
        for every_s, noise in product(every, noises):
            traces, result = matched(drive, every_s, noise, settings)
            names = {"drive": drive.name, "every_s": every_s, "noise": noise.name}
            traversals.append(traversal_rows(drive, result).assign(**names))
            fixes.append(fix_rows(drive, traces, result, route).assign(**names))
    return pd.concat(traversals, ignore_index=True), pd.concat(fixes, ignore_index=True)

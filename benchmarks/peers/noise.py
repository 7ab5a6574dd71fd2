"""Errors of positions for benchmarks: white, or correlated over a minute. Pure arrays in, arrays out.

Real errors of a GNSS receiver are correlated over a minute or so, since multipath and the atmosphere change slowly
and the receiver filters; a first-order Gauss-Markov process is the usual model (Brown and Hwang, Introduction to
Random Signals and Applied Kalman Filtering, chapter on processes). White noise is the case that smoothing helps most.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo.crs import to_lonlat, to_plane
from geo.fix import Fixes

type Floats = NDArray[np.float64]
type Kind = Literal["white", "correlated"]

KINDS: tuple[Kind, ...] = ("white", "correlated")
#: Time constant of correlated noise, seconds: the correlation falls to 1/e.
TIME_CONSTANT_S = 60.0


def noisy(xy: Floats, at_s: Floats, kind: Kind, sigma_m: float, seed: int) -> Floats:
    """Places with Gaussian noise of sigma_m metres on each axis; the axes are independent.

    xy is (n, 2) metres in a plane, at_s is (n,) seconds that do not go back; both of one vehicle. One seed gives the
    same shape of errors at every sigma_m. Raises ValueError for a kind that is none or for a time that goes back.
    """
    if kind not in KINDS:
        raise ValueError(f"noise is one of {KINDS}, not {kind!r}")
    step_s = np.diff(np.asarray(at_s, np.float64))
    if np.any(step_s < 0):
        raise ValueError("at_s goes back: sort by time and take one vehicle at a time")
    unit = np.random.default_rng(seed).standard_normal((len(xy), 2))
    if kind == "correlated" and len(xy):
        # exact for any step: error(t + dt) = a error(t) + sqrt(1 - a^2) w with a = exp(-dt / time constant)
        kept = np.exp(-step_s / TIME_CONSTANT_S)
        fresh = np.sqrt(1.0 - kept**2)
        for i in range(1, len(unit)):
            unit[i] = kept[i - 1] * unit[i - 1] + fresh[i - 1] * unit[i]
    return np.asarray(xy, np.float64) + sigma_m * unit


def noisy_fixes(fixes: Fixes, epsg: int, kind: Kind, sigma_m: float, seed: int, accuracy_m: float = np.nan) -> Fixes:
    """The fixes of one vehicle in noisy places, the noise laid on in the plane of the EPSG code.

    accuracy_m is what every fix then claims; NaN claims nothing. Raises ValueError for more than one vehicle.
    """
    if len(np.unique(fixes.vehicle)) > 1:
        raise ValueError("noise is correlated along one vehicle: give the fixes of one")
    xy = noisy(to_plane(fixes.lon, fixes.lat, epsg), fixes.at_us / 1e6, kind, sigma_m, seed)
    lonlat = to_lonlat(xy, epsg)
    moved = {"lon": lonlat[:, 0], "lat": lonlat[:, 1], "accuracy_m": np.full(len(fixes), accuracy_m)}
    columns = {name: getattr(fixes, name) for name in Fixes.__slots__}
    return Fixes(**columns | moved)

"""平滑化: takes white noise out of dense fixes before they are matched.

A device whose fixes jump about by ten metres every second tells far more than one that reports every ten seconds, if
its jumps are averaged out; taken one by one they look like turning to and fro. How much a device jumps is seen from
the fixes themselves: how far each lies from the line between its neighbours in time. Errors that drift, as those of
most receivers do, are no jumps: they are left for the spread that is learned from residuals (geo.matching.spread).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.matching.kernel import kernel

type Floats = NDArray[np.float64]

#: Neighbours further apart than this tell of driving, not of noise, seconds.
NEIGHBOUR_S = 2.5
#: So many fixes with near neighbours are needed to tell.
MIN_JUMPS = 20
#: More are not needed: 2,000 tell the noise to within 3 %.
MAX_JUMPS = 2000
#: The median of |N(0, 1)|.
MEDIAN_OF_UNIT = 0.6745
#: Before the first fix nothing is known: variance of the place, and of a speed of up to 30 m/s.
START_M2, START_M2_S2 = 1e6, 900.0


def jump_m(xy: Floats, at_s: Floats) -> tuple[float, float]:
    """Standard deviation of the white noise on each axis, metres, of (n, 2) places at (n,) ascending seconds.

    Each fix is compared with the straight line between its neighbours; the median over both axes is taken, so that
    turns and outliers do not count. Returned with the median seconds between such neighbours; (0, 0) where too few
    fixes have neighbours within NEIGHBOUR_S.
    """
    if len(xy) < MIN_JUMPS + 2:
        return 0.0, 0.0
    before_s, after_s = at_s[1:-1] - at_s[:-2], at_s[2:] - at_s[1:-1]
    is_near = (before_s > 0) & (after_s > 0) & (before_s <= NEIGHBOUR_S) & (after_s <= NEIGHBOUR_S)
    if int(is_near.sum()) < MIN_JUMPS:
        return 0.0, 0.0
    every = 1 + len(is_near) // MAX_JUMPS
    is_near[np.arange(len(is_near)) % every != 0] = False
    share = (before_s[is_near] / (before_s[is_near] + after_s[is_near]))[:, None]
    middle = (1.0 - share) * xy[:-2][is_near] + share * xy[2:][is_near]
    # a sum of three independent errors with these weights
    scale = np.sqrt(1.0 + (1.0 - share) ** 2 + share**2)
    noise_m = float(np.median(np.abs(xy[1:-1][is_near] - middle) / scale) / MEDIAN_OF_UNIT)
    return noise_m, float(np.median(after_s[is_near]))


@kernel
def _forecast(dt, acceleration, a, b, c):  # type: ignore[no-untyped-def]  # numba kernel
    """Covariance (a, b; b, c) of place and speed dt later: white acceleration (Bar-Shalom et al. 2001, eq. 6.2.2-4)."""
    ahead = a + 2.0 * dt * b + dt * dt * c + acceleration * dt**3 / 3.0
    return ahead, b + dt * c + acceleration * dt * dt / 2.0, c + acceleration * dt


@kernel
def _filter(at_s, xy, noise_m, acceleration):  # type: ignore[no-untyped-def]  # numba kernel
    """Kalman filter: (n, 2, 2) place and speed on each axis and (n, 3) covariance, after and before each fix."""
    n = len(at_s)
    mean, cov = np.zeros((n, 2, 2)), np.empty((n, 3))
    before, before_cov = np.empty((n, 2, 2)), np.empty((n, 3))
    for i in range(n):
        a, b, c = START_M2, 0.0, START_M2_S2
        if i == 0:
            mean[0, :, 0] = xy[0]
        else:
            dt = at_s[i] - at_s[i - 1]
            a, b, c = _forecast(dt, acceleration, cov[i - 1, 0], cov[i - 1, 1], cov[i - 1, 2])
            mean[i] = mean[i - 1]
            mean[i, :, 0] += dt * mean[i - 1, :, 1]
        before[i] = mean[i]
        before_cov[i, 0], before_cov[i, 1], before_cov[i, 2] = a, b, c
        gain, gain_speed = a / (a + noise_m**2), b / (a + noise_m**2)
        for axis in range(2):
            miss = xy[i, axis] - mean[i, axis, 0]
            mean[i, axis, 0] += gain * miss
            mean[i, axis, 1] += gain_speed * miss
        cov[i, 0], cov[i, 1], cov[i, 2] = (1.0 - gain) * a, (1.0 - gain) * b, c - gain_speed * b
    return mean, cov, before, before_cov


@kernel
def smooth(at_s, xy, noise_m, acceleration):  # type: ignore[no-untyped-def]  # numba kernel
    """Kalman smoothing (Rauch, Tung & Striebel 1965) of (n, 2) places that move at a nearly constant speed.

    noise_m       standard deviation of the white noise on each axis
    acceleration  spectral density of the acceleration, m^2/s^3: what a vehicle changes its speed by
    Returns (n, 2) places and (n,) their standard deviations on each axis. Gaps need no care: the longer one is, the
    less the fixes beyond it tell.
    """
    n = len(at_s)
    mean, cov, before, before_cov = _filter(at_s, xy, noise_m, acceleration)
    out, spread = np.empty((n, 2)), np.empty(n)
    out[n - 1], spread[n - 1] = mean[n - 1, :, 0], math.sqrt(cov[n - 1, 0])
    sa, sb, sc = cov[n - 1, 0], cov[n - 1, 1], cov[n - 1, 2]
    for i in range(n - 2, -1, -1):
        dt = at_s[i + 1] - at_s[i]
        a, b, c = cov[i, 0], cov[i, 1], cov[i, 2]
        pa, pb, pc = before_cov[i + 1, 0], before_cov[i + 1, 1], before_cov[i + 1, 2]
        # gain of the smoother: covariance, times the motion, over the covariance of the forecast
        det = pa * pc - pb * pb
        ga, gb, ha, hb = a + dt * b, b, b + dt * c, c
        g00, g01 = (ga * pc - gb * pb) / det, (gb * pa - ga * pb) / det
        g10, g11 = (ha * pc - hb * pb) / det, (hb * pa - ha * pb) / det
        for axis in range(2):
            place = mean[i + 1, axis, 0] - before[i + 1, axis, 0]
            speed = mean[i + 1, axis, 1] - before[i + 1, axis, 1]
            mean[i, axis, 0] += g00 * place + g01 * speed
            mean[i, axis, 1] += g10 * place + g11 * speed
        da, db, dc = sa - pa, sb - pb, sc - pc
        u0, u1, w0, w1 = g00 * da + g01 * db, g00 * db + g01 * dc, g10 * da + g11 * db, g10 * db + g11 * dc
        sa, sb, sc = a + u0 * g00 + u1 * g01, b + u0 * g10 + u1 * g11, c + w0 * g10 + w1 * g11
        out[i], spread[i] = mean[i, :, 0], math.sqrt(max(sa, 0.0))
    return out, spread

"""観測コスト: how badly a fix fits a candidate, in nats (negative log likelihood)."""

from __future__ import annotations

import math

from geo.matching.kernel import kernel


@kernel
def distance_nats(off_m, sigma_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of lying off_m beside the road: a Gaussian of sigma_m (Newson & Krumm 2009, eq. 1), 0 on the road."""
    z = off_m / sigma_m
    return 0.5 * z * z


@kernel
def heading_nats(dir_x, dir_y, head_x, head_y, kappa, floor):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of a heading against the direction of the edge, 0 when they agree.

    A von Mises density of concentration kappa, mixed with a uniform share `floor`, because a plough in reverse and
    a device with a wrong compass exist: the cost never exceeds about -ln(floor).
    """
    cosine = dir_x * head_x + dir_y * head_y
    return -math.log((1.0 - floor) * math.exp(kappa * (cosine - 1.0)) + floor)


@kernel
def emission(found, n, fix, kappa, floor):  # type: ignore[no-untyped-def]  # numba kernel
    """Sets the emission of the first n candidates of a fix; returns the least cost."""
    least = math.inf
    has_heading = fix.head_x != 0.0 or fix.head_y != 0.0
    for i in range(n):
        c = found[i]
        nats = distance_nats(c.off_m, fix.sigma_m)
        if has_heading:
            nats += heading_nats(c.dir_x, c.dir_y, fix.head_x, fix.head_y, kappa, floor)
        c.nats = nats
        least = min(least, nats)
    return least

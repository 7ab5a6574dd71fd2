"""The matcher's model in plain Python, without beam, bounds, grid or kernels: the oracle of the property tests.

It knows the same costs (see MatchSettings) and finds the cheapest explanation of all fixes by trying everything.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.matching.settings import MatchSettings
from geo.network import Network

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A candidate: directed edge, metres from its start in its own direction, emission in nats."""

    edge: int
    pos_m: float
    nats: float


def places_of(network: Network, x: float, y: float, settings: MatchSettings, radius_m: float) -> list[Place]:
    """The nearest place of every piece within radius_m, in both directions."""
    found = []
    for piece in range(len(network.length_m)):
        shape = network.shape_xy[network.shape_start[piece] : network.shape_start[piece + 1]]
        best_m, best_at, run = math.inf, 0.0, 0.0
        for (ax, ay), (bx, by) in itertools.pairwise(shape):
            long = math.hypot(bx - ax, by - ay)
            t = 0.0 if long == 0 else min(max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long**2, 0.0), 1.0)
            off_m = math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y)
            if off_m < best_m:
                best_m, best_at = off_m, run + t * long
            run += long
        if best_m <= radius_m:
            nats = 0.5 * (best_m / settings.sigma_m) ** 2
            found.append(Place(2 * piece, best_at, nats))
            found.append(Place(2 * piece + 1, run - best_at, nats))
    return found


def direction(network: Network, edge: int) -> Floats:
    """Unit vector of the first 10 m of an edge, or of all of it if it is shorter."""
    piece = edge // 2
    shape = network.shape_xy[network.shape_start[piece] : network.shape_start[piece + 1]]
    shape = shape[::-1] if edge % 2 else shape
    span = next((p - shape[0] for p in shape if np.hypot(*(p - shape[0])) >= 10.0), shape[-1] - shape[0])
    unit: Floats = span / np.hypot(*span)
    return unit


def turn_m(network: Network, edge: int, following: int, settings: MatchSettings) -> float:
    """Metres that a turn at a node adds."""
    cost = 0.0
    if following == edge ^ 1:
        node = network.edge_to[edge]
        is_dead_end = network.out_start[node + 1] - network.out_start[node] == 1
        cost = 0.0 if is_dead_end else settings.uturn_node_m
    else:
        back_and_on = float(direction(network, edge ^ 1) @ direction(network, following))
        cost = settings.turn_m * (1.0 + back_and_on) / 2.0
    if network.is_open[edge] and not network.is_open[following]:
        cost += settings.against_m
    return cost


def priced_m(network: Network, edge: int, metres: float, settings: MatchSettings, pace: float) -> float:
    """Metres driven on an edge, dearer against a one-way, and on a road too slow for the pace."""
    speeds = network.speed_mps
    if speeds.min() < speeds.max():
        metres *= 1.0 + settings.hurry * max(0.0, pace / float(speeds[edge // 2]) - settings.speeding)
    return metres if network.is_open[edge] else metres * (1.0 + settings.against_fraction)


def turned_m(network: Network, edge: int, settings: MatchSettings) -> float:
    """Metres that turning back on an edge adds."""
    is_against = network.is_open[edge] and not network.is_open[edge ^ 1]
    return settings.uturn_edge_m + (settings.against_m if is_against else 0.0)


def ends_from(network: Network, edge: int, pos_m: float, settings: MatchSettings, pace: float) -> dict[int, float]:
    """Least metres to the end of every edge from a place on one: Dijkstra over directed edges."""
    length_m = network.length_m[edge // 2]
    heap = [
        (priced_m(network, edge, length_m - pos_m, settings, pace), edge),
        (priced_m(network, edge ^ 1, pos_m, settings, pace) + turned_m(network, edge, settings), edge ^ 1),
    ]
    heapq.heapify(heap)
    done: dict[int, float] = {}
    while heap:
        at_m, e = heapq.heappop(heap)
        if e in done:
            continue
        done[e] = at_m
        node = network.edge_to[e]
        for following in network.out_edge[network.out_start[node] : network.out_start[node + 1]].tolist():
            if following not in done:
                entry_m = at_m + turn_m(network, e, following, settings)
                whole_m = priced_m(network, following, network.length_m[following // 2], settings, pace)
                heapq.heappush(heap, (entry_m + whole_m, following))
    return done


def way_m(network: Network, a: Place, b: Place, ends: dict[int, float], settings: MatchSettings, pace: float) -> float:
    """Least metres from place a to place b; `ends` is ends_from(a)."""
    ways = [math.inf]
    if b.edge == a.edge and b.pos_m - a.pos_m >= -settings.jitter_sigmas * settings.sigma_m:
        ways.append(priced_m(network, a.edge, b.pos_m - a.pos_m, settings, pace))
    if b.edge == a.edge ^ 1:
        here_m = network.length_m[a.edge // 2] - a.pos_m
        ways.append(abs(b.pos_m - here_m) + turned_m(network, a.edge, settings))
    for e, at_m in ends.items():
        node = network.edge_to[e]
        if b.edge in network.out_edge[network.out_start[node] : network.out_start[node + 1]]:
            entry_m = at_m + turn_m(network, e, b.edge, settings)
            ways.append(entry_m + priced_m(network, b.edge, b.pos_m, settings, pace))
    return min(ways)


def skip_nats(settings: MatchSettings, after_s: float, is_burst: bool) -> float:
    """Price of leaving out a fix."""
    near = settings.skip_more_nats if is_burst else settings.skip_nats
    return near + min(after_s / settings.skip_far_s, 1.0) * (settings.skip_far_nats - near)


def least_nats(network: Network, xy: Floats, at_s: Floats, settings: MatchSettings) -> float:
    """Cost of the cheapest explanation of all fixes; inf where no fix has a road near."""
    apart_s = np.diff(at_s, prepend=at_s[0])
    # a place further off costs more than leaving the fix out
    radii_m = [settings.sigma_m * math.sqrt(2.0 * skip_nats(settings, s, False)) for s in apart_s.tolist()]
    columns = [
        places_of(network, x, y, settings, radius_m) for (x, y), radius_m in zip(xy.tolist(), radii_m, strict=True)
    ]
    prices = [
        [skip_nats(settings, at_s[h] - at_s[h - 1] if h else 0.0, h > f + 1) for h in range(f + 1, len(xy))]
        for f in range(-1, len(xy))
    ]
    best: list[list[float]] = []
    for f, column in enumerate(columns):
        before = [n for row in best for n in row]
        start = sum(prices[0][:f])
        again = min(before) + settings.break_nats if before else math.inf
        best.append([])
        for b in column:
            extra = 0.0 if network.is_open[b.edge] else settings.against_start_nats
            best[f].append(b.nats + extra + min(start, again))
        for g in range(f):
            skipped = sum(prices[g + 1][: f - g - 1])
            _relax(network, columns[g], column, best[g], best[f], skipped, (xy[g], xy[f]), at_s[f] - at_s[g], settings)
    ends = [n + sum(prices[f + 1]) for f, row in enumerate(best) for n in row]
    return min(ends, default=math.inf)


def _relax(
    network: Network,
    tails: list[Place],
    heads: list[Place],
    tail_nats: list[float],
    head_nats: list[float],
    skipped: float,
    ends_xy: tuple[Floats, Floats],
    after_s: float,
    settings: MatchSettings,
) -> None:
    """Lowers head_nats by all ways from the places of one fix to those of a later one."""
    straight_m = float(np.hypot(*(ends_xy[1] - ends_xy[0])))
    pace = max(straight_m - 2.0 * settings.sigma_m, 0.0) / max(after_s, 1.0)
    beta_m = settings.beta_m + settings.beta_fraction * straight_m
    most_m = settings.max_speed_mps * max(after_s, 1.0) + 6.0 * settings.sigma_m + settings.uturn_edge_m
    for i, a in enumerate(tails):
        ends = ends_from(network, a.edge, a.pos_m, settings, pace)
        for j, b in enumerate(heads):
            route_m = way_m(network, a, b, ends, settings, pace)
            if route_m <= most_m:
                total = tail_nats[i] + skipped + abs(route_m - straight_m) / beta_m + b.nats
                head_nats[j] = min(head_nats[j], total)

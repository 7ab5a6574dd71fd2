"""Smooth deterministic noise as sums of plane waves: for relief, for bends and for ragged lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Waves:
    """A sum of K plane waves: value(p) = sum(weight * sin(k . p + phase)), standard deviation about 1."""

    k: Floats
    phase: Floats
    weight: Floats

    def at(self, xy: Floats) -> Floats:
        """(n,) values at (n, 2) plane metres."""
        total = np.zeros(len(xy))
        for k, phase, weight in zip(self.k, self.phase, self.weight, strict=True):
            total += weight * np.sin(xy[:, 0] * k[0] + xy[:, 1] * k[1] + phase)
        return total


def make_waves(rng: np.random.Generator, n: int, shortest_m: float, longest_m: float, falloff: float = 1.0) -> Waves:
    """Draw n waves with log-uniform lengths; a wave's weight grows with its length to the power falloff."""
    length_m = np.exp(rng.uniform(np.log(shortest_m), np.log(longest_m), n))
    angle = rng.uniform(0.0, 2 * np.pi, n)
    k = (2 * np.pi / length_m)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    weight = length_m**falloff
    weight *= np.sqrt(2.0 / np.sum(weight**2))
    return Waves(k, rng.uniform(0.0, 2 * np.pi, n), weight)


@dataclass(frozen=True, slots=True)
class Warp:
    """A smooth displacement of the plane. Its slope stays below 1, so that it folds nothing over."""

    x: Waves
    y: Waves

    def apply(self, xy: Floats, amplitude_m: Floats | float) -> Floats:
        """(n, 2) displaced points; amplitude_m is a number or (n,) metres."""
        shift = np.column_stack([self.x.at(xy), self.y.at(xy)])
        moved: Floats = xy + shift * np.broadcast_to(amplitude_m, (len(xy),))[:, None]
        return moved


def make_warp(rng: np.random.Generator, shortest_m: float, longest_m: float, n: int = 14) -> Warp:
    """Draw a warp whose bends have lengths between shortest_m and longest_m."""
    return Warp(make_waves(rng, n, shortest_m, longest_m), make_waves(rng, n, shortest_m, longest_m))


def roughen(xy: Floats, roughness_m: Floats, rng: np.random.Generator, step_m: float = 120.0) -> Floats:
    """Make a coarse line ragged by midpoint displacement.

    xy (n, 2) corners, roughness_m (n - 1,) for each segment: the displacement at a distance of 5 km between
    corners; it falls with the length as a fractal line's does (Fournier, Fussell & Carpenter 1982).
    """
    rough = roughness_m
    while True:
        d = np.diff(xy, axis=0)
        length_m = np.hypot(d[:, 0], d[:, 1])
        if length_m.max() <= step_m:
            return xy
        split = length_m > step_m
        normal = np.column_stack([-d[:, 1], d[:, 0]]) / length_m[:, None]
        size = rough * (length_m / 5_000.0) ** 0.85
        middle = (xy[:-1] + xy[1:]) / 2 + normal * (size * np.clip(rng.normal(size=len(d)), -1.6, 1.6))[:, None]
        at = np.flatnonzero(split) + 1
        xy = np.insert(xy, at, middle[split], axis=0)
        rough = np.insert(rough, at, rough[split])


def rounded(xy: Floats, rounds: int = 3) -> Floats:
    """Round the corners of a line by cutting them (Chaikin 1974). The ends stay."""
    for _ in range(rounds):
        a, b = xy[:-1], xy[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        xy = np.vstack([xy[:1], cut[1:-1], xy[-1:]])
    return xy

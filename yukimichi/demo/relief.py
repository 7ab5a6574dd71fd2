"""The made-up relief: how high the land is, which steers roads into valleys and along coasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from yukimichi.demo.land import Land
from yukimichi.demo.noise import Waves, make_waves
from yukimichi.demo.tables import to_plane

type Floats = NDArray[np.float64]

# Height of the hills around a place, metres: lon, lat, relief. General knowledge, coarse on purpose.
_RELIEF = (
    (136.31, 36.32, 8), (136.45, 36.41, 3), (136.52, 36.47, 3), (136.58, 36.53, 3), (136.62, 36.58, 3),
    (136.63, 36.52, 5), (136.66, 36.64, 3), (136.70, 36.72, 12), (136.74, 36.83, 12), (136.40, 36.36, 8),
    (136.78, 36.89, 8), (136.84, 36.93, 5), (136.91, 36.98, 6), (136.96, 37.03, 10), (136.36, 36.29, 25),
    (136.68, 36.57, 15), (136.72, 36.54, 130), (136.77, 36.63, 170), (136.79, 36.73, 230), (136.82, 36.82, 380),
    (136.93, 36.93, 330), (137.03, 37.01, 220), (136.80, 36.48, 650), (136.72, 36.44, 520), (136.62, 36.43, 90),
    (136.58, 36.38, 260), (136.48, 36.33, 180), (136.42, 36.27, 260), (136.38, 36.19, 620), (136.50, 36.20, 800),
    (136.62, 36.27, 850), (136.72, 36.34, 1100), (136.78, 36.26, 1500), (136.76, 36.15, 1900),
    (136.62, 36.13, 1100), (136.80, 36.98, 60), (136.79, 37.07, 180), (136.83, 37.16, 260), (136.76, 37.22, 280),
    (136.83, 37.33, 330), (136.97, 37.33, 320), (136.98, 37.25, 200), (137.10, 37.31, 240), (137.12, 37.41, 320),
    (137.22, 37.48, 280), (137.28, 37.45, 60), (137.20, 37.36, 180), (137.00, 37.13, 90), (136.70, 36.80, 10),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relief:
    """height(p) = hills(p) * valleys(p): a coarse height of the hills times folded noise, low at rivers and coast."""

    places: cKDTree
    relief_m: Floats
    folds: Waves
    water: cKDTree

    def hills(self, xy: Floats) -> Floats:
        """(n,) metres: how high the hills around (n, 2) points are."""
        distance_m, at = self.places.query(xy, k=5)
        weight = 1.0 / (distance_m + 400.0) ** 2
        value: Floats = np.sum(np.log(self.relief_m[at]) * weight, axis=1) / weight.sum(axis=1)
        return np.exp(value)

    def height(self, xy: Floats) -> Floats:
        """(n,) metres above the sea. Folded noise has connected zero lines, which act as valleys."""
        fold = np.minimum(np.abs(self.folds.at(xy)), 1.6) / 1.6
        near_water = np.clip(self.water.query(xy)[0] / 1_400.0, 0.03, 1.0)
        result: Floats = self.hills(xy) * np.minimum(fold, near_water)
        return result


def make_relief(land: Land, rng: np.random.Generator) -> Relief:
    """Draw the relief for a land."""
    table = np.array(_RELIEF, float)
    lines = shapely.segmentize(np.array([*land.coast, *land.rivers], dtype=object), 150.0)
    return Relief(
        places=cKDTree(to_plane(table[:, 0], table[:, 1])),
        relief_m=table[:, 2],
        folds=make_waves(rng, 40, 2_500.0, 9_000.0, 0.8),
        water=cKDTree(shapely.get_coordinates(lines)),
    )

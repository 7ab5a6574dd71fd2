"""Reading pictures: which colours of the legend stand where, and how much of each there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
from pyproj import Transformer

from layers.styles import PALETTE, STATE_CLASSES

#: Colours that stand for one class alone; white is a pattern of several.
CLASS_COLOURS = {found.key: found.colour for found in STATE_CLASSES if found.key != "off_plan"}
#: Largest difference of a channel, of 255, at which a pixel still is of a colour.
NEAR = 14
#: What else a picture is made of.
OTHERS = {
    "background": "#f5f3ee", "edge": PALETTE["followed_edge"], "white": "#ffffff",
    "beacon": PALETTE["plough_beacon"], "shut": PALETTE["closure_shut"], "limit": PALETTE["closure_limit"],
}  # fmt: skip

MOVE = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)

type Box = tuple[float, float, float, float]


def _rgb(colour: str) -> Any:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


@dataclass
class Picture:
    """A picture of a box of degrees in EPSG:3857, north above. It is read once, when it is first looked at."""

    file: Path
    box: Box

    @cached_property
    def pixels(self) -> Any:
        """Rows, columns, red green blue of 0 to 255."""
        return np.rint(matplotlib.image.imread(self.file)[:, :, :3] * 255).astype(int)

    def around(self, lon: float, lat: float, radius_px: int, *, side: str = "") -> set[str]:
        """Keys of the classes whose colour is found near a place; side: west or east of it alone."""
        pixels = self.pixels
        height, width = pixels.shape[:2]
        move = MOVE.transform
        (left, below), (right, above) = move(*self.box[:2]), move(*self.box[2:])
        # QGIS widens the box to the shape of the picture around its middle
        unit = max((right - left) / width, (above - below) / height)
        x, y = move(lon, lat)
        column = round(width / 2 + (x - (left + right) / 2) / unit)
        row = round(height / 2 - (y - (below + above) / 2) / unit)
        columns = {"west": (column - radius_px, column), "east": (column + 1, column + radius_px + 1)}.get(
            side, (column - radius_px, column + radius_px + 1)
        )
        part = pixels[row - radius_px : row + radius_px + 1, slice(*columns)].reshape(-1, 3)
        return {key for key, colour in CLASS_COLOURS.items() if (abs(part - _rgb(colour)).max(axis=1) <= NEAR).any()}

    def shares(self) -> Mapping[str, float]:
        """The share of pixels that are of each colour, and of none (other): writing, and what lies between two."""
        pixels = self.pixels.reshape(-1, 3)
        known = CLASS_COLOURS | OTHERS
        distance = np.stack([abs(pixels - _rgb(colour)).max(axis=1) for colour in known.values()])
        nearest = np.where(distance.min(axis=0) <= NEAR, distance.argmin(axis=0), len(known))
        counts = np.bincount(nearest, minlength=len(known) + 1) / len(pixels)
        return {key: round(float(share), 5) for key, share in zip([*known, "other"], counts, strict=True)}

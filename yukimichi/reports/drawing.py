"""A small map of one vehicle's day as SVG: what it drove, by kind, with a scale; nothing is fetched to show it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.store.report_shapes import Shape
from geo.work import DEADHEAD, PASS, UNKNOWN
from yukimichi.reports.words import KINDS_JA

type Floats = NDArray[np.float64]

WIDTH, HEIGHT, MARGIN = 680.0, 360.0, 14.0
#: Metres of a degree of latitude on the sphere of EPSG:3857.
DEGREE_M = 111_319.49
#: The least extent of a map, metres.
LEAST_M = 400.0
#: Class of CSS and width by kind; the later one is drawn above. Told apart by dashes too, for print in grey.
STYLES = {DEADHEAD: "deadhead", UNKNOWN: "unknown", PASS: "pass"}
STEPS = (1, 2, 5)


def svg(shapes: Sequence[Shape], title: str) -> str:
    """The map; "" where nothing was driven."""
    if not shapes:
        return ""
    every = np.vstack([line for _, line in shapes])
    west, south = every.min(axis=0)
    east, north = every.max(axis=0)
    squeeze = math.cos(math.radians(float(south + north) / 2))
    wide_m = max((east - west) * squeeze * DEGREE_M, LEAST_M)
    high_m = max((north - south) * DEGREE_M, LEAST_M)
    scale = min((WIDTH - 2 * MARGIN) / wide_m, (HEIGHT - 2 * MARGIN - 20) / high_m)
    middle = np.array([(west + east) / 2, (south + north) / 2])

    def place(line: Floats) -> Floats:
        metres = (line - middle) * [squeeze * DEGREE_M, -DEGREE_M]
        return np.asarray(metres * scale + [WIDTH / 2, (HEIGHT - 20) / 2], np.float64)

    layers = "".join(
        f'<path class="{name}" d="{"".join(_path(place(line)) for kind, line in shapes if kind == wanted)}"/>'
        for wanted, name in STYLES.items()
        if any(kind == wanted for kind, _ in shapes)
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{title}">'
        f"{layers}{_scale_bar(scale)}{_legend()}</svg>"
    )


def _path(line: Floats) -> str:
    """An SVG path of whole tenths, without points that fall on one another."""
    points = np.round(line, 1)
    keep = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
    shown = points[keep]
    if len(shown) == 1:
        shown = np.vstack([shown, shown + [0.5, 0]])
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in shown.tolist())


def _scale_bar(scale: float) -> str:
    """A bar of a round length, about a sixth of the width."""
    most_m = WIDTH / 6 / scale
    power = 10 ** math.floor(math.log10(most_m))
    length_m = max(step * power for step in STEPS if step * power <= most_m)
    long = length_m * scale
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    y = HEIGHT - 10
    return (
        f'<path class="scale" d="M{MARGIN:g} {y - 4:g}v4h{long:.1f}v-4"/>'
        f'<text x="{MARGIN + long + 6:.1f}" y="{y:g}">{text}</text>'
        f'<text x="{WIDTH - MARGIN:g}" y="{MARGIN + 8:g}" text-anchor="end">北↑</text>'
    )


def _legend() -> str:
    parts, x = [], WIDTH - 300
    for kind, name in ((PASS, "pass"), (DEADHEAD, "deadhead"), (UNKNOWN, "unknown")):
        word = KINDS_JA[{PASS: "pass", DEADHEAD: "deadhead", UNKNOWN: "unknown"}[kind]]
        parts.append(
            f'<path class="{name}" d="M{x:g} {HEIGHT - 13:g}h26"/><text x="{x + 32:g}" y="{HEIGHT - 9:g}">{word}</text>'
        )
        x += 100
    return "".join(parts)

"""Draws the icons of the installed page from one description: `python -m yukimichi.icons web/icons`.

PNG beside web/icon.svg, since a home screen takes no SVG everywhere: plain ones with round corners, and one that a
launcher may cut to its own shape (maskable: everything that matters lies in the middle 80 %, W3C Web App Manifest).
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

#: File name, edge in pixels, whether a launcher may cut it.
ICONS = (
    ("icon-180.png", 180, True),
    ("icon-192.png", 192, False),
    ("icon-512.png", 512, False),
    ("maskable-512.png", 512, True),
)
GROUND, ROAD, MARK, SNOW = "#17324d", "#eef4f8", "#06337a", "#82c0ea"
#: Units of the drawing, as in web/icon.svg, and radius of its corners.
UNITS, CORNER = 64, 14
#: Road from near to far, marks on it (from and to along the middle), and snow on both sides, in units.
EDGES = ((20, 58), (29, 8), (35, 8), (44, 58))
MARKS = ((14, 20), (27, 35), (43, 53))
FLAKES = ((8, 22, 14, 25), (10, 38, 16, 37), (8, 52, 14, 50))
MARK_WIDTH, FLAKE_WIDTH = 3.5, 4.0
#: Drawn so many times larger and made smaller, for smooth edges.
OVER = 8
#: Share of the edge that a cut leaves for sure.
SAFE = 0.8


def draw_icon(edge_px: int, *, may_be_cut: bool) -> Image.Image:
    """The icon as RGBA, edge_px by edge_px."""
    size = edge_px * OVER
    image = Image.new("RGBA", (size, size), GROUND if may_be_cut else (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    if not may_be_cut:
        pen.rounded_rectangle((0, 0, size - 1, size - 1), CORNER / UNITS * size, fill=GROUND)
    share = SAFE if may_be_cut else 1.0
    scale, shift = size / UNITS * share, size * (1 - share) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return shift + x * scale, shift + y * scale

    pen.polygon([at(x, y) for x, y in EDGES], fill=ROAD)
    for top, bottom in MARKS:
        half = MARK_WIDTH / 2
        pen.rectangle((*at(UNITS / 2 - half, top), *at(UNITS / 2 + half, bottom)), fill=MARK)
    for x0, y0, x1, y1 in FLAKES:
        for ends in (((x0, y0), (x1, y1)), ((UNITS - x0, y0), (UNITS - x1, y1))):
            points = [at(*end) for end in ends]
            pen.line(points, fill=SNOW, width=round(FLAKE_WIDTH * scale))
            for x, y in points:
                radius = FLAKE_WIDTH * scale / 2
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=SNOW)
    return image.resize((edge_px, edge_px), Image.Resampling.LANCZOS)


def main(folder: Path) -> None:
    """Write all icons into a folder."""
    for name, edge_px, may_be_cut in ICONS:
        draw_icon(edge_px, may_be_cut=may_be_cut).save(folder / name, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

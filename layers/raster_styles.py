"""Named styles of rasters, and their colours: what a value looks like, and what a legend says of it.

Classes of snow depth follow the matplotlib map `cividis` (Nuñez, Anderton and Renslow 2018, PLoS ONE 13(7): e0199239),
which people with any common colour vision read in the same order; its colours get lighter with the depth, so that it
reads in grey too. A pixel of which nothing is known is transparent in every style; it is never drawn as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.vocabulary import RasterKind

type Rgb = tuple[int, int, int]

#: Rises when the same values get other colours; versions of addresses rest on it.
STYLE_VERSION = 1
MISSING = ("データなし（欠測）", "No data")


@dataclass(frozen=True, slots=True)
class Style:
    """How values become colours.

    name     as in `--style`
    mode     classes: by `edges`; grey: from black to white between two values; rgb: three bands as they are
    edges    upper ends of all classes but the last, ascending; a value that equals one belongs to the class above
    colours  one more than edges
    unit     of the values, None: they have none
    """

    name: str
    title_ja: str
    title_en: str
    mode: Literal["classes", "grey", "rgb"]
    edges: tuple[float, ...] = ()
    colours: tuple[Rgb, ...] = ()
    unit: str | None = None

    @property
    def n_bands(self) -> int:
        """Bands that the style shows."""
        return 3 if self.mode == "rgb" else 1


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style(
            "snow_depth", "積雪深", "Snow depth", "classes",
            (1, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300),
            (
                (0, 34, 78), (1, 50, 113), (47, 66, 109), (72, 82, 108), (94, 99, 111), (114, 115, 116),
                (135, 132, 120), (157, 149, 118), (182, 169, 111), (206, 188, 99), (231, 209, 80), (254, 232, 56),
            ),
            "cm",
        ),
        Style("hillshade", "陰影起伏", "Hillshade", "grey"),
        Style("grey", "濃淡", "Grey scale", "grey"),
        Style("rgb", "カラー画像", "Colour picture", "rgb"),
    )
}  # fmt: skip
#: The style of a kind where none is named; of `other` it depends on the bands (see default_style).
_OF_KIND: dict[RasterKind, str] = {
    RasterKind.DRONE: "rgb", RasterKind.SNOW_DEPTH: "snow_depth", RasterKind.HILLSHADE: "hillshade",
}  # fmt: skip


def choose_style(name: str | None, kind: RasterKind, n_bands: int, dtype: str, unit: str | None) -> str:
    """The style of a raster: the one named, else that of its kind.

    Raises InputError for a name that is not there, and for a style that does not fit bands, type or unit.
    """
    if name is None:
        return _OF_KIND.get(kind, "rgb" if n_bands >= 3 and dtype == "uint8" else "grey")
    style = STYLES.get(name)
    if style is None:
        raise InputError(f"{name!r} is no style.", hint=f"Use one of {', '.join(STYLES)}.")
    if style.n_bands > n_bands or (style.mode == "rgb" and dtype != "uint8"):
        raise InputError(
            f"The style {name} needs {style.n_bands} bands{' of 8 bits' if style.mode == 'rgb' else ''}; the raster "
            f"has {n_bands} of {dtype}.",
            hint="Use the style grey.",
        )
    if style.unit is not None and style.unit != unit:
        raise InputError(
            f"The style {name} shows {style.unit}; the raster has {unit or 'no unit'}.", hint="Use the style grey."
        )
    return name


def colour(
    style: Style, values: NDArray[Any], known: NDArray[np.bool_], stretch: tuple[float, float] | None
) -> NDArray[np.uint8]:
    """(4, H, W) red, green, blue, alpha of (B, H, W) values.

    known    (H, W) whether a pixel has a value; where it has none, or one that is not finite, all four are 0
    stretch  values of black and white for grey; None: 0 and 255
    """
    _, height, width = values.shape
    out = np.zeros((4, height, width), np.uint8)
    if style.mode == "rgb":
        out[:3] = np.clip(values[:3], 0, 255)
    elif style.mode == "grey":
        low, high = stretch or (0.0, 255.0)
        told = np.where(known, values[0], low).astype(np.float64)
        share = np.clip((np.nan_to_num(told, nan=low) - low) / ((high - low) or 1.0), 0, 1)
        out[:3] = np.round(share * 255).astype(np.uint8)
    else:
        table = np.array(style.colours, np.uint8)
        out[:3] = table[np.searchsorted(style.edges, values[0], side="right").clip(0, len(table) - 1)].transpose(
            2, 0, 1
        )
    shown = known & np.isfinite(values[: style.n_bands]).all(axis=0)
    out[3] = np.where(shown, 255, 0)
    out[:3, ~shown] = 0
    return out


@dataclass(frozen=True, slots=True)
class LegendClass:
    """One line of a legend: a colour, from and to which value (None: without that end), and the words."""

    colour: Rgb
    from_value: float | None
    to_value: float | None
    label_ja: str
    label_en: str


def _number(value: float) -> str:
    return f"{value:g}"


def legend_classes(style: Style, stretch: tuple[float, float] | None) -> tuple[LegendClass, ...]:
    """The lines of a style's legend, the lowest first; () for a picture whose colours mean themselves."""
    unit = f" {style.unit}" if style.unit else ""
    if style.mode == "classes":
        ends = (None, *style.edges, None)
        lines = []
        for rgb, low, high in zip(style.colours, ends[:-1], ends[1:], strict=True):
            if low is None:
                words = f"{_number(high or 0)}{unit}未満", f"below {_number(high or 0)}{unit}"
            elif high is None:
                words = f"{_number(low)}{unit}以上", f"{_number(low)}{unit} and more"
            else:
                span = f"{_number(low)}–{_number(high)}{unit}"
                words = span, span
            lines.append(LegendClass(rgb, low, high, *words))
        return tuple(lines)
    if style.mode == "grey" and stretch is not None:
        low, high = stretch
        steps = [(share, low + (high - low) * share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
        return tuple(
            LegendClass((round(255 * share),) * 3, value, value, f"{value:.4g}{unit}", f"{value:.4g}{unit}")
            for share, value in steps
        )
    return ()

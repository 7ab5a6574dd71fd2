"""Colours of rasters beside a naive reading of their classes; what is unknown is transparent in every style."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numbers

from geo.errors import InputError
from geo.vocabulary import RasterKind
from layers.raster_styles import STYLES, choose_style, colour, legend_classes

DEPTH = STYLES["snow_depth"]


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance (WCAG 2.1)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def naive(value: float) -> tuple[int, int, int]:
    """The colour of a depth: the first class whose upper end lies above it."""
    return next((c for upper, c in zip(DEPTH.edges, DEPTH.colours, strict=False) if value < upper), DEPTH.colours[-1])


VALUES = st.one_of(
    st.sampled_from([0.0, *DEPTH.edges, -1.0, 5000.0, float("nan"), float("inf")]), st.floats(0, 400, width=32)
)


@given(numbers.arrays(np.float32, (1, 4, 5), elements=VALUES), numbers.arrays(np.bool_, (4, 5)))
def test_each_depth_has_the_colour_of_its_class_and_the_unknown_none(values: np.ndarray, known: np.ndarray) -> None:
    out = colour(DEPTH, values, known, None)
    for i, j in itertools.product(range(4), range(5)):
        value = float(values[0, i, j])
        is_shown = known[i, j] and np.isfinite(value)
        assert tuple(out[:, i, j]) == ((*naive(value), 255) if is_shown else (0, 0, 0, 0))


@given(numbers.arrays(np.int16, (2, 3, 4)), numbers.arrays(np.bool_, (3, 4)), st.integers(-99, 99), st.integers(1, 999))
def test_grey_runs_between_two_values(values: np.ndarray, known: np.ndarray, low: int, span: int) -> None:
    out = colour(STYLES["grey"], values, known, (low, low + span))
    for i, j in itertools.product(range(3), range(4)):
        share = min(max((int(values[0, i, j]) - low) / span, 0), 1)
        assert abs(int(out[0, i, j]) - (share * 255 if known[i, j] else 0)) <= 0.5
        assert out[0, i, j] == out[1, i, j] == out[2, i, j]
        assert out[3, i, j] == (255 if known[i, j] else 0)


@given(numbers.arrays(np.uint8, (4, 3, 4)), numbers.arrays(np.bool_, (3, 4)))
def test_a_colour_picture_is_drawn_as_it_is(values: np.ndarray, known: np.ndarray) -> None:
    out = colour(STYLES["rgb"], values, known, None)
    assert (out[:3][:, known] == values[:3][:, known]).all()
    assert (out[:, ~known] == 0).all()


def test_classes_of_depth_are_told_apart_by_lightness_alone() -> None:
    lightness = [luminance(rgb) for rgb in DEPTH.colours]
    assert lightness == sorted(lightness)
    for darker, lighter in itertools.pairwise(lightness):
        assert (lighter + 0.05) / (darker + 0.05) > 1.1


def test_a_legend_leaves_no_gap_between_classes_and_names_the_unit() -> None:
    lines = legend_classes(DEPTH, None)
    assert [line.colour for line in lines] == list(DEPTH.colours)
    assert lines[0].from_value is None
    assert lines[-1].to_value is None
    assert all(a.to_value == b.from_value for a, b in itertools.pairwise(lines))
    assert all("cm" in line.label_ja and "cm" in line.label_en for line in lines)
    assert legend_classes(STYLES["rgb"], None) == ()
    assert [line.from_value for line in legend_classes(STYLES["grey"], (0, 8))] == [0, 2, 4, 6, 8]


def test_the_style_of_a_kind_and_one_that_does_not_fit() -> None:
    assert choose_style(None, RasterKind.SNOW_DEPTH, 1, "float32", "cm") == "snow_depth"
    assert choose_style(None, RasterKind.DRONE, 3, "uint8", None) == "rgb"
    assert choose_style(None, RasterKind.HILLSHADE, 1, "uint8", None) == "hillshade"
    assert choose_style(None, RasterKind.OTHER, 3, "uint8", None) == "rgb"
    assert choose_style(None, RasterKind.OTHER, 3, "uint16", None) == "grey"
    assert choose_style("grey", RasterKind.SNOW_DEPTH, 1, "float32", "cm") == "grey"
    for name, kind, n_bands, dtype, unit in (
        ("nothing", RasterKind.OTHER, 1, "uint8", None),
        ("rgb", RasterKind.OTHER, 1, "uint8", None),
        ("rgb", RasterKind.OTHER, 3, "uint16", None),
        ("snow_depth", RasterKind.OTHER, 1, "float32", "m"),
    ):
        with pytest.raises(InputError):
            choose_style(name, kind, n_bands, dtype, unit)

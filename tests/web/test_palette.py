"""Colours and patterns of the states: told apart with every common colour blindness, in light and dark, and in grey.

Colour blindness is simulated by the matrices of G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A
Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, table of severity 1.0,
applied to linear RGB.
Distances are CIEDE2000 (G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 Color-Difference Formula", Color Research and
Application 30(1), 2005), between colours in CIELAB of D65 by IEC 61966-2-1 (sRGB).
"""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
PALETTE_JS = (WEB / "js" / "map" / "palette.js").read_text(encoding="utf-8")
OVERLAYS_JS = (WEB / "js" / "map" / "overlay_colours.js").read_text(encoding="utf-8")

type Triple = tuple[float, float, float]

SEEN_BY: dict[str, tuple[Triple, Triple, Triple]] = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)
    ),
}  # fmt: skip
#: Luminance of linear RGB (IEC 61966-2-1): what a grey print keeps.
GREY: tuple[Triple, Triple, Triple] = ((0.2126, 0.7152, 0.0722),) * 3
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
D65 = (0.9505, 1.0, 1.089)

#: Two states are never nearer than this; 2.3 is a difference that is just noticed side by side (CIE76), ten is plain.
STATES_APART = 13.0
#: Neighbouring ages of one hue; those that are nearer have another pattern.
AGES_APART = 10.0
#: In grey the same, by lightness alone; where two are nearer, their patterns tell them apart.
GREY_APART = 8.0

STATE_OF = {
    "UNDER_1H": "cleared", "UNDER_3H": "cleared", "UNDER_6H": "cleared", "UNDER_12H": "cleared", "UNDER_24H": "cleared",
    "CLEARING": "clearing", "UNCLEARED": "uncleared", "UNKNOWN": "unknown",
}  # fmt: skip


def linear(colour: str) -> Triple:
    """#rrggbb as linear RGB."""
    values = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return red, green, blue


def seen(colour: str, matrix: tuple[Triple, Triple, Triple]) -> Triple:
    """Linear RGB as an eye sees it that the matrix stands for."""
    rgb = linear(colour)
    red, green, blue = (min(1, max(0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in matrix)
    return red, green, blue


def lab(rgb: Triple) -> Triple:
    """CIELAB of linear RGB."""

    def root(t: float) -> float:
        return t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29

    x, y, z = (
        root(sum(m * c for m, c in zip(row, rgb, strict=True)) / white)
        for row, white in zip(TO_XYZ, D65, strict=True)
    )  # fmt: skip
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(one: Triple, other: Triple) -> float:
    """Equations 2 to 22 of Sharma, Wu and Dalal, with k_L = k_C = k_H = 1."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    grown = 1.5 - 0.5 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7))
    c1, c2 = math.hypot(a1 * grown, b1), math.hypot(a2 * grown, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * grown)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    d_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    if c1 * c2 == 0:
        hue = h1 + h2
    elif abs(h1 - h2) <= 180:
        hue = (h1 + h2) / 2
    else:
        hue = (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(size * math.cos(math.radians(n * hue + shift)) for size, n, shift in waves)
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    bend = 60 * math.exp(-(((hue - 275) / 25) ** 2))
    r_t = -2 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * math.sin(math.radians(bend))
    lightness, chroma, tone = (l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h
    return math.sqrt(lightness**2 + chroma**2 + tone**2 + r_t * chroma * tone)


def test_the_formula_gives_the_published_distances() -> None:
    """Pairs 1, 4, 7, 11, 17, 24, 25 and 34 of the table of Sharma, Wu and Dalal."""
    published = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (50, 3.2592, 0.3350), 1.0000),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ]
    for one, other, distance in published:
        assert ciede2000(one, other) == pytest.approx(distance, abs=5e-5)
        assert ciede2000(other, one) == pytest.approx(distance, abs=5e-5)


def theme(text: str, name: str) -> str:
    """The table of a theme in a module of colours."""
    begin = text.index(f"const {name}")
    return text[begin : text.index("\n};", begin)]


def colours(name: str) -> dict[str, str]:
    """Colour of each code that a state may be drawn in."""
    found = dict(re.findall(r"\[CODE\.(\w+)\]: \"(#\w{6})\"", theme(PALETTE_JS, name)))
    return {code: found[code] for code in STATE_OF}


PATTERN = re.compile(r"\{ name: \"(\w+)\", codes: \[([^\]]+)\], dash: (null|\[[^\]]+\]), share: ([\d.]+) \}")


def patterns() -> dict[str, tuple[str, str]]:
    """(dash and share, name) of the pattern of each code that has one."""
    found: dict[str, tuple[str, str]] = {}
    for name, codes, dash, share in PATTERN.findall(PALETTE_JS):
        found |= dict.fromkeys(re.findall(r"CODE\.(\w+)", codes), (f"{dash} {share}", name))
    return found


@pytest.mark.parametrize("eyes", sorted(SEEN_BY))
@pytest.mark.parametrize("name", ["LIGHT", "DARK"])
def test_every_two_states_are_told_apart_by_every_eye(name: str, eyes: str) -> None:
    shown = {code: lab(seen(colour, SEEN_BY[eyes])) for code, colour in colours(name).items()}
    assert len(shown) == 8
    for one, other in itertools.combinations(shown, 2):
        distance = ciede2000(shown[one], shown[other])
        if STATE_OF[one] != STATE_OF[other]:
            assert distance > STATES_APART, (one, other, distance)
        elif patterns().get(one) == patterns().get(other):
            assert distance > AGES_APART, (one, other, distance)


@pytest.mark.parametrize("name", ["LIGHT", "DARK"])
def test_what_is_alike_in_grey_differs_in_its_pattern(name: str) -> None:
    shown = {code: lab(seen(colour, GREY)) for code, colour in colours(name).items()}
    alike = [
        (one, other)
        for one, other in itertools.combinations(shown, 2)
        if ciede2000(shown[one], shown[other]) <= GREY_APART
    ]
    assert alike  # there are such pairs, so the rule below holds something
    for one, other in alike:
        assert patterns().get(one) != patterns().get(other), (one, other)


@pytest.mark.parametrize("name", ["LIGHT", "DARK"])
def test_a_pattern_is_seen_on_its_own_colour_even_in_grey(name: str) -> None:
    table = theme(PALETTE_JS, name)
    over = dict(re.findall(r"(aged|clearing|uncleared|unknown): \"(#\w{6})\"", table))
    for code, (_, pattern) in patterns().items():
        ground, mark = (lab(seen(colour, GREY))[0] for colour in (colours(name)[code], over[pattern]))
        assert abs(ground - mark) > 17, (code, ground, mark)
    assert set(patterns()) == set(STATE_OF) - {"UNDER_1H", "UNDER_3H", "UNDER_6H"}


@pytest.mark.parametrize("eyes", sorted(SEEN_BY))
@pytest.mark.parametrize("name", ["LIGHT", "DARK"])
def test_optional_layers_do_not_look_like_states(name: str, eyes: str) -> None:
    table = theme(OVERLAYS_JS, name)
    own = dict(re.findall(r"(priority|bus|section): \"(#\w{6})\"", table))
    assert set(own) == {"priority", "bus", "section"}
    states = {code: lab(seen(colour, SEEN_BY[eyes])) for code, colour in colours(name).items()}
    for layer, colour in own.items():
        for code, state in states.items():
            assert ciede2000(lab(seen(colour, SEEN_BY[eyes])), state) > AGES_APART, (layer, code)
    ramp = re.findall(r"\"(#\w{6})\"", re.search(r"snow: \[([^\]]+)\]", table)[1])  # type: ignore[index]
    lightness = [lab(seen(colour, GREY))[0] for colour in ramp]
    assert lightness == sorted(lightness, reverse=name == "LIGHT")
    assert all(abs(b - a) > 5 for a, b in itertools.pairwise(lightness)), lightness


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2."""
    light, dark = sorted((seen(colour, GREY)[0] for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["LIGHT", "DARK"])
def test_words_on_the_map_can_be_read(name: str) -> None:
    found = dict(re.findall(r"(\w+): \"(#\w{6})\"", theme(PALETTE_JS, name)))
    more = dict(re.findall(r"(\w+): \"(#\w{6})\"", theme(OVERLAYS_JS, name)))
    for words, halo in (
        (found["label"], found["labelHalo"]), (found["roadLabel"], found["labelHalo"]),
        (found["riverLabel"], found["labelHalo"]), (found["shieldText"], found["shieldFill"]),
        (more["label"], more["halo"]), (more["reason"], more["reasonHalo"]),
    ):  # fmt: skip
        assert contrast(words, halo) >= 4.5, (words, halo, contrast(words, halo))

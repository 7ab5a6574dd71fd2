"""Styles say what the resident map says: the same colours, and the same class for the same facts."""

from __future__ import annotations

import itertools
import re
import sqlite3
from pathlib import Path

import pytest

from layers.styles import CLEARING_MAX_S, PALETTE, STATE_CLASSES, state_class_expression

WEB = Path(__file__).resolve().parents[2] / "web" / "js"
#: Our classes by the codes of the resident map; one that is on nobody's plan is drawn there as a plain road.
CODES = {
    "under_1h": "UNDER_1H", "under_3h": "UNDER_3H", "under_6h": "UNDER_6H", "under_12h": "UNDER_12H",
    "under_24h": "UNDER_24H", "clearing": "CLEARING", "uncleared": "UNCLEARED", "unknown": "UNKNOWN",
    "off_plan": "NONE",
}  # fmt: skip


def light() -> str:
    """The light palette of the resident map."""
    text = (WEB / "map" / "palette.js").read_text(encoding="utf-8")
    return text[text.index("const LIGHT") : text.index("const DARK")]


def test_colours_of_states_are_those_of_the_resident_map() -> None:
    told = dict(re.findall(r"\[CODE\.(\w+)\]: \"(#\w{6})\"", light()))
    for found in STATE_CLASSES:
        if found.key != "off_plan":
            assert found.colour == told[CODES[found.key]], found.key
    patterns = dict(re.findall(r"(aged|clearing|uncleared|unknown): \"(#\w{6})\"", light()))
    shares = {
        name: float(share)
        for name, share in re.findall(
            r"name: \"(\w+)\",.*?share: ([\d.]+)", (WEB / "map" / "palette.js").read_text(encoding="utf-8")
        )
    }
    names = {"under_12h": "aged", "under_24h": "aged"}
    for found in STATE_CLASSES:
        name = names.get(found.key, found.key)
        assert (found.pattern is not None) == (name in patterns), found.key
        if found.pattern is not None:
            assert (found.pattern.colour, found.pattern.share) == (patterns[name], shares[name]), found.key


def test_other_colours_are_those_of_the_resident_map() -> None:
    told = dict(re.findall(r"(\w+): \"(#\w{6})\"", light()))
    assert PALETTE["plain_edge"] == told["plainEdge"]
    assert PALETTE["followed_edge"] == told["followedEdge"]
    assert PALETTE["plough_beacon"] == told["ploughBeacon"]
    assert PALETTE["closure_shut"] == told["shut"]
    assert PALETTE["closure_limit"] == told["limit"]


def test_classes_are_told_apart_without_colour() -> None:
    """Cleared and uncleared differ in lightness where nothing else tells them apart; all others carry a pattern."""

    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    plain = sorted(lightness(found.colour) for found in STATE_CLASSES if found.pattern is None)
    assert all(high - low > 0.02 for low, high in itertools.pairwise(plain))


def shown(state: str, reason: str, age: float | None, left: float | None, heard: float | None) -> str:
    """What classify.js shows, said plainly: the oracle."""
    has_run_out = left is not None and left <= 0
    if state == "cleared":
        if has_run_out or age is None:
            return "unknown"
        for hours, key in ((1, "under_1h"), (3, "under_3h"), (6, "under_6h"), (12, "under_12h"), (24, "under_24h")):
            if age < hours * 3_600:
                return key
        return "unknown"
    if state == "clearing":
        return "clearing" if not has_run_out and heard is not None and heard < CLEARING_MAX_S else "unknown"
    if state == "uncleared":
        return "uncleared"
    return "off_plan" if state == "unknown" and reason == "not_on_plan" else "unknown"


SECONDS = (None, -30.0, 0.0, 3_599.0, 3_600.0, 10_800.0, 21_599.0, 43_200.0, 86_399.0, 86_400.0, 1e9)


def test_an_expression_shows_what_the_resident_map_shows() -> None:
    """The expression is SQL as far as it is ours, so SQLite can work it out."""
    names = [f'"{name}"' for name in ("state", "reason", "age", "remaining", "heard")]
    expression = state_class_expression('"age"', '"remaining"', '"heard"')
    query = f"SELECT {expression} FROM (SELECT ? AS {', ? AS '.join(names)})"  # noqa: S608 - ours
    states = ("cleared", "clearing", "uncleared", "unknown", "something new", None)
    n = 0
    with sqlite3.connect(":memory:") as database:
        for state, reason, age, left, heard in itertools.product(
            states, ("none", "not_on_plan", "silent"), SECONDS, (None, -1.0, 0.0, 1.0), SECONDS
        ):
            told = database.execute(query, (state, reason, age, left, heard)).fetchone()[0]
            assert told == shown(state or "", reason, age, left, heard), (state, reason, age, left, heard)
            n += told.startswith("under_")
    database.close()
    assert n > 100


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_each_class_has_a_name_of_its_own(lang: str) -> None:
    names = {found.ja if lang == "ja" else found.en for found in STATE_CLASSES}
    assert len(names) == len(STATE_CLASSES)

"""What the values of road files mean."""

from __future__ import annotations

import pytest

from geo.vocabulary import Manager, RoadClass
from ingest import road_values as rv
from ingest.mapping import Unmapped


def test_every_word_of_ours_and_its_japanese_is_known() -> None:
    unmapped = Unmapped()
    assert rv.managers([m.ja for m in Manager], {}, unmapped) == [str(m) for m in Manager]
    assert rv.classes([c.ja for c in RoadClass], "", {}, unmapped) == [str(c) for c in RoadClass]
    assert not unmapped.counts


def test_the_source_has_the_last_word() -> None:
    assert rv.managers(["1", "国"], {"1": "nation", "国": "other"}, Unmapped()) == ["nation", "other"]


def test_codes_of_n10_are_known_by_their_column_alone() -> None:
    assert rv.classes(["3", "4", "6"], "N10_003", {}, Unmapped()) == ["national", "major_prefectural", "prefectural"]
    unmapped = Unmapped()
    assert rv.classes(["3"], "kind", {}, unmapped) == ["unknown"]
    assert unmapped.describe() == {"class": {"3": 1}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", 1), ("1", 1), ("YES", 1), ("順", 1), ("-1", -1), ("逆", -1), ("0", 0), ("false", 0), (None, 0)],
)
def test_oneway(value: str | None, expected: int) -> None:
    assert rv.oneways([value], {}, Unmapped()) == [expected]


def test_an_unknown_oneway_is_both_directions_and_reported() -> None:
    unmapped = Unmapped()
    assert rv.oneways(["maybe"], {}, unmapped) == [0]
    assert unmapped.describe() == {"oneway": {"maybe": 1}}


def test_numbers_with_units_and_full_width_digits() -> None:
    unmapped = Unmapped()
    assert rv.numbers(["６．５ｍ", "3", "x", "900", None], "width", 0.5, 100, unmapped) == [6.5, 3.0, None, None, None]
    assert unmapped.describe() == {"width": {"x": 1, "900": 1}}


@pytest.mark.parametrize(
    ("column", "unit", "given", "expected"),
    [
        ("speed_mps", "m/s", False, 1.0),
        ("speed_kmh", "m/s", False, 1 / 3.6),
        ("速度(km/h)", "m/s", False, 1 / 3.6),
        ("制限速度", "m/s", False, 1 / 3.6),
        ("speed", "km/h", True, 1 / 3.6),
        ("speed_mps", "kn", True, 1852 / 3600),
        ("speed", "m/s", False, 1.0),
    ],
)
def test_the_unit_of_a_speed(column: str, unit: str, given: bool, expected: float) -> None:
    assert rv.speed_factor(column, unit, given) == pytest.approx(expected)

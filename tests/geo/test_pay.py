"""Prices are found by the most specific line, amounts are rounded once, and no price is never zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.holidays import DayKind
from geo.pay import Asked, Price, PriceTable, amount_yen, clashes

DAY = date(2026, 1, 18)
ASKED = Asked("北陸建設", "除雪グレーダ", "fresh_snow_plowing", "22-05", DayKind.HOLIDAY, DAY)
ANY = Price(Decimal(1000))


def test_the_most_specific_line_wins() -> None:
    by_class = replace(ANY, yen_per_hour=Decimal(2000), machine_class="除雪グレーダ")
    by_contractor = replace(ANY, yen_per_hour=Decimal(3000), contractor="北陸建設")
    by_band = replace(ANY, yen_per_hour=Decimal(4000), band="22-05", day_kind=DayKind.HOLIDAY)
    assert PriceTable([ANY]).find(ASKED) == (ANY, "")
    assert PriceTable([ANY, by_band]).find(ASKED)[0] == by_band
    assert PriceTable([by_band, by_class, ANY]).find(ASKED)[0] == by_class
    assert PriceTable([by_class, by_contractor, ANY]).find(ASKED)[0] == by_contractor


@pytest.mark.parametrize(
    "price",
    [
        replace(ANY, contractor="別の建設"), replace(ANY, machine_class="ロータリ"), replace(ANY, work="haulage"),
        replace(ANY, band="08-17"), replace(ANY, day_kind=DayKind.WEEKDAY), replace(ANY, last_day=date(2026, 1, 17)),
        replace(ANY, first_day=date(2026, 1, 19)),
    ],
)  # fmt: skip
def test_a_line_that_does_not_fit_is_no_price(price: Price) -> None:
    assert PriceTable([price]).find(ASKED) == (None, "no_price")


def test_first_and_last_day_are_inclusive() -> None:
    assert PriceTable([replace(ANY, first_day=DAY, last_day=DAY)]).find(ASKED)[1] == ""


def test_driving_without_work_needs_a_price_of_its_own() -> None:
    deadhead = replace(ASKED, work="deadhead")
    assert PriceTable([ANY]).find(deadhead) == (None, "no_price")
    own = replace(ANY, work="deadhead")
    assert PriceTable([ANY, own]).find(deadhead) == (own, "")
    assert PriceTable([own]).find(replace(ASKED, work=None)) == (None, "no_price")


def test_two_lines_of_equal_weight_that_differ_are_no_price() -> None:
    other = replace(ANY, yen_per_hour=Decimal(1001))
    assert PriceTable([ANY, other]).find(ASKED) == (None, "several_prices")
    assert PriceTable([ANY, replace(ANY)]).find(ASKED)[1] == ""


def test_a_price_of_nothing_is_a_price() -> None:
    free = replace(ANY, yen_per_hour=Decimal(0))
    assert PriceTable([free]).find(ASKED) == (free, "")


def test_clashes() -> None:
    early, late = replace(ANY, last_day=DAY), replace(ANY, first_day=DAY)
    after = replace(ANY, first_day=date(2026, 1, 19))
    assert clashes([early, late]) == [(0, 1)]
    assert clashes([early, after, replace(ANY, band="22-05")]) == []


def test_half_a_yen_goes_up() -> None:
    assert amount_yen(1_800_000_000, Decimal(1)) == 1
    assert amount_yen(1_799_999_999, Decimal(1)) == 0
    assert amount_yen(5_400_000_000, Decimal(12_345)) == 18_518  # 18517.5


@given(st.integers(0, 10**12), st.decimals(0, 10**6, places=4))
def test_amounts_are_exact(duration_us: int, yen_per_hour: Decimal) -> None:
    exact = Fraction(duration_us) * Fraction(yen_per_hour) / 3_600_000_000
    whole = exact.numerator // exact.denominator
    assert amount_yen(duration_us, yen_per_hour) == whole + (exact - whole >= Fraction(1, 2))

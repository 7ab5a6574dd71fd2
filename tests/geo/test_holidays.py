"""Holidays by rule against the lists that the Cabinet Office publishes, 2024 to 2028."""

from __future__ import annotations

from datetime import date

import pytest

from geo.holidays import DayKind, day_kind, national_holidays

#: 内閣府「国民の祝日について」, month and day.
PUBLISHED = {
    2024: "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 9/23 10/14 11/3 11/4 11/23",
    2025: "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24",
    2026: "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23",
    2027: "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23",
    2028: "1/1 1/10 2/11 2/23 3/20 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/22 10/9 11/3 11/23",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_rule_gives_the_published_days(year: int) -> None:
    assert [f"{day.month}/{day.day}" for day in national_holidays(year)] == PUBLISHED[year].split()


def test_substitutes_and_days_between_are_named() -> None:
    assert national_holidays(2026)[date(2026, 5, 6)] == "振替休日"
    assert national_holidays(2026)[date(2026, 9, 22)] == "国民の休日"
    assert national_holidays(2024)[date(2024, 2, 12)] == "振替休日"


@pytest.mark.parametrize("year", [2021, 2100])
def test_a_year_without_a_rule_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match=str(year)):
        national_holidays(year)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 1, 12), DayKind.HOLIDAY),  # 成人の日
        (date(2026, 1, 13), DayKind.WEEKDAY),
        (date(2026, 1, 17), DayKind.SATURDAY),
        (date(2026, 1, 18), DayKind.HOLIDAY),  # Sunday
        (date(2025, 5, 3), DayKind.HOLIDAY),  # a Saturday that is a holiday
    ],
)
def test_kind_of_a_day(day: date, kind: DayKind) -> None:
    assert day_kind(day) is kind


def test_days_of_the_region_count_and_the_calendar_can_be_left_out() -> None:
    assert day_kind(date(2026, 12, 29), [date(2026, 12, 29)]) is DayKind.HOLIDAY
    assert day_kind(date(2026, 1, 12), has_national=False) is DayKind.WEEKDAY
    assert day_kind(date(2019, 1, 6), has_national=False) is DayKind.HOLIDAY

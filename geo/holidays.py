"""国民の祝日: Japan's national holidays by rule, and the kind of each local day for pay.

Source of the rules: 国民の祝日に関する法律 (昭和23年法律第178号) as in force since 2022, articles 2 and 3. The days
of the equinoxes are fixed each February by the government; until then an approximation holds (see EQUINOX).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from functools import cache

from geo.vocabulary import Term


class DayKind(Term):
    """曜日区分: what a price table tells days apart by. Sundays count as holidays."""

    WEEKDAY = "weekday", "平日"
    SATURDAY = "saturday", "土曜"
    HOLIDAY = "holiday", "休日"


#: Years for which the rule is known: before, the Olympic Games moved days; after, the approximation of EQUINOX ends.
FIRST_YEAR, LAST_YEAR = 2022, 2099
#: Holidays on a fixed day of the year.
FIXED: dict[tuple[int, int], str] = {
    (1, 1): "元日",
    (2, 11): "建国記念の日",
    (2, 23): "天皇誕生日",
    (4, 29): "昭和の日",
    (5, 3): "憲法記念日",
    (5, 4): "みどりの日",
    (5, 5): "こどもの日",
    (8, 11): "山の日",
    (11, 3): "文化の日",
    (11, 23): "勤労感謝の日",
}
#: Holidays on the n-th Monday of a month: (month, n).
MONDAYS: dict[tuple[int, int], str] = {
    (1, 2): "成人の日",
    (7, 3): "海の日",
    (9, 3): "敬老の日",
    (10, 2): "スポーツの日",
}
#: Month, and day in 1980 with its fraction, of each equinox in Japan. The day drifts by 0.242194 a year, less one day
#: for each leap year since 1980; holds from 1980 to 2099 (海上保安庁水路部; 暦計算研究会編『新こよみ便利帳』).
EQUINOX: dict[str, tuple[int, float]] = {"春分の日": (3, 20.8431), "秋分の日": (9, 23.2488)}
DRIFT_DAYS = 0.242194
SUNDAY, SATURDAY = 6, 5


def _monday(year: int, month: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7 + 7 * (n - 1))


@cache
def national_holidays(year: int) -> dict[date, str]:
    """The holidays of a year by date, 振替休日 and 国民の休日 among them.

    Raises ValueError outside FIRST_YEAR to LAST_YEAR.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"The rule of Japan's holidays is known from {FIRST_YEAR} to {LAST_YEAR}, not for {year}")
    named = {date(year, month, day): name for (month, day), name in FIXED.items()}
    named |= {_monday(year, month, n): name for (month, n), name in MONDAYS.items()}
    for name, (month, base) in EQUINOX.items():
        named[date(year, month, int(base + DRIFT_DAYS * (year - 1980) - (year - 1980) // 4))] = name
    found = dict(named)
    for day in sorted(named):  # article 3 (2): the next day that is no holiday itself
        if day.weekday() == SUNDAY:
            after = day + timedelta(days=1)
            while after in named:
                after += timedelta(days=1)
            found[after] = "振替休日"
    for day in sorted(named):  # article 3 (3): a day between two holidays
        between, next_one = day + timedelta(days=1), day + timedelta(days=2)
        if next_one in named and between not in found:
            found[between] = "国民の休日"
    return dict(sorted(found.items()))


def day_kind(day: date, extra: Collection[date] = (), *, has_national: bool = True) -> DayKind:
    """The kind of a local day; `extra` are holidays of the region, such as the days around New Year.

    Raises ValueError for a year without a rule where national holidays count.
    """
    is_national = has_national and day in national_holidays(day.year)
    if is_national or day in extra or day.weekday() == SUNDAY:
        return DayKind.HOLIDAY
    return DayKind.SATURDAY if day.weekday() == SATURDAY else DayKind.WEEKDAY

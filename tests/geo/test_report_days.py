"""Local days and bands as absolute time, also where a clock is set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geo.report_days import borders_of, day_span, local_day, local_moment
from geo.timeline import from_us, to_us

STARTS = (300, 480, 1020, 1320)
ZONES = ["Asia/Tokyo", "Europe/Helsinki", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"]


def test_a_day_in_japan_is_24_hours_from_15_utc() -> None:
    assert [from_us(us) for us in day_span(date(2026, 1, 18), "Asia/Tokyo")] == [
        datetime(2026, 1, 17, 15, tzinfo=UTC),
        datetime(2026, 1, 18, 15, tzinfo=UTC),
    ]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 1, 1), 24)])
def test_a_day_on_which_the_clock_is_set(day: date, hours: int) -> None:
    start, end = day_span(day, "Europe/Helsinki")
    assert end - start == hours * 3_600_000_000


def test_a_minute_that_the_clock_skips_is_the_moment_of_the_change() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 becomes 04:00 in Helsinki
    assert [from_us(local_moment(date(2026, 3, 29), minute, "Europe/Helsinki")) for minute in (180, 210, 239)] == [
        change
    ] * 3
    assert from_us(local_moment(date(2026, 3, 29), 240, "Europe/Helsinki")) == change


def test_of_a_minute_shown_twice_the_first_counts() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 04:00 becomes 03:00
    assert from_us(local_moment(date(2026, 10, 25), 210, "Europe/Helsinki")) == first


def test_a_day_whose_midnight_is_skipped_begins_with_the_change() -> None:
    start, end = day_span(date(2018, 11, 4), "America/Sao_Paulo")
    assert from_us(start) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert end - start == 23 * 3_600_000_000


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("starts", [STARTS, (0, 360), (720,), (125, 150, 185)])
def test_every_minute_has_the_day_and_band_that_the_clock_shows(zone: str, starts: tuple[int, ...]) -> None:
    """The oracle reads the clock minute by minute through every day of a year on which it is set."""
    local = ZoneInfo(zone)
    days = [date(2018, 1, 1) + timedelta(days=n) for n in range(1, 364)]
    lengths = {day: day_span(day, zone)[1] - day_span(day, zone)[0] for day in days}
    for day in [day for day in days if lengths[day] != 86_400_000_000] or days[:1]:
        borders = borders_of(day, day + timedelta(days=1), starts, zone)
        start, end = day_span(day, zone)
        at = np.arange(start, end, 60_000_000)
        row = np.searchsorted(borders.at_us, at, side="right") - 1
        walls = [from_us(int(us)).astimezone(local) for us in at]
        assert [wall.date().toordinal() for wall in walls] == borders.day[row].tolist()
        back = next(
            (i for i, wall in enumerate(walls) if i and wall.replace(tzinfo=None) < walls[i - 1].replace(tzinfo=None)),
            None,
        )
        high = -1
        for wall, band in zip(walls, borders.band[row].tolist(), strict=True):
            high = max(high, wall.hour * 60 + wall.minute)  # where the clock goes back, a band that has begun goes on
            assert band == (np.searchsorted(starts, high, side="right") - 1) % len(starts), (wall, back)


def test_borders_end_with_the_end_of_the_last_day() -> None:
    borders = borders_of(date(2026, 1, 18), date(2026, 1, 18), STARTS, "Asia/Tokyo")
    assert borders.at_us[[0, -1]].tolist() == list(day_span(date(2026, 1, 18), "Asia/Tokyo"))
    assert borders.band.tolist() == [3, 0, 1, 2, 3, 3]


def test_local_day() -> None:
    assert local_day(to_us(datetime(2026, 1, 17, 15, tzinfo=UTC)), "Asia/Tokyo") == date(2026, 1, 18)
    assert local_day(to_us(datetime(2026, 1, 17, 15, tzinfo=UTC)) - 1, "Asia/Tokyo") == date(2026, 1, 17)

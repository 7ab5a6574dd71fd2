"""UTC inside, zones at the border."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.timeline import from_us, in_zone, parse, to_us


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_microseconds_there_and_back(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


def test_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_us(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-01-18T06:10:00+09:00", None, "2026-01-17T21:10:00+00:00"),
        ("2026-01-18T06:10:00Z", "Asia/Tokyo", "2026-01-18T06:10:00+00:00"),
        ("2026-01-18 06:10:00", "Asia/Tokyo", "2026-01-17T21:10:00+00:00"),
        ("2015-12-02T08:04:20", "America/Chicago", "2015-12-02T14:04:20+00:00"),
    ],
)
def test_time_is_read_on_the_clock_of_its_source(text: str, zone: str | None, utc: str) -> None:
    assert parse(text, zone).isoformat() == utc


def test_local_time_of_an_unknown_zone_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse("2026-01-18 06:10:00", None)


def test_border_zone() -> None:
    assert in_zone(datetime(2026, 1, 17, 21, 10, tzinfo=UTC), "Asia/Tokyo").isoformat() == "2026-01-18T06:10:00+09:00"

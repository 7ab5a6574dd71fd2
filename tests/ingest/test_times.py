"""Times of every notation, against Python's own datetime as the plain reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ConfigError, InputError
from geo.timeline import to_us
from ingest.times import Fault, parse_times

SIX_TEN = to_us(datetime(2026, 1, 17, 21, 10, tzinfo=UTC))


def _read(
    values: list[str | None], zone: str | None = "Asia/Tokyo", fmt: str | None = None
) -> tuple[list[int], list[int]]:
    at_us, fault = parse_times(pa.chunked_array([pa.array(values, pa.string())]), zone, fmt, "f.csv")
    return at_us.tolist(), fault.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-18T06:10:00+09:00", "2026-01-18T06:10:00+0900", "2026-01-18T06:10+09", "2026-01-17T21:10:00Z",
        "2026-01-17 21:10:00.000Z", "2026-01-18T06:10:00", "2026-01-18 06:10", "2026/01/18 06:10:00",
        "2026/1/18 6:10", "2026.1.18 6:10:00", "2026年1月18日 6時10分", "２０２６年１月１８日６時１０分００秒",
        "20260118061000", "1768684200", "1768684200.0", "1768684200000", "1768684200000000",
    ],
)  # fmt: skip
def test_one_moment_in_every_notation(text: str) -> None:
    assert _read([text]) == ([SIX_TEN], [Fault.NONE])
    assert _read(["x", text, None]) == ([0, SIX_TEN, 0], [Fault.UNPARSABLE, Fault.NONE, Fault.UNPARSABLE])


@pytest.mark.parametrize(
    "text", ["", "abc", "2026-01-18", "2026-02-30T06:10:00Z", "2026-01-18T25:00:00Z", "06:10", None]
)
def test_what_is_no_time(text: str | None) -> None:
    assert _read([text, "2026-01-17T21:10:00Z"]) == ([0, SIX_TEN], [Fault.UNPARSABLE, Fault.NONE])


def test_a_naive_time_without_a_zone_is_an_error_that_tells_how() -> None:
    with pytest.raises(InputError, match=r"f.csv: '2026-01-18 06:10:00' has no time zone.*timezone: Asia/Tokyo"):
        _read(["2026-01-18 06:10:00"], None)
    with pytest.raises(InputError, match="has no time zone"):
        parse_times(pa.chunked_array([pa.array([0], pa.timestamp("ms"))]), None)


def test_one_naive_time_among_others_costs_only_itself() -> None:
    assert _read(["2026-01-18 06:10:00", "2026-01-17T21:10:00Z"], None) == ([0, SIX_TEN], [Fault.NO_ZONE, Fault.NONE])


def test_hours_that_a_clock_shows_twice_or_never() -> None:
    # Chicago's clocks went back on 2016-11-06 and forth on 2016-03-13, at 02:00
    _, fault = _read(["2016-11-06 01:30:00", "2016-03-13 02:30:00", "2016-11-06 03:30:00"], "America/Chicago")
    assert fault == [Fault.AMBIGUOUS, Fault.AMBIGUOUS, Fault.NONE]


def test_a_format_of_the_source() -> None:
    assert _read(["18.01.26 06-10", "x"], fmt="%d.%m.%y %H-%M") == ([SIX_TEN, 0], [Fault.NONE, Fault.UNPARSABLE])
    assert _read(["18.01.26 06-10 +0900"], None, "%d.%m.%y %H-%M %z") == ([SIX_TEN], [Fault.NONE])
    with pytest.raises(ConfigError, match="time_format"):
        _read(["x"], fmt="%Q")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([datetime(2026, 1, 17, 21, 10, tzinfo=UTC)], pa.timestamp("ns", "UTC")),
        pa.array([datetime(2026, 1, 17, 21, 10, tzinfo=UTC)], pa.timestamp("s", "Asia/Tokyo")),
        pa.array([datetime(2026, 1, 18, 6, 10)], pa.timestamp("ms")),  # noqa: DTZ001 - naive on purpose
        pa.array([1768684200], pa.int64()),
        pa.array([1768684200.0], pa.float64()),
        pa.array(["2026-01-17T21:10:00Z"]).dictionary_encode(),
    ],
)
def test_typed_columns(array: pa.Array) -> None:
    at_us, fault = parse_times(pa.chunked_array([array]), "Asia/Tokyo")
    assert (at_us.tolist(), fault.tolist()) == ([SIX_TEN], [Fault.NONE])


def test_numbers_that_are_no_times() -> None:
    at_us, fault = parse_times(pa.chunked_array([pa.array([float("nan"), None, 1e300, 1768684200.5])]), None)
    assert fault.tolist() == [Fault.UNPARSABLE, Fault.UNPARSABLE, Fault.UNPARSABLE, Fault.NONE]
    assert at_us[3] == SIX_TEN + 500_000


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - wall clocks


@given(st.lists(st.tuples(MOMENTS, st.sampled_from([None, 0, 540, -360, 330]), st.booleans()), min_size=1, max_size=30))
def test_any_mixture_reads_as_datetime_does(rows: list[tuple[datetime, int | None, bool]]) -> None:
    texts, expected = [], []
    for wall, offset, is_short in rows:
        wall = wall.replace(microsecond=0) if is_short else wall
        zone = ZoneInfo("Asia/Tokyo") if offset is None else timezone(timedelta(minutes=offset))
        moment = wall.replace(tzinfo=zone)
        texts.append((wall if offset is None else moment).isoformat(" " if is_short else "T"))
        expected.append(to_us(moment))
    at_us, fault = parse_times(pa.chunked_array([texts]), "Asia/Tokyo")
    assert not fault.any()
    np.testing.assert_array_equal(at_us, expected)

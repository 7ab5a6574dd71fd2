"""Keys, paces and clocks without a server: how long a look-up is believed, and when a sender may come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from geo.errors import AccessError, NoKeyError, TooFastError
from ingest.clocks import UNITS, unit_warning, zone_shift_us
from ingest.keys import KEY_TTL_S, Bucket, Keys, Limits, SourceKey, bearer

KEY = SourceKey(1, 1, "s", False)


class _Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


class _Pool:
    """Answers look-ups with a row, and counts them."""

    def __init__(self, row: tuple[Any, ...] | None) -> None:
        self.row = row
        self.n_asked = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[_Pool]:
        yield self

    async def execute(self, query: str, params: dict[str, Any]) -> _Pool:
        assert set(params) == {"key_sha256"}
        self.n_asked += 1
        return self

    async def fetchone(self) -> tuple[Any, ...] | None:
        return self.row


def test_a_look_up_is_believed_for_two_seconds() -> None:
    pool, clock = _Pool((1, "source", "s", False, 1)), _Clock()
    keys = Keys(pool, clock_s=clock)  # type: ignore[arg-type]
    assert asyncio.run(keys.source_of("k")) == KEY
    pool.row = None  # revoked
    clock.at_s += KEY_TTL_S - 0.01
    assert asyncio.run(keys.source_of("k")) == KEY
    clock.at_s += 0.02
    with pytest.raises(NoKeyError):
        asyncio.run(keys.source_of("k"))
    assert pool.n_asked == 2
    with pytest.raises(NoKeyError):
        asyncio.run(keys.source_of("k"))
    assert pool.n_asked == 2  # a wrong key does not reach the database each time


@pytest.mark.parametrize("row", [(1, "admin", None, False, None), (1, "source", "s", False, None)])
def test_other_keys_write_nothing(row: tuple[Any, ...]) -> None:
    with pytest.raises(AccessError):
        asyncio.run(Keys(_Pool(row)).source_of("k"))  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eDp5", "key", "Bearer " + "x" * 201])
def test_no_header_no_key(header: str | None) -> None:
    with pytest.raises(NoKeyError):
        bearer(header)
    assert bearer("bearer  abc ") == "abc"


def test_a_bucket_gives_its_rate_and_says_how_long_to_wait() -> None:
    clock = _Clock()
    bucket = Bucket(10, 20, clock)
    assert [bucket.take(20), bucket.take(1)] == [0.0, 0.1]
    clock.at_s += 1
    assert [bucket.take(10), bucket.take(5)] == [0.0, 0.5]
    clock.at_s += 100
    assert bucket.take(50) == 0.0  # more than it holds: from a full bucket, and owed
    clock.at_s += 3
    assert bucket.take(1) == pytest.approx(0.1)


def test_each_key_has_its_own_pace() -> None:
    limits = Limits(1, 100, clock_s=_Clock())
    limits.take_request(KEY)
    limits.take_request(KEY)
    with pytest.raises(TooFastError) as refused:
        limits.take_request(KEY)
    assert refused.value.retry_after_s == 1
    limits.take_request(SourceKey(2, 1, "s", False))
    limits.take_fixes(KEY, 200)
    with pytest.raises(TooFastError) as refused:
        limits.take_fixes(KEY, 200)
    assert refused.value.retry_after_s == 2


MINUTE_US = 60_000_000


@pytest.mark.parametrize(
    ("minutes", "shift"),
    [(540, 540), (541.9, 540), (542.1, 0), (60, 60), (58.1, 60), (57.9, 0), (30, 0), (0, 0), (-540, -540), (330, 330),
     (840, 840), (870, 0), (-90.5, -90), (75, 0)],
)  # fmt: skip
def test_shifts_of_zones(minutes: float, shift: float) -> None:
    assert zone_shift_us(np.array([round(minutes * MINUTE_US)])).tolist() == [shift * MINUTE_US]


@pytest.mark.parametrize(("factor", "meaning"), UNITS.items())
def test_units_by_the_ratio_of_speeds(factor: float, meaning: str) -> None:
    noise = np.linspace(0.9, 1.1, 21)
    assert meaning in str(unit_warning(factor * noise))
    assert unit_warning(noise) is None
    assert unit_warning(6 * noise) is None


@pytest.mark.parametrize("unit", [3.6, 2.236936, 1.943844])
def test_every_unit_of_speed_is_found(unit: float) -> None:
    assert unit_warning(np.array([unit])) is not None

"""Time at the border: UTC inside, zone-aware always; the local zone only where people read or write."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present moment in UTC. The front door asks for it and hands it down."""
    return datetime.now(UTC)


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch of a zone-aware moment. Raises ValueError without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(at_us: int) -> datetime:
    """The moment, in UTC, of microseconds since the epoch."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).replace(microsecond=at_us % 1_000_000)


def from_us_many(at_us: NDArray[np.int64]) -> list[datetime]:
    """The moments of (n,) microseconds since the epoch."""
    return [from_us(int(value)) for value in at_us]


def in_zone(moment: datetime, zone: str) -> datetime:
    """The same moment on the clock of a zone."""
    return moment.astimezone(ZoneInfo(zone))


def parse(text: str, zone: str | None) -> datetime:
    """Read an ISO 8601 time; one without an offset is read on the clock of `zone`.

    Raises ValueError when it cannot be read, or when it has no offset and no zone is given.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text!r} has no time zone and its source names none")
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)

"""Service days of a transit feed: how often each service runs on a weekday, a Saturday, a Sunday.

Of each kind of day the one with the most trips of the whole feed stands for all: what has to be open is asked for the
day on which most depends on it. National holidays stand for none: some operators run them as Sundays, some do not.
The calendar is worked out by gtfs-kit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from geo.holidays import DayKind, day_kind
from ingest.gtfs_check import Checked

JAPAN = "Asia/Tokyo"
#: Days in the order in which figures are told.
KINDS = (DayKind.WEEKDAY, DayKind.SATURDAY, DayKind.HOLIDAY)
#: Days of a feed that are looked at: no feed is planned farther ahead.
MOST_DAYS = 1_100

type Figures = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Days:
    """The day of each kind that stands for all of its kind, None where the feed has none, and who runs then.

    services  service_id → whether it runs on each of the three days
    """

    chosen: tuple[date | None, date | None, date | None]
    services: Mapping[str, tuple[bool, bool, bool]]

    def figures(self, service_id: str, n: float) -> Figures:
        """Runs on each of the three days of n runs of a service."""
        runs = self.services.get(service_id, (False, False, False))
        return (n * runs[0], n * runs[1], n * runs[2])


def service_days(checked: Checked, timezone: str) -> Days:
    """The days of a feed. Japan's national holidays are left out where the feed is of Japan."""
    import gtfs_kit

    calendar = checked.calendar[["service_id", *_DAYS, "start_date", "end_date"]]
    dates = checked.calendar_dates[["service_id", "date", "exception_type"]]
    feed = gtfs_kit.Feed(
        dist_units="m", calendar=None if calendar.empty else calendar, calendar_dates=None if dates.empty else dates
    )
    runs = _runs(checked)
    best: dict[DayKind, tuple[float, date, frozenset[str]]] = {}
    for text, day, kind in _telling_days(feed.get_dates()[:MOST_DAYS], checked, timezone):
        active = frozenset(feed.get_active_services(text))
        n = sum(runs.get(service, 0.0) for service in active)
        if n > 0 and (kind not in best or n > best[kind][0]):
            best[kind] = n, day, active
    active_on = [best[kind][2] if kind in best else frozenset() for kind in KINDS]
    services = {service: tuple(service in active for active in active_on) for service in runs}
    chosen = tuple(best[kind][1] if kind in best else None for kind in KINDS)
    return Days(chosen, services)  # type: ignore[arg-type]  # three each


def _telling_days(texts: list[str], checked: Checked, timezone: str) -> Iterator[tuple[str, date, DayKind]]:
    """The days that may differ from those before: days with an exception, and the first of each day of the week between
    two changes of the calendar."""
    ends = (datetime.strptime(text, "%Y%m%d") + timedelta(days=1) for text in checked.calendar["end_date"])  # noqa: DTZ007
    changes = sorted({*checked.calendar["start_date"], *(end.strftime("%Y%m%d") for end in ends)})
    exceptions, seen = frozenset(checked.calendar_dates["date"]), set()
    for text in texts:
        day = datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a day of the feed's own calendar
        kind, key = _kind_of(day, timezone), (bisect_right(changes, text), day.weekday())
        if kind is None or (text not in exceptions and key in seen):
            continue
        if text not in exceptions:
            seen.add(key)
        yield text, day, kind


def _runs(checked: Checked) -> dict[str, float]:
    """Runs of each service on a day on which it runs."""
    per_trip = runs_of_trips(checked)
    return {str(key): float(n) for key, n in per_trip.groupby(checked.trips["service_id"]).sum().items()}


def runs_of_trips(checked: Checked) -> pd.Series[float]:
    """How often each trip runs on a day of its service, by the index of trips: once, or as its headway says."""
    told = checked.frequencies.set_index("trip_id")["n"]
    return checked.trips["trip_id"].map(told).astype(float).fillna(1.0)


def _kind_of(day: date, timezone: str) -> DayKind | None:
    """The kind of a day by the week alone; None for a national holiday that is no Sunday."""
    plain = day_kind(day, has_national=False)
    try:
        return plain if timezone != JAPAN or day_kind(day) == plain else None
    except ValueError:  # a year of which no rule is known
        return plain


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

"""Clocks and units of senders that are wrong in a way that can be named. Nothing is ever converted in silence.

A time ahead by a whole number of half hours is local time sent as UTC: it is refused, and the reason says so. A newest
time behind by such a number may be that too, or a late upload; it is stored, and the answer warns.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geo.settings import SourceSettings
from geo.timeline import to_us
from ingest.fix_batch import FixBatch, RawBatch
from ingest.quarantine import Reject, Why
from ingest.times import Fault, parse_times

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

#: Zones differ from UTC by whole half hours (and a few by 45 minutes); at most 14 hours.
HALF_HOUR_US = 1_800_000_000
ZONE_MAX_US = 14 * 2 * HALF_HOUR_US
#: Half an hour is too near to a device that was merely slow; from an hour on a zone is likelier.
ZONE_MIN_US = 2 * HALF_HOUR_US
#: So near to a whole half hour: a device's clock and the way to us.
SLACK_US = 120_000_000

#: A pair of fixes tells a speed where the vehicle moved, and the time between them is short enough to be straight.
PAIR_MIN_US, PAIR_MAX_US = 500_000, 30_000_000
PAIR_MIN_MPS, PAIR_MAX_MPS = 2.0, 45.0
#: Pairs of a source that are judged together, and the fewest that say anything.
PAIRS_KEPT, PAIRS_MIN = 200, 8
#: Vehicles whose last fix is remembered.
VEHICLES_MAX = 20_000
#: Sent over driven speed within this factor of a unit's own: noise of positions and bends is less.
UNIT_SLACK = 1.2
#: Of a great circle on the mean sphere of radius 6,371,008.8 m (IUGG).
METRES_A_DEGREE = 6_371_008.8 * np.pi / 180
#: What each ratio of sent to driven speed means: 3.6 km/h, 2.237 mph and 1.944 kn (2.09 lies between them) are 1 m/s.
UNITS = {3.6: "km/h taken as m/s", 2.09: "mph or knots taken as m/s", 1 / 3.6: "m/s taken as km/h"}


def zone_shift_us(offset_us: Ints) -> Ints:
    """(n,) the whole half hours, in microseconds, that an offset is near to; 0 where it is near to no zone's."""
    near = np.round(offset_us / HALF_HOUR_US).astype(np.int64) * HALF_HOUR_US
    size = np.abs(near)
    fits = (np.abs(offset_us - near) <= SLACK_US) & (size >= ZONE_MIN_US) & (size <= ZONE_MAX_US)
    return np.where(fits, near, 0)


def _hours(shift_us: int) -> str:
    return f"{abs(shift_us) / 3.6e9:g} h"


def clock_warning(at_us: Ints, now: datetime) -> str | None:
    """What to say where the newest fix is whole half hours old, at least one hour, give or take two minutes."""
    if not len(at_us):
        return None
    shift_us = int(zone_shift_us(np.array([int(at_us.max()) - to_us(now)]))[0])
    if shift_us >= 0:
        return None
    return (
        f"clock_skew: the newest fix is {_hours(shift_us)} old to within two minutes. If it was sent at once, its "
        "clock runs on another zone than its times say; the fixes are stored as they are."
    )


def name_zone_errors(rejects: Sequence[Reject], raw: RawBatch, source: SourceSettings, now: datetime) -> list[Reject]:
    """The same rejects; where a time lies ahead by whole half hours, the detail names the likely zone error."""
    late = [i for i, reject in enumerate(rejects) if reject.reason is Why.FUTURE_TIME]
    if not late:
        return list(rejects)
    row_of = {item: row for row, item in enumerate(raw.item.tolist())}
    rows = [row_of[item] for i in late if (item := rejects[i].item) is not None]
    zone = source.timezone or ("UTC" if raw.is_standard else None)
    at_us, fault = parse_times(raw.columns["at"].take(rows), zone, None if raw.is_standard else source.time_format)
    shift_us = np.where(fault == Fault.NONE, zone_shift_us(at_us - to_us(now)), 0)
    named = list(rejects)
    for i, shift in zip(late, shift_us.tolist(), strict=True):
        if shift > 0:
            detail = f"{rejects[i].detail}, by {_hours(shift)}: local time sent as UTC?"
            named[i] = replace(rejects[i], detail=detail)
    return named


type _Last = tuple[int, float, float]


class UnitWatch:
    """Compares the speeds that sources send with what their vehicles drove between two fixes."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[int, str], _Last] = OrderedDict()
        self._ratios: dict[int, deque[float]] = {}

    def look(self, source_id: int, batch: FixBatch) -> str | None:
        """What to say of the unit of a source's speeds, now that this batch has come; None while all seems well."""
        ratios = self._ratios.setdefault(source_id, deque(maxlen=PAIRS_KEPT))
        found = self._ratios_of(source_id, batch)
        ratios.extend(found[-PAIRS_KEPT:].tolist())
        if not len(found) or len(ratios) < PAIRS_MIN:
            return None
        return unit_warning(np.array(ratios))

    def _ratios_of(self, source_id: int, batch: FixBatch) -> Floats:
        """(k,) sent over driven speed, of fixes that follow another of their vehicle, here or in an earlier batch."""
        if not len(batch):
            return np.zeros(0)
        fixes = batch.fixes.sorted()
        is_first = np.concatenate([[True], fixes.vehicle[1:] != fixes.vehicle[:-1]])
        before = np.column_stack([fixes.at_us, fixes.lon, fixes.lat])
        before[1:] = before[:-1].copy()
        first = np.flatnonzero(is_first)
        last = np.append(first[1:], len(fixes)) - 1
        for begin, end in zip(first.tolist(), last.tolist(), strict=True):
            key = (source_id, batch.names[fixes.vehicle[begin]])
            before[begin] = self._last.pop(key, (0, np.nan, np.nan))
            self._last[key] = (int(fixes.at_us[end]), float(fixes.lon[end]), float(fixes.lat[end]))
        while len(self._last) > VEHICLES_MAX:
            self._last.popitem(last=False)
        lapse_us = fixes.at_us - before[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            driven_mps = _distance_m(before[:, 1], before[:, 2], fixes.lon, fixes.lat) / (lapse_us / 1e6)
            ratio = fixes.speed_mps / driven_mps
        tells = (lapse_us >= PAIR_MIN_US) & (lapse_us <= PAIR_MAX_US) & (fixes.speed_mps > 0)
        tells &= (driven_mps >= PAIR_MIN_MPS) & (driven_mps <= PAIR_MAX_MPS)
        return ratio[tells]


def _distance_m(lon: Floats, lat: Floats, to_lon: Floats, to_lat: Floats) -> Floats:
    """(n,) metres between near positions, on a sphere, with the meridians taken for parallel."""
    east = (to_lon - lon) * np.cos(np.radians(lat))
    return np.hypot(east, to_lat - lat) * METRES_A_DEGREE


def unit_warning(ratios: Floats) -> str | None:
    """What (k,) ratios of sent to driven speed say about the unit; None where they fit m/s or nothing known."""
    ratio = float(np.median(ratios))
    for factor, meaning in UNITS.items():
        if max(ratio / factor, factor / ratio) <= UNIT_SLACK:
            return (
                f"wrong_unit: speeds are {ratio:.2f} times what the vehicles drove between their fixes: {meaning}? "
                "They are stored as they are; set `speed_unit` of the source, or send speed_mps in m/s."
            )
    return None

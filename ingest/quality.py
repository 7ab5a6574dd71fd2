"""Which rows are fixes and which go to quarantine, and why. Vectorised over a batch; no clock of its own.

A row is rejected for the first reason that holds, in the order of this module. Optional values that cannot be used do
not cost the position: they become unknown and are counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import ConfigError
from geo.fix import Fixes
from geo.settings import SourceSettings
from geo.timeline import to_us
from ingest.fix_batch import FixBatch, RawBatch, ReadState
from ingest.mapping import normal, text_of
from ingest.projection import Reference, inside, parse_crs, to_lonlat
from ingest.quarantine import Why
from ingest.register import Register
from ingest.rules import read_work
from ingest.times import Fault, parse_times

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]

#: Positions this near to longitude 0, latitude 0 are a receiver without a fix: open sea off Africa, 1 km around.
ZERO_DEG = 0.01
#: Speeds above this are no speeds of a plough or of any lorry, metres per second (216 km/h).
SPEED_MAX_MPS = 60.0
#: GPS counts weeks modulo 1024; receivers with old firmware report times so much too early.
WEEK_ROLLOVER_US = 1024 * 7 * 86_400 * 1_000_000
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(slots=True)
class Judge:
    """Collects the first reason of each row; `good` (n,) are those without one so far."""

    batch: RawBatch
    good: Bools
    state: ReadState

    def refuse(self, bad: Bools, reason: Why, detail: str) -> None:
        """Reject the rows that are bad and were good so far."""
        for i in np.flatnonzero(bad & self.good).tolist():
            line = int(self.batch.line[i])
            self.state.rejects.add(
                reason, detail, self.batch.payload(i), line=line if line > 0 else None, item=int(self.batch.item[i])
            )
        self.good &= ~bad


def check(
    batch: RawBatch,
    source: SourceSettings,
    now: datetime,
    state: ReadState,
    where: str,
    register: Register | None = None,
) -> FixBatch:
    """The fixes of a batch; rejected rows go to `state`.

    now       the moment against which times are too early or too late, zone-aware
    register  the vehicles of the source (ingest.register.register_of); needed where the source takes no others
    Raises InputError for naive times of a source without a zone, ConfigError for a mapping word that is none of ours
    and for a source of registered vehicles whose register was not handed over.
    """
    judge, names, code, at_us = begin(batch, source, now, state, where, register)
    lon, lat = _positions(batch, source, judge, where)
    keep = judge.good
    work = read_work(batch, source, state, register.inputs(names, code, at_us) if register is not None else ())
    fixes = Fixes.from_arrays(
        code, at_us, lon, lat,
        heading_deg=_heading(batch, state),
        speed_mps=_measure(batch, "speed", 0.0, SPEED_MAX_MPS, state, batch.speed_factor),
        accuracy_m=_measure(batch, "accuracy", 0.0, 1e5, state),
        blade=work.blade,
        spreader=work.spreader,
        work=work.work,
        treatment=work.treatment,
    )  # fmt: skip
    return FixBatch(names, fixes if keep.all() else fixes.select(keep))


def begin(
    batch: RawBatch, source: SourceSettings, now: datetime, state: ReadState, where: str, register: Register | None
) -> tuple[Judge, tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """What every row needs, a fix or a line: a vehicle that may report, and a time.

    Returns the judge, the names of vehicles, (n,) position in them or -1, and (n,) microseconds, 0 where there is no
    time. Parameters and errors are those of `check`.
    """
    state.n_read += len(batch)
    judge = Judge(batch, np.ones(len(batch), np.bool_), state)
    code, names = _vehicles(batch, judge)
    at_us = _times(batch, source, now, judge, where)
    _registered(source, register, names, code, at_us, judge, where)
    return judge, names, code, at_us


def _vehicles(batch: RawBatch, judge: Judge) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Position in the names for each row, and the names: NFKC, distinct, in order of first appearance."""
    text = text_of(batch.columns["vehicle"]).combine_chunks().dictionary_encode()
    indices = pc.fill_null(text.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    given = [normal(name.replace("\0", "")) for name in text.dictionary.to_pylist()]
    names = tuple(dict.fromkeys(name for name in given if name))
    position = {name: i for i, name in enumerate(names)}
    lookup = np.array([position.get(name, -1) for name in given] + [-1], np.int64)
    code = lookup[indices]
    judge.refuse(code < 0, Why.MISSING_VEHICLE, "the vehicle is empty")
    return code, names


def _times(batch: RawBatch, source: SourceSettings, now: datetime, judge: Judge, where: str) -> NDArray[np.int64]:
    zone = source.timezone or ("UTC" if batch.is_standard else None)
    time_format = None if batch.is_standard else source.time_format
    at_us, fault = parse_times(batch.columns["at"], zone, time_format, where)
    judge.refuse(fault == Fault.UNPARSABLE, Why.UNPARSABLE_TIME, "the time is empty or cannot be read")
    judge.refuse(fault == Fault.NO_ZONE, Why.UNPARSABLE_TIME, "the time has no offset and the source names no zone")
    judge.refuse(fault == Fault.AMBIGUOUS, Why.AMBIGUOUS_TIME, f"clocks of {zone} were set at that time of day")
    latest = to_us(now) + round(source.max_future_s * 1e6)
    late = at_us > latest
    judge.refuse(late, Why.FUTURE_TIME, f"the time is after {now.isoformat(timespec='seconds')}")
    old = at_us < to_us(source.earliest_at)
    rolled = old & (at_us + WEEK_ROLLOVER_US >= to_us(source.earliest_at)) & (at_us + WEEK_ROLLOVER_US <= latest)
    first = source.earliest_at.isoformat()
    judge.refuse(rolled, Why.TOO_OLD, f"before {first}; 1024 weeks later it would fit: the receiver's week rolled over")
    judge.refuse(old, Why.TOO_OLD, f"the time is before {first}")
    return at_us


def _registered(
    source: SourceSettings,
    register: Register | None,
    names: tuple[str, ...],
    code: NDArray[np.int64],
    at_us: NDArray[np.int64],
    judge: Judge,
    where: str,
) -> None:
    """Refuse what the register does not know, where the source takes registered vehicles only."""
    if source.vehicles == "open":
        return
    if register is None:
        raise ConfigError(
            f"{where}: the source takes registered vehicles only, and no register is at hand.",
            hint="Hand over ingest.register.register_of(...), or set `vehicles: open`.",
        )
    standing = register.standing(names, code, at_us)
    judge.refuse(standing.is_foreign, Why.OTHER_SOURCE, "the vehicle is registered for another source")
    judge.refuse(standing.is_lapsed, Why.UNKNOWN_VEHICLE, "the register does not hold the vehicle at that time")
    judge.refuse(~standing.is_known, Why.UNKNOWN_VEHICLE, f"the register of {register.source} lacks the vehicle")


def _numbers(values: pa.ChunkedArray) -> tuple[Floats, Bools]:
    """(n,) numbers, NaN where there is none, and whether there is something that is no finite number."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_decimal(values.type) or pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        number = values.cast(pa.float64(), safe=False)
    else:
        text = text_of(values)
        try:
            number = text.cast(pa.float64())
        except pa.ArrowInvalid:
            number = pa.chunked_array([pa.array([_number(t) for t in text.to_pylist()], pa.float64())])
    null = pc.is_null(values).to_numpy(zero_copy_only=False)
    if not pa.types.is_primitive(values.type):
        null = pc.is_null(text_of(values)).to_numpy(zero_copy_only=False)
    array = pc.fill_null(number, float("nan")).to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isfinite(array), array, np.nan), ~null & ~np.isfinite(array)


def _number(text: str | None) -> float:
    """A number as people write it, full-width digits too; NaN for anything else."""
    plain = normal(text or "")
    return float(plain) if _NUMBER.fullmatch(plain) else float("nan")


def _positions(batch: RawBatch, source: SourceSettings, judge: Judge, where: str) -> tuple[Floats, Floats]:
    x, x_bad = _numbers(batch.columns["lon"])
    y, y_bad = _numbers(batch.columns["lat"])
    judge.refuse(x_bad | y_bad, Why.NOT_A_NUMBER, "a coordinate is no finite number")
    judge.refuse(np.isnan(x) | np.isnan(y), Why.NOT_A_NUMBER, "a coordinate is empty")
    judge.refuse((x == 0) & (y == 0), Why.ZERO_POSITION, "the position is 0, 0: the receiver had none")
    crs = None if batch.is_standard or source.crs is None else parse_crs(source.crs, where)
    lon, lat = (x, y) if crs is None else to_lonlat(x, y, Reference(crs, "given"))
    zero = (np.abs(lon) < ZERO_DEG) & (np.abs(lat) < ZERO_DEG)
    judge.refuse(zero, Why.ZERO_POSITION, "the position is 0, 0: the receiver had none")
    if crs is None or crs.is_geographic:
        judge.refuse(is_swapped(lon, lat, source), Why.SWAPPED_COORDINATES, "longitude and latitude are swapped")
    off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    judge.refuse(off, Why.OUT_OF_RANGE, "no longitude and latitude, or beyond the reach of the CRS")
    if source.area is not None:
        judge.refuse(~inside(lon, lat, source.area), Why.OUTSIDE_AREA, "outside the area of the source")
    # 1e-9 degrees are 0.1 mm: the same position gets the same bits on every machine
    # rows that are refused may hold any number, and rounding 1e300 overflows
    return np.round(np.where(judge.good, lon, 0.0), 9), np.round(np.where(judge.good, lat, 0.0), 9)


def is_swapped(lon: Floats, lat: Floats, source: SourceSettings) -> Bools:
    """Positions that only make sense with their coordinates exchanged."""
    swapped: Bools = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    if source.area is not None:
        swapped |= inside(lat, lon, source.area) & ~inside(lon, lat, source.area)
    return swapped


def _measure(batch: RawBatch, name: str, low: float, high: float, state: ReadState, factor: float = 1.0) -> Floats:
    """An optional number times a factor; NaN where it is empty, no number or beyond the bounds."""
    if name not in batch.columns:
        return np.full(len(batch), np.nan)
    number, bad = _numbers(batch.columns[name])
    number = number * factor
    beyond = (number < low) | (number > high)
    n_blanked = int(np.sum(beyond | bad))
    if n_blanked:
        state.blanked[name] += n_blanked
    return np.where(beyond, np.nan, number)


def _heading(batch: RawBatch, state: ReadState) -> Floats:
    """Degrees from 0 up to but not including 360."""
    heading = _measure(batch, "heading", 0.0, 360.0, state)
    return np.where(heading == 360.0, 0.0, heading)

"""Columns of times as microseconds since the epoch, in UTC.

Read are ISO 8601 with or without an offset, the same with slashes, dots or 年月日 and without leading zeros,
20260118061000, and numbers as seconds, milliseconds, microseconds or nanoseconds since the epoch. A time without an
offset is read on the clock of the source's zone; without a zone it is an error, because a guess would move a clearing
by hours.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import ConfigError, InputError

if TYPE_CHECKING:  # pandas takes 40 MB, which a server that reads numbers does without
    import pandas as pd

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


class Fault(IntEnum):
    """What is wrong with a time."""

    NONE = 0
    UNPARSABLE = 1
    #: the clock of the zone was set back or forth at that time, so it names two moments or none
    AMBIGUOUS = 2
    #: it has no offset while others of the file have one, and the source names no zone
    NO_ZONE = 3


_ZONE = r"(?:Z|[+-]\d{2}(?::?\d{2})?)$"
_ISO = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)? ?(?:Z|[+-]\d{2}(?::?\d{2})?)?$"
#: YYYY-MM-DDTHH:MM; whatever is shorter is no time of day.
_SHORTEST = 16
_NUMBER = r"^\d{1,19}(?:\.\d+)?$"
_COMPACT = r"^(?:19|20)\d{12}$"
#: Least numbers of milliseconds, microseconds and nanoseconds: below them a number counts as the coarser unit.
#: 1e11 seconds is the year 5138, 1e11 milliseconds March 1973.
_UNITS = ((1e17, 1e-3), (1e14, 1.0), (1e11, 1e3), (0.0, 1e6))


def parse_times(
    values: pa.ChunkedArray, zone: str | None, time_format: str | None = None, where: str = ""
) -> tuple[Ints, NDArray[np.int8]]:
    """(n,) microseconds and (n,) faults; where there is a fault the microseconds are 0.

    Raises InputError for naive times of a source without a zone, ConfigError for a format that is none.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        return _typed(values, zone, where)
    if pa.types.is_date(kind):
        raise InputError(f"{where}: the time column holds dates without a time of day.", hint="Map date+time.")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(values.to_numpy(zero_copy_only=False).astype(np.float64), values)
    return _texts(values.cast(pa.string()), zone, time_format, where)


def _no_zone(where: str, sample: str) -> InputError:
    return InputError(
        f"{where}: {sample!r} has no time zone, and the source names none.",
        hint="Set `timezone: Asia/Tokyo` (or whatever its clock shows) for the source in config.yml, or --timezone.",
    )


def _finish(us: Ints, missing: Bools, fault: Fault = Fault.UNPARSABLE) -> tuple[Ints, NDArray[np.int8]]:
    return np.where(missing, 0, us), np.where(missing, fault, Fault.NONE).astype(np.int8)


def _microseconds(index: pd.DatetimeIndex) -> tuple[Ints, Bools]:
    missing = np.asarray(index.isna())
    return index.to_numpy("datetime64[us]").astype(np.int64), missing


def _typed(values: pa.ChunkedArray, zone: str | None, where: str) -> tuple[Ints, NDArray[np.int8]]:
    null = pc.is_null(values).to_numpy(zero_copy_only=False)
    naive = values.type.tz is None
    us = pc.fill_null(values.cast(pa.timestamp("us", values.type.tz), safe=False).cast(pa.int64()), 0)
    if not naive:
        return _finish(us.to_numpy(zero_copy_only=False), null)
    if zone is None and not null.all():
        raise _no_zone(where, str(next(v for v in values.to_pylist() if v is not None)))
    return _local(us.to_numpy(zero_copy_only=False), null, zone or "UTC")


def _local(us: Ints, missing: Bools, zone: str) -> tuple[Ints, NDArray[np.int8]]:
    """Wall-clock microseconds of a zone as moments."""
    import pandas as pd

    wall = pd.DatetimeIndex(us.view("datetime64[us]"))
    moments, unclear = _microseconds(
        wall.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC").tz_localize(None)
    )
    fault = np.where(missing, Fault.UNPARSABLE, np.where(unclear, Fault.AMBIGUOUS, Fault.NONE)).astype(np.int8)
    return np.where(fault == Fault.NONE, moments, 0), fault


def _numbers(number: NDArray[np.float64], values: pa.ChunkedArray) -> tuple[Ints, NDArray[np.int8]]:
    null = pc.is_null(values).to_numpy(zero_copy_only=False) | ~np.isfinite(number)
    number = np.where(null | (number < 0), 0.0, number)
    factor = np.select([number >= least for least, _ in _UNITS], [unit for _, unit in _UNITS])
    us = np.round(number * factor)
    far = us >= 2.0**62
    return _finish(np.where(far, 0, us).astype(np.int64), null | far)


def _texts(
    text: pa.ChunkedArray, zone: str | None, time_format: str | None, where: str
) -> tuple[Ints, NDArray[np.int8]]:
    if time_format is not None:
        return _formatted(text, zone, time_format, where)
    quick = _all_alike(text, zone)
    if quick is not None:
        return quick
    canonical = pc.fill_null(pc.match_substring_regex(text, _ISO), False).to_numpy(zero_copy_only=False)
    if not canonical.all():
        text = _tidy(text, canonical)
        canonical = pc.fill_null(pc.match_substring_regex(text, _ISO), False).to_numpy(zero_copy_only=False)
    us = np.zeros(len(text), np.int64)
    fault = np.full(len(text), Fault.UNPARSABLE, np.int8)
    aware = canonical & pc.fill_null(pc.match_substring_regex(text, _ZONE), False).to_numpy(zero_copy_only=False)
    _fill(us, fault, aware, text, None)
    naive = canonical & ~aware
    number = ~canonical & pc.fill_null(pc.match_substring_regex(text, _NUMBER), False).to_numpy(zero_copy_only=False)
    if number.any():
        picked = pc.filter(text, pa.array(number))
        us[number], fault[number] = _numbers(picked.cast(pa.float64()).to_numpy(zero_copy_only=False), picked)
    if zone is not None:
        _fill(us, fault, naive, text, zone)
    elif naive.any() and not (fault == Fault.NONE).any():
        raise _no_zone(where, pc.filter(text, pa.array(naive))[0].as_py())
    else:
        fault[naive] = Fault.NO_ZONE
    return us, fault


def _all_alike(text: pa.ChunkedArray, zone: str | None) -> tuple[Ints, NDArray[np.int8]] | None:
    """The result where all texts are ISO 8601 and all have an offset, or none has; None where it is not so simple."""
    if text.null_count or not len(text) or pc.min(pc.binary_length(text)).as_py() < _SHORTEST:
        return None
    aware = re.search(_ZONE, text[0].as_py()) is not None
    if not aware and zone is None:
        return None
    try:
        moments = text.cast(pa.timestamp("us", "UTC" if aware else None)).cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    us, none = moments.to_numpy(zero_copy_only=False), np.zeros(len(text), np.bool_)
    return _finish(us, none) if aware or zone is None else _local(us, none, zone)


def _fill(us: Ints, fault: NDArray[np.int8], mask: Bools, text: pa.ChunkedArray, zone: str | None) -> None:
    """Parse canonical texts under the mask, zone-aware ones with zone None, naive ones on the clock of a zone."""
    if not mask.any():
        return
    picked = text if mask.all() else pc.filter(text, pa.array(mask))
    try:
        wall = picked.cast(pa.timestamp("us", None if zone else "UTC")).cast(pa.int64())
        found, missing = wall.to_numpy(zero_copy_only=False), np.zeros(len(picked), np.bool_)
    except pa.ArrowInvalid:  # February 30, nanoseconds, mixed offsets: pandas takes each by itself
        import pandas as pd

        aware = zone is None
        index = pd.to_datetime(pd.Series(picked.to_pylist()), format="ISO8601", errors="coerce", utc=aware)
        found, missing = _microseconds(pd.DatetimeIndex(index).tz_localize(None) if aware else pd.DatetimeIndex(index))
    us[mask], fault[mask] = _local(found, missing, zone) if zone else _finish(found, missing)


def _tidy(text: pa.ChunkedArray, canonical: Bools) -> pa.ChunkedArray:
    """Bring other ways of writing a time near to ISO 8601; what is canonical already stays."""
    other = pc.filter(text, pa.array(~canonical))
    wide = [None if t is None else unicodedata.normalize("NFKC", t).strip() for t in other.to_pylist()]
    other = pa.chunked_array([pa.array(wide, pa.string())])
    compact = r"^((?:19|20)\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$"
    other = pc.replace_substring_regex(other, compact, r"\1-\2-\3 \4:\5:\6")
    other = pc.replace_substring_regex(other, r"^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})(?:日|[T ])?\s*", r"\1-\2-\3 ")
    other = pc.replace_substring_regex(other, r"(\d{1,2})時(\d{1,2})分(?:(\d{1,2})秒)?", r"\1:\2:0\3")
    other = pc.replace_substring_regex(other, r":0(\d{2})$", r":\1")
    for _ in range(2):
        other = pc.replace_substring_regex(other, r"([-T :])(\d)([-T :.,Z+]|$)", r"\10\2\3")
    other = pc.replace_substring_regex(other, r"\s+", " ")
    return pc.replace_with_mask(text, pa.array(~canonical), other.combine_chunks())


def _formatted(text: pa.ChunkedArray, zone: str | None, time_format: str, where: str) -> tuple[Ints, NDArray[np.int8]]:
    import pandas as pd

    aware = "%z" in time_format
    try:
        index = pd.DatetimeIndex(
            pd.to_datetime(pd.Series(text.to_pylist()), format=time_format, errors="coerce", utc=aware)
        )
    except ValueError as error:
        raise ConfigError(
            f"{where}: time_format {time_format!r}: {error}.", hint="Write it as for strptime."
        ) from error
    us, missing = _microseconds(index.tz_localize(None) if aware else index)
    if aware:
        return _finish(us, missing)
    if zone is None:
        raise _no_zone(where, str(text[0]))
    return _local(np.where(missing, 0, us), missing, zone)

"""測位点: the fixes of any number of vehicles as one struct of arrays.

The rest of the core works on these arrays and never on single objects. Unknown is said: NaN for a measured
value, -1 for a flag or a treatment.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError, MappingError
from geo.vocabulary import Treatment

if TYPE_CHECKING:  # pandas takes 40 MB, which a server that reads numbers does without
    import pandas as pd

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]

#: Position of each treatment in `Fixes.treatment`.
TREATMENTS: tuple[Treatment, ...] = tuple(Treatment)
_TREATMENT_CODE = {str(word): code for code, word in enumerate(TREATMENTS)}
_MEASURES = ("heading_deg", "speed_mps", "accuracy_m")
_FLAGS = ("blade", "spreader", "work")


@dataclass(frozen=True, slots=True)
class Fixes:
    """n fixes. The core expects them in the order of `sorted()`: by vehicle, then by time.

    vehicle      (n,) int64, any number that tells vehicles apart
    at_us        (n,) int64, microseconds since 1970-01-01T00:00:00 UTC
    lon, lat     (n,) float64, degrees of WGS 84
    heading_deg  (n,) float64, clockwise from north, 0 to 360; NaN unknown
    speed_mps    (n,) float64; NaN unknown
    accuracy_m   (n,) float64, radius of one standard deviation as the device claims it; NaN unknown
    blade, spreader, work   (n,) int8: -1 unknown, 0 no, 1 yes
    treatment    (n,) int8, position in TREATMENTS; -1 unknown
    """

    vehicle: Ints
    at_us: Ints
    lon: Floats
    lat: Floats
    heading_deg: Floats
    speed_mps: Floats
    accuracy_m: Floats
    blade: Ints8
    spreader: Ints8
    work: Ints8
    treatment: Ints8

    def __len__(self) -> int:
        return len(self.at_us)

    @staticmethod
    def from_arrays(
        vehicle: ArrayLike,
        at_us: ArrayLike,
        lon: ArrayLike,
        lat: ArrayLike,
        **optional: ArrayLike,
    ) -> Fixes:
        """Fixes of plain arrays of one length; every column that is not given is unknown.

        Raises InputError where lengths differ or a column is not one of this class.
        """
        n = len(np.atleast_1d(np.asarray(at_us)))
        columns: dict[str, ArrayLike] = {"vehicle": vehicle, "at_us": at_us, "lon": lon, "lat": lat, **optional}
        filled: dict[str, Any] = {}
        for field in fields(Fixes):
            kind, missing = _kind_of(field.name)
            given = columns.pop(field.name, None)
            filled[field.name] = np.full(n, missing, kind) if given is None else _column(given, kind)
            if filled[field.name].shape != (n,):
                raise InputError(
                    f"Column {field.name} has shape {filled[field.name].shape}, at_us has ({n},).",
                    hint="Give every column the same length.",
                )
        if columns:
            raise InputError(f"Fixes have no column {sorted(columns)}.", hint=f"Known: {names()}.")
        return Fixes(**filled)

    @staticmethod
    def from_frame(frame: pd.DataFrame) -> Fixes:
        """Fixes of a table with vehicle (whole numbers), `at` (zone-aware) or at_us, lon, lat, and any other column.

        Flags may be bool, nullable bool or 0/1; treatment holds words of the vocabulary; null is unknown. Columns
        that this class does not know are left alone. Raises MappingError for a missing column, InputError for a
        time without a zone.
        """
        import pandas as pd

        wanted = [name for name in ("vehicle", "lon", "lat") if name not in frame]
        if "at" not in frame and "at_us" not in frame:
            wanted.append("at")
        if wanted:
            raise MappingError(f"The table has no column {wanted}.", hint=f"It has {list(frame.columns)}.")
        columns: dict[str, Any] = {name: frame[name].to_numpy() for name in ("vehicle", "lon", "lat")}
        columns["at_us"] = frame["at_us"].to_numpy() if "at_us" in frame else to_us(frame["at"])
        for name in (name for name in _MEASURES if name in frame):
            columns[name] = pd.to_numeric(frame[name]).to_numpy(np.float64, na_value=np.nan)
        for name in (name for name in _FLAGS if name in frame):
            flag = frame[name].astype("boolean")
            columns[name] = flag.astype("Int8").to_numpy(np.int8, na_value=-1)
        if "treatment" in frame:
            columns["treatment"] = frame["treatment"].map(_TREATMENT_CODE).fillna(-1).to_numpy(np.int8)
        return Fixes.from_arrays(**columns)

    @staticmethod
    def empty() -> Fixes:
        """No fix at all."""
        return Fixes.from_arrays([], [], [], [])

    def select(self, keep: NDArray[Any] | slice) -> Fixes:
        """The fixes of a boolean mask, of positions, or of a slice, in that order."""
        return Fixes(**{field.name: getattr(self, field.name)[keep] for field in fields(Fixes)})

    def order(self) -> Ints:
        """(n,) positions that put the fixes in order of vehicle and time; equal keys keep their order."""
        return np.lexsort((self.at_us, self.vehicle)).astype(np.int64)

    def sorted(self) -> Fixes:
        """The same fixes by vehicle, then by time. Fixes already in order come back as they are."""
        if self.is_sorted:
            return self
        return self.select(self.order())

    @property
    def is_sorted(self) -> bool:
        """Whether the fixes are in order of vehicle and time."""
        later = (self.vehicle[1:] == self.vehicle[:-1]) & (self.at_us[1:] >= self.at_us[:-1])
        return bool(np.all((self.vehicle[1:] > self.vehicle[:-1]) | later))


def concat(parts: list[Fixes]) -> Fixes:
    """All fixes of the parts, one part after the other (not sorted)."""
    if not parts:
        return Fixes.empty()
    return Fixes(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Fixes)})


def names() -> list[str]:
    """Names of the columns of Fixes in their order."""
    return [field.name for field in fields(Fixes)]


def to_us(at: pd.Series[Any]) -> Ints:
    """(n,) microseconds since the epoch of a zone-aware column. Raises InputError for a naive or missing time."""
    import pandas as pd

    if not isinstance(at.dtype, pd.DatetimeTZDtype):
        raise InputError(
            f"Column {at.name} holds {at.dtype}, not times with a zone.",
            hint="Convert it with pandas.to_datetime(..., utc=True) or tz_localize its zone.",
        )
    if at.isna().any():
        raise InputError(f"Column {at.name} lacks {int(at.isna().sum())} times.", hint="Leave those rows out.")
    us: Ints = at.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    return us


def _kind_of(name: str) -> tuple[type[np.generic], float]:
    """dtype of a column and the value that means unknown."""
    if name in ("vehicle", "at_us"):
        return np.int64, 0
    if name in _FLAGS or name == "treatment":
        return np.int8, -1
    return np.float64, np.nan


def _column(values: ArrayLike, kind: type[np.generic]) -> NDArray[Any]:
    return np.ascontiguousarray(np.atleast_1d(np.asarray(values)), dtype=kind)
